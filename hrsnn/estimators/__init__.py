"""Reservoirs as scikit-learn estimators."""

from __future__ import annotations

from hrsnn.estimators.classifier import ReservoirClassifier
from hrsnn.estimators.forecaster import ReservoirForecaster
from hrsnn.estimators.regressor import ReservoirRegressor
from hrsnn.estimators.transformer import ReservoirTransformer

__all__ = ["ReservoirClassifier", "ReservoirForecaster", "ReservoirRegressor", "ReservoirTransformer"]
