"""Temporal difference encoder: changes between frames of video to spikes."""

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
from hrsnn.validation.units import plain


class TemporalDifferenceEncoder(Encoder):
    """Encoder of video as on and off spikes where consecutive frames differ.

    With x_k the (scaled) value of a pixel in frame k::

        n = floor(|x_k - x_(k-1)| / threshold)

    spikes occur during frame k, evenly spaced: in the pixel's on channel when it became brighter, in its off channel when
    it became darker. There are no spikes during the first frame.

    Parameters
    ----------
    threshold : float
        Smallest difference that is encoded, as a share of the training range (of the value itself with ``scale="none"``).
    dt : float
        Duration of a frame in ms: 40 for 25 frames per second in real time.
    scale : {"global", "channel", "none"}
        Range for scaling: that of all pixels together, that of each pixel, or [0, 1]. Values outside it are clipped.

    Attributes
    ----------
    low_, high_ : ndarray, (pixels,)
        The range of the training data.
    n_features_in_ : int
        Number of pixels; the spikes have twice as many channels: channel i for pixel i (row by row) becoming brighter,
        channel ``n_features_in_ + i`` for becoming darker.

    Raises
    ------
    InputError
        When a parameter is out of range, or `X` contains no frames.

    Notes
    -----
    Unlike in :class:`~hrsnn.LevelCrossingEncoder`, the reference is the previous frame, not the value at the last spike:
    changes below the threshold from frame to frame, such as slow changes of light and camera noise, cause no spikes.

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), fig. 2: frames of a video are subtracted, and the differences become spikes.

    Examples
    --------
    A bright bar that moves one pixel to the right in each of three frames.

    >>> import numpy as np
    >>> video = np.eye(3)[:, np.newaxis, :]  # frames, height, width
    >>> trains = TemporalDifferenceEncoder(threshold=1.0, dt=40.0).fit_transform([video])
    >>> trains.times, trains.channels
    (array([ 60.,  60., 100., 100.]), array([3, 1, 4, 2], dtype=int32))
    """

    def __init__(self, threshold: float = 0.1, dt: float = 10.0, scale: str = "global") -> None:
        self.threshold = threshold
        self.dt = dt
        self.scale = scale

    def fit(self, X: Any, y: Any = None) -> TemporalDifferenceEncoder:
        """Compute the range of the values in `X`, a video (frames, pixels) or (frames, height, width) for each sample."""
        self._parameters()
        self.low_, self.high_ = training_range(self._videos(X, reset=True), self.scale)
        return self

    def transform(self, X: Any) -> SpikeTrains:
        """Return the spikes of the videos in `X`, with twice as many channels as pixels."""
        check_is_fitted(self)
        threshold, dt = self._parameters()
        trains, durations = [], []
        values = [scaled(video, self.low_, self.high_) for video in self._videos(X, reset=False)]
        check_moves("threshold", threshold, values)
        for video in values:
            change = np.diff(video, axis=0, prepend=np.nan) / threshold
            change[0] = 0.0
            # the small term includes a difference equal to the threshold up to rounding
            moves = (np.sign(change) * np.floor(np.abs(change) + 1e-9)).astype(np.int64)
            trains.append(on_off_spikes(moves, dt))
            durations.append(len(video) * dt)
        return SpikeTrains.from_samples(trains, 2 * self.n_features_in_, durations)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = False, True
        return tags

    def _parameters(self) -> tuple[float, float]:
        threshold = number_of("threshold", self.threshold)
        if not 0 < threshold <= 1:
            raise InputError("threshold", self.threshold, "must be in (0, 1]")
        return threshold, duration_of("dt", self.dt)

    def _videos(self, X: Any, reset: bool) -> list[np.ndarray]:
        flat = X = plain(X, "", "X")
        if isinstance(X, np.ndarray) and X.ndim > 3:
            flat = X.reshape(*X.shape[:2], -1)
        elif isinstance(X, (list, tuple)):
            flat = [np.reshape(item, (len(item), -1)) if np.ndim(item) > 2 and len(item) else item for item in X]
        if not is_series(flat):
            raise InputError("X", X, "must be a list of videos (frames, pixels) or (frames, height, width), or their array")
        return checked_series(self, flat, reset)
