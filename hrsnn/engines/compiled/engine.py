"""The compiled engine: the grid model in Numba, with the same spikes as the Brian2 engine."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cached_property, partial
from threading import Lock
from typing import Any

import numpy as np

from hrsnn.engines.batch import Batch, Presentation
from hrsnn.engines.compiled import kernels, stdp
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
    Output,
    PlasticLinks,
    PlasticSide,
    PlasticSides,
    Reset,
    Scratch,
    ShortTerm,
    SpikeEvents,
    State,
    Waiting,
)
from hrsnn.engines.compiled.rows import LinkRows, padded, queues, with_more_room
from hrsnn.engines.compiled.simd import LANES
from hrsnn.engines.contract import Response, Weights
from hrsnn.engines.homeostasis import Homeostasis
from hrsnn.engines.jit import plain_tuples, read_only
from hrsnn.engines.network_state import Variables
from hrsnn.engines.propagators import propagators
from hrsnn.engines.rounding import Rounding, rounding
from hrsnn.engines.threads import in_order, threads
from hrsnn.errors import DivergenceError, InputError
from hrsnn.reservoir import Reservoir

#: Size of the buffer for the spikes of one kernel call, in addition to one for each neuron.
_ROOM = 8192
#: Maximum number of a neuron's waiting spikes, after which all synapses are brought up to date.
_HISTORY = 128
#: Of these, the latest are kept beside each other a second time, for the processor's cache.
_RECENT = 8
#: Maximum number of neuron updates in a call, so that it ends within a fraction of a second, for Ctrl-C and progress.
_UPDATES = 100_000_000
#: Maximum number of stimuli that one kernel call simulates one after the other.
_STIMULI = 64
#: Number of parts of a batch for each thread, so that all threads end at about the same time.
_PARTS = 4
#: Plastic variables of a link that are part of a state.
_LEARNED = ("weight", "trace_plus", "trace_minus")
_EMPTY = np.empty(0)


def run(
    reservoir: Reservoir,
    batch: Batch,
    plastic: bool,
    deliver: Callable[[int, Response], None],
    progress: Callable[[int], None],
) -> Weights:
    """Simulate a batch with Numba; see :class:`~hrsnn.engines.contract.EngineFunction`.

    In a frozen run the stimuli are independent tasks of a pool of threads (the kernels release the GIL); the result does
    not depend on the number of threads. In a plastic run the stimuli are simulated one after another.

    Notes
    -----
    A frozen synapse takes 12 bytes (weight, target), a plastic one 68. Traces are decayed from the last pre spike on
    rather than at each access as in Brian2, and with a different implementation of the exponential: weights agree to
    about 1e-14 mV, not to the last bit.
    """
    network = _Network(reservoir, plastic)
    if plastic:
        return network.learn(batch, deliver, progress)
    network.answer(batch, deliver, progress)
    return Weights(reservoir.weight, reservoir.input_weight)


def run_population(
    reservoirs: Sequence[Reservoir],
    batches: Sequence[Batch],
    deliver: Callable[[int, int, Response], None],
    progress: Callable[[int], None],
    precision: str,
) -> None:
    """Simulate several networks on the threads of one batch; see :class:`~hrsnn.engines.contract.PopulationFunction`.

    Raises
    ------
    InputError
        When the precision is not float64.
    """
    if precision != "float64":
        raise InputError("precision", precision, "must be float64: the kernels have doubles only; engine='torch' has both")
    stop: list[bool] = []
    workers = threads()
    made, lock = dict[int, _Network](), Lock()
    jobs: list[tuple[int, range]] = []
    for which, (reservoir, batch) in enumerate(zip(reservoirs, batches, strict=True)):
        jobs += [(which, part) for part in _parts_of(reservoir, batch, workers)]

    def task(job: int) -> list[Response]:
        which, part = jobs[job]
        with lock:
            if which not in made:
                made[which] = _Network(reservoirs[which], plastic=False)
            network = made[which]
        return network.frozen(batches[which], part, _nobody, stop)

    done = 0
    with closing(in_order(task, len(jobs), min(workers, len(jobs)), stop)) as answers:
        for (which, part), responses in zip(jobs, answers, strict=True):
            for index, response in zip(part, responses, strict=True):
                deliver(which, index, response)
            if part.stop == len(batches[which]):
                del made[which]
            done += int(batches[which].steps[part.start : part.stop].sum())
            progress(done)


def _parts_of(reservoir: Reservoir, batch: Batch, workers: int) -> list[range]:
    """Return the stimuli of a batch in parts, each of which is one task."""
    # stochastic rounding has random numbers by the step of the stimulus
    return batch.parts(1 if reservoir.state_bits else min(_STIMULI, -(-len(batch) // (_PARTS * workers))))


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


class _Network:
    """A reservoir as arrays in the form that the kernels use."""

    def __init__(self, reservoir: Reservoir, plastic: bool) -> None:
        self._reservoir, self._n = reservoir, reservoir.neurons
        p = propagators(reservoir)
        often_shared = (p.decay_exc, p.decay_inh, reservoir.v_threshold)
        shared = all((values == values[0]).all() for values in often_shared)
        decay_exc, decay_inh, threshold = (values[:1] if shared else padded(values) for values in often_shared)
        self._cells = Cells(
            v_rest_bias=read_only(reservoir.v_rest + reservoir.i_bias),
            membrane=read_only(padded(p.membrane)),
            exc_to_v=read_only(padded(p.exc_to_v)),
            inh_to_v=read_only(padded(p.inh_to_v)),
            decay_exc=read_only(decay_exc),
            decay_inh=read_only(decay_inh),
            adapted_to_v=read_only(padded(p.adapted_to_v)),
            decay_adapted=read_only(padded(p.decay_adapted)),
            threshold=read_only(threshold),
        )
        hold = np.round(reservoir.refractory / reservoir.dt).astype(np.int64)
        after = Reset(read_only(reservoir.v_reset), read_only(hold), read_only(reservoir.adaptation))
        self._recurrent = LinkRows(reservoir.recurrent, reservoir.neurons, reservoir.dt)
        self._input = LinkRows(reservoir.input, reservoir.channels, reservoir.dt)
        self._constants = (*plain_tuples((self._cells, after)), read_only(reservoir.is_excitatory))
        self._budget = max(1, _UPDATES // self._n)
        self._adapts = bool(reservoir.adaptation.any())
        #: Used by one thread at a time.
        self._rooms: list[_Room] = []

    def answer(self, batch: Batch, deliver: Callable[[int, Response], None], progress: Callable[[int], None]) -> None:
        """Simulate the stimuli of a frozen run, independently of each other."""
        stop: list[bool] = []
        before = np.concatenate([[0], np.cumsum(batch.steps)])
        workers = min(threads(), len(batch))
        parts = _parts_of(self._reservoir, batch, workers)

        def task(index: int) -> list[Response]:
            told = progress if workers == 1 else _nobody  # with threads, only complete parts are reported
            here = int(before[parts[index].start])
            return self.frozen(batch, parts[index], partial(_told, told, here), stop, ends=len(batch) == 1)

        with closing(in_order(task, len(parts), workers, stop)) as answers:
            for part, responses in zip(parts, answers, strict=True):
                for index, response in zip(part, responses, strict=True):
                    deliver(index, response)
                progress(int(before[part.stop]))

    def learn(self, batch: Batch, deliver: Callable[[int, Response], None], progress: Callable[[int], None]) -> Weights:
        """Simulate the stimuli of a plastic run in order, each with the weights after the previous one."""
        rows = (self._recurrent, self._input)
        start = None if batch.start is None else batch.start.variables
        links = [
            side.learning(*(_EMPTY if start is None else getattr(start, prefix + name) for name in _LEARNED))
            for side, prefix in zip(rows, ("", "input_"), strict=True)
        ]
        homeostasis = Homeostasis(self._reservoir) if self._reservoir.homeostasis else None
        longest = max(side.longest for side in rows)
        pairs = longest * _HISTORY + LANES
        scratch = Scratch(
            acting=np.empty(longest + LANES),
            traced=np.empty(longest + LANES),
            owner=np.empty(pairs, np.uint64),
            pair_plus=np.empty(pairs),
            pair_minus=np.empty(pairs),
        )
        waiting = Waiting(
            latest=np.full(self._n, -1, np.int32),
            recent=np.full((self._n, _RECENT), -1, np.int32),
            count=np.zeros(self._n, np.int64),
            history=np.empty((self._n, _HISTORY), np.int32),
        )
        done = 0
        for index in range(len(batch)):
            now = batch.presentation(index)
            if index:
                for side in links:
                    side.trace_plus[:] = side.trace_minus[:] = 0.0
            sides = PlasticSides(
                *(
                    PlasticSide(read_only(side.start), values, np.zeros(len(side.start) - 1, np.int64))
                    for side, values in zip(rows, links, strict=True)
                )
            )
            arrivals = self._arrivals(start)
            constants = (
                *self._constants,
                *plain_tuples(
                    (
                        self._recurrent.arguments,
                        arrivals,
                        sides,
                        waiting,
                        scratch,
                        _events(now),
                        self._rounding(batch, index),
                    )
                ),
            )
            records, state = self._present(now, stdp.present_plastic, constants, partial(_told, progress, done), [], batch)
            stdp.catch_up_all(now.n_steps, *map(plain_tuples, (sides, waiting, scratch)))
            end = self._end(state, arrivals, now.n_steps, links) if len(batch) == 1 else None
            if homeostasis is not None:
                restored = homeostasis.restored(*(side.given_back(side.weight) for side in rows))
                for row, weight in zip(rows, restored, strict=True):
                    row.weight[:] = weight[row.order]
            done += now.n_steps
            deliver(index, Response(**records, end=end))
        return Weights(*(side.given_back(side.weight) for side in rows))

    def frozen(
        self, batch: Batch, part: range, tell: Callable[[int], None], stop: list[bool], ends: bool = False
    ) -> list[Response]:
        """Simulate the stimuli of a part of a batch; with `ends`, of a single stimulus, return its last variables too."""
        now, begins = batch.joined(part)
        arrivals = self._arrivals(None if batch.start is None else batch.start.variables)
        others = Beginnings(read_only(begins[1:-1]), read_only(self._reservoir.v_start))
        constants = (
            *self._constants,
            *self._frozen_links,
            *plain_tuples((arrivals, _events(now), self._rounding(batch, part.start), others)),
        )
        records, state = self._present(now, kernels.present_frozen, constants, tell, stop, batch)
        if len(part) == 1:
            return [Response(**records, end=self._end(state, arrivals, now.n_steps) if ends else None)]
        step, neuron = records.pop("spike_step"), records.pop("spike_neuron")
        step = step - np.repeat(begins[:-1], np.diff(bounds := np.searchsorted(step, begins)))
        return [Response(step[a:b], neuron[a:b], **records) for a, b in itertools.pairwise(bounds.tolist())]

    @cached_property
    def _frozen_links(self) -> tuple[Any, ...]:
        rows, inputs = self._recurrent, self._input
        recurrent = FrozenLinks(read_only(rows.start), rows.post, rows.weight)
        its_input = FrozenInput(read_only(inputs.start), inputs.post, inputs.weight)
        return tuple(map(plain_tuples, (rows.arguments, recurrent, its_input)))

    def _present(
        self,
        now: Presentation,
        kernel: Callable[..., tuple[int, int]],
        constants: tuple[Any, ...],
        tell: Callable[[int], None],
        stop: list[bool],
        batch: Batch,
    ) -> tuple[dict[str, Any], State]:
        """Simulate one stimulus, from rest or from ``batch.start``, in several kernel calls; return records and end."""
        watched, start, rows = batch.watched, batch.start, self._recurrent
        room = self._rooms.pop() if self._rooms else _Room(self._n, self._adapts, len(rows.source))
        if start is None:
            room.begin(self._reservoir.v_start, 0.0, 0.0, self._cells.v_rest_bias, 0.0, 0.0)
        else:
            at = start.variables
            room.begin(at.v, at.exc, at.inh, self._cells.v_rest_bias, at.adapted, start.refractory_steps)
        state, out = room.state, room.output._replace(seen=watched.room(len(now.v_step)), watched=read_only(watched.neurons))
        flights = queues(rows, start) if start is not None else self._no_flights()
        steps, who = [np.empty(0, np.int64)], [np.empty(0, np.int32)]
        arguments, step = (tuple(state), tuple(out), *constants), 0
        while step < now.n_steps and not stop:
            if flights.unused[1] < len(rows.lag):
                flights = with_more_room(flights)
            step, filled = kernel(step, min(now.n_steps, step + self._budget), tuple(flights), *arguments)
            if step < 0:
                break
            steps.append(out.step[:filled].copy())
            who.append(out.neuron[:filled].copy())
            tell(step)
        # an infinite current makes a neuron spike in every step, and the reset makes its v finite again
        if step < 0 or not all(np.isfinite(values).all() for values in (state.v, state.exc, state.inh)):
            raise DivergenceError("v or a current is no longer finite; the input or the weights are far too large")
        spikes = {"spike_step": np.concatenate(steps), "spike_neuron": np.concatenate(who)}
        if len(batch) > 1:  # else the state is given back
            self._rooms.append(room)
        return spikes | watched.parts(out.seen), state

    @cached_property
    def _at_rest(self) -> Flights:
        return queues(self._recurrent, None)

    def _no_flights(self) -> Flights:
        """Return empty queues of a stimulus."""
        row, following, head, tail, unused = self._at_rest
        return Flights(np.empty_like(row), following.copy(), head.copy(), tail.copy(), unused.copy())

    def _rounding(self, batch: Batch, index: int) -> Rounding:
        reservoir, before = self._reservoir, 0 if batch.start is None else batch.start.steps
        bits, stochastic = reservoir.state_bits, reservoir.stochastic_rounding
        return rounding(bits, stochastic, reservoir.v_rest, reservoir.v_threshold, batch.seed, index, before)

    def _end(
        self,
        state: State,
        arrivals: Arrivals,
        steps: int,
        links: list[PlasticLinks] | None = None,
    ) -> Variables:
        """Return the current variables, with links in the order of the reservoir."""
        rows, inputs = self._recurrent, self._input
        learned = {prefix + name: _EMPTY for prefix in ("", "input_") for name in _LEARNED}
        if links is not None:
            for prefix, side, its in zip(("", "input_"), (rows, inputs), links, strict=True):
                learned |= {prefix + name: side.given_back(getattr(its, name)) for name in _LEARNED}
                learned[prefix + "weight"] = learned[prefix + "weight"].copy()  # homeostasis changes the weights afterwards
        used, resources, arrived = _EMPTY, _EMPTY, np.empty(0, np.int64)
        if self._reservoir.short_term is not None:
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

    def _arrivals(self, start: Variables | None) -> Arrivals:
        """Return the variables of short-term plasticity at the beginning of a stimulus."""
        rows, links = self._recurrent, self._reservoir.short_term
        if links is None:
            return self._no_arrivals
        arrived = np.zeros(len(rows.start) - 1, np.int64)
        dt, order = self._reservoir.dt, rows.order
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


def _events(now: Presentation) -> Events:
    return Events(
        SpikeEvents(*map(read_only, (now.spike_step, now.spike_channel, now.spike_count))),
        DriveChanges(*map(read_only, (now.drive_step, now.drive, now.own_step, now.own_neuron, now.own_drive))),
        BackgroundEvents(*map(read_only, (now.background_step, now.background_neuron, now.background_jump))),
        read_only(now.v_step),
    )


def _told(progress: Callable[[int], None], done: int, step: int) -> None:
    progress(done + step)


def _nobody(step: int) -> None:
    pass
