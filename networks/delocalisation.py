"""Step 3 of Lyapunov noise pruning: restoring links that spread the Laplacian's eigenvectors."""

from __future__ import annotations

from heapq import heapify, heappop, heapreplace
from typing import Literal

import numpy as np
from scipy.sparse.csgraph import connected_components

from hrsnn.errors import InputError
from hrsnn.networks.laplacian import Indices, undirected
from hrsnn.validation.units import takes


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
    """Which of some links to put into a graph.

    Parameters
    ----------
    n : int
        Number of neurons.
    pre, post : array of int (links,)
        The graph.
    more_pre, more_post : array of int (candidates,)
        Links to choose from: those of the original graph that this one lacks.
    count : int
        How many; all where there are fewer.
    aim : {"ipr", "degree"}
        What to reach once the components are joined as far as candidates allow: "ipr", a low inverse participation
        ratio, one link after the other where the two neurons have the lowest sum of degrees, as they then are; "degree",
        the largest variance of the degrees, all links at once where that sum is highest.
    random : numpy.random.Generator
        Decides between equals.

    Returns
    -------
    array of int
        Indices into the candidates, ascending.

    Raises
    ------
    InputError
        For another aim.

    Notes
    -----
    Pieces are joined at the lowest degrees in both cases. A link the other way round of one that is there changes no
    Laplacian: for "ipr" it comes last.

    The paper maximises the variance of the degrees (its eq. 17) so as to spread the eigenvectors. Hubs localise them, and so
    do neurons with hardly a link: its means defeat its end. Eigenvectors are not looked at: the lowest degrees gave a lower
    ratio than the highest, than random links, and than the best by a first-order change of the ratio (docs/pruning.md).

    References
    ----------
    Chakraborty & Mukhopadhyay, step III, eq. 17.

    Examples
    --------
    Two pairs of neurons, and two links to choose from: the one that joins the pairs comes first.

    >>> ends = [np.array(x) for x in ([0, 2], [1, 3], [1, 1], [0, 2])]
    >>> links_to_restore(4, *ends, 1, random=np.random.default_rng(0))
    array([1])
    """
    if aim not in ("ipr", "degree"):
        raise InputError("delocalise", aim, "must be ipr, degree or none")
    candidates = len(more_pre)
    if count >= candidates:
        return np.arange(candidates)
    if aim == "ipr":
        return _at_the_lowest(n, pre, post, more_pre, more_post, count, random)
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
) -> Indices:
    """Candidates one by one, at most `count`: those that join two components, those that join a new pair, then the others;
    each time the one whose ends have the lowest sum of degrees."""
    graph = undirected(n, pre, post)
    components, component = connected_components(graph, directed=False)
    pair = np.minimum(more_pre, more_post) * n + np.maximum(more_pre, more_post)
    double = np.isin(pair, np.minimum(pre, post) * n + np.maximum(pre, post))
    # lists from here on: one number of an array at a time would take most of the time
    degree, belongs, root = graph.sum(axis=1).tolist(), component.tolist(), list(range(components))
    ends = list(zip(more_pre.tolist(), more_post.tolist(), strict=True))
    pairs, known, ties = pair.tolist(), double.tolist(), random.random(len(pair)).tolist()
    taken: set[int] = set()

    def find(a: int) -> int:
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        return a

    def place(k: int) -> float:
        """In the order of the candidates, now: it only ever grows, so that the heap may be behind."""
        i, j = ends[k]
        apart = find(belongs[i]) != find(belongs[j])
        kind = 0 if apart else 2 if known[k] or pairs[k] in taken else 1
        return float(2 * n * kind + degree[i] + degree[j] + ties[k])

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
