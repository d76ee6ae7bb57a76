"""Tasks of recordings of event cameras: what they share."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from hrsnn.encoders.event_blocks import EventBlocks
from hrsnn.encoders.events import EventEncoder
from hrsnn.readout import readout
from hrsnn.tasks.event_images import count_images
from hrsnn.tasks.sample_files import SampleFiles
from hrsnn.tasks.task import ClassificationTask

#: Most blocks along a side of the baseline's image, so that 128 x 128 pixels give 2048 columns.
_SIDE = 32


def task_of_events(
    name: str, train: tuple[SampleFiles, np.ndarray], test: tuple[SampleFiles, np.ndarray], encoder: EventEncoder
) -> ClassificationTask:
    """Return the task of classifying recordings, which stay in their files, with a linear readout of images of counts.

    Parameters
    ----------
    name : str
    train, test : (SampleFiles, ndarray)
        Recordings x, y, p, t (us) and their labels; those to train on are in random order.
    encoder : EventEncoder
        The baseline counts the events of the same sensor and time, by polarity, in blocks of 2 x 2 pixels, or of more where
        a side of the image would have over 32 blocks.

    Raises
    ------
    InputError
        When a parameter of the encoder is not allowed.

    Examples
    --------
    >>> dot = np.array([1]), np.array([0]), np.array([1]), np.array([50])
    >>> samples = SampleFiles([0, 1], lambda place: dot)
    >>> task = task_of_events("dots", (samples, np.arange(2)), (samples, np.arange(2)), EventEncoder(shape=(34, 34)))
    >>> task.raw_baseline_name
    'logistic regression on event counts in blocks of 2 x 2 pixels'
    """
    encoder.fit(None)  # checks the parameters
    side = max(2, -(-max(encoder.shape) // _SIDE))
    blocks = EventBlocks(encoder.shape, side, start=encoder.start, duration=encoder.duration)
    images: Any = FunctionTransformer(count_images, kw_args={"blocks": blocks})
    labels = np.concatenate([train[1], test[1]])
    return ClassificationTask(
        name=name,
        x_train=train[0],
        y_train=train[1],
        x_test=test[0],
        y_test=test[1],
        classes=np.unique(labels),
        encoder=encoder,
        raw_baseline=Pipeline([("images", images), ("classify", readout())]),
        raw_baseline_name=f"logistic regression on event counts in blocks of {side} x {side} pixels",
    )


def lacking(train: np.ndarray, test: np.ndarray) -> str | None:
    """Return which classes have no sample in a part, as the end of a sentence; None if both have all.

    Examples
    --------
    >>> lacking(np.array([1, 2, 2]), np.array([2, 3]))
    'no recording of 3 to train on'
    """
    for part, labels in (("train", train), ("test", test)):
        missing = np.setdiff1d(np.concatenate([train, test]), labels)
        if len(missing):
            return f"no recording of {', '.join(map(str, missing))} to {part} on"
    return None
