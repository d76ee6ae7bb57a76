"""Fig. 6 of Chakraborty & Mukhopadhyay (2024): convergence of the search for homogeneous and heterogeneous networks."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.contract import SHARE
from hrsnn.errors import InputError
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.data import first_there
from hrsnn.scripts.recipes.judging import Reading, family_size, judge, least_certain
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.search_runs import FRESH, SearchRunner, check_searches
from hrsnn.scripts.recipes.units import by_seed, run_settings, run_units
from hrsnn.scripts.recipes.variant_runs import numbers_in, rows_not_run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
#: Variant, number of neurons, seed.
Unit = tuple[str, int, int]
ARMS = ("HoNHoS", "HeNHeS")
#: Tasks of the paper, and what stands in for them.
PAPER, STAND_IN = ("kth", "dvs_gesture"), "digits"
#: A search has converged once the best accuracy so far is within this of its last.
_NEAR = 0.01
#: The paper's search has no bounds of the rate: none that a network would meet.
_ANY_RATE = (0.0, 1000.0)


@dataclass(frozen=True)
class Fig6Runner:
    """Function from a variant, a number of neurons and a seed to the best accuracies so far, and that of a new network."""

    searches: SearchRunner
    task: str

    def __call__(self, unit: Unit) -> dict[str, dict[str, float]]:
        arm, neurons, seed = unit
        spec = self.searches.spec.variant(arm).updated({"neurons": neurons})
        objective = self.searches.objective("accuracy", self.task, _ANY_RATE)
        found = self.searches.search(spec, objective, seed)
        best = {str(trial): float(value) for trial, value in enumerate(found.best_so_far(), 1)}
        return {"best": best, "fresh": {"accuracy": objective(found.best_spec, seed + FRESH).value}}


@dataclass(frozen=True)
class Fig6Curves:
    """Searches: ``best[size][arm]`` is an array (seeds, trials), ``fresh[size][arm]`` one (seeds,)."""

    task: str
    best: Mapping[int, Mapping[str, Array]]
    fresh: Mapping[int, Mapping[str, Array]]
    margin: float

    def converged(self, size: int, arm: str) -> Array:
        """Return by seed the share of the trials after which the best accuracy is within one point of its last."""
        best = self.best[size][arm]
        return np.asarray(((best >= best[:, -1:] - _NEAR).argmax(axis=1) + 1) / best.shape[1])

    def spread(self, size: int, arm: str) -> Array:
        """Return by seed the distance of the accuracy of a new network with the best parameters from the median."""
        fresh = self.fresh[size][arm]
        return np.asarray(np.abs(fresh - np.median(fresh)))

    def rows(self) -> Iterator[RecipeRow]:
        """Yield the best accuracies, those of new networks, their spread and the trials that the searches take."""
        for task in PAPER:
            if task != self.task:
                yield from rows_not_run(f"best accuracy, {task}", task, ARMS, Published(None, "fig. 6"))
        for size, arms in self.best.items():
            for arm, best in arms.items():
                of = f"{arm}, {size} neurons"
                yield RecipeRow(f"first accuracy, {self.task}", of, tuple(best[:, 0].tolist()), SHARE)
                yield RecipeRow(f"best accuracy, {self.task}", of, tuple(best[:, -1].tolist()), SHARE)
                yield RecipeRow(f"accuracy of a new network, {self.task}", of, tuple(self.fresh[size][arm].tolist()), SHARE)
                yield RecipeRow("its distance from the median", of, tuple(self.spread(size, arm).tolist()), SHARE)
                yield RecipeRow("share of the trials", of, tuple(self.converged(size, arm).tolist()), SHARE)

    def readings(self) -> list[Reading]:
        """Return what is measured for the claim, which is of speed and of spread, at all sizes."""
        parts = {}
        for size in self.best:
            slower = self.converged(size, "HeNHeS") - self.converged(size, "HoNHoS")
            # alike if the difference is above -margin and below margin: both are tested by the one that is nearer
            within = self.margin - slower if slower.mean() > 0 else self.margin + slower
            parts[f"{self.margin:g} - the distance of the shares of the trials, {size} neurons"] = within
            spread = self.spread(size, "HoNHoS") - self.spread(size, "HeNHeS")
            parts[f"distance of the accuracy from its median, {size} neurons: HoNHoS - HeNHeS"] = spread
        return [Reading("search-converges-alike", *least_certain(parts))]

    def figure(self) -> Figure:
        """Draw the best accuracy so far over the trials, a panel for each number of neurons."""
        from hrsnn.analysis.figures import over_iterations

        panels = {f"Accuracy, {size} neurons": dict(arms) for size, arms in self.best.items()}
        trials = next(iter(next(iter(self.best.values())).values())).shape[1]
        return over_iterations(panels, None, dict.fromkeys(panels, SHARE), x=range(1, trials + 1), x_label="Trials")


def run(options: RecipeOptions) -> RecipeResult:
    """Search for both variants at all sizes for every seed, and test the claim."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.spec import ReservoirSpec

    values, spec, seeds = options.values, options.spec, options.seeds
    assert isinstance(spec, ReservoirSpec)
    check_searches(values)
    sizes = numbers_in("--option sizes", values["sizes"], 10)
    if not 0 < values["margin"] < 1:
        raise InputError("--option margin", values["margin"], "must be a share of the trials, between 0 and 1")
    task = first_there((*PAPER, STAND_IN), options.data)
    one = {size: dict.fromkeys(ARMS, np.ones((2, 2))) for size in sizes}
    empty = Fig6Curves(task, one, {size: dict.fromkeys(ARMS, np.ones(2)) for size in sizes}, 0.5)
    logger.info(verdicts_in_reach([family_size(empty.readings())], len(seeds)))
    runner = Fig6Runner(SearchRunner(spec, values, options.engine, options.data), task)
    found = run_units(options, runner, [(arm, size, seed) for seed in seeds for size in sizes for arm in ARMS])

    def of(arm: str, size: int, name: str) -> Array:
        return np.array([list(one[name].values()) for one in by_seed(found, seeds, arm, size)], dtype=np.float64)

    curves = Fig6Curves(
        task,
        {size: {arm: of(arm, size, "best") for arm in ARMS} for size in sizes},
        {size: {arm: of(arm, size, "fresh")[:, 0] for arm in ARMS} for size in sizes},
        values["margin"],
    )
    claims = judge(curves.readings())
    return RecipeResult(list(curves.rows()), claims, lambda: {"fig6": curves.figure()}, run_settings(options))


RECIPE = Recipe(
    title="Convergence of the search for homogeneous and heterogeneous networks of two sizes",
    paper="chakraborty-mukhopadhyay-2024",
    item="fig. 6",
    run=run,
    claims=("search-converges-alike",),
    options={
        "sizes": "50 150",
        "trials": 16,
        "train": 100,
        "test": 200,
        "states": "total",
        "margin": 0.2,
    },
    spec={"connectivity": "distance", "length_scale": "2", "weight_scale": "4"},
    seeds=12,
    data=PAPER,
    paper_scale=paper_scale("fig6"),
)
