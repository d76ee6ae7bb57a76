"""Fig. 5 of Wei et al. (2024): accuracy of the quantised network without and with dual regulation, and in floating point."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.deep_runs import DATA, DeepTable, labels, measure, why_not_run
from hrsnn.scripts.recipes.judging import Reading, judge
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.qsnn_arms import FULL, QSNN_OPTIONS, STEPS, full, named, quantised

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WITHOUT, WITH = named(2, False), named(2, True)
#: Published accuracies on CIFAR-10; that without regulation from the gain of 1.78 points.
PUBLISHED = {WITHOUT: 0.9342, WITH: 0.9520, FULL: 0.9636}


def rows(table: DeepTable) -> Iterator[RecipeRow]:
    """Yield accuracies, and the gain."""
    for label in labels(STEPS):
        if label not in table.by and label != "CIFAR-10":
            continue
        for arm in PUBLISHED:
            yield table.row(f"{label}, {arm}", "accuracy", label, arm, "accuracy")
        if label not in table.by:
            yield RecipeRow(f"{label}, gain by WS-DR", "accuracy", not_run=why_not_run(label))
        else:
            gain = tuple((table.by[label][WITH]["accuracy"] - table.by[label][WITHOUT]["accuracy"]).tolist())
            yield table.row(f"{label}, logistic regression", "accuracy", label, FULL, "linear")
            yield RecipeRow(f"{label}, gain by WS-DR", "accuracy", gain, (-1.0, 1.0))


def readings(table: DeepTable) -> list[Reading]:
    """Return what is measured for the claim."""
    gain = table.over_data("accuracy", WITH) - table.over_data("accuracy", WITHOUT)
    return [Reading("qsnn-dual-regulation", "accuracy of 1w-2u: with - without WS-DR", gain)]


def figure(table: DeepTable) -> Figure:
    """Draw the accuracies by data set."""
    from hrsnn.analysis.figures import accuracy_and_rate

    panels = {f"Accuracy, {label}": {name: of["accuracy"] for name, of in arms.items()} for label, arms in table.by.items()}
    return accuracy_and_rate(panels, bounds=dict.fromkeys(panels, (0.0, 1.0)), highlighted=(WITH,))


def run(options: RecipeOptions) -> RecipeResult:
    """Train the three arms for every seed, and test the claim."""
    arms = {named(2, regulate): quantised(2, regulate, options.values["reproduce"]) for regulate in (False, True)}
    table, settings = measure(options, arms | {FULL: full()}, STEPS)
    return RecipeResult(
        list(rows(table)), judge(readings(table)), lambda: {"qsnn_fig5": figure(table)}, {"recipe_settings": settings}
    )


RECIPE = Recipe(
    title="Accuracy of the quantised network without and with dual regulation, and in floating point",
    paper="wei-et-al-2024",
    item="fig. 5",
    run=run,
    claims=("qsnn-dual-regulation",),
    published={
        **{f"CIFAR-10, {arm}": Published(value, "section 5.3") for arm, value in PUBLISHED.items()},
        "CIFAR-10, gain by WS-DR": Published(0.0178, "section 5.3"),
    },
    options=QSNN_OPTIONS,
    network="",
    seeds=12,
    data=DATA,
    paper_scale=paper_scale("qsnn-fig5"),
    extra="torch",
    duration="a minute",
)
