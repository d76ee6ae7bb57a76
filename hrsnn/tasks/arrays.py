"""Task arrays: your own images, series or rows of numbers with labels, from an ``.npz`` file of NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from hrsnn.encoders import CurrentEncoder, PoissonEncoder
from hrsnn.encoders.frames import window_means
from hrsnn.errors import FileError, InputError
from hrsnn.files.npz import load_arrays, names_in_npz
from hrsnn.files.writing import PathLike
from hrsnn.readout import readout
from hrsnn.runtime.seeds import generator
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.labelled_arrays import content_of, labels_of, samples_of
from hrsnn.tasks.new_samples import ModelInput, NewSamples
from hrsnn.tasks.of_images import Parts, check_encoding, check_parts, parts_of, prepared, task_of_images
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.numbers import count_of, duration_of
from hrsnn.validation.units import takes

_WINDOWS = 5


@takes(duration="ms", hold="ms", peak_rate="Hz")
def arrays(
    path: PathLike,
    content: str | None = None,
    encoding: str | None = None,
    duration: float = 100.0,
    hold: float = 10.0,
    peak_rate: float = 100.0,
    grey: bool = False,
    size: int | None = None,
    test_share: float = 0.25,
    seed: int = 0,
) -> ClassificationTask:
    """Return the task of naming the samples in your own arrays.

    Parameters
    ----------
    path : path
        File that ``numpy.savez`` or ``numpy.savez_compressed`` wrote, with the arrays ``x`` and ``y``, split at random and
        stratified, or ``x_train``, ``y_train``, ``x_test`` and ``y_test``. Others in it are not used.
    content : {"images", "series", "rows"}, optional
        What the samples are: images (samples, height, width) or (samples, height, width, 1 or 3); series (samples, times,
        channels), or (samples, times) of one channel; rows (samples, values). By default rows for two dimensions, images for
        three of bytes and for four; three dimensions of other numbers may be images or series, and it has to be said.
    encoding : {"poisson", "current"}, optional
        Poisson spikes with rates from 0 for the smallest value in the training part to the peak rate for the largest (of
        each channel; of all pixels for images), or currents (standardised for each channel; in [0, 1] for images). By
        default currents for series, spikes for others.
    duration : float
        Time in ms for which an image or a row is shown.
    hold : float
        Time in ms for which each value of a series is held.
    peak_rate : float
        Rate of the largest value (Hz). Images that are mostly dark need more, such as 300 Hz for digits on black.
    grey : bool
        Whether colours of images are converted to grey.
    size : int, optional
        Height and width in pixels to which images are resized, by the means of areas.
    test_share : float
        Share of the samples in the test part, where the file has no parts.
    seed : int
        Seed of the split, of the order of the training samples and of the noise.

    Returns
    -------
    ClassificationTask
        Labels are whole numbers or strings, as in the file.

    Raises
    ------
    FileError
        When the file is missing, damaged, needs pickle or more memory than allowed, lacks an array, or its arrays do not fit
        each other, have values that are no finite numbers, or a class without a sample in a part.
    InputError
        When an option is not allowed, or `content` has to be given.

    Notes
    -----
    The whole file is read. The baselines are logistic regressions on the pixels, on the values of a row, or on means of each
    channel of a series in 5 windows of time.

    References
    ----------
    The format of the file: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.npz"
    >>> np.savez(path, x=np.arange(80, dtype=np.uint8).reshape(20, 2, 2), y=["low"] * 10 + ["high"] * 10)
    >>> task = arrays(path)
    >>> task.x_train.shape, task.classes, task.encoder.fit(task.x_train).transform(task.x_test).shape
    ((15, 2, 2), array(['high', 'low'], dtype='<U4'), (5, 4))
    """
    check_encoding(encoding or "poisson", duration, peak_rate)
    hold, size = duration_of("hold", hold), None if size is None else count_of("size", size)
    found = load_arrays(path)
    named = ("train", "test") if "x_train" in found or "y_train" in found else ("",)
    pairs = []
    for part in named:
        x, y = (f"{name}_{part}".rstrip("_") for name in "xy")
        for one in (x, y):
            if one not in found:
                has = ", ".join(sorted(found)) or "nothing"
                raise FileError(
                    path, f"has no array {one}: needs x and y, or x_train, y_train, x_test and y_test; has {has}"
                )
        pairs.append((samples_of(path, x, found.pop(x)), labels_of(path, y, found.pop(y))))
        if len(pairs[-1][0]) != len(pairs[-1][1]):
            raise FileError(path, f"{x} has {len(pairs[-1][0])} samples, and {y} {len(pairs[-1][1])} labels")
    kind = content_of(path, content, [x for x, _ in pairs])
    if kind == "images":
        pairs = [(prepared(x, grey, size), y) for x, y in pairs]
    elif grey or size is not None:
        raise InputError("size" if size else "grey", size or grey, f"is for images; the arrays are taken as {kind}")
    if kind == "series":
        pairs = [(x.reshape(*x.shape[:2], -1), y) for x, y in pairs]
    parts = Parts(*pairs[0], *pairs[1]) if len(pairs) == 2 else parts_of(*pairs[0], test_share, seed)
    if parts.y_train.dtype.kind != parts.y_test.dtype.kind:
        raise FileError(path, "y_train and y_test must both be whole numbers or both be strings")
    if kind == "images":
        code = encoding or "poisson"
        return task_of_images("arrays", path, parts, encoding=code, duration=duration, peak_rate=peak_rate, seed=seed)
    order = generator(seed, "arrays", "order").permutation(len(parts.y_train))
    return ClassificationTask(
        name="arrays",
        classes=check_parts(path, parts),
        x_train=parts.x_train[order],
        y_train=parts.y_train[order],
        x_test=parts.x_test,
        y_test=parts.y_test,
        encoder=_encoder(kind == "series", encoding, duration, hold, peak_rate, seed),
        raw_baseline=Pipeline(
            ([("means", FunctionTransformer(_means))] if kind == "series" else []) + [("classify", readout())]
        ),
        raw_baseline_name=(
            f"logistic regression on the means in {_WINDOWS} time windows"
            if kind == "series"
            else "logistic regression on the values"
        ),
    )


def new_arrays(path: Path, wanted: ModelInput) -> NewSamples | None:
    """Return the samples ``x``, or ``x_test``, of a file, with ``y`` or ``y_test`` where it has them."""
    names = names_in_npz(path)
    x, y = ("x", "y") if "x" in names else ("x_test", "y_test")
    if x not in names or "t" in names:
        return None
    found = load_arrays(path)
    values = samples_of(path, x, found[x])
    # a model of images says so by its shape
    content = wanted.options.get("content") or ("images" if values.ndim == 3 and len(wanted.shape or ()) == 2 else None)
    kind = content_of(path, content, [values])
    if kind == "images":
        values = prepared(values, wanted.options.get("grey", False), wanted.options.get("size"))
    if kind == "series":
        values = values.reshape(*values.shape[:2], -1)
    labels = labels_of(path, y, found[y]) if y in found else None
    if labels is not None and len(labels) != len(values):
        raise FileError(path, f"{x} has {len(values)} samples, and {y} {len(labels)} labels")
    return NewSamples(wanted.checked(path, values), [str(k) for k in range(len(values))], labels)


def _encoder(series: bool, encoding: str | None, duration: float, hold: float, peak_rate: float, seed: int) -> Any:
    if (encoding or ("current" if series else "poisson")) == "current":
        return CurrentEncoder(duration=duration, dt=hold, series=series)
    return PoissonEncoder(peak_rate=peak_rate, duration=duration, dt=hold, scale="channel", seed=seed, series=series)


def _means(samples: np.ndarray) -> np.ndarray:
    return window_means(list(samples), _WINDOWS)


TASK = TaskDeclaration(
    summary="your own images, series or rows, from an npz file",
    kind="classes",
    load=arrays,
    samples=new_arrays,
    recognises=lambda path: bool({"x", "x_train"} & (names := names_in_npz(path))) and "t" not in names,
    baselines=("raw_input", "encoded_input", "echo_state_network", "no_recurrence", "delay_bank"),
    spiking={"encoding": "poisson"},
    label="Own arrays",
)
