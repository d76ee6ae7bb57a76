"""Baselines of a forecast: the last value, and a linear autoregression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.preprocessing import VALIDATION_SHARE
from hrsnn.regression.ridge import ALPHAS, Forecast, ridge_readout
from hrsnn.validation.annotations import is_whole
from hrsnn.validation.numbers import count_of, series_of
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@takes()
def last_value(inputs: ArrayLike) -> Array:
    """Return the persistence forecast, ``prediction[t] = inputs[t]`` for any horizon.

    Parameters
    ----------
    inputs : array, shape (times,) or (times, outputs)
        The series whose later values are the targets.

    Returns
    -------
    array, shaped as `inputs`
        Row t is the forecast made at t.

    Raises
    ------
    InputError
        When a value is not finite.

    Examples
    --------
    >>> series = np.array([1.0, 2.0, 4.0])
    >>> targets = series[1:]
    >>> last_value(series)[:-1] - targets
    array([-1., -2.])
    """
    series = np.array(inputs, dtype=np.float64)
    if not np.isfinite(series).all():
        raise InputError("inputs", series[~np.isfinite(series)][0], "must be finite")
    return series


@takes()
def linear_autoregression(
    inputs: ArrayLike,
    targets: ArrayLike,
    train: int,
    lags: int | Sequence[int] = (1, 2, 5, 10, 20),
    alphas: Sequence[float] = ALPHAS,
    validation_share: float = VALIDATION_SHARE,
    *,
    washout: int = 0,
) -> Array:
    """Forecast from the present and past inputs only, by ridge regression.

    ``prediction[t] = b + sum over k = 0..lags-1 of W_k inputs[t - k]``

    Parameters
    ----------
    inputs : array, shape (times,) or (times, channels)
    targets : array, shape (times,) or (times, outputs)
        ``targets[t]`` is to be predicted from the inputs up to t.
    train : int
        Rows 0 to ``train - 1`` are the training part.
    lags : int or sequence of int
        Number of inputs used, including the present one; of several, the number with the smallest error on the validation
        rows is chosen.
    alphas, validation_share, washout
        As in :func:`hrsnn.analysis.ridge_readout`. Rows without a complete history are not used in the fit either.

    Returns
    -------
    array, shaped as `targets`
        Row t is the forecast made at t. Before the first input the series is assumed to be constant.

    Raises
    ------
    InputError
        When an option is not allowed, shapes do not match, values are not finite, or there are too few training rows.

    Examples
    --------
    A sine obeys a linear recurrence of two lags.

    >>> series = np.sin(0.3 * np.arange(300))
    >>> prediction = linear_autoregression(series[:-1], series[1:], train=200, lags=2)
    >>> bool(np.abs(prediction - series[1:])[200:].max() < 1e-6)
    True
    """
    return fit_autoregression(inputs, targets, train, lags, alphas, validation_share, washout=washout).forecast.prediction


@dataclass(frozen=True)
class Autoregression(Displayed):
    """A fitted linear autoregression.

    Attributes
    ----------
    lags : int
        Number of inputs used.
    forecast : Forecast
        Forecast for every row of the series it was fitted to.
    """

    lags: int
    forecast: Forecast

    def __call__(self, series: Array) -> Array:
        """Forecast (outputs,) after the last row of `series` (times, channels)."""
        return np.ravel(self.forecast.readout(_history(series[-self.lags :], self.lags)[-1:]))


@takes()
def fit_autoregression(
    inputs: ArrayLike,
    targets: ArrayLike,
    train: int,
    lags: int | Sequence[int] = (1, 2, 5, 10, 20),
    alphas: Sequence[float] = ALPHAS,
    validation_share: float = VALIDATION_SHARE,
    *,
    washout: int = 0,
) -> Autoregression:
    """Fit the model of :func:`linear_autoregression` for forecasts from any series.

    Parameters
    ----------
    inputs, targets, train, lags, alphas, validation_share, washout
        As in :func:`linear_autoregression`.

    Returns
    -------
    Autoregression

    Raises
    ------
    InputError
        As :func:`linear_autoregression`.

    Examples
    --------
    >>> series = np.sin(0.3 * np.arange(300))
    >>> model = fit_autoregression(series[:-1], series[1:], train=200, lags=2)
    >>> bool(abs(model(series[:, None]) - np.sin(0.3 * 300)) < 1e-6)
    True
    """
    candidates = [lags] if is_whole(lags) else list(lags)
    if not candidates:
        raise InputError("lags", lags, "must be a whole number >= 1, or several")
    for lag in candidates:
        count_of("lags", lag)
    series = series_of("inputs", inputs)
    # the same rows for every number of lags, so that their validation errors are comparable
    first = max(washout, max(candidates) - 1)

    def fitted(lag: int) -> Forecast:
        # a channel that varies less than the others may have other units, so it is kept, unlike a state
        history = _history(series, lag)
        return ridge_readout(history, targets, train, alphas, validation_share, washout=first, least_deviation=0.0)

    models = [Autoregression(int(lag), fitted(int(lag))) for lag in sorted(candidates)]
    return min(models, key=lambda model: model.forecast.validation_error)


def _history(series: Array, lags: int) -> Array:
    """Return rows ``series[t], ..., series[t - lags + 1]``, concatenated."""
    padded = np.concatenate([np.repeat(series[:1], lags - 1, axis=0), series])
    return np.hstack([padded[lags - 1 - lag : len(padded) - lag] for lag in range(lags)])
