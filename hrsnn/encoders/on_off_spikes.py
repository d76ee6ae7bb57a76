"""Spikes of on and off channels for increases and decreases of a series."""

from __future__ import annotations

import numpy as np

from hrsnn.stimuli.spike_trains import EVENT
from hrsnn.validation.limits import check_memory
from hrsnn.validation.units import takes


def check_moves(field: str, level: float, samples: list[np.ndarray]) -> None:
    """Check that the spikes of series (times, features), one for each change by `level`, fit in memory.

    Raises
    ------
    InputError
        With an estimate of the memory.
    """
    spikes = sum(float(np.abs(np.diff(sample, axis=0)).sum()) for sample in samples) / level
    check_memory(field, level, 2 * EVENT * spikes, f"{spikes:.2g} spikes")


@takes(dt="ms")
def on_off_spikes(moves: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Return times (ms) and channels of ``|moves|`` spikes in each row, evenly spaced over the time of the row.

    ``t = (row + (j + 1/2) / n) dt``, j = 0 to n - 1, for a change by n levels.

    Parameters
    ----------
    moves : array of int, (times, features)
        Number of levels by which each feature increases (or decreases, if negative) at each row.
    dt : float
        Time in ms for which a row is held.

    Returns
    -------
    times, channels : arrays, (spikes,)
        Channel i for increases of feature i, channel ``features + i`` for decreases.
    """
    rows, feature = np.nonzero(moves)
    signed = moves[rows, feature]
    number = np.abs(signed)
    place = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
    times = (np.repeat(rows, number) + (place + 0.5) / np.repeat(number, number)) * dt
    channels = np.where(signed > 0, feature, moves.shape[1] + feature)
    return times, np.repeat(channels, number)
