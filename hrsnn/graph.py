"""Conversion between reservoirs and NetworkX graphs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hrsnn.builder import PAIRS, REFERENCE_K, assemble
from hrsnn.connectivity import grid_positions
from hrsnn.errors import InputError
from hrsnn.files.parsing import parsed_json
from hrsnn.reservoir import LINK_ARRAYS, NEURON_ARRAYS, SHORT_TERM_ARRAYS, Links, Reservoir, ShortTerm
from hrsnn.runtime.seeds import generator
from hrsnn.spec import ReservoirSpec
from hrsnn.validation.arrays import require, rules_of
from hrsnn.validation.labels import labels_of
from hrsnn.validation.numbers import MOST_CHANNELS, count_of
from hrsnn.validation.units import plain, takes, unit_of

if TYPE_CHECKING:
    import networkx

#: Attributes of a node other than its type, position and input, under the reservoir's own names.
NODE_VALUES = tuple(name for name in NEURON_ARRAYS if name not in ("is_excitatory", "positions"))
#: Attributes of an edge other than its weight.
EDGE_VALUES = tuple(name for name in LINK_ARRAYS if name not in ("pre", "post", "weight"))
#: Attributes of an input link other than its neuron and channel.
_INPUT_VALUES = (*(name for name in LINK_ARRAYS if name not in ("pre", "post")), "gain")
#: Graph attributes.
_GRAPH_VALUES = ("dt", "background_frozen", "homeostasis")
#: Units of these attributes.
_UNITS = {name: rule.unit for kind in (Reservoir, Links, ShortTerm) for name, rule in rules_of(kind).items()}


def to_graph(reservoir: Reservoir) -> networkx.DiGraph:
    """Return the recurrent network as a ``networkx.DiGraph``, from which :func:`from_graph` restores the same reservoir.

    Nodes, named by the neurons' labels or else 0..N-1, have ``type`` ("E" or "I"), ``cell_type`` where it is known,
    ``position`` (x, y, z), the neuron's constants (``tau_m``, ... in ms, mV and Hz) and ``input``: its input links as a
    JSON object that maps each channel to the list of ``weight``, ``delay``, ``w_max``, ``tau_plus``, ``tau_minus``,
    ``a_plus``, ``a_minus`` and ``gain``. Edges have ``weight`` (mV, negative when the source is inhibitory), ``delay``
    (ms), the constants of STDP and, with short-term plasticity, its constants. The graph has ``channels``, ``dt``,
    ``background_frozen``, ``homeostasis`` and ``weight_unit``, "mV", with which :func:`from_graph` does not scale the
    weights.

    Examples
    --------
    >>> from hrsnn import Reservoir, ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=20, adaptation=2), seed=0)
    >>> graph = reservoir.graph()
    >>> graph.nodes[0]["adaptation"], {d["type"] for _, d in graph.nodes(data=True)} == {"E", "I"}
    (2.0, True)
    >>> Reservoir.from_graph(graph).equals(reservoir)
    True
    """
    import networkx

    whole = {name: getattr(reservoir, name) for name in _GRAPH_VALUES}
    plastic = reservoir.short_term is not None
    graph = networkx.DiGraph(weight_unit="mV", channels=reservoir.channels, short_term_plasticity=plastic, **whole)
    nodes = list(range(reservoir.neurons)) if reservoir.labels is None else reservoir.labels.tolist()
    columns = {name: getattr(reservoir, name).tolist() for name in NODE_VALUES}
    inputs = _inputs_of(reservoir)
    cell_types = [""] * len(nodes) if reservoir.cell_types is None else reservoir.cell_types.tolist()
    for i, node in enumerate(nodes):
        graph.add_node(
            node,
            type="E" if reservoir.is_excitatory[i] else "I",
            position=tuple(reservoir.positions[i].tolist()),
            input=json.dumps(inputs[i]),
            **({"cell_type": cell_types[i]} if cell_types[i] else {}),
            **{name: values[i] for name, values in columns.items()},
        )
    links: dict[str, list[float]] = {name: getattr(reservoir.recurrent, name).tolist() for name in EDGE_VALUES}
    if reservoir.short_term is not None:
        links |= {name: getattr(reservoir.short_term, name).tolist() for name in SHORT_TERM_ARRAYS}
    signed = np.where(reservoir.is_excitatory[reservoir.pre], reservoir.weight, -reservoir.weight)
    names, rows = ("weight", *links), zip(signed.tolist(), *links.values(), strict=True)
    graph.add_edges_from(
        (nodes[i], nodes[j], dict(zip(names, row, strict=True)))
        for i, j, row in zip(reservoir.pre.tolist(), reservoir.post.tolist(), rows, strict=True)
    )
    return graph


def _inputs_of(reservoir: Reservoir) -> list[dict[str, list[float]]]:
    """Return the input links of each neuron, by channel."""
    found: list[dict[str, list[float]]] = [{} for _ in range(reservoir.neurons)]
    columns = [getattr(reservoir.input, name).tolist() for name in _INPUT_VALUES[:-1]]
    rows = zip(*columns, reservoir.input_gain.tolist(), strict=True)
    for channel, neuron, row in zip(reservoir.input_channel.tolist(), reservoir.input_post.tolist(), rows, strict=True):
        found[neuron][str(channel)] = list(row)
    return found


@takes()
def from_graph(
    graph: networkx.DiGraph, spec: ReservoirSpec | None = None, seed: int = 0, channels: int | None = None
) -> Reservoir:
    """Return a reservoir with the links of a weighted directed graph, for example a connectome.

    Values missing from the graph are drawn from the spec.

    Parameters
    ----------
    graph : networkx.DiGraph
        Neurons are numbered in the order of ``graph.nodes``, and labelled by them unless these are 0, 1, 2, ... Optional
        node attributes: ``type`` ("E" or "I"), ``cell_type`` (text), ``position`` (three numbers) and the neuron's
        constants under the names of the reservoir's arrays (``tau_m``, ``v_threshold``, ``adaptation``, ...). Optional edge
        attributes: ``weight`` (default 1), ``delay`` (ms) and the other arrays of :class:`~hrsnn.reservoir.Links` and
        :class:`~hrsnn.reservoir.ShortTerm`. Input links and graph attributes are those of :func:`to_graph`. Numbers may
        be Brian2 quantities.
    spec : ReservoirSpec, optional
        Default: the default spec. Its number of neurons and its links are not used. Its ``graph_weights`` is the rule by
        which weights without a unit become mV, and with ``delay_speed`` delays come from the positions.
    seed : int
        Seed of the values drawn.
    channels : int, optional
        Number of input channels; by default that of the graph, or 1 where it has none. If it differs from the graph's, the
        input links of the graph are not used.

    Returns
    -------
    Reservoir
        For a graph made by :func:`to_graph`, a reservoir equal to the original.

    Raises
    ------
    InputError
        When the graph is undirected, a multigraph, has self-loops, fewer than two nodes, weights that are not finite, or
        zero where the source has no type, or a node whose links have both signs or contradict its type (Dale's law);
        when ``graph_weights`` is not "linear" and the weights are in mV.

    Notes
    -----
    The type of a neuron is the node's ``type``, or else the sign of its outgoing weights; where no node has a type and no
    weight is negative, excitatory and inhibitory neurons are drawn at the spec's ratio. A node without links or type is
    excitatory when the graph has signs. Weights are used as they are when ``graph.graph["weight_unit"] == "mV"`` or they
    are Brian2 quantities. Otherwise they are magnitudes m, such as numbers of synapses, and for each type of pair become
    weights in proportion to m ("linear") or log(1 + m) ("log"), or those that the spec draws, the largest to the largest m
    ("rank"; links of equal m get the mean of theirs). The mean of each type of pair is that of the weights drawn, for
    which a neuron's mean total input is that of a network built from the spec, so that the rates remain in its range; "rank"
    keeps their spread too, where numbers of synapses have longer tails. :func:`hrsnn.analysis.at_rate` gives the network
    a rate exactly. A weight above w_max raises the w_max of its link.

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
    said = graph.graph.get("channels")
    own_input = said is not None and channels in (None, said)
    channels = count_of("channels", said if own_input else 1 if channels is None else channels, most=MOST_CHANNELS)
    number = {node: i for i, node in enumerate(nodes)}
    edges = sorted(((number[a], number[b], data) for a, b, data in graph.edges(data=True)), key=lambda edge: edge[:2])
    pre = np.array([a for a, _, _ in edges], dtype=np.int32)
    post = np.array([b for _, b, _ in edges], dtype=np.int32)
    signed = _edge_values(edges, "weight", 1.0)
    for (a, b, _), w in zip(edges, signed, strict=True):
        if not np.isfinite(w) or (w == 0 and graph.nodes[nodes[a]].get("type") is None):
            raise InputError(f"weight of {nodes[a]!r} -> {nodes[b]!r}", w, "must be finite and not 0: leave the edge out")
    is_excitatory = _types(graph, nodes, pre, signed, spec, seed)
    factors = _factors(spec, is_excitatory, pre, post)
    drawn = assemble(
        spec, seed, channels, is_excitatory, _positions(graph, nodes), pre, post, factors, np.zeros(len(nodes), np.int32)
    )
    magnitude = np.abs(signed)
    unit = graph.graph.get("weight_unit")
    if unit not in (None, "mV"):
        raise InputError("weight_unit", unit, "must be mV, or left out: weights are then scaled")
    if not _in_mv(graph, edges):
        weight = _scaled(magnitude, drawn, spec.graph_weights)
    elif spec.graph_weights == "linear":
        weight = magnitude
    else:
        raise InputError("graph_weights", spec.graph_weights, "must be linear: the weights of this graph are in mV")
    given: dict[str, Any] = {name: _node_values(graph, nodes, name, getattr(drawn, name)) for name in NODE_VALUES}
    links = {name: _edge_values(edges, name, getattr(drawn.recurrent, name)) for name in EDGE_VALUES}
    require("w_max", links["w_max"], links["w_max"] >= 0, "must not be negative (mV)")
    links["w_max"] = np.maximum(links["w_max"], weight)
    given["recurrent"] = Links(pre, post, weight, **links)
    given["short_term"] = _short_term(graph, edges, drawn)
    if own_input:
        given["input"], given["input_gain"] = _input_links(graph, nodes, channels)
    given |= {name: graph.graph[name] for name in _GRAPH_VALUES if name in graph.graph}
    cell_types = [str(graph.nodes[node].get("cell_type", "")) for node in nodes]
    return drawn.replace(labels=labels_of(nodes), cell_types=cell_types if any(cell_types) else None, **given)


def _short_term(graph: networkx.DiGraph, edges: list[Any], drawn: Reservoir) -> ShortTerm | None:
    """Return short-term plasticity from the edges, or as drawn where they have none; None where the graph excludes it."""
    told = bool(edges) and all(name in edges[0][2] for name in SHORT_TERM_ARRAYS)
    if not graph.graph.get("short_term_plasticity", told or drawn.short_term is not None):
        return None
    fallback = {name: None if drawn.short_term is None else getattr(drawn.short_term, name) for name in SHORT_TERM_ARRAYS}
    return ShortTerm(**{name: _edge_values(edges, name, fallback[name]) for name in SHORT_TERM_ARRAYS})


def _input_links(graph: networkx.DiGraph, nodes: list[Any], channels: int) -> tuple[Links, np.ndarray]:
    """Return the input links of all nodes, sorted by (channel, neuron), and their gains."""
    rows: list[tuple[Any, ...]] = []
    for i, node in enumerate(nodes):
        text = graph.nodes[node].get("input", "{}")
        try:
            for channel, values in parsed_json(text).items():
                if any(isinstance(value, (str, bool)) for value in values) or len(values) != len(_INPUT_VALUES):
                    raise ValueError(f"{len(values)} values, or some that are no numbers")
                if str(int(channel)) != channel:  # int("1_0") is 10
                    raise ValueError(f"channel {channel}")
                rows.append((int(channel), i, *map(float, values)))
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            allowed = f"must be JSON: by channel a list of {', '.join(_INPUT_VALUES)}"
            raise InputError(f"input of node {node!r}", text, allowed) from error
    rows.sort(key=lambda row: row[:2])
    columns = list(zip(*rows, strict=True)) if rows else [()] * (2 + len(_INPUT_VALUES))
    named = dict(zip(_INPUT_VALUES, columns[2:], strict=True))
    gain = np.array(named.pop("gain"), dtype=np.float64)
    floats = {name: np.array(values, dtype=np.float64) for name, values in named.items()}
    if any(not 0 <= channel < channels for channel in columns[0]):
        raise InputError("input", sorted(set(columns[0])), f"channels must be 0 to {channels - 1}")
    return Links(np.array(columns[0], np.int32), np.array(columns[1], np.int32), **floats), gain


def _check(graph: networkx.DiGraph, nodes: list[Any]) -> None:
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


def _edge_values(edges: list[tuple[int, int, dict[str, Any]]], name: str, default: float | np.ndarray | None) -> np.ndarray:
    fallback = np.broadcast_to(np.asarray(default, dtype=object), (len(edges),))
    try:
        return np.array(
            [float(plain(data.get(name, fallback[k]), _UNITS[name], name)) for k, (_, _, data) in enumerate(edges)]
        )
    except InputError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(name, str(error), "must be a number on every edge") from error


def _in_mv(graph: networkx.DiGraph, edges: list[tuple[int, int, dict[str, Any]]]) -> bool:
    """Return whether the weights are in mV: the graph's ``weight_unit`` is, or all weights are quantities."""
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
            [float(plain(graph.nodes[node].get(name, default[i]), _UNITS[name], name)) for i, node in enumerate(nodes)]
        )
    except InputError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
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
        # in a graph without negative weights the type alone determines the sign
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
        positions = np.array(plain(given, "", "position"), dtype=np.float64).reshape(len(nodes), 3)
    except InputError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError("position", given[0], "must be three numbers on every node") from error
    return positions


def _factors(spec: ReservoirSpec, is_excitatory: np.ndarray, pre: np.ndarray, post: np.ndarray) -> dict[str, float]:
    """Return the factor of each pair type that gives a neuron the mean total input of a network built from the spec.

    In such a network a neuron has C K f links from sources of a type that is a share f of all neurons, each of the mean
    weight times 30 W_scale/K; here it has the links of the graph.
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


def _scaled(magnitude: np.ndarray, drawn: Reservoir, rule: Literal["linear", "log", "rank"]) -> np.ndarray:
    """Return weights of the graph's magnitudes by a rule; the mean of each pair type is that of the weights drawn."""
    kind = (~drawn.is_excitatory).astype(np.intp)
    pair = 2 * kind[drawn.pre] + kind[drawn.post]
    scaled = np.empty_like(magnitude)
    for code in np.unique(pair):
        here = pair == code
        given, weights = magnitude[here], drawn.weight[here]
        if rule == "rank":
            # equal magnitudes are next to each other in this order, and share the mean of the weights at their ranks
            _, group, size = np.unique(given, return_inverse=True, return_counts=True)
            scaled[here] = (np.add.reduceat(np.sort(weights), np.cumsum(size) - size) / size)[group]
        else:
            given = np.log1p(given) if rule == "log" else given
            scaled[here] = given * (weights.mean() / given.mean())
    return scaled
