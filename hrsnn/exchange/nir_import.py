"""A reservoir from the nodes of a NIR graph."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from hrsnn.builder import PAIRS, assemble
from hrsnn.connectivity import grid_positions
from hrsnn.engines.propagators import current_to_v
from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.exchange.nir_constants import Discretisation
from hrsnn.exchange.nir_paths import Flat, Path, paths_of
from hrsnn.reservoir import Links, Reservoir
from hrsnn.spec import ReservoirSpec
from hrsnn.validation.limits import check_memory

#: Where a node has no synaptic current, the time constant of ours is dt over this: after a step e^-40 of it is left.
_INSTANT = 40.0


class NeuronsOfGraph:
    """The neurons of all nodes in one row, their constants in ms and mV, and the links found."""

    def __init__(self, flat: Flat, discretisation: Discretisation, unit: float) -> None:
        self.flat, self.discretisation = flat, discretisation
        self.names = flat.of_kind("LIF", "CubaLIF")
        sizes = [flat.size(name) for name in self.names]
        if sum(sizes) < 2:
            raise InputError("graph", sum(sizes), "must have at least two neurons (LIF or CubaLIF)")
        begins = np.concatenate([[0], np.cumsum(sizes)])
        self.place = {name: slice(a, b) for name, a, b in zip(self.names, begins, begins[1:], strict=False)}
        self.count = int(begins[-1])
        self.cluster = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        self.unit = unit

        def joined(lif: str, cuba: str) -> np.ndarray:
            parts = [flat.nodes[name] for name in self.names]
            return np.concatenate([arrays[cuba if kind == "CubaLIF" else lif] for kind, arrays in parts])

        self.tau_m = np.concatenate([self._tau(name, "tau_mem" if self._cuba(name) else "tau") for name in self.names])
        self.v_leak, self.v_threshold, self.v_reset = (joined(one, one) for one in ("v_leak", "v_threshold", "v_reset"))
        self.r = joined("r", "r")
        self.bias = np.zeros(self.count)
        self.tau = {"exc": np.full(self.count, np.nan), "inh": np.full(self.count, np.nan)}
        for name in self.names:
            if self._cuba(name):
                for tau in self.tau.values():
                    tau[self.place[name]] = self._tau(name, "tau_syn")

    def _cuba(self, name: str) -> bool:
        return self.flat.nodes[name][0] == "CubaLIF"

    def _tau(self, name: str, field: str) -> np.ndarray:
        return self.discretisation.own(name, self.flat.nodes[name][1][field] * self.unit)

    def weights(self, path: Path) -> np.ndarray:
        """Return what a spike of each source adds to the current of each target, (targets, sources), signed, in mV."""
        here, dt = self.place[path.target], self.discretisation.dt
        arrays = self.flat.nodes[path.target][1]
        if self._cuba(path.target):
            tau = self._tau(path.target, "tau_syn")
            factor = arrays["w_in"] / (self.discretisation.stated(tau) / dt)
            factor *= arrays["r"] / self.discretisation.resistance(self.tau_m[here], tau)
        elif path.synapse is not None:
            tau = self._tau(path.synapse, "tau")
            own = self.discretisation.resistance(self.tau_m[here], tau) * (self.discretisation.stated(tau) / dt)
            factor = arrays["r"] * (self.flat.nodes[path.synapse][1]["r"] / own)
        else:  # a pulse of length dt moves v itself
            tau = np.full(here.stop - here.start, dt / _INSTANT)
            factor = arrays["r"] * -np.expm1(-dt / self.tau_m[here]) / current_to_v(self.tau_m[here], tau, dt)
        weight: np.ndarray = factor[:, None] * path.matrix
        for side, signed in (("exc", weight > 0), ("inh", weight < 0)):
            used = np.flatnonzero(signed.any(axis=1))
            now = self.tau[side][here][used]
            other = used[~np.isnan(now) & (now != tau[used])]
            if len(other):
                allowed = "all links of one sign to a neuron must have the same time constant"
                raise InputError(f"node {path.target!r}", f"two currents of neuron {other[0]}", allowed)
            self.tau[side][used + here.start] = tau[used]
        return weight

    def add_constant(self, path: Path) -> None:
        """Add what a bias along the path, and the resting value of its LI, give to the drive of v (mV)."""
        arrays, constant = self.flat.nodes[path.target][1], np.asarray(path.constant)
        if self._cuba(path.target):
            constant = constant * arrays["w_in"]
        elif path.synapse is not None:
            constant = constant * self.flat.nodes[path.synapse][1]["r"]
        self.bias[self.place[path.target]] += constant * arrays["r"]


def reservoir_of(
    flat: Flat, input: str, discretisation: Discretisation, unit: float, spec: ReservoirSpec, seed: int
) -> Reservoir:
    """Return the reservoir of a graph; see :func:`hrsnn.exchange.from_nir`.

    Raises
    ------
    InputError
        When the graph is none of a reservoir.
    """
    neurons = NeuronsOfGraph(flat, discretisation, unit)
    paths, readouts = paths_of(flat)
    if readouts:
        text = f"the readout is left out: {', '.join(readouts)}, between the neurons and the output"
        warnings.warn(text, HrsnnWarning, stacklevel=4)
    inputs = [name for name in flat.of_kind("Input") if any(path.source == name for path in paths)]
    begins = np.concatenate([[0], np.cumsum([flat.size(name) for name in inputs])]).astype(int)
    first = dict(zip(inputs, begins.tolist(), strict=False))
    channels = int(begins[-1]) or 1
    links: dict[str, list[tuple[np.ndarray, ...]]] = {"recurrent": [], "input": []}
    for one, target in dict.fromkeys((path.synapse, path.target) for path in paths if path.synapse is not None):
        neurons.bias[neurons.place[target]] += flat.nodes[one][1]["v_leak"] * flat.nodes[target][1]["r"]
    for path in paths:
        neurons.add_constant(path)
        size = np.size(path.matrix)
        check_memory("graph", size, 40.0 * size, "its links")
        if path.source in first and input == "currents":
            if path.synapse is not None or flat.nodes[path.target][0] == "CubaLIF":
                allowed = 'analog input must lead into a LIF without a current: input="spikes" reads this graph'
                raise InputError(f"node {path.target!r}", path.synapse or "CubaLIF", allowed)
            weight = flat.nodes[path.target][1]["r"][:, None] * path.matrix
        else:
            weight = neurons.weights(path)
        post, pre = np.nonzero(path.matrix)
        delay = (
            np.broadcast_to(path.before, weight.shape[1:])[pre] + np.broadcast_to(path.after, weight.shape[:1])[post]
        ) * unit
        offset = first[path.source] if path.source in first else neurons.place[path.source].start
        side = "input" if path.source in first else "recurrent"
        links[side].append((pre + offset, post + neurons.place[path.target].start, weight[post, pre], delay))
    recurrent = _joined(links["recurrent"], neurons.count, "recurrent links")
    given = _joined(links["input"], neurons.count, "input links")
    return _assembled(neurons, recurrent, given, channels, input, spec, seed)


def _joined(parts: list[tuple[np.ndarray, ...]], targets: int, what: str) -> tuple[np.ndarray, ...]:
    """Return all links sorted by (pre, post); parallel ones with equal delays are summed."""
    if not parts:
        return np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0), np.zeros(0)
    pre, post, weight, delay = (np.concatenate(column) for column in zip(*parts, strict=True))
    key = pre.astype(np.int64) * targets + post
    order = np.argsort(key, kind="stable")
    key, weight, delay = key[order], weight[order], delay[order]
    begins = np.flatnonzero(np.concatenate([[True], np.diff(key) != 0]))
    same = np.repeat(delay[begins], np.diff([*begins, len(key)])) == delay
    if not same.all():
        k = int(key[np.argmin(same)])
        raise InputError(what, divmod(k, targets), "has two delays: there is one link between a source and a neuron")
    return (
        (key[begins] // targets).astype(np.int32),
        (key[begins] % targets).astype(np.int32),
        np.add.reduceat(weight, begins),
        delay[begins],
    )


def _assembled(
    neurons: NeuronsOfGraph,
    recurrent: tuple[np.ndarray, ...],
    given: tuple[np.ndarray, ...],
    channels: int,
    input: str,
    spec: ReservoirSpec,
    seed: int,
) -> Reservoir:
    n = neurons.count
    pre, post, signed, delay = recurrent
    if (pre == post).any():
        raise InputError("graph", f"neuron {pre[pre == post][0]}", "is linked to itself, which no neuron of a reservoir is")
    positive, negative = (np.bincount(pre[side], minlength=n) > 0 for side in (signed > 0, signed < 0))
    if (positive & negative).any():
        k = int(np.argmax(positive & negative))
        raise InputError(f"neuron {k} of the graph", "links of both signs", "a neuron has one sign (Dale's law)")
    is_excitatory = np.concatenate([_said_types(neurons.flat, name) for name in neurons.names])
    is_excitatory = (is_excitatory | positive) & ~negative
    cluster, none = neurons.cluster, np.zeros(0, np.int32)
    drawn = assemble(
        spec, seed, channels, is_excitatory, grid_positions(n), pre, post, dict.fromkeys(PAIRS, 1.0), np.zeros(n, np.int32)
    )
    weight = np.abs(signed)
    own = {name: getattr(drawn.recurrent, name) for name in ("tau_plus", "tau_minus", "a_plus", "a_minus")}
    w_max = np.maximum(drawn.w_max, weight)
    channel, target, strength, input_delay = given
    spikes = input == "spikes"
    if spikes and (strength < 0).any():
        k = int(np.argmax(strength < 0))
        allowed = "weights of input spikes must not be negative: a channel of input is excitatory"
        raise InputError(f"link of channel {channel[k]} to neuron {target[k]}", strength[k], allowed)
    jumps = strength if spikes else np.zeros_like(strength)

    def mean(name: str) -> np.ndarray:
        values = getattr(drawn.input, name)
        return np.full(len(channel), float(values.mean()) if len(values) else 1.0)

    tau = {
        side: np.where(np.isnan(values), neurons.tau[other], values)
        for side, other in (("exc", "inh"), ("inh", "exc"))
        for values in [neurons.tau[side]]
    }
    constants: dict[str, Any] = {
        **{f"tau_{side}": np.where(np.isnan(values), getattr(drawn, f"tau_{side}"), values) for side, values in tau.items()},
        **{name: np.zeros(n) for name in ("refractory", "background_rate", "adaptation")},
        "tau_m": neurons.tau_m,
        "v_threshold": neurons.v_threshold,
        "v_reset": neurons.v_reset,
        "v_rest": neurons.v_leak,
        "v_start": neurons.v_leak + neurons.bias,
        "i_bias": neurons.bias,
    }
    return drawn.replace(
        **constants,
        cluster=cluster,
        recurrent=Links(pre, post, weight, delay, w_max, **own),
        input=Links(
            channel,
            target,
            jumps,
            input_delay,
            np.maximum(mean("w_max"), jumps),
            **{name: mean(name) for name in own},
        )
        if len(channel)
        else Links(none, none, *[np.zeros(0)] * 7),
        input_gain=np.zeros_like(strength) if spikes else strength,
        channels=channels,
        dt=neurons.discretisation.dt,
        short_term=None,
    )


def _said_types(flat: Flat, name: str) -> np.ndarray:
    """Return whether neurons are excitatory by the node's metadata, which decides for those without links only."""
    said = np.asarray(flat.metadata[name].get("is_excitatory", True))
    size = flat.size(name)
    return said.astype(bool) if said.shape == (size,) and said.dtype.kind in "biu" else np.ones(size, dtype=bool)
