"""Tightness of the balance of excitation and inhibition in time: correlation of the currents, and how far they cancel."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.firing.operations import UndefinedWarning
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.validation.numbers import positive, series_of
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CurrentBalance(Displayed):
    """Balance of the currents of N neurons in time, as returned by :func:`current_balance`.

    Read all with the rates and the coding error: the correlation alone is close to 1 in a runaway oscillation too.
    """

    correlation: Array  #: (N,) Pearson of low-passed excitation and -inhibition; nan where one is constant
    tightness: Array  #: (N,) 1 - <|E + I|>/<|E| + |I|>; nan without currents

    @property
    def mean_correlation(self) -> float:
        """Mean of the correlations that are defined; nan, with a warning, without one."""
        return _mean(self.correlation, "correlation of excitation and inhibition")

    @property
    def mean_tightness(self) -> float:
        """Mean of the tightness where it is defined; nan, with a warning, where it is nowhere."""
        return _mean(self.tightness, "tightness")


@takes(dt="ms", tau="ms")
def current_balance(
    excitation: ArrayLike, inhibition: ArrayLike, dt: float, tau: float = 10.0, *, washout: int = 0
) -> CurrentBalance:
    """Compute the balance of excitatory and inhibitory currents in time, after the same low-pass filter of both.

    ``x_k <- x_k-1 e^(-dt/tau) + (1 - e^(-dt/tau)) I_k``; correlation of E and -I;
    ``tightness = 1 - <|E + I|>/<|E| + |I|>``: 1 where they cancel at all times, 0 where only one of them flows.

    Parameters
    ----------
    excitation, inhibition : array (times, N) or (times,)
        Currents at equal intervals, E >= 0 and I <= 0, in one unit, as :func:`hrsnn.analysis.firing.currents.currents` has.
    dt : float
        Interval (ms).
    tau : float
        Time constant of the filter (ms).
    washout : int
        Number of times left out at the beginning, after filtering.

    Returns
    -------
    CurrentBalance

    Raises
    ------
    InputError
        When shapes differ, a value is not finite or of the wrong sign, or no time is left.

    Notes
    -----
    Both measures depend on tau: currents that cancel over 10 ms need not over 1 ms.

    Examples
    --------
    Inhibition that takes off three quarters of an excitation at all times.

    >>> excitation = np.random.default_rng(0).uniform(0, 2, (500, 1))
    >>> balance = current_balance(excitation, -0.75 * excitation, dt=1)
    >>> round(balance.mean_correlation, 6), round(balance.mean_tightness, 6)
    (1.0, 0.857143)

    References
    ----------
    S. Deneve & C. Machens (2016), Efficient codes and balanced networks.
    """
    e, i = series_of("excitation", excitation), series_of("inhibition", inhibition)
    if e.shape != i.shape:
        raise InputError("inhibition", i.shape, f"must have the shape of the excitation, {e.shape}")
    for name, values, wrong, allowed in (("excitation", e, e < 0, ">= 0"), ("inhibition", i, i > 0, "<= 0")):
        if wrong.any():
            raise InputError(name, values[wrong][0], f"must be {allowed}")
    if not 0 <= washout < len(e):
        raise InputError("washout", washout, f"must be from 0 to {len(e) - 1}")
    decay = float(np.exp(-positive("dt", dt, "ms") / positive("tau", tau, "ms")))
    e, i = low_passed(e, decay)[washout:], low_passed(i, decay)[washout:]
    sides = np.abs(e).mean(axis=0) + np.abs(i).mean(axis=0)
    net = np.abs(e + i).mean(axis=0)
    tightness = 1 - np.divide(net, sides, out=np.full_like(net, np.nan), where=sides > 0)
    a, b = e - e.mean(axis=0), -(i - i.mean(axis=0))
    product = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    correlation = np.divide((a * b).sum(axis=0), product, out=np.full_like(product, np.nan), where=product > 0)
    return CurrentBalance(correlation, tightness)


@takes()
def filtered_anticorrelation(excitation: ArrayLike, inhibition: ArrayLike, cutoff: float = 0.05) -> Array:
    """Compute minus the correlation of excitation and inhibition after a Butterworth low-pass filter, of each neuron.

    Parameters
    ----------
    excitation, inhibition : array (times, N)
        Currents at equal intervals.
    cutoff : float
        Cutoff of the filter of fourth order, run forwards and backwards, over half the sampling rate.

    Returns
    -------
    array (N,)
        0 where a current is constant.

    Raises
    ------
    InputError
        When shapes differ, a value is not finite, there are too few times, or the cutoff is not between 0 and 1.

    Notes
    -----
    The balance of Stadtmann et al. (2025), by their code. It depends on the time step by `cutoff`, and takes no notice of
    how large the net current is: :func:`current_balance` has a time constant in ms, and the tightness.

    Examples
    --------
    >>> excitation = np.random.default_rng(0).uniform(0, 2, (500, 1))
    >>> filtered_anticorrelation(excitation, -0.2 * excitation).round(6)
    array([1.])
    """
    from scipy.signal import butter, filtfilt

    e, i = series_of("excitation", excitation), series_of("inhibition", inhibition)
    if e.shape != i.shape:
        raise InputError("inhibition", i.shape, f"must have the shape of the excitation, {e.shape}")
    if not 0 < cutoff < 1:
        raise InputError("cutoff", cutoff, "must be between 0 and 1")
    if len(e) < 16:
        raise InputError("excitation", e.shape, "must have at least 16 times")
    b, a = butter(4, cutoff)
    e, i = (filtfilt(b, a, one, axis=0) for one in (e, i))
    e, i = e - e.mean(axis=0), i - i.mean(axis=0)
    product = np.sqrt((e**2).sum(axis=0) * (i**2).sum(axis=0))
    return np.asarray(-np.divide((e * i).sum(axis=0), product, out=np.zeros_like(product), where=product > 1e-12))


def low_passed(values: Array, decay: float) -> Array:
    """Return the rows filtered by ``x_k = decay x_k-1 + (1 - decay) values_k``, from 0."""
    from scipy.signal import lfilter

    return np.asarray(lfilter([1 - decay], [1, -decay], values, axis=0))


def _mean(values: Array, what: str) -> float:
    known = values[np.isfinite(values)]
    if not known.size:
        warnings.warn(f"the {what} is undefined for all neurons", UndefinedWarning, stacklevel=3)
        return float("nan")
    return float(known.mean())
