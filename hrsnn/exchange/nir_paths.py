"""Paths of a NIR graph from its inputs and neurons to neurons: products of matrices, sums of delays, one current each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hrsnn.errors import InputError
from hrsnn.validation.limits import check_memory, limit

#: Nodes that are read, by the names of their classes.
SUPPORTED = ("Input", "Output", "LIF", "CubaLIF", "LI", "Linear", "Affine", "Scale", "Delay", "NIRGraph")
_NEURONS = ("LIF", "CubaLIF")
#: Arrays of each node, all of one dimension but for weights.
_ARRAYS = {
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "CubaLIF": ("tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
    "LI": ("tau", "r", "v_leak"),
    "Linear": ("weight",),
    "Affine": ("weight", "bias"),
    "Scale": ("scale",),
    "Delay": ("delay",),
}
#: Largest number of nodes passed on all paths together: a ladder of a few nodes has any number of paths.
_MOST_STEPS = 20_000


@dataclass(frozen=True)
class Path:
    """What one path carries from a source to neurons: W x, delayed, plus a constant, through an LI or none."""

    source: str
    sources: int
    target: str = ""
    weight: np.ndarray | None = None  #: (targets, sources); None: the identity
    before: np.ndarray | float = 0.0  #: (sources,) delay of each source, in the graph's unit
    after: np.ndarray | float = 0.0  #: (targets,) delay of each target
    constant: np.ndarray | float = 0.0  #: (targets,) what is added
    synapse: str | None = None  #: the LI that the path ends with
    passed: tuple[str, ...] = ()  #: names of the nodes on the way

    @property
    def matrix(self) -> np.ndarray:
        """The weights, (targets, sources)."""
        return np.eye(self.sources) if self.weight is None else self.weight


@dataclass(frozen=True)
class Flat:
    """A graph without graphs in it: nodes by name, with their arrays in double precision, and the nodes after each."""

    nodes: Mapping[str, tuple[str, Mapping[str, np.ndarray]]]
    after: Mapping[str, tuple[str, ...]]
    metadata: Mapping[str, Mapping[str, Any]]

    def of_kind(self, *kinds: str) -> list[str]:
        """Return the names of the nodes of these kinds."""
        return [name for name, (kind, _) in self.nodes.items() if kind in kinds]

    def size(self, name: str) -> int:
        """Return the number of values that a node gives."""
        kind, arrays = self.nodes[name]
        return int(arrays["shape"][0]) if kind in ("Input", "Output") else len(arrays["v_leak"])


def flat_graph(graph: Any) -> Flat:
    """Return a checked copy of a graph, whose graphs within it are replaced by their nodes.

    Raises
    ------
    InputError
        When a node is of a kind that is not read, which it names, has arrays of another shape than one dimension (weights:
        two) or values that are not finite, or an edge leads to no node.
    """
    nodes: dict[str, tuple[str, dict[str, np.ndarray]]] = {}
    metadata: dict[str, Mapping[str, Any]] = {}
    edges: list[tuple[str, str]] = []

    def add(part: Any, prefix: str, level: int) -> tuple[list[str], list[str]]:
        if level > limit("nesting"):
            raise InputError("graph", prefix, "graphs within graphs are nested too deeply")
        ends: dict[str, tuple[list[str], list[str]]] = {}
        for name, node in part.nodes.items():
            kind, full = type(node).__name__, f"{prefix}{name}"
            if kind not in SUPPORTED:
                raise InputError(f"node {full!r}", kind, f"must be one of {', '.join(SUPPORTED)}")
            if kind == "NIRGraph":
                ends[name] = add(node, f"{full}.", level + 1)
                continue
            nodes[full] = kind, _arrays(full, kind, node)
            metadata[full] = node.metadata if isinstance(node.metadata, Mapping) else {}
            ends[name] = [full], [full]
        for edge in part.edges:
            a, b = (str(end) for end in edge)
            for end in (a, b):
                if end not in ends:
                    raise InputError("edges", (a, b), f"there is no node {end!r}")
            edges.extend((one, other) for one in ends[a][1] for other in ends[b][0])
        own = {
            kind: [f"{prefix}{name}" for name, node in part.nodes.items() if type(node).__name__ == kind]
            for kind in SUPPORTED[:2]
        }
        return own["Input"], own["Output"]

    add(graph, "", 1)
    twice = [edge for edge, times in Counter(edges).items() if times > 1]
    if twice:
        raise InputError("edges", twice[0], "is there twice")
    after: dict[str, list[str]] = {name: [] for name in nodes}
    for a, b in edges:
        after[a].append(b)
    return Flat(nodes, {name: tuple(ends) for name, ends in after.items()}, metadata)


def _arrays(name: str, kind: str, node: Any) -> dict[str, np.ndarray]:
    if kind in ("Input", "Output"):
        shape = np.asarray(node.input_type["input"] if kind == "Input" else node.output_type["output"])
        if shape.shape != (1,) or shape.dtype.kind not in "iu" or shape[0] < 1:
            raise InputError(f"shape of node {name!r}", shape, "must be one number, of channels or of neurons")
        return {"shape": shape}
    found = {}
    for field in _ARRAYS[kind]:
        values = np.asarray(getattr(node, field))
        wanted = 2 if field == "weight" else 1
        if values.dtype.kind not in "iuf" or values.ndim != wanted or not values.size:
            text = "two dimensions (targets, sources)" if wanted == 2 else "one dimension"
            raise InputError(f"{field} of node {name!r}", values.shape, f"must be numbers in {text}")
        found[field] = values.astype(np.float64)
        if not np.isfinite(found[field]).all():
            raise InputError(f"{field} of node {name!r}", values, "must be finite")
    sizes = {field: len(values) for field, values in found.items() if values.ndim == 1}
    if kind in ("LIF", "CubaLIF", "LI") and len(set(sizes.values())) > 1:
        raise InputError(f"node {name!r}", sizes, "must have arrays of equal lengths")
    if kind == "Affine" and len(found["bias"]) != len(found["weight"]):
        raise InputError(f"bias of node {name!r}", found["bias"].shape, f"must have shape ({len(found['weight'])},)")
    if kind == "Delay" and found["delay"].min() < 0:
        raise InputError(f"delay of node {name!r}", found["delay"].min(), "must not be negative")
    return found


def paths_of(flat: Flat) -> tuple[list[Path], list[str]]:
    """Return the paths between inputs and neurons, and the names of nodes between neurons and outputs, which are readouts.

    Raises
    ------
    InputError
        When a path is none of a reservoir: a loop without neurons, two currents one after the other, a matrix after a
        current, different delays between two matrices, or nodes whose sizes differ.
    """
    found: list[Path] = []
    readouts: set[str] = set()
    steps = 0
    for source in _outer_sources(flat):
        size = flat.size(source)
        open_paths = [(Path(source, size), after) for after in flat.after[source]]
        while open_paths:
            path, name = open_paths.pop()
            steps += 1
            if steps > _MOST_STEPS:
                raise InputError("edges", steps, f"the paths between neurons must have at most {_MOST_STEPS} nodes in all")
            if name in path.passed:
                raise InputError(f"node {name!r}", "a loop", "there must be neurons in every loop")
            kind, _ = flat.nodes[name]
            if kind in _NEURONS:
                found.append(_ended(path, flat, name))
            elif kind == "Output" and not flat.after[name]:
                readouts |= {one for one in path.passed if flat.nodes[one][0] not in ("Input", "Output")}
            else:
                onward = replace(_through(path, flat, name), passed=(*path.passed, name))
                open_paths += [(onward, after) for after in flat.after[name]]
    passed = {one for path in found for one in path.passed}
    return found, sorted(readouts - passed)


def _outer_sources(flat: Flat) -> list[str]:
    """Return neurons, and those inputs that are of the whole graph: what leads into an inner one is passed on."""
    inner = {after for ends in flat.after.values() for after in ends}
    return [name for name in flat.of_kind("Input", *_NEURONS) if flat.nodes[name][0] != "Input" or name not in inner]


def _width(path: Path) -> int:
    return path.sources if path.weight is None else len(path.weight)


def _check_width(path: Path, name: str, wanted: int) -> None:
    if _width(path) != wanted:
        before = path.passed[-1] if path.passed else path.source
        raise InputError(f"node {name!r}", wanted, f"must have as many values as {before!r} gives, {_width(path)}")


def _through(path: Path, flat: Flat, name: str) -> Path:
    kind, arrays = flat.nodes[name]
    if kind in ("Input", "Output"):
        _check_width(path, name, flat.size(name))
        return path
    if kind in ("Linear", "Affine"):
        weight = arrays["weight"]
        _check_width(path, name, weight.shape[1])
        if path.synapse is not None:
            raise InputError(f"node {name!r}", kind, f"a current, {path.synapse!r}, must lead into neurons without a matrix")
        delays = np.unique(path.after)
        if len(delays) > 1:
            raise InputError(f"node {name!r}", kind, "delays between two matrices must be equal")
        check_memory(f"node {name!r}", weight.shape, 16.0 * len(weight) * path.sources, "the links along a path")
        constant = weight @ np.broadcast_to(path.constant, (weight.shape[1],)) + arrays.get("bias", 0.0)
        product = weight if path.weight is None else weight @ path.weight
        return replace(path, weight=product, after=float(delays[0]), constant=constant)
    if kind == "Scale":
        _check_width(path, name, len(arrays["scale"]))
        scale = arrays["scale"]
        return replace(path, weight=scale[:, None] * path.matrix, constant=scale * path.constant)
    if kind == "Delay":
        _check_width(path, name, len(arrays["delay"]))
        if path.weight is None:
            return replace(path, before=path.before + arrays["delay"])
        return replace(path, after=path.after + arrays["delay"])
    _check_width(path, name, len(arrays["tau"]))
    if path.synapse is not None:
        raise InputError(f"node {name!r}", kind, f"must not follow another current, {path.synapse!r}")
    return replace(path, synapse=name)


def _ended(path: Path, flat: Flat, name: str) -> Path:
    _check_width(path, name, flat.size(name))
    if path.synapse is not None and flat.nodes[name][0] == "CubaLIF":
        raise InputError(f"node {name!r}", "CubaLIF", f"has a current of its own: {path.synapse!r} must lead into a LIF")
    return replace(path, target=name)
