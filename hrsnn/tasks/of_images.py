"""Tasks of labelled images: their parts, encoder and baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from hrsnn.encoders import CurrentEncoder, PoissonEncoder
from hrsnn.encoders.global_range import GlobalRange
from hrsnn.encoders.images import grey_images, image_rows, resized_images
from hrsnn.errors import FileError, InputError
from hrsnn.files.writing import PathLike
from hrsnn.readout import readout
from hrsnn.runtime.seeds import generator
from hrsnn.tasks.task import ClassificationTask, split_rows
from hrsnn.validation.numbers import duration_of, positive

ENCODINGS = ("poisson", "current")


@dataclass(frozen=True)
class Parts:
    """Samples with labels in a training and a test part."""

    x_train: Any
    y_train: np.ndarray
    x_test: Any
    y_test: np.ndarray


def parts_of(samples: Any, labels: np.ndarray, test_share: float, seed: int) -> Parts:
    """Split samples at random, stratified by class.

    Raises
    ------
    InputError
        When the share is not between 0 and 1, or a part would be empty.
    """
    train, test = split_rows(labels, test_share, seed)
    return Parts(samples[train], labels[train], samples[test], labels[test])


def prepared(images: np.ndarray, grey: bool, size: int | None) -> np.ndarray:
    """Return images in grey and resized where asked for, of the same type."""
    images = grey_images(images) if grey else images
    return images if size is None else resized_images(images, size)


def check_encoding(encoding: str, duration: float, peak_rate: float) -> None:
    """Check the options of the encoder, before files are read.

    Raises
    ------
    InputError
        When one is not allowed.
    """
    if encoding not in ENCODINGS:
        raise InputError("encoding", encoding, f"must be one of {', '.join(ENCODINGS)}")
    duration_of("duration", duration)
    positive("peak_rate", peak_rate, "Hz")


def check_parts(path: PathLike, parts: Parts) -> np.ndarray:
    """Return the classes, if there are two or more, and both parts have all of them.

    Raises
    ------
    FileError
        When a class is missing in a part.
    """
    train, test = np.unique(parts.y_train), np.unique(parts.y_test)
    classes = np.union1d(train, test)
    if len(classes) < 2:
        raise FileError(path, f"all its samples are of class {classes[0]}: must be of two classes or more")
    for name, found in (("training", train), ("test", test)):
        missing = np.setdiff1d(classes, found)
        if len(missing):
            raise FileError(path, f"class {missing[0]} has no sample in the {name} part")
    return classes


def task_of_images(
    name: str,
    path: PathLike,
    parts: Parts,
    *,
    encoding: str,
    duration: float,
    peak_rate: float,
    seed: int,
) -> ClassificationTask:
    """Return the task of naming images.

    Parameters
    ----------
    name : str
        Name of the task.
    path : path
        Of the data, for messages.
    parts : Parts
        Samples are an array (images, height, width) or (images, height, width, colours), or `SampleFiles` of such images of
        one shape, in bytes or floats. They keep their type until they are encoded.
    encoding : {"poisson", "current"}
        Poisson spikes, whose rates are proportional to the pixels, or currents in [0, 1]; 0 is the smallest pixel of the
        training part, 1 or the peak rate the largest.
    duration : float
        Time in ms for which an image is shown.
    peak_rate : float
        Rate of the largest pixel (Hz).
    seed : int
        Seed of the order of the training samples and of the noise.

    Returns
    -------
    ClassificationTask
        The baseline is a logistic regression on the pixels.

    Raises
    ------
    FileError
        When a class is missing in a part.
    """
    classes = check_parts(path, parts)
    order = generator(seed, name, "order").permutation(len(parts.y_train))
    return ClassificationTask(
        name=name,
        x_train=parts.x_train[order],
        y_train=parts.y_train[order],
        x_test=parts.x_test,
        y_test=parts.y_test,
        classes=classes,
        encoder=Pipeline([("rows", FunctionTransformer(image_rows)), *_encoder(encoding, duration, peak_rate, seed)]),
        raw_baseline=Pipeline([("rows", FunctionTransformer(image_rows)), ("classify", readout())]),
        raw_baseline_name="logistic regression on the pixels",
    )


def _encoder(encoding: str, duration: float, peak_rate: float, seed: int) -> list[tuple[str, Any]]:
    if encoding == "poisson":
        return [("spikes", PoissonEncoder(peak_rate=peak_rate, duration=duration, seed=seed))]
    # not standardised by pixel: one that is dark in all images but a few would be many deviations from its mean in those
    return [("range", GlobalRange()), ("currents", CurrentEncoder(duration=duration, standardise=False))]
