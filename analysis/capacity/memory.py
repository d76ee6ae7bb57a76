"""Linear memory capacity of reservoir states."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.capacity.lagged_products import lagged_products
from hrsnn.display import Tabular
from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.preprocessing import LEAST_DEVIATION, Standardiser
from hrsnn.regression.ridge import ALPHAS, RidgePath, check_alphas
from hrsnn.runtime.seeds import generator
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, float_vector
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

ROWS_PER_STATE = 3
_FEWEST_ROWS = 20


class CapacityWarning(HrsnnWarning):
    """Warning that a returned capacity is unreliable: the series is too short, or no state varies."""


@dataclass(frozen=True)
class MemoryCapacity(Tabular):
    """Memory capacity of one run; entry ``tau - 1`` of each curve belongs to a delay of tau values.

    Attributes
    ----------
    total : float
        Capacity C, ``corrected.sum()``.
    curve : array, shape (max_delay,)
        Raw held-out r^2, between 0 and 1.
    corrected : array, shape (max_delay,)
        ``curve - surrogate`` where `curve` is over `surrogate_95`, else 0.
    interval : (float, float)
        Confidence interval of `total` by a moving-block bootstrap of the held-out rows: its variation over segments of the
        same run. It does not cover variation over networks and inputs.
    surrogate, surrogate_95 : array, shape (max_delay,)
        Mean and 95th percentile of r^2 over the shuffled inputs.
    span : float
        Delay up to which the curve stays over `surrogate_95` from delay 1 on; in ms when `hold` was given, else in values.
    alpha : array, shape (max_delay,)
        Ridge penalty chosen for each delay, relative to the variance of a state.
    hold : float or None
        Time for which each value was held (ms), as given.
    states_used : int
        Number of states used, without those that hardly vary.
    rows : (int, int, int)
        Rows of the training, validation and held-out slices.
    """

    total: float
    curve: Array
    corrected: Array
    interval: tuple[float, float]
    surrogate: Array
    surrogate_95: Array
    span: float
    alpha: Array
    hold: float | None
    states_used: int
    rows: tuple[int, int, int]

    def table(self) -> dict[str, Array]:
        """Return the curve as a table with a row for each delay: columns by name."""
        delays = np.arange(1, len(self.curve) + 1)
        times = {} if self.hold is None else {"delay_ms": delays * self.hold}
        curves = {name: getattr(self, name) for name in ("corrected", "surrogate", "surrogate_95", "alpha")}
        return {"delay": delays, **times, "r2": self.curve, **curves}

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw the curve; see :func:`hrsnn.analysis.figures.memory_curve`."""
        from hrsnn.analysis.figures import memory_curve

        return memory_curve(self, ax=ax)

    @property
    def bits(self) -> float:
        """Memory in bits per value, ``-1/2 sum over tau of log2(1 - corrected_tau)``.

        For jointly Gaussian u(t - tau) and y_tau(t) a term is their mutual information; for uniform values this is at least
        the term minus 0.25 bits. A capacity of many poorly read values has fewer bits than one of few that are read well.
        Each term is at most that of an r^2 of 1 - 1/(held-out rows), which is what so many rows can tell.
        """
        most = 1 - 1 / (self.rows[2])
        return float(-0.5 * np.log2(1 - np.minimum(self.corrected, most)).sum())


@dataclass(frozen=True)
class _Slices:
    """Three slices of rows that share no input value, separated by gaps of at least the longest delay."""

    train: slice
    validation: slice
    test: slice

    @property
    def both(self) -> slice:
        """Training and validation slices with the gap between them, for the final fit."""
        return slice(self.train.start, self.validation.stop)


#: Default shares of the rows for training, validation and held-out slice.
_SHARES = (0.6, 0.15, 0.25)


@takes()
def held_out(times: int, max_delay: int = 100, washout: int = 200) -> slice:
    """Return the rows that :func:`memory_capacity` scores, with its default shares; all earlier ones are for fitting.

    Examples
    --------
    >>> held_out(1000, max_delay=10)
    slice(805, 1000, None)
    """
    return _cut(times, max_delay, washout, _SHARES).test


@takes(hold="ms")
def memory_capacity(
    states: ArrayLike,
    inputs: ArrayLike,
    max_delay: int = 100,
    *,
    washout: int = 200,
    shares: tuple[float, float, float] = _SHARES,
    alphas: Sequence[float] = ALPHAS,
    surrogates: int = 20,
    bootstrap: int = 200,
    confidence: float = 0.95,
    hold: float | None = None,
    least_deviation: float = LEAST_DEVIATION,
    seed: int = 0,
) -> MemoryCapacity:
    """Compute the memory capacity: the number of past inputs that can be read linearly from the state.

    ``C = sum over tau = 1..max_delay of max(r_tau^2 - mean surrogate_tau, 0)`` over the delays whose r_tau^2 is over
    the surrogates' 95th percentile, ``r_tau^2 = corr(u(t - tau), y_tau(t))^2`` on rows not used in any fit.

    The rows after the washout are divided, in this order, into a training, a validation and a held-out slice, with
    `max_delay` rows between them so that they share no input value. For each delay a ridge readout y_tau is fitted to
    the training slice with every penalty, the penalty with the highest r^2 on the validation slice is chosen, and the
    readout is fitted again to both. The surrogates are computed in the same way with shuffled inputs (and the penalties
    chosen for the real inputs): the chance level of a readout of these states.

    Parameters
    ----------
    states : array, shape (times, units)
        Row t is the state at the end of input value t; of any units, the same for all columns.
    inputs : array, shape (times,)
        Independent values u, uniform(-1, 1) by convention; one per row, however long it is held.
    max_delay : int
        Longest delay, in values.
    washout : int
        Rows omitted at the start; `max_delay` rows when that is more.
    shares : (float, float, float)
        Shares of the remaining rows for training, validation and held-out slice.
    alphas : sequence of float
        Penalties to try, relative to the variance of a state.
    surrogates : int
        Number of shuffles of the inputs, at least 19: fewer have no 95th percentile.
    bootstrap : int
        Number of resamples for the interval, at least 20.
    confidence : float
        Confidence level of the interval.
    hold : float, optional
        Time for which each value was held (ms); then `span` is in ms.
    least_deviation : float
        Columns whose sd in training is below this share of the median column's are omitted
        (:class:`hrsnn.preprocessing.Standardiser`).
    seed : int
        Seed of the shuffles and resamples.

    Returns
    -------
    MemoryCapacity

    Raises
    ------
    InputError
        When lengths do not match, a value is not finite, the inputs are constant, or there are fewer rows than the
        delays and slices need (the message gives the number).

    Warns
    -----
    CapacityWarning
        When training and validation together have fewer than 3 rows per state: C is then too low. When no state varies:
        C is 0.

    Notes
    -----
    For independent inputs and any network of N states, C <= N (Jaeger 2001). A delay that is read without error counts
    1 minus the surrogates' mean, which is about 1 / (held-out rows). For dependent inputs r^2 is positive even if the state
    depends on the present input only: C measures memory for independent inputs only. The blocks of the bootstrap are twice
    as long as the memory span (at least the cube root of the number of rows). The interval is the normal one,
    total +- z sd: resampling increases every r^2, which would shift percentiles. For leaky integrators of known
    capacity the 95 % interval contained it in 88 to 98 % of the runs, but in 70 % where the held-out slice was only about
    fifteen times as long as the memory span.

    One eigendecomposition per fit is used for all delays, penalties and surrogates: 1000 states, 100 delays and 10^4 rows
    take about 1.6 s on one thread.

    Examples
    --------
    The memory of a delay line of three steps.

    >>> u = np.random.default_rng(0).uniform(-1, 1, 2000)
    >>> line = np.stack([np.roll(u, delay) for delay in (1, 2, 3)], axis=1)
    >>> memory = memory_capacity(line, u, max_delay=5, hold=20)
    >>> round(memory.total, 2), memory.span
    (2.99, 60.0)

    References
    ----------
    H. Jaeger, "Short term memory in echo state networks", GMD Report 152 (2001). Chakraborty & Mukhopadhyay (2024), section
    on memory capacity.
    """
    x, u = checked_series(states, inputs)
    penalties = check_alphas(alphas)
    _check_options(max_delay, washout, shares, surrogates, bootstrap, confidence, hold)
    cut = _cut(len(u), int(max_delay), int(washout), shares)
    _check_memory(x, max_delay, surrogates, bootstrap, cut.test.stop - cut.test.start)
    if np.ptp(u[cut.train]) == 0:
        raise InputError("inputs", u, "must vary")

    standardise = Standardiser(x[cut.train], least_deviation)
    used = int(standardise.kept.sum())
    rows = tuple(part.stop - part.start for part in (cut.train, cut.validation, cut.test))
    if used == 0:
        warnings.warn("no state varies in the training slice: the capacity is 0", CapacityWarning, stacklevel=3)
        nothing = np.zeros(max_delay)
        no_alpha = np.full(max_delay, np.nan)
        return MemoryCapacity(0.0, nothing, nothing, (0.0, 0.0), nothing, nothing, 0.0, no_alpha, hold, 0, rows)
    _warn_if_short(used, len(u), cut, shares, max_delay, washout)

    z = standardise(x)
    targets = _delayed(u, max_delay)
    alpha = _chosen_alpha(z, targets, cut, penalties)
    last = RidgePath(z[cut.both])
    frame = last.frame(z[cut.test])

    prediction, target = frame @ last.shrink(last.project(targets[cut.both]), alpha), targets[cut.test]
    curve = _squared_correlation(prediction, target)
    random = generator(seed, "memory_capacity", "surrogates")
    shuffled = np.stack([random.permutation(u) for _ in range(surrogates)])
    null = _shuffled_curves(last, frame, shuffled, cut, alpha)
    mean_null = null.mean(axis=0)
    # "weibull": the false-positive rate is 5 % even with few surrogates; with the default rule it is 9 % for 20
    null_95 = np.quantile(null, 0.95, axis=0, method="weibull")

    counted = (curve > null_95) & (curve > mean_null)
    corrected = np.where(counted, curve - mean_null, 0.0)
    total = float(corrected.sum())
    span = int(np.argmin(counted)) if not counted.all() else int(max_delay)
    resampled = _bootstrap_totals(prediction, target, mean_null, null_95, 2 * span, bootstrap, seed)
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * float(resampled.std())
    return MemoryCapacity(
        total=total,
        curve=curve,
        corrected=corrected,
        interval=(max(0.0, total - reach), total + reach),
        surrogate=mean_null,
        surrogate_95=null_95,
        span=float(span if hold is None else span * hold),
        alpha=alpha,
        hold=hold,
        states_used=used,
        rows=rows,
    )


def _chosen_alpha(z: Array, targets: Array, cut: _Slices, penalties: Array) -> Array:
    """Return for each delay the penalty with the highest r^2 on the validation slice, the largest one if several tie."""
    path = RidgePath(z[cut.train])
    projected, frame, wanted = path.project(targets[cut.train]), path.frame(z[cut.validation]), targets[cut.validation]
    descending = np.sort(penalties)[::-1]
    scores = [_squared_correlation(frame @ path.shrink(projected, alpha), wanted) for alpha in descending]
    return np.asarray(descending[np.argmax(scores, axis=0)])


def _shuffled_curves(last: RidgePath, frame: Array, shuffled: Array, cut: _Slices, alpha: Array) -> Array:
    """Compute the held-out r^2 of each of the `shuffled` inputs (surrogates, times), with the penalties of the real ones."""
    max_delay = len(alpha)
    # r^2 does not depend on the mean, but a large mean would cost digits
    centred = shuffled - shuffled.mean(axis=1, keepdims=True)
    products = lagged_products(last.rows, centred[:, cut.both.start - max_delay : cut.both.stop], max_delay)
    curves = []
    for values, product in zip(centred, products, strict=True):
        targets = _delayed(values, max_delay)
        offset = np.outer(last.count * last.mean, targets[cut.both].mean(axis=0))
        projected = last.vectors.T @ (product - offset) / last.count
        curves.append(_squared_correlation(frame @ last.shrink(projected, alpha), targets[cut.test]))
    return np.stack(curves)


def _delayed(values: Array, max_delay: int) -> Array:
    """Return a view whose column ``tau - 1`` is ``values[t - tau]``; its first `max_delay` rows are padding, never used."""
    padded = np.concatenate([np.zeros(max_delay), values])
    return np.lib.stride_tricks.sliding_window_view(padded, max_delay)[: len(values), ::-1]


def _squared_correlation(prediction: Array, target: Array) -> Array:
    """Squared Pearson correlation of each column; 0 where the prediction is constant."""
    p, y = prediction - prediction.mean(axis=0), target - target.mean(axis=0)
    both = np.einsum("ij,ij->j", p, y) ** 2
    product = np.einsum("ij,ij->j", p, p) * np.einsum("ij,ij->j", y, y)
    return np.asarray(np.minimum(np.divide(both, product, out=np.zeros_like(both), where=product > 0), 1.0))


def _bootstrap_totals(
    prediction: Array, target: Array, null: Array, null_95: Array, block: int, count: int, seed: int
) -> Array:
    """Compute the total for `count` resamples of the held-out rows (moving-block bootstrap)."""
    rows = len(target)
    block = min(max(round(rows ** (1 / 3)), block), rows // 3)
    starts = generator(seed, "memory_capacity", "bootstrap").integers(0, rows - block + 1, size=(count, -(-rows // block)))
    chosen = (starts[:, :, None] + np.arange(block)).reshape(count, -1)[:, :rows]
    weight = np.stack([np.bincount(one, minlength=rows) for one in chosen]) / rows
    # centred on the sample mean, so that the differences of moments below do not cancel
    p, y = prediction - prediction.mean(axis=0), target - target.mean(axis=0)
    mean_p, mean_y = weight @ p, weight @ y
    variance_p, variance_y = weight @ p**2 - mean_p**2, weight @ y**2 - mean_y**2
    both = (weight @ (p * y) - mean_p * mean_y) ** 2
    product = variance_p * variance_y
    squared = np.minimum(np.divide(both, product, out=np.zeros_like(both), where=product > 0), 1.0)
    return np.asarray(np.where(squared > null_95, np.maximum(squared - null, 0.0), 0.0).sum(axis=1))


def _cut(times: int, max_delay: int, washout: int, shares: tuple[float, float, float]) -> _Slices:
    start = max(washout, max_delay)
    free = times - start - 2 * max_delay
    validation, test = int(free * shares[1]), int(free * shares[2])
    train = free - validation - test
    if min(train, validation, test) < _FEWEST_ROWS:
        needed = start + 2 * max_delay + int(np.ceil((_FEWEST_ROWS + 1) / min(shares)))
        raise InputError(
            "states",
            f"{times} rows",
            f"needs at least {needed} for max_delay = {max_delay} and washout = {washout}: the washout, two gaps of "
            f"max_delay rows, and {_FEWEST_ROWS} rows in the smallest slice",
        )
    first = start + train
    second = first + max_delay + validation
    return _Slices(slice(start, first), slice(first + max_delay, second), slice(second + max_delay, times))


def _warn_if_short(
    used: int, times: int, cut: _Slices, shares: tuple[float, float, float], max_delay: int, washout: int
) -> None:
    train, validation = cut.train.stop - cut.train.start, cut.validation.stop - cut.validation.start
    if train + validation >= ROWS_PER_STATE * used:
        return
    needed = max(washout, max_delay) + 2 * max_delay + int(np.ceil(ROWS_PER_STATE * used / (shares[0] + shares[1])))
    warnings.warn(
        f"{times} values are few for {used} states, and the capacity is too low: training and validation should have "
        f"{ROWS_PER_STATE} rows a state, which takes {needed} values",
        CapacityWarning,
        stacklevel=4,
    )


def checked_series(states: ArrayLike, inputs: ArrayLike) -> tuple[Array, Array]:
    """Return states (times, units) and inputs (times,) as finite arrays of equal length, or raise an error."""
    x, u = np.asarray(states, dtype=np.float64), np.asarray(inputs, dtype=np.float64)
    if u.ndim == 2 and u.shape[1] == 1:
        u = u[:, 0]
    if u.ndim != 1 or u.size == 0:
        raise InputError("inputs", u.shape, "must have shape (times,)")
    if x.ndim != 2 or x.shape[1] == 0:
        raise InputError("states", x.shape, "must have shape (times, units)")
    if len(x) != len(u):
        raise InputError("states", x.shape, f"must have one row for each of the {len(u)} inputs")
    for field, array in (("states", x), ("inputs", u)):
        if not np.isfinite(array).all():
            raise InputError(field, array[~np.isfinite(array)][0], "must be finite")
    if np.ptp(u) == 0:
        raise InputError("inputs", u, "must vary")
    return x, u


def _check_memory(x: Array, max_delay: int, surrogates: int, bootstrap: int, tested: int) -> None:
    """Check the memory needed, measured in test_limits.py: copies of states, targets, shuffled inputs, resampled rows."""
    times, units = x.shape
    needed = {
        ("states", times): 40 * x.size,
        ("max_delay", max_delay): 20 * times * max_delay,
        ("surrogates", surrogates): 56 * surrogates * times + 16 * surrogates * units * max_delay,
        ("bootstrap", bootstrap): 24 * bootstrap * tested,
    }
    field, value = max(needed, key=lambda one: needed[one])
    check_memory(field, value, sum(needed.values()), "the memory capacity")


def _check_options(
    max_delay: int,
    washout: int,
    shares: tuple[float, float, float],
    surrogates: int,
    bootstrap: int,
    confidence: float,
    hold: float | None,
) -> None:
    for field, value, least in (
        ("max_delay", max_delay, 1),
        ("washout", washout, 0),
        ("surrogates", surrogates, 19),
        ("bootstrap", bootstrap, 20),
    ):
        count_of(field, value, least)
    parts = float_vector("shares", shares)
    if len(parts) != 3 or not (parts > 0).all() or abs(parts.sum() - 1) > 1e-9:
        raise InputError("shares", shares, "must be three positive numbers that sum to 1")
    if not 0 < confidence < 1:
        raise InputError("confidence", confidence, "must be between 0 and 1")
    if hold is not None and not (np.isfinite(hold) and hold > 0):
        raise InputError("hold", hold, "must be positive (ms)")
