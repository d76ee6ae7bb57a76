"""Linear systems x' = A x + B u that a balanced network can follow: rotations, a delay line, and moments of their states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm, solve_discrete_lyapunov

from hrsnn.errors import InputError
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import takes

#: Variance of the input values for which states are scaled, uniform on (-1, 1).
INPUT_VARIANCE = 1 / 3
#: Largest real part of an eigenvalue of A (1/s) that counts as 0.
MARGIN = 1e-9
#: Times within a held value at which the variance of x' is averaged.
_MOMENTS = 8


@dataclass(frozen=True)
class LinearSystem:
    """A linear system ``x' = A x + B u`` of J states and C inputs, in seconds.

    Attributes
    ----------
    A : array (J, J)
        1/s.
    B : array (J, C)
        1/s.
    """

    A: np.ndarray
    B: np.ndarray

    @property
    def growth(self) -> float:
        """Largest real part of an eigenvalue of A (1/s): below 0 the system is stable."""
        return float(np.linalg.eigvals(self.A).real.max())

    def held(self, seconds: float) -> tuple[np.ndarray, np.ndarray]:
        """Return (A_h, B_h) of ``x(t + h) = A_h x(t) + B_h u`` for an input held for h seconds.

        Exact: both are blocks of the exponential of ``h [[A, B], [0, 0]]``, as A may be singular.
        """
        j, c = self.B.shape
        block = np.zeros((j + c, j + c))
        block[:j, :j], block[:j, j:] = self.A, self.B
        whole = expm(seconds * block)
        return whole[:j, :j], whole[:j, j:]


def rotations(frequencies: np.ndarray, decays: np.ndarray, dimensions: int) -> np.ndarray:
    """Return A of damped rotations, one for each two states: blocks ``[[-1/T, -w], [w, -1/T]]``, w = 2 pi f.

    Parameters
    ----------
    frequencies : array (ceil(J/2),)
        Hz.
    decays : array (ceil(J/2),)
        Time constants T of the decay (s); inf for none.
    dimensions : int
        J; the last state of an odd number only decays.

    Examples
    --------
    >>> rotations(np.array([0.0]), np.array([0.5]), 2)
    array([[-2., -0.],
           [ 0., -2.]])
    """
    matrix = np.zeros((dimensions, dimensions))
    for index, (frequency, decay) in enumerate(zip(frequencies, decays, strict=True)):
        one = 2 * index
        matrix[one, one] = -1 / decay
        if one + 1 < dimensions:
            matrix[one + 1, one + 1] = -1 / decay
            matrix[one, one + 1], matrix[one + 1, one] = -2 * np.pi * frequency, 2 * np.pi * frequency
    return matrix


@takes(window="ms")
def legendre(dimensions: int, window: float) -> LinearSystem:
    """Return the delay line whose J states are the Legendre coefficients of the input in the past `window`.

    ``A_ij = (2i + 1)/theta (-1 if i < j else (-1)^(i - j + 1))``, ``B_i = (2i + 1) (-1)^i/theta``, i, j = 0 .. J - 1

    Parameters
    ----------
    dimensions : int
        J.
    window : float
        theta (ms).

    Returns
    -------
    LinearSystem
        Of one input, in 1/s.

    Raises
    ------
    InputError
        When a value is not positive.

    Notes
    -----
    ``u(t - s)`` is about ``sum_i x_i P_i(2 s/theta - 1)`` for 0 <= s <= theta, P_i the Legendre polynomials. J states follow
    frequencies up to about J/(2 theta).

    Examples
    --------
    The first state is the mean of the input in the window, 1 after a long input of 1.

    >>> system = legendre(4, window=100)
    >>> round(float(-np.linalg.solve(system.A, system.B)[0, 0]), 6)
    1.0

    References
    ----------
    A. Voelker, I. Kajic & C. Eliasmith (2019), Legendre memory units, eq. 2.
    """
    j = count_of("dimensions", dimensions)
    theta = positive("window", window, "ms") / 1000
    index = np.arange(j)
    row, column = index[:, None], index[None, :]
    sign = np.where(row < column, -1.0, (-1.0) ** (row - column + 1))
    return LinearSystem((2 * row + 1) * sign / theta, ((2 * index + 1) * (-1.0) ** index / theta)[:, None])


def variances(system: LinearSystem, hold: float) -> np.ndarray:
    """Return the covariance (J, J) of the states for independent inputs, uniform on (-1, 1), each held for `hold` seconds.

    It is that at the end of a value: ``S = A_h S A_h^T + B_h B_h^T/3``.

    Raises
    ------
    InputError
        When the system is not stable: its states have no stationary variance.
    """
    if system.growth > -MARGIN:
        raise InputError("A", f"growth {system.growth:.3g}/s", "must be stable: eigenvalues with negative real parts")
    step, kick = system.held(hold)
    return np.asarray(solve_discrete_lyapunov(step, INPUT_VARIANCE * kick @ kick.T))


def mean_square_drift(system: LinearSystem, leak: float, hold: float) -> float:
    """Return the mean of ``|x' + lambda x|^2`` (1/s^2) for the inputs of :func:`variances`, averaged over a held value.

    States of a system that is not stable are taken as independent, of variance 1.

    Parameters
    ----------
    system : LinearSystem
    leak : float
        lambda (1/s).
    hold : float
        s.

    Examples
    --------
    An oscillation of 1 Hz with states of variance 1 has ``2 ((2 pi)^2 + lambda^2)``.

    >>> oscillator = LinearSystem(rotations(np.ones(1), np.full(1, np.inf), 2), np.zeros((2, 1)))
    >>> round(mean_square_drift(oscillator, 20.0, 0.02), 3) == round(2 * (4 * np.pi**2 + 400), 3)
    True
    """
    j = len(system.A)
    covariance = np.eye(j) if system.growth > -MARGIN else variances(system, hold)
    drift, total = system.A + leak * np.eye(j), 0.0
    for share in (np.arange(_MOMENTS) + 0.5) / _MOMENTS:
        step, kick = system.held(share * hold)
        onward, driven = drift @ step, drift @ kick + system.B
        total += float(np.trace(onward @ covariance @ onward.T) + INPUT_VARIANCE * (driven**2).sum())
    return total / _MOMENTS
