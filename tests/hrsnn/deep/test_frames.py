"""Frames of tasks: images, rows, recordings of event cameras, spike trains; what has none is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from hrsnn.deep.frames import frames_of, poisson_frames
from hrsnn.encoders.events import EventEncoder
from hrsnn.errors import InputError
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.tasks import load_task
from hrsnn.tasks.of_events import task_of_events
from hrsnn.tasks.of_images import Parts, task_of_images
from hrsnn.tasks.sample_files import SampleFiles

DIGITS = load_task("digits").subset(train=30, test=20)


def test_rows_of_a_square_number_of_values_are_images():
    train, test = frames_of(DIGITS)
    assert np.array_equal(train.values[:, 0].reshape(30, 64), np.rint(DIGITS.x_train * 255))
    assert (train.shape, train.moving, test.labels.tolist()) == ((1, 8, 8), False, DIGITS.y_test.tolist())


def test_images_keep_their_colours_first():
    images = np.arange(4 * 5 * 6 * 3, dtype=np.uint8).reshape(4, 5, 6, 3)
    labels = np.array(["a", "b", "a", "b"])
    task = task_of_images(
        "small", "x", Parts(images, labels, images, labels), encoding="current", duration=10.0, peak_rate=10.0, seed=0
    )
    _, test = frames_of(task)
    assert test.shape == (3, 5, 6)
    least, most = images.min(), images.max()
    assert np.array_equal(test.values[2, 1], np.rint((images[2, :, :, 1] - least) * (255 / float(most - least))))
    assert test.labels.tolist() == [0, 1, 0, 1]


def test_recordings_are_counts_of_events_by_polarity_and_block_in_bins():
    first = np.array([0, 1, 3, 3]), np.array([0, 1, 3, 3]), np.array([0, 0, 1, 1]), np.array([100, 900, 2500, 2600])
    second = np.array([2]), np.array([0]), np.array([1]), np.array([50])
    samples = SampleFiles([first, second], lambda place: place)
    encoder = EventEncoder(shape=(4, 4), factor=2, duration=3.0)
    task = task_of_events("dots", (samples, np.arange(2)), (samples, np.arange(2)), encoder)
    train, _ = frames_of(task, steps=3)
    assert (train.values.shape, train.shape, train.moving) == ((2, 3, 2, 2, 2), (2, 2, 2), True)
    wanted = np.zeros((2, 3, 2, 2, 2), np.uint8)
    wanted[0, 0, 0, 0, 0] = wanted[0, 2, 1, 1, 1] = 255  # two events each
    wanted[1, 0, 1, 0, 1] = 128
    assert np.array_equal(train.values, wanted)
    assert train.batch(np.array([1, 0])).shape == (3, 2, 2, 2, 2)


def test_spike_trains_are_counts_by_channel_in_bins():
    trains = SpikeTrains([1.0, 9.0, 9.5, 4.0], [0, 1, 1, 1], [0, 3, 4], n_channels=2, duration=10.0)
    labels = np.array([0, 1])
    task = dataclasses.replace(DIGITS, x_train=trains, y_train=labels, x_test=trains, y_test=labels, encoder=None)
    part, _ = frames_of(task, steps=2)
    assert part.values.tolist() == [[[128, 0], [0, 255]], [[0, 128], [0, 0]]]
    assert part.subset(np.array([1])).labels.tolist() == [1]


def test_values_beyond_the_training_part_are_cut_off():
    task = dataclasses.replace(DIGITS, x_test=3 * DIGITS.x_test - 1)
    _, test = frames_of(task)
    assert (test.values.min(), test.values.max()) == (0, 255)


def test_poisson_frames_are_spikes_with_the_probability_of_the_byte():
    values = np.array([[0, 64, 255]], np.uint8).repeat(4000, 0)
    spikes = poisson_frames(values, 3, 0, "test")
    assert set(np.unique(spikes)) == {0, 255}
    assert (spikes > 0).mean((0, 1)) == pytest.approx([0, 64 / 255, 1], abs=0.02)
    assert np.array_equal(spikes, poisson_frames(values, 3, 0, "test"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_train": [np.zeros(5)] * 10}, "has samples that are no frames"),
        ({"x_train": np.zeros((30, 4, 2, 2))}, "has samples that are no frames"),
        ({"x_train": np.full((30, 64), "a")}, "has samples that are no frames"),
    ],
    ids=["sounds", "four dimensions", "text"],
)
def test_what_has_no_frames_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        frames_of(dataclasses.replace(DIGITS, **change))


def test_a_number_of_steps_is_needed():
    with pytest.raises(InputError, match="steps = 0"):
        frames_of(DIGITS, steps=0)
