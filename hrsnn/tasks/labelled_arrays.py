"""Arrays of samples and labels from a file: what they are, and checks of both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hrsnn.errors import FileError, InputError
from hrsnn.files.writing import PathLike
from hrsnn.validation.limits import beyond, limit

CONTENTS = ("images", "series", "rows")
#: Shapes that each content may have.
_SHAPES = {
    "images": "(samples, height, width) or (samples, height, width, 1 or 3)",
    "series": "(samples, times, channels) or (samples, times)",
    "rows": "(samples, values)",
}


def samples_of(path: PathLike, name: str, values: np.ndarray) -> np.ndarray:
    """Return an array of samples, if it has finite numbers; booleans as bytes.

    Raises
    ------
    FileError
        When it has none, other than numbers, or nan; the message has the index.
    """
    if values.dtype.kind not in "biuf" or values.ndim < 2:
        said = f"{values.dtype} of shape {values.shape}"
        raise FileError(path, f"{name} is {said}: must be numbers of two to four dimensions, samples first")
    if not values.size:
        raise FileError(path, f"{name} is empty, of shape {values.shape}")
    if values.dtype.kind == "f":
        for index, sample in enumerate(values):  # one at a time: a mask of all takes as many bytes as there are values
            if not np.isfinite(sample).all():
                raise FileError(path, f"{name}[{index}] has a value that is nan or infinite: must be finite numbers")
    return values.view(np.uint8) if values.dtype.kind == "b" else values


def labels_of(path: PathLike, name: str, labels: np.ndarray) -> np.ndarray:
    """Return labels as int64 or strings, (samples,).

    Raises
    ------
    FileError
        When they are neither whole numbers nor strings, or of another shape.
    """
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "iuU":
        said = f"{labels.dtype} of shape {labels.shape}"
        raise FileError(path, f"{name} is {said}: must be whole numbers or strings, one a sample")
    if labels.dtype.kind == "U":
        if labels.dtype.itemsize // 4 > limit("name"):
            raise FileError(path, f"{name} has labels of {labels.dtype.itemsize // 4} characters: {beyond('name')}")
        return labels
    if len(labels) and int(labels.max()) > np.iinfo(np.int64).max:
        raise FileError(path, f"{name} has the label {labels.max()}: must be below 2^63")
    return labels.astype(np.int64)


def content_of(path: PathLike, content: str | None, arrays: Sequence[np.ndarray]) -> str:
    """Return what the samples are, "images", "series" or "rows", if all arrays can be.

    Raises
    ------
    InputError
        When `content` is unknown, does not fit the shape, or has to be given.
    FileError
        When the shapes of the parts differ, or are those of no content.
    """
    if content is not None and content not in CONTENTS:
        raise InputError("content", content, f"must be one of {', '.join(CONTENTS)}")
    first = arrays[0]
    shape = first.shape[1:]
    for other in arrays[1:]:
        if other.shape[1:] != shape:
            raise FileError(path, f"training samples have the shape {shape}, test samples {other.shape[1:]}")
    if first.ndim == 3 and content is None and first.dtype != np.uint8:
        allowed = "images (height, width) or series (times, channels): say which by content = images or content = series"
        raise InputError("content", None, f"samples of shape {shape} and type {first.dtype} may be {allowed}")
    fitting = {
        "images": first.ndim == 3 or (first.ndim == 4 and shape[-1] in (1, 3)),
        "series": first.ndim in (2, 3),
        "rows": first.ndim == 2,
    }
    chosen = content or ("rows" if first.ndim == 2 else "images")
    if not fitting[chosen]:
        last = ": move colours to the last axis" if chosen == "images" and first.ndim == 4 and shape[0] in (1, 3) else ""
        raise FileError(path, f"its samples, {first.shape}, cannot be {chosen}, which have {_SHAPES[chosen]}{last}")
    return chosen
