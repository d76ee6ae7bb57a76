"""Samples of a task as frames of bytes, which deep networks read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from hrsnn.display import Displayed
from hrsnn.encoders.event_blocks import EventBlocks
from hrsnn.encoders.events import EventEncoder
from hrsnn.encoders.images import image_rows
from hrsnn.errors import InputError
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.tasks.task import ClassificationTask
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of

Bytes = NDArray[np.uint8]
CODINGS = ("direct", "poisson")
#: Largest byte, which stands for the largest value of the training part.
_LARGEST = 255
#: Least side of an image that a row of numbers is taken for.
_LEAST_SIDE = 4


@dataclass(frozen=True)
class Frames(Displayed):
    """Samples with labels from 0.

    Attributes
    ----------
    values : ndarray of uint8, (samples, ...) or (samples, steps, ...)
        0 to 255; with steps where samples change in time.
    labels : ndarray of int64, (samples,)
        Indices of the classes.
    moving : bool
        Whether samples have steps.
    """

    values: Bytes
    labels: NDArray[np.int64]
    moving: bool

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one frame."""
        return self.values.shape[2 if self.moving else 1 :]

    def batch(self, rows: NDArray[np.int64]) -> Bytes:
        """Return the frames of some samples, with the steps first where there are any."""
        chosen = self.values[rows]
        return np.ascontiguousarray(np.moveaxis(chosen, 1, 0)) if self.moving else chosen

    def subset(self, rows: NDArray[np.int64]) -> Frames:
        """Return some samples."""
        return Frames(self.values[rows], self.labels[rows], self.moving)


def frames_of(task: ClassificationTask, steps: int = 4) -> tuple[Frames, Frames]:
    """Return the training and the test part of a task as frames.

    Images, and rows of numbers, are the same at every step; a row of a square number of values, such as 64, is an image of
    one channel. Recordings of event cameras are counts of events by polarity and block of pixels, spike trains counts by
    channel, in `steps` bins of equal length. The least value of the training part is 0, the largest 255.

    Parameters
    ----------
    task : ClassificationTask
    steps : int
        Number of bins.

    Raises
    ------
    InputError
        When the task has series or sounds, or the frames would exceed the memory limit.

    Examples
    --------
    >>> from hrsnn.tasks import load_task
    >>> train, test = frames_of(load_task("digits"))
    >>> train.values.shape, int(train.values.max()), len(test)
    ((1348, 1, 8, 8), 255, 449)
    """
    count_of("steps", steps)
    moving = isinstance(task.encoder, EventEncoder) or isinstance(task.x_train, SpikeTrains)
    train, test = (_values(task, part, steps) for part in (task.x_train, task.x_test))
    least, most = float(train.min()), float(train.max())
    scale = _LARGEST / (most - least) if most > least else 0.0
    labels = [np.searchsorted(task.classes, part).astype(np.int64) for part in (task.y_train, task.y_test)]
    first, second = (
        Frames(np.rint(np.clip((part - least) * scale, 0, _LARGEST)).astype(np.uint8), label, moving)
        for part, label in zip((train, test), labels, strict=True)
    )
    return first, second


def poisson_frames(values: Bytes, steps: int, seed: int, *path: str | int) -> Bytes:
    """Return frames of 0 and 255 at random, (steps, samples, ...), 255 with probability value / 255.

    Parameters
    ----------
    values : ndarray of uint8, (samples, ...)
    steps : int
    seed : int
    *path
        What the numbers are for, such as the epoch and the batch.

    Examples
    --------
    >>> spikes = poisson_frames(np.full((1, 10_000), 51, np.uint8), 4, 0)
    >>> spikes.shape, round(float((spikes > 0).mean()), 2)
    ((4, 1, 10000), 0.2)
    """
    random = generator(seed, "poisson", *path)
    drawn = random.integers(0, _LARGEST, (steps, *values.shape), dtype=np.uint8)
    return np.where(drawn < values, np.uint8(_LARGEST), np.uint8(0))


def _values(task: ClassificationTask, samples: Any, steps: int) -> NDArray[np.float32]:
    encoder = task.encoder
    if isinstance(samples, SpikeTrains):
        return _counts_of_spikes(samples, steps)
    if isinstance(encoder, EventEncoder):
        return _counts_of_events(encoder, samples, steps)
    images = isinstance(encoder, Pipeline) and getattr(encoder.steps[0][1], "func", None) is image_rows
    if images:
        check_memory("task", task.name, 8.0 * len(samples) * np.size(samples[0]), "its images")
        array = np.asarray([samples[row] for row in range(len(samples))], dtype=np.float32)
        return array[:, None] if array.ndim == 3 else np.moveaxis(array, -1, 1)
    rows = np.zeros(0) if isinstance(samples, list) else np.asarray(samples)
    if rows.ndim != 2 or rows.dtype.kind not in "biuf":
        known = "images, rows of numbers, recordings of event cameras and spike trains"
        raise InputError("task", task.name, f"has samples that are no frames: deep networks take {known}")
    array = rows.astype(np.float32)
    side = math.isqrt(array.shape[1])
    square = side >= _LEAST_SIDE and side * side == array.shape[1]
    return array.reshape(len(array), 1, side, side) if square else array


def _counts_of_spikes(trains: SpikeTrains, steps: int) -> NDArray[np.float32]:
    shape = (len(trains), steps, trains.n_channels)
    check_memory("steps", steps, 8.0 * math.prod(shape), "the counts of spikes")
    sample = np.repeat(np.arange(len(trains)), np.diff(trains.offsets))
    width = (trains.durations / steps)[sample]
    bins = np.minimum(trains.times / width, steps - 1).astype(np.int64)
    cells = (sample * steps + bins) * trains.n_channels + trains.channels
    return np.bincount(cells, minlength=math.prod(shape)).reshape(shape).astype(np.float32)


def _counts_of_events(encoder: EventEncoder, samples: Any, steps: int) -> NDArray[np.float32]:
    blocks = EventBlocks(encoder.shape, encoder.factor, encoder.polarities, encoder.start, encoder.duration)
    shape = (len(samples), steps, blocks.channels)
    check_memory("steps", steps, 8.0 * math.prod(shape), "the counts of events")
    counts = np.zeros(shape, np.float32)
    for index, (times, channels, length) in enumerate(blocks.of(samples)):
        bins = np.minimum(times / (length / steps), steps - 1).astype(np.int64)
        counts[index] = np.bincount(bins * blocks.channels + channels, minlength=steps * blocks.channels).reshape(steps, -1)
    return counts.reshape(len(samples), steps, encoder.polarities, *blocks.rows)
