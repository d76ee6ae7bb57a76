"""Loops of the compiled engine over the steps of one stimulus.

Their arguments are defined in arguments.py. No kernel makes an array, and the constants of links are read in the order in
which they are in memory. Rows of work space have room for one more pack at their end.
"""

from __future__ import annotations

import numpy as np

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
    Reset,
    Rows,
    ShortTerm,
    SpikeEvents,
    State,
)
from hrsnn.engines.compiled.simd import (
    LANES,
    add,
    bits_above,
    divide,
    exp_decay,
    first_of,
    load,
    load_first,
    lowest_bit,
    multiply,
    prefetch,
    splat,
    store,
    subtract,
    where_at_least,
)
from hrsnn.engines.compiled.waiting import publish, wait_for
from hrsnn.engines.jit import jit
from hrsnn.engines.rounding_kernels import round_all

#: How many rows before it is read a row is asked for, where there are more links than a processor's own cache holds.
_AHEAD, _MANY_LINKS = 2, 200_000


@jit(inline="always")
def named_arrivals(arrivals):
    return Arrivals(arrivals[0], ShortTerm(*arrivals[1]), arrivals[2])


@jit(inline="always")
def named_events(events):
    return Events(SpikeEvents(*events[0]), DriveChanges(*events[1]), BackgroundEvents(*events[2]), events[3])


@jit(inline="always")
def first_from(steps, step):
    """Return the index of the first of the ascending `steps` that is not before `step`."""
    low, high = 0, len(steps)
    while low < high:
        middle = (low + high) // 2
        if steps[middle] < step:
            low = middle + 1
        else:
            high = middle
    return low


@jit(inline="always")
def update_pack(i, now, state, cells, decay_exc, decay_inh, threshold):
    """Update the neurons of a pack by one step; return those that spike as bits."""
    v, exc, inh, v_inf, adapted, free_at = state
    rest, before, excited, inhibited = load(v_inf, i), load(v, i), load(exc, i), load(inh, i)
    free = add(rest, multiply(subtract(before, rest), load(cells.membrane, i)))
    free = add(free, multiply(excited, load(cells.exc_to_v, i)))
    free = add(free, multiply(inhibited, load(cells.inh_to_v, i)))
    if len(adapted):
        current = load(adapted, i)
        free = subtract(free, multiply(current, load(cells.adapted_to_v, i)))
        store(adapted, i, multiply(current, load(cells.decay_adapted, i)))
    since = load(free_at, i)
    after = where_at_least(now, since, free, before)
    store(v, i, after)
    store(exc, i, multiply(excited, decay_exc))
    store(inh, i, multiply(inhibited, decay_inh))
    return bits_above(after, threshold, now, since)


@jit(inline="always")
def update(step, state, cells, spiked, words):
    """Update all neurons by one step and write those that spike, ascending, to `spiked`; return their number.

    The spikes are first kept as bits, so that no branch depends on them while the neurons are read.
    """
    n, now = len(state.v), splat(float(step))
    if len(cells.threshold) > 1:
        for first in range(0, n, 64):
            word = 0
            for i in range(first, min(first + 64, n), LANES):
                its_exc, its_inh, its_threshold = (
                    load(cells.decay_exc, i),
                    load(cells.decay_inh, i),
                    load(cells.threshold, i),
                )
                word |= update_pack(i, now, state, cells, its_exc, its_inh, its_threshold) << (i - first)
            words[first >> 6] = word
    else:
        decay_exc, decay_inh, threshold = splat(cells.decay_exc[0]), splat(cells.decay_inh[0]), splat(cells.threshold[0])
        for first in range(0, n, 64):
            word = 0
            for i in range(first, min(first + 64, n), LANES):
                word |= update_pack(i, now, state, cells, decay_exc, decay_inh, threshold) << (i - first)
            words[first >> 6] = word
    count = 0
    for k in range((n + 63) >> 6):
        word = words[k]
        while word:
            spiked[count] = 64 * k + lowest_bit(word)
            count += 1
            word &= word - 1
    return count


@jit(inline="always")
def reset(step, count, spiked, state, after):
    for s in range(count):
        i = spiked[s]
        state.v[i] = after.v[i]
        state.free_at[i] = step + after.hold[i]
        if len(state.adapted):
            state.adapted[i] += after.adaptation[i]


@jit(inline="always")
def remember(step, count, spiked, filled, out):
    """Store the spikes of this step for the caller."""
    for s in range(count):
        out.step[filled + s] = step
        out.neuron[filled + s] = spiked[s]


@jit(inline="always")
def exchange(step, count, full, spiked, meeting):
    """Write the spikes of this thread's neurons, and read those of all; return their number, and whether any is full."""
    here, first, half = meeting.place[0], meeting.place[1], step & 1
    for s in range(count):
        meeting.spiked[half, here, s] = spiked[s] + first
    meeting.count[half, here, 0] = count
    meeting.count[half, here, 1] = full
    publish(meeting.reached, 8 * here, step + 1)
    total, any_full = 0, False
    for thread in range(meeting.spiked.shape[1]):
        wait_for(meeting.reached, 8 * thread, step + 1)
        for s in range(meeting.count[half, thread, 0]):
            meeting.everyone[total + s] = meeting.spiked[half, thread, s]
        total += meeting.count[half, thread, 0]
        any_full |= meeting.count[half, thread, 1] != 0
    return total, any_full


@jit(inline="always")
def launch(step, count, spiked, rows, flights):
    """Put the rows of the neurons that spike in this step into the queues of the steps in which the spikes arrive."""
    slots = len(flights.head)
    here = step % slots
    for s in range(count):
        for row in range(rows.first[spiked[s]], rows.first[spiked[s] + 1]):
            slot = here + rows.lag[row]  # a lag is below the number of slots; a division takes as long as ten links
            slot -= slots * (slot >= slots)
            entry = flights.unused[0]
            flights.unused[0] = flights.following[entry]
            flights.unused[1] -= 1
            flights.row[entry] = row
            flights.following[entry] = -1
            if flights.head[slot] < 0:
                flights.head[slot] = entry
            else:
                flights.following[flights.tail[slot]] = entry
            flights.tail[slot] = entry


@jit(inline="always")
def land(step, flights, due):
    """Take the rows that spikes reach in this step out of their queue, write them to `due` and return their number."""
    slot = step % len(flights.head)
    entry, count = flights.head[slot], 0
    while entry >= 0:
        due[count] = flights.row[entry]
        count += 1
        following = flights.following[entry]
        flights.following[entry] = flights.unused[0]
        flights.unused[0] = entry
        entry = following
    flights.head[slot] = -1
    flights.unused[1] += count
    return count


@jit(inline="always")
def reached(step, count, spiked, rows, flights, due):
    """Write the rows that spikes reach in this step to `due`, first emitted first; return their number."""
    if len(rows.lag):
        launch(step, count, spiked, rows, flights)
        return land(step, flights, due)
    for s in range(count):
        due[s] = spiked[s]
    return count


@jit(inline="always")
def is_finite(state):
    """Return whether v and the currents are numbers: x - x is 0 for these only."""
    differences = 0.0
    for i in range(len(state.v)):
        differences += (state.v[i] - state.v[i]) + (state.exc[i] - state.exc[i]) + (state.inh[i] - state.inh[i])
    return differences == 0.0


@jit(inline="always")
def begin(step, v_start, v_rest_bias, state, flights, arrivals):
    """Set everything to rest: another stimulus begins."""
    for i in range(len(state.v)):
        state.v[i], state.exc[i], state.inh[i] = v_start[i], 0.0, 0.0
        state.v_inf[i], state.free_at[i] = v_rest_bias[i], 0.0
    for i in range(len(state.adapted)):
        state.adapted[i] = 0.0
    for slot in range(len(flights.head)):
        entry = flights.head[slot]
        if entry >= 0:
            last, count = entry, 1
            while flights.following[last] >= 0:
                last = flights.following[last]
                count += 1
            flights.following[last] = flights.unused[0]
            flights.unused[0] = entry
            flights.unused[1] += count
            flights.head[slot] = -1
    if len(arrivals.strength):
        for row in range(len(arrivals.arrived)):
            arrivals.arrived[row] = step
        for link in range(len(arrivals.short_term.release)):
            arrivals.short_term.used[link], arrivals.short_term.resources[link] = 0.0, 1.0


@jit(inline="always")
def set_drive(step, following, changes, v_rest_bias, v_inf):
    """Set the analog drive if it changes in this step; return the index of the next change."""
    while following < len(changes.step) and changes.step[following] == step:
        for i in range(len(v_inf)):
            v_inf[i] = v_rest_bias[i] + changes.value[following, i]
        following += 1
    return following


@jit(inline="always")
def set_own_drive(step, following, changes, v_rest_bias, v_inf):
    """Set the drives of single neurons that change in this step; return the index of the next change."""
    while following < len(changes.own_step) and changes.own_step[following] == step:
        i = changes.own_neuron[following]
        v_inf[i] = v_rest_bias[i] + changes.own_value[following]
        following += 1
    return following


@jit(inline="always")
def excite(step, following, background, exc):
    """Add the background spikes of this step; return the index of the next one."""
    while following < len(background.step) and background.step[following] == step:
        exc[background.neuron[following]] += background.jump[following]
        following += 1
    return following


@jit(inline="always")
def sample(step, following, when, state, out):
    """Record the watched neurons if requested after this step; return the index of the next time."""
    seen, watched = out.seen, out.watched
    while following < len(when) and when[following] == step:
        for k in range(len(watched)):
            seen[following, 0, k] = state.v[watched[k]]
        if seen.shape[1] > 1:
            for k in range(len(watched)):
                seen[following, 1, k] = state.exc[watched[k]]
                seen[following, 2, k] = state.inh[watched[k]]
        if seen.shape[1] > 3:
            for k in range(len(watched)):
                seen[following, 3, k] = state.adapted[watched[k]]
        following += 1
    return following


@jit(inline="always")
def depress(a, b, age, short_term, strength):
    """Apply short-term plasticity to the links a..b at a spike `age` after the previous one; write their strengths.

    u <- U + u (1 - U) e^(-age/F);  R <- 1 + (R - u R - 1) e^(-age/D), with the previous u; strength u R / U, relative to
    the first spike.
    """
    used, resources = short_term.used, short_term.resources
    one, gap = splat(1.0), splat(age)
    for link in range(a, b, LANES):
        left = b - link
        before, start, present = load(used, link), load_first(short_term.release, link, left), load(resources, link)
        missing = subtract(subtract(present, multiply(before, present)), one)
        recovered = add(one, multiply(missing, exp_decay(multiply(gap, load_first(short_term.rate_recovery, link, left)))))
        facilitated = exp_decay(multiply(gap, load_first(short_term.rate_facilitation, link, left)))
        after = add(start, multiply(multiply(before, subtract(one, start)), facilitated))
        store(resources, link, first_of(recovered, left, present))
        store(used, link, first_of(after, left, before))
        store(strength, link - a, divide(multiply(after, recovered), start))


@jit(inline="always")
def ask_for(links, row):
    """Ask for the links of a row that will be read soon: where it begins is not foreseen by the processor."""
    a, b = links.start[row], links.start[row + 1]
    for link in range(a, min(b, a + 256), 16):
        prefetch(links.post, link)
    for link in range(a, min(b, a + 128), 8):
        prefetch(links.weight, link)


@jit(inline="always")
def arrive(step, row, pre, exc, inh, is_excitatory, links, arrivals):
    """Add the effect of a spike of neuron `pre` on the links of one row."""
    arrived, short_term, strength = arrivals
    post, weight = links.post, links.weight
    a, b = links.start[row], links.start[row + 1]
    sign = 1.0 if is_excitatory[pre] else -1.0
    target = exc if is_excitatory[pre] else inh
    if len(strength):
        depress(a, b, float(step - arrived[row]), short_term, strength)
        arrived[row] = step
        for link in range(np.uint64(a), np.uint64(b)):
            target[np.uint64(post[link])] += sign * (weight[link] * strength[link - np.uint64(a)])
    else:
        for link in range(np.uint64(a), np.uint64(b)):
            target[np.uint64(post[link])] += sign * weight[link]


@jit(allocates=False)
def present_frozen(
    step,
    stop,
    flights,
    state,
    out,
    cells,
    after,
    is_excitatory,
    rows,
    recurrent,
    inputs,
    arrivals,
    events,
    rounding,
    begins,
    meeting,
):
    """Simulate a frozen network from `step` to `stop`, or until the buffer of spikes or the queues could overflow.

    Returns the step reached, -1 if v or a current was no number where another stimulus began, and the number of spikes in
    the buffer.
    """
    state, out, cells, after = State(*state), Output(*out), Cells(*cells), Reset(*after)
    rows, flights = Rows(*rows), Flights(*flights)
    recurrent, inputs = FrozenLinks(*recurrent), FrozenInput(*inputs)
    arrivals, events = named_arrivals(arrivals), named_events(events)
    begins, meeting = Beginnings(*begins), Meeting(*meeting)
    exc, inh, spiked = state.exc, state.inh, out.spiked
    spikes = events.spikes
    n, room, delayed = len(exc), len(out.step), len(rows.lag)
    next_begin = first_from(begins.step, step)
    next_spike = first_from(spikes.step, step)
    next_drive = first_from(events.drive.step, step)
    next_own = first_from(events.drive.own_step, step)
    next_back = first_from(events.background.step, step)
    next_v = first_from(events.v_step, step)
    ahead = _AHEAD if len(recurrent.weight) > _MANY_LINKS else len(out.due)
    filled, full = 0, False
    while step < stop and not full and flights.unused[1] >= delayed:
        if next_begin < len(begins.step) and begins.step[next_begin] == step:
            if not is_finite(state):
                return -1, filled
            begin(step, begins.v_start, cells.v_rest_bias, state, flights, arrivals)
            next_begin += 1
        next_drive = set_drive(step, next_drive, events.drive, cells.v_rest_bias, state.v_inf)
        next_own = set_own_drive(step, next_own, events.drive, cells.v_rest_bias, state.v_inf)
        count = update(step, state, cells, spiked, out.words)
        remember(step, count, spiked, filled, out)
        filled += count
        full = filled + n > room
        who, reaching = spiked, count
        if len(meeting.reached):
            reaching, full = exchange(step, count, full, spiked, meeting)
            who = meeting.everyone
        next_back = excite(step, next_back, events.background, exc)
        while next_spike < len(spikes.step) and spikes.step[next_spike] == step:
            channel, times = spikes.channel[next_spike], spikes.count[next_spike]
            for link in range(np.uint64(inputs.start[channel]), np.uint64(inputs.start[channel + 1])):
                exc[np.uint64(inputs.post[link])] += times * inputs.weight[link]
            next_spike += 1
        arriving = reached(step, reaching, who, rows, flights, out.due)
        for k in range(arriving):
            row = out.due[k]
            if k + ahead < arriving:
                ask_for(recurrent, out.due[k + ahead])
            arrive(step, row, rows.source[row], exc, inh, is_excitatory, recurrent, arrivals)
        reset(step, count, spiked, state, after)
        round_all(step, state.v, rounding)
        next_v = sample(step, next_v, events.v_step, state, out)
        step += 1
    return step, filled
