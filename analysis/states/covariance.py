"""Covariance of the states: effective dimension and pairwise correlation."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.display import Displayed
from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.validation.limits import check_memory
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@takes()
def effective_dimension(states: ArrayLike) -> float:
    """Compute the effective dimension of the states: the participation ratio 1/J.

    ``1/J = (sum_k lambda_k)^2 / sum_k lambda_k^2``, lambda_k the eigenvalues of the states' covariance matrix.

    Parameters
    ----------
    states : array, shape (times, units)
        Times or stimuli in rows; of any unit.

    Returns
    -------
    float
        Between 1 and the number of units; nan when nothing varies.

    Raises
    ------
    InputError
        When there are fewer than two rows or a value is not finite.

    Warns
    -----
    HrsnnWarning
        When nothing varies.

    Notes
    -----
    At most the number of rows minus 1: n independent units over T rows give about ``n / (1 + n/T)``. Chakraborty &
    Mukhopadhyay (2024) state that heterogeneity leads to a higher J and to lower correlations, a contradiction: J increases
    with the squared correlations. That the capacity increases with 1/J is a hypothesis, to be tested.

    Examples
    --------
    >>> effective_dimension([[1, 0], [-1, 0], [0, 1], [0, -1]])
    2.0

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), J in the proof of theorem 1. P. Gao et al., bioRxiv 214262 (2017), for the
    participation ratio.
    """
    x = centred(states)
    # the smaller of the two products: their non-zero eigenvalues are the same
    product = x.T @ x if x.shape[1] <= len(x) else x @ x.T
    squares = float((product**2).sum())
    if squares == 0:
        warnings.warn("no state varies: the dimension is nan", HrsnnWarning, stacklevel=3)
        return float("nan")
    return float(np.trace(product) ** 2 / squares)


@dataclass(frozen=True)
class StateCorrelation(Displayed):
    """Correlations between the units that vary.

    Attributes
    ----------
    mean : float
        Mean correlation over pairs of different units; near 0 when signs cancel.
    root_mean_square : float
        Root mean square of the correlations over pairs of different units.
    squared_covariance : float
        ``sum_n sum_m Cov(x_n, x_m)^2`` over all units, including n = m: the measure of theorem 1 of Chakraborty &
        Mukhopadhyay (2024), in the fourth power of the states' unit.
    matrix : array, shape (units, units)
        Correlations; nan in the rows and columns of units that do not vary.
    varying : int
        Number of units that vary.
    """

    mean: float
    root_mean_square: float
    squared_covariance: float
    matrix: Array
    varying: int


@takes()
def state_correlation(states: ArrayLike) -> StateCorrelation:
    """Compute the Pearson correlations between all pairs of units.

    Parameters
    ----------
    states : array, shape (times, units)

    Returns
    -------
    StateCorrelation
        Units that do not vary have no correlation and are omitted from the means; with fewer than two others, the means are
        nan.

    Raises
    ------
    InputError
        When there are fewer than two rows or a value is not finite.

    Warns
    -----
    HrsnnWarning
        When fewer than two units vary.

    Notes
    -----
    Independent units over T rows still have a root mean square of ``1 / sqrt(T - 1)``.

    Examples
    --------
    >>> correlation = state_correlation([[1.0, 2.0, 7.0], [2.0, 1.0, 7.0], [3.0, 0.0, 7.0]])
    >>> round(correlation.mean, 6), correlation.varying
    (-1.0, 2)

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), theorem 1.
    """
    x = centred(states)
    check_memory("states", x.shape, 40 * x.shape[1] ** 2, "the correlations of all pairs")
    covariance = x.T @ x / (len(x) - 1)
    deviation = np.sqrt(np.diag(covariance))
    varies = deviation > 0
    matrix = np.full(covariance.shape, np.nan)
    inside = np.ix_(varies, varies)
    matrix[inside] = np.clip(covariance[inside] / np.outer(deviation[varies], deviation[varies]), -1, 1)
    count = int(varies.sum())
    if count < 2:
        warnings.warn("fewer than two units vary: their mean correlation is nan", HrsnnWarning, stacklevel=3)
        pairs = np.full(1, np.nan)
    else:
        pairs = matrix[inside][np.triu_indices(count, k=1)]
    return StateCorrelation(
        mean=float(pairs.mean()),
        root_mean_square=float(np.sqrt(np.mean(pairs**2))),
        squared_covariance=float((covariance**2).sum()),
        matrix=matrix,
        varying=count,
    )


def centred(states: ArrayLike) -> Array:
    """Return the states minus their means; columns that vary only by rounding error become exactly 0."""
    x = np.asarray(states, dtype=np.float64)
    if x.ndim != 2 or len(x) < 2 or x.shape[1] == 0:
        raise InputError("states", x.shape, "must have shape (times, units), two rows or more")
    if not np.isfinite(x).all():
        raise InputError("states", x[~np.isfinite(x)][0], "must be finite")
    constant = np.ptp(x, axis=0) <= 1e-12 * np.abs(x).max(axis=0)
    return np.asarray(np.where(constant, 0.0, x - x.mean(axis=0)))
