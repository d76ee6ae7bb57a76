"""Step 3 of Lyapunov noise pruning: restoring links that spread the Laplacian's eigenvectors."""

from __future__ import annotations

from heapq import heapify, heappop, heapreplace
from typing import Literal

import numpy as np
from scipy.sparse.csgraph import connected_components

from hrsnn.errors import InputError
from hrsnn.networks.graphs.laplacian import Array, Indices, undirected
from hrsnn.validation.units import takes

#: Candidates a neuron from which links are chosen with an N x N table, and the largest N: 72 MB.
_MANY, _LARGEST_TABLE = 20, 3000


@takes()
def links_to_restore(
    n: int,
    pre: Indices,
    post: Indices,
    more_pre: Indices,
    more_post: Indices,
    count: int,
    *,
    aim: Literal["ipr", "degree"] = "ipr",
    random: np.random.Generator,
) -> Indices:
    """Choose which candidate links to restore in a graph.

    Parameters
    ----------
    n : int
        Number of neurons.
    pre, post : array of int (links,)
        Links of the graph.
    more_pre, more_post : array of int (candidates,)
        Candidates: links of the original graph that this one lacks.
    count : int
        Number of links to restore; all if there are fewer.
    aim : {"ipr", "degree"}
        Aim once the components are joined as far as candidates allow: "ipr", a low inverse participation ratio, by adding
        one link at a time where the sum of the current degrees of its two neurons is lowest; "degree", the largest variance
        of the degrees, by adding all links at once where that sum is highest.
    random : numpy.random.Generator
        Used to break ties.

    Returns
    -------
    array of int
        Indices into the candidates, ascending.

    Raises
    ------
    InputError
        For an unknown aim, and where there are not as many targets as sources.

    Notes
    -----
    Components are joined at the lowest degrees in both cases. A link that is the reverse of an existing one does not change
    the Laplacian: for "ipr" it comes last.

    Chakraborty & Mukhopadhyay (2024) maximise the variance of the degrees (eq. 17) in order to spread the eigenvectors. But
    hubs localise eigenvectors, as do neurons with few links, so this has the opposite effect. Eigenvectors are not used:
    the lowest degrees gave a lower ratio than the highest, than random links, and than the best links by a first-order
    change of the ratio (docs/pruning.md).

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), step III, eq. 17.

    Examples
    --------
    Two pairs of neurons and two candidates: the link that joins the pairs comes first.

    >>> ends = [np.array(x) for x in ([0, 2], [1, 3], [1, 1], [0, 2])]
    >>> links_to_restore(4, *ends, 1, random=np.random.default_rng(0))
    array([1])
    """
    if aim not in ("ipr", "degree"):
        raise InputError("delocalise", aim, "must be ipr, degree or none")
    for name, targets, sources in (("post", post, pre), ("more_post", more_post, more_pre)):
        if np.shape(targets) != np.shape(sources):
            raise InputError(name, np.shape(targets), f"must be {np.shape(sources)}, as the sources")
    candidates = len(more_pre)
    if count >= candidates:
        return np.arange(candidates)
    if aim == "ipr":
        lowest = _by_table if candidates > _MANY * n and n <= _LARGEST_TABLE else _at_the_lowest
        return lowest(n, pre, post, more_pre, more_post, count, random)
    joining = _at_the_lowest(n, pre, post, more_pre, more_post, count, random, only_joining=True)
    rest = np.setdiff1d(np.arange(candidates), joining)
    degree = np.bincount(np.concatenate([pre, post, more_pre[joining], more_post[joining]]), minlength=n)
    ends = degree[more_pre[rest]] + degree[more_post[rest]] + random.random(len(rest))
    return np.sort(np.append(joining, rest[np.argsort(-ends)[: count - len(joining)]]))


def _at_the_lowest(
    n: int,
    pre: Indices,
    post: Indices,
    more_pre: Indices,
    more_post: Indices,
    count: int,
    random: np.random.Generator,
    *,
    only_joining: bool = False,
    ties: Array | None = None,
) -> Indices:
    """Choose at most `count` candidates one by one: first those that join two components, then those that join a new pair,
    then the others; each time the one whose ends have the lowest sum of degrees."""
    drawn = random.random(len(more_pre)) if ties is None else ties
    graph = undirected(n, pre, post)
    components, component = connected_components(graph, directed=False)
    pair = np.minimum(more_pre, more_post) * n + np.maximum(more_pre, more_post)
    double = np.isin(pair, np.minimum(pre, post) * n + np.maximum(pre, post))
    # lists from here on, since access to single elements of arrays is slow
    degree, belongs, root = graph.sum(axis=1).tolist(), component.tolist(), list(range(components))
    ends = list(zip(more_pre.tolist(), more_post.tolist(), strict=True))
    pairs, known, tie = pair.tolist(), double.tolist(), drawn.tolist()
    taken: set[int] = set()

    def find(a: int) -> int:
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        return a

    def place(k: int) -> float:
        """Current sort key of a candidate: it never decreases, so that keys in the heap may be outdated."""
        i, j = ends[k]
        apart = find(belongs[i]) != find(belongs[j])
        kind = 0 if apart else 2 if known[k] or pairs[k] in taken else 1
        return float(2 * n * kind + degree[i] + degree[j] + tie[k])

    heap = [(place(k), k) for k in range(len(pairs))]
    heapify(heap)
    chosen: list[int] = []
    while heap and len(chosen) < count:
        before, k = heap[0]
        now = place(k)
        if now > before:
            heapreplace(heap, (now, k))
            continue
        if only_joining and now >= 2 * n:
            break
        heappop(heap)
        chosen.append(k)
        i, j = ends[k]
        if now < 4 * n:
            degree[i] += 1
            degree[j] += 1
        taken.add(pairs[k])
        root[find(belongs[i])] = find(belongs[j])
    return np.sort(np.array(chosen, np.int64))


def _by_table(
    n: int, pre: Indices, post: Indices, more_pre: Indices, more_post: Indices, count: int, random: np.random.Generator
) -> Indices:
    """Choose the candidates of :func:`_at_the_lowest` from a table of all pairs.

    Where each neuron has many candidates, most entries of a heap are outdated by every link that is chosen; of the rows of
    a table few change their least entry.
    """
    ties = random.random(len(more_pre))
    joining = _at_the_lowest(n, pre, post, more_pre, more_post, count, random, only_joining=True, ties=ties)
    left = np.setdiff1d(np.arange(len(more_pre)), joining)
    pre, post = np.append(pre, more_pre[joining]), np.append(post, more_post[joining])
    graph = undirected(n, pre, post)
    there = np.unique(np.append(pre * n + post, post * n + pre))
    new = left[~np.isin(more_pre[left] * n + more_post[left], there)]
    degree, which = graph.sum(axis=1), np.full((n, n), -1)
    which[more_pre[new], more_post[new]] = new
    key = np.where(which >= 0, degree[:, None] + degree + ties[which], np.inf)
    best = key.argmin(axis=1)
    least = key[np.arange(n), best]
    chosen = joining.tolist()
    while len(chosen) < count:
        i = int(least.argmin())
        j = int(best[i])
        if not np.isfinite(least[i]):
            break
        chosen.append(int(which[i, j]))
        key[i, j] = key[j, i] = np.inf  # the reverse link joins no new pair then
        for one in (i, j):
            key[one] += 1.0
            key[:, one] += 1.0
        moved = (best == i) | (best == j)
        moved[[i, j]] = True
        rows = np.flatnonzero(moved)
        best[rows] = key[rows].argmin(axis=1)
        least[rows] = key[rows, best[rows]]
    if len(chosen) < count:  # links beside or against others
        rest = np.setdiff1d(left, chosen)
        ends = (np.append(pre, more_pre[chosen]), np.append(post, more_post[chosen]))
        more = _at_the_lowest(n, *ends, more_pre[rest], more_post[rest], count - len(chosen), random, ties=ties[rest])
        chosen += rest[more].tolist()
    return np.sort(np.array(chosen, np.int64))
