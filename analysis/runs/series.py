"""Run of a network through a series: the simulation, the states and the readouts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.analysis.capacity.memory import MemoryCapacity, held_out, memory_capacity
from hrsnn.analysis.forecasting.errors import nrmse
from hrsnn.analysis.forecasting.models import MODELS
from hrsnn.analysis.runs.controls import bank_of, calibration, has_delays, has_links
from hrsnn.analysis.runs.driving import follow, learn
from hrsnn.analysis.runs.options import RECORDS, RunOptions
from hrsnn.connectivity.null_models import Kept, null_model
from hrsnn.display import Displayed
from hrsnn.kinds import Network
from hrsnn.reading import Read, has_decoder, read_states
from hrsnn.regression.quadratic import series_readout
from hrsnn.regression.ridge import Forecast
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks import SeriesTask

Array = NDArray[np.float64]


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
        return run_series(lambda _: self.initial.without_recurrence(), self.task, self.options, RECORDS)

    @functools.cached_property
    def delay_bank(self) -> SeriesRun | None:
        """The same run of the delay bank, with STDP of its own; None for a network without delays."""
        if not has_delays(self.initial):
            return None
        task = self.task
        bank = bank_of(self.initial, calibration(task), self.options)
        return run_series(lambda _: bank, task, self.options, RECORDS)

    def null_model(self, keep: Kept) -> SeriesRun | None:
        """Return the same run of a null model of the links, as that of a :class:`ClassesRun`."""
        if not has_links(self.initial):
            return None
        if keep not in self._nulls:
            drawn = null_model(self.initial, keep, seed=self.options.seed)
            self._nulls[keep] = run_series(lambda _: drawn, self.task, self.options, RECORDS)
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


def run_series(
    network: Callable[[int], Network], task: SeriesTask, options: RunOptions, records: tuple[str, ...]
) -> SeriesRun:
    initial = network(task.inputs.shape[1])
    with options.watch("simulate"):
        trained = learn(initial, task, options.seed, options.engine) if options.plastic else initial
        activity = follow(trained, task, records, options.seed, options.engine, options.progress)
    return SeriesRun(task, options, initial, trained, activity)
