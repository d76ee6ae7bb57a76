"""Comparison of reservoirs with baselines that are tuned by the same rule.

    python benchmarks/tuned_baselines.py [--path free-spoken-digit-dataset] [--parts digits fsdd forecast free] [--seeds 5]
        [--neurons 1000] [--jobs 1]

Every readout's penalty, the number of lags of the autoregression, and the spectral radius, input scale and leak of the echo
state network are chosen on the last fifth of the training part. The rows of a table have the same seeds; intervals are those
of the mean over seeds, and for the baselines those of the paired difference, reservoir minus baseline (Student's t; not
adjusted for the number of rows).

digits, fsdd: accuracy on the test part. forecast: NRMSE of Lorenz-63, 5000 training and 500 test values, 1 and 10 ahead.
free: valid times in closed loop, error under 0.5 standard deviations, in Lyapunov times, 10 starts per seed.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Mapping
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from hrsnn import ReservoirSpec
from hrsnn.analysis import mean_interval
from hrsnn.analysis.protocols import classify, forecast, forecast_freely
from hrsnn.runtime.parallel import run_all
from hrsnn.tasks import load_task
from hrsnn.tasks.lorenz63 import lorenz63

PARTS = ("digits", "fsdd", "forecast", "free")


def classes(task: str, path: Path | None, plastic: bool, neurons: int, changes: Mapping[str, float], seed: int) -> dict:
    """Compute accuracies by model, and the rate."""
    # the split and the spikes of digits depend on the seed; spoken digits have one official split
    options = {"seed": seed} if path is None else {"path": path}
    found = classify(load_task(task, **options), ReservoirSpec(neurons=neurons, **changes), seed=seed, plastic=plastic)
    return {"reservoir": found.accuracy, **found.baselines, "rate (Hz)": found.rates.mean_rate}


def errors(horizon: int, neurons: int, seed: int) -> dict:
    """Compute NRMSE by model, and the rate."""
    task = lorenz63(train=5000, test=500, horizon=horizon, seed=seed)
    found = forecast(task, ReservoirSpec(neurons=neurons), seed=seed)
    return {
        "reservoir": found.nrmse,
        "reservoir, from v": found.nrmse_v,
        "no_recurrence": found.nrmse_uncoupled,
        "no_recurrence, from v": found.nrmse_v_uncoupled,
        **found.baselines,
        "rate (Hz)": found.rates.mean_rate,
    }


def times(neurons: int, seed: int) -> dict:
    """Compute valid times by model, the largest censored share, and the rate."""
    found = forecast_freely(
        lorenz63(train=5000, test=10_000, seed=seed), ReservoirSpec(neurons=neurons), starts=10, seed=seed
    )
    valid = {name: each[0.5] for name, each in found.valid_time.items()}
    censored = max(each[0.5] for each in found.censored.values())
    return {**valid, "largest share censored": censored, "rate (Hz)": found.rates.mean_rate}


def table(title: str, found: list[dict]) -> None:
    """Print a row per model: mean over seeds, and interval of the reservoir's mean or of the difference from it."""
    print(f"\n{title}, seeds 0 to {len(found) - 1}\n\n| | mean | 95 % | each seed |\n| --- | --- | --- | --- |")
    base = np.array([one["reservoir"] for one in found])
    for name in found[0]:
        values = np.array([one[name] for one in found])
        interval = ""
        if name == "reservoir":
            low, high = mean_interval(values, bounds=(0, 1) if title.startswith(("digits", "fsdd")) else (0, np.inf))
            interval = f"[{low:.3g}, {high:.3g}]"
        elif name not in ("rate (Hz)", "largest share censored"):
            low, high = mean_interval(base - values)
            interval = f"difference [{low:+.3g}, {high:+.3g}]"
        each = " ".join(f"{value:.4g}" for value in values)
        print(f"| {name.replace('_', ' ')} | {values.mean():.4g} | {interval} | {each} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--path", type=Path, help="folder of the spoken digits; without it, they are left out")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--neurons", type=int, default=1000, help="of all but free, which has 300")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.seeds < 2:
        parser.error("--seeds must be at least 2")

    every = {"digits": functools.partial(classes, "digits", None, True, arguments.neurons, {})}
    if arguments.path:
        for name, changes in (("all defaults", {}), ("input_fraction=1", {"input_fraction": 1.0})):
            every[f"fsdd, {name}, no STDP"] = functools.partial(
                classes, "fsdd", arguments.path, False, arguments.neurons, changes
            )
    for horizon in (1, 10):
        every[f"forecast, {horizon} ahead"] = functools.partial(errors, horizon, arguments.neurons)
    every["free, 300 neurons"] = functools.partial(times, 300)
    for name, measure in every.items():
        if name.split(",")[0] in arguments.parts:
            table(name, run_all(measure, range(arguments.seeds), jobs=arguments.jobs))


if __name__ == "__main__":
    main()
