"""Task lorenz63: forecasting of the chaotic Lorenz-63 system."""

from __future__ import annotations

import numpy as np

from hrsnn.errors import InputError
from hrsnn.runtime.seeds import generator
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.integration import trajectory
from hrsnn.tasks.task import SeriesTask
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, duration_of, positive
from hrsnn.validation.units import takes

SIGMA, RHO, BETA = 10.0, 28.0, 8.0 / 3.0
LYAPUNOV_EXPONENT = 0.906
_LONGEST_STEP = 0.01
_LONGEST_TIME = 100.0


@takes(hold="ms", peak_rate="Hz")
def lorenz63(
    train: int = 500,
    test: int = 100,
    dt: float = 0.01,
    transient: int = 5000,
    horizon: int = 1,
    washout: int = 100,
    hold: float = 20.0,
    encoding: str = "current",
    peak_rate: float = 200.0,
    seed: int = 0,
) -> SeriesTask:
    """Return the task of forecasting the state of the Lorenz-63 system `horizon` steps ahead.

        dx/dt = 10 (y - x),   dy/dt = x (28 - z) - y,   dz/dt = x y - 8/3 z

    Parameters
    ----------
    train, test : int
        Number of values in the training and in the test part.
    dt : float
        Time from one value to the next, in the system's units.
    transient : int
        Number of initial values that are discarded, for the approach to the attractor.
    horizon : int
        Number of values from the input to the target.
    washout : int
        Number of values before the training part, in which the reservoir's state becomes independent of its start.
    hold : float
        Time in ms for which each value is held.
    encoding : {"current", "poisson"}
        Whether a network gets the values as currents, or as the rates of Poisson spikes.
    peak_rate : float
        Rate of the largest value of a channel in the training part (Hz).
    seed : int
        Seed of the initial point, and of the spikes.

    Returns
    -------
    SeriesTask
        With (x, y, z) as inputs and targets, standardised by the training part of the inputs.

    Raises
    ------
    InputError
        When a number is out of range.

    Notes
    -----
    Integrated by the classical fourth-order Runge-Kutta method in steps of at most 0.01. The targets of the training
    part overlap the inputs of the test part by `horizon` values, and do not overlap its targets.

    References
    ----------
    Lorenz (1963), Deterministic nonperiodic flow, J. Atmos. Sci. 20, eq. 25-27. The largest Lyapunov exponent, 0.906:
    Sprott (2003), Chaos and Time-Series Analysis.

    Examples
    --------
    >>> task = lorenz63(train=500, test=100)
    >>> task.inputs[task.train].shape, task.targets[task.test].shape
    ((500, 3), (100, 3))
    >>> bool(np.all(task.targets[0] == task.inputs[1]))
    True
    """
    train, test, horizon = count_of("train", train, 2), count_of("test", test), count_of("horizon", horizon)
    washout, transient = count_of("washout", washout, 0), count_of("transient", transient, 0)
    hold = duration_of("hold", hold)
    dt = positive("dt", dt, "time units")
    if dt > _LONGEST_TIME:
        raise InputError("dt", dt, f"must be at most {_LONGEST_TIME:g} time units, some ninety Lyapunov times")
    values = train + test + horizon + washout + transient
    check_memory("train, test, horizon", (train, test, horizon), 80 * values, f"a series of {values} values")
    # near the attractor, which the transient approaches
    start = generator(seed, "lorenz63").uniform([-10.0, -10.0, 15.0], [10.0, 10.0, 35.0])
    states = trajectory(_drift, start, transient + washout + train + test + horizon - 1, dt, _LONGEST_STEP)[transient:]
    return SeriesTask.from_array(
        states,
        name="lorenz63",
        horizon=horizon,
        train=train,
        test=test,
        washout=washout,
        hold=hold,
        time_step=dt,
        lyapunov_exponent=LYAPUNOV_EXPONENT,
        encoding=encoding,
        peak_rate=peak_rate,
        seed=seed,
        outputs=("x", "y", "z"),
    )


def _drift(state: np.ndarray) -> np.ndarray:
    x, y, z = state
    return np.array([SIGMA * (y - x), x * (RHO - z) - y, x * y - BETA * z])


TASK = TaskDeclaration(
    summary="the chaotic Lorenz-63 system",
    kind="series",
    load=lorenz63,
    baselines=("last_value", "linear_autoregression", "echo_state_network", "no_recurrence", "delay_bank"),
    label="Lorenz-63",
    prefix="",
)
