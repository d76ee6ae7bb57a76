"""Scores of pruned reservoirs on tasks, with readouts trained anew."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis import lyapunov_spectrum
from hrsnn.analysis.protocols.task_scores import TaskScores, scores_for, task_scores
from hrsnn.analysis.runs import RunOptions, SeriesRun, StatesSeen, TaskRun
from hrsnn.analysis.scoring.registry import SCORES
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.networks.pruning import noise
from hrsnn.networks.pruning_record import LEADING, distance_of_spectra
from hrsnn.networks.reservoir_edits import with_input_of
from hrsnn.reservoir import Reservoir
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks import ClassificationTask, SeriesTask, TaskChoice
from hrsnn.tasks.declaration import TaskKind
from hrsnn.validation.units import take_fields, takes


@dataclass(frozen=True)
class SuiteSizes(Displayed):
    """Numbers of samples and values of each task.

    Parameters
    ----------
    train, test : int
        Numbers of samples of a task with classes.
    values, max_delay : int
        Number of values of a memory task, of 20 ms each, and longest delay.
    series_train, series_test : int
        Numbers of values of a series.
    starts, steps : int
        Number of forecasts in closed loop, and number of values of each.
    """

    train: int = 600
    test: int = 300
    values: int = 5000
    max_delay: int = 60
    series_train: int = 2000
    series_test: int = 500
    starts: int = 5
    steps: int = 50


@dataclass(frozen=True)
class ScoredNetwork(Displayed):
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
class TaskSuite(Displayed):
    """Tasks on which networks are scored, the same for all networks in a comparison.

    Parameters
    ----------
    tasks : sequence of TaskChoice or str
        Tasks of any kind.
    sizes : SuiteSizes
    plastic : bool
        Whether STDP first runs over the training part of each task.
    engine : str
    seed : int
    scores : sequence of str
        Further scores in :data:`hrsnn.analysis.scoring.registry.SCORES`, computed in the tasks that have them.
    states : {"windows", "total", "final"}
        States that a classifier sees.

    Raises
    ------
    InputError
        For an unknown task or score, or a task that needs data whose path is not given.
    """

    tasks: tuple[TaskChoice | str, ...] = ("memory", "lorenz63", "digits")
    sizes: SuiteSizes = field(default_factory=lambda: SuiteSizes())
    plastic: bool = False
    engine: str = "auto"
    seed: int = 0
    scores: tuple[str, ...] = ()
    states: StatesSeen = "windows"

    def __post_init__(self) -> None:
        take_fields(self)
        if not self.choices:  # unknown tasks raise an error
            raise InputError("tasks", self.tasks, "must name at least one")

    @functools.cached_property
    def choices(self) -> tuple[TaskChoice, ...]:
        """The tasks with their options."""
        return tuple(TaskChoice(task) if isinstance(task, str) else task for task in self.tasks)

    @property
    def options(self) -> RunOptions:
        """How networks are run through the tasks."""
        sizes = self.sizes
        return RunOptions(
            seed=self.seed,
            plastic=self.plastic,
            states=self.states,
            engine=self.engine,
            max_delay=sizes.max_delay,
            starts=sizes.starts,
            steps=sizes.steps,
        )


@takes()
def score_network(candidate: ScoredNetwork, suite: TaskSuite | None = None, *, bank: bool = False) -> dict[str, float]:
    """Score a network on tasks that were not used in pruning, with newly trained readouts, after STDP if requested.

    Parameters
    ----------
    candidate : ScoredNetwork
    suite : TaskSuite, optional
    bank : bool
        Whether the delay bank of the network is scored instead (:func:`hrsnn.analysis.runs.delay_bank.delay_bank`).

    Returns
    -------
    dict
        Names begin with the prefix of the task. For a memory task ``memory_capacity`` and ``memory_capacity_v`` (from
        spikes, from v); for a series ``nrmse`` ten steps ahead, if the task has a horizon, and ``valid_time`` in closed loop
        (threshold 0.5, Lyapunov times; nan where the loop cannot be closed); for classes ``accuracy``, ``rank`` (effective
        rank of the final states), ``rate`` (Hz), ``silent`` (share), ``spikes`` and ``operations`` (per stimulus).

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
    for task in suite.choices:
        scores = _SCORED[task.kind](candidate, task, suite, bank)
        found |= {name: scores[name.removeprefix(task.prefix)] for name in score_names(task, suite.scores)}
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
        lyapunov_spectrum(one, stimulus, count=min(LEADING, 3 * one.neurons), seed=seed).active_exponents
        for one in (network, dense)
    ]
    return {
        "largest_exponent": float(leading[0][0]) if len(leading[0]) else float("nan"),
        "spectrum_distance": distance_of_spectra(*leading),
    }


def score_names(task: TaskChoice, further: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names of the scores that :func:`score_network` gives for a task, main score first."""
    return tuple(f"{task.prefix}{name}" for name in dict.fromkeys((*_SCORES[task.kind], *scores_for(further, task.kind))))


def channels_of(task: TaskChoice, seed: int) -> int:
    """Return the number of input channels of a task."""
    if task.kind != "classes":
        return int(task.load_series("series", "memory", seed=seed).inputs.shape[1])
    loaded = task.load_classes(seed=seed)
    few = len(loaded.classes)
    return int(loaded.subset(train=few, test=few).encoded().x_train.n_channels)


def _scored(found: TaskScores, bank: bool) -> tuple[TaskRun, Mapping[str, float]]:
    """Return the run of the network or of its delay bank, with its scores."""
    if not bank:
        return found.run, found.scores
    run = found.run.delay_bank
    if run is None:
        raise InputError("bank", True, "is the control of a network with delays, and this one has none")
    return run, {name: SCORES[name].of(run) for name in found.scores}


def _scores_of_memory(candidate: ScoredNetwork, choice: TaskChoice, suite: TaskSuite, bank: bool) -> Mapping[str, float]:
    task = choice.load_series("memory", values=suite.sizes.values, seed=suite.seed)
    names = (*_SCORES["memory"], *scores_for(suite.scores, "memory"))
    found = task_scores(candidate.with_channels, task, suite.options, tuple(dict.fromkeys(names)))
    return _scored(found, bank)[1]


def _scores_of_series(candidate: ScoredNetwork, choice: TaskChoice, suite: TaskSuite, bank: bool) -> Mapping[str, float]:
    sizes = suite.sizes
    near, far = _series(choice, sizes.series_train, sizes.series_test, suite.seed)
    names = ("valid_time", *scores_for(suite.scores, "series"))
    found = task_scores(candidate.with_channels, near, suite.options, tuple(dict.fromkeys(names)))
    run, scores = _scored(found, bank)
    assert isinstance(run, SeriesRun)
    return {**scores, "nrmse": SCORES["nrmse"].of(replace(run, task=far))}


@functools.lru_cache(maxsize=1)  # the same for all networks of a seed
def _series(choice: TaskChoice, train: int, test: int, seed: int) -> tuple[SeriesTask, SeriesTask]:
    """Return a series one step and ten steps ahead; twice the same if the task has no horizon."""
    near, far = (choice.load_series(train=train, test=test, horizon=ahead, seed=seed) for ahead in (1, 10))
    return near, far


@functools.lru_cache(maxsize=2)  # encoding speech is slower than simulation, and the same for all networks of a seed
def _encoded(choice: TaskChoice, train: int, test: int, seed: int) -> ClassificationTask:
    """Return a task with classes as stimuli."""
    return choice.load_classes(seed=seed).subset(train=train, test=test, seed=seed).encoded()


def _scores_of_classes(candidate: ScoredNetwork, choice: TaskChoice, suite: TaskSuite, bank: bool) -> Mapping[str, float]:
    task = _encoded(choice, suite.sizes.train, suite.sizes.test, suite.seed)
    names = {**_SCORES["classes"], **{name: name for name in scores_for(suite.scores, "classes")}}
    _, found = _scored(task_scores(candidate.with_channels, task, suite.options, tuple(names.values())), bank)
    return {short: found[name] for short, name in names.items()}


#: Names of the scores of a task, by its kind, as tables of several tasks have them, and the scores.
_SCORES: Mapping[TaskKind, Mapping[str, str]] = {
    "memory": {"memory_capacity": "memory_capacity", "memory_capacity_v": "memory_capacity_v"},
    "series": {"nrmse": "nrmse", "valid_time": "valid_time"},
    "classes": {
        "accuracy": "accuracy",
        "rank": "effective_rank",
        "rate": "mean_rate",
        "silent": "silent_share",
        "spikes": "spikes",
        "operations": "operations",
    },
}
_SCORED: Mapping[TaskKind, Callable[[ScoredNetwork, TaskChoice, TaskSuite, bool], Mapping[str, float]]] = {
    "memory": _scores_of_memory,
    "series": _scores_of_series,
    "classes": _scores_of_classes,
}
