"""The exact engine: event-driven, with spike times solved in continuous time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from hrsnn.engines.batch import Batch
from hrsnn.engines.contract import Response, Weights
from hrsnn.engines.events import Events, events
from hrsnn.engines.exact import EXACT, arguments, kernels
from hrsnn.engines.exact.arguments import BackgroundEvents, DriveChanges, InputEvents, Network, Output, Scratch
from hrsnn.engines.exact.event_queue import FLIGHT, queue_of
from hrsnn.engines.homeostasis import Homeostasis
from hrsnn.engines.input_rows import InputRows
from hrsnn.engines.jit import plain_tuples, read_only
from hrsnn.engines.threads import in_order, threads
from hrsnn.engines.watched import Watched
from hrsnn.errors import DivergenceError, InputError
from hrsnn.reservoir import Links, Reservoir
from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import check_sample
from hrsnn.stimuli.time_grid import steps_of
from hrsnn.validation.numbers import float_vector
from hrsnn.validation.units import takes

#: Size of the buffer for the spikes of one kernel call, in addition to one for each neuron.
_ROOM = 8192
#: Initial size of the buffer for spikes in transit, in addition to one for each neuron.
_FLYING = 64
#: Approximate number of events in a call, so that it ends within a fraction of a second, for Ctrl-C and progress.
_WORK = 1_000_000


def run(
    reservoir: Reservoir,
    batch: Batch,
    plastic: bool,
    deliver: Callable[[int, Response], None],
    progress: Callable[[int], None],
) -> Weights:
    """Simulate a batch in continuous time; see :class:`~hrsnn.engines.contract.EngineFunction`.

    In a frozen run the stimuli are independent tasks of a pool of threads; in a plastic run they are simulated one after
    another.

    Raises
    ------
    DivergenceError
        When a neuron fires more than 1000 spikes within 10 ms, or v or a current is no longer finite.

    Notes
    -----
    Delays and refractory periods are not rounded: a spike at time t reaches its targets at t plus the delay of the link.
    The reservoir's dt is used only as the unit of the progress reported.
    """
    network = _Network(reservoir, plastic)
    stop: list[bool] = []
    before = np.concatenate([[0], np.cumsum(batch.steps)])
    workers = 1 if plastic else min(threads(), len(batch))

    def answer(index: int) -> Response:
        now, sample_times = batch.events(index)
        network.rest()

        def tell(time: float) -> None:
            if workers == 1:
                progress(int(before[index] + round(time / now.duration * batch.steps[index])))

        found = network.present(now, sample_times, tell, stop, batch.watched)
        step = steps_of(found.spike_time, batch.dt)
        who, times = found.spike_neuron.astype(np.int32), found.spike_time
        return Response(step, who, **batch.watched.parts(found.samples), spike_time=times, duration=now.duration)

    homeostasis = Homeostasis(reservoir) if plastic and reservoir.homeostasis else None
    with closing(in_order(answer, len(batch), workers, stop)) as responses:
        for index, response in enumerate(responses):
            if homeostasis is not None:
                network.take(*homeostasis.restored(*network.weights()))
            deliver(index, response)
            progress(int(before[index + 1]))
    return Weights(*network.weights()) if plastic else Weights(reservoir.weight, reservoir.input_weight)


@dataclass(frozen=True)
class Trajectory:
    """Spikes of one stimulus in a frozen network, exact up to rounding, with dv/dt at spikes and releases."""

    duration: float  #: ms
    spike_time: np.ndarray  #: (S,) ms, ascending
    spike_neuron: np.ndarray  #: (S,) int64, ascending within a time
    drift: np.ndarray  #: (S,) dv/dt just before the spike (mV/ms)
    release_time: np.ndarray  #: (S,) ms: end of the refractory period
    release_drift: np.ndarray  #: (S,) dv/dt at the release, from v_reset (mV/ms); nan after the end of the stimulus
    end_v: np.ndarray  #: (N,) mV, at the end
    end_exc: np.ndarray  #: (N,) mV
    end_inh: np.ndarray  #: (N,) mV


@takes(v_start="mV", exc_start="mV", inh_start="mV")
def trajectory(
    reservoir: Reservoir,
    stimulus: SpikeTrains | Currents,
    *,
    index: int = 0,
    seed: int = 0,
    v_start: np.ndarray | None = None,
    exc_start: np.ndarray | None = None,
    inh_start: np.ndarray | None = None,
) -> Trajectory:
    """Return the spikes of one stimulus in a frozen network, with the drifts that a Lyapunov spectrum needs.

    Parameters
    ----------
    reservoir : Reservoir
    stimulus : SpikeTrains or Currents
    index : int
        Sample of the stimulus.
    seed : int
        Seed of the background input.
    v_start, exc_start, inh_start : (N,) arrays, mV
        v and the currents at time 0 instead of ``reservoir.v_start`` and 0; no neuron is refractory then.

    Returns
    -------
    Trajectory

    Raises
    ------
    InputError
        For short-term plasticity; when `stimulus` is not a stimulus or its channels differ from the reservoir's, it has no
        sample `index`, or `seed` is invalid; when an initial value has another shape or is not finite.
    DivergenceError
        When a neuron fires more than 1000 spikes within 10 ms, or v or a current is no longer finite.

    Notes
    -----
    The drift before a spike is (C - v + I_exc + I_inh - a)/tau_m, with the currents before any arrival at the same time;
    the drift at a release is defined likewise. Without refractoriness the release coincides with the spike.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, SpikeTrains, build
    >>> reservoir = build(ReservoirSpec(neurons=5, i_bias=20), seed=0)
    >>> found = trajectory(reservoir, SpikeTrains([], [], [0, 0], 1, 100.0))
    >>> bool((np.diff(found.spike_time) >= 0).all() and (found.drift > 0).all())
    True
    """
    for feature, what in (("short_term_plasticity", "short-term plasticity"), ("state_bits", "v of few bits")):
        if feature in reservoir.needs():
            raise InputError("reservoir", f"with {what}", f"cannot be simulated by the exact engine: {EXACT.can[feature]}")
    check_sample(stimulus, reservoir.channels, index)
    generator(seed)  # raises for an invalid seed
    starts = {}
    for name, values in (("v", v_start), ("exc", exc_start), ("inh", inh_start)):
        if values is not None:
            starts[name] = float_vector(f"{name}_start", values)
            if starts[name].shape != (reservoir.neurons,) or not np.isfinite(starts[name]).all():
                raise InputError(f"{name}_start", values, f"must be {reservoir.neurons} finite numbers (mV)")
    network = _Network(reservoir, False)
    now = events(reservoir, stimulus, index, 0.0, seed)
    run = network.present(now, np.empty(0), lambda time: None, [], None, **starts)
    release_time = run.spike_time + reservoir.refractory[run.spike_neuron]
    release_drift = np.full(len(run.spike_time), np.nan)
    release_drift[run.release_spike] = run.release_drift
    end = [run.states[name] for name in ("v", "exc", "inh")]
    return Trajectory(now.duration, run.spike_time, run.spike_neuron, run.drift, release_time, release_drift, *end)


class _Side:
    """Recurrent or input links, sorted by (source, delay, target), with an index by target.

    Input links with delays are indexed by row rather than by channel: see :class:`hrsnn.engines.input_rows.InputRows`.
    """

    def __init__(self, links: Links, sources: int, targets: int, plastic: bool, by_rows: bool = False) -> None:
        self.order = np.lexsort((links.post, links.delay, links.pre))
        pre, post = links.pre[self.order].astype(np.int64), links.post[self.order].astype(np.int64)
        self.weight = links.weight[self.order]
        self.synapses = np.zeros(len(links) if plastic else 0, kernels.SYNAPSE)
        if plastic:
            for name in ("w_max", "a_plus", "a_minus"):
                self.synapses[name] = getattr(links, name)[self.order]
            self.synapses["rate_plus"] = 1 / links.tau_plus[self.order]
            self.synapses["rate_minus"] = 1 / links.tau_minus[self.order]
        incoming = np.lexsort((pre, post)) if plastic else np.empty(0, np.int64)
        start = np.searchsorted(pre, np.arange(sources + 1))
        if by_rows and links.delay.any():
            row = InputRows.of(links, links.delay).of_link[self.order]
            start = np.searchsorted(row, np.arange(row[-1] + 2))
        self._static = (
            start,
            post,
            links.delay[self.order],
            np.searchsorted(post[incoming], np.arange(targets + 1)),
            incoming,
        )

    @property
    def links(self) -> arguments.Links:
        """The links as arguments of the kernel."""
        start, post, delay, incoming_start, incoming = map(read_only, self._static)
        return arguments.Links(start, post, delay, self.weight, self.synapses, incoming_start, incoming)

    def rest(self) -> None:
        for name in ("trace_plus", "trace_minus", "touched"):
            self.synapses[name] = 0.0

    def take(self, weight: np.ndarray) -> None:
        """Set the weights, given in the order of the reservoir."""
        self.weight[:] = weight[self.order]

    def given_back(self) -> np.ndarray:
        """Return the weights in the order of the reservoir."""
        out = np.empty(len(self.weight))
        out[self.order] = self.weight
        return out


@dataclass(frozen=True)
class _Run:
    """Results of one stimulus."""

    samples: np.ndarray
    states: np.ndarray
    spike_time: np.ndarray
    spike_neuron: np.ndarray
    drift: np.ndarray
    release_spike: np.ndarray
    release_drift: np.ndarray


class _Network:
    """A reservoir as arrays in the form that the kernel uses."""

    def __init__(self, reservoir: Reservoir, plastic: bool) -> None:
        self._reservoir, n = reservoir, reservoir.neurons
        self._cells = np.zeros(n, kernels.CELL)
        for name in ("m", "exc", "inh"):
            self._cells[f"rate_{name}"] = 1 / getattr(reservoir, f"tau_{name}")
        self._cells["rate_adapted"] = 1 / reservoir.tau_adaptation
        self._cells["threshold"], self._cells["reset"] = reservoir.v_threshold, reservoir.v_reset
        for name in ("exc", "inh"):
            # tau_m dphi/dt = e^(-t/tau_s) - phi, so phi = e^(-t/tau_s) at its peak, t = ln(tau_m/tau_s)/(1/tau_s - 1/tau_m)
            below = 1 - getattr(reservoir, f"tau_{name}") / reservoir.tau_m
            turn = np.divide(-np.log1p(-below), below, out=np.ones(n), where=below != 0)
            self._cells[f"peak_{name}"] = np.exp(-turn) * (1 + 1e-9)
        self._cells["refractory"], self._cells["jump"] = reservoir.refractory, reservoir.adaptation
        self._cells["rest"] = reservoir.v_rest + reservoir.i_bias
        self._sign = np.where(reservoir.is_excitatory, 1.0, -1.0)
        self.recurrent = _Side(reservoir.recurrent, n, n, plastic)
        self.input = _Side(reservoir.input, reservoir.channels, n, plastic, by_rows=True)

    def rest(self) -> None:
        """Reset all variables to rest, except the weights."""
        for side in (self.recurrent, self.input):
            side.rest()

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the current recurrent and input weights (mV)."""
        return self.recurrent.given_back(), self.input.given_back()

    def take(self, recurrent: np.ndarray, input: np.ndarray) -> None:
        self.recurrent.take(recurrent)
        self.input.take(input)

    def present(
        self,
        now: Events,
        sample_times: np.ndarray,
        tell: Callable[[float], None],
        stop: list[bool],
        watched: Watched | None = None,
        **starts: np.ndarray,
    ) -> _Run:
        """Simulate one stimulus from rest, in several kernel calls."""
        n = self._reservoir.neurons
        states = np.zeros(n, kernels.STATE)
        states["v"] = self._reservoir.v_start
        for name, values in starts.items():
            states[name] = values
        states["base"], states["spiked"], states["window"] = self._cells["rest"], -np.inf, -np.inf
        queue, flights = queue_of(np.zeros(n)), np.zeros(n + _FLYING, FLIGHT)  # every neuron is planned at time 0
        network = Network(read_only(self._cells), states, queue)
        scratch = Scratch(spiked=np.empty(n, np.int64), sizes=np.empty(3, np.int64))
        clock, counters = np.zeros(1), np.zeros(kernels.COUNTERS, np.int64)
        rooms = (n + _ROOM, 2 * n + _ROOM)
        watched = Watched(np.empty(0, np.int64)) if watched is None else watched
        samples = watched.room(len(sample_times))
        out = Output(
            spike_time=np.empty(rooms[0]),
            spike_neuron=np.empty(rooms[0], np.int64),
            spike_drift=np.empty(rooms[0]),
            release_spike=np.empty(rooms[1], np.int64),
            release_drift=np.empty(rooms[1]),
            samples=samples,
            watched=read_only(watched.neurons),
        )
        parts: list[list[np.ndarray]] = [[column[:0]] for column in out[:5]]
        stream = arguments.Events(
            InputEvents(*map(read_only, (now.input_time, now.input_channel, now.input_count))),
            DriveChanges(*map(read_only, (now.drive_time, now.drive, now.own_time, now.own_neuron, now.own_drive))),
            BackgroundEvents(*map(read_only, (now.background_time, now.background_neuron, now.background_jump))),
            read_only(sample_times),
        )
        fixed = plain_tuples((scratch, out, read_only(self._sign), self.recurrent.links, self.input.links, stream))
        code = kernels.MORE
        while code == kernels.MORE and not stop:
            if counters[kernels.FLYING] + n > len(flights):
                flights = np.concatenate([flights, np.zeros_like(flights)])
            code, spikes, releases = kernels.present(
                clock, now.duration, _WORK, plain_tuples(network), flights, counters, *fixed
            )
            for column, part, size in zip(out[:5], parts, (spikes,) * 3 + (releases,) * 2, strict=True):
                part.append(column[:size].copy())
            tell(float(clock[0]))
        if code == kernels.RUNAWAY:
            who = int(counters[kernels.SPIKES])
            raise DivergenceError(
                f"neuron {who} fired more than {kernels.MOST_SPIKES} spikes within {kernels.WINDOW:g} ms, "
                f"at {clock[0]:g} ms; the input or the weights are far too large, or it needs a refractory period"
            )
        if code == kernels.OVERFLOW:
            raise DivergenceError("v or a current is no longer finite; the input or the weights are far too large")
        return _Run(samples, states, *[np.concatenate(part) for part in parts])
