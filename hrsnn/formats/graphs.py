"""Graph files of reservoirs and of any directed graph: GraphML, edge lists, tables of links, sparse matrices."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hrsnn.errors import FileError, InputError
from hrsnn.files.npz import names_in_npz
from hrsnn.files.reading import read_text, refuse_damaged
from hrsnn.files.writing import write_text, writing
from hrsnn.formats.adjacency import is_adjacency, read_adjacency, write_adjacency
from hrsnn.formats.edge_table import columns_of_csv, csv_of_graph, graph_of_columns, name_of
from hrsnn.formats.graph_checks import check_edges, check_graphml
from hrsnn.reservoir import Reservoir
from hrsnn.validation.limits import beyond, beyond_memory, limit
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    import networkx

#: Extensions of graph files.
GRAPH_FILES = (".graphml", ".edges", ".csv", ".npz")
_EXTENSIONS = " or ".join([", ".join(GRAPH_FILES[:-1]), GRAPH_FILES[-1]])
_AXES = ("x", "y", "z")
#: Bytes of memory per node or link, and per byte of text for attributes, while a file is read (measured).
_PART, _PER_BYTE = 600, 4
#: The same per row and per byte of a table of links (measured), whose cells are objects.
_ROW, _PER_BYTE_OF_CELLS = 1700, 30


@takes()
def write_graph(reservoir: Reservoir | networkx.DiGraph, path: str | os.PathLike[str]) -> None:
    """Write the recurrent network, or any directed graph, as GraphML, a list or table of links, or a matrix, atomically.

    Parameters
    ----------
    reservoir : Reservoir or networkx.DiGraph
        Of a graph, attributes are written as they are, and a ``position`` as x, y and z.
    path : path
        ``.graphml``: neurons with their type, position (x, y, z) and constants, links with weight (mV, negative from
        inhibitory neurons) and delay (ms), for Gephi, Cytoscape, igraph. ``.edges``: one line "source target weight" per
        link. ``.csv``: a line per link with source, target and all its attributes, of a reservoir weight_mV, delay, ...
        ``.npz``: the matrix of weights as ``scipy.sparse.save_npz`` writes it (``scipy.sparse.load_npz`` reads it), with the
        names of the nodes.

    Raises
    ------
    InputError
        When the name has another extension, or an attribute of a graph is not a number, a truth or text (GraphML, csv).
    FileError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir, path = build(ReservoirSpec(neurons=20), seed=1), Path(tempfile.mkdtemp()) / "graph.graphml"
    >>> write_graph(reservoir, path)
    >>> Reservoir.from_graph(read_graph(path)).synapses == reservoir.synapses
    True
    """
    import networkx

    graph = reservoir.graph() if isinstance(reservoir, Reservoir) else reservoir.copy()
    suffix = _suffix(path)
    if suffix == ".npz":
        write_adjacency(graph, path)
        return
    if suffix == ".csv":
        write_text(path, csv_of_graph(graph))
        return
    for node in graph if suffix == ".edges" else ():
        if "#" in str(node) or str(node).split() != [str(node)]:
            raise InputError("labels", node, "must have neither spaces nor # in an edge list: use .graphml")
    for node, values in graph.nodes(data=True):
        if "position" in values:
            position = values.pop("position")
            if np.shape(position) != (len(_AXES),):
                raise InputError(f"position of node {node!r}", position, "must be three numbers")
            values.update(zip(_AXES, position, strict=True))
        if isinstance(node, str):
            values["label"] = node  # names of nodes are text in a file, including numbers
    if suffix == ".edges":
        for *_, values in graph.edges(data=True):
            values.setdefault("weight", 1.0)
    with writing(path) as temporary:
        if suffix == ".graphml":
            try:
                networkx.write_graphml(graph, temporary)
            except (networkx.NetworkXException, TypeError) as error:
                raise InputError("graph", str(error), "attributes must be numbers, truths or text") from error
        else:
            networkx.write_weighted_edgelist(graph, temporary)


@takes()
def read_graph(path: str | os.PathLike[str]) -> networkx.DiGraph:
    """Read a graph from a file of :func:`write_graph` or of another program, for :meth:`Reservoir.from_graph`.

    Parameters
    ----------
    path : path
        ``.graphml``: any directed GraphML. ``.edges``: lines of source, target and weight. ``.csv``: a table with a first
        line of names, among them source and target, and commas, semicolons or tabs; weight (or weight_mV), delay, ... and
        type, that of the source, as :func:`hrsnn.exchange.from_edge_table` says. ``.npz``: a square matrix of
        ``scipy.sparse.save_npz``, of which element (i, j) is the weight of the link from i to j.

    Returns
    -------
    networkx.DiGraph
        Lists and tables of links do not contain neurons without links. Weights without a unit are scaled by ``from_graph``.

    Raises
    ------
    InputError
        When the extension is another.
    FileError
        When the file is missing, malformed, or exceeds a limit (docs/limits.md).

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "graph.edges"
    >>> path.write_text("a b 2.0\\nb a 0.5\\n")
    16
    >>> list(read_graph(path).edges(data="weight"))
    [('a', 'b', 2.0), ('b', 'a', 0.5)]
    """
    import networkx

    suffix = _suffix(path)
    if suffix == ".npz":
        with refuse_damaged(path, "matrix of weights"):
            return read_adjacency(path)
    text = read_text(path)
    if suffix == ".csv":
        with refuse_damaged(path, "table of links"):
            _check_memory(path, text, text.count("\n") + 1, _ROW, _PER_BYTE_OF_CELLS)
            return graph_of_columns(columns_of_csv(text))
    with refuse_damaged(path, f"{suffix} file"):
        try:
            if suffix == ".graphml":
                _check_memory(path, text, check_graphml(text))
                graph = networkx.parse_graphml(text, node_type=name_of)
            else:
                _check_memory(path, text, text.count("\n") + 1)
                check_edges(_lines(path, text))
                graph = networkx.parse_edgelist(
                    _lines(path, text), create_using=networkx.DiGraph, nodetype=name_of, data=(("weight", float),)
                )
        except networkx.NetworkXException as error:
            raise FileError(path, f"is damaged or no {suffix} file: {error}") from error
        if suffix == ".graphml":
            names = {n: v.pop("label") for n, v in graph.nodes(data=True) if "label" in v}
            if len(set(names.values()) | (set(graph) - set(names))) < len(graph):
                raise FileError(path, "is damaged: two nodes have the same label")
            graph = networkx.relabel_nodes(graph, names)
    for _, values in graph.nodes(data=True):
        if all(axis in values for axis in _AXES):
            values["position"] = tuple(values.pop(axis) for axis in _AXES)
    return graph


@dataclass(frozen=True)
class NetworkFile:
    """A network in a file: a saved reservoir, or a graph from which one is made."""

    saved: Reservoir | None
    graph: networkx.DiGraph | None

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return self.saved.neurons if self.saved is not None else len(self.graph or ())

    @property
    def channels(self) -> int | None:
        """Number of input channels; None where the file has no input links."""
        if self.saved is not None:
            return self.saved.channels
        assert self.graph is not None
        said: int | None = self.graph.graph.get("channels")
        return said


def network_file(path: str | os.PathLike[str]) -> NetworkFile:
    """Read a network from a graph file (see :func:`read_graph`) or a saved reservoir (``.npz`` too).

    A file that has not changed is read once; the graph must not be changed.

    Raises
    ------
    InputError
        When the extension is another.
    FileError
        As of :func:`read_graph` and :meth:`Reservoir.load`, and for fewer than two nodes.
    """
    with refuse_damaged(path, "network"):
        about = os.stat(path)
    return _network_file(os.fspath(path), about.st_mtime_ns, about.st_size)


@functools.lru_cache(maxsize=4)
def _network_file(path: str, _modified: int, _size: int) -> NetworkFile:
    suffix = Path(path).suffix.lower()
    if suffix not in GRAPH_FILES:
        raise InputError("graph", path, f"must end in {_EXTENSIONS} (a saved reservoir or a sparse matrix)")
    if suffix == ".npz" and not is_adjacency(names_in_npz(path)):
        return NetworkFile(Reservoir.load(path), None)
    graph = read_graph(path)
    if len(graph) < 2:
        raise FileError(path, f"is damaged or no network: has {len(graph)} nodes, must have at least two nodes")
    return NetworkFile(None, graph)


def _lines(path: str | os.PathLike[str], text: str) -> Iterator[str]:
    """Yield the lines without comments; a line is limited to the length of three names."""
    longest = 3 * limit("name") + 2
    for line in re.finditer(r"[^\r\n]+", text):
        said = line.group().partition("#")[0].strip()
        if len(said) > longest:
            raise FileError(path, f"has a line of {len(said)} characters: {beyond('name')}")
        yield said


def _check_memory(
    path: str | os.PathLike[str], text: str, parts: int, per_part: int = _PART, per_byte: int = _PER_BYTE
) -> None:
    needed = parts * per_part + len(text) * per_byte
    if needed > limit("memory"):
        raise FileError(path, beyond_memory(needed))


def _suffix(path: str | os.PathLike[str]) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in GRAPH_FILES:
        raise InputError("path", str(path), f"must end in {_EXTENSIONS}")
    return suffix
