"""What every objective of a search must do: its tests, as a class to inherit."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from multiprocessing.reduction import ForkingPickler
from typing import Any, ClassVar

from hrsnn.analysis.studies.objectives import OBJECTIVES, NamedObjective, Objective
from hrsnn.errors import HrsnnWarning
from hrsnn.kinds import KINDS, NetworkSpec
from hrsnn.search.loop import search
from hrsnn.search.result import Measurement
from hrsnn.search.space import Space

#: Settings with which a measurement takes tenths of a second.
_TINY: Mapping[str, Any] = {
    "values": 400,
    "hold": 10.0,
    "max_delay": 5,
    "train": 40,
    "validation": 20,
    "duration": 200.0,
}


class ObjectiveCases:
    """Tests of one objective.

    Attributes
    ----------
    objective : str
        Name of the objective under test; no default.
    options : mapping of str to value
        Settings of :class:`~hrsnn.analysis.studies.objectives.NamedObjective`, such as ``choice``, a task; by default those
        of a measurement of tenths of a second, which these replace one by one.
    network : str
        Kind of networks on which it is measured, by default "reservoir"; it must have a search space.
    neurons : str
        Number of neurons, as text; by default 25.
    changes : mapping of str to value
        Changes of the default specification of the kind, such that small networks are active; by default none.

    Examples
    --------
    In a test file, of an objective that is registered:

    >>> class TestMyObjective(ObjectiveCases):
    ...     objective = "my_objective"
    """

    objective: ClassVar[str]
    options: ClassVar[Mapping[str, Any]] = {}
    network: ClassVar[str] = "reservoir"
    neurons: ClassVar[str] = "25"
    changes: ClassVar[Mapping[str, Any]] = {}

    @property
    def declared(self) -> Objective:
        """Declaration of the objective under test."""
        return OBJECTIVES.find(self.objective)

    def made(self) -> NamedObjective:
        """Return the objective with its settings."""
        return NamedObjective(name=self.objective, **{**_TINY, **self.options})

    def spec(self) -> NetworkSpec:
        """Return the specification of a small network."""
        spec: NetworkSpec = KINDS.find(self.network).spec()
        return spec.updated({"neurons": self.neurons, **self.changes})

    def measured(self, objective: NamedObjective, seed: int = 1) -> Measurement:
        """Measure a small network."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HrsnnWarning)  # of few values
            return objective(self.spec(), seed)

    def test_a_measurement_is_finite_and_has_its_constraints(self) -> None:
        made = self.made()
        made.prepare()
        found = self.measured(made)
        assert math.isfinite(found.value)
        assert sorted(found.violations) == ["too_loud", "too_quiet"]
        assert all(map(math.isfinite, found.violations.values()))

    def test_its_direction_is_declared(self) -> None:
        assert self.declared.direction == self.made().direction
        assert self.declared.direction in ("maximize", "minimize")
        assert self.declared.summary

    def test_a_seed_gives_the_same_value(self) -> None:
        assert repr(self.measured(self.made())) == repr(self.measured(self.made()))

    def test_it_can_be_sent_to_another_process(self) -> None:
        made = self.made()
        sent: NamedObjective = ForkingPickler.loads(ForkingPickler.dumps(made))
        assert sent == made
        assert repr(self.measured(sent)) == repr(self.measured(made))

    def test_a_search_takes_it(self) -> None:
        spec, made = self.spec(), self.made()
        space = Space.of(next(iter(KINDS.find(self.network).spaces.values())), spec)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HrsnnWarning)
            found = search(spec, space, made, trials=2, batch=2, seeds=1, direction=made.direction, name=self.objective)
        assert [one.error for one in found.trials] == ["", ""]
        assert all(math.isfinite(one.value) for one in found.trials)
