"""Rows of variable length in HDF5 files, which are stored in collections of values, the global heap.

They are read here from the bytes, since HDF5 itself (2.0) does not end on some damaged collections, and takes as much
memory as a row declares. A row refers to an object of a collection:

====== ==== ====== =============================================================================================
offset size type   meaning
====== ==== ====== =============================================================================================
0      4    uint32 number of values
4      8    uint64 address of the collection in the file (as many bytes as the file declares for addresses)
12     4    uint32 index of the object in it
====== ==== ====== =============================================================================================

A collection, with sizes of as many bytes as the file declares for sizes (8), all numbers little-endian:

====== ==== ====== =============================================================================================
offset size type   meaning
====== ==== ====== =============================================================================================
0      4    text   ``GCOL``
4      1    uint8  version, 1
5      3           zeros
8      8    uint64 size of the collection in bytes, with this header
16     ...         objects: index (uint16; 0 is the free space at the end), number of references (uint16), zeros (4),
                   size in bytes (uint64), and the values, padded with zeros to a multiple of 8 bytes
====== ==== ====== =============================================================================================

Source: HDF5 File Format Specification Version 3.0, section III.E, Global Heap.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.writing import PathLike

#: Signature, version and zeros of a collection.
_BEGIN = b"GCOL\x01\0\0\0"


@dataclass(frozen=True)
class Rows:
    """Rows of variable length: for each its number of values, the address of its collection, and its index there."""

    count: np.ndarray
    address: np.ndarray
    index: np.ndarray
    dtype: np.dtype
    sizes: int  #: bytes of a size in this file

    @classmethod
    def from_stored(cls, stored: np.ndarray, dtype: np.dtype, sizes: int) -> Rows:
        """Return the rows of references as they are stored, (rows, bytes)."""
        columns = []
        for begin, stop in ((0, 4), (4, stored.shape[1] - 4), (stored.shape[1] - 4, stored.shape[1])):
            wide = np.zeros((len(stored), 8), np.uint8)
            wide[:, : stop - begin] = stored[:, begin:stop]
            columns.append(wide.view("<u8")[:, 0])
        return cls(columns[0], columns[1], columns[2], dtype, sizes)


def row_values(path: PathLike, file: IO[bytes], rows: Rows, row: int) -> np.ndarray:
    """Read the values of a row.

    Raises
    ------
    FileError
        When the file has not so many bytes, or the collection is damaged or has no such object.
    """
    count, place, index = (int(column[row]) for column in (rows.count, rows.address, rows.index))
    if not count:
        return np.zeros(0, rows.dtype)
    wanted, size = count * rows.dtype.itemsize, os.fstat(file.fileno()).st_size
    if wanted > size or place > size:
        raise FileError(path, f"recording {row} declares {count} values at byte {place} in a file of {size} bytes")
    file.seek(place)
    head = file.read(8 + rows.sizes)
    end = place + int.from_bytes(head[8:], "little")
    if head[:5] != b"GCOL\x01" or end > size:
        raise FileError(path, f"is damaged: recording {row} has no collection of values at byte {place}")
    place += 8 + rows.sizes
    while place + 8 + rows.sizes <= end:
        file.seek(place)
        head = file.read(8 + rows.sizes)
        found, length = int.from_bytes(head[:2], "little"), int.from_bytes(head[8:], "little")
        place += 8 + rows.sizes
        if found == index and length == wanted and place + length <= end:
            return np.frombuffer(file.read(length), rows.dtype)
        if found in (0, index):
            break
        place += -(-length // 8) * 8
    raise FileError(path, f"is damaged: recording {row} has no {count} values in its collection")


def check_collections(path: PathLike, whole: Any) -> None:
    """Check that the objects of every collection fill it, so that HDF5 itself can read them.

    Parameters
    ----------
    path : path
        Of the file, for messages.
    whole : bytes or mmap.mmap
        The file, whose sizes have 8 bytes.

    Raises
    ------
    FileError
    """
    place = whole.find(_BEGIN)
    while place >= 0:
        end = place + int.from_bytes(whole[place + 8 : place + 16], "little")
        at = place + 16
        damaged = end > len(whole) or end < at
        while not damaged and at + 16 <= end:
            index, length = int.from_bytes(whole[at : at + 2], "little"), int.from_bytes(whole[at + 8 : at + 16], "little")
            if index == 0:  # the free space, whose size includes its header
                damaged = at + length > end or length < 16
                break
            at += 16 + -(-length // 8) * 8
            damaged = at > end
        if damaged:
            raise FileError(path, f"is damaged: the collection of values at byte {place} does not have its size")
        place = whole.find(_BEGIN, place + 16)
