"""Run of a network through a task of any kind, from which all scores are computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hrsnn.analysis.runs.classes import ClassesRun, run_classes
from hrsnn.analysis.runs.options import RECORDS, RunOptions
from hrsnn.analysis.runs.rates import Rates
from hrsnn.analysis.runs.series import SeriesRun, run_series
from hrsnn.kinds import Network
from hrsnn.tasks import ClassificationTask, SeriesTask

TaskRun = ClassesRun | SeriesRun


def run_task(
    network: Callable[[int], Network],
    task: ClassificationTask | SeriesTask,
    options: RunOptions,
    records: Sequence[str] = RECORDS,
) -> TaskRun:
    """Run a network through a task.

    Parameters
    ----------
    network : callable
        Function from a number of input channels to the network before STDP.
    task : ClassificationTask or SeriesTask
    options : RunOptions
    records : sequence of str
        Any of `RECORDS`: what is recorded of the scored part, beside the counts that a classifier needs.

    Returns
    -------
    ClassesRun or SeriesRun
    """
    if isinstance(task, SeriesTask):
        return run_series(network, task, options, tuple(records))
    return run_classes(network, task, options, tuple(records))


def rates_of(run: TaskRun) -> Rates:
    """Return the rates of a run with fixed weights: on the test samples, or in the whole series."""
    return Rates.of(run.activity)
