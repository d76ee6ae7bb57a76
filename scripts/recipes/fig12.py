"""Fig. 12 of Chakraborty & Mukhopadhyay (2024): accuracy and operations after each step of Lyapunov noise pruning."""

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
from hrsnn.scripts.recipes.data import first_there
from hrsnn.scripts.recipes.judging import Reading, family_size, judge, least_certain
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.pruned_runs import CONTROL, DENSE, PAPER, STAND_IN, PrunedRunner, check_pruning, gathered
from hrsnn.scripts.recipes.units import run_settings, run_units

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
#: Points of the figure by the arms of the pruning curve: the whole path, and the alternatives that leave out a step.
PATH: Mapping[str, str] = {
    "A: dense": DENSE,
    "B: step 1": "lnp_step_1",
    "C: steps 1, 2": "lnp_steps_12",
    "D: steps 1 to 3": "lnp_half",
    "E: steps 1 to 4": "lnp_steps_1234",
}
ALTERNATIVES: Mapping[str, str] = {
    "B, then 3": "lnp",
    "B, then 3, 4": "lnp_step_4",
    "C, then 4": "lnp_steps_124",
}
POINTS = {**PATH, **ALTERNATIVES}
NONE = "no recurrent links"


@dataclass(frozen=True)
class Fig12Table:
    """Results: ``accuracy[point]`` and ``operations[point]`` are arrays (seeds,)."""

    task: str
    accuracy: Mapping[str, Array]
    operations: Mapping[str, Array]

    def rows(self) -> Iterator[RecipeRow]:
        """Yield accuracy and operations of all points."""
        published = Published(None, "fig. 12")
        if self.task != PAPER:
            for point in PATH:
                yield RecipeRow(f"accuracy, {PAPER}", point, published=published, not_run="needs --data with CIFAR-10")
        for point, values in self.accuracy.items():
            yield RecipeRow(f"accuracy, {self.task}", point, tuple(values.tolist()), SHARE)
        for point, values in self.operations.items():
            yield RecipeRow(f"operations, {self.task}", point, tuple(values.tolist()), POSITIVE)

    def gains(self) -> dict[str, Array]:
        """Return by seed what each step is for: fewer operations by steps 1 and 2, accuracy by steps 3 and 4.

        Operations are logs of ratios, accuracies differences.
        """
        found = {}
        for step, (before, after) in enumerate(itertools.pairwise(PATH), 1):
            if step <= 2:
                with np.errstate(divide="ignore", invalid="ignore"):
                    found[f"step {step}"] = np.log(self.operations[before] / self.operations[after])
            else:
                found[f"step {step}"] = self.accuracy[after] - self.accuracy[before]
        return found

    def readings(self) -> list[Reading]:
        """Return what is measured for the claim, which is of all steps: the one with the least gain for its spread."""
        least, gain = least_certain(self.gains())
        what = "log of the operations before over after" if least in ("step 1", "step 2") else "accuracy, after - before"
        return [Reading("fig-12-steps-all-contribute", f"{least}, which is the least certain: {what}", gain)]

    def figure(self) -> Figure:
        """Draw accuracy and operations of all points."""
        from hrsnn.analysis.figures import scores_over_seeds

        panels = {f"Accuracy, {self.task}": dict(self.accuracy), "Operations per sample": dict(self.operations)}
        bounds = dict(zip(panels, (SHARE, POSITIVE), strict=True))
        return scores_over_seeds(panels, bounds, highlighted=len(PATH))


def run(options: RecipeOptions) -> RecipeResult:
    """Prune with the steps of each point for every seed, score the networks, and test the claim."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.spec import ReservoirSpec

    values, spec = options.values, options.spec
    assert isinstance(spec, ReservoirSpec)
    check_pruning(values)
    task = first_there((PAPER, STAND_IN), options.data)
    one: Array = np.ones(2)
    empty = Fig12Table(task, dict.fromkeys(POINTS, one), dict.fromkeys(POINTS, one))
    logger.info(verdicts_in_reach([family_size(empty.readings())], len(options.seeds)))
    runner = PrunedRunner(spec, values, (task,), options.engine, options.data)
    arms = {**POINTS, NONE: CONTROL}
    units = [(arm, seed) for seed in options.seeds for arm in arms.values()]
    by = gathered(run_units(options, runner, units), arms.values(), options.seeds)[task]
    table = Fig12Table(
        task,
        {point: by["accuracy"][arm] for point, arm in arms.items()},
        {point: by["operations"][arm] for point, arm in arms.items()},
    )
    claims = judge(table.readings())
    return RecipeResult(list(table.rows()), claims, lambda: {"fig12": table.figure()}, run_settings(options))


RECIPE = Recipe(
    title="Accuracy and operations after each step of Lyapunov noise pruning, and without single steps",
    paper="chakraborty-mukhopadhyay-2024",
    item="fig. 12",
    run=run,
    claims=("fig-12-steps-all-contribute",),
    options={"iterations": 5, "sparsity": 0.9, "train": 200, "test": 200, "size": 16, "states": "final", "plastic": True},
    spec={"neurons": "100", "connectivity": "distance", "length_scale": "3", "weight_scale": "4"},
    seeds=12,
    data=(PAPER,),
    duration="10 minutes",
    paper_scale=paper_scale("fig12"),
)
