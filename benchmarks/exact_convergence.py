"""Figure of docs/exact.md: convergence of spike times on the grid to those of the exact engine as dt goes to 0.

    python benchmarks/exact_convergence.py [--out docs/images] [--seeds 1 2 3] [--halvings 7]

Networks of 20 neurons under Poisson spikes. A neuron's k-th spike on the grid is compared with its k-th in continuous time,
only before the first change of order at any step: after it the runs differ. Prints the table.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from matplotlib.figure import Figure

from hrsnn import ReservoirSpec, SpikeTrains, Uniform, build, simulate
from hrsnn.analysis.figures.style import EXCITATORY, save

_LARGEST = 0.04  # ms


def poisson(seed: int, channels: int = 4, duration: float = 100.0, rate: float = 80.0) -> SpikeTrains:
    """Draw one sample of Poisson spikes (ms, Hz) in continuous time."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(channels), rng.poisson(rate * duration / 1000, size=channels))
    return SpikeTrains.from_samples([(rng.uniform(0, duration, len(who)), who)], channels, duration)


def matched(exact: SpikeTrains, grid: SpikeTrains) -> np.ndarray:
    """Return the times on the grid of the exact spikes (ms); nan for missing ones."""
    times = np.full(len(exact.times), np.nan)
    for neuron in range(exact.n_channels):
        ours, theirs = np.flatnonzero(exact.channels == neuron), grid.times[grid.channels == neuron]
        shared = min(len(ours), len(theirs))
        times[ours[:shared]] = theirs[:shared]
    return times


def in_order(times: np.ndarray) -> int:
    """Count the times before the first that is earlier than the previous one, or missing."""
    changes = ~(np.diff(times) > -1e-9)
    return int(np.argmax(changes)) + 1 if changes.any() else len(times)


def errors(steps: np.ndarray, seeds: list[int]) -> list[np.ndarray]:
    """Return for each seed the errors (steps, spikes) of spike times relative to the exact ones (ms)."""
    found = []
    for seed in seeds:
        reservoir = build(ReservoirSpec.preset("dense", neurons=20, i_bias=Uniform(14, 18)), seed=seed, channels=4)
        stimulus = poisson(seed)
        exact = simulate(reservoir, stimulus, engine="exact").spikes
        on_grid = [matched(exact, simulate(reservoir.replace(dt=dt), stimulus, engine="compiled").spikes) for dt in steps]
        same = min(in_order(times) for times in on_grid)
        found.append(np.abs(np.stack(on_grid)[:, :same] - exact.times[:same]))
    return found


def picture(steps: np.ndarray, mean: np.ndarray, each: list[np.ndarray]) -> Figure:
    """Draw the mean error against dt, both logarithmic: all spikes, each network, and a line of slope 1."""
    figure = Figure(figsize=(3.5, 2.4), layout="constrained")
    axes = figure.subplots()
    for k, one in enumerate(each):
        axes.loglog(steps, one.mean(axis=1), color="#7F7F7F", linewidth=0.7, label="one network" if k == 0 else None)
    axes.loglog(steps, mean, "o-", color=EXCITATORY, markersize=3, linewidth=1, label="all spikes")
    guide = 1.9 * mean[-1] * steps / steps[-1]
    axes.loglog(steps, guide, "--", color="black", linewidth=0.8, label="slope 1")
    axes.set_xlabel("Step dt (ms)", fontsize=8)
    axes.set_ylabel("Mean error of a spike time (ms)", fontsize=8)
    axes.tick_params(labelsize=7, width=0.6, length=2.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=7, frameon=False)
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "docs" / "images")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--halvings", type=int, default=7)
    arguments = parser.parse_args()
    steps = _LARGEST / 2.0 ** np.arange(arguments.halvings)
    each = errors(steps, arguments.seeds)
    everything = np.concatenate(each, axis=1)
    mean = everything.mean(axis=1)
    for dt, error in zip(steps, mean, strict=True):
        print(f"dt {dt:<9g} ms: {error:.2g} ms")
    slope = np.polyfit(np.log(steps), np.log(mean), 1)[0]
    print(f"{everything.shape[1]} spikes of {len(each)} networks, slope {slope:.3f}")
    save(picture(steps, mean, each), arguments.out / "exact_convergence.png", dpi=200)


if __name__ == "__main__":
    main()
