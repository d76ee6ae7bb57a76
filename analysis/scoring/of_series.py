"""Scores of forecasts: errors in open loop, and valid times in closed loop."""

from __future__ import annotations

import functools
import math

import numpy as np

from hrsnn.analysis.forecasting.closed_loop import free_run
from hrsnn.analysis.forecasting.errors import THRESHOLDS, valid_times
from hrsnn.analysis.forecasting.starts import starts_of_network, starts_of_system
from hrsnn.analysis.runs import SeriesRun
from hrsnn.analysis.scoring.contract import POSITIVE, Need, Score
from hrsnn.kinds import Network
from hrsnn.reading import Read, has_decoder

#: Threshold of the valid time in closed loop, in standard deviations.
_THRESHOLD = max(THRESHOLDS)


def _nrmse(read: Read, run: SeriesRun) -> float:
    return float(run.error(run.forecast(read).prediction))


def _valid_time(read: Read, run: SeriesRun) -> float:
    """Compute the mean valid time over starts spread over the test part.

    It is nan if the targets are not the next inputs, if these are given as spikes, and with input delays.
    """
    task, options, network = run.task, run.options, run.network
    length = task.test.stop - task.test.start
    if task.spikes is not None or not task.is_one_step_ahead or length < options.steps or _cannot_stop(network):
        return math.nan
    forecast = run.forecast(read)
    if run.ideal and has_decoder(network):
        begin = starts_of_system(network, task, forecast)
    else:
        begin = starts_of_network(network, task, forecast, read, engine=options.engine, seed=options.seed)
    times = []
    for row in task.test.start + (length - options.steps) // options.starts * np.arange(options.starts):
        first, model = begin(int(row))
        made = free_run(model, first, options.steps)
        times.append(valid_times(made, task.targets[row : row + options.steps], task)[_THRESHOLD])
    return float(np.mean(times))


def _cannot_stop(network: Network) -> bool:
    """Return whether a run cannot go on from a state: input in transit is not part of it."""
    return "input_delays" in network.needs()


def _score_of_error(label: str, read: Read, *needs: Need) -> Score:
    return Score(
        label=label,
        bounds=POSITIVE,
        better=-1,
        family="skill",
        kinds=("series",),
        needs=(*needs, "inputs"),
        function=functools.partial(_nrmse, read),
    )


def _score_of_valid_time(label: str, read: Read, *needs: Need) -> Score:
    return Score(
        label=label,
        unit="Lyapunov times",
        bounds=POSITIVE,
        better=1,
        family="skill",
        kinds=("series",),
        needs=(*needs, "inputs", "network"),
        function=functools.partial(_valid_time, read),
    )


NRMSE = _score_of_error("NRMSE", "states", "states")
NRMSE_V = _score_of_error("NRMSE from v", "v", "v")
NRMSE_DECODED = _score_of_error("NRMSE, decoded", "decoded", "spikes", "decoder")
VALID_TIME = _score_of_valid_time("Valid time", "states", "states")
VALID_TIME_DECODED = _score_of_valid_time("Valid time, decoded", "decoded", "spikes", "decoder")
