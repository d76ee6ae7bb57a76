"""Classification by balanced networks, decoded and by counts, beside random networks at the same rate and linear models.

    python benchmarks/balanced_classes.py --ts DIR --fsdd free-spoken-digit-dataset --seeds 5 --out runs

JapaneseVowels (DIR has the archive's files) and FSDD (600 training and 300 test samples), 300 neurons, ridge classifiers on
5 windows of each sample. The balanced networks were chosen on validation samples; the random ones, the default specification
with and without delays, have their bias shifted until they have the rate of the balanced one within 2 % on 50 training
samples. Every job is kept in the folder of --out, and a second start goes on.
"""

from __future__ import annotations

import argparse
import functools
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from balanced_tasks import interval

from hrsnn import HrsnnWarning, ReservoirSpec, build, simulate
from hrsnn.analysis.protocols.task_scores import task_scores
from hrsnn.analysis.runs import RunOptions
from hrsnn.analysis.runs.rate_matching import at_rate, with_bias
from hrsnn.balanced import BalancedSpec, build_balanced
from hrsnn.files.writing import to_json, write_text
from hrsnn.runtime.parallel import run_all
from hrsnn.tasks import ClassificationTask, TaskChoice

SPECS: Mapping[str, Mapping[str, Any]] = {
    "JapaneseVowels": {"dimensions": 24, "decay": 400.0, "frequency": 2.0, "decoder_norm": 0.5},
    "FSDD": {"dimensions": 24, "decay": 400.0, "frequency": 2.0, "decoder_norm": 0.6},
}
_NEURONS = 300
_OTHERS: Mapping[str, Mapping[str, Any]] = {
    "random E/I, delays": {},
    "random E/I, no delays": {"delay_exc": 0, "delay_inh": 0},
}


def scored(folders: Mapping[str, Path], out: Path | None, job: tuple[str, int]) -> dict[str, Any]:
    """Return the accuracies of all networks and models on one task with one seed; a job that was kept is read."""
    name, seed = job
    kept = None if out is None else out / f"classes-{name}-{seed}.json"
    if kept is not None and kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text())
        return found
    choice = (
        TaskChoice("ts", {"path": folders[name], "dataset": name})
        if name != "FSDD"
        else TaskChoice("fsdd", {"path": folders[name]})
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HrsnnWarning)
        task = choice.load(seed=seed)
        assert isinstance(task, ClassificationTask)
        task = task if name != "FSDD" else task.subset(600, 300, seed=seed)
        stimulus = task.encoded().x_train[:50]
        channels = stimulus.n_channels
        options = RunOptions(seed=seed, readout="ridge")
        balanced = build_balanced(BalancedSpec(neurons=_NEURONS, **SPECS[name]), seed, channels)
        wanted = float(simulate(balanced, stimulus, record=()).rates.mean())
        run = task_scores(
            lambda _: balanced,
            task,
            options,
            ("accuracy", "accuracy_decoded"),
            baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence"),
        )
        values = {
            "balanced, decoded": run.scores["accuracy_decoded"],
            "balanced, counts": run.scores["accuracy"],
            "balanced, no links, decoded": run.baselines["accuracy_decoded"]["no_recurrence"],
            **({"its linear system": ideal} if (ideal := run.baselines["accuracy_decoded"].get("ideal_system")) else {}),
            **{label: value for label, value in run.baselines["accuracy"].items() if label != "no_recurrence"},
        }
        rates = {"balanced, decoded": run.rates.mean_rate, "balanced, counts": run.rates.mean_rate}
        for label, changes in _OTHERS.items():
            drawn = build(ReservoirSpec(neurons=_NEURONS).updated(dict(changes)), seed, channels=channels)
            matched = at_rate(drawn, with_bias, stimulus, wanted, seed=seed).network
            controls = ("no_recurrence", "delay_bank")
            other = task_scores(lambda _, one=matched: one, task, options, ("accuracy",), baselines=controls)
            values[label], rates[label] = other.scores["accuracy"], other.rates.mean_rate
            for control, value in other.baselines["accuracy"].items():
                values[f"{label}: {control.replace('_', ' ')}"] = value
    row = {"task": name, "seed": seed, "values": values, "rates": rates}
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_text(kept, to_json(row))
    return row


def table(rows: list[dict[str, Any]]) -> str:
    """Return a Markdown table: accuracies, and the paired difference of the decoded balanced network."""
    lines = ["| | accuracy | balanced, decoded - it | Hz |", "| --- | --- | --- | --- |"]
    own = np.array([row["values"]["balanced, decoded"] for row in rows])
    for name in sorted(rows[0]["values"], key=lambda one: one != "balanced, decoded"):
        values = np.array([row["values"][name] for row in rows])
        difference = "" if name == "balanced, decoded" else interval(own - values, signed=True)
        rate = f"{np.mean([row['rates'][name] for row in rows]):.1f}" if name in rows[0]["rates"] else ""
        lines.append(f"| {name.replace('_', ' ')} | {interval(values)} | {difference} | {rate} |")
    return "\n".join(lines)


def main() -> None:
    """Read the options, run, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ts", type=Path, help="folder of the UEA and UCR archives")
    parser.add_argument("--fsdd", type=Path, help="folder of the spoken digits")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, help="folder in which jobs are kept")
    options = parser.parse_args()
    folders = {name: path for name, path in (("JapaneseVowels", options.ts), ("FSDD", options.fsdd)) if path is not None}
    jobs = [(name, seed) for name in folders for seed in range(options.seeds)]
    rows = run_all(functools.partial(scored, folders, options.out), jobs, jobs=options.jobs, progress=True)
    for name in folders:
        print(
            f"\n{name}, seeds 0 to {options.seeds - 1}\n\n{table([row for row in rows if row['task'] == name])}", flush=True
        )


if __name__ == "__main__":
    main()
