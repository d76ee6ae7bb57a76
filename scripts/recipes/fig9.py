"""Fig. 9 of Chakraborty & Mukhopadhyay (2024): searches for memory, for few spikes and for both."""

from __future__ import annotations

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
from hrsnn.scripts.recipes.search_runs import FRESH, SearchRunner, check_searches
from hrsnn.scripts.recipes.units import run_settings, run_units
from hrsnn.scripts.recipes.variant_runs import numbers_in

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.spec import ReservoirSpec

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
#: Objective, number of neurons, seed.
Unit = tuple[str, int, int]
#: Objectives: C, S and C / S of the paper. "default" is the network without a search.
OBJECTIVES = ("memory", "spikes", "efficiency")
DEFAULT, BEST = "default", "efficiency"
ARMS = (*OBJECTIVES, DEFAULT)
SPOKEN, STAND_INS, LORENZ = "shd", ("fsdd", "digits"), "lorenz96"
#: Without a lower bound, the network with the fewest spikes is silent (Hz).
_RATES = (1.0, 100.0)


@dataclass(frozen=True)
class Fig9Runner:
    """Function from an objective, a number of neurons and a seed to the scores of a new network with the best parameters."""

    searches: SearchRunner
    task: str

    def __call__(self, unit: Unit) -> dict[str, float]:
        arm, neurons, seed = unit
        spec = self.searches.spec.updated({"neurons": neurons})
        if arm != DEFAULT:
            objective = self.searches.objective(arm, "memory", _RATES)
            spec = self.searches.search(spec, objective, seed).best_spec
        return self.scores(spec, seed + FRESH)

    def scores(self, spec: ReservoirSpec, seed: int) -> dict[str, float]:
        """Return memory and spikes in its task, and the score and spikes in the two tasks of the paper, all after STDP."""

        def measured(objective: str, task: str, score: str) -> tuple[float, float]:
            found = self.searches.objective(objective, task, _RATES).measured(spec, seed, (score, "spikes_per_neuron"))
            return found.scores[score], found.scores["spikes_per_neuron"]

        values = (
            *measured("memory", "memory", "memory_capacity"),
            *measured("accuracy", self.task, "accuracy"),
            *measured("nrmse", LORENZ, "nrmse"),
        )
        return dict(zip(SCORES, values, strict=True))


#: Quantities by the name of the score, with their bounds.
SCORES = {
    "capacity": ("memory capacity (values)", POSITIVE),
    "spikes": ("spikes per neuron and second, memory", POSITIVE),
    "accuracy": ("accuracy", SHARE),
    "spikes_classes": ("spikes per neuron and sample", POSITIVE),
    "nrmse": (f"NRMSE, {LORENZ}", POSITIVE),
    "spikes_series": (f"spikes per neuron and second, {LORENZ}", POSITIVE),
}


@dataclass(frozen=True)
class Fig9Points:
    """Results: ``by[arm][size][score]`` is an array (seeds,)."""

    task: str
    by: Mapping[str, Mapping[int, Mapping[str, Array]]]

    def rows(self) -> Iterator[RecipeRow]:
        """Yield all scores of all arms and sizes, and memory over spikes."""
        if self.task != SPOKEN:
            for arm in OBJECTIVES:
                yield RecipeRow("accuracy, SHD", arm, published=Published(None, "fig. 9 b"), not_run=why_not(SPOKEN))
        for name, (quantity, bounds) in SCORES.items():
            what = f"{quantity}, {self.task}" if name in ("accuracy", "spikes_classes") else quantity
            published = Published(None, "fig. 9 a" if name in ("nrmse", "spikes_series") else "fig. 9")
            for arm, sizes in self.by.items():
                for size, scores in sizes.items():
                    of = f"search for {arm}, {size} neurons" if arm != DEFAULT else f"{arm}, {size} neurons"
                    paper = arm != DEFAULT and (self.task == SPOKEN or name not in ("accuracy", "spikes_classes"))
                    yield RecipeRow(what, of, tuple(scores[name].tolist()), bounds, published if paper else None)

    def gains(self) -> dict[str, Array]:
        """Return by seed what the search for efficiency gains on the other two: means over the sizes, of spikes as logs."""
        found = {}
        for other in ("memory", "spikes"):
            for name, sign in (("accuracy", 1), ("nrmse", -1)):
                words = f"{SCORES[name][0]}: {BEST} - {other}" if sign > 0 else f"{SCORES[name][0]}: {other} - {BEST}"
                found[words] = sign * self._mean(name, other)
            for name in ("spikes_classes", "spikes_series"):
                found[f"log of the {SCORES[name][0]}: {other} - {BEST}"] = -self._mean(name, other, logs=True)
        return found

    def _mean(self, name: str, other: str, logs: bool = False) -> Array:
        def of(arm: str, size: int) -> Array:
            return np.log(self.by[arm][size][name]) if logs else self.by[arm][size][name]

        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.mean([of(BEST, size) - of(other, size) for size in self.by[BEST]], axis=0))

    def readings(self) -> list[Reading]:
        """Return what is measured for the claim, which is of scores and of spikes, against both other searches."""
        return [Reading("search-for-efficiency-is-best", *least_certain(self.gains()))]

    def figures(self) -> dict[str, Figure]:
        """Draw the plane of spikes and memory; areas of marks are accuracies (b), or inverse NRMSEs (a)."""
        from hrsnn.analysis.figures import scores_in_plane

        points = {
            arm: {str(size): (scores["spikes"], scores["capacity"]) for size, scores in sizes.items()}
            for arm, sizes in self.by.items()
        }
        areas = {
            name: {
                arm: {str(size): float((scores[name] ** power).mean()) for size, scores in sizes.items()}
                for arm, sizes in self.by.items()
            }
            for name, power in (("nrmse", -1), ("accuracy", 1))
        }
        labels = ("Spikes per neuron and second", "Memory capacity (values)")
        return {
            f"fig9_{name}": scores_in_plane(points, *labels, (POSITIVE, POSITIVE), areas=of, joined="label")
            for name, of in areas.items()
        }


def run(options: RecipeOptions) -> RecipeResult:
    """Search for all objectives at all sizes for every seed, score new networks, and test the claim."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.spec import ReservoirSpec

    values, spec, seeds = options.values, options.spec, options.seeds
    assert isinstance(spec, ReservoirSpec)
    check_searches(values)
    sizes = numbers_in("--option sizes", values["sizes"], 10)
    task = first_there((SPOKEN, *STAND_INS), options.data)
    one = {size: dict.fromkeys(SCORES, np.ones(2)) for size in sizes}
    logger.info(verdicts_in_reach([family_size(Fig9Points(task, dict.fromkeys(ARMS, one)).readings())], len(seeds)))
    runner = Fig9Runner(SearchRunner(spec, values, options.engine, options.data), task)
    found = run_units(options, runner, [(arm, size, seed) for seed in seeds for size in sizes for arm in ARMS])
    points = Fig9Points(
        task,
        {
            arm: {
                size: {name: np.array([found[arm, size, seed][name] for seed in seeds]) for name in SCORES} for size in sizes
            }
            for arm in ARMS
        },
    )
    return RecipeResult(list(points.rows()), judge(points.readings()), points.figures, run_settings(options))


RECIPE = Recipe(
    title="Searches for memory, for few spikes and for memory per spike, by the number of neurons",
    paper="chakraborty-mukhopadhyay-2024",
    item="fig. 9",
    run=run,
    claims=("search-for-efficiency-is-best",),
    options={"sizes": "50 150", "trials": 12, "train": 100, "test": 200, "states": "total", "values": 1000},
    spec={"connectivity": "distance", "length_scale": "2", "weight_scale": "4"},
    seeds=12,
    data=(SPOKEN, STAND_INS[0]),
    paper_scale=paper_scale("fig9"),
)
