"""Integration of the equations that generate series, by the classical fourth-order Runge-Kutta method."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.errors import DivergenceError
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@takes()
def trajectory(drift: Callable[[Array], Array], start: ArrayLike, steps: int, dt: float, longest: float) -> Array:
    """Return the states of an autonomous system at 0, dt, ..., ``steps * dt``.

    Parameters
    ----------
    drift : callable
        From a state (dimensions,) to its derivative.
    start : array (dimensions,)
    steps : int
    dt : float
        Time from one state to the next.
    longest : float
        Largest step of the integration: dt is divided into equal steps.

    Returns
    -------
    array (steps + 1, dimensions)

    Raises
    ------
    DivergenceError
        When a state is not finite.

    Examples
    --------
    >>> path = trajectory(lambda x: -x, [1.0], 10, 0.1, 0.1)
    >>> bool(abs(path[-1, 0] - np.exp(-1)) < 1e-6)
    True
    """
    inner = int(np.ceil(dt / longest * (1 - 1e-12)))
    step = dt / inner
    state = np.asarray(start, dtype=np.float64)
    states = np.empty((steps + 1, len(state)))
    states[0] = state
    with np.errstate(over="ignore", invalid="ignore"):
        for index in range(1, steps + 1):
            for _ in range(inner):
                k1 = drift(state)
                k2 = drift(state + step / 2 * k1)
                k3 = drift(state + step / 2 * k2)
                k4 = drift(state + step * k3)
                state = state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            states[index] = state
    if not np.isfinite(states).all():
        raise DivergenceError(f"the system left all bounds with steps of {step:g}: take a smaller dt")
    return states


@takes()
def delayed_trajectory(
    drift: Callable[[float, float], float], past: ArrayLike, delay: float, steps: int, dt: float, longest: float
) -> Array:
    """Return the values of a scalar equation with a delay, ``x' = f(x(t), x(t - delay))``, at 0, dt, ..., ``steps * dt``.

    Parameters
    ----------
    drift : callable
        f, from x(t) and x(t - delay) to the derivative.
    past : array (values,)
        x on [-delay, 0], at equal distances, both ends included: interpolated linearly.
    delay : float
    steps : int
    dt : float
    longest : float
        Largest step of the integration; the step divides the delay, and values between steps are interpolated.

    Returns
    -------
    array (steps + 1,)

    Notes
    -----
    The delayed value halfway between two steps, and the values at 0, dt, ..., are by cubic Hermite interpolation, whose
    error of fourth order is that of the method.

    Examples
    --------
    With x' = -x(t - 1) and x = 1 before 0, x is 1 - t up to t = 1, and then 1 - t + (t - 1)^2 / 2.

    >>> path = delayed_trajectory(lambda x, old: -old, np.ones(2), 1.0, 4, 0.5, 0.01)
    >>> bool(np.allclose(path, [1, 0.5, 0, -0.375, -0.5]))
    True
    """
    back = int(np.ceil(delay / min(longest, delay)))
    step = delay / back
    count = int(np.ceil(steps * dt / step)) + 1
    known = np.asarray(past, dtype=np.float64)
    # lists, since single elements of these are faster
    values = np.interp(np.linspace(0, 1, back + 1), np.linspace(0, 1, len(known)), known).tolist()
    slopes = [0.0] * back + [drift(values[back], values[0])]
    for n in range(back, back + count):
        now, old, new = values[n], values[n - back], values[n - back + 1]
        # before 0 values are linear between these points
        bend = slopes[n - back] - slopes[n - back + 1] if n - back >= back else 0.0
        middle = (old + new) / 2 + step / 8 * bend
        k1 = drift(now, old)
        k2 = drift(now + step / 2 * k1, middle)
        k3 = drift(now + step / 2 * k2, middle)
        k4 = drift(now + step * k3, new)
        values.append(now + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
        slopes.append(drift(values[-1], new))
    found, slope = np.array(values[back:]), np.array(slopes[back:])
    place = np.arange(steps + 1) * (dt / step)
    left = np.minimum(np.floor(place).astype(int), count - 1)
    t = place - left
    return np.asarray(
        (1 + 2 * t) * (1 - t) ** 2 * found[left]
        + t * (1 - t) ** 2 * step * slope[left]
        + t**2 * (3 - 2 * t) * found[left + 1]
        + t**2 * (t - 1) * step * slope[left + 1]
    )
