"""Time and memory of the compiled engine against the numbers of neurons and synapses, with growth exponents.

    python benchmarks/scaling.py [--neurons 1000 10000 100000] [--synapses 1e5 1e6 1e7] [--seconds 1] [--plastic]

Each row is a separate process, so that peak memory is measured separately. The first table has the default
distance-dependent network (about 9 links per neuron); the second random links between 5000 neurons, or as many neurons as
make the links a quarter of all pairs; all are driven by their bias. "cost" is spikes x mean out-degree + neurons x steps, to
which the run time should be proportional: the exponents are least-squares slopes of log time, log memory and log build time.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_RANDOM_NEURONS = 5000
_DENSEST = 0.25


def measure(neurons: int, synapses: float | None, seconds: float, plastic: bool) -> dict[str, float]:
    """Build and run one network; `synapses` is None for the default links."""
    sys.path.insert(0, str(ROOT))
    import numpy as np

    from hrsnn import Currents, ReservoirSpec, Uniform, build, simulate

    links = (
        {} if synapses is None else {"connectivity": "random", "connection_probability": synapses / neurons / (neurons - 1)}
    )
    began = time.perf_counter()
    reservoir = build(ReservoirSpec.preset("dense", neurons=neurons, i_bias=Uniform(13, 19), **links), seed=1)
    built = time.perf_counter() - began
    simulate(reservoir, Currents(np.zeros((1, 1, 1)), 5.0), plastic=plastic, engine="compiled", record=())
    began = time.perf_counter()
    activity = simulate(
        reservoir, Currents(np.zeros((1, 1, 1)), seconds * 1000), plastic=plastic, engine="compiled", record=()
    )
    took = time.perf_counter() - began
    steps = seconds * 1000 / reservoir.dt
    return {
        "neurons": neurons,
        "synapses": reservoir.synapses,
        "build": built,
        "run": took,
        "rate": float(activity.rates.mean()),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "cost": activity.spike_count * reservoir.synapses / neurons + neurons * steps,
    }


def slope(rows: list[dict[str, float]], x: str, y: str) -> float:
    """Return the least-squares slope of log y against log x."""
    points = [(math.log(row[x]), math.log(row[y])) for row in rows]
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((a - mean_x) ** 2 for a, _ in points)
    return sum((a - mean_x) * (b - mean_y) for a, b in points) / spread if spread else math.nan


def table(sizes: list[tuple[int, float | None]], against: str, seconds: float, plastic: bool) -> list[dict[str, float]]:
    print(f"{'neurons':>9}{'synapses':>11}{'build s':>9}{'run s':>8}{'us/step':>9}{'ns/cost':>9}{'rate Hz':>9}{'MB':>8}")
    rows = []
    for neurons, synapses in sizes:
        one = json.dumps([neurons, synapses, seconds, plastic])
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, __file__, "--one", one]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        row = json.loads(done.stdout.splitlines()[-1])
        rows.append(row)
        steps = seconds * 2000
        print(
            f"{row['neurons']:>9}{row['synapses']:>11}{row['build']:>9.1f}{row['run']:>8.2f}{row['run'] / steps * 1e6:>9.1f}"
            f"{row['run'] / row['cost'] * 1e9:>9.1f}{row['rate']:>9.1f}{row['memory']:>8.0f}",
            flush=True,
        )
    exponents = ", ".join(
        f"{name} {slope(rows, against, key):.2f}" for name, key in (("build", "build"), ("memory", "memory"))
    )
    print(f"exponents: run against cost {slope(rows, 'cost', 'run'):.2f}; against {against}: {exponents}\n")
    return [{**row, "plastic": plastic, "seconds": seconds, "random": against == "synapses"} for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, nargs="*", default=[1000, 10_000, 100_000])
    parser.add_argument("--synapses", type=float, nargs="*", default=[1e5, 1e6, 1e7])
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--plastic", action="store_true")
    parser.add_argument("--save", type=Path, help="write the rows to this JSON file, for engine_figures.py")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(*json.loads(arguments.one))))
        return
    rows = []
    if arguments.neurons:
        rows += table([(n, None) for n in arguments.neurons], "neurons", arguments.seconds, arguments.plastic)
    if arguments.synapses:
        sizes: list[tuple[int, float | None]] = [
            (max(_RANDOM_NEURONS, math.ceil(math.sqrt(s / _DENSEST)) + 1), s) for s in arguments.synapses
        ]
        rows += table(sizes, "synapses", arguments.seconds, arguments.plastic)
    if arguments.save:
        sys.path.insert(0, str(ROOT))
        from hrsnn.files.writing import write_json

        write_json(arguments.save, rows)


if __name__ == "__main__":
    main()
