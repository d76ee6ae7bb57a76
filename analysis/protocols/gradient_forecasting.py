"""Forecasts by networks trained by gradients, beside their controls."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.analysis.forecasting.errors import nrmse
from hrsnn.analysis.forecasting.models import MODELS
from hrsnn.analysis.protocols.gradient_training import gated_options, learned_values, without_links
from hrsnn.analysis.runs.rates import Rates
from hrsnn.balanced.network import BalancedNetwork
from hrsnn.errors import InputError
from hrsnn.regression.ridge import Forecast, ridge_readout
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.simulation import simulate
from hrsnn.tasks import SeriesTask
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    from hrsnn.training import TrainableNetwork, Training, TrainingOptions

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TrainedForecasting:
    """NRMSE of a trained network and its controls, as returned by :func:`train_and_forecast`."""

    #: NRMSE on the test part of the readout that was trained, in units of the training part's standard deviation.
    nrmse: float
    #: The same of a ridge readout of the trained network, fitted to the whole training part.
    nrmse_ridge: float
    #: ``untrained``: a ridge readout of the network before training, fitted to the whole training part. ``last_value``,
    #: ``linear_autoregression`` and ``echo_state_network``: as of :func:`hrsnn.analysis.protocols.forecast`.
    #: ``no_recurrence``: the network without recurrent links, trained in the same way. ``gru``: gated recurrent units with
    #: at most as many parameters.
    baselines: Mapping[str, float]
    #: The same for `nrmse_ridge`: ``no_recurrence`` by a ridge readout too.
    baselines_ridge: Mapping[str, float]
    #: `target` and `prediction`: (times, outputs) Target and prediction of the trained readout over the test part.
    target: Array
    prediction: Array
    #: Time for which each value was held (ms).
    hold: float
    #: The epochs, and which was best.
    training: Training
    #: The network before and after training.
    initial: Reservoir | BalancedNetwork
    network: Reservoir | BalancedNetwork
    #: Weights (outputs, N) and biases (outputs,) of the readout, in the units of the targets.
    readout: Array
    bias: Array
    #: Number of values that learned.
    parameters: int
    #: Spikes of the whole series, of the network that is given back.
    activity: Activity[Any]
    rates: Rates
    #: Wall-clock seconds by part.
    timing: Mapping[str, float]


@takes()
def train_and_forecast(
    task: SeriesTask,
    reservoir: Any,
    learn: tuple[str, ...],
    options: TrainingOptions | None = None,
    *,
    window: int = 40,
    model: Mapping[str, Any] | None = None,
    controls: bool = True,
    folder: Path | None = None,
    engine: str = "auto",
    seed: int = 0,
    progress: bool = False,
) -> TrainedForecasting:
    """Train a reservoir or a balanced network to forecast a series, and its controls in the same way.

    The last quarter of the training part is the validation part, which chooses the epoch. Before it the readout is fitted by
    ridge regression, where training starts. It sees windows of the series that start from rest, of which the second half has
    targets (:func:`hrsnn.training.series.windows_of`), and lowers the squared error in units of the targets' variance. The
    test part is scored once, in one run of the network that is given back through the whole series.

    Parameters
    ----------
    task : SeriesTask
    reservoir : callable
        Function from a number of input channels to the network before training.
    learn : tuple of str
        As of :class:`hrsnn.training.TrainableNetwork`.
    options : TrainingOptions, optional
        `read` has no effect.
    window : int
        Number of values in a window.
    model : mapping, optional
        Further parameters of :class:`hrsnn.training.TrainableNetwork`, such as ``surrogate``.
    controls : bool
        Whether the controls that have to be trained are.
    folder : Path, optional
        For checkpoints, in a folder each for the network and its controls; a training that was stopped there goes on.
    engine : str
        For the run through the series.
    seed : int
        Of background input, the echo state network, and the gated units at the start.
    progress : bool

    Returns
    -------
    TrainedForecasting

    Raises
    ------
    InputError
        As of training; when the window is longer than the series before the validation part.

    Notes
    -----
    The trained readout was fitted and trained on three quarters of the training part, ridge readouts on all of it.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.tasks import load_task
    >>> from hrsnn.training import TrainingOptions
    >>> found = train_and_forecast(
    ...     load_task("lorenz63", train=100, test=20, washout=20),
    ...     lambda channels: build(ReservoirSpec(neurons=20, dt=2), seed=1, channels=channels),
    ...     ("recurrent", "readout"),
    ...     TrainingOptions(epochs=1),
    ...     window=10,
    ... )
    >>> sorted(set(found.baselines) - set(MODELS)), found.prediction.shape
    (['gru', 'no_recurrence', 'untrained'], (20, 3))
    """
    from hrsnn.training import TrainingOptions

    clock = Stopwatch()
    initial = reservoir(task.stimulus().n_channels)
    if not isinstance(initial, (Reservoir, BalancedNetwork)):
        raise InputError("network", initial.kind, "must be a reservoir or a balanced network")
    runner = _Runner(task, options or TrainingOptions(), window, dict(model or {}), folder, engine, seed, progress)
    with clock("training"):
        found = runner.run("network", initial, learn)
    with clock("controls"):
        shared = {"untrained": runner.error(found.untrained.prediction)}
        shared |= {name: runner.error(each(task, initial.neurons, seed)) for name, each in MODELS.items()}
        own, ridge = dict(shared), dict(shared)
        bare = without_links(learn)
        if controls and bare:
            control = runner.run("no_recurrence", initial.without_recurrence(), bare)
            own["no_recurrence"], ridge["no_recurrence"] = (
                runner.error(each) for each in (control.prediction, control.ridge.prediction)
            )
        if controls:
            own["gru"] = ridge["gru"] = runner.gated(learned_values(found.module))
    readout = found.module.readout
    weight, bias = (one.detach().double().cpu().numpy() for one in (readout.weight, readout.bias))
    learned = task.targets[task.validation_part().train]
    return TrainedForecasting(
        nrmse=runner.error(found.prediction),
        nrmse_ridge=runner.error(found.ridge.prediction),
        baselines=own,
        baselines_ridge=ridge,
        target=task.targets[task.test],
        prediction=found.prediction[task.test],
        hold=task.hold,
        training=found.training,
        initial=initial,
        network=found.activity.reservoir,
        readout=weight * learned.std(axis=0)[:, None],
        bias=bias * learned.std(axis=0) + learned.mean(axis=0),
        parameters=learned_values(found.module),
        activity=found.activity,
        rates=Rates.of(found.activity),
        timing=clock.seconds,
    )


@dataclass(frozen=True)
class _Trained:
    """A network after training, with the forecasts of its readouts in the units of the targets (times, outputs)."""

    training: Training
    module: TrainableNetwork
    activity: Activity[Any]
    prediction: Array  #: of the trained readout
    ridge: Forecast  #: of a ridge readout of the trained network
    untrained: Forecast  #: of a ridge readout of the network before training


@dataclass(frozen=True)
class _Runner:
    """Functions that train a network, or gated units, on a series."""

    task: SeriesTask
    options: TrainingOptions
    window: int
    model: Mapping[str, Any]
    folder: Path | None
    engine: str
    seed: int
    progress: bool

    def run(self, name: str, initial: Reservoir | BalancedNetwork, learn: tuple[str, ...]) -> _Trained:
        """Train a network from a ridge readout of its states."""
        from hrsnn.training.series import in_units, standardised

        task, part = self.task, self.task.validation_part()
        make = self._maker(learn)
        module = make(initial)
        before = self._states(self._simulated(initial, module), module)
        end = part.train.stop
        start = ridge_readout(before[:end], standardised(part, task.targets[:end]), end, washout=task.washout).readout
        bias = start(np.zeros((1, initial.neurons)))[0]
        module.set_readout((start(np.eye(initial.neurons)) - bias).T, bias)
        training = self._train(module, name)
        given_back = make(module.network())
        given_back.readout.load_state_dict(module.readout.state_dict())
        activity = self._simulated(module.network(), module)
        after = self._states(activity, module)
        weight, bias = (one.detach().double().cpu().numpy() for one in module.readout.parameters())
        fitted = task.targets, task.train.stop
        return _Trained(
            training,
            given_back,
            activity,
            in_units(part, after @ weight.T + bias),
            ridge_readout(after, *fitted, washout=task.washout),
            ridge_readout(before, *fitted, washout=task.washout),
        )

    def gated(self, parameters: int) -> float:
        """Return the NRMSE of gated recurrent units on windows of the test part, trained with the same options."""
        from hrsnn.training import predict_series
        from hrsnn.training.gated import GatedNetwork, gated_units
        from hrsnn.training.series import in_units, windows_of

        task, part = self.task, self.task.validation_part()
        channels, outputs = task.stimulus().n_channels, task.targets.shape[1]
        units = gated_units(parameters, channels, outputs)
        on = {name: self.model[name] for name in ("dtype", "device") if name in self.model}
        module = GatedNetwork(channels, outputs, units, **on, seed=self.seed)
        options = gated_options(self.options, units)
        dataclasses.replace(self, options=options)._train(module, "gru")
        stimulus, targets = windows_of(task, task.test, self.window)
        predicted = in_units(part, predict_series(module, stimulus, self.window, options))
        wanted = np.isfinite(targets).all(axis=2)  # in the order of the test part
        everything = np.full_like(task.targets, np.nan)
        everything[task.test] = predicted[wanted]
        return self.error(everything)

    def error(self, prediction: Array) -> float:
        """Return the NRMSE (times, outputs) on the test part."""
        task = self.task
        return nrmse(prediction[task.test], task.targets[task.test], scale=task.targets[task.train].std(axis=0))

    def _maker(self, learn: tuple[str, ...]) -> Callable[[Reservoir | BalancedNetwork], TrainableNetwork]:
        from hrsnn.training import TrainableNetwork

        outputs = self.task.targets.shape[1]
        return lambda network: TrainableNetwork(network, outputs, learn, seed=self.seed, **self.model)

    def _train(self, module: Any, name: str) -> Training:
        from hrsnn.training import train
        from hrsnn.training.series import windows_of

        part = self.task.validation_part()
        (x, y), validation = (windows_of(part, which, self.window) for which in (part.train, part.test))
        place = None if self.folder is None else self.folder / name
        return train(module, x, y, validation, self.options, place, self.progress)

    def _simulated(self, network: Reservoir | BalancedNetwork, module: TrainableNetwork) -> Activity[Any]:
        task = self.task
        return simulate(
            network,
            task.stimulus(),
            record=("spikes", "states"),
            sample_times=task.hold * np.arange(1, len(task.inputs) + 1),
            tau_state=module.tau_readout,
            engine=self.engine,
            seed=self.seed,
        )

    @staticmethod
    def _states(activity: Activity[Any], module: TrainableNetwork) -> Array:
        """Return the filtered spikes that the module's readout sees at the end of each value (times, N)."""
        # the engines' states have decayed for a step since the latest spike
        return np.asarray(activity.states[0]) / module.keep
