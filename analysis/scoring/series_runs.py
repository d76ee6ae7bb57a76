"""Runs of a reservoir on a series, with or without STDP on the training part first."""

from __future__ import annotations

import numpy as np

from hrsnn.activity import Activity, NetworkType
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents
from hrsnn.tasks import SeriesTask

#: Number of values of a series that form one stimulus during STDP: homeostasis acts at the end of each.
_PIECE = 25


def learn(reservoir: NetworkType, task: SeriesTask, seed: int, engine: str) -> NetworkType:
    """Return the reservoir after STDP over the training part of a series."""
    training = task.inputs[task.train]
    pieces = training[: len(training) // _PIECE * _PIECE].reshape(-1, _PIECE, training.shape[1])
    stimuli = Currents(pieces, dt=task.hold)
    return simulate(reservoir, stimuli, plastic=True, record=(), blank=0.0, engine=engine, seed=seed).reservoir


def follow(
    reservoir: NetworkType, task: SeriesTask, record: tuple[str, ...], seed: int, engine: str, progress: bool
) -> Activity[NetworkType]:
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
