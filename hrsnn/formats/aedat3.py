"""Reader of AEDAT 3.1 recordings, as in DVS128 Gesture (``.aedat``): the polarity events.

The file begins with lines of text that begin with ``#`` and end with ``\\r\\n``: ``#!AER-DAT3.1``, ``#Format: RAW``, others,
and ``#!END-HEADER``. Then packets follow, little-endian, each of a header of 28 bytes and its events:

====== ==== ===== ===========================================================================
offset size type  meaning
====== ==== ===== ===========================================================================
0      2    int16 type of the events: 1 polarity; all others (0 special, 2 frame, ...) are skipped
2      2    int16 source, as numbered in the text
4      4    int32 size of an event in bytes: 8 for polarity
8      4    int32 offset of the time within an event: 4 for polarity
12     4    int32 overflow: the upper bits of all times of the packet, from bit 31 on
16     4    int32 capacity, events for which there is room: the packet takes 28 + capacity * size bytes
20     4    int32 number of events
24     4    int32 number of valid events
====== ==== ===== ===========================================================================

A polarity event:

====== ==== ============= ===================================
offset size type          meaning
====== ==== ============= ===================================
0      4    bit 0         1 valid, 0 to be left out
0      4    bit 1         polarity: 1 ON (brighter), 0 OFF
0      4    bits 2 to 16  y, row of the pixel
0      4    bits 17 to 31 x, column of the pixel
4      4    int32         time in us, the lower 31 bits
====== ==== ============= ===================================

Sources: https://docs.inivation.com/software/software-advanced-usage/file-formats/aedat-3.1.html, and ``events/common.h`` and
``events/polarity.h`` of iniVation's libcaer; Amir et al. 2017, "A low power, fully event-based gesture recognition
system", CVPR.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.reading import open_binary, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.formats.events import Events, check_memory_of_file, checked_events, header_lines, read_start

_HEADER = struct.Struct("<hhiiiiii")
_TIME = struct.Struct("<i")
_POLARITY, _EVENT = 1, 8
#: Memory for each byte of the events that are returned: 3 times 13 bytes, of 8.
_MEMORY = 5


class _Packet(NamedTuple):
    """Polarity events of a file: where they begin, how many, and the upper bits of their times."""

    begin: int
    number: int
    overflow: int
    source: int


def read_aedat3(
    path: PathLike, shape: tuple[int, int] = (128, 128), start: int | None = None, stop: int | None = None
) -> Events:
    """Read the polarity events of a recording, or of a part of it.

    Parameters
    ----------
    path : path
        The ``.aedat`` file.
    shape : (int, int)
        Height and width of the sensor in pixels.
    start, stop : int, optional
        Times in us: only events in [start, stop) are read, and packets outside are passed over.

    Returns
    -------
    Events
        ``x`` and ``y`` as uint16, ``p`` as uint8, ``t`` in us as int64, as in the file.

    Raises
    ------
    FileError
        When the file is missing, has another version or format, ends within a packet, has no events in the part, events
        outside the sensor, out of order, or of two sensors.

    References
    ----------
    iniVation, AEDAT 3.1; the bytes are in the table of this module.

    Examples
    --------
    An ON event at x 3, y 5, and its packet:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "user01_led.aedat"
    >>> packet = _HEADER.pack(1, 0, 8, 4, 0, 1, 1, 1) + struct.pack("<Ii", 3 << 17 | 5 << 2 | 1 << 1 | 1, 1500)
    >>> _ = path.write_bytes(b"#!AER-DAT3.1\\r\\n#Format: RAW\\r\\n#!END-HEADER\\r\\n" + packet)
    >>> read_aedat3(path)
    Events(x=array([3], dtype=uint16), y=array([5], dtype=uint16), p=array([1], dtype=uint8), t=array([1500]))
    """
    words, times, size = [], [], 0
    with open_binary(path) as content, refuse_damaged(path, "AEDAT 3.1 recording"):
        last, source = 0, None
        for packet in _packets(path, content):
            if source not in (None, packet.source):
                raise FileError(path, f"has events of the sources {source} and {packet.source}: must be of one sensor")
            source, upper = packet.source, packet.overflow << 31
            first, end = (upper + _time(content, packet, index) for index in (0, packet.number - 1))
            if first < last:
                raise FileError(
                    path, f"the packet at byte {packet.begin} begins at {first} us, after one that ends at {last} us"
                )
            last = end
            if stop is not None and first >= stop:
                break
            if start is not None and end < start:
                continue
            size += _EVENT * packet.number
            check_memory_of_file(path, _MEMORY * size)
            content.seek(packet.begin)
            rows = np.frombuffer(content.read(_EVENT * packet.number), "<i4").reshape(-1, 2)
            time = rows[:, 1] + np.int64(upper)
            used = rows[:, 0] & 1 == 1
            if start is not None:
                used &= time >= start
            if stop is not None:
                used &= time < stop
            words.append(rows[used, 0].view(np.uint32))
            times.append(time[used])
    if not sum(map(len, times)):
        part = "" if start is None and stop is None else f" from {start} to {stop} us"
        raise FileError(path, f"holds no events{part}")
    word = np.concatenate(words)
    x, y = ((word >> shift & 0x7FFF).astype(np.uint16) for shift in (17, 2))
    return checked_events(path, Events(x, y, (word >> 1 & 1).astype(np.uint8), np.concatenate(times)), shape)


def _packets(path: PathLike, content: IO[bytes]) -> Iterator[_Packet]:
    """Yield the packets of polarity events, after checks of the header of each packet."""
    size = os.fstat(content.fileno()).st_size
    lines, place = header_lines(path, read_start(content))
    if lines[0].rstrip() != "!AER-DAT3.1":
        raise FileError(path, f"has the version {lines[0].rstrip()[8:]!r:.20} of AEDAT, wanted 3.1")
    if lines[-1] != "!END-HEADER":
        raise FileError(path, "is damaged or no AEDAT 3.1 recording: its header does not end with #!END-HEADER")
    for line in lines:
        if line.startswith("Format:") and line.removeprefix("Format:").strip() != "RAW":
            raise FileError(path, f"has the format {line.removeprefix('Format:').strip()!r:.40}, wanted RAW")
    while place < size:
        content.seek(place)
        if size - place < _HEADER.size:
            raise FileError(path, f"ends within the header of the packet at byte {place}")
        kind, source, width, offset, overflow, capacity, number, _ = _HEADER.unpack(content.read(_HEADER.size))
        begin, place = place + _HEADER.size, place + _HEADER.size + width * capacity
        if min(kind, overflow, number) < 0 or width < 1 or capacity < number:
            raise FileError(
                path, f"is damaged: {number} events of {width} bytes in a packet for {capacity}, at byte {begin}"
            )
        if place > size:
            raise FileError(path, f"has {size} bytes, and a packet that ends at byte {place}: is damaged or not complete")
        if kind == _POLARITY and number:
            if (width, offset) != (_EVENT, 4):
                raise FileError(path, f"has polarity events of {width} bytes with the time at {offset}, wanted 8 and 4")
            yield _Packet(begin, number, overflow, source)


def _time(content: IO[bytes], packet: _Packet, index: int) -> int:
    content.seek(packet.begin + _EVENT * index + 4)
    return int(_TIME.unpack(content.read(4))[0])
