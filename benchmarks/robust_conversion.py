"""Robust sparse conversion on one task: what is left of accuracy under single attacks and under all at once, and its cost.

    python benchmarks/robust_conversion.py [--task digits] [--path FILE] [--model mlp] [--train N] [--seeds 12] [--eps 0.1]
        [--images 200] [--queries 1000] [--steps 8] [--epochs 10] [--complete 1] [--arms ARM ...]
        [--out results/robust_conversion.json] [--report]

Each seed draws the split, the initial weights, the order of samples and the test images that are attacked; arms are compared
in pairs. A network of rectified units is trained naturally, or by TRADES, pruned, trained on with its mask, converted
to T steps of integrators, and finetuned as spikes; the arm "end to end" is trained as spikes from the start, with the
mask of the robust 10 %. The validation part chooses epochs, the test part is read once.

For each arm: accuracy, survival of PGD through the network's own surrogate, of the single member that fools most, of the
ensemble of FGSM, RFGSM, PGD and APGD through 19 surrogates and Square, energy, and bytes in three codings and in a packed
file of 8 bits. Of the first `--complete` seeds every member attacks all images, which shows how much each overstates; else
a sample is not attacked again once it is fooled. Finished runs are kept in the file, and are not repeated.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

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
from hrsnn.deep.robust.accounting import cost_of
from hrsnn.deep.robust.conversion import ConversionSettings, converted
from hrsnn.deep.robust.ensemble import AttackSettings, ensemble_attack, first_samples, pictures
from hrsnn.deep.robust.objectives import Adversarial
from hrsnn.deep.robust.pruning import magnitude_masks, score_masks
from hrsnn.deep.robust.views import OWN
from hrsnn.files.writing import write_json
from hrsnn.tasks import TaskChoice

#: Arms: how the rectified network is trained, and the share of weights that is kept.
ARMS: dict[str, tuple[str, float]] = {
    "natural": ("natural", 1.0),
    "robust dense": ("trades", 1.0),
    "robust 10 %": ("trades", 0.1),
    "robust 1 %": ("trades", 0.01),
    "end to end 10 %": ("kl", 0.1),
}
BASE = "robust dense"


class Seed:
    """Data and networks of one seed; what several arms share is made once."""

    def __init__(self, arguments: argparse.Namespace, seed: int) -> None:
        self.arguments, self.seed = arguments, seed
        choice = TaskChoice(arguments.task, {"path": arguments.path} if arguments.path else {})
        task = choice.load_classes(seed=seed).subset(train=arguments.train, test=arguments.test, seed=seed)
        (self.part, self.validation), (_, self.test) = (frames_of(one) for one in (task.validation_part(), task))
        self.images = first_samples(self.test, arguments.images, seed)
        classes = int(self.part.labels.max()) + 1
        self.settings = NetworkSettings(arguments.model, self.part.shape, classes, steps=1, rectified=True)
        order = np.random.default_rng(seed).permutation(len(self.part))
        self.calibration = pictures(self.part.subset(order))[0]

    def schedule(self, rate: float, share: float = 1.0) -> TrainingSettings:
        """Return the epochs and the learning rate of a training."""
        epochs = max(1, round(self.arguments.epochs * share))
        return TrainingSettings(epochs=epochs, learning_rate=rate, seed=self.seed)

    def objective(self, method: str) -> Adversarial:
        """Return the loss of a training."""
        return Adversarial(method, self.arguments.eps, steps=5)

    @functools.cached_property
    def natural(self) -> Spiking:
        """Rectified network, trained on clean samples."""
        return self._rectified("natural")

    @functools.cached_property
    def robust(self) -> Spiking:
        """Rectified network, trained by TRADES."""
        return self._rectified("trades")

    def _rectified(self, method: str) -> Spiking:
        found = train(self.settings, self.schedule(0.1), self.part, self.validation, objective=self.objective(method))
        return found.network

    def masks(self, kept: float) -> dict[str, np.ndarray]:
        """Return the masks of the largest weights of the robust network; below 5 % of the largest learnt scores."""
        if kept < 0.05:
            return score_masks(self.robust, self.part, kept, self.objective("trades"), self.schedule(0.1, 0.6))
        weights = {name: one.detach().numpy() for name, one in self.robust.weight.items()}
        return magnitude_masks(weights, kept)

    def pruned(self, kept: float) -> tuple[NetworkSettings, Spiking]:
        """Return the robust network with a mask, trained on."""
        settings = dataclasses.replace(self.settings, masked=True)
        network = settings.build(self.seed)
        network.load_arrays(network.arrays() | self.robust.arrays())
        network.set_masks(self.masks(kept))
        found = train(
            settings,
            self.schedule(0.05, 0.5) if kept >= 0.05 else self.schedule(0.1),
            self.part,
            self.validation,
            start=network.arrays(),
            objective=self.objective("trades"),
        )
        return settings, found.network

    def spiking(self, arm: str) -> tuple[NetworkSettings, Spiking]:
        """Return the spiking network of an arm."""
        method, kept = ARMS[arm]
        options = ConversionSettings(steps=self.arguments.steps)
        if arm.startswith("end to end"):
            settings, first = converted(self.robust, self.settings, self.calibration[:64], options)
            settings = dataclasses.replace(settings, masked=True)
            fresh = settings.build(self.seed)  # thresholds 1 and random weights
            fresh.set_masks(self.masks(kept))
            # as many epochs as the converted network had in all
            schedule, start = self.schedule(0.1, 2.1), fresh.arrays()
        else:
            known = (self.settings, self.natural if method == "natural" else self.robust)
            settings, network = known if kept == 1 else self.pruned(kept)
            settings, first = converted(network, settings, self.calibration, options)
            schedule, start = self.schedule(0.05, 0.6), first.arrays()
        objective = self.objective("natural" if method == "natural" else "kl")
        found = train(settings, schedule, self.part, self.validation, start=start, objective=objective)
        return settings, found.network


def one(data: Seed, arm: str) -> dict[str, float]:
    """Train, attack and count one arm of one seed."""
    arguments, begun = data.arguments, time.process_time()
    settings, network = data.spiking(arm)
    trained = time.process_time()
    attack = AttackSettings(queries=arguments.queries, seed=data.seed)
    complete = data.seed < arguments.complete
    found = ensemble_attack(network, data.images, arguments.eps, attack, everything=complete)
    attacked = time.process_time()
    accuracies = found.accuracies()
    own = accuracies[f"pgd, {OWN}"]
    if not complete:  # those that FGSM has fooled are attacked by PGD too
        single = dataclasses.replace(attack, attacks=("pgd",), views=(OWN,))
        own = ensemble_attack(network, data.images, arguments.eps, single).accuracies()["ensemble"]
    cost = cost_of(network, data.images)
    members = {f"member: {name}": share for name, share in accuracies.items()} if complete else {}
    return {
        "accuracy": float((predictions(network, settings, data.test) == data.test.labels).mean()),
        "clean": accuracies["clean"],
        "single": own,
        "ensemble": accuracies["ensemble"],
        "energy (nJ)": cost.energy * 1e9,
        "weights": float(cost.weights),
        "rate": cost.rate,
        **{f"bytes, {coding}": size for coding, size in cost.bytes.items()},
        **members,
        "cpu of training": trained - begun,
        "cpu of attacks": attacked - trained,
    }


def row_of(name: str, values: np.ndarray, scale: float = 1.0) -> str:
    """Return a mean with its interval."""
    low, high = mean_interval(values)
    return f"{name} {values.mean() * scale:.4g} [{low * scale:.4g}, {high * scale:.4g}]"


def report(runs: dict[str, dict[str, float]], arms: list[str]) -> None:
    """Print a row an arm, the differences from the dense robust network, and what single members overstate."""
    seeds = sorted({int(key.split("|")[1]) for key in runs})
    seeds = [seed for seed in seeds if all(f"{arm}|{seed}" in runs for arm in arms)]
    print(f"{len(seeds)} seeds")

    def values(arm: str, name: str) -> np.ndarray:
        return np.array([runs[f"{arm}|{seed}"][name] for seed in seeds])

    names = ["accuracy", "clean", "single", "ensemble", "energy (nJ)", "rate", "weights"]
    names += [name for name in runs[f"{arms[0]}|{seeds[0]}"] if name.startswith("bytes")]
    print(f"| arm | {' | '.join(names)} |\n|{' --- |' * (len(names) + 1)}")
    for arm in arms:
        print(f"| {arm} | {' | '.join(row_of('', values(arm, name)).strip() for name in names)} |")
    pairs = [(arm, BASE) for arm in arms if arm != BASE]
    if {"robust 10 %", "end to end 10 %"} <= set(arms):
        pairs.append(("robust 10 %", "end to end 10 %"))
    for name in ("ensemble", "accuracy"):
        tests = [paired_test(values(one, name), values(other, name)) for one, other in pairs]
        for (arm, other), test, p in zip(pairs, tests, holm([test.p_value for test in tests]), strict=True):
            low, high = test.interval
            print(f"{name}: {arm} minus {other} {test.mean:+.4f} [{low:+.4f}, {high:+.4f}], p = {p:.2g} (Holm)")
    for arm in arms:
        print(row_of(f"{arm}: single minus ensemble", values(arm, "single") - values(arm, "ensemble")))
        print(row_of(f"{arm}: energy of {BASE} / its own", values(BASE, "energy (nJ)") / values(arm, "energy (nJ)")))
    members = [name for name in runs[f"{arms[0]}|{seeds[0]}"] if name.startswith("member: ")]
    complete = [seed for seed in seeds if all("member: clean" in runs[f"{arm}|{seed}"] for arm in arms)]
    print(f"members, on all images, {len(complete)} seeds")
    print(f"| member | {' | '.join(arms)} |\n|{' --- |' * (len(arms) + 1)}")
    for member in members:
        means = [np.mean([runs[f"{arm}|{seed}"][member] for seed in complete]) for arm in arms]
        print(f"| {member.removeprefix('member: ')} | {' | '.join(f'{mean:.3f}' for mean in means)} |")


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
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument("--out", type=Path, default=Path("results/robust_conversion.json"))
    parser.add_argument("--report", action="store_true", help="print what the file has, and run nothing")
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    runs: dict[str, Any] = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    for seed in range(0 if arguments.report else arguments.seeds):
        missing = [arm for arm in arguments.arms if f"{arm}|{seed}" not in runs]
        data = Seed(arguments, seed) if missing else None
        for arm in missing:
            assert data is not None
            found = one(data, arm)
            runs[f"{arm}|{seed}"] = found
            write_json(arguments.out, runs)
            shown = ", ".join(f"{name} {value:.4g}" for name, value in found.items() if "member" not in name)
            print(f"seed {seed}, {arm}: {shown}", file=sys.stderr, flush=True)
    report(runs, arguments.arms)


if __name__ == "__main__":
    main()
