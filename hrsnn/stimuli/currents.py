"""Analog stimuli: one series of piecewise constant values for each channel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hrsnn.display import Displayed
from hrsnn.display.displayed import Row
from hrsnn.display.text import counted
from hrsnn.errors import InputError
from hrsnn.stimuli.sample_index import sample_rows
from hrsnn.validation.limits import check_limit, check_memory
from hrsnn.validation.numbers import positive, whole_vector
from hrsnn.validation.units import plain


@dataclass(frozen=True, eq=False, repr=False)
class Currents(Displayed):
    """Piecewise constant input currents of several samples; immutable.

    Value k of a sample is held during [k dt, (k + 1) dt). Values are dimensionless; ``Reservoir.input_gain`` (mV) converts
    them to voltages. Samples may differ in length.

    Parameters
    ----------
    values : array_like, (samples, times, channels)
        Finite numbers.
    dt : float
        Time in ms for which each value is held.
    lengths : array_like of int, (samples,), optional
        Number of values of each sample, of which the longest has `times`; what is beyond a sample's length is stored as 0.
        By default all have `times`.

    Raises
    ------
    InputError
        When the values are not finite numbers of that shape, `dt` is not positive, a length is not from 1 to `times`, or a
        sample lasts longer than the limit.

    Notes
    -----
    ``shape``, ``len`` and indexing are those of :class:`~hrsnn.stimuli.spike_trains.SpikeTrains`, as scikit-learn's
    cross-validation requires. All samples take the memory of the longest.

    Examples
    --------
    >>> import numpy as np
    >>> u = np.random.default_rng(0).uniform(-1, 1, size=(1, 200, 1))
    >>> Currents(u, dt=20.0)
    Currents(1 sample, 200 values of 20 ms, 1 channel)
    >>> Currents.from_samples([[[1.0], [2.0]], [[3.0]]], dt=20.0)
    Currents(2 samples, 1 to 2 values of 20 ms, 1 channel)
    """

    values: np.ndarray
    dt: float
    lengths: np.ndarray = None  # type: ignore[assignment]  # an array once it is made

    def __post_init__(self) -> None:
        try:
            values = np.array(plain(self.values, "", "values"), dtype=np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError("values", self.values, "must be numbers, (samples, times, channels)") from error
        if values.ndim != 3 or values.shape[1] == 0 or values.shape[2] == 0:
            raise InputError("values", values.shape, "must have the shape (samples, times, channels), with times >= 1")
        if not np.all(np.isfinite(values)):
            place = tuple(int(index) for index in np.argwhere(~np.isfinite(values))[0])
            raise InputError(f"values{list(place)}", values[place], f"sample {place[0]}: must be finite")
        dt = positive("dt", self.dt, "ms")
        check_limit("duration", f"dt of {values.shape[1]} values", values.shape[1] * dt)
        lengths = _checked_lengths(self.lengths, *values.shape[:2])
        for index in np.flatnonzero(lengths < values.shape[1]):
            values[index, lengths[index] :] = 0.0
        for name, array in (("values", values), ("lengths", lengths)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "dt", dt)

    @classmethod
    def from_samples(cls, samples: Sequence[ArrayLike], dt: float) -> Currents:
        """Return the currents of one series (times, channels) for each sample, of any lengths.

        Raises
        ------
        InputError
            When a sample is not (times, channels) with at least one of each, their channels differ, or the samples, all
            stored with the length of the longest, would exceed the memory limit.
        """
        series = [_one_series(index, plain(sample, "", "samples")) for index, sample in enumerate(samples)]
        if not series:
            raise InputError("samples", samples, "must hold at least one series")
        channels = series[0].shape[1]
        for index, one in enumerate(series):
            if one.shape[1] != channels:
                raise InputError(f"samples[{index}]", one.shape, f"must have {channels} channels, as the first has")
        lengths = [len(one) for one in series]
        size = len(series) * max(lengths) * channels
        check_memory("samples", f"{len(series)} of at most {max(lengths)} values", 16 * size, "the currents")
        values = np.zeros((len(series), max(lengths), channels))
        for row, one in zip(values, series, strict=True):
            row[: len(one)] = one
        return cls(values, dt, np.array(lengths))

    def __reduce__(self) -> tuple[Any, ...]:
        # goes through the constructor: an array unpickled by default would be writable
        return type(self), (self.values, self.dt, self.lengths)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        samples, times, channels = self.values.shape
        shortest = int(self.lengths.min(initial=times))
        held = counted(times, "value") if shortest == times else f"{shortest} to {times} values"
        return f"Currents({counted(samples, 'sample')}, {held} of {self.dt:g} ms, {counted(channels, 'channel')})"

    def _rows(self) -> Iterable[Row]:
        samples, times, channels = self.values.shape
        lengths = dict.fromkeys(str(int(value)) for value in (self.lengths.min(initial=times), times))
        yield Row("samples", str(samples))
        yield Row("channels", str(channels))
        yield Row("values a sample", " to ".join(lengths), f"each held for {self.dt:g} ms")
        if self.values.size:
            yield Row("range", f"{self.values.min():.4g} to {self.values.max():.4g}")

    def __iter__(self) -> Iterator[Currents]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, key: Any) -> Currents:
        rows = sample_rows(key, len(self))
        lengths = self.lengths[rows]
        return Currents(self.values[rows, : lengths.max(initial=0) or None], self.dt, lengths)

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise InputError("array", self, "currents are no plain array: use .values")

    @property
    def shape(self) -> tuple[int, int]:
        """(samples, channels)."""
        return len(self), self.n_channels

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return int(self.values.shape[2])

    @property
    def durations(self) -> np.ndarray:
        """Length of each sample in ms, (samples,)."""
        return np.asarray(self.lengths * self.dt)

    def sample(self, index: int) -> np.ndarray:
        """Return the values of one sample, (its length, channels)."""
        return np.asarray(self.values[index, : self.lengths[index]])

    def equals(self, other: object) -> bool:
        """Return whether `other` has exactly the same values, lengths and `dt`."""
        if not isinstance(other, Currents) or self.dt != other.dt:
            return False
        return np.array_equal(self.values, other.values) and np.array_equal(self.lengths, other.lengths)


def _checked_lengths(lengths: Any, samples: int, times: int) -> np.ndarray:
    """Return the number of values of each sample, of which the largest is `times`."""
    if lengths is None:
        return np.full(samples, times, dtype=np.int64)
    found = whole_vector("lengths", lengths, np.int64).copy()
    if len(found) != samples:
        raise InputError("lengths", found, f"must be {samples}, one for each sample")
    if samples and not (found.min() >= 1 and found.max() == times):
        raise InputError("lengths", found, f"must be from 1 to {times}, the number of values, which the longest has")
    return found


def _one_series(index: int, sample: Any) -> np.ndarray:
    try:
        series = np.asarray(sample, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"samples[{index}]", sample, "must be numbers, (times, channels)") from error
    if series.ndim != 2 or not series.size:
        raise InputError(f"samples[{index}]", series.shape, "must have the shape (times, channels), none of them 0")
    return series
