"""Table V of Chakraborty & Mukhopadhyay (2024): forecasts and operations of unpruned and pruned networks."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.contract import POSITIVE, SHARE, Bounds
from hrsnn.errors import InputError
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.judging import Reading, family_size, judge
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.pruned_runs import CONTROL, DENSE, PrunedRunner, check_pruning, gathered
from hrsnn.scripts.recipes.units import run_settings, run_units

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
LNP, ACTIVITY, RANDOM = "lnp", "activity_neurons", "erdos_renyi"
#: Activity pruning as published removes neurons; "activity" keeps them all, as LNP does here, and removes links.
ARMS = (DENSE, LNP, ACTIVITY, "activity", RANDOM, CONTROL)
TASKS = ("lorenz63", "rossler")
SCORES: Mapping[str, tuple[str, Bounds]] = {
    "nrmse": ("NRMSE, one step ahead", POSITIVE),
    "nrmse_ahead": ("NRMSE, ten steps ahead", POSITIVE),
    "nrmse_closed": ("NRMSE in closed loop", POSITIVE),
    "valid_time": ("valid time at 0.1 (Lyapunov times)", POSITIVE),
    "operations": ("operations per value", POSITIVE),
}
#: The paper's table has no values in the text that we have.
_WHERE = Published(None, "table V")
_MISSING = ("Google stock prices", "wind speed")
_NO_DATA = "the recipe has no data of it: hrsnn pruning_curve --tasks csv --path FILE takes them"


@dataclass(frozen=True)
class Table5:
    """Results: ``by[task][score][arm]`` is an array (seeds,); the task "size" has the removed shares."""

    by: Mapping[str, Mapping[str, Mapping[str, Array]]]

    def rows(self) -> Iterator[RecipeRow]:
        """Yield all scores of all arms and tasks, the ratio of operations, and the removed shares."""
        for task in TASKS:
            for score, (label, bounds) in SCORES.items():
                for arm, values in self.by[task][score].items():
                    published = _WHERE if arm in (DENSE, LNP, ACTIVITY) else None
                    yield RecipeRow(f"{label}, {task}", arm, tuple(values.tolist()), bounds, published)
            dense = self.by[task]["operations"][DENSE]
            for arm in ARMS[1:-1]:
                ratio = dense / self.by[task]["operations"][arm]
                yield RecipeRow(f"operations, dense over pruned, {task}", arm, tuple(ratio.tolist()), POSITIVE)
        for what, arms in self.by["size"].items():
            for arm, values in arms.items():
                yield RecipeRow(f"share of the {what} removed", arm, tuple(values.tolist()), SHARE)
        for data in _MISSING:
            for arm in (DENSE, LNP, ACTIVITY):
                yield RecipeRow(f"NRMSE, {data}", arm, published=_WHERE, not_run=_NO_DATA)

    def readings(self) -> list[Reading]:
        """Return what is measured for each claim, on Lorenz-63."""
        lorenz = self.by[TASKS[0]]
        error, operations = lorenz["nrmse_ahead"], lorenz["operations"]
        return [
            Reading(
                "table-5-lnp-predicts-better-than-ap",
                "NRMSE on Lorenz-63, ten steps ahead: activity pruning - LNP",
                error[ACTIVITY] - error[LNP],
            ),
            Reading(
                "table-5-lnp-fewer-sops",
                "log of the operations: activity pruning - LNP",
                np.log(operations[ACTIVITY] / operations[LNP]),
            ),
            Reading(
                "table-5-lnp-better-than-dense",
                "NRMSE on Lorenz-63, ten steps ahead: dense - LNP",
                error[DENSE] - error[LNP],
            ),
        ]

    def figure(self) -> Figure:
        """Draw errors, valid times and operations on both tasks."""
        from hrsnn.analysis.figures import scores_over_seeds

        labels = {"nrmse_ahead": "NRMSE, ten ahead", "valid_time": "Valid time at 0.1", "operations": "Operations"}
        panels = {f"{label}, {task}": dict(self.by[task][score]) for score, label in labels.items() for task in TASKS}
        return scores_over_seeds(panels, dict.fromkeys(panels, POSITIVE), highlighted=2)


def run(options: RecipeOptions) -> RecipeResult:
    """Prune by all methods for every seed, score the networks on all series, and test the claims."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.spec import ReservoirSpec

    values, spec = options.values, options.spec
    assert isinstance(spec, ReservoirSpec)
    check_pruning(values)
    if values["series_test"] < 20:
        raise InputError("--option series_test", values["series_test"], "must be 20 or more, for forecasts in closed loop")
    one = {arm: np.ones(2) for arm in ARMS}
    empty = Table5({"size": {}, **{task: dict.fromkeys(SCORES, one) for task in TASKS}})
    logger.info(verdicts_in_reach([family_size(empty.readings())], len(options.seeds)))
    runner = PrunedRunner(spec, {**values, "states": "total"}, TASKS, options.engine, options.data)
    units = [(arm, seed) for seed in options.seeds for arm in ARMS]
    table = Table5(gathered(run_units(options, runner, units), ARMS, options.seeds))
    claims = judge(table.readings())
    return RecipeResult(list(table.rows()), claims, lambda: {"table5": table.figure()}, run_settings(options))


RECIPE = Recipe(
    title="Forecasts and operations of unpruned networks and of those pruned by LNP and by activity",
    paper="chakraborty-mukhopadhyay-2024",
    item="table V",
    run=run,
    claims=("table-5-lnp-predicts-better-than-ap", "table-5-lnp-fewer-sops", "table-5-lnp-better-than-dense"),
    options={"iterations": 8, "sparsity": 0.9, "series_train": 1000, "series_test": 300, "plastic": False},
    spec={"neurons": "200", "connectivity": "distance", "length_scale": "3", "weight_scale": "4"},
    seeds=12,
    duration="5 minutes",
    paper_scale=paper_scale("table5"),
)
