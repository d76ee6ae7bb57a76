"""Background input: independent Poisson spikes of each neuron, the same for all engines."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from hrsnn.runtime.keyed_random import keyed_uniform
from hrsnn.validation.arrays import array, convert_arrays
from hrsnn.validation.numbers import MOST
from hrsnn.validation.units import takes

#: Number of neurons drawn at once, which bounds the memory for a long stimulus.
_BLOCK = 256


@dataclass(frozen=True)
class BackgroundPosition:
    """Number and time of the background spikes drawn so far for each neuron."""

    count: Annotated[np.ndarray, array("neuron", dtype=np.int64, low=0, high=MOST)]  #: (N,) number of spikes
    last: Annotated[np.ndarray, array("neuron", low=0, unit="ms")]  #: (N,) ms: time of the latest one; 0 before the first

    def __post_init__(self) -> None:
        convert_arrays(self)

    @classmethod
    def start(cls, n: int) -> BackgroundPosition:
        return cls(np.zeros(n, np.int64), np.zeros(n))

    def after(self, times: np.ndarray, neurons: np.ndarray) -> BackgroundPosition:
        """Return the position after these further spikes."""
        last = self.last.copy()
        np.maximum.at(last, neurons, times)
        return BackgroundPosition(self.count + np.bincount(neurons, minlength=len(last)), last)


@takes(rate="Hz", duration="ms")
def background_spikes(
    seed: int, stimulus: int, rate: np.ndarray, duration: float, begin: BackgroundPosition | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Draw Poisson spikes of each neuron in continuous time, in [0, duration), sorted by time, then neuron.

    The k-th interval of a neuron is -ln(u)/rate, where u is the uniform number with the key (seed, stimulus, neuron, k).
    A neuron's spikes therefore depend neither on the other neurons nor on the duration.

    Parameters
    ----------
    seed, stimulus : int
        Whole numbers >= 0.
    rate : (N,) array
        Hz.
    duration : float
        ms.
    begin : BackgroundPosition, optional
        Spikes up to this position are omitted.

    Returns
    -------
    times : float64 array, ms
    neurons : int32 array

    Examples
    --------
    >>> times, neurons = background_spikes(seed=0, stimulus=0, rate=np.full(1000, 20.0), duration=500.0)
    >>> abs(len(times) - 10_000) < 500
    True
    >>> longer, _ = background_spikes(seed=0, stimulus=0, rate=np.full(1000, 20.0), duration=900.0)
    >>> bool(np.array_equal(longer[longer < 500], times))
    True
    """
    begin = begin or BackgroundPosition.start(len(rate))
    active = np.nonzero(rate > 0)[0]
    time_parts, neuron_parts = [np.empty(0)], [np.empty(0, np.int32)]
    for start in range(0, len(active), _BLOCK):
        neurons = active[start : start + _BLOCK]
        mean_interval = 1000.0 / rate[neurons][:, None]
        last = begin.last[neurons][:, None]
        first = begin.count[neurons][:, None]
        while float(last.min()) < duration:
            expected = float(((duration - last) / mean_interval).max())
            count = max(16, int(expected + 3 * math.sqrt(max(expected, 0.0))))
            draw = keyed_uniform(seed, stimulus, neurons[:, None], first + np.arange(count))
            # the sum continues over all rounds, so that rounding does not depend on where a round ends
            times = np.cumsum(np.hstack([last, -np.log(draw) * mean_interval]), axis=1)[:, 1:]
            row, column = np.nonzero(times < duration)
            time_parts.append(times[row, column])
            neuron_parts.append(neurons[row].astype(np.int32))
            last = times[:, -1:]
            first = first + count
    times, ids = np.concatenate(time_parts), np.concatenate(neuron_parts)
    order = np.lexsort((ids, times))
    return times[order], ids[order]


@takes(times="ms", period="ms", duration="ms", begin="ms")
def repeat_pattern(
    times: np.ndarray, neurons: np.ndarray, period: float, duration: float, begin: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Repeat the spikes of one `period` (ms) and return those from `begin` until `duration` (ms)."""
    repeats = np.arange(math.floor(begin / period), math.ceil(duration / period - 1e-9))
    all_times = (times[None, :] + period * repeats[:, None]).ravel()
    kept = (all_times >= begin) & (all_times < duration)
    return all_times[kept], np.tile(neurons, len(repeats))[kept]
