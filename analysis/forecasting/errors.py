"""How long a forecast stays near the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from hrsnn.errors import InputError
from hrsnn.validation.numbers import positive
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
