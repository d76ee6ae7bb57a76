"""The width of a surrogate gradient's window from the parameters of a neuron: the deviation of its membrane potential."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr

from hrsnn.errors import DivergenceError, InputError
from hrsnn.validation.numbers import positive
from hrsnn.validation.units import takes

_MOST_ITERATIONS, _TOLERANCE = 10_000, 1e-12
#: A deviation beyond which the recursion is taken for divergent: thresholds are of order 1.
_DIVERGED = 1e6


@takes()
def potential_moments(
    a: float = 0.0,
    b: float = 0.5,
    c: float = 0.0,
    threshold: float = 1.0,
    input_mean: float = 0.0,
    input_variance: float | None = None,
    floor: float = -math.inf,
) -> tuple[float, float]:
    """Mean and variance of the potential before the reset, where it is stationary and taken to be normal.

    ``u[t] = a v^2 + b v + c + x[t]`` with ``v = max(u[t-1] (1 - H(u[t-1] - threshold)), floor)`` and x normal. If u is
    ``N(m, s^2)``, then ``M_k = E[v^k]`` has a closed form, and both lines::

        m <- a M_2 + b M_1 + c + E[x]
        s^2 <- Var[x] + a^2 M_4 + 2 a b M_3 + (b^2 + 2 a c) M_2 + 2 b c M_1 + c^2 - (a M_2 + b M_1 + c)^2

    are iterated until they do not change. With ``z = (threshold - m) / s`` and ``y = (floor - m) / s``,
    ``M_k = sum_j C(k, j) m^(k-j) s^j I_j + floor^k Phi(y) + max(0, floor)^k (1 - Phi(z))``,
    ``I_0 = Phi(z) - Phi(y)``, ``I_1 = phi(y) - phi(z)``, ``I_j = (j - 1) I_(j-2) + y^(j-1) phi(y) - z^(j-1) phi(z)``.

    Parameters
    ----------
    a, b, c : float
        Of the neuron; a = c = 0 is a leaky integrate-and-fire neuron that keeps the share b.
    threshold : float
        In the unit of the potential.
    input_mean : float
    input_variance : float, optional
        Of the input x; by default threshold^2, as temporal batch normalisation gives it.
    floor : float
        Least potential that is carried over, such as the vertex -b / 2a; by default none.

    Returns
    -------
    (float, float)
        Mean and variance.

    Raises
    ------
    InputError
        When a number is not finite, or the threshold is not positive or below the floor.
    DivergenceError
        When the moments do not settle: there is then no stationary potential, as without a leak, where nothing holds a
        potential below the threshold.

    Notes
    -----
    The potential is not normal, and the closure is an approximation: for the three neurons of the tests its deviation is
    within 1 % of that of 10^6 simulated steps.

    References
    ----------
    Reconstructed from Moreno et al. (2025), Discretized quadratic integrate-and-fire neuron model for deep spiking neural
    networks, arXiv 2510.05168, of which the full text was not at hand: the abstract announces windows that are derived from
    the parameters.

    Examples
    --------
    >>> mean, variance = potential_moments(b=0.5)
    >>> round(mean, 3), round(variance**0.5, 3)
    (-0.206, 1.084)
    """
    positive("threshold", threshold, "in the unit of the potential")
    variance_in = threshold**2 if input_variance is None else positive("input_variance", input_variance, "squared potential")
    for name, value in (("a", a), ("b", b), ("c", c), ("input_mean", input_mean)):
        if not math.isfinite(value):
            raise InputError(name, value, "must be finite")
    if math.isnan(floor) or floor >= threshold:
        raise InputError("floor", floor, f"must be below the threshold, {threshold}")
    mean, variance = c + input_mean, variance_in
    for _ in range(_MOST_ITERATIONS):
        m1, m2, m3, m4 = _powers(mean, math.sqrt(variance), threshold, floor)
        carried = a * m2 + b * m1 + c
        square = a * a * m4 + 2 * a * b * m3 + (b * b + 2 * a * c) * m2 + 2 * b * c * m1 + c * c
        new_mean, new_variance = carried + input_mean, variance_in + max(square - carried**2, 0.0)
        if not new_variance < _DIVERGED**2:
            raise DivergenceError(
                f"the potential of a = {a:g}, b = {b:g}, c = {c:g} has no stationary distribution: give a width"
            )
        done = abs(new_mean - mean) + abs(new_variance - variance) < _TOLERANCE
        mean, variance = new_mean, new_variance
        if done:
            return mean, variance
    raise DivergenceError(f"the potential of a = {a:g}, b = {b:g}, c = {c:g} has no stationary distribution: give a width")


def _powers(mean: float, deviation: float, threshold: float, floor: float) -> list[float]:
    """Return the first four moments of the potential that is carried over."""
    z = (threshold - mean) / deviation
    y = (floor - mean) / deviation
    inner = [float(ndtr(z) - ndtr(y)), _density(y) - _density(z)]
    for j in (2, 3, 4):
        inner.append((j - 1) * inner[j - 2] + _power_density(y, j - 1) - _power_density(z, j - 1))
    below, above = float(ndtr(y)), float(ndtr(-z))
    moments = []
    for k in (1, 2, 3, 4):
        kept = sum(math.comb(k, j) * mean ** (k - j) * deviation**j * inner[j] for j in range(k + 1))
        moments.append(kept + (floor**k * below if below else 0.0) + max(0.0, floor) ** k * above)
    return moments


def _density(x: float) -> float:
    return float(np.exp(-x * x / 2) / math.sqrt(2 * math.pi)) if math.isfinite(x) else 0.0


def _power_density(x: float, power: int) -> float:
    return float(x**power * _density(x)) if math.isfinite(x) else 0.0


def analytic_width(
    a: float = 0.0,
    b: float = 0.5,
    c: float = 0.0,
    threshold: float = 1.0,
    input_mean: float = 0.0,
    input_variance: float | None = None,
    floor: float = -math.inf,
) -> float:
    """Half-width gamma of the triangular window ``max(0, gamma - |u - threshold|) / gamma^2``: the deviation of u.

    Parameters and errors are those of :func:`potential_moments`.

    Returns
    -------
    float
        In the unit of the potential.

    Examples
    --------
    A leaky integrate-and-fire neuron, and the two readings of the quadratic one:

    >>> [round(analytic_width(*one), 3) for one in ((0, 0.5, 0), (0.25, 0.875, 0), (0.25, -0.125, 0))]
    [1.084, 1.113, 1.053]
    """
    return math.sqrt(potential_moments(a, b, c, threshold, input_mean, input_variance, floor)[1])
