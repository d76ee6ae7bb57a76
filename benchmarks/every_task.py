"""The default network on every task that has data here, beside all of its baselines.

    python benchmarks/every_task.py --data DIR --tables DIR2 --out results/every_task

DIR holds data sets in their official layouts (``hrsnn tasks`` says which), DIR2 the tables wind_fergus_10min.csv and
GOOG_2004_2013.csv; tasks without their data are left out. Fixed weights, without STDP; each seed draws the network, the
samples that are used and, of generated series, the series. Intervals are of the mean over the seeds, and of the paired
difference from a baseline, by Student's t. Every run is kept in the folder of ``--out``, and a second start goes on.
"""

from __future__ import annotations

import argparse
import functools
import json
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hrsnn import HrsnnWarning, ReservoirSpec, build
from hrsnn.analysis import bounds_of, mean_interval
from hrsnn.analysis.protocols.task_scores import task_scores
from hrsnn.analysis.runs import RunOptions
from hrsnn.files.writing import to_json, write_text
from hrsnn.runtime.parallel import run_all
from hrsnn.tasks import TASKS, ClassificationTask, TaskChoice

_SERIES: Mapping[str, Any] = {"train": 2000, "test": 500}
#: Task, its options, and the samples for training and test where not all are used. A "/" in path is DIR, "//" is DIR2.
RUNS: Mapping[str, tuple[str, Mapping[str, Any], tuple[int, int] | None]] = {
    "MNIST": ("mnist", {"path": "/mnist"}, (1000, 500)),
    "N-MNIST": ("nmnist", {"path": "/N-MNIST"}, None),
    "CIFAR-10": ("cifar10", {"path": "/cifar-10-batches-py", "size": 16}, (1000, 500)),
    "FSDD": ("fsdd", {"path": "/free-spoken-digit-dataset"}, (1000, 300)),
    **{
        name: ("ts", {"path": "/ts", "dataset": name}, None)
        for name in ("JapaneseVowels", "BasicMotions", "FingerMovements", "GunPoint", "PickupGestureWiimoteZ")
    },
    "wind, 1 ahead": ("csv", {"path": "//wind_fergus_10min.csv", "column": "speed_mps", **_SERIES}, None),
    "wind, 10 ahead": ("csv", {"path": "//wind_fergus_10min.csv", "column": "speed_mps", "target": "+10", **_SERIES}, None),
    "stock, 1 ahead": ("csv", {"path": "//GOOG_2004_2013.csv", "column": "Open", "train": 1500, "test": 400}, None),
    "stock, 10 ahead": (
        "csv",
        {"path": "//GOOG_2004_2013.csv", "column": "Open", "target": "+10", "train": 1500, "test": 400},
        None,
    ),
    **{
        f"{name}, {ahead} ahead": (name, {"horizon": ahead, **_SERIES}, None)
        for name in ("lorenz63", "lorenz96", "rossler", "mackey_glass")
        for ahead in (1, 10)
    },
    "narma10": ("narma10", dict(_SERIES), None),
}
#: Columns of the tables, and the names under which baselines are reported.
CLASSES = ("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank")
SERIES = ("last_value", "linear_autoregression", "echo_state_network", "no_recurrence", "delay_bank")
_REPORTED = {"encoded_input": ("encoder_counts", "encoder_means")}


def choice_of(name: str, data: Path | None, tables: Path | None) -> TaskChoice | None:
    """Return the task of a run; None where its data are not there."""
    task, options, _ = RUNS[name]
    options = dict(options)
    if "path" in options:
        folder, place = (tables, options["path"][2:]) if options["path"].startswith("//") else (data, options["path"][1:])
        if folder is None or not (folder / place).exists():
            return None
        options["path"] = folder / place
    return TaskChoice(task, options)


def scored(neurons: int, data: Path | None, tables: Path | None, out: Path | None, job: tuple[str, int]) -> dict[str, Any]:
    """Score the network on a task with one seed; a run that was kept is read."""
    name, seed = job
    kept = None if out is None else out / "runs" / f"{name.replace(' ', '_').replace(',', '')}-{neurons}-{seed}.json"
    if kept is not None and kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text())
        return found
    begin = time.perf_counter()
    choice = choice_of(name, data, tables)
    assert choice is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HrsnnWarning)
        task = choice.load(seed=seed)
        if isinstance(task, ClassificationTask) and (few := RUNS[name][2]) is not None:
            task = task.subset(*few, seed=seed)
        score = "nrmse" if choice.kind == "series" else "accuracy"
        result = task_scores(
            lambda channels: build(ReservoirSpec(neurons=neurons), seed, channels=channels),
            task,
            RunOptions(seed=seed),
            (score,),
            baselines=choice.declaration.baselines,
        )
    row = {
        "run": name,
        "seed": seed,
        "network": result.scores[score],
        "baselines": result.baselines[score],
        "rate": result.rates.mean_rate,
        "silent": result.rates.silent_share,
        "seconds": time.perf_counter() - begin,
    }
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_text(kept, to_json(row))
    return row


def cell(values: np.ndarray, signed: bool = False, score: str = "") -> str:
    """Return a mean with its 95 % interval, within the bounds of a score; nothing for values that are missing."""
    if not len(values) or not np.isfinite(values).all():
        return ""
    numbers = (np.mean(values), *mean_interval(values, bounds=bounds_of(score))) if np.ptp(values) else (values[0],)
    mean, *ends = (f"{float(number):{'+' if signed else ''}.3f}".replace("0.", ".", 1) for number in numbers)
    return f"{mean} [{', '.join(ends)}]" if ends else mean


def table(rows: list[dict[str, Any]], columns: tuple[str, ...], score: str) -> str:
    """Return a Markdown table: the network with its interval, and each baseline with the difference of the network."""
    lines = [
        f"| task | network | {' | '.join(name.replace('_', ' ') for name in columns)} | rate (Hz), silent | seconds |",
        f"| --- | --- |{' --- |' * len(columns)} --- | --- |",
    ]
    for run in dict.fromkeys(row["run"] for row in rows):
        mine = [row for row in rows if row["run"] == run]
        network = np.array([row["network"] for row in mine], dtype=float)
        cells = []
        for name in columns:
            labels = (name, *_REPORTED.get(name, ()))
            values = [next((row["baselines"][one] for one in labels if one in row["baselines"]), np.nan) for row in mine]
            there = np.array(values, dtype=float)
            mean = f"{there.mean():.3f}".replace("0.", ".", 1) if np.isfinite(there).all() else ""
            cells.append(f"{mean} ({cell(network - there, signed=True)})" if mean else "")
        rate, silent, seconds = (np.mean([row[key] for row in mine]) for key in ("rate", "silent", "seconds"))
        ends = f"{rate:.1f}, {100 * silent:.0f} % | {seconds:.1f}"
        lines.append(f"| {run} | {cell(network, score=score)} | {' | '.join(cells)} | {ends} |")
    return "\n".join(lines)


def main() -> None:
    """Read the options, run, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of official layouts")
    parser.add_argument("--tables", type=Path, help="folder of the tables of wind and stock")
    parser.add_argument("--runs", nargs="+", choices=RUNS, metavar="RUN", default=list(RUNS), help="default: all with data")
    parser.add_argument("--neurons", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder in which runs are kept")
    options = parser.parse_args()
    names = [name for name in options.runs if choice_of(name, options.data, options.tables) is not None]
    jobs = [(name, seed) for name in names for seed in range(options.seeds)]
    run = functools.partial(scored, options.neurons, options.data, options.tables, options.out)
    rows = run_all(run, jobs, jobs=options.jobs, progress=True)
    for title, kind, columns, score in (
        ("Accuracy", "classes", CLASSES, "accuracy"),
        ("NRMSE", "series", SERIES, "nrmse"),
    ):
        chosen = [row for row in rows if TASKS.find(RUNS[row["run"]][0]).kind == kind]
        if chosen:
            print(f"{title}\n\n{table(chosen, columns, score)}\n")


if __name__ == "__main__":
    main()
