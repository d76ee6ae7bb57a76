"""What the encoders share: their base class, and validation of a row or a series (times, channels) for each sample."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import validate_data

from hrsnn.errors import InputError
from hrsnn.validation.numbers import bool_of
from hrsnn.validation.units import plain


class Encoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Base class of encoders, whose results are stimuli or lists, of which there are no data frames."""

    def set_output(self, *, transform: str | None = None) -> Self:
        """Return the encoder, unchanged: a pipeline asks each of its steps."""
        return self


def is_series(X: Any) -> bool:
    """Return whether `X` is a 3-D array or a list of 2-D arrays, so that each sample is a series."""
    if isinstance(X, (list, tuple)) or (isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1):
        try:
            return len(X) > 0 and np.ndim(X[0]) == 2
        except ValueError:  # a list of lists of several lengths, or one that holds itself
            return False
    return isinstance(X, np.ndarray) and X.ndim == 3


def takes_as_series(estimator: Any, X: Any) -> bool:
    """Return whether an encoder of rows and series takes `X` as series, which for a 3-D array requires ``series=True``.

    Raises
    ------
    InputError
        When `series` is not a bool; for a 3-D array without ``series=True``, which may contain images, and for rows with
        it.
    """
    series, asked = is_series(X), bool_of("series", estimator.series)
    if asked and not series:
        raise InputError("X", np.shape(X), "must be (samples, times, channels), or a list of (times, channels): series=True")
    if series and isinstance(X, np.ndarray) and X.ndim == 3 and not asked:
        flat = X.shape[0], X.shape[1] * X.shape[2]
        allowed = f"must be rows: flatten images to {flat}, or series=True for (samples, times, channels)"
        raise InputError("X", X.shape, allowed)
    return series


def checked_rows(estimator: BaseEstimator, X: Any, reset: bool) -> np.ndarray:
    """Return `X` as a finite float64 array (samples, channels), checked by scikit-learn."""
    try:
        return np.asarray(validate_data(estimator, plain(X, "", "X"), reset=reset, dtype=np.float64))
    except OverflowError as error:
        raise InputError("X", X, "must be numbers of double precision") from error


def checked_series(estimator: Any, X: Any, reset: bool) -> list[np.ndarray]:
    """Return `X` as a list of finite float64 arrays (times, channels) with the same number of channels.

    Raises
    ------
    InputError
        When a sample has another shape, contains nan or infinity, or its number of channels differs from that in ``fit``.
    """
    samples = []
    channels = None if reset else estimator.n_features_in_
    for index, item in enumerate(plain(X, "", "X")):
        try:
            sample = np.asarray(item, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f"X[{index}]", item, "must be numbers, (times, channels)") from error
        if sample.ndim != 2 or sample.shape[0] == 0 or sample.shape[1] == 0:
            raise InputError(f"X[{index}]", sample.shape, "must have the shape (times, channels), none of them 0")
        channels = sample.shape[1] if channels is None else channels
        if sample.shape[1] != channels:
            raise InputError(f"X[{index}]", sample.shape, f"must have {channels} channels")
        if not np.all(np.isfinite(sample)):
            row, column = np.argwhere(~np.isfinite(sample))[0]
            raise InputError(f"X[{index}][{row}, {column}]", sample[row, column], "must be finite")
        samples.append(sample)
    if not samples:
        raise InputError("X", X, "must hold at least one sample")
    if reset:
        estimator.n_features_in_ = channels
    return samples
