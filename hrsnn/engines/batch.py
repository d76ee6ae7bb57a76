"""Stimuli on the time grid, for the grid engines: the events and the drive of each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from hrsnn.balanced.state import BalancedState
from hrsnn.engines.background import BackgroundPosition, background_spikes, repeat_pattern
from hrsnn.engines.events import Events, events
from hrsnn.engines.input_rows import InputRows, delayed_drive
from hrsnn.engines.network_state import NetworkState
from hrsnn.engines.watched import Watched
from hrsnn.errors import InputError
from hrsnn.kinds.contract import Network
from hrsnn.reservoir import Reservoir
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.stimuli.time_grid import step_count, steps_of

_MOST_STEPS = 2**52


def _read_only(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array


#: Number of input spikes that are put on the grid together, in whole stimuli.
_TOGETHER = 2**16
#: Steps, channels or neurons, and amounts of no events.
_NO_EVENTS = _read_only(np.empty(0, np.int64)), _read_only(np.empty(0, np.int32)), _read_only(np.empty(0))


@dataclass(frozen=True)
class Presentation:
    """One stimulus on the grid, with the time without input after it.

    Events are sorted by step, then by channel or neuron; all spikes of a channel in one step are one event.

    Attributes
    ----------
    n_steps : int
        Number of steps to simulate, from step 0.
    spike_step : array (events,) of int64
        Steps in which input spikes arrive.
    spike_channel : array (events,) of int32
        Their channels. With input delays, rows of ``batch.input_rows`` (:class:`hrsnn.engines.input_rows.InputRows`): link
        ``j`` belongs to row ``input_rows.of_link[j]``, and steps are those of the arrival.
    spike_count : array (events,) of float64
        Number of spikes of the channel in the step, by which the weights of its links are multiplied.
    drive_step : array (changes,) of int64
        Steps from which on an analog drive holds, until the next change; before the first it is 0. The end of the input is
        a change too.
    drive : array (changes, N) of float64
        The drive of each neuron (mV), to be added to ``v_rest + i_bias``: ``network.drive`` of the values.
    background_step : array (events,) of int64
        Steps in which background spikes arrive; empty without background input.
    background_neuron : array (events,) of int32
        Their neurons.
    background_jump : array (events,) of float64
        What is added to the excitatory current of the neuron (mV), for all its background spikes of the step.
    v_step : array (times,) of int64
        Steps after which ``batch.watched`` is recorded, in the order in which it is returned; empty if nothing is.
    own_step : array (changes,) of int64
        With input delays, in place of `drive_step` and `drive`, which are then empty: steps from which on the drive of a
        single neuron holds. Empty for a network without input delays.
    own_neuron : array (changes,) of int32
        The neurons of these changes.
    own_drive : array (changes,) of float64
        The drive of the neuron from then on (mV).
    """

    n_steps: int
    spike_step: np.ndarray
    spike_channel: np.ndarray
    spike_count: np.ndarray
    drive_step: np.ndarray
    drive: np.ndarray
    background_step: np.ndarray
    background_neuron: np.ndarray
    background_jump: np.ndarray
    v_step: np.ndarray
    own_step: np.ndarray
    own_neuron: np.ndarray
    own_drive: np.ndarray


class Batch:
    """The stimuli of one run; each is put on the network's grid when it is needed.

    Parameters
    ----------
    network : Network
    stimulus : SpikeTrains or Currents
    blank : float
        Time without input after each stimulus, in ms.
    seed : int
        Seed of the background input.
    v_times : list of arrays
        Times within each stimulus at which neurons are watched (ms), or one list for all.
    start : NetworkState or BalancedState, optional
        State from which the only stimulus starts, instead of rest.
    watched : Watched, optional
        What is recorded at `v_times`; nothing by default.

    Attributes
    ----------
    steps : array (stimuli,) of int64
        Number of steps of each stimulus, with the time without input.
    stimulus_steps : array (stimuli,) of int64
        Number of steps of each stimulus without it.
    dt : float
        Length of a step (ms).
    spiking : bool
        Whether the stimuli are spikes; otherwise they are analog.
    input_rows : InputRows or None
        Rows of input links with delays in steps; None for a network without input delays.
    start : NetworkState, BalancedState or None
        As given; always None for an engine without "resumable_state".

    Notes
    -----
    ``len(batch)`` is the number of stimuli. An engine with a grid calls ``batch.presentation(index)`` for each of them, one
    without a grid ``batch.events(index)``.
    """

    def __init__(
        self,
        network: Network,
        stimulus: Stimulus,
        blank: float,
        seed: int,
        v_times: list[np.ndarray],
        start: NetworkState | BalancedState | None = None,
        watched: Watched | None = None,
    ) -> None:
        if stimulus.n_channels != network.channels:
            raise InputError(
                "stimulus",
                f"{stimulus.n_channels} channels",
                f"the {network.kind} has {network.channels}: build(spec, seed, channels={stimulus.n_channels})",
            )
        # of the kind that the engine simulates; what is read beside the contract is there if it needs background input
        self._network: Any = network
        self._stimulus = stimulus
        #: Seed of what an engine draws during a run.
        self.seed = seed
        needs = network.needs()
        self._has_background = "background" in needs
        #: Rows of input links with delays in steps; None without input delays.
        self.input_rows: InputRows | None = None
        if "input_delays" in needs:
            links = cast(Reservoir, network).input
            self._input_lag: np.ndarray = np.round(links.delay / network.dt).astype(np.int64)
            self.input_rows = InputRows.of(links, self._input_lag)
        self._v_times, self._blank = v_times, blank
        #: Neurons and variables that are recorded; an engine without "chosen_neurons" records v of all N.
        self.watched = Watched(np.arange(network.neurons)) if watched is None else watched
        self.start: Any = start  # of the kind of the network
        self.dt = network.dt
        self.spiking = isinstance(stimulus, SpikeTrains)
        self._parts: dict[int, tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = {}
        _check_steps(stimulus.durations, blank, network)
        # a stimulus shorter than a step takes one step
        self.stimulus_steps = np.maximum(step_count(stimulus.durations, self.dt), 1)
        self.steps = np.maximum(step_count(stimulus.durations + blank, self.dt), 1)

    def __len__(self) -> int:
        return len(self.steps)

    def presentation(self, index: int, drive: bool = True) -> Presentation:
        """Return stimulus `index` on the grid; without its `drive` for an engine that reads :meth:`values`."""
        spikes = own = _NO_EVENTS
        drive_step, drive_rows = _NO_EVENTS[0], np.empty((0, self._network.neurons))
        if isinstance(self._stimulus, SpikeTrains):
            spikes = self._spikes(index)
            if self.input_rows is not None:
                spikes = self.input_rows.arrivals(*spikes, int(self.steps[index]))
        elif self.input_rows is not None:
            own = self._own_drive(index)
        elif drive:
            drive_step, drive_rows = self._drive(index)
        v_step = _NO_EVENTS[0]
        if self.watched.anything():
            v_step = np.maximum(step_count(self._v_times[index % len(self._v_times)], self.dt), 1) - 1
        background = self._background(index)
        return Presentation(int(self.steps[index]), *spikes, drive_step, drive_rows, *background, v_step, *own)

    def parts(self, most: int) -> list[range]:
        """Return all stimuli in parts of at most `most`, each of which :meth:`joined` has as one.

        A part is a single stimulus where the input is analog or delayed, where there is background input, and where
        variables are recorded, whose memory is that of the stimuli that are simulated at once.
        """
        alone = self.input_rows is not None or self._has_background or self.watched.anything()
        if alone or not isinstance(self._stimulus, SpikeTrains):
            return [range(index, index + 1) for index in range(len(self))]
        begins = np.flatnonzero(np.diff(self._stimulus.offsets[:-1] // _TOGETHER, prepend=-1))
        ends = np.append(begins[1:], len(self))
        return [
            range(first, min(first + most, end))
            for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
            for first in range(begin, end, most)
        ]

    def joined(self, part: range) -> tuple[Presentation, np.ndarray]:
        """Return the stimuli of a part, one after the other on one grid, and the steps at which they begin and end."""
        begins = np.append(0, np.cumsum(self.steps[part.start : part.stop]))
        if len(part) == 1:
            return self.presentation(part.start), begins
        first, bounds, step, channel, count = self._on_grid(part.start)
        here = bounds[part.start - first : part.stop - first + 1]
        step = step[here[0] : here[-1]] + np.repeat(begins[:-1], np.diff(here))
        spikes = step, channel[here[0] : here[-1]], count[here[0] : here[-1]]
        nothing = np.empty((0, self._network.neurons))
        return Presentation(
            int(begins[-1]), *spikes, _NO_EVENTS[0], nothing, *_NO_EVENTS, _NO_EVENTS[0], *_NO_EVENTS
        ), begins

    def _spikes(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return steps, channels and numbers of the input spikes of a stimulus."""
        first, bounds, step, channel, count = self._on_grid(index)
        here = slice(bounds[index - first], bounds[index - first + 1])
        return step[here], channel[here], count[here]

    def _on_grid(self, index: int) -> tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the input spikes of several stimuli, of which one is `index`, as :meth:`_part` does.

        They are put on the grid at once: for a short stimulus that takes longer than its simulation.
        """
        assert isinstance(self._stimulus, SpikeTrains)
        part = int(self._stimulus.offsets[index]) // _TOGETHER
        found = self._parts.get(part)  # threads may be here at once, and drop what this one has found
        if found is None:
            for earlier in [one for one in list(self._parts) if one < part - 1]:
                self._parts.pop(earlier, None)
            found = self._parts[part] = self._part(part)
        return found

    def _part(self, part: int) -> tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the first stimulus of a part, where each begins, and steps, channels and numbers of all input spikes."""
        assert isinstance(self._stimulus, SpikeTrains)
        begin = self._stimulus.offsets[:-1] // _TOGETHER
        first, last = np.searchsorted(begin, part), np.searchsorted(begin, part, side="right")
        a, b = self._stimulus.offsets[[first, last]]
        sample = np.repeat(np.arange(last - first), np.diff(self._stimulus.offsets[first : last + 1]))
        lasting = self.stimulus_steps[first:last]
        before = np.append(0, np.cumsum(lasting))  # steps of the stimuli one after the other
        step = np.minimum(steps_of(self._stimulus.times[a:b], self.dt), (lasting - 1)[sample]) + before[sample]
        channels = self._stimulus.n_channels
        key = np.sort(step * channels + self._stimulus.channels[a:b])  # sorting indices would take ten times as long
        new = np.flatnonzero(np.append(True, np.diff(key) != 0))[: len(key)]
        count = np.diff(np.append(new, len(key))).astype(np.float64)
        step, channel = np.divmod(key[new], channels)
        bounds = np.searchsorted(step, before)
        where = step - np.repeat(before[:-1], np.diff(bounds))
        channel = channel.astype(np.int32)
        return int(first), bounds, _read_only(where), _read_only(channel), _read_only(count)

    def events(self, index: int) -> tuple[Events, np.ndarray]:
        """Return stimulus `index` in continuous time, and the times at which v is recorded (ms)."""
        v_times = self._v_times[index % len(self._v_times)] if self.watched.anything() else np.empty(0)
        return events(self._network, self._stimulus, index, self._blank, self.seed), v_times

    def _own_drive(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        step, values = self._values(index)
        links, stop = self._network.input, int(self.stimulus_steps[index])
        return delayed_drive(step, values, stop, links, self._input_lag, self._network.input_gain, int(self.steps[index]))

    def _values(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the steps at which the values of an analog stimulus begin, and the values."""
        assert isinstance(self._stimulus, Currents)
        values = self._stimulus.sample(index)
        step = step_count(np.arange(len(values)) * self._stimulus.dt, self.dt)
        lasting = np.append(step[1:], int(self.stimulus_steps[index])) > step  # a short value may fall between two steps
        return step[lasting], values[lasting]

    def values(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the steps from which on the values of an analog stimulus hold, and the values (changes, channels)."""
        step, values = self._values(index)
        return self._until_end(index, step, values)

    def _drive(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        step, values = self._values(index)
        return self._until_end(index, step, self._network.drive(values))

    def _until_end(self, index: int, step: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Add a row of zeros at the end of the input, where time without input follows."""
        stop = int(self.stimulus_steps[index])
        if self.steps[index] > stop:
            return np.append(step, stop), np.vstack([rows, np.zeros(rows.shape[1])])
        return step, rows

    def _background(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if not self._has_background:
            return _NO_EVENTS
        times, neurons = self._background_times(index)
        # times count from rest, so that a stimulus in parts gets the same background spikes as the whole
        step = np.clip(steps_of(times, self.dt) - self._steps_before, 0, int(self.steps[index]) - 1)
        return _merged(step, neurons, self._network.background_weight[neurons], self._network.neurons)

    def _background_times(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rate, begin = self._network.background_rate, self._steps_before * self.dt
        end = float((self._steps_before + self.steps[index]) * self.dt)
        if not self._network.background_frozen:
            return background_spikes(self.seed, index, rate, end, self._background_before)
        if isinstance(self._stimulus, Currents):
            period = self._stimulus.dt
            return repeat_pattern(*background_spikes(self.seed, 0, rate, period), period, end, begin)
        return background_spikes(self.seed, 0, rate, end, self._background_before)  # the period is the whole stimulus

    @property
    def _steps_before(self) -> int:
        return 0 if self.start is None else self.start.steps

    @property
    def _background_before(self) -> BackgroundPosition:
        if isinstance(self.start, NetworkState):
            return self.start.background
        return BackgroundPosition.start(self._network.neurons)

    def background_after(self) -> BackgroundPosition:
        """Return the position of the background input at the end of the only stimulus."""
        if not self._has_background:
            return self._background_before
        return self._background_before.after(*self._background_times(0))


def _check_steps(durations: np.ndarray, blank: float, network: Network) -> None:
    """Check that numbers of steps can be computed exactly in floating point."""
    spans = {"duration": durations + blank, **network.time_spans()}
    for name, times in spans.items():
        longest = float(times.max(initial=0.0))
        if not longest / network.dt <= _MOST_STEPS:
            raise InputError(name, longest, f"must be at most 2^52 steps of {network.dt:g} ms")


def _merged(step: np.ndarray, who: np.ndarray, amount: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort events by (step, who) and sum the amounts of equal pairs."""
    key = step * size + who
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.append(True, key[1:] != key[:-1]))[: len(key)]
    pairs = key[first]
    return pairs // size, (pairs % size).astype(np.int32), np.add.reduceat(amount[order], first) if len(key) else amount
