"""The state of a network at the end of a run, from which another run can continue."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from hrsnn.display import Displayed
from hrsnn.engines.background import BackgroundPosition
from hrsnn.errors import InputError
from hrsnn.files.npz import read_npz, write_npz
from hrsnn.files.reading import refuse_damaged
from hrsnn.recording import filtered_states
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.seeds import check_seed
from hrsnn.validation.arrays import array, check_arrays, convert_arrays, require, rules_of
from hrsnn.validation.numbers import MOST, count_of, positive
from hrsnn.validation.units import takes

_KIND, _VERSION = "state", 1
_HEADER = ("steps", "dt", "tau_state", "seed", "network")
#: Maximum time since the latest background spike, in mean intervals: a longer one has the probability e^-1000.
_LONGEST_INTERVAL = 1000


@dataclass(frozen=True)
class Variables(Displayed):
    """Variables of the model at the end of a step; those that a network does not have are empty."""

    v: Annotated[np.ndarray, array("neuron", unit="mV")]  #: (N,) mV
    exc: Annotated[np.ndarray, array("neuron", unit="mV")]  #: (N,) mV
    inh: Annotated[np.ndarray, array("neuron", unit="mV")]  #: (N,) mV
    adapted: Annotated[np.ndarray, array("neuron", optional=True, unit="mV")]  #: (N,) mV
    #: (S,) STDP trace of each recurrent link, of the source, decayed to this time
    trace_plus: Annotated[np.ndarray, array("link", low=0, optional=True)]
    trace_minus: Annotated[np.ndarray, array("link", low=0, optional=True)]  #: (S,) and of the target
    input_trace_plus: Annotated[np.ndarray, array("input link", low=0, optional=True)]  #: the same for the input links
    input_trace_minus: Annotated[np.ndarray, array("input link", low=0, optional=True)]
    #: (S,) short-term plasticity: u and R after the latest spike of the source
    used: Annotated[np.ndarray, array("link", low=0, high=1, optional=True)]
    resources: Annotated[np.ndarray, array("link", low=0, high=1, optional=True)]
    arrived: Annotated[
        np.ndarray, array("link", dtype=np.int64, low=0, high=MOST, optional=True)
    ]  #: (S,) steps since the arrival of that spike
    weight: Annotated[
        np.ndarray, array("link", low=0, optional=True, unit="mV")
    ]  #: (S,) mV: after a plastic run, before homeostasis
    input_weight: Annotated[np.ndarray, array("input link", low=0, optional=True, unit="mV")]

    def __post_init__(self) -> None:
        convert_arrays(self, "variables.")


@dataclass(frozen=True)
class NetworkState(Displayed):
    """Complete state of a network after a run of one stimulus, from which :func:`hrsnn.simulate` can continue.

    ``simulate(activity.reservoir, next_part, state=activity.state)`` continues where ``activity`` ended: simulating a
    stimulus in parts gives the same result as one run. A state consists of arrays and numbers and can be saved.

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

    kind: ClassVar[str] = "reservoir"  #: of network

    variables: Variables
    steps: int  #: since the network was at rest
    dt: float  #: ms
    refractory_steps: Annotated[np.ndarray, array("neuron", dtype=np.int64, low=0)]  #: (N,) remaining refractory steps
    #: age in steps of the spikes in transit, descending
    spike_age: Annotated[np.ndarray, array("spike under way", dtype=np.int64, low=1)]
    spike_neuron: Annotated[np.ndarray, array("spike under way", dtype=np.int32, low=0)]  #: neurons that emitted them
    filtered: Annotated[np.ndarray, array("neuron", low=0)]  #: (N,) exponentially filtered spikes
    tau_state: float  #: ms: their time constant
    background: BackgroundPosition  #: background spikes drawn so far
    seed: int  #: of the background input
    network: str = ""  #: fingerprint of the reservoir with its final weights

    def __post_init__(self) -> None:
        convert_arrays(self)
        count_of("steps", self.steps, 0)
        check_seed(self.seed)
        positive("dt", self.dt, "ms")
        positive("tau_state", self.tau_state, "ms")
        if not isinstance(self.network, str):
            raise InputError("network", self.network, "must be a fingerprint")
        sizes = check_arrays(self, {})
        sizes = check_arrays(self.variables, sizes, "variables.")
        check_arrays(self.background, sizes, "background.")
        require("spike_age", self.spike_age[1:], np.diff(self.spike_age) <= 0, "must descend")
        last = self.background.last
        require("background.last", last, last <= self.elapsed, f"must be at most {self.elapsed:g} ms, the time of the state")

    @property
    def elapsed(self) -> float:
        """Time since the network was at rest (ms)."""
        return self.steps * self.dt

    @takes(tau_state="ms")
    def check(self, reservoir: Reservoir, seed: int, tau_state: float | None) -> None:
        """Check that this state belongs to `reservoir` and can be continued with `seed` and `tau_state`.

        Raises
        ------
        InputError
            When it is of another network, or the seed of background input or rounding, or the `tau_state` of recorded
            states, changes.
        """
        if self.network != reservoir.fingerprint:
            raise InputError("state", "of another network", "go on with the reservoir of the activity that it came from")
        drawn = "background input" * bool((reservoir.background_rate > 0).any()) or "rounding" * bool(
            reservoir.state_bits and reservoir.stochastic_rounding
        )
        if self.seed != seed and drawn:
            raise InputError("seed", seed, f"must stay {self.seed}, which the {drawn} began with")
        if tau_state is not None and self.tau_state != tau_state:
            raise InputError("tau_state", tau_state, f"must stay {self.tau_state:g} ms, which the states began with")
        self._check_arrays(reservoir)

    def _check_arrays(self, reservoir: Reservoir) -> None:
        """Check the lengths of the arrays and that their neurons and steps are valid for `reservoir`."""
        sizes = {"neuron": reservoir.neurons, "link": reservoir.synapses, "input link": len(reservoir.input)}
        check_arrays(self, sizes)
        check_arrays(self.variables, sizes, "variables.")
        check_arrays(self.background, sizes, "background.")
        if not reservoir.background_frozen:  # a frozen background may have no spikes
            last, behind = self.background.last, (self.elapsed - self.background.last) * reservoir.background_rate / 1000
            require("background.last", last, behind <= _LONGEST_INTERVAL, f"is too far behind {self.elapsed:g} ms")
        variables = self.variables
        wanted = {
            "adapted": reservoir.neurons if reservoir.adaptation.any() else 0,
            **dict.fromkeys(_SHORT_TERM, reservoir.synapses if reservoir.short_term is not None else 0),
        }
        for name, length in wanted.items():
            if len(getattr(variables, name)) != length:
                raise InputError(f"variables.{name}", len(getattr(variables, name)), f"must have the length {length}")
        for names, length in zip(_LEARNED, (reservoir.synapses, reservoir.input.pre.size), strict=True):
            lengths = {len(getattr(variables, name)) for name in names}
            if lengths not in ({0}, {length}):
                raise InputError(f"variables.{names[0]}", sorted(lengths), f"must all have the length 0 or {length}")
        if self.dt != reservoir.dt:
            raise InputError("dt", self.dt, f"must be that of the network, {reservoir.dt:g} ms")
        oldest = int(np.round(reservoir.delay / reservoir.dt).max(initial=0))
        age, neuron = self.spike_age, self.spike_neuron
        require("spike_age", age, age <= oldest, f"must be at most {oldest}, the longest delay in steps")
        require("spike_neuron", neuron, neuron < reservoir.neurons, f"must be below {reservoir.neurons}")
        if len(np.unique(age * reservoir.neurons + neuron)) < len(age):
            raise InputError("spike_neuron", neuron, "a neuron spikes once in a step")
        hold = np.round(reservoir.refractory / reservoir.dt).astype(np.int64)
        require(
            "refractory_steps",
            self.refractory_steps,
            self.refractory_steps <= hold,
            "must be at most the refractory period in steps",
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state atomically to an ``.npz`` file, without pickle.

        Raises
        ------
        FileError
            When the file cannot be written; an existing file is then unchanged.
        """
        arrays = {name: getattr(self, name) for name in rules_of(NetworkState)}
        for prefix, kind in _PARTS.items():
            arrays |= {f"{prefix}.{name}": getattr(getattr(self, prefix), name) for name in rules_of(kind)}
        header = {name: getattr(self, name) for name in _HEADER}
        write_npz(path, _KIND, _VERSION, arrays, header)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> NetworkState:
        """Read a state from a file written by :meth:`save`.

        Raises
        ------
        FileError
            When the file is missing or damaged, or does not contain a state.
        """
        stored, header = read_npz(path, _KIND, _VERSION)
        arrays: dict[str, Any] = dict(stored)
        with refuse_damaged(path, _KIND):
            parts = {
                prefix: kind(**{name: arrays.pop(f"{prefix}.{name}") for name in rules_of(kind)})
                for prefix, kind in _PARTS.items()
            }
            own = {name: arrays.pop(name) for name in rules_of(NetworkState)}
            unknown = sorted({*arrays, *(set(header) - set(_HEADER))})
            if unknown:
                raise InputError("names", unknown, "are none of a state")
            return cls(**own, **parts, **{name: header[name] for name in _HEADER})


_PARTS: dict[str, type] = {"variables": Variables, "background": BackgroundPosition}
_SHORT_TERM = ("used", "resources", "arrived")
_LEARNED = (("weight", "trace_plus", "trace_minus"), ("input_weight", "input_trace_plus", "input_trace_minus"))


def state_after(
    variables: Variables,
    spike_step: np.ndarray,
    spike_neuron: np.ndarray,
    steps: int,
    reservoir: Reservoir,
    before: NetworkState | None,
    background: BackgroundPosition,
    tau_state: float,
    seed: int,
) -> NetworkState:
    """Return the state after `steps` steps with these spikes, starting from `before` (None: from rest)."""
    n, dt = reservoir.neurons, reservoir.dt
    hold = np.round(reservoir.refractory / dt).astype(np.int64)
    free_at = np.zeros(n, np.int64) if before is None else before.refractory_steps.copy()
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
        refractory_steps=np.maximum(free_at - steps, 0),
        spike_age=age[under_way],
        spike_neuron=who[under_way].astype(np.int32),
        filtered=filtered,
        tau_state=tau_state,
        background=background,
        seed=seed,
    )
