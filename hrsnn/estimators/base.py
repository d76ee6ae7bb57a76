"""What the estimators with a readout share: parameters, encoder, network, states."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.estimators.spec_parameters import SpecParameters
from hrsnn.estimators.transformer import ReservoirTransformer
from hrsnn.kinds import Network, NetworkSpec
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains

Array = NDArray[np.float64]
#: Parameters that the network and its states are made with.
_OF_STATES = ("spec", "reservoir", "features", "windows", "neurons", "plastic", "blank", "duration", "engine", "seed")


class ReservoirEstimator(SpecParameters):
    """Encoder, reservoir and states of estimators with a readout; ``fit`` of a subclass fits the readout."""

    def __init__(
        self,
        spec: NetworkSpec | None = None,
        *,
        encoder: BaseEstimator | None = None,
        reservoir: Network | None = None,
        features: str = "counts",
        windows: int = 5,
        neurons: Sequence[int] | np.ndarray | None = None,
        plastic: bool = False,
        blank: float = 100.0,
        duration: float = 100.0,
        engine: str = "auto",
        seed: int = 0,
    ) -> None:
        self.spec = spec
        self.encoder = encoder
        self.reservoir = reservoir
        self.features = features
        self.windows = windows
        self.neurons = neurons
        self.plastic = plastic
        self.blank = blank
        self.duration = duration
        self.engine = engine
        self.seed = seed

    def _fit_states(self, X: Any) -> Array:
        """Fit encoder and network, and return the states of the samples."""
        self.encoder_ = None
        if self.encoder is not None:
            if not (hasattr(self.encoder, "fit") and hasattr(self.encoder, "transform")):
                raise InputError("encoder", self.encoder, "must be an encoder, with fit and transform, or None")
            self.encoder_ = clone(self.encoder).fit(X)
        encoded = self._encoded(X)
        self._fit_transformer(encoded)
        return np.asarray(self.transformer_.transform(encoded))

    def _warn_of_silence(self, what: str) -> None:
        """Warn where the readout sees nothing."""
        if not self.readout_["standardise"].kept_.any():
            warnings.warn(
                f"no state varies over the samples: the readout can only predict {what}", HrsnnWarning, stacklevel=3
            )

    def _fit_transformer(self, encoded: Any) -> None:
        self.transformer_ = ReservoirTransformer(**{name: getattr(self, name) for name in _OF_STATES}).fit(encoded)
        self.reservoir_ = self.transformer_.reservoir_
        fitted = self.transformer_ if self.encoder_ is None else self.encoder_
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(fitted, name):
                setattr(self, name, getattr(fitted, name))

    def _states(self, X: Any) -> Array:
        return np.asarray(self.transformer_.transform(self._encoded(X)))

    def _encoded(self, X: Any) -> Any:
        if self.encoder_ is None:
            return X
        encoded = self.encoder_.transform(X)
        if not isinstance(encoded, SpikeTrains | Currents):
            raise InputError("encoder", type(encoded).__name__, "must make SpikeTrains or Currents of the samples")
        return encoded

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "readout_")
