"""Scores that a command computes beside its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hrsnn import scripts

_TINY = {
    "classify": ["--no-plastic", "--train", "40", "--test", "20"],
    "forecast": ["--train", "150", "--test", "30"],
    "memory": ["--values", "500", "--max-delay", "5"],
}


@pytest.mark.parametrize("verb", _TINY)
def test_further_scores_are_reported_with_those_without_links(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = [verb, *_TINY[verb], "--neurons", "25", "--quiet", "--json"]
    found: list[Any] = []
    for further in ([], ["--scores", "effective_dimension", "spikes"]):
        assert scripts.main([*words, *further]) == 0
        found.append(json.loads(capsys.readouterr().out))
    plain, more = found
    for name in ("effective_dimension", "spikes"):
        assert more["scores"].pop(name) > 0
        assert more["baselines"].pop(name)["no_recurrence"] > 0
    assert more == plain


@pytest.mark.parametrize("verb", _TINY)
def test_null_models_stand_beside_every_score(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = [verb, *_TINY[verb], "--neurons", "25", "--quiet", "--json"]
    found: list[Any] = []
    for more in ([], ["--null", "degree", "sign", "--scores", "spikes"]):
        assert scripts.main([*words, *more]) == 0
        found.append(json.loads(capsys.readouterr().out))
    plain, compared = found
    assert set(compared["scores"]) == {*plain["scores"], "spikes"}
    for score in compared["scores"]:
        beside = compared["baselines"][score]
        assert beside.pop("null_degree") != beside.pop("null_sign")
        assert beside == plain["baselines"].get(score, beside)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["memory", "--network", "balanced", "--null", "sign"], "needs a reservoir with recurrent links, and this is a"),
        (["forecast", "--closed-loop", "--null", "sign"], "--null = 'sign': is for open loop"),
        (["memory", "--scores", "accuracy"], "score = 'accuracy': is not defined for tasks of the kind memory, which have"),
        (["classify", "--scores", "acuracy"], "score = 'acuracy': did you mean 'accuracy'?"),
        (["classify", "--scores", "energy_joules"], "score = 'energy_joules': is not defined for tasks of the kind classes"),
        (["forecast", "--closed-loop", "--scores", "nrmse"], "--scores = 'nrmse': are of open loop"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_score_that_cannot_be_computed_is_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert scripts.main([*words, "--neurons", "20", "--quiet"]) == 2
    assert said in capsys.readouterr().err
