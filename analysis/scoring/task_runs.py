"""Runs of a network through a task, from which all scores are computed: the simulations, the states and the readouts."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self, TypeGuard

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.analysis.capacity.memory import MemoryCapacity, held_out, memory_capacity
from hrsnn.analysis.forecasting.errors import nrmse
from hrsnn.analysis.forecasting.models import MODELS
from hrsnn.analysis.forecasting.quadratic import MOST_COMPONENTS, series_readout
from hrsnn.analysis.forecasting.ridge import Forecast
from hrsnn.analysis.scoring.delay_bank import delay_bank
from hrsnn.analysis.scoring.rates import Rates
from hrsnn.analysis.scoring.series_runs import follow, learn
from hrsnn.connectivity.null_models import Kept, null_model
from hrsnn.display import Displayed
from hrsnn.errors import HrsnnWarning, InputError
from hrsnn.kinds import Network
from hrsnn.reading import Read, has_decoder, ideal_states, read_states
from hrsnn.readout import readout as classifier
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks import ClassificationTask, SeriesTask
from hrsnn.validation.numbers import count_of

Array = NDArray[np.float64]
#: Training samples and values on which the rate of the delay bank is matched.
_MATCHED_SAMPLES, _MATCHED_VALUES = 50, 500
#: States that a classifier sees: counts in equal windows of a sample, counts in the whole sample, or filtered spikes at its
#: end. Windows tell it the order of events; the other two do not, so that only the network can remember it.
StatesSeen = Literal["windows", "total", "final"]
STATES: tuple[StatesSeen, ...] = ("windows", "total", "final")
#: What a run can record beside what its readouts need.
RECORDS = ("spikes", "states", "v")
#: Branch of the seed of the background in the test part of a task with classes.
_TEST = 2


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a network is run through a task, and how its states are read.

    Parameters
    ----------
    seed : int
        Seed of the background input, the readouts, the surrogates and the echo state network.
    plastic : bool
        Whether STDP runs over the training part first, without labels or targets; scores are of fixed weights.
    engine : str
    states : {"windows", "total", "final"}
        States that a classifier sees: square roots of the spike counts in equal windows of each sample or in all of it, or
        exponentially filtered spikes (20 ms) at its end.
    windows : int
        Number of windows.
    blank : float
        Time without input after each sample during STDP (ms); not between the parts of a series.
    readout : {"logistic", "ridge", "sampled"}
        Classifier; see :func:`hrsnn.readout.readout`.
    quadratic : int
        Number of principal components of the states whose squares and products a readout of a series sees too
        (:func:`hrsnn.analysis.forecasting.quadratic.quadratic_readout`); 0: a linear readout.
    select : callable, optional
        Function from the network after STDP to the neurons that a classifier sees; all by default.
    max_delay, surrogates, bootstrap : int
        Options of :func:`hrsnn.analysis.memory_capacity`.
    starts, steps : int
        Forecasts in closed loop for the score ``valid_time``: their number, and the values in each.
    progress : bool
    watch : Stopwatch
        Takes the wall-clock time by part.
    """

    seed: int = 0
    plastic: bool = False
    engine: str = "auto"
    states: StatesSeen = "windows"
    windows: int = 5
    blank: float = 100.0
    readout: str = "logistic"
    quadratic: int = 0
    select: Callable[[Network], NDArray[np.integer[Any]]] | None = None
    max_delay: int = 100
    surrogates: int = 20
    bootstrap: int = 200
    starts: int = 5
    steps: int = 50
    progress: bool = False
    watch: Stopwatch = field(default_factory=lambda: Stopwatch(announced=False), compare=False)

    def __post_init__(self) -> None:
        if self.states not in STATES:
            raise InputError("states", self.states, f"must be one of {', '.join(STATES)}")
        count_of("quadratic", self.quadratic, 0, MOST_COMPONENTS)

    @property
    def counted_windows(self) -> int:
        """Number of windows in which spikes are counted."""
        return self.windows if self.states == "windows" else 1


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

    def predicted_from(self, read: Read) -> NDArray[Any]:
        """Return the classes of the test samples by a readout of the neurons' states, or of the decoded ones."""
        if read not in self._read:
            self._read[read] = self.predictions(*self.both_states(read))
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
            return self._of(_bank(self.initial, calibration(replace(self.task, x_train=self.train)), self.options))

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
        return _run_classes(lambda _: network, task, options, RECORDS)

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
        y_train = self.task.y_train
        with self.options.watch("readout"):
            rows, others = x_train.reshape(len(x_train), -1), x_test.reshape(len(x_test), -1)
            model = classifier(self.options.readout, self.options.seed).fit(rows, y_train)
            if not model.best_estimator_["standardise"].kept_.any():
                warnings.warn("no unit varies: a readout can only name the most frequent class", HrsnnWarning, stacklevel=4)
                names, counts = np.unique(y_train, return_counts=True)
                return np.full(len(others), names[np.argmax(counts)])
            return np.asarray(model.predict(others))


@dataclass(frozen=True)
class SeriesRun(Displayed):
    """Run through a series, of the kind "series" or "memory": STDP on the training part, then all with fixed weights."""

    task: SeriesTask
    options: RunOptions
    #: Network before and after STDP.
    initial: Network
    network: Network
    #: Activity in the whole series, in open loop; states and v at the end of each value.
    activity: Activity[Network]
    #: Whether decoded states are those of the system that the network follows, instead of those decoded from its spikes.
    ideal: bool = False
    #: Activity to which readouts are fitted, where it is not the one that they are tested on; None: the same.
    fitted_on: Activity[Network] | None = None

    @property
    def scored(self) -> slice:
        """Values that a readout of the states is tested on; it is fitted to earlier ones only."""
        if self.task.kind == "memory":
            return held_out(len(self.task.inputs), self.options.max_delay, self.task.washout)
        return self.task.test

    @property
    def stimulus(self) -> Stimulus:
        """Input in the whole series."""
        return self.task.stimulus()

    @property
    def final_states(self) -> Array:
        """Filtered spikes at the end of each value after the washout (times, neurons)."""
        return np.asarray(self.activity.states[0, self.task.washout :])

    @property
    def spikes_per_neuron(self) -> float:
        """Mean spikes per neuron and second."""
        return float(self.activity.rates.mean())

    @functools.cached_property
    def without_recurrence(self) -> SeriesRun:
        """The same run without recurrent links, with STDP of its own."""
        return _run_series(lambda _: self.initial.without_recurrence(), self.task, self.options, RECORDS)

    @functools.cached_property
    def delay_bank(self) -> SeriesRun | None:
        """The same run of the delay bank, with STDP of its own; None for a network without delays."""
        if not has_delays(self.initial):
            return None
        task = self.task
        bank = _bank(self.initial, calibration(task), self.options)
        return _run_series(lambda _: bank, task, self.options, RECORDS)

    def null_model(self, keep: Kept) -> SeriesRun | None:
        """Return the same run of a null model of the links, as that of a :class:`ClassesRun`."""
        if not has_links(self.initial):
            return None
        if keep not in self._nulls:
            drawn = null_model(self.initial, keep, seed=self.options.seed)
            self._nulls[keep] = _run_series(lambda _: drawn, self.task, self.options, RECORDS)
        return self._nulls[keep]

    @functools.cached_property
    def _nulls(self) -> dict[Kept, SeriesRun]:
        return {}

    def error(self, prediction: Array) -> float:
        """Return the NRMSE (times, outputs) on the test part, in units of the training part's standard deviation."""
        task = self.task
        return nrmse(prediction[task.test], task.targets[task.test], scale=task.targets[task.train].std(axis=0))

    def states(self, read: Read) -> Array:
        """Return the states at the end of each value (times, units): filtered spikes, v, or those decoded from the spikes.

        Raises
        ------
        InputError
            When decoded states are asked of a network without a decoder.
        """
        if read == "decoded" and self.ideal and has_decoder(self.network):
            return np.asarray(self.network.ideal_states(self.task.inputs, self.task.hold))
        states = np.asarray(read_states(self.activity, read)[0])
        if self.fitted_on is None:
            return states
        first = self.scored.start
        return np.concatenate([read_states(self.fitted_on, read)[0][:first], states[first:]])

    @property
    def of_ideal_system(self) -> Self | None:
        """The same run read from the states of the system that the network follows; None where there are none."""
        if not has_decoder(self.network) or self.task.spikes is not None:
            return None
        return replace(self, ideal=True)

    @functools.cached_property
    def _read(self) -> dict[Any, Any]:
        return {}

    def forecast(self, read: Read = "states") -> Forecast:
        """Return the readout of the task's targets, fitted and tuned on the training part, and its output."""
        key = ("forecast", read)
        if key not in self._read:
            task = self.task
            fitted = (self.states(read), task.targets, task.train.stop, task.washout)
            self._read[key] = series_readout(*fitted, self.options.quadratic)
        found: Forecast = self._read[key]
        return found

    def capacity(self, read: Read = "states") -> MemoryCapacity:
        """Return the linear memory capacity for the first channel of the inputs."""
        key = ("capacity", read)
        if key not in self._read:
            self._read[key] = self.capacity_of(self.states(read))
        found: MemoryCapacity = self._read[key]
        return found

    @functools.cached_property
    def input_capacity(self) -> MemoryCapacity:
        """Memory capacity of the present input."""
        return self.capacity_of(self.task.inputs)

    def model_forecast(self, name: str) -> Array:
        """Return the predictions (times, outputs) of a model in :data:`hrsnn.analysis.forecasting.models.MODELS`.

        An echo state network has as many units as the network has neurons, and the same seed.
        """
        if name not in self._read:
            self._read[name] = MODELS[name](self.task, self.network.neurons, self.options.seed)
        found: Array = self._read[name]
        return found

    def capacity_of(self, states: Array) -> MemoryCapacity:
        """Return the memory capacity of other states (times, units), with the options of this run."""
        options = self.options
        with options.watch("capacity"):
            return memory_capacity(
                states,
                self.task.inputs[:, 0],
                options.max_delay,
                surrogates=options.surrogates,
                bootstrap=options.bootstrap,
                washout=self.task.washout,
                hold=self.task.hold,
                seed=options.seed,
            )


TaskRun = ClassesRun | SeriesRun


def run_task(
    network: Callable[[int], Network],
    task: ClassificationTask | SeriesTask,
    options: RunOptions,
    records: Sequence[str] = RECORDS,
) -> TaskRun:
    """Run a network through a task.

    Parameters
    ----------
    network : callable
        Function from a number of input channels to the network before STDP.
    task : ClassificationTask or SeriesTask
    options : RunOptions
    records : sequence of str
        Any of `RECORDS`: what is recorded of the scored part, beside the counts that a classifier needs.

    Returns
    -------
    ClassesRun or SeriesRun
    """
    if isinstance(task, SeriesTask):
        return _run_series(network, task, options, tuple(records))
    return _run_classes(network, task, options, tuple(records))


def has_delays(network: Network) -> TypeGuard[Reservoir]:
    """Return whether a network is a reservoir with delays of recurrent links."""
    return isinstance(network, Reservoir) and bool(network.delay.any())


def has_links(network: Network) -> TypeGuard[Reservoir]:
    """Return whether a network is a reservoir with recurrent links."""
    return isinstance(network, Reservoir) and network.synapses > 0


def calibration(task: ClassificationTask | SeriesTask) -> Stimulus:
    """Return the stimulus on which rates are matched: 50 training samples of an encoded task, or 500 values of a series."""
    if isinstance(task, SeriesTask):
        return task.stimulus(0, min(task.train.stop, _MATCHED_VALUES))
    few: Stimulus = task.x_train[:_MATCHED_SAMPLES]
    return few


def _bank(network: Reservoir, stimulus: Stimulus, options: RunOptions) -> Reservoir:
    rate = float(simulate(network, stimulus, record=(), engine=options.engine, seed=options.seed).rates.mean())
    return delay_bank(network, stimulus, rate, seed=options.seed, engine=options.engine)


def share_correct(predicted: NDArray[Any], wanted: NDArray[Any]) -> float:
    """Return the share of equal labels."""
    return float(np.mean(np.asarray(predicted) == np.asarray(wanted)))


def _run_series(
    network: Callable[[int], Network], task: SeriesTask, options: RunOptions, records: tuple[str, ...]
) -> SeriesRun:
    initial = network(task.inputs.shape[1])
    with options.watch("simulate"):
        trained = learn(initial, task, options.seed, options.engine) if options.plastic else initial
        activity = follow(trained, task, records, options.seed, options.engine, options.progress)
    return SeriesRun(task, options, initial, trained, activity)


def _run_classes(
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
        on_train = _respond(trained, train, options, 1, (*final, *decoded))
        on_test = _respond(trained, test, options, _TEST, tuple(dict.fromkeys((*records, *final))))
    return ClassesRun(task, options, initial, trained, train, test, on_train, on_test)


def _respond(
    network: Network, stimulus: Stimulus, options: RunOptions, branch: int, record: Sequence[str]
) -> Activity[Network]:
    # background noise depends on the seed and the position in the batch: separate seeds for STDP, training and test
    noise = options.seed + (branch << 32)
    return simulate(
        network,
        stimulus,
        record=("counts", *record),
        windows=options.counted_windows,
        engine=options.engine,
        seed=noise,
        progress=options.progress,
    )


def retested(run: TaskRun, network: Network, stimulus: Stimulus | None = None) -> TaskRun:
    """Return a run whose readouts are those of `run`, fitted to its network, and are tested on another one.

    Parameters
    ----------
    run : ClassesRun or SeriesRun
    network : Network
        Of as many neurons and channels as the network of `run`, such as the same one after damage.
    stimulus : SpikeTrains or Currents, optional
        Another input in place of the test samples or of the whole series, of the same size.

    Returns
    -------
    ClassesRun or SeriesRun
        Its activity is that of `network`; a series is followed by it from the beginning, and scored in the test part.
    """
    given = run.stimulus if stimulus is None else stimulus
    record = tuple(name for name in RECORDS if name in run.activity.recorded)
    if isinstance(run, ClassesRun):
        activity = _respond(network, given, run.options, _TEST, record)
        return replace(run, network=network, test=given, on_test=activity)
    activity = follow(network, run.task, record, run.options.seed, run.options.engine, run.options.progress, given)
    return replace(run, network=network, activity=activity, fitted_on=run.activity)


def rates_of(run: TaskRun) -> Rates:
    """Return the rates of a run with fixed weights: on the test samples, or in the whole series."""
    return Rates.of(run.activity)
