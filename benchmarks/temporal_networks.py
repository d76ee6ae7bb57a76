"""Candidates for networks whose recurrence is worth something: tasks that need memory, beside the controls.

    python benchmarks/temporal_networks.py --path free-spoken-digit-dataset --out results/temporal
    python benchmarks/temporal_networks.py --candidates default --test --first 100 --seeds 20 --out results/temporal_test

Each candidate is a few changes of the default reservoir. It is scored on the validation part of each task, or with `--test`
on the test part, beside the same network without recurrent links and the delay bank. Intervals are of the mean over the
seeds, and of paired differences, by Student's t. With `--out`, all scores are stored as table.csv.
"""

from __future__ import annotations

import argparse
import csv
import functools
import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hrsnn import HrsnnWarning, ReservoirSpec, Uniform, build
from hrsnn.analysis import mean_interval
from hrsnn.analysis.protocols.task_scores import task_scores
from hrsnn.analysis.runs import RunOptions
from hrsnn.files.writing import write_text
from hrsnn.presets import PRESETS
from hrsnn.runtime.parallel import run_all
from hrsnn.tasks import TaskChoice

_DENSE = PRESETS["dense"]
_DELAYS: Mapping[str, Any] = {"delay_exc": Uniform(1, 200), "delay_inh": Uniform(1, 200)}
_FEW = {"probability_ee": 0.06, "probability_ei": 0.04, "probability_ie": 0.08, "probability_ii": 0.02}
CANDIDATES: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    # from the earlier defaults to these
    "dense": _DENSE,
    "dense, delays": {**_DENSE, **_DELAYS},
    "fewer, stronger": {**_DENSE, **_DELAYS, **_FEW, "weight_scale": 20},
    "fewer, stronger, input to all": {**_DENSE, **_DELAYS, **_FEW, "weight_scale": 20, "input_fraction": 1},
    "dense, depressing": {**_DENSE, "short_term_plasticity": True},
    # one change of these defaults each
    "no delays": {"delay_exc": 0, "delay_inh": 0},
    "equal delays": {"heterogeneous_delays": False},
    "delays to 40 ms": {"delay_exc": Uniform(1, 40), "delay_inh": Uniform(1, 40)},
    "slower membranes": {"tau_m_exc.mean": 30, "tau_m_inh.mean": 20},
    "one excitatory link": {"in_degree_exc": 1},
    "four excitatory links": {"in_degree_exc": 4},
    "weaker links": {"weight_scale": 3},
    "stronger links": {"weight_scale": 9},
    "input to 30 %": {"input_fraction": 0.3},
    "depressing": {"short_term_plasticity": True},
}
#: Task, its options, the score, and the states that a classifier sees.
TASKS: Mapping[str, tuple[str, Mapping[str, Any], str, str]] = {
    "memory": ("memory", {"values": 3000}, "memory_capacity", "windows"),
    "templates_200": ("templates", {"samples": 600, "gap": 200}, "accuracy", "final"),
    "xor_100": ("xor", {"samples": 600, "gap": 100}, "accuracy", "final"),
    "lorenz63": ("lorenz63", {"horizon": 5}, "nrmse", "windows"),
    "fsdd": ("fsdd", {}, "accuracy", "final"),
    "digits": ("digits", {}, "accuracy", "windows"),
}
#: Samples for training and for the score, where not all are used.
SIZES = {"digits": (400, 400), "fsdd": (600, 300)}
_CONTROLS = ("no_recurrence", "delay_bank", "raw_input", "linear_autoregression")
_COLUMNS = ("candidate", "task", "seed", "network", *_CONTROLS, "rate", "silent")


def scored(neurons: int, test: bool, path: Path | None, job: tuple[str, str, int]) -> dict[str, Any]:
    """Score a candidate on a task with one seed."""
    candidate, name, seed = job
    task_name, options, score, states = TASKS[name]
    choice = TaskChoice(task_name, dict(options) if name != "fsdd" else {"path": path})
    validation = not test and choice.kind != "memory"  # values of a memory task are drawn anew with each seed
    task = choice.load(validation=validation, seed=seed)
    if choice.kind == "classes" and name in SIZES:
        train, rest = SIZES[name]
        task = task.subset(train=train, test=rest, seed=seed)
    baselines = [one for one in _CONTROLS if one in (*choice.declaration.baselines, "no_recurrence", "delay_bank")]
    run_options = RunOptions(seed=seed, states=states, max_delay=40, surrogates=19, bootstrap=20)  # type: ignore[arg-type]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HrsnnWarning)
        spec = ReservoirSpec(neurons=neurons).updated(dict(CANDIDATES[candidate]))
        found = task_scores(
            lambda channels: build(spec, seed, channels=channels), task, run_options, (score,), baselines=baselines
        )
    return {
        "candidate": candidate,
        "task": name,
        "seed": seed,
        "network": found.scores[score],
        **{control: found.baselines[score].get(control, np.nan) for control in _CONTROLS},
        "rate": found.rates.mean_rate,
        "silent": found.rates.silent_share,
    }


def interval(values: list[float], signed: bool = False) -> str:
    """Return the mean of some values with its 95 % interval, by Student's t."""
    if not np.isfinite(values).all():
        return ""
    mean, low, high = (number(float(x), signed) for x in (np.mean(values), *mean_interval(values)))
    return f"{mean} [{low}, {high}]"


def number(value: float, signed: bool) -> str:
    """Return a number with three decimals, two from 1 on."""
    text = f"{value:{'+' if signed else ''}.{2 if abs(value) >= 1 else 3}f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def span(values: list[float], unit: str = "") -> str:
    """Return the range of some values in whole numbers."""
    low, high = f"{min(values):.0f}", f"{max(values):.0f}"
    return (low if low == high else f"{low} to {high}") + unit


def table(rows: list[dict[str, Any]], control: str | None) -> str:
    """Return scores, or paired differences from a control, as Markdown: a row for each candidate, a column for each task."""
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    lines = [f"| candidate | {' | '.join(tasks)} | rate (Hz), silent |", f"| --- |{' --- |' * (len(tasks) + 1)}"]
    for candidate in dict.fromkeys(row["candidate"] for row in rows):
        cells, rates, silent = [], [], []
        for task in tasks:
            mine = [row for row in rows if (row["task"], row["candidate"]) == (task, candidate)]
            differences = [row["network"] - (row[control] if control else 0.0) for row in mine]
            cells.append(interval(differences, signed=control is not None))
            rates.append(float(np.mean([row["rate"] for row in mine])))
            silent.append(100 * float(np.mean([row["silent"] for row in mine])))
        if any(cells):  # a network without delays has no delay bank
            lines.append(f"| {candidate} | {' | '.join(cells)} | {span(rates)}, {span(silent, ' %')} |")
    return "\n".join(lines)


def main() -> None:
    """Read the options, score, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", nargs="+", choices=CANDIDATES, default=list(CANDIDATES), metavar="NAME")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, metavar="TASK", help="default: all that have their data")
    parser.add_argument("--path", type=Path, help="folder of the spoken digits")
    parser.add_argument("--neurons", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--test", action="store_true", help="score the test parts")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder for table.csv")
    options = parser.parse_args()
    tasks = options.tasks or [name for name in TASKS if name != "fsdd" or options.path]
    if "fsdd" in tasks and options.path is None:
        parser.error("fsdd needs --path")
    seeds = range(options.first, options.first + options.seeds)
    jobs = [(candidate, task, seed) for task in tasks for candidate in options.candidates for seed in seeds]
    rows = run_all(
        functools.partial(scored, options.neurons, options.test, options.path), jobs, jobs=options.jobs, progress=True
    )
    if options.out is not None:
        text = io.StringIO()
        writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        options.out.mkdir(parents=True, exist_ok=True)
        write_text(options.out / "table.csv", text.getvalue())
    for title, control in (("Scores", None), ("Minus no recurrence", "no_recurrence"), ("Minus delay bank", "delay_bank")):
        print(f"{title}\n\n{table(rows, control)}\n")


if __name__ == "__main__":
    main()
