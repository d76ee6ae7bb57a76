"""Ranks of matrices of states."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.errors import InputError
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@takes()
def effective_rank(states: ArrayLike, share: float = 0.99) -> int:
    """Number of leading singular values that add up to `share` of their sum.

    ``min k such that sigma_1 + ... + sigma_k >= share (sigma_1 + ... + sigma_n)``; of the singular values themselves, not
    of their squares, and of the matrix as it is, not centred.

    Parameters
    ----------
    states : array, shape (stimuli, neurons)
        The final state of each stimulus; of any unit.
    share : float
        Above 0 and at most 1.

    Returns
    -------
    int
        0 for a matrix of zeros, else between 1 and ``min(stimuli, neurons)``.

    Raises
    ------
    InputError
        When `states` is not a matrix of finite numbers, or `share` is out of range.

    Notes
    -----
    Noise increases the rank: a high rank alone is not an advantage (Legenstein & Maass 2007). Sums are compared with `share`
    up to a rounding error of 1e-12.

    Examples
    --------
    >>> effective_rank(np.eye(5))
    5
    >>> effective_rank(np.outer([1.0, 2.0, 3.0], [4.0, 5.0]))
    1

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), the definition of the rank of the final-state matrix after eq. 5.
    """
    if not 0 < share <= 1:
        raise InputError("share", share, "must be over 0 and up to 1")
    parts = _parts(states)
    if parts is None:
        return 0
    return int(np.flatnonzero(np.cumsum(parts) >= share - 1e-12)[0]) + 1


@takes()
def entropy_rank(states: ArrayLike) -> float:
    """Exponential of the Shannon entropy of the normalised singular values.

    ``exp(-sum_k p_k ln p_k)``, ``p_k = sigma_k / sum_j sigma_j``

    Parameters
    ----------
    states : array, shape (stimuli, neurons)

    Returns
    -------
    float
        0 for a matrix of zeros, else between 1 and ``min(stimuli, neurons)``. Unlike a count it is continuous.

    Raises
    ------
    InputError
        When `states` is no matrix of finite numbers.

    Examples
    --------
    >>> round(entropy_rank(np.diag([1.0, 1.0, 0.0])), 12)
    2.0

    References
    ----------
    O. Roy and M. Vetterli, "The effective rank: a measure of effective dimensionality", EUSIPCO 2007.
    """
    parts = _parts(states)
    if parts is None:
        return 0.0
    positive = parts[parts > 0]
    return float(np.exp(-(positive * np.log(positive)).sum()))


@takes()
def generalisation_rank(states: ArrayLike, share: float = 0.99) -> float:
    """Effective rank of the states of jittered copies of one stimulus: the dimension of the response to noise.

    ``mean over stimuli s of effective_rank(F_s)``, row c of F_s is the final state of copy c of stimulus s.

    Parameters
    ----------
    states : array, shape (copies, neurons) or (stimuli, copies, neurons)
        Final states of copies that differ by noise alone; of any unit.
    share : float
        As in :func:`effective_rank`.

    Returns
    -------
    float
        Lower is better: 1 when all copies give one state, up to ``min(copies, neurons)``. 0 if all states are 0.

    Raises
    ------
    InputError
        When there are fewer than two copies, a value is not finite, or `share` is out of range.

    Notes
    -----
    A readout that can separate stimuli along many directions can also fit noise along them. The difference of the effective
    rank and this rank, from as many copies as stimuli, predicts better than either what a reservoir can learn.

    Examples
    --------
    >>> generalisation_rank([[[1.0, 2.0], [1.0, 2.0]], [[1.0, 0.0], [0.0, 1.0]]])
    1.5

    References
    ----------
    R. Legenstein & W. Maass, "Edge of chaos and prediction of computational performance for neural circuit models",
    Neural Networks 20 (2007), section 4.
    """
    array = np.asarray(states, dtype=np.float64)
    if array.ndim == 2:
        array = array[np.newaxis]
    if array.ndim != 3 or array.size == 0 or array.shape[1] < 2:
        allowed = "must have shape (copies, neurons) or (stimuli, copies, neurons), with two copies or more"
        raise InputError("states", np.shape(states), allowed)
    return float(np.mean([effective_rank(copies, share) for copies in array]))


@takes()
def numerical_rank(states: ArrayLike) -> int:
    """Number of singular values above rounding error, ``sigma_1 * max(shape) * 2.2e-16``.

    Parameters
    ----------
    states : array, shape (stimuli, neurons)

    Returns
    -------
    int

    Raises
    ------
    InputError
        When `states` is no matrix of finite numbers.

    Examples
    --------
    >>> numerical_rank([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    1
    """
    matrix = _matrix(states)
    sigma = np.linalg.svd(matrix, compute_uv=False)
    return int((sigma > sigma[0] * max(matrix.shape) * np.finfo(np.float64).eps).sum())


def _parts(states: ArrayLike) -> Array | None:
    """Return the singular values in descending order, divided by their sum; None when all are 0."""
    matrix = _matrix(states)
    largest = np.abs(matrix).max()
    if largest == 0:
        return None
    # scaled first, so that squares inside the decomposition neither overflow nor underflow
    sigma = np.linalg.svd(matrix / largest, compute_uv=False)
    return np.asarray(sigma / sigma.sum())


def _matrix(states: ArrayLike) -> Array:
    matrix = np.asarray(states, dtype=np.float64)
    if matrix.ndim != 2 or matrix.size == 0:
        raise InputError("states", matrix.shape, "must have shape (stimuli, neurons), not empty")
    if not np.isfinite(matrix).all():
        raise InputError("states", matrix[~np.isfinite(matrix)][0], "must be finite")
    return matrix
