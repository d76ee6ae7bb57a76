"""Events of one recording of an event camera, and the checks that all readers of such files share."""

from __future__ import annotations

from typing import IO, NamedTuple

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.writing import PathLike
from hrsnn.validation.limits import beyond_memory, limit

#: Longest text header in bytes; jAER and cAER write a few hundred.
_LONGEST_HEADER = 2**20


class Events(NamedTuple):
    """Events of one recording, in the order of time.

    Parameters
    ----------
    x, y : ndarray of int, (events,)
        Column and row of the pixel, from 0.
    p : ndarray of uint8, (events,)
        Polarity: 1 for brighter (ON), 0 for darker (OFF).
    t : ndarray of int, (events,)
        Time in us.

    Examples
    --------
    >>> events = Events(np.array([3]), np.array([5]), np.array([1]), np.array([1000]))
    >>> events.t, len(events)
    (array([1000]), 4)
    """

    x: np.ndarray
    y: np.ndarray
    p: np.ndarray
    t: np.ndarray


def check_memory_of_file(path: PathLike, needed: float) -> None:
    """Check an estimate of the memory (bytes) for the content of a file, before it is read.

    Raises
    ------
    FileError
        When it is beyond the limit of memory.

    Examples
    --------
    >>> check_memory_of_file("a.bin", 1e18)
    Traceback (most recent call last):
    ...
    hrsnn.errors.FileError: a.bin: would take about 888 PiB of memory, more than ...
    """
    if not needed <= limit("memory"):
        raise FileError(path, beyond_memory(needed))


def checked_events(path: PathLike, events: Events, shape: tuple[int, int]) -> Events:
    """Return events if there are some, within the sensor, and in the order of time.

    Parameters
    ----------
    path : path
        Named in messages.
    events : Events
    shape : (int, int)
        Height and width of the sensor in pixels.

    Raises
    ------
    FileError
        With the number of the first bad event, counted from 0.

    Examples
    --------
    >>> checked_events("a.bin", Events(*np.array([[1, 9], [2, 2], [0, 1], [10, 20]])), shape=(4, 4))
    Traceback (most recent call last):
    ...
    hrsnn.errors.FileError: a.bin: event 1 has x = 9: must be 0 to 3
    """
    if not len(events.t):
        raise FileError(path, "holds no events")
    for name, values, side in (("y", events.y, shape[0]), ("x", events.x, shape[1])):
        if values.min() < 0 or values.max() >= side:
            bad = int(np.argmax((values < 0) | (values >= side)))
            raise FileError(path, f"event {bad} has {name} = {values[bad]}: must be 0 to {side - 1}")
    falls = events.t[1:] < events.t[:-1]
    if falls.any():
        bad = int(np.argmax(falls)) + 1
        raise FileError(path, f"event {bad} is at {events.t[bad]} us, after one at {events.t[bad - 1]} us: must not go back")
    return events


def header_lines(path: PathLike, start: bytes) -> tuple[list[str], int]:
    """Return the lines of an AEDAT header, without ``#``, and the number of bytes that they take.

    Parameters
    ----------
    path : path
        Named in messages.
    start : bytes
        Beginning of the file.

    Raises
    ------
    FileError
        When the first line is no version, or the header does not end.

    Examples
    --------
    >>> header_lines("a.aedat", b"#!AER-DAT2.0\\r\\n# made by hand\\r\\n\\0\\0")
    (['!AER-DAT2.0', ' made by hand'], 30)
    """
    if not start.startswith(b"#!AER-DAT"):
        raise FileError(path, f"is no AEDAT file: begins with {start[:12]!r}, wanted '#!AER-DAT'")
    lines, place = [], 0
    while start[place : place + 1] == b"#":
        end = start.find(b"\n", place)
        if end < 0:
            raise FileError(path, "is damaged or no AEDAT file: its header does not end")
        lines.append(start[place + 1 : end].decode("latin-1").rstrip("\r"))
        place = end + 1
        if lines[-1] == "!END-HEADER":
            break
    return lines, place


def read_start(content: IO[bytes]) -> bytes:
    """Return the beginning of an open file, 1 MiB at most, in which its header must be."""
    content.seek(0)
    return content.read(_LONGEST_HEADER)
