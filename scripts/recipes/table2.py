"""Table II of Chakraborty & Mukhopadhyay (2024): accuracy, parameters and activity of spiking and other networks."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.contract import POSITIVE, SHARE
from hrsnn.errors import InputError
from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.data import task_of, why_not
from hrsnn.scripts.recipes.judging import Reading, family_size, judge, least_certain
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.units import run_settings, run_units
from hrsnn.scripts.recipes.variant_runs import (
    BASELINES,
    NEEDS_TORCH,
    NO_RECURRENCE,
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
#: Tasks of the paper, and what stands in for them.
PAPER, STAND_IN = ("kth", "dvs_gesture"), "digits"
TRAINED = ("HoNB", "HeNB")
#: A network that is not spiking and is trained by back-propagation: two hidden layers on the counts of the input.
PERCEPTRON = "perceptron"
ARMS = (*VARIANTS, NO_RECURRENCE, *TRAINED, PERCEPTRON, *BASELINES["classes"])
QUANTITIES: Mapping[str, tuple[str, tuple[float, float]]] = {
    "score": ("accuracy", SHARE),
    "parameters": ("parameters", POSITIVE),
    "spikes": ("average activation", POSITIVE),
}
#: Groups of the table, by the numbers of the paper's references. Its body is not in the text that we have.
_OTHERS = (
    "deep networks [58] to [62]",
    "spiking networks by back-propagation [63] to [66]",
    "heterogeneous spiking networks by back-propagation [8, 67, 68]",
    "spiking networks without labels [56, 69, 70]",
)
_NOT_RUN = "is a model of others, which is not built here; the text that we have has no values of it either"


@dataclass(frozen=True)
class Table2Runner:
    """Function from a unit to accuracy, number of parameters, and spikes per neuron and sample of a spiking network."""

    variants: VariantRunner

    def __call__(self, unit: VariantUnit) -> dict[str, float]:
        name, arm, _, train, seed = unit
        if arm != PERCEPTRON:
            return self.variants(unit)
        return self.perceptron(name, train, seed)

    def perceptron(self, name: str, train: int, seed: int) -> dict[str, float]:
        """Return the accuracy of a perceptron on the spike counts of the input's channels, and its number of parameters."""
        import warnings

        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        from hrsnn.tasks import ClassificationTask

        task = self.variants.task(name, train, seed)
        assert isinstance(task, ClassificationTask)
        encoded = task.encoded()
        x_train, x_test = (x.counts(1)[:, 0].astype(np.float64) for x in (encoded.x_train, encoded.x_test))
        hidden = (self.variants.values["hidden"],) * 2
        # stopped on a validation part it would see fewer of the few samples, and lose against a linear model
        layers = MLPClassifier(hidden, alpha=1.0, max_iter=500, random_state=seed % 2**32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = make_pipeline(StandardScaler(), layers).fit(x_train, task.y_train)
        weights = sum(one.size for one in (*layers.coefs_, *layers.intercepts_))
        return {"score": float(np.mean(model.predict(x_test) == task.y_test)), "parameters": float(weights)}


@dataclass(frozen=True)
class Table2:
    """Results: ``by[task][arm][name]`` is an array (seeds,)."""

    by: Mapping[str, Mapping[str, Mapping[str, Array]]]
    margin: float
    #: Why the rows of an arm of a task were not run.
    missing: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def task(self) -> str:
        """The task that the claims are tested on: the first that is there."""
        return next(task for task in (*PAPER, STAND_IN) if task in self.by)

    def rows(self) -> Iterator[RecipeRow]:
        """Yield all rows, those of others' models and those not run too."""
        where = Published(None, "table II")
        for group in _OTHERS:
            yield RecipeRow("accuracy", group, published=where, not_run=_NOT_RUN)
        for task in (*PAPER, STAND_IN):
            for name, (quantity, bounds) in QUANTITIES.items():
                for arm in ARMS:
                    found = self.by.get(task, {}).get(arm)
                    published = where if task in PAPER and arm in (*VARIANTS, *TRAINED) else None
                    if found is not None and name in found:
                        yield RecipeRow(f"{quantity}, {task}", arm, tuple(found[name].tolist()), bounds, published)
                    elif found is None and (task, arm) in self.missing and (published or task in self.by):
                        yield RecipeRow(f"{quantity}, {task}", arm, published=published, not_run=self.missing[task, arm])

    def readings(self) -> list[Reading]:
        """Return what is measured for each claim."""
        arms, task = self.by[self.task], self.task
        both, dense = arms["HeNHeS"], arms[PERCEPTRON]
        parts = {
            f"accuracy on {task}: HeNHeS - {PERCEPTRON} + {self.margin:g}": both["score"] - dense["score"] + self.margin,
            f"log of the parameters: {PERCEPTRON} - HeNHeS": np.log(dense["parameters"] / both["parameters"]),
        }
        return [
            Reading(
                "table-2-less-activity",
                f"log of the spikes per neuron and sample on {task}: HoNHoS - HeNHeS",
                np.log(arms["HoNHoS"]["spikes"] / both["spikes"]),
            ),
            Reading("table-2-comparable-to-larger-models", *least_certain(parts)),
        ]

    def figure(self) -> Figure:
        """Draw accuracy, parameters and activity on the first task that is there."""
        from hrsnn.analysis.figures import scores_over_seeds

        labels = {"score": f"Accuracy, {self.task}", "parameters": "Parameters", "spikes": "Spikes per neuron and sample"}
        panels = {
            label: {arm: one[name] for arm, one in self.by[self.task].items() if len(one.get(name, ())) > 1}
            for name, label in labels.items()
        }
        bounds = dict(zip(panels, (SHARE, POSITIVE, POSITIVE), strict=True))
        return scores_over_seeds(panels, bounds, highlighted=len(VARIANTS))


def plan(options: RecipeOptions) -> tuple[list[VariantUnit], dict[tuple[str, str], str]]:
    """Return the units to be run, and why the others are not."""
    values, units, missing = options.values, [], {}
    tasks = [task for task in PAPER if task_of(task, options.data) is not None] or [STAND_IN]
    for task in (*PAPER, *(task for task in tasks if task not in PAPER)):
        for arm in ARMS:
            if task not in tasks:
                missing[task, arm] = why_not(task)
            elif arm in TRAINED and (not values["trained"] or without_torch()):
                missing[task, arm] = NEEDS_TORCH if without_torch() else "needs option trained, a number of seeds"
            else:
                seeds = options.seeds[: values["trained"]] if arm in TRAINED else options.seeds
                units += [(task, arm, options.spec.neurons, values["train"], seed) for seed in seeds]
    return sorted(units, key=lambda unit: (tasks.index(unit[0]), unit[-1])), missing


def _without_spikes(unit: VariantUnit) -> object:
    """Return what networks without spikes have in common with no others."""
    return unit[1] if unit[1] in (PERCEPTRON, *BASELINES["classes"]) else ""


def run(options: RecipeOptions) -> RecipeResult:
    """Run all rows for every seed, and test the claims."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.spec import ReservoirSpec

    values, spec = options.values, options.spec
    assert isinstance(spec, ReservoirSpec)
    check_sizes(values, "train", "test")
    count_of("--option trained", values["trained"], 0, len(options.seeds))
    count_of("--option hidden", values["hidden"], 1, 10**5)
    if not 0 < values["margin"] < 1:
        raise InputError("--option margin", values["margin"], "must be between 0 and 1")
    units, missing = plan(options)
    one = dict.fromkeys(QUANTITIES, np.ones(2))
    empty = Table2({STAND_IN: dict.fromkeys((*VARIANTS, PERCEPTRON), one)}, 0.1)
    logger.info(verdicts_in_reach([family_size(empty.readings())], len(options.seeds)))
    runner = Table2Runner(VariantRunner(spec, values, options.engine, options.data))
    found = run_units(options, runner, units, alike=_without_spikes)
    table = Table2(gathered(found), values["margin"], missing)
    claims = judge(table.readings())
    return RecipeResult(list(table.rows()), claims, lambda: {"table2": table.figure()}, run_settings(options))


RECIPE = Recipe(
    title="Accuracy, parameters and activity of the variants, of trained networks and of a larger one without spikes",
    paper="chakraborty-mukhopadhyay-2024",
    item="table II",
    run=run,
    claims=("table-2-less-activity", "table-2-comparable-to-larger-models"),
    options={
        "train": 200,
        "test": 200,
        "states": "total",
        "hidden": 256,
        "trained": 0,
        "epochs": 15,
        "margin": 0.03,
    },
    spec={"neurons": "200"},
    seeds=12,
    data=PAPER,
    duration="3 minutes",
    paper_scale=paper_scale("table2"),
)
