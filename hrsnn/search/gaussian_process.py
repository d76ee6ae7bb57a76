"""Gaussian process over points in blocks of columns, with replicates, fitted by its marginal likelihood."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.spatial.distance import squareform

from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.runtime.seeds import generator
from hrsnn.search.product_matern import Distances, block_distances, matern, matern_and_slopes
from hrsnn.search.sinkhorn import checked_gram
from hrsnn.validation.units import takes

Array = NDArray[np.float64]

#: Bounds of the logarithms; length scales in units of the largest distance in the block, variances in that of the values.
_SCALES, _AMPLITUDES, _NOISES = np.log([0.02, 50.0]), np.log([0.05, 20.0]), np.log([1e-6, 2.0])
#: Weak log-normal priors: (median, deviation of the logarithm).
_AMPLITUDE_PRIOR, _NOISE_PRIOR, _SCALE_PRIOR_WIDTH = (1.0, 1.0), (0.02, 2.0), 1.0
_DRAWN_STARTS, _ITERATIONS = 12, 30
#: Negative log likelihood returned for invalid hyperparameters, larger than any other.
_IMPOSSIBLE = 1e10


@dataclass(frozen=True)
class GaussianProcess(Displayed):
    """A fitted Gaussian process, with a mean of zero in the standardised values."""

    #: (n, columns) Distinct points; replicates are averaged.
    points: Array
    #: Number of columns of each block.
    sizes: tuple[int, ...]
    #: (n,) Standardised means of the replicates.
    values: Array
    #: (n,) Number of replicates of each point.
    counts: Array
    #: (blocks,)
    length_scale: Array
    #: `amplitude` and `noise`: variances of the process and of one replicate, in units of the values' variance.
    amplitude: float
    noise: float
    #: `centre` and `spread`: mean and scale by which the values were standardised.
    centre: float
    spread: float
    #: Log marginal likelihood of all replicates, of the standardised values, without the priors.
    log_likelihood: float
    #: Function that computes distances within blocks. If they are not Euclidean the Gram matrix is checked, and negative
    #: eigenvalues are reported and set to zero: see :func:`hrsnn.search.checked_gram`.
    distances: Distances = block_distances

    def __post_init__(self) -> None:
        correlation = self._correlation(self.points)
        gram = self.amplitude * (correlation if self.distances is block_distances else checked_gram(correlation))
        gram[np.diag_indices_from(gram)] += self.noise / self.counts
        lower = cholesky(gram, lower=True)
        object.__setattr__(self, "_lower", lower)
        object.__setattr__(self, "_weights", cho_solve((lower, True), self.values))

    _lower: Array = dataclasses.field(init=False, repr=False, compare=False)
    _weights: Array = dataclasses.field(init=False, repr=False, compare=False)

    def predict(self, points: ArrayLike) -> tuple[Array, Array]:
        """Return mean and standard deviation of the process (without noise) at `points`, in the values' units."""
        across = self.amplitude * self._correlation(np.asarray(points, dtype=np.float64))
        mean = across @ self._weights
        solved = solve_triangular(self._lower, across.T, lower=True)
        variance = np.maximum(self.amplitude - (solved**2).sum(axis=0), 0)
        return self.centre + self.spread * mean, self.spread * np.sqrt(variance)

    def condition(self, points: ArrayLike, values: ArrayLike) -> GaussianProcess:
        """Return the process with one more replicate at each of `points`, without a new fit."""
        new = (np.asarray(values, dtype=np.float64) - self.centre) / self.spread
        return dataclasses.replace(
            self,
            points=np.concatenate([self.points, np.asarray(points, dtype=np.float64)]),
            values=np.concatenate([self.values, new]),
            counts=np.concatenate([self.counts, np.ones(len(new))]),
        )

    def _correlation(self, points: Array) -> Array:
        return matern(self.distances(points, self.points, self.sizes), self.length_scale)


@takes()
def fit_gaussian_process(
    points: ArrayLike,
    values: ArrayLike,
    sizes: Sequence[int],
    *,
    counts: ArrayLike | None = None,
    scatter: ArrayLike | None = None,
    distances: Distances = block_distances,
    prior: bool = True,
    starts: int = 2,
    seed: int = 0,
) -> GaussianProcess:
    """Fit length scales, amplitude and noise to replicated values.

    The log marginal likelihood of all replicates, with y the means of the n_i replicates at point i and s_i their sum of
    squares about the mean:

    ``log N(y; 0, a K + diag(v / n_i)) - sum_i [(n_i - 1) log(2 pi v) + s_i / v + log n_i] / 2``

    plus, with `prior`, weak log-normal priors: without them, 20 values would not determine 13 length scales.

    Parameters
    ----------
    points : array (n, columns)
    values : array (n,)
        Means of the replicates; equal points are merged.
    sizes : sequence of int
        Number of columns of each block, from the left.
    counts, scatter : array (n,)
        n_i and s_i; by default 1 and 0.
    distances : callable
        Function from two arrays of points and `sizes` to the distances within each block; Euclidean by default.
    prior : bool
    starts : int
        Number of the best of 12 starting points that are optimised.
    seed : int
        Seed of the starting points.

    Returns
    -------
    GaussianProcess

    Raises
    ------
    InputError
        When shapes are inconsistent, a number is not finite, or there are fewer than two values.

    Notes
    -----
    The cost grows as n^3: 200 values in 13 blocks take a few tenths of a second.

    Examples
    --------
    >>> x = np.linspace(0, 1, 9)[:, None]
    >>> process = fit_gaussian_process(x, np.sin(6 * x[:, 0]), sizes=(1,))
    >>> mean, deviation = process.predict([[0.31]])
    >>> bool(abs(mean[0] - np.sin(6 * 0.31)) < 0.02)
    True

    References
    ----------
    Rasmussen & Williams (2006), eq. 2.30 and 5.9; for the replicates, Binois et al. (2018), Practical heteroscedastic
    Gaussian process modeling for large simulation experiments, J. Comput. Graph. Stat. 27.
    """
    x, y, n, s = _merged(*_checked(points, values, sizes, counts, scatter))
    centre, spread = float(y.mean()), float(y.std()) or 1.0
    y, s = (y - centre) / spread, s / spread**2
    apart = distances(x, x, sizes)
    reach = apart.max(axis=(1, 2))
    reach[reach == 0] = 1.0
    pairs = np.triu_indices(len(x), 1)
    like = Likelihood(apart[:, *pairs] / reach[:, None], y, n, s, prior)
    blocks = len(sizes)
    bounds = np.array([_SCALES] * blocks + [_AMPLITUDES, _NOISES])
    rng = generator(seed, "search", "process")
    drawn = like.middle + rng.normal(size=(_DRAWN_STARTS, blocks + 2)) * like.width
    first = np.clip(np.concatenate([like.middle[None], drawn]), *bounds.T)
    order = np.argsort([like(theta)[0] for theta in first], kind="stable")
    best = min(
        (
            minimize(like, first[k], jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _ITERATIONS})
            for k in order[:starts]
        ),
        key=lambda one: float(one.fun),
    )
    theta = best.x
    return GaussianProcess(
        points=x,
        sizes=tuple(sizes),
        values=y,
        counts=n,
        length_scale=np.exp(theta[:blocks]) * reach,
        amplitude=float(np.exp(theta[-2])),
        noise=float(np.exp(theta[-1])),
        centre=centre,
        spread=spread,
        log_likelihood=-like.without_prior(theta),
        distances=distances,
    )


class Likelihood:
    """Negative log posterior of the logarithms of all hyperparameters, with its gradient; distances are (blocks, pairs)."""

    def __init__(self, distances: Array, values: Array, counts: Array, scatter: Array, prior: bool) -> None:
        blocks = len(distances)
        self.distances, self.values, self.counts, self.prior = distances, values, counts, prior
        self.scatter, self.more = float(scatter.sum()), float((counts - 1).sum())
        # in a product of many blocks each must have a long scale, or all points would be far apart
        scale = np.log(0.5 * np.sqrt(blocks))
        self.middle = np.array([scale] * blocks + [np.log(_AMPLITUDE_PRIOR[0]), np.log(_NOISE_PRIOR[0])])
        self.width = np.array([_SCALE_PRIOR_WIDTH] * blocks + [_AMPLITUDE_PRIOR[1], _NOISE_PRIOR[1]])

    def __call__(self, theta: Array) -> tuple[float, Array]:
        value, gradient = self._likelihood(theta)
        if self.prior:
            z = (theta - self.middle) / self.width
            return value + float(z @ z) / 2, gradient + z / self.width
        return value, gradient

    def without_prior(self, theta: Array) -> float:
        return self._likelihood(theta)[0]

    def _likelihood(self, theta: Array) -> tuple[float, Array]:
        scale, amplitude, noise = np.exp(theta[:-2]), float(np.exp(theta[-2])), float(np.exp(theta[-1]))
        signal, log_slopes = matern_and_slopes(self.distances, scale)
        signal *= amplitude
        gram = squareform(signal, checks=False)
        gram[np.diag_indices_from(gram)] = amplitude + noise / self.counts
        try:
            lower = cholesky(gram, lower=True, check_finite=False)
        except LinAlgError:  # a joint kernel with an eigenvalue below minus the noise: reject these values
            return _IMPOSSIBLE, np.zeros_like(theta)
        weights = cho_solve((lower, True), self.values, check_finite=False)
        half_pi = np.log(2 * np.pi) / 2
        value = float(self.values @ weights / 2 + np.log(np.diag(lower)).sum() + len(self.values) * half_pi)
        value += self.more * (half_pi + theta[-1] / 2) + self.scatter / noise / 2 + float(np.log(self.counts).sum()) / 2
        inverse = cho_solve((lower, True), np.eye(len(gram)), check_finite=False)
        pull = (inverse - np.outer(weights, weights)) / 2  # derivative with respect to the Gram matrix
        each = squareform(pull, checks=False) * signal * 2  # every pair occurs twice in the matrix
        of_amplitude = each.sum() + amplitude * np.trace(pull)
        of_noise = noise * float((np.diag(pull) / self.counts).sum()) + self.more / 2 - self.scatter / noise / 2
        return value, np.concatenate([log_slopes @ each, [of_amplitude, of_noise]])


def _checked(
    points: ArrayLike, values: ArrayLike, sizes: Sequence[int], counts: ArrayLike | None, scatter: ArrayLike | None
) -> tuple[Array, Array, Array, Array]:
    x, y = np.asarray(points, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != sum(sizes) or not np.isfinite(x).all():
        raise InputError("points", x.shape, f"must be finite, with {sum(sizes)} columns, as sizes say")
    n = np.ones(len(x)) if counts is None else np.asarray(counts, dtype=np.float64)
    s = np.zeros(len(x)) if scatter is None else np.asarray(scatter, dtype=np.float64)
    for name, array in (("values", y), ("counts", n), ("scatter", s)):
        if array.shape != (len(x),) or not np.isfinite(array).all():
            raise InputError(name, array, f"must be one finite number for each of the {len(x)} points")
    if len(x) < 2:
        raise InputError("values", y, "must be two or more")
    if (n < 1).any() or (s < 0).any():
        raise InputError("counts", n, "must be at least 1, and scatter at least 0")
    return x, y, n, s


def _merged(points: Array, values: Array, counts: Array, scatter: Array) -> tuple[Array, Array, Array, Array]:
    """Merge equal points to one with all their replicates."""
    x, place = np.unique(points, axis=0, return_inverse=True)
    if len(x) == len(points):
        return points, values, counts, scatter
    place = place.ravel()

    def summed(numbers: Array) -> Array:
        return np.asarray(np.bincount(place, numbers), dtype=np.float64)

    n = summed(counts)
    mean = summed(counts * values) / n
    return x, mean, n, summed(scatter + counts * (values - mean[place]) ** 2)
