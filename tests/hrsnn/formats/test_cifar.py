"""Batches of CIFAR: pickles opcode by opcode, those of Python 3 and NumPy 2, and everything that is refused."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_layouts import python2_batch, python2_number, python2_text, write_cifar10

from hrsnn.errors import FileError
from hrsnn.formats.cifar import read_cifar_batch, read_cifar_batches
from hrsnn.formats.plain_pickle import read_plain_pickle

PIXELS = np.arange(2 * 3072).astype(np.uint8).reshape(2, 32, 32, 3)
ROWS = np.ascontiguousarray(PIXELS.transpose(0, 3, 1, 2)).reshape(2, -1)


def test_bytes_by_hand(tmp_path: Path) -> None:
    """The first 1024 bytes of a row are red, and the first 32 of those the first row of the image."""
    content = bytearray(python2_batch(np.zeros((1, 32, 32, 3)), {"labels": [6]}))
    start = content.index(b"T" + struct.pack("<i", 3072)) + 5
    content[start + 1], content[start + 1024 + 32], content[start + 2 * 1024 + 1023] = 10, 20, 30
    (tmp_path / "x").write_bytes(content)
    images, labels = read_cifar_batch(tmp_path / "x")
    wanted = np.zeros((1, 32, 32, 3), np.uint8)
    wanted[0, 0, 1, 0], wanted[0, 1, 0, 1], wanted[0, 31, 31, 2] = 10, 20, 30
    np.testing.assert_array_equal(images, wanted)
    assert labels.tolist() == [6]
    # Python's own reader agrees that these are the bytes of such a pickle
    own = pickle.loads(bytes(content), encoding="bytes")
    np.testing.assert_array_equal(own[b"data"].reshape(3, 32, 32).transpose(1, 2, 0), wanted[0])


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("as_bytes", [False, True])
def test_pickles_of_python_3(protocol: int, as_bytes: bool, tmp_path: Path) -> None:
    batch: dict[Any, Any] = {"data": ROWS, "fine_labels": [99, 0], "coarse_labels": [19, 7], "filenames": ["a", "é"]}
    if as_bytes:
        batch = {key.encode(): value for key, value in batch.items()}
    content = pickle.dumps(batch, protocol=protocol)
    for core in (b"numpy._core.multiarray", b"numpy.core.multiarray"):
        if protocol < 4:  # there the name has its length before it
            content = content.replace(b"numpy._core.multiarray", core)
        (tmp_path / "x").write_bytes(content)
        images, labels = read_cifar_batch(tmp_path / "x", "fine_labels")
        np.testing.assert_array_equal(images, PIXELS)
        assert labels.tolist() == [99, 0]
        assert read_cifar_batch(tmp_path / "x", "coarse_labels")[1].tolist() == [19, 7]


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, -2, 2**40, True, None, 0.25, "text", b"bytes", (1,), (), (1, 2, 3, 4)], "b": {"c": []}},
        [3],
        np.arange(6, dtype=">f4").reshape(2, 3),
        {"x": np.asfortranarray(np.arange(6, dtype=np.int64).reshape(2, 3)), "y": np.zeros(0, np.uint16)},
    ],
)
@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_plain_data_are_what_python_reads(value: Any, protocol: int, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(pickle.dumps(value, protocol=protocol))
    np.testing.assert_equal(read_plain_pickle(tmp_path / "x"), value)


class Malicious:
    """Runs a command when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_a_malicious_pickle_runs_nothing(protocol: int, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(pickle.dumps({"data": Malicious(tmp_path / "run"), "labels": [1]}, protocol=protocol))
    with pytest.raises(FileError, match=r"x: (names .*, which is no plain data: refused|has the pickle opcode)"):
        read_cifar_batch(tmp_path / "x")
    assert not (tmp_path / "run").exists()


ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
U1 = b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|tb"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is damaged or no pickle of plain data: pickle exhausted before seeing STOP"),
        (b"no pickle", "is damaged or no pickle of plain data|has the pickle opcode"),
        (b"cos\nsystem\n(S'true'\ntR.", r"names os\.system, which is no plain data: refused"),
        (b"c__builtin__\neval\n(S'1'\ntR.", r"names __builtin__\.eval"),
        (b"\x8c\x02os\x8c\x06system\x93.", r"names os\.system"),
        (b"cnumpy.core.multiarray\nscalar\n.", r"names numpy\.core\.multiarray\.scalar"),
        (b"(S'true'\nios\nsystem\n.", "has the pickle opcode INST"),
        (b"(cos\nsystem\no.", r"names os\.system"),
        (b"\x80\x02)\x81.", "has the pickle opcode NEWOBJ"),
        (b"Pid\n.", "has the pickle opcode PERSID"),
        (b"\x82\x01.", "has the pickle opcode EXT1"),
        (b"\x96" + struct.pack("<Q", 1) + b"x.", "has the pickle opcode BYTEARRAY8"),
        (b"K\x01R.", "it takes a value that is not there"),
        (b"(R.", "it takes a value that is not there"),
        (b"u.", "it takes a mark that is not there"),
        (b"K\x01K\x02.", "it leaves 2 values, wanted one"),
        (b".", "it leaves 0 values"),
        (b"(.", "an array has no values"),
        (b"h\x07.", "7 is missing"),
        (b"](K\x01s.", "it takes a value that is not there|it has a list for a dict"),
        (b"}(K\x01u.", "shorter than|is damaged"),
        (b"}))s.", "a key is neither text nor a number"),
        (b"K\x01)R.", "it has a int for a PickledName"),
        (b"cnumpy\ndtype\n(U\x01OtR.", "values of type 'O' are none of bool, int, uint and float"),
        (b"cnumpy\ndtype\n(U\x02u1tR(K\x03U\x01?tb.", "'\\?' is no byte order"),
        (b"cnumpy\ndtype\n)R.", "is damaged"),
        (b"c_codecs\nencode\n(S'a'\nS'rot13'\ntR.", "it calls encode with 2 arguments"),
        (b"cnumpy\nndarray\n(J\xff\xff\xff\x7ftR.", "it calls ndarray with 1 arguments"),
        (ARRAY + b".", "an array has no values"),
        (ARRAY + b"(K\x01(J\xff\xff\xff\x7ft" + U1 + b"\x89U\x01atb.", "an array of shape .* has not 1 bytes"),
        (ARRAY + b"(K\x01(J\xff\xff\xff\xfft" + U1 + b"\x89U\x01atb.", "an array of shape .* has not 1 bytes"),
        (b"T\xff\xff\xff\x7fx.", "expected 2147483647 bytes in a string4, but only 2 remain"),
        (b"\x8e" + struct.pack("<Q", 2**62) + b"x.", "is damaged"),
        (b"\x8b\xff\xff\xff\x7fx.", "has the pickle opcode LONG4|is damaged"),
        (b"r\xff\xff\xff\x7f.", "is damaged"),
    ],
)
def test_what_is_refused_in_a_pickle(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(FileError, match=message) as caught:
        read_plain_pickle(tmp_path / "x")
    assert "\n" not in str(caught.value)


def test_lists_in_each_other_take_no_time(tmp_path: Path) -> None:
    """A list that holds the one before twice, a hundred times: 2^100 ways to the first."""
    content = b"]q\x00" + b"".join(b"](h%ch%ceq%c" % (k, k, k + 1) for k in range(100))
    (tmp_path / "x").write_bytes(b"\x80\x02}U\x04data" + content + b"sU\x06labels(h\x64h\x64ls.")
    with pytest.raises(FileError, match=r"x: is damaged or no pickle|its data are a list"):
        read_cifar_batch(tmp_path / "x")


def test_too_many_opcodes_and_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(b"}" * 100)
    monkeypatch.setattr("hrsnn.formats.plain_pickle._MOST", 50)
    with pytest.raises(FileError, match="has over 50 opcodes"):
        read_plain_pickle(tmp_path / "x")
    for variable, message in (("HRSNN_MAX_UNPACKED", "has 100 bytes: must be at most"), ("HRSNN_MAX_MEMORY", "would take")):
        with monkeypatch.context() as patch:
            patch.setenv(variable, "20")
            with pytest.raises(FileError, match=message):
                read_plain_pickle(tmp_path / "x")


GOOD = {"data": ROWS, "labels": [1, 2]}


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ([1], "holds a list, wanted a dictionary with data and labels"),
        ({"data": ROWS}, "has no labels: it has data"),
        ({**GOOD, "data": [1]}, r"its data are a list, wanted uint8 \(images, 3072\)"),
        ({**GOOD, "data": ROWS.astype(np.int64)}, "its data are int64 of shape"),
        ({**GOOD, "data": ROWS[:, :99]}, r"its data are uint8 of shape \(2, 99\)"),
        ({**GOOD, "labels": [1]}, "has 1 labels for 2 images, wanted a list of one each"),
        ({**GOOD, "labels": "ab"}, "has a str of labels for 2 images"),
        ({"data": ROWS[:0], "labels": []}, "has 0 labels for 0 images"),
        ({**GOOD, "labels": [1, 10]}, r"labels\[1\] is 10: must be a whole number, 0 to 9"),
        ({**GOOD, "labels": [-1, 1]}, r"labels\[0\] is -1"),
        ({**GOOD, "labels": [1, True]}, r"labels\[1\] is a bool"),
        ({**GOOD, "labels": [1, 0.5]}, r"labels\[1\] is a float"),
    ],
)
def test_what_is_wrong_with_a_batch(batch: Any, message: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(pickle.dumps(batch, protocol=2))
    with pytest.raises(FileError, match=message):
        read_cifar_batch(tmp_path / "x")


@pytest.mark.parametrize("length", [1, 20, 100, 200, 3000, 6000])
def test_a_batch_cut_short_is_refused(length: int, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(python2_batch(PIXELS, {"labels": [1, 2]})[:length])
    with pytest.raises(FileError, match="is damaged or no pickle of plain data"):
        read_cifar_batch(tmp_path / "x")


def test_numbers_and_texts_of_the_writer() -> None:
    for value in (0, 255, 256, 65535, 65536, 10**6):
        assert pickle.loads(python2_number(value) + b".") == value
    assert pickle.loads(python2_text(b"x" * 300) + b".") == "x" * 300


def test_real_images(data_folder: Path, tmp_path: Path) -> None:
    with np.load(data_folder / "cifar10" / "cifar10_6k.npz") as packed:
        images, labels = packed["x_train"][:500], packed["y_train"][:500]
    folder = write_cifar10(tmp_path, (images, labels), (images[:10], labels[:10])) / "cifar-10-batches-py"
    found, names = read_cifar_batches(folder, [f"data_batch_{k}" for k in range(1, 6)])
    np.testing.assert_array_equal(found, images)
    np.testing.assert_array_equal(names, labels)
