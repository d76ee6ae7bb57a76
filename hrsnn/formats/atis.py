"""Reader of ATIS recordings as in N-MNIST (``.bin``): five bytes an event, without a header.

====== ==== ============ ===========================================================
offset size type         meaning
====== ==== ============ ===========================================================
5k     1    uint8        x, column of the pixel
5k + 1 1    uint8        y, row of the pixel; 240 marks an overflow, and is no event
5k + 2 1    bit 7        polarity: 1 ON (brighter), 0 OFF (darker)
5k + 2 3    bits 22 to 0 time in us, big-endian
====== ==== ============ ===========================================================

The time has 23 bits (8.4 s). At an overflow mark, 8192 us are added to the time of the mark and of all that follow, as the
authors' Python reader does.

Sources: Orchard et al. 2015, "Converting static image datasets to spiking neuromorphic datasets using saccades", Frontiers
in Neuroscience 9:437; https://www.garrickorchard.com/datasets/n-mnist and the authors' readers ``Read_Ndataset.m`` and
https://github.com/gorchard/event-Python (overflow marks).
"""

from __future__ import annotations

import os

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.reading import open_binary, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.formats.events import Events, check_memory_of_file, checked_events

_EVENT, _MARK, _MARKED = 5, 240, 2**13  # bytes, y, us
#: Memory for each byte of a file while it is read: 28 for the columns of an event of five bytes.
_MEMORY = 6


def read_atis(path: PathLike, shape: tuple[int, int] = (34, 34)) -> Events:
    """Read a recording of an ATIS sensor.

    Parameters
    ----------
    path : path
        The ``.bin`` file.
    shape : (int, int)
        Height and width of the sensor in pixels, each at most 240: 34 by 34 for N-MNIST, 180 by 240 for N-Caltech101.

    Returns
    -------
    Events
        ``x``, ``y``, ``p`` as uint8, ``t`` in us as int32.

    Raises
    ------
    FileError
        When the file is missing, holds no events, ends within an event, or has an event outside the sensor or out of order.

    Notes
    -----
    Times are as in the file; the first event of N-MNIST is some us to ms after 0.

    References
    ----------
    Orchard et al. (2015); the bytes are in the table of this module.

    Examples
    --------
    An ON event at x 3, y 5, after 66051 = 0x010203 us:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "00001.bin"
    >>> _ = path.write_bytes(bytes([3, 5, 0x80 | 0x01, 0x02, 0x03]))
    >>> read_atis(path)
    Events(x=array([3], dtype=uint8), y=array([5], dtype=uint8), p=array([1], dtype=uint8), t=array([66051], dtype=int32))
    """
    with open_binary(path) as content, refuse_damaged(path, "ATIS recording"):
        size = os.fstat(content.fileno()).st_size
        if size % _EVENT:
            raise FileError(path, f"has {size} bytes: must be a multiple of {_EVENT}, the bytes of an event")
        check_memory_of_file(path, _MEMORY * size)
        rows = np.frombuffer(content.read(size), np.uint8).reshape(-1, _EVENT)
    x, y, p = rows[:, 0].copy(), rows[:, 1].copy(), rows[:, 2] >> 7
    t = (rows[:, 2] & 0x7F).astype(np.int32) << 16
    t += rows[:, 3].astype(np.int32) << 8
    t += rows[:, 4]
    marks = y == _MARK
    if marks.any():
        late = t + _MARKED * np.cumsum(marks)
        if late.max() > np.iinfo(np.int32).max:
            raise FileError(path, f"has {marks.sum()} overflow marks, more than 32 bits of us can hold")
        x, y, p, t = x[~marks], y[~marks], p[~marks], late[~marks].astype(np.int32)
    return checked_events(path, Events(x, y, p, t), shape)
