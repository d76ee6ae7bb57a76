"""The state of a balanced network at the end of a run, from which another run can continue."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from hrsnn.balanced.decoding import filtered
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.files.npz import read_npz, write_npz
from hrsnn.files.reading import refuse_damaged
from hrsnn.recording import filtered_states
from hrsnn.runtime.seeds import check_seed
from hrsnn.validation.arrays import require
from hrsnn.validation.numbers import count_of, positive

if TYPE_CHECKING:
    from hrsnn.balanced.network import BalancedNetwork


_KIND, _VERSION = "balanced state", 1
_HEADER = ("steps", "dt", "tau_state", "seed", "network")
_DIMENSIONS = {"states": 2, "voltages": 2, "rates": 1, "filtered": 1}


class BalancedVariables(NamedTuple):
    """Variables of an engine at the end of a step; those of the other form are empty."""

    states: np.ndarray  #: (2, J) error e and estimate z, in the form of J states
    voltages: np.ndarray  #: (3, N) V (mV), slow input, and filtered spikes r, in the form with the V of each neuron


@dataclass(frozen=True, eq=False)
class BalancedState(Displayed):
    """State of a balanced network after a run of one stimulus, from which :func:`hrsnn.simulate` can continue.

    Simulating a stimulus in parts, each a whole number of steps long, gives the spikes of one run.

    Examples
    --------
    >>> import numpy as np
    >>> from hrsnn import Currents, simulate
    >>> from hrsnn.balanced import BalancedSpec, build_balanced
    >>> network = build_balanced(BalancedSpec(neurons=60, dimensions=4), seed=1)
    >>> values = np.random.default_rng(0).uniform(-1, 1, (1, 20, 1))
    >>> whole = simulate(network, Currents(values, dt=20))
    >>> first = simulate(network, Currents(values[:, :8], dt=20))
    >>> second = simulate(network, Currents(values[:, 8:], dt=20), state=first.state)
    >>> first.spike_count + second.spike_count == whole.spike_count
    True
    """

    kind: ClassVar[str] = "balanced"  #: of network

    variables: BalancedVariables
    steps: int  #: since the network was at rest
    dt: float  #: ms
    rates: np.ndarray  #: (N,) spikes filtered with the leak of each neuron, which the decoder reads
    filtered: np.ndarray  #: (N,) spikes filtered with `tau_state`
    tau_state: float  #: ms
    seed: int  #: of the voltage noise
    network: str = ""  #: fingerprint of the network

    @property
    def elapsed(self) -> float:
        """Time since the network was at rest (ms)."""
        return self.steps * self.dt

    def check(self, network: BalancedNetwork, seed: int, tau_state: float | None) -> None:
        """Check that this state belongs to `network` and can be continued with `seed` and `tau_state`.

        Raises
        ------
        InputError
            When it is of another network, or the seed of voltage noise or rounding, or the `tau_state` of recorded states,
            changes, or when its arrays have not the shapes of the network.
        """
        if self.network != network.fingerprint:
            raise InputError("state", "of another network", "go on with the network of the activity that it came from")
        drawn = "voltage noise" * bool(network.noise) or "rounding" * bool(
            network.state_bits and network.stochastic_rounding
        )
        if self.seed != seed and drawn:
            raise InputError("seed", seed, f"must stay {self.seed}, which the {drawn} began with")
        if tau_state is not None and self.tau_state != tau_state:
            raise InputError("tau_state", tau_state, f"must stay {self.tau_state:g} ms, which the states began with")
        if self.dt != network.dt:
            raise InputError("dt", self.dt, f"must be that of the network, {network.dt:g} ms")
        j, n = network.decoder.shape
        allowed = {"states": (2, j), "voltages": (3, n), "rates": (n,), "filtered": (n,)}
        given = {**self.variables._asdict(), "rates": self.rates, "filtered": self.filtered}
        unused = "voltages" if self.variables.states.size else "states"  # one form of the two
        for name, array in given.items():
            if array.size if name == unused else array.shape != allowed[name]:
                raise InputError(name, array.shape, f"must be {'empty' if name == unused else allowed[name]}")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state atomically to an ``.npz`` file, without pickle.

        Raises
        ------
        FileError
            When the file cannot be written; an existing file is then unchanged.
        """
        arrays = {**self.variables._asdict(), "rates": self.rates, "filtered": self.filtered}
        write_npz(path, _KIND, _VERSION, arrays, {name: getattr(self, name) for name in _HEADER})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> BalancedState:
        """Read a state from a file written by :meth:`save`.

        Raises
        ------
        FileError
            When the file is missing or damaged, or does not contain such a state.
        """
        arrays, header = read_npz(path, _KIND, _VERSION)
        with refuse_damaged(path, _KIND):
            if {*arrays, *header} != {*BalancedVariables._fields, "rates", "filtered", *_HEADER}:
                raise InputError("names", sorted({*arrays, *header}), "are not those of a state")
            for name, dimensions in _DIMENSIONS.items():
                if arrays[name].ndim != dimensions or arrays[name].dtype != np.float64:
                    raise InputError(name, arrays[name].shape, f"must be numbers in {dimensions} dimensions")
                require(name, arrays[name], np.isfinite(arrays[name]), "must be finite")
                arrays[name].setflags(write=False)
            count_of("steps", header["steps"], 0)
            check_seed(header["seed"])
            for name in ("dt", "tau_state"):
                header[name] = positive(name, header[name], "ms")
            if not isinstance(header["network"], str):
                raise InputError("network", header["network"], "must be a fingerprint")
            variables = BalancedVariables(*(arrays.pop(name) for name in BalancedVariables._fields))
            numbers: dict[str, Any] = {**arrays, **header}
            return cls(variables=variables, **numbers)


def balanced_state_after(
    variables: BalancedVariables,
    spike_step: np.ndarray,
    spike_neuron: np.ndarray,
    steps: int,
    network: BalancedNetwork,
    before: BalancedState | None,
    tau_state: float,
    seed: int,
) -> BalancedState:
    """Return the state after `steps` steps with these spikes, starting from `before` (None: from rest)."""
    times, end = spike_step * network.dt, np.array([steps * network.dt])
    rates = filtered(times, spike_neuron, end, network.leak)[0]
    states = filtered_states(times, spike_neuron, end, tau_state, network.neurons)[0]
    if before is not None:
        rates = rates + before.rates * np.exp(-network.leak * end / 1000)
        states = states + before.filtered * np.exp(-end / tau_state)
    for one in (*variables, rates, states):
        one.setflags(write=False)
    return BalancedState(
        variables=variables,
        steps=steps + (0 if before is None else before.steps),
        dt=network.dt,
        rates=rates,
        filtered=states,
        tau_state=tau_state,
        seed=seed,
    )
