"""Lag of the coding error behind the drift, its compensation in the weights, and the number of spikes that coding takes."""

from __future__ import annotations

import numpy as np

from hrsnn.balanced.systems import MARGIN, LinearSystem, mean_speed

#: Constants of the rules below, fitted to runs; docs/balanced.md has the commands and the residuals.
_SPIKES, _LAG_STEPS, _LAG_SPIKES = 1.18, 1 / 3, 0.031


def expected_spikes(system: LinearSystem, decoder_norm: float, hold: float) -> float:
    """Return the spikes a second that follow the system for random inputs: ``1.18 <sum_j |x_j'|>/gamma``.

    Parameters
    ----------
    system : LinearSystem
    decoder_norm : float
        gamma, mean length of the decoders of a spike.
    hold : float
        Time for which an input value is held (s).
    """
    return _SPIKES * mean_speed(system, hold) / decoder_norm


def expected_lag(spikes: float, states: int, dt: float) -> float:
    """Return the lag (s) of the coding error: ``dt/3 + 0.031 J/spikes``.

    On average the error is e = lag d, d = B u + (A + lambda I) z the drift: a spike comes when the drift has moved the error
    past a threshold, and the spikes of a second share the J dimensions.

    Parameters
    ----------
    spikes : float
        Spikes of all neurons a second.
    states : int
        J.
    dt : float
        s.

    Examples
    --------
    >>> round(1e6 * expected_lag(spikes=5000, states=32, dt=1e-4))
    232
    """
    return _LAG_STEPS * dt + _LAG_SPIKES * states / max(spikes, 1e-9)


def compensated(system: LinearSystem, leak: float, lag: float) -> LinearSystem:
    """Return ``A + lag (A + lambda I)^2`` and ``B + lag (A + lambda I) B``, for the weights.

    With the error e = lag d the network's estimate obeys ``A - lag (A + lambda I)^2``; the weights of the compensated system
    take that out to first order in the lag.
    """
    drift = system.A + leak * np.eye(len(system.A))
    return LinearSystem(system.A + lag * drift @ drift, system.B + lag * drift @ system.B)


def makes_unstable(system: LinearSystem, leak: float, lag: float) -> bool:
    """Return whether compensation would make a system grow, such as an integrator."""
    return compensated(system, leak, lag).growth > max(system.growth, MARGIN)


def largest_lag(system: LinearSystem, leak: float, most: float = 0.1) -> float:
    """Return the smallest lag (s), up to `most`, at which ``A - lag (A + lambda I)^2`` is unstable."""
    drift = system.A + leak * np.eye(len(system.A))
    values = np.linalg.eigvals(system.A)
    # the eigenvalues of a polynomial of A are that polynomial of its eigenvalues
    loss = ((values + leak) ** 2).real
    del drift
    growing = loss < 0
    if not growing.any():
        return most
    return float(min(most, (values.real[growing] / loss[growing]).min()))
