"""Every task in the registry, those of installed packages too, through the tests of hrsnn.testing.

A task that needs data is skipped unless there is a function here that makes some for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from event_files import tiny_cifar10_dvs, tiny_dvs_gesture, tiny_events, tiny_nmnist
from image_layouts import write_cifar10, write_cifar100, write_image_folder, write_mnist
from scipy.io import wavfile
from spiking_h5_files import write_recordings_folder
from video_files import write_actions
from wav_folders import write_tones

from hrsnn import SpikeTrains
from hrsnn.runtime.seeds import generator
from hrsnn.tasks import TASKS
from hrsnn.testing import TaskCases


def tones(folder: Path) -> Path:
    """Recordings of tones of two digits and two speakers, for each part of the official and the validation split."""
    random = generator(0, "tones")
    for digit in (2, 9):
        for speaker in ("ada", "zoe"):
            for index in (0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 41, 42):
                time = np.arange(1200 + index) / 8000
                sound = np.sin(2 * np.pi * 200 * digit * time) + random.normal(0, 0.05, len(time))
                wavfile.write(folder / f"{digit}_{speaker}_{index}.wav", 8000, (8000 * sound).astype(np.int16))
    return folder


def labelled_trains(folder: Path) -> Path:
    """Random spike trains, faster on the channels of their class."""
    random, samples, labels = generator(0, "trains"), [], []
    for index in range(48):
        count = random.poisson([12, 3] if index % 2 else [3, 12])
        channels = np.repeat([0, 1], count)
        samples.append((random.uniform(0, 50, len(channels)), channels))
        labels.append("left" if index % 2 else "right")
    path = folder / "mine.npz"
    SpikeTrains.from_samples(samples, n_channels=2, duration=50.0).save(path, labels=labels)
    return path


def series_of_two_classes(folder: Path) -> Path:
    """Noisy waves of two frequencies and of several lengths, as the archive has them."""
    random = generator(0, "series")
    for part in ("TRAIN", "TEST"):
        lines = ["@problemName Waves", "@univariate true", "@classLabel true slow fast", "@data"]
        for index in range(24):
            wave = np.sin(np.arange(20 + index % 7) / (2 + 2 * (index % 2))) + 0.1 * random.standard_normal(20 + index % 7)
            lines.append(",".join(f"{value:.4f}" for value in wave) + (":slow" if index % 2 else ":fast"))
        (folder / f"Waves_{part}.ts").write_text("\n".join(lines))
    return folder


def laser(folder: Path) -> Path:
    """Whole numbers from 0 to 255, by a logistic map."""
    values = [0.3]
    for _ in range(1400):
        values.append(3.9 * values[-1] * (1 - values[-1]))
    (folder / "A.dat").write_text("\n".join(str(int(255 * value)) for value in values))
    return folder / "A.dat"


def squares(shape: tuple[int, ...] = (6, 6)) -> tuple[np.ndarray, np.ndarray]:
    """Noisy images, bright on the left or on the right, and which."""
    random, labels = generator(0, "squares"), np.arange(60) % 2
    images = random.integers(0, 80, (60, *shape))
    images[labels == 0, :, : shape[1] // 2] += 150
    images[labels == 1, :, shape[1] // 2 :] += 150
    return images.astype(np.uint8), labels


def idx_files(folder: Path) -> Path:
    """The four files of MNIST."""
    images, labels = squares()
    return write_mnist(folder, {"train": (images[:40], labels[:40]), "t10k": (images[40:], labels[40:])}, packed=True)


def cifar10_batches(folder: Path) -> Path:
    """Batches of CIFAR-10."""
    images, labels = squares((32, 32, 3))
    return write_cifar10(folder, (images[:40], labels[:40]), (images[40:], labels[40:]))


def cifar100_batches(folder: Path) -> Path:
    """Files of CIFAR-100."""
    images, labels = squares((32, 32, 3))
    return write_cifar100(folder, (images[:40], labels[:40] + 9, labels[:40]), (images[40:], labels[40:] + 9, labels[40:]))


def folders_of_images(folder: Path) -> Path:
    """Images in one folder a class."""
    images, labels = squares()
    return write_image_folder(folder, images, np.array(["left", "right"])[labels].tolist())


def own_arrays(folder: Path) -> Path:
    """Images and labels in an npz file."""
    images, labels = squares()
    np.savez(folder / "mine.npz", x=images, y=labels)
    return folder / "mine.npz"


#: Functions that write data of a task into a folder, and return the path for its option.
DATA: Mapping[str, Callable[[Path], Path]] = {
    "arrays": own_arrays,
    "cifar10": cifar10_batches,
    "cifar100": cifar100_batches,
    "cifar10_dvs": tiny_cifar10_dvs,
    "dvs_gesture": tiny_dvs_gesture,
    "events": tiny_events,
    "fashion_mnist": idx_files,
    "file": labelled_trains,
    "fsdd": tones,
    "images": folders_of_images,
    "kth": write_actions,
    "mnist": idx_files,
    "nmnist": tiny_nmnist,
    "santa_fe": laser,
    "shd": partial(write_recordings_folder, prefix="shd", classes=20, train=9, test=3),
    "ssc": partial(write_recordings_folder, prefix="ssc", classes=35, train=7, valid=3, test=3),
    "ts": series_of_two_classes,
    "wavs": write_tones,
}


@pytest.fixture(scope="class")
def with_data(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Options of the class with the path of its data, where some can be made."""
    name = request.cls.task
    if name in DATA:
        request.cls.options = {"path": DATA[name](tmp_path_factory.mktemp(name))}


for _name in TASKS:
    _tests = type(f"Test_{_name}", (TaskCases,), {"task": _name})
    globals()[_tests.__name__] = pytest.mark.usefixtures("with_data")(_tests)
