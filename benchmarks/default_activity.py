"""Rates and shares of silent neurons of a network on every task, over many seeds.

    python benchmarks/default_activity.py [--path free-spoken-digit-dataset] [--seeds 60] [--preset dense]

Before STDP, under the first 100 training samples of a task with classes or the first 500 values of a series. Printed are the
range of the mean rate, the mean and the largest share of neurons without any spike, and the number of seeds in which it is
above 20 %.
"""

from __future__ import annotations

import argparse
import functools
from pathlib import Path

import numpy as np

from hrsnn import ReservoirSpec, build, simulate
from hrsnn.runtime.parallel import run_all
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks import TaskChoice
from hrsnn.tasks.task import SeriesTask

TASKS = ("digits", "fsdd", "memory", "lorenz63", "templates", "xor")


@functools.lru_cache
def stimulus_of(name: str, path: Path | None) -> Stimulus:
    """Return the first training samples of a task, encoded, or its first values as currents."""
    task = TaskChoice(name, {"path": path} if name == "fsdd" else {}).load(seed=0)
    if isinstance(task, SeriesTask):
        return task.stimulus(0, 500)
    if task.encoder is None:
        trains: Stimulus = task.x_train[:100]
        return trains
    encoded: Stimulus = task.encoder.fit(task.x_train).transform(task.x_train[:100])
    return encoded


def activity(preset: str, path: Path | None, job: tuple[str, int, int]) -> tuple[float, float]:
    """Return the mean rate (Hz) and the share of silent neurons."""
    name, neurons, seed = job
    stimulus = stimulus_of(name, path)
    network = build(ReservoirSpec.preset(preset, neurons=neurons), seed, stimulus.n_channels)
    found = simulate(network, stimulus, record=(), seed=seed)
    return float(found.rates.mean()), float((found.spike_counts.sum(axis=0) == 0).mean())


def main() -> None:
    """Read the options, simulate, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", type=Path, help="folder of the spoken digits; without it, they are left out")
    parser.add_argument("--neurons", type=int, nargs="+", default=[300, 1000])
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    tasks = [name for name in TASKS if name != "fsdd" or options.path]
    kinds = [(name, neurons) for name in tasks for neurons in options.neurons]
    jobs = [(*kind, seed) for kind in kinds for seed in range(options.seeds)]
    found = run_all(functools.partial(activity, options.preset, options.path), jobs, jobs=options.jobs, progress=True)
    print(
        "| task | neurons | rate (Hz) | silent, mean | silent, largest | above 20 % |\n| --- | --- | --- | --- | --- | --- |"
    )
    for k, (name, neurons) in enumerate(kinds):
        rates, silent = np.array(found[k * options.seeds : (k + 1) * options.seeds]).T
        cells = f"{rates.min():.1f} to {rates.max():.1f} | {100 * silent.mean():.0f} % | {100 * silent.max():.0f} %"
        print(f"| {name} | {neurons} | {cells} | {int((silent > 0.2).sum())} of {options.seeds} |")


if __name__ == "__main__":
    main()
