"""SONATA files read without trust: groups of nodes and edges to arrays, and these to a reservoir or spike trains."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from hrsnn.errors import FileError, HrsnnWarning, InputError
from hrsnn.files.parsing import parsed_json
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.formats.hdf5_tree import Group, read_tree
from hrsnn.reservoir import LINK_ARRAYS, NEURON_ARRAYS, SHORT_TERM_ARRAYS, Links, Reservoir, ShortTerm
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.limits import check_memory

#: Names of the populations of nodes, and of the attribute with the settings of a network or a sample.
NEURONS, CHANNELS, HEADER = "neurons", "channels", "hrsnn"
_INDICES = frozenset({"indices"})
#: Bytes of memory per link of a graph (measured).
_LINK = 600
_MOST_NODES = 10_000_000


def read_network(path: PathLike, population: str | None, spec: ReservoirSpec, seed: int) -> Reservoir:
    """Return the network in a file; see :func:`hrsnn.exchange.from_sonata`."""
    tree = read_tree(path, _INDICES)
    with refuse_damaged(path, "SONATA network"):
        nodes, edges = _group(tree, "nodes"), _group(tree, "edges")
        own = nodes.members.get(NEURONS)
        if population in (None, NEURONS) and isinstance(own, Group) and HEADER in own.attributes:
            return _own_network(tree, parsed_json(str(own.attributes[HEADER])))
        ends = {name: _ends(_group(edges, name)) for name in edges.members}
        within = sorted({source for source, target in ends.values() if source == target})
    if population is None and len(within) == 1:
        population = within[0]
    if population is None or population not in within:
        raise InputError(
            "population", population, f"must be one with links among its own nodes: {', '.join(within) or 'none is'}"
        )
    with refuse_damaged(path, "SONATA network"):
        chosen = [name for name, (source, target) in ends.items() if source == target == population]
        graph = _graph(_Table(_group(nodes, population), "node"), [_Table(_group(edges, name), "edge") for name in chosen])
        return Reservoir.from_graph(graph, spec, seed)


def _own_network(tree: Group, settings: Any) -> Reservoir:
    neurons, channels = (_Table(_group(tree, "nodes", name), "node") for name in (NEURONS, CHANNELS))
    links = {}
    for side, source in (("recurrent", NEURONS), ("input", CHANNELS)):
        table = _Table(_group(tree, "edges", f"{source}_to_{NEURONS}"), "edge")
        columns = {name: table.column(name) for name in LINK_ARRAYS if name not in ("pre", "post", "weight")}
        signed = table.column("syn_weight")
        links[side] = table, Links(table.ids("source"), table.ids("target"), np.abs(signed), **columns)
    recurrent, given = links["recurrent"][0], links["input"][0]
    ei = neurons.column("ei")
    if not set(ei.tolist()) <= {"e", "i"}:
        raise InputError("ei", sorted(set(ei.tolist())), 'must be "e" or "i"')
    own: dict[str, Any] = {
        name: neurons.column(name) for name in NEURON_ARRAYS if name not in ("is_excitatory", "positions")
    }
    short = SHORT_TERM_ARRAYS[0] in recurrent.names()
    made = Reservoir(
        is_excitatory=ei == "e",
        positions=np.stack([neurons.column(axis) for axis in "xyz"], axis=1),
        recurrent=links["recurrent"][1],
        input=links["input"][1],
        input_gain=given.column("gain"),
        channels=channels.count,
        short_term=ShortTerm(**{name: recurrent.column(name) for name in SHORT_TERM_ARRAYS}) if short else None,
        labels=_labels(neurons),
        cell_types=_cell_types(neurons),
        **own,
        **settings,
    )
    weights = recurrent.column("syn_weight")
    wrong = np.flatnonzero((weights != 0) & ((weights > 0) != made.is_excitatory[made.pre]))
    if len(wrong):
        raise InputError(f"syn_weight[{wrong[0]}]", weights[wrong[0]], "must have the sign of its source's type")
    return made


def _labels(neurons: _Table) -> Any:
    if "label" not in neurons.names():
        return None
    found = neurons.column("label")
    return found.astype(np.int64) if found.dtype.kind in "iu" else [str(one) for one in found.tolist()]


def _cell_types(neurons: _Table) -> Any:
    return [str(one) for one in neurons.column("cell_type").tolist()] if "cell_type" in neurons.names() else None


def _graph(neurons: _Table, edges: list[_Table]) -> Any:
    """Return the links among the neurons of another program's file as a ``networkx.DiGraph``."""
    import networkx

    links = sum(table.count for table in edges)
    check_memory("path", links, _LINK * float(links + neurons.count), "its network as a graph")
    names = neurons.names()
    columns = {name: neurons.column(name) for name in (*NEURON_ARRAYS, "x", "y", "z", "ei", "cell_type") if name in names}
    numbers = neurons.group.members.get("node_id")
    ids = np.arange(neurons.count) if numbers is None else neurons.ids("")
    if len(np.unique(ids)) < len(ids):
        raise InputError("node_id", neurons.count, "must be distinct")
    graph = networkx.DiGraph()
    types = {"e": "E", "i": "I"}
    for k, node in enumerate(ids.tolist()):
        values = {name: column[k] for name, column in columns.items() if name not in ("x", "y", "z", "ei", "is_excitatory")}
        if {"x", "y", "z"} <= set(columns):
            values["position"] = tuple(float(columns[axis][k]) for axis in "xyz")
        if "ei" in columns:
            if columns["ei"][k] not in types:
                raise InputError("ei", columns["ei"][k], 'must be "e" or "i"')
            values["type"] = types[columns["ei"][k]]
        graph.add_node(node, **values)
    several = 0
    for table in edges:
        weight = table.column("syn_weight") if "syn_weight" in table.names() else np.ones(table.count)
        delay = table.column("delay") if "delay" in table.names() else None
        rows = zip(table.ids("source").tolist(), table.ids("target").tolist(), weight.tolist(), strict=True)
        for k, (a, b, w) in enumerate(rows):
            if a not in graph or b not in graph:
                raise InputError(f"edge {k}", (a, b), "must lead from a node to a node of the population")
            late = {} if delay is None else {"delay": float(delay[k])}
            if graph.has_edge(a, b):
                several += 1
                data = graph.edges[a, b]
                data["weight"] += w
                data["parts"] += 1
                if late:
                    data["delay"] += (late["delay"] - data["delay"]) / data["parts"]
            else:
                graph.add_edge(a, b, weight=w, parts=1, **late)
    if several:
        text = f"SONATA: {several} links are further ones between two neurons: weights are summed, delays averaged"
        warnings.warn(text, HrsnnWarning, stacklevel=5)
    return graph


def read_spikes(path: PathLike, population: str | None, channels: int | None, duration: float | None) -> SpikeTrains:
    """Return the spikes in a file; see :func:`hrsnn.exchange.spikes_from_sonata`."""
    tree = read_tree(path, _INDICES)
    with refuse_damaged(path, "SONATA spike file"):
        spikes = _group(tree, "spikes")
        said = {}
        for name in spikes.members:
            text = _group(spikes, name).attributes.get(HEADER)
            said[name] = {} if text is None else parsed_json(str(text))
        if population is not None:
            chosen = [population]
        elif said and all(said.values()):
            chosen = sorted(said, key=lambda name: int(said[name]["sample"]))
        else:
            chosen = list(said)
    if (population is None and len(chosen) > 1 and not all(said.values())) or population not in (None, *said):
        raise InputError("population", population, f"must be one of {', '.join(sorted(said))}")
    with refuse_damaged(path, "SONATA spike file"):
        if not chosen:
            raise FileError(path, "is no SONATA spike file: /spikes is empty")
        samples, durations, widths = [], [], []
        for name in chosen:
            times, nodes = _sample(_group(spikes, name))
            samples.append((times, nodes))
            last = float(times[-1]) if len(times) else 0.0
            own = said[name].get("duration", np.nextafter(last, np.inf)) if duration is None else duration
            durations.append(own)
            widths.append(
                said[name].get("channels", int(nodes.max()) + 1 if len(nodes) else 1) if channels is None else channels
            )
        return SpikeTrains.from_samples(samples, max(widths), np.array(durations))


def _sample(group: Group) -> tuple[np.ndarray, np.ndarray]:
    times, nodes = (group.members[name] for name in ("timestamps", "node_ids"))
    if isinstance(times, Group) or isinstance(nodes, Group) or times.shape != nodes.shape or times.ndim != 1:
        raise InputError("timestamps", "other lengths", "must be as many as node_ids")
    if times.dtype.kind not in "fiu" or nodes.dtype.kind not in "iu":
        raise InputError("timestamps", times.dtype, "must be numbers, and node_ids whole numbers")
    unit = group.of_members["timestamps"].get("units", "ms")
    if unit != "ms":
        raise InputError("units", unit, "must be ms")
    if len(nodes) and (nodes.max() >= 2**31 - 1 or nodes.min() < 0):
        raise InputError("node_ids", nodes.max(), "must be from 0 to 2^31 - 2")
    values = times.astype(np.float64)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise InputError("timestamps", values, "must be finite and not negative (ms)")
    order = np.argsort(values, kind="stable")
    return values[order], nodes[order].astype(np.int64)


class _Table:
    """A population of nodes or edges, whose attributes are in one group or several."""

    def __init__(self, group: Group, kind: str) -> None:
        self.group, self.kind = group, kind
        types = group.members.get(f"{kind}_type_id", group.members.get("source_node_id"))
        if types is None or isinstance(types, Group) or types.ndim != 1:
            raise InputError(f"{kind}_type_id", None, f"must be there, one for each {kind}")
        self.count = len(types)
        if self.count > _MOST_NODES * (1 if kind == "node" else 100):
            raise InputError(f"number of {kind}s", self.count, f"must be at most {_MOST_NODES}")
        self.parts = {name: one for name, one in group.members.items() if isinstance(one, Group) and name.isdecimal()}

    def names(self) -> set[str]:
        """Names of the attributes that every group has."""
        found = [set(one.members) | set(_members(one, "dynamics_params")) for one in self.parts.values()]
        return set.intersection(*found) if found else set()

    def column(self, name: str) -> np.ndarray:
        """Return an attribute of all nodes or edges; words where there is a library of them."""
        parts = {int(number): self._part(one, name) for number, one in self.parts.items()}
        if len(parts) == 1 and f"{self.kind}_group_index" not in self.group.members:
            (values,) = parts.values()
            if len(values) != self.count:
                raise InputError(name, values.shape, f"must have {self.count} values")
            return values
        which, where = self._whole(f"{self.kind}_group_id"), self._whole(f"{self.kind}_group_index")
        found: np.ndarray | None = None
        for number, values in parts.items():
            here = which == number
            if here.any() and not (where[here].min() >= 0 and where[here].max() < len(values)):
                raise InputError(f"{self.kind}_group_index", where[here].max(), f"must be below {len(values)} ({name})")
            if found is None:
                found = np.zeros(self.count, values.dtype)
            found[here] = values[where[here].astype(np.intp)]
        if found is None or not np.isin(which, list(parts)).all():
            raise InputError(f"{self.kind}_group_id", sorted(parts), f"there are {self.kind}s in other groups")
        return found

    def _part(self, group: Group, name: str) -> np.ndarray:
        values = group.members.get(name, _members(group, "dynamics_params").get(name))
        if values is None or isinstance(values, Group) or values.ndim != 1:
            raise InputError(name, None, "must be there, with one dimension")
        words = _members(group, "@library").get(name)
        if isinstance(words, np.ndarray):
            if values.dtype.kind not in "iu" or (len(values) and not (values.min() >= 0 and values.max() < words.size)):
                raise InputError(name, values, f"must be places in its library of {words.size}")
            return np.asarray(words.ravel()[values.astype(np.intp)])
        return values

    def _whole(self, name: str) -> np.ndarray:
        values = self.group.members.get(name)
        if values is None or isinstance(values, Group) or values.shape != (self.count,) or values.dtype.kind not in "iu":
            raise InputError(name, None, f"must be {self.count} whole numbers")
        return values

    def ids(self, side: str) -> np.ndarray:
        """Return the nodes at the "source" or "target" of edges, or those of a population of nodes."""
        values = self._whole(f"{side}_node_id".removeprefix("_"))
        if len(values) and not (values.min() >= 0 and values.max() < 2**31):
            raise InputError(f"{side}_node_id", values.max(), "must be from 0 to 2^31 - 1")
        return values.astype(np.int64)


def _members(group: Group, name: str) -> dict[str, Any]:
    one = group.members.get(name)
    return dict(one.members) if isinstance(one, Group) else {}


def _ends(edges: Group) -> tuple[str, str]:
    """Return the populations of the sources and of the targets of edges."""
    found = [str(edges.of_members[f"{side}_node_id"]["node_population"]) for side in ("source", "target")]
    return found[0], found[1]


def _group(tree: Group, *names: str) -> Group:
    for name in names:
        one = tree.members[name]
        if not isinstance(one, Group):
            raise InputError(name, "a dataset", "must be a group")
        tree = one
    return tree
