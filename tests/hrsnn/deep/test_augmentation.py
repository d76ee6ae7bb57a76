"""Shifted and mirrored images."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")

from hrsnn.deep.learning.augmentation import augmented  # noqa: E402
from hrsnn.errors import InputError  # noqa: E402


def test_images_are_cut_from_their_borders_and_mirrored_and_nothing_else():
    """Every result is one of the 9 x 9 shifts, mirrored or not, of its own image, the same for all channels and steps."""
    random = np.random.default_rng(0)
    images = random.integers(1, 256, (2, 60, 2, 6, 5), dtype=np.uint8)  # steps, samples
    found = augmented(images, np.random.default_rng(1))
    padded = np.pad(images, [(0, 0)] * 3 + [(4, 4)] * 2)
    seen = set()
    for n in range(60):
        matches = {
            (down, right, mirrored)
            for down in range(9)
            for right in range(9)
            for mirrored in (1, -1)
            if np.array_equal(found[:, n], padded[:, n, :, down : down + 6, right : right + 5][..., ::mirrored])
        }
        assert len(matches) == 1
        seen |= matches
    assert len(seen) > 30
    assert {mirrored for *_, mirrored in seen} == {1, -1}


def test_images_that_do_not_change_in_time_are_taken_too():
    images = np.full((3, 1, 8, 8), 7, np.uint8)
    assert augmented(images, np.random.default_rng(0)).shape == images.shape


def test_rows_are_refused():
    with pytest.raises(InputError, match="augment = True: is for images"):
        augmented(np.zeros((3, 8), np.uint8), np.random.default_rng(0))
