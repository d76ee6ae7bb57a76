"""Forecasts by networks trained by gradients: what they start from, and their controls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from hrsnn import ReservoirSpec, build, simulate
from hrsnn.analysis.protocols import forecast
from hrsnn.analysis.protocols.gradient_forecasting import train_and_forecast
from hrsnn.errors import InputError
from hrsnn.regression.ridge import ridge_readout
from hrsnn.tasks import load_task
from hrsnn.training import TrainingOptions

SPEC = ReservoirSpec(neurons=30, dt=2)
SIZES = {"train": 120, "test": 40, "washout": 20, "horizon": 3}


def network(channels: int) -> Any:
    return build(SPEC, seed=1, channels=channels)


@pytest.fixture(scope="module")
def task() -> Any:
    return load_task("mackey_glass", **SIZES)


def test_training_starts_from_ridge_regression(task: Any) -> None:
    """Without an epoch, errors are those of readouts fitted here, to three quarters and to all of the training part."""
    found = train_and_forecast(
        task,
        network,
        ("recurrent", "readout"),
        TrainingOptions(epochs=0),
        window=20,
        model={"dtype": "float64"},
        controls=False,
    )
    times = task.hold * np.arange(1, len(task.inputs) + 1)
    states = simulate(network(1), task.stimulus(), record=("states",), sample_times=times).states[0]
    scale, end = task.targets[task.train].std(axis=0), 20 + 90
    for error, stop in ((found.nrmse, end), (found.nrmse_ridge, task.train.stop)):
        fitted = ridge_readout(states[:stop], task.targets[:stop], stop, washout=20).readout
        squares = ((fitted(states[task.test]) - task.targets[task.test]) / scale) ** 2
        assert error == pytest.approx(np.sqrt(squares.mean()), rel=1e-6)
    assert found.baselines["untrained"] == found.nrmse_ridge
    assert found.network.equals(found.initial)
    # the protocol of fixed networks says the same of the same network
    fixed = forecast(task, SPEC, seed=1)
    assert found.baselines["untrained"] == pytest.approx(fixed.nrmse, rel=1e-6)
    assert {name: found.baselines[name] for name in ("last_value", "linear_autoregression")} == pytest.approx(
        {name: fixed.baselines[name] for name in ("last_value", "linear_autoregression")}
    )


def test_what_is_given_back_forecasts_as_reported(task: Any) -> None:
    found = train_and_forecast(task, network, ("recurrent", "delays", "readout"), TrainingOptions(epochs=1), window=20)
    assert set(found.baselines) == {
        *("untrained", "last_value", "linear_autoregression", "echo_state_network", "no_recurrence", "gru")
    }
    assert set(found.baselines) == set(found.baselines_ridge)
    times = task.hold * np.arange(1, len(task.inputs) + 1)
    states = simulate(found.network, task.stimulus(), record=("states",), sample_times=times).states[0] * np.exp(2 / 20)
    predicted = (states @ found.readout.T + found.bias)[task.test]
    np.testing.assert_allclose(predicted, found.prediction, rtol=1e-4, atol=1e-5)
    scale = task.targets[task.train].std()
    assert found.nrmse == pytest.approx(np.sqrt(np.mean((predicted - task.targets[task.test]) ** 2)) / scale, rel=1e-4)


def test_the_error_of_what_is_trained_on_falls(task: Any) -> None:
    options = TrainingOptions(epochs=6, batch=4, learning_rate=0.03)
    found = train_and_forecast(task, network, ("recurrent", "inputs", "readout"), options, window=20, controls=False)
    losses = [one.train_loss for one in found.training.epochs[1:]]
    assert losses[-1] < 0.75 * losses[0]


def test_other_networks_are_refused(task: Any) -> None:
    class Other:
        kind = "toy"

    with pytest.raises(InputError, match="network = 'toy': must be a reservoir or a balanced network"):
        train_and_forecast(task, lambda channels: Other(), ("readout",))
