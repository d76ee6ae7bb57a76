"""Dimensionless weights of a reservoir's links: those of its linear network, and how well a pruned one approximates it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from hrsnn.errors import InputError
from hrsnn.networks.linear.noise_covariance import coupling
from hrsnn.reservoir import Reservoir
from hrsnn.validation.numbers import whole_vector
from hrsnn.validation.units import takes

Array = NDArray[np.float64]

#: Leak over the largest eigenvalue of the symmetric part.
_MARGIN = 1.05


@takes()
def link_gains(reservoir: Reservoir) -> Array:
    """Compute the dimensionless weight of each link, ``g_ij = w_ij tau_s / (tau_m,i (threshold_i - rest_i))``.

    It is the depolarisation by a spike within a membrane time constant, relative to the distance from rest to threshold.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> bool(np.allclose(link_gains(reservoir.replace(weight=reservoir.weight / 2)), link_gains(reservoir) / 2))
    True
    """
    post = reservoir.post
    decay = np.where(reservoir.is_excitatory[reservoir.pre], reservoir.tau_exc[post], reservoir.tau_inh[post])
    way = (reservoir.v_threshold - reservoir.v_rest)[post]
    return np.asarray(np.abs(reservoir.weight * decay / (reservoir.tau_m[post] * np.where(way == 0, 1.0, way))))


@takes()
def spectral_error(reservoir: Reservoir, dense: Reservoir, origin: NDArray[np.int64]) -> float:
    """Compute the smallest epsilon with ``|x^T (A' - A) x| <= epsilon |x^T A x|`` for all x.

    A and A' are the linear networks of the dense and of the pruned reservoir: signed :func:`link_gains`, and on the diagonal
    -D, D 1.05 times the largest eigenvalue of the symmetric part of the dense network's gains.

    Parameters
    ----------
    reservoir, dense : Reservoir
    origin : array of int (N,)
        Index in `dense` of each neuron; x has the N neurons that remain.

    Returns
    -------
    float
        The largest modulus of a generalised eigenvalue of the symmetric parts of A' - A and A; nan for a dense network
        without links.

    Raises
    ------
    InputError
        When `origin` does not name a neuron of `dense` for each of `reservoir`.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> spectral_error(reservoir, reservoir, np.arange(30))
    0.0
    >>> bool(spectral_error(reservoir.without_recurrence(), reservoir, np.arange(30)) > 1)
    True

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), eq. 15.
    """
    rows = whole_vector("origin", origin, np.int64)
    if len(rows) != reservoir.neurons or not ((rows >= 0) & (rows < dense.neurons)).all():
        raise InputError("origin", rows, f"must have a neuron of the dense network for each of {reservoir.neurons}")
    whole, part = _symmetric(dense), _symmetric(reservoir)
    largest = float(np.linalg.eigvalsh(whole)[-1]) if whole.size else 0.0
    if largest <= 0:
        return float("nan")
    among = whole[np.ix_(rows, rows)]
    change = part - among
    if not change.any():
        return 0.0
    # A is negative definite: D is above the largest eigenvalue of the symmetric part, and of each of its submatrices
    definite = _MARGIN * largest * np.eye(len(among)) - among
    return float(np.abs(eigh(change, definite, eigvals_only=True)).max())


def _symmetric(reservoir: Reservoir) -> Array:
    sign = np.where(reservoir.is_excitatory[reservoir.pre], 1.0, -1.0)
    matrix = coupling(reservoir.neurons, reservoir.pre, reservoir.post, sign * link_gains(reservoir)).toarray()
    return np.asarray((matrix + matrix.T) / 2)
