"""Fig. 11 of Chakraborty & Mukhopadhyay (2024): accuracy against synaptic operations for several pruning methods."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.contract import POSITIVE, SHARE
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.data import first_there, why_not
from hrsnn.scripts.recipes.judging import Reading, family_size, judge, least_certain
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.pruned_runs import CONTROL, DENSE, PAPER, STAND_IN, PrunedRunner, PrunedUnit, check_pruning
from hrsnn.scripts.recipes.units import run_settings, run_units
from hrsnn.scripts.recipes.variant_runs import numbers_in

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
LNP = "lnp"
#: Methods that remove neurons too, and activity pruning as published, which removes neurons alone.
METHODS = (LNP, "magnitude", "random", "erdos_renyi", "activity_neurons")
#: Networks of one size.
SINGLE = (DENSE, CONTROL)


@dataclass(frozen=True)
class Fig11Runner:
    """Function from an arm and a seed to accuracy, operations and removed shares by sparsity (%)."""

    pruned: PrunedRunner
    sparsities: tuple[int, ...]
    task: str

    def __call__(self, unit: PrunedUnit) -> dict[str, dict[str, float]]:
        (arm, seed), runner = unit, self.pruned
        shares = tuple(share / 100 for share in self.sparsities)
        made = runner.networks(f"{arm}_{runner.values['neurons']}" if arm in METHODS[:-1] else arm, shares, seed)
        names = ("0",) if arm in SINGLE else tuple(map(str, self.sparsities))
        return {
            name: {**runner.scores(self.task, left, seed), **runner.removed(left, seed)}
            for name, left in zip(names, made.values(), strict=True)
        }


@dataclass(frozen=True)
class Fig11Curves:
    """Results: ``by[arm][sparsity][name]`` is an array (seeds,); the sparsity of the dense network is "0"."""

    task: str
    by: Mapping[str, Mapping[str, Mapping[str, Array]]]

    def rows(self) -> Iterator[RecipeRow]:
        """Yield accuracy, operations and removed shares of all methods and sparsities."""
        published = Published(None, "fig. 11")
        if self.task != PAPER:
            for arm in METHODS:
                yield RecipeRow(f"accuracy, {PAPER}", arm, published=published, not_run=why_not(PAPER))
        for name, quantity, bounds in (
            ("accuracy", "accuracy", SHARE),
            ("operations", "operations", POSITIVE),
            ("links", "share of the links removed", SHARE),
            ("neurons", "share of the neurons removed", SHARE),
        ):
            for arm, sparsities in self.by.items():
                for sparsity, scores in sparsities.items():
                    of = arm if arm in SINGLE else f"{arm}, {sparsity} %"
                    what = f"{quantity}, {self.task}" if name in ("accuracy", "operations") else quantity
                    yield RecipeRow(what, of, tuple(scores[name].tolist()), bounds)

    def needed(self, arm: str) -> Array:
        """Return by seed the log of the least operations with which the accuracy is 90 % of the dense network's.

        Between two points of the curve operations are interpolated; from the dense network on, which always is as accurate.
        """
        accuracy = np.array([self.by[DENSE]["0"]["accuracy"], *(one["accuracy"] for one in self.by[arm].values())])
        operations = np.array([self.by[DENSE]["0"]["operations"], *(one["operations"] for one in self.by[arm].values())])
        with np.errstate(divide="ignore"):
            logs = np.log(operations)
        return np.array([_reached(0.9 * a[0], a, o) for a, o in zip(accuracy.T, logs.T, strict=True)])

    def readings(self) -> list[Reading]:
        """Return what is measured for the claim, against the method that comes nearest to contradict it."""
        mine = self.needed(LNP)
        parts = {
            f"log of the operations for 90 % of the dense network's accuracy on {self.task}: {arm} - LNP": self.needed(arm)
            - mine
            for arm in METHODS
            if arm != LNP
        }
        return [Reading("lnp-sops-and-accuracy", *least_certain(parts))]

    def figure(self) -> Figure:
        """Draw accuracy against operations."""
        from hrsnn.analysis.figures import scores_in_plane

        points = {
            arm: {"" if arm in SINGLE else key: (one["operations"], one["accuracy"]) for key, one in sparsities.items()}
            for arm, sparsities in self.by.items()
            if arm != CONTROL  # which has no operations
        }
        labels = ("Synaptic operations per sample", f"Accuracy, {self.task}")
        return scores_in_plane(points, *labels, (POSITIVE, SHARE), logarithmic=True)


def _reached(level: float, accuracy: Array, operations: Array) -> float:
    """Return the operations at which a curve falls below a level for the first time; its last point if it does not."""
    for (a, o), (after, fewer) in itertools.pairwise(zip(accuracy, operations, strict=True)):
        if after < level:
            return float(o + (fewer - o) * (a - level) / (a - after)) if np.isfinite(fewer) else float(o)
    return float(operations[-1])


def run(options: RecipeOptions) -> RecipeResult:
    """Prune by all methods for every seed, score the networks of all sparsities, and test the claim."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.spec import ReservoirSpec

    values, spec, seeds = options.values, options.spec, options.seeds
    assert isinstance(spec, ReservoirSpec)
    sparsities = numbers_in("--option sparsities", values["sparsities"], 1, 99)
    check_pruning(values)
    task = first_there((PAPER, STAND_IN), options.data)
    one = dict.fromkeys(("accuracy", "operations", "links", "neurons"), np.ones(2))
    empty = Fig11Curves(task, {arm: {"0": one} for arm in (*METHODS, *SINGLE)})
    logger.info(verdicts_in_reach([family_size(empty.readings())], len(seeds)))
    runner = Fig11Runner(PrunedRunner(spec, values, (task,), options.engine, options.data), sparsities, task)
    arms = (*METHODS, *SINGLE)
    units = [(arm, seed) for seed in seeds for arm in arms]
    found = run_units(options, runner, units, alike=lambda unit: unit[0] in SINGLE)

    def curve(arm: str) -> dict[str, dict[str, Array]]:
        first = found[arm, seeds[0]]
        return {
            key: {name: np.array([found[arm, seed][key][name] for seed in seeds], dtype=np.float64) for name in scores}
            for key, scores in first.items()
        }

    curves = Fig11Curves(task, {arm: curve(arm) for arm in arms})
    claims = judge(curves.readings())
    return RecipeResult(list(curves.rows()), claims, lambda: {"fig11": curves.figure()}, run_settings(options))


RECIPE = Recipe(
    title="Accuracy against synaptic operations of several pruning methods",
    paper="chakraborty-mukhopadhyay-2024",
    item="fig. 11",
    run=run,
    claims=("lnp-sops-and-accuracy",),
    options={
        "iterations": 8,
        "sparsities": "50 80 90 95",
        "neurons": "half",
        "train": 300,
        "test": 200,
        "size": 16,
        "states": "total",
        "plastic": True,
    },
    spec={"neurons": "200", "connectivity": "distance", "length_scale": "3", "weight_scale": "4"},
    seeds=12,
    data=(PAPER,),
    paper_scale=paper_scale("fig11"),
)
