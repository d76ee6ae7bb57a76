"""The engine nest at 1 and 2 threads beside the compiled engine: wall-clock time of one stimulus, and ratios in one run.

    python benchmarks/nest_engine.py [--neurons 1000 10000 100000] [--repeats 3]

Default networks with delays of 1 to 200 ms and one input channel for 25 neurons, at 20 Hz each. Spikes must be equal, or the
run stops. The engines take turns; "x compiled" is the median of the ratios within a turn. A compiled stimulus has one thread
whatever their number. 2 s of 1000 neurons are simulated, less of more neurons, and 0.1 s at least. "build s" is a stimulus
of one step: the network is built again for each stimulus.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

RUNS = (("compiled", 1), ("nest", 1), ("nest", 2))


def stimulus_of(channels: int, duration: float) -> Any:
    """Return Poisson spikes of one sample, 20 Hz a channel."""
    from hrsnn import SpikeTrains

    rng = np.random.default_rng(0)
    count = rng.poisson(0.02 * duration * channels)
    return SpikeTrains.from_samples(
        [(rng.uniform(0, duration, count), rng.integers(0, channels, count))], channels, duration
    )


def timed(reservoir: Any, stimulus: Any, engine: str, threads: int) -> tuple[float, Any]:
    """Return seconds and the spikes of one run."""
    from hrsnn import simulate

    os.environ["OMP_NUM_THREADS"] = str(threads)
    began = time.perf_counter()
    spikes = simulate(reservoir, stimulus, engine=engine).spikes
    return time.perf_counter() - began, spikes


def row(neurons: int, seconds: float, repeats: int) -> None:
    """Print the lines of one size."""
    from hrsnn import ReservoirSpec, build

    channels = max(1, neurons // 25)
    reservoir = build(ReservoirSpec(neurons=neurons), seed=1, channels=channels)
    stimulus, short = stimulus_of(channels, seconds * 1000), stimulus_of(channels, reservoir.dt)
    building, turns = [], []
    for _ in range(repeats):
        building.append([timed(reservoir, short, *run)[0] for run in RUNS])
        results = [timed(reservoir, stimulus, *run) for run in RUNS]
        if not all(spikes.equals(results[0][1]) for _, spikes in results):
            raise SystemExit(f"{neurons} neurons: spikes differ between engines")
        turns.append([took - build for (took, _), build in zip(results, building[-1], strict=True)])
    rate = results[0][1].n_spikes / neurons / seconds
    steps = seconds * 1000 / reservoir.dt
    for k, (engine, threads) in enumerate(RUNS):
        build = statistics.median(turn[k] for turn in building)
        step = statistics.median(turn[k] for turn in turns) / steps * 1e6
        ratio = statistics.median(turn[k] / turn[0] for turn in turns)
        print(f"{neurons:>8} {engine:<9}{threads:>8}{build:>9.2f}{step:>10.1f}{ratio:>12.1f}{rate:>9.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    for run in RUNS:
        timed(*small(), *run)  # compiles or reads kernels, imports NEST
    print(f"{'neurons':>8} {'engine':<9}{'threads':>8}{'build s':>9}{'us/step':>10}{'x compiled':>12}{'rate Hz':>9}")
    for neurons in arguments.neurons:
        row(neurons, min(2.0, max(0.1, 2000 / neurons)), arguments.repeats)


def small() -> tuple[Any, Any]:
    """Return a small network and a stimulus, for the first call."""
    from hrsnn import ReservoirSpec, build

    return build(ReservoirSpec(neurons=50), seed=1, channels=2), stimulus_of(2, 20.0)


if __name__ == "__main__":
    main()
