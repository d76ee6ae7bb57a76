"""Series of any length as equally many rows: interpolated frames, and means in windows."""

from __future__ import annotations

import itertools

import numpy as np

from hrsnn.validation.limits import check_memory


def equal_frames(samples: list[np.ndarray], frames: int = 50) -> np.ndarray:
    """Resample each series to the same number of rows, by linear interpolation.

    Row k is the series at ``(k + 1/2) n / frames - 1/2`` of its own n rows, which are taken as the midpoints of equal
    intervals; beyond the first and the last midpoint the series is constant.

    Parameters
    ----------
    samples : list of ndarray, (times, channels)
        One series for each sample, with at least one row.
    frames : int
        Number of rows of the result.

    Returns
    -------
    ndarray, (samples, frames, channels)

    Notes
    -----
    The duration of a word is lost.

    Examples
    --------
    >>> equal_frames([np.array([[0.0], [4.0]]), np.array([[1.0], [1.0], [1.0]])], frames=4)[..., 0]
    array([[0., 1., 3., 4.],
           [1., 1., 1., 1.]])
    """
    stretched = []
    check_memory("frames", frames, 16 * frames * sum(sample.shape[1] for sample in samples), "the frames")
    for sample in samples:
        place = np.clip((np.arange(frames) + 0.5) * len(sample) / frames - 0.5, 0, len(sample) - 1)
        before = np.minimum(place.astype(int), max(len(sample) - 2, 0))
        after = np.minimum(before + 1, len(sample) - 1)
        share = (place - before)[:, None]
        stretched.append((1 - share) * sample[before] + share * sample[after])
    return np.stack(stretched)


def window_means(samples: list[np.ndarray], windows: int = 5) -> np.ndarray:
    """Return the mean of each channel in equal windows of each sample's own length.

    Parameters
    ----------
    samples : list of ndarray, (times, channels)
        One series for each sample.
    windows : int
        Number of windows; in a sample with fewer rows, rows are repeated.

    Returns
    -------
    ndarray, (samples, windows * channels)

    Examples
    --------
    >>> window_means([np.array([[0.0], [2.0], [4.0], [8.0]])], windows=2)
    array([[1., 6.]])
    """
    check_memory("windows", windows, 16 * windows * sum(sample.shape[1] for sample in samples), "the means")
    return np.array([np.concatenate([rows.mean(axis=0) for rows in _windows(sample, windows)]) for sample in samples])


def window_moments(samples: list[np.ndarray], windows: int = 5) -> np.ndarray:
    """Return the mean and the standard deviation of each channel in equal windows of each sample's own length.

    Parameters
    ----------
    samples : list of ndarray, (times, channels)
        One series for each sample.
    windows : int
        Number of windows; in a sample with fewer rows, rows are repeated.

    Returns
    -------
    ndarray, (samples, 2 * windows * channels)
        All means, then all standard deviations.

    Examples
    --------
    >>> window_moments([np.array([[0.0], [2.0], [4.0], [8.0]])], windows=2)
    array([[1., 6., 1., 2.]])
    """
    check_memory("windows", windows, 32 * windows * sum(sample.shape[1] for sample in samples), "the means")
    features = []
    for sample in samples:
        parts = _windows(sample, windows)
        features.append(np.concatenate([*(rows.mean(axis=0) for rows in parts), *(rows.std(axis=0) for rows in parts)]))
    return np.array(features)


def _windows(sample: np.ndarray, windows: int) -> list[np.ndarray]:
    edges = np.arange(windows + 1) * len(sample) // windows
    return [sample[start : max(stop, start + 1)] for start, stop in itertools.pairwise(edges)]
