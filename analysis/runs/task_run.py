"""Run of a network through a task of any kind, from which all scores are computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from hrsnn.analysis.runs.classes import TEST, ClassesRun, respond, run_classes
from hrsnn.analysis.runs.driving import follow
from hrsnn.analysis.runs.options import RECORDS, RunOptions
from hrsnn.analysis.runs.rates import Rates
from hrsnn.analysis.runs.series import SeriesRun, run_series
from hrsnn.kinds import Network
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks import ClassificationTask, SeriesTask

#: What :func:`run_task` returns: a run on classes or on a series.
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

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.analysis.runs import RunOptions
    >>> from hrsnn.tasks import load_task
    >>> task = load_task("digits").subset(train=40, test=20)
    >>> network = lambda channels: build(ReservoirSpec(neurons=40), seed=1, channels=channels)
    >>> run = run_task(network, task, RunOptions(windows=2))
    >>> run.activity.counts.shape
    (20, 2, 40)
    """
    if isinstance(task, SeriesTask):
        return run_series(network, task, options, tuple(records))
    return run_classes(network, task, options, tuple(records))


def retested(run: TaskRun, network: Network, stimulus: Stimulus | None = None) -> TaskRun:
    """Return a run whose readouts are those of `run`, fitted to its network, and are tested on another one.

    Parameters
    ----------
    run : ClassesRun or SeriesRun
    network : Network
        Of as many neurons and channels as the network of `run`, such as the same one after damage.
    stimulus : SpikeTrains or Currents, optional
        Another input in place of the test samples or of the whole series, of the same size.

    Returns
    -------
    ClassesRun or SeriesRun
        Its activity is that of `network`; a series is followed by it from the beginning, and scored in the test part.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.analysis.runs import RunOptions
    >>> from hrsnn.tasks import load_task
    >>> task = load_task("digits").subset(train=40, test=20)
    >>> network = lambda channels: build(ReservoirSpec(neurons=40), seed=1, channels=channels)
    >>> run = run_task(network, task, RunOptions(windows=2))
    >>> retested(run, run.network.replace(weight=0 * run.network.weight)).activity.counts.shape
    (20, 2, 40)
    """
    given = run.stimulus if stimulus is None else stimulus
    record = tuple(name for name in RECORDS if name in run.activity.recorded)
    if isinstance(run, ClassesRun):
        activity = respond(network, given, run.options, TEST, record)
        return replace(run, network=network, test=given, on_test=activity)
    activity = follow(network, run.task, record, run.options.seed, run.options.engine, run.options.progress, given)
    return replace(run, network=network, activity=activity, fitted_on=run.activity)


def rates_of(run: TaskRun) -> Rates:
    """Return the rates of a run with fixed weights: on the test samples, or in the whole series.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.analysis.runs import RunOptions
    >>> from hrsnn.tasks import load_task
    >>> task = load_task("digits").subset(train=40, test=20)
    >>> network = lambda channels: build(ReservoirSpec(neurons=40), seed=1, channels=channels)
    >>> run = run_task(network, task, RunOptions(windows=2))
    >>> rates_of(run).mean_rate > 0
    True
    """
    return Rates.of(run.activity)
