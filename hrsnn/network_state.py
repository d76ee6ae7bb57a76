"""What a network holds between two runs, so that a run can stop and go on."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from hrsnn.background import Position
from hrsnn.errors import FileError, InputError
from hrsnn.files import read_npz, write_npz
from hrsnn.recording import filtered_states
from hrsnn.reservoir import Reservoir

_KIND, _VERSION = "state", 1


@dataclass(frozen=True)
class Variables:
    """The variables of an engine at the end of a step; those that a model does not have are empty."""

    v: np.ndarray  #: (N,) mV
    exc: np.ndarray  #: (N,) mV
    inh: np.ndarray  #: (N,) mV
    adapted: np.ndarray  #: (N,) mV
    trace_plus: np.ndarray  #: (S,) STDP trace of the source, of each recurrent link, decayed to this moment
    trace_minus: np.ndarray  #: (S,) and of the target
    input_trace_plus: np.ndarray  #: the same of the input links
    input_trace_minus: np.ndarray
    used: np.ndarray  #: (S,) short-term plasticity: u and R after the latest spike of the source
    resources: np.ndarray
    arrived: np.ndarray  #: (S,) int64: steps since that spike arrived
    weight: np.ndarray  #: (S,) mV: of a plastic run, before homeostasis
    input_weight: np.ndarray


@dataclass(frozen=True)
class NetworkState:
    """Everything a network holds after a run of one stimulus, for :func:`hrsnn.simulate` to go on from.

    ``simulate(activity.reservoir, next_part, state=activity.state)`` continues where ``activity`` ended: the parts of a
    stimulus, one after the other, give what the whole gives in one run. Nothing but its arrays is in it, and it can be
    saved.

    Examples
    --------
    >>> import numpy as np
    >>> from hrsnn import Currents, ReservoirSpec, build, simulate
    >>> reservoir = build(ReservoirSpec(neurons=40), seed=1, channels=1)
    >>> values = np.linspace(0, 1, 20)[None, :, None]
    >>> whole = simulate(reservoir, Currents(values, dt=10))
    >>> first = simulate(reservoir, Currents(values[:, :8], dt=10))
    >>> second = simulate(first.reservoir, Currents(values[:, 8:], dt=10), state=first.state)
    >>> first.state.elapsed, first.spike_count + second.spike_count == whole.spike_count
    (80.0, True)
    """

    variables: Variables
    steps: int  #: since the network was at rest
    dt: float  #: ms
    held: np.ndarray  #: (N,) int64: steps of refractoriness left
    spike_age: np.ndarray  #: int64, descending: how many steps ago the spikes under way were emitted
    spike_neuron: np.ndarray  #: int32, by whom
    filtered: np.ndarray  #: (N,) exponentially filtered spikes
    tau_state: float  #: ms: their time constant
    background: Position  #: how far the background input of each neuron was drawn
    seed: int  #: of the background input
    network: str = ""  #: fingerprint of the reservoir, with the weights that the run left

    @property
    def elapsed(self) -> float:
        """Time since the network was at rest (ms)."""
        return self.steps * self.dt

    def check(self, reservoir: Reservoir, seed: int, tau_state: float | None) -> None:
        """See that this state is one of `reservoir`, and that what goes on is what was begun.

        Raises
        ------
        InputError
            When it is of another network, or when the seed of a background input or a `tau_state` in use changes.
        """
        if self.network != reservoir.fingerprint:
            raise InputError("state", "of another network", "go on with the reservoir of the activity that it came from")
        if self.seed != seed and (reservoir.background_rate > 0).any():
            raise InputError("seed", seed, f"must stay {self.seed}, which the background input began with")
        if tau_state is not None and self.tau_state != tau_state:
            raise InputError("tau_state", tau_state, f"must stay {self.tau_state:g} ms, which the states began with")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to an ``.npz`` file, whole or not at all, without pickle.

        Raises
        ------
        FileError
            When it cannot be written; what was there before is still there.
        """
        arrays = {name: getattr(self, name) for name in ("held", "spike_age", "spike_neuron", "filtered")}
        arrays |= {f"variables.{name}": value for name, value in vars(self.variables).items()}
        arrays |= {f"background.{name}": value for name, value in vars(self.background).items()}
        header = {name: getattr(self, name) for name in ("steps", "dt", "tau_state", "seed", "network")}
        write_npz(path, _KIND, _VERSION, arrays, header)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> NetworkState:
        """Read a file of :meth:`save`.

        Raises
        ------
        FileError
            When the file is missing, damaged, or no state.
        """
        stored, header = read_npz(path, _KIND, _VERSION)
        arrays: dict[str, Any] = dict(stored)
        try:
            parts = {
                part.__name__: part(**{f.name: arrays.pop(f"{prefix}.{f.name}") for f in dataclasses.fields(part)})
                for prefix, part in (("variables", Variables), ("background", Position))
            }
            return cls(variables=parts["Variables"], background=parts["Position"], **arrays, **header)  # type: ignore[arg-type]
        except (KeyError, TypeError) as error:
            raise FileError(path, f"is no valid state: {error}") from error


def state_after(
    variables: Variables,
    spike_step: np.ndarray,
    spike_neuron: np.ndarray,
    steps: int,
    reservoir: Reservoir,
    before: NetworkState | None,
    background: Position,
    tau_state: float,
    seed: int,
) -> NetworkState:
    """The state after a part of `steps` steps with these spikes, on which `before` led up to (None: from rest)."""
    n, dt = reservoir.neurons, reservoir.dt
    hold = np.round(reservoir.refractory / dt).astype(np.int64)
    free_at = np.zeros(n, np.int64) if before is None else before.held.copy()
    np.maximum.at(free_at, spike_neuron, spike_step + hold[spike_neuron])
    age, who = steps - spike_step, spike_neuron
    filtered = filtered_states(spike_step * dt, spike_neuron, np.array([steps * dt]), tau_state, n)[0]
    if before is not None:
        age = np.concatenate([before.spike_age + steps, age])
        who = np.concatenate([before.spike_neuron, who])
        filtered = filtered + before.filtered * np.exp(-steps * dt / tau_state)
    under_way = age <= int(np.round(reservoir.delay / dt).max(initial=0))
    return NetworkState(
        variables=variables,
        steps=steps + (0 if before is None else before.steps),
        dt=dt,
        held=np.maximum(free_at - steps, 0),
        spike_age=age[under_way],
        spike_neuron=who[under_way].astype(np.int32),
        filtered=filtered,
        tau_state=tau_state,
        background=background,
        seed=seed,
    )
