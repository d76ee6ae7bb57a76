"""Firing rates, binned counts and silent neurons."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.time_grid import steps_of
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import positive
from hrsnn.validation.units import plain, takes


class Trains(Protocol):
    """Attributes of :class:`hrsnn.SpikeTrains` that rates are computed from."""

    @property
    def channels(self) -> NDArray[np.integer[Any]]:
        """Channel of each spike of all samples."""
        ...

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        ...

    @property
    def durations(self) -> NDArray[np.floating[Any]]:
        """Length of each sample (ms)."""
        ...


@takes()
def firing_rates(trains: Trains) -> NDArray[np.float64]:
    """Compute the mean firing rate of every channel over all samples.

    ``rate_i = spikes of i in all samples / sum of the samples' durations``

    Parameters
    ----------
    trains : SpikeTrains
        For instance the ``spikes`` of an :class:`hrsnn.Activity`; durations in ms.

    Returns
    -------
    array, shape (channels,)
        In Hz; nan when the durations sum to 0 (no samples).

    Examples
    --------
    >>> from hrsnn import SpikeTrains
    >>> trains = SpikeTrains([1.0, 4.0, 2.5], [0, 1, 1], offsets=[0, 2, 3], n_channels=3, duration=50.0)
    >>> firing_rates(trains)
    array([10., 20.,  0.])
    """
    total = float(np.sum(plain(trains.durations, "ms", "durations")))
    counts = np.bincount(trains.channels, minlength=trains.n_channels).astype(np.float64)
    return counts / total * 1000 if total > 0 else np.full(trains.n_channels, np.nan)


@takes()
def mean_rate(trains: Trains) -> float:
    """Mean of :func:`firing_rates` over all channels, including silent ones.

    Parameters
    ----------
    trains : SpikeTrains

    Returns
    -------
    float
        In Hz; nan without samples.

    Examples
    --------
    >>> from hrsnn import SpikeTrains
    >>> mean_rate(SpikeTrains([1.0, 4.0, 2.5], [0, 1, 1], offsets=[0, 2, 3], n_channels=3, duration=50.0))
    10.0
    """
    return float(firing_rates(trains).mean())


@takes()
def silent_share(trains: Trains) -> float:
    """Share of the channels without a spike in any sample.

    Parameters
    ----------
    trains : SpikeTrains

    Returns
    -------
    float
        Between 0 and 1; nan without samples.

    Examples
    --------
    >>> from hrsnn import SpikeTrains
    >>> silent_share(SpikeTrains([1.0, 4.0, 2.5], [0, 1, 1], offsets=[0, 2, 3], n_channels=4, duration=50.0))
    0.5
    """
    rates = firing_rates(trains)
    return float("nan") if np.isnan(rates).any() else float((rates == 0).mean())


@takes(width="ms")
def binned_counts(trains: SpikeTrains, width: float) -> NDArray[np.int64]:
    """Count the spikes of every channel in bins of equal length, sample after sample.

    Parameters
    ----------
    trains : SpikeTrains
    width : float
        Length of a bin (ms).

    Returns
    -------
    array of int, shape (bins, channels)
        Counts in the whole bins of each sample; an incomplete bin at its end is not counted. 8 bytes per bin and channel.

    Raises
    ------
    InputError
        When no sample is as long as a bin.

    Examples
    --------
    >>> trains = SpikeTrains([1.0, 4.0, 9.0, 2.5], [0, 1, 1, 1], offsets=[0, 3, 4], n_channels=2, duration=[10.0, 4.0])
    >>> binned_counts(trains, 4.0)
    array([[1, 0],
           [0, 1],
           [0, 1]])
    """
    width = positive("width", width, "ms")
    bins = float(trains.durations.sum()) / width
    check_memory("width", width, 8 * bins * trains.n_channels + 40 * trains.n_spikes, f"the counts of {bins:.2g} bins")
    whole = steps_of(trains.durations, width)
    if not whole.sum():
        longest = trains.durations.max(initial=0.0)
        raise InputError("width", width, f"must be at most the longest sample, {longest:g} ms")
    sample = np.repeat(np.arange(len(trains)), np.diff(trains.offsets))
    inside = steps_of(trains.times, width)
    counted = inside < whole[sample]
    first = np.cumsum(whole) - whole
    place = (first[sample] + inside)[counted] * trains.n_channels + trains.channels[counted]
    return np.bincount(place, minlength=int(whole.sum()) * trains.n_channels).reshape(-1, trains.n_channels)
