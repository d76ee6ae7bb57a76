"""Covariance of the neurons of a linear network driven by noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_continuous_lyapunov
from scipy.sparse import csr_array, issparse

from hrsnn.errors import DivergenceError, InputError
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import float_array, float_vector, positive
from hrsnn.validation.units import takes

Array = NDArray[np.float64]

#: Largest network for which the dense solver is the default: 12 s at 2000 neurons, growing as N^3.
DENSE_LIMIT = 2000
_MOST_SWEEPS = 1000


@takes()
def coupling(n: int, pre: ArrayLike, post: ArrayLike, strength: ArrayLike) -> csr_array:
    """Return links as a sparse matrix whose entry (i, j) is the weight from neuron j to neuron i.

    Examples
    --------
    >>> coupling(2, [0], [1], [0.5]).toarray()
    array([[0. , 0. ],
           [0.5, 0. ]])
    """
    return csr_array((np.asarray(strength, np.float64), (np.asarray(post), np.asarray(pre))), shape=(n, n))


@takes()
def dominant_leak(links: csr_array, margin: float = 0.1) -> Array:
    """Smallest leak with which a network is stable for all signs: ``D_ii = max(1, (1 + margin) sum_j |A_ij|)``.

    Parameters
    ----------
    links : sparse array (N, N)
        Dimensionless weights, with a zero diagonal.
    margin : float
        delta, not negative; at 0 the network can be marginally stable.

    Returns
    -------
    array (N,)

    Notes
    -----
    All eigenvalues of A = links - diag(D) then have negative real parts (Gershgorin). Chakraborty & Mukhopadhyay (2024)
    state that a positive D means more excitability; here, as in their eq. 14, it is leak.

    Examples
    --------
    >>> dominant_leak(coupling(2, [0, 1], [1, 0], [-4.0, 0.5]))
    array([1. , 4.4])
    """
    return np.asarray(np.maximum(1.0, (1 + positive("margin", margin, "a share", zero=True)) * abs(links).sum(axis=1)))


@takes()
def critical_leak(links: csr_array, margin: float = 0.05) -> Array:
    """Smallest equal leak with which a network is stable: ``D = (1 + margin) max(Re eig(A), |A|_2 / 2)``.

    Parameters
    ----------
    links : sparse array (N, N)
        Dimensionless weights, with a zero diagonal.
    margin : float
        Positive.

    Returns
    -------
    array (N,)
        All equal; 1 for a network without links.

    Notes
    -----
    In a dense network the largest real part of the eigenvalues is the larger of the two, and the network is near its
    critical point. Without strong loops all eigenvalues are near 0, and with a leak as small as that noise would grow along
    chains by orders of magnitude: half the largest singular value bounds the growth per link.

    Examples
    --------
    >>> critical_leak(coupling(2, [0, 1], [1, 0], [4.0, 1.0]), margin=0.5)
    array([3., 3.])

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), eq. 14: "the linearized network around criticality".
    """
    matrix, above = links.toarray(), 1 + positive("margin", margin, "a share")
    if not matrix.size:
        return np.zeros(0)
    least = max(float(np.linalg.eigvals(matrix).real.max()), float(np.linalg.norm(matrix, 2)) / 2)
    return np.full(len(matrix), above * least if least > 0 else 1.0)


@takes()
def noise_covariance(
    links: csr_array | ArrayLike, leak: ArrayLike, sigma: float = 1.0, *, method: str = "auto", tolerance: float = 1e-10
) -> Array:
    """Compute the stationary covariance S of ``dx/dt = A x + sigma xi(t)``, ``A = links - diag(leak)``.

    S is the solution of ``A S + S A^T + sigma^2 I = 0``.

    Parameters
    ----------
    links : sparse or dense array (N, N)
        Entry (i, j) is the weight from j to i; the diagonal is 0.
    leak : array (N,)
    sigma : float
        Amplitude of the independent noise of each neuron.
    method : {"auto", "dense", "sweeps"}
        "dense": SciPy's solver, O(N^3), for any stable A. "sweeps": iterate ``S_ij <- ((L S)_ij + (L S)_ji + sigma^2
        delta_ij) / (leak_i + leak_j)`` to convergence, for a leak above the row sums of ``|links|``; no factorisation,
        O(links N) per sweep. "auto": dense up to 2000 neurons.
    tolerance : float
        For sweeps: bound on the largest error of an entry, in units of the largest variance.

    Returns
    -------
    array (N, N)

    Raises
    ------
    InputError
        When shapes do not match, a value is not finite, A is not stable, or, for sweeps, not dominated by its leak.
    DivergenceError
        When the sweeps do not converge.

    Notes
    -----
    Each sweep multiplies the largest error by at most q = max over i, j of (r_i + r_j) / (leak_i + leak_j), r the row sums
    of ``|links|``; hence the error bound q / (1 - q) times the last change. With mixed signs convergence is much faster.

    Examples
    --------
    The variance of a leaky neuron is sigma^2 / (2 leak).

    >>> noise_covariance([[0.0, 0.0], [0.5, 0.0]], [1.0, 1.0]).round(4)
    array([[0.5   , 0.125 ],
           [0.125 , 0.5625]])
    """
    matrix = matrix_of("links", links)
    decay = float_vector("leak", leak)
    n = len(decay)
    if matrix.shape != (n, n) or n == 0:
        raise InputError("links", matrix.shape, f"must have shape ({n}, {n}), as leak has {n} values")
    if not np.isfinite(matrix.data).all() or not np.isfinite(decay).all():
        raise InputError("links", "with values that are not finite", "must be finite, and so must leak")
    check_memory("links", matrix.shape, (64 if method == "dense" or n <= DENSE_LIMIT else 32) * n**2, "the covariance")
    noise = positive("sigma", sigma, "amplitude") ** 2
    if method not in ("auto", "dense", "sweeps"):
        raise InputError("method", method, "must be auto, dense or sweeps")
    if method == "dense" or (method == "auto" and n <= DENSE_LIMIT):
        return _dense(matrix, decay, noise)
    return _sweeps(matrix, decay, noise, positive("tolerance", tolerance, "a share"))


def matrix_of(name: str, values: Any) -> csr_array:
    """Return a dense or sparse matrix as a sparse one of 64-bit floats.

    Raises
    ------
    InputError
        When it is neither, or holds something else than numbers.
    """
    if not issparse(values):
        values = float_array(name, values)
    if values.ndim != 2 or values.dtype.kind not in "biuf":
        raise InputError(name, values.shape, "must be a matrix of numbers")
    return csr_array(values, dtype=np.float64)


def _dense(links: csr_array, leak: Array, noise: float) -> Array:
    matrix = links.toarray()
    matrix[np.diag_indices_from(matrix)] -= leak
    solution: Array = solve_continuous_lyapunov(matrix, -noise * np.eye(len(leak)))
    solution = (solution + solution.T) / 2
    # a solution exists for unstable matrices too, but is then not a covariance
    dominated = (leak > abs(links).sum(axis=1)).all()
    if not dominated and float(np.linalg.eigvals(matrix).real.max()) >= 0:
        raise InputError("links, leak", "an unstable network", "must have all eigenvalues left of 0: more leak")
    return solution


def _sweeps(links: csr_array, leak: Array, noise: float, tolerance: float) -> Array:
    rows = abs(links).sum(axis=1)
    if not (leak > rows).all():
        raise InputError("leak", float((leak - rows).min()), "must be over the row sums of |links| for sweeps")
    # (r_i + r_j)/(d_i + d_j) is largest for i = j
    shrinks = float((rows / leak).max())
    solution: Array = np.diag(noise / (2 * leak))
    for _ in range(_MOST_SWEEPS):
        carried = links @ solution
        carried += carried.T.copy()
        carried[np.diag_indices_from(carried)] += noise
        carried /= leak[:, None] + leak[None, :]
        change = float(np.abs(carried - solution).max())
        solution = carried
        if change * shrinks / (1 - shrinks) <= tolerance * float(solution.diagonal().max()):
            return solution
    raise DivergenceError(f"the covariance did not settle within {_MOST_SWEEPS} sweeps: take a larger margin")


@takes()
def measured_covariance(states: ArrayLike, duration: float = 1.0) -> Array:
    """Compute the covariance of measured rates, counts or states over time.

    Parameters
    ----------
    states : array (times, N)
        Rows may be correlated in time, which reduces precision without bias.
    duration : float
        Duration of each row, by which counts are divided.

    Returns
    -------
    array (N, N)

    Raises
    ------
    InputError
        When there are fewer than two rows, or a value is not finite.

    Notes
    -----
    The relative error of an entry is about sqrt(2 / independent rows): 14 % of every variance for 100 rows.

    Examples
    --------
    >>> measured_covariance([[1.0, 2.0], [3.0, 2.0]])
    array([[2., 0.],
           [0., 0.]])
    """
    rows: Any = np.asarray(states, np.float64) / positive("duration", duration, "time")
    if rows.ndim != 2 or len(rows) < 2 or rows.shape[1] == 0 or not np.isfinite(rows).all():
        raise InputError("states", rows.shape, "must be finite, (times, neurons), two rows or more")
    return np.asarray(np.atleast_2d(np.cov(rows, rowvar=False)))
