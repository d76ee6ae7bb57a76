"""Regression of stimuli by a reservoir and a ridge readout."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from hrsnn.errors import InputError
from hrsnn.estimators.base import ReservoirEstimator
from hrsnn.readout import regression_readout


class ReservoirRegressor(RegressorMixin, ReservoirEstimator):  # type: ignore[misc]
    """Regression of numbers on samples, by the states of a reservoir.

    As :class:`hrsnn.ReservoirClassifier`, with a ridge readout whose penalty is chosen by the error on the last fifth of the
    samples (:func:`hrsnn.readout.regression_readout`). For series, see :class:`hrsnn.ReservoirForecaster`.

    Parameters
    ----------
    spec, encoder, reservoir, features, windows, neurons, plastic, blank, duration, engine, seed
        As in :class:`hrsnn.ReservoirClassifier`.

    Attributes
    ----------
    encoder_, transformer_, readout_, reservoir_, n_features_in_
        As in :class:`hrsnn.ReservoirClassifier`.

    Raises
    ------
    InputError
        For options that are not allowed, and with fewer than two samples.

    Examples
    --------
    >>> from hrsnn import ReservoirRegressor, ReservoirSpec
    >>> X = np.random.default_rng(0).uniform(-1, 1, (80, 1))
    >>> model = ReservoirRegressor(ReservoirSpec(neurons=60), features="v")
    >>> bool(model.fit(X, 2 * X[:, 0]).score(X, 2 * X[:, 0]) > 0.9)
    True
    """

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> ReservoirRegressor:
        """Fit encoder, reservoir and readout.

        Parameters
        ----------
        X : SpikeTrains, Currents, or what the encoder takes
        y : array (samples,) or (samples, outputs)
        sample_weight : array (samples,), optional
            Weights of the samples in the fit of the readout.
        """
        if y is None:
            raise InputError("y", y, "requires y to be passed, but the target y is None: a number for each sample")
        targets = np.asarray(y, dtype=np.float64)
        if not np.isfinite(targets).all():
            raise InputError("y", targets, "must be finite: holds NaN or infinity")
        states = self._fit_states(X)
        check_consistent_length(states, targets, sample_weight)
        more = {} if sample_weight is None else {"regress__sample_weight": np.asarray(sample_weight, dtype=np.float64)}
        with config_context(enable_metadata_routing=False):
            self.readout_ = regression_readout().fit(states, targets, **more).best_estimator_
        self._warn_of_silence("the mean")
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the numbers of the samples in `X`."""
        check_is_fitted(self)
        return np.asarray(self.readout_.predict(self._states(X)))
