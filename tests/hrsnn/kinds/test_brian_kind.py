"""Networks by equations through the commands and estimators."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import Currents, ReservoirTransformer, scripts
from hrsnn.equations import BrianModel, BrianNetwork
from hrsnn.kinds import KINDS

OWN = """
neurons = 20
dt = 1.0
equations = "dv/dt = (I - v)/tau : 1 (unless refractory)"
threshold = "v > 1"
reset = "v = 0"
refractory = 2
drive = "I"
on_pre = "v_post += (excitatory_pre - inhibitory_pre)*w"
weight_ee = 0.3
input_gain = { kind = "uniform", low = -3.0, high = 3.0 }

[parameters]
tau = { kind = "gamma", mean = 20.0, cv = 0.5, unit = "ms" }
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Any:
    (tmp_path / "model.toml").write_text(OWN)

    def run(verb: str, *words: object) -> tuple[int, str, str]:
        given = [verb, *words, "--network", "brian", "--spec", tmp_path / "model.toml", "--engine", "brian2-equations-numpy"]
        code = scripts.main([str(word) for word in given])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_model_of_a_file_has_a_memory_and_a_control(run: Any, tmp_path: Path) -> None:
    code, _, error = run("memory", "--values", 380, "--max-delay", 5, "--set", "tau.mean=30", "--out", tmp_path / "out")
    assert code == 0, error
    found = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert found["scores"]["memory_capacity"] > 0
    assert "no_recurrence" in found["baselines"]["memory_capacity"]
    assert BrianNetwork.load(tmp_path / "out" / "brian.npz").neurons == 20
    assert BrianModel.load(tmp_path / "out" / "spec.toml").parameters["tau"].mean == 30


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("memory", "--set", "threshold=v > mV"), "threshold = 'v > mV': has units that do not agree"),
        (("memory", "--set", "tua=3 ms"), "tua: no such field or parameter; did you mean 'tau'?"),
        (
            ("classify", "--train", 20, "--test", 10, "--no-plastic"),
            "reaches no neuron of this model: it has no input_on_pre",
        ),
        (
            ("classify", "--train", 20, "--test", 10),
            "the model has no plasticity: plastic_on_pre and plastic_on_post give it; plastic=False (--no-plastic) runs it",
        ),
        (("lyapunov",), "takes reservoirs only"),
    ],
    ids=str,
)
def test_what_it_cannot_is_one_line(words: tuple[Any, ...], said: str, run: Any) -> None:
    code, out, error = run(*words, "--quiet")
    assert (code, out) == (2, "")
    assert error.count("\n") == 1
    assert said in error


def test_a_model_that_is_given_as_a_reservoir_is_told_its_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model.toml").write_text(OWN)
    assert scripts.main(["memory", "--spec", str(tmp_path / "model.toml"), "--quiet"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "is of the kind brian: give --network brian too" in error


def test_estimators_take_a_model() -> None:
    values = np.random.default_rng(0).uniform(-1, 1, (3, 10, 1))
    model = BrianModel.from_toml(OWN)
    states = ReservoirTransformer(model, plastic=False, engine="brian2-equations-numpy").fit_transform(
        Currents(values, dt=5.0)
    )
    assert states.shape[0] == 3
    assert np.abs(states).sum() > 0


def test_the_equations_are_stated_as_they_were_given() -> None:
    model = BrianModel(neurons=40)
    still, learning = (KINDS["brian"].equations(model, plastic) for plastic in (False, True))
    assert "N = 40" in still
    for text in (model.equations, model.on_pre, model.reset):
        assert all(line.strip() in still for line in text.strip().splitlines())
    assert all(line.strip() in learning for line in model.plastic_on_post.strip().splitlines())
    assert len(learning) > len(still)
