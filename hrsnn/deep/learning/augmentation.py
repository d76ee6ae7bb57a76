"""Images and recordings of event cameras, changed at random: shifted, mirrored, with squares cut out, rolled, rotated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hrsnn.deep.frames import Bytes, Frames
from hrsnn.errors import InputError

#: Pixels around an image from which a shifted one is cut.
_PADDING = 4
#: Side of the square that is cut out, as a share of the shorter side of the image.
_CUT = 0.5
#: Largest distance of a roll as a share of the side, and largest angle of a rotation in degrees.
_ROLL, _ANGLE = 0.1, 30.0


def check_augmentations(names: Sequence[str]) -> None:
    """Check that these are names of :data:`AUGMENTATIONS`, each once.

    Raises
    ------
    InputError
    """
    for name in names:
        if name not in AUGMENTATIONS:
            raise InputError("augment", name, f"must be some of {', '.join(AUGMENTATIONS)}")
        if list(names).count(name) > 1:
            raise InputError("augment", name, "is there more than once")


def check_augmentable(names: Sequence[str], frames: Frames) -> None:
    """Check that the samples are images, and for ``events`` that they change in time.

    Raises
    ------
    InputError
    """
    if names and len(frames.shape) != 3:
        raise InputError("augment", " ".join(names), "is for images, and these samples are rows")
    if "events" in names and not frames.moving:
        raise InputError("augment", "events", "is for recordings of event cameras, which change in time: images fits")


def augmented(values: Bytes, names: Sequence[str], random: np.random.Generator) -> Bytes:
    """Return frames changed at random, each sample in its own way, which is the same for its channels and steps.

    Parameters
    ----------
    values : ndarray of uint8, (samples, channels, height, width) or (steps, samples, channels, height, width)
    names : sequence of str
        Some of :data:`AUGMENTATIONS`, in the order in which they are done.

        ``images``: shifted by up to 4 pixels along each axis, what is then uncovered being 0, and half of them mirrored.
        ``cutout``: a square of half the shorter side is 0, its centre anywhere in the image (DeVries and Taylor 2017).
        ``events``: half of them mirrored; then either rolled around the edges by up to a tenth of each side, or rotated by
        up to 30 degrees, with equal probability (after Li et al. 2022).
    random : numpy.random.Generator

    Examples
    --------
    >>> images = np.ones((2, 1, 4, 4), np.uint8)
    >>> cut = augmented(images, ("cutout",), np.random.default_rng(0))
    >>> [int(one.sum()) for one in cut]
    [12, 12]
    """
    for name in names:
        values = AUGMENTATIONS[name](values, random)
    return values


def _images(values: Bytes, random: np.random.Generator) -> Bytes:
    height, width = values.shape[-2:]
    border = [(0, 0)] * (values.ndim - 2) + [(_PADDING, _PADDING)] * 2
    padded, shifted = np.pad(values, border), np.empty_like(values)
    samples = values.shape[-4]
    for row, (down, right, mirrored) in enumerate(random.integers(0, [2 * _PADDING + 1, 2 * _PADDING + 1, 2], (samples, 3))):
        cut = padded[..., row, :, down : down + height, right : right + width]
        shifted[..., row, :, :, :] = cut[..., ::-1] if mirrored else cut
    return shifted


def _cutout(values: Bytes, random: np.random.Generator) -> Bytes:
    height, width = values.shape[-2:]
    side = max(1, round(_CUT * min(height, width)))
    cut = values.copy()
    for row, centre in enumerate(random.integers(0, [height, width], (values.shape[-4], 2))):
        top, left = centre - side // 2  # what lies outside of the image is not moved in: fewer pixels are cut at an edge
        cut[..., row, :, max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)] = 0
    return cut


def _events(values: Bytes, random: np.random.Generator) -> Bytes:
    height, width = values.shape[-2:]
    most = [max(1, round(_ROLL * side)) for side in (height, width)]
    changed = np.empty_like(values)
    for row in range(values.shape[-4]):
        one = values[..., row, :, :, :]
        # all numbers are drawn for every sample, so that the next ones do not depend on what is done to this one
        mirrored, rotates = random.integers(0, 2, 2)
        shift = random.integers([-side for side in most], [side + 1 for side in most])
        angle = random.uniform(-_ANGLE, _ANGLE)
        one = one[..., ::-1] if mirrored else one
        changed[..., row, :, :, :] = rotated(one, angle) if rotates else np.roll(one, tuple(shift), (-2, -1))
    return changed


def rotated(images: NDArray[np.uint8], angle: float) -> NDArray[np.uint8]:
    """Return images (..., height, width) rotated about their centre, counter-clockwise; what is uncovered is 0.

    Each pixel has the value of the one that is nearest to where it comes from, so that counts stay whole.

    Parameters
    ----------
    images : ndarray of uint8, (..., height, width)
    angle : float
        In degrees.

    Examples
    --------
    >>> rotated(np.array([[1, 2], [3, 4]], np.uint8), 90).tolist()
    [[2, 4], [1, 3]]
    """
    height, width = images.shape[-2:]
    down, right = np.meshgrid(np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2, indexing="ij")
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    # rows count downwards: counter-clockwise as it is seen
    rows = np.rint(cos * down + sin * right + (height - 1) / 2).astype(np.int64)
    columns = np.rint(cos * right - sin * down + (width - 1) / 2).astype(np.int64)
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    found = images[..., np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
    return np.where(inside, found, np.uint8(0))


#: Changes by name, each a function of frames and a generator.
AUGMENTATIONS: Mapping[str, Callable[[Bytes, np.random.Generator], Bytes]] = {
    "images": _images,
    "cutout": _cutout,
    "events": _events,
}
