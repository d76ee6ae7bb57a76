"""An engine that is added to the registry passes through all that the package has for engines."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from toy_engine import run, toy

from hrsnn import InputError, ReservoirSpec, build, scripts, simulate
from hrsnn.engines import ENGINES, choose
from hrsnn.engines.capabilities import FEATURES, needs
from hrsnn.engines.contract import Response, Weights
from hrsnn.testing import EngineCases
from hrsnn.testing.networks import CASES, trains

ROOT = Path(__file__).resolve().parents[3]
STIMULUS = trains(1, 4, 20.0, 150, seed=1)


class TestToyEngine(EngineCases):
    """The whole conformance suite."""

    engine = "toy"

    @pytest.fixture(autouse=True)
    def added(self) -> Iterator[None]:
        with ENGINES.added("toy", toy()):
            yield


def test_a_case_is_skipped_for_what_the_engine_says_it_lacks():
    with ENGINES.added("toy", toy(background="it is too quiet for that")):
        tests = TestToyEngine()
        with pytest.raises(pytest.skip.Exception, match="toy cannot simulate background input: it is too quiet for that"):
            tests.test_a_subset_and_another_order_change_nothing()
        tests.test_progress_reaches_the_end()


@pytest.mark.parametrize(
    ("case", "feature", "others"),
    [
        (
            "short-term plasticity",
            "short_term_plasticity",
            "brian2, brian2-cython, brian2-numpy, compiled, torch, torch-cuda",
        ),
        (
            "delays of every link",
            "delays_per_link",
            "brian2, brian2-cython, brian2-numpy, compiled, exact, torch, torch-cuda",
        ),
    ],
)
def test_it_is_refused_by_its_own_reason(case, feature, others):
    reservoir = build(ReservoirSpec.preset("dense", neurons=20).updated(CASES[case]), seed=1, channels=4)
    with ENGINES.added("toy", toy(**{feature: "a toy is simple"})), pytest.raises(InputError) as refused:
        simulate(reservoir, STIMULUS, engine="toy")
    message = f"engine = 'toy': cannot {FEATURES[feature]}: a toy is simple; engines that can: {others}"
    assert str(refused.value) == message


def test_it_is_refused_by_all_its_reasons_at_once():
    reservoir = build(ReservoirSpec.preset("dense", neurons=20).updated(CASES["short-term plasticity"]), seed=1, channels=4)
    lacking = {"delays_per_link": "it has one queue", "plasticity": "it never learns"}
    with ENGINES.added("toy", toy(**lacking)), pytest.raises(InputError) as refused:
        simulate(reservoir, STIMULUS, engine="toy", plastic=True)
    reasons = {**lacking, "short_term_plasticity": "nobody plays with that"}
    assert all(f"cannot {FEATURES[feature]}: {why}" in str(refused.value) for feature, why in reasons.items())


_SPIKES = (np.array([3, 5]), np.array([1, 0]))


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (Response([3, 5], _SPIKES[1], np.zeros((1, 20))), "spike_step must be a vector of whole numbers"),
        (Response(np.array([3.0, 5.0]), _SPIKES[1], np.zeros((1, 20))), "spike_step must be a vector of whole numbers"),
        (Response(np.array([5, 3]), _SPIKES[1], np.zeros((1, 20))), "spike_step must be ascending"),
        (Response(np.array([5]), _SPIKES[1], np.zeros((1, 20))), "spike_step has 1 entries and spike_neuron 2"),
        (Response(_SPIKES[0], np.array([1, 20]), np.zeros((1, 20))), "spike_neuron must be from 0 to 19"),
        (Response(_SPIKES[0], np.array([-1, 0]), np.zeros((1, 20))), "spike_neuron must be from 0 to 19"),
        (Response(*_SPIKES, np.zeros(20)), "v has the shape (20,) instead of (1, 20)"),
        (Response(*_SPIKES, np.zeros((1, 20)), spike_time=np.array([3, 5])), "spike_time must be a vector of numbers"),
        (None, "it delivered 0 of 1 stimuli"),
    ],
)
def test_a_response_that_breaks_the_contract_is_refused(response, message):
    def broken(reservoir, batch, plastic, deliver, progress):
        if response is not None:
            deliver(0, response)
        return Weights(reservoir.weight, reservoir.input_weight)

    reservoir = build(ReservoirSpec.preset("dense", neurons=20), seed=1, channels=4)
    engine = dataclasses.replace(toy(), load=lambda: broken)
    with ENGINES.added("toy", engine), pytest.raises(InputError) as refused:
        simulate(reservoir, STIMULUS, engine="toy", record=("spikes", "v"))
    assert str(refused.value) == f"engine = 'toy': did not keep to the contract of an engine ({__name__}): {message}"


def test_weights_and_an_order_that_break_the_contract_are_refused():
    def broken(reservoir, batch, plastic, deliver, progress):
        for index in (1, 0) if len(batch) > 1 else (0,):
            deliver(index, Response(*_SPIKES, np.zeros((0, 20))))
        return Weights(reservoir.weight[1:], reservoir.input_weight)

    reservoir = build(ReservoirSpec.preset("dense", neurons=20), seed=1, channels=4)
    with ENGINES.added("toy", dataclasses.replace(toy(), load=lambda: broken)):
        with pytest.raises(InputError, match=r"recurrent has the shape \(\d+,\) instead of \(\d+,\)"):
            simulate(reservoir, STIMULUS, engine="toy", plastic=True)
        with pytest.raises(InputError, match="it delivered stimulus 1 after 0 others"):
            simulate(reservoir, trains(2, 4, 20.0, 50, seed=1), engine="toy")


def test_auto_takes_it_when_it_is_the_best_that_can():
    plain, depressing = (
        build(ReservoirSpec.preset("dense", neurons=20).updated(CASES[case]), seed=1, channels=4)
        for case in ("defaults", "short-term plasticity")
    )
    with ENGINES.added("toy", toy(priority=99)):
        assert choose("auto", plain.kind, needs(plain)) is run
        assert choose("auto", depressing.kind, needs(depressing)) is not run
        assert choose("auto", plain.kind, needs(plain, resumes=True)) is not run
    for priority in (0, 1):
        with ENGINES.added("toy", toy(priority=priority)):
            assert choose("auto", plain.kind, needs(plain)) is not run


def test_the_commands_name_it(capsys: pytest.CaptureFixture[str]):
    with ENGINES.added("toy", toy()):
        assert scripts.main(["engines", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)["engines"]
        assert list(found) == list(ENGINES)
        assert found["toy"]["can"]["short_term_plasticity"] == "nobody plays with that"
        assert scripts.main(["engines"]) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert "toy cannot simulate short-term plasticity: nobody plays with that" in said
        assert scripts.main(["memory", "--help"]) == 0
        assert "torch-cuda, toy" in " ".join(capsys.readouterr().out.replace("│", " ").split())
        assert scripts.main(["memory", "--engine", "toi"]) == 2
        assert "engine = 'toi': did you mean 'toy'?" in capsys.readouterr().err


@pytest.mark.long
def test_an_installed_package_adds_one(tmp_path: Path):
    """A package with an entry point: its engine is listed, and the conformance suite has its tests."""
    about = tmp_path / "carousel-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: carousel\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[hrsnn.engines]\nswing = carousel:SWING\n")
    toys = Path(__file__).parent
    (tmp_path / "carousel.py").write_text("from toy_engine import toy\nSWING = toy()\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (tmp_path, ROOT, toys)))}

    def python(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert json.loads(python("-m", "hrsnn", "engines", "--json"))["engines"]["swing"]["loads"] is True
    case = f"{toys}/test_conformance.py::Test_swing::test_progress_reaches_the_end"
    assert "1 passed" in python("-m", "pytest", "-q", "-p", "no:cacheprovider", case)
