"""Balanced networks: memory beside the ideal system, lag and spikes beside their rules, limits and speed.

    python benchmarks/balanced.py memory|large|lag|limit|tracking|speed [--seeds 3] [--values 4000] [--neurons 5000]

Each prints one table, that of docs/balanced.md. "of" is the capacity of the linear system itself, with the same values and
the same score: it differs between seeds by 10 % at 4000 values, so that only the ratio means something.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
import warnings
from typing import Any

import numpy as np

from hrsnn import Currents, Uniform, simulate
from hrsnn.analysis import memory_capacity
from hrsnn.analysis.firing.coding import coding_error
from hrsnn.analysis.firing.currents import currents
from hrsnn.analysis.firing.tightness import current_balance
from hrsnn.analysis.intervals import mean_interval
from hrsnn.balanced import BalancedNetwork, BalancedSpec, build_balanced, expected_memory
from hrsnn.balanced.lag import code_of, needed_rate, tolerated_lag
from hrsnn.tasks.memory import memory as memory_task

HOLD = 20.0
#: By the number of neurons, beside `decoder` and `leak`, which they share.
LARGE: dict[int, dict[str, Any]] = {
    5000: {"dimensions": 192, "frequency": 12.0, "decay": Uniform(1600, 3200), "decoder_norm": 0.22, "dt": 0.0125},
    10_000: {"dimensions": 400, "frequency": 16.0, "decay": Uniform(2400, 4800), "decoder_norm": 0.3, "dt": 0.0037},
}
MEMORY: dict[str, dict[str, Any]] = {
    "400, 16": {"neurons": 400, "dimensions": 16},
    "1000, 32": {"neurons": 1000, "dimensions": 32},
    "1000, 48, tight, gamma .36": {"neurons": 1000, "dimensions": 48, "decoder_norm": 0.36, "decoder": "tight"},
    "1000, 64, gamma .5, dt .05": {"neurons": 1000, "dimensions": 64, "decoder_norm": 0.5, "dt": 0.05},
    "1000, 64, tight, gamma .5, dt .05": {
        "neurons": 1000,
        "dimensions": 64,
        "decoder_norm": 0.5,
        "decoder": "tight",
        "dt": 0.05,
    },
    "2000, 80, tight, gamma .37, dt .032": {
        "neurons": 2000,
        "dimensions": 80,
        "decoder_norm": 0.37,
        "decoder": "tight",
        "dt": 0.032,
    },
    "400, 12 Legendre, gamma .1": {"neurons": 400, "dimensions": 12, "system": "legendre", "decoder_norm": 0.1},
}
CODES = [(100, 8, 0.3), (400, 16, 0.3), (400, 32, 0.3), (1000, 16, 0.1), (1000, 32, 0.3), (1000, 64, 0.6), (2000, 32, 0.3)]


def scored(network: BalancedNetwork, seed: int, values: int) -> tuple[float, float, float, float]:
    """Memory from the decoder, of the ideal system, the coding error in sd, and the mean rate."""
    task = memory_task(values=values, seed=seed)
    times = HOLD * np.arange(1, values + 1)
    # N x N weights have the same spikes, in the fewest operations
    cheap = network.linked and not np.ptp(network.leak)
    activity = simulate(network.with_matrices() if cheap else network, task.stimulus())
    z, x = network.decode(activity.spikes, times)[0], network.ideal_states(task.inputs, HOLD)
    found, ideal = (memory_capacity(states, task.inputs[:, 0], 100, washout=200).total for states in (z, x))
    return found, ideal, coding_error(x[200:], z[200:], relative=True), float(activity.rates.mean())


def interval(values: np.ndarray, digits: int = 3) -> str:
    """Mean over seeds with its 95 % interval."""
    low, high = mean_interval(values) if len(values) > 1 else (np.nan, np.nan)
    return f"{values.mean():.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def memory(options: argparse.Namespace) -> None:
    print(f"{'N, J':36} {'memory':>21} {'ideal':>6} {'share':>23} {'expected':>9} {'error':>6} {'Hz':>6}")
    for name, changes in MEMORY.items():
        networks = [build_balanced(BalancedSpec(**changes), seed) for seed in range(options.seeds)]
        rows = np.array([scored(network, seed, options.values) for seed, network in enumerate(networks)])
        found, ideal, error, rate = rows.T
        expected = np.divide(*expected_memory(networks[0]))
        numbers = f"{interval(found, 1):>21} {ideal.mean():6.1f} {interval(found / ideal):>23} {expected:9.3f}"
        print(f"{name:36} {numbers} {error.mean():6.3f} {rate.mean():6.2f}   least {(found / ideal).min():.3f}", flush=True)


def large(options: argparse.Namespace) -> None:
    """The largest memory, with N x N weights, which cost 2 N a spike and N a step."""
    spec = BalancedSpec(neurons=options.neurons, decoder="tight", leak=5.0, **LARGE[options.neurons])
    begin = time.time()
    network = build_balanced(spec, 0)
    task = memory_task(values=options.values, seed=0)
    times, u = HOLD * np.arange(1, options.values + 1), task.inputs[:, 0]
    activity = simulate(network.with_matrices(), task.stimulus())
    # in parts, since the filtered spikes of so many neurons take room
    z = np.concatenate(
        [network.decode(activity.spikes, times[first : first + 500])[0] for first in range(0, len(times), 500)]
    )
    x = network.ideal_states(task.inputs, HOLD)
    took = f"{time.process_time() / 60:.0f} min of one core, {(time.time() - begin) / 60:.0f} min in all"
    print(f"{activity.rates.mean():.2f} Hz, error {coding_error(x[500:], z[500:], relative=True):.3f}, {took}", flush=True)
    for most in (100, 300, 600, 800):
        found, ideal = (memory_capacity(states, u, most, washout=500).total for states in (z, x))
        print(f"delays to {most}: {found:.1f} of {ideal:.1f}, {found / ideal:.3f}", flush=True)


def lag(options: argparse.Namespace) -> None:
    print(f"{'N':>5} {'J':>3} {'gamma':>5} {'dt':>5} {'lag':>6} {'rule':>6} {'spikes/s':>8} {'rule':>6}   (us, 1/s)")
    for neurons, states, norm in CODES:
        for dt in (0.05, 0.1, 0.2):
            spec = BalancedSpec(neurons=neurons, dimensions=states, decoder_norm=norm, dt=dt, frequency=states / 4)
            try:
                network = build_balanced(spec, seed=options.seeds)
            except ValueError:
                continue
            values = np.random.default_rng(1).uniform(-1, 1, 300)
            times = np.arange(600.0, 6000, 1.7)
            stimulus = Currents(values[None, :, None], dt=HOLD)
            activity = simulate(network, stimulus, record=("spikes", "v"), sample_times=times)
            z, leak = network.decode(activity.spikes, times)[0], float(network.leak[0])
            error = np.linalg.lstsq(network.decoder.T, activity.v[0].T, rcond=None)[0].T
            u = values[np.minimum((times / HOLD).astype(int), 299)][:, None]
            drift = u @ network.B_weights.T + z @ (network.A_weights + leak * np.eye(states)).T
            measured = 1e6 * (error * drift).sum() / (drift**2).sum()
            spikes, expected = code_of(network.system, leak, HOLD / 1000, norm, neurons)
            rates = f"{activity.spike_count / 6:8.0f} {spikes:6.0f}"
            print(f"{neurons:5} {states:3} {norm:5} {dt:5} {measured:6.0f} {1e6 * expected:6.0f} {rates}", flush=True)


def limit(options: argparse.Namespace) -> None:
    random, rows = np.random.default_rng(5), []
    for seed in range(40):
        neurons, states = int(random.choice([200, 400, 700, 1000])), int(random.choice([8, 16, 24, 32, 48]))
        norm, leak = float(random.choice([0.15, 0.3, 0.5])), float(random.choice([10.0, 20.0, 40.0]))
        frequency = states / 4 * float(random.choice([0.5, 1.0, 1.0, 1.5, 2.0]))
        states = 16 if states > neurons / 12 else states
        spec = BalancedSpec(neurons=neurons, dimensions=states, decoder_norm=norm, leak=leak, frequency=frequency)
        fine = build_balanced(spec.updated({"dt": 1e-3}), seed)
        needed = needed_rate(code_of(fine.system, leak, 0.02, norm, neurons)[0], states, tolerated_lag(fine.system, leak))
        dt = HOLD / max(1, round(HOLD * needed / 1000 / random.uniform(0.5, 1.5)))
        network = dataclasses.replace(fine, dt=dt)
        values = random.uniform(-1, 1, 120)
        activity = simulate(network, Currents(values[None, :, None], dt=HOLD))
        z, x = network.decode(activity.spikes, HOLD * np.arange(1, 121))[0], network.ideal_states(values[:, None], HOLD)
        rows.append((dt * needed / 1000, coding_error(x[40:], z[40:], relative=True)))
    shares, errors = np.array(rows).T
    print(f"{'needed steps':>14} {'codes':>6} {'error below .7 sd':>18}")
    for low, high in ((0, 0.7), (0.7, 0.9), (0.9, 1.1), (1.1, 1.3), (1.3, 2)):
        here = (shares >= low) & (shares < high)
        print(f"{low:6} to {high:4} {here.sum():6} {(errors[here] < 0.7).sum():18}")


def tracking(options: argparse.Namespace) -> None:
    eye = np.eye(3)
    matrices = {"matrix": (-20 * eye).tolist(), "input_matrix": eye.tolist()}
    print(f"{'three sinusoids, N = 400':26} {'Hz':>7} {'RMSE':>7} {'tightness':>10} {'correlation':>12}")
    for norm in (0.035, 0.1):
        network = build_balanced(BalancedSpec(neurons=400, system="matrices", decoder_norm=norm, **matrices), 0, 3)
        for name, one in {"balanced": network, "self-reset": network.without_recurrence()}.items():
            time_now = 1e-4 * np.arange(23_000)[:, None]
            w = 2 * np.pi * np.array([1.0, 2.0, 3.0])
            x = np.sin(w * (time_now + 1e-4))
            stimulus = Currents((w * np.cos(w * time_now) + 20 * np.sin(w * time_now))[None], dt=0.1)
            activity = simulate(one, stimulus)
            z = one.decode(activity.spikes, 0.1 * np.arange(3000, 23_000, 20))[0]
            target = x[2999::20][: len(z)]
            scale = 1.0 if name == "balanced" else float((z * target).sum() / (z * z).sum())
            found = currents(one, activity.spikes, stimulus)
            with warnings.catch_warnings(action="ignore"):
                balance = current_balance(found.excitation, found.inhibition, 0.1, washout=3000)
            numbers = f"{activity.rates.mean():7.2f} {coding_error(target, scale * z):7.4f} {balance.mean_tightness:10.3f}"
            print(f"{name + f', gamma {norm}':26} {numbers} {balance.mean_correlation:12.3f}", flush=True)


def speed(options: argparse.Namespace) -> None:
    stimulus = Currents(np.random.default_rng(0).uniform(-1, 1, (1, 150, 1)), dt=HOLD)
    print(f"{'N, J (dt .1 ms)':18} {'form':14} {'simulated / processor time':>27}")
    for neurons, states, norm in ((1000, 32, 0.3), (1000, 64, 0.6), (2000, 64, 0.6)):
        spec = BalancedSpec(neurons=neurons, dimensions=states, decoder_norm=norm, frequency=states / 4)
        network = build_balanced(spec, seed=0)
        forms = {"J states": network, "N x N": network.with_matrices()}
        forms["V, low rank"] = dataclasses.replace(network, own_reset=np.full(neurons, 1e-12))
        for name, one in forms.items():
            taken = []
            for _ in range(4):  # the first compiles
                begin = time.process_time()
                simulate(one, stimulus)
                taken.append(time.process_time() - begin)
            print(f"{f'{neurons}, {states}':18} {name:14} {3 / min(taken[1:]):27.1f}", flush=True)


TABLES = {one.__name__: one for one in (memory, large, lag, limit, tracking, speed)}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=TABLES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--values", type=int, default=4000)
    parser.add_argument("--neurons", type=int, choices=LARGE, default=5000, help="of the table large")
    given = parser.parse_args()
    TABLES[given.table](given)
