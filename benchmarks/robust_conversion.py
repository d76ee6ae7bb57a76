"""Robust sparse conversion on one task: what is left of accuracy under single attacks and under all at once, and its cost.

    python benchmarks/robust_conversion.py [--task digits] [--path FILE] [--model mlp] [--train N] [--seeds 12] [--eps 0.1]
        [--images 200] [--queries 1000] [--steps 8] [--epochs 8] [--complete 1] [--arms ARM ...]
        [--out results/robust_conversion.json] [--report]

Each seed draws the split, the initial weights, the order of samples and the test images that are attacked; arms are compared
in pairs. Arms and schedules are those of hrsnn.deep.robust.study. The validation part chooses epochs, the test part is
read once.

For each arm: accuracy, the share that survives PGD through the network's own surrogate, and the share that survives the
ensemble of FGSM, RFGSM, PGD and APGD through 19 surrogates and Square, energy, and bytes in
three codings. Of the first `--complete` seeds every member attacks all images, which shows how much each overstates; else
a sample is not attacked again once it is fooled. Finished runs are kept in the file, and are not repeated.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from hrsnn.analysis import holm, mean_interval, paired_test
from hrsnn.deep.robust.study import ARMS, DENSE, SeedStudy, StudyOptions
from hrsnn.files.writing import write_json
from hrsnn.tasks import TaskChoice


def study_of(arguments: argparse.Namespace, seed: int) -> SeedStudy:
    """Return the data and networks of a seed."""
    choice = TaskChoice(arguments.task, {"path": arguments.path} if arguments.path else {})
    task = choice.load_classes(seed=seed).subset(train=arguments.train, test=arguments.test, seed=seed)
    options = StudyOptions(
        arguments.model,
        arguments.eps,
        arguments.images,
        arguments.queries,
        arguments.steps,
        arguments.epochs,
        seed < arguments.complete,
    )
    return SeedStudy(task, seed, options)


def row_of(name: str, values: np.ndarray, scale: float = 1.0) -> str:
    """Return a mean with its interval."""
    if len(values) < 2:
        return f"{name} {values.mean() * scale:.4g}"
    low, high = mean_interval(values)
    return f"{name} {values.mean() * scale:.4g} [{low * scale:.4g}, {high * scale:.4g}]"


def report(runs: dict[str, dict[str, float]], arms: list[str]) -> None:
    """Print a row an arm, the differences from the dense robust network, and what single members overstate."""
    seeds = sorted({int(key.split("|")[1]) for key in runs})
    seeds = [seed for seed in seeds if all(f"{arm}|{seed}" in runs for arm in arms)]
    print(f"{len(seeds)} seeds")

    def values(arm: str, name: str) -> np.ndarray:
        return np.array([runs[f"{arm}|{seed}"][name] for seed in seeds])

    names = ["accuracy", "clean", "single", "ensemble", "energy", "rate", "weights"]
    names += [name for name in runs[f"{arms[0]}|{seeds[0]}"] if name.startswith("bytes")]
    print(f"| arm | {' | '.join(names)} |\n|{' --- |' * (len(names) + 1)}")
    for arm in arms:
        print(f"| {arm} | {' | '.join(row_of('', values(arm, name)).strip() for name in names)} |")
    pairs = [(arm, DENSE) for arm in arms if arm != DENSE]
    if {"robust 10 %", "end to end 10 %"} <= set(arms):
        pairs.append(("robust 10 %", "end to end 10 %"))
    for name in ("ensemble", "accuracy") if len(seeds) > 1 else ():
        tests = [paired_test(values(one, name), values(other, name)) for one, other in pairs]
        for (arm, other), test, p in zip(pairs, tests, holm([test.p_value for test in tests]), strict=True):
            low, high = test.interval
            print(f"{name}: {arm} minus {other} {test.mean:+.4f} [{low:+.4f}, {high:+.4f}], p = {p:.2g} (Holm)")
    for arm in arms:
        print(row_of(f"{arm}: single minus ensemble", values(arm, "single") - values(arm, "ensemble")))
        print(row_of(f"{arm}: energy of {DENSE} / its own", values(DENSE, "energy") / values(arm, "energy")))
    members = [name for name in runs[f"{arms[0]}|{seeds[0]}"] if name.startswith("left by ")]
    complete = [seed for seed in seeds if all("left by clean" in runs[f"{arm}|{seed}"] for arm in arms)]
    print(f"members, on all images, {len(complete)} seeds")
    print(f"| member | {' | '.join(arms)} |\n|{' --- |' * (len(arms) + 1)}")
    for member in members:
        means = [np.mean([runs[f"{arm}|{seed}"][member] for seed in complete]) for arm in arms]
        print(f"| {member.removeprefix('left by ')} | {' | '.join(f'{mean:.3f}' for mean in means)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", default="digits")
    parser.add_argument("--path", help="data of the task")
    parser.add_argument("--model", default="mlp")
    parser.add_argument("--train", type=int)
    parser.add_argument("--test", type=int)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--queries", type=int, default=1000, help="of Square")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--eps", type=float, default=0.1)
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--complete", type=int, default=1, help="seeds of which every member attacks all images")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument("--out", type=Path, default=Path("results/robust_conversion.json"))
    parser.add_argument("--report", action="store_true", help="print what the file has, and run nothing")
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    runs: dict[str, Any] = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    for seed in range(0 if arguments.report else arguments.seeds):
        missing = [arm for arm in arguments.arms if f"{arm}|{seed}" not in runs]
        study = study_of(arguments, seed) if missing else None
        for arm in missing:
            assert study is not None
            found = study.scores(arm)
            runs[f"{arm}|{seed}"] = found
            write_json(arguments.out, runs)
            shown = ", ".join(f"{name} {value:.4g}" for name, value in found.items() if "left by" not in name)
            print(f"seed {seed}, {arm}: {shown}", file=sys.stderr, flush=True)
    report(runs, arguments.arms)


if __name__ == "__main__":
    main()
