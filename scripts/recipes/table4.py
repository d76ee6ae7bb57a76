"""Table IV of Chakraborty & Mukhopadhyay (2024): accuracy, sparsity and operations of pruned networks on images."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.contract import CORRELATION, POSITIVE, SHARE
from hrsnn.errors import InputError
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.data import task_of, why_not
from hrsnn.scripts.recipes.judging import Reading, family_size, judge, least_certain
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.pruned_runs import (
    CONTROL,
    DENSE,
    NEURONS,
    STAND_IN,
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


class Row(NamedTuple):
    """Row of the table for one data set: accuracies and sparsities in %, None where a cell is empty or there is no row."""

    baseline: float | None
    loss: float | None
    neurons: float | None
    synapses: float | None
    ratio: float | None


_NONE = Row(None, None, None, None, None)
#: Rows by method, for CIFAR-10 and CIFAR-100. The cells of sparsities of HRSNN, and of CHRSNN, are of STDP and BP together.
TABLE: Mapping[str, tuple[Row, Row]] = {
    "ADMM, 7Conv 2FC": (Row(89.53, -3.85, None, 90, 2.91), _NONE),
    "LSNN, 6Conv 2FC": (Row(92.84, -3.53, None, 97.96, 16.59), _NONE),
    "Grad R, 6Conv 2FC": (Row(92.54, -0.30, None, 71.59, 2.09), Row(71.34, -4.03, None, 97.65, 19.45)),
    "IMP, ResNet19": (Row(93.22, -0.04, None, 97.54, 13.29), Row(71.34, -2.39, None, 97.54, 18.69)),
    "STDS, 6Conv 2FC": (Row(92.49, -0.35, None, 88.67, 5.27), _NONE),
    "ESL-SNN, ResNet19": (Row(91.09, -1.7, None, 95, 2.11), Row(73.48, -0.99, None, 95, 14.22)),
    "LNP, ResNet19 (random)": (Row(93.29, -2.15, 90.48, 94.32, 9.36), Row(73.32, -3.96, 90.48, 94.32, 12.04)),
    "LNP, ResNet19 (converted)": (Row(None, -0.04, 93.67, 98.19, 22.18), Row(None, -0.11, 94.44, 98.07, 31.15)),
    "LNP, HRSNN-STDP": (Row(90.26, -0.76, 94.03, 95.06, 39.01), Row(68.94, -2.16, 92.02, 94.21, 48.21)),
    "LNP, HRSNN-BP": (Row(92.37, -0.81, 94.03, 95.06, 35.67), Row(70.12, -2.37, 92.02, 94.21, 42.57)),
    "LNP, CHRSNN-STDP": (Row(91.58, -0.62, 95.04, 96.68, 50.37), Row(69.96, -1.65, 93.47, 97.04, 57.44)),
    "LNP, CHRSNN-BP": (Row(93.45, -0.74, 95.04, 96.68, 45.32), Row(73.45, -1.11, 93.47, 97.04, 50.35)),
}
#: Quantities by the cell, with their bounds and the unit of the published value in ours.
CELLS: Mapping[str, tuple[str, tuple[float, float], float]] = {
    "baseline": ("accuracy, dense", SHARE, 100.0),
    "loss": ("change of accuracy", CORRELATION, 100.0),
    "neurons": ("share of the neurons removed", SHARE, 100.0),
    "synapses": ("share of the links removed", SHARE, 100.0),
    "ratio": ("operations, dense over pruned", POSITIVE, 1.0),
}
PAPER, NAMES = ("cifar10", "cifar100"), {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "digits": "digits"}
_FIRST = STDP[0]
#: Pruned networks by the word before the model, and their arms by the share of the neurons that go; activity pruning as
#: published removes neurons alone.
PRUNED: Mapping[str, Mapping[str, str]] = {
    "LNP": {"half": "lnp_steps_1234", "equal": "lnp_steps_1234_equal"},
    "random graph": {"half": "erdos_renyi_half", "equal": "erdos_renyi_equal"},
    "magnitude": {"half": "magnitude_half", "equal": "magnitude_equal"},
    "activity": dict.fromkeys(NEURONS, "activity_neurons"),
}
_OTHERS = "is a network or method of others, which is not built here"
_RESNET = "rows of a ResNet are those of `hrsnn reproduce table4-resnet`"


def arms_of(neurons: str) -> dict[str, str]:
    """Return the arms of all pruned networks for a share of the neurons."""
    return {name: arms[neurons] for name, arms in PRUNED.items()}


@dataclass(frozen=True)
class Table4:
    """Results: ``by[model][task][score][arm]`` is an array (seeds,); the task "size" has the removed shares."""

    by: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Array]]]]
    tasks: tuple[str, ...]
    margin: float
    #: Share of the neurons that go: a key of the arms in `PRUNED`.
    neurons: str = NEURONS[0]
    #: Why the rows of a model were not run.
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def arms(self) -> dict[str, str]:
        """Pruned networks with their arms."""
        return arms_of(self.neurons)

    def cells(self, model: str, task: str, arm: str) -> dict[str, Array]:
        """Return the cells of a row."""
        scores, size = self.by[model][task], self.by[model]["size"]
        accuracy, operations = scores["accuracy"], scores["operations"]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = operations[DENSE] / operations[arm]
        return {
            "baseline": accuracy[DENSE],
            "loss": accuracy[arm] - accuracy[DENSE],
            "neurons": size["neurons"][arm],
            "synapses": size["links"][arm],
            "ratio": ratio,
        }

    def rows(self) -> Iterator[RecipeRow]:
        """Yield all rows of the table, those not run too, then those of methods that it does not have."""
        for place, task in enumerate((*PAPER, *(task for task in self.tasks if task not in PAPER))):
            for method in TABLE:
                model = method.removeprefix("LNP, ")
                reason = self._reason(method, model, task)
                found = {} if reason else self.cells(model, task, self.arms["LNP"])
                printed = TABLE[method][place] if task in PAPER else _NONE
                for cell, (quantity, bounds, unit) in CELLS.items():
                    value = getattr(printed, cell)
                    published = None if value is None else Published(round(value / unit, 6), "table IV")
                    if not reason:
                        measured = tuple(found[cell].tolist())
                        yield RecipeRow(f"{quantity}, {NAMES[task]}", method, measured, bounds, published)
                    elif published:
                        yield RecipeRow(f"{quantity}, {NAMES[task]}", method, published=published, not_run=reason)
        for task in self.tasks:
            for name, arm in self.arms.items():
                if name != "LNP":
                    for cell, values in self.cells(_FIRST, task, arm).items():
                        if cell != "baseline":
                            quantity, bounds, _ = CELLS[cell]
                            of = f"{name}, {_FIRST}"
                            yield RecipeRow(f"{quantity}, {NAMES[task]}", of, tuple(values.tolist()), bounds)
            bare = self.by[_FIRST][task]["accuracy"][CONTROL]
            yield RecipeRow(f"accuracy, {NAMES[task]}", CONTROL, tuple(bare.tolist()), SHARE)

    def _reason(self, method: str, model: str, task: str) -> str:
        if model not in (*STDP, *TRAINED):
            return _RESNET if method.startswith("LNP") else _OTHERS
        return why_not(task) if task not in self.tasks else self.missing.get(model, "")

    def readings(self) -> list[Reading]:
        """Return what is measured for each claim, of HRSNN-STDP on the first task that is there."""
        task = self.tasks[0]
        by = {name: self.cells(_FIRST, task, arm) for name, arm in self.arms.items()}
        published = TABLE["LNP, HRSNN-STDP"][0].ratio
        assert published is not None
        with np.errstate(divide="ignore"):
            logs = {name: np.log(one["ratio"]) for name, one in by.items()}
        saved = {f"log of the ratio of operations, LNP - published, {published:g}": logs["LNP"] - np.log(published)}
        saved |= {
            f"log of the ratio of operations: LNP - {name}": logs["LNP"] - one for name, one in logs.items() if name != "LNP"
        }
        what = f"accuracy on {NAMES[task]}"
        return [
            Reading(
                "table-4-little-accuracy-lost", f"{what}: LNP - dense + {self.margin:g}", by["LNP"]["loss"] + self.margin
            ),
            Reading("table-4-sop-ratio", *least_certain(saved)),
            Reading(
                "table-4-random-is-worse", f"{what}: LNP - random graph", by["LNP"]["loss"] - by["random graph"]["loss"]
            ),
        ]

    def figure(self) -> Figure:
        """Draw accuracy and operations of the arms of HRSNN-STDP on all tasks."""
        from hrsnn.analysis.figures import scores_over_seeds

        names = {DENSE: DENSE, **{arm: name for name, arm in self.arms.items()}, CONTROL: CONTROL}
        panels = {
            f"{label}, {NAMES[task]}": {names[arm]: self.by[_FIRST][task][score][arm] for arm in names}
            for task in self.tasks
            for score, label in (("accuracy", "Accuracy"), ("operations", "Operations"))
        }
        bounds = {label: SHARE if label.startswith("Accuracy") else POSITIVE for label in panels}
        return scores_over_seeds(panels, bounds, highlighted=2)


def run(options: RecipeOptions) -> RecipeResult:
    """Prune all models by all methods for every seed, score the networks, and test the claims."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.spec import ReservoirSpec

    values, spec = options.values, options.spec
    assert isinstance(spec, ReservoirSpec)
    check_pruning(values)
    if not 0 < values["margin"] < 1:
        raise InputError("--option margin", values["margin"], "must be between 0 and 1")
    tasks = tuple(task for task in PAPER if task_of(task, options.data) is not None) or (STAND_IN,)
    pruned = arms_of(values["neurons"])
    every, few = (DENSE, *pruned.values(), CONTROL), (DENSE, pruned["LNP"])
    one = dict.fromkeys(every, np.full(2, 0.5))
    empty = {"size": {"links": one, "neurons": one}, **{task: {"accuracy": one, "operations": one} for task in tasks}}
    logger.info(
        verdicts_in_reach(
            [family_size(Table4({_FIRST: empty}, tasks, 0.1, values["neurons"]).readings())], len(options.seeds)
        )
    )
    runner = ModelRunner(PrunedRunner(spec, {**values, "plastic": True}, tasks, options.engine, options.data))
    by, missing = run_models(options, runner, {model: every if model == _FIRST else few for model in (*STDP, *TRAINED)})
    table = Table4(by, tasks, values["margin"], values["neurons"], missing)
    claims = judge(table.readings())
    return RecipeResult(list(table.rows()), claims, lambda: {"table4": table.figure()}, run_settings(options))


RECIPE = Recipe(
    title="Accuracy, sparsity and operations of pruned networks on images",
    paper="chakraborty-mukhopadhyay-2024",
    item="table IV",
    run=run,
    claims=("table-4-little-accuracy-lost", "table-4-sop-ratio", "table-4-random-is-worse"),
    options={
        "iterations": 8,
        "sparsity": 0.95,
        "neurons": "half",
        "train": 300,
        "test": 200,
        "size": 16,
        "states": "total",
        "trained": 0,
        "epochs": 5,
        "margin": 0.01,
    },
    spec={"neurons": "200", "connectivity": "distance", "length_scale": "3", "weight_scale": "4"},
    seeds=12,
    data=PAPER,
    paper_scale=paper_scale("table4"),
)
