"""Studies of deep networks on one task: quadratic against leaky neurons, and bits against accuracy.

    python benchmarks/deep_networks.py --study neurons|bits|widths [--task digits] [--path FILE] [--task-option size=14 ...]
        [--model conv-16-32-fc64] [--train N] [--test N] [--steps 4] [--seeds 12] [--epochs 10]
        [--out results/deep_neurons.json] [--arms ARM ...]

Each arm is trained from the same seeds (split, initial weights, order of samples); the epoch is chosen by a validation part,
and the test part is read once. Differences from the first arm by paired tests, corrected by Holm, beside a logistic
regression on the same samples. Finished runs are kept in the file, and are not repeated.

neurons: own (analytic) and narrow (0.25) windows; before and after training, the share of potentials within the window, and
the cosine of the surrogate gradient with that of smooth networks, whose windows are the same or have a half-width of 1.
widths: the same cosine at other widths than the analytic one that each network was trained with.
bits: 1-bit weights with potentials of 8, 4 and 2 bits, with and without WS-DR and with either half of it, and the readings
"text" and "code" of the paper. The excess kurtosis of the weights before they are rounded, the mean over all layers but the
first and the last, says how far they are from a normal distribution, which has 0.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from scipy.stats import kurtosis
from sklearn.base import clone

from hrsnn.analysis import holm, mean_interval, paired_test
from hrsnn.deep.frames import Frames, frames_of
from hrsnn.deep.learning.information import layer_statistics
from hrsnn.deep.learning.mismatch import gradient_mismatch
from hrsnn.deep.learning.optimisers import TrainingSettings
from hrsnn.deep.learning.predictions import predictions, stimulus
from hrsnn.deep.learning.settings import NetworkSettings
from hrsnn.deep.learning.training import train
from hrsnn.deep.neurons import NEURONS
from hrsnn.deep.precision import Precision, precision_of
from hrsnn.engines.torch.one_thread import one_thread
from hrsnn.files.writing import write_json
from hrsnn.scripts.cli.settings import settings_of
from hrsnn.tasks import TaskChoice

#: Study to arm to neuron, half-width of the window (None: analytic) and precision; the first arm is what others are tested
#: against.
STUDIES: dict[str, dict[str, tuple[str, float | None, Precision]]] = {
    "neurons": {
        f"{neuron}, {window or 'analytic'}": (neuron, window, Precision())
        for window, neurons in ((None, ("lif", "qif", "qif-roots")), (0.25, ("lif", "qif", "qif-roots")))
        for neuron in neurons
    },
    "widths": {name: (name, None, Precision()) for name in ("lif", "qif", "qif-roots")},
    "bits": {
        "1w-2u, WS-DR": ("lif", None, precision_of(1, 2)),
        "1w-2u, absolute scale": ("lif", None, dataclasses.replace(precision_of(1, 2), potential_scale="running_absolute")),
        "1w-2u, neither": ("lif", None, precision_of(1, 2, regulate=False)),
        "1w-2u, weights only": ("lif", None, dataclasses.replace(precision_of(1, 2), regularisation=0.0)),
        "1w-2u, spikes only": ("lif", None, dataclasses.replace(precision_of(1, 2), normalise="none")),
        "1w-2u, WS-DR, no annealing": ("lif", None, dataclasses.replace(precision_of(1, 2), anneal=False)),
        "1w-2u, neither, no annealing": ("lif", None, dataclasses.replace(precision_of(1, 2, regulate=False), anneal=False)),
        "1w-4u, WS-DR": ("lif", None, precision_of(1, 4)),
        "1w-4u, neither": ("lif", None, precision_of(1, 4, regulate=False)),
        "1w-8u, WS-DR": ("lif", None, precision_of(1, 8)),
        "1w-8u, neither": ("lif", None, precision_of(1, 8, regulate=False)),
        "1w-2u, text": ("lif", None, precision_of(1, 2, reproduce="text")),
        "1w-2u, code": ("lif", None, precision_of(1, 2, reproduce="code")),
        "32w-32u": ("lif", None, Precision()),
    },
}

#: Half-widths at which gradients are compared; None is the analytic one.
WIDTHS = (0.125, 0.25, 0.5, 0.75, 1.0, None, 1.5, 2.0, 3.0, 4.0)


def parts(arguments: argparse.Namespace, seed: int) -> tuple[Frames, Frames, Frames, float]:
    """Return the training, validation and test parts of a seed, and the accuracy of the linear baseline."""
    given = settings_of(arguments.task_option, "--task-option")
    choice = TaskChoice(arguments.task, {**given, **({"path": arguments.path} if arguments.path else {})})
    task = choice.load_classes(seed=seed).subset(train=arguments.train, test=arguments.test, seed=seed)
    (training, validation), (_, test) = (frames_of(one, arguments.steps) for one in (task.validation_part(), task))
    linear = clone(task.raw_baseline).fit(task.x_train, task.y_train).score(task.x_test, task.y_test)
    return training, validation, test, float(linear)


def one(arguments: argparse.Namespace, data: tuple[Frames, Frames, Frames, float], arm: str, seed: int) -> dict[str, float]:
    """Train one arm from one seed, and return its numbers."""
    training, validation, test, linear = data
    neuron, window, precision = STUDIES[arguments.study][arm]
    classes = int(training.labels.max()) + 1
    settings = NetworkSettings(
        arguments.model,
        training.shape,
        classes,
        neuron=NEURONS[neuron],
        steps=arguments.steps,
        window=window,
        precision=precision,
    )
    probe = np.arange(min(128, len(validation)))
    found = {"linear": linear}
    with one_thread():
        given = torch.from_numpy(stimulus(settings, validation, probe, seed))
        labels = torch.from_numpy(validation.labels[probe])
        schedule = TrainingSettings(epochs=arguments.epochs, seed=seed)
        if arguments.study == "neurons":
            fresh = settings.build(seed)
            for _ in range(20):  # running moments of the normalisation, and windows
                fresh.train()(given)
            found |= mismatches(fresh, given, labels, "before")
        trained = train(settings, schedule, training, validation)
        if arguments.study == "neurons":
            found |= mismatches(trained.network, given, labels, "after")
        statistics = layer_statistics(trained.network, given)
        if arguments.study == "widths":
            found |= cosines(trained.network, given, labels)
        for name in ("rates", "entropies", "positive_weights"):
            found[name] = float(np.mean(list(getattr(statistics, name).values())))
        if arguments.study == "bits":
            ends = trained.network.architecture.ends
            inner = [one.detach().numpy().ravel() for name, one in trained.network.weight.items() if name not in ends]
            found["kurtosis"] = float(np.mean([kurtosis(one) for one in inner]))
        right = predictions(trained.network, settings, test, seed) == test.labels
    row = trained.history[trained.best_epoch - 1]
    return {"accuracy": float(right.mean()), "rate": row["mean_rate"], "loss": row["loss"], **found}


def cosines(network: torch.nn.Module, given: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    """Return the agreement of gradients at each width."""
    found = {}
    own = {name: layer.width for name, layer in network.spiking.items()}
    for width in WIDTHS:
        for name, layer in network.spiking.items():
            layer.width = own[name] if width is None else width
        found[f"cosine at {width or 'analytic'}"] = gradient_mismatch(network, given, labels).cosine
    return found


def mismatches(network: torch.nn.Module, given: torch.Tensor, labels: torch.Tensor, when: str) -> dict[str, float]:
    """Return the agreement of gradients and the reach of windows."""
    found = gradient_mismatch(network, given, labels)
    return {
        f"cosine_{when}": found.cosine,
        f"cosine_common_{when}": found.cosine_common,
        f"share_{when}": float(np.mean(list(found.shares.values()))),
        f"width_{when}": float(np.mean(list(found.widths.values()))),
    }


def report(arms: list[str], runs: dict[str, dict[str, float]], seeds: int) -> None:
    """Print a row an arm: accuracy, the difference from the first, and the means of all other numbers."""
    of = {arm: [runs[f"{arm}|{seed}"] for seed in range(seeds)] for arm in arms}
    values = {arm: np.array([each["accuracy"] for each in found]) for arm, found in of.items()}
    base, *others = arms
    tests = {arm: paired_test(values[arm], values[base]) for arm in others}
    corrected = dict(zip(others, holm([tests[arm].p_value for arm in others]), strict=True))
    names = [name for name in of[base][0] if name not in ("accuracy", "linear")]
    print(f"| | accuracy, 95 % | minus {base} | p, Holm | {' | '.join(names)} |\n|{' --- |' * (4 + len(names))}")
    for arm, found in of.items():
        low, high = mean_interval(values[arm], bounds=(0, 1))
        cells = ["", ""]
        if arm != base:
            test = tests[arm]
            cells = [f"{test.mean:+.4f} [{test.interval[0]:+.4f}, {test.interval[1]:+.4f}]", f"{corrected[arm]:.3g}"]
        cells += [f"{np.nanmean([np.nan if each[name] is None else each[name] for each in found]):.3f}" for name in names]
        print(f"| {arm} | {values[arm].mean():.4f} [{low:.4f}, {high:.4f}] | {' | '.join(cells)} |")
    linear = np.array([each["linear"] for each in of[base]])
    low, high = mean_interval(linear, bounds=(0, 1))
    print(f"| logistic regression | {linear.mean():.4f} [{low:.4f}, {high:.4f}] |{' |' * (2 + len(names))}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", choices=list(STUDIES), default="neurons")
    parser.add_argument("--task", default="digits")
    parser.add_argument("--path", help="data of the task")
    parser.add_argument("--task-option", nargs="+", default=(), metavar="KEY=VALUE", help="options of the task")
    parser.add_argument("--model", default="conv-16-32-fc64")
    parser.add_argument("--train", type=int)
    parser.add_argument("--test", type=int)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--arms", nargs="+", help="some of the study's, the first as what others are tested against")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    arms = arguments.arms or list(STUDIES[arguments.study])
    out = arguments.out or Path("results") / f"deep_{arguments.study}_{arguments.task}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    runs = json.loads(out.read_text()) if out.exists() else {}
    for seed in range(arguments.seeds):
        missing = [arm for arm in arms if f"{arm}|{seed}" not in runs]
        data = functools.cache(functools.partial(parts, arguments, seed))
        for arm in missing:
            runs[f"{arm}|{seed}"] = one(arguments, data(), arm, seed)
            write_json(out, runs)
            print(f"seed {seed}, {arm}: {runs[f'{arm}|{seed}']['accuracy']:.4f}", file=sys.stderr, flush=True)
    report(arms, runs, arguments.seeds)


if __name__ == "__main__":
    main()
