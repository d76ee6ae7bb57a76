"""Run time of each score, and its values for known cases: states without information, and processes with known values.

    python benchmarks/scores.py [--units 1000] [--times 10000] [--seeds 1]

States, inputs and spikes are independent of each other, so that measured capacities are the noise floor. CPU seconds on one
thread, the smallest over the seeds; values are means over the seeds, with the largest deviation from the mean.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from hrsnn import ReservoirSpec, SpikeTrains, build
from hrsnn.analysis import (
    binned_counts,
    branching_parameter,
    effective_dimension,
    effective_rank,
    entropy_rank,
    fano_factor,
    generalisation_rank,
    heterogeneity,
    information_capacity,
    interval_variation,
    mean_currents,
    memory_capacity,
    numerical_rank,
    ridge_readout,
    separation,
    state_correlation,
    synaptic_operations,
    synchrony,
)
from hrsnn.runtime.parallel import one_blas_thread
from hrsnn.runtime.seeds import generator

BIN = 5.0  # ms
RATE = 8.0  # Hz
COPIES = 50


def branching_process(m: float, times: int, random: np.random.Generator) -> np.ndarray:
    """Simulate a branching process: on average m successors of each event in the next bin, and ten external events."""
    activity = np.empty(times)
    now = round(10 / (1 - m))
    for t in range(times):
        now = random.poisson(m * now + 10)
        activity[t] = now
    return activity


def scores(units: int, times: int, seed: int) -> dict[str, tuple[Callable[[], float], str]]:
    """Return each score as a callable, with its theoretical value."""
    random = generator(seed, "benchmark of scores")
    states, inputs = random.normal(size=(times, units)), random.uniform(-1, 1, times)
    duration = times * BIN
    spikes = random.poisson(RATE * duration / 1000, units)
    when, who = random.uniform(0, duration, spikes.sum()), np.repeat(np.arange(units), spikes)
    trains = SpikeTrains.from_samples([(when, who)], units, duration)
    counts = binned_counts(trains, BIN)
    emitted = counts.sum(axis=0)
    activity = branching_process(0.9, times, random)
    copies = states[: times // COPIES * COPIES].reshape(-1, COPIES, units)
    reservoir = build(ReservoirSpec.preset("dense", neurons=units), seed)
    return {
        "memory capacity, 100 delays": (lambda: memory_capacity(states, inputs).total, "0"),
        "information capacity, 597 functions": (lambda: information_capacity(states, inputs, {1: 100, 2: 30}).total, "0"),
        "ridge readout, one output (error)": (lambda: ridge_readout(states, inputs, times // 2).validation_error, "1"),
        "effective rank": (lambda: effective_rank(states), ""),
        "entropy rank": (lambda: entropy_rank(states), ""),
        "numerical rank": (lambda: numerical_rank(states), f"{units}"),
        f"generalisation rank, {COPIES} copies": (lambda: generalisation_rank(copies), f"up to {COPIES}"),
        f"separation, {len(copies)} stimuli": (lambda: separation(copies[:, :10]).ratio, "1"),
        "effective dimension": (lambda: effective_dimension(states), f"{units / (1 + units / times):.4g}"),
        "state correlation (rms)": (lambda: state_correlation(states).root_mean_square, f"{(times - 1) ** -0.5:.4g}"),
        "heterogeneity": (lambda: heterogeneity(reservoir), ""),
        "interval variation": (lambda: float(np.nanmean(interval_variation(trains))), "1"),
        "binned counts": (lambda: float(binned_counts(trains, BIN).mean()), f"{RATE * BIN / 1000:.4g}"),
        "Fano factor": (lambda: float(np.nanmean(fano_factor(counts))), "1"),
        "synchrony": (lambda: synchrony(counts), f"{units**-0.5:.4g}"),
        "branching parameter": (lambda: branching_parameter(activity).parameter, "0.9"),
        "mean currents": (lambda: float(mean_currents(reservoir, np.full(units, RATE)).inhibitory.mean()), ""),
        "synaptic operations, of those by hand": (
            lambda: float(synaptic_operations(emitted, reservoir.pre, reservoir.weight) / emitted[reservoir.pre].sum()),
            "1",
        ),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=1000)
    parser.add_argument("--times", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    took: dict[str, float] = {}
    found: dict[str, list[float]] = {}
    expected: dict[str, str] = {}
    with one_blas_thread():
        for seed in range(given.seeds):
            for name, (call, theory) in scores(given.units, given.times, seed).items():
                began = time.process_time()
                value = call()
                took[name] = min(took.get(name, np.inf), time.process_time() - began)
                found.setdefault(name, []).append(value)
                expected.setdefault(name, theory)
    print(f"{given.units} units, {given.times} times, {given.seeds} seeds")
    print("| score | CPU | found | expected |\n| --- | --- | --- | --- |")
    for name, values in found.items():
        spread = f" +- {np.abs(np.array(values) - np.mean(values)).max():.2g}" if len(values) > 1 else ""
        print(f"| {name} | {took[name]:.3g} s | {np.mean(values):.4g}{spread} | {expected[name]} |")


if __name__ == "__main__":
    main()
