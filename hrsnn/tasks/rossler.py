"""Task rossler: forecasting of the chaotic Rossler system."""

from __future__ import annotations

import numpy as np

from hrsnn.runtime.seeds import generator
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.integration import trajectory
from hrsnn.tasks.series_sizes import checked_sizes
from hrsnn.tasks.task import SeriesTask
from hrsnn.validation.units import takes

A, B, C = 0.2, 0.2, 5.7
#: Per unit of time.
LYAPUNOV_EXPONENT = 0.0714
_LONGEST_STEP = 0.02
_LONGEST_TIME = 100.0


@takes(hold="ms", peak_rate="Hz")
def rossler(
    train: int = 500,
    test: int = 100,
    dt: float = 0.1,
    transient: int = 2000,
    horizon: int = 1,
    washout: int = 100,
    hold: float = 20.0,
    encoding: str = "current",
    peak_rate: float = 200.0,
    seed: int = 0,
) -> SeriesTask:
    """Return the task of forecasting the state of the Rossler system `horizon` values ahead.

        dx/dt = -y - z,   dy/dt = x + 0.2 y,   dz/dt = 0.2 + z (x - 5.7)

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
        With (x, y, z) as inputs and targets, standardised by the training part.

    Raises
    ------
    InputError
        When a number is out of range.

    Notes
    -----
    Integrated by the classical fourth-order Runge-Kutta method in steps of at most 0.02.

    References
    ----------
    Rossler (1976), An equation for continuous chaos, Phys. Lett. A 57, with the constants in use since. The largest Lyapunov
    exponent, 0.0714: Sprott (2003), Chaos and Time-Series Analysis.

    Examples
    --------
    >>> task = rossler(train=300, test=50)
    >>> task.inputs[task.train].shape, task.lyapunov_exponent
    ((300, 3), 0.0714)
    """
    values = checked_sizes(train, test, dt, transient, horizon, washout, columns=3, longest=_LONGEST_TIME)
    # near the attractor, which the transient approaches
    start = generator(seed, "rossler").uniform([-5.0, -5.0, 0.0], [5.0, 5.0, 0.1])
    states = trajectory(_drift, start, transient + values - 1, dt, _LONGEST_STEP)[transient:]
    return SeriesTask.from_array(
        states,
        name="rossler",
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
    return np.array([-y - z, x + A * y, B + z * (x - C)])


TASK = TaskDeclaration(
    summary="the chaotic Rossler system",
    kind="series",
    load=rossler,
    baselines=("last_value", "linear_autoregression", "echo_state_network", "no_recurrence", "delay_bank"),
    label="Rossler",
)
