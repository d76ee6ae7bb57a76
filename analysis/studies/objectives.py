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

#: The objectives, and which way each is better.
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
#: What a spec says of STDP.
_LEARNING = frozenset({"tau_plus", "tau_minus", "a_plus", "a_minus", "depression_ratio"})
#: Share of a training part that accuracy is measured on.
_VALIDATION = 0.3
#: A silent network breaks the lower bound by a finite amount (Hz).
_LEAST_RATE = 1e-3


@dataclass(frozen=True, kw_only=True)
class NamedObjective:
    """One of `OBJECTIVES`, as a function of a spec and a seed that other processes can run.

    Parameters
    ----------
    name : str
        ``memory``: memory capacity C, read from filtered spikes. ``spikes``: S, recurrent spikes a neuron and second, on the
        same run. ``efficiency``: C / S. ``accuracy``: share of right answers on a validation part of a task's training
        samples (of spoken digits ``split="validation"``, of others 30 %). ``nrmse``: error of a forecast on the last quarter
        of its training part. ``lyapunov``: minus the squared distance of the largest exponent, silent neurons left out, from
        `target`.
    rates : (float, float)
        The mean rate's bounds (Hz), constraints of every objective.
    values, hold, max_delay
        Of the memory task: how many input values, how long each is held (ms), the longest delay in values.
    task, path
        For accuracy ``digits`` or ``fsdd`` (with its folder), for nrmse ``lorenz63``.
    train, validation : int
        Samples of a classification, drawn anew with each seed from the two parts; all where there are no more.
    target : float
        Of the largest Lyapunov exponent (1/s).
    duration : float
        How long that is measured (ms).
    plastic : bool
        Whether STDP runs first, over the training samples of a classification, or the training part of a series in stimuli
        of 25 values; everything is measured with fixed weights.
    engine : str

    Raises
    ------
    InputError
        When the name is unknown or an option is not allowed.

    Notes
    -----
    The seed is that of everything: reservoir, input or series, background, which samples. How a classification is split and
    encoded is the same for all seeds. No test part of any task is looked at.

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
        """See that the task is there and fits, before the first evaluation.

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
        """Which way it is better."""
        return OBJECTIVES[self.name]

    @property
    def settings(self) -> dict[str, object]:
        """What a search must not change on its way; where the recordings are may differ from machine to machine."""
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
        """Memory capacity C and spikes a neuron and second S, of one run."""
        task = memory_task(values=self.values, hold=self.hold, seed=seed)
        activity = self._followed(spec, task, seed)
        with warnings.catch_warnings():
            # that few values give a rough capacity is known, and so is that a network of a search may be silent
            warnings.simplefilter("ignore", CapacityWarning)
            capacity = memory_capacity(
                activity.states[0],
                task.inputs[:, 0],
                self.max_delay,
                surrogates=19,  # few: neither the surrogates' curve nor the interval is looked at
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
        """One run of a series with the states that a readout sees, after STDP where that is asked for."""
        from hrsnn.analysis.protocols.series_runs import follow, learn

        reservoir = build(spec, seed, channels=task.inputs.shape[1])
        if self.plastic:
            reservoir = learn(reservoir, task, seed, self.engine)
        return follow(reservoir, task, ("spikes", "states"), seed, self.engine, progress=False)


def check_plastic(parameters: Iterable[str], plastic: bool) -> None:
    """Refuse to vary what only STDP uses where STDP does not run.

    Raises
    ------
    InputError
        With the parameters that would change nothing.
    """
    idle = sorted(_LEARNING.intersection(parameters))
    if idle and not plastic:
        raise InputError("plastic", plastic, f"must be on: without STDP, {', '.join(idle)} would change nothing")


@functools.lru_cache(maxsize=1)  # the encoding takes longer than a run
def _encoded(name: str, path: Path | None) -> ClassificationTask:
    """The training part of a task as stimuli, divided into one to train on and one to validate on."""
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
