"""``hrsnn pruning_curve``: what pruned reservoirs can still do, against sparsity, for all methods, with paired seeds."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

if not __package__:  # run as a file: the package is in the checkout, and this folder is no place to import from
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.checks import count_of
from hrsnn.errors import FileError, InputError
from hrsnn.files import to_json, write_json
from hrsnn.scripts import out_folder
from hrsnn.scripts.command import Command, Flag, execute
from hrsnn.scripts.pruning_verdicts import Curve

if TYPE_CHECKING:
    from hrsnn.networks.exam import Exam
    from hrsnn.spec import ReservoirSpec

#: What is compared: a label, a method and its settings. "dense" and the two controls without recurrent links have no method.
ARMS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "dense": ("", {}),
    "no_recurrence": ("", {}),
    "no_recurrence_drive": ("", {}),
    "lnp": ("lnp", {}),
    "activity": ("activity", {}),
    "magnitude": ("magnitude", {}),
    "random": ("random", {}),
    "erdos_renyi": ("erdos_renyi", {}),
    "noise": ("noise", {}),
    "lnp_paper_score": ("lnp", {"score": "paper"}),
    "lnp_weight": ("lnp", {"score": "weight"}),
    "lnp_no_bias": ("lnp", {"compensate": False}),
    "activity_no_bias": ("activity", {"compensate": False}),
    "magnitude_no_bias": ("magnitude", {"compensate": False}),
    "lnp_no_step_3": ("lnp", {"delocalise": "none"}),
    "lnp_degree": ("lnp", {"delocalise": "degree"}),
    "lnp_step_4": ("lnp", {}),
    "lnp_rescale": ("lnp", {"weights": "rescale"}),
    "lnp_measured": ("lnp", {"covariance": "measured"}),
    "lnp_letter": ("lnp", {"reproduce": "paper"}),
}
_SPARSITIES = (0.5, 0.8, 0.9, 0.95, 0.98)


@dataclass(frozen=True, kw_only=True)
class PruningCurve(Command):
    """Prune by all methods, score the networks on tasks at several sparsities, and judge the paper's claims."""

    seeds: int = 10
    """How many seeds, from --seed on: methods are compared within a seed."""

    jobs: int = 1
    """How many at a time, each in a process of its own; the results are the same."""

    arms: Annotated[tuple[str, ...], tyro.conf.arg(metavar="ARM")] = tuple(ARMS)
    """What to compare; the default is everything."""

    sparsities: Annotated[tuple[float, ...], tyro.conf.arg(metavar="S")] = _SPARSITIES
    """Shares of the links that are gone, ascending."""

    iterations: int = 56
    """Iterations to the last sparsity; 56 come within 0.3 % of all the default ones."""

    tasks: Annotated[tuple[str, ...], tyro.conf.arg(metavar="TASK")] = ("memory", "lorenz63", "digits")
    """Of memory, lorenz63, digits and fsdd (needs --path)."""

    path: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="(for fsdd)")] = None
    """The folder of spoken digits."""

    plastic: Flag = False
    """STDP over the training part of each task, after the pruning."""

    def run(self) -> Curve:
        """Run what is not in the out folder yet, and judge."""
        from hrsnn.networks.exam import Exam
        from hrsnn.parallel import run_all

        count_of("--seeds", self.seeds, 2)
        for arm in self.arms:
            if arm not in ARMS:
                raise InputError("--arms", arm, f"must be of {', '.join(ARMS)}")
        shares = self.sparsities
        if not shares or list(shares) != sorted(set(shares)) or not 0 < shares[0] <= shares[-1] < 1:
            raise InputError("--sparsities", shares, "must be ascending, over 0 and below 1")
        exam = Exam(tuple(dict.fromkeys(self.tasks)), plastic=self.plastic, path=self.path, engine=self.engine)
        plan = Plan(self.reservoir_spec(), exam, shares, count_of("--iterations", self.iterations), self._folder())
        plan.prepare()
        seeds = range(self.seed, self.seed + self.seeds)
        units = [(seed, arm) for seed in seeds for arm in dict.fromkeys(self.arms)]
        found = run_all(plan, units, jobs=self.jobs, progress=self.progress)
        return Curve(plan.spec, plan.settings(), seeds, shares, dict(zip(units, found, strict=True)))

    def _folder(self) -> Path | None:
        return None if self.out is None else self.out / "runs"


@dataclass(frozen=True)
class Plan:
    """What all units have in common; called with a seed and an arm it gives the scores by sparsity, from a file if there."""

    spec: ReservoirSpec
    exam: Exam
    sparsities: tuple[float, ...]
    iterations: int
    folder: Path | None

    def settings(self) -> dict[str, Any]:
        """All that the scores of a unit depend on, beside its seed and arm, and the recordings."""
        exam = {name: getattr(self.exam, name) for name in ("tasks", "plastic", "engine")}
        return {
            "spec": self.spec.to_toml(),
            "exam": {**exam, **dataclasses.asdict(self.exam.sizes)},
            "sparsities": self.sparsities,
            "iterations": self.iterations,
            "versions": out_folder.versions(),
        }

    def prepare(self) -> None:
        """Make the folder of the units, or see that those in it have the same settings."""
        if self.folder is None:
            return
        file = self.folder / "settings.json"
        if file.exists():
            there = _read(file)
            for name, value in json.loads(to_json(self.settings())).items():
                if there.get(name) != value:
                    raise FileError(file, f"the runs there were made with another {name}: choose another --out")
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(self.folder, f"cannot be made: {error.strerror}") from error
        write_json(file, self.settings())

    def __call__(self, unit: tuple[int, str]) -> dict[str, dict[str, float]]:
        seed, arm = unit
        file = None if self.folder is None else self.folder / f"{arm}-{seed}.json"
        if file is not None and file.exists():
            stored = _read(file)
            return {s: {k: math.nan if v is None else v for k, v in scores.items()} for s, scores in stored.items()}
        scores = self.scores(seed, arm)
        if file is not None:
            write_json(file, scores)
        return scores

    def scores(self, seed: int, arm: str) -> dict[str, dict[str, float]]:
        """By sparsity (``0`` where nothing is pruned, ``1`` without any link) the scores of the network."""
        import numpy as np

        from hrsnn.growth import build
        from hrsnn.networks import noise, prune, pruning_method, retune
        from hrsnn.networks.exam import Candidate, abilities, spectrum_distance
        from hrsnn.networks.surgery import mean_drive
        from hrsnn.reservoir import Reservoir
        from hrsnn.simulation import simulate

        def grown(channels: int) -> Reservoir:
            return build(self.spec, seed, channels=channels)

        dense, exam = grown(1), dataclasses.replace(self.exam, seed=seed)
        everyone = np.arange(dense.neurons)
        method, options = ARMS[arm]
        networks: dict[str, tuple[Reservoir, Any]] = {}
        if arm == "dense":
            networks["0"] = dense, everyone
        elif not method:
            bare = dense.without_recurrence()
            if arm == "no_recurrence_drive":
                rates = simulate(dense, noise(1, seed=seed), record=(), engine=exam.engine).rates
                bare = bare.replace(i_bias=bare.i_bias + mean_drive(dense, rates))
            networks["1"] = bare, everyone
        else:
            last = self.sparsities[-1]
            found = prune(
                dense,
                pruning_method(method, **options),
                iterations=self.iterations,
                synapse_target=last,
                seed=seed,
                engine=exam.engine,
                keep=True,
            )
            gone = 1 - np.array([record.links for record in found.records]) / dense.synapses
            for share in self.sparsities:
                network = found.reservoirs[int(np.argmin(np.abs(gone - share)))]
                if arm == "lnp_step_4":  # at each sparsity, as if it were the last
                    network = retune(network, dense, noise(1, seed=seed), seed=seed).reservoir
                networks[str(share)] = network, everyone
        scores = {}
        for label, (network, origin) in networks.items():
            links = {"links": float(network.synapses), "neurons": float(network.neurons)}
            distance = spectrum_distance(network, dense, seed=seed)
            scores[label] = {**links, **distance, **abilities(Candidate(network, origin, grown), exam)}
        return scores


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileError(file, "cannot be read: delete it, and it is made again") from error
    if not isinstance(content, dict):
        raise FileError(file, "is none of this command's: delete it, and it is made again")
    return content


if __name__ == "__main__":
    sys.exit(execute(PruningCurve))
