"""Level-crossing encoder: changes of series to spikes (send-on-delta)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from hrsnn.encoders.input_checks import Encoder, checked_series, is_series
from hrsnn.encoders.on_off_spikes import check_moves, on_off_spikes
from hrsnn.encoders.scaling import scaled, training_range
from hrsnn.errors import InputError
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.validation.numbers import duration_of, number_of


class LevelCrossingEncoder(Encoder):
    """Encoder of series with a spike for each change of a value by `delta` (send-on-delta).

    The reference r of a feature is initially its first value. At row k of the series, with the (scaled) value x::

        n = floor(|x - r| / delta),   r <- r + sign(x - r) n delta

    and there are n spikes, evenly spaced over the time of the row: at ``(k + (j + 1/2) / n) dt``, j = 0 to n - 1.

    Parameters
    ----------
    delta : float
        Distance between levels, as a share of the training range (of the value itself with ``scale="none"``).
    dt : float
        Time in ms for which each row of a series is held.
    scale : {"global", "channel", "none"}
        Range for scaling: that of all features together, that of each feature, or [0, 1]. Values outside it are clipped.

    Attributes
    ----------
    low_, high_ : ndarray, (features,)
        The range of the training data.
    n_features_in_ : int
        Number of features; the spikes have twice as many channels: channel i for increases of feature i, channel
        ``n_features_in_ + i`` for decreases.

    Raises
    ------
    InputError
        When a parameter is out of range, or `X` is neither a list of (times, features) arrays nor a 3-D array.

    Notes
    -----
    From the first value, which is not encoded, and the spikes, the signal can be reconstructed to within `delta` at every
    row.

    Examples
    --------
    >>> import numpy as np
    >>> ramp_up_and_down = np.array([[0.0], [0.25], [0.5], [0.5], [0.0]])
    >>> trains = LevelCrossingEncoder(delta=0.25, dt=10.0, scale="none").fit_transform([ramp_up_and_down])
    >>> trains.times, trains.channels
    (array([15. , 25. , 42.5, 47.5]), array([0, 0, 1, 1], dtype=int32))
    """

    def __init__(self, delta: float = 0.05, dt: float = 10.0, scale: str = "global") -> None:
        self.delta = delta
        self.dt = dt
        self.scale = scale

    def fit(self, X: Any, y: Any = None) -> LevelCrossingEncoder:
        """Compute the range of the values in `X`, an array (times, features) for each sample."""
        self._parameters()
        self.low_, self.high_ = training_range(self._series(X, reset=True), self.scale)
        return self

    def transform(self, X: Any) -> SpikeTrains:
        """Return the spikes of the samples in `X`, with twice as many channels as features."""
        check_is_fitted(self)
        delta, dt = self._parameters()
        samples = self._series(X, reset=False)
        values = [scaled(sample, self.low_, self.high_) for sample in samples]
        check_moves("delta", delta, values)
        trains = [_crossings(one, delta, dt) for one in values]
        return SpikeTrains.from_samples(trains, 2 * self.n_features_in_, [len(sample) * dt for sample in samples])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = False, True
        return tags

    def _parameters(self) -> tuple[float, float]:
        delta = number_of("delta", self.delta)
        if not 0 < delta <= 1:
            raise InputError("delta", self.delta, "must be in (0, 1]")
        return delta, duration_of("dt", self.dt)

    def _series(self, X: Any, reset: bool) -> list[np.ndarray]:
        if not is_series(X):
            raise InputError("X", X, "must be a 3-D array or a list of arrays (times, features)")
        return checked_series(self, X, reset)


def _crossings(values: np.ndarray, delta: float, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Return times (ms) and channels of the spikes of one scaled series (times, features)."""
    # in units of levels, so that the reference is exact after any number of changes; the small term includes x - r = delta
    levels = (values - values[0]) / delta
    reached = np.zeros(values.shape[1])
    moves = np.zeros(values.shape, np.int64)
    for row in range(1, len(values)):
        gap = levels[row] - reached
        moves[row] = np.sign(gap) * np.floor(np.abs(gap) + 1e-9)
        reached += moves[row]
    return on_off_spikes(moves, dt)
