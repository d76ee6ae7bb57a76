"""Task file: spike trains and labels from a user's file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from hrsnn.errors import FileError
from hrsnn.files.npz import names_in_npz
from hrsnn.files.writing import PathLike
from hrsnn.readout import readout
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.new_samples import ModelInput, NewSamples
from hrsnn.tasks.task import ClassificationTask, split_rows
from hrsnn.validation.units import takes


@takes()
def file(path: PathLike, test_share: float = 0.25, seed: int = 0) -> ClassificationTask:
    """Return the task of a file written by ``SpikeTrains.save(path, labels=...)``, with a stratified random split.

    Parameters
    ----------
    path : path
        The ``.npz`` file.
    test_share : float
        Share of the samples in the test part.
    seed : int
        Seed of the split.

    Raises
    ------
    FileError
        When the file is missing, damaged, of another kind, or has no labels or only one class.
    InputError
        When the share is not between 0 and 1 or a part would be empty.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.npz"
    >>> trains = SpikeTrains.from_samples([([5.0 * k], [k % 2]) for k in range(8)], n_channels=2, duration=50.0)
    >>> trains.save(path, labels=["left", "right"] * 4)
    >>> file(path).x_train
    SpikeTrains(6 samples, 2 channels, 6 spikes, 50 ms)
    """
    trains, labels = SpikeTrains.load_labelled(path)
    if len(np.unique(labels)) < 2:
        raise FileError(path, "its labels name fewer than two classes")
    train, test = split_rows(labels, test_share, seed)
    return ClassificationTask(
        name="file",
        x_train=trains[train],
        y_train=labels[train],
        x_test=trains[test],
        y_test=labels[test],
        classes=np.unique(labels),
        encoder=None,
        raw_baseline=Pipeline(
            [
                ("counts", FunctionTransformer(spike_counts)),
                ("classify", readout()),
            ]
        ),
        raw_baseline_name="logistic regression on the spike counts of each channel",
    )


def new_trains(path: Path, wanted: ModelInput) -> NewSamples | None:
    """Return the spike trains of a file, with labels where it has them."""
    if not recognises(path):
        return None
    trains, labels = SpikeTrains.load_with_labels(path)
    return NewSamples(trains, [str(k) for k in range(len(trains))], labels)


def recognises(path: Path) -> bool:
    """Return whether a file holds spike trains."""
    return {"times", "channels", "offsets", "durations"} <= names_in_npz(path)


def spike_counts(trains: SpikeTrains) -> np.ndarray:
    """Return the number of spikes of each channel in each sample, (samples, channels)."""
    return trains.counts(1)[:, 0]


TASK = TaskDeclaration(
    summary="your own spike trains and labels",
    kind="classes",
    load=file,
    recognises=recognises,
    samples=new_trains,
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    label="Own data",
)
