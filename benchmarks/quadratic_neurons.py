"""Quadratic against leaky neurons in a small deep network, with analytic and with fixed windows, on one task.

    python benchmarks/quadratic_neurons.py [--task digits] [--path FILE] [--train N] [--test N] [--seeds 12] [--epochs 10]
        [--out results/quadratic_neurons.json] [--jobs 1]

Each arm is trained from the same seeds (split, initial weights, order of samples); the epoch is chosen by a validation part,
and the test part is read once. Accuracy, mean rate, agreement of the surrogate gradient with that of smooth networks, and
the share of potentials within the window, each before and after training; differences from the leaky neuron with its
analytic window by paired tests, corrected by Holm. Finished runs are kept in the file, and are not repeated.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch

from hrsnn.analysis import mean_interval, paired_test
from hrsnn.deep.frames import Frames, frames_of
from hrsnn.deep.learning.mismatch import gradient_mismatch
from hrsnn.deep.learning.settings import NetworkSettings
from hrsnn.deep.learning.training import TrainingSettings, predictions, stimulus, torch_threads, train
from hrsnn.deep.neurons import NEURONS
from hrsnn.files.writing import write_json
from hrsnn.runtime.parallel import run_all
from hrsnn.tasks import TaskChoice

#: Arm to neuron and half-width of the window (None: analytic).
ARMS: dict[str, tuple[str, float | None]] = {
    "lif, analytic": ("lif", None),
    "qif, analytic": ("qif", None),
    "qif-roots, analytic": ("qif-roots", None),
    "lif, 0.25": ("lif", 0.25),
    "qif, 0.25": ("qif", 0.25),
    "qif-roots, 0.25": ("qif-roots", 0.25),
}
BASE = "lif, analytic"


def parts(arguments: argparse.Namespace, seed: int) -> tuple[Frames, Frames, Frames]:
    """Return the training, validation and test parts of a seed."""
    options = {"path": arguments.path} if arguments.path else {}
    choice = TaskChoice(arguments.task, options)
    sizes = {"train": arguments.train, "test": arguments.test}
    task = choice.load_classes(seed=seed).subset(**sizes, seed=seed)
    inner = task.validation_part()
    (training, validation), (_, test) = frames_of(inner, arguments.steps), frames_of(task, arguments.steps)
    return training, validation, test


def one(arguments: argparse.Namespace, arm: str, seed: int) -> dict[str, float]:
    """Train one arm from one seed, and return its numbers."""
    training, validation, test = parts(arguments, seed)
    neuron, window = ARMS[arm]
    settings = NetworkSettings(
        arguments.model, training.shape, 10, neuron=NEURONS[neuron], steps=arguments.steps, window=window
    )
    probe = np.arange(min(128, len(validation)))
    found = {}
    with torch_threads():
        given = torch.from_numpy(stimulus(settings, validation, probe, seed))
        labels = torch.from_numpy(validation.labels[probe])
        fresh = settings.build(seed)
        for _ in range(20):  # running moments of the normalisation, and windows
            fresh.train()(given)
        trained = train(settings, TrainingSettings(epochs=arguments.epochs, seed=seed), training, validation)
        for when, network in (("before", fresh), ("after", trained.network)):
            mismatch = gradient_mismatch(network, given, labels)
            found |= {
                f"cosine_{when}": mismatch.cosine,
                f"cosine_common_{when}": mismatch.cosine_common,
                f"share_{when}": float(np.mean(list(mismatch.shares.values()))),
                f"width_{when}": float(np.mean(list(mismatch.widths.values()))),
            }
        right = predictions(trained.network, settings, test, seed) == test.labels
    row = trained.history[trained.best_epoch - 1]
    return {"accuracy": float(right.mean()), "rate": row["mean_rate"], "loss": row["loss"], **found}


def holm(p_values: list[float]) -> list[float]:
    """Return p-values corrected for their number."""
    order, most, corrected = np.argsort(p_values), 0.0, [0.0] * len(p_values)
    for rank, index in enumerate(order):
        most = max(most, min(1.0, p_values[index] * (len(p_values) - rank)))
        corrected[index] = most
    return corrected


def report(runs: dict[str, dict[str, float]], seeds: int) -> None:
    """Print a row an arm."""
    of = {arm: [runs[f"{arm}|{seed}"] for seed in range(seeds)] for arm in ARMS if f"{arm}|{seeds - 1}" in runs}
    values = {arm: np.array([each["accuracy"] for each in found]) for arm, found in of.items()}
    others = [arm for arm in of if arm != BASE]
    tests = {arm: paired_test(values[arm], values[BASE]) for arm in others}
    corrected = dict(zip(others, holm([tests[arm].p_value for arm in others]), strict=True))
    print("| neuron, window | accuracy, 95 % | minus lif | p, Holm | rate | in window before, after | cosine before, after")
    print("| common before, after |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
    for arm, found in of.items():
        mean = {name: float(np.mean([each[name] for each in found])) for name in found[0]}
        low, high = mean_interval(values[arm], bounds=(0, 1))
        beside = (
            "" if arm == BASE else f"{tests[arm].mean:+.4f} [{tests[arm].interval[0]:+.4f}, {tests[arm].interval[1]:+.4f}]"
        )
        p = "" if arm == BASE else f"{corrected[arm]:.3g}"
        pairs = [
            f"{mean[f'{name}_before']:.2f}, {mean[f'{name}_after']:.2f}" for name in ("share", "cosine", "cosine_common")
        ]
        print(f"| {arm} | {mean['accuracy']:.4f} [{low:.4f}, {high:.4f}] | {beside} | {p} | {mean['rate']:.3f}", end="")
        print(f" | {' | '.join(pairs)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", default="digits")
    parser.add_argument("--path", help="data of the task")
    parser.add_argument("--model", default="conv-16-32-fc64")
    parser.add_argument("--train", type=int)
    parser.add_argument("--test", type=int)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("results/quadratic_neurons.json"))
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    runs = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    for seed in range(arguments.seeds):
        missing = [arm for arm in ARMS if f"{arm}|{seed}" not in runs]
        results = run_all(lambda arm, seed=seed: one(arguments, arm, seed), missing, jobs=arguments.jobs)
        runs |= {f"{arm}|{seed}": result for arm, result in zip(missing, results, strict=True)}
        write_json(arguments.out, runs)
        print(f"seed {seed} done", file=sys.stderr, flush=True)
    report(runs, arguments.seeds)


if __name__ == "__main__":
    main()
