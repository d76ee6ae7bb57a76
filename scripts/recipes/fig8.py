"""Fig. 8 of Chakraborty & Mukhopadhyay (2024): accuracy against the part of the training data that is seen."""

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
from hrsnn.scripts.recipes.judging import Reading, family_size, judge
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.units import run_settings, run_units
from hrsnn.scripts.recipes.variant_runs import (
    BASELINES,
    NEEDS_TORCH,
    VARIANTS,
    VariantRunner,
    check_sizes,
    numbers_in,
    rows_not_run,
    without_torch,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
#: Task of the paper, and what stands in for it.
PAPER, STAND_IN = "kth", "digits"
#: Trained by back-propagation; the shares of the data at which the paper calls it and HeNHeS similar (%).
TRAINED, LITTLE, SIMILAR = "HeNB", 10, 25
ARMS = (*VARIANTS, TRAINED, *BASELINES["classes"])


@dataclass(frozen=True)
class Fig8Curves:
    """Accuracies: ``by[arm][share]`` is an array (seeds,), of shares of the training data in %."""

    task: str
    by: Mapping[str, Mapping[int, Array]]
    margin: float
    #: Why networks that are trained by back-propagation were not run.
    missing: str = ""

    def rows(self) -> Iterator[RecipeRow]:
        """Yield the accuracies of all arms and shares."""
        if self.task != PAPER:
            yield from rows_not_run(f"accuracy, {PAPER}", PAPER, (*VARIANTS, TRAINED), Published(None, "fig. 8"))
        for arm in ARMS:
            for share, values in self.by.get(arm, {}).items():
                yield RecipeRow(f"accuracy, {self.task}", f"{arm}, {share} % of the data", tuple(values.tolist()), SHARE)
        if self.missing:
            yield RecipeRow(f"accuracy, {self.task}", TRAINED, not_run=self.missing)

    def readings(self) -> list[Reading]:
        """Return what is measured for each claim."""
        homogeneous, both = self.by["HoNHoS"][LITTLE], self.by["HeNHeS"][LITTLE]
        trained = self.by.get(TRAINED, {})
        measured = f"accuracy on {self.task} with {LITTLE} % of the training data: HeNHeS -"
        if not {LITTLE, SIMILAR} <= set(trained):
            reason = self.missing or f"needs {TRAINED} with {LITTLE} and {SIMILAR} % of the data"
            return [
                Reading("het-learns-from-little-data", f"{measured} HoNHoS", both - homogeneous),
                Reading("little-data-beats-backpropagation", f"{measured} {TRAINED}", reason=reason),
                Reading("ten-percent-equals-twenty-five", "accuracy", reason=reason),
            ]
        difference = both - trained[SIMILAR]
        # equivalent if the difference is above -margin and below margin: both are tested by the one that is nearer
        within = self.margin - difference if difference.mean() > 0 else self.margin + difference
        return [
            Reading("het-learns-from-little-data", f"{measured} HoNHoS", both - homogeneous),
            Reading("little-data-beats-backpropagation", f"{measured} {TRAINED}", both - trained[LITTLE]),
            Reading(
                "ten-percent-equals-twenty-five",
                f"{self.margin:g} - the distance of the accuracies of HeNHeS with {LITTLE} % and {TRAINED} with {SIMILAR} %",
                within,
            ),
        ]

    def figure(self) -> Figure:
        """Draw the accuracies against the share of the data."""
        from hrsnn.analysis.figures import over_iterations

        shares = list(self.by["HeNHeS"])
        label = f"Accuracy, {self.task}"
        drawn = {arm: np.array(list(one.values())).T for arm, one in self.by.items() if list(one) == shares}
        return over_iterations({label: drawn}, None, {label: SHARE}, x=shares, x_label="Share of the training data (%)")


def run(options: RecipeOptions) -> RecipeResult:
    """Score all arms with all shares of the data for every seed, and test the claims."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.spec import ReservoirSpec

    values, spec = options.values, options.spec
    assert isinstance(spec, ReservoirSpec)
    check_sizes(values, "train", "test")
    shares = numbers_in("--option shares", values["shares"], 1)
    if shares[-1] > 100 or LITTLE not in shares:
        raise InputError("--option shares", values["shares"], f"must be percentages up to 100, {LITTLE} among them")
    if not 0 < values["margin"] < 1:
        raise InputError("--option margin", values["margin"], "must be between 0 and 1")
    task = first_there((PAPER, STAND_IN), options.data)
    missing = "" if values["trained"] else "needs option trained=true"
    missing = NEEDS_TORCH if values["trained"] and without_torch() else missing
    arms = [arm for arm in ARMS if arm != TRAINED or not missing]
    empty = {arm: {share: np.ones(2) for share in shares} for arm in arms}
    readings = Fig8Curves(task, empty, values["margin"], missing).readings()
    logger.info(verdicts_in_reach([family_size(readings)], len(options.seeds)))
    runner = VariantRunner(spec, values, options.engine, options.data)

    def unit(arm: str, share: int, seed: int) -> tuple[str, str, int, int, int]:
        return task, arm, spec.neurons, max(20, round(values["train"] * share / 100)), seed

    units = [unit(arm, share, seed) for seed in options.seeds for share in shares for arm in arms]
    found = run_units(options, runner, units, alike=lambda one: one[1] in BASELINES["classes"])
    by = {
        arm: {share: np.array([found[unit(arm, share, seed)]["score"] for seed in options.seeds]) for share in shares}
        for arm in arms
    }
    curves = Fig8Curves(task, by, values["margin"], missing)
    claims = judge(curves.readings())
    return RecipeResult(list(curves.rows()), claims, lambda: {"fig8": curves.figure()}, run_settings(options))


RECIPE = Recipe(
    title="Accuracy of the variants and of back-propagation against the share of the training data",
    paper="chakraborty-mukhopadhyay-2024",
    item="fig. 8",
    run=run,
    claims=("het-learns-from-little-data", "little-data-beats-backpropagation", "ten-percent-equals-twenty-five"),
    options={
        "shares": "10 25 50 100",
        "train": 600,
        "test": 200,
        "states": "total",
        "trained": False,
        "epochs": 10,
        "margin": 0.03,
    },
    spec={"neurons": "100"},
    seeds=12,
    data=(PAPER,),
    duration="3 minutes; with trained=true 10 more",
    paper_scale=paper_scale("fig8"),
)
