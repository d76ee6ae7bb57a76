"""Weights of a balanced network: the fast and slow matrices, each of N x N, and the links that they make."""

from __future__ import annotations

import numpy as np

from hrsnn.validation.limits import check_memory


def fast_weights(decoder: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return ``Gamma^T Gamma + diag(own)``, (N, N): a spike of j lowers V_i by the element (i, j), at once.

    Parameters
    ----------
    decoder : array (J, N)
        Gamma.
    own : array (N,)
        ``mu lambda_i^2``, what a neuron's own reset has beside.
    """
    check_memory("neurons", decoder.shape[1], 16.0 * decoder.shape[1] ** 2, "the fast weights")
    matrix = decoder.T @ decoder
    matrix[np.diag_indices_from(matrix)] += own
    return np.asarray(matrix)


def slow_weights(decoder: np.ndarray, system: np.ndarray, leak: np.ndarray) -> np.ndarray:
    """Return ``Gamma^T (A Gamma + Gamma diag(lambda))``, (N, N) in 1/s: V_i' has the elements (i, j) times r_j.

    With one leak it is ``Gamma^T (A + lambda I) Gamma``.

    Parameters
    ----------
    decoder : array (J, N)
        Gamma.
    system : array (J, J)
        A, that of the weights (1/s).
    leak : array (N,)
        lambda_i (1/s).
    """
    check_memory("neurons", decoder.shape[1], 16.0 * decoder.shape[1] ** 2, "the slow weights")
    return np.asarray(decoder.T @ (system @ decoder + decoder * leak))


def links_of(fast: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the links (pre, post, weight) of the nonzero elements off the diagonal, sorted by (pre, post).

    The weight from j to i is ``-fast[i, j]``: positive weights excite.
    """
    check_memory("neurons", len(fast), 40.0 * len(fast) ** 2, "the links")
    by_source = -fast.T
    linked = by_source != 0
    np.fill_diagonal(linked, False)
    pre, post = np.nonzero(linked)
    return pre.astype(np.int32), post.astype(np.int32), by_source[linked]
