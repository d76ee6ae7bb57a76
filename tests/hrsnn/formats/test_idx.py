"""IDX files: bytes by hand from the table of the format, what is wrong with a file, and the four files of MNIST."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from image_layouts import idx_bytes, write_mnist

from hrsnn.errors import FileError
from hrsnn.formats.idx import read_idx
from hrsnn.formats.mnist_folder import read_mnist

#: Two images of 2 x 3 bytes.
HEAD = bytes([0, 0, 8, 3]) + struct.pack(">III", 2, 2, 3)
GOOD = HEAD + bytes(range(12))
WANTED = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)


def packed(content: bytes, level: int = 9) -> bytes:
    """Compress without the time of day, which would be in the names of tests."""
    return gzip.compress(content, level, mtime=0)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (GOOD, WANTED),
        (packed(GOOD), WANTED),
        (packed(GOOD[:9]) + packed(GOOD[9:]), WANTED),  # gzip allows several members
        (bytes([0, 0, 9, 1, 0, 0, 0, 2, 0xFF, 3]), np.array([-1, 3], np.int8)),
        (bytes([0, 0, 11, 1, 0, 0, 0, 2, 0xFF, 0xFE, 1, 0]), np.array([-2, 256], np.int16)),
        (bytes([0, 0, 12, 1, 0, 0, 0, 1]) + struct.pack(">i", -70000), np.array([-70000], np.int32)),
        (bytes([0, 0, 13, 1, 0, 0, 0, 1]) + struct.pack(">f", 0.5), np.array([0.5], np.float32)),
        (bytes([0, 0, 14, 2, 0, 0, 0, 1, 0, 0, 0, 1]) + struct.pack(">d", -0.1), np.array([[-0.1]])),
        (bytes([0, 0, 8, 1, 0, 0, 0, 0]), np.zeros(0, np.uint8)),
    ],
)
def test_bytes_by_hand(content: bytes, wanted: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    found = read_idx(tmp_path / "x")
    assert found.dtype == wanted.dtype
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, wanted)


def declared(*shape: int) -> bytes:
    return bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no IDX file: it begins with nothing"),
        (b"\0\0", "is no IDX file: it begins with 00 00, wanted"),
        (b"\x89PNG....", "is no IDX file: it begins with 89 50 4e 47"),
        (bytes([0, 0, 10, 1, 0, 0, 0, 1, 5]), "begins with 00 00 0a 01"),
        (bytes([0, 0, 8, 0, 5]), "begins with 00 00 08 00"),
        (HEAD[:-2], "is damaged or no IDX file: unpack requires a buffer of 12 bytes"),
        (GOOD[:-1], "the header says 2 x 2 x 3 values of 1 bytes, too many for a file of 27 bytes|ends early"),
        (GOOD + b"\0", "says 2 x 2 x 3 values of 1 bytes, and the file holds more"),
        (packed(GOOD)[:-9], "is damaged or no IDX file: Compressed file ended"),
        (packed(GOOD)[:-8] + bytes(8), "cannot be read: CRC check failed"),
        (packed(GOOD[:-1]), "ends early: the header says 2 x 2 x 3 values of 1 bytes, and it holds 11 bytes"),
        (packed(GOOD + b"\0"), "and the file holds more"),
        (packed(GOOD) + b"rubbish", "cannot be read: Not a gzipped file"),
        (declared(2**31, 2**31), r"must be at most 8 GiB \(HRSNN_MAX_UNPACKED raises this\)"),
        (packed(declared(2**31, 2**31)), r"must be at most 8 GiB \(HRSNN_MAX_UNPACKED raises this\)"),
        (declared(2**30), "too many for a file of 8 bytes"),
        (packed(declared(2**30)), "too many for a file of"),
        (declared(*[1] * 65) + b"\0", "is damaged or no IDX file: maximum supported dimension"),
    ],
)
def test_what_is_wrong_with_a_file(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(FileError, match=message) as caught:
        read_idx(tmp_path / "x")
    assert "\n" not in str(caught.value)


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zeros of 300 MiB in 300 KB, and a size above the memory limit: nothing is read after the header."""
    bomb = packed(declared(300 * 2**20) + bytes(300 * 2**20), 1)
    (tmp_path / "x").write_bytes(bomb)
    monkeypatch.setattr(np, "empty", None)
    with pytest.raises(FileError, match="the header says 314572800 values of 1 bytes, too many for a file of"):
        read_idx(tmp_path / "x")
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e6")
    with pytest.raises(FileError, match="would take about 300 MiB of memory, more than"):
        read_idx(tmp_path / "x")


@pytest.mark.parametrize("place", ["raw", "MNIST/raw", "."])
def test_folders_of_the_four_files(place: str, tmp_path: Path) -> None:
    labels = np.array([3, 9])
    write_mnist(tmp_path / place, {"train": (WANTED, labels), "t10k": (WANTED[:1], labels[:1])}, packed=place == "raw")
    for part, count in (("train", 2), ("t10k", 1)):
        images, found = read_mnist(tmp_path, part)
        np.testing.assert_array_equal(images, WANTED[:count])
        np.testing.assert_array_equal(found, labels[:count])
        assert found.dtype == np.int64


def test_the_names_with_a_dot(tmp_path: Path) -> None:
    write_mnist(tmp_path, {"train": (WANTED, np.array([3, 9]))})
    for file in list(tmp_path.iterdir()):
        file.rename(tmp_path / file.name.replace("-idx", ".idx"))
        (tmp_path / file.name).mkdir()  # as some archives unpack: a folder of the name with a hyphen
    assert read_mnist(tmp_path, "train")[1].tolist() == [3, 9]


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / LABELS).unlink(), f"has no file {LABELS} or {LABELS}.gz, nor in raw/"),
        (lambda folder: (folder / IMAGES).write_bytes(b""), f"{IMAGES}: is no IDX file"),
        (lambda folder: (folder / IMAGES).write_bytes(idx_bytes(WANTED[0])), f"{IMAGES}: holds uint8 of shape"),
        (
            lambda folder: (folder / IMAGES).write_bytes(idx_bytes(WANTED.astype(np.int16))),
            f"{IMAGES}: holds int16 of shape .*, wanted uint8 of 3 dimensions, none of them 0",
        ),
        (lambda folder: (folder / IMAGES).write_bytes(idx_bytes(WANTED[:0])), "none of them 0"),
        (lambda folder: (folder / LABELS).write_bytes(idx_bytes(np.zeros(3, np.uint8))), "holds 3 labels for 2 images"),
        (
            lambda folder: (folder / LABELS).write_bytes(idx_bytes(np.array([3, 12], np.uint8))),
            f"{LABELS}: label 1 is 12: must be 0 to 9",
        ),
        (
            lambda folder: ((folder / LABELS).unlink(), (folder / LABELS).symlink_to("/dev/zero")),
            "is a device, and no ordinary file",
        ),
    ],
)
def test_what_is_wrong_with_a_folder(change: Callable[[Path], object], message: str, tmp_path: Path) -> None:
    write_mnist(tmp_path, {"train": (WANTED, np.array([3, 9]))})
    change(tmp_path)
    with pytest.raises(FileError, match=message):
        read_mnist(tmp_path, "train")


def test_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, said in (("none", "does not exist"), ("file", "is no folder")):
        with pytest.raises(FileError, match=f"{said}: give the folder of train-images-idx3-ubyte and the three other"):
            read_mnist(tmp_path / name, "train")
