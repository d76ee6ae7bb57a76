"""PyTorch against the compiled engine, and products with matrices against sums over links, on one thread.

    python benchmarks/training.py [--neurons 200 1000] [--batches 1 16 256] [--turns 3]

The first table has the forward pass of a frozen network: microseconds per step and stimulus of `torch` (float64) and
`compiled`, and the median of the ratios within a turn. The second has a step of training (forward and backward, float32)
by the density of the links: milliseconds per step of 32 stimuli with matrices and with sums over links; from which density
on matrices are taken is `DENSE_FROM` in `hrsnn/training/dynamics/recurrence.py`. Processor times, since other load may share
the machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"  # before BLAS is loaded

# ruff: noqa: E402
import numpy as np

from hrsnn import ReservoirSpec, SpikeTrains, build, simulate
from hrsnn.engines.torch.one_thread import one_thread
from hrsnn.training import TrainableNetwork


def trains(samples: int, channels: int, duration: float, rate: float) -> SpikeTrains:
    """Return Poisson spikes."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(rate * duration / 1000 * channels, size=samples)
    pairs = [(np.sort(rng.uniform(0, duration, n)), rng.integers(0, channels, n)) for n in counts]
    return SpikeTrains.from_samples(pairs, channels, duration)


def forward(neurons: int, batch: int, turns: int) -> str:
    """Return a row of the first table."""
    reservoir, stimulus = build(ReservoirSpec(neurons=neurons), seed=1, channels=64), trains(batch, 64, 100.0, 50)
    times: dict[str, list[float]] = {"torch": [], "compiled": []}
    for engine in times:  # compile, and import
        simulate(reservoir, stimulus[:1], engine=engine, record=())
    for _ in range(turns):
        for engine, took in times.items():
            began = time.process_time()
            activity = simulate(reservoir, stimulus, engine=engine, record=())
            took.append((time.process_time() - began) / (batch * 200) * 1e6)
    ratio = statistics.median(one / other for one, other in zip(times["torch"], times["compiled"], strict=True))
    ours, theirs = (statistics.median(took) for took in times.values())
    return f"{neurons:8d} {batch:6d} {activity.rates.mean():8.1f} {ours:10.2f} {theirs:10.2f} {ratio:12.1f}"


def training(neurons: int, density: float, turns: int) -> str:
    """Return a row of the second table."""
    changes: dict[str, Any] = {"connectivity": "random", "connection_probability": density, "dt": 1.0}
    spec = ReservoirSpec.preset("dense", neurons=neurons).updated({**changes, "weight_scale": 0.3 / (density * neurons)})
    reservoir, stimulus = build(spec, seed=1, channels=64), trains(32, 64, 50.0, 50)
    times: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(turns + 1):
        for dense, took in times.items():
            module = TrainableNetwork(reservoir, 10)
            module.dynamics.use_dense(dense)
            batch = module.minibatch(module.samples(stimulus), range(32))
            with one_thread():
                began = time.process_time()
                module(batch).outputs.mean().backward()
            if turn:
                took.append((time.process_time() - began) / 50 * 1e3)
    matrices, sums = (statistics.median(took) for took in times.values())
    found = reservoir.synapses / neurons / (neurons - 1)
    return f"{neurons:8d} {found:8.3f} {matrices:12.2f} {sums:8.2f} {sums / matrices:14.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neurons", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 16, 256])
    parser.add_argument("--densities", type=float, nargs="+", default=[0.005, 0.01, 0.03, 0.1, 0.3])
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    print(" neurons  batch   rate Hz  torch us  compiled us  torch/compiled")
    for neurons in options.neurons:
        for batch in options.batches:
            print(forward(neurons, batch, options.turns), flush=True)
    print("\n neurons  density  matrices ms  sums ms  sums/matrices")
    for neurons in options.neurons:
        for density in options.densities:
            print(training(neurons, density, options.turns), flush=True)


if __name__ == "__main__":
    main()
