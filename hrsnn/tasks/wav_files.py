"""What a wav file must be before its reader sees it: its parts fill it exactly, and one says how the samples are written."""

from __future__ import annotations

import os
from typing import IO


def check_wav(file: IO[bytes]) -> None:
    """See that the parts of a wav file are as long as they say, and that the two that matter are there, each once.

    A reader that skips what it does not know would take the rest of a damaged part for parts of their own, and read less
    sound than there was. The file stands at its beginning afterwards.

    Parameters
    ----------
    file : binary file

    Raises
    ------
    ValueError
        With what is wrong.

    Examples
    --------
    >>> import io
    >>> check_wav(io.BytesIO(b"RIFF\\x04\\0\\0\\0WAVE"))
    Traceback (most recent call last):
    ...
    ValueError: has 0 parts 'fmt ', wanted one
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    order: dict[bytes, str] = {b"RIFF": "little", b"RIFX": "big"}
    if head[:4] not in order or head[8:] != b"WAVE":
        raise ValueError("does not begin as a wav file does")

    def length(raw: bytes) -> int:
        return int.from_bytes(raw, "little" if head[:4] == b"RIFF" else "big")

    names, place = [], 12
    sound, frame = 0, 1  # bytes of all samples, and of one moment of all channels
    while place < size:
        file.seek(place)
        part = file.read(8)
        names.append(part[:4])
        if part[:4] == b"fmt ":
            frame = length(file.read(14)[12:]) or 1
        elif part[:4] == b"data":
            sound = length(part[4:])
        place += 8 + length(part[4:])
        if len(part) < 8 or place > size:
            raise ValueError(f"a part of {length(part[4:])} bytes in a file of {size}")
        place += place % 2  # parts begin at even places; the last one may do without the byte that fills it up
    if 8 + length(head[4:8]) != size:
        raise ValueError(f"has {size} bytes, and says {8 + length(head[4:8])}")
    for name in (b"fmt ", b"data"):
        if names.count(name) != 1:
            raise ValueError(f"has {names.count(name)} parts {name.decode()!r}, wanted one")
    if sound % frame:
        raise ValueError(f"{sound} bytes of samples are no whole number of {frame}")
    file.seek(0)
