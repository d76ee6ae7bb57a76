"""Images that are shifted and mirrored at random."""

from __future__ import annotations

import numpy as np

from hrsnn.deep.frames import Bytes
from hrsnn.errors import InputError

#: Pixels around an image from which a shifted one is cut.
_PADDING = 4


def augmented(values: Bytes, random: np.random.Generator) -> Bytes:
    """Return images, shifted and mirrored at random, the same way at all steps."""
    if values.ndim < 4:
        raise InputError("augment", True, "is for images")
    height, width = values.shape[-2:]
    border = [(0, 0)] * (values.ndim - 2) + [(_PADDING, _PADDING)] * 2
    padded, shifted = np.pad(values, border), np.empty_like(values)
    samples = values.shape[-4]
    for row, (down, right, mirrored) in enumerate(random.integers(0, [2 * _PADDING + 1, 2 * _PADDING + 1, 2], (samples, 3))):
        cut = padded[..., row, :, down : down + height, right : right + width]
        shifted[..., row, :, :, :] = cut[..., ::-1] if mirrored else cut
    return shifted
