"""Searches over the distributions of a reservoir, for figures 6 and 9."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrsnn.scripts.recipes.data import spiking_task
from hrsnn.scripts.recipes.variant_runs import check_sizes
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from hrsnn.analysis.studies.objectives import NamedObjective
    from hrsnn.search import SearchResult
    from hrsnn.spec import ReservoirSpec

#: Seeds of networks that no search has seen: that of a search plus this.
FRESH = 10**6
#: Fewest values of a memory task: a washout of 200, and what the capacity is computed from.
LEAST_VALUES = 400


@dataclass(frozen=True)
class SearchRunner:
    """Searches of a recipe: distributions of neurons and of STDP, one seed a trial, after STDP."""

    spec: ReservoirSpec
    #: Options of the recipe: trials, train, test, states, and values where there is a memory task.
    values: Mapping[str, Any]
    engine: str
    data: Path | None

    def objective(self, name: str, task: str, rates: tuple[float, float]) -> NamedObjective:
        """Return an objective on a task, with bounds of the mean rate (Hz)."""
        from hrsnn.analysis.studies.objectives import NamedObjective

        values = self.values
        return NamedObjective(
            name=name,
            choice=spiking_task(task, self.data),
            train=values["train"],
            validation=values["test"],
            states=values["states"],
            rates=rates,
            plastic=True,
            engine=self.engine,
            **({"values": values["values"]} if "values" in values else {}),
        )

    def search(self, spec: ReservoirSpec, objective: NamedObjective, seed: int) -> SearchResult:
        """Search all distributions that the spec has: of a homogeneous one, only their means."""
        from hrsnn.search import named_space, search

        space = named_space("all", spec)
        if not (spec.heterogeneous_neurons or spec.heterogeneous_synapses):
            space = space.homogeneous()  # a CV would have no effect
        return search(
            spec, space, objective, trials=self.values["trials"], seeds=1, direction=objective.direction, seed=seed
        )


def check_searches(values: Mapping[str, Any]) -> None:
    """Check the options of searches.

    Raises
    ------
    InputError
        When one is out of its range.
    """
    check_sizes(values, "train", "test")
    count_of("--option trials", values["trials"], 4, 10**4)
    if "values" in values:
        count_of("--option values", values["values"], LEAST_VALUES)
