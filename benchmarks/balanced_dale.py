"""Balance under Dale's law: every neuron's negative weights are carried by an inhibitory partner of its own.

    python benchmarks/balanced_dale.py [--seeds 5] [--values 1200]

The partner of a neuron spikes when its neuron does, and its spikes act after a delay; N excitatory and N inhibitory neurons
then do what N neurons of either sign did. Excitatory links act at once (`relay`) or after the same delay (`all links`). The
reset of a neuron by its own spike needs no link. Without delay both are the signed network, spike for spike, which each run
checks. `one spike a delay` is the network whose step is the delay, in which at most one neuron spikes.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from balanced import HOLD, interval
from numba import njit

from hrsnn import Currents, SpikeTrains, simulate
from hrsnn.analysis import memory_capacity
from hrsnn.analysis.firing.coding import coding_error
from hrsnn.analysis.firing.currents import currents
from hrsnn.analysis.firing.tightness import current_balance
from hrsnn.balanced import BalancedNetwork, BalancedSpec, build_balanced
from hrsnn.tasks.memory import memory as memory_task

SPEC = BalancedSpec(neurons=400, dimensions=16)


@njit(cache=False)
def run(
    fast: Any, slow: Any, threshold: Any, drive: Any, every: int, constants: Any, wait_excitatory: int, wait_inhibitory: int
) -> Any:
    """Return the steps and neurons of spikes; row j of `fast` and `slow` has the weights of neuron j's spikes."""
    decay, factor, driven = constants
    n, steps = len(threshold), len(drive) * every
    v, current = np.zeros(n), np.zeros(n)
    who, when = [0], [0]
    excitatory = inhibitory = 1  # the next spikes that arrive; the first entry of the lists is none
    for step in range(steps):
        best, chosen = 0.0, -1
        for i in range(n):
            v[i] = decay * v[i] + factor * current[i] + driven * drive[step // every, i]
            current[i] *= decay
            if v[i] - threshold[i] > best:
                best, chosen = v[i] - threshold[i], i
        if chosen >= 0:
            who.append(chosen)
            when.append(step)
            v[chosen] -= fast[chosen, chosen]
        while excitatory < len(who) and when[excitatory] + wait_excitatory <= step:
            j = who[excitatory]
            for i in range(n):
                if i != j:
                    v[i] += max(-fast[j, i], 0.0)
                current[i] += max(slow[j, i], 0.0)
            excitatory += 1
        while inhibitory < len(who) and when[inhibitory] + wait_inhibitory <= step:
            j = who[inhibitory]
            for i in range(n):
                if i != j:
                    v[i] -= max(fast[j, i], 0.0)
                current[i] -= max(-slow[j, i], 0.0)
            inhibitory += 1
    return np.array(when[1:]), np.array(who[1:])


def relayed(network: BalancedNetwork, values: np.ndarray, delay: float, excitatory_too: bool) -> SpikeTrains:
    """Spikes of the excitatory neurons; those of the partners are the same, `delay` (ms) later."""
    dt, leak = network.dt / 1000, float(network.leak[0])
    decay = float(np.exp(-leak * dt))
    constants = (decay, dt * decay, float(-np.expm1(-leak * dt) / leak))
    drive = values @ network.B_weights.T @ network.decoder
    wait = round(delay / network.dt)
    arrays = (np.ascontiguousarray(network.fast.T), np.ascontiguousarray(network.slow.T), network.threshold, drive)
    steps, who = run(*arrays, round(HOLD / network.dt), constants, wait * excitatory_too, wait)
    return SpikeTrains.from_samples([((steps + 0.5) * network.dt, who)], network.neurons, len(values) * HOLD)


def check(network: BalancedNetwork, values: np.ndarray) -> None:
    """Compare the spikes without delay with those of the engine."""
    ours, theirs = relayed(network, values, 0.0, False), simulate(network, Currents(values[None], dt=HOLD)).spikes
    same = np.array_equal(ours.channels, theirs.channels) and np.allclose(ours.times, theirs.times, atol=network.dt)
    print(f"without delay: {len(ours.times)} spikes, {'those' if same else 'NOT those'} of the signed network", flush=True)


def main(options: argparse.Namespace) -> None:
    check(build_balanced(SPEC, 0), np.random.default_rng(0).uniform(-1, 1, (100, 1)))
    # name, delay, whether excitatory links have it too, changes of the network
    arms: list[tuple[str, float, bool, dict[str, object]]] = [("relay", d, False, {}) for d in (0.0, 0.1, 0.3, 0.5, 1.0)]
    arms += [("all links", d, True, {}) for d in (0.1, 0.5, 1.0)]
    arms += [("one spike a delay, gamma .3", d, True, {"dt": d}) for d in (0.25, 0.5)]
    arms += [("one spike a delay, gamma .6", 1.0, True, {"dt": 1.0, "decoder_norm": 0.6})]
    print(f"{'400 E and 400 I, J = 16':28} {'delay':>7} {'error':>7} {'Hz':>6} {'tightness':>10}  share of the ideal memory")
    for name, delay, excitatory_too, changes in arms:
        rows = []
        for seed in range(options.seeds):
            network = build_balanced(SPEC.updated(changes), seed)
            task = memory_task(values=options.values, seed=seed)
            # within a step a spike acts before the next threshold: with one spike a delay, a step later at the latest
            late = 0.0 if delay == network.dt and changes else delay
            spikes = relayed(network, task.inputs, late, excitatory_too)
            z = network.decode(spikes, HOLD * np.arange(1, options.values + 1))[0]
            x, u = network.ideal_states(task.inputs, HOLD), task.inputs[:, 0]
            found, ideal = (memory_capacity(states, u, 100, washout=200).total for states in (z, x))
            short = relayed(network, task.inputs[:40], late, excitatory_too)
            both = currents(network, short, Currents(task.inputs[None, :40], dt=HOLD))
            washout = round(300 / both.dt)
            tight = current_balance(both.excitation, both.inhibition, both.dt, washout=washout).mean_tightness
            rate = len(spikes.times) / network.neurons / (options.values * HOLD / 1000)
            rows.append((coding_error(x[200:], z[200:], relative=True), rate, tight, found / ideal))
        error, rate, tight, share = np.array(rows).T
        numbers = f"{np.median(error):7.3f} {rate.mean():6.2f} {tight.mean():10.3f}"
        print(f"{name:28} {delay:4.2f} ms {numbers}  {interval(share)}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--values", type=int, default=1200)
    main(parser.parse_args())
