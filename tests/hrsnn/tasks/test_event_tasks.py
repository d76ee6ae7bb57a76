"""Tasks of event cameras: real recordings in official layouts, splits, what is read, and what is wrong with a folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from event_files import (
    aedat3_bytes,
    atis_bytes,
    gesture_table,
    moving_dot,
    tiny_cifar10_dvs,
    tiny_dvs_gesture,
    tiny_events,
    tiny_nmnist,
    write_dvs_gesture,
    write_nmnist,
)
from sklearn.base import clone

from hrsnn.errors import FileError, HrsnnError, HrsnnWarning, InputError
from hrsnn.tasks import ClassificationTask, load_task

TINY: dict[str, Callable[[Path], Path]] = {
    "nmnist": tiny_nmnist,
    "dvs_gesture": tiny_dvs_gesture,
    "cifar10_dvs": tiny_cifar10_dvs,
    "events": tiny_events,
}


def loaded(name: str, path: Path, **options: object) -> ClassificationTask:
    task = load_task(name, path=path, **options)
    assert isinstance(task, ClassificationTask)
    return task


class TestRealRecordings:
    def test_digits_in_their_folders(self, data_folder, tmp_path):
        test = range(70, 140)
        write_nmnist(data_folder, tmp_path / "N-MNIST", range(140), test)
        task = loaded("nmnist", tmp_path, seed=3)  # the parent folder
        with np.load(data_folder / "nmnist" / "nmnist_1k.npz", allow_pickle=False) as packed:
            offset, label = packed["offset"], packed["label"]
            ends = packed["t"][offset[1:] - 1]
        assert (len(task.x_train), len(task.x_test)) == (70, 70)
        assert np.bincount(task.y_train).tolist() == np.bincount(label[:70]).tolist()
        assert np.bincount(task.y_test).tolist() == np.bincount(label[70:140]).tolist()
        spikes = task.encoded()
        assert (spikes.x_train.n_spikes, spikes.x_train.n_channels) == (offset[70], 578)
        assert spikes.x_test.n_spikes == offset[140] - offset[70]
        assert sorted(spikes.x_test.durations) == pytest.approx(sorted((ends[70:140] + 1) / 1000))
        assert task.y_train.tolist() != sorted(task.y_train.tolist())

    def test_gestures_in_their_intervals(self, data_folder, tmp_path):
        task = loaded("dvs_gesture", write_dvs_gesture(data_folder, tmp_path), factor=1, polarities=1)
        assert task.classes.tolist() == list(range(1, 11))
        with np.load(data_folder / "dvs_gesture" / "dvs_gesture_10.npz", allow_pickle=False) as packed:
            columns, offset = [packed[name] for name in "xypt"], packed["offset"]
        for part, labels in ((task.x_train, task.y_train), (task.x_test, task.y_test)):
            row = int(labels[7]) - 1
            for found, wanted in zip(part[7], columns, strict=True):
                np.testing.assert_array_equal(found, wanted[offset[row] : offset[row + 1]])
        sizes = [len(events.t) for events in task.x_test]
        assert sum(sizes) == 1_206_710

    def test_a_linear_readout_of_images_knows_the_digits(self, data_folder):
        task = loaded("events", data_folder / "nmnist" / "nmnist_1k.npz", test_share=0.2)
        assert task.raw_baseline_name == "logistic regression on event counts in blocks of 2 x 2 pixels"
        accuracy = clone(task.raw_baseline).fit(task.x_train, task.y_train).score(task.x_test, task.y_test)
        assert accuracy == pytest.approx(0.83, abs=0.05)

    def test_files_of_arrays_as_they_are(self, data_folder):
        with pytest.warns(HrsnnWarning, match="there is no recording of 3, 8 to test on"):
            digits = loaded("events", data_folder / "nmnist" / "nmnist_1k.npz")
        assert (len(digits.x_train), len(digits.x_test)) == (1000, 12)
        with pytest.warns(HrsnnWarning, match="there is no recording of .* to train on"):
            gestures = loaded("events", data_folder / "dvs_gesture" / "dvs_gesture_10.npz")
        assert gestures.encoder.shape == (128, 128)


def test_a_subset_reads_its_own_recordings_only(tmp_path):
    for name in ("nmnist", "cifar10_dvs"):
        task = loaded(name, TINY[name](tmp_path)).subset(train=4, test=2)
        kept = {*task.x_train.places, *task.x_test.places}
        for file in tmp_path.rglob("*.*"):
            if file not in kept:
                file.write_bytes(b"damaged")
        assert len(task.encoded().x_train) == 4
        clone(task.raw_baseline).fit(task.x_train, task.y_train)
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()


@pytest.mark.parametrize("name", TINY)
def test_options_reach_the_encoder(name, tmp_path):
    path = TINY[name](tmp_path)
    task = loaded(name, path, factor=8, polarities=1, bin_width=5.0, start=10.0, duration=20.0)
    side = {"nmnist": 5, "events": 3}.get(name, 16)
    found = task.encoded().x_test
    assert (found.n_channels, set(found.durations.tolist())) == (side * side, {20.0})
    assert set(found.times.tolist()) == {0.0, 5.0, 10.0, 15.0}
    # the baseline sees the same part of the time
    images = task.raw_baseline.named_steps["images"].transform(task.x_test)
    inside = [((events.t >= 10_000) & (events.t < 30_000)).sum() for events in task.x_test]
    assert images.sum(axis=1).tolist() == inside
    with pytest.raises(InputError, match=r"^factor = 0"):
        load_task(name, path=path, factor=0)


def test_the_seed_decides_the_order(tmp_path):
    path = tiny_nmnist(tmp_path)
    first, again, other = (loaded("nmnist", path, seed=seed).x_train.places for seed in (0, 0, 1))
    assert first == again != other
    assert sorted(first) == sorted(other)


def test_times_of_images_count_from_the_first_event(tmp_path):
    task = loaded("cifar10_dvs", tiny_cifar10_dvs(tmp_path))
    assert (len(task.x_train), len(task.x_test)) == (72, 8)
    for part, labels in ((task.x_train, task.y_train), (task.x_test, task.y_test)):
        events = part[0]
        wanted = moving_dot(["cat", "ship"].index(labels[0]), int(part.places[0].stem.rpartition("_")[2]))
        for found, column in zip(events[:3], wanted, strict=False):
            np.testing.assert_array_equal(found, column)
        np.testing.assert_array_equal(events.t, wanted[3] - wanted[3][0])


def test_other_gestures_can_be_left_out(tmp_path):
    tiny_dvs_gesture(tmp_path)
    for table in tmp_path.glob("*_labels.csv"):
        table.write_text(table.read_text() + "11,400000,410000\n")
    assert loaded("dvs_gesture", tmp_path).classes.tolist() == [1, 2, 11]
    task = loaded("dvs_gesture", tmp_path, other=False)
    assert task.classes.tolist() == [1, 2]
    assert (len(task.x_train), len(task.x_test)) == (16, 6)
    whole = loaded("dvs_gesture", tmp_path)
    with pytest.raises(FileError, match=r"user0._led.aedat: holds no events from 400000 to 410000 us"):
        whole.encoded()


def test_the_split_of_a_file_is_used(tmp_path):
    with np.load(tiny_events(tmp_path)) as packed:
        arrays = dict(packed)
    split = np.arange(48) % 5 == 0
    np.savez_compressed(tmp_path / "split.npz", **arrays, split=split.astype(int))
    task = loaded("events", tmp_path / "split.npz")
    assert task.x_test.places == np.flatnonzero(split).tolist()
    assert sorted(task.x_train.places) == np.flatnonzero(~split).tolist() != task.x_train.places
    assert len(loaded("events", tmp_path / "split.npz", test_share=0.5).x_test) == 24
    np.savez_compressed(tmp_path / "none.npz", **arrays, split=np.zeros(48, int))
    with pytest.raises(FileError, match="its split leaves nothing to test on"):
        load_task("events", path=tmp_path / "none.npz")


def remove(*names: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        for name in names:
            shutil.rmtree(path / name) if (path / name).is_dir() else (path / name).unlink()

    return change


def write(name: str, content: bytes | str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_bytes(content.encode() if isinstance(content, str) else content)

    return change


def only(name: str) -> Callable[[Path], None]:
    """Leave one class."""

    def change(path: Path) -> None:
        for folder in [*path.glob("*/*/"), *path.glob("*/")]:
            if folder.is_dir() and folder.name not in (name, "Train", "Test"):
                shutil.rmtree(folder)

    return change


USER = "user01_led"
DOT = moving_dot(0, 0, 34)


@pytest.mark.parametrize(
    ("name", "change", "options", "error", "message"),
    [
        ("nmnist", remove("Test"), {}, FileError, "holds no Train and Test"),
        ("nmnist", remove("Train", "Test"), {}, FileError, "holds no Train and Test"),
        ("nmnist", remove("Test/1"), {}, FileError, "has no recording of 1 to test on"),
        ("nmnist", remove("Train/0"), {}, FileError, "has no recording of 0 to train on"),
        ("nmnist", remove("Train/0", "Train/1"), {}, FileError, "Train: holds no folders: must have one for each class"),
        ("nmnist", lambda path: (path / "Train" / "3").mkdir(), {}, FileError, "3: holds no .bin files"),
        ("nmnist", write("Test/12/1.bin", atis_bytes(DOT)), {}, FileError, "12: its name must be a digit, 0 to 9"),
        ("nmnist", only("1"), {}, FileError, "its recordings are all of one digit"),
        ("nmnist", write("Test/1/00000.bin", b"1234"), {}, FileError, "00000.bin: has 4 bytes: must be a multiple of 5"),
        ("nmnist", write("Test/1/00000.bin", b""), {}, FileError, "00000.bin: holds no events"),
        (
            "cifar10_dvs",
            write("plane/a.aedat", b""),
            {},
            FileError,
            "plane: did you mean 'airplane'. its name must be a class",
        ),
        ("cifar10_dvs", only("cat"), {}, FileError, "its recordings are all of one class"),
        ("cifar10_dvs", remove("cat", "ship"), {}, FileError, "holds no folders"),
        (
            "cifar10_dvs",
            write("cat/cifar10_cat_0.aedat", b"x"),
            {"test_share": 0.5},
            FileError,
            "_0.aedat: is no AEDAT file",
        ),
        ("cifar10_dvs", None, {"test_share": 1.5}, InputError, "^test_share = 1.5: must be between 0 and 1"),
        (
            "cifar10_dvs",
            None,
            {"test_share": 0.0125},
            InputError,
            "^test_share = 0.0125: leaves no recording of .* to test on",
        ),
        ("dvs_gesture", remove("trials_to_test.txt"), {}, FileError, "holds no trials_to_train.txt and trials_to_test.txt"),
        ("dvs_gesture", write("trials_to_test.txt", ""), {}, FileError, "names no recording with gestures"),
        (
            "dvs_gesture",
            write("trials_to_test.txt", "a.aedat\n"),
            {},
            FileError,
            "a.aedat: does not exist, and trials_to_test",
        ),
        (
            "dvs_gesture",
            write("trials_to_test.txt", "../a.aedat\n"),
            {},
            FileError,
            "names '../a.aedat': must be a file of the",
        ),
        ("dvs_gesture", write("trials_to_test.txt", f"{USER}.aedat\n" * 2), {}, FileError, "names user01_led.aedat twice"),
        (
            "dvs_gesture",
            write("trials_to_test.txt", f"{USER}.aedat\n"),
            {},
            FileError,
            "names user01_led.aedat, as trials_to_tr",
        ),
        ("dvs_gesture", remove(f"{USER}_labels.csv"), {}, FileError, "_labels.csv: does not exist"),
        (
            "dvs_gesture",
            write(f"{USER}_labels.csv", "1,2,3\n"),
            {},
            FileError,
            "begins with '1,2,3', wanted 'class,startTime",
        ),
        ("dvs_gesture", write(f"{USER}_labels.csv", ""), {}, FileError, "begins with '', wanted"),
        (
            "dvs_gesture",
            write(f"{USER}_labels.csv", gesture_table([(12, 1, 2)])),
            {},
            FileError,
            "class 12 in line 2: must be 1 to",
        ),
        (
            "dvs_gesture",
            write(f"{USER}_labels.csv", gesture_table([(1, 9, 2)])),
            {},
            FileError,
            "times from 9 to 2 us in line 2",
        ),
        (
            "dvs_gesture",
            write(f"{USER}_labels.csv", gesture_table([(1, 2)])),
            {},
            FileError,
            "has 2 cells in line 2, wanted 3",
        ),
        ("dvs_gesture", write(f"{USER}_labels.csv", gesture_table([(1, "a", 2)])), {}, FileError, "table of labels, line 2"),
        (
            "dvs_gesture",
            write(f"{USER}_labels.csv", gesture_table([(9, 1, 2)])),
            {},
            FileError,
            "no recording of 9 to test on",
        ),
        ("dvs_gesture", write(f"{USER}.aedat", aedat3_bytes(DOT)[:-9]), {}, FileError, "is damaged or not complete"),
        ("events", lambda path: path.write_text("x"), {}, FileError, "is damaged or no .npz file"),
        ("events", None, {"test_share": 0.0}, InputError, "^test_share = 0.0: must be between 0 and 1"),
    ],
)
def test_what_is_wrong_with_a_data_set(name, change, options, error, message, tmp_path):
    path = TINY[name](tmp_path)
    if change is not None:
        change(path)
    with pytest.raises(error, match=message) as found:
        loaded(name, path, **options).encoded()
    assert isinstance(found.value, HrsnnError)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("name", TINY)
def test_a_path_that_is_none(name, tmp_path):
    with pytest.raises(FileError, match="does not exist"):
        load_task(name, path=tmp_path / "none")
    (tmp_path / "text").write_text("no data")
    with pytest.raises(FileError, match=r"is no folder|is damaged or no .npz file"):
        load_task(name, path=tmp_path / "text")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match=r"holds no|is a folder"):
        load_task(name, path=tmp_path / "empty")


def test_two_data_sets_in_a_folder_are_not_guessed(tmp_path):
    for name in ("a", "b"):
        tiny_nmnist(tmp_path / name)
    with pytest.raises(FileError, match="holds several folders with Train and Test: give one"):
        load_task("nmnist", path=tmp_path)
