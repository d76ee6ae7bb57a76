"""Quadratic against leaky neurons (Moreno et al. 2025), each with the window of its parameters and with a narrow one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from hrsnn.errors import InputError
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.deep_runs import DATA, OPTIONS, Arm, DeepTable, labels, measure, why_not_run
from hrsnn.scripts.recipes.judging import Reading, judge
from hrsnn.scripts.recipes.paper import paper_scale

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Steps of the published networks for images, and their model for events.
STEPS, EVENT_MODEL = 4, "vgg-snn"
#: Half-width of the narrow window, in thresholds.
NARROW = 0.25
WINDOWS = {"own window": None, "narrow window": NARROW}
#: Readings of the quadratic neuron.
QUADRATIC = ("qif", "qif-roots")
#: Published accuracies by data set; of those that no scale has, the rows are not run.
PUBLISHED = {"CIFAR-10": 0.9686, "CIFAR-100": 0.8062, "ImageNet": 0.7038, "DVS-CIFAR10": 0.83}


def rows(table: DeepTable, quadratic: str) -> Iterator[RecipeRow]:
    """Yield accuracies, shares of potentials within windows, and agreements of gradients."""
    names = [f"{neuron}, {window}" for window in WINDOWS for neuron in ("lif", quadratic)]
    for label in dict.fromkeys((*labels(STEPS), *PUBLISHED)):
        if label not in table.by:
            yield RecipeRow(f"accuracy, {label}", f"{quadratic}, own window", not_run=why_not_run(label))
            continue
        for name in names:
            yield table.row(f"accuracy, {label}", name, label, name, "accuracy")
        yield table.row(f"accuracy, {label}", "logistic regression", label, names[0], "linear")
        for name in names:
            yield table.row(f"potentials in the window, {label}", name, label, name, "in_window")
        for score, words in (("cosine", "own width"), ("cosine_half", "half of it"), ("cosine_twice", "twice")):
            for name in names[:2]:
                values = table.values(label, name, score)
                yield RecipeRow(f"cosine of gradients at {words}, {label}", name, values, (-1.0, 1.0))


def readings(table: DeepTable, quadratic: str) -> list[Reading]:
    """Return what is measured for each claim."""
    own, narrow = (table.over_data("accuracy", f"{quadratic}, {window}") for window in WINDOWS)
    cosine, half, twice = (
        table.over_data(score, f"{quadratic}, own window") for score in ("cosine", "cosine_half", "cosine_twice")
    )
    return [
        Reading(
            "qif-beats-lif",
            f"accuracy, each with its own window: {quadratic} - lif",
            own - table.over_data("accuracy", "lif, own window"),
        ),
        Reading("qif-window-from-parameters", f"accuracy of {quadratic}: own window - {NARROW}", own - narrow),
        Reading(
            "qif-window-minimises-mismatch",
            f"cosine of gradients of {quadratic}: at its own width - the better of half and twice that width",
            cosine - np.maximum(half, twice),
        ),
    ]


def figure(table: DeepTable, quadratic: str) -> Figure:
    """Draw accuracies by data set, and the share of potentials within windows."""
    from hrsnn.analysis.figures import accuracy_and_rate

    panels, bounds = {}, {}
    for score, words in (("accuracy", "Accuracy"), ("in_window", "In the window")):
        for label, arms in table.by.items():
            panel = f"{words},\n{label}"  # of two lines: there are four panels
            panels[panel] = {name: of[score] for name, of in arms.items()}
            bounds[panel] = (0.0, 1.0)
    return accuracy_and_rate(panels, bounds=bounds, highlighted=tuple(f"{quadratic}, {window}" for window in WINDOWS))


def run(options: RecipeOptions) -> RecipeResult:
    """Train all arms for every seed, and test the claims."""
    from hrsnn.deep.neurons import NEURONS
    from hrsnn.deep.precision import Precision

    quadratic = options.values["neuron"]
    if quadratic not in QUADRATIC:
        raise InputError("--option neuron", quadratic, f"must be one of {', '.join(QUADRATIC)}")
    arms = {
        f"{neuron}, {words}": Arm(NEURONS.find(neuron), Precision(), window)
        for words, window in WINDOWS.items()
        for neuron in ("lif", quadratic)
    }
    table, settings = measure(options, arms, STEPS, gradients=True, event_model=EVENT_MODEL)
    return RecipeResult(
        list(rows(table, quadratic)),
        judge(readings(table, quadratic)),
        lambda: {"qif": figure(table, quadratic)},
        {"recipe_settings": settings},
    )


RECIPE = Recipe(
    title="Accuracy and gradients of quadratic and leaky neurons, with their own and with narrow windows",
    paper="moreno-et-al-2025",
    item="results",
    run=run,
    claims=("qif-beats-lif", "qif-window-from-parameters", "qif-window-minimises-mismatch"),
    published={f"accuracy, {label}": Published(value, "results") for label, value in PUBLISHED.items()},
    options={**OPTIONS, "neuron": "qif"},
    network="",
    seeds=12,
    data=DATA,
    paper_scale=paper_scale("qif"),
    extra="torch",
    duration="4 minutes",
)
