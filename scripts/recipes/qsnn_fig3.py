"""Fig. 3 of Wei et al. (2024): size of the model against accuracy, of quantised networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.deep_runs import DATA, DeepTable, data_sets, measure
from hrsnn.scripts.recipes.judging import Reading, judge
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.qsnn_arms import FULL, QSNN_OPTIONS, STEPS, full, named, quantised

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.scripts.recipes.deep_runs import Arm

OURS = named(2, True)
#: Arms with their bits of weights; the two in the middle are what other quantised networks have, without regulation.
ARMS: Mapping[str, int] = {OURS: 1, "1w-32u": 1, "2w-2u": 2, FULL: 32}
#: Sizes of ResNet-19 in MB: that of the paper, and that of Yin et al. from "56.22 % less" than theirs.
SIZES = {OURS: 1.62, "2w-2u": 3.70}
_MEGABYTE = 1e6


def size_of(model: str, shape: tuple[int, ...], classes: int, weight_bits: int) -> float:
    """Return the size of a model: weights, and the constants of its normalised channels, in MB.

    Examples
    --------
    >>> round(size_of("resnet-19", (3, 32, 32), 10, 1), 2)
    1.62
    """
    from hrsnn.deep.memory import memory_of
    from hrsnn.deep.models import architecture

    memory = memory_of(architecture(model, shape, classes), weight_bits)
    return (memory.weights + memory.constants) / _MEGABYTE


def rows(table: DeepTable, sizes: Mapping[str, Mapping[str, float]]) -> Iterator[RecipeRow]:
    """Yield the sizes of ResNet-19, and of each data set sizes and accuracies."""
    for arm, bits in ARMS.items():
        size = size_of("resnet-19", (3, 32, 32), 10, bits)
        yield RecipeRow(f"MB, ResNet-19, {arm}", "counted", (size,))
    for label, arms in table.by.items():
        for arm in ARMS:
            yield RecipeRow(f"MB, {label}", arm, (sizes[label][arm],))
        for arm in ARMS:
            yield RecipeRow(f"accuracy, {label}", arm, tuple(arms[arm]["accuracy"].tolist()), (0.0, 1.0))
        yield table.row(f"accuracy, {label}", "logistic regression", label, FULL, "linear")


def figure(table: DeepTable, sizes: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draw accuracy against the size of the model."""
    from hrsnn.analysis.figures.deep import accuracy_against_size

    return accuracy_against_size(
        {label: {arm: (sizes[label][arm], arms[arm]["accuracy"]) for arm in ARMS} for label, arms in table.by.items()}
    )


def run(options: RecipeOptions) -> RecipeResult:
    """Train all arms for every seed, and count their sizes."""
    reading = options.values["reproduce"]
    arms: dict[str, Arm] = {
        OURS: quantised(2, True, reading),
        "1w-32u": quantised(32, False, reading),
        "2w-2u": quantised(2, False, reading, weight_bits=2),
        FULL: full(),
    }
    table, settings = measure(options, arms, STEPS)
    known = {one.label: one for one in data_sets(options.scale, STEPS)}
    sizes = {
        label: {arm: size_of(known[label].model, SHAPES[label][0], SHAPES[label][1], bits) for arm, bits in ARMS.items()}
        for label in table.by
    }
    reason = "the networks of others that it is compared with are not built; three of ours are beside it (the rows above)"
    return RecipeResult(
        list(rows(table, sizes)),
        judge([Reading("qsnn-best-of-quantised", "accuracy and size", reason=reason)]),
        lambda: {"qsnn_fig3": figure(table, sizes)},
        {"recipe_settings": settings},
    )


#: Shape of the frames and number of classes, from which sizes are counted; means over images make them independent of the
#: sides of the images of events.
SHAPES: Mapping[str, tuple[tuple[int, ...], int]] = {
    "digits": ((1, 8, 8), 10),
    "MNIST, 14 x 14": ((1, 14, 14), 10),
    "CIFAR-10": ((3, 32, 32), 10),
    "CIFAR-100": ((3, 32, 32), 100),
    "DVS-Gesture": ((2, 64, 64), 11),
    "DVS-CIFAR10": ((2, 64, 64), 10),
}
RECIPE = Recipe(
    title="Accuracy against the size of the model, of networks with few bits",
    paper="wei-et-al-2024",
    item="fig. 3",
    run=run,
    claims=("qsnn-best-of-quantised",),
    published={f"MB, ResNet-19, {arm}": Published(value, "section 5.2") for arm, value in SIZES.items()},
    options=QSNN_OPTIONS,
    network="",
    seeds=12,
    data=DATA,
    paper_scale=paper_scale("qsnn-fig3"),
    extra="torch",
    duration="2 minutes",
)
