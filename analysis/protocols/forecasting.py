"""Forecasts: a ridge readout of a driven reservoir, beside simpler models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.analysis import echo_state_network, last_value, linear_autoregression, nrmse, ridge_readout
from hrsnn.analysis.protocols.driving import Rates, Stopwatch, follow
from hrsnn.growth import build
from hrsnn.readout import LEAST_DEVIATION
from hrsnn.reservoir import Reservoir
from hrsnn.spec import ReservoirSpec
from hrsnn.tasks import SeriesTask

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Forecasting:
    """The outcome of :func:`forecast`.

    Parameters
    ----------
    nrmse, nrmse_v : float
        Of the reservoir on the test part, read from filtered spikes and from membrane potentials.
    nrmse_uncoupled, nrmse_v_uncoupled : float
        The same without recurrent links.
    baselines : mapping
        NRMSE beside them: ``last_value``, ``linear_autoregression``, ``echo_state_network`` (as many units).
    target, prediction : arrays (times, outputs)
        The test part; the prediction is the one from filtered spikes.
    hold : float
        How long each value was held (ms).
    reservoir : Reservoir
    activity : Activity
        The spikes of the whole run.
    rates : Rates
    timing : mapping
        Wall seconds by part.
    """

    nrmse: float
    nrmse_v: float
    nrmse_uncoupled: float
    nrmse_v_uncoupled: float
    baselines: Mapping[str, float]
    target: Array
    prediction: Array
    hold: float
    reservoir: Reservoir
    activity: Activity
    rates: Rates
    timing: Mapping[str, float]


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
        Of the reservoir, its background and the echo state network.
    engine : str
    progress : bool

    Returns
    -------
    Forecasting

    Raises
    ------
    InputError
        When an option is not allowed.

    Notes
    -----
    Every penalty, and the number of lags, is chosen on the end of the training part; the test part is scored once.
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
        return ridge_readout(states, task.targets, train=train, washout=washout, least_deviation=LEAST_DEVIATION).prediction

    def score(prediction: Array) -> float:
        spread = task.targets[task.train].std(axis=0)
        return nrmse(prediction[task.test], task.targets[task.test], scale=spread)

    activity, uncoupled = run(reservoir), run(reservoir.without_recurrence())
    with watch("readout"):
        prediction = readout(activity.states[0])
        network = echo_state_network(task.inputs, reservoir.neurons, seed)
        return Forecasting(
            nrmse=score(prediction),
            nrmse_v=score(readout(activity.v[0])),
            nrmse_uncoupled=score(readout(uncoupled.states[0])),
            nrmse_v_uncoupled=score(readout(uncoupled.v[0])),
            baselines={
                "last_value": score(last_value(task.inputs)),
                "linear_autoregression": score(
                    linear_autoregression(task.inputs, task.targets, train=task.train.stop, washout=task.washout)
                ),
                "echo_state_network": score(readout(network)),
            },
            target=task.targets[task.test],
            prediction=prediction[task.test],
            hold=task.hold,
            reservoir=reservoir,
            activity=activity,
            rates=Rates.of(activity),
            timing=watch.seconds,
        )
