"""Tables of links and nodes, and matrices of weights: round trips, what pandas and SciPy make of them, wrong tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from hrsnn import HrsnnWarning, InputError, Reservoir, ReservoirSpec, build
from hrsnn.exchange import from_adjacency, from_edge_table, to_adjacency, to_edge_table, to_node_table

RICH = ReservoirSpec(neurons=20, adaptation=1, background_rate=20, short_term_plasticity=True, delay_ee=2, clusters=2)
NETWORKS = {
    "default": build(ReservoirSpec(neurons=30, homeostasis=False), seed=1, channels=3),
    "everything": build(RICH, seed=1, channels=2).replace(
        labels=[f"n{k}" for k in range(20)], cell_types=["", "Kenyon"] * 10
    ),
    "no links": build(ReservoirSpec(neurons=5), seed=1).without_recurrence(),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_comes_back_from_its_tables(name: str) -> None:
    pytest.importorskip("pandas", reason="the extra parquet is not installed")
    reservoir = NETWORKS[name]
    links, nodes = to_edge_table(reservoir), to_node_table(reservoir)
    graph = from_edge_table(links, nodes)
    if name != "no links":  # the graph of a network without links does not say that weights are in mV
        assert graph.graph["weight_unit"] == "mV"
    assert Reservoir.from_graph(graph).equals(reservoir)


def test_a_loss_is_said() -> None:
    pytest.importorskip("pandas", reason="the extra parquet is not installed")
    with pytest.warns(HrsnnWarning, match="state_bits is lost"):
        to_node_table(NETWORKS["default"].replace(state_bits=8))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_matrix, sparse.lil_matrix, lambda m: m.toarray()])
def test_weights_come_back_from_a_matrix(name: str, form: Any) -> None:
    reservoir = NETWORKS[name]
    matrix = to_adjacency(reservoir)
    sign = np.where(reservoir.is_excitatory, 1, -1)[reservoir.pre]
    assert np.array_equal(matrix.toarray()[reservoir.pre, reservoir.post], sign * reservoir.weight)
    graph = from_adjacency(form(matrix), reservoir.labels, weight_unit="mV")
    assert list(graph) == (list(range(reservoir.neurons)) if reservoir.labels is None else reservoir.labels.tolist())
    if reservoir.synapses:
        back = Reservoir.from_graph(graph)
        for array in ("pre", "post", "weight"):
            assert np.array_equal(getattr(back, array), getattr(reservoir, array))


def test_a_stored_zero_is_no_link_and_doubles_are_summed() -> None:
    matrix = sparse.coo_array(([1.0, 2.0, 0.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    assert list(from_adjacency(matrix).edges(data="weight")) == [(0, 1, 3.0)]
    assert matrix.nnz == 3  # the matrix given is not changed


def test_a_table_with_types_delays_and_empty_cells() -> None:
    pandas = pytest.importorskip("pandas", reason="the extra parquet is not installed")
    links = pandas.DataFrame(
        {"source": ["a", "b", "c"], "target": ["b", "c", "a"], "weight": [2, 3, 1], "delay": [4.0, None, 2.0]}
        | {"type": ["E", "I", None], "note": ["x", None, "z"]}
    )
    nodes = pandas.DataFrame(
        {"node": ["c", "b", "a", "alone"], "x": [1.0, 2, 3, 4], "y": 0.0, "z": 0.0, "tau_m": [9.0, None, 7, 6]}
    )
    graph = from_edge_table(links, nodes)
    assert list(graph) == ["c", "b", "a", "alone"]
    assert graph.edges["b", "c"] == {"weight": 3}
    reservoir = Reservoir.from_graph(graph, ReservoirSpec(delay_exc=0, delay_inh=0))
    assert reservoir.is_excitatory.tolist() == [True, False, True, True]
    assert reservoir.positions[:, 0].tolist() == [1, 2, 3, 4]
    assert reservoir.tau_m[[0, 2, 3]].tolist() == [9, 7, 6]
    assert reservoir.delay.tolist() == [2.0, 0.0, 4.0]


def test_other_names_of_columns() -> None:
    table = {"pre": [1, 2], "post": [2, 1], "count": [3.0, 4.0], "weight": [9.0, 9.0]}
    graph = from_edge_table(table, source="pre", target="post", weight="count")
    assert list(graph.edges(data="weight")) == [(1, 2, 3.0), (2, 1, 4.0)]


LINKS = {"source": ["a", "b"], "target": ["b", "a"]}
BAD: dict[str, tuple[Any, Any, str]] = {
    "no table": (3, None, "table = 'int': must be a pandas.DataFrame"),
    "no target": ({"source": [1]}, None, "must have source and target"),
    "lengths": ({"source": [1], "target": [1, 2]}, None, "must have one length"),
    "twice": ({"source": [1, 1], "target": [2, 2]}, None, r"link 1 = \(1, 2\): is there twice"),
    "missing end": ({"source": [None], "target": [2]}, None, r"source\[0\] = None: must be a whole number or text"),
    "half a name": ({"source": [1.5], "target": [2]}, None, r"source\[0\] = 1.5"),
    "weight": (LINKS | {"weight": ["x", 1]}, None, r"weight\[0\] = 'x': must be a finite number"),
    "infinite": (LINKS | {"weight": [np.inf, 1]}, None, "must be a finite number"),
    "both weights": (LINKS | {"weight": [1, 1], "weight_mV": [1, 1]}, None, "must have one of weight and weight_mV"),
    "two types": ({"source": [1, 1], "target": [2, 3], "type": ["E", "I"]}, None, r"type\[1\] = 'I': 1 is of type 'E'"),
    "no such node": (LINKS, {"node": ["a"]}, "link 0 = .*is no node of the table"),
    "no names": (LINKS, {"name": ["a"]}, "columns of nodes = .* must have node"),
    "node twice": (LINKS, {"node": ["a", "a"]}, r"node\[1\] = 'a': is there twice"),
    "other type": (LINKS | {"type": ["E", "E"]}, {"node": ["a", "b"], "type": ["I", "E"]}, "type of 'a' = 'E': is 'I'"),
    "long name": ({"source": ["a" * 300], "target": ["b"]}, None, "HRSNN_MAX_NAME"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_wrong_table_is_refused(what: str) -> None:
    table, nodes, message = BAD[what]
    with pytest.raises(InputError, match=message):
        from_edge_table(table, nodes)


@pytest.mark.parametrize(
    ("matrix", "more", "message"),
    [
        (np.ones((2, 3)), {}, r"must be square"),
        (np.ones(3), {}, "two dimensions"),
        ([["a"]], {}, "must be numbers"),
        ([[0, np.nan], [0, 0]], {}, "must have finite elements"),
        (np.eye(2), {"labels": ["a"]}, r"must have shape \(2,\)"),
        (np.eye(2), {"labels": ["a", "a"]}, "must be distinct"),
        (np.eye(2), {"weight_unit": "V"}, "weight_unit = 'V': must be \"mV\""),
        (sparse.eye_array(2, dtype=complex), {}, "of numbers"),
    ],
)
def test_a_wrong_matrix_is_refused(matrix: Any, more: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_adjacency(matrix, **more)
