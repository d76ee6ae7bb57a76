"""Results of objectives and of searches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hrsnn.display import Displayed, Tabular
from hrsnn.errors import HrsnnError
from hrsnn.kinds.contract import NetworkSpec
from hrsnn.search.space import Space

Direction = Literal["maximize", "minimize"]


@dataclass(frozen=True)
class Measurement(Displayed):
    """Result of an objective with constraints, returned instead of a number.

    Parameters
    ----------
    value : float
        nan: the evaluation failed.
    violations : mapping of str to float
        Violation of each constraint: at most 0 where it is satisfied. The names must be the same in every evaluation.
    """

    value: float
    violations: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SearchTrial(Displayed):
    """One point of a search."""

    number: int
    parameters: Mapping[str, float]
    #: Mean of the replicates; nan if the trial failed.
    value: float
    replicates: tuple[float, ...]
    #: Means over the replicates.
    violations: Mapping[str, float]
    #: Reason of the failure; empty if there was none.
    error: str = ""

    @property
    def feasible(self) -> bool:
        """Whether the trial has a value and violates no constraint."""
        return not self.error and all(value <= 0 for value in self.violations.values())


@dataclass(frozen=True)
class SearchResult(Tabular):
    """Result of :func:`search`."""

    #: Spec in which the parameters of each trial are set.
    spec: NetworkSpec
    space: Space
    direction: Direction
    #: Trials in the order of their numbers.
    trials: tuple[SearchTrial, ...]

    def table(self) -> dict[str, list[Any]]:
        """Return the trials as a table, columns by name: number, parameters, value, violations, feasible, error."""
        columns: dict[str, list[Any]] = {"number": [one.number for one in self.trials]}
        for names in ("parameters", "violations"):
            for name in dict.fromkeys(key for one in self.trials for key in getattr(one, names)):
                columns[name] = [getattr(one, names).get(name, float("nan")) for one in self.trials]
        for name in ("value", "feasible", "error"):
            columns[name] = [getattr(one, name) for one in self.trials]
        return columns

    @property
    def best(self) -> SearchTrial:
        """The best of the trials that violate no constraint.

        Raises
        ------
        HrsnnError
            When there is no such trial.
        """
        allowed = [one for one in self.trials if one.feasible]
        if not allowed:
            raise HrsnnError("every trial failed or violated a constraint: widen the space, or relax the constraints")
        sign = 1 if self.direction == "maximize" else -1
        return max(allowed, key=lambda one: (sign * one.value, -one.number))

    @property
    def best_spec(self) -> Any:
        """The spec of the best trial."""
        return self.space.spec(self.best.parameters, self.spec)

    def best_so_far(self) -> NDArray[np.float64]:
        """Return the best value of the first k + 1 trials, for each k; nan before the first one without violations."""
        sign = 1.0 if self.direction == "maximize" else -1.0
        values = np.array([sign * one.value if one.feasible else -np.inf for one in self.trials])
        best = sign * np.maximum.accumulate(values)
        return np.where(np.isfinite(best), best, np.nan)
