"""Lag of the coding error behind the drift, its compensation in the weights, and the spikes that coding takes.

The drift is d = B u + (A + lambda I) z: what moves the error e = x - z until the next spike, which moves it back by gamma.
Both rules below depend on the N random decoders in J dimensions and on gamma/|d| alone; they were fitted to runs, and
docs/balanced.md has the residuals.
"""

from __future__ import annotations

import numpy as np

from hrsnn.balanced.systems import MARGIN, LinearSystem, mean_square_drift
from hrsnn.errors import InputError
from hrsnn.validation.numbers import count_of, positive

_SPIKES = 0.95
_LAG, _LAG_NEURONS = 0.088, -0.38
_NEEDED, _NEEDED_FAST = 0.62, 0.0105
#: Longest lag that is told from none (s).
_LONGEST_LAG = 0.1


def expected_spikes(drift: float, decoder_norm: float, states: int) -> float:
    """Return the spikes a second of all neurons, ``0.95 sqrt(J) |d|/gamma``.

    A spike moves the error by gamma in the direction of one of the decoders, of which about 1/sqrt(J) is along the drift.

    Parameters
    ----------
    drift : float
        Root mean square of |d| (1/s).
    decoder_norm : float
        gamma.
    states : int
        J.

    Examples
    --------
    >>> round(expected_spikes(drift=180, decoder_norm=0.3, states=32))
    3224
    """
    return float(_SPIKES * np.sqrt(states) * drift / decoder_norm)


def expected_lag(drift: float, decoder_norm: float, states: int, neurons: int) -> float:
    """Return the lag (s) of the coding error, ``0.088 (J - 2) N^-0.38 gamma/|d|``; 0 for one or two states.

    On average e = lag d. The time step hardly matters: a longer one lets the error pass its threshold further, but the
    neuron furthest above its threshold is then better aligned with it.

    Parameters
    ----------
    drift, decoder_norm, states
        As for :func:`expected_spikes`.
    neurons : int
        N.

    Examples
    --------
    >>> round(1e6 * expected_lag(drift=180, decoder_norm=0.3, states=32, neurons=1000))
    319
    """
    return float(_LAG * max(states - 2, 0) * neurons**_LAG_NEURONS * decoder_norm / max(drift, 1e-12))


def compensated(system: LinearSystem, leak: float, lag: float) -> LinearSystem:
    """Return the system in the weights that lets the network follow `system` in spite of the lag.

    With e = lag d and M = A' + lambda I in the weights, y = z + e obeys
    ``y' = (M (I + lag M)^-1 - lambda I) y + (I + lag M)^-1 B' u``. That is A and B for

        A' = D (I - lag D)^-1 - lambda I,    B' = (I - lag D)^-1 B,    D = A + lambda I,

    which to first order is ``A + lag D^2`` and ``B + lag D B``.

    Parameters
    ----------
    system : LinearSystem
        A and B.
    leak : float
        lambda (1/s).
    lag : float
        s.

    Raises
    ------
    InputError
        When the lag is so long that I - lag D is singular.

    Examples
    --------
    >>> fast = compensated(LinearSystem(np.array([[-10.0]]), np.ones((1, 1))), leak=20.0, lag=0.001)
    >>> fast.A.round(6), fast.B.round(6)
    (array([[-9.89899]]), array([[1.010101]]))
    """
    if not lag:
        return system
    drift = system.A + leak * np.eye(len(system.A))
    factor = np.eye(len(drift)) - lag * drift
    if np.linalg.cond(factor) > 1e12:
        raise InputError("lag", 1000 * lag, "must be shorter (ms): it is as long as the fastest time of the system")
    return LinearSystem(np.linalg.solve(factor, drift) - leak * np.eye(len(drift)), np.linalg.solve(factor, system.B))


def makes_unstable(system: LinearSystem, leak: float, lag: float) -> bool:
    """Return whether compensation would make a system grow, such as an integrator."""
    return compensated(system, leak, lag).growth > max(system.growth, MARGIN)


def tolerated_lag(system: LinearSystem, leak: float) -> float:
    """Return the shortest lag (s) with which the system would grow: ``min -Re(a)/(-Re((a + lambda)^2))`` over eigenvalues a.

    What compensation leaves of the lag has to stay below. At most 0.1 s; that too for a system that does not decay, which
    tolerates none.

    Examples
    --------
    Slow states tolerate any lag; a rotation of 10 Hz that decays in 0.5 s tolerates half a millisecond.

    >>> tolerated_lag(LinearSystem(np.array([[-2.0]]), np.ones((1, 1))), leak=20.0)
    0.1
    >>> turn = np.array([[-2.0, -62.8], [62.8, -2.0]])
    >>> round(1000 * tolerated_lag(LinearSystem(turn, np.ones((2, 1))), leak=20.0), 2)
    0.55
    """
    values = np.linalg.eigvals(system.A)
    gain = -((values + leak) ** 2).real
    growing = gain > 0
    if system.growth > -MARGIN or not growing.any():
        return _LONGEST_LAG
    return float(min(_LONGEST_LAG, (-values.real[growing] / gain[growing]).min()))


def needed_rate(spikes: float, states: int, tolerated: float) -> float:
    """Return the steps a second that a code needs, ``0.62 spikes + 0.0105 J/b``, b the tolerated lag (s).

    A code with fewer breaks down: the lag grows as the spikes come near one a step, and faster systems tolerate less of it.

    Examples
    --------
    >>> round(needed_rate(spikes=5600, states=48, tolerated=3e-4))
    5152
    """
    return _NEEDED * spikes + _NEEDED_FAST * states / tolerated


def drift_of(system: LinearSystem, leak: float, hold: float) -> float:
    """Return the root mean square of |d|, d = x' + lambda x (1/s), for random inputs each held for `hold` seconds.

    Raises
    ------
    InputError
        When a value is not positive.
    """
    return float(np.sqrt(mean_square_drift(system, positive("leak", leak, "1/s"), positive("hold", hold, "s"))))


def code_of(system: LinearSystem, leak: float, hold: float, decoder_norm: float, neurons: int) -> tuple[float, float]:
    """Return (spikes a second, lag in s) that are expected of N neurons which follow a system.

    Raises
    ------
    InputError
        When a value is not positive.
    """
    drift, states = drift_of(system, leak, hold), len(system.A)
    count_of("neurons", neurons)
    return expected_spikes(drift, decoder_norm, states), expected_lag(drift, decoder_norm, states, neurons)
