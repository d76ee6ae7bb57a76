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
    Without the projectors the ratio would fall as a graph falls apart: each component has an eigenvalue 0, and of these a
    solver returns any mixture. With them a component counts by itself, and a neuron without links 1. The whole is the
    chance to find a quantum walk, exp(-i (D - A) t), where it started, averaged over all times and starts.

    Examples
    --------
    A star of five: its hub localises.

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
def weak_components(n: int, pre: ArrayLike, post: ArrayLike) -> int:
    """Number of weakly connected components; a neuron without links is one.

    Examples
    --------
    >>> weak_components(4, [0], [1])
    3
    """
    return int(connected_components(undirected(n, np.asarray(pre), np.asarray(post)), directed=False)[0])


def _ends(n: int, pre: ArrayLike, post: ArrayLike) -> tuple[Indices, Indices]:
    """Both ends of the links, as neurons of a network of n."""
    size = count_of("n", n, 0, most=MOST_CHANNELS)
    starts, ends = whole_vector("pre", pre, np.int64), whole_vector("post", post, np.int64)
    for name, one in (("pre", starts), ("post", ends)):
        if one.shape != ends.shape or (one.size and not 0 <= one.min() <= one.max() < size):
            raise InputError(name, one, f"must be neurons, 0 to {size - 1}, one a link")
    return starts, ends


def undirected(n: int, pre: Indices, post: Indices) -> csr_array:
    """The adjacency matrix without directions, every pair once."""
    pre, post = _ends(n, pre, post)
    graph = csr_array((np.ones(len(pre)), (pre, post)), shape=(n, n))
    both = csr_array(graph + graph.T)
    both.data[:] = 1.0
    return both
