"""Balanced networks for given input weights: each channel of the input is integrated by a state of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from hrsnn.balanced.network import BalancedNetwork
from hrsnn.balanced.systems import LinearSystem
from hrsnn.errors import InputError
from hrsnn.runtime.seeds import check_seed, generator
from hrsnn.validation.numbers import MOST_CHANNELS, count_of, positive
from hrsnn.validation.units import takes

#: Share of the input weights that are not 0, as published.
DENSITY = 0.7


@takes(memory="ms", dt="ms")
def balanced_for_inputs(
    weights: ArrayLike,
    memory: float = 2000.0,
    leak: float | None = None,
    gain: float = 0.1,
    linear_cost: float = 0.0,
    quadratic_cost: float = 0.0,
    dt: float = 0.25,
) -> BalancedNetwork:
    """Return the balanced network for given input weights W (N, C): an input spike of channel c moves V by ``gain W_c``.

    With ``G = W W^T + mu I`` a spike of neuron j lowers V_i by G_ij, its own by the reset G_jj, and the threshold is
    ``theta_i = (nu + G_ii)/2``. That is the network that follows ``x' = -x/memory + gain sum_k delta(t - t_k)``, a leaky
    integrator of each channel, with the decoder ``Gamma = W^T``: see Notes.

    Parameters
    ----------
    weights : array (N, C)
        W, no row of it zero, C <= N.
    memory : float
        Time constant of the integrators (ms).
    leak : float, optional
        lambda of the membranes and of the estimate (1/s); by default ``1000/memory``, with which there are no slow weights.
    gain : float
        What an input spike adds to its state; an input of 1 for 1 ms counts as a spike.
    linear_cost, quadratic_cost : float
        nu and mu, those of this initialisation: a threshold has ``(nu + mu)/2``, not ``(nu lambda + mu lambda^2)/2``.
    dt : float
        Time step (ms).

    Raises
    ------
    InputError
        When a value is out of range or a row of W is zero.

    Notes
    -----
    From ``V = W e`` with the error ``e = x - z`` and the estimate ``z = W^T r`` follows that the fast weights are ``W W^T``,
    the slow ones ``W (lambda - 1/memory) W^T`` and the input weights ``gain W``. With ``lambda = 1/memory`` the fast weights
    alone remain, which is the published initialisation: the state is in the spikes of the past two seconds, not in present
    ones. A faster leak keeps it in ongoing spikes, by the slow weights, so that a fast readout sees it. The lag of the code
    is not compensated. The published code adds mu to its thresholds a second time, which the cost does not call for.

    References
    ----------
    Stadtmann et al. (2025), Balanced and efficient spiking neural networks: the initialisation, by their code.

    Examples
    --------
    >>> weights = np.array([[0.3, 0.0], [-0.3, 0.1], [0.0, -0.2]])
    >>> network = balanced_for_inputs(weights)
    >>> bool(np.allclose(network.fast, weights @ weights.T)), bool(np.allclose(network.slow, 0))
    (True, True)
    """
    w = np.asarray(weights, dtype=np.float64)
    if w.ndim != 2 or not w.size or not np.isfinite(w).all():
        raise InputError("weights", w.shape, "must be finite numbers (neurons, channels)")
    if w.shape[1] > w.shape[0]:
        raise InputError("weights", w.shape, "must have at least as many neurons (rows) as channels (columns)")
    if not (w != 0).any(axis=1).all():
        raise InputError("weights", f"row {int(np.argmin((w != 0).any(axis=1)))}", "must not be zero")
    nu, mu = (
        positive(name, value, "", zero=True)
        for name, value in (("linear_cost", linear_cost), ("quadratic_cost", quadratic_cost))
    )
    slowness = positive("memory", memory, "ms") / 1000
    rate = 1 / slowness if leak is None else positive("leak", leak, "1/s")
    n, channels = w.shape
    system = integrators(np.full(channels, slowness), positive("gain", gain, ""), 1e-3)
    return BalancedNetwork(
        decoder=w.T,
        A=system.A,
        B=system.B,
        A_weights=system.A,
        B_weights=system.B,
        leak=np.full(n, rate),
        threshold=(nu + mu + (w**2).sum(axis=1)) / 2,
        own_reset=np.full(n, mu),
        dt=dt,
        hold=1.0,
    )


@takes()
def random_input_weights(neurons: int, channels: int, seed: int = 0, density: float = DENSITY) -> np.ndarray:
    """Draw input weights (N, C): uniform on (-1, 1) with probability `density`, else 0; rows that are all 0 anew.

    Raises
    ------
    InputError
        When a number is out of range.

    Examples
    --------
    >>> weights = random_input_weights(500, 40)
    >>> weights.shape, round(float((weights != 0).mean()), 2)
    ((500, 40), 0.7)
    """
    check_seed(seed)
    n, c = count_of("neurons", neurons, most=10**6), count_of("channels", channels, most=MOST_CHANNELS)
    if not 0 < density <= 1:
        raise InputError("density", density, "must be above 0 and at most 1")
    random = generator(seed, "balanced", "input weights")
    weights = (random.random((n, c)) < density) * random.uniform(-1, 1, (n, c))
    while not (weights != 0).any(axis=1).all():
        silent = ~(weights != 0).any(axis=1)
        again = (int(silent.sum()), c)
        weights[silent] = (random.random(again) < density) * random.uniform(-1, 1, again)
    return weights


def integrators(slowness: np.ndarray, gain: float, hold: float) -> LinearSystem:
    """Return ``x_c' = -x_c/slowness_c + gain/hold u_c``, a state for each channel; times in s."""
    return LinearSystem(-np.diag(1 / slowness), gain / hold * np.eye(len(slowness)))
