"""Robust sparse conversion of Schmolli et al. (2025): accuracy under attack, energy and weights, dense and sparse."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.kept_runs import KeptRuns
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.judging import Reading, family_size, judge
from hrsnn.scripts.recipes.units import timed_result
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.deep.robust.study import SeedStudy, StudyOptions

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
DENSE, SPARSE, SPARSEST = "robust dense", "robust 10 %", "robust 1 %"
WEIGHTS, ENERGY = 100.0, 8.6
#: Points of accuracy within which a sparse network counts as good as the dense one.
MARGIN = 0.05
_FEWER, _LESS = "weights, dense / own", "energy, dense / own"
#: Scores by the name of their quantity, with their bounds.
QUANTITIES: Mapping[str, tuple[str, tuple[float, float]]] = {
    "accuracy": ("accuracy", (0.0, 1.0)),
    "accuracy under one attack": ("single", (0.0, 1.0)),
    "accuracy under all attacks": ("ensemble", (0.0, 1.0)),
    "energy (nJ)": ("energy", (0.0, np.inf)),
    "spikes a neuron and step": ("rate", (0.0, 1.0)),
}


@functools.lru_cache(maxsize=1)
def _study(seed: int, train: int, options: StudyOptions) -> SeedStudy:
    """Return the study of a seed, whose rectified networks are trained once for all of its arms that follow each other."""
    from hrsnn.deep.robust.study import SeedStudy
    from hrsnn.tasks import TaskChoice

    task = TaskChoice("digits", {}).load_classes(seed=seed).subset(train=train or None, seed=seed)
    return SeedStudy(task, seed, options)


@dataclass(frozen=True)
class RobustRunner:
    """Function from a seed to the scores of its arms, read from files where there are some."""

    options: StudyOptions
    train: int
    kept: KeptRuns

    def settings(self) -> dict[str, Any]:
        """Return everything that the scores of a run depend on, except the seed and the arm."""
        from importlib import metadata

        versions = {**report.versions(), "torch": metadata.version("torch")}
        return {"recipe": "robust-conversion", **vars(self.options), "train": self.train, "versions": versions}

    def __call__(self, seed: int) -> dict[str, Mapping[str, Any]]:
        from hrsnn.deep.robust.study import ARMS

        return {
            arm: timed_result(self.kept, self.name(seed, arm), functools.partial(self._scores, seed, arm)) for arm in ARMS
        }

    def _scores(self, seed: int, arm: str) -> dict[str, float]:
        return _study(seed, self.train, self.options).scores(arm)

    @staticmethod
    def name(seed: int, arm: str) -> str:
        """Return the name of the file of a run."""
        return f"{arm.replace(' %', '').replace(' ', '_')}-{seed}"


@dataclass(frozen=True)
class RobustTable:
    """Scores of all arms: ``by[arm][score]`` is an array (seeds,)."""

    by: Mapping[str, Mapping[str, Array]]

    def ratio(self, arm: str, score: str) -> Array:
        """Return how many times as much the dense robust network has."""
        return np.asarray(self.by[DENSE][score] / self.by[arm][score])

    def rows(self) -> Iterator[RecipeRow]:
        """Yield the quantities of all arms."""
        for quantity, (score, bounds) in QUANTITIES.items():
            for arm, scores in self.by.items():
                yield RecipeRow(quantity, arm, tuple(scores[score].tolist()), bounds)
        for quantity, score in ((_FEWER, "weights"), (_LESS, "energy")):
            for arm in self.by:
                if arm != DENSE:
                    yield RecipeRow(quantity, arm, tuple(self.ratio(arm, score).tolist()), (0.0, np.inf))
        for coding in ("bitmask", "columns"):
            for arm in (SPARSE, SPARSEST):
                saved = self.by[DENSE]["bytes dense"] / self.by[arm][f"bytes {coding}"]
                yield RecipeRow(f"bytes, dense / own, {coding}", arm, tuple(saved.tolist()), (0.0, np.inf))

    def readings(self) -> list[Reading]:
        """Return what is measured for each claim."""
        accuracy, robust = ({arm: scores[name] for arm, scores in self.by.items()} for name in ("accuracy", "ensemble"))
        return [
            Reading(
                "sparse-weights-100-times",
                f"accuracy with 1 % of the weights - (accuracy with all - {MARGIN:g})",
                accuracy[SPARSEST] - accuracy[DENSE] + MARGIN,
            ),
            Reading(
                "sparse-energy-8-times",
                f"energy of the dense robust network / energy with 10 % of the weights - {ENERGY:g}",
                self.ratio(SPARSE, "energy") - ENERGY,
            ),
            Reading(
                "sparse-stays-robust",
                f"accuracy under all attacks with 10 % of the weights - (with all - {MARGIN:g})",
                robust[SPARSE] - robust[DENSE] + MARGIN,
            ),
        ]

    def figure(self) -> Figure:
        """Draw accuracy without and with attacks against energy."""
        from hrsnn.analysis.figures.deep import energy_and_robustness

        return energy_and_robustness(
            {arm: (one["energy"], one["accuracy"], one["ensemble"]) for arm, one in self.by.items()}
        )


def run(options: RecipeOptions) -> RecipeResult:
    """Train, convert and attack all arms for every seed, and test the claims."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.deep.robust.study import ARMS, StudyOptions

    values = dict(options.values)
    train = count_of("--option train", values.pop("train"), 0)
    sizes = StudyOptions(**values)
    kept = KeptRuns(options.runs)
    plan = RobustRunner(sizes, train, kept)
    kept.prepare(plan.settings())
    empty = {name: np.ones(1) for name in ("accuracy", "ensemble", "energy")}
    logger.info(verdicts_in_reach([family_size(RobustTable(dict.fromkeys(ARMS, empty)).readings())], len(options.seeds)))
    found = dict(zip(options.seeds, options.for_all(plan, options.seeds), strict=True))
    kept.check_names({plan.name(seed, arm): one for seed, arms in found.items() for arm, one in arms.items()})
    names = next(iter(found[options.seeds[0]].values()))
    table = RobustTable(
        {arm: {name: np.array([found[seed][arm][name] for seed in options.seeds]) for name in names} for arm in ARMS}
    )
    return RecipeResult(
        list(table.rows()), judge(table.readings()), lambda: {"robust_conversion": table.figure()}, plan.settings()
    )


RECIPE = Recipe(
    title="Accuracy under all attacks, energy and weights of converted networks, dense and sparse, on digits",
    paper="schmolli-et-al-2025",
    item="abstract",
    run=run,
    claims=("sparse-weights-100-times", "sparse-energy-8-times", "sparse-stays-robust"),
    published={_FEWER: Published(WEIGHTS, "abstract: up to"), _LESS: Published(ENERGY, "abstract: estimated")},
    options={
        "model": "mlp",
        "eps": 0.1,
        "images": 50,
        "queries": 300,
        "attack_steps": 20,
        "steps": 8,
        "epochs": 8,
        "train": 0,
    },
    network="",
    seeds=12,
    extra="torch",
    duration="half an hour",
)
