"""Task nmnist: N-MNIST, handwritten digits as recorded by an event camera that moves."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hrsnn.encoders.events import EventEncoder
from hrsnn.errors import FileError
from hrsnn.files.writing import PathLike
from hrsnn.formats.atis import read_atis
from hrsnn.runtime.seeds import generator
from hrsnn.tasks.class_folders import files_of_classes, folder_with
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.of_events import lacking, task_of_events
from hrsnn.tasks.sample_files import SampleFiles
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.units import takes

_SHAPE = (34, 34)


@takes(bin_width="ms", start="ms", duration="ms")
def nmnist(
    path: PathLike,
    factor: int = 2,
    polarities: int = 2,
    bin_width: float | None = None,
    start: float = 0.0,
    duration: float | None = None,
    seed: int = 0,
) -> ClassificationTask:
    """Return the task of ten digits, recorded by an ATIS sensor of 34 by 34 pixels during three saccades of 100 ms.

    Each event is a spike of its block of pixels and its polarity: 578 channels by default.

    Parameters
    ----------
    path : path
        The folder with ``Train`` and ``Test``, or its parent folder. In each is a folder a digit, 0 to 9, of ``.bin``
        files.
    factor : int
        Side of the blocks in pixels.
    polarities : int
        2 (separate channels for off and on) or 1 (merged).
    bin_width : float, optional
        Width in ms of bins in which a channel has at most one spike; by default every event is a spike.
    start : float
        Time in ms at which samples begin.
    duration : float, optional
        Length of samples in ms; by default each ends after its last event, at about 300 ms.
    seed : int
        Seed of the order of the training samples.

    Raises
    ------
    InputError
        When an option is out of range.
    FileError
        When a folder is missing or empty, its name is no digit, or a part lacks a digit of the other; when a recording is
        read: when it is damaged.

    Notes
    -----
    Recordings are read when they are used, one at a time.

    References
    ----------
    Orchard et al. (2015), "Converting static image datasets to spiking neuromorphic datasets using saccades", Frontiers in
    Neuroscience 9:437. Data (CC BY-SA 4.0) and official split: https://www.garrickorchard.com/datasets/n-mnist

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for digit in (3, 7):
    ...     for part in ("Train", "Test"):
    ...         (folder / part / str(digit)).mkdir(parents=True)
    ...         _ = (folder / part / str(digit) / "00001.bin").write_bytes(bytes([digit, 1, 0x80, 0, 50]))
    >>> task = nmnist(folder)
    >>> task.y_test, task.encoder.fit_transform(task.x_test).channels
    (array([3, 7]), array([290, 292], dtype=int32))
    """
    folder = folder_with(path, ("Train", "Test"))
    (train, y_train), (test, y_test) = (_files(folder / part) for part in ("Train", "Test"))
    if missing := lacking(y_train, y_test):
        raise FileError(folder, f"has {missing}")
    if len(np.unique(y_train)) < 2:
        raise FileError(folder, "its recordings are all of one digit")
    order = generator(seed, "nmnist", "order").permutation(len(train))
    return task_of_events(
        "nmnist",
        (SampleFiles(train, read_atis)[order], y_train[order]),
        (SampleFiles(test, read_atis), y_test),
        EventEncoder(_SHAPE, factor, polarities, bin_width, start, duration),
    )


def _files(folder: Path) -> tuple[list[Path], np.ndarray]:
    """Return the recordings of a part, and their digits."""
    files, digits = [], []
    for name, recordings in files_of_classes(folder, ".bin").items():
        if len(name) != 1 or name not in "0123456789":
            raise FileError(folder / name, "its name must be a digit, 0 to 9")
        files += recordings
        digits += [int(name)] * len(recordings)
    return files, np.array(digits)


TASK = TaskDeclaration(
    summary="N-MNIST, digits seen by an event camera, from its folders",
    kind="classes",
    load=nmnist,
    recognises=lambda path: any(any(path.glob(f"{above}Train/*/*.bin")) for above in ("", "*/")),
    layout=("nmnist", "N-MNIST", "NMNIST"),
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    label="N-MNIST",
)
