"""Betweenness centrality, and the most central neurons."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.errors import InputError
from hrsnn.runtime.left_out import check_installed
from hrsnn.validation.numbers import MOST_CHANNELS, count_of
from hrsnn.validation.units import takes


@takes(weight="mV")
def betweenness(
    n: int, pre: ArrayLike, post: ArrayLike, weight: ArrayLike | None = None, *, threads: int = 1
) -> NDArray[np.float64]:
    """Compute the normalised betweenness of every neuron in the directed graph ``pre -> post``.

    ``c_v = sum over s != v != t of (shortest paths s -> t through v) / (shortest paths s -> t) / ((n - 1)(n - 2))``

    The length of a link is ``1 / |weight|``: strong links are short. (Weights passed to a shortest-path algorithm directly
    would make strong links long.)

    Parameters
    ----------
    n : int
        Number of neurons.
    pre, post : array of int, shape (links,)
        Ends of the links. Self-links are not on any shortest path and are ignored.
    weight : array of float, shape (links,), optional
        Weights of any sign and unit, not 0. Default: every link has length 1.
    threads : int
        Number of processor threads.

    Returns
    -------
    array of float, shape (n,)
        Between 0 and 1; all 0 for fewer than three neurons.

    Raises
    ------
    InputError
        For an index out of range, arrays of different lengths, a weight that is 0 or not finite, or a duplicate link.

    Notes
    -----
    Exact (Brandes' algorithm, in NetworKit), equal to ``networkx.betweenness_centrality(graph, weight="distance")``.
    Two paths are equally short if the sums of their lengths are the same float64, as in NetworkX. Time grows as
    n * links; 2000 neurons with 60 000 links take 1.3 s on one thread.

    Examples
    --------
    A chain 0 -> 1 -> 2: neuron 1 is on the shortest path of one of the 2 x 1 pairs.

    >>> betweenness(3, [0, 1], [1, 2], [2.0, -0.5]).tolist()
    [0.0, 0.5, 0.0]

    References
    ----------
    U. Brandes, "A faster algorithm for betweenness centrality", J. Math. Sociology 25 (2001).
    """
    n, threads = count_of("n", n, 0, MOST_CHANNELS), count_of("threads", threads, most=MOST_CHANNELS)
    sources, targets = _indices("pre", pre, n), _indices("post", post, n)
    if sources.shape != targets.shape:
        raise InputError("post", targets.shape, f"must be as long as pre, which has shape {sources.shape}")
    length = np.ones(len(sources)) if weight is None else _lengths(weight, len(sources))
    links = sources != targets
    sources, targets, length = sources[links], targets[links], length[links]
    if len(np.unique(sources * n + targets)) != len(sources):
        raise InputError("pre, post", len(sources), "must hold each link once: add up the weights of parallel links")
    if n < 3 or len(sources) == 0:
        return np.zeros(n)
    return _betweenness(int(n), sources, targets, length, int(threads))


@takes()
def most_central(score: ArrayLike, share: float = 0.1) -> NDArray[np.int64]:
    """Return the indices, ascending, of the `share` of the neurons with the highest `score`.

    Their number is ``share * n`` rounded to the nearest whole number (halves up) and at least 1; for equal scores the
    lower index is chosen.

    Parameters
    ----------
    score : array of float, shape (n,)
        Scores, for instance from :func:`betweenness`.
    share : float
        Above 0 and at most 1; 0.1 in the readout of Chakraborty & Mukhopadhyay (2024).

    Returns
    -------
    array of int, shape (max(1, round(share n)),)

    Raises
    ------
    InputError
        When `score` is empty, not one-dimensional or not finite, or `share` is out of range.

    Examples
    --------
    >>> most_central([0.2, 0.9, 0.2, 0.5], share=0.75).tolist()
    [0, 1, 3]
    """
    values = np.asarray(score, dtype=np.float64)
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise InputError("score", score, "must be one row of finite numbers")
    if not 0 < share <= 1:
        raise InputError("share", share, "must be over 0 and up to 1")
    count = max(1, int(np.floor(share * len(values) + 0.5)))
    return np.sort(np.argsort(-values, kind="stable")[:count]).astype(np.int64)


def _indices(field: str, given: ArrayLike, n: int) -> NDArray[np.int64]:
    array = np.asarray(given)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise InputError(field, given, "must be one row of whole numbers")
    if array.size and (array.min() < 0 or array.max() >= n):
        wrong = array[(array < 0) | (array >= n)][0]
        raise InputError(field, wrong, f"must be an index of one of the {n} neurons, 0 to {n - 1}")
    return array.astype(np.int64)


def _lengths(weight: ArrayLike, links: int) -> NDArray[np.float64]:
    values = np.asarray(weight, dtype=np.float64)
    if values.shape != (links,):
        raise InputError("weight", values.shape, f"must hold one number for each of the {links} links")
    with np.errstate(divide="ignore", over="ignore"):
        length = 1 / np.abs(values)
    # a subnormal weight has an infinite length too
    wrong = ~(np.isfinite(values) & np.isfinite(length))
    if wrong.any():
        raise InputError("weight", values[wrong][0], "must be finite and not 0: leave out links of weight 0")
    return np.asarray(length, dtype=np.float64)


def _betweenness(
    n: int, pre: NDArray[np.int64], post: NDArray[np.int64], length: NDArray[np.float64], threads: int
) -> NDArray[np.float64]:
    check_installed("networkit")
    # here, since importing NetworKit takes over a second and imports pyplot
    import networkit

    before = networkit.getMaxNumberOfThreads()
    networkit.setNumberOfThreads(threads)
    try:
        graph = networkit.GraphFromCoo((length, (pre, post)), n=n, weighted=True, directed=True)
        scores = networkit.centrality.Betweenness(graph, normalized=True).run().scores()
    except RuntimeError as error:
        if "SIGINT" in str(error):  # NetworKit handles Ctrl-C itself while it runs
            raise KeyboardInterrupt from error
        raise
    finally:
        networkit.setNumberOfThreads(before)
    return np.asarray(scores, dtype=np.float64)
