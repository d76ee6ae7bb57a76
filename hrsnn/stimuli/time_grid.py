"""Assignment of times to steps and windows.

An interval contains the times from its beginning up to, but not including, its end. Since beginnings are rounded, as in
``k * dt``, a time that is earlier by less than 1e-9 of the interval that begins there belongs to it. All code that puts
times on a grid, counts spikes in windows or samples states uses this rule. Times are numbers in ms; the callers convert
quantities.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Tolerances for rounding, relative to the interval and to the time since 0.
_OF_THE_INTERVAL, _OF_THE_TIME = 1e-9, 1e-15


def steps_of(times: ArrayLike, dt: ArrayLike) -> NDArray[np.int64]:
    """Return the index of the step that contains each time: ``floor(t/dt (1 + 1e-15) + 1e-9)``.

    Parameters
    ----------
    times : array_like
        Times in ms.
    dt : array_like
        Length of a step in ms: one, or one for each time.

    Returns
    -------
    ndarray of int64
        Step k contains the times from ``k * dt`` on.

    Examples
    --------
    >>> 3 * 0.1 / 0.1 < 3 or 0.3 / 0.1 < 3  # the trap
    True
    >>> steps_of(np.array([0.0, 0.3, 0.39]), 0.1)
    array([0, 3, 3])
    """
    quotient = np.asarray(times, dtype=np.float64) / np.asarray(dt, dtype=np.float64)
    return np.asarray(np.floor(quotient * (1 + _OF_THE_TIME) + _OF_THE_INTERVAL), dtype=np.int64)


def step_count(durations: ArrayLike, dt: ArrayLike) -> NDArray[np.int64]:
    """Return the number of steps that cover each duration: ``durations / dt`` rounded up, with a tolerance for rounding.

    Parameters
    ----------
    durations, dt : array_like
        In ms.

    Returns
    -------
    ndarray of int64

    Examples
    --------
    >>> step_count([0.3, 0.31], 0.1)
    array([3, 4])
    """
    quotient = np.asarray(durations, dtype=np.float64) / np.asarray(dt, dtype=np.float64)
    return np.asarray(np.ceil(quotient * (1 - _OF_THE_TIME) - _OF_THE_INTERVAL), dtype=np.int64)


def equal_windows_of(times: ArrayLike, durations: ArrayLike, count: int) -> NDArray[np.int64]:
    """Return which of `count` equal windows of a duration contains each time.

    Parameters
    ----------
    times : array_like
        Times in ms, not negative.
    durations : array_like
        In ms: one, or one for each time.
    count : int

    Returns
    -------
    ndarray of int64
        0 to ``count - 1``; `count` for times from the duration on.

    Examples
    --------
    >>> equal_windows_of([0.0, 4.9, 5.0, 9.9, 10.0], 10.0, 2)
    array([0, 0, 1, 1, 2])
    """
    ends = np.asarray(durations, dtype=np.float64)
    # the tolerance does not apply at the end, after which there is no window
    last = np.where(np.asarray(times) < ends, count - 1, count)
    return np.asarray(np.minimum(steps_of(times, ends / count), last))


def windows_of(times: ArrayLike, edges: ArrayLike) -> NDArray[np.int64]:
    """Return the index of the window between ascending edges that contains each time.

    Parameters
    ----------
    times : array_like
        Times in ms.
    edges : array_like (windows + 1,)
        In ms, two or more; windows between equal edges are empty.

    Returns
    -------
    ndarray of int64
        Window k contains the times from ``edges[k]`` on; -1 before the first edge, ``len(edges) - 1`` from the last one
        on, whose tolerance is that of a window as long as the one before it.

    Examples
    --------
    >>> windows_of([1.0, 2.0, 8.9, 9.0], [2.0, 5.0, 9.0])
    array([-1,  0,  1,  2])
    """
    begin = np.asarray(edges, dtype=np.float64)
    length = np.diff(begin, append=2 * begin[-1] - begin[-2])
    early = _OF_THE_INTERVAL * length + _OF_THE_TIME * np.abs(begin)
    return np.asarray(np.searchsorted(begin - early, times, side="right") - 1, dtype=np.int64)
