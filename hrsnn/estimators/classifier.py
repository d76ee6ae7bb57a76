"""Classifier of stimuli by a reservoir and a readout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from hrsnn.errors import InputError
from hrsnn.estimators.base import ReservoirEstimator
from hrsnn.kinds import Network, NetworkSpec
from hrsnn.readout import READOUTS, readout
from hrsnn.stimuli.stimulus import Stimulus


def _has_probabilities(classifier: ReservoirClassifier) -> bool:
    return classifier.readout != "ridge"


class ReservoirClassifier(ClassifierMixin, ReservoirEstimator):  # type: ignore[misc]
    """Classifier of samples by the states of a reservoir.

    ``fit`` encodes the samples, builds the reservoir, with `plastic` runs STDP over them once, and fits a readout of the
    states, with its penalty chosen on the last fifth of each class (:func:`hrsnn.readout.readout`).

    Parameters
    ----------
    spec : ReservoirSpec, optional
        Specification of the network; its parameters are nested ones, such as ``spec__weight_scale``.
    encoder : transformer, optional
        Encoder of samples as stimuli, such as :class:`hrsnn.PoissonEncoder`; None where `X` are stimuli, or rows of
        numbers that are presented as constant currents.
    reservoir : Reservoir, optional
        A network to use instead of `spec`.
    features, windows, neurons, plastic, blank, duration, engine, seed
        As in :class:`hrsnn.ReservoirTransformer`; `plastic` is off by default. `seed` is that of the readout too.
    readout : {"logistic", "ridge", "sampled"}

    Attributes
    ----------
    classes_ : ndarray (classes,)
    encoder_, transformer_, readout_
        Fitted encoder or None, :class:`hrsnn.ReservoirTransformer`, and scikit-learn pipeline.
    reservoir_ : Reservoir
    n_features_in_ : int

    Raises
    ------
    InputError
        For options that are not allowed, and when no class has two samples.

    Examples
    --------
    >>> from hrsnn import PoissonEncoder, ReservoirClassifier, ReservoirSpec
    >>> X, y = np.repeat(np.eye(2), 10, axis=0), np.repeat(["left", "right"], 10)
    >>> model = ReservoirClassifier(ReservoirSpec(neurons=40), encoder=PoissonEncoder(peak_rate=400, duration=60))
    >>> model.fit(X, y).predict(X[[0, -1]])
    array(['left', 'right'], dtype='<U5')

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), section III.
    """

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
        readout: str = "logistic",
        engine: str = "auto",
        seed: int = 0,
    ) -> None:
        # scikit-learn reads the parameters off this signature
        super().__init__(
            spec,
            encoder=encoder,
            reservoir=reservoir,
            features=features,
            windows=windows,
            neurons=neurons,
            plastic=plastic,
            blank=blank,
            duration=duration,
            engine=engine,
            seed=seed,
        )
        self.readout = readout

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> ReservoirClassifier:
        """Fit encoder, reservoir and readout.

        Parameters
        ----------
        X : SpikeTrains, Currents, or what the encoder takes
        y : array (samples,)
            Labels.
        sample_weight : array (samples,), optional
            Weights of the samples in the fit of the readout.
        """
        if self.readout not in READOUTS:
            raise InputError("readout", self.readout, f"must be one of {', '.join(READOUTS)}")
        if y is None:
            raise InputError("y", y, "requires y to be passed, but the target y is None: a label for each sample")
        labels = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        if len(self.classes_) < 2:
            raise InputError("y", labels, "must hold two classes or more: a classifier cannot learn one class")
        states = self._fit_states(X)
        check_consistent_length(states, labels, sample_weight)
        more = {} if sample_weight is None else {"classify__sample_weight": np.asarray(sample_weight, dtype=np.float64)}
        # weights are given to the step: routing is of what holds this estimator
        with config_context(enable_metadata_routing=False):
            self.readout_ = readout(self.readout, self.seed).fit(states, labels, **more).best_estimator_
        self._warn_of_silence("the most frequent class")
        return self

    @classmethod
    def of_parts(
        cls, pipeline: Pipeline, stimulus: Stimulus, *, encoder: BaseEstimator | None = None, **parameters: Any
    ) -> ReservoirClassifier:
        """Return a fitted classifier of parts that were fitted elsewhere.

        Parameters
        ----------
        pipeline : Pipeline
            Fitted readout of the states.
        stimulus : SpikeTrains or Currents
            An encoded sample or more, which give the number of channels.
        encoder : transformer, optional
            Fitted encoder.
        **parameters
            Those of the class; `reservoir` is the network, whose weights do not change.
        """
        made = cls(encoder=encoder, **parameters)
        made.encoder_, made.readout_, made.classes_ = encoder, pipeline, np.asarray(pipeline.classes_)
        made._fit_transformer(stimulus)
        return made

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the classes of the samples in `X`."""
        check_is_fitted(self)
        return np.asarray(self.readout_.predict(self._states(X)))

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities of the classes (samples, classes), by the readouts "logistic" and "sampled"."""
        check_is_fitted(self)
        return np.asarray(self.readout_.predict_proba(self._states(X)))
