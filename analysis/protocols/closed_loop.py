"""Closed-loop forecasts of a reservoir and of the baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.analysis import fit_echo_state_network
from hrsnn.analysis.forecasting.baselines import fit_autoregression
from hrsnn.analysis.forecasting.closed_loop import free_run
from hrsnn.analysis.forecasting.errors import THRESHOLDS, valid_times
from hrsnn.analysis.forecasting.starts import Starts, starts_of_network, starts_of_system
from hrsnn.analysis.runs.driving import follow
from hrsnn.analysis.runs.rates import Rates, warn_of_silence
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.kinds import Network, NetworkSpec, build_network
from hrsnn.reading import SUFFIXES, has_decoder, read_states, reads_of
from hrsnn.regression.quadratic import series_readout
from hrsnn.regression.ridge import Forecast
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.spec import ReservoirSpec
from hrsnn.tasks import SeriesTask
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
#: Number of forecasts after which their error is checked.
_STRETCH = 50


@dataclass(frozen=True)
class FreeRunning(Displayed):
    """Closed-loop forecasts of a reservoir and its baselines, as returned by :func:`forecast_freely`."""

    #: For each model, by threshold, the mean valid prediction time over the starts, in Lyapunov times if the task has an
    #: exponent, otherwise in steps. The models: ``reservoir`` and ``reservoir_v``, read from filtered spikes and from
    #: membrane potentials, the same without recurrent links, ``no_recurrence`` and ``no_recurrence_v``, and ``last_value``,
    #: ``linear_autoregression``, ``echo_state_network``; of a network with a decoder ``reservoir_decoded``,
    #: ``no_recurrence_decoded``, and ``ideal_system``, the system that it follows.
    valid_time: Mapping[str, Mapping[float, float]]
    #: arrays (starts, thresholds) Valid prediction times at each start.
    valid_times: Mapping[str, Array]
    #: Largest measurable valid time: that of a forecast that is valid to the end of its segment.
    longest: float
    #: For each model, by threshold, the share of starts at which the forecast was valid to the end of its segment: its true
    #: valid time is longer.
    censored: Mapping[str, Mapping[float, float]]
    #: arrays (times, outputs) Forecasts of each model over the test part; nan from soon after the error exceeds the largest
    #: threshold.
    prediction: Mapping[str, Array]
    #: (times, outputs)
    target: Array
    #: Rows of the test part at which the loop is closed.
    starts: NDArray[np.int64]
    reservoir: Network
    #: Activity over the whole series, in open loop.
    activity: Activity[Network]
    #: Rates in that run.
    rates: Rates
    #: Wall-clock seconds by part.
    timing: Mapping[str, float]


@takes()
def forecast_freely(
    task: SeriesTask,
    spec: NetworkSpec | None = None,
    *,
    starts: int = 1,
    quadratic: int = 0,
    seed: int = 0,
    engine: str = "auto",
    progress: bool = False,
) -> FreeRunning:
    """Forecast a series in closed loop, with last value, linear autoregression and echo state network as baselines.

    Parameters
    ----------
    task : SeriesTask
        Task whose targets are its inputs, one step ahead.
    spec : NetworkSpec, optional
        Specification of a network of any kind; by default a reservoir.
    starts : int
        Number of segments that the test part is divided into. Each model receives the true series up to the start of a
        segment, and its own forecasts from there to the end of it.
    quadratic : int
        Number of principal components of the states whose squares and products the readouts of the network see too; 0:
        linear readouts.
    seed : int
        Seed of the reservoir, its background and the echo state network.
    engine : str
    progress : bool

    Returns
    -------
    FreeRunning

    Raises
    ------
    InputError
        When the task's targets are not the next inputs, or an option is not allowed.

    Warns
    -----
    UndefinedWarning
        When no neuron spiked.

    Notes
    -----
    All models are fitted and tuned on the training part, as in :func:`hrsnn.analysis.protocols.forecast`. The valid time
    varies by a factor of several along an attractor: compare models over many starts, with segments long enough that few
    are censored.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec
    >>> from hrsnn.tasks import load_task
    >>> result = forecast_freely(load_task("lorenz63", train=200, test=20), ReservoirSpec(neurons=30), starts=2)
    >>> result.starts, sorted(result.valid_time["reservoir"])
    (array([ 0, 10]), [0.05, 0.1, 0.5])
    """
    starts = count_of("starts", starts)
    first, length = task.test.start, len(task.targets[task.test]) // starts
    if task.targets.shape != task.inputs.shape or not np.allclose(task.targets[:-1], task.inputs[1:]):
        raise InputError("task", task.name, "must have its own next inputs as targets (horizon 1) for a closed loop")
    if task.spikes is not None:
        raise InputError("task", task.name, "must have its inputs as currents for a closed loop: encoding current")
    if not length:
        raise InputError("starts", starts, f"must be at most the {len(task.targets[task.test])} test values")
    watch = Stopwatch()
    reservoir = build_network(spec or ReservoirSpec(), seed, channels=task.inputs.shape[1])

    def fit(states: Array) -> Forecast:
        return series_readout(states, task.targets, task.train.stop, task.washout, quadratic)

    with watch("simulate"):
        activity, uncoupled = (
            follow(one, task, ("spikes", "states", "v"), seed, engine, progress)
            for one in (reservoir, reservoir.without_recurrence())
        )
    warn_of_silence(activity)
    with watch("readout"):
        echo = fit_echo_state_network(
            task.inputs, task.targets, task.train.stop, reservoir.neurons, seed, washout=task.washout
        )
        linear = fit_autoregression(task.inputs, task.targets, train=task.train.stop, washout=task.washout)

    def from_echo(row: int) -> tuple[Array, Callable[[Array], Array]]:
        state = echo.states[row]

        def step(value: Array) -> Array:
            nonlocal state
            state = echo.network(value[None], start=state)[0]
            return np.ravel(echo.forecast.readout(state[None]))

        return echo.forecast.prediction[row], step

    def from_linear(row: int) -> tuple[Array, Callable[[Array], Array]]:
        seen = task.inputs[: row + 1]

        def step(value: Array) -> Array:
            nonlocal seen
            seen = np.vstack([seen[-linear.lags :], value])
            return linear(seen)

        return linear.forecast.prediction[row], step

    models: dict[str, Starts] = {}
    alone = reservoir.without_recurrence()
    for label, network, run in (("reservoir", reservoir, activity), ("no_recurrence", alone, uncoupled)):
        for read in reads_of(network):
            made = fit(read_states(run, read)[0])
            models[f"{label}{SUFFIXES[read]}"] = starts_of_network(network, task, made, read, engine=engine, seed=seed)
    if has_decoder(reservoir):
        ideal = fit(reservoir.ideal_states(task.inputs, task.hold))
        models["ideal_system"] = starts_of_system(reservoir, task, ideal)
    models |= {
        "last_value": lambda row: (task.inputs[row], lambda value: value),
        "linear_autoregression": from_linear,
        "echo_state_network": from_echo,
    }
    rows = first + length * np.arange(starts)
    target = task.targets[first : first + length * starts]
    prediction: dict[str, Array] = {}
    times: dict[str, Array] = {}
    with watch("closed loop"):
        for name, begin in models.items():
            # the forecast of row r is made after the input of row r, and becomes the input of row r + 1
            true = target.reshape(starts, length, -1)
            pieces = [until_lost(*begin(row), piece, task) for row, piece in zip(rows, true, strict=True)]
            prediction[name] = np.vstack(pieces)
            times[name] = np.array([list(valid_times(*pair, task).values()) for pair in zip(pieces, true, strict=True)])
    means = {name: dict(zip(THRESHOLDS, map(float, each.mean(axis=0)), strict=True)) for name, each in times.items()}
    longest = max(valid_times(target[:length], target[:length], task).values())
    censored = {
        name: dict(zip(THRESHOLDS, map(float, (each >= longest).mean(axis=0)), strict=True)) for name, each in times.items()
    }
    return FreeRunning(
        valid_time=means,
        valid_times=times,
        longest=longest,
        censored=censored,
        prediction=prediction,
        target=target,
        starts=rows - first,
        reservoir=reservoir,
        activity=activity,
        rates=Rates.of(activity),
        timing=watch.seconds,
    )


def until_lost(first: Array, step: Callable[[Array], Array], target: Array, task: SeriesTask) -> Array:
    """Return the forecasts (times, outputs) of a segment, nan from soon after the error exceeds all thresholds.

    After that a forecast can be right only by chance, and is not used.
    """
    made = np.full_like(target, np.nan)
    value = first
    for begin in range(0, len(target), _STRETCH):
        part = slice(begin, min(begin + _STRETCH, len(target)))
        made[part] = free_run(step, value, part.stop - part.start)
        whole = valid_times(target[part], target[part], task)
        if valid_times(made[part], target[part], task)[max(THRESHOLDS)] < whole[max(THRESHOLDS)]:
            break
        if part.stop < len(target):
            value = step(made[part][-1])
    return made
