"""Inputs that made faults once, a short run of the fuzzer, and the fuzzer itself: what is planted is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from isolation import Verdict, verdicts
from put_back import PATCHES, patched, put_back
from run import TARGETS, Plan, fuzz, kept_inputs
from target import Target, random_of

from hrsnn import Cochleagram, HrsnnError, ReservoirSpec, SpikeTrains, Uniform, build, simulate
from hrsnn.analysis import fit_echo_state_network, memory_capacity, sparsity
from hrsnn.encoders import LatencyEncoder
from hrsnn.errors import InputError, SpecError
from hrsnn.networks import (
    delayed_covariance,
    noise_covariance,
    noise_importance,
    rank_at_target,
    sparsified,
    spectral_error,
)
from hrsnn.stimuli.currents import Currents
from hrsnn.validation.numbers import number_of

SMALL = build(ReservoirSpec(neurons=6), seed=1)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="children are watched by pidfd")


def planted(given: str, folder: Path) -> Verdict:
    """A program with every fault."""
    if given == "traceback":
        raise KeyError(given)
    if given == "signal":
        os.kill(os.getpid(), 11)
    while given == "hang":
        pass
    if given == "memory":
        np.ones(2**40)
    (folder / "x").write_text("")  # every case has a folder of its own
    return Verdict(given)


@LINUX
def test_planted_faults_are_found_and_do_not_end_the_run(tmp_path: Path) -> None:
    given = ["result", "traceback", "signal", "refused", "hang", "memory", "differs", "result"]
    found = list(verdicts(planted, given, tmp_path, seconds=1))
    assert [one.outcome for one in found] == given
    assert [one.is_fault for one in found] == [name not in ("result", "refused") for name in given]


def short(given: list[int], folder: Path) -> Verdict:
    return Verdict("differs" if 7 in given else "result")


@LINUX
def test_a_fault_is_reduced_and_a_case_repeats(tmp_path: Path) -> None:
    def draw(random: Any) -> list[int]:
        return [int(one) for one in random.integers(9, size=6)]

    target = Target("planted", draw, short, simpler=lambda given: [given[:k] + given[k + 1 :] for k in range(len(given))])
    tally = fuzz([target], Plan(seed=1, cases=24), tmp_path)
    ((_, case, given),) = tally.found.values()
    assert given == [7]
    assert 7 in draw(random_of(1, "planted", case))
    assert tally.counts.total() == 24
    assert fuzz([target], Plan(seed=1, first=case, cases=1), tmp_path).counts == {("planted", "differs"): 1}


@LINUX
def test_a_short_run_finds_nothing(root: Path, tmp_path: Path) -> None:
    words = [
        "--only",
        "specs",
        "arguments",
        "sequences",
        "--minutes",
        "5",
        "--cases",
        "12",
        "--seed",
        "7",
    ]
    command = [sys.executable, str(root / "tests" / "fuzz" / "run.py"), *words, "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "sequences" in done.stdout


@pytest.mark.long
@LINUX
def test_a_longer_run_of_every_target_finds_nothing(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(root / "tests" / "fuzz" / "run.py"), "--minutes", "5", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_kept_inputs_are_of_targets(root: Path) -> None:
    kept = sorted(path.stem for path in (root / "tests" / "fuzz" / "kept").glob("*.json"))
    assert set(kept) <= set(TARGETS)
    assert all(kept_inputs(name) for name in kept)


@pytest.mark.skipif(shutil.which("patch") is None, reason="the program patch is not installed")
@pytest.mark.parametrize("patch", sorted((Path(__file__).parent / "faults").glob("*.patch")), ids=lambda one: one.stem)
def test_a_repaired_fault_can_be_put_back(patch: Path, root: Path) -> None:
    text = patch.read_text(encoding="utf-8")
    assert text.startswith("Fault: ")
    assert text.splitlines()[1].removeprefix("Target: ") in TARGETS
    command = [
        "patch",
        "--dry-run",
        "--quiet",
        "--strip",
        "1",
        "--fuzz",
        "0",
        "--directory",
        str(root),
        "--input",
        str(patch),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"make it again for the tree as it is: {done.stdout}{done.stderr}"


def put_back_and_called(given: str, folder: Path) -> Verdict:
    """Put a fault back into this process, and fall into it."""
    names = put_back(*patched(PATCHES / f"{given}.patch"))
    if names != ["LatencyEncoder._parameters"]:
        return Verdict("differs", f"{names}")
    LatencyEncoder(curve=np.array(["log", "x"])).fit([[0.0, 1.0]])  # type: ignore[arg-type]
    return Verdict("result")


@LINUX
@pytest.mark.skipif(shutil.which("patch") is None, reason="the program patch is not installed")
def test_a_fault_is_put_back_into_a_child_only(tmp_path: Path) -> None:
    (verdict,) = verdicts(put_back_and_called, ["array_as_curve"], tmp_path)
    assert verdict.outcome == "traceback", verdict.said
    with pytest.raises(InputError, match="curve"):
        LatencyEncoder(curve=np.array(["log", "x"])).fit([[0.0, 1.0]])  # type: ignore[arg-type]


def test_whole_numbers_beyond_floats_are_infinite() -> None:
    assert [number_of("x", one) for one in (10**400, -(10**400), 3)] == [np.inf, -np.inf, 3.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ReservoirSpec().updated({"tau_exc": "{kind = [1], mean = 2}"}), r"kind = \[1\]: must be one of"),
        (lambda: Uniform(0, 1, unit=np.ones(2)), "unit = .*must be one of ms"),
        (lambda: LatencyEncoder(threshold=np.ones(2)).fit([[0.0, 1.0]]), "threshold = .*must be a number"),
        (lambda: LatencyEncoder(curve=np.array(["log", "x"])).fit([[0.0, 1.0]]), "curve = .*must be"),
        (lambda: rank_at_target([0, 1], [1.0]), r"score = \(1,\): must have the shape of post"),
        (lambda: noise_importance([1.0], [1], [0], [2], np.eye(2)), "post = .*must be from 0 to 1"),
        (lambda: noise_importance([1.0, 2.0], [1], [0], [1], np.eye(2)), r"score = \(2,\): must have the shape of pre"),
        (lambda: noise_importance([1.0], [1], [0], [1], [1.0, 2.0]), r"covariance = \(2,\): must be a square matrix"),
        (lambda: sparsified(np.ones(3), np.ones(3), 1), r"links = \(3,\): must be a square matrix"),
        (lambda: sparsified(np.eye(3, k=1), np.ones(2), 1), r"leak = \(2,\): must have 3 values"),
        (lambda: sparsity([1.0], [1.0], readout=[[[1.0]]]), "readout = .*must be two arrays"),
        (lambda: sparsity([1.0], [1.0], readout={1, 2}), "readout = .*must be two arrays"),  # type: ignore[arg-type]
        (lambda: noise_covariance(1e300, [1.0]), r"links = \(\): must be a matrix of numbers"),
        (lambda: delayed_covariance(np.eye(2, dtype=complex), [1.0, 1.0], [], [], []), "links = .*must be"),
        (lambda: spectral_error(SMALL, SMALL, np.ones(9, bool)), "origin = .*must have a neuron of the dense network"),
        (lambda: Cochleagram().fit_transform(np.array(2.0)), "X = .*must be a list of waveforms"),
        (lambda: SpikeTrains([1.0, 2.0], [[1, 2], [3]], [0, 2], 3, 5.0), "channels = .*must be whole numbers"),
        (lambda: memory_capacity(np.eye(90), np.arange(90.0), shares=("a", 1, 1)), "shares = .*must be numbers"),  # type: ignore[arg-type]
        (lambda: fit_echo_state_network(np.ones(40), 3.0, train=20, size=5), r"targets = \(\): must have 40 rows"),
    ],
)
def test_what_the_fuzzer_found_is_refused(call: Any, message: str) -> None:
    with pytest.raises((InputError, SpecError), match=message):
        call()


def test_a_message_can_be_printed() -> None:
    with pytest.raises(SpecError) as refused:
        ReservoirSpec().updated({"\x1b[31m\nred": 1})
    assert str(refused.value).isprintable()
    assert r"\x1b[31m red: no such parameter" in str(refused.value)
    assert str(HrsnnError("\u4e2d\u2028")) == "\u4e2d\\u2028"


def test_a_run_with_input_delays_says_why_it_has_no_state() -> None:
    reservoir = build(ReservoirSpec(neurons=6, delay_input=2), seed=1, channels=1)
    activity = simulate(reservoir, Currents(np.ones((1, 2, 1)), 5.0))
    with pytest.raises(InputError, match="with input delays: a state holds no input in transit"):
        _ = activity.state
