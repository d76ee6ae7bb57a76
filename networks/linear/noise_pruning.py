"""Noise pruning of a linear network: links are kept by the difference of noise covariance at their ends."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.errors import InputError
from hrsnn.networks.linear.noise_covariance import noise_covariance
from hrsnn.networks.linear.sampling import inclusion_probabilities, systematic_sample
from hrsnn.runtime.seeds import generator
from hrsnn.validation.numbers import count_of, float_array, float_vector, whole_vector
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@takes()
def noise_importance(score: ArrayLike, sign: ArrayLike, pre: ArrayLike, post: ArrayLike, covariance: ArrayLike) -> Array:
    """Compute the importance of links under noise, up to the factor that sets the number of links kept.

    ``p_ij / rho = score_ij (S_ii + S_jj - 2 sgn(w_ij) S_ij)``: score times the variance of x_i - sgn(w_ij) x_j.

    Parameters
    ----------
    score : array (links,)
        Non-negative scores.
    sign : array (links,)
        1 or -1.
    pre, post : array of int (links,)
    covariance : array (N, N)

    Returns
    -------
    array (links,)
        Not negative.

    Raises
    ------
    InputError
        When the arrays of links are not of one length, or an index is no row of the covariance, which must be square.

    Examples
    --------
    Between two neurons that are correlated under noise, an excitatory link is redundant and an inhibitory one is not.

    >>> together = [[1.0, 0.9], [0.9, 1.0]]
    >>> noise_importance([1.0, 1.0], [1, -1], [0, 0], [1, 1], together).round(4)
    array([0.2, 3.8])

    References
    ----------
    E. Moore & R. Chaudhuri, "Using noise to probe recurrent neural network structure and prune synapses", NeurIPS 33
    (2020), eq. 4; Chakraborty & Mukhopadhyay (2024), eq. 16.
    """
    s, i, j = _square("covariance", covariance), whole_vector("post", post, np.int64), whole_vector("pre", pre, np.int64)
    value, signs = float_vector("score", score), float_vector("sign", sign)
    for name, one in (("post", i), ("score", value), ("sign", signs)):
        if one.shape != j.shape:
            raise InputError(name, one.shape, f"must have the shape of pre, {j.shape}")
    for name, one in (("pre", j), ("post", i)):
        if one.size and not 0 <= one.min() <= one.max() < len(s):
            raise InputError(name, one, f"must be from 0 to {len(s) - 1}, a row of covariance")
    variance = s.diagonal()
    apart = variance[i] + variance[j] - 2 * signs * s[i, j]
    return np.asarray(value * np.maximum(apart, 0.0))  # rounding can give -1e-18


@takes()
def sparsified(
    links: ArrayLike,
    leak: ArrayLike,
    count: int,
    *,
    kind: Literal["noise", "weight", "uniform"] = "noise",
    diagonal: Literal["keep", "row_sums"] = "row_sums",
    exact: bool = True,
    seed: int = 0,
) -> tuple[Array, Array]:
    """Return a linear network with fewer links and similar dynamics: ``A_ij / p_ij`` with probability p_ij, else 0.

    Parameters
    ----------
    links : array (N, N)
        Entry (i, j) is the weight from j to i; the diagonal is 0. In a symmetric network both directions are kept or removed
        together.
    leak : array (N,)
    count : int
        Number of links that are kept; in a symmetric network the number of pairs.
    kind : {"noise", "weight", "uniform"}
        p in proportion to ``|A_ij|`` times the noise factor, to ``|A_ij|`` only, or equal for all.
    diagonal : {"keep", "row_sums"}
        New leak: unchanged, or ``D_ii + sum_j |A'_ij| - sum_j |A_ij|``.
    exact : bool
        False: links are drawn independently, as in Chakraborty & Mukhopadhyay (2024); their number then varies.
    seed : int

    Returns
    -------
    (array (N, N), array (N,))
        Links and leak of the pruned network.

    Raises
    ------
    InputError
        When the network is not stable, or has fewer than `count` links.

    Notes
    -----
    E[A'] = A for every link, with ``diagonal="keep"``.

    Examples
    --------
    >>> links = np.ones((10, 10)) - np.eye(10)
    >>> sparse, leak = sparsified(links, links.sum(axis=1) + 0.5, count=20)
    >>> int((sparse > 0).sum())
    40

    References
    ----------
    Moore & Chaudhuri (2020); Chakraborty & Mukhopadhyay (2024), eq. 15-16.
    """
    matrix, decay = _square("links", links), float_vector("leak", leak)
    if decay.shape != matrix.shape[:1]:
        raise InputError("leak", decay.shape, f"must have {len(matrix)} values, one for each row of links")
    symmetric = np.array_equal(matrix, matrix.T)
    post, pre = np.nonzero(np.tril(matrix) if symmetric else matrix)
    strength = matrix[post, pre]
    if count_of("count", count, 0) > len(pre):
        raise InputError("count", count, f"must be at most {len(pre)}: there are no more links")
    if kind == "noise":
        covariance = noise_covariance(matrix, decay)
        importance = noise_importance(np.abs(strength), np.sign(strength), pre, post, covariance)
    elif kind == "weight":
        importance = np.abs(strength)
    elif kind == "uniform":
        importance = np.ones(len(pre))
    else:
        raise InputError("kind", kind, "must be noise, weight or uniform")
    probability = inclusion_probabilities(importance, count)
    random = generator(seed, "linear pruning")
    kept = systematic_sample(probability, random) if exact else random.random(len(pre)) < probability
    sparse = np.zeros_like(matrix)
    sparse[post[kept], pre[kept]] = strength[kept] / probability[kept]
    if symmetric:
        sparse += sparse.T
    if diagonal == "row_sums":
        decay = decay + np.abs(sparse).sum(axis=1) - np.abs(matrix).sum(axis=1)
    elif diagonal != "keep":
        raise InputError("diagonal", diagonal, "must be keep or row_sums")
    return sparse, decay


def _square(name: str, values: ArrayLike) -> Array:
    matrix = float_array(name, values)
    if matrix.ndim != 2 or len(set(matrix.shape)) != 1 or not np.isfinite(matrix).all():
        raise InputError(name, matrix.shape, "must be a square matrix of finite numbers")
    return matrix
