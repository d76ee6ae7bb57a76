"""Results of a simulation: spikes, counts, states, membrane potentials and final weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic

import numpy as np
from typing_extensions import TypeVar

from hrsnn.balanced.state import BalancedState
from hrsnn.display import Displayed, Row
from hrsnn.display.svg import raster
from hrsnn.display.text import counted
from hrsnn.engines.network_state import NetworkState
from hrsnn.errors import InputError
from hrsnn.kinds.contract import Network
from hrsnn.recording.traces import Traces
from hrsnn.reservoir import Reservoir
from hrsnn.stimuli.spike_trains import SpikeTrains

T = TypeVar("T")
#: Type of the network simulated; ``Activity`` alone is that of a reservoir.
NetworkType = TypeVar("NetworkType", bound=Network, default=Reservoir)


@dataclass(frozen=True)
class Activity(Displayed, Generic[NetworkType]):
    """Result of :func:`hrsnn.simulate` for M stimuli and N neurons; a record that was not requested raises when read.

    Examples
    --------
    >>> from hrsnn import PoissonEncoder, ReservoirSpec, build, simulate
    >>> trains = PoissonEncoder(peak_rate=300, duration=50).fit_transform(np.eye(4))
    >>> activity = simulate(build(ReservoirSpec(neurons=30), channels=4), trains, record=("spikes", "counts"))
    >>> activity.counts.shape, int(activity.counts.sum()) == activity.spike_count
    ((4, 1, 30), True)
    """

    reservoir: (
        NetworkType  #: the network simulated, a Reservoir or of another kind, with the final weights after a plastic run
    )
    spike_counts: np.ndarray  #: (M, N) spikes of each neuron in each stimulus, blank included; always recorded
    durations: np.ndarray  #: (M,) ms simulated for each stimulus, blank included
    sample_times: np.ndarray  #: (M, times) ms, of states, v, currents and adaptation
    recorded_spikes: SpikeTrains | None = None
    recorded_counts: np.ndarray | None = None
    recorded_states: np.ndarray | None = None
    recorded_v: np.ndarray | None = None
    recorded_currents: np.ndarray | None = None
    recorded_adaptation: np.ndarray | None = None
    recorded_neurons: np.ndarray | None = None  #: (R,) neurons of v, currents and adaptation; None: all
    final_state: NetworkState | BalancedState | None = (
        None  #: without the fingerprint, which is computed only when `state` is read
    )

    @property
    def spikes(self) -> SpikeTrains:
        """The spikes, channels being neurons; a spike in step n has time n dt (ms)."""
        return _asked(self.recorded_spikes, "spikes")

    @property
    def counts(self) -> np.ndarray:
        """(M, windows, N) spikes per window."""
        return _asked(self.recorded_counts, "counts")

    @property
    def states(self) -> np.ndarray:
        """(M, times, N) exponentially filtered spikes at the sample times."""
        return _asked(self.recorded_states, "states")

    @property
    def v(self) -> np.ndarray:
        """(M, times, R) membrane potential of the recorded neurons at the sample times (mV)."""
        return _asked(self.recorded_v, "v")

    @property
    def currents(self) -> np.ndarray:
        """(M, times, R, 2) excitatory and inhibitory synaptic currents of the recorded neurons (mV)."""
        return _asked(self.recorded_currents, "currents")

    @property
    def adaptation(self) -> np.ndarray:
        """(M, times, R) adaptation current of the recorded neurons (mV), which acts with a negative sign."""
        return _asked(self.recorded_adaptation, "adaptation")

    @property
    def traces(self) -> Traces:
        """What was recorded of v, currents and adaptation, with neurons and times, to be drawn or saved."""
        neurons = self.recorded_neurons
        parts = {name: getattr(self, f"recorded_{name}") for name in ("v", "currents", "adaptation")}
        there = {name: value for name, value in parts.items() if value is not None}
        _asked(there or None, "v")
        return Traces(np.arange(self.spike_counts.shape[1]) if neurons is None else neurons, self.sample_times, **there)

    @property
    def state(self) -> NetworkState | BalancedState:
        """State at the end of the run; ``simulate(activity.reservoir, ..., state=activity.state)`` continues from it.

        Raises
        ------
        InputError
            When the run had several stimuli, each started from rest, when its engine returns no state, or when the network
            has input delays: a state holds no input in transit.
        """
        if self.final_state is None and "input_delays" in self.reservoir.needs():
            raise InputError("state", None, "is not there with input delays: a state holds no input in transit")
        if self.final_state is None:
            able = "is there after a run of one stimulus on the engine compiled or brian2, or balanced for balanced networks"
            raise InputError("state", None, f"{able}; this run of a {self.reservoir.kind} has none")
        return dataclasses.replace(self.final_state, network=self.reservoir.fingerprint)  # type: ignore[attr-defined]

    def _parts(self) -> Iterable[str]:
        yield counted(len(self.durations), "stimulus", "stimuli")
        yield counted(self.spike_counts.shape[1], "neuron")
        yield counted(self.spike_count, "spike")
        yield f"{np.mean(self.rates) if self.durations.any() else 0:.3g} Hz"
        yield "recorded: " + (", ".join(self.recorded) or "spike_counts")

    def _rows(self) -> Iterable[Row]:
        yield Row("stimuli", str(len(self.durations)), f"{self.durations.sum():g} ms in all")
        yield Row("neurons", str(self.spike_counts.shape[1]))
        yield Row("spikes", str(self.spike_count))
        if self.durations.any():
            yield Row("mean rate", f"{np.mean(self.rates):.3g}", "Hz")
            yield Row("silent neurons", f"{np.mean(self.rates == 0):.1%}")
        for name in self.recorded:
            value = getattr(self, name)
            yield Row(name, repr(value) if name == "spikes" else f"array {value.shape}")

    def _pictures(self) -> Iterable[str]:
        if self.recorded_spikes is not None and len(self.recorded_spikes):
            first = self.recorded_spikes[0]
            yield raster(first.times, first.channels, float(first.durations[0]), first.n_channels)

    @property
    def recorded(self) -> list[str]:
        """Names of what was recorded."""
        names = ("spikes", "counts", "states", "v", "currents", "adaptation")
        return [name for name in names if getattr(self, f"recorded_{name}") is not None]

    @property
    def spike_count(self) -> int:
        """Number of spikes in the whole run."""
        return int(self.spike_counts.sum())

    @property
    def rates(self) -> np.ndarray:
        """(N,) mean rate of each neuron over the run (Hz)."""
        return np.asarray(self.spike_counts.sum(axis=0) / (self.durations.sum() / 1000))


def _asked(value: T | None, name: str) -> T:
    if value is None:
        raise InputError("record", f"without {name!r}", f"simulate(..., record=({name!r}, ...)) records it")
    return value
