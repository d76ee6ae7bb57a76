"""Classification by networks trained by gradients, beside their controls."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from hrsnn.activity import Activity
from hrsnn.analysis.runs.rates import Rates
from hrsnn.balanced.network import BalancedNetwork
from hrsnn.errors import InputError
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.simulation import simulate
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks import ClassificationTask
from hrsnn.validation.units import takes

if TYPE_CHECKING:
    from hrsnn.training import Training, TrainingOptions

#: Controls that are trained.
CONTROLS = ("readout_only", "no_recurrence", "gru")
#: What has no meaning without recurrent links.
_OF_LINKS = ("recurrent", "delays")


@dataclass(frozen=True)
class TrainedClassification:
    """Accuracy of a trained network and its controls, as returned by :func:`train_and_classify`."""

    #: Share of the test samples that are classified correctly; the test part is scored once.
    accuracy: float
    #: ``raw_input``: the task's linear model of the input. ``readout_only``: the same network, of which only the readout was
    #: trained. ``no_recurrence``: the network without recurrent links, trained in the same way. ``gru``: gated recurrent
    #: units with at most as many parameters.
    baselines: Mapping[str, float]
    y_test: NDArray[Any]
    predicted: NDArray[Any]
    #: The epochs, and which was best.
    training: Training
    #: The network before and after training.
    initial: Reservoir | BalancedNetwork
    network: Reservoir | BalancedNetwork
    #: Weights (classes, N) and biases (classes,) of the readout.
    readout: NDArray[np.float64]
    bias: NDArray[np.float64]
    #: Number of values that learned.
    parameters: int
    #: Spikes of the test samples, of the network that is given back.
    activity: Activity[Any]
    rates: Rates
    #: Wall-clock seconds by part.
    timing: Mapping[str, float]


@takes()
def train_and_classify(
    task: ClassificationTask,
    reservoir: Any,
    learn: tuple[str, ...],
    options: TrainingOptions | None = None,
    *,
    model: Mapping[str, Any] | None = None,
    controls: bool | tuple[str, ...] = True,
    folder: Path | None = None,
    engine: str = "auto",
    seed: int = 0,
    progress: bool = False,
) -> TrainedClassification:
    """Train a reservoir or a balanced network on a task with classes, and its controls in the same way.

    30 % of the training part are the validation part, which chooses the epoch; the encoder is fitted to the other 70 %. The
    test part is scored once, with the network that :meth:`hrsnn.training.TrainableNetwork.network` gives back: delays are in
    whole steps then.

    Parameters
    ----------
    task : ClassificationTask
    reservoir : callable
        Function from a number of input channels to the network before training.
    learn : tuple of str
        As of :class:`hrsnn.training.TrainableNetwork`.
    options : TrainingOptions, optional
    model : mapping, optional
        Further parameters of :class:`hrsnn.training.TrainableNetwork`, such as ``surrogate``.
    controls : bool or tuple of str
        Whether the controls that have to be trained are, or names of those that are.
    folder : Path, optional
        For checkpoints, in a folder each for the network and its controls; a training that was stopped there goes on.
    engine : str
        For the spikes of the test samples.
    seed : int
        Of the readout at the start, and of background input.
    progress : bool

    Returns
    -------
    TrainedClassification

    Raises
    ------
    InputError
        As of training; when a label of the test part is none of the training part, or a control is unknown.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.tasks import load_task
    >>> from hrsnn.training import TrainingOptions
    >>> found = train_and_classify(
    ...     load_task("digits").subset(train=60, test=20),
    ...     lambda channels: build(ReservoirSpec(neurons=20, dt=1), seed=1, channels=channels),
    ...     ("recurrent", "readout"),
    ...     TrainingOptions(epochs=1),
    ... )
    >>> sorted(found.baselines), len(found.training.epochs)
    (['gru', 'no_recurrence', 'raw_input', 'readout_only'], 2)
    """
    from hrsnn.training import TrainingOptions

    options, clock = options or TrainingOptions(), Stopwatch()
    wanted = (CONTROLS if controls else ()) if isinstance(controls, bool) else controls
    for name in wanted:
        if name not in CONTROLS:
            raise InputError("controls", name, f"must be of {', '.join(CONTROLS)}")
    with clock("encoding"):
        parts = _encoded(task)
    initial = reservoir(parts[0][0].n_channels)
    if not isinstance(initial, (Reservoir, BalancedNetwork)):
        raise InputError("network", initial.kind, "must be a reservoir or a balanced network")
    runner = _Runner(parts, options, dict(model or {}), folder, seed, progress, len(task.classes))
    with clock("training"):
        training, network, outputs, module = runner.run("network", initial, learn)
    baselines = {}
    with clock("controls"):
        linear = clone(task.raw_baseline).fit(task.x_train, task.y_train)
        baselines["raw_input"] = float(np.mean(np.asarray(linear.predict(task.x_test)) == task.y_test))
        bare = without_links(learn)
        for name, control, its in (
            ("readout_only", initial, ("readout",)),
            ("no_recurrence", initial.without_recurrence(), bare),
        ):
            if its and name in wanted:
                scored = runner.run(name, control, its)[2].argmax(1)
                baselines[name] = float(np.mean(scored == parts[2][1]))
        if "gru" in wanted:
            baselines["gru"] = float(np.mean(runner.gated(learned_values(module)).argmax(1) == parts[2][1]))
    with clock("rates"):
        activity = simulate(network, parts[2][0], engine=engine, seed=seed)
    predicted = outputs.argmax(1)
    return TrainedClassification(
        accuracy=float(np.mean(predicted == parts[2][1])),
        baselines=baselines,
        y_test=task.y_test,
        predicted=np.asarray(task.classes)[predicted],
        training=training,
        initial=initial,
        network=network,
        readout=module.readout.weight.detach().double().cpu().numpy(),
        bias=module.readout.bias.detach().double().cpu().numpy(),
        parameters=learned_values(module),
        activity=activity,
        rates=Rates.of(activity),
        timing=clock.seconds,
    )


@dataclass(frozen=True)
class _Runner:
    """Function that trains a network on the parts of a task."""

    parts: list[tuple[Stimulus, NDArray[np.int64]]]
    options: TrainingOptions
    model: Mapping[str, Any]
    folder: Path | None
    seed: int
    progress: bool
    classes: int

    def run(
        self, name: str, initial: Reservoir | BalancedNetwork, learn: tuple[str, ...]
    ) -> tuple[Training, Reservoir | BalancedNetwork, Any, Any]:
        """Return the training, the network, its outputs on the test part, and the module."""
        from hrsnn.training import TrainableNetwork, predict, train

        module = TrainableNetwork(initial, self.classes, learn, seed=self.seed, **self.model)
        place = None if self.folder is None else self.folder / name
        (x, y), validation, (x_test, _) = self.parts
        training = train(module, x, y, validation, self.options, place, self.progress)
        network = module.network()
        given_back = TrainableNetwork(network, self.classes, learn, seed=self.seed, **self.model)
        given_back.readout.load_state_dict(module.readout.state_dict())
        return training, network, predict(given_back, x_test, self.options, self.seed), given_back

    def gated(self, parameters: int) -> NDArray[np.float64]:
        """Return the outputs of gated recurrent units on the test part, trained with the same options."""
        from hrsnn.training import predict, train
        from hrsnn.training.gated import GatedNetwork, gated_units

        (x, y), validation, (x_test, _) = self.parts
        units = gated_units(parameters, x.n_channels, self.classes)
        on = {name: self.model[name] for name in ("dtype", "device") if name in self.model}
        module = GatedNetwork(x.n_channels, self.classes, units, **on, seed=self.seed)
        options = gated_options(self.options, units)
        train(module, x, y, validation, options, None if self.folder is None else self.folder / "gru", self.progress)
        return np.asarray(predict(module, x_test, options))


def learned_values(module: Any) -> int:
    """Return the number of values that learn."""
    return sum(one.numel() for one in module.parameters() if one.requires_grad)


def without_links(learn: tuple[str, ...]) -> tuple[str, ...]:
    """Return what learns in a network without recurrent links."""
    return tuple(name for name in learn if name not in _OF_LINKS)


def gated_options(options: TrainingOptions, units: int) -> TrainingOptions:
    """Return the options with which so many gated recurrent units are trained beside a network."""
    # learning rates are in natural steps: the mean size of the weights, uniform within 1/sqrt(units)
    rate = options.learning_rate * units**-0.5 / 2
    without: dict[str, Any] = {
        "rate_weight": 0.0,
        "voltage_weight": 0.0,
        "truncate": None,
        "checkpoint": None,
        "method": "bptt",
    }
    return dataclasses.replace(options, learning_rate=rate, **without)


def _encoded(task: ClassificationTask) -> list[tuple[Stimulus, NDArray[np.int64]]]:
    """Return stimuli and classes of the training, validation and test parts; the encoder is fitted to the first."""
    part = task.validation_part()
    known = set(np.unique(part.y_train).tolist())
    for label in (*np.unique(part.y_test).tolist(), *np.unique(task.y_test).tolist()):
        if label not in known:
            raise InputError("labels", label, "must be of the training part too: train needs more samples of each class")
    encoder = None if part.encoder is None else clone(part.encoder).fit(part.x_train)
    pairs = ((part.x_train, part.y_train), (part.x_test, part.y_test), (task.x_test, task.y_test))
    return [
        (x if encoder is None else encoder.transform(x), np.searchsorted(task.classes, y).astype(np.int64)) for x, y in pairs
    ]
