"""Null models of a reservoir: links with other targets, drawn at random, that keep degrees, signs and lengths."""

from __future__ import annotations

import dataclasses
import logging
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.seeds import generator
from hrsnn.validation.numbers import positive
from hrsnn.validation.units import takes

logger = logging.getLogger("hrsnn")

#: What a null model keeps; each of them all that those before it keep.
Kept = Literal["degree", "sign", "distance"]
KEPT: tuple[Kept, ...] = ("degree", "sign", "distance")
#: Exchanges for each link, and the most attempts for each: most exchanges change lengths, and are refused where they count.
_SWAPS, _ATTEMPTS = 10, 1000
#: Attempts that are looked at together.
_BATCH = 100_000


@takes()
def null_model(reservoir: Reservoir, keep: Kept = "sign", seed: int = 0, bin_width: float = 1.0) -> Reservoir:
    """Return a reservoir whose recurrent links have other targets, drawn at random, under constraints.

    Two links a -> b and c -> d become a -> d and c -> b, ten times a link on average. A link keeps its source, and with it
    its sign, weight, delay and constants of plasticity; neurons, positions and input stay as they are.

    Parameters
    ----------
    reservoir : Reservoir
    keep : {"degree", "sign", "distance"}
        "degree": the numbers of links to and from each neuron. "sign": also the numbers of excitatory and of inhibitory
        links to each neuron, and thereby those of each type of pair. "distance": also, for each type of pair, the histogram
        of the lengths of links.
    seed : int
    bin_width : float
        Width of the bins of lengths, in grid spacings.

    Returns
    -------
    Reservoir

    Raises
    ------
    InputError
        When `keep` is none of these, or a number is not allowed.

    Notes
    -----
    An exchange that would make a self-link or a link that is there already is not made. Of a graph with few choices, such
    as a complete one, little or nothing changes; how many links have another target is logged.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=100), seed=1)
    >>> null = null_model(reservoir, "degree")
    >>> bool((np.bincount(null.post) == np.bincount(reservoir.post)).all()), null.equals(reservoir)
    (True, False)

    References
    ----------
    Maslov & Sneppen (2002) for exchanges; Betzel & Bassett (2018) for those that keep lengths.
    """
    if keep not in KEPT:
        raise InputError("keep", keep, f"must be one of {', '.join(KEPT)}")
    bin_width = positive("bin_width", bin_width, "grid spacings")
    draws = generator(seed, "null_model", keep)
    pre, post = reservoir.pre.astype(np.int64), reservoir.post.astype(np.int64)
    excitatory = reservoir.is_excitatory
    # links exchange targets within a group, so that whatever the groups are made of is kept
    group = np.zeros(len(pre), np.int64) if keep == "degree" else excitatory[pre] + 0
    if keep == "distance":
        group = 2 * group + excitatory[post]
    places = reservoir.positions / bin_width if keep == "distance" else None
    changed = exchanged(pre, post, group, reservoir.neurons, draws, places)
    if len(pre):
        logger.info("null model: %.0f %% of the links have another target", 100 * np.mean(changed != post))
    order = np.lexsort((changed, pre))
    links = dataclasses.replace(reservoir.recurrent.take(order), post=changed[order].astype(np.int32))
    short_term = None if reservoir.short_term is None else reservoir.short_term.take(order)
    return reservoir.replace(recurrent=links, short_term=short_term)


def exchanged(
    pre: NDArray[np.int64],
    post: NDArray[np.int64],
    group: NDArray[np.int64],
    neurons: int,
    draws: np.random.Generator,
    places: NDArray[np.float64] | None = None,
) -> NDArray[np.int64]:
    """Return other targets of links, after random exchanges between links of the same group.

    Parameters
    ----------
    pre, post : (S,) arrays
        Distinct pairs without self-links.
    group : (S,) array
        Group of each link.
    neurons : int
    draws : numpy.random.Generator
    places : (N, D) array, optional
        Positions in units of a bin; the two lengths of an exchange, rounded down, are then those before, in any order.

    Returns
    -------
    (S,) array
        Targets, in the order of the links.

    Examples
    --------
    >>> pre, post, one = np.array([0, 1, 2]), np.array([1, 2, 0]), np.zeros(3, int)
    >>> exchanged(pre, post, one, 3, np.random.default_rng(0))  # every exchange would make a self-link
    array([1, 2, 0])
    """
    target = post.copy()
    there = set((pre * neurons + post).tolist())
    for one in np.unique(group):
        members = np.flatnonzero(group == one)
        left, attempts = _SWAPS * len(members) // 2, _ATTEMPTS * len(members)
        while left > 0 and attempts > 0 and len(members) > 1:
            size = min(attempts, max(left, len(members)), _BATCH)
            attempts -= size
            first, second = (members[draws.integers(len(members), size=size)] for _ in range(2))
            possible = _possible(pre, target, first, second, places)
            touched: set[int] = set()  # a link's second exchange is not the one that was looked at
            for i, j in zip(first[possible].tolist(), second[possible].tolist(), strict=True):
                a, b, c, d = int(pre[i]), int(target[i]), int(pre[j]), int(target[j])
                crossed = {a * neurons + d, c * neurons + b}
                if i in touched or j in touched or crossed & there:
                    continue
                there -= {a * neurons + b, c * neurons + d}
                there |= crossed
                target[i], target[j] = d, b
                touched |= {i, j}
                left -= 1
                if not left:
                    break
    return target


def _possible(
    pre: NDArray[np.int64],
    target: NDArray[np.int64],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    places: NDArray[np.float64] | None,
) -> NDArray[np.bool_]:
    """Return which pairs of links could exchange targets: four neurons are involved, and lengths stay the same."""
    a, b, c, d = pre[first], target[first], pre[second], target[second]
    fine: NDArray[np.bool_] = (a != c) & (a != d) & (b != c) & (b != d)
    if places is None:
        return fine
    before, after = (np.stack([_length(places, a, x), _length(places, c, y)]) for x, y in ((b, d), (d, b)))
    return np.asarray(fine & (np.sort(before, axis=0) == np.sort(after, axis=0)).all(axis=0))


def _length(places: NDArray[np.float64], a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(np.floor(np.sqrt(((places[a] - places[b]) ** 2).sum(axis=1))))
