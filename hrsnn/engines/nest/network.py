"""A reservoir in NEST, from arrays of NEST's own parameters; needs NumPy and NEST only, and is a script of its own.

``hrsnn.exchange.to_nest(reservoir, path)`` writes a copy of this file beside an ``.npz`` file of the same name with the
network and its stimuli. Run it with

    python network.py [--threads 2] [--out network_spikes.npz]
    mpirun -n 4 python network.py

The spikes are written as ``times`` (ms from the onset of the stimulus), ``neurons`` and ``stimuli`` (indices), sorted; under
MPI by each process those of its own neurons, into network_spikes_0.npz, network_spikes_1.npz and so on.

How steps are counted: generators cannot act at once, and NEST's time starts at 0. A stimulus therefore begins ``lead + 1``
steps after the start, ``lead`` being the shortest delay in steps, and until then the neurons are held by a threshold that
they cannot reach. An input spike of step k of the stimulus is sent at (k + 2) dt, a value from step k on at (k + 1) dt, and
the spike of a neuron in step k has the time (k + lead + 2) dt.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import nest
import numpy as np

#: Parameters of iaf_psc_exp among the arrays.
NEURON = ("tau_m", "C_m", "tau_syn_ex", "tau_syn_in", "E_L", "I_e", "V_th", "V_reset", "V_m", "t_ref")
#: A threshold that is not reached before the stimulus begins.
_UNREACHED = 1e300


class Nodes(NamedTuple):
    """Nodes of a network in NEST's kernel; each is a NodeCollection."""

    neurons: Any  #: N of iaf_psc_exp
    channels: Any  #: spike_generator of each input channel, connected with the weights of its links, or None
    currents: Any  #: step_current_generator of each input channel, connected with the gains of its links, or None
    recorder: Any  #: spike_recorder of all neurons, which counts time in steps


def build(network: Mapping[str, np.ndarray], threads: int = 1, spiking: bool = True, analog: bool = True) -> Nodes:
    """Build the network in a kernel that is empty, with generators of spikes and of currents for its channels."""
    nest.set(tics_per_ms=int(network["tics_per_ms"]), resolution=float(network["dt"]), local_num_threads=threads)
    channels, soon = int(network["channels"]), float(network["lead"] * network["dt"])
    neurons = nest.Create("iaf_psc_exp", len(network["tau_m"]), params={name: network[name] for name in NEURON})
    _connect(neurons, network["source"], neurons, network["target"], _synapses(network))
    generators = []
    # an idle step_current_generator sends a current in every step
    wanted = (("spike_generator", "input_weight", spiking), ("step_current_generator", "input_gain", analog))
    for model, weight, there in wanted:
        generators.append(nest.Create(model, channels) if there else None)
        if there:
            links = {"weight": network[weight], "delay": network["input_delay"]}
            _connect(generators[-1], network["channel"], neurons, network["input_target"], links)
    recorder = nest.Create("spike_recorder", params={"time_in_steps": True})
    nest.Connect(neurons, recorder, syn_spec={"delay": soon})
    spikes, currents = generators
    return Nodes(neurons, spikes, currents, recorder)


def _synapses(network: Mapping[str, np.ndarray]) -> dict[str, Any]:
    links = {"weight": network["weight"], "delay": network["delay"]}
    if "U" not in network:
        return links
    constants = {name: network[name] for name in ("U", "tau_rec", "tau_fac")}
    # the first spike acts with w u x as they are set: w U, as after a long silence
    return {**links, **constants, "synapse_model": "tsodyks2_synapse", "u": network["U"], "x": np.ones(len(network["U"]))}


def _connect(source: Any, pre: np.ndarray, target: Any, post: np.ndarray, synapses: Mapping[str, Any]) -> None:
    if len(pre):  # by node IDs, which NEST connects without a loop in Python; those of one Create are consecutive
        nest.Connect(source[0].global_id + pre, target[0].global_id + post, "one_to_one", dict(synapses))


def load(network: Mapping[str, np.ndarray], nodes: Nodes, stimulus: Mapping[str, np.ndarray]) -> None:
    """Give the generators their spikes and values, counted from the onset; before anything is simulated."""
    dt = float(network["dt"])
    for channel, own in _each(stimulus["spike_channel"]):
        times = (stimulus["spike_step"][own] + 2) * dt
        nodes.channels[channel].set(spike_times=times, spike_multiplicities=stimulus["spike_count"][own])
    for channel, values in enumerate(stimulus["values"].T):
        times = (stimulus["value_step"] + 1) * dt
        nodes.currents[channel].set(amplitude_times=times, amplitude_values=np.ascontiguousarray(values))
    excited = list(_each(stimulus["background_neuron"]))
    if excited:
        trains = [((stimulus["background_step"][own] + 2) * dt, stimulus["background_weight"][own]) for _, own in excited]
        params = [{"spike_times": times, "spike_weights": weights} for times, weights in trains]
        generators, delay = nest.Create("spike_generator", len(params), params=params), float(network["lead"]) * dt
        synapses = {"weight": np.ones(len(params)), "delay": np.full(len(params), delay)}
        _connect(generators, np.arange(len(params)), nodes.neurons, np.array([neuron for neuron, _ in excited]), synapses)


def _each(who: np.ndarray) -> list[tuple[int, slice]]:
    """Return each value of a sorted array with the slice where it is."""
    begins = np.flatnonzero(np.append(True, np.diff(who) != 0)[: len(who)])
    ends = np.append(begins[1:], len(who))[: len(begins)]
    return [(int(who[a]), slice(int(a), int(b))) for a, b in zip(begins, ends, strict=True)]


def start(network: Mapping[str, np.ndarray], nodes: Nodes) -> None:
    """Simulate up to the onset of the stimulus, where the neurons get their initial v; delays are fixed from here on."""
    nodes.neurons.set(V_th=_UNREACHED)
    nest.Simulate(float((network["lead"] + 1) * network["dt"]))
    nodes.neurons.set({"V_m": network["V_m"], "V_th": network["V_th"]})


def spikes(network: Mapping[str, np.ndarray], nodes: Nodes) -> tuple[np.ndarray, np.ndarray]:
    """Return step (from the onset) and neuron of the recorded spikes, sorted; nothing is forgotten."""
    events = nodes.recorder.events
    step, neuron = np.asarray(events["times"], np.int64), np.asarray(events["senders"], np.int64)
    step, neuron = step - int(network["lead"]) - 2, neuron - nodes.neurons[0].global_id
    order = np.lexsort((neuron, step))
    return step[order], neuron[order]


def main() -> None:
    """Simulate each stimulus of the file beside this script, and write the spikes."""
    here = Path(__file__)
    parser = argparse.ArgumentParser(description=f"Simulate the network of {here.stem}.npz in NEST.")
    parser.add_argument("--threads", type=int, default=1, help="threads of each process")
    parser.add_argument("--out", type=Path, default=here.with_name(f"{here.stem}_spikes.npz"), help="file of the spikes")
    arguments = parser.parse_args()
    with np.load(here.with_suffix(".npz"), allow_pickle=False) as file:
        data = dict(file)
    found = []
    for index in range(int(data["stimuli"])):
        stimulus = {name.partition("/")[2]: data[name] for name in data if name.startswith(f"{index}/")}
        nest.ResetKernel()
        nest.verbosity = nest.VerbosityLevel.ERROR
        analog = stimulus["values"].size > 0
        nodes = build(data, arguments.threads, not analog, analog)
        load(data, nodes, stimulus)
        start(data, nodes)
        steps = int(stimulus["steps"])
        nest.Simulate(float((steps + data["lead"] + 1) * data["dt"]))  # a recorder gets spikes after the shortest delay
        step, neuron = spikes(data, nodes)
        found.append((step[step < steps], neuron[step < steps], np.full((step < steps).sum(), index)))
    step, neuron, which = (np.concatenate(parts) for parts in zip(*found, strict=True))
    out = arguments.out if nest.num_processes == 1 else arguments.out.with_stem(f"{arguments.out.stem}_{nest.Rank()}")
    part = out.with_name(f".{out.stem}.part.npz")
    np.savez(part, times=step * float(data["dt"]), neurons=neuron, stimuli=which)
    os.replace(part, out)
    print(f"{len(step)} spikes: {out}")


if __name__ == "__main__":
    main()
