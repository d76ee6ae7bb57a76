"""Objectives of a search by name: from a spec and a seed to a score and its constraints."""

from __future__ import annotations

import dataclasses
import functools
import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
from sklearn.base import clone

from hrsnn.activity import Activity
from hrsnn.analysis.capacity.memory import CapacityWarning, memory_capacity
from hrsnn.analysis.forecasting.errors import nrmse
from hrsnn.analysis.forecasting.ridge import ridge_readout
from hrsnn.builder import build
from hrsnn.errors import InputError
from hrsnn.search.result import Measurement
from hrsnn.spec import ReservoirSpec
from hrsnn.tasks import ClassificationTask, SeriesTask, load_task
from hrsnn.tasks.memory import memory as memory_task
from hrsnn.tasks.task import split_rows, take
from hrsnn.validation.numbers import count_of, duration_of
from hrsnn.validation.units import take_fields

Direction = Literal["maximize", "minimize"]

#: Names of the objectives, and whether each is maximised or minimised.
OBJECTIVES: Mapping[str, Direction] = MappingProxyType(
    {
        "memory": "maximize",
        "spikes": "minimize",
        "efficiency": "maximize",
        "accuracy": "maximize",
        "nrmse": "minimize",
        "lyapunov": "maximize",
    }
)
#: Parameters of a spec that only STDP uses.
_LEARNING = frozenset({"tau_plus", "tau_minus", "a_plus", "a_minus", "depression_ratio"})
#: Share of a training part used as validation part for the accuracy.
_VALIDATION = 0.3
#: Rate assigned to a silent network, so that it violates the lower bound by a finite amount (Hz).
_LEAST_RATE = 1e-3


@dataclass(frozen=True, kw_only=True)
class NamedObjective:
    """One of `OBJECTIVES`, as a function of a spec and a seed that can be sent to other processes.

    Parameters
    ----------
    name : str
        ``memory``: memory capacity C, read from filtered spikes. ``spikes``: S, recurrent spikes per neuron and second, in
        the same run. ``efficiency``: C / S. ``accuracy``: accuracy on a validation part of the training samples of a task
        (for spoken digits ``split="validation"``, otherwise 30 %). ``nrmse``: error of a forecast on the last quarter
        of its training part. ``lyapunov``: minus the squared distance of the largest exponent, without silent neurons, from
        `target`.
    rates : (float, float)
        Bounds of the mean rate (Hz), constraints of every objective.
    values, hold, max_delay
        Memory task: number of input values, time for which each is held (ms), longest delay in values.
    task, path
        For accuracy ``digits`` or ``fsdd`` (with its folder), for nrmse ``lorenz63``.
    train, validation : int
        Numbers of samples for a classification, drawn from the two parts with each seed; all if there are fewer.
    target : float
        Target of the largest Lyapunov exponent (1/s).
    duration : float
        Time over which the exponent is measured (ms).
    plastic : bool
        Whether STDP runs first, over the training samples of a classification, or the training part of a series in stimuli
        of 25 values; scores are measured with fixed weights.
    engine : str

    Raises
    ------
    InputError
        When the name is unknown or an option is not allowed.

    Notes
    -----
    The seed determines the reservoir, the input or series, the background and the choice of samples. The split and the
    encoding of a classification are the same for all seeds. Test parts are never used.

    Examples
    --------
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
    task: str = ""
    path: Path | None = None
    train: int = 600
    validation: int = 600
    target: float = -1.0
    duration: float = 1000.0
    plastic: bool = False
    engine: str = "auto"

    def __post_init__(self) -> None:
        take_fields(self, rates="Hz", hold="ms", target="Hz", duration="ms")
        if self.name not in OBJECTIVES:
            raise InputError("objective", self.name, f"must be one of {', '.join(OBJECTIVES)}")
        low, high = self.rates
        if not 0 <= low < high:
            raise InputError("rates", self.rates, "must be two ascending numbers (Hz)")
        count_of("values", self.values, 4 * self.max_delay)
        duration_of("duration", self.duration)
        if self.plastic and self.name == "lyapunov":
            raise InputError("plastic", True, "has no meaning for lyapunov: there is no training part")

    def prepare(self) -> None:
        """Check, before the first evaluation, that the task is available and matches the options.

        Raises
        ------
        InputError, FileError
            When it is not.
        """
        if self.name == "accuracy":
            _loaded(self.task or "digits", self.path)
        elif self.name == "nrmse":
            load_task(self.task or "lorenz63")
        elif self.name != "lyapunov":
            memory_task(values=self.values, hold=self.hold)

    @property
    def direction(self) -> Direction:
        """Whether the objective is maximised or minimised."""
        return OBJECTIVES[self.name]

    @property
    def settings(self) -> dict[str, object]:
        """Settings that must not change when a search is resumed; the path of recordings may differ between machines."""
        return {name: value for name, value in vars(self).items() if name != "path"}

    def __call__(self, spec: ReservoirSpec, seed: int) -> Measurement:
        measure: Callable[[ReservoirSpec, int], tuple[float, float]] = {
            "accuracy": self._accuracy,
            "nrmse": self._nrmse,
            "lyapunov": self._lyapunov,
        }.get(self.name, self._memory)
        value, rate = measure(spec, seed)
        low, high = self.rates
        known = math.log(max(rate, _LEAST_RATE))
        return Measurement(value, {"too_quiet": math.log(max(low, _LEAST_RATE)) - known, "too_loud": known - math.log(high)})

    def memory_and_spikes(self, spec: ReservoirSpec, seed: int) -> tuple[float, float]:
        """Compute memory capacity C and spikes per neuron and second S of one run."""
        task = memory_task(values=self.values, hold=self.hold, seed=seed)
        activity = self._followed(spec, task, seed)
        with warnings.catch_warnings():
            # with few values an inexact capacity is expected, and networks in a search may be silent
            warnings.simplefilter("ignore", CapacityWarning)
            capacity = memory_capacity(
                activity.states[0],
                task.inputs[:, 0],
                self.max_delay,
                surrogates=19,  # few: neither the curve of the surrogates nor the interval is used
                bootstrap=20,
                hold=self.hold,
                seed=seed,
            )
        return capacity.total, float(activity.rates.mean())

    def _memory(self, spec: ReservoirSpec, seed: int) -> tuple[float, float]:
        capacity, rate = self.memory_and_spikes(spec, seed)
        if self.name == "memory":
            return capacity, rate
        if self.name == "spikes":
            return rate, rate
        return capacity / rate if rate > 0 else math.nan, rate

    def _accuracy(self, spec: ReservoirSpec, seed: int) -> tuple[float, float]:
        from hrsnn.analysis.protocols import classify

        task = _encoded(self.task or "digits", self.path).subset(train=self.train, test=self.validation, seed=seed)
        result = classify(task, spec, seed=seed, plastic=self.plastic, engine=self.engine, controls=False)
        return result.accuracy, result.rates.mean_rate

    def _nrmse(self, spec: ReservoirSpec, seed: int) -> tuple[float, float]:
        task = load_task(self.task or "lorenz63", seed=seed)
        if not isinstance(task, SeriesTask):
            raise InputError("task", self.task, "has classes; nrmse needs a series")
        begin, end = task.train.start, task.train.stop
        border = end - (end - begin) // 4
        task = dataclasses.replace(
            task,
            inputs=task.inputs[:end],
            targets=task.targets[:end],
            train=slice(begin, border),
            test=slice(border, end),
        )
        activity = self._followed(spec, task, seed)
        found = ridge_readout(activity.states[0], task.targets, train=border, washout=task.washout).prediction
        error = nrmse(found[task.test], task.targets[task.test], scale=task.targets[task.train].std(axis=0))
        return float(np.mean(error)), float(activity.rates.mean())

    def _lyapunov(self, spec: ReservoirSpec, seed: int) -> tuple[float, float]:
        from hrsnn.analysis.lyapunov.spectrum import lyapunov_spectrum
        from hrsnn.analysis.protocols.edge_of_chaos import random_drive

        stimulus = random_drive(self.duration + 200.0, seed)
        reservoir = build(spec, seed)
        spectrum = lyapunov_spectrum(reservoir, stimulus, count=min(10, reservoir.neurons), washout=200.0, seed=seed)
        return -((spectrum.largest_active - self.target) ** 2), spectrum.rate

    def _followed(self, spec: ReservoirSpec, task: SeriesTask, seed: int) -> Activity:
        """Simulate a series and record the states for a readout, after STDP if `plastic`."""
        from hrsnn.analysis.protocols.series_runs import follow, learn

        reservoir = build(spec, seed, channels=task.inputs.shape[1])
        if self.plastic:
            reservoir = learn(reservoir, task, seed, self.engine)
        return follow(reservoir, task, ("spikes", "states"), seed, self.engine, progress=False)


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


@functools.lru_cache(maxsize=1)  # the encoding takes longer than a run
def _encoded(name: str, path: Path | None) -> ClassificationTask:
    """Return the training part of a task as stimuli, divided into training and validation parts."""
    task = _loaded(name, path)
    if name != "fsdd":
        rows, validation = split_rows(task.y_train, _VALIDATION, 0)
        task = dataclasses.replace(
            task,
            x_train=take(task.x_train, rows),
            y_train=task.y_train[rows],
            x_test=take(task.x_train, validation),
            y_test=task.y_train[validation],
        )
    if task.encoder is None:
        return task
    encoder = clone(task.encoder).fit(task.x_train)
    train, validation = encoder.transform(task.x_train), encoder.transform(task.x_test)
    return dataclasses.replace(task, x_train=train, x_test=validation, encoder=None)


def _loaded(name: str, path: Path | None) -> ClassificationTask:
    options = {} if path is None else {"path": path}
    task = load_task(name, **options, **({"split": "validation"} if name == "fsdd" else {}))
    if not isinstance(task, ClassificationTask):
        raise InputError("task", name, "is a series; accuracy needs classes")
    return task
