"""HDF5 files as trees: all layouts that h5py writes, and hostile files, refused before memory is taken."""

from __future__ import annotations

import contextlib
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hrsnn.errors import FileError
from hrsnn.formats.hdf5_tree import Group, read_tree

VALUES = np.arange(60.0).reshape(3, 4, 5)


@pytest.mark.parametrize(
    "layout",
    [
        {},
        {"chunks": (2, 3, 2)},
        {"chunks": (2, 4, 3), "compression": "gzip", "shuffle": True, "fletcher32": True},
        {"chunks": (2, 2, 2), "maxshape": (None, 9, 9), "compression": 9},
    ],
    ids=["contiguous", "chunks", "filters", "to be extended"],
)
@pytest.mark.parametrize("dtype", ["<f8", ">f4", "<i2", "|b1", "<u8"])
def test_any_layout_is_read_as_h5py_reads_it(layout: dict[str, Any], dtype: str, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("group/values", data=VALUES.astype(dtype), **layout)
        file.create_dataset("never written", (3, 4), dtype=dtype, **({"chunks": (2, 2)} if layout else {}))
    tree = read_tree(tmp_path / "a.h5").plain()
    assert np.array_equal(tree["group"]["values"], VALUES.astype(dtype))
    assert np.array_equal(tree["never written"], np.zeros((3, 4), dtype))


def test_texts_scalars_and_attributes(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["texts"], file["one"], file["fixed"], file["number"] = [["a", "bé"], ["", "d"]], "é", np.array([b"ab", b"c"]), 7
        file["empty"] = np.zeros(0)
        file["texts"].attrs["long"] = "x" * 1000
        file["texts"].attrs.create("order", 1, dtype=h5py.enum_dtype({"none": 0, "by_id": 1}))
        file.attrs["version"] = [1, 2]
    tree = read_tree(tmp_path / "a.h5")
    assert tree.plain()["texts"].tolist() == [["a", "bé"], ["", "d"]]
    assert (tree.plain()["one"], tree.plain()["number"], tree.plain()["fixed"].tolist()) == ("é", 7, ["ab", "c"])
    assert tree.of_members["texts"] == {"long": "x" * 1000, "order": "by_id"}
    assert tree.attributes["version"].tolist() == [1, 2]
    assert set(read_tree(tmp_path / "a.h5", frozenset({"texts", "one"})).members) == {"fixed", "number", "empty"}


def external(file: h5py.File) -> None:
    file["secret"] = h5py.ExternalLink("/etc/passwd", "/")


def soft(file: h5py.File) -> None:
    file["a"], file["b"] = 1, h5py.SoftLink("/a")


def cycle(file: h5py.File) -> None:
    file.create_group("a/b")
    file["a/b/c"] = file["a"]


def ladder(file: h5py.File) -> None:
    """2^40 paths in 40 groups."""
    for k in range(40, 0, -1):
        group = file.create_group(f"g{k}")
        if k < 40:
            group["left"] = group["right"] = file[f"g{k + 1}"]


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3,), "f8")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (3,))
    file.create_virtual_dataset("a", layout)


def elsewhere(file: h5py.File) -> None:
    file.create_dataset("a", (4,), "u1", external=[("/etc/passwd", 0, 4)])


def deep(file: h5py.File) -> None:
    file.create_group("/".join("a" * 60))


HOSTILE: dict[str, tuple[Callable[[h5py.File], Any], str]] = {
    "external link": (external, "'/secret' is a link"),
    "soft link": (soft, "'/b' is a link"),
    "cycle": (cycle, "there under another name"),
    "ladder": (ladder, "there under another name"),
    "virtual": (virtual, "has its data in other files"),
    "external data": (elsewhere, "has its data in other files"),
    "nesting": (deep, "HRSNN_MAX_NESTING"),
    "oversize": (lambda file: file.create_dataset("a", (2**40, 2**20), "f8", chunks=(1, 1)), "declares|would take"),
    "large chunk": (
        lambda file: file.create_dataset("a", (1, 1), "f8", chunks=(1, 2**28), maxshape=(None, None)),
        "declares|would take",
    ),
    "never written": (
        lambda file: file.create_dataset("a", (2**26,), "f8", chunks=(2**20,)),
        "over 100 times the file's own size",
    ),
    "many texts": (lambda file: file.create_dataset("a", (2**34,), h5py.string_dtype(), chunks=(8,)), "declares|would take"),
    "lzf": (lambda file: file.create_dataset("a", data=VALUES, compression="lzf"), "has the filters"),
    "compound": (
        lambda file: file.create_dataset("a", (3,), np.dtype([("x", "f8"), ("y", "i4")])),
        "wanted numbers or texts",
    ),
    "rows": (lambda file: file.create_dataset("a", (3,), h5py.vlen_dtype("f8")), "wanted numbers or texts"),
    "references": (lambda file: file.create_dataset("a", (3,), h5py.ref_dtype), "wanted numbers or texts"),
    "complex": (lambda file: file.create_dataset("a", (3,), "c16"), "wanted numbers or texts"),
    "null": (lambda file: file.create_dataset("a", data=h5py.Empty("f8")), "is empty"),
    "type": (lambda file: file.__setitem__("a", np.dtype("f8")), "neither a group nor a dataset"),
    "list of texts": (
        lambda file: file.attrs.create("a", ["x", "yy"], dtype=h5py.string_dtype()),
        "is a list of texts of variable length",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_before_memory_is_taken(what: str, tmp_path: Path) -> None:
    make, message = HOSTILE[what]
    with h5py.File(tmp_path / "a.h5", "w") as file:
        make(file)
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match=message) as refused:
            read_tree(tmp_path / "a.h5")
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
    assert "a.h5: " in str(refused.value)


def test_datasets_that_share_bytes_are_counted_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for k in range(20):
            file[f"a{k}"] = np.zeros(1000)
    assert isinstance(read_tree(tmp_path / "a.h5"), Group)
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "2e5")
    with pytest.raises(FileError, match="HRSNN_MAX_MEMORY"):
        read_tree(tmp_path / "a.h5")


def test_a_damaged_collection_of_texts_is_refused_where_hdf5_would_not_end(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.attrs["text"] = "some text"
    whole = path.read_bytes()
    place = whole.index(b"GCOL")
    for at, value in ((8, 2**40), (24, 2**40), (8, 3)):  # the size of the collection, and that of its first object
        damaged = bytearray(whole)
        damaged[place + at : place + at + 8] = value.to_bytes(8, "little")
        path.write_bytes(damaged)
        with pytest.raises(FileError, match=r"a\.h5"):
            read_tree(path)


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["plain name"] = 1
    path.write_bytes(path.read_bytes().replace(b"plain name", b"plain \xff\xfeme"))
    with pytest.raises(FileError, match="is no UTF-8 text"):
        read_tree(path)


def test_any_damage_is_refused_with_the_file_or_read(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("group/values", data=VALUES, chunks=(2, 4, 3), compression="gzip")
        file["group/texts"] = ["a", "b"]
        file["group"].attrs["text"] = "some text"
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(150):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 6):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(damaged)
        with contextlib.suppress(FileError):
            assert isinstance(read_tree(path), Group)
