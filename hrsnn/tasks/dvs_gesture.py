"""Task dvs_gesture: DVS128 Gesture, hand and arm gestures as recorded by an event camera."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from hrsnn.encoders.events import EventEncoder
from hrsnn.errors import FileError
from hrsnn.files.reading import read_text, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.formats.aedat3 import read_aedat3
from hrsnn.formats.events import Events
from hrsnn.runtime.seeds import generator
from hrsnn.tasks.class_folders import folder_with
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.of_events import lacking, task_of_events
from hrsnn.tasks.sample_files import SampleFiles
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.units import takes

_PARTS = ("trials_to_train.txt", "trials_to_test.txt")
_HEADER = "class,startTime_usec,endTime_usec"
_OTHER = 11


class _Gesture(NamedTuple):
    """A labelled interval [start, stop) of a recording, in us."""

    file: Path
    start: int
    stop: int


@takes(bin_width="ms", start="ms", duration="ms")
def dvs_gesture(
    path: PathLike,
    other: bool = True,
    factor: int = 4,
    polarities: int = 2,
    bin_width: float | None = None,
    start: float = 0.0,
    duration: float | None = None,
    seed: int = 0,
) -> ClassificationTask:
    """Return the task of eleven gestures of 29 people, recorded by a DVS128 sensor of 128 by 128 pixels, about 6 s each.

    A sample is a labelled interval of a recording. Each event is a spike of its block of pixels and its polarity: 2048
    channels by default.

    Parameters
    ----------
    path : path
        The folder ``DvsGesture`` with ``trials_to_train.txt``, ``trials_to_test.txt`` and the recordings that they name,
        each as ``NAME.aedat`` and ``NAME_labels.csv``; or its parent folder.
    other : bool
        Whether the class 11, other gestures, different for each person, is used.
    factor : int
        Side of the blocks in pixels.
    polarities : int
        2 (separate channels for off and on) or 1 (merged).
    bin_width : float, optional
        Width in ms of bins in which a channel has at most one spike; by default every event is a spike.
    start : float
        Time in ms, from the beginning of the interval, at which samples begin.
    duration : float, optional
        Length of samples in ms; by default each ends after its last event.
    seed : int
        Seed of the order of the training samples.

    Raises
    ------
    InputError
        When an option is out of range.
    FileError
        When a file is missing or empty, a line of it is invalid, a recording is in both parts, or a part lacks a class of
        the other; when a gesture is read: when its recording is damaged or has no event in the interval.

    Notes
    -----
    Gestures are read when they are used, one at a time; packets outside the interval are passed over. Classes: 1 hand
    clapping, 2 right hand wave, 3 left hand wave, 4 right arm clockwise, 5 right arm counter clockwise, 6 left arm
    clockwise, 7 left arm counter clockwise, 8 arm roll, 9 air drums, 10 air guitar, 11 other.

    References
    ----------
    Amir et al. (2017), "A low power, fully event-based gesture recognition system", CVPR. Data (CC BY 4.0) and official
    split, by people: https://research.ibm.com/interactive/dvsgesture/

    Examples
    --------
    Of the real data, in a folder ``data``: ``dvs_gesture("data/DvsGesture", other=False, duration=1500.0)``.

    >>> dvs_gesture("no_such_folder")
    Traceback (most recent call last):
    ...
    hrsnn.errors.FileError: no_such_folder: does not exist
    """
    folder = folder_with(path, _PARTS)
    (train, y_train), (test, y_test) = trials = [_gestures(folder, part, other) for part in _PARTS]
    both = set.intersection(*({gesture.file for gesture in gestures} for gestures, _ in trials))
    if both:
        raise FileError(folder / _PARTS[1], f"names {min(both).name}, as {_PARTS[0]} does: must be in one part")
    if missing := lacking(y_train, y_test):
        raise FileError(folder, f"has {missing}")
    if len(np.unique(y_train)) < 2:
        raise FileError(folder, "its gestures are all of one class")
    order = generator(seed, "dvs_gesture", "order").permutation(len(train))
    return task_of_events(
        "dvs_gesture",
        (SampleFiles(train, _events)[order], y_train[order]),
        (SampleFiles(test, _events), y_test),
        EventEncoder((128, 128), factor, polarities, bin_width, start, duration),
    )


def _gestures(folder: Path, part: str, other: bool) -> tuple[list[_Gesture], np.ndarray]:
    """Return the gestures of a part, and their classes."""
    names = [line.strip() for line in read_text(folder / part).splitlines() if line.strip()]
    gestures: list[_Gesture] = []
    classes: list[int] = []
    for name in names:
        if Path(name).name != name or not name.endswith(".aedat"):
            raise FileError(folder / part, f"names {name!r:.60}: must be a file of the folder that ends with .aedat")
        if names.count(name) > 1:
            raise FileError(folder / part, f"names {name} twice")
        if not (folder / name).exists():
            raise FileError(folder / name, f"does not exist, and {part} names it")
        for label, start, stop in _labels(folder / f"{name.removesuffix('.aedat')}_labels.csv"):
            if other or label != _OTHER:
                gestures.append(_Gesture(folder / name, start, stop))
                classes.append(label)
    if not gestures:
        raise FileError(folder / part, "names no recording with gestures")
    return gestures, np.array(classes)


def _labels(path: Path) -> list[tuple[int, int, int]]:
    """Return class, start and end in us of each line of a table."""
    lines = [line.strip() for line in read_text(path).removeprefix("\ufeff").splitlines()]
    if not lines or lines[0].replace(" ", "") != _HEADER:
        raise FileError(path, f"begins with {lines[0] if lines else ''!r:.60}, wanted {_HEADER!r}")
    found = []
    for number, line in enumerate(lines[1:], 2):
        if not line:
            continue
        with refuse_damaged(path, f"table of labels, line {number}"):
            cells = [int(cell) for cell in line.split(",")]
        if len(cells) != 3:
            raise FileError(path, f"has {len(cells)} cells in line {number}, wanted 3")
        label, start, stop = cells
        if not 1 <= label <= _OTHER:
            raise FileError(path, f"has the class {label} in line {number}: must be 1 to {_OTHER}")
        if not 0 <= start < stop:
            raise FileError(path, f"has times from {start} to {stop} us in line {number}: must be 0 or more, and rise")
        found.append((label, start, stop))
    return found


def _events(gesture: _Gesture) -> Events:
    """Return the events of a gesture, with times from the beginning of its interval."""
    events = read_aedat3(gesture.file, start=gesture.start, stop=gesture.stop)
    return events._replace(t=events.t - gesture.start)


TASK = TaskDeclaration(
    summary="DVS128 Gesture, hand gestures seen by an event camera, from its folder",
    kind="classes",
    load=dvs_gesture,
    recognises=lambda path: any(any(path.glob(f"{above}{_PARTS[0]}")) for above in ("", "*/")),
    layout=("DvsGesture", "dvs_gesture"),
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    label="DVS128 Gesture",
)
