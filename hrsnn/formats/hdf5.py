"""HDF5 files without trust: nothing outside the file is read, and sizes are checked before memory is taken.

A dataset is either contiguous or in chunks. Its declared size costs nothing, and a chunk that is
compressed by deflate can hold a thousand times its own size, more than the chunk declares too: HDF5 itself would unpack
all of it. Chunks are therefore unpacked here first, up to the size that they declare.

Source of the layout: The HDF Group, HDF5 File Format Specification Version 3.0,
https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
"""

from __future__ import annotations

import contextlib
import math
import os
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.reading import open_binary, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.validation.limits import beyond, beyond_memory, limit, readable

_SIGNATURE, _GZIP = b"\x89HDF\r\n\x1a\n", b"\x1f\x8b"
#: Filters of HDF5 by number: of these only deflate changes the size, apart from the checksum of fletcher32.
_DEFLATE, _SHUFFLE, _FLETCHER32 = 1, 2, 3
#: Largest ratio of declared size to the size of the file, for datasets of more than so many bytes.
_PACKED, _SMALL = 100, 2**28


@contextlib.contextmanager
def open_hdf5(path: PathLike) -> Iterator[Any]:
    """Open an HDF5 file for reading, as an ``h5py.File``.

    Raises
    ------
    FileError
        When it is missing, no regular file, no HDF5 file, or damaged; also for what h5py raises while it is open.
    """
    with open_binary(path) as file:
        begin = file.read(8)
    if begin[:2] == _GZIP:
        raise FileError(path, "is compressed: unpack it first (gunzip)")
    if begin != _SIGNATURE:
        raise FileError(path, "is no HDF5 file")
    import h5py  # here, since it takes a tenth of a second

    # readers need no lock, which some network file systems do not have
    with refuse_damaged(path, "HDF5 file"), h5py.File(path, "r", locking=False) as opened:
        yield opened


def dataset(path: PathLike, opened: Any, name: str) -> Any:
    """Return a dataset of one dimension that is stored in the file itself.

    Parameters
    ----------
    path : path
        Of the file, for messages.
    opened : h5py.File
    name : str
        Such as "spikes/times".

    Raises
    ------
    FileError
        When it is missing, no dataset, a link, a view of other files, or of more or fewer dimensions.
    """
    import h5py

    found = opened
    for part in name.split("/"):
        link = found.get(part, getlink=True) if isinstance(found, h5py.Group) else None
        if link is None:
            raise FileError(path, f"has no dataset {name!r}")
        if not isinstance(link, h5py.HardLink):
            raise FileError(path, f"{name!r} is a link, and no dataset of the file itself")
        found = found[part]
    if not isinstance(found, h5py.Dataset):
        raise FileError(path, f"{name!r} is a group, and no dataset")
    if found.is_virtual or found.external:
        raise FileError(path, f"{name!r} has its data in other files")
    if found.ndim != 1:
        raise FileError(path, f"{name!r} has the shape {found.shape}, wanted one dimension")
    return found


def stored_rows(path: PathLike, name: str, data: Any, width: int) -> np.ndarray:
    """Return the bytes of each value of a dataset as they are stored.

    Parameters
    ----------
    path, name : path, str
        Of the file and the dataset, for messages.
    data : h5py.Dataset
        Of any number of dimensions.
    width : int
        Bytes of a value.

    Returns
    -------
    ndarray of uint8, (*shape of the dataset, width)
        Zeros where nothing was written.

    Raises
    ------
    FileError
        When the dataset declares more than the limits or the file could hold, or a chunk unpacks to more than it
        declares, or is compressed otherwise than by deflate ("gzip" in h5py).
    """
    size, shape = os.stat(path).st_size, tuple(map(int, data.shape))
    largest = map(max, zip(shape, data.chunks or shape, strict=True))  # a chunk may be larger than the dataset
    check_size(path, name, math.prod(largest) * width, size)
    found = np.zeros((*shape, width), np.uint8)
    if data.chunks is None:
        offset = data.id.get_offset()
        if offset is None and data.id.get_storage_size():
            raise FileError(path, f"{name!r} is in the file's header, wanted contiguous data or chunks")
        if offset is not None:
            with open_binary(path) as file:
                file.seek(offset)
                raw = file.read(found.size)
            if len(raw) != found.size:
                raise FileError(path, f"{name!r} has {shape} values of {width} bytes, and {len(raw)} bytes in the file")
            found[...] = np.frombuffer(raw, np.uint8).reshape(found.shape)
        return found
    pipeline = data.id.get_create_plist()
    filters = [pipeline.get_filter(place)[0] for place in range(pipeline.get_nfilters())]
    if not set(filters) <= {_DEFLATE, _SHUFFLE, _FLETCHER32} or len(set(filters)) < len(filters):
        raise FileError(path, f"{name!r} has the filters {filters} of HDF5, wanted gzip (1), shuffle (2), fletcher32 (3)")
    for index in range(data.id.get_num_chunks()):
        about = data.id.get_chunk_info(index)
        if about.size > size:
            raise FileError(path, f"{name!r} has a chunk of {about.size} bytes in a file of {size}")
        mask = about.filter_mask
        with open_binary(path) as file:
            file.seek(about.byte_offset)
            raw = file.read(about.size)
        used = [one for place, one in enumerate(filters) if not mask >> place & 1]
        unpacked = _unpacked(path, name, raw, used, math.prod(data.chunks), width).reshape(*data.chunks, width)
        target = found[
            tuple(slice(begin, begin + long) for begin, long in zip(about.chunk_offset, data.chunks, strict=True))
        ]
        target[...] = unpacked[tuple(map(slice, target.shape))]
    return found


def check_size(path: PathLike, name: str, declared: int, size: int) -> None:
    """Check the bytes that a dataset declares against the limits and the size of the file.

    Raises
    ------
    FileError
        When they are more than a limit, or over 256 MiB and over 100 times the size of the file.
    """
    if declared > limit("unpacked"):
        raise FileError(path, f"{name!r} declares {readable(declared)}: {beyond('unpacked')}")
    if 2 * declared > limit("memory"):
        raise FileError(path, f"{name!r} {beyond_memory(2 * declared)}")
    if declared > max(_SMALL, _PACKED * size):
        raise FileError(path, f"{name!r} declares {readable(declared)}, over {_PACKED} times the file's own size")


def _unpacked(path: PathLike, name: str, raw: bytes, filters: list[int], rows: int, width: int) -> np.ndarray:
    """Undo the filters of a chunk, in reverse order, never beyond its declared size."""
    wanted = rows * width
    for one in reversed(filters):
        if one == _FLETCHER32:
            raw = raw[:-4]
        elif one == _DEFLATE:
            unpacking = zlib.decompressobj()
            raw = unpacking.decompress(raw, wanted + 5)
            if len(raw) > wanted + 4 * (_FLETCHER32 in filters):
                raise FileError(path, f"{name!r} has a chunk that unpacks to more than its {wanted} bytes")
        else:
            raw = np.frombuffer(raw, np.uint8).reshape(width, rows).T.tobytes()
    if len(raw) != wanted:
        raise FileError(path, f"{name!r} has a chunk of {len(raw)} bytes, wanted {wanted}")
    return np.frombuffer(raw, np.uint8).reshape(rows, width)
