"""What recipes on deep networks share: data sets by scale, arms that are trained on them, and what is measured of each."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis.scoring.contract import Bounds
from hrsnn.errors import InputError
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.kept_runs import KeptRuns
from hrsnn.scripts.recipes.contract import SCALES, RecipeOptions, RecipeRow
from hrsnn.scripts.recipes.data import place_of, why_not
from hrsnn.scripts.recipes.units import timed_result
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from hrsnn.deep.frames import Frames
    from hrsnn.deep.neurons import Neuron
    from hrsnn.deep.precision import Precision

Array = NDArray[np.float64]
Unit = tuple[int, str, str]
#: Weight decay at the size of the paper, which is that of the authors' code: the text has none.
_DECAY = 1e-4
#: Options that all these recipes have; 0 stands for what the scale says.
OPTIONS: Mapping[str, str | int] = {"train": 0, "test": 0, "epochs": 0}
#: Tasks of the data sets that they have rows for: the first at the small scale, the others at that of the paper.
DATA = ("mnist", "cifar10", "cifar100", "dvs_gesture", "cifar10_dvs")


@dataclass(frozen=True)
class DataSet:
    """Data, and how networks are trained on them.

    Parameters
    ----------
    label : str
        Name in tables.
    task : str
    model : str
    steps : int
    epochs : int
    options : tuple of (str, value)
        Of the task.
    train, test : int or None
        Numbers of samples; None for all.
    batch : int
    augment : tuple of str
    weight_decay : float
    """

    label: str
    task: str
    model: str
    steps: int
    epochs: int
    options: tuple[tuple[str, Any], ...] = ()
    train: int | None = None
    test: int | None = None
    batch: int = 64
    augment: tuple[str, ...] = ()
    weight_decay: float = 0.0


def data_sets(scale: str, steps: int, event_model: str = "vgg16") -> tuple[DataSet, ...]:
    """Return the data sets of a scale: "small", which takes minutes, or "paper"; images are shown for `steps` steps.

    Examples
    --------
    >>> [data.label for scale in ("small", "paper") for data in data_sets(scale, 2)]
    ['digits', 'MNIST, 14 x 14', 'CIFAR-10', 'CIFAR-100', 'DVS-Gesture', 'DVS-CIFAR10']
    """
    image = ("images", "cutout")
    scales = {
        "small": (
            DataSet("digits", "digits", "conv-16-32-fc64", steps, 8, train=600),
            DataSet("MNIST, 14 x 14", "mnist", "conv-16-32-fc64", steps, 8, (("size", 14),), 800, 500),
        ),
        "paper": (
            DataSet("CIFAR-10", "cifar10", "resnet-19", steps, 300, (), None, None, 256, image, _DECAY),
            DataSet("CIFAR-100", "cifar100", "resnet-19", steps, 300, (), None, None, 256, image, _DECAY),
            DataSet("DVS-Gesture", "dvs_gesture", event_model, 16, 300, (), None, None, 64, ("events",), _DECAY),
            DataSet("DVS-CIFAR10", "cifar10_dvs", event_model, 10, 300, (), None, None, 64, ("events",), _DECAY),
        ),
    }
    return scales[scale]


@dataclass(frozen=True)
class Arm:
    """What is trained: a neuron, the half-width of its window (None: the analytic one), and bits."""

    neuron: Neuron
    precision: Precision
    window: float | None = None


@dataclass(frozen=True)
class DeepRunner:
    """Function from a seed, a data set and an arm to what is measured, read from a file if there is one."""

    data: Mapping[str, tuple[DataSet, Path | None]]
    arms: Mapping[str, Arm]
    #: Whether gradients are compared with those of smooth networks.
    gradients: bool
    #: Checkpoints of the training that is going on are in its folder.
    kept: KeptRuns

    def settings(self) -> dict[str, Any]:
        """Return everything that a run depends on, except its seed, data set and arm."""
        from importlib import metadata

        return {
            "data": {label: dataclasses.asdict(one) for label, (one, _) in self.data.items()},
            "arms": {name: dataclasses.asdict(arm) for name, arm in self.arms.items()},
            "gradients": self.gradients,
            "versions": {**report.versions(), "torch": metadata.version("torch")},
        }

    def name(self, unit: Unit) -> str:
        """Return the name of the file of a run."""
        seed, label, arm = unit
        words = f"{label} {arm} {seed}".replace(",", "").split()
        return "-".join(words)

    def __call__(self, unit: Unit) -> Mapping[str, Any]:
        folder = self.kept.folder
        checkpoint = None if folder is None else folder / f"{self.name(unit)}.npz"
        found = timed_result(self.kept, self.name(unit), lambda: self.measured(unit, checkpoint))
        if checkpoint is not None:
            checkpoint.unlink(missing_ok=True)  # the run is kept now
        return found

    def measured(self, unit: Unit, checkpoint: Path | None) -> dict[str, Any]:
        """Train an arm, with a checkpoint after each epoch, and measure it on the test part."""
        from hrsnn.deep.learning.evaluation import mismatch_at, statistics_of
        from hrsnn.deep.learning.optimisers import TrainingSettings
        from hrsnn.deep.learning.predictions import predictions
        from hrsnn.deep.learning.settings import NetworkSettings
        from hrsnn.deep.learning.training import train
        from hrsnn.engines.torch.one_thread import one_thread

        seed, label, name = unit
        (data, path), arm = self.data[label], self.arms[name]
        training, validation, test, classes, linear = _parts(data, path, seed)
        settings = NetworkSettings(
            data.model,
            training.shape,
            classes,
            neuron=arm.neuron,
            steps=data.steps,
            precision=arm.precision,
            window=arm.window,
        )
        schedule = TrainingSettings(data.epochs, data.batch, weight_decay=data.weight_decay, augment=data.augment, seed=seed)
        trained = train(settings, schedule, training, validation, checkpoint=checkpoint)
        network = trained.network
        with one_thread():  # the same sums for any number of jobs
            right = predictions(network, settings, test, seed) == test.labels
        statistics = statistics_of(network, settings, validation, seed)
        ends = network.architecture.ends
        found: dict[str, Any] = {
            "accuracy": float(right.mean()),
            "linear": linear,
            "rates": statistics.rates,
            "entropies": statistics.entropies,
            "positive_weights": {one: p for one, p in statistics.positive_weights.items() if one not in ends},
        }
        if self.gradients:
            mismatch = mismatch_at(network, settings, validation, seed=seed)
            found |= {"cosine": mismatch.cosine, "in_window": float(np.mean(list(mismatch.shares.values())))}
            for times, of in ((0.5, "half"), (2.0, "twice")):
                found[f"cosine_{of}"] = mismatch_at(network, settings, validation, times, seed).cosine
        return found


@functools.lru_cache(maxsize=2)
def _parts(data: DataSet, path: Path | None, seed: int) -> tuple[Frames, Frames, Frames, int, float]:
    """Return the training, validation and test parts, the number of classes, and the accuracy of the linear baseline."""
    from sklearn.base import clone

    from hrsnn.deep.frames import frames_of
    from hrsnn.tasks import TaskChoice

    options = {**dict(data.options), **({} if path is None else {"path": path})}
    task = TaskChoice(data.task, options).load_classes(seed=seed).subset(train=data.train, test=data.test, seed=seed)
    (training, validation), (_, test) = (frames_of(one, data.steps) for one in (task.validation_part(), task))
    linear = clone(task.raw_baseline).fit(task.x_train, task.y_train).score(task.x_test, task.y_test)
    return training, validation, test, len(task.classes), float(linear)


@dataclass(frozen=True)
class DeepTable:
    """What was measured of all arms: ``by[label][arm][score]`` is an array (seeds,), or a mapping of layer to one."""

    by: Mapping[str, Mapping[str, Mapping[str, Any]]]

    def over_data(self, score: str, arm: str) -> Array:
        """Return a score by seed, the mean over the data sets that were run."""
        return np.asarray(np.mean([arms[arm][score] for arms in self.by.values()], axis=0))

    def mean_over_layers(self, score: str, arm: str) -> Array:
        """Return a score of layers by seed, the mean over layers, then over the data sets that were run."""
        found = [np.mean(list(arms[arm][score].values()), axis=0) for arms in self.by.values()]
        return np.asarray(np.mean(found, axis=0))

    def values(self, label: str, arm: str, score: str) -> tuple[float, ...]:
        """Return a score by seed, or nothing where the data set was not run."""
        return tuple(self.by[label][arm][score].tolist()) if label in self.by else ()

    def row(self, quantity: str, of: str, label: str, arm: str, score: str, bounds: Bounds = (0.0, 1.0)) -> RecipeRow:
        """Return the row of a score by seed, or one that says why it was not run."""
        if label in self.by:
            return RecipeRow(quantity, of, self.values(label, arm, score), bounds)
        return RecipeRow(quantity, of, not_run=why_not_run(label))


def measure(
    options: RecipeOptions, arms: Mapping[str, Arm], steps: int, gradients: bool = False, event_model: str = "vgg16"
) -> tuple[DeepTable, dict[str, Any]]:
    """Train all arms on all data sets of the scale that are there, and return what was measured, and the settings.

    Raises
    ------
    InputError
        When an option is out of range, or no data set is there.
    """
    from hrsnn.tasks import TASKS

    values = options.values
    given = {name: count_of(f"--option {name}", values[name], 0) or None for name in ("train", "test", "epochs")}
    changed: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    known = [dataclasses.replace(one, **changed) for one in data_sets(options.scale, steps, event_model)]
    places = {one.label: (one, place_of(one.task, options.data)) for one in known}
    there = {label: (one, path) for label, (one, path) in places.items() if path or not TASKS.find(one.task).needs_data}
    needing = [one for one in known if TASKS.find(one.task).needs_data]
    layouts = " or ".join(place for one in needing for place in TASKS.find(one.task).layout)
    if options.data is not None and not any(path for _, path in places.values()):
        raise InputError("--data", str(options.data), f"must be a folder that holds {layouts}, with --scale {options.scale}")
    if not there:
        raise InputError("--data", None, f"is needed with --scale {options.scale}: a folder that holds {layouts}")
    runner = DeepRunner(there, arms, gradients, KeptRuns(options.runs))
    runner.kept.prepare(runner.settings())
    units = [(seed, label, arm) for label in there for seed in options.seeds for arm in arms]
    found = dict(zip(units, options.for_all(runner, units), strict=True))
    for label in there:
        runner.kept.check_names({runner.name(unit): one for unit, one in found.items() if unit[1] == label})
    by = {label: {arm: _stacked([found[seed, label, arm] for seed in options.seeds]) for arm in arms} for label in there}
    return DeepTable(by), runner.settings()


def why_not_run(label: str) -> str:
    """Return why the rows of a data set were not run."""
    for scale in SCALES:
        for one in data_sets(scale, 1):
            if one.label == label:
                return f"{why_not(one.task)}, --scale {scale}" if one.task in DATA else f"needs --scale {scale}"
    return "this recipe has no run on it: --task images reads a folder of such images"


def labels(steps: int) -> Iterator[str]:
    """Yield the labels of the data sets of all scales."""
    for scale in SCALES:
        yield from (one.label for one in data_sets(scale, steps))


def _stacked(runs: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        name: _stacked([one[name] for one in runs]) if isinstance(value, Mapping) else np.array([one[name] for one in runs])
        for name, value in runs[0].items()
    }
