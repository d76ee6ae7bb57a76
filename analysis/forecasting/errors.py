"""Errors of a forecast: their size (NRMSE, R^2), and how long it stays near the true series."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from hrsnn.errors import InputError
from hrsnn.validation.numbers import positive, series_of
from hrsnn.validation.units import takes

#: Errors at which the valid time is usually given, in standard deviations.
THRESHOLDS = (0.05, 0.1, 0.5)


@takes()
def valid_prediction_time(
    prediction: ArrayLike,
    target: ArrayLike,
    threshold: float = 0.1,
    *,
    scale: ArrayLike,
    time_step: float = 1.0,
    lyapunov_exponent: float = 1.0,
) -> float:
    """Time until the error of a forecast first exceeds a threshold: the valid prediction time.

    ``e(t) = sqrt(mean over outputs k of ((prediction_k(t) - target_k(t)) / scale_k)^2)``; with row t the forecast of the
    value t + 1 steps after the start, and t* the first row where e > threshold,

        VPT = t* time_step lyapunov_exponent

    Parameters
    ----------
    prediction, target : array (times,) or (times, outputs)
        From the start of the forecast on. A prediction that is nan or infinite has run away: it exceeds any threshold.
    threshold : float
        In standard deviations; 0.05, 0.1 and 0.5 are usual.
    scale : float or array (outputs,)
        Standard deviation of the training part's targets.
    time_step : float
        Time from one value to the next.
    lyapunov_exponent : float
        The largest of the system, per unit of its time: the result is then in Lyapunov times. Left out: in the units of
        `time_step`.

    Returns
    -------
    float
        0 when the first value is already wrong, ``times time_step lyapunov_exponent`` when none is: the true time is then
        that or longer.

    Raises
    ------
    InputError
        When shapes differ, a target is not finite, or a number is not positive.

    Notes
    -----
    The first crossing counts: a forecast that comes back to the truth later, by chance, has lost it.

    Examples
    --------
    >>> valid_prediction_time([1.0, 2.0, 3.5, 4.0], [1.0, 2.0, 3.0, 4.0], 0.1, scale=1.0)
    2.0
    >>> valid_prediction_time([1.0, 2.0], [1.0, 2.0], scale=1.0, time_step=0.01, lyapunov_exponent=0.906)
    0.01812
    """
    p, y = np.asarray(prediction, dtype=np.float64), np.asarray(target, dtype=np.float64)
    if p.shape != y.shape:
        raise InputError("prediction", p.shape, f"must have the target's shape, {y.shape}")
    if y.ndim not in (1, 2) or y.size == 0:
        raise InputError("target", y.shape, "must have shape (times,) or (times, outputs), not empty")
    if not np.isfinite(y).all():
        raise InputError("target", y[~np.isfinite(y)][0], "must be finite")
    p, y = p.reshape(len(p), -1), y.reshape(len(y), -1)
    scales = np.asarray(scale, dtype=np.float64)
    if scales.shape not in ((), (y.shape[1],)) or not (np.isfinite(scales) & (scales > 0)).all():
        raise InputError("scale", scale, f"must be positive, one number or one for each of the {y.shape[1]} outputs")
    threshold = positive("threshold", threshold, "standard deviations")
    unit = positive("time_step", time_step, "time") * positive("lyapunov_exponent", lyapunov_exponent, "per time")
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.sqrt(np.mean(((p - y) / scales) ** 2, axis=1))
    wrong = np.flatnonzero(~(error <= threshold))  # nan is wrong too
    return float(wrong[0] if len(wrong) else len(y)) * unit


@takes()
def nrmse(prediction: ArrayLike, target: ArrayLike, scale: ArrayLike | None = None) -> float:
    """Root mean squared error in units of the training part's standard deviation, averaged over the outputs.

    ``NRMSE = mean over outputs k of sqrt(mean over t of (prediction - target)^2) / scale_k``

    Parameters
    ----------
    prediction, target : array, shape (times,) or (times, outputs)
    scale : float or array, shape (outputs,), optional
        Standard deviation of the training part's targets. Left out: that of `target` itself, which makes 1 the score of
        `target`'s own mean, a number that is not known beforehand; give the training part's where there is one.

    Returns
    -------
    float
        0 is perfect, 1 as good as the mean.

    Raises
    ------
    InputError
        When shapes differ, a value is not finite, or a scale is not positive (a constant target).

    Examples
    --------
    >>> nrmse([1.0, 2.0, 3.0], [1.0, 2.0, 6.0], scale=2.0)
    0.8660254037844386
    """
    p, y = _pair(prediction, target)
    scales = y.std(axis=0) if scale is None else np.asarray(scale, dtype=np.float64)
    if scales.shape not in ((), (y.shape[1],)):
        raise InputError("scale", scales.shape, f"must be one number or one for each of the {y.shape[1]} outputs")
    if not (np.isfinite(scales) & (scales > 0)).all():
        raise InputError("scale", scales, "must be positive: the target does not vary")
    return float(np.mean(np.sqrt(np.mean((p - y) ** 2, axis=0)) / scales))


@takes()
def r_squared(prediction: ArrayLike, target: ArrayLike) -> float:
    """Coefficient of determination, averaged over the outputs.

    ``R^2 = mean over outputs of 1 - sum_t (target - prediction)^2 / sum_t (target - mean target)^2``

    Parameters
    ----------
    prediction, target : array, shape (times,) or (times, outputs)

    Returns
    -------
    float
        At most 1; negative when worse than the mean. This is not the squared correlation that
        :func:`hrsnn.analysis.memory_capacity` sums, which forgives a wrong scale and offset.

    Raises
    ------
    InputError
        When shapes differ, a value is not finite, or an output of `target` is constant.

    Examples
    --------
    >>> r_squared([1.0, 2.0, 4.0], [1.0, 2.0, 3.0])
    0.5
    """
    p, y = _pair(prediction, target)
    total = ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    if not (total > 0).all():
        raise InputError("target", target, "must vary in every output")
    return float(np.mean(1 - ((p - y) ** 2).sum(axis=0) / total))


def _pair(prediction: ArrayLike, target: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    if np.shape(prediction) != np.shape(target):
        raise InputError("prediction", np.shape(prediction), f"must have the target's shape, {np.shape(target)}")
    return series_of("prediction", prediction), series_of("target", target)
