"""Lyapunov exponents of maps and flows, and their statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.lyapunov.qr import Advance, State, stretches
from hrsnn.display import Tabular
from hrsnn.errors import InputError
from hrsnn.runtime.seeds import generator
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, float_vector, positive
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

Array = NDArray[np.float64]

#: Largest number of batches for the standard error.
_BATCHES = 20


@dataclass(frozen=True)
class GrowthRates(Tabular):
    """Lyapunov exponents, largest first, with their standard errors and convergence."""

    exponents: Array  #: (k,) per unit of time, descending
    standard_error: Array  #: (k,) from batch means along the trajectory; nan with fewer than four batches
    convergence: Array  #: (stretches, k) running estimates of the exponents
    times: Array  #: (stretches,) ends of the stretches

    def table(self) -> dict[str, NDArray[Any]]:
        """Return the exponents as a table, columns by name: index, exponent and standard error."""
        index = np.arange(1, len(self.exponents) + 1)
        return {"index": index, "exponent": self.exponents, "standard_error": self.standard_error}

    def plot(self, figure: Figure | SubFigure | None = None) -> Figure:
        """Draw the spectrum and its convergence, two panels; see :func:`hrsnn.analysis.figures.exponent_spectrum`."""
        from hrsnn.analysis.figures import exponent_spectrum

        return exponent_spectrum(self, figure=figure)

    @property
    def kaplan_yorke(self) -> float:
        """Kaplan-Yorke dimension; see :func:`kaplan_yorke_dimension`."""
        return kaplan_yorke_dimension(self.exponents)


def rates_of(log_growth: Array, lengths: Array, known: Array | None = None) -> GrowthRates:
    """Compute exponents from `log_growth` (stretches, k) over `lengths` (stretches,).

    `known` are further exponents that are known exactly.
    """
    exact = np.empty(0) if known is None else known
    convergence = np.cumsum(log_growth, axis=0) / np.cumsum(lengths)[:, None]
    convergence = np.hstack([convergence, np.broadcast_to(exact, (len(lengths), len(exact)))])
    error = np.append(batch_error(log_growth, lengths), np.zeros(len(exact)))
    order = np.argsort(-convergence[-1], kind="stable")
    return GrowthRates(convergence[-1, order], error[order], convergence[:, order], np.cumsum(lengths))


def batch_error(log_growth: Array, lengths: Array) -> Array:
    """Compute the standard error of the growth rates from the means of batches of consecutive stretches."""
    count = min(_BATCHES, len(lengths) // 2)
    if count < 4:
        return np.full(log_growth.shape[1], np.nan)
    edges = np.linspace(0, len(lengths), count + 1).astype(int)[:-1]
    with np.errstate(invalid="ignore"):  # a lost direction is -inf everywhere
        means = np.add.reduceat(log_growth, edges, axis=0) / np.add.reduceat(lengths, edges)[:, None]
        return np.asarray(means.std(axis=0, ddof=1) / np.sqrt(count))


@takes()
def kaplan_yorke_dimension(exponents: ArrayLike) -> float:
    """Kaplan-Yorke dimension, ``j + sum_{i <= j} lambda_i / |lambda_{j+1}|``, j the largest with a non-negative sum.

    Parameters
    ----------
    exponents : array (k,)

    Returns
    -------
    float
        0 when the largest is negative; nan when the sum of the given exponents is positive: more exponents are needed (or
        volumes grow).

    References
    ----------
    J. L. Kaplan and J. A. Yorke, Lecture Notes in Mathematics 730 (1979), 204.

    Examples
    --------
    >>> round(kaplan_yorke_dimension([0.906, 0.0, -14.572]), 3)
    2.062
    """
    descending = np.sort(float_vector("exponents", exponents, "Hz"))[::-1]
    sums = np.cumsum(descending)
    below = np.flatnonzero(sums < 0)
    if not len(below):
        return float("nan") if len(sums) == 0 or sums[-1] > 0 else float(len(sums))
    j = int(below[0])
    return float(j + (sums[j - 1] / abs(descending[j]) if j else 0.0))


@takes()
def lyapunov_exponents(
    advance: Advance[State],
    state: State,
    dimension: int,
    *,
    count: int | None = None,
    interval: float = 1.0,
    intervals: int = 1000,
    washout: int = 100,
    shortest: float = 1.0,
    seed: int = 0,
) -> GrowthRates:
    """Compute Lyapunov exponents of any system by the QR method along one trajectory (Benettin et al. 1980).

    ``lambda_k = sum of log R_kk / time``: the tangent vectors are propagated over each interval and then orthonormalised.

    Parameters
    ----------
    advance : callable
        ``advance(state, tangent, length) -> (state, tangent)``; see :func:`iterated` and :func:`integrated`.
    state : object
        Initial state; it includes input that is the same for all trajectories.
    dimension : int
        Number of rows of the tangent.
    count : int, optional
        Number of largest exponents; all by default.
    interval : float
        Time (or steps of a map) between orthonormalisations.
    intervals, washout : int
        Number of intervals used, and of those before them in which trajectory and vectors converge.
    shortest : float
        An interval over which the vectors become ill-conditioned is halved, but not to less than this: 1 for maps.
    seed : int
        Seed of the initial vectors.

    Returns
    -------
    GrowthRates
        Per unit of `interval`.

    Raises
    ------
    InputError
        When an option is out of range.
    DivergenceError
        When the tangent is no longer finite.

    Notes
    -----
    The standard error is computed from batches of this one trajectory: it is too small if convergence is slower than a
    twentieth of the trajectory.

    References
    ----------
    G. Benettin, L. Galgani, A. Giorgilli and J.-M. Strelcyn, Meccanica 15 (1980), 9.

    Examples
    --------
    >>> step = lambda state, tangent: (state, np.diag([3.0, 0.5]) @ tangent)
    >>> lyapunov_exponents(iterated(step), None, dimension=2).exponents.round(6)
    array([ 1.098612, -0.693147])
    """
    dimension, intervals = count_of("dimension", dimension), count_of("intervals", intervals)
    count = dimension if count is None else count_of("count", count)
    interval, washout = positive("interval", interval, "time"), count_of("washout", washout, 0)
    if count > dimension:
        raise InputError("count", count, f"must be at most {dimension}, the dimension")
    needed = 8 * (4 * dimension * count + 5 * intervals * count) + 100 * intervals
    sizes = (dimension, count, intervals)
    check_memory("dimension, count, intervals", sizes, needed, "the tangent vectors and what they grow by")
    vectors = np.linalg.qr(generator(seed, "tangent vectors").normal(size=(dimension, count)))[0]
    lengths = chain(repeat(interval, washout), repeat(interval, intervals))
    start = washout * interval * (1 + 1e-12)
    done, growth, taken = 0.0, [], []
    for stretch in stretches(advance, state, vectors, lengths, shortest=shortest):
        done += stretch.length
        if done > start:
            growth.append(stretch.log_growth)
            taken.append(stretch.length)
    return rates_of(np.array(growth), np.array(taken))


@takes()
def iterated(step: Callable[[State, Array], tuple[State, Array]]) -> Advance[State]:
    """Return an `Advance` that iterates a map, ``step(state, tangent) -> (state, jacobian @ tangent)``, `length` times.

    Examples
    --------
    >>> henon = lambda x, t: (np.array([1 - 1.4 * x[0] ** 2 + x[1], 0.3 * x[0]]), np.array([[-2.8 * x[0], 1], [0.3, 0]]) @ t)
    >>> found = lyapunov_exponents(iterated(henon), np.array([0.1, 0.1]), 2, intervals=20_000)
    >>> bool(abs(found.exponents[0] - 0.419) < 0.01), round(float(found.exponents.sum()), 6)  # log 0.3
    (True, -1.203973)
    """

    def advance(state: State, tangent: Array, length: float) -> tuple[State, Array]:
        for _ in range(round(length)):
            state, tangent = step(state, tangent)
        return state, tangent

    return advance


@takes()
def integrated(drift: Callable[[Array], Array], jacobian: Callable[[Array], Array], longest_step: float) -> Advance[Array]:
    """Return an `Advance` that integrates an ODE and its variational equation by the same Runge-Kutta steps.

        dx/dt = drift(x),    dT/dt = jacobian(x) T

    Examples
    --------
    >>> decay = integrated(lambda x: -x, lambda x: -np.eye(1), longest_step=0.1)
    >>> state, tangent = decay(np.ones(1), np.ones((1, 1)), 1.0)
    >>> bool(np.allclose([state[0], tangent[0, 0]], np.exp(-1), rtol=1e-6))
    True
    """

    def advance(state: Array, tangent: Array, length: float) -> tuple[Array, Array]:
        steps = max(1, int(np.ceil(length / longest_step * (1 - 1e-12))))
        h = length / steps
        for _ in range(steps):
            # the tangent map of the Runge-Kutta step itself: the Jacobian of each stage at the state of that stage
            k1, t1 = drift(state), jacobian(state) @ tangent
            x = state + h / 2 * k1
            k2, t2 = drift(x), jacobian(x) @ (tangent + h / 2 * t1)
            x = state + h / 2 * k2
            k3, t3 = drift(x), jacobian(x) @ (tangent + h / 2 * t2)
            x = state + h * k3
            k4, t4 = drift(x), jacobian(x) @ (tangent + h * t3)
            state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            tangent = tangent + h / 6 * (t1 + 2 * t2 + 2 * t3 + t4)
        return state, tangent

    return advance
