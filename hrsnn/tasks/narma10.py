"""Task narma10: the nonlinear autoregressive moving average of order 10."""

from __future__ import annotations

import numpy as np

from hrsnn.errors import DivergenceError
from hrsnn.runtime.seeds import generator
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.series_sizes import checked_sizes
from hrsnn.tasks.task import SeriesTask
from hrsnn.validation.units import takes

#: Inputs that are tried until one does not diverge.
_TRIES = 20


@takes(hold="ms", peak_rate="Hz")
def narma10(
    train: int = 2000,
    test: int = 500,
    horizon: int = 1,
    washout: int = 100,
    hold: float = 20.0,
    encoding: str = "current",
    peak_rate: float = 200.0,
    seed: int = 0,
) -> SeriesTask:
    """Return the task of computing the output of a NARMA-10 system from its input.

        y(t+1) = 0.3 y(t) + 0.05 y(t) sum_{i=0..9} y(t-i) + 1.5 u(t-9) u(t) + 0.1

    Parameters
    ----------
    train, test : int
        Number of values in the training and in the test part.
    horizon : int
        The target at t is y(t + horizon); with 1 it depends on u(t), u(t-9) and earlier values.
    washout : int
        Number of values before the training part.
    hold : float
        Time in ms for which each value is held.
    encoding : {"current", "poisson"}
        Whether a network gets the values as currents, or as the rates of Poisson spikes.
    peak_rate : float
        Rate of the largest value in the training part (Hz).
    seed : int
        Seed of u, independent uniform values in [0, 0.5], and of the spikes.

    Returns
    -------
    SeriesTask
        With u as input and y as target, both standardised by the training part.

    Raises
    ------
    InputError
        When a number is out of range.
    DivergenceError
        When the output diverges for 20 inputs, as it does for a very long series.

    Notes
    -----
    The system is driven: it has no Lyapunov exponent of its own, and no closed loop. For some inputs its output diverges;
    the first of a sequence of inputs for which it does not is taken.

    References
    ----------
    Atiya & Parlos (2000), New results on recurrent network training, IEEE Trans. Neural Netw. 11, eq. 86.

    Examples
    --------
    >>> task = narma10(train=300, test=50)
    >>> task.inputs.shape, task.targets.shape, task.lyapunov_exponent is None
    ((450, 1), (450, 1), True)
    """
    values = checked_sizes(train, test, 1.0, 10, horizon, washout, columns=2, longest=1.0)
    random = generator(seed, "narma10")
    for _ in range(_TRIES):
        u = random.uniform(0.0, 0.5, values + 10)
        y = output(u)
        if np.isfinite(y).all():
            break
    else:
        raise DivergenceError(f"narma10 diverged for {_TRIES} inputs of {values} values: take a shorter series")
    return SeriesTask.from_array(
        u[10:],
        y[10:],
        name="narma10",
        horizon=horizon,
        train=train,
        test=test,
        washout=washout,
        hold=hold,
        encoding=encoding,
        peak_rate=peak_rate,
        seed=seed,
        outputs=("y",),
    )


def output(u: np.ndarray) -> np.ndarray:
    """Return y for an input; y is 0 before it, and nan from where it exceeds 10.

    Examples
    --------
    >>> output(np.zeros(4)).round(4)
    array([0.    , 0.1   , 0.1305, 0.1407])
    """
    y = np.zeros(len(u))
    for t in range(len(u) - 1):
        recent = y[max(0, t - 9) : t + 1].sum()
        old = u[t - 9] if t >= 9 else 0.0
        y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * recent + 1.5 * old * u[t] + 0.1
        if y[t + 1] > 10:
            y[t + 1 :] = np.nan
            break
    return y


TASK = TaskDeclaration(
    summary="the output of a NARMA-10 system from its input",
    kind="series",
    load=narma10,
    baselines=("linear_autoregression", "echo_state_network", "no_recurrence", "delay_bank"),
    label="NARMA-10",
)
