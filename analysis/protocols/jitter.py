"""Jittered copies of stimuli."""

from __future__ import annotations

import numpy as np

from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import takes


@takes(deviation="ms")
def jittered(trains: SpikeTrains, copies: int, deviation: float = 5.0, seed: int = 0) -> SpikeTrains:
    """Return copies of each sample, with every spike shifted by independent Gaussian noise.

    Parameters
    ----------
    trains : SpikeTrains
    copies : int
        Number of copies of each sample.
    deviation : float
        Standard deviation of the noise (ms). Spikes are reflected at the borders of the sample.
    seed : int

    Returns
    -------
    SpikeTrains
        The copies of the first sample, then those of the second, and so on.

    Raises
    ------
    InputError
        When a number is out of range.

    Examples
    --------
    >>> trains = SpikeTrains([10.0, 20.0], [0, 0], [0, 2], n_channels=1, duration=40.0)
    >>> jittered(trains, 3, deviation=0.0).times
    array([10., 20., 10., 20., 10., 20.])
    """
    copies, deviation = count_of("copies", copies), positive("deviation", deviation, "ms", zero=True)
    check_memory("copies", copies, (4 * 12 * trains.n_spikes + 200 * len(trains)) * copies, "the copies")
    random = generator(seed, "jitter")
    samples, durations = [], np.repeat(trains.durations, copies)
    for index, duration in enumerate(trains.durations):
        times, channels = trains.sample(index)
        for _ in range(copies):
            # folded into [0, duration] by a triangle wave
            moved = np.mod(times + deviation * random.normal(size=len(times)), 2 * duration)
            moved = np.where(moved > duration, 2 * duration - moved, moved)
            samples.append((np.minimum(moved, np.nextafter(duration, 0)), channels))
    return SpikeTrains.from_samples(samples, trains.n_channels, durations)
