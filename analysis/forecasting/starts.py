"""Starts of closed loops along a series: a model in its state after the true series up to a row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.forecasting.closed_loop import OneStepForecaster, held_currents
from hrsnn.kinds import Network
from hrsnn.kinds.contract import Decoding
from hrsnn.reading import Read
from hrsnn.regression.ridge import Forecast
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents
from hrsnn.tasks import SeriesTask

Array = NDArray[np.float64]
#: Function from a row to the forecast made after the input of that row, and to the model from there.
Starts = Callable[[int], tuple[Array, Callable[[Array], Array]]]


def starts_of_network(
    network: Network, task: SeriesTask, forecast: Forecast, read: Read = "states", *, engine: str = "auto", seed: int = 0
) -> Starts:
    """Return a function from ascending rows to closed loops of a network; the series is simulated once, in parts."""
    begin = 0
    state = None

    def start(row: int) -> tuple[Array, Callable[[Array], Array]]:
        nonlocal begin, state
        piece = Currents(task.inputs[None, begin : row + 1], dt=task.hold)
        state = simulate(network, piece, record=("states",), engine=engine, seed=seed, state=state).state
        begin = row + 1
        held = held_currents(task.hold)
        model = OneStepForecaster(network, forecast.readout, state, held, record=read, engine=engine, seed=seed)
        return forecast.prediction[row], model

    return start


def starts_of_system(network: Decoding, task: SeriesTask, forecast: Forecast) -> Starts:
    """Return a function from rows to closed loops of the linear system that a network follows."""
    states = network.ideal_states(task.inputs, task.hold)

    def start(row: int) -> tuple[Array, Callable[[Array], Array]]:
        return forecast.prediction[row], _System(network, task.hold, states[row], forecast.readout)

    return start


class _System:
    """One-step forecaster by the linear system that a network follows."""

    def __init__(self, network: Decoding, hold: float, state: Array, readout: Callable[[ArrayLike], Array]) -> None:
        self._network, self._hold, self._state, self._readout = network, hold, state, readout

    def __call__(self, value: Array) -> Array:
        self._state = self._network.ideal_states(value[None], self._hold, self._state)[0]
        return np.ravel(self._readout(self._state[None]))
