"""Closed loops of balanced networks and of random ones, with quadratic readouts, beside models without spikes.

    python benchmarks/balanced_closed_loop.py --neurons 300 --seeds 5 --out runs

Valid times (error below 0.5 standard deviations) of Lorenz-63 and Mackey-Glass, the mean of the starts of each seed, in
Lyapunov times where the task has an exponent, else in values; with the share of starts that were valid to the end. The
balanced networks are those of balanced_tasks.py, the random ones the default specification with and without delays as it is
built; all networks have readouts of the same kind, and the models without spikes linear ones. Every job is kept in the
folder of --out, and a second start goes on.
"""

from __future__ import annotations

import argparse
import functools
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from balanced_tasks import SPECS

from hrsnn import HrsnnWarning, ReservoirSpec
from hrsnn.analysis.protocols import forecast_freely
from hrsnn.balanced import BalancedSpec
from hrsnn.files.writing import to_json, write_text
from hrsnn.kinds import NetworkSpec
from hrsnn.runtime.parallel import run_all
from hrsnn.tasks import SeriesTask, load_task

_SERIES = {"train": 3000, "test": 5000}
_COMPONENTS, _STARTS = 32, 5
NETWORKS = ("balanced", "random E/I, delays", "random E/I, no delays")


def scored(out: Path | None, job: tuple[str, int, str, int]) -> dict[str, Any]:
    """Return the valid times of one network and of the models beside it; a job that was kept is read."""
    name, neurons, network, seed = job
    kept = None if out is None else out / f"free-{name}-{neurons}-{''.join(filter(str.isalpha, network))}-{seed}.json"
    if kept is not None and kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text())
        return found
    spec: NetworkSpec = BalancedSpec(neurons=neurons, **SPECS[name][neurons])
    if network != "balanced":
        spec = ReservoirSpec(neurons=neurons)
        spec = spec if network == "random E/I, delays" else spec.updated({"delay_exc": 0, "delay_inh": 0})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HrsnnWarning)
        task = load_task(name, **_SERIES, seed=seed)
        assert isinstance(task, SeriesTask)
        result = forecast_freely(task, spec, starts=_STARTS, quadratic=_COMPONENTS, seed=seed)
    row = {
        "task": name,
        "neurons": neurons,
        "network": network,
        "seed": seed,
        "valid": {model: each[0.5] for model, each in result.valid_time.items()},
        "censored": {model: each[0.5] for model, each in result.censored.items()},
        "rate": result.rates.mean_rate,
        "longest": result.longest,
    }
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_text(kept, to_json(row))
    return row


def table(rows: list[dict[str, Any]]) -> str:
    """Return a Markdown table: networks and what is read, then the models without spikes."""
    lines = ["| network | valid time (each seed) | valid to the end | Hz |", "| --- | --- | --- | --- |"]
    spikes = ("reservoir", "reservoir_decoded", "no_recurrence", "no_recurrence_decoded", "ideal_system")
    for network in dict.fromkeys(row["network"] for row in rows):
        mine = [row for row in rows if row["network"] == network]
        models = [name for name in spikes if name in mine[0]["valid"]]
        if network == NETWORKS[0]:
            models += ["last_value", "linear_autoregression", "echo_state_network"]
        for model in models:
            valid = np.array([row["valid"][model] for row in mine])
            share, rate = (
                np.mean([row[key] if key == "rate" else row[key][model] for row in mine]) for key in ("censored", "rate")
            )
            label = (
                model.replace("_", " ")
                if model in mine[0]["valid"] and model not in spikes
                else f"{network}: {model.replace('_', ' ')}"
            )
            own = f"{rate:.1f}" if model.startswith("reservoir") else ""
            lines.append(
                f"| {label} | {valid.mean():.2f} ({', '.join(f'{one:.2f}' for one in valid)}) | {share:.0%} | {own} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Read the options, run, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", choices=("lorenz63", "mackey_glass"), default=["lorenz63", "mackey_glass"])
    parser.add_argument("--neurons", type=int, choices=(300, 1000), default=300)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, help="folder in which jobs are kept")
    options = parser.parse_args()
    jobs = [
        (task, options.neurons, network, seed)
        for task in options.tasks
        for seed in range(options.seeds)
        for network in NETWORKS
    ]
    rows = run_all(functools.partial(scored, options.out), jobs, jobs=options.jobs, progress=True)
    for task in options.tasks:
        mine = [row for row in rows if row["task"] == task]
        longest = f"at most {mine[0]['longest']:.3g}"
        print(f"\n{task}, N = {options.neurons}, seeds 0 to {options.seeds - 1}, {longest}\n\n{table(mine)}", flush=True)


if __name__ == "__main__":
    main()
