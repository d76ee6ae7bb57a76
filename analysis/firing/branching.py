"""Branching parameter of a population, from all of its neurons or a part of them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.firing.operations import UndefinedWarning
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.runtime.seeds import generator
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes

Array = NDArray[np.float64]

#: Range of time constants in the fit: from this many bins (no correlation after one bin) to this multiple of the lags.
_SHORTEST, _LONGEST = 0.2, 10.0
#: Number of blocks that a series is divided into, and the fewest for which an interval is meaningful.
_BLOCKS, _FEWEST_BLOCKS = 50, 10
#: Sum of squares of the slopes that the fit must explain, in units of their variance without correlation, 1/times.
_LEAST_EXPLAINED = 15.0


@dataclass(frozen=True)
class Branching(Displayed):
    """Branching parameter with its interval, as returned by :func:`branching_parameter`.

    Attributes
    ----------
    parameter : float
        m, mean number of spikes that a spike causes in the next bin.
    interval : (float, float)
        Confidence interval of m.
    timescale : float
        ``-1 / ln m`` in bins: autocorrelation time of the activity.
    share : float
        b, the fit at lag 0: 1 for a fully sampled branching process, less when only some neurons are sampled or noise
        is added. Near 0 there is no correlation to fit, and m is meaningless.
    slopes : array (lags,)
        Slopes r_k, k = 1 to `lags`, to which ``b m^k`` was fitted.
    """

    parameter: float
    interval: tuple[float, float]
    timescale: float
    share: float
    slopes: Array


@takes()
def branching_parameter(
    activity: ArrayLike, lags: int = 40, *, confidence: float = 0.95, resamples: int = 200, seed: int = 0
) -> Branching:
    """Estimate the branching parameter by multistep regression, which subsampling of the population does not bias.

    ``r_k = slope of the regression of A(t + k) on A(t)``, k = 1 to `lags`; ``r_k = b m^k`` is fitted by least squares.

    Parameters
    ----------
    activity : array (times,) or (trials, times)
        Spikes of the population in bins of equal length, of about the time it takes a spike to cause another (some ms).
    lags : int
        Largest k; a few times the timescale.
    confidence : float
        Confidence level of the interval, by a bootstrap of blocks: whole trials, or segments of long ones.
    resamples : int
        Number of bootstrap resamples.
    seed : int
        Seed of the resampling.

    Returns
    -------
    Branching
        All values but the slopes are nan, with an :class:`UndefinedWarning`, when the activity does not vary or its
        correlation does not decay exponentially: there is none beyond chance, it is zero after one bin, or it hardly
        decays over 10 times the lags.

    Raises
    ------
    InputError
        When values are not finite, a trial is not longer than `lags`, there are fewer than 10 blocks to resample (trials, or
        segments of twice as many times as lags), or an option is out of range.

    Notes
    -----
    The conventional estimator is r_1, which subsampling reduces to b m. Any other source of correlation over time affects
    the estimate too: a slowly changing stimulus, or a rate that differs between trials, appears as a long timescale. If each
    trial begins at rest, subtract the mean over trials first. m is assumed to be below 1: growing activity is not
    stationary. Over 480 simulated processes (m 0.5 to 0.98, all or a tenth of the units observed, 20 000 times) the 95 %
    interval contained m in 91 %.

    Examples
    --------
    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> activity = [100]
    >>> for _ in range(20_000):
    ...     activity.append(random.poisson(0.9 * activity[-1] + 10))
    >>> branching = branching_parameter(activity)
    >>> round(branching.parameter, 2), round(branching.share, 1)
    (0.9, 1.0)

    References
    ----------
    J. Wilting, V. Priesemann, Inferring collective dynamical states from widely unobserved systems, Nature
    Communications 9, 2325 (2018).
    """
    lags, resamples = count_of("lags", lags, 2), count_of("resamples", resamples, 1)
    if not 0 < confidence < 1:
        raise InputError("confidence", confidence, "must be between 0 and 1")
    random = generator(seed, "branching parameter")
    trials = np.asarray(activity, dtype=np.float64)
    trials = trials[None] if trials.ndim == 1 else trials
    if trials.ndim != 2 or trials.shape[1] <= lags:
        raise InputError("activity", trials.shape, f"must have shape (times,) or (trials, times), more than {lags} times")
    check_memory("resamples", resamples, 8 * resamples * (400 + 60 * lags), "the resamples")
    pieces = min(-(-_BLOCKS // len(trials)), max(1, trials.shape[1] // (2 * lags)))
    if pieces * len(trials) < _FEWEST_BLOCKS:
        allowed = f"must have {_FEWEST_BLOCKS} trials, or {_FEWEST_BLOCKS * 2 * lags} times, for {lags} lags"
        raise InputError("activity", trials.shape, allowed)
    if not np.isfinite(trials).all():
        raise InputError("activity", trials[~np.isfinite(trials)][0], "must be finite")
    trials = trials - trials.mean()  # the slopes do not depend on the mean, and the sums lose no digits
    if not trials.any():
        return _undefined("does not vary", np.full(lags, np.nan))

    sums = _block_sums(trials, pieces, lags)
    slopes = _slopes(sums.sum(axis=0)[None])
    (timescale,), (share,) = _fit(slopes)
    curve = share * np.exp(-np.arange(1, lags + 1) / timescale)
    explained = float(curve @ curve) * float(sums[:, 0, 0].sum())
    if explained < _LEAST_EXPLAINED or not 1.01 * _SHORTEST < timescale < _LONGEST * lags / 1.01:
        return _undefined("has no correlation that falls off exponentially", slopes[0])
    drawn = random.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=resamples)
    resampled, _ = _fit(_slopes(np.einsum("rb,bsk->rsk", drawn, sums)))
    low, high = np.quantile(np.exp(-1 / resampled), [(1 - confidence) / 2, (1 + confidence) / 2])
    return Branching(
        parameter=float(np.exp(-1 / timescale)),
        interval=(float(low), float(high)),
        timescale=float(timescale),
        share=float(share),
        slopes=slopes[0],
    )


def _undefined(why: str, slopes: Array) -> Branching:
    warnings.warn(f"the activity {why}: its branching parameter is undefined", UndefinedWarning, stacklevel=4)
    nan = float("nan")
    return Branching(nan, (nan, nan), nan, nan, slopes)


def _block_sums(trials: Array, pieces: int, lags: int) -> Array:
    """Sum n, x, y, xx and xy over the pairs (A(t), A(t + k)) of each block: (blocks, 5, lags)."""
    times = trials.shape[1]
    blocks = []
    for trial in trials:
        for start in np.array_split(np.arange(times), pieces):
            sums = np.zeros((5, lags))
            for k in range(1, lags + 1):
                x = trial[start[0] : min(start[-1] + 1, times - k)]
                y = trial[start[0] + k : start[0] + k + len(x)]
                sums[:, k - 1] = len(x), x.sum(), y.sum(), x @ x, x @ y
            blocks.append(sums)
    return np.stack(blocks)


def _slopes(sums: Array) -> Array:
    """Compute regression slopes from summed pairs, (resamples, 5, lags) to (resamples, lags)."""
    n, x, y, xx, xy = np.moveaxis(sums, 1, 0)
    variance = xx - x * x / n
    return np.asarray(np.divide(xy - x * y / n, variance, out=np.zeros_like(variance), where=variance > 0))


def _fit(slopes: Array) -> tuple[Array, Array]:
    """Fit an exponential to each row of slopes; return time constants and amplitudes, (resamples,) each.

    For a given time constant the best amplitude has a closed form, so only the time constant is searched, on a grid that is
    refined repeatedly around the best value.
    """
    k = np.arange(1, slopes.shape[1] + 1)
    grid, rows = np.geomspace(_SHORTEST, _LONGEST * slopes.shape[1], 400)[None], np.arange(len(slopes))
    for _ in range(4):
        curves = np.exp(-k / grid[..., None])  # (1 or resamples, grid, lags)
        overlap = np.maximum(np.einsum("rk,rgk->rg", slopes, curves), 0.0)  # b is not negative
        size = np.broadcast_to((curves**2).sum(axis=-1), overlap.shape)
        best = np.argmax(overlap**2 / size, axis=1)
        grid = np.broadcast_to(grid, overlap.shape)
        timescale, amplitude = grid[rows, best], overlap[rows, best] / size[rows, best]
        low, high = grid[rows, np.maximum(best - 1, 0)], grid[rows, np.minimum(best + 1, grid.shape[1] - 1)]
        grid = np.exp(np.linspace(np.log(low), np.log(high), 41, axis=1))
    return timescale, amplitude
