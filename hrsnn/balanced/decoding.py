"""Decoding of spikes: the estimate of the linear system's states."""

from __future__ import annotations

import numpy as np

from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.limits import check_memory


def filtered(times: np.ndarray, neurons: np.ndarray, at: np.ndarray, leak: np.ndarray) -> np.ndarray:
    """Return ``r_i(t) = sum over spikes t_k of i before t of exp(-lambda_i (t - t_k))``, (times, N).

    Parameters
    ----------
    times : array (spikes,)
        ms, ascending.
    neurons : array (spikes,) of int
    at : array (times,)
        Times t (ms), ascending.
    leak : array (N,)
        lambda_i (1/s).
    """
    check_memory("times", len(at), 8.0 * len(at) * len(leak), "the filtered spikes")
    ends = np.searchsorted(times, at)
    rates, out = np.zeros(len(leak)), np.empty((len(at), len(leak)))
    before, first = 0.0, 0
    for index, (end, time) in enumerate(zip(ends.tolist(), at.tolist(), strict=True)):
        rates *= np.exp(-leak * (time - before) / 1000)
        who = neurons[first:end]
        rates += np.bincount(who, np.exp(-leak[who] * (time - times[first:end]) / 1000), minlength=len(leak))
        out[index] = rates
        before, first = time, end
    return out


def decoded(spikes: SpikeTrains, at: np.ndarray, decoder: np.ndarray, leak: np.ndarray) -> np.ndarray:
    """Return the estimates ``Gamma r(t)`` (samples, times, J) of the states; `at` (times,) or (samples, times) in ms."""
    moments = np.broadcast_to(at, (len(spikes), np.shape(at)[-1]))
    return np.stack([filtered(*spikes.sample(index), moments[index], leak) @ decoder.T for index in range(len(spikes))])
