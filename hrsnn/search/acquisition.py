"""Expected improvement, and its maximisation in the unit cube."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import erfcx, ndtr

from hrsnn.validation.units import takes

Array = NDArray[np.float64]

_ITERATIONS, _STEP = 15, 1e-5


@takes()
def expected_improvement(mean: ArrayLike, deviation: ArrayLike, best: float) -> Array:
    """Return the expected improvement over `best` of normally distributed values.

    ``EI = E[max(y - best, 0)] = s (z Phi(z) + phi(z))``, with ``z = (mean - best) / s``, for maximisation.

    Parameters
    ----------
    mean, deviation : array
    best : float
        The largest value so far. For minimisation, pass the negatives of the means and of the smallest value.

    Returns
    -------
    array
        0 where the deviation is 0.

    Examples
    --------
    >>> expected_improvement([1.0, 1.0], [1.0, 0.0], best=1.0).round(6)
    array([0.398942, 0.      ])

    References
    ----------
    Jones et al. (1998), Efficient global optimization of expensive black-box functions, J. Glob. Optim. 13, eq. 15.
    """
    m, s = np.broadcast_arrays(np.asarray(mean, dtype=np.float64), np.asarray(deviation, dtype=np.float64))
    known = s <= 0
    z = (m - best) / np.where(known, 1.0, s)
    found = s * (z * ndtr(z) + np.exp(-z * z / 2) / np.sqrt(2 * np.pi))
    return np.where(known, 0.0, np.maximum(found, 0.0))


def log_expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """Return the logarithm of :func:`expected_improvement`, finite also where that rounds to 0, for its gradient."""
    s = np.maximum(deviation, 1e-12)
    z = (mean - best) / s
    far = np.minimum(z, -1.0)
    # phi(z) + z Phi(z) = phi(z) (1 + z Phi(z) / phi(z)), and Phi / phi = sqrt(pi/2) erfcx(-z / sqrt 2)
    tail = np.where(far > -1e3, 1 + far * np.sqrt(np.pi / 2) * erfcx(-far / np.sqrt(2)), far**-2.0)
    of_far = -far * far / 2 - np.log(2 * np.pi) / 2 + np.log(np.maximum(tail, 1e-300))
    near = np.maximum(z, -1.0)
    of_near = np.log(near * ndtr(near) + np.exp(-near * near / 2) / np.sqrt(2 * np.pi))
    return np.asarray(np.log(s) + np.where(z < -1, of_far, of_near))


def maximise(
    function: Callable[[Array], Array],
    dimensions: int,
    rng: np.random.Generator,
    near: Array | None = None,
    *,
    candidates: int = 512,
    around: int = 64,
    starts: int = 3,
) -> Array:
    """Return an approximate maximum in the unit cube of a vectorised function.

    Parameters
    ----------
    function : callable
        Function from points (n, dimensions) to values (n,).
    dimensions : int
    rng : numpy.random.Generator
    near : array (k, dimensions), optional
        Points around which to place further candidates, such as the best so far.
    candidates, around : int
        Number of points of a scrambled Sobol sequence, a power of 2, and number of points around each of `near`.
    starts : int
        Number of best candidates from which L-BFGS-B starts.

    Returns
    -------
    array (dimensions,)

    Notes
    -----
    Gradients are forward differences, with all points of an iteration evaluated in one call.
    """
    from scipy.stats import qmc

    tried = [qmc.Sobol(dimensions, rng=rng).random(candidates)]
    for point in np.empty((0, dimensions)) if near is None else near:
        width = 10 ** rng.uniform(-2.5, -0.5, size=(around, 1))
        moved = rng.random((around, dimensions)) < np.maximum(0.3, 1 / dimensions)
        tried.append(np.clip(point + moved * width * rng.normal(size=(around, dimensions)), 0, 1))
    every = np.concatenate(tried)
    values = function(every)
    order = np.argsort(-values, kind="stable")
    best, best_value = every[order[0]], float(values[order[0]])

    def down(point: Array) -> tuple[float, Array]:
        step = np.where(point + _STEP > 1, -_STEP, _STEP)
        found = -function(np.concatenate([point[None], point + np.diag(step)]))
        return float(found[0]), (found[1:] - found[0]) / step

    for start in every[order[:starts]]:
        end = minimize(
            down, start, jac=True, method="L-BFGS-B", bounds=[(0, 1)] * dimensions, options={"maxiter": _ITERATIONS}
        )
        if -float(end.fun) > best_value:
            best, best_value = np.clip(end.x, 0, 1), -float(end.fun)
    return np.asarray(best)
