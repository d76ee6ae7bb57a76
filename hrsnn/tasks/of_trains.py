"""Tasks of labelled spike trains that are made by construction."""

from __future__ import annotations

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from hrsnn.readout import readout
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.tasks.task import ClassificationTask, split_rows

#: Width of the windows in which the baseline counts spikes (ms).
_WIDTH = 10.0


def windowed_counts(trains: SpikeTrains, width: float = _WIDTH) -> np.ndarray:
    """Return the spikes of each channel in windows of about `width` ms: (samples, windows * channels)."""
    windows = max(1, round(float(trains.durations.max()) / width))
    return trains.counts(windows).reshape(len(trains), -1)


def task_of_trains(name: str, trains: SpikeTrains, labels: np.ndarray, test_share: float, seed: int) -> ClassificationTask:
    """Return the task of classifying spike trains, with a stratified random split and a linear readout of the input.

    Raises
    ------
    InputError
        When the share is not between 0 and 1, or a part would be empty.
    """
    train, test = split_rows(labels, test_share, seed)
    return ClassificationTask(
        name=name,
        x_train=trains[train],
        y_train=labels[train],
        x_test=trains[test],
        y_test=labels[test],
        classes=np.unique(labels),
        encoder=None,
        raw_baseline=Pipeline([("counts", FunctionTransformer(windowed_counts)), ("classify", readout())]),
        raw_baseline_name=f"logistic regression on spike counts in windows of {_WIDTH:g} ms",
    )
