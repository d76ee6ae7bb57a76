"""Numbers to spikes of a population: each value is seen by overlapping Gaussian receptive fields."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from hrsnn.encoders.input_checks import checked_rows, checked_series, takes_as_series
from hrsnn.encoders.poisson import PoissonEncoder
from hrsnn.encoders.scaling import training_range
from hrsnn.errors import InputError
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, duration_of, positive
from hrsnn.validation.units import plain


class ReceptiveFieldEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Spikes of a population with Gaussian tuning curves, for each feature.

    With x the value scaled to [0, 1] by the training data, field j = 0 to M - 1 answers with

        r_j = exp(-(x - mu_j)^2 / (2 sigma^2)),   mu_j = (j - 1/2) / (M - 2),   sigma = 1 / (overlap (M - 2))

    and sends, while the value is held for d ms,

    - latency: one spike ``(1 - r_j) / (1 - threshold) d`` after the value's onset, none where r_j <= threshold
    - rate: a Poisson train of rate ``peak_rate r_j``

    Parameters
    ----------
    fields : int
        M, the number of receptive fields of a feature; 3 or more.
    overlap : float
        How narrow the fields are: larger is narrower.
    code : {"latency", "rate"}
        What a field sends.
    threshold : float
        Largest answer that does not spike, in [0, 1); of the latency code.
    peak_rate : float
        Rate in Hz at the centre of a field; of the rate code.
    duration : float
        Time in ms for which a row of numbers is held, when a sample is a row.
    dt : float
        Time in ms for which each row is held, when a sample is a series (times, features).
    scale : {"channel", "global", "none"}
        What the training range is: of each feature, of all features together, or 0 and 1.
    seed : int
        Root of the noise of the rate code.
    series : bool
        Whether `X` may be a 3-D array (samples, times, features), each sample a series. Without, a 3-D array is refused: it
        may hold images, whose rows are no times. A list of arrays (times, features) is of series either way.

    Attributes
    ----------
    low_, high_ : ndarray, (features,)
        The range of the training data.
    centres_ : ndarray, (fields,)
        The mu_j, in units of that range.
    n_features_in_ : int
        Number of features; the spikes have `fields` times as many channels: field j of feature i is channel
        ``i * fields + j``.

    Raises
    ------
    InputError
        When a parameter is out of range, `X` is 3-D without `series` or rows with it, or a series is no (times, features)
        array of finite numbers.

    Notes
    -----
    The first and the last centre lie half a field outside of the training range. Values outside it are not clipped:
    the outer fields answer less and less. A feature that is constant in training is taken to have the range 1 above
    its value. The noise of the rate code is keyed by the sample, as in :class:`~hrsnn.PoissonEncoder`.

    References
    ----------
    S. M. Bohte, J. N. Kok, H. La Poutre, Error-backpropagation in temporally encoded networks of spiking neurons,
    Neurocomputing 48 (2002): centres, widths and overlap (their beta, 1.5).

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
        """Learn the range of the values in `X`, (samples, features) or a series (times, features) for each sample."""
        self._check()
        samples = checked_series(self, X, reset=True) if takes_as_series(self, X) else [checked_rows(self, X, reset=True)]
        self.low_, self.high_ = training_range(samples, self.scale)
        check_memory("fields", self.fields, 16 * self.fields, "their centres")
        self.centres_ = (np.arange(self.fields) - 0.5) / (self.fields - 2)
        return self

    def transform(self, X: Any) -> SpikeTrains:
        """Spikes of the samples in `X`, over `fields` times as many channels."""
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
        """What can be wrong; the duration and dt (ms)."""
        if self.code not in ("latency", "rate"):
            raise InputError("code", self.code, 'must be "latency" or "rate"')
        if not 0 <= plain(self.threshold, "", "threshold") < 1:
            raise InputError("threshold", self.threshold, "must be in [0, 1)")
        count_of("fields", self.fields, 3)
        positive("overlap", self.overlap, "no unit")
        positive("peak_rate", self.peak_rate, "Hz")
        generator(self.seed)  # says so when it is no seed
        return duration_of("duration", self.duration), duration_of("dt", self.dt)

    def _answers(self, sample: np.ndarray) -> np.ndarray:
        """r of every field of every feature, (times, features * fields)."""
        span = self.high_ - self.low_
        x = (sample - self.low_) / np.where(span > 0, span, 1.0)
        distance = (x[..., np.newaxis] - self.centres_) * self.overlap * (self.fields - 2)
        return np.asarray(np.exp(-(distance**2) / 2)).reshape(len(sample), -1)

    def _latencies(self, answers: np.ndarray, hold: float) -> tuple[np.ndarray, np.ndarray]:
        row, channel = np.nonzero(answers > self.threshold)
        late = (1 - answers[row, channel]) / (1 - self.threshold)
        # just above the threshold rounding could move a spike into the next row
        return np.minimum((row + late) * hold, np.nextafter((row + 1) * hold, 0)), channel
