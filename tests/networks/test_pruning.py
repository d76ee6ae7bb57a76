"""Iterative pruning: budgets, methods, what a method may see, and bad input."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
import pytest
from pruning_methods import untrained

from hrsnn import Reservoir, ReservoirSpec, build
from hrsnn.errors import HrsnnError, InputError
from hrsnn.files.writing import to_json
from hrsnn.networks import (
    LNP,
    METHODS,
    NoisePruning,
    PrunedNetwork,
    PruningContext,
    RandomPruning,
    contraction_rates,
    keep_links,
    neighbourhood_rates,
    prune,
    pruning_figures,
    pruning_method,
)
from hrsnn.networks.methods.ranking import highest_neurons
from hrsnn.networks.pruning import budgets


def links_of(reservoir: Reservoir, origin: np.ndarray) -> dict[tuple[int, int], float]:
    return dict(
        zip(zip(origin[reservoir.pre].tolist(), origin[reservoir.post].tolist(), strict=True), reservoir.weight, strict=True)
    )


@pytest.mark.parametrize("name", METHODS.where(lambda method: not method.rewires))
def test_weights_of_links_that_stay_are_as_they_were(name: str, dense: Reservoir) -> None:
    found = prune(dense, untrained(name), iterations=6, synapse_target=0.8, neuron_target=0.2, seed=3, keep=True)
    last = found.reservoir
    assert last.equals(found.reservoirs[-1])
    assert np.array_equal(last.tau_m, dense.tau_m[found.origin])
    before, after = links_of(dense, np.arange(80)), links_of(last, found.origin)
    assert all(before[ends] == weight for ends, weight in after.items())


@pytest.mark.parametrize(
    "options",
    [
        {"synapses": False},
        {"neurons": False},
        {"delocalise": "none"},
        {"delocalise": "degree"},
        {"weights": "rescale"},
        {"weights": "literal"},
        {"score": "drive"},
        {"score": "weight", "covariance": "measured"},
        {"covariance": "delayed"},
        {"leak": "diagonal"},
        {"timescales": True},
    ],
    ids=str,
)
def test_every_step_can_be_switched_off_and_changed(options: dict[str, Any], dense: Reservoir) -> None:
    method = LNP(**{"timescales": False, **options})
    found = prune(dense, method, iterations=3, synapse_target=0.7, neuron_target=0.25, seed=1)
    assert [record.links for record in found.records] == budgets(dense.synapses, 0.7, 3)
    assert found.records[-1].neurons == (60 if method.neurons else 80)
    changed = not np.array_equal(found.reservoir.tau_m, dense.tau_m[found.origin])
    assert changed <= (method.timescales or method.weights == "literal")
    rescaled = "mean_factor" in found.records[-1].numbers
    assert rescaled == (method.weights != "mask")
    if method.weights == "mask":
        assert set(found.reservoir.weight) <= set(dense.weight)


def test_reproduce_sets_the_letter_of_the_paper() -> None:
    method = LNP(reproduce="paper")
    assert (method.score, method.weights, method.delocalise) == ("literal", "literal", "degree")


def test_rescaled_weights_are_capped(dense: Reservoir) -> None:
    found = prune(dense, LNP(weights="rescale", timescales=False), iterations=12, synapse_target=0.95, neuron_target=0.0)
    before, after = links_of(dense, np.arange(80)), links_of(found.reservoir, found.origin)
    growth = np.array([weight / before[ends] for ends, weight in after.items()])
    assert growth.max() > 1.5
    assert growth.max() <= 10 * (1 + 1e-12)


def test_nothing_can_hand_labels_to_a_method() -> None:
    fields = set(inspect.signature(PruningContext).parameters) | set(inspect.signature(prune).parameters)
    assert not {name for name in fields if "label" in name or "target" in name} - {"synapse_target", "neuron_target"}
    seen: list[PruningContext] = []

    @dataclass(frozen=True)
    class Curious:
        """A method of one's own: the contract, and all that it gets to see."""

        def prune(self, context: PruningContext) -> PrunedNetwork:
            seen.append(context)
            mask = np.arange(context.reservoir.synapses) < context.links
            return PrunedNetwork(
                keep_links(context.reservoir, mask), np.ones(context.reservoir.neurons, bool), {"mine": 1.0}
            )

    reservoir = build(ReservoirSpec(neurons=30), seed=0)
    found = prune(reservoir, Curious(), iterations=2, synapse_target=0.5, score=lambda r: float(r.synapses))
    assert [record.score for record in found.records] == [float(record.links) for record in found.records]
    assert found.records[1].numbers == {"mine": 1.0}
    assert len(seen) == 2


def test_the_last_neurons_of_their_kind_stay(dense: Reservoir) -> None:
    score = np.where(dense.is_excitatory, 10.0, 0.0) + np.arange(80) / 100
    score[dense.input_post] -= 20
    kept = highest_neurons(dense, score, 5)
    assert kept.sum() == 5
    assert (~dense.is_excitatory[kept]).any()
    assert np.isin(np.flatnonzero(kept), dense.input_post).any()


def test_a_strict_neuron_target_keeps_all_links_that_are_left(dense: Reservoir) -> None:
    found = prune(dense, LNP(timescales=False), iterations=4, synapse_target=0.1, neuron_target=0.8)
    last = found.records[-1]
    assert last.links < last.budget
    kept = np.zeros(80, bool)
    kept[found.origin] = True
    assert last.links == (kept[dense.pre] & kept[dense.post]).sum()


def test_least_central_neurons_go_first() -> None:
    # a ring 0..9, and spurs 10, 11 that are on no shortest way
    ring = [(k, (k + 1) % 10) for k in range(10)] + [(0, 10), (11, 1)]
    graph = nx.DiGraph([(a, b, {"weight": -1.0 if a == 3 else 1.0}) for a, b in ring])
    reservoir = Reservoir.from_graph(graph, ReservoirSpec(input_fraction=1.0))
    found = prune(
        reservoir, LNP(delocalised_share=0.0, timescales=False), iterations=1, synapse_target=0.0, neuron_target=2 / 12
    )
    assert found.origin.tolist() == list(range(10))
    assert found.reservoir.synapses == 10


def test_exponents_of_any_kind(dense: Reservoir) -> None:
    kept = {}
    for kind in ("local", "v", "all"):
        method = LNP(timescales=False)
        found = prune(dense, method, iterations=2, synapse_target=0.5, neuron_target=0.0, exponents=kind, seed=1)  # type: ignore[call-overload]
        kept[kind] = set(links_of(found.reservoir, found.origin))
    overlap = len(kept["local"] & kept["v"]) / len(kept["v"])
    assert overlap > 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"synapse_target": 1.0}, "below 1"),
        ({"synapse_target": -0.1}, "below 1"),
        ({"synapse_target": True}, "must be a number"),
        ({"synapse_target": 0.9999}, "leaves none"),
        ({"synapse_target": 0.0}, "remove nothing"),
        ({"neuron_target": 0.99}, "must leave two neurons"),
        ({"neuron_target": 1.5}, "below 1"),
        ({"iterations": 0}, "iterations"),
        ({"refresh": 0}, "refresh"),
        ({"seed": -1}, "seed"),
        ({"resume": True}, "needs out"),
        ({"method": object()}, "must have a method prune"),
        ({"method": RandomPruning(), "exponents": "v"}, "must be left out: the method uses none"),
        ({"restore": "all"}, "must be one of none, bias, sums, both, rate"),
        ({"spec": ReservoirSpec()}, "is for a graph"),
        ({"exponents": lambda reservoir: np.full(reservoir.neurons, np.nan), "method": LNP(score="paper")}, "finite"),
    ],
    ids=lambda value: str(sorted(value)) if isinstance(value, dict) else value,
)
def test_bad_options(options: dict[str, Any], message: str, dense: Reservoir) -> None:
    with pytest.raises(InputError, match=message):
        prune(dense, **{"iterations": 2, **options})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LNP(score="loud"), "score = 'loud'"),  # type: ignore[arg-type]
        (lambda: LNP(weights="half"), "weights"),  # type: ignore[arg-type]
        (lambda: LNP(delocalised_share=1.0), "delocalised_share"),
        (lambda: LNP(leak="open"), "leak"),  # type: ignore[arg-type]
        (lambda: LNP(covariance="none"), "covariance"),
        (lambda: LNP(reproduce="me"), "reproduce"),  # type: ignore[arg-type]
        (lambda: pruning_method("lmp"), "must be one of lnp"),
        (lambda: pruning_method("random", score="x"), "has only none"),
        (lambda: contraction_rates([np.inf]), "finite"),
        (lambda: neighbourhood_rates(2, [0], [1], [1.0, 0.0]), "positive"),
        (lambda: neighbourhood_rates(2, [0], [2], [1.0, 1.0]), "neurons, 0 to 1"),
        (lambda: prune(build(ReservoirSpec(neurons=30), 0).without_recurrence()), "without recurrent links"),
    ],
)
def test_bad_settings(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def test_exponents_are_recorded_where_they_were_measured_and_drawn_as_points() -> None:
    reservoir = build(ReservoirSpec(neurons=40), seed=1)
    found = prune(reservoir, LNP(timescales=False), iterations=7, synapse_target=0.5, refresh=3)
    measured = [record.iteration for record in found.records if np.isfinite(record.largest_exponent)]
    assert measured == [0, 3, 6, 7]
    assert json.loads(to_json(found.records[1].plain()))["largest_exponent"] is None
    rate, exponent = pruning_figures.behaviour_over_iterations({"lnp": [found.records]}).axes[:2]
    (line,) = exponent.lines
    assert (line.get_marker(), np.asarray(line.get_xdata()).tolist()) == ("o", measured)
    assert np.asarray(line.get_ydata()).tolist() == [found.records[t].largest_exponent for t in measured]
    assert (rate.lines[0].get_marker(), len(np.asarray(rate.lines[0].get_xdata()))) == ("", 8)


def test_models_without_exponents_can_still_be_pruned_without_them() -> None:
    reservoir = build(ReservoirSpec(neurons=30, adaptation=1.0), seed=1)
    found = prune(reservoir, NoisePruning(), iterations=2, synapse_target=0.5)
    assert np.isnan(found.records[-1].largest_exponent)
    with pytest.raises(HrsnnError, match="adaptation"):
        prune(reservoir, LNP(), iterations=2, synapse_target=0.5)
    plastic = build(ReservoirSpec(neurons=30, short_term_plasticity=True), seed=1)
    few = prune(plastic, NoisePruning(), iterations=2, synapse_target=0.5).reservoir
    assert few.short_term is not None
    assert len(few.short_term.release) == few.synapses


def test_an_iteration_with_nothing_to_remove_changes_nothing(dense: Reservoir) -> None:
    few = keep_links(dense, np.arange(dense.synapses) < 12)
    found = prune(few, LNP(timescales=False), iterations=12, synapse_target=0.25, neuron_target=0.0, keep=True)
    links = [record.links for record in found.records]
    assert links == budgets(12, 0.25, 12)
    for t in range(1, 12):
        assert (links[t] == links[t - 1]) == found.reservoirs[t].equals(found.reservoirs[t - 1])


def test_zero_weights_go_first() -> None:
    reservoir = build(ReservoirSpec(neurons=40), seed=1)
    weight = reservoir.weight.copy()
    weight[::3] = 0
    reservoir = reservoir.replace(weight=weight)
    last = prune(reservoir, NoisePruning(), iterations=2, synapse_target=0.6).reservoir
    assert (last.weight > 0).all()


@dataclass(frozen=True)
class _Careless:
    """A method that returns a network of another size than asked for."""

    fault: str

    def prune(self, context: PruningContext) -> PrunedNetwork:
        reservoir, kept = context.reservoir, np.ones(context.reservoir.neurons, dtype=bool)
        if self.fault == "links":
            return PrunedNetwork(reservoir, kept)
        smaller = keep_links(reservoir, np.arange(reservoir.synapses) < context.links)
        return PrunedNetwork(smaller, kept[:-1] if self.fault == "mask" else kept.astype(int))


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("links", "links where the budget is"),
        ("mask", "kept must be a mask of 80"),
        ("numbers", "kept must be a mask of 80"),
    ],
)
def test_a_method_of_another_package_is_checked(fault: str, message: str, dense: Reservoir) -> None:
    with pytest.raises(InputError, match=f"did not keep to its contract in iteration 1: .*{message}"):
        prune(dense, _Careless(fault), iterations=2, synapse_target=0.5)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("drive", {"per_target": "no"}, "per_target = 'no': must be True or False"),
        ("lnp", {"delocalised_share": "few"}, "delocalised_share = 'few': must be a number"),
        ("lnp", {"retune_every": 0.5}, "retune_every = 0.5: must be a whole number"),
    ],
)
def test_settings_of_a_method_have_types(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        pruning_method(name, **options)
