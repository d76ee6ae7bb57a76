"""Reservoirs as graphs and back, and graphs from elsewhere."""

from __future__ import annotations

import csv
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from hrsnn import Constant, Currents, InputError, Reservoir, ReservoirSpec, Uniform, build, simulate
from hrsnn.networks import keep_neurons, read_graph, write_graph

SPEC = ReservoirSpec(neurons=60, delay_ee=Uniform(0, 5), v_threshold=Uniform(14, 16))


def ring(weights: list[float], **attributes: object) -> nx.DiGraph:
    """A ring of as many nodes as weights."""
    n = len(weights)
    return nx.DiGraph([(i, (i + 1) % n, {"weight": w}) for i, w in enumerate(weights)], **attributes)


def test_graph_says_what_the_arrays_say():
    r = build(SPEC, 1)
    graph = r.graph()
    assert list(graph.nodes) == list(range(60))
    assert graph.number_of_edges() == r.synapses
    for k in (0, r.synapses // 2, r.synapses - 1):
        edge = graph.edges[int(r.pre[k]), int(r.post[k])]
        sign = 1 if r.is_excitatory[r.pre[k]] else -1
        assert edge["weight"] == sign * r.weight[k]
        assert edge["delay"] == r.delay[k]
    node = graph.nodes[17]
    assert node["type"] == ("E" if r.is_excitatory[17] else "I")
    assert node["position"] == tuple(r.positions[17])
    assert node["tau_m"] == r.tau_m[17]


def test_there_and_back_is_the_same_network():
    r = build(SPEC, 1)
    assert Reservoir.from_graph(r.graph()).equals(r)
    named = nx.relabel_nodes(r.graph(), {i: f"neuron {59 - i}" for i in range(60)})
    np.testing.assert_array_equal(Reservoir.from_graph(named).weight, r.weight)


def test_weights_in_other_units_are_scaled_to_the_specs_mean_total_input():
    """Doubling every weight of a graph without units, or having ten times the links, changes no total."""
    rng = np.random.default_rng(0)
    totals = []
    for p, factor in ((0.1, 1.0), (0.1, 2.0), (0.9, 1.0)):
        graph = nx.fast_gnp_random_graph(200, p, seed=1, directed=True)
        signs = np.where(rng.permutation(200) < 160, 1, -1)
        for a, b in graph.edges:
            graph.edges[a, b]["weight"] = factor * float(signs[a]) * rng.gamma(2)
        r = Reservoir.from_graph(graph, seed=2)
        np.testing.assert_array_equal(r.is_excitatory, signs > 0)
        exc = r.is_excitatory[r.pre]
        totals.append([r.weight[exc].sum() / 200, r.weight[~exc].sum() / 200])
        shares = [abs(graph.edges[int(i), int(j)]["weight"]) for i, j in zip(r.pre, r.post, strict=True)]
        ee = exc & r.is_excitatory[r.post]
        np.testing.assert_allclose(np.ptp(r.weight[ee] / np.array(shares)[ee]), 0, atol=1e-9)  # proportions are kept
    np.testing.assert_allclose(totals[0], totals[1], rtol=0.1)
    np.testing.assert_allclose(totals[0], totals[2], rtol=0.1)
    own = build(ReservoirSpec(neurons=1000), 1)
    np.testing.assert_allclose(totals[2][0], own.weight[own.is_excitatory[own.pre]].sum() / 1000, rtol=0.15)


def test_weights_in_millivolt_are_kept():
    r = Reservoir.from_graph(ring([2.0, -100.0, 1.0], weight_unit="mV"))
    assert r.weight.tolist() == [2.0, 100.0, 1.0]
    assert (r.w_max >= r.weight).all()


@pytest.mark.parametrize(
    ("graph", "wanted"),
    [
        (ring([1.0, -1.0, 1.0]), "EIE"),
        (nx.DiGraph([(0, 1, {"weight": -1.0}), (2, 1)]), "IEE"),  # without weight: 1; without links: E
    ],
)
def test_signs_say_the_type(graph, wanted):
    assert "".join("E" if e else "I" for e in Reservoir.from_graph(graph).is_excitatory) == wanted


def test_types_alone_give_an_unsigned_graph_its_signs():
    graph = ring([1.0, 2.0, 3.0])
    nx.set_node_attributes(graph, {0: "I", 2: "E"}, "type")
    assert Reservoir.from_graph(graph).is_excitatory.tolist() == [False, True, True]


def test_an_unsigned_graph_is_drawn_four_to_one():
    graph = nx.cycle_graph(100, create_using=nx.DiGraph)
    one, two = Reservoir.from_graph(graph, seed=1), Reservoir.from_graph(graph, seed=2)
    assert one.is_excitatory.sum() == two.is_excitatory.sum() == 80
    assert not np.array_equal(one.is_excitatory, two.is_excitatory)
    assert Reservoir.from_graph(graph, ReservoirSpec(excitatory_fraction=0.5)).is_excitatory.sum() == 50


def test_what_the_graph_does_not_say_comes_from_the_spec():
    graph = ring([1.0, 1.0, 1.0])
    graph.nodes[1]["tau_m"] = 7.5
    graph.edges[1, 2]["delay"] = 4.0
    r = Reservoir.from_graph(
        graph, ReservoirSpec(tau_m_exc=33, tau_m_inh=33, delay_ee=1, delay_ei=1, delay_ie=1), channels=3
    )
    assert r.tau_m.tolist() == [33, 7.5, 33]
    assert r.delay.tolist() == [1, 4, 1]
    assert r.channels == 3
    assert r.positions.shape == (3, 3)


def mixed() -> nx.DiGraph:
    return nx.DiGraph([("a", "b", {"weight": 1.0}), ("a", "c", {"weight": -1.0})])


def typed(kind: object, weight: float = 1.0) -> nx.DiGraph:
    graph = nx.DiGraph([("a", "b", {"weight": weight}), ("b", "a", {"weight": -1.0})])
    graph.nodes["a"]["type"] = kind
    return graph


def placed(position: object) -> nx.DiGraph:
    graph = ring([1.0, 1.0])
    nx.set_node_attributes(graph, position, "position")
    return graph


def valued(name: str, value: object) -> nx.DiGraph:
    graph = ring([1.0, 1.0])
    graph.nodes[0][name] = value
    return graph


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (nx.Graph([(0, 1)]), "graph = .*must be a networkx.DiGraph .networkx's graph.to_directed"),
        (nx.MultiDiGraph([(0, 1), (0, 1)]), "graph = .*one edge a pair: sum the parallel weights"),
        (nx.DiGraph([(0, 1), (1, 1)]), r"graph = \[1\]: no self-loops: graph.remove_edges_from"),
        (nx.DiGraph(), "graph = .*at least two nodes"),
        (ring([1.0, 0.0]), r"weight of 1 -> 0 = 0.0: must be finite and not 0"),
        (ring([1.0, np.nan]), r"weight of 1 -> 0 = nan: must be finite and not 0"),
        (ring([1.0, "heavy"]), "weight = .*must be a number on every edge"),
        (mixed(), r"node 'a' = 'links of both signs': a neuron has one sign \(Dale's law\)"),
        (typed("I"), r"node 'a' = 'I': its links have the other sign \(Dale's law\)"),
        (typed("E", -1.0), r"node 'a' = 'E': its links have the other sign"),
        (typed("glia"), r"type of node 'a' = 'glia': must be 'E' or 'I'"),
        (placed((1, 2)), r"position = \(1, 2\): must be three numbers on every node"),
        (placed("here"), "position = 'here': must be three numbers"),
        (valued("tau_m", -1.0), r"tau_m\[0\] = -1.0: must be positive"),
        (valued("tau_m", "slow"), r"tau_m = .*must be a number on every node"),
        (valued("cell_type", "a\nb"), r"cell_types = 'a\\nb': must be printable"),
    ],
)
def test_graphs_that_are_no_network_are_refused(graph, message):
    with pytest.raises(InputError, match=message):
        Reservoir.from_graph(graph)


def test_a_graph_without_links_is_a_reservoir_without_links():
    assert Reservoir.from_graph(nx.empty_graph(5, create_using=nx.DiGraph)).synapses == 0


@pytest.mark.parametrize("rule", ["linear", "log", "rank"])
def test_counts_of_synapses_become_weights_by_a_rule(rule):
    def weights(counts, rule):
        graph = nx.DiGraph()
        graph.add_nodes_from(range(7), type="E")
        graph.add_edges_from((k, k + 1, {"weight": float(count)}) for k, count in enumerate(counts))
        return Reservoir.from_graph(graph, ReservoirSpec(graph_weights=rule), seed=3).weight

    counts = np.array([1, 1, 1, 2, 2, 30])
    drawn = weights(range(1, 7), "rank")
    assert (np.diff(drawn) > 0).all()
    low, middle, high = np.split(np.sort(drawn), [3, 5])
    given = {"linear": counts, "log": np.log(1 + counts), "rank": [low.mean()] * 3 + [middle.mean()] * 2 + [high.mean()]}
    assert weights(counts, rule) == pytest.approx(np.array(given[rule]) * drawn.mean() / np.mean(given[rule]), rel=1e-12)


def test_a_rule_needs_weights_without_a_unit(tmp_path):
    spec, message = ReservoirSpec(neurons=20, graph_weights="log"), "graph_weights = 'log': must be linear: the weights of"
    reservoir = build(ReservoirSpec(neurons=20), seed=0)
    with pytest.raises(InputError, match=message):
        Reservoir.from_graph(reservoir.graph(), spec)
    reservoir.save(tmp_path / "saved.npz")
    with pytest.raises(InputError, match=message):
        build(spec.updated({"graph": str(tmp_path / "saved.npz")}), seed=0)


def test_delays_come_from_positions():
    graph = ring([1.0, 1.0, 1.0])
    nx.set_node_attributes(graph, {0: (0, 0, 0), 1: (3, 4, 0), 2: (3, 4, 12)}, "position")
    spec = ReservoirSpec(dt=0.5, delay_speed=2.0, delay_exc=None, delay_inh=None)
    assert Reservoir.from_graph(graph, spec).delay.tolist() == [2.5, 6.0, 6.5]


def test_cell_types_survive_everything(tmp_path):
    graph = ring([1.0, 1.0, 1.0])
    nx.set_node_attributes(graph, {0: "Kenyon", 2: "MBON"}, "cell_type")
    reservoir = Reservoir.from_graph(nx.relabel_nodes(graph, {0: "K1", 1: "x", 2: "M1"}))
    assert reservoir.cell_types.tolist() == ["Kenyon", "", "MBON"]
    assert "1 Kenyon" in reservoir._repr_html_()
    reservoir.save(tmp_path / "r.npz")
    write_graph(reservoir, tmp_path / "r.graphml")
    for again in (Reservoir.load(tmp_path / "r.npz"), Reservoir.from_graph(read_graph(tmp_path / "r.graphml"))):
        assert again.equals(reservoir)
        assert again.fingerprint == reservoir.fingerprint
    assert keep_neurons(reservoir, np.array([False, True, True])).cell_types.tolist() == ["", "MBON"]
    assert reservoir.replace(cell_types=["", "", ""]).cell_types is None
    with pytest.raises(InputError, match=r"cell_types = .*must be 3 strings, one a neuron"):
        reservoir.replace(cell_types=[1, 2, 3])


def celegans(data_folder: Path) -> nx.DiGraph:
    """Chemical synapses of C. elegans, with the sign of the transmitter."""
    graph = nx.DiGraph()
    with open(data_folder / "connectomes" / "celegans_edges.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row["kind"] == "chemical" and row["source"] != row["target"]:
                graph.add_edge(row["source"], row["target"], weight=int(row["count"]) * int(row["sign"]))
    return graph


def test_a_connectome_runs_and_is_alive(data_folder):
    graph = celegans(data_folder)
    assert graph.number_of_nodes() > 250
    reservoir = Reservoir.from_graph(graph, ReservoirSpec(input_weight=Constant(8)), seed=1)
    assert reservoir.synapses == graph.number_of_edges()
    assert 0.02 < 1 - reservoir.is_excitatory.mean() < 0.3
    values = np.random.default_rng(0).uniform(-1, 1, (1, 100, 1))
    activity = simulate(reservoir, Currents(values, 20.0), record=())
    assert 1 < activity.rates.mean() < 40
    assert (activity.spike_counts[0] == 0).mean() < 0.4
