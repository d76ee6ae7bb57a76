"""Runs of a reservoir on a series, with or without STDP on the training part first."""

from __future__ import annotations

import numpy as np

from hrsnn.activity import Activity, NetworkType
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks import SeriesTask

#: Number of values of a series that form one stimulus during STDP: homeostasis acts at the end of each.
_PIECE = 25


def learn(reservoir: NetworkType, task: SeriesTask, seed: int, engine: str) -> NetworkType:
    """Return the reservoir after STDP over the training part of a series."""
    begins = range(task.train.start, task.train.stop - _PIECE + 1, _PIECE)
    pieces = [task.stimulus(begin, begin + _PIECE) for begin in begins]
    stimuli: Stimulus
    if task.spikes is not None:
        stimuli = SpikeTrains.concatenate([piece for piece in pieces if isinstance(piece, SpikeTrains)])
    else:
        values = np.concatenate([piece.values for piece in pieces if isinstance(piece, Currents)])
        stimuli = Currents(values, dt=task.hold)
    return simulate(reservoir, stimuli, plastic=True, record=(), blank=0.0, engine=engine, seed=seed).reservoir


def follow(
    reservoir: NetworkType,
    task: SeriesTask,
    record: tuple[str, ...],
    seed: int,
    engine: str,
    progress: bool,
    stimulus: Stimulus | None = None,
) -> Activity[NetworkType]:
    """Drive a reservoir with a whole series, or a `stimulus` in its place, and record states at the end of each value."""
    times = task.hold * np.arange(1, len(task.inputs) + 1)
    return simulate(
        reservoir,
        task.stimulus() if stimulus is None else stimulus,
        record=record,
        sample_times=times,
        engine=engine,
        seed=seed,
        progress=progress,
    )
