"""A network that is given its input a value at a time, and keeps its state between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.balanced.state import BalancedState
from hrsnn.display import Displayed
from hrsnn.engines.network_state import NetworkState
from hrsnn.errors import InputError
from hrsnn.kinds import Network
from hrsnn.kinds.contract import is_network
from hrsnn.reading import RECORDED, Read, has_decoder, read_states
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents
from hrsnn.validation.numbers import duration_of, positive
from hrsnn.validation.units import plain

Array = NDArray[np.float64]
State = NetworkState | BalancedState
#: Share of a time step by which a duration may miss a whole number of steps, by rounding.
_WHOLE = 1e-6


class Stream(Displayed):
    """A network that takes input values as they come; each is held for `hold`.

    Parameters
    ----------
    network : Reservoir or another Network
        Weights are fixed.
    hold : float
        Time for which a value is held (ms), a whole number of steps of the network.
    states : {"states", "v", "decoded"}
        What :meth:`step` returns at the end of each value: spikes filtered with `tau_state`, membrane potentials (mV), or
        the states decoded from the spikes of a network with a decoder.
    tau_state : float
        Time constant of the filter (ms).
    engine : str
        One that returns its state: compiled or brian2, for balanced networks balanced.
    seed : int
        Of the background input.
    state : NetworkState or BalancedState, optional
        State of an earlier stream or run, to go on from; by default the network is at rest.

    Raises
    ------
    InputError
        When an option is not allowed, `hold` is no whole number of time steps, or the network has no decoder.

    Notes
    -----
    In as many steps as one likes, the states are those of one run of :func:`hrsnn.simulate` on all values, up to rounding of
    the filter; spikes and v are the same. A step takes some two milliseconds of Python beside the simulation, so that many
    values at once are faster than one by one.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> session = stream(build(ReservoirSpec(neurons=30), seed=1, channels=2), hold=10)
    >>> session.step([0.5, -1.0]).shape, session.step(np.zeros((4, 2))).shape, session.elapsed
    ((30,), (4, 30), 50.0)
    """

    def __init__(
        self,
        network: Network,
        *,
        hold: float = 20.0,
        states: Read = "states",
        tau_state: float = 20.0,
        engine: str = "auto",
        seed: int = 0,
        state: State | None = None,
    ) -> None:
        if not is_network(network):
            raise InputError("network", network, "must be a Reservoir, or a network of another kind")
        if states not in RECORDED:
            raise InputError("states", states, f"must be one of {', '.join(RECORDED)}")
        if states == "decoded" and not has_decoder(network):
            raise InputError("states", states, f"needs a decoder, which a {network.kind} does not have")
        step = getattr(network, "dt", None)
        duration = duration_of("hold", hold)
        if step is not None and abs(duration / step - round(duration / step)) > _WHOLE:
            # each value would be rounded up to whole steps, and the states be those of another series
            raise InputError("hold", hold, f"must be a whole number of time steps of {step:g} ms")
        self.network = network
        self.hold, self.tau_state = duration, positive("tau_state", tau_state, "ms")
        self._states, self._engine, self._seed = states, engine, seed
        self._state = state

    def step(self, values: ArrayLike) -> Array:
        """Simulate the next value or values, and return the states at the end of each.

        Parameters
        ----------
        values : array (channels,) or (times, channels)
            Of a single channel, a number is one value.

        Returns
        -------
        array (units,) or (times, units)

        Raises
        ------
        InputError
            When the values are of another number of channels, or not finite.
        """
        try:
            given = np.asarray(plain(values, "", "values"), dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InputError("values", values, "must be numbers") from error
        if given.ndim == 0 and self.network.channels == 1:
            given = given[None]
        if given.ndim not in (1, 2) or given.shape[-1] != self.network.channels:
            allowed = f"must be (channels,) or (times, channels), of {self.network.channels} channels"
            raise InputError("values", given.shape, allowed)
        series = np.atleast_2d(given)
        activity = simulate(
            self.network,
            Currents(series[None], dt=self.hold),
            record=(RECORDED[self._states],),
            sample_times=len(series),
            tau_state=self.tau_state,
            engine=self._engine,
            seed=self._seed,
            state=self._state,
        )
        found: Array = read_states(activity, self._states, self._state)[0]
        self._state = activity.state
        return found if given.ndim == 2 else found[0]

    @property
    def state(self) -> State:
        """State after the latest value, which another stream can go on from; it can be saved.

        Raises
        ------
        InputError
            When there was no value yet.
        """
        if self._state is None:
            raise InputError("state", None, "is there after the first step; the network is at rest")
        return self._state

    @property
    def elapsed(self) -> float:
        """Time since the network was at rest (ms)."""
        return 0.0 if self._state is None else self._state.elapsed

    def _parts(self) -> Iterable[str]:
        yield repr(self.network)
        yield f"{self._states} every {self.hold:g} ms"
        yield f"{self.elapsed:g} ms so far"


def stream(network: Network, **options: Any) -> Stream:
    """Return a :class:`Stream` of a network; the options are those of the class.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> stream(build(ReservoirSpec(neurons=30), seed=1), hold=10).step([0.1]).shape
    (30,)
    """
    return Stream(network, **options)
