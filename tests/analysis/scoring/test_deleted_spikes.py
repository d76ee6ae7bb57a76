"""Scores read spikes alone: with all spikes of a run deleted, nothing is remembered, forecast or recognised."""

from __future__ import annotations

import dataclasses
import functools
import math
import warnings
from typing import Any

import numpy as np
import pytest

from hrsnn import SpikeTrains
from hrsnn.activity import Activity
from hrsnn.analysis.forecasting.errors import nrmse, valid_times
from hrsnn.analysis.runs import ClassesRun, RunOptions, SeriesRun, TaskRun, run_task
from hrsnn.analysis.scoring.registry import SCORES
from hrsnn.balanced import BalancedSpec
from hrsnn.errors import HrsnnWarning
from hrsnn.kinds import build_network
from hrsnn.testing.scores import task_of

OPTIONS = RunOptions(max_delay=5, surrogates=19, bootstrap=20, starts=2, steps=5)
#: What each score is then; "constant": what a forecast of the training mean, or of the most frequent class, has.
NOTHING: dict[str, float | str] = {
    "memory_capacity": 0.0,
    "memory_capacity_decoded": 0.0,
    "bits_per_spike": math.nan,
    "bits_per_spike_decoded": math.nan,
    "nrmse": "constant",
    "nrmse_decoded": "constant",
    "valid_time": "constant",
    "valid_time_decoded": "constant",
    "accuracy": "constant",
    "accuracy_decoded": "constant",
    "generalisation_gap": "constant",
    "effective_rank": 0.0,
    "entropy_rank": 0.0,
    "efficiency": math.nan,
    "effective_dimension": math.nan,
    "third_order_correlation": math.nan,
    "mean_rate": 0.0,
    "silent_share": 1.0,
    "silent": 1.0,
    "spikes_per_neuron": 0.0,
    "spikes": 0.0,
    "operations": 0.0,
}
#: Scores that read the potentials, which no decoder sees.
OF_POTENTIALS = {"memory_capacity_v", "nrmse_v"}
COMPUTED = SCORES.where(lambda score: score.function is not None)


def deaf(activity: Activity[Any]) -> Activity[Any]:
    """Delete all spikes of an activity, and what was computed from them."""
    samples, n = activity.spike_counts.shape
    changes: dict[str, Any] = {
        "spike_counts": np.zeros_like(activity.spike_counts),
        "recorded_spikes": SpikeTrains.from_samples([([], [])] * samples, n, activity.durations),
    }
    for name in ("recorded_counts", "recorded_states"):
        if getattr(activity, name) is not None:
            changes[name] = np.zeros_like(getattr(activity, name))
    return dataclasses.replace(activity, **changes)


@functools.cache
def silent_run(kind: str, quadratic: int = 0) -> TaskRun:
    spec = BalancedSpec(neurons=40, dimensions=4)
    options = dataclasses.replace(OPTIONS, quadratic=quadratic)
    run = run_task(lambda channels: build_network(spec, 1, channels), task_of(kind), options)
    assert run.activity.spike_count > 100
    if isinstance(run, ClassesRun):
        return dataclasses.replace(run, on_train=deaf(run.on_train), on_test=deaf(run.on_test))
    return dataclasses.replace(run, activity=deaf(run.activity))


def constant(score: str, run: TaskRun) -> float:
    """What a score is without any information about the input."""
    if isinstance(run, ClassesRun):
        names, counts = np.unique(run.task.y_train, return_counts=True)
        guess = names[np.argmax(counts)]
        on_test, on_train = float(np.mean(run.task.y_test == guess)), float(np.mean(run.task.y_train == guess))
        return on_train - on_test if score == "generalisation_gap" else on_test
    task = run.task
    mean = task.targets[task.washout : task.train.stop].mean(axis=0)
    if score.startswith("nrmse"):
        guess = np.broadcast_to(mean, task.targets[task.test].shape)
        return float(nrmse(guess, task.targets[task.test], scale=task.targets[task.train].std(axis=0)))
    length, times = task.test.stop - task.test.start, []
    for row in task.test.start + (length - OPTIONS.steps) // OPTIONS.starts * np.arange(OPTIONS.starts):
        target = task.targets[row : row + OPTIONS.steps]
        times.append(valid_times(np.broadcast_to(mean, target.shape), target, task)[0.5])
    return float(np.mean(times))


def test_every_score_is_in_the_table() -> None:
    own = set(SCORES.own_names)
    assert {name for name in COMPUTED if name in own} == {*NOTHING, *OF_POTENTIALS}


@pytest.mark.parametrize("score", NOTHING)
@pytest.mark.filterwarnings("ignore::hrsnn.errors.HrsnnWarning")
def test_without_spikes_a_score_is_that_of_nothing(score: str) -> None:
    wanted = NOTHING[score]
    for kind in SCORES[score].kinds:
        run = silent_run(kind)
        found = SCORES[score].of(run)
        if isinstance(wanted, str):
            assert found == pytest.approx(constant(score, run), rel=1e-9), kind
        else:
            assert found == pytest.approx(wanted, nan_ok=True), kind


@pytest.mark.parametrize("read", ["states", "decoded"])
@pytest.mark.parametrize("quadratic", [0, 3], ids=["linear", "quadratic"])
def test_the_error_without_spikes_is_at_least_one(read: Any, quadratic: int) -> None:
    run = silent_run("series", quadratic)
    assert isinstance(run, SeriesRun)
    task = run.task
    # in units of the sd of the test part itself no constant can be better than 1
    prediction = run.forecast(read).prediction[task.test]
    assert nrmse(prediction, task.targets[task.test], scale=task.targets[task.test].std(axis=0)) >= 1
    assert np.ptp(prediction, axis=0).max() < 1e-9


@pytest.mark.parametrize("read", ["states", "decoded"])
def test_accuracy_without_spikes_is_that_of_one_class(read: Any) -> None:
    run = silent_run("classes")
    assert isinstance(run, ClassesRun)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HrsnnWarning)
        assert len(np.unique(run.predicted_from(read))) == 1
