"""Spiking recordings in HDF5: names and types against the table, storage of all kinds, and files made to do harm."""

from __future__ import annotations

import pickle
import struct
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from spiking_h5_files import write_lauscher, write_spiking_h5

from hrsnn.errors import FileError
from hrsnn.formats.hdf5 import stored_rows
from hrsnn.formats.hdf5_heap import Rows, row_values
from hrsnn.formats.spiking_h5 import read_recordings, recording_labels
from hrsnn.tasks.sample_files import SampleFiles
from hrsnn.tasks.spiking_recordings import recording, trains_of

PAIRS = [([0.25, 0.5, 0.5], [7, 699, 0]), ([], []), ([0.125], [350])]
LABELS = [3, 11, 3]


def test_a_file_has_the_names_and_types_of_the_table(tmp_path: Path) -> None:
    path = write_spiking_h5(tmp_path / "a.h5", PAIRS, LABELS, speakers=[0, 1, 2], keys=["zero", "null"])
    with h5py.File(path) as file:
        assert h5py.check_vlen_dtype(file["spikes/times"].dtype) == np.float16
        assert h5py.check_vlen_dtype(file["spikes/units"].dtype) == np.uint16
        assert file["labels"].dtype == np.uint16
        place = file["spikes/times"].id.get_offset()
    # the reference of a row, by the table: its number of values, the address of a collection "GCOL", and an index
    length, address, index = struct.unpack_from("<LQL", path.read_bytes(), place)
    assert (length, index) == (3, 1)
    assert path.read_bytes()[address : address + 4] == b"GCOL"
    np.testing.assert_array_equal(recording_labels(path), LABELS)


@pytest.mark.parametrize("times_type", [np.float16, np.float32, np.float64, ">f4"])
@pytest.mark.parametrize(
    "storage",
    [
        {},
        {"chunks": (2,)},
        {"chunks": (2,), "maxshape": (None,), "compression": "gzip"},
        {"chunks": (4,), "maxshape": (None,), "compression": "gzip", "shuffle": True},
    ],
    ids=["contiguous", "chunks", "gzip", "gzip and shuffle"],
)
def test_recordings(storage: dict[str, Any], times_type: Any, tmp_path: Path) -> None:
    path = write_spiking_h5(tmp_path / "a.h5", PAIRS, LABELS, times_type=times_type, **storage)
    np.testing.assert_array_equal(recording_labels(path), LABELS)
    for (times, units), (wanted, channels) in zip(
        read_recordings(path, [2, 0, 1]), [PAIRS[k] for k in (2, 0, 1)], strict=True
    ):
        np.testing.assert_array_equal(times, 1000 * np.array(wanted))
        np.testing.assert_array_equal(units, channels)
        assert (times.dtype, units.dtype) == (np.float64, np.int32)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("fletcher32", [False, True])
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_the_bytes_of_rows_are_as_stored(compression: str | None, fletcher32: bool, shuffle: bool, tmp_path: Path) -> None:
    values = np.arange(10, dtype=">i4") ** 3
    with h5py.File(tmp_path / "a.h5", "w") as file:
        options = {"compression": compression, "fletcher32": fletcher32, "shuffle": shuffle}
        data = file.create_dataset("labels", data=values, chunks=(4,), maxshape=(None,), **options)
        found = stored_rows(tmp_path / "a.h5", "labels", data, 4)
    assert found.tobytes() == values.tobytes()


def collection(*objects: tuple[int, int, bytes], size: int = 0, version: int = 1) -> bytes:
    """Return a collection by its table: (index, size, padded values) of each object, after 8 bytes of something else."""
    body = b"".join(struct.pack("<HHLQ", index, 1, 0, length) + values for index, length, values in objects)
    return bytes(8) + b"GCOL" + bytes([version, 0, 0, 0]) + struct.pack("<Q", size or 16 + len(body)) + body


VALUES = struct.pack("<4h", 7, 8, 9, 0)
FREE = (0, 16, bytes(0))


@pytest.mark.parametrize(
    ("content", "values"),
    [
        (collection((2, 6, VALUES), FREE), [7, 8, 9]),
        (collection((1, 2, VALUES), (5, 0, b""), (2, 6, VALUES)), [7, 8, 9]),
        (collection((1, 6, VALUES), FREE), "has no 3 values in its collection"),
        (collection((2, 8, VALUES), FREE), "has no 3 values in its collection"),
        (collection(*[(1, 0, b"")] * 900), "has no 3 values in its collection"),  # which HDF5 does not end on
        (collection(FREE, (2, 6, VALUES)), "has no 3 values in its collection"),
        (collection((1, 2**64 - 9, b""), (2, 6, VALUES)), "has no 3 values in its collection"),
        (collection((2, 6, VALUES), size=2**40), "recording 0 has no collection of values at byte 8"),
        (collection((2, 6, VALUES), version=2), "recording 0 has no collection of values at byte 8"),
        (bytes(90), "recording 0 has no collection of values at byte 8"),
        (bytes(5), "recording 0 declares 3 values at byte 8 in a file of 5 bytes"),
    ],
)
def test_rows_by_the_tables_of_the_heap(content: bytes, values: list[int] | str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    stored = np.frombuffer(struct.pack("<LQL", 3, 8, 2), np.uint8)[None]
    rows = Rows.from_stored(stored, np.dtype("<i2"), 8)
    with open(tmp_path / "a", "rb") as file:
        if isinstance(values, list):
            assert row_values("a", file, rows, 0).tolist() == values
        else:
            with pytest.raises(FileError, match=values):
                row_values("a", file, rows, 0)


def test_spikes_are_sorted_by_time(tmp_path: Path) -> None:
    path = write_spiking_h5(tmp_path / "a.h5", [([0.5, 0.25, 0.25], [1, 2, 3])], [0])
    times, units = next(read_recordings(path, [0]))
    assert (times.tolist(), units.tolist()) == ([250, 250, 500], [2, 3, 1])


def test_samples_are_read_when_used_and_can_be_sent_to_processes(tmp_path: Path) -> None:
    path = write_spiking_h5(tmp_path / "a.h5", PAIRS, LABELS)
    samples = pickle.loads(pickle.dumps(SampleFiles([(path, row) for row in (2, 0)], recording)))
    assert [times.tolist() for times, _ in samples] == [[125], [250, 500, 500]]
    trains, same = trains_of(samples), trains_of(list(samples))
    np.testing.assert_array_equal(trains.times, same.times)
    np.testing.assert_array_equal(trains.durations, [130, 510])
    cut = trains_of(samples, channels=70, duration=300.0)
    assert (cut.n_channels, cut.channels.tolist(), cut.durations.tolist()) == (70, [35, 0], [300, 300])


def _edited(path: Path, change: Callable[[Any], None], **storage: Any) -> Path:
    write_spiking_h5(path, PAIRS, LABELS, **storage)
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def _replaced(path: Path, name: str, **new: Any) -> Path:
    def change(file: Any) -> None:
        del file[name]
        file.create_dataset(name, **new)

    return _edited(path, change)


def _linked(path: Path, link: Any) -> Path:
    def change(file: Any) -> None:
        file.move("spikes/times", "elsewhere")
        file["spikes/times"] = link

    return _edited(path, change)


def _virtual(path: Path) -> Path:
    layout = h5py.VirtualLayout((3,), np.uint16)
    layout[:] = h5py.VirtualSource("/etc/passwd", "labels", (3,))

    def change(file: Any) -> None:
        del file["labels"]
        file.create_virtual_dataset("labels", layout)

    return _edited(path, change)


def _inflating(path: Path) -> Path:
    """Labels in a chunk that declares 8 bytes, and unpacks to 64 MiB."""

    def change(file: Any) -> None:
        del file["labels"]
        data = file.create_dataset("labels", (3,), np.uint16, chunks=(4,), maxshape=(None,), compression="gzip")
        data.id.write_direct_chunk((0,), zlib.compress(bytes(2**26)))

    return _edited(path, change)


def _long_row(path: Path) -> Path:
    write_spiking_h5(path, PAIRS, LABELS)
    with h5py.File(path) as file:
        places = [file[name].id.get_offset() for name in ("spikes/times", "spikes/units")]
    content = bytearray(path.read_bytes())
    for place in places:
        struct.pack_into("<L", content, place, 2**32 - 1)
    path.write_bytes(content)
    return path


def _bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _truncated(path: Path) -> Path:
    return _bytes(path, write_spiking_h5(path, PAIRS, LABELS).read_bytes()[:-600])


def _read(path: Path) -> None:
    recording_labels(path)
    next(read_recordings(path, [0]))


VLEN = h5py.vlen_dtype(np.float32)
BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: path, "does not exist"),
    "folder": (lambda path: path.mkdir(), "is a folder, and no ordinary file"),
    "empty": (partial(_bytes, content=b""), "is no HDF5 file"),
    "text": (partial(_bytes, content=b"a,b\n1,2\n" * 90), "is no HDF5 file"),
    "gzip": (partial(_bytes, content=b"\x1f\x8b\x08" + bytes(90)), r"is compressed: unpack it first \(gunzip\)"),
    "signature only": (partial(_bytes, content=b"\x89HDF\r\n\x1a\n" + bytes(90)), "cannot be read|is damaged"),
    "truncated": (_truncated, "cannot be read|is damaged"),
    "no labels": (partial(_edited, change=lambda file: file.pop("labels")), "has no dataset 'labels'"),
    "no times": (partial(_edited, change=lambda file: file.pop("spikes/times")), "has no dataset 'spikes/times'"),
    "labels of text": (
        partial(_replaced, name="labels", data=[b"a", b"b", b"c"]),
        "'labels' has the type object, wanted whole",
    ),
    "labels in a table": (partial(_replaced, name="labels", data=np.zeros((3, 2), int)), r"the shape \(3, 2\), wanted one"),
    "a label more": (partial(_replaced, name="labels", data=np.zeros(4, int)), "has 3 rows, and there are 4 labels"),
    "none": (lambda path: write_spiking_h5(path, [], []), "holds no recordings"),
    "dense times": (
        partial(_replaced, name="spikes/times", data=np.zeros(3)),
        "type float64, wanted rows of variable length",
    ),
    "units of floats": (
        partial(_replaced, name="spikes/units", shape=3, dtype=VLEN),
        "type float32, wanted .* of whole numbers",
    ),
    "soft link": (partial(_linked, link=h5py.SoftLink("/elsewhere")), "'spikes/times' is a link"),
    "external link": (partial(_linked, link=h5py.ExternalLink("/etc/passwd", "/x")), "'spikes/times' is a link"),
    "virtual": (_virtual, "'labels' has its data in other files"),
    "external data": (
        partial(_replaced, name="labels", shape=(3,), dtype=np.uint16, external=[("/etc/passwd", 0, 6)]),
        "'labels' has its data in other files",
    ),
    "a trillion labels": (
        partial(_replaced, name="labels", shape=(10**12,), dtype=np.uint16, chunks=(10**6,)),
        r"'labels' declares 1\.82 TiB: .* must be at most 8 GiB \(HRSNN_MAX_UNPACKED raises this\)",
    ),
    "half a billion labels": (
        partial(_replaced, name="labels", shape=(5 * 10**8,), dtype=np.uint16, chunks=(10**6,), compression="gzip"),
        "'labels' declares 954 MiB, over 100 times the file's own size",
    ),
    "a chunk that inflates": (_inflating, "'labels' has a chunk that unpacks to more than its 8 bytes"),
    "lzf": (
        partial(_replaced, name="labels", data=np.zeros(3, np.uint16), compression="lzf"),
        r"has the filters \[32000\] of HDF5, wanted gzip",
    ),
    "a row of four billion": (_long_row, "recording 0 declares 4294967295 values at byte .* in a file of"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_with_a_file(case: str, tmp_path: Path) -> None:
    make, message = BAD[case]
    path = tmp_path / "a.h5"
    make(path)
    with pytest.raises(FileError, match=rf"a\.h5: .*({message})|a\.h5: ({message})") as refused:
        _read(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (([0.1, np.nan], [0, 1]), "recording 0 has a spike at nan s, wanted finite times from 0"),
        (([-0.5], [0]), r"recording 0 has a spike at -0\.5 s"),
        (([0.5], [700]), "recording 0 has a spike of unit 700, wanted 0 to 699"),
        (([0.5, 0.6], [1]), "recording 0 has 2 times and 1 units"),
    ],
)
def test_what_is_wrong_with_a_recording(pair: Any, message: str, tmp_path: Path) -> None:
    path = write_spiking_h5(tmp_path / "a.h5", [pair], [0])
    with pytest.raises(FileError, match=message):
        next(read_recordings(path, [0]))


def test_real_trains(data_folder: Path, tmp_path: Path) -> None:
    """Six recordings through an artificial cochlea of 70 channels: of a second, each channel at some tens of Hz."""
    write_lauscher(data_folder, tmp_path)
    with np.load(data_folder / "lauscher" / "lauscher_spikes.npz", allow_pickle=False) as packed:
        counts, units = np.diff(packed["offset"]), packed["units"]
    found = list(read_recordings(tmp_path / "shd_train.h5", range(6), channels=70))
    assert [len(times) for times, _ in found] == counts.tolist()
    np.testing.assert_array_equal(np.sort(np.concatenate([channels for _, channels in found])), np.sort(units))
    for times, _ in found:
        assert 200 < times[-1] < 2000
        assert 1 < len(times) / 70 / (times[-1] / 1000) < 100
