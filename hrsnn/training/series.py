"""Series for training: windows of values as stimuli, the second half of which has targets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks.task import SeriesTask
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@takes()
def windows_of(task: SeriesTask, part: slice, values: int) -> tuple[Stimulus, Array]:
    """Cut a part of a series into windows, stimuli that start from rest; each value of the part has its target in one.

    A window of n values has targets for the later ``ceil(n/2)``; before them the network forgets its start. The next window
    begins ``ceil(n/2)`` values later. Where the series does not go back or on far enough, a window is moved into it.

    Parameters
    ----------
    task : SeriesTask
    part : slice
        Of the values, such as ``task.train``; a window may begin before it, and does not end after it.
    values : int
        n, from 2.

    Returns
    -------
    stimulus : SpikeTrains or Currents
        M windows.
    targets : array (M, n, outputs)
        In units of the standard deviation of the targets of the training part, less their mean; nan where there is none.

    Raises
    ------
    InputError
        When a window is longer than the series up to the end of the part.

    Examples
    --------
    >>> from hrsnn.tasks import load_task
    >>> task = load_task("lorenz63", train=100, test=50, washout=20)
    >>> stimulus, targets = windows_of(task, task.train, 40)
    >>> len(stimulus), targets.shape, int(np.isfinite(targets).sum()) == 100 * 3
    (5, (5, 40, 3), True)
    """
    n = count_of("values", values, 2)
    if n > part.stop:
        raise InputError("window", n, f"must be at most {part.stop} values, which the series has up to there")
    scored, aims = n - n // 2, standardised(task, task.targets)
    begins, targets = [], []
    for start in range(part.start, part.stop, scored):
        stop = min(start + scored, part.stop)
        begin = min(max(start - n // 2, 0), part.stop - n)
        window = np.full((n, aims.shape[1]), np.nan)
        window[start - begin : stop - begin] = aims[start:stop]
        begins.append(begin)
        targets.append(window)
    pieces = [task.stimulus(begin, begin + n) for begin in begins]
    if task.spikes is not None:
        stimulus: Stimulus = SpikeTrains.concatenate([one for one in pieces if isinstance(one, SpikeTrains)])
    else:
        stimulus = Currents(np.concatenate([one.values for one in pieces if isinstance(one, Currents)]), dt=task.hold)
    return stimulus, np.stack(targets)


def standardised(task: SeriesTask, targets: Array) -> Array:
    """Return targets (times, outputs) in units of their standard deviation in the training part, less their mean there."""
    learned = task.targets[task.train]
    return np.asarray((targets - learned.mean(axis=0)) / learned.std(axis=0))


def in_units(task: SeriesTask, outputs: Array) -> Array:
    """Return outputs in the units of the targets, from those of :func:`standardised`."""
    learned = task.targets[task.train]
    return np.asarray(outputs * learned.std(axis=0) + learned.mean(axis=0))
