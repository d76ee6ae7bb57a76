"""Cue accumulation by networks that are trained by gradients from balanced and from unbalanced initialisations.

    python benchmarks/cue_training.py --seeds 5 --epochs 10 --out runs/cue_training [--figure FILE]

Networks of 100 neurons are initialised as `analysis/balanced/arms.py` does: balanced (at most one spike a step), orthogonal
weights of the same norm with the rule of one spike and without, balanced with a leak of 5/s and slow weights, and no links.
Recurrent weights, input weights and readout learn by cross-entropy of the last output; spikes are filtered with
--tau-readout, 2000 ms by default, with which the readout has a memory of its own, as in the published code.

The task, the network, and the order of the samples of a seed are the same for all arms; 30 % of the training part choose the
epoch, and the test part is scored once. `accuracy` is that of the trained readout; `counts` and `recall` are those of new
linear readouts of the spikes of a whole sample and of its last 150 ms, before and after training, with rate and balance
before and after. With --noise shared the spikes of all parts have the same random numbers, as in the published code.
Every run, and within it every epoch, is kept in the folder of --out; a second start goes on.
"""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"  # before BLAS is loaded

# ruff: noqa: E402
import numpy as np

from hrsnn.analysis import mean_interval
from hrsnn.analysis.balanced.arms import CueOptions, cue_network
from hrsnn.analysis.balanced.cue_accumulation import accuracy_and_balance
from hrsnn.analysis.figures.seeds import scores_over_seeds
from hrsnn.analysis.figures.style import save
from hrsnn.analysis.paired_tests import paired_test
from hrsnn.analysis.protocols.gradient_training import train_and_classify
from hrsnn.balanced import BalancedNetwork, BalancedSpec
from hrsnn.kinds import KINDS
from hrsnn.runtime.parallel import run_all
from hrsnn.scripts.cli.kept_runs import KeptRuns
from hrsnn.training import TrainingOptions

ARMS = ("balanced", "unbalanced", "unbalanced_capped", "balanced_memory", "no_recurrence")
#: Scores of a network before and after training, by their name in :func:`accuracy_and_balance`, with their bounds.
BOTH: Mapping[str, tuple[str, tuple[float, float]]] = {
    "counts": ("accuracy", (0.0, 1.0)),
    "recall": ("accuracy_recall", (0.0, 1.0)),
    "rate": ("mean_rate", (0.0, np.inf)),
    "tightness": ("tightness", (0.0, 1.0)),
    "correlation": ("correlation", (-1.0, 1.0)),
}
BOUNDS = {"accuracy": (0.0, 1.0)} | {
    f"{name} {when}": bounds for name, (_, bounds) in BOTH.items() for when in ("before", "after")
}
LEARN = ("recurrent", "inputs", "readout")


def scored(arguments: argparse.Namespace, job: tuple[str, str, int]) -> dict[str, float]:
    """Train the network of an arm, a noise and a seed, unless its result is kept, and return its scores."""
    noise, arm, seed = job
    name = f"{noise}_{arm}_{seed}"
    folder = None if arguments.out is None else arguments.out / "checkpoints" / name
    return KeptRuns(arguments.out).result(name, lambda: trained(arguments, noise, arm, seed, folder))


def trained(arguments: argparse.Namespace, noise: str, arm: str, seed: int, folder: Path | None) -> dict[str, float]:
    """Train, and return the scores of the network before and after."""
    sizes = CueOptions(train=arguments.train, test=arguments.test, shared_noise=noise == "shared")
    task = sizes.task(seed)
    declared = KINDS.find("balanced")
    spec: BalancedSpec = declared.spec().updated({**declared.presets["cue"], "dt": arguments.dt})
    result = train_and_classify(
        task,
        lambda channels: cue_network(arm, spec, task, seed),
        tuple(one for one in LEARN if one != "recurrent" or arm != "no_recurrence"),
        TrainingOptions(
            epochs=arguments.epochs,
            batch=arguments.batch,
            learning_rate=arguments.learning_rate,
            schedule="plateau",
            read="final",
            truncate=arguments.truncate,
            seed=seed,
        ),
        model={"tau_readout": arguments.tau_readout},
        controls=False,
        folder=folder,
        seed=seed,
    )
    found = {"accuracy": result.accuracy, "raw input": result.baselines["raw_input"]}
    epochs = result.training.epochs
    found |= {
        "best epoch": float(result.training.best),
        "validation accuracy": epochs[result.training.best].validation_score,
    }
    for when, network in (("before", result.initial), ("after", result.network)):
        assert isinstance(network, BalancedNetwork)
        scores = accuracy_and_balance(network, task, balanced_samples=arguments.balanced_samples, seed=seed)
        found |= {f"{short} {when}": scores[name] for short, (name, _) in BOTH.items()}
    return found


def table(rows: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Return a table of means and 95 % intervals, an arm a line."""
    names = ["accuracy", *(f"{name} {when}" for name in BOTH for when in ("before", "after"))]
    lines = ["| | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    for arm, found in rows.items():
        cells = [cell([one[name] for one in found], BOUNDS[name]) for name in names]
        lines.append(f"| {arm} | " + " | ".join(cells) + " |")
    raw = [one["raw input"] for one in next(iter(rows.values()))]
    lines.append(f"| raw input, linear | {cell(raw, (0.0, 1.0))} |" + " |" * (len(names) - 1))
    return "\n".join(lines)


def cell(values: Sequence[float], bounds: tuple[float, float]) -> str:
    """Return a mean with its interval, or a mean alone of a single seed."""
    x = np.asarray(values)
    if len(x) < 2 or not np.isfinite(x).all():
        return f"{x.mean():.3g}"
    low, high = mean_interval(x, bounds=bounds)
    return f"{x.mean():.3g} [{low:.3g}, {high:.3g}]"


def differences(rows: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Return the paired differences over the seeds: after less before training, and of the first arm less the others."""
    lines = []

    def add(what: str, one: list[float], other: list[float]) -> None:
        found = paired_test(one, other)
        low, high = found.interval
        lines.append(f"{what}: {found.mean:+.3g} [{low:+.3g}, {high:+.3g}], p = {found.p_value:.2g}")

    first = next(iter(rows))
    for arm, found in rows.items():
        for name in BOTH:
            add(
                f"{arm}, {name}, after - before", *([one[f"{name} {when}"] for one in found] for when in ("after", "before"))
            )
        if arm != first:
            add(f"{first} - {arm}, accuracy", *([one["accuracy"] for one in rows[which]] for which in (first, arm)))
    return "\n".join(lines)


def draw(rows: Mapping[str, Sequence[Mapping[str, float]]], file: Path) -> None:
    """Draw accuracy, rate and tightness of all arms, before and after training."""
    labels = {"counts": "Accuracy, all spikes", "rate": "Rate (Hz)", "tightness": "Tightness"}
    panels: dict[str, dict[str, Any]] = {
        "Accuracy, trained readout": {arm: [one["accuracy"] for one in found] for arm, found in rows.items()}
    }
    limits = {"Accuracy, trained readout": (0.0, 1.0)}
    for name, label in labels.items():
        panels[label] = {
            f"{arm}, {when}": [one[f"{name} {when}"] for one in found]
            for arm, found in rows.items()
            for when in ("before", "after")
        }
        limits[label] = BOTH[name][1]
    save(scores_over_seeds(panels, limits, highlighted=0), file, dpi=150)


def main() -> None:
    """Read the options, run, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--noise", nargs="+", choices=("independent", "shared"), default=["independent", "shared"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--train", type=int, default=200)
    parser.add_argument("--test", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=30)
    parser.add_argument("--learning-rate", type=float, default=0.003, help="in natural steps, as of hrsnn train")
    parser.add_argument("--dt", type=float, default=1.0, help="ms")
    parser.add_argument("--tau-readout", type=float, default=2000.0, help="ms")
    parser.add_argument("--truncate", type=int, help="steps after which gradients stop")
    parser.add_argument("--balanced-samples", type=int, default=10, help="test samples whose currents are computed")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, help="folder in which runs and epochs are kept")
    parser.add_argument("--figure", type=Path, help="PNG or PDF")
    arguments = parser.parse_args()
    free = ("arms", "noise", "seeds", "jobs", "out", "figure")
    KeptRuns(arguments.out).prepare({key: value for key, value in vars(arguments).items() if key not in free})
    jobs = [(noise, arm, seed) for noise in arguments.noise for seed in range(arguments.seeds) for arm in arguments.arms]
    found = run_all(functools.partial(scored, arguments), jobs, jobs=arguments.jobs, progress=True)
    for noise in arguments.noise:
        rows = {
            arm: [one for (a, b, _), one in zip(jobs, found, strict=True) if (a, b) == (noise, arm)]
            for arm in arguments.arms
        }
        print(f"\n{noise} noise, seeds 0 to {arguments.seeds - 1}\n\n{table(rows)}", flush=True)
        if arguments.seeds > 1:
            print(f"\n{differences(rows)}", flush=True)
            if arguments.figure is not None:
                draw(rows, arguments.figure.with_stem(f"{arguments.figure.stem}_{noise}"))


if __name__ == "__main__":
    main()
