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
    """Compute probabilities in proportion to `importance`, at most 1, that add up to `count`.

    ``p = min(1, rho importance)``: rho is chosen so that the sum is `count` after clipping at 1.

    Parameters
    ----------
    importance : array (links,)
        Not negative.
    count : int
        Expected number of links kept, from 0 to all.

    Returns
    -------
    array (links,)
        In [0, 1]; their sum is `count`.

    Raises
    ------
    InputError
        When an importance is negative or not finite, or there are fewer than `count` links.

    Notes
    -----
    If fewer than `count` links have an importance above 0, these have probability 1 and the others equal probabilities.

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
    # with the k largest clipped at 1, the others determine rho: k is the smallest for which none of them exceeds 1
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
    """Draw exactly ``sum(probability)`` items, item i with probability p_i.

    The items are placed end to end on a line in random order, each with length p_i; those that contain the points u, u + 1,
    u + 2, ... are drawn.

    Parameters
    ----------
    probability : array (items,)
        In [0, 1], with a sum that is a whole number.
    random : numpy.random.Generator

    Returns
    -------
    array of bool (items,)

    Raises
    ------
    InputError
        When the sum is not a whole number, or a probability is out of range.

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
        ends *= count / ends[-1]  # rounding must not move the last point past the end
        kept[order[np.searchsorted(ends, start + np.arange(count), side="right").clip(max=len(p) - 1)]] = True
    if int(kept.sum()) != count:  # by rounding, two points in an item of probability 1: add the most probable others
        spare = np.flatnonzero(~kept)
        kept[spare[np.argsort(-p[spare], kind="stable")[: count - int(kept.sum())]]] = True
    return kept
