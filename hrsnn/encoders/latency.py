"""Latency encoder: numbers to the times of single spikes."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from hrsnn.encoders.input_checks import Encoder, checked_rows
from hrsnn.encoders.scaling import scaled, training_range
from hrsnn.errors import InputError
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.numbers import duration_of, number_of


class LatencyEncoder(Encoder):
    """Encoder of values as times to the first spike: each channel spikes at most once, large values early.

    With x the value scaled to [0, 1] by the training data and c the threshold,

    - linear: ``t = duration * (1 - x) / (1 - c)``
    - log: ``t = duration * log(1/x) / log(1/c)``

    so that x = 1 spikes at 0 and x just above c at the end; x <= c never spikes.

    Parameters
    ----------
    duration : float
        Length of a sample in ms.
    threshold : float
        Largest scaled value that does not spike, in [0, 1); above 0 for the log curve.
    curve : {"linear", "log"}
        Dependence of the time on the value.
    scale : {"global", "channel", "none"}
        Range for scaling: that of all channels together, that of each channel, or [0, 1].

    Attributes
    ----------
    low_, high_ : ndarray, (channels,)
        The range of the training data.
    n_features_in_ : int
        Number of channels.

    Raises
    ------
    InputError
        When a parameter is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> trains = LatencyEncoder(duration=100.0).fit_transform(np.array([[0.0, 4.0, 1.0]]))
    >>> trains.times, trains.channels
    (array([ 0., 75.]), array([1, 2], dtype=int32))
    """

    def __init__(
        self, duration: float = 100.0, threshold: float = 0.0, curve: str = "linear", scale: str = "global"
    ) -> None:
        self.duration = duration
        self.threshold = threshold
        self.curve = curve
        self.scale = scale

    def fit(self, X: Any, y: Any = None) -> LatencyEncoder:
        """Compute the range of the values in `X`, (samples, channels)."""
        self._parameters()
        self.low_, self.high_ = training_range([checked_rows(self, X, reset=True)], self.scale)
        return self

    def transform(self, X: Any) -> SpikeTrains:
        """Return at most one spike of each channel for each row of `X`."""
        check_is_fitted(self)
        duration, threshold = self._parameters()
        x = scaled(checked_rows(self, X, reset=False), self.low_, self.high_)
        with np.errstate(divide="ignore"):
            late = np.log(x) / np.log(threshold) if self.curve == "log" else (1 - x) / (1 - threshold)
        times = np.clip(duration * late, 0.0, np.nextafter(duration, 0))
        trains = [(row[spikes], np.flatnonzero(spikes)) for row, spikes in zip(times, x > threshold, strict=True)]
        return SpikeTrains.from_samples(trains, self.n_features_in_, duration)

    def _parameters(self) -> tuple[float, float]:
        if not isinstance(self.curve, str) or self.curve not in ("linear", "log"):
            raise InputError("curve", self.curve, 'must be "linear" or "log"')
        low = 0 if self.curve == "linear" else np.nextafter(0, 1)
        threshold = number_of("threshold", self.threshold)
        if not low <= threshold < 1:
            raise InputError("threshold", self.threshold, f"must be in {'[' if low == 0 else '('}0, 1)")
        return duration_of("duration", self.duration), threshold
