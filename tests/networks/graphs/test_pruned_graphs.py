"""Graphs and matrices through pruning: labels, attributes, weights in their own unit; and the steps on graphs alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from pruning_methods import untrained
from scipy.sparse import coo_array, csr_array

from hrsnn import Reservoir, ReservoirSpec
from hrsnn.errors import InputError
from hrsnn.networks import (
    METHODS,
    betweenness_pruning,
    delocalise,
    noise_pruning,
    participation,
    prune,
    read_graph,
    write_graph,
)
from hrsnn.networks.linear import noise_covariance

OPTIONS: dict[str, Any] = {"iterations": 2, "synapse_target": 0.5, "neuron_target": 0.2, "seed": 3}


def worm(seed: int = 0, n: int = 30) -> nx.DiGraph:
    """A graph of named cells whose links have attributes that no reservoir knows, and weights without a unit."""
    graph = nx.gnp_random_graph(n, 0.2, seed=seed, directed=True)
    random = np.random.default_rng(seed)
    for a, b in graph.edges:
        graph.edges[a, b].update(weight=int(random.integers(1, 9)), kind="chemical", sections=[a, b])
    for a in graph:
        graph.nodes[a].update(type="E" if a % 5 else "I", neurotransmitter="ACh")
    named = nx.relabel_nodes(graph, {k: f"cell {k}" for k in graph})
    named.graph["source"] = "an atlas"
    return named


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("restore", ["none", "sums"])
def test_a_graph_comes_out_as_its_reservoir_does(name: str, restore: str) -> None:
    graph, method = worm(), untrained(name)
    before = repr(sorted(graph.edges(data=True)))
    left = prune(graph, method, restore=restore, **OPTIONS)  # type: ignore[call-overload]
    assert repr(sorted(graph.edges(data=True))) == before  # the graph given is not changed
    dense = Reservoir.from_graph(graph, None, 3)
    found = prune(dense, method, restore=restore, **OPTIONS)  # type: ignore[call-overload]
    names = list(graph)
    assert list(left) == [names[k] for k in found.origin]
    ends = {
        (names[a], names[b])
        for a, b in zip(found.origin[found.reservoir.pre], found.origin[found.reservoir.post], strict=True)
    }
    assert set(left.edges) == ends
    assert left.graph == graph.graph
    assert all(left.nodes[node] == graph.nodes[node] for node in left)
    if METHODS.find(name).rewires:
        return
    for edge in left.edges:
        assert {**left.edges[edge], "weight": 0} == {**graph.edges[edge], "weight": 0}
    kept = {edge: left.edges[edge]["weight"] / graph.edges[edge]["weight"] for edge in left.edges}
    if restore == "none":
        assert set(kept.values()) == {1}
        assert all(isinstance(left.edges[edge]["weight"], int) for edge in left.edges)
    else:
        weights = {(int(a), int(b)): w for a, b, w in zip(dense.pre, dense.post, dense.weight, strict=True)}
        for a, b, w in zip(
            found.origin[found.reservoir.pre], found.origin[found.reservoir.post], found.reservoir.weight, strict=True
        ):
            assert kept[names[a], names[b]] == pytest.approx(w / weights[int(a), int(b)])


def test_the_graph_of_a_reservoir_comes_out_whole() -> None:
    from hrsnn import build

    dense = build(ReservoirSpec(neurons=30), seed=1)
    for restore in ("bias", "both"):
        found = prune(dense, untrained("drive"), restore=restore, **OPTIONS)  # type: ignore[call-overload]
        left = prune(dense.graph(), untrained("drive"), restore=restore, **OPTIONS)  # type: ignore[call-overload]
        back = Reservoir.from_graph(left)
        assert back.replace(labels=None).equals(found.reservoir)


@pytest.mark.parametrize("name", ["drive", "signal", "magnitude", "lnp"])
def test_other_names_for_the_nodes_permute_the_result(name: str) -> None:
    graph = worm()
    other = nx.relabel_nodes(graph, {node: node.upper() for node in graph})
    one, two = (prune(g, untrained(name), **OPTIONS) for g in (graph, other))  # type: ignore[call-overload]
    assert {(a.upper(), b.upper()) for a, b in one.edges} == set(two.edges)


def test_a_matrix_is_that_of_its_graph() -> None:
    graph = nx.gnp_random_graph(25, 0.3, seed=2, directed=True)
    random = np.random.default_rng(0)
    for a, b in graph.edges:
        graph.edges[a, b]["weight"] = float(random.uniform(0.5, 2)) * (-1 if a % 5 == 0 else 1)
    matrix = csr_array(nx.to_scipy_sparse_array(graph, nodelist=range(25)))
    left, smaller = (prune(given, untrained("drive"), **OPTIONS) for given in (graph, matrix))
    assert isinstance(smaller, csr_array)
    assert (smaller != nx.to_scipy_sparse_array(left, nodelist=sorted(left))).nnz == 0


def test_links_that_move_in_a_graph_without_signs_stay_without(tmp_path: Path) -> None:
    graph = nx.gnp_random_graph(30, 0.3, seed=2, directed=True)
    left = prune(graph, untrained("erdos_renyi"), **OPTIONS)  # type: ignore[call-overload]
    assert all(weight > 0 for *_, weight in left.edges(data="weight", default=1))
    write_graph(left, tmp_path / "left.edges")
    assert set(read_graph(tmp_path / "left.edges").edges) == set(left.edges)


def test_a_matrix_is_summed_and_square() -> None:
    twice = coo_array(([1.0, 2.0, 1.0, 4.0], ([0, 0, 1, 2], [1, 1, 2, 0])), shape=(3, 3))
    assert noise_pruning(twice, 3)[[0], [1]] == 3
    with pytest.raises(InputError, match="must be square"):
        noise_pruning(csr_array(np.ones((3, 5))), 2)


def test_a_large_graph_needs_no_dominant_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise_covariance, "DENSE_LIMIT", 5)
    assert noise_pruning(worm(), 40).number_of_edges() == 40


def test_noise_pruning_of_a_graph_keeps_the_expectation() -> None:
    graph = worm(n=12)
    nodes = list(graph)
    whole = nx.to_numpy_array(graph, nodelist=nodes)
    links = graph.number_of_edges() // 2
    mean, runs = np.zeros_like(whole), 400
    for seed in range(runs):
        left = noise_pruning(graph, links, weights="rescale", seed=seed)
        assert (left.number_of_edges(), list(left)) == (links, nodes)
        mean += nx.to_numpy_array(left, nodelist=nodes) / runs
    assert np.abs(mean - whole).max() < 0.5 * whole.max()
    assert np.corrcoef(mean[whole > 0], whole[whole > 0])[0, 1] > 0.95
    masked = noise_pruning(graph, links)
    assert all(masked.edges[edge] == graph.edges[edge] for edge in masked.edges)


def test_betweenness_pruning_is_that_of_networkx() -> None:
    graph = worm()
    length = {edge: 1 / graph.edges[edge]["weight"] for edge in graph.edges}
    nx.set_edge_attributes(graph, length, "length")
    central = nx.betweenness_centrality(graph, weight="length")
    left = betweenness_pruning(graph, 20)
    assert set(left) == set(sorted(central, key=lambda node: -central[node])[:20])
    assert set(left.edges) == {(a, b) for a, b in graph.edges if a in left and b in left}


def test_delocalise_restores_links_that_spread_eigenvectors() -> None:
    graph = worm()
    fewer = noise_pruning(graph, 40)
    more = delocalise(fewer, graph, 20)
    assert more.number_of_edges() == 60
    assert set(fewer.edges) < set(more.edges) < set(graph.edges)
    assert all(more.edges[edge] == graph.edges[edge] for edge in more.edges)
    number = {node: k for k, node in enumerate(graph)}

    def ratio(one: nx.DiGraph) -> float:
        ends = np.array([(number[a], number[b]) for a, b in one.edges])
        return participation(len(number), ends[:, 0], ends[:, 1])

    assert ratio(more) < ratio(fewer)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda g: noise_pruning(g, 10**6), "links = 1000000: must be at most"),
        (lambda g: noise_pruning(g, 1, leak="x"), "leak"),  # type: ignore[arg-type]
        (lambda g: noise_pruning(g, 1, weights="x"), "weights"),  # type: ignore[arg-type]
        (lambda g: noise_pruning(nx.MultiDiGraph(g), 1), "one edge a pair|DiGraph"),
        (lambda g: noise_pruning(nx.DiGraph([(0, 0)]), 1), "self-loops"),
        (lambda g: noise_pruning(nx.DiGraph([(0, 1, {"weight": np.nan})]), 1), "finite"),
        (lambda g: noise_pruning(nx.DiGraph(), 0), "without nodes"),
        (lambda g: noise_pruning(nx.DiGraph([(0, 1, {"weight": None})]), 1), "must be a number on every edge"),
        (lambda g: betweenness_pruning(g, 31), "must be at most 30"),
        (lambda g: delocalise(g, nx.DiGraph([(0, 1)]), 1), "only nodes and links of the original"),
        (lambda g: prune(nx.Graph(g), untrained("drive")), "to_directed"),
        (lambda g: prune("worm", untrained("drive")), "must be"),  # type: ignore[call-overload]
    ],
)
def test_bad_graphs(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call(worm())
