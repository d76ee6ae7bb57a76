"""Balanced networks through the commands, and their memory beside that of the ideal system."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import SpikeTrains, scripts, simulate
from hrsnn.analysis.protocols import memory
from hrsnn.analysis.scoring.task_runs import RunOptions, SeriesRun
from hrsnn.balanced import BalancedNetwork, BalancedSpec, build_balanced
from hrsnn.errors import InputError
from hrsnn.tasks.memory import memory as memory_task

#: Every command that takes networks of any kind, as small as it gets.
COMMANDS: dict[str, list[str]] = {
    "rank": ["--stimuli", "10"],
    "classify": ["--no-plastic", "--train", "40", "--test", "20"],
    "forecast": ["--train", "150", "--test", "30"],
    "measure": ["--stimuli", "50"],
    "capacity": ["--values", "500", "--delays", "5", "3"],
    "search": ["--trials", "2", "--seeds", "1", "--fresh", "2", "--values", "400"],
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: object) -> tuple[int, str, str]:
        code = scripts.main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.mark.parametrize("verb", COMMANDS)
def test_a_command_runs_it(verb: str, run: Any) -> None:
    code, out, error = run(verb, *COMMANDS[verb], "--network", "balanced", "--neurons", 30, "--json")
    assert code == 0, error
    assert json.loads(out)


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


def test_without_spikes_nothing_is_remembered() -> None:
    """Decoded states and filtered spikes read spikes alone: with all deleted, the capacity is 0."""
    network, task = build_balanced(BalancedSpec(neurons=60, dimensions=4), seed=1), memory_task(values=600)
    times = task.hold * np.arange(1, 601)
    activity = simulate(network, task.stimulus(), record=("spikes", "states"), sample_times=times)
    silence = SpikeTrains.from_samples([([], [])], 60, float(times[-1]))
    deaf = type(activity)(
        **{**vars(activity), "recorded_spikes": silence, "recorded_states": np.zeros_like(activity.recorded_states)}
    )
    silent = SeriesRun(task, RunOptions(max_delay=10), network, network, deaf)
    for read in ("decoded", "states"):
        with pytest.warns(UserWarning, match="no state varies"):
            assert silent.capacity(read).total == 0


def test_a_reservoir_has_no_decoder() -> None:
    from hrsnn import ReservoirSpec, build

    task, reservoir = memory_task(values=300), build(ReservoirSpec(neurons=20), seed=1)
    activity = simulate(reservoir, task.stimulus(0, 5))
    with pytest.raises(InputError, match="read = 'decoded': must be states or v: a reservoir has no decoder"):
        SeriesRun(task, RunOptions(), reservoir, reservoir, activity).states("decoded")
