"""Arrays of images: to grey, to another size, and flattened to rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes

#: Weights of red, green and blue of ITU-R BT.601.
_LUMA = (0.299, 0.587, 0.114)
#: Values that are converted at a time.
_AT_ONCE = 2**22


@takes()
def grey_images(images: np.ndarray) -> np.ndarray:
    """Convert images to grey, 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601).

    Parameters
    ----------
    images : ndarray, (images, height, width), (images, height, width, 1) or (images, height, width, 3)

    Returns
    -------
    ndarray, (images, height, width)
        Of the same type; whole numbers are rounded.

    References
    ----------
    Recommendation ITU-R BT.601-7 (2011), section 2.5.1.

    Examples
    --------
    >>> grey_images(np.array([[[[255, 0, 0], [10, 10, 10]]]], dtype=np.uint8))
    array([[[76, 10]]], dtype=uint8)
    """
    if images.ndim == 3:
        return images
    if images.shape[-1] == 1:
        return images[..., 0]
    return _converted(images, images.shape[1:3], lambda part: part @ np.array(_LUMA))


@takes()
def resized_images(images: np.ndarray, size: int) -> np.ndarray:
    """Resize images to squares by averaging over areas.

    A pixel of the result is the mean of the image over the rectangle that it covers. Images that are not square are
    stretched.

    Parameters
    ----------
    images : ndarray, (images, height, width) or (images, height, width, colours)
    size : int
        Height and width of the result in pixels.

    Returns
    -------
    ndarray, (images, size, size) or (images, size, size, colours)
        Of the same type; whole numbers are rounded.

    Raises
    ------
    InputError
        When the size is below 1, or the result does not fit into memory.

    Examples
    --------
    >>> resized_images(np.array([[[0, 2, 4, 6], [2, 4, 6, 8]]], dtype=np.uint8), size=2)
    array([[[1, 5],
            [3, 7]]], dtype=uint8)
    """
    size = count_of("size", size)
    if images.shape[1:3] == (size, size):
        return images
    shape = (size, size, *images.shape[3:])
    check_memory("size", size, len(images) * float(np.prod(shape)) * images.itemsize, "the images")
    rows, columns = (_overlaps(length, size) for length in images.shape[1:3])
    return _converted(images, shape, lambda part: np.einsum("ih,nhw...,jw->nij...", rows, part, columns, optimize=True))


def image_rows(samples: np.ndarray | Sequence[Any]) -> np.ndarray:
    """Return each image as a row, by pixels and then colours; samples that are in files are read, one at a time.

    Parameters
    ----------
    samples : ndarray (images, ...), or sequence of ndarray of one shape

    Returns
    -------
    ndarray, (images, values)
        Of the same type as the images.

    Raises
    ------
    InputError
        When the images do not fit into memory.

    Examples
    --------
    >>> image_rows(np.arange(8, dtype=np.uint8).reshape(2, 2, 2))
    array([[0, 1, 2, 3],
           [4, 5, 6, 7]], dtype=uint8)
    """
    if isinstance(samples, np.ndarray):
        return samples.reshape(len(samples), -1)
    first = np.asarray(samples[0])
    check_memory("images", len(samples), float(first.nbytes) * len(samples), "their pixels")
    rows = np.empty((len(samples), first.size), first.dtype)
    for row, sample in zip(rows, samples, strict=True):
        row[:] = np.ravel(sample)
    return rows


def _overlaps(length: int, size: int) -> np.ndarray:
    """Return the share that each of `length` pixels has in each of `size` equal intervals, (size, length)."""
    edges = np.arange(size + 1) * (length / size)
    pixels = np.arange(length)
    low, high = np.maximum(edges[:-1, None], pixels), np.minimum(edges[1:, None], pixels + 1)
    shares = np.clip(high - low, 0.0, None)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _converted(images: np.ndarray, shape: tuple[int, ...], convert: Any) -> np.ndarray:
    """Apply a function to a few images at a time: numbers of 64 bits take eight times the memory of bytes."""
    result = np.empty((len(images), *shape), images.dtype)
    step = max(1, _AT_ONCE // max(1, int(np.prod(images.shape[1:]))))
    for start in range(0, len(images), step):
        found = convert(images[start : start + step].astype(np.float64))
        result[start : start + step] = np.rint(found) if images.dtype.kind in "iu" else found
    return result
