"""The delay bank of a run, and the stimulus on which its rate is matched."""

from __future__ import annotations

from typing import TypeGuard

from hrsnn.analysis.runs.delay_bank import delay_bank
from hrsnn.analysis.runs.options import RunOptions
from hrsnn.kinds import Network
from hrsnn.reservoir import Reservoir
from hrsnn.simulation import simulate
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks import ClassificationTask, SeriesTask

#: Training samples and values on which the rate of the delay bank is matched.
_MATCHED_SAMPLES, _MATCHED_VALUES = 50, 500


def has_delays(network: Network) -> TypeGuard[Reservoir]:
    """Return whether a network is a reservoir with delays of recurrent links."""
    return isinstance(network, Reservoir) and bool(network.delay.any())


def has_links(network: Network) -> TypeGuard[Reservoir]:
    """Return whether a network is a reservoir with recurrent links."""
    return isinstance(network, Reservoir) and network.synapses > 0


def calibration(task: ClassificationTask | SeriesTask) -> Stimulus:
    """Return the stimulus on which rates are matched: 50 training samples of an encoded task, or 500 values of a series.

    Examples
    --------
    >>> from hrsnn.tasks import load_task
    >>> calibration(load_task("digits").subset(train=80, test=20)).shape
    (50, 64)
    """
    if isinstance(task, SeriesTask):
        return task.stimulus(0, min(task.train.stop, _MATCHED_VALUES))
    few: Stimulus = task.x_train[:_MATCHED_SAMPLES]
    return few


def bank_of(network: Reservoir, stimulus: Stimulus, options: RunOptions) -> Reservoir:
    """Return the delay bank of a network at its rate under a stimulus."""
    rate = float(simulate(network, stimulus, record=(), engine=options.engine, seed=options.seed).rates.mean())
    return delay_bank(network, stimulus, rate, seed=options.seed, engine=options.engine)
