"""Ridge readouts of a series, with the penalty chosen on a validation part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.preprocessing import LEAST_DEVIATION, VALIDATION_SHARE, Standardiser
from hrsnn.validation.numbers import series_of
from hrsnn.validation.units import takes

Array = NDArray[np.float64]

# relative to the states' variance; the smallest is the precision of float64 eigenvalues of a Gram matrix of 1000 states
ALPHAS: tuple[float, ...] = tuple(float(f"1e{power}") for power in range(-12, 3))


class SeriesReadout(Protocol):
    """Fitted readout, from states (times, units) to forecasts (times, outputs)."""

    def __call__(self, states: ArrayLike) -> Array:
        """Return the forecasts."""
        ...

    def rescaled(self, mean: Array, deviation: Array) -> SeriesReadout:
        """Return the readout of the targets ``mean + deviation * target``, an entry an output each."""
        ...


@dataclass(frozen=True)
class Forecast(Displayed):
    """Forecast of a readout.

    Attributes
    ----------
    prediction : array, shape (times,) or (times, outputs) as the targets
        Prediction for every row, including the training part and the washout.
    alpha : float
        Ridge penalty with the smallest error on the validation rows.
    validation_error : float
        Mean squared error on these rows, in units of the targets' training variance, before the final fit.
    readout : SeriesReadout
        Fitted readout, from further states (times, units) to forecasts (times, outputs): a :class:`LinearReadout`, or a
        :class:`hrsnn.regression.quadratic.QuadraticReadout`.
    columns : int
        Number of columns that the readout sees, without those that hardly vary.
    """

    prediction: Array
    alpha: float
    validation_error: float
    readout: SeriesReadout
    columns: int


@dataclass(frozen=True)
class LinearReadout(Displayed):
    """Fitted linear readout, from states (times, units) to forecasts (times, outputs).

    Attributes
    ----------
    standardise : Standardiser
        Standardiser of the states.
    mean, vectors : arrays (kept units,), (kept units, kept units)
        Mean and eigenvectors of the covariance of the standardised states.
    coefficients, intercept : arrays (kept units, outputs), (outputs,)
        Ridge solution in the basis of these eigenvectors.
    """

    standardise: Standardiser
    mean: Array
    vectors: Array
    coefficients: Array
    intercept: Array

    def __call__(self, states: ArrayLike) -> Array:
        rows = series_of("states", states)
        if rows.shape[1] != len(self.standardise.kept):
            raise InputError("states", rows.shape, f"must have {len(self.standardise.kept)} columns, as were fitted")
        z = self.standardise(rows)
        return np.asarray(((z - self.mean) @ self.vectors) @ self.coefficients + self.intercept)

    def rescaled(self, mean: Array, deviation: Array) -> LinearReadout:
        """Return the readout of the targets ``mean + deviation * target``, an entry an output each."""
        return replace(self, coefficients=self.coefficients * deviation, intercept=self.intercept * deviation + mean)


class RidgePath:
    """Ridge regressions on one set of rows, from one eigendecomposition of their covariance matrix.

    The penalty is ``alpha`` times the number of rows: with standardised columns it is relative to their variance.
    """

    def __init__(self, rows: Array) -> None:
        self.count = len(rows)
        self.rows = rows
        self.mean = rows.mean(axis=0)
        covariance = rows.T @ rows
        covariance -= self.count * np.outer(self.mean, self.mean)
        values, vectors = np.linalg.eigh(covariance / self.count)
        # in the order in which files keep arrays: products round differently in another
        self.vectors = np.ascontiguousarray(vectors)
        # eigenvalues near 0 are rounding error, by which an alpha of 0 must not divide
        self.values = np.maximum(values, 0.0)

    def project(self, targets: Array) -> Array:
        """Cross-covariance (states, outputs) with centred `targets` (rows, outputs), in the basis of the eigenvectors."""
        centred = targets - targets.mean(axis=0)
        return np.asarray(self.vectors.T @ (self.rows.T @ centred) / self.count)

    def shrink(self, projected: Array, alpha: float | Array) -> Array:
        """Coefficients in the basis of the eigenvectors; `alpha` is one number or one per output."""
        penalised = self.values[:, None] + alpha
        floor = len(self.values) * np.finfo(np.float64).eps * self.values.max(initial=0.0)
        return np.asarray(np.divide(projected, penalised, out=np.zeros_like(projected), where=penalised > floor))

    def frame(self, rows: Array) -> Array:
        """Rows in the basis of the eigenvectors, centred on the mean of the fitted rows."""
        return np.asarray((rows - self.mean) @ self.vectors)


@takes()
def ridge_readout(
    states: ArrayLike,
    targets: ArrayLike,
    train: int,
    alphas: Sequence[float] = ALPHAS,
    validation_share: float = VALIDATION_SHARE,
    *,
    washout: int = 0,
    least_deviation: float = LEAST_DEVIATION,
) -> Forecast:
    """Predict `targets` linearly from `states`, with a ridge penalty chosen on the end of the training part.

    ``y(t) = b + W z(t)``, ``W, b = argmin sum_t |target(t) - y(t)|^2 + alpha n |W|^2`` with the n training rows' states
    standardised to z (alpha is thus relative to the variance of a state).

    Parameters
    ----------
    states : array, shape (times, units)
        States, of any units, the same for all columns.
    targets : array, shape (times,) or (times, outputs)
        ``targets[t]`` is to be predicted from ``states[t]``.
    train : int
        Rows 0 to ``train - 1`` are the training part; later rows are not used in the fit.
    alphas : sequence of float
        Penalties to try, each >= 0.
    validation_share : float
        Share of the training part, from its end, on which the penalty with the smallest mean squared error (each
        output in units of its training variance) is chosen; the readout is then fitted again to the whole part.
    washout : int
        Rows at the start that are not used in the fit.
    least_deviation : float
        Columns whose sd in training is below this share of the median column's are omitted
        (:class:`hrsnn.preprocessing.Standardiser`): a late spike of a near-silent neuron would otherwise spoil the forecast.

    Returns
    -------
    Forecast
        ``.prediction`` of every row, shaped as `targets`, the chosen ``.alpha``, and the ``.readout`` for further states.

    Raises
    ------
    InputError
        When shapes do not match, values are not finite, or there are too few training rows.

    Notes
    -----
    When no state varies the prediction is the targets' training mean.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> states = rng.normal(size=(300, 3))
    >>> target = states @ [1.0, -2.0, 0.5] + 4
    >>> forecast = ridge_readout(states, target, train=200)
    >>> bool(np.allclose(forecast.prediction, target)), forecast.alpha
    (True, 1e-12)
    """
    x, y = series_of("states", states), series_of("targets", targets)
    if len(x) != len(y):
        raise InputError("targets", y.shape, f"must have as many rows as states, {len(x)}")
    if not 0 < validation_share < 1:
        raise InputError("validation_share", validation_share, "must be between 0 and 1")
    if washout < 0:
        raise InputError("washout", washout, "must be >= 0")
    if not washout < train <= len(x):
        raise InputError("train", train, f"must be over the washout of {washout} and up to the {len(x)} rows")
    penalties = check_alphas(alphas)
    split = train - round(validation_share * (train - washout))
    if split - washout < 2 or train - split < 1:
        raise InputError("train", train, "leaves too few rows: the fit needs 2 and the validation 1")

    standardise = Standardiser(x[washout:split], least_deviation)
    z = standardise(x)
    path = RidgePath(z[washout:split])
    fitted = y[washout:split]
    projected, held_out, frame = path.project(fitted), y[split:train] - fitted.mean(axis=0), path.frame(z[split:train])
    variance = fitted.var(axis=0)
    variance[variance == 0] = 1.0  # a constant output is predicted exactly for every penalty
    errors = [float(np.mean((held_out - frame @ path.shrink(projected, alpha)) ** 2 / variance)) for alpha in penalties]
    # the largest of equally good penalties
    alpha = float(penalties[np.flatnonzero(np.asarray(errors) == min(errors))].max())

    path = RidgePath(z[washout:train])
    coefficients, intercept = path.shrink(path.project(y[washout:train]), alpha), y[washout:train].mean(axis=0)
    prediction = path.frame(z) @ coefficients + intercept
    readout = LinearReadout(standardise, path.mean, path.vectors, coefficients, intercept)
    return Forecast(prediction.reshape(np.shape(targets)), alpha, min(errors), readout, int(standardise.kept.sum()))


def check_alphas(alphas: Sequence[float]) -> Array:
    """Return the penalties as an array, or raise an error."""
    penalties = np.asarray(alphas, dtype=np.float64)
    if penalties.ndim != 1 or penalties.size == 0 or not (np.isfinite(penalties) & (penalties >= 0)).all():
        raise InputError("alphas", alphas, "must be finite penalties >= 0, at least one")
    return penalties
