"""Memory that is expected of a balanced network: that of its linear system with the noise of the code."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_continuous_lyapunov

from hrsnn.balanced.lag import drift_of, expected_spikes
from hrsnn.balanced.network import BalancedNetwork
from hrsnn.balanced.systems import INPUT_VARIANCE, variances
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes

#: Noise over gamma/sqrt(2 ln N), and its correlation time over J/(spikes a second).
_NOISE, _CORRELATION = 0.61, 0.1


def expected_noise(decoder_norm: float, neurons: int) -> float:
    """Return the sd of the coding error in a state beside that along the drift, ``0.61 gamma/sqrt(2 ln N)``.

    A neuron spikes where the error along its decoder is gamma/2. Of N random directions in J dimensions the best has a
    component of about ``sqrt(2 ln N/J)`` along a given one, so that the error is about ``gamma/2/sqrt(2 ln N/J)`` long, in J
    states.

    Parameters
    ----------
    decoder_norm : float
        gamma.
    neurons : int
        N, at least 2.

    Examples
    --------
    >>> round(expected_noise(decoder_norm=0.3, neurons=1000), 3)
    0.049
    """
    return float(_NOISE * decoder_norm / np.sqrt(2 * np.log(max(neurons, 2))))


@takes()
def expected_memory(network: BalancedNetwork, max_delay: int = 100) -> tuple[float, float]:
    """Return the memory capacity that is expected from the decoder, and that of the linear system itself.

    ``sum_n b_n^T (C + Q)^-1 b_n``, n = 1 .. max_delay, b_n the covariance of the states with the input of n values ago, C
    that of the states, and Q that of the noise: ``Q = s^2 (I + 2 tau P)``, s by :func:`expected_noise`, tau = 0.1 J over the
    spikes a second, and ``A P + P A^T + (A + lambda I)(A + lambda I)^T = 0``, which is what the system keeps of earlier
    noise, as ``y' = A y + B u - (A + lambda I) e``.

    Parameters
    ----------
    network : BalancedNetwork
        Of a stable system; leaks and decoder norms are taken by their means, and one channel of the input by its delays.
    max_delay : int
        Longest delay, in values.

    Returns
    -------
    (float, float)
        Values.

    Raises
    ------
    InputError
        When the system is not stable.

    Notes
    -----
    The share of the two was within .03 of the measured one in 18 settings of 400 to 2000 neurons, and within .015 in their
    root mean square (docs/balanced.md). Near the limit of dt, or with edited weights, less is left.

    Examples
    --------
    >>> from hrsnn.balanced import BalancedSpec, build_balanced
    >>> left, ideal = expected_memory(build_balanced(BalancedSpec(neurons=400, dimensions=16), seed=0))
    >>> round(left / ideal, 2)
    0.98
    """
    count_of("max_delay", max_delay)
    system, leak, hold = network.system, float(network.leak.mean()), network.hold / 1000
    states, norm = network.states, float(np.sqrt((network.decoder**2).sum(axis=0)).mean())
    covariance = variances(system, hold)
    moved = system.A + leak * np.eye(states)
    kept = solve_continuous_lyapunov(system.A, -moved @ moved.T)
    tau = _CORRELATION * states / expected_spikes(drift_of(system, leak, hold), norm, states)
    noise = expected_noise(norm, network.neurons) ** 2 * (np.eye(states) + 2 * tau * kept)
    step, kick = system.held(hold)
    total = np.zeros(2)
    # states that hardly vary add nothing to the ideal but rounding
    inverses = [np.linalg.inv(covariance + noise), np.linalg.pinv(covariance, rcond=1e-10, hermitian=True)]
    carried = kick * np.sqrt(INPUT_VARIANCE)
    for _ in range(max_delay):
        total += [float((carried * (one @ carried)).sum()) for one in inverses]
        carried = step @ carried
    return float(total[0]), float(total[1])
