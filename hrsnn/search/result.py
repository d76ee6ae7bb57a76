"""What an objective returns, and what a search found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import HrsnnError
from hrsnn.search.space import Space
from hrsnn.spec import ReservoirSpec

if TYPE_CHECKING:
    pass


Direction = Literal["maximize", "minimize"]


@dataclass(frozen=True)
class Measurement:
    """What an objective may return instead of a number.

    Parameters
    ----------
    value : float
        nan: it failed.
    violations : mapping of str to float
        Of each constraint, how far it is violated: at most 0 where it is met. The same names every time.
    """

    value: float
    violations: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SearchTrial:
    """One point of a search.

    Parameters
    ----------
    number : int
    parameters : mapping
    value : float
        Mean of the replicates; nan where it failed.
    replicates : tuple of float
    violations : mapping
        Means over the replicates.
    error : str
        Why it failed; empty where it did not.
    """

    number: int
    parameters: Mapping[str, float]
    value: float
    replicates: tuple[float, ...]
    violations: Mapping[str, float]
    error: str = ""

    @property
    def feasible(self) -> bool:
        """Whether it has a value and violates nothing."""
        return not self.error and all(value <= 0 for value in self.violations.values())


@dataclass(frozen=True)
class SearchResult:
    """The outcome of :func:`search`.

    Parameters
    ----------
    spec : ReservoirSpec
        Where the search set out from.
    space : Space
    direction : {"maximize", "minimize"}
    trials : tuple of SearchTrial
        In the order of their numbers.
    """

    spec: ReservoirSpec
    space: Space
    direction: Direction
    trials: tuple[SearchTrial, ...]

    @property
    def best(self) -> SearchTrial:
        """The trial with the best value of those that violate nothing.

        Raises
        ------
        HrsnnError
            When there is none.
        """
        allowed = [one for one in self.trials if one.feasible]
        if not allowed:
            raise HrsnnError("every trial failed or violated a constraint: widen the space, or relax the constraints")
        sign = 1 if self.direction == "maximize" else -1
        return max(allowed, key=lambda one: (sign * one.value, -one.number))

    @property
    def best_spec(self) -> ReservoirSpec:
        """The spec of the best trial."""
        return self.space.spec(self.best.parameters, self.spec)

    def best_so_far(self) -> NDArray[np.float64]:
        """The best value among the first k + 1 trials, for each k; nan before the first that violates nothing."""
        sign = 1.0 if self.direction == "maximize" else -1.0
        values = np.array([sign * one.value if one.feasible else -np.inf for one in self.trials])
        best = sign * np.maximum.accumulate(values)
        return np.where(np.isfinite(best), best, np.nan)
