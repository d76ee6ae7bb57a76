"""Images to grey, to another size, and to rows: known answers, and Pillow as the oracle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from sklearn.utils.estimator_checks import parametrize_with_checks

from hrsnn.encoders.global_range import GlobalRange
from hrsnn.encoders.images import grey_images, image_rows, resized_images
from hrsnn.errors import InputError
from hrsnn.tasks.sample_files import SampleFiles

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("size", [1, 3, 7, 14, 28, 40])
@pytest.mark.parametrize("shape", [(28, 28), (12, 30), (9, 9, 3)])
def test_resized_as_by_pillow(size: int, shape: tuple[int, ...]) -> None:
    """Pillow's BOX filter is the mean over areas where images get smaller by whole factors."""
    image = RANDOM.integers(0, 256, shape).astype(np.uint8)
    found = resized_images(image[None], size)[0]
    assert found.shape == (size, size, *shape[2:])
    if all(length % size == 0 for length in shape[:2]):
        oracle = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BOX))
        assert np.abs(found.astype(int) - oracle).max() <= 1
    mean = image.reshape(-1, *shape[2:]).mean(axis=0)
    assert found.reshape(-1, *shape[2:]).mean(axis=0) == pytest.approx(mean, abs=0.6)


def test_areas_that_are_no_whole_pixels() -> None:
    """Three pixels to two: each of the new ones is one and a half of the old."""
    found = resized_images(np.array([[[0.0, 3.0, 6.0]]]), 2)
    assert found[0] == pytest.approx(np.array([[1.0, 5.0], [1.0, 5.0]]))


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_many_images_are_converted_like_one(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    images = RANDOM.integers(0, 256, (25, 6, 6, 3)).astype(kind)
    one = [np.concatenate([convert(image[None]) for image in images]) for convert in (grey_images, half)]
    monkeypatch.setattr("hrsnn.encoders.images._AT_ONCE", 400)
    for found, wanted in zip((grey_images(images), half(images)), one, strict=True):
        assert found.dtype == kind
        np.testing.assert_array_equal(found, wanted)


def half(images: np.ndarray) -> np.ndarray:
    return resized_images(images, 3)


def test_what_need_not_change_is_not_copied() -> None:
    images = RANDOM.integers(0, 256, (2, 4, 4)).astype(np.uint8)
    assert grey_images(images) is images
    assert resized_images(images, 4) is images
    assert np.shares_memory(image_rows(images), images)
    assert np.shares_memory(grey_images(images[..., None]), images)


def test_grey_is_that_of_pillow() -> None:
    images = RANDOM.integers(0, 256, (3, 5, 5, 3)).astype(np.uint8)
    oracle = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in images])
    assert np.abs(grey_images(images).astype(int) - oracle).max() <= 1


def test_rows_of_files_are_read_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = SampleFiles(range(5), lambda place: np.full((2, 3), place, np.uint8))
    np.testing.assert_array_equal(image_rows(samples), np.repeat(np.arange(5, dtype=np.uint8), 6).reshape(5, 6))
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "20")
    with pytest.raises(InputError, match="images = 5: their pixels would take about 30 bytes of memory"):
        image_rows(samples)


@pytest.mark.parametrize("size", [0, -1, 2.5, 10**9])
def test_bad_sizes(size: float) -> None:
    with pytest.raises(InputError, match=r"^size = "):
        resized_images(np.zeros((1, 4, 4)), size)  # type: ignore[arg-type]


def test_the_range_of_all_columns() -> None:
    fitted = GlobalRange().fit(np.array([[50, 100], [100, 150]], np.uint8))
    np.testing.assert_array_equal(fitted.transform([[50, 150], [0, 255], [75, 125]]), [[0, 1], [0, 1], [0.25, 0.75]])
    np.testing.assert_array_equal(GlobalRange().fit_transform(np.full((2, 2), 7)), np.zeros((2, 2)))


@parametrize_with_checks([GlobalRange()])
def test_scikit_learn_checks(estimator: GlobalRange, check: Callable[[GlobalRange], None]) -> None:
    check(estimator)
