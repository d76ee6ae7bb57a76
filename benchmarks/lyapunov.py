"""Run time of Lyapunov exponents against the number of neurons and the number of exponents.

    python benchmarks/lyapunov.py [--neurons 100 200 400] [--counts 1 10 100] [--of 2000] [--seconds 2]

The first table has the whole spectrum of 3 N exponents, the second the first k of one larger reservoir; both under random
numbers held for 20 ms, after a washout of 0.2 s that is included in the time but not measured. "vectors" is the number of
tangent vectors: about 2 of the 3 N for the neurons that spike. The shares of the exact trajectory and of the tangent are
shown; QR takes nearly all the rest. One thread; "CPU s" equals the wall-clock time on an idle core. The growth exponents are
least-squares slopes of log CPU time.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from hrsnn import ReservoirSpec, build
from hrsnn.analysis import lyapunov_spectrum
from hrsnn.analysis.lyapunov.tangent import SpikeTangent
from hrsnn.analysis.protocols.edge_of_chaos import random_drive
from hrsnn.engines.exact.engine import trajectory

#: Bias (mV); the default of 14 gives about 7 Hz.
_BIAS = 14.4
_WASHOUT = 200.0


def measure(neurons: int, count: int | None, seconds: float) -> dict[str, float]:
    """Measure the time of a run, and separately those of its parts."""
    reservoir = build(ReservoirSpec.preset("dense", neurons=neurons, i_bias=_BIAS), seed=1)
    stimulus = random_drive(seconds * 1000 + _WASHOUT, seed=1)
    wall, cpu = time.perf_counter(), time.process_time()
    found = lyapunov_spectrum(reservoir, stimulus, count=count, washout=_WASHOUT)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu

    began = time.process_time()
    log = trajectory(reservoir, stimulus)
    simulated = time.process_time() - began
    active = np.flatnonzero(~found.silent)
    vectors = count or 2 * len(active)
    flow = SpikeTangent(reservoir, log, active, 1e-6)
    began = time.process_time()
    moment, tangent = flow.start(), np.eye(3 * flow.n, vectors)
    for _ in range(round(log.duration / 20)):
        moment, tangent = flow(moment, tangent, 20.0)
        tangent /= np.abs(tangent).max()
    carried = time.process_time() - began
    return {
        "neurons": neurons,
        "count": count or 3 * neurons,
        "vectors": vectors,
        "rate": found.rate,
        "silent": 100 * float(found.silent.mean()),
        "wall": wall,
        "cpu": cpu,
        "trajectory": simulated,
        "tangent": carried,
        "largest": found.largest_active,
    }


def slope(rows: list[dict[str, float]], x: str) -> float:
    """Return the least-squares slope of log CPU time against log x."""
    if len(rows) < 2:
        return math.nan
    return float(np.polyfit(np.log([row[x] for row in rows]), np.log([row["cpu"] for row in rows]), 1)[0])


def table(title: str, sizes: list[tuple[int, int | None]], against: str, seconds: float) -> None:
    print(title)
    print(f"{'neurons':>8}{'exponents':>10}{'vectors':>8}{'rate Hz':>8}{'silent %':>9}{'wall s':>8}{'CPU s':>8}", end="")
    print(f"{'of which: trajectory':>22}{'tangent':>9}{'lambda_1':>10}")
    rows = []
    for neurons, count in sizes:
        row = measure(neurons, count, seconds)
        rows.append(row)
        print(
            f"{row['neurons']:>8}{row['count']:>10}{row['vectors']:>8}{row['rate']:>8.1f}{row['silent']:>9.0f}{row['wall']:>8.2f}"
            f"{row['cpu']:>8.2f}{row['trajectory']:>22.2f}{row['tangent']:>9.2f}{row['largest']:>10.1f}",
            flush=True,
        )
    print(f"exponent of the CPU time in {against}: {slope(rows, against):.2f}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, nargs="*", default=[100, 200, 400])
    parser.add_argument("--counts", type=int, nargs="*", default=[1, 10, 100])
    parser.add_argument("--of", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=2.0)
    arguments = parser.parse_args()
    for count in (None, 1):  # compile before timing
        lyapunov_spectrum(build(ReservoirSpec.preset("dense", neurons=20, i_bias=17), seed=1), 300.0, count=count)
    if arguments.neurons:
        table("the whole spectrum", [(n, None) for n in arguments.neurons], "neurons", arguments.seconds)
    if arguments.counts:
        sizes: list[tuple[int, int | None]] = [(arguments.of, k) for k in arguments.counts]
        table(f"the first k of {arguments.of} neurons", sizes, "count", arguments.seconds)


if __name__ == "__main__":
    main()
