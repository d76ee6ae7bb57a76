"""Task kth: six human actions in videos of 25 persons."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from hrsnn.encoders import TemporalDifferenceEncoder
from hrsnn.encoders.frames import window_means
from hrsnn.errors import FileError, InputError
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.formats.video import read_video, video_header
from hrsnn.readout import readout
from hrsnn.runtime.seeds import generator
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.sample_files import SampleFiles
from hrsnn.tasks.sources import Source
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes

#: Persons of each part, by the file 00sequences.txt of the data set.
TRAINING, VALIDATION = (11, 12, 13, 14, 15, 16, 17, 18), (19, 20, 21, 23, 24, 25, 1, 4)
TEST = (22, 2, 3, 5, 6, 7, 8, 9, 10)
CLASSES = ("boxing", "handclapping", "handwaving", "jogging", "running", "walking")
_PARTS = {"official": (TRAINING + VALIDATION, TEST), "validation": (TRAINING, VALIDATION)}
_NAME = re.compile(rf"person(?P<person>\d\d)_(?P<action>{'|'.join(CLASSES)})_d(?P<scene>[1-4])_uncomp")


@takes(dt="ms")
def kth(
    path: PathLike,
    split: str = "official",
    size: int = 20,
    frames: int = 100,
    threshold: float = 0.1,
    dt: float = 40.0,
    seed: int = 0,
) -> ClassificationTask:
    """Return the task of naming the action in a video, from folders of ``personNN_ACTION_dK_uncomp.avi``.

    Frames are averaged in square blocks, and differences of adjacent frames become on and off spikes
    (:class:`~hrsnn.TemporalDifferenceEncoder`).

    Parameters
    ----------
    path : path
        Folder with the folders boxing, handclapping, handwaving, jogging, running and walking, or some of them.
    split : {"official", "validation"}
        Official: 16 persons to train on (11 to 18; 19, 20, 21, 23, 24, 25, 1, 4) and 9 to test on (22, 2, 3, 5 to 10).
        Validation: the first 8 of the 16 to train on and the others as the test part, for choosing parameters.
    size : int
        Blocks in the width of a frame: with 20, those of 160 x 120 pixels have 20 x 15 blocks of 8 x 8 pixels, and the
        spikes 600 channels.
    frames : int
        Largest number of frames of a video, its first ones; 100 are 4 s.
    threshold : float
        Smallest difference that is encoded, as a share of the range of the training data.
    dt : float
        Duration of a frame in ms: 40 is real time, 25 frames a second.
    seed : int
        Seed of the order of the training samples.

    Returns
    -------
    ClassificationTask
        Videos stay in their files until they are encoded.

    Raises
    ------
    InputError
        When the split is unknown, or `size` gives no square blocks.
    FileError
        When the folder or a class is missing, the name of a file is invalid, a file is damaged, or its frames are of
        another size than those of the first; when PyAV is not installed (``pip install hrsnn[video]``).

    Notes
    -----
    Source of the data: https://www.csc.kth.se/cvap/actions (for research), 599 videos. A video is one sample; the 2391
    sequences that ``00sequences.txt`` cuts them into are not used. The paper divides the persons 8 / 8 / 9 too, and trains
    on the first two after choosing parameters.

    References
    ----------
    Schuldt, Laptev & Caputo (2004), Recognizing human actions: a local SVM approach, ICPR, vol. 3, pp. 32-36, and
    https://www.csc.kth.se/cvap/actions/00sequences.txt for the persons of each part. Chakraborty & Mukhopadhyay (2024),
    fig. 2: differences of frames become spikes.

    Examples
    --------
    >>> kth("actions")
    Traceback (most recent call last):
    ...
    hrsnn.errors.FileError: actions: does not exist: give the folder of the folders boxing, handclapping, ...
    """
    if split not in _PARTS:
        raise InputError("split", split, 'must be "official" or "validation"')
    files = _videos(Path(path))
    block = _block(files[0][0], count_of("size", size))
    persons, actions = np.array([person for _, person, _ in files]), np.array([action for _, _, action in files])
    classes = np.unique(actions)
    if len(classes) < 2:
        raise FileError(path, f"its videos are all of one class, {str(classes[0])!r}")
    rows = [np.flatnonzero(np.isin(persons, part)) for part in _PARTS[split]]
    for part, chosen, wanted in zip(("train", "test"), rows, _PARTS[split], strict=True):
        if len(missing := np.setdiff1d(classes, actions[chosen])):
            who = ", ".join(map(str, sorted(wanted)))
            raise FileError(path, f"has no {missing[0]} to {part} on by the {split} split, of the persons {who}")
    train, test = generator(seed, "kth", "order").permutation(rows[0]), rows[1]
    videos = SampleFiles([file for file, _, _ in files], partial(_video, block=block, frames=count_of("frames", frames, 2)))
    return ClassificationTask(
        name="kth",
        x_train=videos[train],
        y_train=actions[train],
        x_test=videos[test],
        y_test=actions[test],
        classes=classes,
        encoder=Pipeline([("read", FunctionTransformer(list)), ("spikes", TemporalDifferenceEncoder(threshold, dt))]),
        raw_baseline=Pipeline([("changes", FunctionTransformer(window_changes)), ("classify", readout())]),
        raw_baseline_name="logistic regression on absolute differences of frames, means of 5 time windows",
    )


def window_changes(videos: SampleFiles | list[np.ndarray]) -> np.ndarray:
    """Return the mean absolute difference of adjacent frames, of each block, in 5 windows of each video."""
    return np.stack([window_means([_changes(video)])[0] for video in videos])


def _changes(video: np.ndarray) -> np.ndarray:
    return np.abs(np.diff(video, axis=0)).reshape(len(video) - 1, -1)


def _videos(path: Path) -> list[tuple[Path, int, str]]:
    """Return the files with the person and the action in their names, ordered by name; all must have frames of one size."""
    named = f"give the folder of the folders {', '.join(CLASSES)}"
    found = []
    with refuse_damaged(path, "folder"):
        if not path.is_dir():
            raise FileError(path, "is no folder" if path.exists() else f"does not exist: {named}")
        for action in CLASSES:
            for file in sorted((path / action).glob("*.avi")):
                match = _NAME.fullmatch(file.stem)
                if match is None or match["action"] != action or not 1 <= int(match["person"]) <= 25:
                    raise FileError(file, f"its name must be personNN_{action}_dK_uncomp.avi, NN 01 to 25, K 1 to 4")
                found.append((file, int(match["person"]), action))
    if not found:
        raise FileError(path, f"holds no .avi files: {named}")
    first = video_header(found[0][0])
    for file, _, _ in found[1:]:
        other = video_header(file)
        if (other.width, other.height) != (first.width, first.height):
            sizes = f"{other.width} x {other.height} pixels, and {found[0][0]} {first.width} x {first.height}"
            raise FileError(file, f"has frames of {sizes}")
    return found


def _block(file: Path, size: int) -> int:
    """Return the side of the blocks, in pixels, of which `size` fill the width of a frame."""
    header = video_header(file)
    width, height = header.width, header.height
    if width % size or height % (width // size):
        fits = [str(width // side) for side in range(width, 0, -1) if width % side == 0 and height % side == 0]
        raise InputError("size", size, f"must be one of {', '.join(fits)}: square blocks fill {width} x {height} pixels")
    return width // size


def _video(file: Path, block: int, frames: int) -> np.ndarray:
    video = read_video(file, block, frames)
    if len(video) < 2:
        raise FileError(file, "has one frame: differences need two")
    return video


def recognises(path: Path) -> bool:
    """Return whether a path is a folder of folders of actions, by the names of some videos."""
    return path.is_dir() and any(
        _NAME.fullmatch(file.stem) for name in CLASSES for file in (path / name).glob("person*.avi")
    )


TASK = TaskDeclaration(
    summary="six human actions, from folders of avi files",
    kind="classes",
    load=kth,
    recognises=recognises,
    layout=("kth", "KTH"),
    sources=tuple(Source(f"https://www.csc.kth.se/cvap/actions/{action}.zip", f"kth/{action}") for action in CLASSES),
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    validation={"split": "validation"},
    label="KTH actions",
)
