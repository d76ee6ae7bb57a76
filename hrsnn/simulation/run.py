"""What one network's run for a batch of stimuli is asked for, and the records of it, whatever simulates it."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, cast

import numpy as np

from hrsnn.activity import Activity, NetworkType
from hrsnn.balanced.network import BalancedNetwork
from hrsnn.balanced.state import BalancedState, BalancedVariables, balanced_state_after
from hrsnn.engines.batch import Batch
from hrsnn.engines.contract import Response, Weights
from hrsnn.engines.network_state import NetworkState, Variables, state_after
from hrsnn.engines.watched import Watched
from hrsnn.errors import InputError
from hrsnn.kinds.contract import Network
from hrsnn.recording import filtered_states, window_counts
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus, check_stimulus
from hrsnn.stimuli.time_grid import equal_windows_of, step_count, windows_of
from hrsnn.validation.annotations import is_whole
from hrsnn.validation.limits import check_memory, readable
from hrsnn.validation.numbers import duration_of, float_array, float_vector, positive, whole_vector

logger = logging.getLogger("hrsnn")

#: Bytes of memory for each background spike, as measured.
_EVENT = 80
RECORDS = ("spikes", "counts", "states", "v", "currents", "adaptation")
#: Records of the variables of neurons, which can be restricted to some of them.
_WATCHED = ("v", "currents", "adaptation")
#: As sample times: the end of every step.
_STEPS = "steps"


@dataclass(frozen=True)
class Request:
    """What a run is to record; see :func:`hrsnn.simulate` for the parameters. Made by :meth:`of`, which checks them."""

    record: tuple[str, ...]
    sample_times: Any
    windows: Any
    blank: float
    tau_state: float
    neurons: np.ndarray | tuple[str, ...] | None = None

    @classmethod
    def of(
        cls,
        record: Sequence[str],
        sample_times: Any,
        windows: Any,
        blank: float,
        tau_state: float,
        neurons: Sequence[int] | Sequence[str] | None = None,
    ) -> Request:
        """Return the request, with what can be checked without a stimulus."""
        names = (record,) if isinstance(record, str) else tuple(record)
        for name in names:
            if name not in RECORDS:
                near = difflib.get_close_matches(str(name), RECORDS, n=1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                raise InputError("record", name, f"{hint}must be of {', '.join(RECORDS)}")
        blank, tau_state = duration_of("blank", blank, zero=True), positive("tau_state", tau_state, "ms")
        if isinstance(sample_times, str) and sample_times != _STEPS:
            raise InputError("sample_times", sample_times, f'must be a number, a list of times (ms), or "{_STEPS}"')
        chosen: np.ndarray | tuple[str, ...] | None = None
        if neurons is not None:
            if not set(names) & set(_WATCHED):
                raise InputError("record_neurons", neurons, f"has no effect: record is none of {', '.join(_WATCHED)}")
            chosen = _chosen(neurons)
        return cls(names, sample_times, windows, blank, tau_state, chosen)

    def needs(self) -> set[str]:
        """Return the features that an engine must have for what is recorded."""
        found = set() if self.neurons is None else {"chosen_neurons"}
        return found | ({"currents"} if {"currents", "adaptation"} & set(self.record) else set())

    def watched(self, network: Network) -> Watched:
        """Return the neurons whose variables are recorded.

        Raises
        ------
        InputError
            When a neuron is not in the network, or adaptation is recorded of a network without it.
        """
        if isinstance(self.neurons, tuple):
            if not isinstance(network, Reservoir):
                raise InputError("record_neurons", self.neurons, f"must be numbers: a {network.kind} has no labels")
            chosen = np.unique(network.index_of(self.neurons))
        else:
            chosen = np.arange(network.neurons) if self.neurons is None else self.neurons
        if chosen[-1] >= network.neurons:
            raise InputError("record_neurons", int(chosen[-1]), f"must be below {network.neurons}, the number of neurons")
        if "adaptation" in self.record and "adaptation" not in network.needs():
            raise InputError("record", "adaptation", f"has no effect: no neuron of the {network.kind} adapts")
        return Watched(chosen, *(name in self.record for name in _WATCHED))


def _chosen(neurons: Sequence[int] | Sequence[str]) -> np.ndarray | tuple[str, ...]:
    """Return the neurons to be recorded: ascending numbers, or labels."""
    if isinstance(neurons, str):
        neurons = [neurons]
    if np.size(neurons) and all(isinstance(one, str) for one in neurons):
        return tuple(str(one) for one in neurons)
    chosen = whole_vector("record_neurons", neurons, np.int64)
    if not chosen.size or (np.diff(chosen) <= 0).any() or chosen[0] < 0:
        raise InputError("record_neurons", neurons, "must be labels or ascending numbers of neurons, at least one")
    return chosen


class Run(Generic[NetworkType]):
    """A network, the batch of its stimuli, and what the responses of an engine to them give.

    Parameters
    ----------
    network : Network
    stimulus : SpikeTrains or Currents
    request : Request
    seed : int
        Seed of the background input.
    state : NetworkState or BalancedState, optional
        State to continue from.

    Attributes
    ----------
    batch : Batch
    total : float
        ms to be simulated.

    Raises
    ------
    InputError
        When times or windows do not fit the stimulus, or the state does not fit the network.
    """

    def __init__(
        self,
        network: NetworkType,
        stimulus: Stimulus,
        request: Request,
        seed: int,
        state: NetworkState | BalancedState | None = None,
    ) -> None:
        self._network, self._stimulus, self._record, self._seed, self._state = network, stimulus, request.record, seed, state
        self._times = _sample_times(request.sample_times, stimulus, network.dt)
        self._wanted = _windows(request.windows)
        self._tau_state = request.tau_state
        if state is not None:
            self._tau_state = _check_state(state, network, stimulus, seed, request)
        self._watched = request.watched(network)
        self._chosen = None if request.neurons is None else self._watched.neurons
        self.batch = Batch(network, stimulus, request.blank, seed, self._times, state, self._watched)
        samples, n, moments = len(stimulus), network.neurons, len(self._times[0])
        self.total = float(self.batch.steps.sum() * network.dt)
        self._durations = self.batch.steps * network.dt
        self._spike_counts = np.zeros((samples, n), dtype=np.int64)
        window_count = self._wanted if isinstance(self._wanted, int) else len(self._wanted) - 1
        self._counts = np.zeros((samples, window_count, n), dtype=np.int64) if "counts" in self._record else None
        self._states = np.zeros((samples, moments, n)) if "states" in self._record else None
        sizes = {"v": (), "currents": (2,), "adaptation": ()}
        shape = (samples, moments, len(self._watched.neurons))
        self._seen = {name: np.zeros((*shape, *size)) for name, size in sizes.items() if name in self._record}
        self._spikes: list[tuple[np.ndarray, np.ndarray]] = []
        self._final_state: NetworkState | BalancedState | None = None
        self._delivered = 0
        self._source = ("", "")

    def taken_from(self, engine: str, function: object) -> Callable[[int, Response], None]:
        """Return the function that an engine is to call with each response."""
        self._source = engine, str(getattr(function, "__module__", ""))
        return self._take

    def _check_engine(self, fault: str) -> None:
        # engines of other packages too: without this, numbers of a wrong shape may be broadcast into results
        if fault:
            engine, module = self._source
            raise InputError("engine", engine, f"did not keep to the contract of an engine ({module}): {fault}")

    def _take(self, index: int, response: Response) -> None:
        n, times = self._network.neurons, self._times
        self._check_engine(
            "" if index == self._delivered else f"it delivered stimulus {index} after {self._delivered} others"
        )
        self._check_engine(response.fault(n, len(times[0]), self._watched))
        self._delivered += 1
        when, who = response.spike_time, response.spike_neuron
        if when is None:
            when = response.spike_step * self._network.dt
        if response.duration is not None:
            self._durations[index] = response.duration
        self._spike_counts[index] = np.bincount(who, minlength=n)
        if self._counts is not None:
            if isinstance(self._wanted, int):
                window = equal_windows_of(when, self._stimulus.durations[index], self._wanted)
            else:
                window = windows_of(when, self._wanted)
            self._counts[index] = window_counts(window, who, self._counts.shape[1], n)
        if self._states is not None:
            moments = times[index % len(times)]
            self._states[index] = filtered_states(when, who, moments, self._tau_state, n)
            if self._state is not None:
                self._states[index] += np.exp(-moments / self._tau_state)[:, None] * self._state.filtered
        for name, seen in self._seen.items():
            seen[index] = getattr(response, name)
        if "spikes" in self._record:
            self._spikes.append((when, who))
        self._final_state = self._state_after(response, who)

    def _state_after(self, response: Response, who: np.ndarray) -> NetworkState | BalancedState | None:
        """Return the state at the end of the only stimulus, where a run can continue from it."""
        network, end, state, last = self._network, response.end, self._state, (self._tau_state, self._seed)
        spiked = (response.spike_step, who, int(self.batch.steps[0]))
        if isinstance(end, BalancedVariables) and isinstance(network, BalancedNetwork):
            return balanced_state_after(end, *spiked, network, state if isinstance(state, BalancedState) else None, *last)
        if isinstance(end, Variables) and isinstance(network, Reservoir) and not network.input.delay.any():
            before = state if isinstance(state, NetworkState) else None
            return state_after(end, *spiked, network, before, self.batch.background_after(), *last)
        return None

    def activity(self, weights: Weights | None = None) -> Activity[NetworkType]:
        """Return the records, and the network with its weights after a plastic run."""
        samples, network = len(self._stimulus), self._network
        self._check_engine("" if self._delivered == samples else f"it delivered {self._delivered} of {samples} stimuli")
        if weights is not None:
            self._check_engine(weights.fault(network))
            network = network.with_weights(weights.recurrent, weights.input)
        trains = _trains(self._spikes, network.neurons, self._durations) if "spikes" in self._record else None
        return Activity(
            reservoir=network,
            spike_counts=self._spike_counts,
            durations=self._durations,
            sample_times=np.broadcast_to(np.stack(self._times), (samples, len(self._times[0]))),
            recorded_spikes=trains,
            recorded_counts=self._counts,
            recorded_states=self._states,
            recorded_v=self._seen.get("v"),
            recorded_currents=self._seen.get("currents"),
            recorded_adaptation=self._seen.get("adaptation"),
            recorded_neurons=self._chosen,
            final_state=self._final_state,
        )


def check_memory_of(runs: Sequence[tuple[Network, Stimulus]], request: Request, seed: int) -> None:
    """Check the stimuli, the seed and the memory of runs without their spikes, whose number is unknown.

    Raises
    ------
    InputError
        When a stimulus is none or empty, the seed is invalid, or the memory is above the limit; it names the largest part.
    """
    for _, stimulus in runs:
        check_stimulus(stimulus)
        if not len(stimulus):
            raise InputError("stimulus", stimulus, "must hold at least one sample")
    generator(seed)  # raises for an invalid seed
    needed = [one for network, stimulus in runs for one in _needed(network, stimulus, request)]
    if request.neurons is not None:
        traces = sum(8.0 * _moments(request, one, of.dt) * _watched_numbers(request, 0, len(one)) for of, one in runs)
        logger.info("traces of %d neurons take %s of memory", len(request.neurons), readable(traces))
    _, field, value = max(needed, key=lambda one: one[0])
    check_memory(field, value, sum(min(amount, 1e300) for amount, _, _ in needed), "the run")


def _needed(network: Network, stimulus: Stimulus, request: Request) -> list[tuple[float, str, object]]:
    """Return contributions to the memory of a run: bytes, and the field and value that they come from."""
    samples, n, record = len(stimulus), network.neurons, request.record
    moments = _moments(request, stimulus, network.dt)
    windows = request.windows
    intervals = int(windows) if isinstance(windows, (int, np.integer)) else float_array("windows", windows).size
    # two more copies exist for the stimulus being simulated; the times are stored for all stimuli
    recorded = ("states" in record) * (samples + 2) * n + _watched_numbers(request, n, samples)
    longest = float(stimulus.durations.max()) + request.blank
    needed: list[tuple[float, str, object]] = [
        (8 * moments * (recorded + 2 * samples), "sample_times", moments),
        (8 * intervals * (("counts" in record) * (samples + 1) * n + samples), "windows", intervals),
        (24.0 * n * (stimulus.values.shape[1] if isinstance(stimulus, Currents) else 0), "stimulus", stimulus),
        (16 * (samples * n + network.channels), "stimulus", stimulus),
    ]
    if isinstance(network, Reservoir):
        rate, delay = network.background_rate, network.delay
        needed += [
            (_EVENT * longest / 1000 * float(rate.sum()), "background_rate", rate),
            (4 * n * (float(delay.max(initial=0.0)) / network.dt + 1), "delay", delay),
        ]
    return needed


def _moments(request: Request, stimulus: Stimulus, dt: float) -> int:
    """Return the number of sample times of a stimulus; about, for every step."""
    times = request.sample_times
    if isinstance(times, str):
        return int(min(float(stimulus.durations.max()) / dt, 1e18)) + 1
    return int(times) if isinstance(times, (int, np.integer)) else float_array("sample_times", times).size


def _watched_numbers(request: Request, neurons: int, samples: int) -> int:
    """Return how many numbers are kept of the variables of neurons at each sample time."""
    asked = set(request.record) & set(_WATCHED)
    if not asked:
        return 0
    chosen = neurons if request.neurons is None else len(request.neurons)
    kept = len(asked) + ("currents" in asked)
    # an engine writes the variables before one that is asked for too (hrsnn.engines.watched)
    written = 4 if "adaptation" in asked else 3 if "currents" in asked else 1
    return chosen * (kept * samples + written)


def _check_state(
    state: NetworkState | BalancedState, network: Network, stimulus: Stimulus, seed: int, request: Request
) -> float:
    """Check that a run can continue from a state, and return the state's time constant of the filtered spikes (ms)."""
    if len(stimulus) != 1:
        raise InputError("stimulus", f"{len(stimulus)} samples", "must be one where a state is given")
    if isinstance(network, Reservoir) and network.input.delay.any():
        raise InputError("state", "of an earlier run", "holds no input in transit: with input delays, begin at rest")
    if state.kind != network.kind:
        raise InputError("state", f"of a {state.kind}", f"must be of the kind of the network, {network.kind}")
    state.check(cast(Any, network), seed, request.tau_state if "states" in request.record else None)
    return state.tau_state


def _trains(spikes: list[tuple[np.ndarray, np.ndarray]], n: int, durations: np.ndarray) -> SpikeTrains:
    offsets = np.cumsum([0, *(len(when) for when, _ in spikes)])
    return SpikeTrains(
        np.concatenate([when for when, _ in spikes]),
        np.concatenate([who for _, who in spikes]),
        offsets,
        n_channels=n,
        duration=durations,
    )


def _sample_times(sample_times: Any, stimulus: Stimulus, dt: float) -> list[np.ndarray]:
    """Return the sample times of each stimulus, or one array for all."""
    if isinstance(sample_times, str):
        ends = [
            np.minimum(dt * np.arange(1, count + 1), time)
            for time, count in zip(stimulus.durations, np.maximum(step_count(stimulus.durations, dt), 1), strict=True)
        ]
        if len({len(one) for one in ends}) > 1:
            raise InputError("sample_times", sample_times, "needs stimuli of one duration: simulate them one at a time")
        return ends
    if is_whole(sample_times):
        if sample_times < 1:
            raise InputError("sample_times", sample_times, "must be at least 1, or a list of times (ms)")
        return list(np.linspace(0, stimulus.durations, int(sample_times) + 1, axis=1)[:, 1:])
    times = float_vector("sample_times", sample_times)
    shortest = float(stimulus.durations.min())
    if not times.size or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise InputError("sample_times", times, "must be a list of ascending finite times (ms)")
    if times[0] <= 0 or times[-1] > shortest * (1 + 1e-9):
        raise InputError("sample_times", times, f"must lie in (0, {shortest:g}] ms, the shortest stimulus")
    return [times]


def _windows(windows: int | Sequence[float] | np.ndarray) -> int | np.ndarray:
    """Return `windows`, validated: their number or their edges."""
    if is_whole(windows):
        if windows < 1:
            raise InputError("windows", windows, "must be at least 1")
        return int(windows)
    edges = float_vector("windows", windows) if np.ndim(windows) else np.empty(0)
    if len(edges) < 2 or not np.isfinite(edges).all() or (np.diff(edges) <= 0).any() or edges[0] < 0:
        raise InputError("windows", windows, "must be a number of windows, or ascending edges from 0 ms on")
    return edges
