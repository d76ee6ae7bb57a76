"""Event loop of the exact engine for one stimulus.

A neuron is updated only at its own events, by the closed form. It has one time in the queue, whose meaning its phase
gives: the end of its refractory period, a time before which it cannot cross its threshold, or its crossing. An input event
requires the closed form and such a bound, but no root; the root is computed when the bound is first in the queue.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hrsnn.engines.exact.arguments import (
    BackgroundEvents,
    DriveChanges,
    Events,
    InputEvents,
    Links,
    Network,
    Output,
    Queue,
    Scratch,
)
from hrsnn.engines.exact.event_queue import drop_first, move, push, send_on
from hrsnn.engines.exact.threshold_crossing import first_crossing, to_v
from hrsnn.engines.jit import inlined, kernel

#: Constants of a neuron: rates in 1/ms, times in ms, voltages in mV.
CELL = np.dtype(
    [
        (name, np.float64)
        for name in (
            "rate_m",
            "rate_exc",
            "rate_inh",
            "rate_adapted",
            "threshold",
            "reset",
            "refractory",
            "jump",
            "rest",  # v_rest + i_bias
            "peak_exc",  # maximum of phi_exc
            "peak_inh",
        )
    ]
)
#: State of a neuron at `time`, its latest event; `base` is v_rest + i_bias + I_ext. `spike` is the number of its latest
#: spike in the run, `count` the number of its spikes since the time `window`.
STATE = np.dtype(
    [(name, np.float64) for name in ("time", "v", "exc", "inh", "adapted", "base", "spiked", "window")]
    + [(name, np.int64) for name in ("spike", "count", "phase")]
)
#: STDP of a link: constants, traces, and the time of their latest decay.
SYNAPSE = np.dtype(
    [
        (name, np.float64)
        for name in ("w_max", "rate_plus", "rate_minus", "a_plus", "a_minus", "trace_plus", "trace_minus", "touched")
    ]
)
#: Phases of a neuron: the meaning of its time in the queue.
BOUND, CROSSING, REFRACTORY = 0, 1, 2
#: Status of a call: end of the stimulus, to be called again, runaway firing, values not finite.
DONE, MORE, RUNAWAY, OVERFLOW = 0, 1, 2, 3
#: More spikes of a neuron than this within the window (ms) are runaway firing: 100 kHz.
MOST_SPIKES, WINDOW = 1000, 10.0
#: Entries of `counters`: the next event of each kind, the number of spikes in transit, and the number emitted.
INPUT, BACKGROUND, DRIVE, SAMPLE, FLYING, SPIKES, OWN, COUNTERS = 0, 1, 2, 3, 4, 5, 6, 7
_LARGEST = 1e300


@inlined
def v_after(cell: Any, state: Any, age: float) -> float:
    """Return v of a neuron that is not refractory, `age` after its latest event."""
    decay_m = math.exp(-age * cell.rate_m)
    decay_exc, decay_inh = math.exp(-age * cell.rate_exc), math.exp(-age * cell.rate_inh)
    v = state.base + (state.v - state.base) * decay_m
    v += state.exc * to_v(age, cell.rate_m, cell.rate_exc, decay_m, decay_exc)
    v += state.inh * to_v(age, cell.rate_m, cell.rate_inh, decay_m, decay_inh)
    if state.adapted != 0.0:
        v -= state.adapted * to_v(age, cell.rate_m, cell.rate_adapted, decay_m, math.exp(-age * cell.rate_adapted))
    return float(v)


@inlined
def advance(cell: Any, state: Any, time: float) -> None:
    """Update a neuron to `time`; between two of its events it is refractory all the time or not at all."""
    age = time - state.time
    if age > 0.0:
        if state.phase != REFRACTORY:
            state.v = v_after(cell, state, age)
        state.exc *= math.exp(-age * cell.rate_exc)
        state.inh *= math.exp(-age * cell.rate_inh)
        if state.adapted != 0.0:
            state.adapted *= math.exp(-age * cell.rate_adapted)
        state.time = time


@inlined
def drift(cell: Any, state: Any) -> float:
    """Return dv/dt (mV/ms) of a neuron that is not refractory."""
    return float((state.base - state.v + state.exc + state.inh - state.adapted) * cell.rate_m)


@inlined
def plan(cell: Any, state: Any, who: int, queue: Any) -> bool:
    """Put a time into the queue before which the neuron cannot cross; return False if its state is no longer finite.

    The time is the later of two bounds, which need no exponential. Currents only decay, so v stays below the solution of
    tau_m dv/dt = B - v with B = base + max(I_exc, 0) + max(I_inh, 0). They raise v by at most E = max(I_exc, 0) max phi_exc
    + max(I_inh, 0) max phi_inh above a value between v and the base. From v to x towards B takes
    tau_m ln((B - v)/(B - x)), which is at least tau_m (x - v)/(B - v). Adaptation only delays a crossing.
    """
    if state.phase != REFRACTORY:
        state.phase = BOUND
        gap = cell.threshold - state.v
        exc, inh = max(state.exc, 0.0), max(state.inh, 0.0)
        lifted = exc * cell.peak_exc + inh * cell.peak_inh
        base = state.base - cell.threshold
        if gap < 0.0:
            move(queue, who, state.time)
        elif base + exc + inh <= 0.0 or (base + lifted <= 0.0 and gap >= lifted):
            move(queue, who, math.inf)
        else:
            wait = gap / (base + exc + inh + gap)
            if gap > lifted:
                wait = max(wait, (gap - lifted) / (base + gap))
            move(queue, who, state.time + 0.999999 * wait / cell.rate_m)
    return bool(abs(state.v) + abs(state.base) + abs(state.exc) + abs(state.inh) < _LARGEST)


@kernel
def replan(cell: Any, state: Any, who: int, queue: Any) -> bool:
    """:func:`plan`, not inlined, for rare calls."""
    return bool(plan(cell, state, who, queue))


@inlined
def _decay(synapse: Any, time: float) -> None:
    age = time - synapse.touched
    synapse.trace_plus *= math.exp(-age * synapse.rate_plus)
    synapse.trace_minus *= math.exp(-age * synapse.rate_minus)
    synapse.touched = time


@inlined
def depress(synapse: Any, weight: Any, link: int, time: float, several: float) -> None:
    """Apply the pre event of STDP for `several` simultaneous spikes."""
    _decay(synapse, time)
    synapse.trace_plus += several
    weight[link] = max(weight[link] - several * synapse.a_minus * synapse.trace_minus, 0.0)


@inlined
def potentiate(synapse: Any, weight: Any, link: int, time: float) -> None:
    """Apply the post event of STDP."""
    _decay(synapse, time)
    synapse.trace_minus += 1.0
    weight[link] = min(weight[link] + synapse.a_plus * synapse.trace_plus, synapse.w_max)


@kernel
def deliver(first: int, stop: int, several: float, sign: float, now: float, network: Any, links: Any) -> bool:
    """Deliver spikes to the targets of the links `first` to `stop`; return False if a state is no longer finite."""
    queue, weight, synapses = network.queue, links.weight, links.synapses
    fine = True
    for link in range(first, stop):
        who = links.post[link]
        cell, state = network.cells[who], network.states[who]
        advance(cell, state, now)
        if sign > 0.0:
            state.exc += several * weight[link]
        else:
            state.inh -= several * weight[link]
        fine = plan(cell, state, who, queue) and fine
    if len(synapses):
        for link in range(first, stop):
            depress(synapses[link], weight, link, now, several)
    return fine


@kernel
def learn(who: int, now: float, links: Any) -> int:
    """Apply the post events of a neuron; return their number."""
    first, stop = links.incoming_start[who], links.incoming_start[who + 1]
    for k in range(first, stop):
        link = links.incoming[k]
        potentiate(links.synapses[link], links.weight, link, now)
    return int(stop - first)


@kernel
def set_drive(drive: Any, row: int, now: float, network: Any) -> bool:
    """Set a new analog drive (mV) of all neurons."""
    cells, states = network.cells, network.states
    fine = True
    for who in range(len(states)):
        state = states[who]
        base = cells[who].rest + drive[row, who]
        if base != state.base:
            advance(cells[who], state, now)
            state.base = base
            fine = replan(cells[who], state, who, network.queue) and fine
    return fine


@kernel
def set_own_drive(who: int, value: float, now: float, network: Any) -> bool:
    """Set a new analog drive (mV) of one neuron."""
    cell, state = network.cells[who], network.states[who]
    advance(cell, state, now)
    state.base = cell.rest + value
    return bool(replan(cell, state, who, network.queue))


@kernel
def excite(who: int, jump: float, now: float, network: Any) -> bool:
    """Apply a background spike."""
    cell, state = network.cells[who], network.states[who]
    advance(cell, state, now)
    state.exc += jump
    return bool(replan(cell, state, who, network.queue))


@kernel
def sample(time: float, network: Any, out: Any, row: int) -> None:
    """Write the variables of the watched neurons at `time` without changing their states."""
    samples = out.samples
    for k in range(len(out.watched)):
        who = out.watched[k]
        cell, state = network.cells[who], network.states[who]
        age = time - state.time
        samples[row, 0, k] = state.v if state.phase == REFRACTORY else v_after(cell, state, age)
        if samples.shape[1] > 1:
            samples[row, 1, k] = state.exc * math.exp(-age * cell.rate_exc)
            samples[row, 2, k] = state.inh * math.exp(-age * cell.rate_inh)
        if samples.shape[1] > 3:
            samples[row, 3, k] = state.adapted * math.exp(-age * cell.rate_adapted)


@kernel
def finish(end: float, network: Any) -> None:
    """Update all neurons to the end of the stimulus."""
    for who in range(len(network.states)):
        advance(network.cells[who], network.states[who], end)


@kernel
def due(now: float, end: float, spiked: Any, sizes: Any, network: Any, out: Any) -> int:
    """Process the bounds, releases and crossings due at `now`.

    Returns the number of spikes, or a status. `sizes` are the numbers of spikes and releases written, and of all spikes.
    """
    cells, states, queue = network.cells, network.states, network.queue
    times, heap = queue.times, queue.heap
    count = 0
    fine = True
    while times[heap[0]] <= now:
        who = heap[0]
        cell, state = cells[who], states[who]
        if state.phase == BOUND:
            rates = (cell.rate_m, cell.rate_exc, cell.rate_inh, cell.rate_adapted)
            gap, asymptote = state.v - cell.threshold, state.base - cell.threshold
            wait = first_crossing(end - state.time, gap, asymptote, state.exc, state.inh, state.adapted, rates)
            state.phase = CROSSING
            move(queue, who, max(state.time + wait, now))
            continue
        advance(cell, state, now)
        release = state.phase == REFRACTORY
        if release:
            state.phase = BOUND
        else:
            if now - state.window > WINDOW:
                state.window, state.count = now, 0
            state.count += 1
            if state.spiked == now or state.count > MOST_SPIKES:
                sizes[2] = who
                return -RUNAWAY
            out.spike_time[sizes[0]], out.spike_neuron[sizes[0]] = now, who
            out.spike_drift[sizes[0]] = drift(cell, state)
            state.spiked, state.spike = now, sizes[2]
            state.v = cell.reset
            state.adapted += cell.jump
            spiked[count] = who
            count += 1
            sizes[0] += 1
            sizes[2] += 1
            if cell.refractory > 0.0:
                state.phase = REFRACTORY
                move(queue, who, now + cell.refractory)
            else:
                release = True
        if release:
            out.release_spike[sizes[1]], out.release_drift[sizes[1]] = state.spike, drift(cell, state)
            sizes[1] += 1
            fine = replan(cell, state, who, queue) and fine
    return count if fine else -OVERFLOW


@inlined
def same_delay(first: int, stop: int, delay: Any) -> int:
    """Return the index after the last of the links from `first` on with the same delay."""
    lag = delay[first]
    while first < stop and delay[first] == lag:
        first += 1
    return first


@kernel
def present(
    clock: Any, end: float, work: int, network: Any, flights: Any, counters: Any, scratch: Any, out: Any, sign: Any,
    recurrent: Any, inputs: Any, events: Any,
) -> tuple[int, int, int]:  # fmt: skip
    """Simulate one stimulus from ``clock[0]`` to `end`, or for about `work` events of neurons and links.

    Events at the same time are processed in the order of a grid step: releases and crossings, by neuron; changes of the
    drive; background; input spikes; recurrent arrivals, by (emission, source, target); post events of STDP. Neurons are
    sampled before them.

    Returns
    -------
    The status, and the numbers of spikes and releases written.
    """
    network = Network(network[0], network[1], Queue(*network[2]))
    scratch, out, recurrent, inputs = Scratch(*scratch), Output(*out), Links(*recurrent), Links(*inputs)
    events = Events(InputEvents(*events[0]), DriveChanges(*events[1]), BackgroundEvents(*events[2]), events[3])
    own_time = events.drive.own_time
    times, heap = network.queue.times, network.queue.heap
    start, delay = recurrent.start, recurrent.delay
    input_time, back_time, drive_time = events.input.time, events.background.time, events.drive.time
    sample_time = events.sample_time
    n = len(heap)
    plastic = len(recurrent.synapses) + len(inputs.synapses) > 0
    spiked, sizes = scratch.spiked, scratch.sizes
    sizes[0], sizes[1], sizes[2] = 0, 0, counters[SPIKES]
    next_input, next_back, next_drive, next_own, next_sample, flying = (
        counters[INPUT], counters[BACKGROUND], counters[DRIVE], counters[OWN], counters[SAMPLE], counters[FLYING]
    )  # fmt: skip
    code = MORE
    most_spikes, most_releases = len(out.spike_time) - n, len(out.release_spike) - 2 * n
    while work > 0 and sizes[0] <= most_spikes and sizes[1] <= most_releases and flying + n <= len(flights):
        now = min(times[heap[0]], end)
        if next_input < len(input_time):
            now = min(now, input_time[next_input])
        if next_back < len(back_time):
            now = min(now, back_time[next_back])
        if next_drive < len(drive_time):
            now = min(now, drive_time[next_drive])
        if next_own < len(own_time):
            now = min(now, own_time[next_own])
        if flying > 0:
            now = min(now, flights[0].time)
        while next_sample < len(sample_time) and sample_time[next_sample] <= now:
            sample(sample_time[next_sample], network, out, next_sample)
            next_sample += 1
        clock[0] = now
        if now >= end:
            finish(end, network)
            code = DONE
            break
        work -= 1
        count, fine = 0, True
        if times[heap[0]] <= now:
            count = due(now, end, spiked, sizes, network, out)
            if count < 0:
                code = -count
                break
        while next_drive < len(drive_time) and drive_time[next_drive] <= now:
            fine = set_drive(events.drive.value, next_drive, now, network) and fine
            next_drive += 1
            work -= n
        while next_own < len(own_time) and own_time[next_own] <= now:
            who, value = events.drive.own_neuron[next_own], events.drive.own_value[next_own]
            fine = set_own_drive(who, value, now, network) and fine
            next_own += 1
            work -= 1
        while next_back < len(back_time) and back_time[next_back] <= now:
            who, jump = events.background.neuron[next_back], events.background.jump[next_back]
            fine = excite(who, jump, now, network) and fine
            next_back += 1
            work -= 1
        while next_input < len(input_time) and input_time[next_input] <= now:
            channel = events.input.channel[next_input]
            first, stop = inputs.start[channel], inputs.start[channel + 1]
            fine = deliver(first, stop, events.input.count[next_input], 1.0, now, network, inputs) and fine
            next_input += 1
            work -= stop - first
        while flying > 0 and flights[0].time <= now:
            source, emitted, first = flights[0].source, flights[0].emitted, flights[0].link
            stop = same_delay(first, start[source + 1], delay)
            fine = deliver(first, stop, 1.0, sign[source], now, network, recurrent) and fine
            work -= stop - first
            if stop < start[source + 1] and emitted + delay[stop] < end:
                send_on(flights, flying, emitted + delay[stop], stop)
            else:
                drop_first(flights, flying)
                flying -= 1
        for s in range(count):
            source = spiked[s]
            first, stop = start[source], start[source]
            if first < start[source + 1] and delay[first] == 0.0:
                stop = same_delay(first, start[source + 1], delay)
                fine = deliver(first, stop, 1.0, sign[source], now, network, recurrent) and fine
                work -= stop - first
            if stop < start[source + 1] and now + delay[stop] < end:
                push(flights, flying, now + delay[stop], now, sizes[2] - count + s, source, stop)
                flying += 1
        if plastic:
            for s in range(count):
                work -= learn(spiked[s], now, recurrent) + learn(spiked[s], now, inputs)
        if not fine:
            code = OVERFLOW
            break
    counters[INPUT], counters[BACKGROUND], counters[DRIVE], counters[OWN] = next_input, next_back, next_drive, next_own
    counters[SAMPLE], counters[FLYING], counters[SPIKES] = next_sample, flying, sizes[2]
    return code, sizes[0], sizes[1]
