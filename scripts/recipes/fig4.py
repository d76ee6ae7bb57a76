"""Fig. 4 of Chakraborty & Mukhopadhyay (2024): importance of each heterogeneity for memory, scores and spikes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.data import first_there, spiking_task, why_not
from hrsnn.scripts.recipes.judging import Reading, family_size, judge, least_certain
from hrsnn.scripts.recipes.paper import paper_scale
from hrsnn.scripts.recipes.search_runs import LEAST_VALUES
from hrsnn.scripts.recipes.units import run_settings, run_units
from hrsnn.scripts.recipes.variant_runs import check_sizes
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.spec import ReservoirSpec

logger = logging.getLogger("hrsnn")

Array = NDArray[np.float64]
#: Task, switches such as "1001" in the order of `GROUPS`, seed.
Unit = tuple[str, str, int]
#: Heterogeneities that are switched together. The paper has no delays, whose spread is that of this package's defaults.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "tau_m": ("tau_m_exc", "tau_m_inh"),
    "tau_stdp": ("tau_plus", "tau_minus"),
    "a_stdp": ("a_plus", "a_minus"),
    "delays": ("delay_exc", "delay_inh"),
}
STDP = ("tau_stdp", "a_stdp")
#: The paper's tasks, what stands in for the first, best first, and the task in which C is defined.
SPOKEN, STAND_INS, LORENZ, MEMORY = "shd", ("fsdd", "digits"), "lorenz96", "memory"
SPIKES = "spikes"
#: Main score of each kind of task, with the objective that measures it.
SCORES: Mapping[str, tuple[str, str]] = {
    "memory": ("memory_capacity", "memory"),
    "classes": ("accuracy", "accuracy"),
    "series": ("nrmse", "nrmse"),
}
_WHERE = Published(None, "fig. 4")


@dataclass(frozen=True)
class Fig4Runner:
    """Function from a task, switches and a seed to the task's main score and the spikes, after STDP."""

    spec: ReservoirSpec
    #: Options of the recipe: train, test, values, states.
    values: Mapping[str, Any]
    engine: str
    data: Path | None

    def __call__(self, unit: Unit) -> dict[str, float]:
        from hrsnn.analysis.studies.objectives import NamedObjective
        from hrsnn.search import switched

        (name, on, seed), values = unit, self.values
        choice = spiking_task(name, self.data)
        score, objective = SCORES[choice.kind]
        measured = NamedObjective(
            name=objective,
            choice=choice,
            values=values["values"],
            train=values["train"],
            validation=values["test"],
            states=values["states"],
            plastic=True,
            engine=self.engine,
        ).measured(switched(self.spec, GROUPS, [bit == "1" for bit in on]), seed, (score, "spikes_per_neuron"))
        return {"score": measured.scores[score], SPIKES: measured.scores["spikes_per_neuron"]}


@dataclass(frozen=True)
class Fig4Tables:
    """Results: ``by[task][name]`` is an array (combinations, seeds) of scores or spikes."""

    by: Mapping[str, Mapping[str, Array]]

    @property
    def spoken(self) -> str:
        """The task with classes."""
        return next(task for task in (SPOKEN, *STAND_INS) if task in self.by)

    def label(self, task: str, name: str) -> str:
        """Return the name of a score, or of the spikes, of a task."""
        if name == SPIKES:
            return f"spikes, {task}"
        return {MEMORY: "memory capacity", LORENZ: f"NRMSE, {task}"}.get(task, f"accuracy, {task}")

    def shapley(self, task: str, name: str) -> Mapping[str, Array]:
        """Return the Shapley values of all heterogeneities by seed."""
        from hrsnn.search import shapley_values

        table = self.by[task][name]
        found = np.array([shapley_values(column[:, None], list(GROUPS)).values for column in table.T])
        return dict(zip(GROUPS, found.T, strict=True))

    def rows(self) -> Iterator[RecipeRow]:
        """Yield Shapley values by seed, exact SAGE values, and the scores with no and with all heterogeneities."""
        from hrsnn.search import exact_sage

        if SPOKEN not in self.by:
            for group in GROUPS:
                yield RecipeRow("Shapley value, spikes, SHD", group, published=_WHERE, not_run=why_not(SPOKEN))
        for task, tables in self.by.items():
            for name, table in tables.items():
                label = self.label(task, name)
                published = _WHERE if task in (SPOKEN, LORENZ, MEMORY) else None
                for group, values in self.shapley(task, name).items():
                    yield RecipeRow(f"Shapley value, {label}", group, tuple(values.tolist()), published=published)
                for group, value in zip(GROUPS, exact_sage(table, list(GROUPS)).values, strict=True):
                    yield RecipeRow(f"SAGE value, {label}", group, (float(value),))
                for of, values in (("no heterogeneity", table[0]), ("all heterogeneities", table[-1])):
                    yield RecipeRow(label, of, tuple(values.tolist()))

    def lead(self, task: str, name: str, first: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, Array]:
        """Return by seed how much larger the largest effect of some heterogeneities is than that of others, in words too.

        Effects have the sign of their mean over the seeds, so that noise around 0 does not become an effect.
        """
        values = {group: one * np.sign(one.mean()) for group, one in self.shapley(task, name).items()}
        mine, theirs = (max(groups, key=lambda group: float(values[group].mean())) for groups in (first, others))
        return f"size of the Shapley value, {self.label(task, name)}: {mine} - {theirs}", values[mine] - values[theirs]

    def readings(self) -> list[Reading]:
        """Return what is measured for each claim, of the heterogeneities that the paper has."""
        spikes = dict(self.lead(task, SPIKES, STDP, ("tau_m",)) for task in (self.spoken, LORENZ))
        return [
            Reading("tau-m-matters-most-for-capacity", *self.lead(MEMORY, "score", ("tau_m",), STDP)),
            Reading("stdp-matters-most-for-spikes", *least_certain(spikes)),
        ]

    def figures(self) -> dict[str, Figure]:
        """Draw the Shapley values of each task, with their intervals."""
        from hrsnn.analysis.figures import importances
        from hrsnn.search import shapley_values

        def axis(task: str, name: str) -> str:
            if name == SPIKES:
                return "Spikes per neuron and " + ("s" if task in (MEMORY, LORENZ) else "sample")
            return {MEMORY: "Memory capacity (values)", LORENZ: f"NRMSE, {task}"}.get(task, f"Accuracy, {task}")

        return {
            f"fig4_{task}": importances(
                {axis(task, name): shapley_values(table, list(GROUPS)) for name, table in tables.items()}
            )
            for task, tables in self.by.items()
        }


def run(options: RecipeOptions) -> RecipeResult:
    """Run all combinations of heterogeneities on all tasks for every seed, and test the claims."""
    from hrsnn.analysis import verdicts_in_reach
    from hrsnn.search import combinations
    from hrsnn.spec import ReservoirSpec

    values, spec = options.values, options.spec
    assert isinstance(spec, ReservoirSpec)
    check_sizes(values, "train", "test")
    count_of("--option values", values["values"], LEAST_VALUES)
    tasks = (MEMORY, first_there((SPOKEN, *STAND_INS), options.data), LORENZ)
    switches = ["".join("01"[int(on)] for on in row) for row in combinations(len(GROUPS))]
    ones = np.random.default_rng(0).random((len(switches), 2))
    empty = Fig4Tables({task: {"score": ones, SPIKES: ones} for task in tasks}).readings()
    logger.info(verdicts_in_reach([family_size(empty)], len(options.seeds)))
    runner = Fig4Runner(spec, values, options.engine, options.data)
    units = [(task, on, seed) for task in tasks for seed in options.seeds for on in switches]
    found = run_units(options, runner, units)

    def table(task: str, name: str) -> Array:
        return np.array([[found[task, on, seed][name] for seed in options.seeds] for on in switches])

    tables = Fig4Tables({task: {name: table(task, name) for name in ("score", SPIKES)} for task in tasks})
    return RecipeResult(list(tables.rows()), judge(tables.readings()), tables.figures, run_settings(options))


RECIPE = Recipe(
    title="Importance of each heterogeneity for memory, scores and spikes",
    paper="chakraborty-mukhopadhyay-2024",
    item="fig. 4",
    run=run,
    claims=("tau-m-matters-most-for-capacity", "stdp-matters-most-for-spikes"),
    options={"train": 100, "test": 100, "values": 1000, "states": "total"},
    spec={"neurons": "100"},
    seeds=12,
    data=(SPOKEN, STAND_INS[0]),
    duration="3 minutes",
    paper_scale=paper_scale("fig4"),
)
