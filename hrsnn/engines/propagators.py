"""Exact solution of the membrane equation over one step, as factors; accurate also at tau_m = tau_s."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hrsnn.reservoir import Reservoir


@dataclass(frozen=True)
class Propagators:
    """Factors of one step of length dt, one value for each neuron.

    v(t + dt) = v_inf + (v(t) - v_inf) membrane + I_exc(t) exc_to_v + I_inh(t) inh_to_v - a(t) adapted_to_v
    I_s(t + dt) = I_s(t) decay_s,    a(t + dt) = a(t) decay_adapted,    v_inf = v_rest + i_bias + I_ext
    """

    membrane: np.ndarray
    exc_to_v: np.ndarray
    inh_to_v: np.ndarray
    decay_exc: np.ndarray
    decay_inh: np.ndarray
    adapted_to_v: np.ndarray
    decay_adapted: np.ndarray


def propagators(reservoir: Reservoir) -> Propagators:
    """Return the :class:`Propagators` of the reservoir's neurons and dt.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> p = propagators(build(ReservoirSpec(neurons=5, tau_m_exc=3, tau_m_inh=3, tau_exc=3)))
    >>> bool(np.isclose(p.exc_to_v[0], 0.5 / 3 * np.exp(-0.5 / 3), rtol=1e-15))
    True
    """
    dt = reservoir.dt
    membrane = np.exp(-dt / reservoir.tau_m)

    def to_v(tau: np.ndarray) -> np.ndarray:
        return current_to_v(reservoir.tau_m, tau, dt)

    return Propagators(
        membrane,
        to_v(reservoir.tau_exc),
        to_v(reservoir.tau_inh),
        np.exp(-dt / reservoir.tau_exc),
        np.exp(-dt / reservoir.tau_inh),
        to_v(reservoir.tau_adaptation),
        np.exp(-dt / reservoir.tau_adaptation),
    )


def current_to_v(tau_m: np.ndarray, tau: np.ndarray, dt: float) -> np.ndarray:
    """Return what an exponential current of 1 mV with time constant `tau` adds to v within a step of `dt` (ms).

    The textbook form, tau_s/(tau_s - tau_m) (e^(-dt/tau_s) - e^(-dt/tau_m)), is 0/0 at tau_m = tau_s and loses digits near
    it. The form used here is

        phi_s(t) = (t/tau_m) e^(-t/max(tau_m, tau_s)) (1 - e^(-x))/x,    x = t |1/tau_m - 1/tau_s|,

    with (1 - e^(-x))/x = 1 at x = 0, the same function but accurate everywhere.

    Examples
    --------
    >>> bool(np.isclose(current_to_v(np.array([3.0]), np.array([3.0]), 0.5)[0], 0.5 / 3 * np.exp(-0.5 / 3), rtol=1e-15))
    True
    """
    x = dt * np.abs(1 / tau_m - 1 / tau)
    ratio = np.divide(-np.expm1(-x), x, out=np.ones_like(x), where=x != 0)
    return np.asarray(dt / tau_m * np.exp(-dt / np.maximum(tau_m, tau)) * ratio)
