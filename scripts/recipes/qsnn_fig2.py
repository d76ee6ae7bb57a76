"""Figs. 2 and 4 of Wei et al. (2024): shares of spikes and of positive weights by layer, without and with regulation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from hrsnn.scripts.recipes.contract import Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.deep_runs import DATA, DeepTable, measure
from hrsnn.scripts.recipes.judging import Reading, judge
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.qsnn_arms import QSNN_OPTIONS, STEPS, named, quantised

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WITHOUT, WITH = named(2, False), named(2, True)
#: Scores of layers by their names in the table, with their bounds.
SCORES = {
    "p_s": ("rates", (0.0, 1.0)),
    "entropy of spikes (nats)": ("entropies", (0.0, math.log(2))),
    "p_w": ("positive_weights", (0.0, 1.0)),
}
#: Layers that the figures show.
_SHOWN = 8


def rows(table: DeepTable) -> Iterator[RecipeRow]:
    """Yield the values of the first eight layers, and the means of all."""
    for label, arms in table.by.items():
        for words, (score, bounds) in SCORES.items():
            for arm in (WITHOUT, WITH):
                of = arms[arm][score]
                for layer, values in list(of.items())[:_SHOWN]:
                    yield RecipeRow(f"{words}, {label}, {layer}", arm, tuple(values.tolist()), bounds)
                mean = np.mean(list(of.values()), axis=0)
                yield RecipeRow(f"{words}, {label}, mean over layers", arm, tuple(mean.tolist()), bounds)


def readings(table: DeepTable) -> list[Reading]:
    """Return what is measured for each claim."""

    def apart(arm: str) -> np.ndarray:
        """Distance of p_w from 1/2, the mean over layers and data sets."""
        found = [
            np.mean([abs(p - 0.5) for p in arms[arm]["positive_weights"].values()], axis=0) for arms in table.by.values()
        ]
        return np.asarray(np.mean(found, axis=0))

    entropy = table.mean_over_layers("entropies", WITHOUT)
    rates = {arm: table.mean_over_layers("rates", arm) for arm in (WITHOUT, WITH)}
    return [
        Reading(
            "qsnn-little-information-without",
            "half of the largest entropy - the mean entropy of spikes, without WS-DR",
            math.log(2) / 2 - entropy,
        ),
        Reading("qsnn-weights-balanced", "mean of |p_w - 1/2|: without - with WS-DR", apart(WITHOUT) - apart(WITH)),
        Reading("qsnn-rates-raised", "mean p_s: with - without WS-DR", rates[WITH] - rates[WITHOUT]),
    ]


def figure(table: DeepTable) -> Figure:
    """Draw p_s and p_w of the first eight layers, without and with dual regulation."""
    from hrsnn.analysis.figures.deep import shares_by_layer

    panels = {}
    for label, arms in table.by.items():
        for score, words in (("rates", "Share of spikes"), ("positive_weights", "Share of weights > 0")):
            panels[f"{words}, {label}"] = {arm: dict(list(arms[arm][score].items())[:_SHOWN]) for arm in (WITHOUT, WITH)}
    return shares_by_layer(panels)


def run(options: RecipeOptions) -> RecipeResult:
    """Train both arms for every seed, and test the claims."""
    arms = {named(2, regulate): quantised(2, regulate, options.values["reproduce"]) for regulate in (False, True)}
    table, settings = measure(options, arms, STEPS)
    return RecipeResult(
        list(rows(table)), judge(readings(table)), lambda: {"qsnn_fig2": figure(table)}, {"recipe_settings": settings}
    )


RECIPE = Recipe(
    title="Shares of spikes and of positive weights by layer, without and with dual regulation",
    paper="wei-et-al-2024",
    item="figs. 2 and 4",
    run=run,
    claims=("qsnn-little-information-without", "qsnn-weights-balanced", "qsnn-rates-raised"),
    options=QSNN_OPTIONS,
    network="",
    seeds=12,
    data=DATA,
    paper_scale=paper_scale("qsnn-fig2"),
    extra="torch",
    duration="a minute",
)
