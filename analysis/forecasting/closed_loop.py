"""Closed-loop forecasts: each forecast is the next input."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.balanced.state import BalancedState
from hrsnn.engines.network_state import NetworkState
from hrsnn.errors import InputError
from hrsnn.kinds import Network
from hrsnn.reading import RECORDED, Read, read_states
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, duration_of, positive
from hrsnn.validation.units import plain, takes

Array = NDArray[np.float64]


@takes()
def free_run(predict: Callable[[Array], ArrayLike], first: ArrayLike, steps: int, limit: float = 100.0) -> Array:
    """Iterate a model in closed loop: feed each one-step forecast back as the next input.

    ``y(0) = first,  y(k) = predict(y(k - 1))``

    Parameters
    ----------
    predict : callable
        From a value (outputs,) to the forecast of the next; keeps the state of the model, if it has one.
    first : array (outputs,)
        Forecast made from the last true value.
    steps : int
        Number of values to return, including `first`.
    limit : float
        A value larger than this (or not finite) counts as diverged: it and all later ones are nan. For series with a
        standard deviation of about 1.

    Returns
    -------
    array (steps, outputs)

    Raises
    ------
    InputError
        When an option is out of range, or a forecast and `first` differ in size: a closed loop needs as many outputs as
        inputs.

    Examples
    --------
    >>> free_run(lambda y: y / 2, [8.0], steps=4).ravel()
    array([8., 4., 2., 1.])
    """
    value = np.atleast_1d(np.asarray(first, dtype=np.float64))
    if value.ndim != 1:
        raise InputError("first", value.shape, "must have shape (outputs,)")
    steps, limit = count_of("steps", steps), positive("limit", limit, "no unit")
    check_memory("steps", steps, 8 * steps * len(value), "the forecasts")
    made = np.full((steps, len(value)), np.nan)
    for k in range(steps):
        if not np.all(np.abs(value) <= limit):
            break
        made[k] = value
        if k + 1 < steps:
            value = np.asarray(plain(predict(value), "", "predict"), dtype=np.float64)
            if value.shape != made[k].shape:
                raise InputError("predict", value.shape, f"must give as many outputs as there are inputs, {len(made[k])}")
    return made


class OneStepForecaster:
    """One-step forecaster that continues the run of a reservoir, for :func:`free_run`.

    Parameters
    ----------
    reservoir : Reservoir
        Reservoir with fixed weights.
    readout : callable
        From states (1, units) to a forecast (1, outputs): the ``readout`` of a :class:`hrsnn.analysis.Forecast`.
    state : NetworkState or BalancedState
        The ``state`` at the end of the previous run; it is not changed.
    encode : callable
        From a value (outputs,) to the stimulus of the reservoir, one sample; see :func:`held_currents`.
    record : {"states", "v", "decoded"}
        What the readout uses at the end of each value; "decoded" of a network with a decoder of its own.
    engine, seed
        As in :func:`hrsnn.simulate`, and as in the previous run.

    Attributes
    ----------
    state : NetworkState
        State after the latest value.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=40), seed=1)
    >>> u = np.sin(0.3 * np.arange(80.0))[:, None]
    >>> driven = simulate(reservoir, Currents(u[None, :-1], dt=10.0), record=("states",), sample_times=79)
    >>> from hrsnn.analysis import ridge_readout
    >>> forecast = ridge_readout(driven.states[0], u[1:], train=79)
    >>> model = OneStepForecaster(reservoir, forecast.readout, driven.state, held_currents(10.0))
    >>> free_run(model, forecast.prediction[-1], steps=5).shape
    (5, 1)
    """

    def __init__(
        self,
        reservoir: Network,
        readout: Callable[[Array], Array],
        state: NetworkState | BalancedState,
        encode: Callable[[Array], Stimulus],
        *,
        record: Read = "states",
        engine: str = "auto",
        seed: int = 0,
    ) -> None:
        if record not in RECORDED:
            raise InputError("record", record, f"must be one of {', '.join(RECORDED)}")
        self._reservoir, self._readout, self.state, self._encode = reservoir, readout, state, encode
        self._record, self._engine, self._seed = record, engine, seed

    def __call__(self, value: Array) -> Array:
        """Simulate the reservoir with one more value, and forecast the next."""
        activity = simulate(
            self._reservoir,
            self._encode(value),
            record=(RECORDED[self._record],),
            engine=self._engine,
            seed=self._seed,
            state=self.state,
        )
        seen = read_states(activity, self._record, self.state)[0, -1:]
        self.state = activity.state
        return np.ravel(self._readout(seen))


@takes(hold="ms")
def held_currents(hold: float) -> Callable[[Array], Currents]:
    """Return an encoder that turns a value (channels,) into analog input held for `hold` ms.

    Examples
    --------
    >>> held_currents(20.0)(np.array([0.5, -1.0]))
    Currents(1 sample, 1 value of 20 ms, 2 channels)
    """
    hold = duration_of("hold", hold)
    return lambda value: Currents(np.asarray(plain(value, "", "value"))[None, None], dt=hold)
