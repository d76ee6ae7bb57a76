"""Error measures of a forecast: NRMSE, R^2, and valid prediction time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from hrsnn.errors import InputError
from hrsnn.validation.numbers import positive, series_of
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    from hrsnn.tasks import SeriesTask

#: Usual thresholds of the valid time, in standard deviations.
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
    """Compute the valid prediction time: the time until the error of a forecast first exceeds a threshold.

    ``e(t) = sqrt(mean over outputs k of ((prediction_k(t) - target_k(t)) / scale_k)^2)``; with row t the forecast of the
    value t + 1 steps after the start, and t* the first row where e > threshold::

        VPT = t* time_step lyapunov_exponent

    Parameters
    ----------
    prediction, target : array (times,) or (times, outputs)
        From the start of the forecast on. A prediction that is nan or infinite has diverged and exceeds any threshold.
    threshold : float
        In standard deviations; 0.05, 0.1 and 0.5 are usual.
    scale : float or array (outputs,)
        Standard deviation of the training part's targets.
    time_step : float
        Time from one value to the next.
    lyapunov_exponent : float
        Largest exponent of the system, per unit of its time: the result is then in Lyapunov times. Default: in the units of
        `time_step`.

    Returns
    -------
    float
        0 when the first error already exceeds the threshold, ``times time_step lyapunov_exponent`` when none does; the
        latter is a lower bound.

    Raises
    ------
    InputError
        When shapes differ, a target is not finite, or a number is not positive.

    Notes
    -----
    Only the first crossing counts: a later return to the true series is by chance.

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
    wrong = np.flatnonzero(~(error <= threshold))  # nan exceeds the threshold too
    return float(wrong[0] if len(wrong) else len(y)) * unit


@takes()
def nrmse(prediction: ArrayLike, target: ArrayLike, scale: ArrayLike | None = None) -> float:
    """Compute the root mean squared error in units of the training part's standard deviation, averaged over outputs.

    ``NRMSE = mean over outputs k of sqrt(mean over t of (prediction - target)^2) / scale_k``

    Parameters
    ----------
    prediction, target : array, shape (times,) or (times, outputs)
    scale : float or array, shape (outputs,), optional
        Standard deviation of the training part's targets. Default: that of `target` itself; 1 is then the score of the mean
        of `target`, which is not known beforehand. Pass the training part's whenever there is one.

    Returns
    -------
    float
        0 for a perfect forecast, 1 for the mean.

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
    """Compute the coefficient of determination, averaged over the outputs.

    ``R^2 = mean over outputs of 1 - sum_t (target - prediction)^2 / sum_t (target - mean target)^2``

    Parameters
    ----------
    prediction, target : array, shape (times,) or (times, outputs)

    Returns
    -------
    float
        At most 1; negative when worse than the mean. This is not the squared correlation that
        :func:`hrsnn.analysis.memory_capacity` sums, which does not depend on scale and offset.

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


def valid_times(prediction: ArrayLike, target: ArrayLike, task: SeriesTask) -> dict[float, float]:
    """Compute valid prediction times by threshold, in Lyapunov times if the task has an exponent, otherwise in steps.

    Parameters
    ----------
    prediction, target : arrays (times, outputs)
        Arrays for consecutive values of `task`.
    task : SeriesTask

    Examples
    --------
    >>> from hrsnn.tasks import load_task
    >>> task = load_task("lorenz63", train=100, test=50)
    >>> valid_times(task.targets[:10], task.targets[:10], task)  # right to the end
    {0.05: 0.0906, 0.1: 0.0906, 0.5: 0.0906}
    """
    exponent = task.lyapunov_exponent
    step, rate = (task.time_step, exponent) if exponent else (1.0, 1.0)
    scale = task.targets[task.train].std(axis=0)
    return {
        threshold: valid_prediction_time(prediction, target, threshold, scale=scale, time_step=step, lyapunov_exponent=rate)
        for threshold in THRESHOLDS
    }


def _pair(prediction: ArrayLike, target: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    if np.shape(prediction) != np.shape(target):
        raise InputError("prediction", np.shape(prediction), f"must have the target's shape, {np.shape(target)}")
    return series_of("prediction", prediction), series_of("target", target)
