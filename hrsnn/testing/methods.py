"""What every pruning method must do: its tests, as a class to inherit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import networkx as nx
import numpy as np
import pytest

from hrsnn.builder import build
from hrsnn.errors import InputError
from hrsnn.networks import METHODS, PrunedNetwork, PruningContext, PruningMethod, keep_links, prune, pruning_method
from hrsnn.networks.methods.contract import Method
from hrsnn.networks.pruning import Pruning, budgets
from hrsnn.reservoir import Reservoir
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.currents import Currents

_SPEC = ReservoirSpec.preset("dense", neurons=30, length_scale=3)
_ITERATIONS, _LINKS, _NEURONS = 4, 0.8, 0.2


class MethodCases:
    """Tests of one pruning method.

    Attributes
    ----------
    method : str
        Name of the method under test; no default.
    options : mapping of str to value
        Settings, fields of the method's dataclass, with which it is tested; by default their defaults.

    Examples
    --------
    In a test file, of a method that is registered:

    >>> class TestMyMethod(MethodCases):
    ...     method = "my_method"
    """

    method: ClassVar[str]
    options: ClassVar[Mapping[str, Any]] = {}

    @property
    def declared(self) -> Method:
        """Declaration of the method under test."""
        return METHODS.find(self.method)

    @property
    def finds_sizes(self) -> bool:
        """Whether the method finds sizes, rather than keep to the budgets."""
        return bool(getattr(self.made(), "finds_sizes", False))

    def made(self) -> PruningMethod:
        """Return the method with the settings of the class."""
        return pruning_method(self.method, **self.options)

    def pruned(self, reservoir: Reservoir | None = None, **options: Any) -> Pruning:
        """Prune a small network."""
        usual = {"iterations": _ITERATIONS, "synapse_target": _LINKS, "neuron_target": _NEURONS, "seed": 3}
        found: Pruning = prune(dense() if reservoir is None else reservoir, self.made(), **{**usual, **options})
        return found

    def test_its_settings_are_the_fields_of_a_frozen_dataclass(self) -> None:
        made = pruning_method(self.method)  # every setting has a default
        assert made == pruning_method(self.method)
        for one in dataclasses.fields(made):  # type: ignore[arg-type]
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(made, one.name, None)
            assert repr(getattr(made, one.name)) in repr(made)  # a checkpoint stores the repr
        with pytest.raises(InputError, match="no_such_setting"):
            pruning_method(self.method, no_such_setting=1)
        assert self.declared.summary

    def test_budgets_are_met_exactly(self) -> None:
        found = self.pruned(keep=True)
        if self.finds_sizes:
            links = [record.links for record in found.records]
            assert links == [one.synapses for one in found.reservoirs]
            assert links[-1] < links[0]
            return
        assert [record.links for record in found.records] == budgets(dense().synapses, _LINKS, _ITERATIONS)
        assert [record.neurons for record in found.records] == budgets(dense().neurons, _NEURONS, _ITERATIONS)
        assert [one.synapses for one in found.reservoirs] == [record.links for record in found.records]

    def test_neurons_that_stay_are_as_they_were(self) -> None:
        before, found = dense(), self.pruned()
        after = found.reservoir
        assert (np.diff(found.origin) > 0).all()
        for name in ("is_excitatory", "positions", "v_threshold", "tau_exc"):
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name)[found.origin], err_msg=name)
        assert after.channels == before.channels

    def test_signs_of_weights_stay_with_their_neurons(self) -> None:
        before, found = dense(), self.pruned()
        after = found.reservoir
        assert (after.weight >= 0).all()  # the sign is that of the neuron
        np.testing.assert_array_equal(after.is_excitatory, before.is_excitatory[found.origin])

    def test_there_are_no_new_links(self) -> None:
        if self.declared.rewires:
            pytest.skip(f"{self.method} declares that it moves links")
        found = self.pruned()
        assert links_of(found.reservoir, found.origin) <= links_of(dense(), np.arange(dense().neurons))

    def test_a_seed_gives_the_same_bytes(self) -> None:
        one, other = self.pruned(), self.pruned()
        assert one.reservoir.equals(other.reservoir)
        assert repr(one.records) == repr(other.records)

    def test_an_interrupted_run_goes_on_with_the_same_result(self, tmp_path: Path) -> None:
        whole = self.pruned(score=Stopping(99))
        with pytest.raises(Stopped):
            self.pruned(score=Stopping(3), out=tmp_path / "run")
        resumed = self.pruned(score=Stopping(99), out=tmp_path / "run", resume=True)
        assert resumed.reservoir.equals(whole.reservoir)
        assert repr(resumed.records) == repr(whole.records)

    def test_what_it_sees_has_no_task_in_it(self) -> None:
        watched = Watched(self.made())
        stimulus = Currents(np.random.default_rng(0).uniform(-1, 1, (1, 20, 2)), 20.0)
        # the score is of a task, for the record: the method must give the same with another, or without one
        options: dict[str, Any] = {"iterations": 2, "synapse_target": 0.5, "stimulus": stimulus, "seed": 3}
        found = prune(dense(), watched, score=lambda one: float(one.synapses), **options)
        assert watched.seen
        for context in watched.seen:
            assert isinstance(context, PruningContext)
            assert context.stimulus is stimulus
        assert found.reservoir.equals(prune(dense(), self.made(), **options).reservoir)
        assert found.reservoir.equals(prune(dense(), self.made(), score=lambda one: 0.0, **options).reservoir)

    def test_the_last_neurons_of_their_kind_stay(self) -> None:
        few = self.pruned(synapse_target=0.9, neuron_target=0.85).reservoir
        assert self.finds_sizes or few.neurons == budgets(dense().neurons, 0.85, _ITERATIONS)[-1]
        assert (~few.is_excitatory).any()
        assert len(few.input_post)

    def test_zero_weights_and_isolated_neurons_have_a_rule(self) -> None:
        reservoir = dense()
        weight = reservoir.weight.copy()
        weight[::3] = 0
        alone = (reservoir.pre != 5) & (reservoir.post != 5)
        found = self.pruned(keep_links(reservoir.replace(weight=weight), alone), iterations=2, synapse_target=0.6)
        assert self.finds_sizes or found.reservoir.synapses == found.records[-1].budget

    def test_a_graph_in_pieces_goes_on(self) -> None:
        ring = [(k, (k + 1) % 8) for k in range(8)]
        apart = nx.DiGraph([*ring, *((8 + a, 8 + b) for a, b in ring), *((8 + b, 8 + a) for a, b in ring)])
        nx.set_edge_attributes(apart, 1.0, "weight")
        reservoir = Reservoir.from_graph(apart, ReservoirSpec.preset("dense", input_fraction=1.0))
        records = self.pruned(reservoir, iterations=2, synapse_target=0.6, neuron_target=0.0).records
        assert records[0].pieces == 2
        assert records[0].strong_component == 8
        assert records[-1].pieces >= records[-1].neurons - records[-1].links
        assert self.finds_sizes or records[-1].links == round(0.4 * 24)


def dense() -> Reservoir:
    """Build the network that is pruned."""
    return build(_SPEC, seed=1, channels=2)


def links_of(reservoir: Reservoir, origin: np.ndarray) -> set[tuple[int, int]]:
    """Return the links as pairs of neurons of the dense network."""
    return set(zip(origin[reservoir.pre].tolist(), origin[reservoir.post].tolist(), strict=True))


class Stopped(Exception):
    """Raised in place of an interruption."""


@dataclass
class Stopping:
    """Score that interrupts the run when it is computed for the `last` time; its repr does not depend on that."""

    last: int
    count: int = 0

    def __repr__(self) -> str:
        return "Stopping()"

    def __call__(self, reservoir: Reservoir) -> float:
        self.count += 1
        if self.count == self.last:
            raise Stopped
        return float(reservoir.synapses)


@dataclass(frozen=True)
class Watched:
    """Method that records what another one is given."""

    method: PruningMethod
    seen: list[PruningContext] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.method, name)

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """Prune by the other."""
        self.seen.append(context)
        return self.method.prune(context)
