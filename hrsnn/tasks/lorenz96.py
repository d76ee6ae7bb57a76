"""Task lorenz96: forecasting of the multiscale Lorenz-96 system."""

from __future__ import annotations

import numpy as np

from hrsnn.runtime.seeds import generator
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.integration import trajectory
from hrsnn.tasks.series_sizes import checked_sizes
from hrsnn.tasks.task import SeriesTask
from hrsnn.validation.units import takes

#: Numbers of X, of Y for each X, and of Z for each Y.
K = J = M = 8
F, H = 20.0, 1.0
B = C = D = E = G = 10.0
#: Per unit of time.
LYAPUNOV_EXPONENT = 4.5
_LONGEST_STEP = 0.005
_LONGEST_TIME = 10.0


@takes(hold="ms", peak_rate="Hz")
def lorenz96(
    train: int = 500,
    test: int = 100,
    dt: float = 0.005,
    transient: int = 2000,
    horizon: int = 1,
    washout: int = 100,
    hold: float = 20.0,
    encoding: str = "current",
    peak_rate: float = 200.0,
    seed: int = 0,
) -> SeriesTask:
    """Return the task of forecasting the slow variables of the multiscale Lorenz-96 system `horizon` values ahead.

        dX_k/dt = X_{k-1} (X_{k+1} - X_{k-2}) - X_k + F - (h c / b) sum_j Y_{j,k}
        dY_{j,k}/dt = -c b Y_{j+1,k} (Y_{j+2,k} - Y_{j-1,k}) - c Y_{j,k} + (h c / b) X_k - (h e / d) sum_i Z_{i,j,k}
        dZ_{i,j,k}/dt = e d Z_{i-1,j,k} (Z_{i+1,j,k} - Z_{i-2,j,k}) - g e Z_{i,j,k} + (h e / d) Y_{j,k}

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
        With the eight X, the observed tier, as inputs and targets, standardised by the training part.

    Raises
    ------
    InputError
        When a number is out of range.

    Notes
    -----
    K = J = I = 8, F = 20, h = 1, b = c = d = e = g = 10; indices are cyclic over the whole ring of each tier. Integrated by
    the classical fourth-order Runge-Kutta method in steps of at most 0.005. The exponent given is that of the literature,
    for the slow variables; the largest exponent of the whole system is that of its fast ones, 17.1 (standard error 0.4, by
    two trajectories), and does not limit forecasts of X.

    References
    ----------
    Lorenz (1996), Predictability: a problem partly solved, with two tiers; Thornes, Duben & Palmer (2017), Q. J. R.
    Meteorol. Soc. 143, with three; the constants, and the exponent 4.5, of Chattopadhyay, Hassanzadeh & Subramanian (2020),
    Nonlin. Processes Geophys. 27.

    Examples
    --------
    >>> task = lorenz96(train=100, test=20, transient=200)
    >>> task.inputs[task.train].shape
    (100, 8)
    """
    values = checked_sizes(
        train, test, dt, transient, horizon, washout, columns=K * (1 + J * (1 + M)), longest=_LONGEST_TIME
    )
    random = generator(seed, "lorenz96")
    start = np.concatenate([random.normal(0.0, 5.0, K), random.normal(0.0, 0.5, K * J), random.normal(0.0, 0.05, K * J * M)])
    states = trajectory(_drift, start, transient + values - 1, dt, _LONGEST_STEP)[transient:, :K]
    return SeriesTask.from_array(
        states,
        name="lorenz96",
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
        outputs=tuple(f"x{k + 1}" for k in range(K)),
    )


def _drift(state: np.ndarray) -> np.ndarray:
    x, y, z = state[:K], state[K : K + K * J], state[K + K * J :]
    of_y, of_z = y.reshape(K, J).sum(axis=1), z.reshape(K * J, M).sum(axis=1)
    change = np.empty_like(state)
    change[:K] = np.roll(x, 1) * (np.roll(x, -1) - np.roll(x, 2)) - x + F - H * C / B * of_y
    change[K : K + K * J] = (
        -C * B * np.roll(y, -1) * (np.roll(y, -2) - np.roll(y, 1)) - C * y + H * C / B * np.repeat(x, J) - H * E / D * of_z
    )
    change[K + K * J :] = E * D * np.roll(z, 1) * (np.roll(z, -1) - np.roll(z, 2)) - G * E * z + H * E / D * np.repeat(y, M)
    return change


TASK = TaskDeclaration(
    summary="the multiscale Lorenz-96 system",
    kind="series",
    load=lorenz96,
    baselines=("last_value", "linear_autoregression", "echo_state_network", "no_recurrence", "delay_bank"),
    label="Lorenz-96",
)
