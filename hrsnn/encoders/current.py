"""Encoder of numbers as input currents."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from hrsnn.encoders.input_checks import checked_rows, checked_series, takes_as_series
from hrsnn.errors import InputError
from hrsnn.stimuli.currents import Currents
from hrsnn.validation.numbers import bool_of, duration_of


class CurrentEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Encoder of values as analog input, standardised by the training data.

    ``u = (x - mean) / sd`` for each channel (``u = x - mean`` where sd is 0), or ``u = x`` when not standardised.

    Parameters
    ----------
    duration : float
        Time in ms for which a row of numbers is held, when a sample is a row.
    dt : float
        Time in ms for which each row is held, when a sample is a series (times, channels).
    standardise : bool
        Whether to scale each channel to mean 0 and standard deviation 1 over the training data.
    series : bool
        Whether `X` may be a 3-D array (samples, times, channels), each sample a series. By default a 3-D array is an error,
        since it may contain images, whose rows are not times. A list of arrays (times, channels) is always allowed.

    Attributes
    ----------
    mean_, scale_ : ndarray, (channels,)
        Mean and scale of each channel.
    n_features_in_ : int
        Number of channels.

    Raises
    ------
    InputError
        When a parameter is out of range, `X` is 3-D without `series` or 2-D with it, or the series of a batch differ in
        length (currents are dense).

    Examples
    --------
    >>> import numpy as np
    >>> CurrentEncoder(duration=50.0).fit_transform(np.array([[1.0], [3.0]])).values.ravel()
    array([-1.,  1.])
    """

    def __init__(self, duration: float = 100.0, dt: float = 10.0, standardise: bool = True, series: bool = False) -> None:
        self.duration = duration
        self.dt = dt
        self.standardise = standardise
        self.series = series

    def fit(self, X: Any, y: Any = None) -> CurrentEncoder:
        """Compute mean and scale of `X`, (samples, channels) or series (times, channels) of equal length."""
        standardise = bool_of("standardise", self.standardise)
        values, _ = self._values(X, reset=True)
        rows = values.reshape(-1, values.shape[-1])
        self.mean_ = rows.mean(axis=0) if standardise else np.zeros(rows.shape[1])
        spread = rows.std(axis=0) if standardise else np.ones(rows.shape[1])
        # by rounding, the sd of a constant column may differ from 0
        flat = spread <= 1e-12 * np.abs(rows).max(axis=0)
        self.scale_ = np.where(flat, 1.0, spread)
        return self

    def transform(self, X: Any) -> Currents:
        """Return the currents of the samples in `X`: held for `duration` (rows), or `dt` for each row of a series."""
        check_is_fitted(self)
        values, hold = self._values(X, reset=False)
        return Currents((values - self.mean_) / self.scale_, hold)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = not self.series, bool(self.series)
        return tags

    def _values(self, X: Any, reset: bool) -> tuple[np.ndarray, float]:
        duration, dt = duration_of("duration", self.duration), duration_of("dt", self.dt)
        if not takes_as_series(self, X):
            return checked_rows(self, X, reset)[:, np.newaxis], duration
        samples = checked_series(self, X, reset)
        lengths = sorted({len(sample) for sample in samples})
        if len(lengths) > 1:
            raise InputError("X", lengths, "series of one batch must be equally long: currents are dense")
        return np.stack(samples), dt
