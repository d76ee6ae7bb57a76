"""The loop of the exact engine: one stimulus, event by event.

A neuron is brought up to date at its own events only, by the closed form; in the queue it has one time, of what its phase
says: the end of its refractory period, a time before which it cannot cross its threshold, or its crossing. An input event
costs the closed form and such a bound (no root); the root is found when the bound comes first in the queue.
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
#: spike in the run, `window` and `count` say how many there were since when.
STATE = np.dtype(
    [(name, np.float64) for name in ("time", "v", "exc", "inh", "adapted", "base", "spiked", "window")]
    + [(name, np.int64) for name in ("spike", "count", "phase")]
)
#: STDP of a link: constants, traces, and when they were last decayed.
SYNAPSE = np.dtype(
    [
        (name, np.float64)
        for name in ("w_max", "rate_plus", "rate_minus", "a_plus", "a_minus", "trace_plus", "trace_minus", "touched")
    ]
)
#: What a neuron's time in the queue means.
BOUND, CROSSING, REFRACTORY = 0, 1, 2
#: How a call ended: at the end of the stimulus; early, to be called again; in a runaway; beyond the finite numbers.
DONE, MORE, RUNAWAY, OVERFLOW = 0, 1, 2, 3
#: A neuron with more spikes than this within the window (ms) has run away: 100 kHz.
MOST_SPIKES, WINDOW = 1000, 10.0
#: What `counters` holds: the next event of each kind, the number of spikes in transit, and the number emitted.
INPUT, BACKGROUND, DRIVE, SAMPLE, FLYING, SPIKES, COUNTERS = 0, 1, 2, 3, 4, 5, 6
_LARGEST = 1e300


@inlined
def v_after(cell: Any, state: Any, age: float) -> float:
    """v of a neuron that is not held, `age` after its latest event."""
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
    """Bring a neuron to `time`; between two of its events it is held all the time, or not at all."""
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
    """dv/dt (mV/ms) of a neuron that is not held."""
    return float((state.base - state.v + state.exc + state.inh - state.adapted) * cell.rate_m)


@inlined
def plan(cell: Any, state: Any, who: int, queue: Any) -> bool:
    """Put a time into the queue before which the neuron cannot cross; False when its state is no longer finite.

    Two bounds without an exponential, of which the later one holds. Currents only decay, so v stays below the solution of
    tau_m dv/dt = B - v with B = base + max(I_exc, 0) + max(I_inh, 0). And they lift v by E = max(I_exc, 0) max phi_exc +
    max(I_inh, 0) max phi_inh at most, between v and the base. From v to x towards B takes tau_m ln((B - v)/(B - x)),
    which is at least tau_m (x - v)/(B - v). Adaptation only delays.
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
    """:func:`plan` where it is called too rarely to be compiled in."""
    return bool(plan(cell, state, who, queue))


@inlined
def _decay(synapse: Any, time: float) -> None:
    age = time - synapse.touched
    synapse.trace_plus *= math.exp(-age * synapse.rate_plus)
    synapse.trace_minus *= math.exp(-age * synapse.rate_minus)
    synapse.touched = time


@inlined
def depress(synapse: Any, weight: Any, link: int, time: float, several: float) -> None:
    """The pre event of STDP, of `several` spikes at once."""
    _decay(synapse, time)
    synapse.trace_plus += several
    weight[link] = max(weight[link] - several * synapse.a_minus * synapse.trace_minus, 0.0)


@inlined
def potentiate(synapse: Any, weight: Any, link: int, time: float) -> None:
    """The post event of STDP."""
    _decay(synapse, time)
    synapse.trace_minus += 1.0
    weight[link] = min(weight[link] + synapse.a_plus * synapse.trace_plus, synapse.w_max)


@kernel
def deliver(first: int, stop: int, several: float, sign: float, now: float, network: Any, links: Any) -> bool:
    """Spikes reach the targets of the links `first` to `stop`; False when a target's state is no longer finite."""
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
    """The post events of a neuron; returns how many."""
    first, stop = links.incoming_start[who], links.incoming_start[who + 1]
    for k in range(first, stop):
        link = links.incoming[k]
        potentiate(links.synapses[link], links.weight, link, now)
    return int(stop - first)


@kernel
def set_drive(drive: Any, row: int, now: float, network: Any) -> bool:
    """A new analog drive (mV) of every neuron."""
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
def excite(who: int, jump: float, now: float, network: Any) -> bool:
    """A background spike."""
    cell, state = network.cells[who], network.states[who]
    advance(cell, state, now)
    state.exc += jump
    return bool(replan(cell, state, who, network.queue))


@kernel
def sample(time: float, network: Any, v: Any, row: int) -> None:
    """v of every neuron at `time`, which changes nothing."""
    for who in range(len(network.states)):
        state = network.states[who]
        v[row, who] = state.v if state.phase == REFRACTORY else v_after(network.cells[who], state, time - state.time)


@kernel
def finish(end: float, network: Any) -> None:
    """Bring every neuron to the end of the stimulus."""
    for who in range(len(network.states)):
        advance(network.cells[who], network.states[who], end)


@kernel
def due(now: float, end: float, spiked: Any, sizes: Any, network: Any, out: Any) -> int:
    """Bounds that have come up, releases and crossings at `now`.

    Returns how many spiked, or how it ended. `sizes` are the numbers of spikes and releases written, and of spikes in all.
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
    """Where the links from `first` on with one delay end."""
    lag = delay[first]
    while first < stop and delay[first] == lag:
        first += 1
    return first


@kernel
def present(
    clock: Any, end: float, work: int, network: Any, flights: Any, counters: Any, scratch: Any, out: Any, sign: Any,
    recurrent: Any, inputs: Any, events: Any,
) -> tuple[int, int, int]:  # fmt: skip
    """Advance one stimulus from ``clock[0]`` to `end`, or until about `work` events of neurons and links are done.

    An instant is a grid step of length zero: releases and crossings, by neuron; changes of the drive; background; input
    spikes; recurrent arrivals, by (emission, source, target); post events of STDP. v is sampled before.

    Returns
    -------
    How the call ended, how many spikes and how many releases it wrote.
    """
    network = Network(network[0], network[1], Queue(*network[2]))
    scratch, out, recurrent, inputs = Scratch(*scratch), Output(*out), Links(*recurrent), Links(*inputs)
    events = Events(InputEvents(*events[0]), DriveChanges(*events[1]), BackgroundEvents(*events[2]), events[3])
    times, heap = network.queue.times, network.queue.heap
    start, delay = recurrent.start, recurrent.delay
    input_time, back_time, drive_time = events.input.time, events.background.time, events.drive.time
    sample_time = events.sample_time
    n = len(heap)
    plastic = len(recurrent.synapses) + len(inputs.synapses) > 0
    spiked, sizes = scratch.spiked, scratch.sizes
    sizes[0], sizes[1], sizes[2] = 0, 0, counters[SPIKES]
    next_input, next_back, next_drive, next_sample, flying = (
        counters[INPUT], counters[BACKGROUND], counters[DRIVE], counters[SAMPLE], counters[FLYING]
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
        if flying > 0:
            now = min(now, flights[0].time)
        while next_sample < len(sample_time) and sample_time[next_sample] <= now:
            sample(sample_time[next_sample], network, out.samples, next_sample)
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
    counters[INPUT], counters[BACKGROUND], counters[DRIVE] = next_input, next_back, next_drive
    counters[SAMPLE], counters[FLYING], counters[SPIKES] = next_sample, flying, sizes[2]
    return code, sizes[0], sizes[1]
