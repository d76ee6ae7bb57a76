"""Linear memory capacity: how much of the past inputs a linear readout finds in the present state."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.capacity.lagged_products import lagged_products
from hrsnn.analysis.forecasting.ridge import ALPHAS, RidgePath, check_alphas
from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.preprocessing import LEAST_DEVIATION, Standardiser
from hrsnn.runtime.seeds import generator
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes

Array = NDArray[np.float64]

ROWS_PER_STATE = 3
_FEWEST_ROWS = 20


class CapacityWarning(HrsnnWarning):
    """The capacity is returned but says less than it seems: too short a series, or no state that varies."""


@dataclass(frozen=True)
class MemoryCapacity:
    """The memory of one run; entry ``tau - 1`` of each curve belongs to a delay of tau values.

    Attributes
    ----------
    total : float
        The capacity C, ``corrected.sum()``.
    curve : array, shape (max_delay,)
        Raw held-out r^2, between 0 and 1.
    corrected : array, shape (max_delay,)
        ``curve - surrogate`` where `curve` is over `surrogate_95`, else 0.
    interval : (float, float)
        Confidence interval of `total` by a moving-block bootstrap of the held-out rows: how far another stretch of the
        same run would move it. Other networks and other inputs need other runs.
    surrogate, surrogate_95 : array, shape (max_delay,)
        Mean and 95th percentile of r^2 over the shuffled inputs.
    span : float
        The delay up to which the curve stays over `surrogate_95` from delay 1 on; in ms when `hold` was given, else in
        values.
    alpha : array, shape (max_delay,)
        The ridge penalty chosen for each delay, relative to a state's variance.
    hold : float or None
        How long each value was held (ms), as given.
    states_used : int
        States left after those were dropped that hardly vary.
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


@dataclass(frozen=True)
class _Slices:
    """Three runs of rows that share no input value: a gap of at least the longest delay lies between them."""

    train: slice
    validation: slice
    test: slice

    @property
    def both(self) -> slice:
        """Training and validation, with the gap between them, for the last fit."""
        return slice(self.train.start, self.validation.stop)


@takes(hold="ms")
def memory_capacity(
    states: ArrayLike,
    inputs: ArrayLike,
    max_delay: int = 100,
    *,
    washout: int = 200,
    shares: tuple[float, float, float] = (0.6, 0.15, 0.25),
    alphas: Sequence[float] = ALPHAS,
    surrogates: int = 20,
    bootstrap: int = 200,
    confidence: float = 0.95,
    hold: float | None = None,
    least_deviation: float = LEAST_DEVIATION,
    seed: int = 0,
) -> MemoryCapacity:
    """Memory capacity: how many past inputs can be read, linearly, from the state.

    ``C = sum over tau = 1..max_delay of max(r_tau^2 - mean surrogate_tau, 0)`` over the delays whose r_tau^2 is over
    the surrogates' 95th percentile, ``r_tau^2 = corr(u(t - tau), y_tau(t))^2`` on rows that no fit has seen.

    The rows after the washout are cut, in this order, into a training, a validation and a held-out slice, with
    `max_delay` rows between them so that they share no input value. For each delay a ridge readout y_tau is fitted to
    the training slice with every penalty, the penalty with the highest r^2 on the validation slice is taken, and the
    readout is fitted again to both. The surrogates are the same with the inputs shuffled (and the penalties that the
    real inputs chose): what a readout of these states scores by chance.

    Parameters
    ----------
    states : array, shape (times, units)
        Row t is the state at the end of input value t; of any units, the same for all columns.
    inputs : array, shape (times,)
        Independent values u, uniform(-1, 1) by convention; one a row, however long it is held.
    max_delay : int
        Longest delay, in values.
    washout : int
        Rows left out at the start; `max_delay` rows when that is more.
    shares : (float, float, float)
        How the rows that remain are divided into training, validation and held-out.
    alphas : sequence of float
        Penalties to try, relative to a state's variance.
    surrogates : int
        Shuffles of the inputs, at least 19: fewer have no 95th percentile.
    bootstrap : int
        Resamples for the interval, at least 20.
    confidence : float
        Of the interval.
    hold : float, optional
        How long each value was held (ms); then `span` is in ms.
    least_deviation : float
        Columns whose sd in training is below this share of the median column's are left out
        (:class:`hrsnn.preprocessing.Standardiser`).
    seed : int
        Of the shuffles and resamples.

    Returns
    -------
    MemoryCapacity

    Raises
    ------
    InputError
        When lengths do not match, a value is not finite, the inputs are constant, or there are fewer rows than the
        delays and slices need (the message says how many).

    Warns
    -----
    CapacityWarning
        When training and validation together have fewer than 3 rows a state: C is then too low. When no state varies:
        C is 0.

    Notes
    -----
    For independent inputs and any network of N states, C <= N (Jaeger 2001). A delay that is read without error counts
    1 less the surrogates' mean, which is about 1 / (held-out rows). For dependent inputs r^2 also rewards a
    state that knows the present input only; take the value as a memory for independent inputs alone. The interval's
    blocks are twice as long as the memory's span (at least the cube root of the number of rows), and it is the normal
    one, total +- z sd: resampling adds to every r^2, which would shift percentiles. Over leaky integrators of known
    capacity the 95 % interval held it in 88 to 98 % of the runs, but in 70 % where the held-out slice had only some
    fifteen times the length of the memory's span.

    One eigendecomposition a fit serves all delays, penalties and surrogates: 1000 states, 100 delays and 10^4 rows
    take about 1.6 s on one thread.

    Examples
    --------
    A delay line of three steps remembers three inputs.

    >>> u = np.random.default_rng(0).uniform(-1, 1, 2000)
    >>> line = np.stack([np.roll(u, delay) for delay in (1, 2, 3)], axis=1)
    >>> memory = memory_capacity(line, u, max_delay=5, hold=20)
    >>> round(memory.total, 2), memory.span
    (2.99, 60.0)

    References
    ----------
    H. Jaeger, "Short term memory in echo state networks", GMD Report 152 (2001). The paper, section on memory capacity.
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
    # "weibull": the chance to be over it is 5 % for few surrogates too; the default rule makes it 9 % for 20
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
    """For each delay the penalty with the highest r^2 on the validation slice; of equals the largest."""
    path = RidgePath(z[cut.train])
    projected, frame, wanted = path.project(targets[cut.train]), path.frame(z[cut.validation]), targets[cut.validation]
    descending = np.sort(penalties)[::-1]
    scores = [_squared_correlation(frame @ path.shrink(projected, alpha), wanted) for alpha in descending]
    return np.asarray(descending[np.argmax(scores, axis=0)])


def _shuffled_curves(last: RidgePath, frame: Array, shuffled: Array, cut: _Slices, alpha: Array) -> Array:
    """Held-out r^2 of each of the `shuffled` inputs (surrogates, times), with the penalties of the real ones."""
    max_delay = len(alpha)
    # the mean is no part of r^2, and lost digits if it were large
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
    """Column ``tau - 1`` holds ``values[t - tau]``; a view, its first `max_delay` rows wrap round and are never used."""
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
    """The total for `count` resamples of the held-out rows, in blocks (moving-block bootstrap)."""
    rows = len(target)
    block = min(max(round(rows ** (1 / 3)), block), rows // 3)
    starts = generator(seed, "memory_capacity", "bootstrap").integers(0, rows - block + 1, size=(count, -(-rows // block)))
    chosen = (starts[:, :, None] + np.arange(block)).reshape(count, -1)[:, :rows]
    weight = np.stack([np.bincount(one, minlength=rows) for one in chosen]) / rows
    # from the sample's mean, so that the differences of moments below do not cancel
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
    """States (times, units) and inputs (times,) as finite arrays of one length, or an error."""
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
    """By trial (test_limits.py): copies of the states, targets, shuffled inputs, and rows that are drawn again."""
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
    if len(shares) != 3 or not all(share > 0 for share in shares) or abs(sum(shares) - 1) > 1e-9:
        raise InputError("shares", shares, "must be three positive numbers that sum to 1")
    if not 0 < confidence < 1:
        raise InputError("confidence", confidence, "must be between 0 and 1")
    if hold is not None and not (np.isfinite(hold) and hold > 0):
        raise InputError("hold", hold, "must be positive (ms)")
