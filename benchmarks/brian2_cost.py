"""Run time of Brian2: microseconds per step of 1000 neurons, cold and warm, with NumPy and Cython, frozen and plastic.

    python benchmarks/brian2_cost.py [--neurons 1000] [--seconds 10]

Each row is a separate process, so that imports and compilation are attributed correctly. "cold" has an empty cache of
compiled code, "warm" the cache of the cold run; "set-up" is everything but the steps: imports, building, compiling or
loading the code, and Brian2's preparation of a run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def measure(engine: str, neurons: int, seconds: float, plastic: bool) -> dict[str, float]:
    """Measure in one process: two runs, the second of which needs no compilation."""
    sys.path.insert(0, str(ROOT))
    began = time.perf_counter()
    import numpy as np

    from hrsnn import PoissonEncoder, ReservoirSpec, build, simulate

    spec = ReservoirSpec.preset("dense", neurons=neurons)
    reservoir = build(spec, seed=1, channels=64)
    image = np.random.default_rng(0).random((int(seconds * 10), 64))
    trains = PoissonEncoder(peak_rate=300, duration=100).fit_transform(image)
    few = trains[:1]
    simulate(reservoir, few, plastic=plastic, engine=engine, record=())
    ready = time.perf_counter()
    activity = simulate(reservoir, trains, plastic=plastic, engine=engine, record=())
    took = time.perf_counter() - ready
    again = time.perf_counter()
    simulate(reservoir, few, plastic=plastic, engine=engine, record=())
    one = time.perf_counter() - again
    steps = activity.durations.sum() / spec.dt
    return {
        "setup_s": ready - began,
        "us_per_step": (took - one) / (steps - few.durations[0] / spec.dt) * 1e6,
        "run_overhead_s": one,
        "rate_hz": float(activity.rates.mean()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0, help="simulated time")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        engine, plastic = arguments.one
        print(json.dumps(measure(engine, arguments.neurons, arguments.seconds, plastic == "plastic")))
        return
    print(f"{'engine':<15}{'STDP':<10}{'cache':<7}{'set-up s':>9}{'us/step':>9}{'run s':>7}{'rate Hz':>9}{'ratio':>7}")
    with tempfile.TemporaryDirectory() as cache:
        for mode in ("frozen", "plastic"):
            first = 0.0
            for engine, state in (("brian2-numpy", "-"), ("brian2-cython", "cold"), ("brian2-cython", "warm")):
                size = ["--neurons", str(arguments.neurons), "--seconds", str(arguments.seconds)]
                command = [sys.executable, __file__, *size, "--one", engine, mode]
                env = {**os.environ, "XDG_CACHE_HOME": str(Path(cache) / mode), "OMP_NUM_THREADS": "1"}
                output = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
                row = json.loads(output.stdout.splitlines()[-1])
                first = first or row["us_per_step"]
                print(
                    f"{engine:<15}{mode:<10}{state:<7}{row['setup_s']:>9.1f}{row['us_per_step']:>9.0f}"
                    f"{row['run_overhead_s']:>7.2f}{row['rate_hz']:>9.1f}{first / row['us_per_step']:>7.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
