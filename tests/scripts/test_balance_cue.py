"""The recipe balance-cue: planted scores that give the right verdicts, and options that are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hrsnn.analysis.balanced.arms import CUE_ARMS
from hrsnn.scripts.recipes.balance_cue import QUANTITIES, RECIPE, CueTable
from hrsnn.scripts.recipes.judging import judge


def planted(**changed: dict[str, float]) -> CueTable:
    random = np.random.default_rng(0)
    by = {}
    for arm in CUE_ARMS:
        base = dict.fromkeys((score for score, _ in QUANTITIES.values()), 0.8) | changed.get(arm, {})
        by[arm] = {name: value * (1 + 0.01 * random.normal(size=12)) for name, value in base.items()}
    return CueTable(by)


@pytest.mark.parametrize(
    ("changed", "verdicts"),
    [
        (
            {"unbalanced": {"mean_rate": 500.0, "accuracy": 0.5}},
            ["supported", "no verdict possible", "supported"],
        ),
        (
            {"balanced": {"mean_rate": 100.0}, "unbalanced": {"mean_rate": 2.0}, "balanced_uncapped": {"accuracy": 0.6}},
            ["refuted", "no verdict possible", "refuted"],
        ),
    ],
    ids=["as published", "the opposite"],
)
def test_planted_scores_have_their_verdicts(changed: dict[str, dict[str, float]], verdicts: list[str]) -> None:
    found = judge(planted(**changed).readings())
    assert [one.claim for one in found] == list(RECIPE.claims)
    assert [one.verdict for one in found] == verdicts


def test_spikes_are_saved_against_each_control() -> None:
    table = planted(unbalanced={"mean_rate": 800.0})
    rows = {row.of: row.values for row in table.rows() if row.quantity == "spikes saved"}
    assert np.mean(rows["against unbalanced"]) == pytest.approx(0.999, abs=1e-4)
    assert abs(np.mean(rows["against no_recurrence"])) < 0.02
    assert "against balanced" not in rows


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--scale", "large"], "--scale = 'large': must be one of small, paper"),
        (["--option", "scale=paper"], "--option = 'scale'"),
        (["--option", "samples=3"], "--option samples = 3: must be"),
        (["--option", "sample=30"], "--option = 'sample': did you mean 'samples'?"),
        (["--network", "reservoir", "--set", "system=rotations"], "--set system = 'rotations': must be inputs"),
        (["--neurons", "30"], "dimensions = 40: must be from 1 to 30"),
        (["--spec", "missing.toml"], "missing.toml: does not exist"),
        (["--set", "tau_exc=3"], "tau_exc: no such parameter"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line(words: list[str], said: str, run: Any) -> None:
    ran = run("reproduce", "balance-cue", "--seeds", 2, *words, "--quiet")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert said in ran.err


def test_another_kind_of_network_is_refused(run: Any) -> None:
    ran = run("reproduce", "fig10", "--network", "balanced")
    assert ran.code == 2
    assert "--network = 'balanced': cannot be used with this command, which takes reservoirs only" in ran.err
