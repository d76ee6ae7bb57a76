"""Graphs as tables of their links, a row a link, with columns by name: csv files, and columns in memory."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hrsnn.errors import InputError, shortened
from hrsnn.validation.annotations import is_number, is_whole
from hrsnn.validation.limits import beyond, limit

if TYPE_CHECKING:
    import networkx

#: Columns of the ends of a link, of its weight, and of its weight in mV.
SOURCE, TARGET, WEIGHT, WEIGHT_MV = "source", "target", "weight", "weight_mV"
#: Column of a table of nodes with their names.
NODE = "node"
_AXES = ("x", "y", "z")
_DELIMITERS = (",", ";", "\t")


def graph_of_columns(
    links: Mapping[str, Sequence[Any]], nodes: Mapping[str, Sequence[Any]] | None = None
) -> networkx.DiGraph:
    """Return the graph of a table of links, and of one of nodes.

    Parameters
    ----------
    links : mapping of str to sequence
        Columns `source`, `target`, either `weight` or `weight_mV` (which says that weights are in mV), or neither; `type`
        ("E" or "I") is that of the source; others are attributes of the links.
    nodes : mapping of str to sequence, optional
        Columns `node` and attributes of the nodes; `x`, `y` and `z` are their position. Without it, nodes are in the order
        in which they first occur.

    Raises
    ------
    InputError
        When a column is missing or has another length, a link or a node is there twice, an end is missing or is no node,
        a weight is no finite number, or a source has two types.

    Notes
    -----
    A missing value (None, nan, empty text) is no attribute.
    """
    import networkx

    for name in (SOURCE, TARGET):
        if name not in links:
            raise InputError("columns", sorted(map(str, links)), f"must have {SOURCE} and {TARGET}")
    if WEIGHT in links and WEIGHT_MV in links:
        raise InputError("columns", sorted(map(str, links)), f"must have one of {WEIGHT} and {WEIGHT_MV}")
    count = _length(links)
    graph = networkx.DiGraph(weight_unit="mV") if WEIGHT_MV in links else networkx.DiGraph()
    if nodes is not None:
        _add_nodes(graph, nodes)
    names = {str(name): ("weight" if name == WEIGHT_MV else str(name)) for name in links if name not in (SOURCE, TARGET)}
    types: dict[Any, str] = {}
    for row in range(count):
        ends = tuple(_name(f"{side}[{row}]", links[side][row]) for side in (SOURCE, TARGET))
        data = {names[name]: _plain(links[name][row]) for name in names}
        data = {name: value for name, value in data.items() if value is not None}
        if graph.has_edge(*ends):
            raise InputError(f"link {row}", ends, "is there twice: sum the parallel weights first")
        for end in ends if nodes is not None else ():
            if end not in graph:
                raise InputError(f"link {row}", end, "is no node of the table of nodes")
        weight = data.get("weight", 1.0)
        if not is_number(weight) or not math.isfinite(weight):
            raise InputError(f"weight[{row}]", weight, "must be a finite number")
        kind = data.pop("type", None)
        if kind is not None and types.setdefault(ends[0], kind) != kind:
            raise InputError(f"type[{row}]", kind, f"{ends[0]!r} is of type {types[ends[0]]!r} in a link before")
        graph.add_edge(*ends, **data)
    for node, kind in types.items():
        if graph.nodes[node].setdefault("type", kind) != kind:
            raise InputError(f"type of {node!r}", kind, f"is {graph.nodes[node]['type']!r} in the table of nodes")
    return graph


def _add_nodes(graph: networkx.DiGraph, nodes: Mapping[str, Sequence[Any]]) -> None:
    if NODE not in nodes:
        raise InputError("columns of nodes", sorted(map(str, nodes)), f"must have {NODE}")
    for row in range(_length(nodes)):
        node = _name(f"{NODE}[{row}]", nodes[NODE][row])
        if node in graph:
            raise InputError(f"{NODE}[{row}]", node, "is there twice")
        data = {str(name): _plain(nodes[name][row]) for name in nodes if name != NODE}
        data = {name: value for name, value in data.items() if value is not None}
        if all(axis in data for axis in _AXES):
            data["position"] = tuple(data.pop(axis) for axis in _AXES)
        graph.add_node(node, **data)


def _length(columns: Mapping[str, Sequence[Any]]) -> int:
    lengths = {str(name): len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise InputError("columns", lengths, "must have one length")
    return next(iter(lengths.values()), 0)


def _name(field: str, value: Any) -> Any:
    """Return the name of a node: a whole number or text."""
    value = _plain(value)
    if isinstance(value, float) and value.is_integer():  # a column of whole numbers with missing ones
        value = int(value)
    if not (is_whole(value) or isinstance(value, str)):
        raise InputError(field, value, "must be a whole number or text")
    if isinstance(value, str) and len(value) > limit("name"):
        raise InputError(field, value, beyond("name"))
    return value


def _plain(value: Any) -> Any:
    """Return a value as one of Python; None where it is missing."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value == "" or type(value).__name__ in ("NAType", "NaTType"):
        return None
    return None if isinstance(value, float) and math.isnan(value) else value


def columns_of_csv(text: str) -> dict[str, list[Any]]:
    """Return the columns of a table in text, with a first line of names and commas, semicolons or tabs between cells.

    Cells of `source` and `target` are names: whole numbers in their usual form, or else text. Others are numbers where all
    of a column are, or else text; an empty one is None.

    Raises
    ------
    ValueError
        When there are no such names, a line has other cells than these, or a number is not finite.

    Examples
    --------
    >>> columns_of_csv("source,target,weight\\nAVAL,7,1.5\\n7,AVAL,\\n")
    {'source': ['AVAL', 7], 'target': [7, 'AVAL'], 'weight': [1.5, None]}
    """
    begin = text.removeprefix("\ufeff").lstrip("\r\n")
    first = begin.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(begin), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(f"no table: {error}") from error
    head = [cell.strip() for cell in rows[0]] if rows else []
    if not {SOURCE, TARGET} <= set(head) or len(set(head)) < len(head):
        raise ValueError(
            f"the first line must have the names of the columns, {SOURCE} and {TARGET} among them, each once; "
            f"it has {shortened(', '.join(head) or 'none')}"
        )
    body = [row for row in rows[1:] if row]
    for line, row in enumerate(body, 2):
        if len(row) != len(head):
            raise ValueError(f"row {line} has {len(row)} cells, wanted {len(head)}")
    columns = zip(*body, strict=True) if body else [()] * len(head)
    return {
        name: [name_of(cell.strip()) for cell in cells] if name in (SOURCE, TARGET) else _cells(name, cells)
        for name, cells in zip(head, columns, strict=True)
    }


def _cells(name: str, cells: Iterable[str]) -> list[Any]:
    stripped = [cell.strip() for cell in cells]
    try:
        if any("_" in cell for cell in stripped):  # float("1_0") is 10
            return [cell or None for cell in stripped]
        numbers = [float(cell) if cell else None for cell in stripped]
    except ValueError:
        return [cell or None for cell in stripped]
    for row, number in enumerate(numbers):
        if number is not None and not math.isfinite(number):
            raise ValueError(f"{name}[{row}] = {number}: must be a finite number, or empty where there is none")
    return numbers


def name_of(text: str) -> Any:
    """Return an integer if the text is its canonical form, otherwise the text; "01" and "+1" are names.

    Examples
    --------
    >>> name_of("12"), name_of("012")
    (12, '012')
    """
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and str(int(text)) == text else text


def csv_of_graph(graph: networkx.DiGraph) -> str:
    """Return the links of a graph as text, a row a link, with the names of all their attributes in the first line.

    Raises
    ------
    InputError
        When an attribute of a link is not a number, a truth or text.
    """
    weight = WEIGHT_MV if graph.graph.get("weight_unit") == "mV" else WEIGHT
    names = list(dict.fromkeys(["weight", *(str(name) for *_, data in graph.edges(data=True) for name in data)]))
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow([SOURCE, TARGET, *(weight if name == "weight" else name for name in names)])
    for source, target, data in graph.edges(data=True):
        values = [data.get(name, 1.0 if name == "weight" else "") for name in names]
        for name, value in zip(names, values, strict=True):
            if not (is_number(value) or isinstance(value, (str, bool, np.bool_))):
                raise InputError(f"{name} of {source!r} -> {target!r}", value, "must be a number, a truth or text")
        rows.writerow([source, target, *(float(v) if isinstance(v, (float, np.floating)) else v for v in values)])
    return out.getvalue()
