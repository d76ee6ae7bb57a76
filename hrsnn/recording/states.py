"""Spike counts in windows and filtered states of one stimulus, computed in the same way for all engines."""

from __future__ import annotations

import numpy as np

from hrsnn.stimuli.time_grid import windows_of
from hrsnn.validation.units import takes


def window_counts(window: np.ndarray, neurons: np.ndarray, windows: int, n: int) -> np.ndarray:
    """Return the spikes of each of `n` neurons in each window, (windows, n); `window` is the window of each spike.

    Examples
    --------
    >>> window_counts(np.array([0, 0, 1]), np.array([1, 1, 0]), 2, 2)
    array([[0, 2],
           [1, 0]])
    """
    inside = (window >= 0) & (window < windows)
    return np.bincount(window[inside] * n + neurons[inside], minlength=windows * n).reshape(windows, n)


@takes(times="ms", sample_times="ms", tau="ms")
def filtered_states(times: np.ndarray, neurons: np.ndarray, sample_times: np.ndarray, tau: float, n: int) -> np.ndarray:
    """Return filtered spikes x_i(t) = sum over spikes t_k < t of exp(-(t - t_k)/tau), shape (samples, n).

    Parameters
    ----------
    times : ascending array, ms
    neurons : array
    sample_times : ascending array, ms
    tau : float, ms
    n : int
        Number of neurons.

    Examples
    --------
    >>> filtered_states(np.array([1.0]), np.array([0]), np.array([1.0, 11.0]), 10.0, 2).round(3)
    array([[0.   , 0.   ],
           [0.368, 0.   ]])
    """
    sample_times = np.asarray(sample_times, dtype=np.float64)
    interval = windows_of(times, np.concatenate([[0.0], sample_times]))  # a spike at a sample time counts as later
    before = interval < len(sample_times)  # spikes after the last sample do not matter
    interval, times, neurons = interval[before], times[before], neurons[before]
    added = (
        np.bincount(
            interval * n + neurons,
            np.exp((times - sample_times[interval]) / tau),
            minlength=len(sample_times) * n,
        )
        .reshape(len(sample_times), n)
        .astype(np.float64)
    )  # without spikes, bincount returns integers
    decay = np.exp(-np.diff(sample_times, prepend=0.0) / tau)
    for k in range(1, len(sample_times)):
        added[k] += decay[k] * added[k - 1]
    return added
