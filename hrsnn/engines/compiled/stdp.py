"""Loop of the compiled engine with STDP; links are brought up to date when their source spikes."""

from __future__ import annotations

import numpy as np

from hrsnn.engines.compiled.arguments import (
    Cells,
    Flights,
    Output,
    PlasticLinks,
    PlasticSide,
    PlasticSides,
    Reset,
    Rows,
    Scratch,
    State,
    Waiting,
)
from hrsnn.engines.compiled.kernels import (
    depress,
    excite,
    first_from,
    launch,
    named_arrivals,
    named_events,
    release,
    remember,
    reset,
    sample,
    set_drive,
    set_own_drive,
    update,
)
from hrsnn.engines.compiled.simd import (
    LANES,
    add,
    exp_decay,
    exp_decay_all,
    largest,
    load,
    load_first,
    multiply,
    smallest,
    splat,
    store,
    store_first,
    subtract,
)
from hrsnn.engines.jit import jit
from hrsnn.engines.rounding_kernels import round_all


@jit(inline="always")
def named_side(side):
    return PlasticSide(side[0], PlasticLinks(*side[1]), side[2])


@jit(inline="always")
def catch_up(a, b, step, since, spike, links, waiting, scratch):
    """Update the links a..b of one source from `since` to `step`: post spikes in between, then `spike` pre spikes.

    A link's weight is needed only when its source spikes; until then the spikes of its target are kept in the target's
    history. Applying them together gives the same result as applying each at once (between pre spikes there is only
    potentiation, so that its sum can be clipped at the bound), with sequential access to memory. The weights with which
    the spike acts are written to ``scratch.acting``.

    Inner loops do not branch on data, for the processor's pipeline: each round lists the next earlier post spike of those
    links that had one in the previous round.
    """
    latest, history_count, history = waiting
    post, w, plus, minus = links.post, links.weight, links.trace_plus, links.trace_minus
    acting, traced, owner, pair_plus, pair_minus = scratch
    pairs = np.uint64(0)
    for link in range(a, b):
        when = latest[np.uint64(post[np.uint64(link)])]
        owner[pairs] = link - a
        pair_plus[pairs] = when
        pairs += np.uint64(when >= since)
    done, back = np.uint64(0), 2
    while done < pairs:  # links that had a spike in the last round may have another
        until = pairs
        for q in range(done, until):
            s = owner[q]
            i = np.uint64(post[np.uint64(a) + s])
            k = history_count[i] - back
            when = history[i, np.uint64(max(k, 0))]
            owner[pairs] = s
            pair_plus[pairs] = when
            pairs += np.uint64(k >= 0 and when >= since)
        done = until
        back += 1
    for q in range(pairs):
        link = np.uint64(a) + owner[q]
        pair_minus[q] = (step - pair_plus[q]) * links.rate_minus[link]
        pair_plus[q] = (pair_plus[q] - since) * links.rate_plus[link]
    exp_decay_all(pair_plus, pairs)
    exp_decay_all(pair_minus, pairs)
    age, zero, spikes = splat(float(step - since)), splat(0.0), splat(spike)
    for link in range(a, b, LANES):
        decay = exp_decay(multiply(age, load_first(links.rate_minus, link, b - link)))
        store(acting, link - a, zero)
        store(traced, link - a, multiply(load_first(minus, link, b - link), decay))
    for q in range(pairs):
        s = owner[q]
        acting[s] += pair_plus[q]
        traced[s] += pair_minus[q]
    for link in range(a, b, LANES):
        left = b - link
        trace_plus, trace_minus = load_first(plus, link, left), load(traced, link - a)
        potentiation = multiply(load_first(links.a_plus, link, left), multiply(trace_plus, load(acting, link - a)))
        weight = smallest(add(load_first(w, link, left), potentiation), load_first(links.w_max, link, left))
        store(acting, link - a, weight)
        decay = exp_decay(multiply(age, load_first(links.rate_plus, link, left)))
        store_first(plus, link, add(multiply(trace_plus, decay), spikes), left)
        store_first(minus, link, trace_minus, left)
        depression = multiply(multiply(spikes, load_first(links.a_minus, link, left)), trace_minus)
        store_first(w, link, largest(subtract(weight, depression), zero), left)


@jit(allocates=False)
def catch_up_all(step, sides, waiting, scratch):
    """Update all links and their traces to `step` and clear the history."""
    waiting, scratch = Waiting(*waiting), Scratch(*scratch)
    for side in sides:
        start, links, since = named_side(side)
        for row in range(len(since)):
            a, b = start[row], start[row + 1]
            if a < b:
                catch_up(a, b, step, since[row], 0.0, links, waiting, scratch)
            since[row] = step
    for i in range(len(waiting.latest)):
        waiting.latest[i] = -1
        waiting.count[i] = 0


@jit(inline="always")
def arrive(step, row, pre, exc, inh, is_excitatory, side, arrivals, waiting, scratch):
    """Update the links of one row at a spike of neuron `pre`, and add its effect."""
    arrived, short_term, strength = arrivals
    links, acting = side.links, scratch.acting
    a, b = side.start[row], side.start[row + 1]
    catch_up(a, b, step, side.since[row], 1.0, links, waiting, scratch)
    side.since[row] = step
    sign = 1.0 if is_excitatory[pre] else -1.0
    target = exc if is_excitatory[pre] else inh
    if len(strength):
        depress(a, b, float(step - arrived[row]), short_term, strength)
        arrived[row] = step
        for link in range(a, b):
            target[links.post[link]] += sign * (acting[link - a] * strength[link - a])
    else:
        for link in range(a, b):
            target[links.post[link]] += sign * acting[link - a]


@jit(allocates=False)
def present_plastic(
    step, stop, flights, state, out, cells, after, is_excitatory, rows, arrivals, sides, waiting, scratch, events, rounding
):
    """Simulate as :func:`~hrsnn.engines.compiled.kernels.present_frozen`, with STDP of input and recurrent links."""
    state, out, cells, after = State(*state), Output(*out), Cells(*cells), Reset(*after)
    rows, flights = Rows(*rows), Flights(*flights)
    arrivals, events = named_arrivals(arrivals), named_events(events)
    named, its = PlasticSides(named_side(sides[0]), named_side(sides[1])), Scratch(*scratch)
    exc, inh, spiked, acting = state.exc, state.inh, out.spiked, its.acting
    input_start, input_links, input_since = named.input
    latest, history_count, history = waiting
    spikes = events.spikes
    n, room, delayed = len(exc), len(out.step), len(rows.lag)
    capacity = history.shape[1]
    next_spike = first_from(spikes.step, step)
    next_drive = first_from(events.drive.step, step)
    next_own = first_from(events.drive.own_step, step)
    next_back = first_from(events.background.step, step)
    next_v = first_from(events.v_step, step)
    fullest = 0
    for i in range(n):
        fullest = max(fullest, history_count[i])
    filled = 0
    while step < stop and filled + n <= room and flights.unused[1] >= delayed:
        if fullest == capacity:
            catch_up_all(step, sides, waiting, scratch)
            fullest = 0
        next_drive = set_drive(step, next_drive, events.drive, cells.v_rest_bias, state.v_inf)
        next_own = set_own_drive(step, next_own, events.drive, cells.v_rest_bias, state.v_inf)
        count = update(step, state, cells, spiked, out.words)
        remember(step, count, spiked, filled, out)
        filled += count
        next_back = excite(step, next_back, events.background, exc)
        while next_spike < len(spikes.step) and spikes.step[next_spike] == step:
            channel, times = spikes.channel[next_spike], spikes.count[next_spike]
            a, b = input_start[channel], input_start[channel + 1]
            catch_up(a, b, step, input_since[channel], times, input_links, waiting, its)
            input_since[channel] = step
            for link in range(a, b):
                exc[input_links.post[link]] += times * acting[link - a]
            next_spike += 1
        if delayed:
            launch(step, count, spiked, rows, flights)
            slot = step % len(flights.head)
            entry = flights.head[slot]
            while entry >= 0:
                row = flights.row[entry]
                pre = rows.source[row]
                arrive(step, row, pre, exc, inh, is_excitatory, named.recurrent, arrivals, waiting, its)
                entry = release(entry, flights)
            flights.head[slot] = -1
        else:
            for s in range(count):
                arrive(step, spiked[s], spiked[s], exc, inh, is_excitatory, named.recurrent, arrivals, waiting, its)
        reset(step, count, spiked, state, after)
        for s in range(count):
            i = spiked[s]
            history[i, history_count[i]] = step
            history_count[i] += 1
            latest[i] = step
            fullest = max(fullest, history_count[i])
        round_all(step, state.v, rounding)
        next_v = sample(step, next_v, events.v_step, state, out)
        step += 1
    return step, filled
