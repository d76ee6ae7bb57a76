"""Speed of a batch of stimuli with fixed weights on one and on several cores, and of a whole speech corpus.

    python benchmarks/batches.py [--neurons 500] [--path WAVS] [--repeats 5]

Without `--path`, the stimuli are 600 Poisson trains of 437 ms over 40 channels; with it, all recordings of the spoken digits
(FSDD) in that folder, at their original speed, as level crossings over 80 channels. "x one" is the speed-up over one thread;
the spikes are compared and must be the same.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from hrsnn import PoissonEncoder, ReservoirSpec, SpikeTrains, build, simulate


def stimuli(path: Path | None) -> SpikeTrains:
    if path is None:
        return PoissonEncoder(peak_rate=60, duration=437, seed=0).fit_transform(np.random.default_rng(0).random((600, 40)))
    from hrsnn.tasks import load_task

    task = load_task("fsdd", path=path, split="official", encoding="level_crossing")
    encoder = task.encoder.fit(task.x_train)
    return SpikeTrains.concatenate([encoder.transform(part) for part in (task.x_train, task.x_test)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, default=500)
    parser.add_argument("--path", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    batch = stimuli(arguments.path)
    reservoir = build(ReservoirSpec.preset("dense", neurons=arguments.neurons), seed=0, channels=batch.n_channels)
    cores = len(os.sched_getaffinity(0))
    took: dict[int, list[float]] = {}
    counts = {}
    for threads in sorted({1, 2, cores}):
        os.environ["OMP_NUM_THREADS"] = str(threads)
        simulate(reservoir, batch[:4], engine="compiled", record=())
    for _ in range(arguments.repeats):  # interleaved, so that other load on the machine affects all alike
        for threads in sorted({1, 2, cores}):
            os.environ["OMP_NUM_THREADS"] = str(threads)
            began = time.perf_counter()
            activity = simulate(reservoir, batch, engine="compiled", record=())
            took.setdefault(threads, []).append(time.perf_counter() - began)
            counts[threads] = activity.spike_counts
    assert all(np.array_equal(count, counts[1]) for count in counts.values())
    seconds = float(batch.durations.sum() / 1000)
    print(f"{len(batch)} stimuli, {seconds:.0f} s, {arguments.neurons} neurons, {activity.rates.mean():.1f} Hz")
    print(f"{'threads':>8}{'s':>8}{'x one':>8}{'x real time':>13}")
    for threads, times in took.items():
        median = statistics.median(times)
        ratio = statistics.median(one / several for one, several in zip(took[1], times, strict=True))
        print(f"{threads:>8}{median:>8.2f}{ratio:>8.2f}{seconds / median:>13.0f}")


if __name__ == "__main__":
    main()
