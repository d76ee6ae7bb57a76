"""Positions of neurons on a grid, and links whose probability falls with distance, drawn without an N x N matrix."""

from __future__ import annotations

import math

import numpy as np

from hrsnn.runtime.keyed_random import keyed_uniform

#: Pairs with a kernel exp(-(D/lambda)^2) below this are never linked: at 10^5 neurons all of them would add 0.06 links.
_NEGLIGIBLE = 1e-8
#: Number of neurons whose links are drawn at once, which bounds the memory.
BLOCK = 2000


def grid_positions(n: int) -> np.ndarray:
    """Return the first `n` points of a near-cubic grid of spacing 1, shape (n, 3).

    Examples
    --------
    >>> grid_positions(1000).max(axis=0)
    array([9., 9., 9.])
    """
    return np.indices(grid_shape(n)).reshape(3, -1).T[:n].astype(np.float64)


def grid_shape(n: int) -> tuple[int, int, int]:
    """Return the sides of a near-cubic grid with room for `n` points.

    Examples
    --------
    >>> grid_shape(1000)
    (10, 10, 10)
    """
    side = round(n ** (1 / 3))
    return min(
        ((a, b, math.ceil(n / (a * b))) for a in range(max(1, side - 1), side + 2) for b in range(a, side + 2)),
        key=lambda s: (max(s) - min(s) > 1, s[0] * s[1] * s[2]),
    )


def reach(length_scale: float) -> float:
    """Return the distance beyond which pairs are never linked.

    Examples
    --------
    >>> round(reach(2.0), 2)
    8.58
    """
    return length_scale * math.sqrt(-math.log(_NEGLIGIBLE))


def distance_links(
    positions: np.ndarray,
    is_excitatory: np.ndarray,
    probabilities: np.ndarray,
    length_scale: float,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Draw links with P(i -> j) = C exp(-(D(i, j)/lambda)^2), without self-links.

    Parameters
    ----------
    positions : (N, 3) array
    is_excitatory : (N,) bool array
    probabilities : (2, 2) array
        C by (pre, post), index 0 excitatory and 1 inhibitory.
    length_scale : float
        lambda, in the unit of the positions.
    generator : numpy.random.Generator

    Returns
    -------
    pre, post : (S,) int32 arrays
        Sorted by (pre, post).
    kernel_sum : float
        K, the mean over i of sum_j exp(-(D(i, j)/lambda)^2) over all j != i.

    Notes
    -----
    Pairs beyond lambda sqrt(ln 1e8) = 4.3 lambda are never linked. Time grows with N times the number of neighbours
    within that radius; memory with the same number for one block of neurons.

    Examples
    --------
    >>> positions = grid_positions(1000)
    >>> everyone = np.ones(1000, dtype=bool)
    >>> pre, post, k = distance_links(positions, everyone, np.full((2, 2), 0.3), 2.0, np.random.default_rng(0))
    >>> round(k, 1), abs(len(pre) / 1000 - 0.3 * k) < 0.3
    (30.6, True)

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), eq. 2; Maass et al. (2002).
    """
    from scipy.spatial import cKDTree

    radius = reach(length_scale)
    tree = cKDTree(positions)
    kind = (~is_excitatory).astype(np.intp)
    # the random number of a pair depends on the pair, since the order in which the tree returns pairs is not guaranteed
    key = int(generator.integers(2**62))
    pre_parts, post_parts, kernel_total = [], [], 0.0
    for start in range(0, len(positions), BLOCK):
        block = cKDTree(positions[start : start + BLOCK])
        pairs = block.sparse_distance_matrix(tree, radius, output_type="ndarray")
        pairs = pairs[pairs["v"] > 0]  # positions are distinct, so only a neuron itself is at distance 0
        pre, post = pairs["i"] + start, pairs["j"]
        kernel = np.exp(-((pairs["v"] / length_scale) ** 2))
        kernel_total += float(kernel.sum())
        (linked,) = np.nonzero(keyed_uniform(key, pre, post) < probabilities[kind[pre], kind[post]] * kernel)
        linked = linked[np.lexsort((post[linked], pre[linked]))]
        pre_parts.append(pre[linked].astype(np.int32))
        post_parts.append(post[linked].astype(np.int32))
    return np.concatenate(pre_parts), np.concatenate(post_parts), kernel_total / len(positions)


def in_degree_links(
    positions: np.ndarray,
    is_excitatory: np.ndarray,
    in_degrees: tuple[int, int],
    length_scale: float,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw links such that every neuron receives a given number from neurons of each type, without self-links.

    Parameters
    ----------
    positions : (N, 3) array
    is_excitatory : (N,) bool array
    in_degrees : (int, int)
        Number of links from excitatory and from inhibitory neurons that a neuron receives; all that are within reach where
        there are fewer.
    length_scale : float
        lambda, in the unit of the positions. The sources of a neuron are drawn one after the other, without replacement,
        with probabilities proportional to exp(-(D/lambda)^2) among the remaining neurons of their type.
    generator : numpy.random.Generator

    Returns
    -------
    pre, post : (S,) int32 arrays
        Sorted by (pre, post).

    Notes
    -----
    Successive draws without replacement are the k smallest of independent exponential variables with these rates
    (Efraimidis & Spirakis 2006). Reach, time and memory are those of :func:`distance_links`.

    Examples
    --------
    >>> positions = grid_positions(1000)
    >>> excitatory = np.arange(1000) % 5 > 0
    >>> pre, post = in_degree_links(positions, excitatory, (2, 1), 2.0, np.random.default_rng(0))
    >>> received = np.bincount(post[excitatory[pre]], minlength=1000)
    >>> len(pre), received.min(), received.max()
    (3000, np.int64(2), np.int64(2))

    References
    ----------
    Efraimidis & Spirakis (2006). Brunel (2000) for random networks with a fixed in-degree.
    """
    from scipy.spatial import cKDTree

    tree = cKDTree(positions)
    key = int(generator.integers(2**62))
    wanted = np.array(in_degrees)
    # a source's waiting time times the sum of all rates is below this for about so many sources, more than wanted
    soon = 2 * wanted + 10
    parts = []
    for start in range(0, len(positions), BLOCK):
        block = cKDTree(positions[start : start + BLOCK])
        pairs = block.sparse_distance_matrix(tree, reach(length_scale), output_type="ndarray")
        pairs = pairs[pairs["v"] > 0]
        post, pre = pairs["i"] + start, pairs["j"]
        rate = np.exp(-((pairs["v"] / length_scale) ** 2))
        waiting = -np.log(keyed_uniform(key, pre, post)) / rate
        # the possible sources of one type of a neuron are a group, of which those with the smallest waiting times are drawn
        group = 2 * pairs["i"] + ~is_excitatory[pre]
        total = np.bincount(group, rate, minlength=2 * block.n)
        candidates = waiting * total[group] < soon[group % 2]
        found = np.bincount(group[candidates], minlength=2 * block.n)
        candidates |= found[group] < wanted[group % 2]  # all of a group in which these are too few
        pre, post, waiting, group = (values[candidates] for values in (pre, post, waiting, group))
        order = np.lexsort((pre, waiting, group))
        group = group[order]
        drawn = order[np.arange(len(group)) - np.searchsorted(group, group) < wanted[group % 2]]
        parts.append((pre[drawn], post[drawn]))
    pre, post = (np.concatenate([part[side] for part in parts]).astype(np.int32) for side in (0, 1))
    order = np.lexsort((post, pre))
    return pre[order], post[order]
