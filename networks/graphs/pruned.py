"""The graph of a pruned reservoir, with the names and attributes of the graph that the reservoir was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from hrsnn.builder import PAIRS
from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    import networkx


@takes()
def pruned_graph(
    graph: networkx.DiGraph, dense: Reservoir, smaller: Reservoir, origin: NDArray[np.int64]
) -> networkx.DiGraph:
    """Return the part of a graph that is left after pruning its reservoir.

    Parameters
    ----------
    graph : networkx.DiGraph
    dense : Reservoir
        ``Reservoir.from_graph(graph, ...)``.
    smaller : Reservoir
        The pruned network, of N neurons.
    origin : array of int (N,)
        Index in `dense`, and so in the order of ``graph.nodes``, of each neuron.

    Returns
    -------
    networkx.DiGraph
        A new graph with the labels and attributes of nodes, links and graph. An attribute of a reservoir that pruning has
        changed, such as ``i_bias``, is changed where it was there, and not added where it was not. A weight changes by the
        factor by which that of the reservoir has. A link that is new (of a method that moves links) has only a weight, in
        the unit of the graph.

    Examples
    --------
    >>> import networkx
    >>> ring = networkx.DiGraph([("a", "b", {"weight": 2, "kind": "gap"}), ("b", "c"), ("c", "a")])
    >>> dense = Reservoir.from_graph(ring)
    >>> from hrsnn.networks import keep_links
    >>> left = pruned_graph(ring, dense, keep_links(dense, np.array([True, True, False])), np.arange(3))
    >>> left.edges["a", "b"], list(left.edges)
    ({'weight': 2, 'kind': 'gap'}, [('a', 'b'), ('b', 'c')])
    """
    names = list(graph.nodes)
    was, now = dense.graph(), smaller.graph()
    before, after = list(was.nodes), list(now.nodes)  # nodes 0, 1, 2, ... are numbered anew
    left: networkx.DiGraph = graph.__class__()
    left.graph.update(graph.graph)
    for node, place in zip(after, origin.tolist(), strict=True):
        name = names[place]
        left.add_node(name, **_changed(graph.nodes[name], was.nodes[before[place]], now.nodes[node]))
    place_of = dict(zip(after, origin.tolist(), strict=True))
    units = _units(graph, dense, names)
    # in the order of the graph, not in that of the links of a reservoir
    ends = {(names[place_of[a]], names[place_of[b]]): data for a, b, data in now.edges(data=True)}
    number = {name: before[k] for k, name in enumerate(names)}
    for source, target, data in graph.edges(data=True):
        new = ends.pop((source, target), None)
        if new is None:
            continue
        old = was.edges[number[source], number[target]]
        own = _changed(data, old, new)
        if new["weight"] != old["weight"]:
            own["weight"] = data.get("weight", 1.0) * (new["weight"] / old["weight"]) if old["weight"] else new["weight"]
        left.add_edge(source, target, **own)
    signed = any(weight < 0 for *_, weight in graph.edges(data="weight", default=1.0))
    for (source, target), new in ends.items():
        pair = (was.nodes[number[source]]["type"] + was.nodes[number[target]]["type"]).lower()
        weight = new["weight"] / units.get(pair, 1.0)
        left.add_edge(source, target, weight=weight if signed else abs(weight))
    return left


def _changed(own: Any, was: Any, now: Any) -> dict[str, Any]:
    """Return the attributes of a node or link of the graph with those that differ between two reservoirs."""
    different = {
        name: value for name, value in now.items() if name in own and name != "weight" and not _equal(was[name], value)
    }
    return {**own, **different}


def _equal(one: Any, other: Any) -> bool:
    return bool(np.all(one == other))


def _units(graph: networkx.DiGraph, dense: Reservoir, names: list[Any]) -> dict[str, float]:
    """Return for each pair type the weight in mV of a link that has weight 1 in the graph."""
    kind = np.where(dense.is_excitatory, "e", "i")
    pairs = np.char.add(kind[dense.pre], kind[dense.post])
    found = {}
    for pair in PAIRS:
        here = np.flatnonzero((pairs == pair) & (dense.weight > 0))
        if len(here):
            source, target = names[dense.pre[here[0]]], names[dense.post[here[0]]]
            found[pair] = float(dense.weight[here[0]] / abs(graph.edges[source, target].get("weight", 1.0)))
    return found


def graph_of_matrix(matrix: csr_array) -> networkx.DiGraph:
    """Return the graph of a sparse matrix whose entry (i, j) is the weight of the link from i to j, as NetworkX has it."""
    import networkx

    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError("matrix", matrix.shape, "must be square")
    summed = csr_array(matrix)
    summed.sum_duplicates()
    entries = coo_array(summed)
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(entries.shape[0]))
    graph.add_weighted_edges_from(
        (i, j, w) for i, j, w in zip(*(x.tolist() for x in (entries.row, entries.col, entries.data)), strict=True)
    )
    return graph


def matrix_of_graph(graph: networkx.DiGraph, nodes: list[Any]) -> csr_array:
    """Return the sparse matrix of a graph, with the nodes in a given order."""
    number = {node: k for k, node in enumerate(nodes)}
    ends = np.array([(number[a], number[b]) for a, b in graph.edges], np.int64).reshape(-1, 2)
    weight = np.array([float(w) for *_, w in graph.edges(data="weight", default=1.0)])
    return csr_array((weight, (ends[:, 0], ends[:, 1])), shape=(len(nodes), len(nodes)))
