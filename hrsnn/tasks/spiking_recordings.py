"""Tasks of spiking recordings in HDF5 files: their parts, what reads them, and their linear baseline."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from hrsnn.errors import FileError, InputError
from hrsnn.files.writing import PathLike
from hrsnn.formats.spiking_h5 import CHANNELS, read_recordings, recording_labels
from hrsnn.readout import readout
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.tasks.sample_files import SampleFiles
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, duration_of

#: Recordings that are converted together, so that few are in memory twice.
_TOGETHER = 64
#: A recording ends with the first multiple of so many ms after its last spike.
_END = 10.0
#: Windows in which the baseline counts spikes.
_WINDOWS = 5
#: Bytes of memory for each spike, twice the 12 bytes of `SpikeTrains`: the parts, and the whole.
_SPIKE = 24


def recordings_task(
    name: str,
    path: PathLike,
    files: tuple[str, str],
    classes: int,
    channels: int,
    duration: float | None,
    seed: int,
) -> ClassificationTask:
    """Return the task of two files of recordings, for training and for testing, in one folder.

    Parameters
    ----------
    name : str
        Name of the task.
    path : path
        Folder of the files, or one of the files in it.
    files : (str, str)
        Names of the file for training and of that for testing.
    classes : int
        Number of classes; labels are 0 to ``classes - 1``.
    channels : int
        Number of channels, which must divide 700: neighbours are merged.
    duration : float or None
        Time in ms after which recordings are cut; they last so long then. By default each has its own duration.
    seed : int
        Seed of the order of the training samples.

    Raises
    ------
    InputError
        When `channels` does not divide 700, or `duration` is not positive.
    FileError
        When a file is missing, damaged or of another layout, a label is out of range, or a class is in one file only.
    """
    if CHANNELS % count_of("channels", channels):
        raise InputError(
            "channels", channels, f"must divide {CHANNELS}, the channels of the recordings: neighbours are merged"
        )
    duration = None if duration is None else duration_of("duration", duration)
    folder = Path(path).parent if Path(path).suffix == ".h5" else Path(path)
    if not folder.is_dir():
        raise FileError(
            path, f"does not exist: give the folder of {' and '.join(files)}" if not folder.exists() else "is no folder"
        )
    train_file, test_file = (folder / one for one in files)
    train, test = (_labels(file, classes) for file in (train_file, test_file))
    for file, labels, others in ((train_file, train, test), (test_file, test, train)):
        missing = np.setdiff1d(others, labels)
        if len(missing):
            raise FileError(file, f"has no recording of class {missing[0]}, and the other part has some")
    if len(np.unique(train)) < 2:
        raise FileError(train_file, "its recordings are all of one class")
    order = generator(seed, name, "order").permutation(len(train))
    read = FunctionTransformer(trains_of, kw_args={"channels": int(channels), "duration": duration})
    return ClassificationTask(
        name=name,
        x_train=SampleFiles([(train_file, int(row)) for row in order], recording),
        y_train=train[order],
        x_test=SampleFiles([(test_file, row) for row in range(len(test))], recording),
        y_test=test,
        classes=np.unique(train),
        encoder=Pipeline([("read", read)]),
        raw_baseline=Pipeline([("read", read), ("counts", FunctionTransformer(window_counts)), ("classify", readout())]),
        raw_baseline_name=f"logistic regression on the spike counts of each channel in {_WINDOWS} time windows",
    )


def _labels(file: Path, classes: int) -> np.ndarray:
    labels = recording_labels(file)
    bad = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(bad):
        raise FileError(file, f"recording {bad[0]} has the label {labels[bad[0]]}, wanted 0 to {classes - 1}")
    return labels


def holds_recordings(path: Path, prefix: str) -> bool:
    """Return whether a path is the folder of the files of a data set, or one of them, by their names."""
    parts = {f"{prefix}_{part}.h5" for part in ("train", "valid", "test")}
    return path.name in parts or any((path / name).is_file() for name in parts)


def recording(place: tuple[Path, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the times (ms) and channels of a recording, from its file and row."""
    file, row = place
    return next(read_recordings(file, [row]))


def trains_of(samples: Sequence[Any], channels: int = CHANNELS, duration: float | None = None) -> SpikeTrains:
    """Read recordings, and merge neighbouring channels.

    Parameters
    ----------
    samples : SampleFiles, or sequence of (times in ms, channels)
    channels : int
        Number of channels after merging.
    duration : float or None
        Time in ms at which all recordings end; by default each at the first multiple of 10 ms after its last spike.

    Raises
    ------
    FileError
        When a file is damaged.
    InputError
        When the spikes would not fit into memory.

    Examples
    --------
    >>> trains_of([(np.array([2.0, 31.0]), np.array([9, 699]))], channels=70)
    SpikeTrains(1 sample, 70 channels, 2 spikes, 40 ms)
    """
    parts: list[SpikeTrains] = []
    spikes = 0
    every = _read(samples)
    while pairs := list(itertools.islice(every, _TOGETHER)):
        if duration is None:
            ends = [_END * (np.floor(times.max(initial=0.0) / _END) + 1) for times, _ in pairs]
        else:
            pairs = [(times[times < duration], units[times < duration]) for times, units in pairs]
            ends = [duration] * len(pairs)
        merged = [(times, units // (CHANNELS // channels)) for times, units in pairs]
        parts.append(SpikeTrains.from_samples(merged, channels, ends))
        spikes += parts[-1].n_spikes
        check_memory("samples", len(samples), _SPIKE * spikes, "their spikes")
    return SpikeTrains.concatenate(parts)


def _read(samples: Sequence[Any]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield recordings, with each file opened once for those in it that follow one another."""
    if not isinstance(samples, SampleFiles):
        yield from samples
        return
    for file, places in itertools.groupby(samples.places, key=lambda place: place[0]):
        yield from read_recordings(file, [row for _, row in places])


def window_counts(trains: SpikeTrains) -> np.ndarray:
    """Return the spikes of each channel in equal windows of each sample's own duration: (samples, windows * channels)."""
    return trains.counts(_WINDOWS).reshape(len(trains), -1)
