"""Models trained by gradients, beside STDP, a balanced network, gated units and linear models, on four tasks.

    python tests/hrsnn/formats/official_layouts.py DATA      # the data, from the folder that HRSNN_DATA names
    python benchmarks/trained_models.py --data DATA --out runs/trained_models [--tasks templates nmnist] [--seeds 12]

Networks of 200 neurons, dt 1 ms, surrogate gradients; TASKS has the sizes of each task, and its epochs. HoNB and HeNB learn
recurrent weights, input weights and the readout, "delays" the delays of the recurrent links too, up to 200 ms. "balanced" is
a tightly balanced network of 200 neurons that learns the same as HeNB. "STDP" is a reservoir HeNHeS, of which STDP sees the
training part without labels, with a logistic readout: on templates of the spikes filtered with 20 ms at the end, as the
trained readouts there; else of spike counts in five windows of a sample, where the trained readouts see their sum. "fixed"
is the same without STDP. "GRU" has at most as many parameters as HeNB. "linear" sees the raw input.

All models of a seed have the same samples, and HoNB, HeNB and "delays" the same links. 30 % of the training part choose the
epoch; the test part is scored once. Spikes, and operations of recurrent links, are those of a test sample; minutes are
processor time of training and test. Every run, and within it every epoch, is kept in the folder of --out: a second start
goes on, also with more seeds or other tasks. With --table nothing is run: the table is that of the kept runs. Verdicts need
12 seeds; the claims of all tasks that have them are one family for Holm's correction.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"  # before BLAS is loaded

# ruff: noqa: E402
import numpy as np
from sklearn.base import clone

from hrsnn import ReservoirSpec
from hrsnn.analysis import mean_interval, synaptic_operations, verdicts
from hrsnn.analysis.figures.seeds import scores_over_seeds
from hrsnn.analysis.figures.style import save
from hrsnn.analysis.paired_tests import PairedTest, paired_test
from hrsnn.analysis.protocols.gradient_training import train_and_classify
from hrsnn.analysis.protocols.task_scores import task_scores
from hrsnn.analysis.runs import RunOptions, StatesSeen
from hrsnn.balanced import BalancedSpec
from hrsnn.kinds import build_network
from hrsnn.runtime.progress import progress_bar
from hrsnn.scripts.cli.kept_runs import KeptRuns
from hrsnn.tasks import ClassificationTask, TaskChoice
from hrsnn.training import TrainingOptions
from hrsnn.training.models import MODELS

NEURONS, DT, LONGEST = 200, 1.0, 200.0


@dataclass(frozen=True)
class Size:
    """A task with its options, the numbers of samples, and how long networks are trained."""

    name: str
    train: int
    test: int
    epochs: int
    learning_rate: float
    batch: int = 32
    folder: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    end: bool = False  #: whether only the end of a sample is read

    @property
    def states(self) -> StatesSeen:
        """States that a readout sees which is not trained by gradients."""
        return "final" if self.end else "windows"


#: Sizes, learning rates and batches were chosen on validation parts of a seed that is not reported, 1000. N-MNIST is the
#: first saccade, 100 ms.
TASKS: Mapping[str, Size] = {
    "templates": Size(
        "templates", 92, 128, 4, 0.1, options={"samples": 600, "gap": 400, "pattern": 20, "jitter": 5}, end=True
    ),
    "nmnist": Size("nmnist", 229, 200, 4, 0.1, folder="N-MNIST", options={"duration": 100}),
    "vowels": Size("ts", 270, 370, 4, 0.03, folder="ts", options={"dataset": "JapaneseVowels"}),
    "fsdd": Size("fsdd", 137, 100, 5, 0.1, batch=16, folder="free-spoken-digit-dataset"),
}
#: Models that learn by gradients, with what they learn.
_WEIGHTS = ("recurrent", "inputs", "readout")
TRAINED: Mapping[str, tuple[str, ...]] = {
    "HeNB": _WEIGHTS,
    "HoNB": _WEIGHTS,
    "delays": (*_WEIGHTS, "delays"),
    "balanced": _WEIGHTS,
}
ARMS = ("linear", "STDP", "fixed", *TRAINED)
SPOKEN = {"templates": "spike templates", "nmnist": "N-MNIST", "vowels": "Japanese vowels", "fsdd": "spoken digits"}
LABELS = {"delays": "HeNB, learned delays", "STDP": "HeNHeS, STDP", "fixed": "HeNHeS, fixed"}
#: Names of the tasks in tables and in the picture.
NAMES = {"templates": "templates", "nmnist": "N-MNIST", "vowels": "JapaneseVowels", "fsdd": "spoken digits"}
#: Claims: a score, and two models of which the first is to have more of it. Chakraborty and Mukhopadhyay (2024), table III:
#: by back-propagation heterogeneous neurons have a higher accuracy, and a higher rate; Hammouamri et al. (2024): delays.
CLAIMS = (("accuracy", "HeNB", "HoNB"), ("spikes", "HeNB", "HoNB"), ("accuracy", "delays", "HeNB"))
#: Differences without a verdict: so few epochs and samples say how far training comes, not where it ends.
COMPARED = (("accuracy", "HeNB", "STDP"), ("spikes", "HeNB", "STDP"), ("accuracy", "HeNB", "fixed"))
_VERDICT_SEEDS = 12


def size_of(arguments: argparse.Namespace, task: str) -> Size:
    """Return the size of a task, with the epochs that were asked for."""
    size = TASKS[task]
    return size if arguments.epochs is None else dataclasses.replace(size, epochs=arguments.epochs)


def scored(arguments: argparse.Namespace, task: str, arm: str, seed: int) -> dict[str, float]:
    """Return the scores of an arm on the task of a seed, from its file if it has one."""
    name = f"{task}_{arm}_{seed}"
    folder = arguments.out / "checkpoints" / name

    def run() -> dict[str, float]:
        began, size = time.process_time(), size_of(arguments, task)
        data = loaded(arguments.data, size, seed)
        if arm == "linear":
            model = clone(data.raw_baseline).fit(data.x_train, data.y_train)
            accuracy = float(np.mean(np.asarray(model.predict(data.x_test)) == data.y_test))
            return {"accuracy": accuracy, "minutes": (time.process_time() - began) / 60}
        found = by_gradients(arm, size, data, seed, folder) if arm in TRAINED else by_readout(arm, size, data, seed)
        return {**found, "minutes": (time.process_time() - began) / 60}

    return KeptRuns(arguments.out).result(name, run)


def loaded(data: Path, size: Size, seed: int) -> ClassificationTask:
    """Return the task of a seed."""
    options = dict(size.options) | ({} if size.folder is None else {"path": data / size.folder})
    return TaskChoice(size.name, options).load_classes(seed=seed).subset(train=size.train, test=size.test, seed=seed)


def by_gradients(arm: str, size: Size, data: ClassificationTask, seed: int, folder: Path) -> dict[str, float]:
    """Return the scores of a network that is trained by gradients; with HeNB the accuracy of gated units too."""
    spec: Any = BalancedSpec(neurons=NEURONS, dt=DT)
    if arm != "balanced":
        spec = MODELS["HoNB" if arm == "HoNB" else "HeNB"].spec(ReservoirSpec(neurons=NEURONS, dt=DT))
    result = train_and_classify(
        data,
        lambda channels: build_network(spec, seed, channels),
        TRAINED[arm],
        TrainingOptions(
            epochs=size.epochs,
            batch=size.batch,
            learning_rate=size.learning_rate,
            read="final" if size.end else "sum",
            seed=seed,
        ),
        model={"longest_delay": LONGEST} if arm == "delays" else {},
        controls=("gru",) if arm == "HeNB" else (),
        folder=folder,
        seed=seed,
    )
    counts, network = result.activity.spike_counts, result.network
    found = {
        "accuracy": result.accuracy,
        "spikes": float(counts.sum(1).mean()),
        "operations": float(synaptic_operations(counts, network.pre, network.weight).mean()),
        "rate": result.rates.mean_rate,
        "parameters": float(result.parameters),
        "best epoch": float(result.training.best),
        "validation accuracy": result.training.epochs[result.training.best].validation_score,
    }
    return found | ({"gru": result.baselines["gru"]} if arm == "HeNB" else {})


def by_readout(arm: str, size: Size, data: ClassificationTask, seed: int) -> dict[str, float]:
    """Return the scores of a reservoir with a logistic readout, after STDP or without."""
    spec = ReservoirSpec(neurons=NEURONS, dt=DT).variant("HeNHeS")
    options = RunOptions(seed=seed, plastic=arm == "STDP", states=size.states)
    found = task_scores(lambda channels: build_network(spec, seed, channels), data, options, ("accuracy",))
    run: Any = found.run
    counts, network = run.on_test.spike_counts, run.network
    columns = NEURONS * (options.windows if size.states == "windows" else 1)
    return {
        "accuracy": found.scores["accuracy"],
        "spikes": float(counts.sum(1).mean()),
        "operations": float(synaptic_operations(counts, network.pre, network.weight).mean()),
        "rate": found.rates.mean_rate,
        "parameters": float((columns + 1) * len(data.classes)),
    }


def table(rows: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Return a table of means and 95 % intervals, a model a line."""
    lines = ["| | accuracy | Hz | spikes | operations | parameters | minutes | seeds |", "|" + " --- |" * 8]
    for arm, found in rows.items():
        cells = [interval([one["accuracy"] for one in found])]
        for name, form in (
            ("rate", ".1f"),
            ("spikes", ".0f"),
            ("operations", ".0f"),
            ("parameters", ".0f"),
            ("minutes", ".2f"),
        ):
            values = [one[name] for one in found if name in one]
            cells.append(format(float(np.mean(values)), form) if values else "")
        lines.append(f"| {LABELS.get(arm, arm)} | " + " | ".join(cells) + f" | {len(found)} |")
        gated = [one["gru"] for one in found if "gru" in one]
        if gated:
            lines.append(f"| GRU | {interval(gated)} | | | | {cells[-2]} | | {len(gated)} |")
    return "\n".join(lines)


def interval(values: Sequence[float]) -> str:
    """Return a mean accuracy with its 95 % interval."""
    if len(values) < 2:
        return f"{np.mean(values):.3f}"
    low, high = mean_interval(values, bounds=(0.0, 1.0))
    return f"{np.mean(values):.3f} [{low:.3f}, {high:.3f}]"


def claims(found: Mapping[str, Mapping[str, Sequence[Mapping[str, float]]]]) -> str:
    """Return the paired differences of the claims, and the verdicts of all tasks with 12 seeds as one family."""
    tests: list[tuple[str, PairedTest]] = []
    lines = ["| task | claim: above 0 | difference | p | verdict |", "|" + " --- |" * 5]
    others = []
    for task, rows in found.items():
        for score, one, other in (*CLAIMS, *COMPARED):
            pairs = min(len(rows.get(one, ())), len(rows.get(other, ())))
            if pairs < 2:
                continue
            values = ([each[score] for each in rows[arm][:pairs]] for arm in (one, other))
            test = paired_test(*values)
            low, high = test.interval
            form = "+.1f" if score == "spikes" else "+.3f"
            numbers = f"{test.mean:{form}} [{low:{form}}, {high:{form}}]"
            names = " - ".join(LABELS.get(arm, arm) for arm in (one, other))
            text = f"| {NAMES[task]} | {names}, {score} | {numbers} | {test.p_value:.2g} |"
            if (score, one, other) in COMPARED:
                others.append(f"{text} |")
            elif pairs >= _VERDICT_SEEDS:
                tests.append((text, test))
            else:
                others.append(f"{text} none: {pairs} seeds |")
    said = verdicts([test for _, test in tests], [1] * len(tests)) if tests else []
    lines += [f"{text} {verdict} |" for (text, _), verdict in zip(tests, said, strict=True)]
    return "\n".join(lines + others)


def draw(found: Mapping[str, Mapping[str, Sequence[Mapping[str, float]]]], file: Path) -> None:
    """Draw the accuracies of all models, a panel a task."""
    panels: dict[str, dict[str, Any]] = {}
    for task, rows in found.items():
        panel = {LABELS.get(arm, arm): [one["accuracy"] for one in runs] for arm, runs in rows.items() if len(runs) > 1}
        gated = [one["gru"] for one in rows.get("HeNB", ()) if "gru" in one]
        panels[f"Accuracy, {NAMES[task]}"] = panel | ({"GRU": gated} if len(gated) > 1 else {})
    save(scores_over_seeds(panels, dict.fromkeys(panels, (0.0, 1.0)), highlighted=0), file, dpi=150)


def main() -> None:
    """Read the options, run, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets, in their official layouts")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--epochs", type=int, help="others than TASKS has, with a folder of their own")
    parser.add_argument("--out", type=Path, required=True, help="folder in which runs and epochs are kept")
    parser.add_argument("--table", action="store_true", help="print the table of the kept runs, and run nothing")
    parser.add_argument("--figure", type=Path, help="PNG or PDF")
    arguments = parser.parse_args()
    KeptRuns(arguments.out).prepare(
        {name: repr(size_of(arguments, name)) for name in TASKS} | {"neurons": NEURONS, "dt": DT}
    )
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    jobs = [(task, arm, seed) for seed in seeds for task in arguments.tasks for arm in arguments.arms]
    if arguments.table:
        jobs = [(task, arm, seed) for task, arm, seed in jobs if (arguments.out / f"{task}_{arm}_{seed}.json").exists()]
    found: dict[str, dict[str, list[dict[str, float]]]] = {}
    with progress_bar(not arguments.table, float(len(jobs)), "runs") as done:
        for number, (task, arm, seed) in enumerate(jobs):
            found.setdefault(task, {}).setdefault(arm, []).append(scored(arguments, task, arm, seed))
            done(number + 1.0)
    for task, rows in found.items():
        print(f"\n{NAMES[task]}\n\n{table(rows)}", flush=True)
    print(f"\n{claims(found)}")
    if arguments.figure is not None:
        draw(found, arguments.figure)


if __name__ == "__main__":
    main()
