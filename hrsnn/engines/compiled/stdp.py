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
    named_arrivals,
    named_events,
    reached,
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
    first_of,
    largest,
    load,
    load_first,
    multiply,
    prefetch,
    smallest,
    splat,
    store,
    subtract,
)
from hrsnn.engines.jit import jit
from hrsnn.engines.rounding_kernels import round_all


@jit(inline="always")
def named_side(side):
    return PlasticSide(side[0], PlasticLinks(*side[1]), side[2])


@jit(inline="always")
def pair_up(a, b, since, post, waiting, owner, whens):
    """Write all pairs of a link of a..b and a spike of its target from `since` on; return their number.

    Inner loops do not branch on data, for the processor's pipeline: each round lists the next earlier spike of those links
    that had one in the previous round.
    """
    latest, recent, count, history = waiting
    pairs = np.uint64(0)
    for link in range(np.uint64(a), np.uint64(b)):
        when = latest[np.uint64(post[link])]
        owner[pairs] = link - np.uint64(a)
        whens[pairs] = when
        pairs += np.uint64(when >= since)
    done, back = np.uint64(0), np.uint64(1)
    while done < pairs:  # links that had a spike in the last round may have another
        until = pairs
        if back < np.uint64(recent.shape[1]):
            for q in range(done, until):
                s = owner[q]
                when = recent[np.uint64(post[np.uint64(a) + s]), back]
                owner[pairs] = s
                whens[pairs] = when
                pairs += np.uint64(when >= since)
        else:
            for q in range(done, until):
                s = owner[q]
                i = np.uint64(post[np.uint64(a) + s])
                k = count[i] - 1 - np.int64(back)
                when = history[i, np.uint64(max(k, 0))]
                owner[pairs] = s
                whens[pairs] = when
                pairs += np.uint64(k >= 0 and when >= since)
        done = until
        back += np.uint64(1)
    return pairs


@jit(inline="always")
def ask_for(link, links):
    prefetch(links.post, link)
    prefetch(links.weight, link)
    prefetch(links.trace_plus, link)
    prefetch(links.trace_minus, link)
    prefetch(links.w_max, link)
    prefetch(links.rate_plus, link)
    prefetch(links.rate_minus, link)
    prefetch(links.a_plus, link)
    prefetch(links.a_minus, link)


@jit(inline="always")
def catch_up(a, b, coming, step, since, spike, links, waiting, scratch):
    """Update the links a..b of one source from `since` to `step`: post spikes in between, then `spike` pre spikes.

    A link's weight is needed only when its source spikes; until then the spikes of its target are kept in the target's
    history. Applying them together gives the same result as applying each at once (between pre spikes there is only
    potentiation, so that its sum can be clipped at the bound), with sequential access to memory. The weights with which
    the spike acts are written to ``scratch.acting``.

    Meanwhile the links from `coming` on, which will be updated next, are asked for: the processor foresees where a row goes
    on but not where the next one begins, and a row has nine arrays.
    """
    w, plus, minus = links.weight, links.trace_plus, links.trace_minus
    acting, traced, owner, pair_plus, pair_minus = scratch
    pairs = pair_up(a, b, since, links.post, waiting, owner, pair_plus)
    for q in range(pairs):
        link = np.uint64(a) + owner[q]
        pair_minus[q] = (step - pair_plus[q]) * links.rate_minus[link]
        pair_plus[q] = (pair_plus[q] - since) * links.rate_plus[link]
    exp_decay_all(pair_plus, pair_minus, pairs)
    age, zero, spikes = splat(float(step - since)), splat(0.0), splat(spike)
    for s in range(0, b - a, LANES):
        store(acting, s, zero)
        store(traced, s, zero)
    for q in range(pairs):
        s = owner[q]
        acting[s] += pair_plus[q]
        traced[s] += pair_minus[q]
    for link in range(a, b, LANES):
        left = b - link
        ask_for(coming + link - a, links)
        before, trace_plus, earlier = load(w, link), load(plus, link), load(minus, link)
        decay_plus = exp_decay(multiply(age, load_first(links.rate_plus, link, left)))
        decay_minus = exp_decay(multiply(age, load_first(links.rate_minus, link, left)))
        trace_minus = add(multiply(earlier, decay_minus), load(traced, link - a))
        potentiation = multiply(load_first(links.a_plus, link, left), multiply(trace_plus, load(acting, link - a)))
        weight = smallest(add(before, potentiation), load_first(links.w_max, link, left))
        store(acting, link - a, weight)
        store(plus, link, first_of(add(multiply(trace_plus, decay_plus), spikes), left, trace_plus))
        store(minus, link, first_of(trace_minus, left, earlier))
        depression = multiply(multiply(spikes, load_first(links.a_minus, link, left)), trace_minus)
        store(w, link, first_of(largest(subtract(weight, depression), zero), left, before))


@jit(allocates=False)
def catch_up_all(step, sides, waiting, scratch):
    """Update all links and their traces to `step` and clear the history."""
    waiting, scratch = Waiting(*waiting), Scratch(*scratch)
    for side in sides:
        start, links, since = named_side(side)
        for row in range(len(since)):
            a, b = start[row], start[row + 1]
            if a < b:
                catch_up(a, b, b, step, since[row], 0.0, links, waiting, scratch)
            since[row] = step
    for i in range(len(waiting.latest)):
        waiting.latest[i] = -1
        waiting.count[i] = 0
        for k in range(waiting.recent.shape[1]):
            waiting.recent[i, k] = -1


@jit(inline="always")
def keep(step, i, waiting):
    """Add a spike of neuron i to those that wait; return their number."""
    latest, recent, count, history = waiting
    history[i, count[i]] = step
    count[i] += 1
    latest[i] = step
    for k in range(recent.shape[1] - 1, 0, -1):
        recent[i, k] = recent[i, k - 1]
    recent[i, 0] = step
    return count[i]


@jit(inline="always")
def arrive(step, row, following, spike, factor, target, side, arrivals, depresses, waiting, scratch):
    """Update the links of one row at `spike` spikes of its source, and add their effect times `factor` to `target`."""
    arrived, short_term, strength = arrivals
    post, acting = side.links.post, scratch.acting
    a, b = side.start[row], side.start[row + 1]
    catch_up(a, b, side.start[following], step, side.since[row], spike, side.links, waiting, scratch)
    side.since[row] = step
    if depresses:
        depress(a, b, float(step - arrived[row]), short_term, strength)
        arrived[row] = step
        for k in range(np.uint64(b - a)):
            target[np.uint64(post[np.uint64(a) + k])] += factor * (acting[k] * strength[k])
    else:
        for k in range(np.uint64(b - a)):
            target[np.uint64(post[np.uint64(a) + k])] += factor * acting[k]


@jit(allocates=False)
def present_plastic(
    step, stop, flights, state, out, cells, after, is_excitatory, rows, arrivals, sides, waiting, scratch, events, rounding
):
    """Simulate as :func:`~hrsnn.engines.compiled.kernels.present_frozen`, with STDP of input and recurrent links."""
    state, out, cells, after = State(*state), Output(*out), Cells(*cells), Reset(*after)
    rows, flights = Rows(*rows), Flights(*flights)
    arrivals, events = named_arrivals(arrivals), named_events(events)
    named, its = PlasticSides(named_side(sides[0]), named_side(sides[1])), Scratch(*scratch)
    exc, inh, spiked = state.exc, state.inh, out.spiked
    waiting = Waiting(*waiting)
    spikes = events.spikes
    n, room, delayed = len(exc), len(out.step), len(rows.lag)
    capacity = waiting.history.shape[1]
    next_spike = first_from(spikes.step, step)
    next_drive = first_from(events.drive.step, step)
    next_own = first_from(events.drive.own_step, step)
    next_back = first_from(events.background.step, step)
    next_v = first_from(events.v_step, step)
    fullest = 0
    for i in range(n):
        fullest = max(fullest, waiting.count[i])
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
        inputs = 0
        while next_spike + inputs < len(spikes.step) and spikes.step[next_spike + inputs] == step:
            inputs += 1
        arriving = reached(step, count, spiked, rows, flights, out.due)
        for k in range(-inputs, arriving):
            # one place for both sides: the update of a row is compiled once
            if k < 0:
                at = next_spike + inputs + k
                row, following = spikes.channel[at], spikes.channel[min(at + 1, len(spikes.step) - 1)]
                side, spike, factor, target = named.input, spikes.count[at], spikes.count[at], exc
            else:
                row, following = out.due[k], out.due[min(k + 1, arriving - 1)]
                excites = is_excitatory[rows.source[row]]
                side, spike, factor, target = named.recurrent, 1.0, 1.0 if excites else -1.0, exc if excites else inh
            depresses = k >= 0 and len(arrivals.strength) > 0
            arrive(step, row, following, spike, factor, target, side, arrivals, depresses, waiting, its)
        next_spike += inputs
        reset(step, count, spiked, state, after)
        for s in range(count):
            fullest = max(fullest, keep(step, spiked[s], waiting))
        round_all(step, state.v, rounding)
        next_v = sample(step, next_v, events.v_step, state, out)
        step += 1
    return step, filled
