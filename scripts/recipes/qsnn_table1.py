"""Table 1 of Wei et al. (2024): accuracy by the bits of weights and potentials, here with and without dual regulation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.deep_runs import DATA, DeepTable, labels, measure
from hrsnn.scripts.recipes.judging import Reading, judge
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.qsnn_arms import BITS, FULL, QSNN_OPTIONS, STEPS, full, named, quantised

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Published accuracies of floating point, then of weights of one bit with potentials of 8, 4 and 2.
TABLE: Mapping[str, tuple[float, ...]] = {
    "CIFAR-10": (0.9636, 0.9554, 0.9531, 0.9520),
    "CIFAR-100": (0.7952, 0.7877, 0.7882, 0.7870),
    "TinyImageNet": (0.5677, 0.5570, 0.5520, 0.5504),
    "DVS-Gesture": (0.9783, 0.9792, 0.9757, 0.9653),
    "DVS-CIFAR10": (0.8210, 0.8160, 0.8150, 0.8000),
}
#: Accuracy that quantised networks may lose to count as near to floating point: the published losses are up to 2.1 points.
_LITTLE = 0.02


def rows(table: DeepTable) -> Iterator[RecipeRow]:
    """Yield accuracies by data set and bits, with and without regulation, and those of logistic regression."""
    for label in dict.fromkeys((*labels(STEPS), *TABLE)):
        yield table.row(f"{label}, {FULL}", "floating point", label, FULL, "accuracy")
        for bits in BITS:
            for regulate in (True, False) if label in table.by else (True,):
                name = named(bits, regulate)
                of = "with WS-DR" if regulate else "without"
                yield table.row(f"{label}, 1w-{bits}u", of, label, name, "accuracy")
        if label in table.by:
            yield table.row(f"{label}, baseline", "logistic regression", label, FULL, "linear")


def readings(table: DeepTable) -> list[Reading]:
    """Return what is measured for the claim: how much less than two points the networks of fewest bits lose."""
    lost = table.over_data("accuracy", FULL) - table.over_data("accuracy", named(2, True))
    return [Reading("qsnn-close-to-full-precision", f"{_LITTLE} - the accuracy lost by 1w-2u with WS-DR", _LITTLE - lost)]


def figure(table: DeepTable) -> Figure:
    """Draw accuracies by data set."""
    from hrsnn.analysis.figures import accuracy_and_rate

    panels = {f"Accuracy, {label}": {name: of["accuracy"] for name, of in arms.items()} for label, arms in table.by.items()}
    regulated = tuple(named(bits, True) for bits in BITS)
    return accuracy_and_rate(panels, bounds=dict.fromkeys(panels, (0.0, 1.0)), highlighted=regulated)


def run(options: RecipeOptions) -> RecipeResult:
    """Train all arms for every seed, and test the claim."""
    reading = options.values["reproduce"]
    arms = {FULL: full()}
    arms |= {named(bits, regulate): quantised(bits, regulate, reading) for bits in BITS for regulate in (True, False)}
    table, settings = measure(options, arms, STEPS)
    return RecipeResult(
        list(rows(table)), judge(readings(table)), lambda: {"qsnn_table1": figure(table)}, {"recipe_settings": settings}
    )


RECIPE = Recipe(
    title="Accuracy by bits of weights and potentials, with and without dual regulation",
    paper="wei-et-al-2024",
    item="table 1",
    run=run,
    claims=("qsnn-close-to-full-precision",),
    published={
        f"{label}, {bits}": Published(value, "table 1")
        for label, values in TABLE.items()
        for bits, value in zip((FULL, *(f"1w-{bits}u" for bits in BITS)), values, strict=True)
    },
    options=QSNN_OPTIONS,
    network="",
    seeds=12,
    data=DATA,
    paper_scale=paper_scale("qsnn-table1"),
    extra="torch",
    duration="3 minutes",
)
