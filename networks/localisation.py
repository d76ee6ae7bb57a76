"""Step 3: links back where they spread the eigenvectors of the graph's Laplacian, and a measure of that spread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from hrsnn.errors import InputError

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Past this many neurons eigenvectors are not computed.
EIGENVECTOR_LIMIT = 2000
#: Random choices that the default compares, beside the two by degree.
_TRIES = 2


def participation(n: int, pre: ArrayLike, post: ArrayLike) -> float:
    """Mean inverse participation ratio of the Laplacian's eigenvectors: 1/n when all are even, 1 when each is one neuron.

    ``IPR = mean_k sum_i v_ik^4``, v_k the orthonormal eigenvectors of D - A, A the graph without directions and weights.

    Parameters
    ----------
    n : int
    pre, post : array of int (links,)

    Returns
    -------
    float
        nan past 2000 neurons.

    Notes
    -----
    A neuron without links is an eigenvector of its own. Where eigenvalues are equal (two pieces of the graph, say) the
    eigenvectors are not unique, and neither is their ratio.

    Examples
    --------
    A star of five: its hub localises.

    >>> participation(5, [0, 0, 0, 0], [1, 2, 3, 4]) > participation(5, [0, 1, 2, 3, 4], [1, 2, 3, 4, 0])
    True
    """
    if n > EIGENVECTOR_LIMIT or n == 0:
        return float("nan")
    joined = _undirected(n, np.asarray(pre), np.asarray(post)).toarray()
    vectors = np.linalg.eigh(np.diag(joined.sum(axis=1)) - joined)[1]
    return float((vectors**4).sum(axis=0).mean())


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
        What to reach once the pieces of the graph are joined as far as candidates allow: "degree", the largest variance of
        the degrees, neuron by neuron at the highest ones; "ipr", the lowest mean inverse participation ratio among four
        choices: at the lowest degrees, at the highest, and two at random.
    random : numpy.random.Generator

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
    The paper maximises the variance of the degrees (its eq. 17) so as to spread the eigenvectors. Hubs localise them: its
    means can defeat its end. Past 2000 neurons "ipr" takes the lowest degrees without looking.

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
    joining = _joining(n, pre, post, more_pre, more_post, count, random)
    rest = np.setdiff1d(np.arange(candidates), joining)
    degree = np.bincount(np.concatenate([pre, post, more_pre[joining], more_post[joining]]), minlength=n)
    wanted = count - len(joining)
    if wanted == 0:
        return np.sort(joining)
    ends = degree[more_pre[rest]] + degree[more_post[rest]] + random.random(len(rest))  # ties at random

    def with_these(chosen: Indices) -> Indices:
        return np.sort(np.append(joining, rest[chosen]))

    highest = with_these(np.argpartition(-ends, wanted - 1)[:wanted])
    if aim == "degree":
        return highest
    choices = [with_these(np.argpartition(ends, wanted - 1)[:wanted])]
    if n > EIGENVECTOR_LIMIT:
        return choices[0]
    choices += [highest, *(with_these(random.permutation(len(rest))[:wanted]) for _ in range(_TRIES))]
    ratio: Callable[[Indices], float] = lambda chosen: participation(  # noqa: E731
        n, np.append(pre, more_pre[chosen]), np.append(post, more_post[chosen])
    )
    return min(choices, key=ratio)


def strong_component(n: int, pre: ArrayLike, post: ArrayLike) -> int:
    """Neurons in the largest strongly connected component.

    Examples
    --------
    >>> strong_component(4, [0, 1, 2], [1, 0, 3])
    2
    """
    graph = csr_array((np.ones(len(np.asarray(pre))), (np.asarray(pre), np.asarray(post))), shape=(n, n))
    return int(np.bincount(connected_components(graph, connection="strong")[1]).max()) if n else 0


def pieces_of(n: int, pre: ArrayLike, post: ArrayLike) -> int:
    """Connected pieces of the graph without directions; a neuron without links is one.

    Examples
    --------
    >>> pieces_of(4, [0], [1])
    3
    """
    return int(connected_components(_undirected(n, np.asarray(pre), np.asarray(post)), directed=False)[0])


def _joining(
    n: int, pre: Indices, post: Indices, more_pre: Indices, more_post: Indices, count: int, random: np.random.Generator
) -> Indices:
    """Candidates that each join two pieces of the graph, the largest pieces first: at most `count`."""
    pieces, piece = connected_components(_undirected(n, pre, post), directed=False)
    if pieces == 1:
        return np.empty(0, np.int64)
    root = np.arange(pieces)
    size = np.bincount(piece, minlength=pieces)

    def find(a: int) -> int:
        while root[a] != a:
            root[a] = root[root[a]]
            a = int(root[a])
        return a

    a, b = piece[more_pre], piece[more_post]
    bridges = np.flatnonzero(a != b)
    order = bridges[np.argsort(-np.minimum(size[a], size[b])[bridges] - random.random(len(bridges)), kind="stable")]
    chosen: list[int] = []
    for k in order:
        if len(chosen) == count:
            break
        first, second = find(int(a[k])), find(int(b[k]))
        if first != second:
            root[first] = second
            chosen.append(int(k))
    return np.array(chosen, np.int64)


def _undirected(n: int, pre: Indices, post: Indices) -> csr_array:
    """The adjacency matrix without directions, every pair once."""
    graph = csr_array((np.ones(len(pre)), (pre, post)), shape=(n, n))
    both = csr_array(graph + graph.T)
    both.data[:] = 1.0
    return both
