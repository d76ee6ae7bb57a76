"""Validation of spikes in flat arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from hrsnn.errors import InputError
from hrsnn.validation.limits import check_limit
from hrsnn.validation.numbers import float_array, float_vector


def durations_of(duration: Any, samples: int) -> np.ndarray:
    """Return the duration of each sample in ms, from one number or one for each sample.

    Raises
    ------
    InputError
        When a duration is not positive and finite or exceeds the limit, or their number is wrong.
    """
    value = float_array("duration", duration, "ms")
    durations = float_vector("duration", value[np.newaxis] if value.ndim == 0 else value)
    if value.ndim != 0 and len(durations) != samples:
        raise InputError("duration", durations, f"must be one number or {samples}, one for each sample")
    bad = np.flatnonzero(~(np.isfinite(durations) & (durations > 0)))
    if len(bad):
        raise InputError("duration", durations[bad[0]], f"sample {bad[0]}: must be positive and finite (ms)")
    check_limit("duration", "duration", float(durations.max(initial=0.0)))
    return np.resize(durations, samples)


def check_spikes(
    times: np.ndarray, channels: np.ndarray, offsets: np.ndarray, n_channels: int, durations: np.ndarray
) -> None:
    """Check that spikes lie within their sample's duration and the channels, and that samples are sorted by time.

    Raises
    ------
    InputError
        With the index, the sample and the value of the first invalid spike.
    """

    def fail(name: str, place: int, values: np.ndarray, allowed: str) -> None:
        sample = int(np.searchsorted(offsets, place, side="right")) - 1
        raise InputError(f"{name}[{place}]", values[place], f"sample {sample}: {allowed}")

    ends = np.repeat(durations, np.diff(offsets))
    bad = np.flatnonzero(~((times >= 0) & (times < ends)))
    if len(bad):
        fail("times", bad[0], times, f"must be >= 0 and below the duration, {ends[bad[0]]:g} ms")
    falls = np.diff(times) < 0
    starts = offsets[1:-1]
    falls[starts[(starts > 0) & (starts < len(times))] - 1] = False
    bad = np.flatnonzero(falls) + 1
    if len(bad):
        fail("times", bad[0], times, f"must not fall: the spike before is at {times[bad[0] - 1]:g} ms; sort the sample")
    bad = np.flatnonzero((channels < 0) | (channels >= n_channels))
    if len(bad):
        fail("channels", bad[0], channels, f"must be 0 to {n_channels - 1}")
