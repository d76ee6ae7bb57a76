"""What every task must do: its tests, as a class to inherit."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest

from hrsnn.analysis.protocols.task_scores import task_scores
from hrsnn.analysis.runs import RunOptions
from hrsnn.analysis.scoring.baselines import BASELINES
from hrsnn.builder import build
from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.reservoir import Reservoir
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.tasks import TASKS, ClassificationTask, SeriesTask, TaskChoice, TaskDeclaration
from hrsnn.tasks.declaration import KINDS


class TaskCases:
    """Tests of one task.

    A task that needs data is skipped where `options` gives no path.

    Attributes
    ----------
    task : str
        Name of the task under test; no default.
    options : mapping of str to value
        Options with which it is loaded, such as the path of its data; by default none. Without a path, the tests of a task
        that needs data are skipped.
    sizes : mapping of str to value
        Options with which the tests are quick, used where the task has them; by default 200 values or samples to train on,
        50 to test on, and 500 values of a memory task.
    repeats : bool
        Whether equal samples may be in both parts, because the data have them more than once; by default False.

    Examples
    --------
    In a test file, of a task that is registered:

    >>> class TestMyTask(TaskCases):
    ...     task = "my_task"
    ...     options = {"path": "tests/data/few_samples.npz"}
    """

    task: ClassVar[str]
    options: ClassVar[Mapping[str, Any]] = {}
    sizes: ClassVar[Mapping[str, Any]] = {"train": 200, "test": 50, "values": 500}
    repeats: ClassVar[bool] = False

    @property
    def declared(self) -> TaskDeclaration:
        """Declaration of the task under test."""
        return TASKS.find(self.task)

    def load(self, **usual: Any) -> ClassificationTask | SeriesTask:
        """Load the task, of a small size; skip the test where it needs data whose path is not given."""
        if self.declared.needs_data and "path" not in self.options:
            pytest.skip(f"the task {self.task} needs data: options must have their path")
        return TaskChoice(self.task, self.options).load(**{**self.sizes, **usual})

    def classes(self, **usual: Any) -> ClassificationTask:
        """Load the task; skip the test where it has no classes."""
        if self.declared.kind != "classes":
            pytest.skip(f"the task {self.task} is of the kind {self.declared.kind}")
        task = self.load(**usual)
        assert isinstance(task, ClassificationTask)
        return task

    def series(self, **usual: Any) -> SeriesTask:
        """Load the task; skip the test where it is no series."""
        if self.declared.kind == "classes":
            pytest.skip(f"the task {self.task} is of the kind {self.declared.kind}")
        task = self.load(**usual)
        assert isinstance(task, SeriesTask)
        return task

    def test_it_is_of_the_declared_kind(self) -> None:
        task = self.load()
        assert isinstance(task, KINDS[self.declared.kind])
        assert task.kind == self.declared.kind
        assert task.name
        assert self.declared.summary

    def test_unknown_options_are_refused(self) -> None:
        with pytest.raises(InputError, match="no_such_option"):
            TaskChoice(self.task, {**self.options, "no_such_option": 1})

    def test_without_its_path_it_says_that_it_needs_one(self) -> None:
        if not self.declared.needs_data:
            pytest.skip(f"the task {self.task} needs no data")
        with pytest.raises(InputError, match=f"task '{self.task}' needs it"):
            TaskChoice(self.task, {name: value for name, value in self.options.items() if name != "path"})

    def test_both_parts_have_all_classes(self) -> None:
        task = self.classes()
        assert len(task.classes) > 1
        np.testing.assert_array_equal(task.classes, np.unique(task.classes))
        for part, labels in ((task.x_train, task.y_train), (task.x_test, task.y_test)):
            assert len(part) == len(labels) > 0
            np.testing.assert_array_equal(np.unique(labels), task.classes)

    def test_no_sample_is_in_both_parts(self) -> None:
        task = self.classes()
        if self.repeats:
            pytest.skip(f"the data of {self.task} have equal samples")
        assert not set(samples_of(task.x_train)) & set(samples_of(task.x_test))

    def test_the_parts_of_a_series_follow_each_other(self) -> None:
        task = self.series()
        assert len(task.inputs) == len(task.targets)
        assert task.inputs.ndim == task.targets.ndim == 2
        assert np.isfinite(task.inputs).all()
        assert np.isfinite(task.targets).all()
        assert (
            0 <= task.washout == task.train.start < task.train.stop == task.test.start < task.test.stop <= len(task.inputs)
        )
        assert task.hold > 0

    def test_a_seed_gives_the_same_bytes(self) -> None:
        usual = {"seed": 3} if "seed" in self.declared.options else {}
        assert bytes_of(self.load(**usual)) == bytes_of(self.load(**usual))

    def test_validation_samples_are_no_test_samples(self) -> None:
        task, validation = self.classes(), self.classes(validation=True)
        used = Counter([*samples_of(validation.x_train), *samples_of(validation.x_test)])
        if not self.repeats:
            assert not used & Counter(samples_of(task.x_test))
        if not self.declared.validation:  # otherwise the data may have a part of their own for it
            assert not used - Counter(samples_of(task.x_train))
        np.testing.assert_array_equal(np.unique(validation.y_test), task.classes)

    def test_validation_values_are_training_values(self) -> None:
        task, validation = self.series(), self.series(validation=True)
        if self.declared.validation:
            pytest.skip(f"the task {self.task} selects its validation part itself")
        assert len(validation.inputs) <= task.test.start
        np.testing.assert_array_equal(validation.inputs, task.inputs[: len(validation.inputs)])
        assert validation.train.start == task.train.start
        assert validation.test.stop <= task.train.stop

    def test_the_encoder_gives_stimuli(self) -> None:
        task = self.small(self.classes())
        found = task.encoded()
        assert found.encoder is None
        for stimuli, samples in ((found.x_train, task.x_train), (found.x_test, task.x_test)):
            assert isinstance(stimuli, (SpikeTrains, Currents))
            assert len(stimuli) == len(samples)
        assert found.x_train.n_channels == found.x_test.n_channels
        assert bytes_of(found) == bytes_of(task.encoded())

    def test_its_options_for_spikes_give_spikes(self) -> None:
        found = self.small(self.classes(spiking=True)).encoded()
        if self.declared.spiking:
            assert isinstance(found.x_train, SpikeTrains)
            assert len(found.x_train.times)

    def test_its_baselines_are_computed(self) -> None:
        task = self.load()
        assert set(self.declared.baselines) <= set(BASELINES)
        small = self.small(task) if isinstance(task, ClassificationTask) else task
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HrsnnWarning)  # of few samples, and inexact capacities
            options = RunOptions(max_delay=5, surrogates=19, bootstrap=20)
            found = task_scores(network, small, options, baselines=self.declared.baselines)
        main = next(iter(found.scores))
        assert found.baselines[main], "a baseline has no value for the main score"
        for value in (found.scores[main], *found.baselines[main].values()):
            assert np.isfinite(value)

    def small(self, task: ClassificationTask) -> ClassificationTask:
        """Return a few samples of each class."""
        few = len(task.classes)
        return task.subset(train=6 * few, test=2 * few)


def network(channels: int) -> Reservoir:
    """Build the network that the tests of a task run."""
    return build(ReservoirSpec.preset("dense", neurons=25), seed=1, channels=channels)


def samples_of(samples: Any) -> list[bytes]:
    """Return each sample of a part as bytes."""
    if isinstance(samples, SpikeTrains):
        pairs = [samples.sample(index) for index in range(len(samples))]
        return [np.asarray(times).tobytes() + np.asarray(channels).tobytes() for times, channels in pairs]
    if isinstance(samples, Currents):
        return [samples.sample(index).tobytes() for index in range(len(samples))]
    return [np.ascontiguousarray(sample).tobytes() for sample in samples]


def bytes_of(task: ClassificationTask | SeriesTask) -> list[bytes]:
    """Return the data of a task as bytes."""
    if isinstance(task, SeriesTask):
        return [task.inputs.tobytes(), task.targets.tobytes(), repr((task.train, task.test)).encode()]
    labels = [repr(one.tolist()).encode() for one in (task.y_train, task.y_test, task.classes)]
    return [*samples_of(task.x_train), *samples_of(task.x_test), *labels]
