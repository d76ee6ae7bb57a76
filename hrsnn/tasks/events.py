"""Task events: recordings of an event camera and labels from a user's file."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from hrsnn.encoders.events import EventEncoder
from hrsnn.errors import FileError, HrsnnWarning
from hrsnn.files.npz import names_in_npz
from hrsnn.files.writing import PathLike
from hrsnn.formats.event_arrays import read_event_arrays
from hrsnn.runtime.seeds import generator
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.new_samples import ModelInput, NewSamples
from hrsnn.tasks.of_events import lacking, task_of_events
from hrsnn.tasks.sample_files import SampleFiles
from hrsnn.tasks.task import ClassificationTask, split_rows
from hrsnn.validation.units import takes

_TEST_SHARE = 0.25


@takes(bin_width="ms", start="ms", duration="ms")
def events(
    path: PathLike,
    test_share: float | None = None,
    factor: int = 2,
    polarities: int = 2,
    bin_width: float | None = None,
    start: float = 0.0,
    duration: float | None = None,
    seed: int = 0,
) -> ClassificationTask:
    """Return the task of a file of recordings, with the split of the file or a stratified random one.

    Each event is a spike of its block of pixels and its polarity.

    Parameters
    ----------
    path : path
        The ``.npz`` file, with the arrays of :mod:`hrsnn.formats.event_arrays`: x, y, p, t (us), offset, label, and where
        there are some split, height, width.
    test_share : float, optional
        Share of the samples in the test part, which are drawn at random then; by default the split of the file, or 0.25
        where it has none.
    factor : int
        Side of the blocks in pixels.
    polarities : int
        2 (separate channels for off and on) or 1 (merged).
    bin_width : float, optional
        Width in ms of bins in which a channel has at most one spike; by default every event is a spike.
    start : float
        Time in ms at which samples begin.
    duration : float, optional
        Length of samples in ms; by default each ends after its last event.
    seed : int
        Seed of the split and of the order of the training samples.

    Raises
    ------
    InputError
        When an option is out of range, or a part would be empty.
    FileError
        When the file is missing, damaged or not valid, or its recordings are all of one class.

    Warns
    -----
    HrsnnWarning
        When a class has no recording in one of the parts.

    Notes
    -----
    The events are read once and stay in memory, in the types of the file: 7 bytes each with x, y and p as uint8 and t as
    int32.

    Examples
    --------
    Eight recordings of one event each:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.npz"
    >>> side = np.arange(8) % 2
    >>> columns = {"x": side * 9, "y": np.zeros(8, int), "p": np.ones(8, int), "t": np.full(8, 500)}
    >>> np.savez_compressed(path, **columns, offset=np.arange(9), label=np.array(["left", "right"])[side])
    >>> task = events(path)
    >>> len(task.x_train), task.encoder.fit_transform(task.x_test)
    (6, SpikeTrains(2 samples, 10 channels, 2 spikes, 0.501 ms))
    """
    arrays = read_event_arrays(path)
    if len(np.unique(arrays.label)) < 2:
        raise FileError(path, "its recordings are all of one class")
    if test_share is None and arrays.split is not None:
        train, test = np.flatnonzero(arrays.split == 0), np.flatnonzero(arrays.split == 1)
        if not (len(train) and len(test)):
            raise FileError(path, f"its split leaves nothing to {'test' if len(train) else 'train'} on")
        train = generator(seed, "events", "order").permutation(train)
    else:
        train, test = split_rows(arrays.label, _TEST_SHARE if test_share is None else test_share, seed)
    if missing := lacking(arrays.label[train], arrays.label[test]):
        warnings.warn(f"{path}: there is {missing}", HrsnnWarning, stacklevel=2)
    samples = SampleFiles(range(len(arrays)), arrays.recording)
    return task_of_events(
        "events",
        (samples[train], arrays.label[train]),
        (samples[test], arrays.label[test]),
        EventEncoder(arrays.shape, factor, polarities, bin_width, start, duration),
    )


def new_recordings(path: Path, wanted: ModelInput) -> NewSamples | None:
    """Return the recordings of a file, with labels where it has them."""
    names = names_in_npz(path)
    if not {"x", "y", "t", "offset"} <= names:
        return None
    arrays = read_event_arrays(path, labelled=False)
    samples = SampleFiles(range(len(arrays)), arrays.recording)
    return NewSamples(samples, [str(k) for k in range(len(arrays))], arrays.label if "label" in names else None)


TASK = TaskDeclaration(
    summary="your own recordings of an event camera, and labels",
    kind="classes",
    load=events,
    samples=new_recordings,
    recognises=lambda path: {"x", "y", "t", "offset", "label"} <= names_in_npz(path),
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    label="Own events",
)
