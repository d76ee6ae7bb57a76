"""Sparse matrices of small whole numbers in bytes: a bit for each place, or the column of each entry.

``bitmask``: ``ceil(rows columns / 8)`` bytes, a bit for each place in order of memory, then the entries other than 0.
``columns``: for each row the number of its entries (2 bytes), then the column of each entry (2 bytes), then the entries.
Entries are packed as :mod:`.bits` says; numbers of 2 bytes are little-endian.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hrsnn.deep.packed.bits import pack, packed_size, unpack
from hrsnn.errors import InputError

#: Codings of a matrix: all entries, or those other than 0 with an index.
INDEXES = ("none", "bitmask", "columns")
_MOST_COLUMNS = 2**16


def index_size(rows: int, columns: int, count: int, index: str) -> int:
    """Return the bytes of the index of a matrix with so many entries other than 0.

    Examples
    --------
    >>> [index_size(10, 100, 20, index) for index in INDEXES]
    [0, 125, 60]
    """
    return {"none": 0, "bitmask": -(-rows * columns // 8), "columns": 2 * (rows + count)}[index]


def matrix_size(rows: int, columns: int, count: int, bits: int, index: str) -> int:
    """Return the bytes of a matrix with `count` entries other than 0 in a coding."""
    entries = rows * columns if index == "none" else count
    return index_size(rows, columns, count, index) + packed_size(entries, bits)


def smallest_index(rows: int, columns: int, count: int, bits: int) -> str:
    """Return the coding with the fewest bytes; one bit has no 0, which then needs an index.

    Examples
    --------
    >>> [smallest_index(100, 100, count, 8) for count in (9900, 5000, 100)]
    ['none', 'bitmask', 'columns']
    """
    known = [index for index in INDEXES if index != "columns" or columns <= _MOST_COLUMNS]
    if bits == 1 and count < rows * columns:
        known.remove("none")
    return min(known, key=lambda index: matrix_size(rows, columns, count, bits, index))


def pack_matrix(numbers: NDArray[np.int8], bits: int, index: str) -> bytes:
    """Return a matrix (rows, ...) in a coding.

    Raises
    ------
    InputError
        When the coding is unknown, or a number does not fit.

    Examples
    --------
    >>> pack_matrix(np.array([[0, 5, 0], [0, 0, -1]], np.int8), 8, "columns").hex(" ", 2)
    '0100 0100 0100 0200 05ff'
    """
    flat = np.ascontiguousarray(numbers).reshape(len(numbers), -1)
    if index == "none":
        return pack(numbers, bits)
    present = flat != 0
    entries = pack(flat[present], bits)
    if index == "bitmask":
        return bytes(np.packbits(present.ravel())) + entries
    if index != "columns":
        raise InputError("index", index, f"must be one of {', '.join(INDEXES)}")
    if flat.shape[1] > _MOST_COLUMNS:
        raise InputError("columns", flat.shape[1], f"must be at most {_MOST_COLUMNS}: bitmask fits")
    counts, columns = present.sum(1), np.nonzero(present)[1]
    if counts.max(initial=0) >= _MOST_COLUMNS:
        raise InputError("columns", int(counts.max()), f"must be fewer than {_MOST_COLUMNS} entries a row: bitmask fits")
    return bytes(counts.astype("<u2").tobytes() + columns.astype("<u2").tobytes() + entries)


def packed_bytes_of(data: bytes, rows: int, columns: int, bits: int, index: str) -> int:
    """Return how many bytes of `data` a matrix takes that begins there.

    Raises
    ------
    InputError
        When the coding is unknown.
    """
    if index == "none":
        return packed_size(rows * columns, bits)
    if index == "bitmask":
        raw = np.frombuffer(data[: index_size(rows, columns, 0, index)], np.uint8)
        count = int(np.unpackbits(raw)[: rows * columns].sum())
    elif index == "columns":
        count = int(np.frombuffer(data[: 2 * rows], "<u2").sum()) if len(data) >= 2 * rows else 0
    else:
        raise InputError("index", index, f"must be one of {', '.join(INDEXES)}")
    return matrix_size(rows, columns, count, bits, index)


def unpack_matrix(data: bytes, rows: int, columns: int, bits: int, index: str) -> NDArray[np.int8]:
    """Return the matrix (rows, columns) that :func:`pack_matrix` made bytes of.

    Raises
    ------
    InputError
        When the bytes are too few or too many, or a column is out of range or out of order.

    Examples
    --------
    >>> matrix = np.array([[0, 5, 0], [0, 0, -1]], np.int8)
    >>> unpack_matrix(pack_matrix(matrix, 8, "bitmask"), 2, 3, 8, "bitmask")
    array([[ 0,  5,  0],
           [ 0,  0, -1]], dtype=int8)
    """
    if len(data) != packed_bytes_of(data, rows, columns, bits, index):
        raise InputError("data", len(data), f"must be {packed_bytes_of(data, rows, columns, bits, index)} bytes")
    if index == "none":
        return unpack(data, bits, rows * columns).reshape(rows, columns)
    found = np.zeros((rows, columns), np.int8)
    if index == "bitmask":
        size = index_size(rows, columns, 0, index)
        present = np.unpackbits(np.frombuffer(data[:size], np.uint8), count=rows * columns).astype(bool)
        found[present.reshape(rows, columns)] = unpack(data[size:], bits, int(present.sum()))
        return found
    counts = np.frombuffer(data[: 2 * rows], "<u2").astype(np.int64)
    count = int(counts.sum())
    at = np.frombuffer(data[2 * rows : 2 * (rows + count)], "<u2").astype(np.int64)
    row = np.repeat(np.arange(rows), counts)
    places = row * columns + at
    if count and (at.max() >= columns or (np.diff(places) <= 0).any()):
        raise InputError("columns", int(at.max()), f"must be below {columns}, and rise within a row")
    found.ravel()[places] = unpack(data[2 * (rows + count) :], bits, count)
    return found
