"""Recordings of event cameras in one file of arrays: real files as they are, and what is wrong with a file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from hrsnn.errors import FileError
from hrsnn.formats.event_arrays import read_event_arrays

GOOD = {
    "x": np.array([0, 3, 1], np.uint8),
    "y": np.array([1, 1, 0], np.uint8),
    "p": np.array([0, 1, 1], np.uint8),
    "t": np.array([10, 900, 20], np.int32),
    "offset": np.array([0, 2, 3]),
    "label": np.array([4, 7]),
}


def written(path: Path, **changed: object) -> Path:
    np.savez_compressed(path, **{name: value for name, value in {**GOOD, **changed}.items() if value is not None})
    return path


def test_columns_keep_their_types_and_the_sensor_is_as_said(tmp_path):
    plain = read_event_arrays(written(tmp_path / "a.npz"))
    assert [column.dtype for column in plain.events] == [np.uint8, np.uint8, np.uint8, np.int32]
    assert (plain.shape, plain.split, len(plain)) == ((2, 4), None, 2)
    assert [column.tolist() for column in plain.recording(0)] == [[0, 3], [1, 1], [0, 1], [10, 900]]
    more = read_event_arrays(written(tmp_path / "b.npz", height=34, width=40, split=[0, 1], label=["a", "b"], other=3))
    assert more.shape == (34, 40)
    assert more.split is not None
    assert (more.split.tolist(), more.label.tolist()) == ([0, 1], ["a", "b"])


def test_real_files_as_they_are(data_folder):
    digits = read_event_arrays(data_folder / "nmnist" / "nmnist_1k.npz")
    assert (len(digits.events.t), len(digits), digits.shape) == (4_180_324, 1012, (34, 34))
    assert digits.split is not None
    assert np.bincount(digits.split).tolist() == [1000, 12]
    assert np.bincount(digits.label).tolist() == [99, 118, 100, 93, 107, 93, 95, 118, 87, 102]
    gestures = read_event_arrays(data_folder / "dvs_gesture" / "dvs_gesture_10.npz")
    assert (len(gestures.events.t), len(gestures), gestures.shape, gestures.split) == (1_206_710, 10, (128, 128), None)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"label": None}, "has no array 'label': must have x, y, p, t, offset, label"),
        ({"t": None}, "has no array 't'"),
        ({"x": np.array([0.0, 3.0, np.nan])}, r"x = 'float64 \(3,\)': must be whole numbers"),
        ({"x": np.zeros((3, 1), int)}, r"x = 'int64 \(3, 1\)': must be whole numbers of one dimension"),
        ({"p": np.array([0, 1])}, "p = .*: must be as long as t: 2 against 3"),
        ({"p": np.array([0, 1, 2])}, r"p\[2\] = 2: must be 0 to 1"),
        ({"y": np.array([0, -1, 2])}, r"y\[1\] = -1: must be 0 to"),
        ({"width": 3}, r"x\[1\] = 3: must be 0 to 2"),
        ({"width": 0}, "width = 0: must be a whole number >= 1"),
        ({"height": [3]}, "height = .*: must be one number"),
        ({"t": np.array([10, 9, 20])}, r"t\[1\] = 9: must not go back: the event before is at 10 us"),
        ({"t": np.array([-1, 9, 20])}, r"t\[0\] = -1: must be 0 to"),
        ({"offset": [0, 2]}, "must rise from 0 to the number of events, 3"),
        ({"offset": [0, 3, 2, 3]}, "must rise from 0"),
        ({"offset": [0, 3, 3]}, "recording 1 has no events"),
        ({"offset": [0.0, 1.5, 3.0]}, r"offset\[1\] = 1.5: must be a whole number"),
        ({"label": [1, 2, 3]}, "must be 2 finite numbers or strings"),
        ({"label": [1, np.nan]}, "must be 2 finite numbers or strings"),
        ({"split": [0, 2]}, r"split\[1\] = 2: must be 0 to 1"),
        ({"split": [0]}, "split = .*: must be as long as label: 1 against 2"),
        ({name: np.zeros(0, int) for name in "xypt"}, "must have at least one event"),
        ({"x": np.array([None, 1, 2])}, "arrays of objects are refused"),
    ],
)
def test_what_is_wrong_with_a_file(changed, message, tmp_path):
    path = written(tmp_path / "a.npz", **changed)
    with pytest.raises(FileError, match=message) as found:
        read_event_arrays(path)
    assert str(found.value).startswith(str(path))


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    path = written(tmp_path / "a.npz", x=np.zeros(10**6, np.uint8))
    monkeypatch.setenv("HRSNN_MAX_UNPACKED", "10000")
    with pytest.raises(FileError, match=r"would unpack to 9\d\d KiB"):
        read_event_arrays(path)


def test_what_is_no_such_file(tmp_path):
    (tmp_path / "text.npz").write_text("x,y,p,t")
    with zipfile.ZipFile(tmp_path / "other.npz", "w") as archive:
        archive.writestr("readme.txt", "no arrays")
    for name, message in (("none.npz", "does not exist"), ("text.npz", "is damaged or no"), ("other.npz", "readme.txt")):
        with pytest.raises(FileError, match=message):
            read_event_arrays(tmp_path / name)
