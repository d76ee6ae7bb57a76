"""Balanced networks through the commands, and their memory beside that of the ideal system."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import scripts
from hrsnn.analysis.protocols import memory
from hrsnn.balanced import BalancedNetwork, BalancedSpec

#: Every command that takes networks of any kind, as small as it gets.
COMMANDS: dict[str, list[str]] = {
    "rank": ["--stimuli", "10"],
    "classify": ["--no-plastic", "--train", "40", "--test", "20"],
    "forecast": ["--train", "150", "--test", "30"],
    "measure": ["--stimuli", "50"],
    "capacity": ["--values", "500", "--delays", "5", "3"],
    "search": ["--trials", "2", "--seeds", "1", "--fresh", "2", "--values", "400"],
    "memory": ["--values", "560", "--max-delay", "10"],
}
#: Scores that a command reports from decoded states, and those of their baselines that only a decoder has.
DECODED: dict[str, tuple[list[str], list[str]]] = {
    "memory": (["memory_capacity_decoded"], ["ideal_system"]),
    "capacity": (
        ["information_capacity_decoded", "linear_capacity_decoded", "nonlinear_capacity_decoded", "memory_capacity_decoded"],
        ["ideal_system"],
    ),
    "rank": (["effective_rank_decoded", "entropy_rank_decoded", "numerical_rank_decoded"], []),
    "forecast": (["nrmse_decoded"], ["ideal_system", "linear_autoregression"]),
    "classify": (["accuracy_decoded"], []),
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: object) -> tuple[int, str, str]:
        code = scripts.main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.mark.parametrize("verb", COMMANDS)
def test_a_command_runs_it_and_reads_its_decoder(verb: str, run: Any) -> None:
    code, out, error = run(verb, *COMMANDS[verb], "--network", "balanced", "--neurons", 30, "--json")
    assert code == 0, error
    found = json.loads(out)
    names, controls = DECODED.get(verb, ([], []))
    for name in names:
        assert np.isfinite(found["scores"][name]), name
        assert name.removesuffix("_decoded") in found["scores"]
        assert {"no_recurrence", *controls} <= set(found["baselines"][name]), name


def test_closed_loops_of_decoded_states_and_of_the_ideal_system(run: Any) -> None:
    words = ("--closed-loop", "--train", 150, "--test", 40, "--starts", 2, "--quadratic", 4)
    code, out, error = run("forecast", *words, "--network", "balanced", "--neurons", 30, "--json")
    assert code == 0, error
    found = json.loads(out)
    assert {"valid_time_0.5", "valid_time_v_0.5", "valid_time_decoded_0.5"} <= set(found["scores"])
    assert "ideal_system" in found["baselines"]["valid_time_decoded_0.5"]
    assert "ideal_system" not in found["baselines"]["valid_time_0.5"]


def test_further_scores_come_with_the_ideal_system(run: Any) -> None:
    scores = ("nrmse_decoded", "valid_time_decoded")
    words = ("forecast", "--train", 150, "--test", 60, "--scores", *scores, "--network", "balanced", "--neurons", 30)
    code, out, error = run(*words, "--json")
    assert code == 0, error
    found = json.loads(out)
    for name in scores:
        assert {"no_recurrence", "ideal_system"} <= set(found["baselines"][name])


def test_a_quadratic_readout_says_its_size(run: Any) -> None:
    """Four decoded states and their ten products; the linear readout of the system cannot square, this one can."""
    words = ("forecast", "--task", "narma10", "--train", 300, "--test", 60, "--network", "balanced", "--neurons", 40)
    sizes = {}
    for components in (0, 4):
        code, out, error = run(*words, "--set", "dimensions=4", "--quadratic", components, "--json")
        assert code == 0, error
        sizes[components] = json.loads(out)["readout_columns"]["decoded"]
    assert sizes == {0: 4, 4: 14}


def test_memory_is_reported_from_the_decoder_beside_the_ideal(run: Any, tmp_path: Path) -> None:
    words = ("memory", "--network", "balanced", "--preset", "delay_line", "--neurons", 200, "--values", 700)
    code, _, error = run(*words, "--set", "dimensions=4", "--max-delay", 20, "--out", tmp_path)
    assert code == 0, error
    found = json.loads((tmp_path / "metrics.json").read_text())
    ideal = found["baselines"]["memory_capacity_decoded"]["ideal_system"]
    assert found["scores"]["memory_capacity_decoded"] == pytest.approx(ideal, rel=0.15)
    assert BalancedNetwork.load(tmp_path / "balanced.npz").states == 4
    assert BalancedSpec.load(tmp_path / "spec.toml").system == "legendre"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("memory", "--set", "dimensions=40"), "dimensions = 40: must be from 1 to 30, the number of neurons"),
        (("memory", "--set", "decoder_norm=nan"), "decoder_norm = nan: must be above 0"),
        (("memory", "--set", "decoder_norm=0.001"), "dt = 0.1: is too long"),
        (("memory", "--noise", "fresh"), "noise = 'fresh': is the background input of a reservoir"),
        (("memory", "--engine", "compiled"), "cannot simulate a network of the kind 'balanced'; engines that can: balanced"),
        (("classify",), "engines that can: none; --no-plastic runs without STDP"),
        (("lyapunov",), "cannot be used with this command, which takes reservoirs only"),
        (("map",), "cannot be used with this command, which takes reservoirs only"),
        (("compare",), "cannot be used with this command, which takes reservoirs only"),
        (("forecast", "--quadratic", "101"), "quadratic = 101: must be at most 100"),
        (("forecast", "--quadratic", "-1"), "quadratic = -1: must be a whole number >= 0"),
        (("search", "--objective", "spikes", "--decoded"), "decoded = True: has no meaning for spikes: it is for memory"),
    ],
    ids=str,
)
def test_what_it_cannot_is_one_line(words: tuple[str, ...], said: str, run: Any) -> None:
    code, out, error = run(*words, "--network", "balanced", "--neurons", 30, "--quiet")
    assert (code, out) == (2, "")
    assert error.count("\n") == 1
    assert said in error


def test_memory_of_a_delay_line_is_near_the_ideal_and_lost_with_the_links() -> None:
    spec = BalancedSpec(neurons=300, system="legendre", dimensions=6, window=200, decoder_norm=0.1)
    result = memory(spec, values=1500, max_delay=20)
    assert result.decoded is not None
    assert result.ideal is not None
    assert result.decoded_uncoupled is not None
    assert result.ideal.total == pytest.approx(5, abs=0.3)
    assert result.decoded.total > 0.92 * result.ideal.total
    assert result.decoded_uncoupled.total < 0.5 * result.ideal.total


def test_a_search_can_optimise_what_the_decoder_reads(run: Any) -> None:
    words = ("search", "--trials", 2, "--seeds", 1, "--fresh", 0, "--values", 600, "--neurons", 60, "--json")
    found = [run(*words, "--network", "balanced", "--set", "dimensions=4", *more) for more in ((), ("--decoded",))]
    assert [code for code, *_ in found] == [0, 0]
    from_spikes, decoded = (json.loads(out)["best_value"] for _, out, _ in found)
    assert from_spikes != decoded
    code, _, error = run("search", "--decoded", "--quiet")
    assert code == 2
    assert error == "hrsnn search: --decoded = True: needs a decoder, which a reservoir does not have: --network balanced\n"
