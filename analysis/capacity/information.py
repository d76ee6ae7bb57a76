"""Information processing capacity: the linear and nonlinear functions of past inputs in the present state."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement, groupby, islice
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import qr, svd
from scipy.special import chdtri, eval_legendre

from hrsnn.analysis.capacity.memory import CapacityWarning, checked_series
from hrsnn.display import Tabular
from hrsnn.errors import InputError
from hrsnn.preprocessing import LEAST_DEVIATION, Standardiser
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
#: One function of the basis: (delay, degree) of each of its factors.
Factors = tuple[tuple[int, int], ...]

#: Longest delay for each degree; some 8000 functions.
DELAYS: Mapping[int, int] = {1: 100, 2: 50, 3: 30, 4: 8, 5: 5}

_FEWEST_ROWS = 20
_ROWS_PER_STATE = 5
_MOST_FUNCTIONS = 1_000_000
#: Numbers in a block of basis functions: 32 MB.
_BLOCK = 4_000_000
#: p-value of the test that the inputs are uniform below which a warning is given.
_SURPRISE = 1e-6


@dataclass(frozen=True)
class InformationCapacity(Tabular):
    """Information processing capacity by degree; entry k of each array belongs to ``degrees[k]``.

    Attributes
    ----------
    total : float
        Sum of all capacities over the threshold; for a large number of rows at most `states_used`.
    degrees : array of int, shape (degrees,)
    by_degree : array, shape (degrees,)
        Sum of the capacities over the threshold.
    functions, found : array of int, shape (degrees,)
        Number of basis functions evaluated, and of those over the threshold.
    reach : array of int, shape (degrees,)
        Longest delay in a function over the threshold, -1 without one. If it equals the longest requested delay, longer
        delays may contribute as well.
    linear_curve : array, shape (longest delay of degree 1, plus 1)
        Capacity of ``u(t - tau)``, tau = 0 first, 0 under the threshold; empty when degree 1 was not requested.
    threshold : float
        In-sample capacity above which a function is counted.
    states_used : int
        Number of linearly independent states: the rank of the state matrix.
    rows : int
        Rows used, after the washout.
    """

    total: float
    degrees: NDArray[np.int64]
    by_degree: Array
    functions: NDArray[np.int64]
    found: NDArray[np.int64]
    reach: NDArray[np.int64]
    linear_curve: Array
    threshold: float
    states_used: int
    rows: int

    def table(self) -> dict[str, NDArray[Any]]:
        """Return the capacities as a table with a row for each degree: columns by name."""
        names = ("degrees", "by_degree", "functions", "found", "reach")
        return dict(zip(("degree", "capacity", *names[2:]), (getattr(self, name) for name in names), strict=True))

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw the capacities; see :func:`hrsnn.analysis.figures.capacity_by_degree`."""
        from hrsnn.analysis.figures import capacity_by_degree

        return capacity_by_degree({"": self}, ax=ax)

    @property
    def linear(self) -> float:
        """Capacity of degree 1, 0 when it was not requested."""
        return float(self.by_degree[self.degrees == 1].sum())

    @property
    def nonlinear(self) -> float:
        """Summed capacity of all degrees above 1."""
        return float(self.by_degree[self.degrees > 1].sum())


@takes()
def information_capacity(
    states: ArrayLike,
    inputs: ArrayLike,
    delays: Mapping[int, int] = DELAYS,
    *,
    washout: int = 200,
    significance: float = 1e-4,
    least_deviation: float = LEAST_DEVIATION,
    tolerance: float = 1e-10,
) -> InformationCapacity:
    """Compute the capacity of the states for functions of the past inputs, each orthogonal to all others.

    ``C[z] = 1 - min_w mean((z - w x)^2) / mean(z^2)`` for ``z(t) = product of P_d(u(t - tau))`` over all combinations of
    delays tau and degrees d with a given sum of the degrees; P_d are the Legendre polynomials, which are orthogonal for
    inputs that are independent and uniform(-1, 1). Then the capacities of all z sum up to at most the number of
    independent states, and reach it when the states are functions of the past inputs with fading memory.

    For a z that is unrelated to the n independent states, ``T C`` over T rows is approximately chi-square(n) distributed:
    capacities below its quantile 1 - `significance` are set to 0, larger ones are corrected for bias,
    ``(C - n/T) / (1 - n/T)``.

    Parameters
    ----------
    states : array, shape (times, units)
        Row t is the state at the end of input value t; of any units, the same for all columns.
    inputs : array, shape (times,)
        Independent values, uniform(-1, 1).
    delays : mapping of int to int
        For each degree the longest delay (0: the present input alone). Degree d with the longest delay D has
        ``(D + d)! / (D! d!)`` functions.
    washout : int
        Rows omitted at the start; as many as the longest delay when that is more.
    significance : float
        Probability that an unrelated function passes the threshold.
    least_deviation : float
        Columns whose sd is below this share of the median column's are omitted (:class:`hrsnn.preprocessing.Standardiser`).
    tolerance : float
        Singular values of the standardised states below this, relative to the largest, are treated as rounding error.

    Returns
    -------
    InformationCapacity

    Raises
    ------
    InputError
        When lengths do not match, a value is not finite, an input is outside [-1, 1] or constant, there are fewer rows than
        the delays need, no more rows than states, or over a million functions are requested.

    Warns
    -----
    CapacityWarning
        When there are fewer than 5 rows per state, so that the threshold hides small capacities; when the inputs are not
        uniform or not independent, so that the functions overlap; when no state varies, and all capacities are 0.

    Notes
    -----
    Capacities are in-sample, unlike those of :func:`hrsnn.analysis.memory_capacity`: the bound on the sum requires it, and
    the threshold corrects for it. In states without noise, directions too small for any readout with noise are counted too.
    Delays and degrees beyond `delays` are not counted: compare `total` with `states_used`.

    One factorisation of the states is used for all functions, which are evaluated in blocks.

    Examples
    --------
    States that are the previous input and the square of the one before it.

    >>> u = np.random.default_rng(0).uniform(-1, 1, 5000)
    >>> states = np.stack([np.roll(u, 1), np.roll(u, 2) ** 2], axis=1)
    >>> capacity = information_capacity(states, u, {1: 10, 2: 5, 3: 3})
    >>> capacity.by_degree.round(2), capacity.reach
    (array([1., 1., 0.]), array([ 1,  2, -1]))

    References
    ----------
    J. Dambre et al., "Information processing capacity of dynamical systems", Scientific Reports 2:514 (2012), eq. 3-7.
    T. Schulte to Brinke, M. Dick, R. Duarte & A. Morrison, "A refined information processing capacity metric allows an
    in-depth analysis of memory and nonlinearity trade-offs in neurocomputational systems", Sci. Rep. 13, 10517 (2023).
    """
    x, u = checked_series(states, inputs)
    longest = _checked_delays(delays)
    washout = max(count_of("washout", washout, 0), *longest.values())
    if not 0 < significance < 1:
        raise InputError("significance", significance, "must be between 0 and 1")
    if not 0 <= tolerance < 1:
        raise InputError("tolerance", tolerance, "must be from 0 to below 1")
    if np.abs(u).max() > 1:
        raise InputError("inputs", u[np.abs(u) > 1][0], "must be between -1 and 1: the polynomials are orthogonal there")
    rows = len(u) - washout
    if rows < _FEWEST_ROWS:
        needed = washout + _FEWEST_ROWS
        raise InputError("states", f"{len(u)} rows", f"needs at least {needed}: the washout of {washout} and {_FEWEST_ROWS}")
    check_memory("states", x.shape, 32 * x.size + 16 * (max(longest) + 1) * len(u), "the information capacity")
    _warn_of_inputs(u)

    frame = _orthonormal(x[washout:], least_deviation, tolerance)
    used = frame.shape[1]
    if used >= rows - 1:
        raise InputError("states", x.shape, f"must have more rows than the {used} independent states and the washout")
    if used == 0:
        warnings.warn("no state varies: the capacity is 0", CapacityWarning, stacklevel=3)
    elif rows < _ROWS_PER_STATE * used:
        warnings.warn(
            f"{len(u)} values are few for {used} states: capacities under {chdtri(used, significance) / rows:.2g} are "
            f"taken for 0; {_ROWS_PER_STATE} rows a state take {washout + _ROWS_PER_STATE * used} values",
            CapacityWarning,
            stacklevel=3,
        )
    threshold = min(float(chdtri(used, significance)) / rows, 1.0) if used else 1.0

    degrees = np.array(sorted(longest), dtype=np.int64)
    by_degree, found = np.zeros(len(degrees)), np.zeros(len(degrees), dtype=np.int64)
    reach, linear_curve = np.full(len(degrees), -1), np.zeros(longest.get(1, -1) + 1)
    for place, degree in enumerate(degrees):
        for functions, raw in _capacities(frame, u, washout, int(degree), longest[int(degree)]):
            over = np.flatnonzero(raw > threshold) if used else np.empty(0, dtype=np.intp)
            counted = np.maximum((raw[over] - used / rows) / (1 - used / rows), 0.0)
            by_degree[place] += counted.sum()
            found[place] += len(over)
            reach[place] = max([reach[place], *(max(delay for delay, _ in functions[one]) for one in over)])
            if degree == 1:
                linear_curve[[functions[one][0][0] for one in over]] = counted
    return InformationCapacity(
        total=float(by_degree.sum()),
        degrees=degrees,
        by_degree=by_degree,
        functions=np.array([comb(longest[int(degree)] + int(degree), int(degree)) for degree in degrees]),
        found=found,
        reach=reach,
        linear_curve=linear_curve,
        threshold=threshold,
        states_used=used,
        rows=rows,
    )


def _orthonormal(rows: Array, least_deviation: float, tolerance: float) -> Array:
    """Return an orthonormal basis (times, rank) of the centred and scaled columns that vary."""
    standardise = Standardiser(rows, least_deviation)
    if not standardise.kept.any():
        return np.empty((len(rows), 0))
    scaled = standardise(rows)
    scaled -= scaled.mean(axis=0)
    # not of the covariance: squaring would lose half of the digits that separate rank from rounding error
    basis, triangle = qr(scaled, mode="economic", overwrite_a=True, check_finite=False)
    left, sigma, _ = svd(triangle, full_matrices=False, check_finite=False)
    return np.asarray(basis @ left[:, sigma > tolerance * sigma[0]])


def _capacities(
    frame: Array, inputs: Array, washout: int, degree: int, longest: int
) -> Iterator[tuple[list[Factors], Array]]:
    """Yield the functions of one degree in blocks, with their in-sample capacities."""
    rows = len(frame)
    polynomials = [eval_legendre(order, inputs) for order in range(degree + 1)]
    block = np.empty((max(1, _BLOCK // rows), rows))
    functions = _functions(degree, longest)
    stem: Factors | None = None
    product = np.empty(rows)

    def factor(delay: int, order: int) -> Array:
        return np.asarray(polynomials[order][washout - delay : washout - delay + rows])

    while some := list(islice(functions, len(block))):
        for place, factors in enumerate(some):
            *first, last = factors
            if stem != tuple(first):  # the next one mostly differs only in its last factor
                stem = tuple(first)
                product = np.prod([factor(*one) for one in first], axis=0) if first else np.ones(rows)
            np.multiply(product, factor(*last), out=block[place])
        z = block[: len(some)]
        power = np.einsum("ij,ij->i", z, z) / rows - z.mean(axis=1) ** 2
        explained = ((z @ frame) ** 2).sum(axis=1) / rows
        yield some, np.divide(explained, power, out=np.zeros_like(power), where=power > 0)


def _functions(degree: int, longest: int) -> Iterator[Factors]:
    """Yield all products of Legendre polynomials of delayed inputs whose degrees sum up to `degree`."""
    for chosen in combinations_with_replacement(range(longest + 1), degree):
        yield tuple((delay, len(list(times))) for delay, times in groupby(chosen))


def _checked_delays(delays: Mapping[int, int]) -> dict[int, int]:
    if not isinstance(delays, Mapping) or not delays:
        raise InputError("delays", delays, "must map degrees to their longest delay, such as {1: 100, 2: 30}")
    checked = {count_of("degree", degree): count_of(f"delays[{degree}]", delay, 0) for degree, delay in delays.items()}
    for degree, delay in checked.items():  # the binomial of two large numbers is slow to compute
        if min(degree, delay) > _MOST_FUNCTIONS.bit_length():  # over 2^that many functions
            raise InputError(f"delays[{degree}]", delay, f"are too many functions; must be at most {_MOST_FUNCTIONS}")
    number = sum(comb(delay + degree, degree) for degree, delay in checked.items())
    if number > _MOST_FUNCTIONS:
        raise InputError("delays", dict(delays), f"are {number} functions; must be at most {_MOST_FUNCTIONS}")
    return checked


def _warn_of_inputs(inputs: Array) -> None:
    from scipy.stats import kstest  # here, as importing it takes half a second

    centred = inputs - inputs.mean()
    # for independent inputs sqrt(T) times this is about standard normal: the limit is 5 standard deviations
    correlation = float(centred[1:] @ centred[:-1] / (centred @ centred))
    problem = ""
    if kstest(inputs, "uniform", args=(-1, 2)).pvalue < _SURPRISE:
        problem = "uniform(-1, 1)"
    elif abs(correlation) > 5 / np.sqrt(len(inputs)):
        problem = "independent of each other"
    if problem:
        message = f"the inputs are not {problem}: the functions overlap, and the capacities may sum up to too much"
        warnings.warn(message, CapacityWarning, stacklevel=4)
