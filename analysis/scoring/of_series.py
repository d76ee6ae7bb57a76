"""Scores of forecasts: errors in open loop, and valid times in closed loop."""

from __future__ import annotations

import math

import numpy as np

from hrsnn.analysis.forecasting.closed_loop import ReservoirForecaster, free_run, held_currents
from hrsnn.analysis.forecasting.errors import THRESHOLDS, valid_times
from hrsnn.analysis.scoring.contract import POSITIVE, Score
from hrsnn.analysis.scoring.task_runs import SeriesRun
from hrsnn.engines.network_state import NetworkState
from hrsnn.kinds import Network
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents

#: Threshold of the valid time in closed loop, in standard deviations.
_THRESHOLD = max(THRESHOLDS)


def _nrmse(run: SeriesRun) -> float:
    return float(run.error(run.forecast("states").prediction))


def _nrmse_v(run: SeriesRun) -> float:
    return float(run.error(run.forecast("v").prediction))


def _valid_time(run: SeriesRun) -> float:
    """Compute the mean valid time over starts spread over the test part.

    It is nan if the targets are not the next inputs, if these are given as spikes, and with input delays.
    """
    task, options, network = run.task, run.options, run.network
    engine, seed = options.engine, options.seed
    length = task.test.stop - task.test.start
    if task.spikes is not None or not task.is_one_step_ahead or length < options.steps or _cannot_stop(network):
        return math.nan
    forecast = run.forecast("states")
    times, begin = [], 0
    state: NetworkState | None = None
    for row in task.test.start + (length - options.steps) // options.starts * np.arange(options.starts):
        piece = Currents(task.inputs[None, begin : row + 1], dt=task.hold)
        state = simulate(network, piece, record=("states",), engine=engine, seed=seed, state=state).state
        begin = int(row) + 1
        held = held_currents(task.hold)
        model = ReservoirForecaster(network, forecast.readout, state, held, engine=engine, seed=seed)
        made = free_run(model, forecast.prediction[row], options.steps)
        times.append(valid_times(made, task.targets[row : row + options.steps], task)[_THRESHOLD])
    return float(np.mean(times))


def _cannot_stop(network: Network) -> bool:
    """Return whether a run cannot go on from a state: input in transit is not part of it."""
    return "input_delays" in network.needs()


NRMSE = Score(
    label="NRMSE",
    bounds=POSITIVE,
    better=-1,
    family="skill",
    kinds=("series",),
    needs=("states", "inputs"),
    function=_nrmse,
)
NRMSE_V = Score(
    label="NRMSE from v",
    bounds=POSITIVE,
    better=-1,
    family="skill",
    kinds=("series",),
    needs=("v", "inputs"),
    function=_nrmse_v,
)
VALID_TIME = Score(
    label="Valid time",
    unit="Lyapunov times",
    bounds=POSITIVE,
    better=1,
    family="skill",
    kinds=("series",),
    needs=("states", "inputs", "network"),
    function=_valid_time,
)
