"""What the protocols share: driving a reservoir with a series, its rates, and how long each part took."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from hrsnn.activity import Activity
from hrsnn.analysis.firing.operations import UndefinedWarning
from hrsnn.reservoir import Reservoir
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents
from hrsnn.tasks import SeriesTask

logger = logging.getLogger("hrsnn")

#: Values of a series that are one stimulus while STDP runs: homeostasis acts at the end of each.
_PIECE = 25


@dataclass(frozen=True)
class Rates:
    """How active a reservoir was during the stimuli of a run with fixed weights.

    Parameters
    ----------
    mean_rate : float
        Spikes a neuron and second (Hz).
    silent_share : float
        Share of the neurons without a single spike.
    spikes_per_neuron : float
        Recurrent spikes a neuron and stimulus, the S of the paper.
    """

    mean_rate: float
    silent_share: float
    spikes_per_neuron: float

    @classmethod
    def of(cls, activity: Activity) -> Rates:
        """The rates of one run."""
        return cls(
            mean_rate=float(activity.rates.mean()),
            silent_share=float((activity.spike_counts.sum(axis=0) == 0).mean()),
            spikes_per_neuron=float(activity.spike_counts.sum(axis=1).mean() / activity.reservoir.neurons),
        )


def warn_of_silence(activity: Activity) -> None:
    """Warn when not one neuron spiked: a score read from the spikes is then one of a constant."""
    if not activity.spike_counts.any():
        warnings.warn(
            "no neuron spiked: what is read from the spikes says nothing about the network", UndefinedWarning, stacklevel=4
        )


class Stopwatch:
    """Wall seconds by part; the log says when a part begins, since not every part has a bar."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        if part not in self.seconds:
            logger.info("%s ...", part)
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - start


def learnt(reservoir: Reservoir, task: SeriesTask, seed: int, engine: str) -> Reservoir:
    """The reservoir after STDP over the training part of a series."""
    training = task.inputs[task.train]
    pieces = training[: len(training) // _PIECE * _PIECE].reshape(-1, _PIECE, training.shape[1])
    stimuli = Currents(pieces, dt=task.hold)
    return simulate(reservoir, stimuli, plastic=True, record=(), blank=0.0, engine=engine, seed=seed).reservoir


def follow(
    reservoir: Reservoir, task: SeriesTask, record: tuple[str, ...], seed: int, engine: str, progress: bool
) -> Activity:
    """Drive a reservoir with a whole series, and record its states at the end of each value."""
    times = task.hold * np.arange(1, len(task.inputs) + 1)
    return simulate(
        reservoir,
        Currents(task.inputs[None], dt=task.hold),
        record=record,
        sample_times=times,
        engine=engine,
        seed=seed,
        progress=progress,
    )
