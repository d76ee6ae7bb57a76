"""Objectives of a search by name: from a spec and a seed to a score and its constraints."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from hrsnn.analysis.capacity.memory import CapacityWarning
from hrsnn.analysis.protocols.task_scores import TaskScores, task_scores
from hrsnn.analysis.runs import RunOptions, StatesSeen
from hrsnn.errors import InputError
from hrsnn.kinds import NetworkSpec, build_network
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.registry import Registry
from hrsnn.search.result import Measurement
from hrsnn.tasks import ClassificationTask, SeriesTask, TaskChoice
from hrsnn.tasks.declaration import TaskKind
from hrsnn.validation.numbers import count_of, duration_of
from hrsnn.validation.units import take_fields

Direction = Literal["maximize", "minimize"]
#: Parameters of a spec that only STDP uses.
_LEARNING = frozenset({"tau_plus", "tau_minus", "a_plus", "a_minus", "depression_ratio"})
#: Rate assigned to a silent network, so that it violates the lower bound by a finite amount (Hz).
_LEAST_RATE = 1e-3
#: Options of the memory capacity: few, since neither the curve of the surrogates nor the interval is used.
_SURROGATES, _BOOTSTRAP = 19, 20


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What a search can optimise.

    Parameters
    ----------
    summary : str
        A few words, for lists.
    direction : {"maximize", "minimize"}
    function : callable
        From a :class:`NamedObjective` with its settings, a spec and a seed to the value and the mean rate (Hz).
    kind : str, optional
        Kind of the tasks in which the objective is defined; None if it needs no task.
    task : str
        Task, unless another is chosen.
    decodes : bool
        Whether it can be read from the states that a network's own decoder makes of its spikes.

    Raises
    ------
    InputError
        When the direction is unknown, or only one of kind and task is given.

    Examples
    --------
    >>> def from_v(settings, spec, seed):
    ...     found = settings.measured(spec, seed, ("memory_capacity_v",))
    ...     return found.scores["memory_capacity_v"], found.rates.mean_rate
    >>> memory_v = Objective(summary="from v", direction="maximize", function=from_v, kind="memory", task="memory")
    """

    summary: str
    direction: Direction
    function: Callable[[NamedObjective, NetworkSpec, int], tuple[float, float]]
    kind: TaskKind | None = None
    task: str = ""
    decodes: bool = False

    def __post_init__(self) -> None:
        if self.direction not in ("maximize", "minimize"):
            raise InputError("direction", self.direction, "must be maximize or minimize")
        if bool(self.kind) != bool(self.task):
            raise InputError("task", self.task, "must be given with a kind, and only then")


@dataclass(frozen=True, kw_only=True)
class NamedObjective:
    """One of `OBJECTIVES`, as a function of a spec and a seed that can be sent to other processes.

    Parameters
    ----------
    name : str
        ``memory``: memory capacity C, read from filtered spikes. ``spikes``: S, recurrent spikes per neuron and second, in
        the same run. ``efficiency``: C / S. ``accuracy``: accuracy on a validation part of the training samples of a task
        with classes. ``nrmse``: error of a forecast on the last quarter of the training part of a series. ``lyapunov``:
        minus the squared distance of the largest exponent, without silent neurons, from `target`.
    rates : (float, float)
        Bounds of the mean rate (Hz), constraints of every objective.
    values, hold, max_delay
        Memory task: number of input values, time for which each is held (ms), longest delay in values.
    choice : TaskChoice, optional
        Task of the kind that the objective needs, with its options; by default the one that the objective declares.
    train, validation : int
        Numbers of samples for a classification, drawn from the two parts with each seed; all if there are fewer.
    target : float
        Target of the largest Lyapunov exponent (1/s).
    duration : float
        Time over which the exponent is measured (ms).
    plastic : bool
        Whether STDP runs first, over the training samples of a classification, or the training part of a series in stimuli
        of 25 values; scores are measured with fixed weights.
    states : {"windows", "total", "final"}
        States that a classifier sees.
    decoded : bool
        Whether readouts see the states that the network's own decoder makes of its spikes, for memory, accuracy and nrmse.
    engine : str

    Raises
    ------
    InputError
        When the name is unknown, the task is of another kind, or an option is not allowed.

    Notes
    -----
    The seed determines the reservoir, the input or series, the background and the choice of samples. The split and the
    encoding of a classification are the same for all seeds. Test parts of classes and series are never used.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec
    >>> objective = NamedObjective(name="memory", values=600, max_delay=10)
    >>> measured = objective(ReservoirSpec(neurons=30), 0)
    >>> 0 <= measured.value < 10, sorted(measured.violations)
    (True, ['too_loud', 'too_quiet'])
    """

    name: str
    rates: tuple[float, float] = (1.0, 30.0)
    values: int = 2000
    hold: float = 20.0
    max_delay: int = 30
    choice: TaskChoice | None = None
    train: int = 600
    validation: int = 600
    target: float = -1.0
    duration: float = 1000.0
    plastic: bool = False
    states: StatesSeen = "windows"
    decoded: bool = False
    engine: str = "auto"

    def __post_init__(self) -> None:
        take_fields(self, rates="Hz", hold="ms", target="Hz", duration="ms")
        declared = self.declaration
        low, high = self.rates
        if not 0 <= low < high:
            raise InputError("rates", self.rates, "must be two ascending numbers (Hz)")
        count_of("values", self.values, 4 * self.max_delay)
        duration_of("duration", self.duration)
        if self.decoded and not declared.decodes:
            able = ", ".join(OBJECTIVES.where(lambda one: one.decodes))
            raise InputError("decoded", True, f"has no meaning for {self.name}: it is for {able}")
        if declared.kind is None:
            if self.plastic:
                raise InputError("plastic", True, f"has no meaning for {self.name}: there is no training part")
            if self.choice is not None:
                raise InputError("task", self.choice.name, f"cannot be given: the objective {self.name} needs no task")
        elif self.choice is not None:
            self.choice.check_kind(declared.kind)

    @property
    def declaration(self) -> Objective:
        """Declaration of the objective."""
        return OBJECTIVES.find(self.name)

    @property
    def task(self) -> TaskChoice:
        """The task in which the objective is measured."""
        return self.choice or TaskChoice(self.declaration.task)

    def prepare(self) -> None:
        """Check, before the first evaluation, that the task is available and matches the options.

        Raises
        ------
        InputError, FileError
            When it is not.
        """
        if self.declaration.kind is not None:
            self._loaded(0)

    @property
    def direction(self) -> Direction:
        """Whether the objective is maximised or minimised."""
        return self.declaration.direction

    @property
    def settings(self) -> dict[str, object]:
        """Settings that must not change when a search is resumed; the path of data may differ between machines."""
        fields = {name: value for name, value in vars(self).items() if name != "choice"}
        if self.states == "windows":  # so that searches stored without it can be resumed
            del fields["states"]
        if not self.decoded:
            del fields["decoded"]
        if self.choice is not None:
            fields |= {"task": self.choice.name, "task_options": self.choice.settings}
        return fields

    def __call__(self, spec: NetworkSpec, seed: int) -> Measurement:
        value, rate = self.declaration.function(self, spec, seed)
        low, high = self.rates
        known = math.log(max(rate, _LEAST_RATE))
        return Measurement(value, {"too_quiet": math.log(max(low, _LEAST_RATE)) - known, "too_loud": known - math.log(high)})

    def measured(self, spec: NetworkSpec, seed: int, scores: Sequence[str]) -> TaskScores:
        """Compute scores of one run in the task, on its validation part if it has one.

        Parameters
        ----------
        spec : NetworkSpec
        seed : int
        scores : sequence of str
            Names of scores of the task's kind.

        Returns
        -------
        TaskScores
            With ``scores``, a mapping by name, and ``rates.mean_rate`` (Hz).
        """
        options = RunOptions(
            seed=seed,
            plastic=self.plastic,
            states=self.states,
            engine=self.engine,
            max_delay=self.max_delay,
            surrogates=_SURROGATES,
            bootstrap=_BOOTSTRAP,
        )
        with warnings.catch_warnings():
            # with few values an inexact capacity is expected, and networks in a search may be silent
            warnings.simplefilter("ignore", CapacityWarning)
            return task_scores(lambda channels: build_network(spec, seed, channels), self._loaded(seed), options, scores)

    def _loaded(self, seed: int) -> ClassificationTask | SeriesTask:
        choice = self.task
        if choice.kind == "classes":
            return _encoded(choice).subset(train=self.train, test=self.validation, seed=seed)
        return _series(choice, self.values, self.hold, seed)


def _of_score(score: str) -> Callable[[NamedObjective, NetworkSpec, int], tuple[float, float]]:
    """Return the function of an objective that is one score in the task of the objective."""

    def function(objective: NamedObjective, spec: NetworkSpec, seed: int) -> tuple[float, float]:
        name = f"{score}_decoded" if objective.decoded else score
        found = objective.measured(spec, seed, (name,))
        return found.scores[name], found.rates.mean_rate

    return function


def _distance_of_lyapunov(objective: NamedObjective, spec: NetworkSpec, seed: int) -> tuple[float, float]:
    from hrsnn.analysis.lyapunov.spectrum import lyapunov_spectrum
    from hrsnn.analysis.protocols.edge_of_chaos import random_drive

    stimulus = random_drive(objective.duration + 200.0, seed)
    reservoir = build_network(spec, seed)
    if not isinstance(reservoir, Reservoir):
        raise InputError("objective", objective.name, f"is of reservoirs: there are no exponents of a {spec.kind}")
    spectrum = lyapunov_spectrum(reservoir, stimulus, count=min(10, reservoir.neurons), washout=200.0, seed=seed)
    return -((spectrum.largest_active - objective.target) ** 2), spectrum.rate


MEMORY = Objective(
    summary="memory capacity",
    direction="maximize",
    function=_of_score("memory_capacity"),
    kind="memory",
    task="memory",
    decodes=True,
)
SPIKES = Objective(
    summary="spikes per neuron and second in the memory task",
    direction="minimize",
    function=_of_score("spikes_per_neuron"),
    kind="memory",
    task="memory",
)
EFFICIENCY = Objective(
    summary="memory capacity over spikes",
    direction="maximize",
    function=_of_score("efficiency"),
    kind="memory",
    task="memory",
)
ACCURACY = Objective(
    summary="accuracy on validation samples",
    direction="maximize",
    function=_of_score("accuracy"),
    kind="classes",
    task="digits",
    decodes=True,
)
NRMSE = Objective(
    summary="error of a forecast of validation values",
    direction="minimize",
    function=_of_score("nrmse"),
    kind="series",
    task="lorenz63",
    decodes=True,
)
LYAPUNOV = Objective(
    summary="minus the squared distance of the largest Lyapunov exponent from a target",
    direction="maximize",
    function=_distance_of_lyapunov,
)

_HERE = "hrsnn.analysis.studies.objectives"
#: Objectives of a search, of this package and of installed ones.
OBJECTIVES: Registry[Objective] = Registry(
    "objective",
    "hrsnn.objectives",
    Objective,
    {
        "memory": f"{_HERE}:MEMORY",
        "spikes": f"{_HERE}:SPIKES",
        "efficiency": f"{_HERE}:EFFICIENCY",
        "accuracy": f"{_HERE}:ACCURACY",
        "nrmse": f"{_HERE}:NRMSE",
        "lyapunov": f"{_HERE}:LYAPUNOV",
    },
)


def check_plastic(parameters: Iterable[str], plastic: bool) -> None:
    """Raise an error for parameters that only STDP uses if STDP does not run.

    Raises
    ------
    InputError
        With the names of the parameters that would have no effect.
    """
    idle = sorted(_LEARNING.intersection(parameters))
    if idle and not plastic:
        raise InputError("plastic", plastic, f"must be on: without STDP, {', '.join(idle)} would change nothing")


@functools.lru_cache(maxsize=1)  # an integration may take longer than a run, and studies run several networks of a seed
def _series(choice: TaskChoice, values: int, hold: float, seed: int) -> ClassificationTask | SeriesTask:
    """Return a memory task, or a series whose test part is the validation part."""
    return choice.load(validation=choice.kind == "series", values=values, hold=hold, seed=seed)


@functools.lru_cache(maxsize=1)  # the encoding takes longer than a run
def _encoded(choice: TaskChoice) -> ClassificationTask:
    """Return the training part of a task as stimuli, divided into training and validation parts."""
    return choice.load_classes(validation=True).encoded()
