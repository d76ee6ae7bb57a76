"""Folders of images: classes, parts, pixels of each kind of file, and what is wrong with them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hrsnn.errors import FileError
from hrsnn.formats.image_folder import image_shape, read_image

GREY = np.arange(0, 240, 20, dtype=np.uint8).reshape(3, 4)
COLOUR = np.stack([GREY, GREY[::-1], np.full_like(GREY, 7)], axis=-1)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(height: int, width: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG file, byte by byte: https://www.w3.org/TR/png/ (depth in bits; colour 0 = grey, 2 = RGB)."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def lines(values: np.ndarray) -> bytes:
    """Rows of a PNG file, each after the number of its filter, none."""
    return b"".join(b"\0" + row.astype(values.dtype.newbyteorder(">")).tobytes() for row in values)


WIDE = (GREY.astype(np.uint16) * 257)[:, :3]


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("a.png", png(3, 4, 8, 0, lines(GREY)), GREY),
        ("a.png", png(3, 4, 8, 2, lines(COLOUR)), COLOUR),
        ("a.png", png(3, 3, 16, 0, lines(WIDE)), GREY[:, :3]),
        ("a.pgm", b"P5 4 3 255\n" + GREY.tobytes(), GREY),
        ("a.pgm", b"P5\n# a comment\n3 3 65535\n" + WIDE.astype(">u2").tobytes(), GREY[:, :3]),
        ("a.PGM", b"P2 4 3 255\n" + b" ".join(b"%d" % value for value in GREY.ravel()), GREY),
        ("a.ppm", b"P6 4 3 255\n" + COLOUR.tobytes(), COLOUR),
        (
            "a.bmp",  # 24 bits: blue, green, red, from the lowest row up, rows padded to four bytes
            struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 90, 0, 0, 54, 40, 4, 3, 1, 24, 0, 36, 0, 0, 0, 0)
            + COLOUR[::-1, :, ::-1].tobytes(),
            COLOUR,
        ),
    ],
)
def test_bytes_by_hand(name: str, content: bytes, wanted: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    found = read_image(tmp_path / name)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, wanted)
    assert image_shape(tmp_path / name) == (*wanted.shape[:2], 3 if wanted.ndim == 3 else 1)
    grey = wanted if wanted.ndim == 2 else wanted @ [0.299, 0.587, 0.114]
    assert read_image(tmp_path / name, colours=1) == pytest.approx(grey, abs=1)
    colours = np.stack([wanted] * 3, axis=-1) if wanted.ndim == 2 else wanted
    np.testing.assert_array_equal(read_image(tmp_path / name, colours=3), colours)


@pytest.mark.parametrize(
    ("mode", "ending", "colours"),
    [
        *(("L", "gif", 3), ("RGB", "gif", 3), ("P", "png", 3), ("1", "png", 1), ("LA", "png", 1), ("RGBA", "png", 3)),
        *(("L", "tif", 1), ("RGB", "tiff", 3), ("CMYK", "tif", 3), ("I;16", "tif", 1), ("L", "jpg", 1), ("RGB", "jpeg", 3)),
    ],
)
def test_modes_of_pillow(mode: str, ending: str, colours: int, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    if mode == "I;16":
        Image.fromarray(WIDE).save(path)
    else:
        Image.fromarray(np.full((6, 5, 3), 255, np.uint8)).convert(mode).save(path)
    found = read_image(path)
    assert image_shape(path)[2] in (colours, 1)  # a GIF of grey values alone is grey
    assert found.ndim == (3 if image_shape(path)[2] == 3 else 2)
    np.testing.assert_array_equal(found, GREY[:, :3] if mode == "I;16" else np.full_like(found, 255))


def huge(height: int, width: int) -> bytes:
    return png(height, width, 8, 0, b"")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"text", "is damaged or no image of the formats PNG, JPEG, BMP, GIF, TIFF, PPM"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is damaged or no image of the formats"),
        (png(3, 4, 8, 0, lines(GREY))[:50], "cannot be read|is damaged"),
        (png(3, 4, 8, 0, lines(GREY)[:-6]), "cannot be read|is damaged"),
        (png(3, 4, 8, 0, lines(GREY)).replace(b"IHDR", b"IHDS"), "cannot be read|is damaged"),
        (huge(20_000, 20_000), "says that it has over 89 478 485 pixels: is taken for a decompression bomb"),
        (huge(10_000, 10_000), "says that it has over 89 478 485 pixels: is taken for a decompression bomb"),
        (b"Pf 1 1 -1.0\n" + struct.pack("<f", 0.5), "has pixels of mode F: must be grey or colours of 8 or 16 bits"),
    ],
)
def test_what_is_wrong_with_an_image(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(FileError, match=message) as caught:
        read_image(tmp_path / "a.png")
    assert "\n" not in str(caught.value)


def test_files_that_are_none_and_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    (tmp_path / "folder.png").mkdir()
    for name, message in (("zero", "is a device"), ("folder", "is a folder"), ("none", "does not exist")):
        with pytest.raises(FileError, match=message):
            image_shape(tmp_path / f"{name}.png")
    (tmp_path / "a.png").write_bytes(huge(5000, 5000))
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e7")
    with pytest.raises(FileError, match=r"a\.png: would take about 95.4 MiB of memory"):
        image_shape(tmp_path / "a.png")
