"""Models of a series without a spiking network, each fitted and tuned on the training part."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.forecasting.baselines import last_value, linear_autoregression
from hrsnn.analysis.forecasting.echo_state import fit_echo_state_network
from hrsnn.tasks import SeriesTask

Array = NDArray[np.float64]
#: Function from a task, the number of units and a seed to predictions of the targets (times, outputs).
Model = Callable[[SeriesTask, int, int], Array]


def _last_value(task: SeriesTask, units: int, seed: int) -> Array:
    """Return the inputs, or, where the targets are of another series, the value that it has at the time of the input."""
    ahead = task.horizon
    if ahead is None or np.array_equal(task.inputs[ahead:], task.targets[:-ahead]):
        return last_value(task.inputs)
    # before the first known value, within the washout, that value itself
    return last_value(np.concatenate([np.repeat(task.targets[:1], ahead, axis=0), task.targets[:-ahead]]))


def _linear_autoregression(task: SeriesTask, units: int, seed: int) -> Array:
    return linear_autoregression(task.inputs, task.targets, train=task.train.stop, washout=task.washout)


def _echo_state_network(task: SeriesTask, units: int, seed: int) -> Array:
    found = fit_echo_state_network(task.inputs, task.targets, task.train.stop, units, seed, washout=task.washout)
    return found.forecast.prediction


#: Models by the name under which tasks declare them as baselines.
MODELS: Mapping[str, Model] = {
    "last_value": _last_value,
    "linear_autoregression": _linear_autoregression,
    "echo_state_network": _echo_state_network,
}
