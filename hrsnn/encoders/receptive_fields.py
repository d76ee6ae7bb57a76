"""Receptive field encoder: numbers to spikes of populations with overlapping Gaussian tuning curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from hrsnn.encoders.input_checks import Encoder, checked_rows, checked_series, takes_as_series
from hrsnn.encoders.poisson import PoissonEncoder
from hrsnn.encoders.scaling import training_range
from hrsnn.errors import InputError
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, duration_of, number_of, positive


class ReceptiveFieldEncoder(Encoder):
    """Encoder of each feature as spikes of a population with Gaussian tuning curves.

    With x the value scaled to [0, 1] by the training data, the response of field j = 0 to M - 1 is::

        r_j = exp(-(x - mu_j)^2 / (2 sigma^2)),   mu_j = (j - 1/2) / (M - 2),   sigma = 1 / (overlap (M - 2))

    and its spikes, while the value is held for d ms, are

    - latency: one spike ``(1 - r_j) / (1 - threshold) d`` after the value's onset, none where r_j <= threshold
    - rate: a Poisson train of rate ``peak_rate r_j``

    Parameters
    ----------
    fields : int
        M, the number of receptive fields of a feature; 3 or more.
    overlap : float
        Inverse width of the fields: larger values give narrower fields.
    code : {"latency", "rate"}
        Code of a field's response.
    threshold : float
        Largest response that does not spike, in [0, 1); for the latency code.
    peak_rate : float
        Rate in Hz at the centre of a field; for the rate code.
    duration : float
        Time in ms for which a row of numbers is held, when a sample is a row.
    dt : float
        Time in ms for which each row is held, when a sample is a series (times, features).
    scale : {"channel", "global", "none"}
        Range for scaling: that of each feature, that of all features together, or [0, 1].
    seed : int
        Seed of the noise of the rate code.
    series : bool
        Whether `X` may be a 3-D array (samples, times, features), each sample a series. By default a 3-D array is an error,
        since it may contain images, whose rows are not times. A list of arrays (times, features) is always allowed.

    Attributes
    ----------
    low_, high_ : ndarray, (features,)
        The range of the training data.
    centres_ : ndarray, (fields,)
        Centres mu_j, in units of that range.
    n_features_in_ : int
        Number of features; the spikes have `fields` times as many channels: field j of feature i is channel
        ``i * fields + j``.

    Raises
    ------
    InputError
        When a parameter is out of range, `X` is 3-D without `series` or 2-D with it, or a series is not a (times, features)
        array of finite numbers.

    Notes
    -----
    The first and the last centre are half a spacing outside the training range. Values outside it are not clipped: the
    responses of the outer fields decrease. For a feature that is constant in training, the range is from its value to its
    value + 1. The noise of the rate code is determined by the sample, as in :class:`~hrsnn.PoissonEncoder`.

    References
    ----------
    Bohte et al. (2002), Error-backpropagation in temporally encoded networks of spiking neurons, Neurocomputing 48:
    centres, widths and overlap (their beta, 1.5).

    Examples
    --------
    >>> import numpy as np
    >>> trains = ReceptiveFieldEncoder(fields=4, duration=100.0, threshold=0.1).fit_transform(np.array([[0.0], [1.0]]))
    >>> trains.channels, trains.times.round(1)
    (array([0, 1, 2, 3], dtype=int32), array([27.2, 27.2, 27.2, 27.2]))
    """

    def __init__(
        self,
        fields: int = 8,
        overlap: float = 1.5,
        code: str = "latency",
        threshold: float = 0.1,
        peak_rate: float = 300.0,
        duration: float = 100.0,
        dt: float = 10.0,
        scale: str = "channel",
        seed: int = 0,
        series: bool = False,
    ) -> None:
        self.fields = fields
        self.overlap = overlap
        self.code = code
        self.threshold = threshold
        self.peak_rate = peak_rate
        self.duration = duration
        self.dt = dt
        self.scale = scale
        self.seed = seed
        self.series = series

    def fit(self, X: Any, y: Any = None) -> ReceptiveFieldEncoder:
        """Compute the range of the values in `X`, (samples, features) or a series (times, features) for each sample."""
        self._check()
        samples = checked_series(self, X, reset=True) if takes_as_series(self, X) else [checked_rows(self, X, reset=True)]
        self.low_, self.high_ = training_range(samples, self.scale)
        check_memory("fields", self.fields, 16 * self.fields, "their centres")
        self.centres_ = (np.arange(self.fields) - 0.5) / (self.fields - 2)
        return self

    def transform(self, X: Any) -> SpikeTrains:
        """Return the spikes of the samples in `X`, with `fields` times as many channels as features."""
        check_is_fitted(self)
        duration, dt = self._check()
        if takes_as_series(self, X):
            samples, hold = checked_series(self, X, reset=False), dt
        else:
            samples, hold = [row[np.newaxis] for row in checked_rows(self, X, reset=False)], duration
        rows = sum(map(len, samples))
        check_memory("fields", self.fields, 32 * rows * self.fields * self.n_features_in_, "the answers of all fields")
        answers = [self._answers(sample) for sample in samples]
        if self.code == "rate":
            noise = PoissonEncoder(self.peak_rate, dt=hold, scale="none", seed=self.seed)
            trains: SpikeTrains = noise.fit_transform(answers)
            return trains
        return SpikeTrains.from_samples(
            [self._latencies(answer, hold) for answer in answers],
            self.fields * self.n_features_in_,
            [len(answer) * hold for answer in answers],
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = not self.series, bool(self.series)
        return tags

    def _check(self) -> tuple[float, float]:
        """Check the parameters; return the duration and dt (ms)."""
        if not isinstance(self.code, str) or self.code not in ("latency", "rate"):
            raise InputError("code", self.code, 'must be "latency" or "rate"')
        if not 0 <= number_of("threshold", self.threshold) < 1:
            raise InputError("threshold", self.threshold, "must be in [0, 1)")
        count_of("fields", self.fields, 3)
        positive("overlap", self.overlap, "no unit")
        positive("peak_rate", self.peak_rate, "Hz")
        generator(self.seed)  # raises for an invalid seed
        return duration_of("duration", self.duration), duration_of("dt", self.dt)

    def _answers(self, sample: np.ndarray) -> np.ndarray:
        """Return r of every field of every feature, (times, features * fields)."""
        span = self.high_ - self.low_
        x = (sample - self.low_) / np.where(span > 0, span, 1.0)
        distance = (x[..., np.newaxis] - self.centres_) * self.overlap * (self.fields - 2)
        return np.asarray(np.exp(-(distance**2) / 2)).reshape(len(sample), -1)

    def _latencies(self, answers: np.ndarray, hold: float) -> tuple[np.ndarray, np.ndarray]:
        row, channel = np.nonzero(answers > self.threshold)
        late = (1 - answers[row, channel]) / (1 - self.threshold)
        # for responses just above the threshold, rounding could move a spike into the next row
        return np.minimum((row + late) * hold, np.nextafter((row + 1) * hold, 0)), channel
