"""Exact engine: events per second, run time relative to the compiled engine at several steps, and comparison of queues.

    python benchmarks/exact.py [--neurons 300 1000 3000] [--seconds 2] [--repeats 5] [--skip-queues]

First table: one stimulus of Poisson spikes over 64 channels. An event is the arrival of a spike at one link, a spike, or a
search for a root; "x compiled" is the run time relative to the compiled engine at 0.5 ms; the rates show that the runs are
similar. Times are processor times of one thread, the best of the repeats: other load on the machine hardly affects them.
Second table: nanoseconds per update of queues of N neurons, for updates like those of the engine: most change the next time
of a neuron, some take the first neuron and move it to a later time. All give the same order of events.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hrsnn import PoissonEncoder, ReservoirSpec, Uniform, build, simulate
from hrsnn.engines.exact.engine import trajectory
from hrsnn.engines.exact.event_queue import move, queue_of

STEPS = (0.5, 0.1, 0.02)
NETWORKS = {
    "distance": {},
    "distance, delays 0 to 6 ms": {"delay_ee": Uniform(0, 6), "delay_ie": Uniform(0, 6)},
    "random 5 %": {"connectivity": "random", "connection_probability": 0.05},
}


def best(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Return seconds of processor time and the result of `work`, after a first call for compilation."""
    work()
    took = []
    for _ in range(repeats):
        began = time.process_time()
        result = work()
        took.append(time.process_time() - began)
    return min(took), result


def engines(neurons: list[int], seconds: float, repeats: int) -> None:
    rate = np.random.default_rng(0).random((1, 64))
    trains = PoissonEncoder(peak_rate=150, duration=seconds * 1000).fit_transform(rate)
    print(f"{'neurons':>8} {'links':<28}{'engine':<18}{'ms':>9}{'x compiled':>11}{'rate Hz':>9}{'million links/s':>17}")
    for n in neurons:
        for name, options in NETWORKS.items():
            reservoir = build(ReservoirSpec.preset("dense", neurons=n, homeostasis=False, **options), seed=1, channels=64)
            base = 0.0
            for dt in STEPS:
                on_grid = reservoir.replace(dt=dt)
                took, activity = best(lambda r=on_grid: simulate(r, trains, engine="compiled", record=()), repeats)
                base = base or took
                label = f"{n:>8} {name:<28}{f'compiled {dt:g} ms':<18}"
                print(f"{label}{took * 1e3:>9.1f}{took / base:>11.1f}{activity.rates.mean():>9.2f}", flush=True)
            took, found = best(lambda r=reservoir: trajectory(r, trains), repeats)
            arrivals = np.bincount(reservoir.pre, minlength=n)[found.spike_neuron].sum()
            arrivals += np.bincount(reservoir.input_channel, minlength=64)[trains.channels].sum()
            hertz = len(found.spike_time) / n / seconds
            label = f"{n:>8} {name:<28}{'exact':<18}"
            print(f"{label}{took * 1e3:>9.1f}{took / base:>11.1f}{hertz:>9.2f}{arrivals / took / 1e6:>17.1f}", flush=True)


def draw(n: int, operations: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw updates: neurons (-1 for the first in the queue) and shifts; nine in ten move, a quarter of these to infinity."""
    rng = np.random.default_rng(1)
    who = np.where(rng.random(operations) < 0.1, -1, rng.integers(n, size=operations))
    wait = np.where((who >= 0) & (rng.random(operations) < 0.25), np.inf, rng.exponential(30.0, operations))
    return who, wait


@njit
def run_heap(queue: Any, who: Any, wait: Any) -> float:
    """Run the queue of the engine: an indexed heap with four children per node."""
    times, heap, _ = queue
    now = 0.0
    for k in range(len(who)):
        i = who[k]
        if i < 0:
            i = heap[0]
            now = times[i]
        move(queue, i, now + wait[k])
    return now


@njit
def run_tournament(n: int, who: Any, wait: Any) -> float:
    """Run a tournament tree, a binary tree over all neurons: each node contains the earlier of its two children."""
    size = 1
    while size < n:
        size *= 2
    times = np.full(size, np.inf)
    times[:n] = 0.0
    winner = np.empty(2 * size, np.int64)
    for i in range(size):
        winner[size + i] = i
    for node in range(size - 1, 0, -1):
        a, b = winner[2 * node], winner[2 * node + 1]
        winner[node] = a if times[a] <= times[b] else b
    now = 0.0
    for k in range(len(who)):
        i = who[k]
        if i < 0:
            i = winner[1]
            now = times[i]
        times[i] = now + wait[k]
        node = (size + i) // 2
        while node > 0:
            a, b = winner[2 * node], winner[2 * node + 1]
            winner[node] = a if times[a] <= times[b] else b
            node //= 2
    return now


@njit
def run_calendar(n: int, width: float, days: int, who: Any, wait: Any) -> float:
    """Run a calendar queue: buckets of `width` ms, each an unsorted linked list, searched one after the other."""
    times = np.zeros(n)
    head = np.full(days + 1, -1)
    after, before, where = np.full(n, -1), np.full(n, -1), np.full(n, -1)
    for i in range(n):  # all at time 0, in the first bucket
        after[i], before[i], where[i] = (i + 1 if i + 1 < n else -1), i - 1, 0
    head[0] = 0
    now, day = 0.0, 0
    for k in range(len(who)):
        i = who[k]
        if i < 0:
            while True:
                i, j = -1, head[day % days]
                while j >= 0:
                    if times[j] < (day + 1) * width and (i < 0 or times[j] < times[i] or (times[j] == times[i] and j < i)):
                        i = j
                    j = after[j]
                if i >= 0:
                    break
                day += 1
            now = times[i]
        time = now + wait[k]
        if before[i] >= 0:
            after[before[i]] = after[i]
        else:
            head[where[i]] = after[i]
        if after[i] >= 0:
            before[after[i]] = before[i]
        bucket = days if np.isinf(time) else int(time / width) % days
        times[i], where[i], before[i], after[i] = time, bucket, -1, head[bucket]
        if head[bucket] >= 0:
            before[head[bucket]] = i
        head[bucket] = i
    return now


@njit
def run_scan(n: int, who: Any, wait: Any) -> float:
    """Run without a queue: the first is found by a search over all neurons."""
    times = np.zeros(n)
    now = 0.0
    for k in range(len(who)):
        i = who[k]
        if i < 0:
            i = np.argmin(times)
            now = times[i]
        times[i] = now + wait[k]
    return now


def queues(neurons: list[int], repeats: int, operations: int = 1_000_000) -> None:
    print(f"\n{'neurons':>8} {'queue':<24}{'ns/update':>10}")
    for n in neurons:
        who, wait = draw(n, operations)
        width = 30.0 / n  # about one neuron per bucket
        runs: dict[str, Callable[[], Any]] = {
            "heap": lambda: run_heap(queue_of(np.zeros(n)), who, wait),  # noqa: B023
            "calendar, 1 a bucket": lambda: run_calendar(n, width, 4 * n, who, wait),  # noqa: B023
            "calendar, 4 a bucket": lambda: run_calendar(n, 4 * width, n, who, wait),  # noqa: B023
            "tournament tree": lambda: run_tournament(n, who, wait),  # noqa: B023
            "scan": lambda: run_scan(n, who, wait),  # noqa: B023
        }
        ends = set()
        for name, work in runs.items():
            took, end = best(work, repeats)
            ends.add(end)
            print(f"{n:>8} {name:<24}{took / operations * 1e9:>10.1f}", flush=True)
        assert len(ends) == 1, "the queues disagree"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, nargs="+", default=[300, 1000, 3000])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--skip-queues", action="store_true")
    arguments = parser.parse_args()
    engines(arguments.neurons, arguments.seconds, arguments.repeats)
    if not arguments.skip_queues:
        queues(arguments.neurons, arguments.repeats)


if __name__ == "__main__":
    main()
