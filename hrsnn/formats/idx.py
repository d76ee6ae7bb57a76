"""IDX files, an array of any shape in each, plain or compressed by gzip.

======  =====================  ==========================================================================
offset  type                   meaning
======  =====================  ==========================================================================
0       two bytes              0, 0
2       unsigned byte          type of the values: 8 uint8, 9 int8, 11 int16, 12 int32, 13 float32, 14 float64
3       unsigned byte          number of dimensions, d
4       d big-endian uint32    sizes, slowest dimension first
4 + 4d  values                 big-endian, in C order, up to the end of the file
======  =====================  ==========================================================================

Source: Y. LeCun, C. Cortes, C. J. C. Burges, the MNIST database, "File formats for the MNIST database"
(http://yann.lecun.com/exdb/mnist/).
"""

from __future__ import annotations

import gzip
import math
import os
import struct
from typing import IO

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.reading import open_binary, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.validation.limits import beyond_memory, limit, readable
from hrsnn.validation.units import takes

_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_GZIP = b"\x1f\x8b"
_CHUNK = 2**22
#: Largest compression ratio, for files that unpack to more than so many bytes, as for .npz files.
_PACKED, _SMALL = 100, 2**28


@takes()
def read_idx(path: PathLike) -> np.ndarray:
    """Read the array in an IDX file, plain or compressed by gzip, whatever its name.

    Parameters
    ----------
    path : path
        The file, such as ``train-images-idx3-ubyte.gz``.

    Returns
    -------
    ndarray
        Values of the type and shape that the file states, in the machine's byte order.

    Raises
    ------
    FileError
        When the file is missing, no IDX file, shorter or longer than its header says, or larger than the limits.

    Notes
    -----
    As much is read as the header says, after the size has been compared with the limits and, for compressed files, with the
    size of the file: one that would unpack to over 256 MiB and over 100 times its size is refused.

    References
    ----------
    Y. LeCun, C. Cortes, C. J. C. Burges, the MNIST database, http://yann.lecun.com/exdb/mnist/

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "labels-idx1-ubyte"
    >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    >>> read_idx(path)
    array([7, 2, 1], dtype=uint8)
    """
    with open_binary(path) as file, refuse_damaged(path, "IDX file"):
        size = os.fstat(file.fileno()).st_size
        packed = file.read(2) == _GZIP
        file.seek(0)
        if not packed:
            return _read(path, file, size, size)
        with gzip.GzipFile(fileobj=file) as content:
            return _read(path, content, size, max(_SMALL, _PACKED * size))


def _read(path: PathLike, content: IO[bytes] | gzip.GzipFile, size: int, most: int) -> np.ndarray:
    """Return the array, if the file of `size` bytes may hold it: up to `most` bytes of content."""
    start = content.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES or not start[3]:
        raise FileError(path, f"is no IDX file: it begins with {start.hex(' ') or 'nothing'}, wanted 00 00, a type, a count")
    shape = struct.unpack(f">{start[3]}I", content.read(4 * start[3]))
    kind = np.dtype(_TYPES[start[2]])
    wanted = math.prod(shape) * kind.itemsize
    called = f"the header says {' x '.join(map(str, shape))} values of {kind.itemsize} bytes"
    if wanted > limit("unpacked"):
        raise FileError(path, f"{called}: must be at most {readable(limit('unpacked'))} (HRSNN_MAX_UNPACKED raises this)")
    if wanted > limit("memory"):
        raise FileError(path, f"{called}: {beyond_memory(wanted)}")
    if wanted > most:
        raise FileError(path, f"{called}, too many for a file of {readable(size)}")
    raw = np.empty(wanted, np.uint8)
    done = 0
    while part := content.read(min(_CHUNK, wanted - done) or 1):  # beyond the end too, where gzip checks the CRC
        if done == wanted:
            raise FileError(path, f"{called}, and the file holds more")
        raw[done : done + len(part)] = np.frombuffer(part, np.uint8)
        done += len(part)
    if done < wanted:
        raise FileError(path, f"ends early: {called}, and it holds {done} bytes of them")
    return raw.view(kind).astype(kind.newbyteorder("="), copy=False).reshape(shape)
