"""Scaling of all values together to [0, 1], as a scikit-learn transformer."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from hrsnn.encoders.input_checks import checked_rows
from hrsnn.encoders.scaling import scaled, training_range


class GlobalRange(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Scaling of rows to [0, 1] by the smallest and largest value of all columns in the training data.

    ``(x - low) / (high - low)``, clipped to [0, 1]; 0 where the training data have one value only. Differences between
    columns are preserved, as with ``PoissonEncoder(scale="global")``.

    Attributes
    ----------
    low_, high_ : ndarray, (columns,)
        Smallest and largest value, the same for each column.
    n_features_in_ : int
        Number of columns.

    Examples
    --------
    >>> GlobalRange().fit([[0.0, 10.0]]).transform([[5.0, 20.0]])
    array([[0.5, 1. ]])
    """

    def fit(self, X: Any, y: Any = None) -> GlobalRange:
        """Compute the range of the values in `X`, (samples, columns)."""
        self.low_, self.high_ = training_range([checked_rows(self, X, reset=True)], "global")
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the scaled rows."""
        check_is_fitted(self)
        return scaled(checked_rows(self, X, reset=False), self.low_, self.high_)
