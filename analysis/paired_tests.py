"""Tests of paired differences between runs with the same seeds.

Variants with the same seed share the task and, where possible, the random numbers, so that runs with one seed are a pair:
differences within pairs do not include the variation between seeds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from hrsnn.analysis.intervals import seed_values
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.runtime.seeds import generator
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes

#: Most pairs for which all patterns of signs are evaluated; number of random patterns beyond, and of bootstrap resamples.
EXACT_PAIRS, _RESAMPLES = 20, 9999


@dataclass(frozen=True)
class PairedTest(Displayed):
    """Mean paired difference with interval and p-value, as returned by :func:`paired_test`."""

    #: Mean of the differences.
    mean: float
    #: Bootstrap confidence interval of the mean; not corrected for a family of tests.
    interval: tuple[float, float]
    #: Two-sided p-value of the sign-flip test.
    p_value: float
    #: (pairs,)
    differences: NDArray[np.float64]


@takes()
def paired_test(
    first: ArrayLike, second: ArrayLike = 0.0, *, level: float = 0.95, resamples: int = _RESAMPLES, seed: int = 0
) -> PairedTest:
    """Test whether the mean of ``first - second`` is 0, and compute its confidence interval.

    The interval is the bias-corrected and accelerated bootstrap over pairs. The p-value is the share of the ``2^pairs``
    patterns of signs for which the mean is at least as far from 0: under the null hypothesis each difference has either
    sign with equal probability.

    Parameters
    ----------
    first, second : array (pairs,)
        Scores with the same seeds in the same order; `second` may be one number.
    level : float
        Confidence level of the interval.
    resamples : int
        Number of resamples of the bootstrap, and of patterns of signs with more than 20 pairs.
    seed : int
        Seed of the resamples.

    Returns
    -------
    PairedTest

    Raises
    ------
    InputError
        When the two differ in length, a value is not finite, or there are fewer than two pairs.

    Notes
    -----
    The test is exact if the differences are symmetric about 0 under the null hypothesis, for any distribution; with n
    pairs no p-value is below ``2 / 2^n``. The coverage of the interval is about 92 % rather than 95 % with 20 normal
    differences, and lower with fewer.

    Examples
    --------
    >>> test = paired_test([3.0, 5.0, 4.0, 6.0, 7.0], [2.0, 3.0, 3.0, 4.0, 4.0])
    >>> test.mean, test.p_value
    (1.8, 0.0625)

    References
    ----------
    R. A. Fisher, The Design of Experiments (1935), section 21; B. Efron, Better bootstrap confidence intervals, J. Am. Stat.
    Assoc. 82 (1987).
    """
    x, y = seed_values(first), np.asarray(second, dtype=np.float64)
    if (y.ndim and y.shape != x.shape) or not np.isfinite(y).all():
        raise InputError("second", second, f"must be one finite number for each of the {len(x)} pairs")
    differences = x - y
    resamples = count_of("resamples", resamples)
    check_memory("resamples", resamples, 24 * resamples * len(x), "the resamples")
    mean = float(differences.mean())
    interval = (mean, mean)
    if np.ptp(differences) > 0:
        found = stats.bootstrap(
            (differences,),
            np.mean,
            n_resamples=resamples,
            confidence_level=level,
            method="BCa",
            random_state=generator(seed, "paired", "bootstrap"),
        ).confidence_interval
        interval = (float(found.low), float(found.high))
    return PairedTest(mean, interval, _sign_flip(differences, resamples, seed), differences)


def _sign_flip(differences: NDArray[np.float64], resamples: int, seed: int) -> float:
    size = np.abs(differences)
    # sums that are smaller only by rounding error count as equal
    reached = abs(differences.sum()) - 1e-9 * size.sum()
    if len(size) <= EXACT_PAIRS:
        sums = np.zeros(1)
        for one in size[1:]:  # the sign of the first is fixed: the sums are symmetric about 0
            sums = np.concatenate([sums + one, sums - one])
        return float((np.abs(sums + size[0]) >= reached).mean())
    signs = generator(seed, "paired", "signs").choice([-1.0, 1.0], size=(resamples, len(size)))
    return float((1 + (np.abs(signs @ size) >= reached).sum()) / (1 + resamples))


def least_p_value(pairs: int) -> float:
    """Smallest p-value of a sign-flip test with this number of pairs."""
    return 2.0 ** (1 - pairs) if pairs <= EXACT_PAIRS else 1 / (1 + _RESAMPLES)
