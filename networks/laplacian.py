"""Step 3: links back where they spread the eigenvectors of the graph's Laplacian, and a measure of that spread."""

from __future__ import annotations

from heapq import heapify, heappop, heapreplace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from hrsnn.errors import InputError
from hrsnn.validation.numbers import MOST_CHANNELS, count_of, whole_vector
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Past so many neurons a run computes eigenvectors only when it measures exponents too, and past so many never: their time
#: grows as N^3, their memory as N^2.
OFTEN_LIMIT, EIGENVECTOR_LIMIT = 2000, 6000
#: Eigenvalues closer than this share of the largest are one.
_EQUAL = 1e-9


@takes()
def participation(n: int, pre: ArrayLike, post: ArrayLike, *, limit: int = EIGENVECTOR_LIMIT) -> float:
    """Mean inverse participation ratio of the Laplacian's eigenvectors: of the order of 1/n when all are spread over the
    graph, 1 when each is one neuron.

    ``IPR = mean_k sum_i v_ik^4``, v_k the orthonormal eigenvectors of D - A, A the graph without directions and weights.
    Eigenvectors of one eigenvalue are not unique, their projector P is: such a group counts ``sum_i P_ii^2``.

    Parameters
    ----------
    n : int
    pre, post : array of int (links,)
    limit : int
        Most neurons for which eigenvectors are computed.

    Returns
    -------
    float
        nan past the limit.

    Notes
    -----
    Without the projectors the ratio would fall as a graph falls apart: each piece has an eigenvalue 0, and of these a solver
    returns any mixture. With them a piece counts by itself, and a neuron without links 1. The whole is the chance to find a
    quantum walk, exp(-i (D - A) t), where it started, averaged over all times and starts.

    Examples
    --------
    A star of five: its hub localises.

    >>> participation(5, [0, 0, 0, 0], [1, 2, 3, 4]) > participation(5, [0, 1, 2, 3, 4], [1, 2, 3, 4, 0])
    True
    """
    if n > limit or n == 0:
        return float("nan")
    joined = _undirected(n, np.asarray(pre), np.asarray(post)).toarray()
    values, vectors = np.linalg.eigh(np.diag(joined.sum(axis=1)) - joined)
    groups = np.flatnonzero(np.diff(values, prepend=-np.inf) > _EQUAL * max(1.0, values[-1]))
    projected = np.add.reduceat(vectors**2, groups, axis=1)
    return float((projected**2).sum() / n)


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
        Links to choose from: those that the original graph has beside these.
    count : int
        How many; all where there are fewer.
    aim : {"ipr", "degree"}
        What to reach once the pieces of the graph are joined as far as candidates allow: "ipr", a low inverse participation
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


@takes()
def strong_component(n: int, pre: ArrayLike, post: ArrayLike) -> int:
    """Neurons in the largest strongly connected component.

    Examples
    --------
    >>> strong_component(4, [0, 1, 2], [1, 0, 3])
    2
    """
    pre, post = _ends(n, pre, post)
    graph = csr_array((np.ones(len(pre)), (pre, post)), shape=(n, n))
    return int(np.bincount(connected_components(graph, connection="strong")[1]).max()) if n else 0


@takes()
def pieces_of(n: int, pre: ArrayLike, post: ArrayLike) -> int:
    """Connected pieces of the graph without directions; a neuron without links is one.

    Examples
    --------
    >>> pieces_of(4, [0], [1])
    3
    """
    return int(connected_components(_undirected(n, np.asarray(pre), np.asarray(post)), directed=False)[0])


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
    """Candidates one by one, at most `count`: those that join two pieces, those that join a new pair, then the others; each
    time the one whose ends have the lowest sum of degrees."""
    graph = _undirected(n, pre, post)
    pieces, piece = connected_components(graph, directed=False)
    pair = np.minimum(more_pre, more_post) * n + np.maximum(more_pre, more_post)
    double = np.isin(pair, np.minimum(pre, post) * n + np.maximum(pre, post))
    # lists from here on: one number of an array at a time would take most of the time
    degree, belongs, root = graph.sum(axis=1).tolist(), piece.tolist(), list(range(pieces))
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


def _ends(n: int, pre: ArrayLike, post: ArrayLike) -> tuple[Indices, Indices]:
    """Both ends of the links, as neurons of a network of n."""
    size = count_of("n", n, 0, most=MOST_CHANNELS)
    starts, ends = whole_vector("pre", pre, np.int64), whole_vector("post", post, np.int64)
    for name, one in (("pre", starts), ("post", ends)):
        if one.shape != ends.shape or (one.size and not 0 <= one.min() <= one.max() < size):
            raise InputError(name, one, f"must be neurons, 0 to {size - 1}, one a link")
    return starts, ends


def _undirected(n: int, pre: Indices, post: Indices) -> csr_array:
    """The adjacency matrix without directions, every pair once."""
    pre, post = _ends(n, pre, post)
    graph = csr_array((np.ones(len(pre)), (pre, post)), shape=(n, n))
    both = csr_array(graph + graph.T)
    both.data[:] = 1.0
    return both
