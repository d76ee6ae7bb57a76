"""Quadratic readouts: ridge regression on states, and on squares and products of their principal components."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.preprocessing import LEAST_DEVIATION, VALIDATION_SHARE, Standardiser
from hrsnn.regression.ridge import ALPHAS, Forecast, LinearReadout, ridge_readout
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, series_of
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
#: Most components whose products are taken: 5050 columns.
MOST_COMPONENTS = 100


@dataclass(frozen=True)
class QuadraticExpansion(Displayed):
    """Expansion of states by squares and products; made by :meth:`fit`.

    Attributes
    ----------
    standardise : Standardiser
        Of the states, which drops columns that hardly vary.
    mean, vectors : arrays (kept,), (kept, components)
        Mean of the standardised states, and the leading eigenvectors of their covariance; the unit matrix where there are
        no more states than components.
    """

    standardise: Standardiser
    mean: Array
    vectors: Array

    @classmethod
    def fit(cls, states: Array, components: int, least_deviation: float = LEAST_DEVIATION) -> QuadraticExpansion:
        """Fit to states (times, units) of the training part."""
        standardise = Standardiser(states, least_deviation)
        rows = standardise(states)
        mean = rows.mean(axis=0)
        kept = rows.shape[1]
        if kept <= components:
            return cls(standardise, mean, np.eye(kept))
        vectors = np.ascontiguousarray(np.linalg.eigh(np.cov(rows, rowvar=False))[1][:, ::-1][:, :components])
        return cls(standardise, mean, vectors)

    @property
    def columns(self) -> int:
        """Number of columns: the kept states, and K (K + 1)/2 squares and products of K components."""
        kept, components = self.vectors.shape
        return int(kept + components * (components + 1) // 2)

    def __call__(self, states: Array) -> Array:
        """Return the standardised states (times, kept) followed by squares and products."""
        rows = self.standardise(np.asarray(states, dtype=np.float64))
        projected = (rows - self.mean) @ self.vectors
        first, second = np.triu_indices(projected.shape[1])
        return np.hstack([rows, projected[:, first] * projected[:, second]])


@dataclass(frozen=True)
class QuadraticReadout(Displayed):
    """Fitted quadratic readout, from states (times, units) to forecasts (times, outputs)."""

    expand: QuadraticExpansion
    linear: LinearReadout

    def __call__(self, states: ArrayLike) -> Array:
        return self.linear(self.expand(series_of("states", states)))

    def rescaled(self, mean: Array, deviation: Array) -> QuadraticReadout:
        """Return the readout of the targets ``mean + deviation * target``, an entry an output each."""
        return replace(self, linear=self.linear.rescaled(mean, deviation))


@takes()
def quadratic_readout(
    states: ArrayLike,
    targets: ArrayLike,
    train: int,
    components: int = 32,
    alphas: Sequence[float] = ALPHAS,
    validation_share: float = VALIDATION_SHARE,
    *,
    washout: int = 0,
    least_deviation: float = LEAST_DEVIATION,
) -> Forecast:
    """Predict `targets` from states, their squares and their products, with a ridge penalty as :func:`ridge_readout`.

    ``y(t) = b + W z(t) + sum_(i <= j) Q_ij p_i(t) p_j(t)``, z the standardised states and p their K leading principal
    components, or the states themselves where there are no more than K. The readout has ``units + K (K + 1)/2`` columns:
    560 for 32 states, 828 for 300 neurons with K = 32.

    Parameters
    ----------
    states : array, shape (times, units)
    targets : array, shape (times,) or (times, outputs)
    train : int
        Rows 0 to ``train - 1`` are the training part, to which the components are fitted too.
    components : int
        K, at most 100.
    alphas, validation_share, washout, least_deviation
        As in :func:`ridge_readout`.

    Returns
    -------
    Forecast

    Raises
    ------
    InputError
        As :func:`ridge_readout`; when `components` is not from 1 to 100.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(400, 3))
    >>> target = x[:, 0] * x[:, 1] - x[:, 2] ** 2
    >>> forecast = quadratic_readout(x, target, train=300)
    >>> bool(np.allclose(forecast.prediction, target, atol=1e-6))
    True
    """
    components = count_of("components", components, most=MOST_COMPONENTS)
    x = series_of("states", states)
    size = x.shape[1] + components * (components + 1) // 2
    check_memory("components", components, 8.0 * (3 * len(x) + 3 * size) * size, "the quadratic readout")
    if not washout < train <= len(x):
        raise InputError("train", train, f"must be over the washout of {washout} and up to the {len(x)} rows")
    expand = QuadraticExpansion.fit(x[washout:train], components, least_deviation)
    if not expand.columns:  # nothing varies: the training mean
        return ridge_readout(x, targets, train, alphas, validation_share, washout=washout, least_deviation=least_deviation)
    # the rule for columns that hardly vary is for columns of one unit, which products are not
    found = ridge_readout(expand(x), targets, train, alphas, validation_share, washout=washout, least_deviation=0.0)
    assert isinstance(found.readout, LinearReadout)
    return replace(found, readout=QuadraticReadout(expand, found.readout))


def series_readout(states: Array, targets: Array, train: int, washout: int, quadratic: int = 0) -> Forecast:
    """Return the readout of a series: linear, or quadratic in as many components as are given."""
    if quadratic:
        return quadratic_readout(states, targets, train, quadratic, washout=washout)
    return ridge_readout(states, targets, train=train, washout=washout)
