"""Accuracy against the number of steps: networks of few bits that are trained as spikes, beside converted ones.

    python benchmarks/few_steps.py [--task digits] [--path FILE] [--task-option KEY=VALUE ...] [--model mlp] [--train N]
        [--test N] [--epochs 10] [--seeds 12] [--out results/few_steps.json]

For each seed: a network of 1-bit weights and 2-bit potentials (1w-2u, with dual regulation) and one of floating point, both
trained with 2 steps; and one of rectified units, trained as long, which is converted to neurons that take the threshold off
at a spike, with thresholds at the 99.9th percentile of currents, without finetuning, for 2 to 256 steps. All have the same
split and the same order of samples; the validation part chooses epochs, the test part is read once.

Printed: accuracies, the difference of 1w-2u from each, by paired tests with Holm's correction, and the number of steps from
which the converted network is within a point of its rectified one. Finished seeds are kept in the file.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from hrsnn.analysis import holm, mean_interval, paired_test
from hrsnn.deep.frames import frames_of
from hrsnn.deep.learning.network import Spiking
from hrsnn.deep.learning.optimisers import TrainingSettings
from hrsnn.deep.learning.predictions import predictions
from hrsnn.deep.learning.settings import NetworkSettings
from hrsnn.deep.learning.training import train
from hrsnn.deep.precision import Precision, precision_of
from hrsnn.deep.robust.conversion import ConversionSettings, converted
from hrsnn.deep.robust.ensemble import pictures
from hrsnn.engines.torch.one_thread import one_thread
from hrsnn.files.writing import write_json
from hrsnn.runtime.seeds import generator
from hrsnn.scripts.cli.settings import settings_of
from hrsnn.tasks import TaskChoice

STEPS = 2
OURS, FULL, UNITS = "1w-2u, 2 steps", "32w-32u, 2 steps", "rectified units"
CONVERTED = (2, 4, 8, 16, 32, 64, 128, 256)
#: Accuracy within which a converted network counts as its rectified one.
_POINT = 0.01


def accuracies(arguments: argparse.Namespace, seed: int) -> dict[str, float]:
    """Train and convert the networks of a seed, and return the accuracy of each."""
    given = settings_of(arguments.task_option, "--task-option")
    choice = TaskChoice(arguments.task, {**given, **({"path": arguments.path} if arguments.path else {})})
    task = choice.load_classes(seed=seed).subset(train=arguments.train, test=arguments.test, seed=seed)
    (part, validation), (_, test) = (frames_of(one, STEPS) for one in (task.validation_part(), task))
    training = TrainingSettings(epochs=arguments.epochs, seed=seed)

    def accuracy(network: Spiking, settings: NetworkSettings) -> float:
        with one_thread():
            return float((predictions(network, settings, test, seed) == test.labels).mean())

    spiking = NetworkSettings(arguments.model, part.shape, len(task.classes), steps=STEPS)
    found = {}
    for name, precision in ((OURS, precision_of(1, 2)), (FULL, Precision())):
        settings = dataclasses.replace(spiking, precision=precision)
        found[name] = accuracy(train(settings, training, part, validation).network, settings)
    settings = dataclasses.replace(spiking, steps=1, rectified=True)
    units = train(settings, training, part, validation).network
    found[UNITS] = accuracy(units, settings)
    images = pictures(part.subset(generator(seed, "calibration").permutation(len(part))))[0]
    for steps in CONVERTED:
        options = ConversionSettings(steps, percentile=99.9, factor=1.0, subtract=True)
        target, network = converted(units, settings, images, options)
        found[f"converted, {steps} steps"] = accuracy(network, target)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", default="digits")
    parser.add_argument("--path", help="data of the task")
    parser.add_argument("--task-option", nargs="+", default=(), metavar="KEY=VALUE", help="options of the task")
    parser.add_argument("--model", default="mlp")
    parser.add_argument("--train", type=int)
    parser.add_argument("--test", type=int)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--out", type=Path, default=Path("results/few_steps.json"))
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    runs = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    for seed in range(arguments.seeds):
        if str(seed) not in runs:
            runs[str(seed)] = accuracies(arguments, seed)
            write_json(arguments.out, runs)
            print(f"seed {seed}: {runs[str(seed)]}", file=sys.stderr, flush=True)
    rows = [runs[str(seed)] for seed in range(arguments.seeds)]
    values = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    others = [name for name in values if name != OURS]
    tests = {name: paired_test(values[OURS], values[name]) for name in others}
    corrected = dict(zip(others, holm([tests[name].p_value for name in others]), strict=True))
    print("| network | accuracy, 95 % | 1w-2u minus it | p, Holm |\n| --- | --- | --- | --- |")
    for name, of in values.items():
        low, high = mean_interval(of, bounds=(0, 1))
        cells = " | "
        if name != OURS:
            test = tests[name]
            cells = f"{test.mean:+.4f} [{test.interval[0]:+.4f}, {test.interval[1]:+.4f}] | {corrected[name]:.2g}"
        print(f"| {name} | {of.mean():.4f} [{low:.4f}, {high:.4f}] | {cells} |")
    enough = [
        next((steps for steps in CONVERTED if row[f"converted, {steps} steps"] >= row[UNITS] - _POINT), np.inf)
        for row in rows
    ]
    print(f"steps of the converted network until it is within a point of its rectified one, by seed: {enough}")


if __name__ == "__main__":
    main()
