"""Spike trains of many samples in flat arrays, for stimuli and for responses of a reservoir."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import InitVar, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hrsnn.display import Displayed
from hrsnn.display.displayed import Row
from hrsnn.display.svg import raster
from hrsnn.display.text import counted
from hrsnn.errors import FileError, InputError
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.stimuli.sample_index import sample_rows
from hrsnn.stimuli.spike_checks import check_spikes, durations_of
from hrsnn.stimuli.spike_files import checked_labels, read_trains, write_trains
from hrsnn.stimuli.time_grid import equal_windows_of, step_count, steps_of, windows_of
from hrsnn.validation.annotations import is_whole
from hrsnn.validation.limits import check_limit, check_memory
from hrsnn.validation.numbers import MOST_CHANNELS, count_of, float_vector, positive, whole_vector
from hrsnn.validation.units import plain, takes

# Bytes of memory for each spike, as measured (test_limits.py), when spikes are made, made one sample at a time, and counted.
EVENT, STREAMED, _INDEXED = 60, 24, 48
_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True, eq=False, repr=False)
class SpikeTrains(Displayed):
    """Spike trains of several samples with the same channels; validated and immutable.

    Sample i has the spikes ``times[offsets[i]:offsets[i+1]]`` and the channels at the same indices. Samples may differ in
    their number of spikes and in duration. A spike takes 12 bytes.

    Parameters
    ----------
    times : array_like, (spikes,)
        Times in ms from the sample's onset; within a sample non-decreasing and in [0, duration).
    channels : array_like of int, (spikes,)
        Channel of each spike, 0 to ``n_channels - 1``.
    offsets : array_like of int, (samples + 1,)
        Index of the first spike of each sample; the first is 0, the last the number of spikes.
    n_channels : int
        Number of channels.
    duration : float or array_like, (samples,)
        Duration in ms: one for all samples, or one for each.

    Attributes
    ----------
    durations : ndarray of float64, (samples,)
        Duration of each sample in ms.

    Raises
    ------
    InputError
        When the arrays are invalid; the message names the index, the sample, the value and the allowed values.

    Notes
    -----
    Indexing selects samples (int, slice, integer array, mask) and always returns `SpikeTrains`. Together with ``shape``
    and ``len``, this is what ``cross_val_score``, ``GridSearchCV`` and ``train_test_split`` of scikit-learn require.

    Examples
    --------
    >>> trains = SpikeTrains([1.0, 4.0, 2.5], [0, 1, 1], offsets=[0, 2, 3], n_channels=2, duration=10.0)
    >>> trains
    SpikeTrains(2 samples, 2 channels, 3 spikes, 10 ms)
    >>> trains[1].times
    array([2.5])
    >>> trains.counts(2)[0]
    array([[1, 1],
           [0, 0]], dtype=int32)
    """

    times: np.ndarray
    channels: np.ndarray
    offsets: np.ndarray
    n_channels: int
    duration: InitVar[Any]
    durations: np.ndarray = field(init=False)

    def __post_init__(self, duration: Any) -> None:
        times = float_vector("times", self.times, "ms")
        offsets = whole_vector("offsets", self.offsets, np.int64)
        channels = whole_vector("channels", self.channels, np.int32)
        n_channels = count_of("n_channels", self.n_channels, most=MOST_CHANNELS)
        if len(offsets) == 0 or offsets[0] != 0 or offsets[-1] != len(times) or np.any(np.diff(offsets) < 0):
            raise InputError("offsets", offsets, f"must rise from 0 to the number of spikes, {len(times)}")
        if len(channels) != len(times):
            raise InputError("channels", channels, f"must be as long as times: {len(channels)} against {len(times)}")
        durations = durations_of(duration, len(offsets) - 1)
        check_spikes(times, channels, offsets, n_channels, durations)
        self._set(times, channels, offsets, n_channels, durations)

    def _set(self, *values: Any) -> None:
        for name, value in zip(("times", "channels", "offsets", "n_channels", "durations"), values, strict=True):
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
            object.__setattr__(self, name, value)

    @classmethod
    def _trusted(cls, *values: Any) -> SpikeTrains:
        """Return spike trains from arrays known to be valid, such as slices of checked ones, without a copy or checks."""
        made = cls.__new__(cls)
        made._set(*values)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        # goes through the constructor: arrays unpickled by default would be writable
        return type(self), (self.times, self.channels, self.offsets, self.n_channels, self.durations)

    @classmethod
    def from_samples(
        cls, samples: Iterable[tuple[ArrayLike, ArrayLike]], n_channels: int, duration: ArrayLike
    ) -> SpikeTrains:
        """Return spike trains from a pair ``(times in ms, channels)`` for each sample, in any order of spikes.

        Samples that are made one at a time, by a generator, take 20 bytes a spike in all, 12 of them for good.

        Examples
        --------
        >>> SpikeTrains.from_samples([([4.0, 1.0], [1, 0]), ([], [])], n_channels=2, duration=10.0)
        SpikeTrains(2 samples, 2 channels, 2 spikes, 10 ms)
        """
        all_times, all_channels, sizes, valid = [np.zeros(0)], [np.zeros(0, np.int32)], [0], []
        for index, sample in enumerate(_iterated(samples)):
            try:
                sample_times, sample_channels = sample
            except (TypeError, ValueError):
                raise InputError("samples", samples, "must be pairs of times and channels") from None
            times = float_vector("times", sample_times, "ms")
            channels = whole_vector("channels", sample_channels, np.int32)
            if len(times) != len(channels):
                raise InputError("samples", len(channels), f"sample {index}: {len(times)} times need as many channels")
            order = np.argsort(times, kind="stable")
            all_times.append(times[order])
            all_channels.append(channels[order])
            sizes.append(len(times))
            # not by comparisons that nan would pass
            ends = (all_times[-1][0], all_times[-1][-1], channels.min(), channels.max()) if len(times) else (0, 0, 0, 0)
            valid.append(ends)
        times = np.concatenate(all_times)
        del all_times  # so that all is there twice for a moment only, of times or of channels
        channels = np.concatenate(all_channels)
        del all_channels
        offsets = np.cumsum(sizes)
        durations = durations_of(duration, len(valid))
        first, last, lowest, highest = np.array(valid, dtype=np.float64).reshape(-1, 4).T
        whole = is_whole(n_channels) and 1 <= n_channels <= MOST_CHANNELS
        if whole and np.all((first >= 0) & (last < durations)) and np.all((lowest >= 0) & (highest < n_channels)):
            return cls._trusted(times, channels, offsets, int(n_channels), durations)
        return cls(times, channels, offsets, n_channels, duration)  # which says what is wrong

    @classmethod
    @takes(dt="ms")
    def from_dense(cls, counts: ArrayLike, dt: float) -> SpikeTrains:
        """Return spike trains from counts in bins of `dt` ms, (samples, steps, channels); the inverse of :meth:`to_dense`.

        All spikes of a bin are at its start, ``step * dt``, so that :meth:`to_dense` with the same `dt` is exact.

        Examples
        --------
        >>> SpikeTrains.from_dense([[[0, 1], [2, 0]]], dt=5.0).times
        array([0., 5., 5.])
        """
        dt = positive("dt", dt, "ms")
        dense = np.asarray(counts)
        if dense.ndim != 3:
            raise InputError("counts", dense.shape, "must have the shape (samples, steps, channels)")
        if dense.shape[1] == 0 or dense.shape[2] == 0:
            raise InputError("counts", dense.shape, "must have at least one step and one channel")
        check_limit("duration", f"dt of {dense.shape[1]} steps", dense.shape[1] * dt)
        check_memory("counts", dense.shape, 8 * dense.size, "the counts as whole numbers")
        whole = dense.astype(np.int64) if dense.dtype.kind in "biu" else whole_vector("counts", dense.ravel(), np.int64)
        whole = whole.reshape(dense.shape)
        if whole.size and whole.min() < 0:
            raise InputError("counts", whole.min(), "must be >= 0")
        check_memory("counts", dense.shape, EVENT * float(whole.sum(dtype=np.float64)), "that many spikes")
        sample, step, channel = np.nonzero(whole)
        repeats = whole[sample, step, channel]
        offsets = np.concatenate([[0], np.cumsum(whole.sum(axis=(1, 2)))])
        times, channels = np.repeat(step * dt, repeats), np.repeat(channel.astype(np.int32), repeats)
        return cls._trusted(times, channels, offsets, dense.shape[2], np.full(len(dense), dense.shape[1] * dt))

    @classmethod
    def from_events(
        cls,
        x: ArrayLike,
        y: ArrayLike,
        p: ArrayLike | None,
        t: ArrayLike,
        shape: tuple[int, int],
        duration: ArrayLike | None = None,
        offsets: ArrayLike | None = None,
        polarities: int = 2,
        time_unit: str = "us",
    ) -> SpikeTrains:
        """Return spike trains from the events of an event camera: ``channel = (p * height + y) * width + x``.

        Parameters
        ----------
        x, y : array_like of int, (events,)
            Column (0 to width - 1) and row (0 to height - 1).
        p : array_like of int or None, (events,)
            Polarity, 0 to ``polarities - 1``; ignored when `polarities` is 1.
        t : array_like, (events,)
            Time in `time_unit` (or Brian2 quantities) from the recording's onset, non-decreasing within a recording.
        shape : (int, int)
            Height and width of the sensor in pixels.
        duration : float or array_like, (samples,), optional
            Length in **ms**; by default each sample ends one `time_unit` after its last event.
        offsets : array_like of int, (samples + 1,), optional
            Index of the first event of each recording; by default all events are one sample.
        polarities : int
            2 (separate channels for off and on) or 1 (merged).
        time_unit : {"us", "ms", "s"}
            Unit of `t`.

        Examples
        --------
        >>> SpikeTrains.from_events([0, 3], [1, 2], [0, 1], [10, 2500], shape=(4, 4)).channels
        array([ 4, 27], dtype=int32)
        """
        if not isinstance(time_unit, str) or time_unit not in _MS:
            raise InputError("time_unit", time_unit, 'must be "us", "ms" or "s"')
        if count_of("polarities", polarities) > 2:
            raise InputError("polarities", polarities, "must be 1 or 2")
        if np.shape(shape) != (2,):
            raise InputError("shape", shape, "must be two numbers, height and width")
        height, width = (count_of("shape", side, most=MOST_CHANNELS) for side in plain(shape, "", "shape"))
        count_of("shape: number of channels", polarities * height * width, most=MOST_CHANNELS)
        fields = {"x": (x, width), "y": (y, height), "p": (p, 2)}
        if polarities == 1:
            fields["p"] = (np.zeros(np.shape(x), np.int64), 1)
        ticks = float_vector("t", t, time_unit)
        columns = {name: whole_vector(name, values, np.int64) for name, (values, _) in fields.items()}
        for name, column in columns.items():
            if len(column) != len(ticks):
                raise InputError(name, column, f"must be as long as t: {len(column)} against {len(ticks)}")
            bad = np.flatnonzero((column < 0) | (column >= fields[name][1]))
            if len(bad):
                raise InputError(f"{name}[{bad[0]}]", column[bad[0]], f"must be 0 to {fields[name][1] - 1}")
        channels = (columns["p"] * height + columns["y"]) * width + columns["x"]
        starts = np.array([0, len(ticks)]) if offsets is None else whole_vector("offsets", offsets, np.int64)
        if duration is None:
            if not len(starts) or np.any(np.diff(starts) <= 0) or starts[-1] != len(ticks):
                raise InputError("duration", None, "must be given where a recording has no events or offsets misfit")
            duration = (ticks[starts[1:] - 1] + 1) * _MS[time_unit]
        return cls(ticks * _MS[time_unit], channels, starts, polarities * height * width, duration)

    @classmethod
    @takes()
    def concatenate(cls, parts: Sequence[SpikeTrains]) -> SpikeTrains:
        """Return all samples of `parts`, in order; the parts must have the same channels.

        Examples
        --------
        >>> one = SpikeTrains([1.0], [0], [0, 1], n_channels=1, duration=5.0)
        >>> SpikeTrains.concatenate([one, one]).offsets
        array([0, 1, 2])
        """
        if len(parts) == 0:
            raise InputError("parts", parts, "must hold at least one SpikeTrains")
        widths = sorted({part.n_channels for part in parts})
        if len(widths) > 1:
            raise InputError("parts", widths, "must all have the same number of channels")
        return cls._trusted(
            np.concatenate([part.times for part in parts]),
            np.concatenate([part.channels for part in parts]),
            np.concatenate([[0], np.cumsum(np.concatenate([np.diff(part.offsets) for part in parts]))]),
            widths[0],
            np.concatenate([part.durations for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __repr__(self) -> str:
        ends = {float(self.durations.min()), float(self.durations.max())} if len(self) else {0.0}
        lengths = " to ".join(f"{value:g}" for value in sorted(ends))
        numbers = ((len(self), "sample"), (self.n_channels, "channel"), (self.n_spikes, "spike"))
        return f"SpikeTrains({', '.join(counted(*one) for one in numbers)}, {lengths} ms)"

    def _rows(self) -> Iterable[Row]:
        yield Row("samples", str(len(self)))
        yield Row("channels", str(self.n_channels))
        yield Row("spikes", str(self.n_spikes))
        if len(self):
            ends = dict.fromkeys(f"{value:g}" for value in (self.durations.min(), self.durations.max()))
            yield Row("duration", " to ".join(ends), "ms")
            yield Row("mean rate", f"{1000 * self.n_spikes / (self.n_channels * self.durations.sum()):.4g}", "Hz a channel")

    def _pictures(self) -> Iterable[str]:
        if len(self):
            first = self[0]
            yield raster(first.times, first.channels, float(first.durations[0]), first.n_channels)

    def __iter__(self) -> Iterator[SpikeTrains]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, key: Any) -> SpikeTrains:
        rows = sample_rows(key, len(self))
        if len(rows) and np.all(np.diff(rows) == 1):  # neighbours: views, no copy
            start, stop = self.offsets[rows[0]], self.offsets[rows[-1] + 1]
            times, channels = self.times[start:stop], self.channels[start:stop]
            return self._trusted(
                times, channels, self.offsets[rows[0] : rows[-1] + 2] - start, self.n_channels, self.durations[rows]
            )
        lengths = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        spikes = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        return self._trusted(self.times[spikes], self.channels[spikes], offsets, self.n_channels, self.durations[rows])

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        # by default NumPy would make an array of one-sample objects, which would fail much later
        raise InputError("array", self, "spike trains are no plain array: use .counts(windows) or .to_dense(dt)")

    @property
    def shape(self) -> tuple[int, int]:
        """(samples, channels)."""
        return len(self), self.n_channels

    @property
    def n_spikes(self) -> int:
        """Number of spikes in all samples."""
        return len(self.times)

    @takes()
    def sample(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the times (ms) and channels of one sample, as views."""
        start, stop = self.offsets[index], self.offsets[index + 1]
        return self.times[start:stop], self.channels[start:stop]

    def equals(self, other: object) -> bool:
        """Return whether `other` has exactly the same samples, channels, spikes and durations."""
        return (
            isinstance(other, SpikeTrains)
            and self.n_channels == other.n_channels
            and np.array_equal(self.offsets, other.offsets)
            and np.array_equal(self.durations, other.durations)
            and np.array_equal(self.channels, other.channels)
            and np.array_equal(self.times, other.times)
        )

    @takes(dt="ms")
    def to_dense(self, dt: float) -> np.ndarray:
        """Return spike counts in bins of `dt` ms: int32, (samples, steps, channels), up to the end of the longest sample.

        The bin of a spike is given by :func:`steps_of`, at most the last bin of its sample.
        """
        dt = positive("dt", dt, "ms")
        steps = float(self.durations.max(initial=0.0)) / dt + 1
        check_memory("dt", dt, 4 * len(self) * steps * self.n_channels + _INDEXED * self.n_spikes, "the dense counts")
        sample = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        needed = step_count(self.durations, dt)
        step = np.minimum(steps_of(self.times, dt), needed[sample] - 1)
        dense = np.zeros((len(self), int(needed.max(initial=0)), self.n_channels), np.int32)
        np.add.at(dense, (sample, step, self.channels), 1)
        return dense

    @takes(windows="ms")
    def counts(self, windows: int | ArrayLike = 1) -> np.ndarray:
        """Return spike counts in windows of time: int32, (samples, windows, channels).

        Parameters
        ----------
        windows : int or array_like
            A number K: K equal windows of each sample's own duration. Ascending edges in ms: the half-open windows
            [edge, next edge), with the tolerance of :mod:`hrsnn.stimuli.time_grid`.

        Examples
        --------
        >>> trains = SpikeTrains([1.0, 5.0, 9.0], [0, 0, 0], [0, 3], n_channels=1, duration=10.0)
        >>> trains.counts(2).ravel(), trains.counts([0.0, 2.0, 9.0]).ravel()
        (array([1, 2], dtype=int32), array([1, 1], dtype=int32))
        """
        number = windows if isinstance(windows, (int, np.integer)) else np.size(windows)
        needed = 4 * len(self) * int(number) * self.n_channels + _INDEXED * self.n_spikes
        check_memory("windows", number, needed, "the counts")
        sample = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        if np.ndim(windows) == 0:
            if not is_whole(windows) or windows < 1:
                raise InputError("windows", windows, "must be a whole number >= 1, or ascending edges in ms")
            number = int(windows)
            window = equal_windows_of(self.times, self.durations[sample], number)
            kept: Any = slice(None)
        else:
            edges = float_vector("windows", windows)
            if len(edges) < 2 or not np.all(np.isfinite(edges)) or np.any(np.diff(edges) <= 0):
                raise InputError("windows", edges, "edges must be two or more ascending times in ms")
            number = len(edges) - 1
            window = windows_of(self.times, edges)
            kept = (window >= 0) & (window < number)
        counts = np.zeros((len(self), number, self.n_channels), np.int32)
        np.add.at(counts, (sample[kept], window[kept], self.channels[kept]), 1)
        return counts

    @takes(start="ms", stop="ms")
    def time_slice(self, start: float, stop: float) -> SpikeTrains:
        """Return the spikes in [start, stop) ms, with times relative to `start`; durations end at `stop` at the latest.

        Raises
        ------
        InputError
            When the slice is empty or a sample ends before it starts.

        Examples
        --------
        >>> SpikeTrains([1.0, 5.0], [0, 0], [0, 2], n_channels=1, duration=10.0).time_slice(4.0, 8.0).times
        array([1.])
        """
        start, stop = float(start), float(stop)
        if not 0 <= start < stop:
            raise InputError("start", start, f"must be >= 0 and below stop ({stop:g} ms)")
        durations = np.minimum(self.durations, stop) - start
        if np.any(durations <= 0):
            worst = int(np.argmin(durations))
            raise InputError("start", start, f"sample {worst} lasts {self.durations[worst]:g} ms only")
        kept = np.flatnonzero((self.times >= start) & (self.times < stop))
        sample = np.repeat(np.arange(len(self)), np.diff(self.offsets))[kept]
        # the subtraction can round the time of a spike just before the end to the end
        times = np.minimum(self.times[kept] - start, np.nextafter(durations, 0)[sample])
        offsets = np.concatenate([[0], np.cumsum(np.bincount(sample, minlength=len(self)))])
        return self._trusted(times, self.channels[kept], offsets, self.n_channels, durations)

    def save(self, path: PathLike, labels: ArrayLike | None = None) -> None:
        """Write the trains, and a label for each sample if given, atomically to an ``.npz`` file.

        Parameters
        ----------
        path : path
            File to write.
        labels : array_like, (samples,), optional
            Numbers or strings.

        Raises
        ------
        InputError
            When the labels do not fit the samples.
        FileError
            When the file cannot be written.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.npz"
        >>> trains = SpikeTrains([1.0, 2.0], [0, 1], [0, 1, 2], n_channels=2, duration=5.0)
        >>> trains.save(path, labels=["left", "right"])
        >>> SpikeTrains.load_labelled(path)
        (SpikeTrains(2 samples, 2 channels, 2 spikes, 5 ms), array(['left', 'right'], dtype='<U5'))
        """
        arrays = {"times": self.times, "channels": self.channels, "offsets": self.offsets, "durations": self.durations}
        write_trains(path, arrays, self.n_channels, None if labels is None else checked_labels(labels, len(self)))

    @classmethod
    def load(cls, path: PathLike) -> SpikeTrains:
        """Read spike trains written by :meth:`save`.

        Raises
        ------
        FileError
            When the file is missing, damaged or of another kind.
        """
        return cls.load_with_labels(path)[0]

    @classmethod
    def load_labelled(cls, path: PathLike) -> tuple[SpikeTrains, np.ndarray]:
        """Read spike trains and labels written by :meth:`save`.

        Raises
        ------
        FileError
            When the file is missing, damaged, of another kind, or has no labels.
        """
        trains, labels = cls.load_with_labels(path)
        if labels is None:
            raise FileError(path, "holds no labels: write it with trains.save(path, labels=...)")
        return trains, labels

    @classmethod
    def load_with_labels(cls, path: PathLike) -> tuple[SpikeTrains, np.ndarray | None]:
        """Read spike trains written by :meth:`save`, and their labels, or None where there are none.

        Raises
        ------
        FileError
            When the file is missing, damaged or of another kind.
        """
        arrays, header, labels = read_trains(path)
        with refuse_damaged(path, "spike trains"):
            trains = cls(arrays["times"], arrays["channels"], arrays["offsets"], header["n_channels"], arrays["durations"])
            return trains, None if labels is None else checked_labels(labels, len(trains))


def _iterated(samples: Any) -> Iterator[Any]:
    try:
        return iter(samples)
    except TypeError:
        raise InputError("samples", samples, "must be pairs of times and channels") from None
