"""Open-loop forecasts: a ridge readout of a driven reservoir, and the baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.analysis import (
    fit_echo_state_network,
    last_value,
    linear_autoregression,
    nrmse,
    ridge_readout,
    valid_prediction_time,
)
from hrsnn.analysis.forecasting.errors import THRESHOLDS
from hrsnn.analysis.protocols.rates import Rates, warn_of_silence
from hrsnn.analysis.protocols.series_runs import follow
from hrsnn.builder import build
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.spec import ReservoirSpec
from hrsnn.tasks import SeriesTask
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Forecasting:
    """Open-loop forecasts of a reservoir and its baselines, as returned by :func:`forecast`."""

    #: `nrmse` and `nrmse_v`: NRMSE of the reservoir on the test part, read from filtered spikes and from membrane
    #: potentials.
    nrmse: float
    nrmse_v: float
    #: `nrmse_uncoupled` and `nrmse_v_uncoupled`: The same without recurrent links.
    nrmse_uncoupled: float
    nrmse_v_uncoupled: float
    #: NRMSE of the baselines: ``last_value``, ``linear_autoregression``, ``echo_state_network`` (of the same size).
    baselines: Mapping[str, float]
    #: In open loop, where each forecast starts from the true inputs: for ``reservoir``, ``reservoir_v``, ``no_recurrence``,
    #: ``no_recurrence_v`` and each of the baselines, by threshold, the time until the error first exceeds it; see
    #: :func:`valid_times`. In closed loop: :func:`hrsnn.analysis.protocols.forecast_freely`.
    valid_time: Mapping[str, Mapping[float, float]]
    #: `target` and `prediction`: (times, outputs) Target and prediction (from filtered spikes) over the test part.
    target: Array
    prediction: Array
    #: Time for which each value was held (ms).
    hold: float
    reservoir: Reservoir
    #: Spikes of the whole run.
    activity: Activity
    rates: Rates
    #: Wall-clock seconds by part.
    timing: Mapping[str, float]


@takes()
def forecast(
    task: SeriesTask,
    spec: ReservoirSpec | None = None,
    *,
    seed: int = 0,
    engine: str = "auto",
    progress: bool = False,
) -> Forecasting:
    """Forecast a series with a ridge readout of a reservoir with fixed weights.

    Parameters
    ----------
    task : SeriesTask
        From :func:`hrsnn.tasks.load_task`.
    spec : ReservoirSpec, optional
    seed : int
        Seed of the reservoir, its background and the echo state network.
    engine : str
    progress : bool

    Returns
    -------
    Forecasting

    Raises
    ------
    InputError
        When an option is not allowed.

    Warns
    -----
    UndefinedWarning
        When no neuron spiked.

    Notes
    -----
    Every penalty, the number of lags, and the echo state network's spectral radius, input scale and leak are chosen on the
    last fifth of the training part; the test part is scored once.
    NRMSE is in units of the training part's standard deviation.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec
    >>> from hrsnn.tasks import load_task
    >>> result = forecast(load_task("lorenz63", train=200, test=50), ReservoirSpec(neurons=30))
    >>> result.prediction.shape == result.target.shape
    True
    """
    watch = Stopwatch()
    reservoir = build(spec or ReservoirSpec(), seed, channels=task.inputs.shape[1])

    def run(one: Reservoir) -> Activity:
        with watch("simulate"):
            return follow(one, task, ("spikes", "states", "v"), seed, engine, progress)

    def readout(states: Array) -> Array:
        train, washout = task.train.stop, task.washout
        return ridge_readout(states, task.targets, train=train, washout=washout).prediction

    def score(prediction: Array) -> float:
        spread = task.targets[task.train].std(axis=0)
        return nrmse(prediction[task.test], task.targets[task.test], scale=spread)

    activity, uncoupled = run(reservoir), run(reservoir.without_recurrence())
    warn_of_silence(activity)
    with watch("readout"):
        prediction = readout(activity.states[0])
        ours = {
            "reservoir": prediction,
            "reservoir_v": readout(activity.v[0]),
            "no_recurrence": readout(uncoupled.states[0]),
            "no_recurrence_v": readout(uncoupled.v[0]),
        }
        compared = {
            "last_value": last_value(task.inputs),
            "linear_autoregression": linear_autoregression(
                task.inputs, task.targets, train=task.train.stop, washout=task.washout
            ),
            "echo_state_network": fit_echo_state_network(
                task.inputs, task.targets, task.train.stop, reservoir.neurons, seed, washout=task.washout
            ).forecast.prediction,
        }
        return Forecasting(
            nrmse=score(prediction),
            nrmse_v=score(ours["reservoir_v"]),
            nrmse_uncoupled=score(ours["no_recurrence"]),
            nrmse_v_uncoupled=score(ours["no_recurrence_v"]),
            baselines={name: score(other) for name, other in compared.items()},
            valid_time={
                name: valid_times(each[task.test], task.targets[task.test], task)
                for name, each in {**ours, **compared}.items()
            },
            target=task.targets[task.test],
            prediction=prediction[task.test],
            hold=task.hold,
            reservoir=reservoir,
            activity=activity,
            rates=Rates.of(activity),
            timing=watch.seconds,
        )


def valid_times(prediction: Array, target: Array, task: SeriesTask) -> dict[float, float]:
    """Compute valid prediction times by threshold, in Lyapunov times if the task has an exponent, otherwise in steps.

    Parameters
    ----------
    prediction, target : arrays (times, outputs)
        Arrays for consecutive values of `task`.
    task : SeriesTask

    Examples
    --------
    >>> from hrsnn.tasks import load_task
    >>> task = load_task("lorenz63", train=100, test=50)
    >>> valid_times(task.targets[:10], task.targets[:10], task)  # right to the end
    {0.05: 0.0906, 0.1: 0.0906, 0.5: 0.0906}
    """
    exponent = task.lyapunov_exponent
    step, rate = (task.time_step, exponent) if exponent else (1.0, 1.0)
    scale = task.targets[task.train].std(axis=0)
    return {
        threshold: valid_prediction_time(prediction, target, threshold, scale=scale, time_step=step, lyapunov_exponent=rate)
        for threshold in THRESHOLDS
    }
