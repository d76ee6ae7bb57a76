"""Events of a recording as times and channels: the checks, the cut in time and the blocks of pixels that channels are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from hrsnn.errors import InputError
from hrsnn.validation.numbers import MOST, MOST_CHANNELS, count_of, duration_of, whole_vector
from hrsnn.validation.units import plain

#: Milliseconds of a microsecond, the unit of the events' times.
_MS = 1e-3


@dataclass(frozen=True)
class EventBlocks:
    """Which events of a recording are used, and the channel of each.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the sensor in pixels.
    factor : int
        Side in pixels of the square blocks whose events share a channel; blocks at the edge may be smaller.
    polarities : int
        2 (separate channels for off and on) or 1 (merged).
    start : float
        Time in ms at which a sample begins.
    duration : float, optional
        Length of a sample in ms; by default it ends 1 us after its last event.

    Raises
    ------
    InputError
        When a value is not allowed.

    Examples
    --------
    >>> blocks = EventBlocks((4, 6), factor=2)
    >>> blocks.channels
    12
    >>> events = [0, 5], [3, 0], [1, 0], [1000, 2500]
    >>> [(times, channels, length) for times, channels, length in blocks.of([events])]
    [(array([1. , 2.5]), array([9, 2]), 2.501)]
    """

    shape: tuple[int, int] = (128, 128)
    factor: int = 1
    polarities: int = 2
    start: float = 0.0
    duration: float | None = None

    def __post_init__(self) -> None:
        shape = plain(self.shape, "", "shape")
        if isinstance(shape, str) or np.shape(shape) != (2,):
            raise InputError("shape", self.shape, "must be two numbers, height and width")
        if count_of("polarities", self.polarities) > 2:
            raise InputError("polarities", self.polarities, "must be 1 or 2")
        set_ = object.__setattr__
        set_(self, "shape", tuple(count_of("shape", side, most=MOST_CHANNELS) for side in shape))
        count_of("factor", self.factor)
        set_(self, "start", duration_of("start", self.start, zero=True))
        set_(self, "duration", None if self.duration is None else duration_of("duration", self.duration))
        count_of("shape: number of channels", self.channels, most=MOST_CHANNELS)

    @property
    def rows(self) -> tuple[int, int]:
        """Rows and columns of blocks."""
        height, width = (-(-side // self.factor) for side in self.shape)
        return height, width

    @property
    def channels(self) -> int:
        """Number of channels: ``channel = (p * rows + y // factor) * columns + x // factor``."""
        rows, columns = self.rows
        return self.polarities * rows * columns

    def of(self, recordings: Iterable[Any]) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
        """Yield times in ms from `start`, channels, and the duration in ms of each recording, read one at a time.

        Raises
        ------
        InputError
            When a recording is not four columns of whole numbers, has an event outside the sensor, before 0 or out of order,
            or, without `duration`, no event from `start` on. The message has the number of the recording and of the event.
        """
        if not np.iterable(recordings):
            raise InputError("X", recordings, "must be a sequence of recordings, each the columns x, y, p, t (us)")
        for index, recording in enumerate(recordings):
            yield self._one(f"X[{index}]", recording)

    def _one(self, name: str, recording: Any) -> tuple[np.ndarray, np.ndarray, float]:
        x, y, p, t = self._columns(name, recording)
        begin = round(self.start / _MS, 6)
        if self.duration is None:
            end: float = int(t[-1]) + 1 if len(t) else 0
            if end <= begin:
                ends = f"ends at {end * _MS:g} ms" if len(t) else "has no events"
                raise InputError(name, ends, f"must have events from start = {self.start:g} ms on, or give duration")
        else:
            end = round((self.start + self.duration) / _MS, 6)
        used = slice(*np.searchsorted(t, [begin, end]))  # times ascend
        length = (end - begin) * _MS if self.duration is None else self.duration
        rows, columns = self.rows
        channels = (y[used] // self.factor) * columns + x[used] // self.factor
        if self.polarities == 2:
            channels = channels + p[used] * (rows * columns)
        # the product can round the time of an event just before the end to the end
        return np.minimum((t[used] - begin) * _MS, np.nextafter(length, 0)), channels, length

    def _columns(self, name: str, recording: Any) -> list[np.ndarray]:
        if isinstance(recording, (str, bytes)) or not hasattr(recording, "__len__") or len(recording) != 4:
            raise InputError(name, recording, "must be a recording: the columns x, y, p, t (us)")
        parts = zip("xypt", recording, strict=True)
        columns = {part: whole_vector(f"{name}.{part}", values, np.int64) for part, values in parts}
        t, height, width = columns["t"], *self.shape
        for part, most in (("x", width - 1), ("y", height - 1), ("p", 1), ("t", MOST)):
            values = columns[part]
            if len(values) != len(t):
                raise InputError(f"{name}.{part}", values, f"must be as long as t: {len(values)} against {len(t)}")
            if values.size and (values.min() < 0 or values.max() > most):
                bad = int(np.argmax((values < 0) | (values > most)))
                raise InputError(f"{name}.{part}[{bad}]", values[bad], f"must be 0 to {most}")
        falls = np.flatnonzero(t[1:] < t[:-1])
        if len(falls):
            bad = int(falls[0]) + 1
            raise InputError(f"{name}.t[{bad}]", t[bad], f"must not go back: the event before is at {t[bad - 1]} us")
        return list(columns.values())
