"""A tiny package that adds an entry to each registry of hrsnn; the tests register its entries, or install it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import toy_engine
import toy_kind

from hrsnn.analysis.runs import TaskRun
from hrsnn.analysis.scoring.contract import SHARE, Score
from hrsnn.analysis.studies.objectives import NamedObjective, Objective
from hrsnn.encoders import CurrentEncoder, PoissonEncoder
from hrsnn.errors import FileError, InputError
from hrsnn.files.reading import read_text, refuse_damaged
from hrsnn.kinds import NetworkSpec
from hrsnn.networks import PrunedNetwork, PruningContext
from hrsnn.networks.methods.contract import Method
from hrsnn.networks.methods.ranking import keep_highest
from hrsnn.readout import readout
from hrsnn.runtime.seeds import generator
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.judging import Reading, judge
from hrsnn.tasks import ClassificationTask, SeriesTask, TaskDeclaration
from hrsnn.tasks.task import split_rows


def leaves(
    path: str | os.PathLike[str], test_share: float = 0.25, encoding: str = "currents", seed: int = 0
) -> ClassificationTask:
    """Load rows of numbers in [0, 1] with a name at their end, from a text file."""
    with refuse_damaged(path, "file of leaves"):
        rows = [line.split(",") for line in read_text(path).splitlines() if line]
        values = np.array([row[:-1] for row in rows], dtype=np.float64)
        labels = np.array([row[-1] for row in rows])
    if values.ndim != 2 or len(np.unique(labels)) < 2:
        raise FileError(path, "must have rows of numbers of at least two kinds of leaves")
    encoders = {"currents": CurrentEncoder(duration=50.0), "spikes": PoissonEncoder(300.0, 50.0, seed=seed)}
    if encoding not in encoders:
        raise InputError("encoding", encoding, f"must be one of {', '.join(encoders)}")
    train, test = split_rows(labels, test_share, seed)
    return ClassificationTask(
        name="leaves",
        x_train=values[train],
        y_train=labels[train],
        x_test=values[test],
        y_test=labels[test],
        classes=np.unique(labels),
        encoder=encoders[encoding],
        raw_baseline=readout(),
        raw_baseline_name="logistic regression on the numbers",
    )


def swing(train: int = 400, test: int = 100, hold: float = 10.0, seed: int = 0) -> SeriesTask:
    """Return the next value of a logistic map."""
    washout, values = 50, [float(generator(seed, "swing").uniform(0.1, 0.9))]
    while len(values) < washout + train + test + 1:
        values.append(3.9 * values[-1] * (1 - values[-1]))
    series = 2 * np.array(values)[:, None] - 1
    parts = slice(washout, washout + train), slice(washout + train, washout + train + test)
    return SeriesTask("swing", series[:-1], series[1:], hold, *parts, washout)


def coins(values: int = 1000, hold: float = 20.0, seed: int = 0) -> SeriesTask:
    """Return random signs to remember."""
    signs = generator(seed, "coins").choice([-1.0, 1.0], (values, 1))
    border = values - (values - 100) // 4
    parts = slice(100, border), slice(border, values)
    return SeriesTask("coins", signs, signs, hold, *parts, 100, kind="memory")


LEAVES = TaskDeclaration(
    summary="leaves of several plants",
    kind="classes",
    load=leaves,
    baselines=("raw_input", "encoded_input", "no_recurrence"),
    spiking={"encoding": "spikes"},
)
SWING = TaskDeclaration(
    summary="a logistic map", kind="series", load=swing, baselines=("last_value", "linear_autoregression", "no_recurrence")
)
COINS = TaskDeclaration(summary="random signs", kind="memory", load=coins, baselines=("no_recurrence", "raw_input"))


def _busiest(run: TaskRun) -> float:
    counts = run.activity.spike_counts.sum(axis=0)
    return float(counts.max() / counts.sum()) if counts.any() else float("nan")


BUSIEST = Score(
    label="Share of the busiest neuron",
    bounds=SHARE,
    better=-1,
    kinds=("classes", "series", "memory"),
    function=_busiest,
)


@dataclass(frozen=True)
class ShortestLinks:
    """Method by which the longest links go first."""

    power: float = 1.0
    uses_exponents: ClassVar[bool] = False

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """Prune for one iteration."""
        now = context.reservoir
        length = np.linalg.norm(now.positions[now.pre] - now.positions[now.post], axis=1)
        return keep_highest(context, -(length**self.power), context.rates)


SHORTEST = Method(summary="the longest links go", method=ShortestLinks)


def _even(objective: NamedObjective, spec: NetworkSpec, seed: int) -> tuple[float, float]:
    found = objective.measured(spec, seed, ("spikes", "silent_share"))
    return 1.0 - found.scores["silent_share"], found.rates.mean_rate


EVEN = Objective(
    summary="share of neurons that take part", direction="maximize", function=_even, kind="memory", task="memory"
)


def _sum(options: RecipeOptions) -> RecipeResult:
    values = np.array(options.for_all(_drawn, [(seed, float(options.values["scale"])) for seed in options.seeds]))
    rows = [RecipeRow("sum", "playground", tuple(values.tolist()))]
    return RecipeResult(rows, judge([Reading("sums-are-positive", "the sum", values)]), dict)


def _drawn(task: tuple[int, float]) -> float:
    seed, scale = task
    return scale * float(generator(seed, "sum").uniform(0.5, 1.5))


SUM = Recipe(
    title="Sums of random numbers",
    paper="nobody-2024",
    item="table 1",
    run=_sum,
    claims=("sums-are-positive",),
    published={"sum": Published(1.0, "table 1")},
    options={"scale": 2.0},
    seeds=3,
    duration="a second",
)

ENGINE: Any = toy_engine.toy()
KIND_ENGINE: Any = toy_kind.ENGINE
KIND: Any = toy_kind.TOY
