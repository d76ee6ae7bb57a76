"""Graphs as sparse matrices of weights: SciPy's ``.npz`` files, with the names of the nodes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hrsnn.errors import InputError
from hrsnn.files.npz import load_arrays
from hrsnn.files.writing import writing
from hrsnn.validation.arrays import require
from hrsnn.validation.labels import checked_labels, labels_of
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import MOST_CHANNELS

if TYPE_CHECKING:
    import networkx

#: Bytes of memory of a node and of a link of a graph (measured).
_PART = 600
#: Arrays of scipy.sparse.save_npz in each of the formats that are read.
_FORMATS = {
    "csr": ("indices", "indptr", "data"),
    "csc": ("indices", "indptr", "data"),
    "coo": ("row", "col", "data"),
}
#: Arrays that tell a matrix from other files.
_MATRIX = {"format", "shape", "data"}


def is_adjacency(names: set[str]) -> bool:
    """Return whether the arrays of these names are those of a matrix of ``scipy.sparse.save_npz``."""
    return names >= _MATRIX


def graph_of_matrix(matrix: Any, labels: Any = None, unit: str | None = None) -> networkx.DiGraph:
    """Return the graph with a link from i to j, of weight ``matrix[i, j]``, for each element that is not 0.

    Raises
    ------
    InputError
        When the matrix is not square, has elements that are not finite numbers, or labels are not as many as rows and
        distinct.
    """
    import networkx
    from scipy import sparse

    if sparse.issparse(matrix):
        found = matrix.tocoo(copy=True)
        found.sum_duplicates()
    else:
        dense = np.asarray(matrix)
        if dense.ndim != 2 or dense.dtype.kind not in "biuf":
            raise InputError("matrix", dense.shape, "must be numbers in two dimensions (sources, targets)")
        found = sparse.coo_array(dense)
    rows, columns = found.shape
    if rows != columns or found.data.dtype.kind not in "biuf":
        raise InputError("matrix", found.shape, "must be square, of numbers: (sources, targets)")
    check_memory("matrix", found.shape, _PART * float(rows + found.nnz), "its graph")
    weight = found.data.astype(np.float64)
    require("matrix", weight, np.isfinite(weight), "must have finite elements")
    names = list(range(rows)) if labels is None else checked_labels(labels, rows).tolist()
    graph = networkx.DiGraph(**({} if unit is None else {"weight_unit": unit}))
    graph.add_nodes_from(names)
    some = np.flatnonzero(weight)
    links = zip(found.row[some].tolist(), found.col[some].tolist(), weight[some].tolist(), strict=True)
    graph.add_edges_from((names[i], names[j], {"weight": w}) for i, j, w in links)
    return graph


def matrix_of_graph(graph: networkx.DiGraph) -> Any:
    """Return the weights of a graph as a ``scipy.sparse.csr_array`` (sources, targets), 1 where a link has none."""
    from scipy import sparse

    number = {node: k for k, node in enumerate(graph)}
    edges = [(number[a], number[b], float(w)) for a, b, w in graph.edges(data="weight", default=1.0)]
    row, column, weight = (np.array(one) for one in zip(*edges, strict=True)) if edges else ([], [], [])
    return sparse.csr_array((np.asarray(weight, dtype=np.float64), (row, column)), shape=(len(number), len(number)))


def write_adjacency(graph: networkx.DiGraph, path: str | os.PathLike[str]) -> None:
    """Write the weights of a graph in the format of ``scipy.sparse.save_npz``, with arrays `labels` and `weight_unit`.

    Raises
    ------
    FileError
        When the file cannot be written.
    """
    matrix = matrix_of_graph(graph)
    arrays = {"format": np.array(b"csr"), "shape": np.array(matrix.shape), "data": matrix.data}
    arrays |= {"indices": matrix.indices, "indptr": matrix.indptr}
    labels = labels_of(list(graph))
    if labels is not None:
        arrays["labels"] = labels
    if "weight_unit" in graph.graph:
        arrays["weight_unit"] = np.array(str(graph.graph["weight_unit"]))
    with writing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)


def read_adjacency(path: str | os.PathLike[str]) -> networkx.DiGraph:
    """Read a graph from a file of ``scipy.sparse.save_npz`` (csr, csc or coo) or of :func:`write_adjacency`.

    Raises
    ------
    InputError
        When the arrays are not those of a square matrix of finite numbers.
    FileError
        As of :func:`hrsnn.files.npz.load_arrays`.
    """
    arrays = load_arrays(path)
    unit = arrays.get("weight_unit")
    return graph_of_matrix(_matrix(arrays), arrays.get("labels"), None if unit is None else str(unit))


def _matrix(arrays: Mapping[str, np.ndarray]) -> Any:
    """Return the sparse matrix of stored arrays, which are checked first: SciPy reads beyond some that are not."""
    from scipy import sparse

    kind = arrays["format"].item()
    kind = kind.decode() if isinstance(kind, bytes) else str(kind)
    if kind not in _FORMATS:
        raise InputError("format", kind, f"must be one of {', '.join(_FORMATS)}")
    shape, (*places, data) = arrays["shape"], (arrays[name] for name in _FORMATS[kind])
    if shape.shape != (2,) or shape.dtype.kind not in "iu" or not (shape.min() >= 1 and shape.max() <= MOST_CHANNELS):
        raise InputError("shape", shape, f"must be two numbers from 1 to {MOST_CHANNELS}")
    if data.ndim != 1 or data.dtype.kind not in "biuf" or any(one.ndim != 1 or one.dtype.kind not in "iu" for one in places):
        raise InputError("data", data.shape, "must be numbers in one dimension, and indices whole numbers")
    size = (int(shape[0]), int(shape[1]))
    if kind == "coo":
        row, column = (one.astype(np.int64) for one in places)
    else:
        indices, ends = (one.astype(np.int64) for one in places)
        outer = size[kind == "csc"]
        if len(ends) != outer + 1 or ends[0] != 0 or ends[-1] != len(data) or (np.diff(ends) < 0).any():
            raise InputError("indptr", ends, f"must rise from 0 to {len(data)}, the number of elements, for {outer} rows")
        own = np.repeat(np.arange(outer), np.diff(ends))
        row, column = (own, indices) if kind == "csr" else (indices, own)
    if not len(row) == len(column) == len(data):
        raise InputError("indices", len(row), f"must be {len(data)}, one for each element")
    for name, values, bound in (("rows", row, size[0]), ("columns", column, size[1])):
        require(name, values, (values >= 0) & (values < bound), f"must be in 0..{bound - 1}")
    return sparse.coo_array((data, (row, column)), shape=size)
