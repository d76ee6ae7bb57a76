"""Reservoirs and graphs as tables of links and nodes, and as matrices of weights, and back."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hrsnn.errors import HrsnnError, HrsnnWarning, InputError
from hrsnn.formats.adjacency import graph_of_matrix, matrix_of_graph
from hrsnn.formats.edge_table import NODE, SOURCE, TARGET, WEIGHT, WEIGHT_MV, graph_of_columns
from hrsnn.reservoir import Reservoir
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    import networkx
    import pandas

#: Attributes of the graph of a reservoir that its table of nodes keeps in ``attrs``.
_SETTINGS = ("channels", "dt", "background_frozen", "homeostasis", "short_term_plasticity")


@takes()
def to_edge_table(reservoir: Reservoir) -> pandas.DataFrame:
    """Return the recurrent links as a data frame, a row a link.

    Parameters
    ----------
    reservoir : Reservoir

    Returns
    -------
    pandas.DataFrame
        Columns `source` and `target` (labels, or else numbers of the neurons), `weight_mV` (negative from inhibitory
        neurons), `delay` (ms), and the constants of STDP and of short-term plasticity, by the names of
        :class:`~hrsnn.reservoir.Links` and :class:`~hrsnn.reservoir.ShortTerm`. Rows are sorted by source and target.

    Raises
    ------
    HrsnnError
        When pandas is not installed.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=20), seed=1)
    >>> table = to_edge_table(reservoir)
    >>> list(table.columns[:4]), len(table) == reservoir.synapses
    (['source', 'target', 'weight_mV', 'delay'], True)
    >>> Reservoir.from_graph(from_edge_table(table, to_node_table(reservoir))).equals(reservoir)
    True
    """
    graph = reservoir.graph()
    rows = list(graph.edges(data=True))
    names = list(rows[0][2]) if rows else ["weight", "delay"]
    columns: dict[str, Any] = {SOURCE: [a for a, _, _ in rows], TARGET: [b for _, b, _ in rows]}
    columns |= {WEIGHT_MV if name == "weight" else name: [data[name] for *_, data in rows] for name in names}
    return _pandas().DataFrame(columns)


@takes()
def to_node_table(reservoir: Reservoir) -> pandas.DataFrame:
    """Return the neurons as a data frame, a row a neuron.

    Parameters
    ----------
    reservoir : Reservoir

    Returns
    -------
    pandas.DataFrame
        Columns `node`, `type` ("E", "I"), `x`, `y`, `z`, `cell_type` where there are any, the neuron's constants (ms, mV,
        Hz) and `input`, its input links as in :func:`hrsnn.graph.to_graph`. Its ``attrs`` have dt, the number of channels
        and the other settings.

    Raises
    ------
    HrsnnError
        When pandas is not installed.

    Warns
    -----
    HrsnnWarning
        When v is rounded (`state_bits`), which neither these tables nor a graph keep.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> list(to_node_table(build(ReservoirSpec(neurons=20), seed=1)).columns[:6])
    ['node', 'type', 'x', 'y', 'z', 'input']
    """
    graph = reservoir.graph()
    rows = list(graph.nodes(data=True))
    columns: dict[str, Any] = {NODE: [node for node, _ in rows], "type": [data["type"] for _, data in rows]}
    columns |= {axis: [data["position"][k] for _, data in rows] for k, axis in enumerate("xyz")}
    names = dict.fromkeys(name for _, data in rows for name in data if name not in ("type", "position"))
    columns |= {name: [data.get(name) for _, data in rows] for name in names}
    if reservoir.state_bits:
        warnings.warn("state_bits is lost: a table of neurons has no place for it", HrsnnWarning, stacklevel=3)
    table = _pandas().DataFrame(columns)
    table.attrs = {"hrsnn": {name: graph.graph[name] for name in _SETTINGS}}
    return table


@takes()
def from_edge_table(
    table: Any, nodes: Any = None, source: str = SOURCE, target: str = TARGET, weight: str = WEIGHT
) -> networkx.DiGraph:
    """Return the graph of a table of links, for :meth:`Reservoir.from_graph` and :func:`hrsnn.networks.prune`.

    Parameters
    ----------
    table : pandas.DataFrame or mapping of str to sequence
        A row a link, with columns for its ends and, optionally, `weight`, or `weight_mV`, which says that weights are in mV
        and are not to be scaled; `type` ("E" or "I"), that of the source. Other columns (`delay`, ...) are attributes of the
        links. An empty cell is no attribute.
    nodes : pandas.DataFrame or mapping of str to sequence, optional
        A row a node: `node`, and attributes such as `type`, `x`, `y`, `z`, `tau_m`. Nodes are in its order, without it
        in the order in which they occur in the links, without those that have none.
    source, target, weight : str
        Names of these columns.

    Returns
    -------
    networkx.DiGraph

    Raises
    ------
    InputError
        When a column is missing or has another length, a link or a node is there twice, an end is missing or is no node,
        a weight is no finite number, or a source has two types.

    Examples
    --------
    >>> table = {"pre": ["AVAL", "DA1"], "post": ["DA1", "VA2"], "count": [12, 3]}
    >>> graph = from_edge_table(table, source="pre", target="post", weight="count")
    >>> graph.edges["AVAL", "DA1"]
    {'weight': 12}
    """
    columns = _columns("table", table)
    for wanted, name in ((SOURCE, source), (TARGET, target), (WEIGHT, weight)):
        if name != wanted:
            if name not in columns:
                raise InputError("columns", sorted(columns), f"must have {name!r}")
            if wanted in columns:
                columns.pop(wanted)
            columns[wanted] = columns.pop(name)
    graph = graph_of_columns(columns, None if nodes is None else _columns("nodes", nodes))
    said = getattr(nodes, "attrs", {}).get("hrsnn")
    if isinstance(said, Mapping):
        graph.graph.update({name: said[name] for name in _SETTINGS if name in said})
    return graph


@takes()
def to_adjacency(reservoir: Reservoir) -> Any:
    """Return the recurrent weights as a sparse matrix, which ``scipy.sparse.save_npz`` writes.

    Parameters
    ----------
    reservoir : Reservoir

    Returns
    -------
    scipy.sparse.csr_array (neurons, neurons)
        Element (i, j) is the weight of the link from i to j in mV, negative where i is inhibitory, as in NetworkX.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=20), seed=1)
    >>> to_adjacency(reservoir).nnz == reservoir.synapses
    True
    """
    return matrix_of_graph(reservoir.graph())


@takes()
def from_adjacency(matrix: Any, labels: Any = None, weight_unit: str | None = None) -> networkx.DiGraph:
    """Return the graph of a matrix of weights, for :meth:`Reservoir.from_graph` and :func:`hrsnn.networks.prune`.

    Parameters
    ----------
    matrix : scipy.sparse matrix or array, or array_like (nodes, nodes)
        Element (i, j) is the weight of the link from i to j; where it is 0 there is none.
    labels : array_like (nodes,), optional
        Distinct names of the nodes, whole numbers or text; by default 0, 1, 2, ...
    weight_unit : {"mV"}, optional
        "mV" if the weights are not to be scaled.

    Returns
    -------
    networkx.DiGraph

    Raises
    ------
    InputError
        When the matrix is not square or has elements that are not finite numbers, or labels are not as many and distinct.

    Examples
    --------
    >>> graph = from_adjacency([[0, 2.5], [-1, 0]], labels=["a", "b"])
    >>> list(graph.edges(data="weight"))
    [('a', 'b', 2.5), ('b', 'a', -1.0)]
    """
    if weight_unit not in (None, "mV"):
        raise InputError("weight_unit", weight_unit, 'must be "mV", or left out: weights are then scaled')
    return graph_of_matrix(matrix, labels, weight_unit)


def _columns(field: str, table: Any) -> dict[str, Any]:
    """Return the columns of a data frame or a mapping as lists."""
    if isinstance(table, Mapping):
        return {str(name): list(values) for name, values in table.items()}
    if not hasattr(table, "columns") or not hasattr(table, "__getitem__"):
        raise InputError(field, type(table).__name__, "must be a pandas.DataFrame, or a mapping of columns by name")
    return {str(name): table[name].tolist() for name in table.columns}


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise HrsnnError("tables need pandas: pip install 'hrsnn[parquet]'") from error
    return pandas
