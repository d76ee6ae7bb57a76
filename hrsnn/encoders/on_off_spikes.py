"""Moves up and down to spikes of an on and an off channel."""

from __future__ import annotations

import numpy as np

from hrsnn.stimuli.spike_trains import EVENT
from hrsnn.validation.limits import check_memory
from hrsnn.validation.units import takes


def check_moves(field: str, level: float, samples: list[np.ndarray]) -> None:
    """See that series (times, features) which send a spike for each `level` that they move send no more than fit in memory.

    Raises
    ------
    InputError
        With an estimate of the memory.
    """
    spikes = sum(float(np.abs(np.diff(sample, axis=0)).sum()) for sample in samples) / level
    check_memory(field, level, 2 * EVENT * spikes, f"{spikes:.2g} spikes")


@takes(dt="ms")
def on_off_spikes(moves: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Times (ms) and channels of ``|moves|`` spikes in each row of a series, spread evenly over the time of the row.

    ``t = (row + (j + 1/2) / n) dt``, j = 0 to n - 1, for a move of n levels.

    Parameters
    ----------
    moves : array of int, (times, features)
        How many levels each feature rose (or fell, where negative) at each row.
    dt : float
        Time in ms for which a row is held.

    Returns
    -------
    times, channels : arrays, (spikes,)
        Feature i rising is channel i, falling is channel ``features + i``.
    """
    rows, feature = np.nonzero(moves)
    signed = moves[rows, feature]
    number = np.abs(signed)
    place = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
    times = (np.repeat(rows, number) + (place + 0.5) / np.repeat(number, number)) * dt
    channels = np.where(signed > 0, feature, moves.shape[1] + feature)
    return times, np.repeat(channels, number)
