"""Fig. 5 of Chakraborty & Mukhopadhyay (2024): accuracy of the variants against the number of neurons."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.contract import CORRELATION, SHARE
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.data import task_of
from hrsnn.scripts.recipes.judging import Reading, family_size, judge
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.units import run_settings, run_units
from hrsnn.scripts.recipes.variant_runs import (
    NO_RECURRENCE,
    VARIANTS,
    VariantRunner,
    check_sizes,
    numbers_in,
    rows_not_run,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
#: Tasks of the paper, and what stands in for them.
PAPER, STAND_IN = ("kth", "dvs_gesture"), "digits"
ARMS = (*VARIANTS, NO_RECURRENCE)


@dataclass(frozen=True)
class Fig5Curves:
    """Accuracies: ``by[task][arm]`` is an array (seeds, sizes)."""

    by: Mapping[str, Mapping[str, Array]]
    sizes: tuple[int, ...]

    def gain(self, task: str) -> Array:
        """Return what heterogeneity gains, HeNHeS - HoNHoS (seeds, sizes)."""
        return np.asarray(self.by[task]["HeNHeS"] - self.by[task]["HoNHoS"])

    def rows(self) -> Iterator[RecipeRow]:
        """Yield the accuracies of all arms and sizes, and the gains."""
        for task in PAPER:
            if task not in self.by:
                yield from rows_not_run(f"accuracy, {task}", task, ("HoNHoS", "HeNHeS"), Published(None, "fig. 5"))
        for task, arms in self.by.items():
            for arm, values in arms.items():
                for place, size in enumerate(self.sizes):
                    yield RecipeRow(f"accuracy, {task}", f"{arm}, {size} neurons", tuple(values[:, place].tolist()), SHARE)
            for place, size in enumerate(self.sizes):
                gain = tuple(self.gain(task)[:, place].tolist())
                yield RecipeRow(f"gain, {task}", f"HeNHeS - HoNHoS, {size} neurons", gain, CORRELATION)

    def readings(self) -> list[Reading]:
        """Return what is measured for the claim, on the first task that is there."""
        task = next(one for one in (*PAPER, STAND_IN) if one in self.by)
        gain = self.gain(task)
        return [
            Reading(
                "gain-grows-in-small-networks",
                f"gain in accuracy on {task}: with {self.sizes[0]} neurons - with {self.sizes[-1]}",
                gain[:, 0] - gain[:, -1],
            )
        ]

    def figure(self) -> Figure:
        """Draw accuracies and gains against the number of neurons, on the first task that is there."""
        from hrsnn.analysis.figures import over_iterations

        task = next(one for one in (*PAPER, STAND_IN) if one in self.by)
        panels = {f"Accuracy, {task}": dict(self.by[task]), "HeNHeS - HoNHoS": {"gain": self.gain(task)}}
        bounds = {f"Accuracy, {task}": SHARE, "HeNHeS - HoNHoS": CORRELATION}
        return over_iterations(panels, None, bounds, x=self.sizes, x_label="Neurons")


def run(options: RecipeOptions) -> RecipeResult:
    """Score all variants at all sizes for every seed, and test the claim."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.spec import ReservoirSpec

    values, spec = options.values, options.spec
    assert isinstance(spec, ReservoirSpec)
    check_sizes(values, "train", "test")
    sizes = numbers_in("--option sizes", values["sizes"], 10)
    tasks = [task for task in (*PAPER, STAND_IN) if task_of(task, options.data) is not None]
    empty = Fig5Curves({STAND_IN: {arm: np.ones((2, len(sizes))) for arm in ARMS}}, sizes)
    logger.info(verdicts_in_reach([family_size(empty.readings())], len(options.seeds)))
    runner = VariantRunner(spec, values, options.engine, options.data)
    units = [
        (task, arm, size, values["train"], seed)
        for task in tasks
        for seed in options.seeds
        for size in sizes
        for arm in ARMS
    ]
    found = run_units(options, runner, units)

    def scores(task: str, arm: str) -> Array:
        return np.array(
            [[found[task, arm, size, values["train"], seed]["score"] for size in sizes] for seed in options.seeds]
        )

    curves = Fig5Curves({task: {arm: scores(task, arm) for arm in ARMS} for task in tasks}, sizes)
    claims = judge(curves.readings())
    return RecipeResult(list(curves.rows()), claims, lambda: {"fig5": curves.figure()}, run_settings(options))


RECIPE = Recipe(
    title="Accuracy of the variants against the number of neurons",
    paper="chakraborty-mukhopadhyay-2024",
    item="fig. 5",
    run=run,
    claims=("gain-grows-in-small-networks",),
    options={"sizes": "50 100 200 400", "train": 200, "test": 200, "states": "total"},
    seeds=12,
    data=PAPER,
    duration="3 minutes",
    paper_scale=paper_scale("fig5"),
)
