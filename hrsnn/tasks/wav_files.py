"""Validation of wav files before they are read."""

from __future__ import annotations

import os
from typing import IO


def check_wav(file: IO[bytes]) -> None:
    """Check that the chunks of a wav file fill it exactly, and that it has one chunk of format and one of samples.

    Otherwise a reader that skips unknown chunks could take the rest of a damaged chunk for other chunks, and return only
    part of the sound. The file is at its beginning afterwards.

    Parameters
    ----------
    file : binary file

    Raises
    ------
    ValueError
        With a description of the error.

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
    sound, frame = 0, 1  # bytes of all samples, and of one sample of all channels
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
        place += place % 2  # chunks begin at even offsets; the last one may be without its padding byte
    if 8 + length(head[4:8]) != size:
        raise ValueError(f"has {size} bytes, and says {8 + length(head[4:8])}")
    for name in (b"fmt ", b"data"):
        if names.count(name) != 1:
            raise ValueError(f"has {names.count(name)} parts {name.decode()!r}, wanted one")
    if sound % frame:
        raise ValueError(f"{sound} bytes of samples are no whole number of {frame}")
    file.seek(0)
