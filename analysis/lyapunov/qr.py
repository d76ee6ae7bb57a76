"""The QR method: orthonormal tangent vectors along a trajectory of any system."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from hrsnn.errors import DivergenceError

Array = NDArray[np.float64]
State = TypeVar("State")

#: min - max of log R_kk below which a stretch is repeated in halves: the smallest R_kk has lost some 10 of its 16 digits.
_SPREAD = -23.0


class Advance(Protocol[State]):
    """Propagate a state and its tangent vectors over a length of time, without changing the arguments.

    The tangent has shape (rows, vectors). The number of rows may change over time, the number of vectors may not.
    """

    def __call__(self, state: State, tangent: Array, length: float, /) -> tuple[State, Array]: ...


@dataclass(frozen=True)
class Stretch(Generic[State]):
    """Interval of a trajectory between two orthonormalisations."""

    state: State  #: at the end
    vectors: Array  #: (rows, k) orthonormal, at the end
    log_growth: Array  #: (k,) log of R_kk, the growth factor of each vector
    length: float


def orthonormalise(tangent: Array, *, overwrite: bool = False) -> tuple[Array, Array]:
    """Return Q of the QR factorisation and log of the diagonal of R, by blocked Householder reflections (LAPACK).

    Parameters
    ----------
    tangent : array (rows, k), rows >= k
    overwrite : bool
        Whether `tangent` may be overwritten, which avoids a copy if it is in Fortran order.

    Returns
    -------
    vectors : array (rows, k)
    log_growth : array (k,)
        -inf for a linearly dependent vector.

    Raises
    ------
    DivergenceError
        When the tangent is no longer finite.

    Examples
    --------
    >>> vectors, growth = orthonormalise(np.array([[2.0, 5.0], [0.0, 0.5]]))
    >>> np.exp(growth)
    array([2. , 0.5])
    """
    k = tangent.shape[1]
    columns = np.asfortranarray(tangent) if overwrite else np.array(tangent, order="F")
    factored, tau, _, _ = lapack.dgeqrf(columns, lwork=64 * k, overwrite_a=True)
    diagonal = np.abs(np.diagonal(factored))
    if not np.isfinite(diagonal).all():
        raise DivergenceError("tangent vectors are no longer finite: a shorter interval, or a larger drift floor")
    with np.errstate(divide="ignore"):
        log_growth = np.log(diagonal)  # a copy: the factors are overwritten next
    vectors, _, _ = lapack.dorgqr(factored, tau, lwork=64 * k, overwrite_a=True)
    return vectors, log_growth


def stretches(
    advance: Advance[State],
    state: State,
    vectors: Array,
    lengths: Iterable[float],
    *,
    shortest: float,
    orthonormalise: Callable[[Array], tuple[Array, Array]] = orthonormalise,
) -> Iterator[Stretch[State]]:
    """Propagate over each length, orthonormalise, and yield the growth of each vector.

    Parameters
    ----------
    advance : callable
        An :class:`Advance`.
    state : object
    vectors : array (rows, k)
        Orthonormal.
    lengths : iterable of float
    shortest : float
        Length below which a stretch is not halved.
    orthonormalise : callable
        From a tangent to (vectors, log_growth).

    Yields
    ------
    Stretch

    Notes
    -----
    If growth rates differ so much that rounding errors matter, the stretch is repeated in halves from its initial state.

    Examples
    --------
    >>> halve_and_double = lambda state, tangent, length: (state, tangent * np.array([[2.0], [0.5]]) ** length)
    >>> [stretch.log_growth / np.log(2) for stretch in stretches(halve_and_double, None, np.eye(2), [1, 3], shortest=1)]
    [array([ 1., -1.]), array([ 3., -3.])]
    """
    for length in lengths:
        pieces = [length]
        while pieces:
            piece = pieces.pop()
            after, tangent = advance(state, vectors, piece)
            turned, log_growth = orthonormalise(tangent)
            if piece / 2 >= shortest and log_growth.min() - log_growth.max() < _SPREAD:
                pieces += [piece / 2, piece / 2]
                continue
            state, vectors = after, turned
            yield Stretch(state, vectors, log_growth, piece)
