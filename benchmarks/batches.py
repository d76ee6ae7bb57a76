"""Speed of a batch of stimuli with fixed weights on one and on several cores, and of a whole speech corpus.

    python benchmarks/batches.py [--neurons 500] [--path WAVS] [--repeats 5]
    python benchmarks/batches.py --populations 0.5 5 [--neurons 200 1000]
    python benchmarks/batches.py --one --neurons 100000 [--targets 100]

Without `--path`, the stimuli are 600 Poisson trains of 437 ms over 40 channels; with it, all recordings of the spoken digits
(FSDD) in that folder, at their original speed, as level crossings over 80 channels. "x one" is the speed-up over one thread;
the spikes are compared and must be the same.

With `--populations`, 64 networks with one stimulus of so many seconds each: a loop of `simulate`, and one call of
`simulate_population` on one and on two threads, in simulated seconds a second; "x loop" is that of two threads over it.

With `--one`, a single stimulus of a large random network on one and on two threads, which share its neurons: microseconds a
step, without the time in which its links are sorted.
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

from hrsnn import (
    Activity,
    PoissonEncoder,
    Reservoir,
    ReservoirSpec,
    SpikeTrains,
    Uniform,
    build,
    simulate,
    simulate_population,
)


def stimuli(path: Path | None) -> SpikeTrains:
    if path is None:
        return PoissonEncoder(peak_rate=60, duration=437, seed=0).fit_transform(np.random.default_rng(0).random((600, 40)))
    from hrsnn.tasks import load_task

    task = load_task("fsdd", path=path, split="official", encoding="level_crossing")
    encoder = task.encoder.fit(task.x_train)
    return SpikeTrains.concatenate([encoder.transform(part) for part in (task.x_train, task.x_test)])


def populations(sizes: list[int], durations: list[float], repeats: int, networks: int = 64) -> None:
    print(f"{'N':>6}{'stimulus (s)':>14}{'loop':>8}{'one call':>10}{'2 threads':>11}{'x loop':>8}")
    for seconds in durations:
        train = PoissonEncoder(peak_rate=60, duration=1000 * seconds, seed=0)
        batch = train.fit_transform(np.random.default_rng(1).random((1, 20)))
        for neurons in sizes:
            spec = ReservoirSpec(neurons=neurons, dt=1.0)
            members = [build(spec, seed=seed, channels=20) for seed in range(networks)]

            def loop(members: list[Reservoir] = members, batch: SpikeTrains = batch) -> list[Activity]:
                return [simulate(one, batch, engine="compiled", record=()) for one in members]

            def call(members: list[Reservoir] = members, batch: SpikeTrains = batch) -> list[Activity]:
                return simulate_population(members, batch, record=())

            runs = {"loop": ("1", loop), "one": ("1", call), "two": ("2", call)}
            took: dict[str, list[float]] = {name: [] for name in runs}
            counts = {}
            for turn in range(repeats + 1):
                for name, (threads, run) in runs.items():
                    os.environ["OMP_NUM_THREADS"] = threads
                    began = time.perf_counter()
                    counts[name] = [one.spike_counts for one in run()]
                    if turn:
                        took[name].append(time.perf_counter() - began)
            assert np.array_equal(counts["loop"], counts["one"])
            assert np.array_equal(counts["loop"], counts["two"])
            speeds = [networks * seconds / statistics.median(times) for times in took.values()]
            ratio = statistics.median(one / two for one, two in zip(took["loop"], took["two"], strict=True))
            print(
                f"{neurons:>6}{seconds:>14g}{speeds[0]:>8.0f}{speeds[1]:>10.0f}{speeds[2]:>11.0f}{ratio:>8.2f}", flush=True
            )


def one_network(neurons: int, targets: float, repeats: int) -> None:
    spec = ReservoirSpec.preset("dense", neurons=neurons, i_bias=Uniform(10, 19)).updated(
        {"connectivity": "random", "connection_probability": targets / neurons}
    )
    reservoir = build(spec, seed=0, channels=3)
    short, long = (
        PoissonEncoder(peak_rate=60, duration=duration, seed=0).fit_transform(np.ones((1, 3)))
        for duration in (100.0, 2100.0)
    )
    took: dict[str, list[float]] = {"1": [], "2": []}
    spikes = set()
    for turn in range(repeats + 1):
        for threads, times in took.items():
            os.environ["OMP_NUM_THREADS"] = threads
            ends = [time.perf_counter()]
            for train in (short, long):
                activity = simulate(reservoir, train, engine="compiled", record=())
                ends.append(time.perf_counter())
            spikes.add(activity.spike_counts.tobytes())
            if turn:
                times.append((ends[2] - 2 * ends[1] + ends[0]) / (2000.0 / reservoir.dt) * 1e6)
    assert len(spikes) == 1
    ratios = [one / two for one, two in zip(*took.values(), strict=True)]
    one, two = (statistics.median(times) for times in took.values())
    print(f"{neurons} neurons, {len(reservoir.weight)} links, {activity.rates.mean():.1f} Hz")
    span = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"one thread {one:.0f} us a step, two {two:.0f}: x {statistics.median(ratios):.2f} ({span})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, nargs="+", default=[500])
    parser.add_argument("--path", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--populations", type=float, nargs="+", metavar="SECONDS")
    parser.add_argument("--one", action="store_true")
    parser.add_argument("--targets", type=float, default=100.0, help="mean number of targets of a neuron, with --one")
    arguments = parser.parse_args()
    if arguments.one:
        for neurons in arguments.neurons:
            one_network(neurons, arguments.targets, arguments.repeats)
        return
    if arguments.populations:
        populations(arguments.neurons, arguments.populations, arguments.repeats)
        return
    batch = stimuli(arguments.path)
    for neurons in arguments.neurons:
        threads_over_stimuli(neurons, batch, arguments.repeats)


def threads_over_stimuli(neurons: int, batch: SpikeTrains, repeats: int) -> None:
    reservoir = build(ReservoirSpec.preset("dense", neurons=neurons), seed=0, channels=batch.n_channels)
    cores = len(os.sched_getaffinity(0))
    took: dict[int, list[float]] = {}
    counts = {}
    for threads in sorted({1, 2, cores}):
        os.environ["OMP_NUM_THREADS"] = str(threads)
        simulate(reservoir, batch[:4], engine="compiled", record=())
    for _ in range(repeats):  # interleaved, so that other load on the machine affects all alike
        for threads in sorted({1, 2, cores}):
            os.environ["OMP_NUM_THREADS"] = str(threads)
            began = time.perf_counter()
            activity = simulate(reservoir, batch, engine="compiled", record=())
            took.setdefault(threads, []).append(time.perf_counter() - began)
            counts[threads] = activity.spike_counts
    assert all(np.array_equal(count, counts[1]) for count in counts.values())
    seconds = float(batch.durations.sum() / 1000)
    print(f"{len(batch)} stimuli, {seconds:.0f} s, {neurons} neurons, {activity.rates.mean():.1f} Hz")
    print(f"{'threads':>8}{'s':>8}{'x one':>8}{'x real time':>13}")
    for threads, times in took.items():
        median = statistics.median(times)
        ratio = statistics.median(one / several for one, several in zip(took[1], times, strict=True))
        print(f"{threads:>8}{median:>8.2f}{ratio:>8.2f}{seconds / median:>13.0f}")


if __name__ == "__main__":
    main()
