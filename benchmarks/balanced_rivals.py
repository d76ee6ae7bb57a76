"""A balanced network beside its run in Brian2, and beside spiking ensembles of Nengo that follow the same linear system.

    python benchmarks/balanced_rivals.py [--neurons 400] [--states 16] [--values 1200] [--seeds 3]

All have as many neurons and the same system, input and score: states at the end of each value of 20 ms, memory by the same
regression from the J decoded states. Nengo is compared if it is installed (pip install nengo; 4.1 was); its own defaults
hold, LIF neurons of 200 to 400 Hz at the edge of their range, dt 1 ms, in one ensemble of J dimensions or in J/2 of two, for
which the system is turned into its planes. `real time` is simulated over processor time, after a first run that compiles.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from balanced import HOLD
from scipy.linalg import schur

from hrsnn import Currents, simulate
from hrsnn.analysis import memory_capacity
from hrsnn.analysis.firing.coding import coding_error
from hrsnn.balanced import BalancedNetwork, BalancedSpec, build_balanced
from hrsnn.tasks.memory import memory as memory_task
from hrsnn.tasks.task import SeriesTask

try:
    import nengo
except ImportError:
    nengo = None

#: Values of the run in Brian2, whose spikes are those of the engine `balanced`.
_SHORT = 100
#: Synapse of Nengo's recurrent connections (s), the usual choice for dynamics, and sd of the range of an ensemble.
_SYNAPSE, _RANGE = 0.1, 3.0

Run = Callable[[BalancedNetwork, SeriesTask], tuple[np.ndarray, float, float, float]]


def held(values: np.ndarray) -> Currents:
    return Currents(values[None], dt=HOLD)


def balanced(network: BalancedNetwork, task: SeriesTask) -> tuple[np.ndarray, float, float, float]:
    """Decoded states, rate, seconds, and simulated seconds."""
    stimulus, values = held(task.inputs), len(task.inputs)
    whole = network.with_matrices()
    simulate(whole, held(task.inputs[:10]))
    begin = time.process_time()
    activity = simulate(whole, stimulus)
    taken = time.process_time() - begin
    z = network.decode(activity.spikes, HOLD * np.arange(1, values + 1))[0]
    return z, float(activity.rates.mean()), taken, values * HOLD / 1000


def brian2(network: BalancedNetwork, task: SeriesTask) -> tuple[np.ndarray, float, float, float]:
    short = held(task.inputs[:_SHORT])
    simulate(network, held(task.inputs[:2]), engine="brian2-balanced")
    begin = time.process_time()
    activity = simulate(network, short, engine="brian2-balanced")
    taken = time.process_time() - begin
    same = activity.spikes.equals(simulate(network, short, engine="balanced").spikes)
    print(f"  brian2-balanced: {_SHORT} values, spikes {'equal to' if same else 'NOT those of'} the engine balanced")
    z = network.decode(activity.spikes, HOLD * np.arange(1, _SHORT + 1))[0]
    return z, float(activity.rates.mean()), taken, _SHORT * HOLD / 1000


def ensembles(size: int) -> Run:
    """Return the run of Nengo with ensembles of `size` dimensions; 0: one of all."""

    def run(network: BalancedNetwork, task: SeriesTask) -> tuple[np.ndarray, float, float, float]:
        values, j = task.inputs[:, 0], network.states
        system = network.system
        # planes of the rotations, which an array of ensembles can keep apart
        blocks, basis = schur(system.A)
        a, b = (blocks, basis.T @ system.B) if size else (system.A, system.B)
        each, count = (size, j // size) if size else (j, 1)
        with nengo.Network(seed=0) as model:
            source = nengo.Node(lambda t: values[min(int((t - 1e-9) / (HOLD / 1000)), len(values) - 1)])
            parts = nengo.networks.EnsembleArray(
                network.neurons // count, count, ens_dimensions=each, radius=_RANGE * np.sqrt(each / 2)
            )
            nengo.Connection(source, parts.input, transform=_SYNAPSE * b, synapse=_SYNAPSE)
            nengo.Connection(parts.output, parts.input, transform=_SYNAPSE * a + np.eye(j), synapse=_SYNAPSE)
            probe = nengo.Probe(parts.output, synapse=0.01, sample_every=HOLD / 1000)
            spikes = [nengo.Probe(one.neurons, sample_every=0.001) for one in parts.ensembles[:2]]
        with nengo.Simulator(model, progress_bar=False) as simulator:
            begin = time.process_time()
            simulator.run(len(values) * HOLD / 1000)
            taken = time.process_time() - begin
            z = np.array(simulator.data[probe])[: len(values)]
            rate = float(np.mean([(simulator.data[one] > 0).mean() * 1000 for one in spikes]))
        return z @ basis.T if size else z, rate, taken, len(values) * HOLD / 1000

    return run


def main(options: argparse.Namespace) -> None:
    spec = BalancedSpec(neurons=options.neurons, dimensions=options.states)
    runs: dict[str, Run] = {"balanced": balanced, "balanced in Brian2": brian2}
    if nengo is None:
        print("Nengo is not installed: pip install nengo adds its rows")
    else:
        runs |= {f"Nengo {nengo.__version__}, one ensemble": ensembles(0), "Nengo, ensembles of two": ensembles(2)}
    print(f"N = {options.neurons}, J = {options.states}, {options.values} values, seeds 0 to {options.seeds - 1}")
    print(f"{'':30} {'error (sd)':>10} {'memory, of':>16} {'Hz':>8} {'real time':>10}", flush=True)
    for name, run in runs.items():
        rows: list[Any] = []
        for seed in range(options.seeds):
            network, task = build_balanced(spec, seed), memory_task(values=options.values, seed=seed)
            z, rate, taken, simulated = run(network, task)
            x, u = network.ideal_states(task.inputs, HOLD)[: len(z)], task.inputs[: len(z), 0]
            capacity = [np.nan, np.nan]
            if len(z) == options.values:
                capacity = [memory_capacity(states, u, 100, washout=200).total for states in (z, x)]
            first = min(40, len(z) // 2)
            rows.append((coding_error(x[first:], z[first:], relative=True), *capacity, rate, simulated / taken))
        error, found, ideal, rate, speed = np.array(rows).mean(axis=0)
        memory = "-" if np.isnan(found) else f"{found:.1f} of {ideal:.1f}"
        print(f"{name:30} {error:10.3f} {memory:>16} {rate:8.2f} {speed:10.2f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neurons", type=int, default=400)
    parser.add_argument("--states", type=int, default=16)
    parser.add_argument("--values", type=int, default=1200)
    parser.add_argument("--seeds", type=int, default=3)
    main(parser.parse_args())
