"""Task mackey_glass: forecasting of the Mackey-Glass equation."""

from __future__ import annotations

from hrsnn.runtime.seeds import generator
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.integration import delayed_trajectory
from hrsnn.tasks.series_sizes import checked_sizes
from hrsnn.tasks.task import SeriesTask
from hrsnn.validation.units import takes

BETA, GAMMA, POWER, DELAY = 0.2, 0.1, 10, 17.0
#: Per unit of time.
LYAPUNOV_EXPONENT = 0.00515
_LONGEST_STEP = 0.1
_LONGEST_TIME = 1000.0


@takes(hold="ms", peak_rate="Hz")
def mackey_glass(
    train: int = 500,
    test: int = 100,
    dt: float = 1.0,
    transient: int = 1000,
    horizon: int = 1,
    washout: int = 100,
    hold: float = 20.0,
    encoding: str = "current",
    peak_rate: float = 200.0,
    seed: int = 0,
) -> SeriesTask:
    """Return the task of forecasting the Mackey-Glass equation `horizon` values ahead.

        dx/dt = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x(t)

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
        With x as input and target, standardised by the training part.

    Raises
    ------
    InputError
        When a number is out of range.

    Notes
    -----
    Integrated by the fourth-order Runge-Kutta method in steps of at most 0.1, with values between steps by cubic Hermite
    interpolation; from random values on [-17, 0].

    References
    ----------
    Mackey & Glass (1977), Oscillation and chaos in physiological control systems, Science 197; the constants of Jaeger &
    Haas (2004), Science 304. The largest Lyapunov exponent, 0.00515, was measured along the linearised equation over 10^6
    units of time (standard error 0.00004); Farmer (1982), Physica D 4, introduced the method for this equation.

    Examples
    --------
    >>> task = mackey_glass(train=300, test=50)
    >>> task.inputs.shape
    (450, 1)
    """
    values = checked_sizes(
        train, test, dt, transient, horizon, washout, columns=1, longest=_LONGEST_TIME, inner=dt / _LONGEST_STEP
    )
    past = generator(seed, "mackey_glass").uniform(0.5, 1.3, 18)
    states = delayed_trajectory(_drift, past, DELAY, transient + values - 1, dt, _LONGEST_STEP)[transient:]
    return SeriesTask.from_array(
        states,
        name="mackey_glass",
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
        outputs=("x",),
    )


def _drift(now: float, old: float) -> float:
    return BETA * old / (1 + old**POWER) - GAMMA * now


TASK = TaskDeclaration(
    summary="the Mackey-Glass equation",
    kind="series",
    load=mackey_glass,
    baselines=("last_value", "linear_autoregression", "echo_state_network", "no_recurrence", "delay_bank"),
    label="Mackey-Glass",
)
