"""Encoder of numbers as input currents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from hrsnn.encoders.input_checks import Encoder, checked_rows, checked_series, takes_as_series
from hrsnn.stimuli.currents import Currents
from hrsnn.validation.numbers import bool_of, duration_of


class CurrentEncoder(Encoder):
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
        When a parameter is out of range, or `X` is 3-D without `series` or 2-D with it.

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
        """Compute mean and scale of `X`, (samples, channels) or series (times, channels), over all of their rows."""
        standardise = bool_of("standardise", self.standardise)
        samples, _ = self._samples(X, reset=True)
        rows = np.concatenate(samples)
        self.mean_ = rows.mean(axis=0) if standardise else np.zeros(rows.shape[1])
        spread = rows.std(axis=0) if standardise else np.ones(rows.shape[1])
        # by rounding, the sd of a constant column may differ from 0
        flat = spread <= 1e-12 * np.abs(rows).max(axis=0)
        self.scale_ = np.where(flat, 1.0, spread)
        return self

    def transform(self, X: Any) -> Currents:
        """Return the currents of the samples in `X`: held for `duration` (rows), or `dt` for each row of a series."""
        check_is_fitted(self)
        samples, hold = self._samples(X, reset=False)
        return Currents.from_samples([(sample - self.mean_) / self.scale_ for sample in samples], hold)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = not self.series, bool(self.series)
        return tags

    def _samples(self, X: Any, reset: bool) -> tuple[Sequence[np.ndarray], float]:
        duration, dt = duration_of("duration", self.duration), duration_of("dt", self.dt)
        if not takes_as_series(self, X):
            return [row[np.newaxis] for row in checked_rows(self, X, reset)], duration
        return checked_series(self, X, reset), dt
