"""Every task in the registry, those of installed packages too, through the tests of hrsnn.testing.

A task that needs data is skipped unless there is a function here that makes some for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest
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


#: Functions that write data of a task into a folder, and return the path for its option.
DATA: Mapping[str, Callable[[Path], Path]] = {
    "file": labelled_trains,
    "fsdd": tones,
    "kth": write_actions,
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
