"""Forecasts of a series by a reservoir and a ridge readout, in open and in closed loop."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted, validate_data

from hrsnn.activity import Activity
from hrsnn.errors import InputError
from hrsnn.estimators.spec_parameters import SpecParameters
from hrsnn.kinds import Network, NetworkSpec, build_network
from hrsnn.online import Stream
from hrsnn.reading import RECORDED, Read, has_decoder, read_states
from hrsnn.regression.quadratic import MOST_COMPONENTS, series_readout
from hrsnn.regression.ridge import SeriesReadout
from hrsnn.simulation import simulate
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.currents import Currents
from hrsnn.validation.numbers import count_of, positive

Array = NDArray[np.float64]


class ReservoirForecaster(RegressorMixin, SpecParameters):  # type: ignore[misc]
    """Forecaster of a series: rows are times, and each value is held for `hold` ms as an input current.

    Inputs are standardised by the training series. The readout is a ridge regression of the states at the end of each value,
    without the washout, with its penalty chosen on the last fifth of the series, as in ``hrsnn forecast``
    (:func:`hrsnn.regression.ridge.ridge_readout`).

    Parameters
    ----------
    spec : ReservoirSpec, optional
        Specification of the network; its parameters are nested ones, such as ``spec__weight_scale``.
    horizon : int
        Number of values from an input to its target, where ``fit`` is given no targets.
    hold : float
        Time for which each value is held (ms).
    washout : int
        Number of values at the start of a training series that the readout is not fitted to.
    features : {"states", "v", "decoded"}
        Filtered spikes, membrane potentials, or the states decoded from the spikes of a network with a decoder.
    quadratic : int
        Number of principal components of the states whose squares and products the readout sees too
        (:func:`hrsnn.regression.quadratic.quadratic_readout`); 0: none.
    encoder : transformer, optional
        Encoder of standardised series (samples, times, channels) as spikes, such as
        ``PoissonEncoder(dt=20, scale="channel", series=True)``, with a value each `hold` ms. By default values are held as
        currents.
    reservoir : Reservoir, optional
        A network to use instead of `spec`.
    engine : str
    seed : int

    Attributes
    ----------
    reservoir_ : Reservoir
    readout_ : LinearReadout or QuadraticReadout
    encoder_ : transformer or None
    mean_, scale_ : ndarray (channels,)
    n_features_in_ : int
        Number of channels.

    Raises
    ------
    InputError
        For options that are not allowed, and for a series that is too short.

    Examples
    --------
    >>> from hrsnn import ReservoirForecaster, ReservoirSpec
    >>> wave = np.sin(np.arange(700) / 4)[:, None]
    >>> model = ReservoirForecaster(ReservoirSpec(neurons=60), features="v").fit(wave[:600])
    >>> bool(model.score(wave[:-1], wave[1:]) > 0.9), model.forecast(20).shape
    (True, (20, 1))
    """

    def __init__(
        self,
        spec: NetworkSpec | None = None,
        *,
        horizon: int = 1,
        hold: float = 20.0,
        washout: int = 100,
        features: Read = "states",
        quadratic: int = 0,
        encoder: BaseEstimator | None = None,
        reservoir: Network | None = None,
        engine: str = "auto",
        seed: int = 0,
    ) -> None:
        self.spec = spec
        self.horizon = horizon
        self.hold = hold
        self.washout = washout
        self.features = features
        self.quadratic = quadratic
        self.encoder = encoder
        self.reservoir = reservoir
        self.engine = engine
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> ReservoirForecaster:
        """Run the network through a series, and fit the readout.

        Parameters
        ----------
        X : array (times, channels)
        y : array (times,) or (times, outputs), optional
            Targets at the same times; by default the values `horizon` later, of every channel.
        """
        if self.features not in RECORDED:
            raise InputError("features", self.features, f"must be one of {', '.join(RECORDED)}")
        if self.spec is not None and self.reservoir is not None:
            raise InputError("reservoir", "given beside spec", "give the one or the other")
        washout = count_of("washout", self.washout, 0)
        horizon = count_of("horizon", self.horizon)
        values = self._values(X, reset=True)
        targets = values[horizon:] if y is None else np.asarray(y, dtype=np.float64)
        if y is not None and len(targets) != len(values):
            raise InputError("y", targets.shape, f"must have as many rows as X, {len(values)}")
        if not np.isfinite(targets).all():
            raise InputError("y", targets, "must be finite: holds NaN or infinity")
        if len(targets) < washout + 10:
            raise InputError("X", f"{len(values)} values", f"must be {washout + 10 + len(values) - len(targets)} or more")
        spread = values.std(axis=0)
        flat = spread <= 1e-12 * np.abs(values).max(axis=0)
        self.mean_, self.scale_ = values.mean(axis=0), np.where(flat, 1.0, spread)
        self.reservoir_ = self.reservoir or build_network(self.spec or ReservoirSpec(), self.seed, values.shape[1])
        if self.features == "decoded" and not has_decoder(self.reservoir_):
            raise InputError("features", "decoded", f"needs a decoder, which a {self.reservoir_.kind} does not have")
        self.encoder_ = None if self.encoder is None else clone(self.encoder).fit(self._scaled(values)[None])
        run = self._follow(values)
        states = read_states(run, self.features)[0]
        quadratic = count_of("quadratic", self.quadratic, 0, MOST_COMPONENTS)
        self.readout_ = series_readout(states[: len(targets)], targets, len(targets), washout, quadratic).readout
        self.outputs_ = None if targets.ndim == 1 else targets.shape[1]
        self.continues_ = y is None and horizon == 1
        self._end_of(run)
        return self

    @classmethod
    def of_parts(
        cls,
        readout: SeriesReadout,
        run: Activity[Network],
        *,
        mean: Array,
        deviation: Array,
        outputs: int,
        continues: bool,
        encoder: BaseEstimator | None = None,
        **parameters: Any,
    ) -> ReservoirForecaster:
        """Return a fitted forecaster of parts that were fitted elsewhere.

        Parameters
        ----------
        readout : LinearReadout or QuadraticReadout
            Fitted readout of the states, in the units of the forecasts.
        run : Activity
            Run of the network through the series, from whose end ``forecast`` continues.
        mean, deviation : arrays (channels,)
            By which inputs are standardised.
        outputs : int
        continues : bool
            Whether the outputs are the next inputs.
        encoder : transformer, optional
            Fitted encoder.
        **parameters
            Those of the class.
        """
        made = cls(reservoir=run.reservoir, encoder=encoder, **parameters)
        made.readout_, made.encoder_, made.reservoir_ = readout, encoder, run.reservoir
        made.mean_, made.scale_, made.n_features_in_ = mean, deviation, len(mean)
        made.outputs_, made.continues_ = outputs, continues
        made._end_of(run)
        return made

    def predict(self, X: ArrayLike) -> Array:
        """Return the forecast made at each time of a series (times, channels), with the network at rest before it.

        The first of them, within the washout, depend on that start.
        """
        check_is_fitted(self)
        return self._forecasts(read_states(self._follow(self._values(X, reset=False)), self.features)[0])

    def forecast(self, steps: int, after: ArrayLike | None = None) -> Array:
        """Continue a series in closed loop: each forecast is the next input.

        Parameters
        ----------
        steps : int
        after : array (times, channels), optional
            The series, which the network follows from rest; by default the one that the forecaster was fitted to.

        Returns
        -------
        array (steps, channels)
            nan from where the forecast exceeds 100 standard deviations.

        Raises
        ------
        InputError
            When the forecaster is not one of the next value of all channels, has an encoder, or its engine returns no state.
        """
        check_is_fitted(self)
        if not self.continues_:
            raise InputError("forecast", steps, "needs a fit without targets and with horizon = 1: outputs become inputs")
        if self.encoder_ is not None:
            raise InputError("encoder", type(self.encoder_).__name__, "cannot be used in a closed loop, of currents")
        made = np.full((count_of("steps", steps), self.n_features_in_), np.nan)
        last, state = self.last_states_, self.state_
        if after is not None:
            run = self._follow(self._values(after, reset=False))
            last, state = read_states(run, self.features)[0][-1:], None if run.final_state is None else run.state
        if state is None:
            raise InputError("engine", self.engine, "returns no state to continue from; compiled and brian2 do")
        session = Stream(
            self.reservoir_,
            hold=self.hold,
            states=self.features,
            engine=self.engine,
            seed=self.seed,
            state=state,
        )
        for k in range(len(made)):
            value = self._forecasts(last)
            if not np.all(np.abs(value - self.mean_) <= 100 * self.scale_):
                break
            made[k] = value[0]
            if k + 1 < len(made):
                last = session.step(self._scaled(value))
        return made

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "readout_")

    def _forecasts(self, states: Array) -> Array:
        return self.readout_(states).reshape(len(states) if self.outputs_ is None else (len(states), self.outputs_))

    def _end_of(self, run: Activity[Network]) -> None:
        """Keep where a series ended, to continue from."""
        self.last_states_ = read_states(run, self.features)[0][-1:]
        self.state_ = None if run.final_state is None else run.state

    def _values(self, X: Any, reset: bool) -> Array:
        return np.asarray(validate_data(self, X, reset=reset, dtype=np.float64), dtype=np.float64)

    def _scaled(self, values: Array) -> Array:
        return np.asarray((values - self.mean_) / self.scale_)

    def _follow(self, values: Array) -> Activity[Network]:
        scaled, hold = self._scaled(values)[None], positive("hold", self.hold, "ms")
        return simulate(
            self.reservoir_,
            Currents(scaled, dt=hold) if self.encoder_ is None else self.encoder_.transform(scaled),
            record=(RECORDED[self.features],),
            sample_times=len(values),
            engine=self.engine,
            seed=self.seed,
        )
