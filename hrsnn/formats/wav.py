"""Wav files: a RIFF file of one chunk ``fmt`` and one chunk ``data``, and others that are skipped.

====== ==== ====== =============================================================================================
offset size type   meaning
====== ==== ====== =============================================================================================
0      4    text   ``RIFF``; ``RIFX`` where all numbers of the file are big-endian
4      4    uint32 size of the file less 8 bytes
8      4    text   ``WAVE``
12     ...         chunks, each at an even offset: a name (4), its size less 8 bytes (uint32), and so many bytes
====== ==== ====== =============================================================================================

Chunk ``fmt`` (16, 18 or 40 bytes, counted after its name and size):

====== ==== ====== =============================================================================================
offset size type   meaning
====== ==== ====== =============================================================================================
0      2    uint16 1: whole numbers; 3: IEEE floats; 0xFFFE: the tag is at offset 24
2      2    uint16 number of channels
4      4    uint32 sampling rate (Hz)
8      4    uint32 bytes a second
12     2    uint16 bytes of one sample of all channels
14     2    uint16 bits of a sample: 8 (unsigned), 16, 24 or 32; floats 32 or 64
24     2    uint16 first two bytes of the GUID of the format, with tag 0xFFFE: 1 or 3 as above
====== ==== ====== =============================================================================================

Chunk ``data``: the samples, those of all channels of one time together.

Source: Microsoft & IBM (1991), Multimedia Programming Interface and Data Specifications 1.0, chapter 3; Microsoft (1994),
New Multimedia Data Types and Data Techniques, for floats and WAVEFORMATEXTENSIBLE.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import IO, Literal

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.reading import open_binary, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.validation.limits import beyond_memory, limit
from hrsnn.validation.units import takes

_TAGS: dict[int, Literal["integers", "floats"]] = {1: "integers", 3: "floats"}
_EXTENSIBLE = 0xFFFE
_MEMORY = 6  # bytes for each byte of a file of 16 bits: 2 as read, 2 to convert, and 8 as a number, for 2 bytes
_BITS = {"integers": (8, 16, 24, 32), "floats": (32, 64)}


@dataclass(frozen=True)
class WavHeader:
    """What a wav file says of its sound.

    Attributes
    ----------
    rate : int
        Sampling rate in Hz.
    channels : int
    kind : {"integers", "floats"}
    bits : int
        Bits of a sample.
    times : int
        Number of samples of each channel.
    start : int
        Offset of the first sample in the file, in bytes.
    order : {"little", "big"}
        Order of the bytes of a number.
    """

    rate: int
    channels: int
    kind: Literal["integers", "floats"]
    bits: int
    times: int
    start: int
    order: Literal["little", "big"]


@takes()
def wav_header(path: PathLike) -> WavHeader:
    """Read what a wav file says of its sound, and check the whole structure of the file, without reading the sound.

    Parameters
    ----------
    path : path

    Returns
    -------
    WavHeader

    Raises
    ------
    FileError
        When the file is missing, no regular file, damaged, truncated, of a compressed format, empty of sound, or when the
        sound would not fit into memory.

    Examples
    --------
    >>> import pathlib, struct, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.wav"
    >>> form = struct.pack("<4sLHHLLHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    >>> sound = struct.pack("<4sL2h", b"data", 4, 16384, -32768)
    >>> _ = path.write_bytes(struct.pack("<4sL4s", b"RIFF", 40, b"WAVE") + form + sound)
    >>> wav_header(path)
    WavHeader(rate=8000, channels=1, kind='integers', bits=16, times=2, start=44, order='little')
    """
    with open_binary(path) as file, refuse_damaged(path, "wav file"):
        return _header(path, file)


@takes()
def read_wav(path: PathLike, average: bool = False) -> tuple[int, np.ndarray]:
    """Read a wav file of one channel, or the mean of its channels.

    Parameters
    ----------
    path : path
    average : bool
        Whether several channels are averaged; otherwise they are an error.

    Returns
    -------
    rate : int
        Sampling rate in Hz.
    samples : ndarray of float64, (times,)
        In [-1, 1]: whole numbers of b bits are divided by ``2 ** (b - 1)``; floats are as in the file, which should be in
        [-1, 1] too.

    Raises
    ------
    FileError
        As :func:`wav_header`; when there are several channels, or a sample is not finite.

    Notes
    -----
    Compressed formats (A-law, mu-law, ADPCM) are not read. Memory: 8 bytes a sample, and the file.

    References
    ----------
    See the table in the module's docstring and its sources.

    Examples
    --------
    >>> import pathlib, struct, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.wav"
    >>> form = struct.pack("<4sLHHLLHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    >>> sound = struct.pack("<4sL2h", b"data", 4, 16384, -32768)
    >>> _ = path.write_bytes(struct.pack("<4sL4s", b"RIFF", 40, b"WAVE") + form + sound)
    >>> read_wav(path)
    (8000, array([ 0.5, -1. ]))
    """
    with open_binary(path) as file, refuse_damaged(path, "wav file"):
        header = _header(path, file)
        if header.channels > 1 and not average:
            raise FileError(path, f"has {header.channels} channels, wanted one (mono)")
        file.seek(header.start)
        wanted = header.times * header.channels * header.bits // 8
        raw = file.read(wanted)
        if len(raw) != wanted:
            raise ValueError(f"{len(raw)} bytes of samples, wanted {wanted}")
        samples = _numbers(header, raw)
    if not np.isfinite(samples).all():
        place = int(np.argmin(np.isfinite(samples)))
        raise FileError(path, f"sample {place // header.channels} is {samples[place]}, wanted a finite number")
    if header.channels > 1:
        samples = samples.reshape(-1, header.channels).mean(axis=1)
    return header.rate, samples


def _header(path: PathLike, file: IO[bytes]) -> WavHeader:
    """Return the header of an open file, whose chunks must fill it exactly.

    Otherwise a reader that skips unknown chunks could take the rest of a damaged chunk for other chunks, and return only
    part of the sound.
    """
    size = os.fstat(file.fileno()).st_size
    _check_memory(path, _MEMORY * size)  # before the structure, which is of no use in a file that is too large
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RIFX") or head[8:] != b"WAVE":
        raise ValueError("does not begin as a wav file does")
    order: Literal["little", "big"] = "little" if head[:4] == b"RIFF" else "big"

    def number(raw: bytes) -> int:
        return int.from_bytes(raw, order)

    names, place = [], 12
    form, sound, start = b"", 0, 0
    while place < size:
        file.seek(place)
        part = file.read(8)
        length = number(part[4:])
        names.append(part[:4])
        if part[:4] == b"fmt ":
            form = file.read(min(length, 40))
        elif part[:4] == b"data":
            sound, start = length, place + 8
        place += 8 + length
        if len(part) < 8 or place > size:
            raise ValueError(f"a part of {length} bytes in a file of {size}")
        place += place % 2  # chunks begin at even offsets; the last one may be without its padding byte
    if 8 + number(head[4:8]) != size:
        raise ValueError(f"has {size} bytes, and says {8 + number(head[4:8])}")
    for name in (b"fmt ", b"data"):
        if names.count(name) != 1:
            raise ValueError(f"has {names.count(name)} parts {name.decode()!r}, wanted one")
    if len(form) < 16:
        raise ValueError(f"a part 'fmt ' of {len(form)} bytes, wanted 16 or more")
    tag, channels, rate = number(form[:2]), number(form[2:4]), number(form[4:8])
    frame, bits = number(form[12:14]), number(form[14:16])
    if tag == _EXTENSIBLE and len(form) >= 26:
        tag = number(form[24:26])
    if tag not in _TAGS:
        raise FileError(path, f"has the format {tag:#06x}, wanted 0x0001 (whole numbers) or 0x0003 (floats): convert it")
    kind = _TAGS[tag]
    if bits not in _BITS[kind]:
        raise FileError(path, f"has {kind} of {bits} bits, wanted {', '.join(map(str, _BITS[kind]))}")
    if sound % (frame or 1):
        raise ValueError(f"{sound} bytes of samples are no whole number of {frame}")
    if not channels or not rate or frame != channels * bits // 8 or number(form[8:12]) != rate * frame:
        said = f"{channels} channels of {bits} bits at {rate} Hz"
        raise ValueError(f"{said}, in blocks of {frame} bytes, {number(form[8:12])} bytes a second")
    if not sound:
        raise FileError(path, "holds no sound")
    values = sound * 8 // bits
    _check_memory(path, values * (8 + 2 * bits // 8))  # as 64-bit numbers, and as read, with room to convert
    return WavHeader(rate, channels, kind, bits, sound // frame, start, order)


def _check_memory(path: PathLike, needed: int) -> None:
    if needed > limit("memory"):
        raise FileError(path, beyond_memory(needed))


def _numbers(header: WavHeader, raw: bytes) -> np.ndarray:
    """Return the samples of all channels as 64-bit floats."""
    order = "<" if header.order == "little" else ">"
    if header.kind == "floats":
        return np.frombuffer(raw, f"{order}f{header.bits // 8}").astype(np.float64)
    if header.bits == 8:
        return (np.frombuffer(raw, np.uint8) - 128.0) / 128
    if header.bits == 24:
        wide = np.zeros((len(raw) // 3, 4), np.uint8)  # the least byte stays 0, so that the sign is that of 32 bits
        wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)[:, :: 1 if order == "<" else -1]
        return wide.view("<i4")[:, 0] / 2.0**31
    return np.frombuffer(raw, f"{order}i{header.bits // 8}") / 2.0 ** (header.bits - 1)
