"""Scores of pruned reservoirs on tasks, with readouts trained anew."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wasserstein_distance
from sklearn.base import clone

from hrsnn.activity import Activity
from hrsnn.analysis import (
    effective_rank,
    lyapunov_spectrum,
    memory_capacity,
    nrmse,
    ridge_readout,
    synaptic_operations,
)
from hrsnn.analysis.forecasting.closed_loop import ReservoirForecaster, free_run, held_currents
from hrsnn.analysis.protocols.open_loop import valid_times
from hrsnn.analysis.protocols.series_runs import follow, learn
from hrsnn.engines.network_state import NetworkState
from hrsnn.errors import InputError
from hrsnn.files.writing import PathLike
from hrsnn.networks.pruning import noise
from hrsnn.networks.reservoir_edits import with_input_of
from hrsnn.readout import readout as classifier
from hrsnn.reservoir import Reservoir
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks import ClassificationTask, SeriesTask, load_task
from hrsnn.tasks.lorenz63 import lorenz63
from hrsnn.tasks.memory import memory
from hrsnn.validation.units import take_fields, takes

Array = NDArray[np.float64]
_Samples = tuple[Stimulus, Stimulus, NDArray[Any], NDArray[Any]]

_WINDOWS, _BLANK = 5, 100.0
_LEADING = 10  # number of exponents compared
_STEP, _THRESHOLD = 0.01, 0.5  # time step of Lorenz-63, and threshold of its valid time in closed loop


@dataclass(frozen=True)
class SuiteSizes:
    """Numbers of samples and values of each task.

    Parameters
    ----------
    train, test : int
        Numbers of samples of digits and of spoken digits.
    values, max_delay : int
        Number of values of the memory task, of 20 ms each, and longest delay.
    series_train, series_test : int
        Numbers of values of Lorenz-63.
    starts, steps : int
        Number of forecasts in closed loop, and number of values of each.
    """

    train: int = 600
    test: int = 300
    values: int = 2500
    max_delay: int = 30
    series_train: int = 2000
    series_test: int = 500
    starts: int = 5
    steps: int = 50


@dataclass(frozen=True)
class ScoredNetwork:
    """Pruned or dense network to be scored.

    Parameters
    ----------
    network : Reservoir
    origin : array of int (N,)
        Index of each neuron in the dense network.
    dense : callable
        From a number of channels to the dense network with that many input channels, with the same neurons and links.
    """

    network: Reservoir
    origin: NDArray[np.int64]
    dense: Callable[[int], Reservoir]

    def with_channels(self, channels: int) -> Reservoir:
        """Return the network with the input of the dense one for this number of channels."""
        return with_input_of(self.network, self.origin, self.dense(channels))


@dataclass(frozen=True)
class TaskSuite:
    """Tasks on which networks are scored, the same for all networks in a comparison.

    Parameters
    ----------
    tasks : sequence of str
        Subset of "memory", "lorenz63", "digits" and "fsdd".
    sizes : SuiteSizes
    plastic : bool
        Whether STDP first runs over the training part of each task.
    path : path, optional
        Folder of the recordings of "fsdd".
    engine : str
    seed : int

    Raises
    ------
    InputError
        For an unknown task, or "fsdd" without a path.
    """

    tasks: tuple[str, ...] = ("memory", "lorenz63", "digits")
    sizes: SuiteSizes = field(default_factory=lambda: SuiteSizes())
    plastic: bool = False
    path: PathLike | None = None
    engine: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        take_fields(self)
        for task in self.tasks:
            if task not in _SCORES:
                raise InputError("tasks", task, f"must be of {', '.join(_SCORES)}")
        if "fsdd" in self.tasks and self.path is None:
            raise InputError("path", None, "task 'fsdd' needs it")

    def followed(self, candidate: ScoredNetwork, task: SeriesTask) -> tuple[Reservoir, Activity]:
        """Simulate a series, after STDP over its training part if `plastic`."""
        reservoir = candidate.with_channels(task.inputs.shape[1])
        if self.plastic:
            reservoir = learn(reservoir, task, self.seed, self.engine)
        return reservoir, follow(reservoir, task, ("states", "v"), self.seed, self.engine, progress=False)


@takes()
def score_network(candidate: ScoredNetwork, suite: TaskSuite | None = None) -> dict[str, float]:
    """Score a network on tasks that were not used in pruning, with newly trained readouts, after STDP if requested.

    Parameters
    ----------
    candidate : ScoredNetwork
    suite : TaskSuite, optional

    Returns
    -------
    dict
        ``memory_capacity`` and ``memory_capacity_v`` (from spikes, from v); ``nrmse`` of Lorenz-63 ten steps ahead and
        ``valid_time`` in closed loop (threshold 0.5, Lyapunov times); for each kind of digits ``_accuracy``, ``_rank``
        (effective rank of the final states), ``_rate`` (Hz), ``_silent`` (share), ``_spikes`` and
        ``_operations`` (per stimulus).

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> suite = TaskSuite(("memory",), SuiteSizes(values=600, max_delay=5))
    >>> dense = lambda channels: build(ReservoirSpec(neurons=30), seed=1, channels=channels)
    >>> sorted(score_network(ScoredNetwork(dense(1), np.arange(30), dense), suite))
    ['memory_capacity', 'memory_capacity_v']
    """
    suite = suite or TaskSuite()
    found: dict[str, float] = {}
    for task in suite.tasks:
        found |= _SCORES[task](candidate, suite)
    return found


@takes()
def spectrum_distance(
    network: Reservoir, dense: Reservoir, stimulus: Stimulus | None = None, *, seed: int = 0
) -> dict[str, float]:
    """Compare the Lyapunov spectrum of a network with that of the dense one.

    Parameters
    ----------
    network, dense : Reservoir
        Networks with equal numbers of channels.
    stimulus : SpikeTrains or Currents, optional
        By default 2 s of :func:`noise`.
    seed : int

    Returns
    -------
    dict
        ``largest_exponent`` (1/s, without silent neurons; nan if all are silent) and ``spectrum_distance``: W_1 between the
        ten leading exponents of both, without silent neurons (1/s); nan if the network has fewer.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=40), seed=1)
    >>> spectrum_distance(reservoir, reservoir)["spectrum_distance"]
    0.0
    """
    stimulus = noise(dense.channels, seed=seed) if stimulus is None else stimulus
    leading = [
        lyapunov_spectrum(one, stimulus, count=min(_LEADING, 3 * one.neurons), seed=seed).active_exponents
        for one in (network, dense)
    ]
    enough = min(map(len, leading)) == _LEADING
    return {
        "largest_exponent": float(leading[0][0]) if len(leading[0]) else float("nan"),
        "spectrum_distance": float(wasserstein_distance(*leading)) if enough else float("nan"),
    }


def _memory(candidate: ScoredNetwork, suite: TaskSuite) -> dict[str, float]:
    task = memory(values=suite.sizes.values, seed=suite.seed)
    _, activity = suite.followed(candidate, task)

    def capacity(states: Array) -> float:
        delay, inputs = suite.sizes.max_delay, task.inputs[:, 0]
        found = memory_capacity(states, inputs, delay, hold=task.hold, seed=suite.seed)
        return float(found.total)

    return {"memory_capacity": capacity(activity.states[0]), "memory_capacity_v": capacity(activity.v[0])}


def _lorenz63(candidate: ScoredNetwork, suite: TaskSuite) -> dict[str, float]:
    sizes = suite.sizes
    near, far = _chaotic(sizes.series_train, sizes.series_test, suite.seed)
    reservoir, activity = suite.followed(candidate, near)
    next_one, ahead = (
        ridge_readout(activity.states[0], task.targets, train=near.train.stop, washout=near.washout) for task in (near, far)
    )
    error = nrmse(ahead.prediction[far.test], far.targets[far.test], scale=far.targets[far.train].std(axis=0))
    times, begin = [], 0
    state: NetworkState | None = None
    for row in near.test.start + (sizes.series_test - sizes.steps) // sizes.starts * np.arange(sizes.starts):
        piece = Currents(near.inputs[None, begin : row + 1], dt=near.hold)
        run = simulate(reservoir, piece, record=("states",), engine=suite.engine, seed=suite.seed, state=state)
        state, begin = run.state, int(row) + 1
        model = ReservoirForecaster(
            reservoir, next_one.readout, state, held_currents(near.hold), engine=suite.engine, seed=suite.seed
        )
        made = free_run(model, next_one.prediction[row], sizes.steps)
        times.append(valid_times(made, near.targets[row : row + sizes.steps], near)[_THRESHOLD])
    return {"nrmse": float(error), "valid_time": float(np.mean(times))}


@functools.lru_cache(maxsize=1)  # the same for all networks of a seed
def _chaotic(train: int, test: int, seed: int) -> tuple[SeriesTask, SeriesTask]:
    """Return the Lorenz-63 tasks one step and ten steps ahead."""
    near, far = (lorenz63(train=train, test=test, horizon=h, seed=seed, dt=_STEP) for h in (1, 10))
    return near, far


@functools.lru_cache(maxsize=2)  # encoding speech is slower than simulation, and the same for all networks of a seed
def _encoded(name: str, path: str | None, train: int, test: int, seed: int) -> _Samples:
    """Return the training and test samples of a classification task, and their classes."""
    task = load_task(name, seed=seed, **({} if path is None else {"path": path}))
    assert isinstance(task, ClassificationTask)
    task = task.subset(train=train, test=test, seed=seed)
    encoder = clone(task.encoder).fit(task.x_train)
    return encoder.transform(task.x_train), encoder.transform(task.x_test), task.y_train, task.y_test


def _classes(name: str, candidate: ScoredNetwork, suite: TaskSuite) -> dict[str, float]:
    sizes, path = suite.sizes, os.fspath(suite.path) if name == "fsdd" and suite.path is not None else None
    train, test, y_train, y_test = _encoded(name, path, sizes.train, sizes.test, suite.seed)
    reservoir = candidate.with_channels(train.n_channels)
    if suite.plastic:
        blank = _BLANK if isinstance(train, SpikeTrains) else 0.0
        run = simulate(reservoir, train, plastic=True, record=(), blank=blank, engine=suite.engine, seed=suite.seed)
        reservoir = run.reservoir

    def present(trains: Stimulus, branch: int, *record: str) -> Activity:
        # noise depends on the seed and the position in the batch: a separate seed for each part
        key = suite.seed + (branch << 32)
        return simulate(reservoir, trains, record=record, windows=_WINDOWS, engine=suite.engine, seed=key)

    on_train, on_test = present(train, 1, "counts"), present(test, 2, "counts", "states")
    rows, others = (np.sqrt(one.counts).reshape(len(one.counts), -1) for one in (on_train, on_test))
    predicted = classifier("logistic", suite.seed).fit(rows, y_train).predict(others)
    return {
        f"{name}_accuracy": float(np.mean(predicted == y_test)),
        f"{name}_rank": float(effective_rank(on_test.states[:, -1])),
        f"{name}_rate": float(on_test.rates.mean()),
        f"{name}_silent": float((on_test.spike_counts.sum(axis=0) == 0).mean()),
        f"{name}_spikes": float(on_test.spike_counts.sum(axis=1).mean()),
        f"{name}_operations": float(synaptic_operations(on_test.spike_counts, reservoir.pre).mean()),
    }


_SCORES: Mapping[str, Callable[[ScoredNetwork, TaskSuite], dict[str, float]]] = {
    "memory": _memory,
    "lorenz63": _lorenz63,
    "digits": functools.partial(_classes, "digits"),
    "fsdd": functools.partial(_classes, "fsdd"),
}
