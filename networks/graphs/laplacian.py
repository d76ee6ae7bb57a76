"""The Laplacian of a graph: participation ratio of its eigenvectors, and connected components."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from hrsnn.errors import InputError
from hrsnn.validation.numbers import MOST_CHANNELS, count_of, whole_vector
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Number of neurons above which a run computes eigenvectors only when it also measures exponents, and above which it never
#: does: time grows as N^3, memory as N^2.
OFTEN_LIMIT, EIGENVECTOR_LIMIT = 2000, 6000
#: Eigenvalues that differ by less than this share of the largest are treated as equal.
_EQUAL = 1e-9


@takes()
def participation(n: int, pre: ArrayLike, post: ArrayLike, *, limit: int = EIGENVECTOR_LIMIT) -> float:
    """Mean inverse participation ratio of the eigenvectors of the Laplacian.

    It is of order 1/n if all eigenvectors are spread over the graph, and 1 if each is localised at one neuron.
    ``IPR = mean_k sum_i v_ik^4``, v_k the orthonormal eigenvectors of D - A, A the undirected, unweighted graph.
    Eigenvectors of a multiple eigenvalue are not unique, but their projector P is: such a group contributes
    ``sum_i P_ii^2``.

    Parameters
    ----------
    n : int
    pre, post : array of int (links,)
    limit : int
        Largest number of neurons for which eigenvectors are computed.

    Returns
    -------
    float
        nan above the limit.

    Notes
    -----
    Without the projectors the ratio would decrease as a graph becomes disconnected: each component has an eigenvalue 0, and
    a solver returns arbitrary mixtures of their eigenvectors. With them each component contributes separately, and a neuron
    without links 1. The ratio equals the probability of finding a quantum walk, exp(-i (D - A) t), at its initial node,
    averaged over times and initial nodes.

    Examples
    --------
    A star of five nodes, whose hub localises an eigenvector.

    >>> participation(5, [0, 0, 0, 0], [1, 2, 3, 4]) > participation(5, [0, 1, 2, 3, 4], [1, 2, 3, 4, 0])
    True
    """
    if n > limit or n == 0:
        return float("nan")
    joined = undirected(n, np.asarray(pre), np.asarray(post)).toarray()
    values, vectors = np.linalg.eigh(np.diag(joined.sum(axis=1)) - joined)
    groups = np.flatnonzero(np.diff(values, prepend=-np.inf) > _EQUAL * max(1.0, values[-1]))
    projected = np.add.reduceat(vectors**2, groups, axis=1)
    return float((projected**2).sum() / n)


@takes()
def strong_component(n: int, pre: ArrayLike, post: ArrayLike) -> int:
    """Number of neurons in the largest strongly connected component.

    Examples
    --------
    >>> strong_component(4, [0, 1, 2], [1, 0, 3])
    2
    """
    pre, post = _ends(n, pre, post)
    graph = csr_array((np.ones(len(pre)), (pre, post)), shape=(n, n))
    return int(np.bincount(connected_components(graph, connection="strong")[1]).max()) if n else 0


@takes()
def weak_components(n: int, pre: ArrayLike, post: ArrayLike) -> int:
    """Number of weakly connected components; a neuron without links is one.

    Examples
    --------
    >>> weak_components(4, [0], [1])
    3
    """
    return int(connected_components(undirected(n, np.asarray(pre), np.asarray(post)), directed=False)[0])


def _ends(n: int, pre: ArrayLike, post: ArrayLike) -> tuple[Indices, Indices]:
    """Return both ends of the links as index arrays, checked to be in a network of n neurons."""
    size = count_of("n", n, 0, most=MOST_CHANNELS)
    starts, ends = whole_vector("pre", pre, np.int64), whole_vector("post", post, np.int64)
    for name, one in (("pre", starts), ("post", ends)):
        if one.shape != ends.shape or (one.size and not 0 <= one.min() <= one.max() < size):
            raise InputError(name, one, f"must be neurons, 0 to {size - 1}, one a link")
    return starts, ends


def undirected(n: int, pre: Indices, post: Indices) -> csr_array:
    """Return the undirected, unweighted adjacency matrix."""
    pre, post = _ends(n, pre, post)
    graph = csr_array((np.ones(len(pre)), (pre, post)), shape=(n, n))
    both = csr_array(graph + graph.T)
    both.data[:] = 1.0
    return both
