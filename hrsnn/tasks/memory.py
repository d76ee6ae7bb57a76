"""Task memory: reconstruction of earlier random inputs."""

from __future__ import annotations

from hrsnn.errors import InputError
from hrsnn.runtime.seeds import generator
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.rate_coding import rate_encoder
from hrsnn.tasks.task import SeriesTask
from hrsnn.validation.limits import check_memory
from hrsnn.validation.numbers import count_of, duration_of
from hrsnn.validation.units import takes


@takes(hold="ms", peak_rate="Hz")
def memory(
    values: int = 3000,
    hold: float = 20.0,
    washout: int = 200,
    encoding: str = "current",
    peak_rate: float = 200.0,
    seed: int = 0,
) -> SeriesTask:
    """Return the task of independent inputs u, uniform in (-1, 1); the score defines the delays.

    Parameters
    ----------
    values : int
        Number of values, washout included.
    hold : float
        Time in ms for which each value is held.
    washout : int
        Number of initial values, in which the reservoir's state becomes independent of its start.
    encoding : {"current", "poisson"}
        Whether a network gets the values as currents, or as the rates of Poisson spikes.
    peak_rate : float
        Rate of the largest value in the training part (Hz).
    seed : int
        Seed of the values, and of the spikes.

    Returns
    -------
    SeriesTask
        With one channel; ``targets`` equal ``inputs``. The last quarter after the washout is the test part.

    Raises
    ------
    InputError
        When a number is out of range.

    References
    ----------
    Jaeger (2001b), Short term memory in echo state networks, GMD report 152.

    Examples
    --------
    >>> task = memory(values=1000)
    >>> task.inputs.shape, task.train, task.test
    ((1000, 1), slice(200, 800, None), slice(800, 1000, None))
    """
    values, washout = count_of("values", values), count_of("washout", washout, 0)
    if values < washout + 4:
        raise InputError("values", values, f"must be at least four more than the washout, {washout + 4}")
    check_memory("values", values, 8 * values, "the task")
    hold = duration_of("hold", hold)
    u = generator(seed, "memory task").uniform(-1.0, 1.0, size=(values, 1))
    border = values - (values - washout) // 4
    return SeriesTask(
        name="memory",
        inputs=u,
        targets=u,
        hold=hold,
        train=slice(washout, border),
        test=slice(border, values),
        washout=washout,
        kind="memory",
        encoder=rate_encoder(encoding, u, slice(washout, border), hold, peak_rate, seed),
    )


TASK = TaskDeclaration(
    summary="independent random values",
    kind="memory",
    load=memory,
    baselines=("no_recurrence", "delay_bank", "raw_input"),
    label="Memory",
    prefix="",
)
