"""A reservoir as a NetworkX graph, and any weighted directed graph as a reservoir."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hrsnn.errors import InputError
from hrsnn.growth import PAIRS, REFERENCE_K, assemble
from hrsnn.links import grid_positions
from hrsnn.reservoir import Reservoir
from hrsnn.seeds import generator
from hrsnn.spec import ReservoirSpec
from hrsnn.units import ARRAYS, plain, takes, unit_of

if TYPE_CHECKING:
    import networkx

#: What a node may carry beside its type and position, under the reservoir's own names.
_NODE_VALUES = ("tau_m", "tau_exc", "tau_inh", "v_threshold", "v_reset", "v_rest", "v_start", "i_bias", "refractory")


def to_graph(reservoir: Reservoir) -> networkx.DiGraph:
    """The recurrent network as a ``networkx.DiGraph``.

    Nodes 0..N-1 carry ``type`` ("E" or "I"), ``position`` (x, y, z) and the neuron's constants (``tau_m``, ... in ms and
    mV). Edges carry ``weight`` (mV, negative when the source is inhibitory) and ``delay`` (ms). The graph's attribute
    ``weight_unit`` is "mV": :func:`from_graph` then takes the weights as they are.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> graph = build(ReservoirSpec(neurons=20), seed=0).graph()
    >>> sorted(graph.nodes[0])[:3], {d["type"] for _, d in graph.nodes(data=True)} == {"E", "I"}
    (['i_bias', 'position', 'refractory'], True)
    """
    import networkx

    graph = networkx.DiGraph(weight_unit="mV")
    columns = {name: getattr(reservoir, name).tolist() for name in _NODE_VALUES}
    for i in range(reservoir.neurons):
        graph.add_node(
            i,
            type="E" if reservoir.is_excitatory[i] else "I",
            position=tuple(reservoir.positions[i].tolist()),
            **{name: values[i] for name, values in columns.items()},
        )
    signed = np.where(reservoir.is_excitatory[reservoir.pre], reservoir.weight, -reservoir.weight)
    graph.add_edges_from(
        (i, j, {"weight": w, "delay": d})
        for i, j, w, d in zip(
            reservoir.pre.tolist(), reservoir.post.tolist(), signed.tolist(), reservoir.delay.tolist(), strict=True
        )
    )
    return graph


@takes()
def from_graph(graph: networkx.DiGraph, spec: ReservoirSpec | None = None, seed: int = 0, channels: int = 1) -> Reservoir:
    """A reservoir on the links of a weighted directed graph, a connectome for example.

    What the graph does not say comes from the spec.

    Parameters
    ----------
    graph : networkx.DiGraph
        Neurons are numbered in the order of ``graph.nodes``. A node may carry ``type`` ("E" or "I"), ``position``
        (three numbers) and ``tau_m``, ``tau_exc``, ``tau_inh``, ``v_threshold``, ``v_reset``, ``v_rest``, ``v_start``,
        ``i_bias``, ``refractory``; an edge ``weight`` (without it: 1) and ``delay`` (ms). They may be Brian2 quantities.
    spec : ReservoirSpec, optional
        Default: the default spec. Its number of neurons and its own links are not used.
    seed : int
        For what is drawn.
    channels : int
        Number of input channels.

    Returns
    -------
    Reservoir

    Raises
    ------
    InputError
        When the graph is undirected, a multigraph, has self-loops, fewer than two nodes, weights that are zero or not
        finite, or a node whose links have both signs or contradict its type (Dale's law).

    Notes
    -----
    Types: a node's own ``type``; else the sign of its outgoing weights; where no node has a type and no weight is
    negative, excitatory and inhibitory are drawn at the spec's ratio. A node without links or type is excitatory when
    the graph has signs. Weights: kept when ``graph.graph["weight_unit"] == "mV"`` or they are Brian2 quantities; otherwise
    the magnitudes are scaled,
    pair type by pair type, so that a neuron's mean total input is that of the spec's own network and the activity stays
    in range. A weight above its bound w_max raises the bound of its link.

    Examples
    --------
    >>> import networkx
    >>> graph = networkx.DiGraph([(0, 1, {"weight": 2.0}), (1, 2, {"weight": -1.0}), (2, 0, {"weight": 1.0})])
    >>> Reservoir.from_graph(graph).is_excitatory
    array([ True, False,  True])
    """
    spec = spec or ReservoirSpec()
    nodes = list(graph.nodes)
    _check(graph, nodes)
    number = {node: i for i, node in enumerate(nodes)}
    edges = sorted((number[a], number[b], data) for a, b, data in graph.edges(data=True))  # pairs are unique
    pre = np.array([a for a, _, _ in edges], dtype=np.int32)
    post = np.array([b for _, b, _ in edges], dtype=np.int32)
    signed = _edge_values(edges, "weight", 1.0)
    for (a, b, _), w in zip(edges, signed, strict=True):
        if w == 0 or not np.isfinite(w):
            raise InputError(f"weight of {nodes[a]!r} -> {nodes[b]!r}", w, "must be finite and not 0: leave the edge out")
    is_excitatory = _types(graph, nodes, pre, signed, spec, seed)
    factors = _factors(spec, is_excitatory, pre, post)
    drawn = assemble(
        spec, seed, channels, is_excitatory, _positions(graph, nodes), pre, post, factors, np.zeros(len(nodes), np.int32)
    )
    magnitude = np.abs(signed)
    weight = magnitude if _in_mv(graph, edges) else _scaled(magnitude, drawn)
    given = {name: _node_values(graph, nodes, name, getattr(drawn, name)) for name in _NODE_VALUES}
    return drawn.replace(
        weight=weight,
        w_max=np.maximum(drawn.w_max, weight),
        delay=_edge_values(edges, "delay", drawn.delay),
        **given,
    )


def _check(graph: networkx.DiGraph, nodes: list[Any]) -> None:
    if not graph.is_directed():
        raise InputError("graph", graph, "must be directed: networkx's graph.to_directed() makes both directions")
    if graph.is_multigraph():
        raise InputError("graph", graph, "must have one edge a pair: sum the parallel weights into a networkx.DiGraph first")
    if len(nodes) < 2:
        raise InputError("graph", graph, "must have at least two nodes")
    loops = [node for node in nodes if graph.has_edge(node, node)]
    if loops:
        raise InputError(
            "graph",
            loops,
            "no self-loops: graph.remove_edges_from(list(networkx.selfloop_edges(graph))) takes them out",
        )


def _edge_values(edges: list[tuple[int, int, dict[str, Any]]], name: str, default: float | np.ndarray) -> np.ndarray:
    fallback = np.broadcast_to(default, (len(edges),))
    try:
        return np.array(
            [float(plain(data.get(name, fallback[k]), ARRAYS[name], name)) for k, (_, _, data) in enumerate(edges)]
        )
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(name, str(error), "must be a number on every edge") from error


def _in_mv(graph: networkx.DiGraph, edges: list[tuple[int, int, dict[str, Any]]]) -> bool:
    """Whether the weights are said to be mV: by the graph, or by every one of them being a quantity."""
    if graph.graph.get("weight_unit") == "mV":
        return True
    quantities = sum(unit_of(data.get("weight"), "weight") is not None for _, _, data in edges)
    if quantities not in (0, len(edges)):
        allowed = 'must be so on every edge or on none; graph.graph["weight_unit"] = "mV" says it for plain numbers'
        raise InputError("weight", f"a quantity on {quantities} of {len(edges)} edges", allowed)
    return quantities > 0


def _node_values(graph: networkx.DiGraph, nodes: list[Any], name: str, default: np.ndarray) -> np.ndarray:
    try:
        return np.array(
            [float(plain(graph.nodes[node].get(name, default[i]), ARRAYS[name], name)) for i, node in enumerate(nodes)]
        )
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(name, str(error), "must be a number on every node") from error


def _types(
    graph: networkx.DiGraph, nodes: list[Any], pre: np.ndarray, signed: np.ndarray, spec: ReservoirSpec, seed: int
) -> np.ndarray:
    size = len(nodes)
    negative = np.bincount(pre[signed < 0], minlength=size) > 0
    positive = np.bincount(pre[signed > 0], minlength=size) > 0
    given = [graph.nodes[node].get("type") for node in nodes]
    for i, kind in enumerate(given):
        if kind not in (None, "E", "I"):
            raise InputError(f"type of node {nodes[i]!r}", kind, "must be 'E' or 'I'")
    if any(kind is not None for kind in given) or negative.any():
        # an unsigned graph with types says the sign by the type alone
        unsigned = not negative.any()
        for i, kind in enumerate(given):
            if positive[i] and negative[i]:
                raise InputError(f"node {nodes[i]!r}", "links of both signs", "a neuron has one sign (Dale's law)")
            if (kind == "E" and negative[i]) or (kind == "I" and positive[i] and not unsigned):
                raise InputError(f"node {nodes[i]!r}", kind, "its links have the other sign (Dale's law)")
        return np.array([kind == "E" if kind is not None else not negative[i] for i, kind in enumerate(given)])
    excitatory = np.zeros(size, dtype=bool)
    excitatory[generator(seed, "types").permutation(size)[: round(size * spec.excitatory_fraction)]] = True
    return excitatory


def _positions(graph: networkx.DiGraph, nodes: list[Any]) -> np.ndarray:
    given = [graph.nodes[node].get("position") for node in nodes]
    if any(p is None for p in given):
        return grid_positions(len(nodes))
    try:
        positions = np.array(plain(given, ARRAYS["positions"], "position"), dtype=np.float64).reshape(len(nodes), 3)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError("position", given[0], "must be three numbers on every node") from error
    return positions


def _factors(spec: ReservoirSpec, is_excitatory: np.ndarray, pre: np.ndarray, post: np.ndarray) -> dict[str, float]:
    """Per pair type, the factor that gives a neuron the mean total input that it has in the spec's own network.

    There, a neuron has C K f links from sources of a kind that is a share f of all, each of mean weight times 30 W_scale/K;
    here it has the links of the graph.
    """
    kind = (~is_excitatory).astype(np.intp)
    counts = np.bincount(2 * kind[pre] + kind[post], minlength=4)
    population = np.bincount(kind, minlength=2)
    factors = {}
    for code, (name, (source, target)) in enumerate(PAIRS.items()):
        per_target = counts[code] / population[target] if population[target] else 0.0
        wanted = REFERENCE_K * getattr(spec, f"probability_{name}") * population[source] / len(kind)
        factors[name] = spec.weight_scale * wanted / per_target if per_target else spec.weight_scale
    return factors


def _scaled(magnitude: np.ndarray, drawn: Reservoir) -> np.ndarray:
    """The graph's magnitudes, with the mean weight of each pair type that was drawn for it."""
    kind = (~drawn.is_excitatory).astype(np.intp)
    pair = 2 * kind[drawn.pre] + kind[drawn.post]
    scaled = np.empty_like(magnitude)
    for code in range(4):
        here = pair == code
        if here.any():
            scaled[here] = magnitude[here] * (drawn.weight[here].mean() / magnitude[here].mean())
    return scaled
