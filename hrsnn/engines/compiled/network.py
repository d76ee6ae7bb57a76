"""A reservoir in the form that the kernels use, and the course of one stimulus in it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from hrsnn.engines.batch import Batch, Presentation
from hrsnn.engines.compiled import kernels
from hrsnn.engines.compiled.arguments import (
    Arrivals,
    BackgroundEvents,
    Beginnings,
    Cells,
    DriveChanges,
    Events,
    Flights,
    FrozenInput,
    FrozenLinks,
    Meeting,
    Output,
    PlasticLinks,
    Reset,
    ShortTerm,
    SpikeEvents,
    State,
)
from hrsnn.engines.compiled.rows import LinkRows, padded, queues, with_more_room
from hrsnn.engines.compiled.simd import LANES
from hrsnn.engines.contract import Response
from hrsnn.engines.jit import plain_tuples, read_only
from hrsnn.engines.network_state import NetworkState, Variables
from hrsnn.engines.propagators import propagators
from hrsnn.engines.rounding import Rounding, rounding
from hrsnn.engines.watched import Watched
from hrsnn.errors import DivergenceError
from hrsnn.reservoir import Reservoir

#: Size of the buffer for the spikes of one kernel call, in addition to one for each neuron.
_ROOM = 8192
#: Maximum number of neuron updates in a call, so that it ends within a fraction of a second, for Ctrl-C and progress.
_UPDATES = 100_000_000
#: Plastic variables of a link that are part of a state.
LEARNED = ("weight", "trace_plus", "trace_minus")
_EMPTY = np.empty(0)


class _Room:
    """Arrays of the state and of the output that a thread uses for one stimulus after the other."""

    def __init__(self, neurons: int, adapts: bool, rows: int) -> None:
        # rows far from each other: a processor takes addresses that are equal modulo 4096 for the same for a while
        width = -(-(neurons + LANES) // 512) * 512 + 40
        self.block = np.empty((len(State._fields), width))
        v, exc, inh, v_inf, adapted, free_at = self.block[:, :neurons]
        self.state = State(v, exc, inh, v_inf, adapted if adapts else adapted[:0], free_at)
        room = neurons + _ROOM
        self.output = Output(
            step=np.empty(room, np.int64),
            neuron=np.empty(room, np.int32),
            seen=None,
            watched=None,
            spiked=np.empty(neurons, np.int32),
            words=np.empty(neurons // 64 + 1, np.int64),
            due=np.empty(rows, np.int32),
        )

    def begin(self, *values: np.ndarray | float) -> None:
        """Set the variables of the state; what is behind the last neuron is never free, and so never spikes."""
        self.block[:] = 0.0
        self.block[-1] = np.inf
        for mine, its in zip(self.state, values, strict=True):
            mine[:] = its


class CompiledNetwork:
    """A reservoir, or a range of its neurons with all links to them, as arrays in the form that the kernels use.

    Parameters
    ----------
    reservoir : Reservoir
    span : (int, int), optional
        First neuron, and the one after the last; by default all.
    rows : (LinkRows, LinkRows), optional
        All recurrent and input links of the reservoir, where they have been sorted already.
    """

    def __init__(
        self, reservoir: Reservoir, span: tuple[int, int] | None = None, rows: tuple[LinkRows, LinkRows] | None = None
    ) -> None:
        self.reservoir, self.span = reservoir, span or (0, reservoir.neurons)
        self.neurons = self.span[1] - self.span[0]
        here = self._here = slice(*self.span)
        p = propagators(reservoir)
        often_shared = tuple(values[here] for values in (p.decay_exc, p.decay_inh, reservoir.v_threshold))
        shared = all((values == values[0]).all() for values in often_shared)
        decay_exc, decay_inh, threshold = (values[:1] if shared else padded(values) for values in often_shared)
        self._cells = Cells(
            v_rest_bias=read_only((reservoir.v_rest + reservoir.i_bias)[here]),
            membrane=read_only(padded(p.membrane[here])),
            exc_to_v=read_only(padded(p.exc_to_v[here])),
            inh_to_v=read_only(padded(p.inh_to_v[here])),
            decay_exc=read_only(decay_exc),
            decay_inh=read_only(decay_inh),
            adapted_to_v=read_only(padded(p.adapted_to_v[here])),
            decay_adapted=read_only(padded(p.decay_adapted[here])),
            threshold=read_only(threshold),
        )
        hold = np.round(reservoir.refractory[here] / reservoir.dt).astype(np.int64)
        after = Reset(read_only(reservoir.v_reset[here]), read_only(hold), read_only(reservoir.adaptation[here]))
        self.recurrent, self.input = rows or sorted_links(reservoir)
        if span is not None:
            self.recurrent, self.input = self.recurrent.within(*span), self.input.within(*span)
        self.constants = (*plain_tuples((self._cells, after)), read_only(reservoir.is_excitatory))
        self._adapts = bool(reservoir.adaptation.any())
        #: Used by one thread at a time.
        self._rooms: list[_Room] = []

    @property
    def most_steps(self) -> int:
        """Maximum number of steps of a kernel call."""
        return max(1, _UPDATES // self.neurons)

    def frozen(
        self, batch: Batch, part: range, tell: Callable[[int], None], stop: list[bool], ends: bool = False
    ) -> list[Response]:
        """Simulate the stimuli of a part of a batch; with `ends`, of a single stimulus, return its last variables too."""
        now, begins = batch.joined(part)
        course = self.frozen_course(batch, part.start, now, begins[1:-1])
        records = course.whole(tell, stop)
        if len(part) == 1:
            end = self.end(course.state, course.arrivals, now.n_steps) if ends else None
            self._take_back(course.room, ends)
            return [Response(**records, end=end)]
        self._take_back(course.room, ends)
        step, neuron = records.pop("spike_step"), records.pop("spike_neuron")
        step = step - np.repeat(begins[:-1], np.diff(bounds := np.searchsorted(step, begins)))
        return [Response(step[a:b], neuron[a:b], **records) for a, b in itertools.pairwise(bounds.tolist())]

    def frozen_course(
        self,
        batch: Batch,
        index: int,
        now: Presentation,
        begins: np.ndarray,
        meeting: Meeting | None = None,
        watched: Watched | None = None,
    ) -> Course:
        """Return the course of a stimulus, and of others that begin at some of its steps, with fixed weights."""
        arrivals = self.arrivals(None if batch.start is None else batch.start.variables)
        others = Beginnings(read_only(begins), read_only(self.reservoir.v_start[self._here]))
        last = (arrivals, events_of(now), self.rounding(batch, index), others, meeting or _NO_MEETING)
        constants = (*self._frozen_links, *plain_tuples(last))
        return Course(self, batch, now, kernels.present_frozen, constants, arrivals, watched or batch.watched)

    @cached_property
    def _frozen_links(self) -> tuple[Any, ...]:
        rows, inputs = self.recurrent, self.input
        recurrent = FrozenLinks(read_only(rows.start), rows.post, rows.weight)
        its_input = FrozenInput(read_only(inputs.start), inputs.post, inputs.weight)
        return tuple(map(plain_tuples, (rows.arguments, recurrent, its_input)))

    def room(self, start: NetworkState | None) -> _Room:
        """Return arrays of the state and the output, at rest or at a state."""
        room = self._rooms.pop() if self._rooms else _Room(self.neurons, self._adapts, len(self.recurrent.source))
        v_inf, here = self._cells.v_rest_bias, self._here
        if start is None:
            room.begin(self.reservoir.v_start[here], 0.0, 0.0, v_inf, 0.0, 0.0)
        else:
            at = start.variables
            room.begin(at.v[here], at.exc[here], at.inh[here], v_inf, at.adapted[here], start.refractory_steps[here])
        return room

    def _take_back(self, room: _Room, in_use: bool) -> None:
        if not in_use:  # else the state is given back
            self._rooms.append(room)

    def flights(self, start: NetworkState | None) -> Flights:
        """Return the queues of rows that spikes will reach."""
        if start is not None:
            return queues(self.recurrent, start)
        row, following, head, tail, unused = self._at_rest
        return Flights(np.empty_like(row), following.copy(), head.copy(), tail.copy(), unused.copy())

    @cached_property
    def _at_rest(self) -> Flights:
        return queues(self.recurrent, None)

    def rounding(self, batch: Batch, index: int) -> Rounding:
        """Return how v is rounded after each step."""
        reservoir, before = self.reservoir, 0 if batch.start is None else batch.start.steps
        bits, stochastic = reservoir.state_bits, reservoir.stochastic_rounding
        return rounding(bits, stochastic, reservoir.v_rest, reservoir.v_threshold, batch.seed, index, before)

    def end(
        self,
        state: State,
        arrivals: Arrivals,
        steps: int,
        links: list[PlasticLinks] | None = None,
    ) -> Variables:
        """Return the current variables, with links in the order of the reservoir."""
        rows, inputs = self.recurrent, self.input
        learned = {prefix + name: _EMPTY for prefix in ("", "input_") for name in LEARNED}
        if links is not None:
            for prefix, side, its in zip(("", "input_"), (rows, inputs), links, strict=True):
                learned |= {prefix + name: side.given_back(getattr(its, name)) for name in LEARNED}
                learned[prefix + "weight"] = learned[prefix + "weight"].copy()  # homeostasis changes the weights afterwards
        used, resources, arrived = _EMPTY, _EMPTY, np.empty(0, np.int64)
        if self.reservoir.short_term is not None:
            used, resources = (
                rows.given_back(values) for values in (arrivals.short_term.used, arrivals.short_term.resources)
            )
            arrived = rows.given_back(np.repeat(steps - arrivals.arrived, np.diff(rows.start)))
        return Variables(
            v=state.v,
            exc=state.exc,
            inh=state.inh,
            adapted=state.adapted,
            used=used,
            resources=resources,
            arrived=arrived,
            **learned,
        )

    @cached_property
    def _no_arrivals(self) -> Arrivals:
        nothing = read_only(_EMPTY)
        return Arrivals(np.empty(0, np.int64), ShortTerm(nothing, nothing, nothing, np.empty(0), np.empty(0)), np.empty(0))

    def arrivals(self, start: Variables | None) -> Arrivals:
        """Return the variables of short-term plasticity at the beginning of a stimulus."""
        rows, links = self.recurrent, self.reservoir.short_term
        if links is None:
            return self._no_arrivals
        arrived = np.zeros(len(rows.start) - 1, np.int64)
        dt, order = self.reservoir.dt, rows.order
        if start is None:
            used, resources = padded(np.zeros(len(rows))), padded(np.ones(len(rows)))
        else:
            used, resources = padded(start.used[order]), padded(start.resources[order])
            in_row = np.diff(rows.start) > 0
            arrived[in_row] = -start.arrived[order][rows.start[:-1][in_row]]
        short_term = ShortTerm(
            release=read_only(links.release[order]),
            rate_recovery=read_only(-dt / links.tau_recovery[order]),
            rate_facilitation=read_only(-dt / links.tau_facilitation[order]),
            used=used,
            resources=resources,
        )
        return Arrivals(arrived, short_term, np.empty(rows.longest + LANES))


class Course:
    """One stimulus in a network, from rest or from ``batch.start``, in several kernel calls."""

    def __init__(
        self,
        network: CompiledNetwork,
        batch: Batch,
        now: Presentation,
        kernel: Callable[..., tuple[int, int]],
        constants: tuple[Any, ...],
        arrivals: Arrivals,
        watched: Watched,
    ) -> None:
        self._watched, self._kernel, self.arrivals = watched, kernel, arrivals
        self.steps, self.step, self._most, self._rows = now.n_steps, 0, network.most_steps, len(network.recurrent.lag)
        self.room = network.room(batch.start)
        seen, neurons = watched.room(len(now.v_step)), read_only(watched.neurons)
        self.state, self._out = self.room.state, self.room.output._replace(seen=seen, watched=neurons)
        self._flights = network.flights(batch.start)
        self._arguments = (tuple(self.state), tuple(self._out), *network.constants, *constants)
        self._found = [(np.empty(0, np.int64), np.empty(0, np.int32))]

    def make_room(self) -> None:
        """Prepare a kernel call."""
        if self._flights.unused[1] < self._rows:
            self._flights = with_more_room(self._flights)

    def go_on(self, most: int | None = None) -> None:
        """Simulate some steps, at most `most`, in one kernel call."""
        until = min(self.steps, self.step + (most or self._most))
        self.step, filled = self._kernel(self.step, until, tuple(self._flights), *self._arguments)
        if self.step >= 0:
            self._found.append((self._out.step[:filled].copy(), self._out.neuron[:filled].copy()))

    def whole(self, tell: Callable[[int], None], stop: list[bool]) -> dict[str, Any]:
        """Simulate all steps, and return the records."""
        while 0 <= self.step < self.steps and not stop:
            self.make_room()
            self.go_on()
            tell(self.step)
        return self.records()

    def records(self) -> dict[str, Any]:
        """Return the spikes and what was recorded.

        Raises
        ------
        DivergenceError
            When v or a current is no longer finite.
        """
        # an infinite current makes a neuron spike in every step, and the reset makes its v finite again
        state = self.state
        if self.step < 0 or not all(np.isfinite(values).all() for values in (state.v, state.exc, state.inh)):
            raise DivergenceError("v or a current is no longer finite; the input or the weights are far too large")
        steps, neurons = (np.concatenate(found) for found in zip(*self._found, strict=True))
        return {"spike_step": steps, "spike_neuron": neurons, **self._watched.parts(self._out.seen)}


_NO_MEETING = Meeting(
    place=read_only(np.empty(0, np.int64)),
    reached=np.empty(0, np.int64),
    count=np.empty((2, 0, 8), np.int64),
    spiked=np.empty((2, 0, 0), np.int32),
    everyone=np.empty(0, np.int32),
)


def from_step(done: int, progress: Callable[[int], None]) -> Callable[[int], None]:
    """Return the progress of one stimulus as that of a run of which `done` steps came before it."""
    return lambda step: progress(done + step)


def sorted_links(reservoir: Reservoir) -> tuple[LinkRows, LinkRows]:
    """Return all recurrent and input links of a reservoir in the order in which they are read."""
    recurrent = LinkRows(reservoir.recurrent, reservoir.neurons, reservoir.dt)
    return recurrent, LinkRows(reservoir.input, reservoir.channels, reservoir.dt)


def events_of(now: Presentation) -> Events:
    """Return the events of a stimulus in the form that the kernels use."""
    return Events(
        SpikeEvents(*map(read_only, (now.spike_step, now.spike_channel, now.spike_count))),
        DriveChanges(*map(read_only, (now.drive_step, now.drive, now.own_step, now.own_neuron, now.own_drive))),
        BackgroundEvents(*map(read_only, (now.background_step, now.background_neuron, now.background_jump))),
        read_only(now.v_step),
    )
