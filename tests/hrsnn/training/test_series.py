"""Series for training: windows, targets that are missing, and outputs at the ends of values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from hrsnn import Currents, Reservoir, ReservoirSpec, SpikeTrains, build, simulate
from hrsnn.balanced import BalancedSpec, build_balanced
from hrsnn.errors import InputError
from hrsnn.tasks import SeriesTask, load_task
from hrsnn.training import TrainableNetwork, TrainingOptions, predict_series, train
from hrsnn.training.series import in_units, windows_of


def series(washout: int, train_values: int, test: int) -> SeriesTask:
    return load_task("lorenz63", washout=washout, train=train_values, test=test)


@pytest.mark.parametrize(
    ("washout", "values", "window"),
    [(20, 100, 40), (20, 100, 7), (0, 30, 30), (5, 33, 20), (3, 50, 2)],
    ids=["whole", "odd", "one", "little washout", "shortest"],
)
def test_each_value_of_a_part_has_its_target_once(washout: int, values: int, window: int) -> None:
    task = series(washout, values, 25)
    for part in (task.train, task.test):
        stimulus, targets = windows_of(task, part, window)
        assert isinstance(stimulus, Currents)
        wanted = np.isfinite(targets).all(axis=2)
        np.testing.assert_allclose(in_units(task, targets[wanted]), task.targets[part])  # in the order of the series
        np.testing.assert_array_equal(stimulus.values[wanted], task.inputs[part])
        # what is before a target in its window is before it in the series, also beyond the part
        for piece in stimulus.values:
            begin = int(np.flatnonzero((task.inputs == piece[0]).all(axis=1))[0])
            np.testing.assert_array_equal(piece, task.inputs[begin : begin + window])
        learned = task.targets[task.train]
        np.testing.assert_allclose(in_units(task, np.zeros(3)), learned.mean(axis=0))
        np.testing.assert_allclose(in_units(task, np.ones(3)) - learned.mean(axis=0), learned.std(axis=0))


def test_windows_of_spikes_are_those_of_the_series() -> None:
    task = load_task("narma10", washout=10, train=60, test=20, encoding="poisson")
    stimulus, targets = windows_of(task, task.train, 20)
    assert isinstance(stimulus, SpikeTrains)
    assert len(stimulus) == len(targets) == 6
    assert stimulus[1].equals(task.stimulus(10, 30))


def test_a_window_that_is_longer_than_the_series_is_refused() -> None:
    task = series(0, 30, 10)
    with pytest.raises(InputError, match="window = 31: must be at most 30 values"):
        windows_of(task, task.train, 31)


def reservoir(delay: float) -> Reservoir:
    return build(ReservoirSpec(neurons=25, dt=1, input_fraction=1, delay_exc=delay, delay_inh=delay), seed=2, channels=3)


@pytest.mark.parametrize(
    "network",
    [
        lambda: reservoir(0),
        lambda: reservoir(9),
        lambda: build_balanced(BalancedSpec(neurons=25, dimensions=4, dt=1), seed=1, channels=3),
    ],
    ids=["reservoir", "delays", "balanced"],
)
def test_outputs_are_those_of_the_engine_states(network: Any) -> None:
    """At the ends of values, filtered spikes of the network's own engine, which decayed for a step since the last."""
    made = network()
    module = TrainableNetwork(made, 2, tau_readout=30.0, dtype="float64")
    currents = Currents(np.random.default_rng(0).normal(size=(2, 12, 3)), dt=20.0)
    activity = simulate(made, currents, record=("states",), sample_times=20.0 * np.arange(1, 13), tau_state=30.0)
    weight, bias = (one.detach().numpy() for one in module.readout.parameters())
    expected = activity.states / np.exp(-1 / 30) @ weight.T + bias
    assert activity.states.any()
    np.testing.assert_allclose(predict_series(module, currents, 12), expected, atol=1e-12)


def test_targets_that_are_missing_do_not_count() -> None:
    """The first half of the values: their error is that of all but the others, and so is the training."""
    few = build(ReservoirSpec(neurons=15, dt=1, input_fraction=1), seed=2, channels=1)
    rng = np.random.default_rng(1)
    currents, targets = Currents(rng.normal(size=(3, 8, 1)), dt=10.0), rng.normal(size=(3, 8, 1))
    targets[0, :4] = np.nan
    module = TrainableNetwork(few, 1, ("readout",), dtype="float64")
    found = train(module, currents, targets, (currents, targets), TrainingOptions(epochs=1, batch=2, learning_rate=0.0))
    squares = (predict_series(module, currents, 8) - targets) ** 2
    for epoch in found.epochs:
        assert epoch.validation_loss == pytest.approx(np.nanmean(squares))
    assert found.epochs[1].train_loss == pytest.approx(np.nanmean(squares))


def test_a_readout_to_start_from_learns_in_steps_of_its_size() -> None:
    few = build(ReservoirSpec(neurons=15, dt=1, input_fraction=1), seed=2, channels=1)
    module = TrainableNetwork(few, 1, ("readout",), dtype="float64")
    start = np.random.default_rng(1).normal(size=(1, 15)) / 100
    module.set_readout(start, [0.5])
    currents = Currents(np.random.default_rng(1).normal(size=(1, 8, 1)), dt=10.0)
    targets = np.ones((1, 8, 1))
    train(module, currents, targets, (currents, targets), TrainingOptions(epochs=1, learning_rate=0.1))
    moved = np.abs(module.readout.weight.detach().numpy() - start)
    active = moved > 0
    assert active.any()
    np.testing.assert_allclose(moved[active], 0.1 * np.abs(start).mean(), rtol=1e-4)
