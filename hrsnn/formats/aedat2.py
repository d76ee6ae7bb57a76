"""Reader of AEDAT 2.0 recordings of a DVS128 sensor, as in CIFAR10-DVS (``.aedat``).

The file begins with lines of text that begin with ``#`` and end with a line feed, the first ``#!AER-DAT2.0``. Then:

====== ==== ====== ====================================================================
offset size type   meaning
====== ==== ====== ====================================================================
8k     4    uint32 address of the event, big-endian
8k + 4 4    uint32 time in us, big-endian, from the reset of the sensor, modulo 2 ** 32
====== ==== ====== ====================================================================

The address of a DVS128 event:

======= ===============================================================
bit     meaning
======= ===============================================================
0       0 ON (brighter), 1 OFF (darker)
1 to 7  x address, from the right to the left
8 to 14 y address, from the bottom to the top
15      1: an external event (synchronisation), which is no event
16 on   0
======= ===============================================================

Sources: https://docs.inivation.com/software/software-advanced-usage/file-formats/aedat-2.0.html; Li et al. 2017,
"CIFAR10-DVS: an event-stream dataset for object classification", Frontiers in Neuroscience 11:309, and the script
``dat2mat.m`` that the data set names (x as 127 minus the x address, polarity as 1 minus bit 0).
"""

from __future__ import annotations

import os

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.reading import open_binary, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.formats.events import Events, check_memory_of_file, checked_events, header_lines, read_start

_EVENT, _SIDE = 8, 128
_EXTERNAL = 1 << 15
#: Memory for each byte of a file while it is read.
_MEMORY = 5


def read_aedat2(path: PathLike, transposed: bool = False) -> Events:
    """Read a recording of a DVS128 sensor.

    Parameters
    ----------
    path : path
        The ``.aedat`` file.
    transposed : bool
        False: ``x = 127 - x address`` and ``y = 127 - y address``, so that rows go down as those of an image do. True: ``x =
        127 - y address`` and ``y = 127 - x address``, as readers of CIFAR10-DVS in use do (SpikingJelly's, for example),
        for recordings of a camera that was turned by a right angle.

    Returns
    -------
    Events
        ``x``, ``y``, ``p`` as uint8, 0 to 127; ``t`` in us as int64, from the reset of the sensor.

    Raises
    ------
    FileError
        When the file is missing, has another version or no events, ends within an event, has addresses of another sensor,
        or times that go back.

    Notes
    -----
    A time that falls by more than half of 2 ** 32 us has wrapped around, after 71.6 minutes, and goes on. External events
    are left out.

    References
    ----------
    Li et al. (2017); the bytes are in the table of this module.

    Examples
    --------
    An ON event with the x address 100 and the y address 7:

    >>> import pathlib, struct, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "cifar10_cat_0.aedat"
    >>> _ = path.write_bytes(b"#!AER-DAT2.0\\r\\n" + struct.pack(">II", 7 << 8 | 100 << 1 | 0, 1500))
    >>> read_aedat2(path)
    Events(x=array([27], dtype=uint8), y=array([120], dtype=uint8), p=array([1], dtype=uint8), t=array([1500]))
    """
    with open_binary(path) as content, refuse_damaged(path, "AEDAT 2.0 recording"):
        size = os.fstat(content.fileno()).st_size
        lines, begin = header_lines(path, read_start(content))
        if lines[0].rstrip() != "!AER-DAT2.0":
            raise FileError(path, f"has the version {lines[0].rstrip()[8:]!r:.20} of AEDAT, wanted 2.0")
        if (size - begin) % _EVENT:
            raise FileError(path, f"has {size - begin} bytes of events: must be a multiple of {_EVENT}")
        check_memory_of_file(path, _MEMORY * (size - begin))
        content.seek(begin)
        words = np.frombuffer(content.read(size - begin), ">u4").reshape(-1, 2)
    address, time = words[:, 0].astype(np.uint32), words[:, 1].astype(np.int64)
    camera = address & _EXTERNAL == 0
    address, time = address[camera], time[camera]
    if address.size and address.max() >= _EXTERNAL:
        bad = int(np.argmax(address >= _EXTERNAL))
        raise FileError(path, f"event {bad} has the address {address[bad]:#x}: must have 15 bits (a DVS128 sensor)")
    wraps = np.diff(time, prepend=time[:1]) < -(2**31)
    time += 2**32 * np.cumsum(wraps)
    across, down = ((_SIDE - 1 - (address >> shift & 0x7F)).astype(np.uint8) for shift in (1, 8))
    x, y = (down, across) if transposed else (across, down)
    return checked_events(path, Events(x, y, (1 - (address & 1)).astype(np.uint8), time), (_SIDE, _SIDE))
