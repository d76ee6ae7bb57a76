"""Population statistics: rate distribution, interval variation, Fano factor and synchrony."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.firing.operations import UndefinedWarning
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RateDistribution(Displayed):
    """Distribution of rates over a population, in Hz."""

    mean: float
    median: float
    deviation: float  #: standard deviation over the neurons
    low: float  #: 10th percentile
    high: float  #: 90th percentile
    silent_share: float  #: share of rates that are 0


@takes(rates="Hz")
def rate_distribution(rates: ArrayLike) -> RateDistribution:
    """Compute the mean, spread and quantiles of the rates of neurons.

    Parameters
    ----------
    rates : array (neurons,)
        Rates in Hz, from :func:`hrsnn.analysis.firing_rates`.

    Returns
    -------
    RateDistribution

    Raises
    ------
    InputError
        When there is no rate, or one is negative or not finite.

    Examples
    --------
    >>> spread = rate_distribution([0.0, 5.0, 10.0, 25.0])
    >>> spread.mean, spread.median, spread.silent_share
    (10.0, 7.5, 0.25)
    """
    values = np.asarray(rates, dtype=np.float64)
    if values.ndim != 1 or not values.size or not (np.isfinite(values) & (values >= 0)).all():
        raise InputError("rates", values, "must be finite and >= 0, one a neuron (Hz)")
    low, median, high = np.quantile(values, [0.1, 0.5, 0.9])
    return RateDistribution(
        mean=float(values.mean()),
        median=float(median),
        deviation=float(values.std()),
        low=float(low),
        high=float(high),
        silent_share=float((values == 0).mean()),
    )


@takes()
def interval_variation(trains: SpikeTrains, least: int = 3) -> Array:
    """Compute the coefficient of variation of each neuron's interspike intervals.

    ``CV_i = standard deviation / mean of the intervals of neuron i``; intervals within samples, pooled over samples.

    Parameters
    ----------
    trains : SpikeTrains
    least : int
        Fewest intervals; a neuron with fewer has nan.

    Returns
    -------
    array (channels,)
        0 for periodic spikes, 1 for a Poisson process; nan for neurons with too few intervals, with an
        :class:`UndefinedWarning` if these are all neurons.

    Raises
    ------
    InputError
        When `least` is below 2.

    Notes
    -----
    Rates that change between or within samples increase it; refractoriness decreases it. Short samples do not contain long
    intervals: a sample of 100 ms contains only the shortest intervals of a neuron at 5 Hz.

    Examples
    --------
    >>> trains = SpikeTrains([0.0, 10.0, 20.0, 30.0, 60.0], [0] * 5, [0, 5], n_channels=1, duration=70.0)
    >>> interval_variation(trains).round(3)  # intervals of 10, 10, 10 and 30 ms
    array([0.577])
    """
    least = count_of("least", least, 2)
    sample = np.repeat(np.arange(len(trains)), np.diff(trains.offsets))
    order = np.lexsort((trains.times, sample, trains.channels))
    who, which, when = trains.channels[order], sample[order], trains.times[order]
    together = (who[1:] == who[:-1]) & (which[1:] == which[:-1])
    owner, interval = who[1:][together], np.diff(when)[together]
    n = trains.n_channels
    number = np.bincount(owner, minlength=n)
    enough = number >= least
    if not enough.any():
        warnings.warn(f"no neuron has {least} interspike intervals: their CV is undefined", UndefinedWarning, stacklevel=3)
    many = np.maximum(number, 1)
    mean = np.bincount(owner, interval, minlength=n) / many
    variance = np.bincount(owner, (interval - mean[owner]) ** 2, minlength=n) / many
    defined = enough & (mean > 0)
    return np.where(defined, np.sqrt(variance) / np.where(defined, mean, 1.0), np.nan)


@takes()
def fano_factor(counts: ArrayLike) -> Array:
    """Compute the Fano factor of each neuron's spike counts.

    ``F_i = variance / mean over the windows of the counts of neuron i``

    Parameters
    ----------
    counts : array (windows,) or (windows, neurons)
        Spikes in windows of equal length: :func:`hrsnn.analysis.binned_counts` of consecutive windows, or the counts of
        repeated presentations.

    Returns
    -------
    array () or (neurons,)
        1 for a Poisson process; nan for a silent neuron, with an :class:`UndefinedWarning` if all are silent.

    Raises
    ------
    InputError
        When there are fewer than two windows, or a count is negative or not finite.

    Notes
    -----
    It depends on the window: for a renewal process it tends to CV^2 for long windows and to 1 for short ones. Windows
    of different stimuli add the variance due to the neuron's tuning.

    Examples
    --------
    >>> fano_factor([[0, 2], [4, 2]])
    array([2., 0.])
    """
    values = _table("counts", counts)
    if (values < 0).any():
        raise InputError("counts", values.min(), "must be >= 0")
    mean, variance = values.mean(axis=0), values.var(axis=0)
    if not mean.any():
        warnings.warn("no neuron spiked: the Fano factor is undefined", UndefinedWarning, stacklevel=3)
    return np.asarray(np.divide(variance, mean, out=np.full_like(mean, np.nan), where=mean > 0))


@takes()
def synchrony(signals: ArrayLike) -> float:
    """Compute the synchrony of the signals of a population: the measure chi of Golomb & Rinzel (1994).

    ``chi^2 = variance over time of the population's mean signal / mean over the neurons of each signal's variance``

    Parameters
    ----------
    signals : array (times, neurons)
        Spike counts in bins (:func:`hrsnn.analysis.binned_counts`), or membrane potentials.

    Returns
    -------
    float
        1 for identical signals, ``1 / sqrt(neurons)`` for independent ones of equal variance; nan, with an
        :class:`UndefinedWarning`, when no signal varies.

    Raises
    ------
    InputError
        When there are fewer than two times, or a value is not finite.

    Notes
    -----
    For spike counts it depends on the width of the bins: report it. A stimulus shared by all neurons increases it too.

    Examples
    --------
    >>> synchrony([[0, 0], [1, 1], [0, 0], [3, 3]])
    1.0

    References
    ----------
    D. Golomb, J. Rinzel, Clustering in globally coupled inhibitory neurons, Physica D 72 (1994); D. Golomb, Neuronal
    synchrony measures, Scholarpedia 2(1):1347 (2007).
    """
    values = _table("signals", signals)
    if values.ndim != 2:
        raise InputError("signals", values.shape, "must have shape (times, neurons)")
    alone = float(values.var(axis=0).mean())
    if alone == 0:
        warnings.warn("no signal varies: synchrony is undefined", UndefinedWarning, stacklevel=3)
        return float("nan")
    # rounding can give slightly more than 1
    return float(min(np.sqrt(values.mean(axis=1).var() / alone), 1.0))


def _table(name: str, given: ArrayLike) -> Array:
    values = np.asarray(given, dtype=np.float64)
    if values.ndim not in (1, 2) or len(values) < 2 or values.size == 0:
        raise InputError(name, values.shape, "must have two rows or more, (times,) or (times, neurons)")
    if not np.isfinite(values).all():
        raise InputError(name, values[~np.isfinite(values)][0], "must be finite")
    return values
