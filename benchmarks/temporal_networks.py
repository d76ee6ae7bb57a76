"""Candidates for networks whose recurrence is worth something: tasks that need memory, beside the controls.

    python benchmarks/temporal_networks.py --out results/temporal
    python benchmarks/temporal_networks.py --out results/temporal_test --candidates fewer_stronger --test --first 100

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
from scipy import stats

from hrsnn import HrsnnWarning, ReservoirSpec, build
from hrsnn.analysis.protocols.task_scores import task_scores
from hrsnn.analysis.scoring.task_runs import RunOptions
from hrsnn.files.writing import write_text
from hrsnn.runtime.parallel import run_all
from hrsnn.spec import PRESETS
from hrsnn.tasks import TaskChoice

_DELAYS = {"delay_exc": {"kind": "uniform", "low": 1, "high": 200}}
_FEW = {"probability_ee": 0.06, "probability_ei": 0.04, "probability_ie": 0.08, "probability_ii": 0.02}
CANDIDATES: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "delays": _DELAYS,
    "delays_weaker": {**_DELAYS, "weight_scale": 2.5},
    "stronger": {**_DELAYS, "weight_scale": 10},
    "fewer": {**_DELAYS, **_FEW, "weight_scale": 10},
    "fewer_stronger": {**_DELAYS, **_FEW, "weight_scale": 20},
    "fewer_stronger_no_delays": {**_FEW, "weight_scale": 20},
    "temporal": PRESETS["temporal"],
    "weaker_input_to_all": {
        **_DELAYS,
        **_FEW,
        "weight_scale": 20,
        "input_fraction": 1,
        "input_gain": [-4, 4],
        "input_weight": 3,
    },
    "fewest_strongest": {**_DELAYS, **{name: value / 2 for name, value in _FEW.items()}, "weight_scale": 40},
    "sparser_input": {**_DELAYS, **_FEW, "weight_scale": 20, "input_fraction": 0.15},
    "depressing": {"short_term_plasticity": True},
    "depressing_stronger": {"short_term_plasticity": True, "weight_scale": 10},
    "depressing_strongest": {"short_term_plasticity": True, "weight_scale": 20},
    "depressing_input_to_all": {"short_term_plasticity": True, "input_fraction": 1},
    "depressing_stronger_input_to_all": {"short_term_plasticity": True, "weight_scale": 10, "input_fraction": 1},
    "depressing_delays": {**_DELAYS, "short_term_plasticity": True},
    "depressing_fewer_stronger": {**_DELAYS, **_FEW, "weight_scale": 20, "short_term_plasticity": True},
    "random_few": {**_DELAYS, "connectivity": "random", "connection_probability": 0.02, "weight_scale": 20},
}
#: Task, its options, the score, and the states that a classifier sees.
TASKS: Mapping[str, tuple[str, Mapping[str, Any], str, str]] = {
    "memory": ("memory", {"values": 3000}, "memory_capacity", "windows"),
    "templates_100": ("templates", {"samples": 600, "gap": 100}, "accuracy", "final"),
    "templates_200": ("templates", {"samples": 600, "gap": 200}, "accuracy", "final"),
    "xor_50": ("xor", {"samples": 600, "gap": 50}, "accuracy", "final"),
    "xor_100": ("xor", {"samples": 600, "gap": 100}, "accuracy", "final"),
    "lorenz63": ("lorenz63", {"horizon": 5}, "nrmse", "windows"),
    "digits": ("digits", {}, "accuracy", "windows"),
}
_CONTROLS = ("no_recurrence", "delay_bank", "raw_input", "linear_autoregression")
_COLUMNS = ("candidate", "task", "seed", "network", *_CONTROLS, "rate", "silent")


def spec_of(candidate: str, neurons: int) -> ReservoirSpec:
    """Return the specification of a candidate."""
    changes = dict(CANDIDATES[candidate])
    if isinstance(changes.get("input_gain"), list):
        low, high = changes["input_gain"]
        changes["input_gain"] = {"kind": "uniform", "low": low, "high": high}
    return ReservoirSpec(neurons=neurons).updated(changes)


def scored(neurons: int, test: bool, job: tuple[str, str, int]) -> dict[str, Any]:
    """Score a candidate on a task with one seed."""
    candidate, name, seed = job
    task_name, options, score, states = TASKS[name]
    choice = TaskChoice(task_name, dict(options))
    validation = not test and choice.kind != "memory"  # values of a memory task are drawn anew with each seed
    task = choice.load(validation=validation, seed=seed)
    if name == "digits":
        task = task.subset(train=400, test=400, seed=seed)  # type: ignore[union-attr]
    baselines = [one for one in _CONTROLS if one in (*choice.declaration.baselines, "no_recurrence", "delay_bank")]
    run_options = RunOptions(seed=seed, states=states, max_delay=40, surrogates=19, bootstrap=20)  # type: ignore[arg-type]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HrsnnWarning)
        spec = spec_of(candidate, neurons)
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


def mean_of(values: list[float]) -> str:
    """Return a mean with its 95 % interval."""
    if not np.isfinite(values).all():
        return ""
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.3g} [{np.mean(values) - half:.3g}, {np.mean(values) + half:.3g}]"


def table(rows: list[dict[str, Any]]) -> str:
    """Return the means, and the paired differences from the controls, as Markdown."""
    header = ["task", "candidate", "network", "minus no recurrence", "minus delay bank", "raw input", "rate (Hz)", "silent"]
    lines = [f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}"]
    for name in dict.fromkeys(row["task"] for row in rows):
        for candidate in dict.fromkeys(row["candidate"] for row in rows):
            mine = [row for row in rows if (row["task"], row["candidate"]) == (name, candidate)]
            cells = [mean_of([row["network"] for row in mine])]
            cells += [mean_of([row["network"] - row[control] for row in mine]) for control in _CONTROLS[:2]]
            raw = [row["raw_input"] if np.isfinite(row["raw_input"]) else row["linear_autoregression"] for row in mine]
            shown = [f"{np.mean(raw):.3g}", f"{np.mean([row['rate'] for row in mine]):.1f}"]
            shown.append(f"{100 * np.mean([row['silent'] for row in mine]):.0f} %")
            lines.append(f"| {' | '.join([name, candidate, *cells, *shown])} |")
    return "\n".join(lines)


def main() -> None:
    """Read the options, score, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", nargs="+", choices=CANDIDATES, default=list(CANDIDATES), metavar="NAME")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS), metavar="TASK")
    parser.add_argument("--neurons", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--test", action="store_true", help="score the test parts")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder for table.csv")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    jobs = [(candidate, task, seed) for task in options.tasks for candidate in options.candidates for seed in seeds]
    rows = run_all(functools.partial(scored, options.neurons, options.test), jobs, jobs=options.jobs, progress=True)
    if options.out is not None:
        text = io.StringIO()
        writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        options.out.mkdir(parents=True, exist_ok=True)
        write_text(options.out / "table.csv", text.getvalue())
    print(table(rows))


if __name__ == "__main__":
    main()
