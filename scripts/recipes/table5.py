"""Table V of Chakraborty & Mukhopadhyay (2024): forecasts and operations of unpruned and pruned networks."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.contract import POSITIVE, SHARE, Bounds
from hrsnn.errors import InputError
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.data import TABLES, task_of, why_not
from hrsnn.scripts.recipes.judging import Reading, family_size, judge
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.pruned_runs import (
    CONTROL,
    DENSE,
    STDP,
    TRAINED,
    ModelRunner,
    PrunedRunner,
    check_pruning,
    run_models,
)
from hrsnn.scripts.recipes.units import run_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
LNP, ACTIVITY, RANDOM = "lnp", "activity_neurons", "erdos_renyi"
#: Activity pruning as published removes neurons; "activity" keeps them all, as LNP does here, and removes links.
ARMS = (DENSE, LNP, ACTIVITY, "activity", RANDOM, CONTROL)
#: Arms of the table, which the other models have alone.
FEW = (DENSE, LNP, ACTIVITY)
_FIRST = STDP[0]
TASKS = ("lorenz63", "rossler")
SCORES: Mapping[str, tuple[str, Bounds]] = {
    "nrmse": ("NRMSE, one step ahead", POSITIVE),
    "nrmse_ahead": ("NRMSE, ten steps ahead", POSITIVE),
    "nrmse_closed": ("NRMSE in closed loop", POSITIVE),
    "valid_time": ("valid time at 0.1", POSITIVE),
    "operations": ("operations per value", POSITIVE),
}
_TIMES = dict.fromkeys(TASKS, "Lyapunov times") | dict.fromkeys(TABLES, "values")
#: The paper's table has no values in the text that we have.
_WHERE = Published(None, "table V")


@dataclass(frozen=True)
class Table5:
    """Results: ``by[model][task][score][arm]`` is an array (seeds,); the task "size" has the removed shares."""

    by: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Array]]]]
    #: Why models, and series, were not run.
    missing: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> Iterator[RecipeRow]:
        """Yield all scores of all models, arms and tasks, the ratio of operations, and the removed shares."""
        for model, tasks in self.by.items():
            for task in (task for task in tasks if task != "size"):
                yield from self._of_task(model, task)
            for what, arms in tasks["size"].items():
                for arm, values in arms.items():
                    yield RecipeRow(f"share of the {what} removed", f"{model}, {arm}", tuple(values.tolist()), SHARE)
        for series, reason in self.missing.items():
            for arm in FEW:
                model, task = (series, TASKS[0]) if series in TRAINED else (_FIRST, series)
                yield RecipeRow(f"NRMSE, one step ahead, {task}", f"{model}, {arm}", published=_WHERE, not_run=reason)

    def _of_task(self, model: str, task: str) -> Iterator[RecipeRow]:
        for score, arms in self.by[model][task].items():
            label, bounds = SCORES[score]
            label = f"{label} ({_TIMES[task]})" if score == "valid_time" else label
            for arm, values in arms.items():
                published = _WHERE if arm in FEW else None
                yield RecipeRow(f"{label}, {task}", f"{model}, {arm}", tuple(values.tolist()), bounds, published)
        operations = self.by[model][task]["operations"]
        for arm in operations:
            if arm not in (DENSE, CONTROL):
                ratio = tuple((operations[DENSE] / operations[arm]).tolist())
                yield RecipeRow(f"operations, dense over pruned, {task}", f"{model}, {arm}", ratio, POSITIVE)

    def readings(self) -> list[Reading]:
        """Return what is measured for each claim, of HRSNN after STDP on Lorenz-63."""
        lorenz = self.by[_FIRST][TASKS[0]]
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
        """Draw errors, valid times and operations of HRSNN after STDP on both systems."""
        from hrsnn.analysis.figures import scores_over_seeds

        labels = {"nrmse_ahead": "NRMSE, ten ahead", "valid_time": "Valid time at 0.1", "operations": "Operations"}
        first = self.by[_FIRST]
        panels = {f"{label}, {task}": dict(first[task][score]) for score, label in labels.items() for task in TASKS}
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
    empty = Table5({_FIRST: {"size": {}, **{task: dict.fromkeys(SCORES, one) for task in TASKS}}})
    logger.info(verdicts_in_reach([family_size(empty.readings())], len(options.seeds)))
    there = tuple(series for series in TABLES if task_of(series, options.data) is not None)
    changed = {**values, "states": "total", "plastic": True}
    runner = ModelRunner(PrunedRunner(spec, changed, (*TASKS, *there), options.engine, options.data))
    by, missing = run_models(options, runner, {model: ARMS if model == _FIRST else FEW for model in (*STDP, *TRAINED)})
    table = Table5(by, missing | {series: why_not(series) for series in TABLES if series not in there})
    claims = judge(table.readings())
    return RecipeResult(list(table.rows()), claims, lambda: {"table5": table.figure()}, run_settings(options))


RECIPE = Recipe(
    title="Forecasts and operations of unpruned networks and of those pruned by LNP and by activity",
    paper="chakraborty-mukhopadhyay-2024",
    item="table V",
    run=run,
    claims=("table-5-lnp-predicts-better-than-ap", "table-5-lnp-fewer-sops", "table-5-lnp-better-than-dense"),
    options={"iterations": 8, "sparsity": 0.9, "series_train": 1000, "series_test": 300, "trained": 0, "epochs": 5},
    spec={"neurons": "200", "connectivity": "distance", "length_scale": "3", "weight_scale": "4"},
    seeds=12,
    data=TABLES,
    paper_scale=paper_scale("table5"),
)
