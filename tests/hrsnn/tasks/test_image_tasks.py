"""Tasks of images and arrays: official splits, known baselines, memory, and what is wrong with data and options."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_layouts import write_cifar10, write_cifar100, write_image_folder, write_mnist
from sklearn.base import clone

from hrsnn import Currents, SpikeTrains
from hrsnn.errors import FileError, HrsnnError, InputError
from hrsnn.formats.cifar import CLASSES
from hrsnn.tasks import ClassificationTask, load_task
from hrsnn.tasks.sample_files import SampleFiles

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (30, 6, 6)).astype(np.uint8)
LABELS = np.arange(30) % 3
COLOURED = RANDOM.integers(0, 256, (30, 32, 32, 3)).astype(np.uint8)


def mnist_folder(folder: Path) -> Path:
    return write_mnist(folder, {"train": (IMAGES[:20], LABELS[:20]), "t10k": (IMAGES[20:], LABELS[20:])})


def cifar10_folder(folder: Path) -> Path:
    return write_cifar10(folder, (COLOURED[:20], LABELS[:20]), (COLOURED[20:], LABELS[20:]))


def cifar100_folder(folder: Path) -> Path:
    fine, coarse = LABELS + 90, LABELS % 2
    return write_cifar100(folder, (COLOURED[:20], fine[:20], coarse[:20]), (COLOURED[20:], fine[20:], coarse[20:]))


def classes_of(name: str, **options: Any) -> ClassificationTask:
    task = load_task(name, **options)
    assert isinstance(task, ClassificationTask)
    return task


WRITTEN: Mapping[str, tuple[Callable[[Path], Path], np.ndarray]] = {
    "mnist": (mnist_folder, IMAGES),
    "fashion_mnist": (mnist_folder, IMAGES),
    "cifar10": (cifar10_folder, COLOURED),
    "cifar100": (cifar100_folder, COLOURED),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_the_official_split(name: str, tmp_path: Path) -> None:
    write, images = WRITTEN[name]
    path = write(tmp_path)
    task = classes_of(name, path=path, seed=1)
    added = 90 if name == "cifar100" else 0
    np.testing.assert_array_equal(task.x_test, images[20:])
    np.testing.assert_array_equal(task.y_test, LABELS[20:] + added)
    # each training image once, with its label, in an order that the seed decides
    where = [next(k for k in range(20) if np.array_equal(images[k], one)) for one in task.x_train]
    assert sorted(where) == list(range(20)) != where
    np.testing.assert_array_equal(task.y_train, LABELS[where] + added)
    assert not np.array_equal(classes_of(name, path=path, seed=2).x_train, task.x_train)
    assert task.x_train.dtype == task.x_test.dtype == np.uint8
    # the folder above, or the folder of the files itself
    inside = next((one for one in path.iterdir() if one.is_dir()), path)
    np.testing.assert_array_equal(classes_of(name, path=inside, seed=1).x_train, task.x_train)


@pytest.mark.parametrize("name", WRITTEN)
def test_encodings(name: str, tmp_path: Path) -> None:
    write, images = WRITTEN[name]
    path, values = write(tmp_path), images[0].size
    trains = classes_of(name, path=path, duration=50.0, peak_rate=400.0).encoded().x_train
    assert isinstance(trains, SpikeTrains)
    assert trains.shape == (20, values)
    assert set(trains.durations) == {50.0}
    mean = images[:20].mean() / 255 * 400  # Hz
    assert trains.n_spikes / 20 / values / 0.05 == pytest.approx(mean, rel=0.1)
    found = classes_of(name, path=path, encoding="current", duration=50.0).encoded().x_test
    assert isinstance(found, Currents)
    assert found.dt == 50.0
    low, high = images[:20].min(), images[:20].max()
    wanted = np.clip((images[20:].reshape(10, 1, -1) - float(low)) / (float(high) - low), 0, 1)
    np.testing.assert_allclose(found.values, wanted)


def test_options_of_cifar(tmp_path: Path) -> None:
    path = cifar100_folder(tmp_path)
    coarse = classes_of("cifar100", path=path, labels="coarse", grey=True, size=8)
    np.testing.assert_array_equal(coarse.y_test, LABELS[20:] % 2)
    assert coarse.x_test.shape == (10, 8, 8)
    assert classes_of("cifar100", path=path, size=8).x_test.shape == (10, 8, 8, 3)
    wanted = (COLOURED[20:] @ [0.299, 0.587, 0.114]).reshape(10, 8, 4, 8, 4).mean(axis=(2, 4))
    assert coarse.x_test == pytest.approx(wanted, abs=1)
    assert CLASSES == {"labels": 10, "fine_labels": 100, "coarse_labels": 20}


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("mnist", {"encoding": "latency"}, "encoding = 'latency': must be one of poisson, current"),
        ("mnist", {"duration": 0.0}, "duration = 0"),
        ("mnist", {"peak_rate": -1.0}, "peak_rate = -1"),
        ("mnist", {"size": 0}, "size = 0: must be a whole number >= 1"),
        ("mnist", {"seed": -1}, "seed = -1"),
        ("mnist", {"grey": True}, "grey = True: no option of task 'mnist'"),
        ("cifar10", {"size": -3}, "size = -3"),
        ("cifar100", {"labels": "medium"}, "labels = 'medium': must be fine or coarse"),
        ("images", {"size": 0}, "size = 0"),
        ("images", {"encoding": "x"}, "encoding = 'x'"),
        ("arrays", {"encoding": "x"}, "encoding = 'x'"),
        ("arrays", {"content": "x"}, "content = 'x': must be one of images, series, rows"),
        ("arrays", {"hold": 0.0}, "hold = 0"),
        ("arrays", {"test_share": 1.0}, "test_share = 1.0: must be between 0 and 1"),
    ],
)
def test_bad_options(name: str, options: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = WRITTEN[name][0](tmp_path) if name in WRITTEN else tmp_path
    if name == "arrays":
        path = tmp_path / "x.npz"
        np.savez(path, x=IMAGES, y=LABELS)
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        load_task(name, path=path, **options)


@pytest.mark.parametrize(
    ("name", "file", "message"),
    [
        ("cifar10", "data_batch_3", r"data_batch_3: does not exist"),
        ("cifar10", "test_batch", "has no file test_batch, nor cifar-10-batches-py/test_batch: give the folder cifar-10"),
        ("cifar100", "train", "train: does not exist"),
        ("cifar100", "test", "has no file test, nor cifar-100-python/test"),
    ],
)
def test_a_missing_batch(name: str, file: str, message: str, tmp_path: Path) -> None:
    path = WRITTEN[name][0](tmp_path)
    next(path.rglob(file)).unlink()
    with pytest.raises(FileError, match=message):
        load_task(name, path=path)


@pytest.mark.parametrize("name", [*WRITTEN, "images", "arrays"])
def test_no_folder_and_an_empty_one(name: str, tmp_path: Path) -> None:
    for path, message in ((tmp_path / "none", "does not exist"), (tmp_path, "has no f|holds no folders|is a folder")):
        with pytest.raises(FileError, match=message):
            load_task(name, path=path)


def test_a_class_that_a_part_lacks(tmp_path: Path) -> None:
    write_mnist(tmp_path, {"train": (IMAGES[:20], LABELS[:20]), "t10k": (IMAGES[20:22], LABELS[20:22])})
    with pytest.raises(FileError, match="class 1 has no sample in the test part"):
        load_task("mnist", path=tmp_path)
    write_mnist(tmp_path, {"train": (IMAGES[:20], LABELS[:20] * 0), "t10k": (IMAGES[20:], LABELS[20:] * 0)})
    with pytest.raises(FileError, match="all its samples are of class 0: must be of two classes or more"):
        load_task("mnist", path=tmp_path)


NAMES = np.array(["cat", "dog", "eel"])[LABELS]


class TestImages:
    def test_a_random_split(self, tmp_path: Path) -> None:
        task = classes_of("images", path=write_image_folder(tmp_path, IMAGES, NAMES), test_share=0.2)
        assert isinstance(task.x_train, SampleFiles)
        assert (len(task.x_train), len(task.x_test), task.classes.tolist()) == (24, 6, ["cat", "dog", "eel"])
        for files, labels in ((task.x_train, task.y_train), (task.x_test, task.y_test)):
            where = [next(k for k in range(30) if np.array_equal(IMAGES[k], one)) for one in files]
            np.testing.assert_array_equal(labels, NAMES[where])

    def test_only_the_samples_in_use_are_read(self, tmp_path: Path) -> None:
        task = classes_of("images", path=write_image_folder(tmp_path, IMAGES, NAMES))
        small = task.subset(train=6, test=3)
        used = {*small.x_train.places, *small.x_test.places}
        for file in tmp_path.rglob("*.png"):
            if file not in used:
                file.write_bytes(b"")
        assert small.encoded().x_train.shape == (6, 36)
        assert clone(task.raw_baseline).fit(small.x_train, small.y_train).predict(small.x_test).shape == (3,)
        with pytest.raises(FileError, match="is empty"):
            task.encoded()

    def test_parts_in_folders(self, tmp_path: Path) -> None:
        write_image_folder(tmp_path / "train", IMAGES[:20], NAMES[:20])
        write_image_folder(tmp_path / "test", IMAGES[20:], NAMES[20:], ".pgm")
        task = classes_of("images", path=tmp_path)
        wanted = np.concatenate([IMAGES[20:][NAMES[20:] == name] for name in task.classes])
        np.testing.assert_array_equal(list(task.x_test), wanted)
        for file in (tmp_path / "test" / "eel").iterdir():
            file.rename(tmp_path / "test" / "cat" / f"eel{file.name}")
        (tmp_path / "test" / "eel").rmdir()
        with pytest.raises(FileError, match="class eel has no sample in the test part"):
            load_task("images", path=tmp_path)

    def test_sizes_and_colours(self, tmp_path: Path) -> None:
        write_image_folder(tmp_path, IMAGES, NAMES)
        write_image_folder(tmp_path, COLOURED[:1, :8, :10], ["ant"])
        with pytest.raises(FileError, match=r"cat/00000\.png: is 6 x 6 pixels, not 8 x 10 of 00000\.png: give a size"):
            load_task("images", path=tmp_path)
        write_image_folder(tmp_path, COLOURED[1:6, :8, :8], ["ant"] * 5, ".bmp")
        for grey, shape in ((False, (3, 3, 3)), (True, (3, 3))):
            task = classes_of("images", path=tmp_path, size=3, grey=grey)
            assert {image.shape for image in [*task.x_train, *task.x_test]} == {shape}

    def test_a_class_too_small_to_split(self, tmp_path: Path) -> None:
        write_image_folder(tmp_path, IMAGES, [*NAMES[:-1], "fox"])
        with pytest.raises(FileError, match="class fox has no sample in the test part"):
            load_task("images", path=tmp_path)


ROWS = RANDOM.normal(size=(30, 5))
SERIES = RANDOM.normal(size=(30, 7, 2))


class TestArrays:
    @pytest.mark.parametrize(
        ("x", "options", "shape", "kind"),
        [
            (IMAGES, {}, (36,), SpikeTrains),
            (IMAGES > 99, {}, (36,), SpikeTrains),
            (IMAGES[..., None], {}, (36,), SpikeTrains),
            (COLOURED, {"size": 4}, (48,), SpikeTrains),
            (COLOURED, {"size": 4, "grey": True}, (16,), SpikeTrains),
            (COLOURED / 255, {"encoding": "current", "size": 2}, (12,), Currents),
            (IMAGES / 255, {"content": "images"}, (36,), SpikeTrains),
            (IMAGES.astype(np.int32), {"content": "images"}, (36,), SpikeTrains),
            (IMAGES, {"content": "series"}, (6,), Currents),
            (ROWS, {}, (5,), SpikeTrains),
            (ROWS, {"encoding": "current"}, (5,), Currents),
            (ROWS, {"content": "series"}, (1,), Currents),
            (SERIES, {"content": "series"}, (2,), Currents),
            (SERIES, {"content": "series", "encoding": "poisson"}, (2,), SpikeTrains),
        ],
    )
    def test_contents(self, x: np.ndarray, options: dict[str, Any], shape: tuple[int], kind: type, tmp_path: Path) -> None:
        np.savez_compressed(tmp_path / "x.npz", x=x, y=LABELS)
        task = classes_of("arrays", path=tmp_path / "x.npz", **options)
        found = task.encoded()
        assert isinstance(found.x_train, kind)
        assert (len(found.x_train), len(found.x_test)) == (22, 8)
        assert found.x_train.n_channels == shape[0]
        assert clone(task.raw_baseline).fit(task.x_train, task.y_train).predict(task.x_test).shape == (8,)

    def test_series_are_held(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "x.npz", x_train=SERIES[:20], y_train=NAMES[:20], x_test=SERIES[20:], y_test=NAMES[20:, None])
        task = classes_of("arrays", path=tmp_path / "x.npz", content="series", hold=7.0)
        np.testing.assert_array_equal(task.x_test, SERIES[20:])
        np.testing.assert_array_equal(task.y_test, NAMES[20:])
        found = task.encoded().x_test
        assert found.dt == 7.0
        wanted = (SERIES[20:] - SERIES[:20].mean(axis=(0, 1))) / SERIES[:20].std(axis=(0, 1))
        np.testing.assert_allclose(found.values, wanted)

    @pytest.mark.parametrize(
        ("arrays", "options", "error", "message"),
        [
            ({"x": IMAGES}, {}, FileError, "has no array y: needs x and y, or x_train, y_train, x_test and y_test; has x"),
            ({"a": IMAGES}, {}, FileError, "has no array x: .* has a"),
            ({"x_train": IMAGES, "y_train": LABELS}, {}, FileError, "has no array x_test"),
            ({"x": IMAGES, "y": LABELS[:-1]}, {}, FileError, "x has 30 samples, and y 29 labels"),
            ({"x": IMAGES, "y": LABELS + 0.5}, {}, FileError, "y is float64 of shape .*: must be whole numbers or strings"),
            ({"x": IMAGES, "y": np.eye(30)}, {}, FileError, "y is float64 of shape .30, 30.: must be whole numbers"),
            ({"x": IMAGES, "y": np.full(30, 2**63, np.uint64)}, {}, FileError, "y has the label 9223372036854775808"),
            ({"x": IMAGES, "y": np.full(30, "y" * 201)}, {}, FileError, "y has labels of 201 characters: length of a name"),
            ({"x": IMAGES, "y": LABELS * 0}, {}, FileError, "all its samples are of class 0"),
            ({"x": IMAGES[:3], "y": LABELS[:3]}, {"test_share": 0.4}, FileError, "class . has no sample in the t"),
            ({"x": np.array(["a"] * 30), "y": LABELS}, {}, FileError, "x is <U1 of shape .30,.: must be numbers"),
            ({"x": ROWS[:, 0], "y": LABELS}, {}, FileError, "x is float64 of shape .30,.: must be numbers of two to four"),
            ({"x": ROWS[:0], "y": LABELS[:0]}, {}, FileError, "x is empty, of shape .0, 5."),
            (
                {"x": np.where(ROWS[4, 2] == ROWS, np.nan, ROWS), "y": LABELS},
                {},
                FileError,
                r"x\[4\] has a value that is nan",
            ),
            ({"x": np.array([None] * 30), "y": LABELS}, {}, FileError, "arrays of objects are refused"),
            (
                {"x": SERIES, "y": LABELS},
                {},
                InputError,
                r"content = None: samples of shape \(7, 2\) and type float64 may be images \(height, width\) or series",
            ),
            (
                {"x": COLOURED.transpose(0, 3, 1, 2), "y": LABELS},
                {},
                FileError,
                r"its samples, \(30, 3, 32, 32\), cannot be images, .*: move colours to the last axis",
            ),
            ({"x": COLOURED, "y": LABELS}, {"content": "series"}, FileError, "cannot be series, which have"),
            ({"x": COLOURED, "y": LABELS}, {"content": "rows"}, FileError, "cannot be rows, which have"),
            ({"x": ROWS, "y": LABELS}, {"content": "images"}, FileError, "cannot be images, which have"),
            ({"x": ROWS[:, None, None, None], "y": LABELS}, {}, FileError, "cannot be images"),
            ({"x": ROWS, "y": LABELS}, {"size": 3}, InputError, "size = 3: is for images; the arrays are taken as rows"),
            ({"x": ROWS, "y": LABELS}, {"grey": True}, InputError, "grey = True: is for images"),
            (
                {"x_train": ROWS, "y_train": LABELS, "x_test": ROWS[:, :4], "y_test": LABELS},
                {},
                FileError,
                r"training samples have the shape \(5,\), test samples \(4,\)",
            ),
            (
                {"x_train": ROWS, "y_train": LABELS, "x_test": ROWS, "y_test": NAMES},
                {},
                FileError,
                "y_train and y_test must both be whole numbers or both be strings",
            ),
            (
                {"x_train": ROWS, "y_train": LABELS, "x_test": ROWS, "y_test": LABELS + 1},
                {},
                FileError,
                "class 3 has no sample in the training part",
            ),
        ],
    )
    def test_what_is_wrong(
        self,
        arrays: dict[str, Any],
        options: dict[str, Any],
        error: type[HrsnnError],
        message: str,
        tmp_path: Path,
    ) -> None:
        np.savez(tmp_path / "x.npz", **arrays)
        with pytest.raises(error, match=message):
            load_task("arrays", path=tmp_path / "x.npz", **options)

    def test_files_that_are_none_and_bombs(self, tmp_path: Path) -> None:
        np.save(tmp_path / "x.npy", IMAGES)
        (tmp_path / "text.npz").write_text("x")
        np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros((30, 10_000, 1000), np.uint8), y=LABELS)
        for name, message in (("x.npy", "is not an .npz file"), ("text.npz", "damaged"), ("bomb.npz", "times its own size")):
            with pytest.raises(FileError, match=message):
                load_task("arrays", path=tmp_path / name)

    @pytest.mark.parametrize(
        ("name", "counts", "shape", "spread"),
        [
            ("mnist/mnist_10k.npz", (10_000, 2000), (28, 28), 0),
            ("cifar10/cifar10_6k.npz", (6000, 1000), (32, 32, 3), 14),  # the first thousand of the test part as they come
        ],
    )
    def test_real_slices(
        self, name: str, counts: tuple[int, int], shape: tuple[int, ...], spread: int, data_folder: Path
    ) -> None:
        task = classes_of("arrays", path=data_folder / name)
        assert (len(task.x_train), len(task.x_test)) == counts
        assert (task.x_train.shape[1:], task.x_train.dtype) == (shape, np.uint8)
        assert np.bincount(task.y_train).tolist() == [counts[0] // 10] * 10
        assert np.abs(np.bincount(task.y_test) - counts[1] // 10).max() == spread


def test_real_digits_and_the_linear_baseline(data_folder: Path, tmp_path: Path) -> None:
    """Two thousand of the images, in the official layout: a linear readout of the pixels names 85 to 90 % of them."""
    with np.load(data_folder / "mnist" / "mnist_10k.npz") as packed:
        parts = {"train": (packed["x_train"], packed["y_train"]), "t10k": (packed["x_test"], packed["y_test"])}
    write_mnist(tmp_path / "raw", parts, packed=True)
    tracemalloc.start()
    task = classes_of("mnist", path=tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(task.x_train), len(task.x_test), task.x_train.dtype) == (10_000, 2000, np.uint8)
    assert peak < 2.1 * (task.x_train.nbytes + task.x_test.nbytes)
    small = task.subset(train=1000, test=1000)
    accuracy = clone(task.raw_baseline).fit(small.x_train, small.y_train).score(small.x_test, small.y_test)
    assert 0.83 < accuracy < 0.91
