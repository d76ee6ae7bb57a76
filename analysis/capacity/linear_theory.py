"""Theory of linear networks: response by eigenmodes, and memory capacity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_discrete_lyapunov

from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import takes

Array = NDArray[np.float64]

_WORST_CONDITION = 1e8
_MOST_DELAYS = 200_000
_LOUDEST = 1e150


@dataclass(frozen=True)
class LinearTheory(Displayed):
    """Response, covariance and memory of a linear network with independent inputs of variance 1.

    Attributes
    ----------
    response : array, shape (max_delay + 1, units)
        a_k = W^k w_in: contribution of the input k steps ago to each state.
    covariance : array, shape (units, units)
        Covariance matrix of the states.
    curve : array, shape (max_delay,)
        Squared correlation of the best linear readout with the input tau = 1.. steps ago.
    total : float
        The memory capacity, ``curve.sum()``.
    effective_dimension : float
        1/J of `covariance`.
    """

    response: Array
    covariance: Array
    curve: Array
    total: float
    effective_dimension: float


@takes()
def linear_theory(weights: ArrayLike, input_weights: ArrayLike, max_delay: int = 100, *, noise: float = 0.0) -> LinearTheory:
    """Exact response, covariance and memory capacity of ``r(t) = W r(t - 1) + w_in x(t) + noise xi(t)``.

    ``Sigma = W Sigma W^T + w_in w_in^T + noise^2 I``, ``C(tau) = a_tau^T Sigma^-1 a_tau``, ``a_tau = W^tau w_in``

    Parameters
    ----------
    weights : array, shape (units, units)
        W; entry (i, j) is the weight from unit j to unit i.
    input_weights : array, shape (units,)
        w_in.
    max_delay : int
        Longest delay, in steps.
    noise : float
        Standard deviation of the independent noise of each unit, relative to that of the input.

    Returns
    -------
    LinearTheory

    Raises
    ------
    InputError
        When shapes do not match, a value is not finite, or the spectral radius is 1 or more (no fading memory).

    Notes
    -----
    Without noise the C(tau), including tau = 0, sum up to the dimension of the subspace that the input reaches: N for
    almost all networks, whatever their eigenvalues. In a linear network heterogeneity can therefore move memory from one
    delay to another, but cannot add any: a difference in capacity is due to noise, nonlinearity, or delays over `max_delay`.

    Examples
    --------
    A leaky integrator has r^2(tau) = (1 - a^2) a^(2 tau).

    >>> theory = linear_theory([[0.5]], [1.0], max_delay=3)
    >>> theory.curve.round(4)
    array([0.1875, 0.0469, 0.0117])

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), lemma 3.1.1 (whose sum over k stops at N_R; it is infinite here).
    H. Jaeger, GMD Report 152 (2001).
    O. L. White, D. D. Lee & H. Sompolinsky, "Short-term memory in orthogonal neural networks", Phys. Rev. Lett. 92 (2004).
    """
    w, w_in = _checked_network(weights, input_weights)
    max_delay = count_of("max_delay", max_delay)
    check_memory("max_delay", max_delay, 32 * max_delay * len(w), "the responses")
    noise = positive("noise", noise, "the input's deviation", zero=True)
    if noise > _LOUDEST:
        raise InputError("noise", noise, f"must be at most {_LOUDEST:g}: its square is a number")
    radius = float(np.abs(np.linalg.eigvals(w)).max())
    if radius >= 1:
        raise InputError("weights", f"spectral radius {radius:.4g}", "must be below 1: the network never forgets")
    units = len(w_in)
    covariance = solve_discrete_lyapunov(w, np.outer(w_in, w_in) + noise**2 * np.eye(units))
    response = _powers(w, w_in, max_delay)
    if noise > 0:
        solved = np.linalg.solve(covariance, response[1:].T)
        curve = np.einsum("ki,ik->k", response[1:], solved)
    else:
        curve = _leverage(w, w_in, radius, max_delay)[1:]
    squares = float((covariance**2).sum())
    return LinearTheory(
        response=response,
        covariance=covariance,
        curve=np.clip(curve, 0.0, 1.0),
        total=float(np.clip(curve, 0.0, 1.0).sum()),
        effective_dimension=float(np.trace(covariance) ** 2 / squares) if squares else float("nan"),
    )


@takes()
def eigenmode_response(weights: ArrayLike, input_weights: ArrayLike, max_delay: int = 100) -> Array:
    """Compute the response of a linear network to past inputs from the eigenmodes of W (lemma 3.1.1).

    ``a_{i,k} = sum_n lambda_n^k <v_n^-1, w_in> (v_n)_i``

    Parameters
    ----------
    weights : array, shape (units, units)
        W; entry (i, j) is the weight from unit j to unit i. lambda_n are its eigenvalues, v_n its right eigenvectors and
        v_n^-1 the rows of the inverse of their matrix.
    input_weights : array, shape (units,)
    max_delay : int

    Returns
    -------
    array, shape (max_delay + 1, units)
        Row k is the response to the input k steps ago.

    Raises
    ------
    InputError
        When shapes do not match, a value is not finite, or W is (nearly) defective, as for a delay line: the lemma assumes a
        basis of eigenvectors without stating it. The ``response`` of :func:`linear_theory` needs none.

    Examples
    --------
    >>> eigenmode_response([[0.5, 0.0], [0.0, -0.5]], [1.0, 1.0], max_delay=2)
    array([[ 1.  ,  1.  ],
           [ 0.5 , -0.5 ],
           [ 0.25,  0.25]])

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), lemma 3.1.1.
    """
    w, w_in = _checked_network(weights, input_weights)
    max_delay = count_of("max_delay", max_delay, 0)
    check_memory("max_delay", max_delay, 64 * max_delay * len(w), "the responses")
    values, vectors = np.linalg.eig(w)
    condition = float(np.linalg.cond(vectors))
    if not condition < _WORST_CONDITION:
        raise InputError("weights", f"eigenvectors of condition {condition:.2g}", "must have a basis of eigenvectors")
    amplitude = np.linalg.solve(vectors, w_in.astype(vectors.dtype))
    powers = values ** np.arange(max_delay + 1)[:, np.newaxis]
    # the modes of a real W come in conjugate pairs: their imaginary parts cancel
    return np.asarray(((powers * amplitude) @ vectors.T).real)


def _powers(w: Array, w_in: Array, count: int) -> Array:
    """Return the rows W^k w_in for k = 0..count."""
    rows = np.empty((count + 1, len(w_in)))
    rows[0] = w_in
    for k in range(count):
        rows[k + 1] = w @ rows[k]
    return rows


def _leverage(w: Array, w_in: Array, radius: float, max_delay: int) -> Array:
    """Return C(0), C(1), ... without noise, from the singular vectors of all responses, since Sigma is often singular."""
    # until the response has decayed to 1e-16; 2 N more steps, since a non-normal W can first amplify it
    length = 2 * len(w_in) + (0 if radius == 0 else int(np.ceil(np.log(1e-16) / np.log(radius))))
    response = _powers(w, w_in, min(max(length, max_delay), _MOST_DELAYS))
    left, sigma, _ = np.linalg.svd(response, full_matrices=False)
    kept = left[:, sigma > sigma[0] * 1e-12] if sigma[0] > 0 else left[:, :0]
    return np.asarray((kept[: max_delay + 1] ** 2).sum(axis=1))


def _checked_network(weights: ArrayLike, input_weights: ArrayLike) -> tuple[Array, Array]:
    w, w_in = np.asarray(weights, dtype=np.float64), np.asarray(input_weights, dtype=np.float64)
    if w.ndim != 2 or w.shape[0] != w.shape[1] or w.size == 0:
        raise InputError("weights", w.shape, "must have shape (units, units)")
    if w_in.shape != (len(w),):
        raise InputError("input_weights", w_in.shape, f"must have shape ({len(w)},), one for each unit")
    for field, array in (("weights", w), ("input_weights", w_in)):
        if not np.isfinite(array).all():
            raise InputError(field, array[~np.isfinite(array)][0], "must be finite")
    return w, w_in
