"""Speed and memory of the engine torch: batches, populations of networks, single precision.

    python benchmarks/torch_engine.py [--parts batches populations precision memory] [--neurons 200 1000] [--repeats 3]

batches: milliseconds for a simulated second of a stimulus, at batches of 1, 16 and 256, dt 1 ms, beside the engine compiled;
the spikes are compared and must be the same. PyTorch has one thread always; "2 threads" is what two gain the engine compiled
on the clock. populations: simulated seconds of networks a second, for seeds of one spec at once with one stimulus each,
beside the networks one after another. precision: in how many networks and after how many ms a spike in float32 differs from
that in float64, the largest difference of v before it, and of the number of spikes. memory: kB that a further step takes.
Times are processor times of one thread, the least of some repeats in turns: other load on the machine matters little.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from hrsnn import PoissonEncoder, Reservoir, ReservoirSpec, SpikeTrains, build, simulate, simulate_population

CHANNELS = 20


def network(neurons: int, seed: int = 0, **changes: object) -> Reservoir:
    return build(ReservoirSpec(neurons=neurons, dt=1.0).updated(dict(changes)), seed=seed, channels=CHANNELS)


def stimuli(samples: int, duration: float) -> SpikeTrains:
    values = np.random.default_rng(1).random((samples, CHANNELS))
    return PoissonEncoder(peak_rate=60, duration=duration, seed=0).fit_transform(values)


def least(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Return the least processor time of each function (s), run in turns after one call of each."""
    took: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(repeats + 1):
        for name, run in runs.items():
            began = time.process_time()
            run()
            if repeat:
                took[name].append(time.process_time() - began)
    return {name: min(times) for name, times in took.items()}


def gain_of_two(run: Callable[[], object], repeats: int) -> float:
    """Return how much faster a function is on two threads, on the clock: the median of the ratios within a turn."""
    ratios = []
    for _ in range(repeats):
        times = []
        for threads in (1, 2):
            began = time.perf_counter()
            on_threads(threads, run)
            times.append(time.perf_counter() - began)
        ratios.append(times[0] / times[1])
    os.environ["OMP_NUM_THREADS"] = "1"
    return statistics.median(ratios)


def on_threads(threads: int, run: Callable[[], object]) -> object:
    os.environ["OMP_NUM_THREADS"] = str(threads)
    return run()


def batches(sizes: list[int], repeats: int) -> None:
    names = f"{'compiled':>10}{'2 threads':>11}{'torch':>9}{'float32':>9}"
    head = f"{'N':>6}{'batch':>7}{'Hz':>7}{names}"
    print(f"{head}   ms for a simulated second of a stimulus")
    for neurons in sizes:
        reservoir = network(neurons)
        for samples in (1, 16, 256):
            batch = stimuli(samples, 1000.0 if samples < 256 else 200.0)
            seconds = float(batch.durations.sum() / 1000)

            def compiled(batch: SpikeTrains = batch, reservoir: Reservoir = reservoir) -> np.ndarray:
                return simulate(reservoir, batch, engine="compiled", record=()).spike_counts

            def ours(precision: str, batch: SpikeTrains = batch, reservoir: Reservoir = reservoir) -> np.ndarray:
                (found,) = simulate_population([reservoir], batch, engine="torch", precision=precision, record=())
                return found.spike_counts

            counts = compiled()
            assert np.array_equal(counts, ours("float64"))
            found = least(
                {
                    "compiled": compiled,
                    "torch": lambda run=ours: run("float64"),
                    "float32": lambda run=ours: run("float32"),
                },
                repeats,
            )
            rate = counts.sum() / neurons / seconds
            times = [1000 * one / seconds for one in found.values()]
            gain = f"x {gain_of_two(compiled, repeats):.2f}"
            in_turn = f"{times[1]:>9.1f}{times[2]:>9.1f}"
            print(f"{neurons:>6}{samples:>7}{rate:>7.1f}{times[0]:>10.2f}{gain:>11}{in_turn}", flush=True)


def populations(sizes: list[int], repeats: int) -> None:
    head = f"{'N':>6}{'networks':>10}{'at once':>10}{'float32':>10}{'one by one':>12}{'compiled':>10}"
    print(f"{head}   simulated seconds a second")
    batch = stimuli(1, 500.0)
    for neurons in sizes:
        for many in (2, 16, 128):
            networks = [network(neurons, seed) for seed in range(many)]
            few = networks[:4]  # one by one takes the same time for each
            together = simulate_population(networks, batch, engine="torch", record=())
            for one, member in zip(together, networks, strict=True):
                assert np.array_equal(one.spike_counts, simulate(member, batch, engine="compiled", record=()).spike_counts)
            runs = {
                "at once": lambda all_=networks: simulate_population(all_, batch, engine="torch", record=()),
                "float32": lambda all_=networks: simulate_population(all_, batch, record=(), precision="float32"),
                "one by one": lambda all_=few: [simulate(one, batch, engine="torch", record=()) for one in all_],
                "compiled": lambda all_=networks: [simulate(one, batch, engine="compiled", record=()) for one in all_],
            }
            found = least(runs, repeats)
            rates = {name: 0.5 * (len(few) if name == "one by one" else many) / one for name, one in found.items()}
            line = (
                f"{rates['at once']:>10.1f}{rates['float32']:>10.1f}{rates['one by one']:>12.1f}{rates['compiled']:>10.1f}"
            )
            print(f"{neurons:>6}{many:>10}{line}", flush=True)


def precision(sizes: list[int], seeds: int = 12, duration: float = 5000.0) -> None:
    print(f"{seeds} networks each, {duration:g} ms")
    print(f"{'N':>6}{'density':>9}{'Hz':>7}{'differ':>8}{'first (ms)':>12}{'median':>8}{'v before (mV)':>15}{'counts':>9}")
    batch = stimuli(1, duration)
    for neurons in sizes:
        for density in (0, 0.05, 0.25):
            links = {"connectivity": "random", "connection_probability": density} if density else {}
            networks = [network(neurons, seed, **links) for seed in range(seeds)]
            record = {"record": ("spikes", "v"), "sample_times": int(duration / 10)}
            double, single = (
                simulate_population(networks, batch, engine="torch", precision=p, **record) for p in ("float64", "float32")
            )
            first, before, apart = [], [], []
            for one, other in zip(double, single, strict=True):
                a, b = (set(zip(x.spikes.times.tolist(), x.spikes.channels.tolist(), strict=True)) for x in (one, other))
                when = min((time for time, _ in a ^ b), default=np.inf)
                first.append(when)
                before.append(float(np.abs(one.v - other.v)[0, : int(min(when, duration) / 10)].max(initial=0)))
                apart.append(abs(other.spike_count / one.spike_count - 1))
            name = f"{density:g}" if density else f"{networks[0].synapses / neurons**2:.3f}"
            rate = np.mean([one.rates.mean() for one in double])
            when = f"{min(first):>12.0f}{statistics.median(first):>8.0f}"
            texts = f"{sum(np.isfinite(first)):>8}{when}{max(before):>15.1g}{100 * max(apart):>8.2f}%"
            print(f"{neurons:>6}{name:>9}{rate:>7.1f}{texts}", flush=True)


def memory(sizes: list[int]) -> None:
    print(f"{'N':>6}{'batch':>7}{'kB a step':>11}   growth of the peak from 500 to 2500 steps")
    for neurons in sizes:
        for samples in (16, 256):
            peaks = []
            for steps in (500, 2500):
                argv = [sys.executable, __file__, "--peak", str(neurons), str(samples), str(steps)]
                peaks.append(float(subprocess.run(argv, check=True, capture_output=True, text=True).stdout))
            print(f"{neurons:>6}{samples:>7}{(peaks[1] - peaks[0]) / 2000:>11.1f}")


def peak(neurons: int, samples: int, steps: int) -> float:
    """Return the peak of this process's memory during a run (kB); on Linux."""
    reservoir, batch = network(neurons), stimuli(samples, float(steps))
    simulate(reservoir, batch[:1], engine="torch", record=())  # imports need more for a moment
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    simulate(reservoir, batch, engine="torch", record=())
    status = Path("/proc/self/status").read_text()
    return float(status.partition("VmHWM:")[2].split()[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ("batches", "populations", "precision", "memory")
    parser.add_argument("--parts", nargs="+", choices=names, default=names)
    parser.add_argument("--neurons", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peak", type=int, nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak:
        print(peak(*arguments.peak))
        return
    for part in arguments.parts:
        if part in ("batches", "populations"):
            globals()[part](arguments.neurons, arguments.repeats)
        else:
            globals()[part](arguments.neurons)
        print(flush=True)


if __name__ == "__main__":
    main()
