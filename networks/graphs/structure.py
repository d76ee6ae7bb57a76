"""How links are arranged: reciprocity and clustering of a directed graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from hrsnn.errors import InputError
from hrsnn.validation.numbers import MOST_CHANNELS, count_of, whole_vector
from hrsnn.validation.units import takes


@takes()
def reciprocity(n: int, pre: ArrayLike, post: ArrayLike) -> float:
    """Return the share of the links whose reverse is a link too.

    Parameters
    ----------
    n : int
    pre, post : array of int (links,)
        Each link once.

    Returns
    -------
    float
        nan without links.

    Raises
    ------
    InputError
        When a link leads to no neuron, or is there twice.

    Examples
    --------
    >>> reciprocity(3, [0, 1, 1], [1, 0, 2])
    0.6666666666666666
    """
    links = _adjacency(n, pre, post)
    return float(links.multiply(links.T).sum() / links.sum()) if links.nnz else float("nan")


@takes()
def clustering(n: int, pre: ArrayLike, post: ArrayLike) -> float:
    """Return the clustering coefficient of a directed graph without weights, the mean over its neurons.

    The share of the triangles through a neuron that are there, of those that its links allow, in all directions:
    ``C_i = ((A + A^T)^3)_ii / (2 (d_i (d_i - 1) - 2 r_i))`` with d_i the number of links to and from neuron i, and r_i that
    of neurons with links both to and from i; 0 where none is possible.

    Parameters
    ----------
    n : int
    pre, post : array of int (links,)
        Each link once, none of a neuron to itself.

    Returns
    -------
    float

    Raises
    ------
    InputError
        When a link leads to no neuron, to its source, or is there twice.

    Examples
    --------
    >>> clustering(3, [0, 1, 2], [1, 2, 0])
    0.5

    References
    ----------
    Fagiolo (2007), eq. 7, as ``networkx.average_clustering`` of a ``DiGraph``.
    """
    links = _adjacency(n, pre, post)
    if links.diagonal().any():
        raise InputError("post", post, "must not be the source of the link")
    both = csr_array(links + links.T)
    triangles = np.asarray((both @ both).multiply(both.T).sum(axis=1)).ravel()
    degree = np.asarray(both.sum(axis=1)).ravel()
    mutual = np.asarray(links.multiply(links.T).sum(axis=1)).ravel()
    possible = 2 * (degree * (degree - 1) - 2 * mutual)
    return float(np.divide(triangles, possible, out=np.zeros(n), where=possible > 0).mean())


def _adjacency(n: int, pre: ArrayLike, post: ArrayLike) -> csr_array:
    n = count_of("n", n, most=MOST_CHANNELS)
    sources, targets = whole_vector("pre", pre, np.int64), whole_vector("post", post, np.int64)
    if len(sources) != len(targets):
        raise InputError("post", len(targets), f"must be as many as pre, {len(sources)}")
    for name, ends in (("pre", sources), ("post", targets)):
        if ends.size and not 0 <= ends.min() <= ends.max() < n:
            raise InputError(name, ends, f"must be in 0..{n - 1}")
    links = csr_array((np.ones(len(sources), np.int64), (sources, targets)), shape=(n, n))
    if links.nnz < len(sources):
        raise InputError("post", len(sources) - links.nnz, "links are there more than once")
    return links
