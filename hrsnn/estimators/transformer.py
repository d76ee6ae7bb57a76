"""scikit-learn transformer of stimuli to states of a reservoir."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from hrsnn.errors import InputError
from hrsnn.estimators.spec_parameters import SpecParameters
from hrsnn.kinds import Network, NetworkSpec, build_network
from hrsnn.kinds.contract import Decoding, is_network, is_spec
from hrsnn.simulation import simulate
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.numbers import bool_of, count_of, positive
from hrsnn.validation.units import plain

FEATURES = ("counts", "states", "v", "decoded")


class ReservoirTransformer(TransformerMixin, SpecParameters):  # type: ignore[misc]
    """Transformer of stimuli to states of a reservoir, for scikit-learn readouts.

    ``fit`` simulates the stimuli once with STDP (labels are not used) and then freezes the weights; ``transform`` simulates
    the frozen reservoir for each stimulus, starting from rest, and returns one row for each stimulus.

    Parameters
    ----------
    spec : ReservoirSpec, optional
        Spec of the reservoir, which ``fit`` builds with the channels of the stimuli. Default: the default spec.
    reservoir : Reservoir, optional
        A reservoir to use instead of `spec`.
    features : str
        "counts": square root of the spike counts in `windows` equal windows; "states": exponentially filtered spikes
        (20 ms) at the ends of those windows; "v": membrane potential at the same times; "decoded": the states that the
        network's own decoder makes of its spikes at the same times, for a balanced network.
    windows : int
        Number of windows K.
    neurons : array of int, optional
        Neurons to read out, by default all (:mod:`hrsnn.networks.graphs.centrality` selects the most central ones); not of
        decoded states, which are of all neurons.
    plastic : bool
        Whether ``fit`` applies STDP; otherwise it only builds the reservoir.
    blank : float
        Time without input after each stimulus in ``fit``, in ms.
    duration : float
        Time in ms for which each row of a 2-D array (samples x channels) is presented, as constant currents.
    engine : str
        As in :func:`hrsnn.simulate`.
    seed : int
        Seed of the reservoir and its background input.
    progress : bool
        Whether to show a bar on stderr when a simulation takes longer than two seconds.

    Attributes
    ----------
    reservoir_ : Reservoir
        The reservoir after STDP, frozen.
    initial_reservoir_ : Reservoir
        The reservoir before STDP.
    spike_count_ : int
        Number of spikes in ``fit``.
    n_features_in_ : int
        Number of channels.

    Raises
    ------
    InputError
        For options that are not allowed, or when the number of channels differs from that in ``fit``.

    Notes
    -----
    Background input that is not frozen depends on the index of the stimulus in the batch: a stimulus has other states in a
    subset of the batch, and the first stimuli of two batches have the same noise.

    Examples
    --------
    >>> import numpy as np
    >>> from hrsnn import PoissonEncoder, ReservoirSpec, ReservoirTransformer
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> X, y = np.repeat(np.eye(2), 5, axis=0), np.repeat([0, 1], 5)
    >>> reservoir = ReservoirTransformer(ReservoirSpec(neurons=40), plastic=False)
    >>> model = make_pipeline(PoissonEncoder(peak_rate=400, duration=60), reservoir, RidgeClassifier())
    >>> float(model.fit(X, y).score(X, y))
    1.0

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), section III: STDP first, then a readout on the frozen reservoir.
    """

    def __init__(
        self,
        spec: NetworkSpec | None = None,
        *,
        reservoir: Network | None = None,
        features: str = "counts",
        windows: int = 5,
        neurons: Sequence[int] | np.ndarray | None = None,
        plastic: bool = True,
        blank: float = 100.0,
        duration: float = 100.0,
        engine: str = "auto",
        seed: int = 0,
        progress: bool = False,
    ) -> None:
        self.spec = spec
        self.reservoir = reservoir
        self.features = features
        self.windows = windows
        self.neurons = neurons
        self.plastic = plastic
        self.blank = blank
        self.duration = duration
        self.engine = engine
        self.seed = seed
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> ReservoirTransformer:
        """Build the reservoir and, if ``plastic``, apply STDP for the stimuli `X`.

        Parameters
        ----------
        X : SpikeTrains, Currents, or (samples, channels) array
        y : ignored
        """
        if not isinstance(self.features, str) or self.features not in FEATURES:
            raise InputError("features", self.features, f"must be one of {', '.join(FEATURES)}")
        count_of("windows", self.windows)
        for name, known, wanted in (("spec", is_spec, "ReservoirSpec"), ("reservoir", is_network, "Reservoir")):
            if not (getattr(self, name) is None or known(getattr(self, name))):
                raise InputError(name, getattr(self, name), f"must be a {wanted}, or one of another kind of network")
        bool_of("plastic", self.plastic)
        positive("blank", self.blank, "ms", zero=True)
        if self.spec is not None and self.reservoir is not None:
            raise InputError("reservoir", "given beside spec", "give the one or the other")
        stimulus = self._stimulus(X, reset=True)
        if self.reservoir is not None:
            self.initial_reservoir_ = self.reservoir
        else:
            self.initial_reservoir_ = build_network(self.spec or ReservoirSpec(), self.seed, stimulus.n_channels)
        self._check_neurons(self.initial_reservoir_.neurons)
        if self.features == "decoded" and not isinstance(self.initial_reservoir_, Decoding):
            raise InputError("features", "decoded", f"needs a decoder, which a {self.initial_reservoir_.kind} does not have")
        self.reservoir_, self.spike_count_ = self.initial_reservoir_, 0
        if self.plastic:
            activity = simulate(
                self.initial_reservoir_,
                stimulus,
                plastic=True,
                engine=self.engine,
                record=(),
                blank=self.blank,
                seed=self.seed,
                progress=self.progress,
            )
            self.reservoir_, self.spike_count_ = activity.reservoir, activity.spike_count
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return states of the frozen reservoir, (samples, windows x neurons or states), ordered by window, then neuron.

        Parameters
        ----------
        X : SpikeTrains, Currents, or (samples, channels) array
        """
        check_is_fitted(self)
        stimulus = self._stimulus(X, reset=False)
        activity = simulate(
            self.reservoir_,
            stimulus,
            engine=self.engine,
            record=("spikes" if self.features == "decoded" else self.features,),
            windows=self.windows,
            sample_times=self.windows,
            seed=self.seed,
            progress=self.progress,
        )
        if self.features == "counts":
            # the square root makes the variance of a count nearly independent of its mean
            values = np.sqrt(activity.counts)
        elif self.features == "decoded":
            values = cast(Decoding, self.reservoir_).decode(activity.spikes, activity.sample_times)
        else:
            values = activity.states if self.features == "states" else activity.v
        if self.neurons is not None:
            values = values[:, :, np.asarray(self.neurons)]
        return np.ascontiguousarray(values.reshape(len(values), -1))

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Return a name for each column: ``window0_neuron12``, or with the label of the neuron; ``window0_state3``, decoded.

        Parameters
        ----------
        input_features : ignored
        """
        check_is_fitted(self)
        network: Any = self.reservoir_
        if self.features == "decoded":
            units = [f"state{k}" for k in range(network.states)]
        else:
            labels = getattr(network, "labels", None)
            names = np.arange(network.neurons) if labels is None else labels
            units = [f"neuron{k}" if labels is None else str(k) for k in names]
            if self.neurons is not None:
                units = np.asarray(units, object)[np.asarray(self.neurons)].tolist()
        return np.array([f"window{k}_{unit}" for k in range(self.windows) for unit in units], dtype=object)

    def _check_neurons(self, size: int) -> None:
        if self.neurons is not None:
            if self.features == "decoded":
                raise InputError("neurons", self.neurons, "cannot be chosen for decoded states, which are of all neurons")
            try:
                some = len(np.arange(size)[np.asarray(plain(self.neurons, "", "neurons"))]) > 0
            except (IndexError, TypeError):
                some = False
            if not some:
                raise InputError("neurons", self.neurons, f"must be indices of the {size} neurons, at least one")

    def _stimulus(self, X: Any, reset: bool) -> Stimulus:
        if isinstance(X, (SpikeTrains, Currents)):
            if not len(X):
                raise InputError("X", X, "must hold at least one sample")
            if reset:
                self.n_features_in_ = X.n_channels
            elif X.n_channels != self.n_features_in_:
                raise InputError("X", f"{X.n_channels} channels", f"fit saw {self.n_features_in_}")
            return X
        try:
            values = validate_data(self, plain(X, "", "X"), reset=reset, dtype=np.float64)
        except OverflowError as error:
            raise InputError("X", X, "must be numbers of double precision") from error
        return Currents(values[:, None, :], dt=positive("duration", self.duration, "ms"))
