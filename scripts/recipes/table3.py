"""Table III of Chakraborty & Mukhopadhyay (2024): scores, spikes and efficiency on spoken digits and a Lorenz system."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.contract import POSITIVE, SHARE
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.data import task_of, why_not
from hrsnn.scripts.recipes.judging import Reading, family_size, judge
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.units import run_settings, run_units
from hrsnn.scripts.recipes.variant_runs import (
    BASELINES,
    FURTHER,
    NEEDS_TORCH,
    NO_RECURRENCE,
    TRAINED,
    VARIANTS,
    VariantRunner,
    VariantUnit,
    check_sizes,
    gathered,
    without_torch,
)
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
#: Rows of the table: accuracy on SHD (%), its normalised rate and efficiency; NRMSE on Lorenz, normalised rate, efficiency.
TABLE: Mapping[str, tuple[float, float, float, float, float, float]] = {
    "HoNHoS": (73.58, -0.508, 18.44e-3, 0.395, -0.768, 0.787e-3),
    "HeNHoS": (78.87, 0.277, 17.19e-3, 0.203, -0.143, 1.302e-3),
    "HoNHeS": (74.03, -1.292, 22.47e-3, 0.372, -1.102, 0.932e-3),
    "HeNHeS": (80.49, -1.154, 24.35e-3, 0.195, -1.018, 1.725e-3),
    "HoNB": (81.42, 0.554, 16.9e-3, 0.182, 0.857, 1.16e-3),
    "HeNB": (83.54, 1.292, 15.42e-3, 0.178, 1.233, 1.09e-3),
    "ASRNN": (84.46, 0.831, 17.21e-3, 0.174, 0.941, 1.19e-3),
}
_WHERE, _RECOVERED = "table III", "table III: accuracy / efficiency"
#: The paper's data set of classes, and what stands in for it, best first.
SPOKEN, STAND_INS = "shd", ("fsdd", "digits")
LORENZ = "lorenz96"
_NAMES = {"shd": "SHD", "fsdd": "FSDD", "digits": "digits", "lorenz96": "Lorenz-96"}


def published_spikes(arm: str, task: str) -> Published:
    """Return the spikes that the published efficiency stands for: S = A / E, or 1 / (NRMSE E).

    Examples
    --------
    >>> published_spikes("HoNHoS", "shd").value, published_spikes("ASRNN", "lorenz96").value
    (3990.0, 4830.0)
    """
    accuracy, _, efficiency, nrmse, _, inverse = TABLE[arm]
    if task == SPOKEN:
        return Published(float(round(accuracy / efficiency)), _RECOVERED)
    return Published(float(round(1 / (nrmse * inverse))), "table III: 1 / (NRMSE efficiency)")


def normalised(rates: Mapping[str, Array]) -> dict[str, Array]:
    """Return the paper's normalised rates: in each seed that all have, the z-score over the seven rows, with n - 1.

    The published rates are about those of the spikes that the published efficiencies stand for, over all seven rows.

    Examples
    --------
    >>> found = normalised({arm: np.array([published_spikes(arm, "shd").value]) for arm in TABLE})
    >>> [round(float(found[arm][0]), 2) for arm in ("HoNHoS", "HeNB")], [TABLE[arm][1] for arm in ("HoNHoS", "HeNB")]
    ([-0.42, 1.32], [-0.508, 1.292])
    """
    seeds = min(map(len, rates.values()))  # networks that are trained may have fewer
    table = np.array([rates[arm][:seeds] for arm in TABLE])
    scores = (table - table.mean(axis=0)) / table.std(axis=0, ddof=1)
    return dict(zip(TABLE, scores, strict=True))


@dataclass(frozen=True)
class Table3:
    """Results: ``by[task][arm][name]`` is an array (seeds,) of scores, spikes and efficiencies."""

    by: Mapping[str, Mapping[str, Mapping[str, Array]]]
    #: Why the rows of an arm, or of all arms of a task, were not run.
    missing: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def spoken(self) -> str:
        """The task that the claims on classes are tested on: the paper's, or the best that stands in for it."""
        return next(task for task in (SPOKEN, *STAND_INS) if task in self.by)

    def rows(self) -> Iterator[RecipeRow]:
        """Yield the scores, spikes and efficiencies of all arms and tasks, of the paper's tasks those not run too."""
        for task in dict.fromkeys((SPOKEN, *self.by)):
            classes = task != LORENZ
            for name, what in (
                ("score", "accuracy" if classes else "NRMSE"),
                ("spikes", "spikes"),
                ("efficiency", "efficiency"),
            ):
                bounds = SHARE if name == "score" and classes else POSITIVE
                for arm in (*TABLE, *FURTHER, NO_RECURRENCE, *BASELINES["classes" if classes else "series"]):
                    found = self.by.get(task, {}).get(arm, {})
                    published = _published(task, arm, name)
                    quantity = f"{what}, {_NAMES[task]}"
                    if name in found:
                        yield RecipeRow(quantity, arm, tuple(found[name].tolist()), bounds, published)
                    elif (task, arm) in self.missing and (published or task in self.by):
                        yield RecipeRow(quantity, arm, published=published, not_run=self.missing[task, arm])
        yield from self._normalised()

    def _normalised(self) -> Iterator[RecipeRow]:
        for task, place in ((SPOKEN, 1), (LORENZ, 4)):
            spikes = {arm: self.by.get(task, {}).get(arm, {}).get("spikes") for arm in TABLE}
            whole = {arm: one for arm, one in spikes.items() if one is not None}
            scores = normalised(whole) if len(whole) == len(TABLE) else {}
            for arm, row in TABLE.items():
                quantity, published = f"normalised rate, {_NAMES[task]}", Published(row[place], _WHERE)
                if scores:
                    yield RecipeRow(quantity, arm, tuple(scores[arm].tolist()), published=published)
                else:
                    reason = f"is a z-score over all seven rows, of which {len(whole)} are there"
                    yield RecipeRow(quantity, arm, published=published, not_run=reason)

    def readings(self) -> list[Reading]:
        """Return what is measured for each claim."""
        classes, lorenz = self.by[self.spoken], self.by[LORENZ]
        where = _NAMES[self.spoken]
        best, ratio = self.efficient()
        return [
            Reading(
                "table-3-het-classifies-better",
                f"accuracy on {where}: HeNHeS - HoNHoS",
                classes["HeNHeS"]["score"] - classes["HoNHoS"]["score"],
            ),
            Reading(
                "table-3-het-forecasts-better",
                f"NRMSE on {_NAMES[LORENZ]}: HoNHoS - HeNHeS",
                lorenz["HoNHoS"]["score"] - lorenz["HeNHeS"]["score"],
            ),
            Reading("table-3-het-efficient", f"log of the efficiency of HeNHeS over that of {best}", ratio),
            Reading(
                "table-3-het-lif-raises-spikes",
                f"spikes per neuron and sample on {where}: HeNHoS - HoNHoS",
                classes["HeNHoS"]["spikes"] - classes["HoNHoS"]["spikes"],
            ),
            Reading(
                "table-3-het-lif-lowers-efficiency",
                f"efficiency on {where}: HoNHoS - HeNHoS",
                classes["HoNHoS"]["efficiency"] - classes["HeNHoS"]["efficiency"],
            ),
            self._of_backpropagation(),
        ]

    def _of_backpropagation(self) -> Reading:
        classes = self.by[self.spoken]
        name = "table-3-backpropagation"
        if "HeNB" not in classes or len(classes["HeNB"]["score"]) != len(classes["HeNHeS"]["score"]):
            return Reading(
                name, "accuracy", reason="needs networks trained by back-propagation for every seed: option trained"
            )
        measured = f"accuracy on {_NAMES[self.spoken]}: HeNB - HeNHeS"
        return Reading(name, measured, classes["HeNB"]["score"] - classes["HeNHeS"]["score"])

    def efficient(self) -> tuple[str, Array]:
        """Return the task and variant to which the efficiency of HeNHeS compares worst in the mean, and the log ratio."""
        ratios = {
            f"{arm} on {_NAMES[task]}": np.log(self.by[task]["HeNHeS"]["efficiency"] / self.by[task][arm]["efficiency"])
            for task in (self.spoken, LORENZ)
            for arm in VARIANTS
            if arm != "HeNHeS"
        }
        worst = min(ratios, key=lambda name: float(np.nan_to_num(ratios[name].mean(), nan=math.inf)))
        return worst, np.asarray(ratios[worst])

    def figure(self) -> Figure:
        """Draw scores, spikes and efficiencies on both tasks."""
        from hrsnn.analysis.figures import scores_over_seeds

        panels = {}
        for task, what in ((self.spoken, "Accuracy"), (LORENZ, "NRMSE")):
            for name, label in (("score", what), ("spikes", "Spikes per neuron"), ("efficiency", "Efficiency")):
                rows = {arm: found[name] for arm, found in self.by[task].items() if len(found.get(name, ())) > 1}
                panels[f"{label}, {_NAMES[task]}"] = rows
        ordered = [list(panels)[place] for place in (0, 3, 1, 4, 2, 5)]  # a column for each task
        bounds = {label: SHARE if label.startswith("Accuracy") else POSITIVE for label in ordered}
        return scores_over_seeds({label: panels[label] for label in ordered}, bounds, highlighted=len(VARIANTS))


def _published(task: str, arm: str, name: str) -> Published | None:
    if arm not in TABLE or task not in (SPOKEN, LORENZ):
        return None
    if name == "spikes":
        return published_spikes(arm, task)
    row = TABLE[arm]
    value = (
        {"score": row[0] / 100, "efficiency": row[2] / 100} if task == SPOKEN else {"score": row[3], "efficiency": row[5]}
    )
    return Published(value[name], _WHERE)


def plan(options: RecipeOptions) -> tuple[list[VariantUnit], dict[tuple[str, str], str]]:
    """Return the units to be run, and why the others are not."""
    values, spec = options.values, options.spec
    # what stands in for the paper's data: the best that is there
    stand_in = next(task for task in STAND_INS if task_of(task, options.data) is not None)
    tasks = [task for task in (SPOKEN, stand_in, LORENZ) if task_of(task, options.data) is not None]
    units, missing = [], {}
    for task in (SPOKEN, *(task for task in tasks if task != SPOKEN)):
        train = values["series_train"] if task == LORENZ else values["train"]
        for arm in (*VARIANTS, *TRAINED, *FURTHER, NO_RECURRENCE, *BASELINES["series" if task == LORENZ else "classes"]):
            seeds: Sequence[int] = options.seeds
            if task not in tasks:
                missing[task, arm] = why_not(task)
            elif arm in TRAINED and (not values["trained"] or without_torch()):
                missing[task, arm] = NEEDS_TORCH if without_torch() else "needs option trained, a number of seeds"
            else:
                seeds = options.seeds[: values["trained"]] if arm in TRAINED else seeds
                units += [(task, arm, spec.neurons, train, seed) for seed in seeds]
    # the arms of a seed follow each other, and share its task
    return sorted(units, key=lambda unit: (tasks.index(unit[0]), unit[-1])), missing


def run(options: RecipeOptions) -> RecipeResult:
    """Run all rows for every seed, and test the claims."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.spec import ReservoirSpec

    values, spec = options.values, options.spec
    assert isinstance(spec, ReservoirSpec)
    check_sizes(values, "train", "test", "series_train", "series_test")
    count_of("--option trained", values["trained"], 0, len(options.seeds))
    units, missing = plan(options)
    one = {name: np.ones(2) for name in ("score", "spikes", "efficiency")}
    empty = Table3({task: dict.fromkeys(VARIANTS, one) for task in (STAND_INS[-1], LORENZ)})
    logger.info(verdicts_in_reach([family_size(empty.readings())], len(options.seeds)))
    runner = VariantRunner(spec, values, options.engine, options.data)
    every = BASELINES["classes"] + BASELINES["series"]
    table = Table3(gathered(run_units(options, runner, units, alike=lambda unit: unit[1] in every)), missing)
    claims = judge(table.readings())
    return RecipeResult(list(table.rows()), claims, lambda: {"table3": table.figure()}, run_settings(options))


RECIPE = Recipe(
    title="Scores, spikes and efficiency of the variants on spoken digits and a Lorenz system",
    paper="chakraborty-mukhopadhyay-2024",
    item="table III",
    run=run,
    claims=(
        "table-3-het-classifies-better",
        "table-3-het-forecasts-better",
        "table-3-het-efficient",
        "table-3-het-lif-raises-spikes",
        "table-3-het-lif-lowers-efficiency",
        "table-3-backpropagation",
    ),
    options={
        "train": 200,
        "test": 200,
        "series_train": 500,
        "series_test": 200,
        "horizon": 10,
        "states": "total",
        "trained": 0,
        "epochs": 15,
    },
    spec={"neurons": "200"},
    seeds=12,
    data=("shd", "fsdd"),
    duration="5 minutes",
    paper_scale=paper_scale("table3"),
)
