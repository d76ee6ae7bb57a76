"""Sinkhorn divergence of samples of joint distributions, and a kernel of it with a check of the eigenvalues."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.search.product_matern import block_distances
from hrsnn.validation.numbers import positive
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
_STEPS = 10_000
#: Tolerance of the potentials of many pairs, in units of e; the error of the cost is of second order in it, about 1e-7 e.
_TOLERANCE = 1e-3
#: Number of costs that are processed together, so that they fit into the processor's cache.
_TOGETHER = 2**17


class IndefiniteWarning(HrsnnWarning):
    """A Gram matrix is not positive semidefinite and was replaced by the nearest matrix that is."""


@takes()
def sinkhorn_divergence(first: ArrayLike, second: ArrayLike, regularisation: float = 0.05, tolerance: float = 1e-6) -> float:
    """Return the debiased entropic transport cost of two samples of a joint distribution.

    ``S(a, b) = T(a, b) - (T(a, a) + T(b, b)) / 2``, with ``T(a, b) = min_P sum P_ij |x_i - y_j|^2 + e KL(P | a b^T)``.

    Parameters
    ----------
    first : array (n, dimensions)
    second : array (m, dimensions)
    regularisation : float
        e, in units of the mean squared distance between the samples.
    tolerance : float
        Largest change of a potential, in units of e, at which the iteration stops.

    Returns
    -------
    float
        Near W2^2 for a small regularisation; 0 for equal samples, never negative.

    Raises
    ------
    InputError
        When the samples have different dimensions, are empty or not finite, or the iteration does not converge.

    Notes
    -----
    The iteration is in the log domain: exponentials would underflow at a small regularisation, and the result would be wrong
    without an error. The cost of a step grows as n m, and the number of steps as 1 / regularisation.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(40, 2))
    >>> round(sinkhorn_divergence(x, x + [3.0, 4.0]), 6)  # a shift by 5: W2^2 = 25
    25.0

    References
    ----------
    Feydy et al. (2019), Interpolating between optimal transport and MMD using Sinkhorn divergences, AISTATS, eq. 3.
    """
    x, y = _sample("first", first), _sample("second", second)
    if x.shape[1] != y.shape[1]:
        raise InputError("second", y.shape, f"must have {x.shape[1]} columns, as first has")
    share = positive("regularisation", regularisation, "share of the mean squared distance")
    e = share * float(_squared(x, y).mean())
    if e == 0:
        return 0.0
    found = cost(x, y, e, tolerance) - (cost(x, x, e, tolerance) + cost(y, y, e, tolerance)) / 2
    return max(found, 0.0)


@dataclass(frozen=True)
class JointDistances:
    """Distances, for a Gaussian process, of points whose first block of columns is a joint distribution.

    The groups of a joint distribution are independent here, the cost is a sum over them, and the optimal plan for a product
    of distributions is the product of the optimal plans, so that the divergence is exactly a sum over groups:
    ``S(a, b) = sum_g S(a_g, b_g)``. The distance is its square root. The other blocks have Euclidean distances.

    Raises
    ------
    InputError
        When the iteration does not converge because the regularisation is too small.

    Examples
    --------
    A shift by 0.3 in one group and by 0.4 in the other:

    >>> import numpy as np
    >>> x = np.tile(np.linspace(0, 1, 5), 2)[None]
    >>> JointDistances(groups=2)(x, x + np.repeat([0.3, 0.4], 5), sizes=(10,)).round(6)
    array([[[0.5]]])

    References
    ----------
    As :func:`sinkhorn_divergence`.
    """

    #: Number of equal parts of the columns of the first block, each a sample (or quantiles) of one group.
    groups: int
    #: e, in the squared unit of the columns.
    regularisation: float = 0.05

    def __call__(self, first: Array, second: Array, sizes: Sequence[int]) -> Array:
        """Return distances within each block: (blocks, rows of first, rows of second)."""
        whole = [one[:, : sizes[0]].reshape(len(one), self.groups, -1) for one in (first, second)]
        means = [one.mean(axis=-1) for one in whole]
        # a shift adds exactly its square to the cost of every plan; without it the iteration needs fewer steps
        x, y = (one - mean[..., None] for one, mean in zip(whole, means, strict=True))
        alone = [self._costs(one, one, with_itself=True) for one in (x, y)]
        squares = np.empty((len(x), len(y)))
        step = max(1, _TOGETHER // max(1, y.size * y.shape[-1]))
        for begin in range(0, len(x), step):
            rows = slice(begin, begin + step)
            shift = (means[0][rows, None] - means[1]) ** 2
            own = (alone[0][rows, None] + alone[1]) / 2
            squares[rows] = (shift + self._costs(x[rows, None], y) - own).sum(axis=-1)
        joint = np.sqrt(np.maximum(squares, 0))[None]
        return np.concatenate([joint, block_distances(first[:, sizes[0] :], second[:, sizes[0] :], sizes[1:])])

    def _costs(self, x: Array, y: Array, with_itself: bool = False) -> Array:
        """Return T(a_g, b_g) of rows of groups (..., groups, quantiles)."""
        cost = (x[..., :, None] - y[..., None, :]) ** 2 / self.regularisation
        return self.regularisation * _transport(cost, _TOLERANCE, with_itself)


@takes()
def sinkhorn_gram(samples: Sequence[ArrayLike], length_scale: float, regularisation: float = 0.05) -> Array:
    """Return the Gram matrix of a Matern-5/2 kernel of the square root of :func:`sinkhorn_divergence`.

    Parameters
    ----------
    samples : sequence of array (n_i, dimensions)
        One for each joint distribution.
    length_scale : float
    regularisation : float

    Returns
    -------
    array (samples, samples)
        Positive semidefinite: if the kernel is not, the nearest matrix that is, with an :class:`IndefiniteWarning` that
        gives the smallest eigenvalue.

    Raises
    ------
    InputError
        As :func:`sinkhorn_divergence`.

    Notes
    -----
    Theorem 2 of Chakraborty & Mukhopadhyay (2024), that a Matern kernel of a Wasserstein distance is positive definite, is
    true only on the line. In more dimensions W2 is not Hilbertian, and Gram matrices with negative eigenvalues exist.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> gram = sinkhorn_gram([rng.normal(k, 1, size=(30, 2)) for k in range(3)], length_scale=2.0)
    >>> gram.shape, bool(gram[0, 1] > gram[0, 2])
    ((3, 3), True)
    """
    scale = positive("length_scale", length_scale, "unit of the samples")
    if not samples:
        raise InputError("samples", samples, "must hold at least one")
    count = len(samples)
    squares = np.zeros((count, count))
    for i in range(count):
        for j in range(i):
            squares[i, j] = squares[j, i] = sinkhorn_divergence(samples[i], samples[j], regularisation)
    r = np.sqrt(5 * squares) / scale
    return checked_gram((1 + r + r * r / 3) * np.exp(-r))


@takes()
def checked_gram(gram: ArrayLike, tolerance: float = 1e-10) -> Array:
    """Return `gram`, or with an :class:`IndefiniteWarning` the nearest positive semidefinite matrix if it is not one.

    Examples
    --------
    >>> checked_gram([[1.0, 0.5], [0.5, 1.0]])
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    matrix = np.asarray(gram, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.allclose(matrix, matrix.T, atol=1e-12):
        raise InputError("gram", matrix.shape, "must be a symmetric matrix")
    eigenvalues, vectors = np.linalg.eigh(matrix)
    if eigenvalues[0] >= -tolerance * len(matrix):
        return matrix
    warnings.warn(
        f"the joint kernel is not positive definite here, its smallest eigenvalue is {eigenvalues[0]:.3g}: it was moved to "
        "the nearest matrix that is",
        IndefiniteWarning,
        stacklevel=3,
    )
    return np.asarray((vectors * np.maximum(eigenvalues, 0)) @ vectors.T)


def cost(x: Array, y: Array, e: float, tolerance: float) -> float:
    """Return T(a, b) of two samples."""
    return e * float(_transport(_squared(x, y) / e, tolerance, with_itself=x is y))


def _transport(cost: Array, tolerance: float, with_itself: bool = False) -> Array:
    """Return T(a, b) / e for many costs / e (..., n, m): the dual value at the fixed point of the log-domain iteration."""
    many = cost.reshape(-1, *cost.shape[-2:])
    log_a, log_b = -np.log(many.shape[1]), -np.log(many.shape[2])
    f, g = np.zeros(many.shape[:2]), np.zeros(many.shape[::2])
    found, left = np.empty(len(many)), np.arange(len(many))
    for _ in range(_STEPS):
        before = f
        f = -_log_sum(g[:, None, :] - many, axis=2) - log_b
        if with_itself:  # both potentials are equal, and averaged steps converge in a few iterations
            f = g = (before + f) / 2
        else:
            g = -_log_sum(f[:, :, None] - many, axis=1) - log_a
        done = np.abs(f - before).max(axis=1) < tolerance
        if done.any():
            found[left[done]] = (f.mean(axis=1) + g.mean(axis=1))[done]
            left, many, f, g = (one[~done] for one in (left, many, f, g))
        if not len(left):
            return found.reshape(cost.shape[:-2])
    share = 1 / float(cost.max())
    raise InputError("regularisation", share, f"of the largest squared distance is too small: no end within {_STEPS} steps")


def _log_sum(exponents: Array, axis: int) -> Array:
    """Return the logarithm of the sum of exponentials; several times faster than SciPy's on many small arrays."""
    largest = exponents.max(axis=axis, keepdims=True)
    return np.asarray(np.log(np.exp(exponents - largest).sum(axis=axis)) + largest.squeeze(axis))


def _squared(x: Array, y: Array) -> Array:
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(x, y, "sqeuclidean"))


def _sample(name: str, values: ArrayLike) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or not array.size or not np.isfinite(array).all():
        raise InputError(name, array.shape, "must be a finite sample (n, dimensions)")
    return array
