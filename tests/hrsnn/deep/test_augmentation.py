"""Images and recordings of event cameras that are changed at random."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

torch = pytest.importorskip("torch", reason="needs the extra torch")

from hrsnn.deep.frames import Frames  # noqa: E402
from hrsnn.deep.learning.augmentation import AUGMENTATIONS, augmented, check_augmentable, rotated  # noqa: E402
from hrsnn.deep.learning.optimisers import TrainingSettings  # noqa: E402
from hrsnn.errors import InputError  # noqa: E402


def test_images_are_cut_from_their_borders_and_mirrored_and_nothing_else():
    """Every result is one of the 9 x 9 shifts, mirrored or not, of its own image, the same for all channels and steps."""
    random = np.random.default_rng(0)
    images = random.integers(1, 256, (2, 60, 2, 6, 5), dtype=np.uint8)  # steps, samples
    found = augmented(images, ("images",), np.random.default_rng(1))
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


def test_one_square_is_cut_out_of_each_image_and_less_of_it_at_the_edges():
    """Every result is the image with the square of half its side around one of its pixels at 0; all pixels occur."""
    images = np.random.default_rng(0).integers(1, 256, (2, 400, 2, 6, 4), dtype=np.uint8)
    before = images.copy()
    found = augmented(images, ("cutout",), np.random.default_rng(1))
    seen = set()
    for n in range(400):
        matches = set()
        for row in range(6):
            for column in range(4):
                expected = images[:, n].copy()  # side 2: the pixel and those above it and to its left
                expected[..., max(row - 1, 0) : row + 1, max(column - 1, 0) : column + 1] = 0
                matches |= {(row, column)} if np.array_equal(found[:, n], expected) else set()
        assert len(matches) == 1
        seen |= matches
    assert len(seen) == 24
    assert np.array_equal(images, before)


def test_recordings_are_mirrored_and_rolled_or_rotated_and_nothing_else():
    events = np.random.default_rng(0).integers(1, 256, (3, 200, 2, 12, 20), dtype=np.uint8)
    found = augmented(events, ("events",), np.random.default_rng(1))
    rolled, mirrors = 0, set()
    for n in range(200):
        matches = {
            (down, right, mirrored)
            for down in (-1, 0, 1)  # a tenth of 12 and 20 pixels
            for right in (-2, -1, 0, 1, 2)
            for mirrored in (1, -1)
            if np.array_equal(found[:, n], np.roll(events[:, n][..., ::mirrored], (down, right), (-2, -1)))
        }
        assert len(matches) <= 1
        rolled += len(matches)
        mirrors |= {mirrored for *_, mirrored in matches}
        if not matches:  # rotated: the same pixels of all steps and channels are uncovered
            empty = found[:, n] == 0
            assert (empty == empty[0, 0]).all()
    assert 70 < rolled < 130
    assert mirrors == {1, -1}


@pytest.mark.parametrize(
    ("angle", "expected"),
    [
        (0, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        (90, [[3, 6, 9], [2, 5, 8], [1, 4, 7]]),
        (-90, [[7, 4, 1], [8, 5, 2], [9, 6, 3]]),
        (180, [[9, 8, 7], [6, 5, 4], [3, 2, 1]]),
        # by 45 degrees a corner comes from 1.41 pixels along an axis, which is the pixel there, and an edge from a corner
        (45, [[2, 3, 6], [1, 5, 9], [4, 7, 8]]),
    ],
)
def test_rotations_are_those_that_one_draws(angle: float, expected: list[list[int]]):
    found = rotated(np.arange(1, 10, dtype=np.uint8).reshape(1, 3, 3), angle)
    assert found[0].tolist() == expected


@pytest.mark.parametrize("angle", [-29.7, -3.1, 11.3, 60.9])
def test_rotations_are_those_of_scipy(angle: float):
    images = np.random.default_rng(0).integers(1, 256, (2, 12, 21), dtype=np.uint8)
    expected = ndimage.rotate(images, angle, axes=(-1, -2), reshape=False, order=0)
    inside = expected > 0  # half a pixel at the edges: SciPy leaves out what comes from outside of the centres of pixels
    assert np.array_equal(rotated(images, angle)[inside], expected[inside])
    assert inside.mean() > 0.6


def test_what_a_rotation_uncovers_is_0():
    row = np.array([[1, 2, 3, 4, 5]], np.uint8)
    assert rotated(row, 90).tolist() == [[0, 0, 3, 0, 0]]


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_same_generator_same_frames_and_shapes_stay(name: str):
    frames = np.random.default_rng(0).integers(0, 256, (2, 5, 1, 8, 8), dtype=np.uint8)
    first, second = (augmented(frames, (name,), np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, second)
    assert first.shape == frames.shape
    assert not np.array_equal(first, frames)
    assert augmented(frames[0], (name,), np.random.default_rng(3)).shape == frames[0].shape


def frames_of(*shape: int, moving: bool = False) -> Frames:
    return Frames(np.zeros(shape, np.uint8), np.zeros(shape[0], np.int64), moving)


@pytest.mark.parametrize(
    ("names", "frames", "said"),
    [
        (("cutout",), frames_of(3, 8), "augment = 'cutout': is for images"),
        (("images", "cutout"), frames_of(3, 4, 8, moving=True), "augment = 'images cutout': is for images"),
        (("events",), frames_of(3, 1, 8, 8), "augment = 'events': is for recordings of event cameras"),
    ],
)
def test_samples_that_they_are_not_for_are_refused(names: tuple[str, ...], frames: Frames, said: str):
    with pytest.raises(InputError, match=said):
        check_augmentable(names, frames)
    check_augmentable((), frames)


@pytest.mark.parametrize(
    ("names", "said"), [(("shift",), "must be some of images, cutout, events"), (("cutout", "cutout"), "more than once")]
)
def test_unknown_names_and_repeated_ones_are_refused(names: tuple[str, ...], said: str):
    with pytest.raises(InputError, match=said):
        TrainingSettings(augment=names)
