"""Run of a network through a task with classes: the simulations, the states and the readouts."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.analysis.runs.controls import bank_of, calibration, has_delays, has_links
from hrsnn.analysis.runs.options import RECORDS, RunOptions
from hrsnn.connectivity.null_models import Kept, null_model
from hrsnn.display import Displayed
from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.kinds import Network
from hrsnn.reading import Read, has_decoder, ideal_states, read_states
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks import ClassificationTask

if TYPE_CHECKING:
    from sklearn.model_selection import GridSearchCV

Array = NDArray[np.float64]
#: Parts with a background of their own.
TRAINING, TEST = 1, 2


@dataclass(frozen=True)
class ClassesRun(Displayed):
    """Run through a task with classes: STDP on the training samples, then both parts with fixed weights."""

    task: ClassificationTask
    options: RunOptions
    #: Network before and after STDP.
    initial: Network
    network: Network
    #: Encoded samples of the training and of the test part.
    train: Stimulus
    test: Stimulus
    #: Activities in both parts, with the counts that the readout sees.
    on_train: Activity[Network]
    on_test: Activity[Network]
    #: Whether decoded states are those of the system that the network follows, instead of those decoded from its spikes.
    ideal: bool = False

    @property
    def stimulus(self) -> Stimulus:
        """Input of the test part."""
        return self.test

    @property
    def activity(self) -> Activity[Network]:
        """Activity in the test part."""
        return self.on_test

    @property
    def final_states(self) -> Array:
        """Filtered spikes at the end of each test sample (samples, neurons)."""
        return np.asarray(self.on_test.states[:, -1])

    @property
    def spikes_per_neuron(self) -> float:
        """Mean spikes per neuron and test sample."""
        return float(self.on_test.spike_counts.sum(axis=1).mean() / self.network.neurons)

    @functools.cached_property
    def seen(self) -> NDArray[np.integer[Any]]:
        """Neurons that the readout sees."""
        select = self.options.select
        return np.arange(self.network.neurons) if select is None else select(self.network)

    @functools.cached_property
    def predicted(self) -> NDArray[Any]:
        """Classes of the test samples by the readout, trained on the training samples."""
        return self.predicted_from("states")

    @functools.cached_property
    def _read(self) -> dict[Read, NDArray[Any]]:
        return {}

    @functools.cached_property
    def _readouts(self) -> dict[Read, GridSearchCV]:
        return {}

    def readout_of(self, read: Read = "states") -> GridSearchCV:
        """Return the readout of the neurons' states, or of the decoded ones, fitted to the training samples."""
        if read not in self._readouts:
            self._readouts[read] = self._fitted(self.both_states(read)[0])
        return self._readouts[read]

    def predicted_from(self, read: Read) -> NDArray[Any]:
        """Return the classes of the test samples by a readout of the neurons' states, or of the decoded ones."""
        if read not in self._read:
            self._read[read] = self._named(self.readout_of(read), self.both_states(read)[1])
        return self._read[read]

    def both_states(self, read: Read = "states") -> tuple[Array, Array]:
        """Return the states that the readout sees of the training and of the test samples."""
        parts = ((self.on_train, self.train), (self.on_test, self.test))
        first, second = (self.states(ran) if read == "states" else self.decoded_states(ran, part) for ran, part in parts)
        return (first[..., self.seen], second[..., self.seen]) if read == "states" else (first, second)

    def states(self, ran: Activity[Network]) -> Array:
        """Return the neurons' states that the readout sees (samples, windows, neurons)."""
        final = self.options.states == "final"
        return np.asarray(ran.states[:, -1:] if final else np.sqrt(ran.counts))

    def decoded_states(self, ran: Activity[Network], stimulus: Stimulus) -> Array:
        """Return the decoded states at the ends of the windows (samples, windows, J); with one window, at the end.

        Raises
        ------
        InputError
            For a network without a decoder, and for the ideal system of an input of spikes.
        """
        windows = self.options.counted_windows
        if self.ideal:
            found = ideal_states(self.network, stimulus, windows)
            if found is None:
                raise InputError("ideal", True, "the system's own states are computed for an input of currents only")
            return found
        ends = stimulus.durations[:, None] * np.arange(1, windows + 1) / windows
        return read_states(replace(ran, sample_times=ends), "decoded")

    @property
    def of_ideal_system(self) -> Self | None:
        """The same run read from the states of the system that the network follows; None where there are none."""
        if not has_decoder(self.network) or not isinstance(self.test, Currents):
            return None
        return replace(self, ideal=True)

    @functools.cached_property
    def without_recurrence(self) -> ClassesRun:
        """The same run without recurrent links, with STDP of its own and a readout of the same neurons."""
        with self.options.watch("controls"):
            return self._of(self.initial.without_recurrence())

    @functools.cached_property
    def delay_bank(self) -> ClassesRun | None:
        """The same run of the delay bank, with STDP of its own; None for a network without delays."""
        if not has_delays(self.initial):
            return None
        with self.options.watch("controls"):
            return self._of(bank_of(self.initial, calibration(replace(self.task, x_train=self.train)), self.options))

    def null_model(self, keep: Kept) -> ClassesRun | None:
        """Return the same run of a null model of the links, with STDP of its own; None for a network without links.

        See :func:`hrsnn.connectivity.null_models.null_model`.
        """
        if not has_links(self.initial):
            return None
        if keep not in self._nulls:
            with self.options.watch("controls"):
                self._nulls[keep] = self._of(null_model(self.initial, keep, seed=self.options.seed))
        return self._nulls[keep]

    @functools.cached_property
    def _nulls(self) -> dict[Kept, ClassesRun]:
        return {}

    def _of(self, network: Network) -> ClassesRun:
        """Run another network through the same samples, with a readout of the same neurons."""
        seen, task = self.seen, replace(self.task, x_train=self.train, x_test=self.test, encoder=None)
        options = replace(self.options, select=lambda _: seen, watch=Stopwatch(announced=False))
        return run_classes(lambda _: network, task, options, RECORDS)

    @property
    def train_accuracy(self) -> float:
        """Share of the training samples that the readout trained on them classifies correctly."""
        states = self.both_states()[0]
        return share_correct(self.predictions(states, states), self.task.y_train)

    @property
    def accuracy(self) -> float:
        """Share of the test samples that are classified correctly."""
        return share_correct(self.predicted, self.task.y_test)

    def predictions(self, x_train: Array, x_test: Array) -> NDArray[Any]:
        """Train the readout of this run on other features (samples, ...), and return the classes of the test samples.

        Warns
        -----
        HrsnnWarning
            When no feature varies; the prediction is then the most frequent class.
        """
        return self._named(self._fitted(x_train), x_test)

    def _fitted(self, x_train: Array) -> GridSearchCV:
        from hrsnn.readout import readout as classifier  # here: memory and forecasts do not need scikit-learn

        with self.options.watch("readout"):
            rows = x_train.reshape(len(x_train), -1)
            return classifier(self.options.readout, self.options.seed).fit(rows, self.task.y_train)

    def _named(self, model: GridSearchCV, x_test: Array) -> NDArray[Any]:
        with self.options.watch("readout"):
            others = x_test.reshape(len(x_test), -1)
            if not model.best_estimator_["standardise"].kept_.any():
                warnings.warn("no unit varies: a readout can only name the most frequent class", HrsnnWarning, stacklevel=4)
                names, counts = np.unique(self.task.y_train, return_counts=True)
                return np.full(len(others), names[np.argmax(counts)])
            return np.asarray(model.predict(others))


def noise_seed(seed: int, part: int) -> int:
    """Return the seed of the background in a part, `TRAINING` or `TEST`."""
    return seed + (part << 32)


def share_correct(predicted: NDArray[Any], wanted: NDArray[Any]) -> float:
    """Return the share of equal labels.

    Examples
    --------
    >>> share_correct(np.array(["a", "b"]), np.array(["a", "a"]))
    0.5
    """
    return float(np.mean(np.asarray(predicted) == np.asarray(wanted)))


def run_classes(
    network: Callable[[int], Network], task: ClassificationTask, options: RunOptions, records: tuple[str, ...]
) -> ClassesRun:
    with options.watch("encode"):
        encoded = task.encoded()
    train, test = encoded.x_train, encoded.x_test
    initial = network(train.n_channels)

    with options.watch("stdp"):
        trained = initial
        if options.plastic:
            trained = simulate(
                initial,
                train,
                plastic=True,
                record=(),
                blank=options.blank,
                engine=options.engine,
                seed=options.seed,
                progress=options.progress,
            ).reservoir
    with options.watch("states"):
        final = ("states",) if options.states == "final" else ()
        decoded = ("spikes",) if "spikes" in records and has_decoder(trained) else ()
        on_train = respond(trained, train, options, TRAINING, (*final, *decoded))
        on_test = respond(trained, test, options, TEST, tuple(dict.fromkeys((*records, *final))))
    return ClassesRun(task, options, initial, trained, train, test, on_train, on_test)


def respond(
    network: Network, stimulus: Stimulus, options: RunOptions, part: int, record: Sequence[str]
) -> Activity[Network]:
    """Run a network with fixed weights through the samples of a part, `TRAINING` or `TEST`."""
    # background noise depends on the seed and the position in the batch: separate seeds for STDP, training and test
    return simulate(
        network,
        stimulus,
        record=("counts", *record),
        windows=options.counted_windows,
        engine=options.engine,
        seed=noise_seed(options.seed, part),
        progress=options.progress,
    )
