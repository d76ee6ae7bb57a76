"""Poisson encoder: numbers to rates of Poisson spike trains."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from hrsnn.encoders.input_checks import Encoder, checked_rows, checked_series, takes_as_series
from hrsnn.encoders.scaling import scaled, training_range
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.spike_trains import STREAMED, SpikeTrains
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import duration_of, positive


class PoissonEncoder(Encoder):
    """Encoder of values as rates of Poisson spike trains.

    ``rate = peak_rate * (x - low) / (high - low)``, clipped to [0, peak_rate], with `low` and `high` from the training
    data. The Poisson process is in continuous time: the number of spikes is Poisson-distributed, the times are uniform.

    Parameters
    ----------
    peak_rate : float
        Rate in Hz of the largest training value.
    duration : float
        Length in ms of a sample that is a row of numbers.
    dt : float
        Time in ms for which each row of a series is held, when a sample is a series (times, channels).
    scale : {"global", "channel", "none"}
        `low` and `high`: the range of all channels together, that of each channel, or [0, 1].
    seed : int
        Seed of the noise.
    series : bool
        Whether `X` may be a 3-D array (samples, times, channels), each sample a series. By default a 3-D array is an error,
        since it may contain images, whose rows are not times. A list of arrays (times, channels) is always allowed.

    Attributes
    ----------
    low_, high_ : ndarray, (channels,)
        The range of the training data.
    n_features_in_ : int
        Number of channels.

    Raises
    ------
    InputError
        When a parameter is out of range, `X` is 3-D without `series` or 2-D with it, a series is not a (times, channels)
        array of finite numbers, or the expected spikes would exceed the memory limit.

    Notes
    -----
    The noise of a sample is determined by `seed` and the sample's values: it has the same spikes in any batch, in any
    order, in any fold of a cross-validation. Equal samples therefore have equal spikes. For repeated, independent
    presentations use a different seed for each.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 0.5], [1.0, 0.25]])
    >>> trains = PoissonEncoder(peak_rate=200.0, duration=1000.0).fit_transform(X)
    >>> trains
    SpikeTrains(2 samples, 2 channels, 356 spikes, 1000 ms)
    >>> trains.counts()[:, 0]
    array([[  0,  98],
           [212,  46]], dtype=int32)
    """

    def __init__(
        self,
        peak_rate: float = 300.0,
        duration: float = 100.0,
        dt: float = 10.0,
        scale: str = "global",
        seed: int = 0,
        series: bool = False,
    ) -> None:
        self.peak_rate = peak_rate
        self.duration = duration
        self.dt = dt
        self.scale = scale
        self.seed = seed
        self.series = series

    def fit(self, X: Any, y: Any = None) -> PoissonEncoder:
        """Compute the range of the values in `X`, (samples, channels) or a series (times, channels) for each sample."""
        self._parameters()
        samples = checked_series(self, X, reset=True) if takes_as_series(self, X) else [checked_rows(self, X, reset=True)]
        self.low_, self.high_ = training_range(samples, self.scale)
        return self

    def transform(self, X: Any) -> SpikeTrains:
        """Return the spikes of the samples in `X`, with the same channels."""
        check_is_fitted(self)
        peak_rate, duration, dt = self._parameters()
        if takes_as_series(self, X):
            samples = checked_series(self, X, reset=False)
        else:
            samples, dt = [row[np.newaxis] for row in checked_rows(self, X, reset=False)], duration
        rates = (float(scaled(sample, self.low_, self.high_).sum()) for sample in samples)
        expected = peak_rate * 1e-3 * dt * sum(rates)
        check_memory("peak_rate", self.peak_rate, STREAMED * expected, f"{expected:.2g} spikes")
        trains = (self._spikes(sample, peak_rate, dt) for sample in samples)
        return SpikeTrains.from_samples(trains, self.n_features_in_, [len(sample) * dt for sample in samples])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = not self.series, bool(self.series)
        return tags

    def _parameters(self) -> tuple[float, float, float]:
        generator(self.seed)  # raises for an invalid seed
        rate = positive("peak_rate", self.peak_rate, "Hz")
        return rate, duration_of("duration", self.duration), duration_of("dt", self.dt)

    def _spikes(self, sample: np.ndarray, peak_rate: float, dt: float) -> tuple[np.ndarray, np.ndarray]:
        # + 0.0 converts -0.0 to 0.0
        key = hashlib.blake2b((sample + 0.0).tobytes(), digest_size=16).hexdigest()
        random = generator(self.seed, "poisson encoder", key)
        expected = peak_rate * 1e-3 * dt * scaled(sample, self.low_, self.high_)
        counts = random.poisson(expected)
        row, channel = np.nonzero(counts)
        repeats = counts[row, channel]
        times = (np.repeat(row, repeats) + random.random(repeats.sum())) * dt
        return np.minimum(times, np.nextafter(len(sample) * dt, 0)), np.repeat(channel, repeats)
