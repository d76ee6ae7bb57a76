"""Cochleagrams: log energies of sound in mel-spaced bands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann
from sklearn.utils.validation import check_is_fitted

from hrsnn.encoders.input_checks import Encoder
from hrsnn.errors import InputError
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import plain, takes


@takes(frequencies="Hz", f_min="Hz", f_max="Hz")
def mel_filters(frequencies: np.ndarray, channels: int, f_min: float, f_max: float) -> np.ndarray:
    """Return triangular filters with peaks equally spaced in mel, ``m = 2595 log10(1 + f/700)``.

    Each filter rises linearly in f from 0 at the next lower peak to 1 at its own, and falls to 0 at the next higher one:
    between the first and the last peak the filters sum to 1.

    Parameters
    ----------
    frequencies : ndarray, (bins,)
        Frequencies at which the filters are evaluated, in Hz.
    channels : int
        Number of filters.
    f_min, f_max : float
        Lower end of the first filter and upper end of the last one, in Hz.

    Returns
    -------
    ndarray, (channels, bins)

    Examples
    --------
    >>> import numpy as np
    >>> mel_filters(np.array([0.0, 500.0, 1000.0]), channels=1, f_min=0.0, f_max=4000.0).round(2)
    array([[0.  , 0.45, 0.9 ]])
    """
    lowest, highest = 2595 * np.log10(1 + np.array([f_min, f_max]) / 700)
    mel = np.linspace(lowest, highest, channels + 2)
    peaks = 700 * (10 ** (mel / 2595) - 1)
    below, own, above = (peaks[shift : shift + channels, np.newaxis] for shift in range(3))
    rising = (frequencies - below) / (own - below)
    falling = (above - frequencies) / (above - own)
    return np.asarray(np.clip(np.minimum(rising, falling), 0.0, None))


class Cochleagram(Encoder):
    """Transformer of sound to log energies in mel-spaced bands, for each frame.

    ``E = 10 log10(max(M |STFT(x)|^2, floor))``, M the bands, with a Hann window that sums to 1: a sine of amplitude 1
    has ``|STFT| = 1/2`` at its own frequency.

    Parameters
    ----------
    sample_rate : float
        Sample rate of the waveforms, in Hz.
    channels : int
        Number of bands.
    frame : float
        Time from one frame to the next, in ms; frame k is centred on ``k * frame``.
    window : float
        Length of the window, in ms.
    f_min : float
        Lower end of the lowest band, in Hz.
    f_max : float, optional
        Upper end of the highest band, in Hz; by default half the sample rate.
    floor : float
        Smallest energy; silence gives ``10 log10(floor)`` dB.

    Attributes
    ----------
    filters_ : ndarray, (channels, bins)
        Filters of the bands.
    n_features_in_ : int
        Number of bands; waveforms may have any length.

    Raises
    ------
    InputError
        When a parameter is out of range, the bands are too narrow for the window, or a waveform is empty, not finite or
        not 1-D.

    Notes
    -----
    A waveform of n samples gives ``ceil(n / hop)`` frames; it is padded with zeros at both ends. No attribute depends on
    the training data.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(4000) / 8000
    >>> sound = Cochleagram(channels=40).fit_transform([np.sin(2 * np.pi * 1000 * t)])
    >>> sound[0].shape, int(sound[0][25].argmax())
    ((50, 40), 18)
    """

    def __init__(
        self,
        sample_rate: float = 8000.0,
        channels: int = 40,
        frame: float = 10.0,
        window: float = 25.0,
        f_min: float = 20.0,
        f_max: float | None = None,
        floor: float = 1e-7,
    ) -> None:
        self.sample_rate = sample_rate
        self.channels = channels
        self.frame = frame
        self.window = window
        self.f_min = f_min
        self.f_max = f_max
        self.floor = floor

    def fit(self, X: Any, y: Any = None) -> Cochleagram:
        """Compute the filters; `X`, a list of waveforms, is only checked."""
        for _ in _waveforms(X):
            pass
        return self._prepare()

    def fit_transform(self, X: Any, y: Any = None) -> list[np.ndarray]:
        """Compute the filters, and return the energies as :meth:`transform`: each waveform is read once."""
        return self._prepare().transform(X)

    def _prepare(self) -> Cochleagram:
        rate, channels = positive("sample_rate", self.sample_rate, "Hz"), count_of("channels", self.channels)
        frame, window = positive("frame", self.frame, "ms"), positive("window", self.window, "ms")
        if frame < 1000 / rate:
            raise InputError("frame", self.frame, f"must be at least one sample, {1000 / rate:g} ms")
        if window < 4000 / rate:
            raise InputError("window", self.window, f"must be at least four samples, {4000 / rate:g} ms")
        f_max = rate / 2 if self.f_max is None else positive("f_max", self.f_max, "Hz")
        f_min = positive("f_min", self.f_min, "Hz", zero=True)
        if not 0 <= f_min < f_max <= rate / 2:
            raise InputError("f_min", (f_min, f_max), f"must be 0 <= f_min < f_max <= {rate / 2:g} Hz")
        positive("floor", self.floor, "energy")
        bins = 2 * window * rate / 1000  # at most doubled below, to a power of two
        check_memory("channels, window", (channels, window), 40 * channels * bins + 100 * bins, "the bands")
        self.filters_ = mel_filters(self._short_time_fourier().f, channels, f_min, f_max)
        if np.any(self.filters_.sum(axis=1) == 0):
            raise InputError("channels", self.channels, "makes bands narrower than the window can resolve: take fewer")
        self.n_features_in_ = channels
        return self

    def transform(self, X: Any) -> list[np.ndarray]:
        """Return the energies in dB of each waveform in `X`, as arrays (frames, channels)."""
        check_is_fitted(self)
        fourier = self._short_time_fourier()
        return [self._energies(waveform, fourier) for waveform in _waveforms(X)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.one_d_array = False, True
        return tags

    def _short_time_fourier(self) -> ShortTimeFFT:
        # not kept: only numbers and arrays go into model files
        rate = positive("sample_rate", self.sample_rate, "Hz")
        length = round(positive("window", self.window, "ms") * rate / 1000)
        # at least twice the bins of the window, so that the narrow low bands have several
        return ShortTimeFFT(
            hann(length, sym=False) / hann(length, sym=False).sum(),
            hop=round(positive("frame", self.frame, "ms") * rate / 1000),
            fs=rate,
            mfft=2 ** int(np.ceil(np.log2(2 * length))),
        )

    def _energies(self, waveform: np.ndarray, fourier: ShortTimeFFT) -> np.ndarray:
        frames = -(-len(waveform) // fourier.hop)
        needed = 40 * frames * (fourier.f_pts + self.n_features_in_)
        check_memory("window, frame", (self.window, self.frame), needed, f"the spectra of {frames} frames")
        # SciPy requires at least half a window of signal
        padded = np.pad(waveform, (0, max(0, fourier.m_num - len(waveform))))
        power = fourier.spectrogram(padded, p0=0, p1=frames)
        return np.asarray(10 * np.log10(np.maximum(self.filters_ @ power, self.floor)).T)


def _waveforms(X: Any) -> Iterator[np.ndarray]:
    """Check the waveforms of `X` one by one, so that those in files need not be in memory together."""
    single = isinstance(X, np.ndarray) and X.ndim == 0  # has the attribute, and no length
    if isinstance(X, (str, bytes)) or single or not hasattr(X, "__len__"):
        raise InputError("X", X, "must be a list of waveforms")
    try:
        count = len(X)
    except Exception as error:  # whatever an object of another package raises
        raise InputError("X", X, "must be a list of waveforms") from error
    if count == 0:
        raise InputError("X", X, "must hold at least one waveform")
    for index, item in enumerate(X):
        try:
            waveform = np.asarray(plain(item, "", f"X[{index}]"), dtype=np.float64)
        except (TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"X[{index}]", item, "must be numbers") from error
        if waveform.ndim != 1 or len(waveform) == 0:
            raise InputError(
                f"X[{index}]", waveform.shape, "must be a waveform, (times,), of at least one value; X is a list of them"
            )
        if not np.all(np.isfinite(waveform)):
            place = int(np.argmin(np.isfinite(waveform)))
            raise InputError(f"X[{index}][{place}]", waveform[place], "must be finite")
        yield waveform
