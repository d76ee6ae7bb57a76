"""Product of Matern-5/2 kernels, one for each block of columns, each with its own length scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.gaussian_process.kernels import Hyperparameter, Kernel, NormalizedKernelMixin, StationaryKernelMixin

from hrsnn.errors import InputError

Array = NDArray[np.float64]
#: Function from two arrays of points and the sizes of their blocks to the distances within each block.
Distances = Callable[[Array, Array, Sequence[int]], Array]
_ROOT = float(np.sqrt(5))


def block_distances(first: Array, second: Array, sizes: Sequence[int]) -> Array:
    """Return Euclidean distances within each block of columns: (blocks, rows of first, rows of second)."""
    from scipy.spatial.distance import cdist

    ends = np.cumsum(sizes)
    parts = [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]
    found = [cdist(first[:, part], second[:, part]) for part in parts]
    return np.asarray(found).reshape(len(parts), len(first), len(second))


def matern(distances: Array, length_scale: Array) -> Array:
    """Return ``prod_b (1 + r_b + r_b^2 / 3) exp(-r_b)``, ``r_b = sqrt(5) d_b / l_b``; blocks are the first axis."""
    r = _in_scales(distances, length_scale)
    return np.asarray((1 + r + r * r / 3).prod(axis=0) * np.exp(-r.sum(axis=0)))


def matern_and_slopes(distances: Array, length_scale: Array) -> tuple[Array, Array]:
    """Return :func:`matern` and its log-derivative by each ``log l_b``: ``r^2 (1 + r) / (3 + 3 r + r^2)``."""
    r = _in_scales(distances, length_scale)
    square, more = r * r, 1 + r
    polynomial = more + square / 3
    square *= more
    square /= 3 * polynomial
    return np.asarray(polynomial.prod(axis=0) * np.exp(-r.sum(axis=0))), np.asarray(square)


def _in_scales(distances: Array, length_scale: Array) -> Array:
    factor: Array = _ROOT / np.asarray(length_scale)
    return distances * factor.reshape(-1, *[1] * (distances.ndim - 1))


class ProductMatern(StationaryKernelMixin, NormalizedKernelMixin, Kernel):  # type: ignore[misc]
    """Product over blocks of columns of Matern-5/2 kernels of the Euclidean distance within the block.

    ``k(x, y) = prod_b (1 + r_b + r_b^2 / 3) exp(-r_b)``, with ``r_b = sqrt(5) |x_b - y_b| / l_b``.

    Parameters
    ----------
    sizes : sequence of int
        Number of columns of each block, from the left. A block of one column is an ordinary dimension; in a block with a
        quantile embedding the distance is W2 between distributions.
    length_scale : float or array (blocks,)
    length_scale_bounds : (float, float)

    Raises
    ------
    InputError
        When the sizes do not sum to the number of columns.

    Notes
    -----
    This is a scikit-learn kernel for use in its Gaussian processes, with hyperparameters, bounds and gradient.

    Examples
    --------
    >>> kernel = ProductMatern(sizes=(2, 1), length_scale=[1.0, 2.0])
    >>> kernel([[0.0, 0.0, 0.0]], [[3.0, 4.0, 0.0]]).round(6)
    array([[0.000751]])

    References
    ----------
    Rasmussen & Williams (2006), Gaussian Processes for Machine Learning, eq. 4.17.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        length_scale: ArrayLike = 1.0,
        length_scale_bounds: tuple[float, float] = (1e-3, 1e3),
    ) -> None:
        self.sizes = sizes
        self.length_scale = length_scale
        self.length_scale_bounds = length_scale_bounds

    @property
    def hyperparameter_length_scale(self) -> Hyperparameter:
        return Hyperparameter("length_scale", "numeric", self.length_scale_bounds, np.size(self.length_scale))

    def __call__(self, X: ArrayLike, Y: ArrayLike | None = None, eval_gradient: bool = False) -> Array | tuple[Array, Array]:
        x = np.atleast_2d(np.asarray(X, dtype=np.float64))
        y = x if Y is None else np.atleast_2d(np.asarray(Y, dtype=np.float64))
        if x.shape[1] != sum(self.sizes):
            raise InputError("X", x.shape, f"must have {sum(self.sizes)} columns, as sizes say")
        scales = np.asarray(self.length_scale, dtype=np.float64)
        scale = np.broadcast_to(scales, len(self.sizes))
        distances = block_distances(x, y, self.sizes)
        if not eval_gradient:
            return matern(distances, scale)
        gram, log_slopes = matern_and_slopes(distances, scale)
        slopes = np.moveaxis(log_slopes, 0, -1) * gram[..., None]
        return gram, slopes if np.size(scales) > 1 else slopes.sum(axis=-1, keepdims=True)

    def __repr__(self) -> str:
        return f"ProductMatern(sizes={tuple(self.sizes)}, length_scale={np.round(np.asarray(self.length_scale), 3)})"
