"""Inclusion probabilities with a given sum, and a systematic sample of exactly that size."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.errors import InputError
from hrsnn.validation.numbers import count_of, float_vector
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@takes()
def inclusion_probabilities(importance: ArrayLike, count: int) -> Array:
    """Probabilities in proportion to `importance`, none above 1, that add up to `count`.

    ``p = min(1, rho importance)``: what is cut off at 1 is shared among the others by a larger rho.

    Parameters
    ----------
    importance : array (links,)
        Not negative.
    count : int
        How many are to be kept, 0 to all.

    Returns
    -------
    array (links,)
        In [0, 1]; their sum is `count`.

    Raises
    ------
    InputError
        When an importance is negative or not finite, or there are fewer than `count`.

    Notes
    -----
    Where fewer than `count` have an importance over 0, these have probability 1 and the rest share what is left equally.

    Examples
    --------
    >>> inclusion_probabilities([8.0, 1.0, 1.0, 2.0], 2)
    array([1.  , 0.25, 0.25, 0.5 ])
    """
    size = float_vector("importance", importance)
    if not (np.isfinite(size) & (size >= 0)).all():
        raise InputError("importance", size[~(np.isfinite(size) & (size >= 0))][0], "must be finite and >= 0")
    wanted = count_of("count", count, 0)
    if wanted > len(size):
        raise InputError("count", count, f"must be at most {len(size)}: there are no more")
    some = size > 0
    if some.sum() <= wanted:
        rest = len(size) - int(some.sum())
        return np.where(some, 1.0, (wanted - some.sum()) / rest if rest else 0.0)
    if wanted == 0:
        return np.zeros(len(size))
    # with the k largest at 1, rho is that of the rest: k is the least for which none of the rest exceeds 1
    order = np.argsort(-size, kind="stable")
    descending = size[order]
    rest_sum = np.cumsum(descending[::-1])[::-1]
    fits = (wanted - np.arange(wanted)) * descending[:wanted] <= rest_sum[:wanted]
    certain = int(np.argmax(fits)) if fits.any() else wanted
    probability = np.ones(len(size))
    if certain < wanted:
        probability[order[certain:]] = np.minimum(1.0, descending[certain:] / rest_sum[certain] * (wanted - certain))
    else:
        probability[order[certain:]] = 0.0
    return probability


@takes()
def systematic_sample(probability: ArrayLike, random: np.random.Generator) -> NDArray[np.bool_]:
    """A draw of exactly ``sum(probability)`` items in which item i is with probability p_i.

    The items in random order lie end to end on a line, each p_i long; those under the marks u, u + 1, u + 2, ... are kept.

    Parameters
    ----------
    probability : array (items,)
        In [0, 1], adding up to a whole number.
    random : numpy.random.Generator

    Returns
    -------
    array of bool (items,)

    Raises
    ------
    InputError
        When they do not add up to a whole number, or are out of range.

    Examples
    --------
    >>> kept = systematic_sample([0.5, 1.0, 0.25, 0.25], np.random.default_rng(0))
    >>> int(kept.sum()), bool(kept[1])
    (2, True)

    References
    ----------
    W. G. Madow, "On the theory of systematic sampling, II", Ann. Math. Statist. 20 (1949).
    """
    p = float_vector("probability", probability)
    if not ((p >= 0) & (p <= 1)).all():
        raise InputError("probability", p[~((p >= 0) & (p <= 1))][0], "must be in [0, 1]")
    count = round(float(p.sum()))
    if abs(float(p.sum()) - count) > 1e-6:
        raise InputError("probability", float(p.sum()), "must add up to a whole number")
    order, start = random.permutation(len(p)), random.random()
    ends = np.cumsum(p[order])
    kept = np.zeros(len(p), dtype=bool)
    if count:
        ends *= count / ends[-1]  # rounding must not move the last mark past the end
        kept[order[np.searchsorted(ends, start + np.arange(count), side="right").clip(max=len(p) - 1)]] = True
    if int(kept.sum()) != count:  # two marks on one certain item, by rounding: the likeliest others take its place
        spare = np.flatnonzero(~kept)
        kept[spare[np.argsort(-p[spare], kind="stable")[: count - int(kept.sum())]]] = True
    return kept
