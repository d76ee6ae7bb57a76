"""Analog stimuli: one series of piecewise constant values for each channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from hrsnn.errors import InputError
from hrsnn.stimuli.sample_index import sample_rows
from hrsnn.validation.limits import check_limit
from hrsnn.validation.numbers import positive
from hrsnn.validation.units import plain


@dataclass(frozen=True, eq=False, repr=False)
class Currents:
    """Piecewise constant input currents of several samples; immutable.

    Value k of a sample is held during [k dt, (k + 1) dt). Values are dimensionless; ``Reservoir.input_gain`` (mV) converts
    them to voltages.

    Parameters
    ----------
    values : array_like, (samples, times, channels)
        Finite numbers.
    dt : float
        Time in ms for which each value is held.

    Raises
    ------
    InputError
        When the values are not finite numbers of that shape, `dt` is not positive, or a sample lasts longer than the limit.

    Notes
    -----
    All samples have the same length. ``shape``, ``len`` and indexing are those of
    :class:`~hrsnn.stimuli.spike_trains.SpikeTrains`, as scikit-learn's cross-validation requires.

    Examples
    --------
    >>> import numpy as np
    >>> u = np.random.default_rng(0).uniform(-1, 1, size=(1, 200, 1))
    >>> Currents(u, dt=20.0)
    Currents(1 samples, 200 values of 20 ms, 1 channels)
    """

    values: np.ndarray
    dt: float

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
        values.flags.writeable = False
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "dt", dt)

    def __reduce__(self) -> tuple[Any, ...]:
        # goes through the constructor: an array unpickled by default would be writable
        return type(self), (self.values, self.dt)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        samples, times, channels = self.values.shape
        return f"Currents({samples} samples, {times} values of {self.dt:g} ms, {channels} channels)"

    def __iter__(self) -> Iterator[Currents]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, key: Any) -> Currents:
        return Currents(self.values[sample_rows(key, len(self))], self.dt)

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
        return np.full(len(self), self.values.shape[1] * self.dt)

    def equals(self, other: object) -> bool:
        """Return whether `other` has exactly the same values and `dt`."""
        return isinstance(other, Currents) and self.dt == other.dt and np.array_equal(self.values, other.values)
