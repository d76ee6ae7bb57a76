"""Table I of Chakraborty & Mukhopadhyay (2024): accuracy of the variants and of trained networks on KTH and DVS128."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.contract import SHARE
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.data import task_of, why_not
from hrsnn.scripts.recipes.judging import Reading, family_size, judge
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.units import run_settings, run_units
from hrsnn.scripts.recipes.variant_runs import (
    BASELINES,
    FURTHER,
    NEEDS_TORCH,
    NO_RECURRENCE,
    VARIANTS,
    VariantRunner,
    VariantUnit,
    check_sizes,
    gathered,
    without_torch,
)
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
#: Accuracies (%) on KTH and on DVS128.
TABLE: Mapping[str, tuple[float, float]] = {
    "HoNHoS": (86.33, 90.33),
    "HeNHoS": (92.16, 92.16),
    "HoNHeS": (91.37, 93.37),
    "HeNHeS": (94.32, 96.54),
    "HoNB": (94.87, 97.06),
    "HeNB": (96.84, 98.12),
}
#: Tasks of the paper, and what stands in for them: images, which are in scikit-learn.
PAPER, STAND_IN = ("kth", "dvs_gesture"), "digits"
_NAMES = {"kth": "KTH", "dvs_gesture": "DVS128", "digits": "digits"}
_TRAINED = ("HoNB", "HeNB")


@dataclass(frozen=True)
class Table1:
    """Accuracies: ``by[task][arm]["score"]`` is an array (seeds,)."""

    by: Mapping[str, Mapping[str, Mapping[str, Array]]]
    #: Why the rows of an arm of a task were not run.
    missing: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def rows(self) -> Iterator[RecipeRow]:
        """Yield the accuracies of all arms and tasks, those not run too."""
        for task in (*PAPER, STAND_IN):
            for arm in (*TABLE, *FURTHER, NO_RECURRENCE, *BASELINES["classes"]):
                place = PAPER.index(task) if task in PAPER else None
                published = None
                if place is not None and arm in TABLE:
                    published = Published(TABLE[arm][place] / 100, "table I")
                found = self.by.get(task, {}).get(arm)
                if found is not None:
                    yield RecipeRow(f"accuracy, {_NAMES[task]}", arm, tuple(found["score"].tolist()), SHARE, published)
                elif (task, arm) in self.missing and (published or task in self.by):
                    reason = self.missing[task, arm]
                    yield RecipeRow(f"accuracy, {_NAMES[task]}", arm, published=published, not_run=reason)

    def readings(self) -> list[Reading]:
        """Return what is measured for each claim: on the first task that is there."""
        task = next(task for task in (*PAPER, STAND_IN) if task in self.by)
        scores = {arm: found["score"] for arm, found in self.by[task].items()}
        gains = {arm: scores[arm] - scores["HoNHoS"] for arm in VARIANTS if arm != "HoNHoS"}
        # the claim is of all three: it is tested on the one with the smallest gain
        least = min(gains, key=lambda arm: float(gains[arm].mean()))
        measured = f"accuracy on {_NAMES[task]}: {least}, which gains least of the three, - HoNHoS"
        return [Reading("table-1-both-heterogeneities-add", measured, gains[least])]

    def figure(self) -> Figure:
        """Draw the accuracies on all tasks that are there."""
        from hrsnn.analysis.figures import scores_over_seeds

        panels = {
            f"Accuracy, {_NAMES[task]}": {arm: found["score"] for arm, found in arms.items() if len(found["score"]) > 1}
            for task, arms in self.by.items()
        }
        return scores_over_seeds(panels, dict.fromkeys(panels, SHARE), highlighted=len(VARIANTS))


def plan(options: RecipeOptions) -> tuple[list[VariantUnit], dict[tuple[str, str], str]]:
    """Return the units to be run, and why the others are not."""
    values, units, missing = options.values, [], {}
    for task in (*PAPER, STAND_IN):
        for arm in (*VARIANTS, *_TRAINED, *FURTHER, NO_RECURRENCE, *BASELINES["classes"]):
            if task_of(task, options.data) is None:
                missing[task, arm] = why_not(task)
            elif arm in _TRAINED and (not values["trained"] or without_torch()):
                missing[task, arm] = NEEDS_TORCH if without_torch() else "needs option trained, a number of seeds"
            else:
                seeds = options.seeds[: values["trained"]] if arm in _TRAINED else options.seeds
                units += [(task, arm, options.spec.neurons, values["train"], seed) for seed in seeds]
    # the arms of a seed follow each other, and share its task
    return sorted(units, key=lambda unit: ((*PAPER, STAND_IN).index(unit[0]), unit[-1])), missing


def run(options: RecipeOptions) -> RecipeResult:
    """Run all rows for every seed, and test the claims."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.spec import ReservoirSpec

    values, spec = options.values, options.spec
    assert isinstance(spec, ReservoirSpec)
    check_sizes(values, "train", "test")
    count_of("--option trained", values["trained"], 0, len(options.seeds))
    units, missing = plan(options)
    empty = Table1({STAND_IN: {arm: {"score": np.ones(2)} for arm in VARIANTS}})
    logger.info(verdicts_in_reach([family_size(empty.readings())], len(options.seeds)))
    runner = VariantRunner(spec, values, options.engine, options.data)
    found = run_units(options, runner, units, alike=lambda unit: unit[1] in BASELINES["classes"])
    table = Table1(gathered(found), missing)
    claims = judge(table.readings())
    return RecipeResult(list(table.rows()), claims, lambda: {"table1": table.figure()}, run_settings(options))


RECIPE = Recipe(
    title="Accuracy of the variants and of trained networks on videos of actions and gestures",
    paper="chakraborty-mukhopadhyay-2024",
    item="table I",
    run=run,
    claims=("table-1-both-heterogeneities-add",),
    options={"train": 200, "test": 200, "states": "total", "trained": 0, "epochs": 15},
    spec={"neurons": "200"},
    seeds=12,
    data=PAPER,
    duration="2 minutes",
    paper_scale=paper_scale("table1"),
)
