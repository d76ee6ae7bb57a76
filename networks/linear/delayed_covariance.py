"""Covariance of the neurons of a linear network with delays, driven by noise, from its transfer function."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from hrsnn.errors import DivergenceError, InputError
from hrsnn.networks.linear.noise_covariance import matrix_of
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import float_vector, positive, whole_vector
from hrsnn.validation.units import takes

Array = NDArray[np.float64]

#: Numbers of frequencies: the first, and the most.
_FIRST, _MOST = 64, 16384
#: Largest amplitude of the noise.
_LARGEST = 1e150


@takes()
def delay_independent_leak(links: csr_array, margin: float = 0.05) -> Array:
    """Smallest equal leak with which a network is stable for all delays and signs: ``D = (1 + margin) max eig(|A|)``.

    Parameters
    ----------
    links : sparse array (N, N)
        Weights, with a zero diagonal.
    margin : float
        Positive.

    Returns
    -------
    array (N,)
        All equal; at least half the largest singular value, as in :func:`hrsnn.networks.critical_leak`, and 1 for a network
        without links.

    Notes
    -----
    With x' = -D x + sum_j A_ij x_j(t - d_ij), a root with a real part of 0 or more would need an eigenvalue of modulus D or
    more of a matrix whose entries are at most those of ``|A|``, which by Perron and Frobenius has none.

    Examples
    --------
    >>> from hrsnn.networks.linear.noise_covariance import coupling
    >>> delay_independent_leak(coupling(2, [0, 1], [1, 0], [-4.0, 1.0]), margin=0.5)
    array([3., 3.])
    """
    matrix, above = abs(links).toarray(), 1 + positive("margin", margin, "a share")
    least = max(float(np.abs(np.linalg.eigvals(matrix)).max()), float(np.linalg.norm(links.toarray(), 2)) / 2)
    return np.full(len(matrix), above * least if least > 0 else 1.0)


@takes(delay="ms")
def delayed_covariance(
    links: csr_array | ArrayLike,
    leak: ArrayLike,
    pre: ArrayLike,
    post: ArrayLike,
    delay: ArrayLike,
    sigma: float = 1.0,
    *,
    tolerance: float = 1e-3,
) -> tuple[Array, Array]:
    """Compute variances, and covariances along links, of ``dx_i/dt = -D_i x_i + sum_j A_ij x_j(t - d_ij) + sigma xi_i(t)``.

    ``S(u) = sigma^2 / (2 pi) integral H(w) H(w)^* e^(i w u) dw``, ``H(w) = (i w + D - A(w))^-1``,
    ``A_ij(w) = A_ij e^(-i w d_ij)``.

    Parameters
    ----------
    links : sparse or dense array (N, N)
        Entry (i, j) is the weight from j to i (1/ms); the diagonal is 0.
    leak : array (N,)
        D (1/ms).
    pre, post : array of int (links,)
        Ends of the links: the entries of `links` that are not 0.
    delay : array (links,)
        d (ms).
    sigma : float
        Amplitude of the independent noise of each neuron.
    tolerance : float
        The number of frequencies is doubled until no variance changes by more than this share.

    Returns
    -------
    (array (N,), array (links,))
        Variances, and for each link the covariance of x_i(t) with x_j(t - d_ij), its source as it arrives.

    Raises
    ------
    InputError
        When shapes do not match, or the network is not stable for all delays: the eigenvalues of ``|A_ij| / D_i`` must be
        below 1.
    DivergenceError
        When 16384 frequencies are not enough.

    Notes
    -----
    The integral over w = c tan(phi), c the geometric mean of the leaks, is a sum over midpoints in phi. Each frequency takes
    one inverse of an N x N matrix.

    Examples
    --------
    Without delays, the covariance of :func:`hrsnn.networks.noise_covariance`.

    >>> variance, shared = delayed_covariance([[0.0, 0.0], [0.5, 0.0]], [1.0, 1.0], [0], [1], [0.0])
    >>> bool(np.allclose(variance, [0.5, 0.5625], rtol=1e-3)), bool(np.allclose(shared, 0.125, rtol=1e-3))
    (True, True)
    """
    matrix, decay = matrix_of("links", links), float_vector("leak", leak)
    n = len(decay)
    j, i = whole_vector("pre", pre, np.int64), whole_vector("post", post, np.int64)
    lag = float_vector("delay", delay)
    if matrix.shape != (n, n) or i.shape != j.shape or lag.shape != i.shape:
        raise InputError("links", matrix.shape, f"must be ({n}, {n}), with pre, post and delay of one length")
    check_memory("links", matrix.shape, 64 * n**2, "the covariance")
    dense = matrix.toarray()
    if not (decay > 0).all():
        raise InputError("leak", float(decay.min()), "must be positive (1/ms)")
    radius = float(np.abs(np.linalg.eigvals(np.abs(dense) / decay[:, None])).max()) if n else 0.0
    if not radius < 1:
        raise InputError("leak", float(decay.min()), "must be larger: |links| / leak has an eigenvalue of 1 or more")
    strength = dense[i, j]
    scale = float(np.exp(np.log(decay).mean()))

    def total(count: int) -> tuple[Array, Array]:
        variance, shared = np.zeros(n), np.zeros(len(i))
        step = np.pi / 2 / count
        for phi in (np.arange(count) + 0.5) * step:
            omega = scale * np.tan(phi)
            system = np.diag(1j * omega + decay)
            system[i, j] -= strength * np.exp(-1j * omega * lag)
            transfer = np.linalg.inv(system)
            weight = scale * step / np.cos(phi) ** 2 / np.pi
            variance += weight * (transfer.real**2 + transfer.imag**2).sum(axis=1)
            across = np.einsum("lk,lk->l", transfer[i], transfer[j].conj())
            shared += weight * (across * np.exp(1j * omega * lag)).real
        return variance, shared

    amplitude, count = positive("sigma", sigma, "amplitude"), _FIRST
    if amplitude > _LARGEST:
        raise InputError("sigma", amplitude, f"must be at most {_LARGEST:g}: its square is a number")
    noise = amplitude**2
    before = total(count)
    while count < _MOST:
        count *= 2
        now = total(count)
        # midpoints of twice as many intervals: the error falls at least by four, unless a resonance was missed
        if float(np.abs(now[0] / before[0] - 1).max()) <= tolerance:
            return noise * now[0], noise * now[1]
        before = now
    raise DivergenceError(f"the covariance did not settle with {_MOST} frequencies: take a larger margin")
