"""Task cifar10_dvs: CIFAR10-DVS, moving images of CIFAR-10 as recorded by an event camera."""

from __future__ import annotations

import difflib
from pathlib import Path

import numpy as np

from hrsnn.encoders.events import EventEncoder
from hrsnn.errors import FileError, InputError
from hrsnn.files.writing import PathLike
from hrsnn.formats.aedat2 import read_aedat2
from hrsnn.formats.events import Events
from hrsnn.tasks.class_folders import files_of_classes
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.of_events import lacking, task_of_events
from hrsnn.tasks.sample_files import SampleFiles
from hrsnn.tasks.task import ClassificationTask, split_rows
from hrsnn.validation.units import takes

_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@takes(bin_width="ms", start="ms", duration="ms")
def cifar10_dvs(
    path: PathLike,
    test_share: float = 0.1,
    factor: int = 4,
    polarities: int = 2,
    bin_width: float | None = None,
    start: float = 0.0,
    duration: float | None = None,
    seed: int = 0,
) -> ClassificationTask:
    """Return the task of ten kinds of images, recorded by a DVS128 sensor of 128 by 128 pixels, about 1.3 s each.

    Each event is a spike of its block of pixels and its polarity: 2048 channels by default.

    Parameters
    ----------
    path : path
        The folder with a folder a class, ``airplane`` to ``truck``, of ``.aedat`` files.
    test_share : float
        Share of the samples in the test part, a stratified random one: there is no official split.
    factor : int
        Side of the blocks in pixels.
    polarities : int
        2 (separate channels for off and on) or 1 (merged).
    bin_width : float, optional
        Width in ms of bins in which a channel has at most one spike; by default every event is a spike.
    start : float
        Time in ms, from the first event, at which samples begin.
    duration : float, optional
        Length of samples in ms; by default each ends after its last event.
    seed : int
        Seed of the split and of the order of the training samples.

    Raises
    ------
    InputError
        When an option is out of range, or the share leaves no recording of a class to train or test on.
    FileError
        When a folder is missing or empty, or its name is no class; when a recording is read: when it is damaged.

    Notes
    -----
    Recordings are read when they are used, one at a time; times count from the first event.

    References
    ----------
    Li et al. (2017), "CIFAR10-DVS: an event-stream dataset for object classification", Frontiers in Neuroscience 11:309.
    Data: https://figshare.com/articles/dataset/CIFAR10-DVS_New/4724671

    Examples
    --------
    >>> import pathlib, struct, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("cat", "dog"):
    ...     (folder / name).mkdir()
    ...     for k in range(4):
    ...         event = b"#!AER-DAT2.0\\r\\n" + struct.pack(">II", 7 << 8, 1500 + k)
    ...         _ = (folder / name / f"cifar10_{name}_{k}.aedat").write_bytes(event)
    >>> task = cifar10_dvs(folder, test_share=0.25)
    >>> sorted(task.y_test.tolist()), task.encoder.fit_transform(task.x_test).times
    (['cat', 'dog'], array([0., 0.]))
    """
    files: list[Path] = []
    names: list[str] = []
    for name, recordings in files_of_classes(path, ".aedat").items():
        if name not in _CLASSES:
            close = difflib.get_close_matches(name, _CLASSES, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise FileError(Path(path) / name, f"{hint}its name must be a class: {', '.join(_CLASSES)}")
        files += recordings
        names += [name] * len(recordings)
    labels = np.array(names)
    if len(np.unique(labels)) < 2:
        raise FileError(path, "its recordings are all of one class")
    train, test = split_rows(labels, test_share, seed)
    if missing := lacking(labels[train], labels[test]):
        raise InputError("test_share", test_share, f"leaves {missing}")
    samples = SampleFiles(files, _recording)
    return task_of_events(
        "cifar10_dvs",
        (samples[train], labels[train]),
        (samples[test], labels[test]),
        EventEncoder((128, 128), factor, polarities, bin_width, start, duration),
    )


def _recording(path: Path) -> Events:
    """Return a recording with times from its first event."""
    events = read_aedat2(path, transposed=True)
    return events._replace(t=events.t - events.t[0])


TASK = TaskDeclaration(
    summary="CIFAR10-DVS, images seen by an event camera, from its folders",
    kind="classes",
    load=cifar10_dvs,
    recognises=lambda path: any(path.glob(f"{_CLASSES[0]}/*.aedat")),
    layout=("cifar10_dvs", "CIFAR10DVS"),
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    label="CIFAR10-DVS",
)
