"""Videos: the header by bytes written by hand, frames of several codecs, and files made to do harm."""

from __future__ import annotations

import builtins
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from video_files import bar, write_avi

from hrsnn.errors import FileError
from hrsnn.formats.video import VideoHeader, read_video, video_header

av = pytest.importorskip("av")
CODECS = [name for name in ("mjpeg", "mpeg4") if name in av.codecs_available]


def head(width: int = 160, height: int = 120, size: int = 80, begin: bytes = b"RIFF", kind: bytes = b"AVI ") -> bytes:
    main = struct.pack("<14L", 40_000, 0, 0, 0, 100, 0, 1, 0, width, height, 0, 0, 0, 0)
    return struct.pack("<4sL4s4sL4s4sL", begin, size, kind, b"LIST", 68, b"hdrl", b"avih", 56) + main


def test_the_header_by_its_table(tmp_path: Path) -> None:
    (tmp_path / "a.avi").write_bytes(head())
    assert video_header(tmp_path / "a.avi") == VideoHeader(160, 120, 40.0)
    assert video_header(write_avi(tmp_path / "b.avi", bar("boxing"), rate=10)) == VideoHeader(32, 24, 100.0)


@pytest.mark.parametrize("codec", CODECS)
def test_frames(codec: str, tmp_path: Path) -> None:
    video = bar("running")
    path = write_avi(tmp_path / "a.avi", video, codec)
    found = read_video(path)
    assert (found.shape, found.dtype) == (video.shape, np.float32)
    np.testing.assert_allclose(255 * found, video, atol=4)
    blocks = video.reshape(12, 6, 4, 8, 4).mean(axis=(2, 4))
    np.testing.assert_allclose(255 * read_video(path, block=4), blocks, atol=2)
    np.testing.assert_array_equal(read_video(path, block=4, most=5), read_video(path, block=4)[:5])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no AVI file"),
        (b"no video at all" * 9, "is no AVI file"),
        (head(kind=b"WAVE"), "is no AVI file"),
        (head()[:60], "does not begin with the main header"),
        (head(size=81), "is truncated: has 88 bytes, and says 89"),
        (head(width=0), "has frames of 0 x 120 pixels"),
        (head(width=2**31, height=2**31), r"pixels, .* EiB: .* must be at most 8 GiB \(HRSNN_MAX_UNPACKED raises this\)"),
        (head(), "is damaged or no AVI file"),
    ],
)
def test_what_is_wrong_with_a_file(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.avi").write_bytes(content)
    with pytest.raises(FileError, match=rf"a\.avi: .*{message}|a\.avi: {message}") as refused:
        read_video(tmp_path / "a.avi")
    assert "\n" not in str(refused.value)


def test_blocks_must_fill_the_frames(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="frames of 32 x 24 pixels, which blocks of 5 do not fill"):
        read_video(write_avi(tmp_path / "a.avi", bar("boxing")), block=5)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("also_stream", [False, True])
def test_frames_larger_than_declared_are_refused(codec: str, also_stream: bool, tmp_path: Path) -> None:
    path = write_avi(tmp_path / "a.avi", np.zeros((2, 1200, 1600), np.uint8), codec)
    content = bytearray(path.read_bytes())
    struct.pack_into("<2L", content, 64, 32, 24)
    if also_stream:  # the header of the format, which gives the size to the decoder
        struct.pack_into("<2L", content, content.find(b"strf") + 12, 32, 24)
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"frames larger than the 32 x 24 declared|has a frame of 1600 x 1200 pixels"):
        read_video(path)


def test_a_cut_video_and_one_larger_than_memory_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_avi(tmp_path / "a.avi", bar("walking", frames=40))
    content = path.read_bytes()
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e5")
    with pytest.raises(FileError, match=r"would take about .* of memory"):
        read_video(path)
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e4")
    with pytest.raises(FileError, match=r"frames of 32 x 24 pixels, a frame would take about 24 KiB of memory"):
        video_header(path)
    path.write_bytes(content[:-500])
    with pytest.raises(FileError, match="is truncated"):
        read_video(path)


def test_without_pyav_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, whole = write_avi(tmp_path / "a.avi", bar("boxing")), builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "av":
            raise ImportError(name)
        return whole(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(FileError, match=r"a\.avi: cannot be read without PyAV: pip install hrsnn\[video\]"):
        read_video(path)
