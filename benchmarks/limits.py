"""Run time of learning in the compiled engine relative to the limit set by its exponentials and memory traffic.

    python benchmarks/limits.py [--neurons 1000 5000] [--probability 0.05] [--seconds 1] [--repeats 5]

A link is visited when its source spikes; each spike of its target is paired with it once. A visit reads 68 bytes, writes 24
and needs 2 exponentials, a pair needs 2 more. Times per exponential and per byte are measured first, on one thread: with
the engine's own exponential on numbers in the cache, and by copying an array far larger than the cache. "x limit" is the run
time divided by the larger of the two total times, as if all other operations took none.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from hrsnn import ReservoirSpec, SpikeTrains, Uniform, build, simulate
from hrsnn.engines.compiled.simd import exp_decay_all
from hrsnn.engines.jit import jit

_READ, _WRITTEN = 68, 24


@jit(allocates=False)
def _many_exponentials(values, others, times):
    for _ in range(times):
        exp_decay_all(values, others, len(values))


def best(task, repeats: int) -> float:
    """Return the processor time of the fastest run (s), which other load on the machine hardly affects."""
    took = []
    for _ in range(repeats):
        began = time.process_time()
        task()
        took.append(time.process_time() - began)
    return min(took)


def nanoseconds_an_exponential(repeats: int) -> float:
    values = np.full(1024, -1.0)
    others = values.copy()
    _many_exponentials(values, others, 1)
    return best(lambda: _many_exponentials(values, others, 2000), repeats) / (2 * 2000 * len(values)) * 1e9


def nanoseconds_a_byte(repeats: int) -> float:
    source = np.ones(16 * 2**20)
    target = np.empty_like(source)
    return best(lambda: np.copyto(target, source), repeats) / (2 * source.nbytes) * 1e9


def row(neurons: int, probability: float, seconds: float, repeats: int, exponential: float, byte: float) -> str:
    spec = ReservoirSpec.preset(
        "dense",
        neurons=neurons,
        connectivity="random",
        connection_probability=probability,
        i_bias=Uniform(13, 19),
        v_start=Uniform(5, 15),
        homeostasis=False,
    )
    reservoir = build(spec, seed=1, channels=1)
    nothing = SpikeTrains([], [], [0, 0], 1, seconds * 1000)
    activity = simulate(reservoir, nothing, plastic=True, engine="compiled", record=())
    spent = best(lambda: simulate(reservoir, nothing, plastic=True, engine="compiled", record=()), repeats)
    rest = best(lambda: simulate(reservoir, nothing, engine="compiled", record=()), repeats)

    spikes = activity.spike_counts[0]
    visits = int(spikes @ np.bincount(reservoir.pre, minlength=neurons)) + reservoir.synapses  # all, once more, at the end
    pairs = int(spikes @ np.bincount(reservoir.post, minlength=neurons))
    exponentials, bytes_moved = 2 * (visits + pairs), (_READ + _WRITTEN) * visits
    bills = exponentials * exponential / 1e9, bytes_moved * byte / 1e9
    size = reservoir.synapses * _READ / 1e6
    return (
        f"{neurons:>8}{reservoir.synapses:>10}{size:>8.1f}{activity.rates.mean():>9.1f}{spent / seconds / 2000 * 1e6:>9.2f}"
        f"{rest / seconds / 2000 * 1e6:>9.2f}{(spent - rest) / visits * 1e9:>10.1f}{pairs / visits:>7.2f}"
        f"{exponentials / visits:>7.1f}{bills[0] / visits * 1e9:>8.2f}{_READ + _WRITTEN:>7}{bills[1] / visits * 1e9:>8.2f}"
        f"{(spent - rest) / max(bills):>9.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--probability", type=float, default=0.05)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    exponential, byte = nanoseconds_an_exponential(arguments.repeats), nanoseconds_a_byte(arguments.repeats)
    print(f"one exponential {exponential:.3f} ns; one byte of a long copy {byte:.4f} ns ({1 / byte:.1f} GB/s)")
    print(
        f"{'neurons':>8}{'synapses':>10}{'MB':>8}{'rate Hz':>9}{'us/step':>9}{'frozen':>9}{'ns/visit':>10}{'pairs':>7}"
        f"{'exps':>7}{'ns':>8}{'bytes':>7}{'ns':>8}{'x limit':>9}"
    )
    for neurons in arguments.neurons:
        print(row(neurons, arguments.probability, arguments.seconds, arguments.repeats, exponential, byte), flush=True)


if __name__ == "__main__":
    main()
