"""Event encoder: recordings of event cameras to spikes."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from hrsnn.encoders.event_blocks import EventBlocks
from hrsnn.encoders.input_checks import Encoder
from hrsnn.errors import InputError
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.time_grid import step_count, steps_of
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import duration_of

#: Bytes for each spike while the recordings are joined: the spikes twice.
_SPIKE = 24
#: Most bins times channels, below the largest integer of 64 bits.
_MOST = 1e18


class EventEncoder(Encoder):
    """Encoder of recordings of an event camera: each event is a spike of its block of pixels and its polarity.

    With f the `factor` and H, W the number of rows and columns of blocks, the channel of an event is::

        channel = (p H + floor(y / f)) W + floor(x / f)

    Recordings are read one at a time, so that they may stay in files (:class:`hrsnn.tasks.sample_files.SampleFiles`).

    Parameters
    ----------
    shape : (int, int)
        Height and width of the sensor in pixels.
    factor : int
        Side in pixels of the square blocks whose events share a channel; where it does not divide the height or width, the
        blocks at the bottom or the right are smaller.
    polarities : int
        2 (separate channels: off first, then on) or 1 (merged).
    bin_width : float, optional
        Width of bins in ms, in which a channel has at most one spike, at the bin's start. By default every event is a
        spike, at its own time.
    start : float
        Time in ms at which samples begin; earlier events are left out, and times count from it.
    duration : float, optional
        Length of every sample in ms; later events are left out. By default each sample ends 1 us after its last event.

    Attributes
    ----------
    n_features_in_ : int
        Number of pixels.
    n_channels_ : int
        Number of channels of the spikes.

    Raises
    ------
    InputError
        When a parameter is out of range; when a recording has events outside the sensor, before 0 or out of order, or has
        none although `duration` is not given; when the spikes would exceed the memory limit.

    Notes
    -----
    Nothing is learned from the data: `fit` checks the parameters and reads no recording. A spike takes 12 bytes, twice that
    while the recordings are joined. With `bin_width`, a spike is up to a bin earlier than its event.

    Examples
    --------
    Two recordings x, y, p, t (us) of a sensor of 4 by 4 pixels, in blocks of 2 by 2:

    >>> first = [0, 1, 3], [0, 1, 3], [0, 0, 1], [100, 900, 2500]
    >>> second = [2], [0], [1], [50]
    >>> trains = EventEncoder(shape=(4, 4), factor=2, duration=3.0).fit_transform([first, second])
    >>> trains
    SpikeTrains(2 samples, 8 channels, 4 spikes, 3 ms)
    >>> trains.times, trains.channels
    (array([0.1 , 0.9 , 2.5 , 0.05]), array([0, 0, 7, 5], dtype=int32))

    In bins of 1 ms, the first two events are one spike:

    >>> EventEncoder(shape=(4, 4), factor=2, bin_width=1.0).fit_transform([first]).times
    array([0., 2.])
    """

    def __init__(
        self,
        shape: tuple[int, int] = (128, 128),
        factor: int = 1,
        polarities: int = 2,
        bin_width: float | None = None,
        start: float = 0.0,
        duration: float | None = None,
    ) -> None:
        self.shape = shape
        self.factor = factor
        self.polarities = polarities
        self.bin_width = bin_width
        self.start = start
        self.duration = duration

    def fit(self, X: Any, y: Any = None) -> EventEncoder:
        """Check the parameters; `X`, a recording (x, y, p, t) for each sample, is not read."""
        blocks, _ = self._parameters()
        height, width = blocks.shape
        self.n_features_in_, self.n_channels_ = height * width, blocks.channels
        return self

    def transform(self, X: Any) -> SpikeTrains:
        """Return the spikes of the recordings in `X`, each four columns x, y, p, t (us)."""
        check_is_fitted(self)
        blocks, width = self._parameters()
        parts: list[SpikeTrains] = []
        spikes = 0
        for times, channels, length in blocks.of(X):
            pair = (times, channels) if width is None else _binned(times, channels, length, width, blocks.channels)
            spikes += len(pair[0])
            check_memory("X", f"{len(parts) + 1} recordings", _SPIKE * spikes, f"{spikes} spikes")
            parts.append(SpikeTrains(*pair, np.array([0, len(pair[0])]), blocks.channels, length))
        if not parts:
            raise InputError("X", X, "must hold at least one recording")
        return SpikeTrains.concatenate(parts)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    def _parameters(self) -> tuple[EventBlocks, float | None]:
        blocks = EventBlocks(self.shape, self.factor, self.polarities, self.start, self.duration)
        return blocks, None if self.bin_width is None else duration_of("bin_width", self.bin_width)


def _binned(
    times: np.ndarray, channels: np.ndarray, length: float, width: float, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return one spike, at the start of the bin, for each bin and channel that has some."""
    if length / width * count > _MOST:
        raise InputError("bin_width", width, f"must be longer: {length / width:.3g} bins of {count} channels are too many")
    bins = np.minimum(steps_of(times, width), step_count(length, width) - 1)
    used = np.unique(bins * count + channels)
    return used // count * width, used % count
