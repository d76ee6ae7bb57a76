"""Videos in AVI files: grey frames, averaged in square blocks, through PyAV (the extra ``video``).

The size of the frames is read from the file's header before any frame is decoded. The file is a RIFF file, numbers are
little-endian:

====== ==== ====== =============================================================================================
offset size type   meaning
====== ==== ====== =============================================================================================
0      4    text   ``RIFF``
4      4    uint32 size of the file less 8 bytes; files above 1 GiB have more than one such part
8      4    text   ``AVI``, with a space
12     4    text   ``LIST``
16     4    uint32 size of the list of headers less 8 bytes
20     4    text   ``hdrl``
24     4    text   ``avih``, the main header
28     4    uint32 its size, 56
32     4    uint32 duration of a frame in microseconds
48     4    uint32 number of frames
64     4    uint32 width of a frame in pixels
68     4    uint32 height of a frame in pixels
====== ==== ====== =============================================================================================

Source: Microsoft, AVI RIFF File Reference and AVIMAINHEADER,
https://learn.microsoft.com/windows/win32/directshow/avi-riff-file-reference
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.reading import open_binary, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.validation.limits import beyond, beyond_memory, limit, readable
from hrsnn.validation.units import takes

#: Bytes of memory for each pixel of a frame while it is decoded: reference frames, and the grey one as floats.
_PER_PIXEL = 32
#: Decoders hold frames with margins, which are less than so many pixels in each direction.
_PADDING = 512


@dataclass(frozen=True)
class VideoHeader:
    """What an AVI file says of its frames: width and height in pixels, and the duration of one in ms."""

    width: int
    height: int
    frame_time: float


@takes()
def video_header(path: PathLike) -> VideoHeader:
    """Read the header of an AVI file, without PyAV.

    Parameters
    ----------
    path : path

    Returns
    -------
    VideoHeader

    Raises
    ------
    FileError
        When the file is missing, no regular file, no AVI file, truncated within the header, or declares frames that would
        not fit into memory.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.avi"
    >>> main = struct.pack("<14L", 40_000, 0, 0, 0, 100, 0, 1, 0, 160, 120, 0, 0, 0, 0)
    >>> head = struct.pack("<4sL4s4sL4s4sL", b"RIFF", 80, b"AVI ", b"LIST", 68, b"hdrl", b"avih", 56)
    >>> _ = path.write_bytes(head + main)
    >>> video_header(path)
    VideoHeader(width=160, height=120, frame_time=40.0)
    """
    with open_binary(path) as file, refuse_damaged(path, "AVI file"):
        head, size = file.read(88), os.fstat(file.fileno()).st_size
        if head[:4] != b"RIFF" or head[8:12] != b"AVI ":
            raise FileError(path, "is no AVI file")
        if len(head) < 88 or head[12:16] != b"LIST" or head[20:28] != b"hdrlavih" or head[28:32] != struct.pack("<L", 56):
            raise FileError(path, "is damaged or no AVI file: does not begin with the main header")
        if 8 + int.from_bytes(head[4:8], "little") > size:
            raise FileError(path, f"is truncated: has {size} bytes, and says {8 + int.from_bytes(head[4:8], 'little')}")
        duration, width, height = (struct.unpack_from("<L", head, place)[0] for place in (32, 64, 68))
        if not width or not height:
            raise FileError(path, f"is damaged or no AVI file: has frames of {width} x {height} pixels")
        needed = _PER_PIXEL * width * height
        if needed > limit("unpacked"):
            raise FileError(path, f"has frames of {width} x {height} pixels, {readable(needed)}: {beyond('unpacked')}")
        if needed > limit("memory"):
            raise FileError(path, f"has frames of {width} x {height} pixels, a frame {beyond_memory(needed)}")
        return VideoHeader(width, height, duration / 1000)


@takes()
def read_video(path: PathLike, block: int = 1, most: int | None = None) -> np.ndarray:
    """Decode the first frames of an AVI file as grey values, averaged in square blocks.

    Parameters
    ----------
    path : path
    block : int
        Side of a block in pixels; it must divide width and height.
    most : int, optional
        Largest number of frames; by default all.

    Returns
    -------
    ndarray of float32, (frames, height / block, width / block)
        In [0, 1].

    Raises
    ------
    FileError
        When PyAV is not installed, the file is missing, damaged, truncated or no AVI file, frames are larger
        than the header declares, `block` does not divide width and height, or the result would not fit into
        memory.

    Notes
    -----
    One frame is decoded at a time, by one thread. Colours become grey by FFmpeg (ITU-R BT.601 luma).

    References
    ----------
    See the table in the module's docstring and its source; FFmpeg through PyAV, https://pyav.basswood-io.com

    Examples
    --------
    >>> read_video("clip.avi", block=8)
    Traceback (most recent call last):
    ...
    hrsnn.errors.FileError: clip.avi: does not exist
    """
    header = video_header(path)
    rows, columns = header.height // block, header.width // block
    if header.height % block or header.width % block:
        raise FileError(path, f"has frames of {header.width} x {header.height} pixels, which blocks of {block} do not fill")
    av = _av(path)
    largest = (header.width + _PADDING) * (header.height + _PADDING)
    found: list[np.ndarray] = []
    with open_binary(path) as file, refuse_damaged(path, "AVI file"):
        try:
            # the format is given, so that a playlist under this name cannot open other files; frames larger than declared
            # are refused by the decoder, before it takes memory
            options = {"max_pixels": str(largest)}
            grey_of = av.video.reformatter.VideoReformatter()  # one for all frames, whose conversion it prepares once
            with av.open(file, format="avi", options=options) as container:
                for frame in container.decode(_stream(path, container, options)):
                    if (frame.width, frame.height) != (header.width, header.height):
                        said = f"{frame.width} x {frame.height} pixels, and declares {header.width} x {header.height}"
                        raise FileError(path, f"has a frame of {said}")
                    grey = grey_of.reformat(frame, format="gray").to_ndarray().reshape(rows, block, columns, block)
                    found.append(grey.mean(axis=(1, 3), dtype=np.float32) / np.float32(255))
                    if 2 * len(found) * found[0].nbytes > limit("memory"):
                        raise FileError(path, beyond_memory(2 * len(found) * found[0].nbytes))
                    if most is not None and len(found) >= most:
                        break
        except av.FFmpegError as error:
            said = f"{error.strerror or error}, or frames larger than the {header.width} x {header.height} declared"
            raise FileError(path, f"is damaged or no AVI file: {said}") from error
    if not found:
        raise FileError(path, "holds no frames")
    return np.stack(found)


def _stream(path: PathLike, container: Any, options: dict[str, str]) -> Any:
    """Return the one stream of video, with options for its decoder: those of the container are for its headers only."""
    if len(container.streams.video) != 1:
        raise FileError(path, f"has {len(container.streams.video)} streams of video, wanted one")
    stream = container.streams.video[0]
    stream.codec_context.options = options
    stream.codec_context.thread_count = 1
    return stream


def _av(path: PathLike) -> ModuleType:
    try:
        import av
    except ImportError as error:
        raise FileError(path, "cannot be read without PyAV: pip install hrsnn[video]") from error
    return av
