"""The loops of the compiled engine, for one stimulus at a time.

Groups of arrays travel as tuples; the engine file says what is in each. Nothing here allocates in a loop, and every
access to a link's constants is in the order in which they lie in memory.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from hrsnn.engines.jit import jit


@intrinsic
def _bits(typing_context: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


@intrinsic
def _from_bits(typing_context: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


@intrinsic
def _fma(typing_context: Any, x: Any, y: Any, z: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


_ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it rounds to a whole number, which then stands in the low bits
_LOG2_E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01  # ln 2 in two parts, so that n ln 2 is subtracted without loss
_LN2_LOW = 1.90821492927058770002e-10
_C = tuple(1.0 / math.factorial(k) for k in range(14))


@jit(inline="always")
def exp_decay(x):
    """e^x for x <= 0 to about one unit in the last place, free of branches: the compiler makes it vector instructions.

    x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor polynomial of degree 13; n goes into the exponent's bits. Below
    -708 it stays at e^-708, about 1e-308.
    """
    x = max(x, -708.0)
    shifted = _fma(x, _LOG2_E, _ROUND)
    n = shifted - _ROUND
    r = _fma(-n, _LN2_LOW, _fma(-n, _LN2_HIGH, x))
    p = _C[13]
    p = _fma(p, r, _C[12])
    p = _fma(p, r, _C[11])
    p = _fma(p, r, _C[10])
    p = _fma(p, r, _C[9])
    p = _fma(p, r, _C[8])
    p = _fma(p, r, _C[7])
    p = _fma(p, r, _C[6])
    p = _fma(p, r, _C[5])
    p = _fma(p, r, _C[4])
    p = _fma(p, r, _C[3])
    p = _fma(p, r, _C[2])
    p = _fma(p, r, _C[1])
    p = _fma(p, r, _C[0])
    return _from_bits(_bits(p) + (_bits(shifted) << 52))


@jit(inline="always")
def update(step, state, cell, spiked):
    """One step of all neurons: the exact solution, then the threshold; returns how many spiked, in ascending order."""
    v, exc, inh, drive, adapted, free_at = state
    v_rest_bias, membrane, exc_to_v, inh_to_v, decay_exc, decay_inh, adapted_to_v, decay_adapted, threshold = cell
    n = len(v)
    if len(adapted):
        for i in range(n):
            v_inf = v_rest_bias[i] + drive[i]
            free = v_inf + (v[i] - v_inf) * membrane[i] + exc[i] * exc_to_v[i] + inh[i] * inh_to_v[i]
            free = free - adapted[i] * adapted_to_v[i]
            v[i] = free if step >= free_at[i] else v[i]
            exc[i] *= decay_exc[i]
            inh[i] *= decay_inh[i]
            adapted[i] *= decay_adapted[i]
    else:
        for i in range(n):
            v_inf = v_rest_bias[i] + drive[i]
            free = v_inf + (v[i] - v_inf) * membrane[i] + exc[i] * exc_to_v[i] + inh[i] * inh_to_v[i]
            v[i] = free if step >= free_at[i] else v[i]
            exc[i] *= decay_exc[i]
            inh[i] *= decay_inh[i]
    count = 0
    for i in range(n):
        if v[i] > threshold[i] and step >= free_at[i]:
            spiked[count] = i
            count += 1
    return count


@jit(inline="always")
def reset(step, count, spiked, state, after):
    v, _, _, _, adapted, free_at = state
    v_reset, hold, jump = after
    for s in range(count):
        i = spiked[s]
        v[i] = v_reset[i]
        free_at[i] = step + hold[i]
        if len(adapted):
            adapted[i] += jump[i]


@jit(inline="always")
def remember(step, count, spiked, filled, ring, out):
    """Keep the spikes of this step for delayed links and for the caller."""
    ring_neuron, ring_count = ring
    slot = step % len(ring_count)
    ring_count[slot] = count
    for s in range(count):
        ring_neuron[slot, s] = spiked[s]
        out[0][filled + s] = step
        out[1][filled + s] = spiked[s]


@jit(inline="always")
def depress(a, b, age, short_term, strength):
    """Short-term plasticity of the links a..b at a spike `age` after the one before: their strength relative to the first.

    u <- U + u (1 - U) e^(-age/F);  R <- 1 + (R - u R - 1) e^(-age/D), with the u before it; strength u R / U.
    """
    release, rate_recovery, rate_facilitation, used, resources = short_term
    for link in range(a, b):
        s = link - a
        facilitated = exp_decay(age * rate_facilitation[link])
        recovered = exp_decay(age * rate_recovery[link])
        resources[link] = 1.0 + (resources[link] - used[link] * resources[link] - 1.0) * recovered
        used[link] = release[link] + used[link] * (1.0 - release[link]) * facilitated
        strength[s] = used[link] * resources[link] / release[link]


@jit
def present_frozen(step, stop, state, ring, out, cell, after, is_excitatory, recurrent, inputs, events):
    """Advance one stimulus of a frozen network from `step` to `stop`, or to where the buffer of spikes could overflow.

    Returns the step reached and the number of spikes in the buffer.
    """
    _, exc, inh, drive, _, _ = state
    ring_neuron, ring_count = ring
    lag, start, post, weight, arrived, short_term, strength = recurrent
    input_start, input_post, input_weight = inputs
    spike_step, spike_channel, spike_count = events[0]
    drive_step, drive_value = events[1]
    back_step, back_neuron, back_jump = events[2]
    v_step = events[3]
    n, room, lags = len(exc), len(out[0]), len(ring_count)
    spiked = np.empty(n, np.int32)
    next_spike = np.searchsorted(spike_step, step)
    next_drive = np.searchsorted(drive_step, step)
    next_back = np.searchsorted(back_step, step)
    next_v = np.searchsorted(v_step, step)
    filled = 0
    while step < stop and filled + n <= room:
        while next_drive < len(drive_step) and drive_step[next_drive] == step:
            drive[:] = drive_value[next_drive]
            next_drive += 1
        count = update(step, state, cell, spiked)
        remember(step, count, spiked, filled, ring, out)
        filled += count
        while next_back < len(back_step) and back_step[next_back] == step:
            exc[back_neuron[next_back]] += back_jump[next_back]
            next_back += 1
        while next_spike < len(spike_step) and spike_step[next_spike] == step:
            channel, times = spike_channel[next_spike], spike_count[next_spike]
            for link in range(input_start[channel], input_start[channel + 1]):
                exc[input_post[link]] += times * input_weight[link]
            next_spike += 1
        for k in range(len(lag)):
            slot = (step - lag[k]) % lags
            for s in range(ring_count[slot]):
                pre = ring_neuron[slot, s]
                a, b = start[k, pre], start[k, pre + 1]
                if len(strength):
                    depress(a, b, float(step - arrived[k, pre]), short_term, strength)
                    arrived[k, pre] = step
                    if is_excitatory[pre]:
                        for link in range(a, b):
                            exc[post[link]] += weight[link] * strength[link - a]
                    else:
                        for link in range(a, b):
                            inh[post[link]] -= weight[link] * strength[link - a]
                elif is_excitatory[pre]:
                    for link in range(a, b):
                        exc[post[link]] += weight[link]
                else:
                    for link in range(a, b):
                        inh[post[link]] -= weight[link]
        reset(step, count, spiked, state, after)
        while next_v < len(v_step) and v_step[next_v] == step:
            out[2][next_v] = state[0]
            next_v += 1
        step += 1
    return step, filled


@jit(inline="always")
def catch_up(a, b, step, since, spike, links, waiting, scratch):
    """Bring the links a..b of one source from step `since` to `step`: the post spikes in between, then `spike` pre spikes.

    A link's weight matters only when its source spikes; until then the spikes of its target wait in the target's history.
    Reading them now gives what applying each at once would have given (potentiation alone can reach the bound, so that it
    may be summed first), and streams through memory. Leaves in ``scratch[0]`` the weights with which the spike acts.

    What binds is the exponential, four a pair of a pre and a post spike, then memory: 92 bytes read and written a link. So
    nothing here branches on data: the post spikes are listed round by round, each round with the links that had one more.
    """
    latest, history_count, history = waiting
    # Slices start at 0 and indices are unsigned: with nothing to wrap around, and few arrays a loop, the compiler makes
    # vector instructions.
    post, w, plus, minus = links[0][a:b], links[1][a:b], links[2][a:b], links[3][a:b]
    w_max, rate_plus, rate_minus = links[4][a:b], links[5][a:b], links[6][a:b]
    a_plus, a_minus = links[7][a:b], links[8][a:b]
    acting, traced, owner, pair_plus, pair_minus = scratch
    size = np.uint64(b - a)
    pairs = np.uint64(0)
    for s in range(size):
        when = latest[np.uint64(post[s])]
        owner[pairs] = s
        pair_plus[pairs] = when
        pairs += np.uint64(when >= since)
    done, back = np.uint64(0), 2
    while done < pairs:  # those that had one more in the last round may have another
        until = pairs
        for q in range(done, until):
            s = owner[q]
            i = np.uint64(post[s])
            k = history_count[i] - back
            when = history[i, np.uint64(max(k, 0))]
            owner[pairs] = s
            pair_plus[pairs] = when
            pairs += np.uint64(k >= 0 and when >= since)
        done = until
        back += 1
    for q in range(pairs):
        s = owner[q]
        pair_minus[q] = (step - pair_plus[q]) * rate_minus[s]
        pair_plus[q] = (pair_plus[q] - since) * rate_plus[s]
    for q in range(pairs):
        pair_plus[q] = exp_decay(pair_plus[q])
    for q in range(pairs):
        pair_minus[q] = exp_decay(pair_minus[q])
    age = float(step - since)
    for s in range(size):
        acting[s] = 0.0
    for s in range(size):
        traced[s] = minus[s] * exp_decay(age * rate_minus[s])
    for q in range(pairs):
        s = owner[q]
        acting[s] += pair_plus[q]
        traced[s] += pair_minus[q]
    for s in range(size):
        acting[s] = min(w[s] + a_plus[s] * (plus[s] * acting[s]), w_max[s])
    for s in range(size):
        plus[s] = plus[s] * exp_decay(age * rate_plus[s]) + spike
    for s in range(size):
        minus[s] = traced[s]
    for s in range(size):
        w[s] = max(acting[s] - spike * a_minus[s] * traced[s], 0.0)


@jit
def catch_up_all(step, sides, learn):
    """Bring every link to `step` and forget the history; traces then stand at that step."""
    waiting, scratch = learn
    for side in range(2):
        start, links, since = sides[side]
        for k in range(since.shape[0]):
            for source in range(since.shape[1]):
                a, b = start[k, source], start[k, source + 1]
                if a < b:
                    catch_up(a, b, step, since[k, source], 0.0, links, waiting, scratch)
                since[k, source] = step
    waiting[0][:] = -1
    waiting[1][:] = 0


@jit
def present_plastic(step, stop, state, ring, out, cell, after, is_excitatory, recurrent, sides, learn, events):
    """As :func:`present_frozen`, with STDP on input and recurrent links."""
    _, exc, inh, drive, _, _ = state
    ring_neuron, ring_count = ring
    lag, arrived, short_term, strength = recurrent
    start, links, since = sides[0]
    input_start, input_links, input_since = sides[1]
    waiting, scratch = learn
    latest, history_count, history = waiting
    spike_step, spike_channel, spike_count = events[0]
    drive_step, drive_value = events[1]
    back_step, back_neuron, back_jump = events[2]
    v_step = events[3]
    post, input_post, acting = links[0], input_links[0], scratch[0]
    n, room, lags = len(exc), len(out[0]), len(ring_count)
    capacity = history.shape[1]
    spiked = np.empty(n, np.int32)
    next_spike = np.searchsorted(spike_step, step)
    next_drive = np.searchsorted(drive_step, step)
    next_back = np.searchsorted(back_step, step)
    next_v = np.searchsorted(v_step, step)
    fullest = history_count.max()
    filled = 0
    while step < stop and filled + n <= room:
        if fullest == capacity:
            catch_up_all(step, sides, learn)
            fullest = 0
        while next_drive < len(drive_step) and drive_step[next_drive] == step:
            drive[:] = drive_value[next_drive]
            next_drive += 1
        count = update(step, state, cell, spiked)
        remember(step, count, spiked, filled, ring, out)
        filled += count
        while next_back < len(back_step) and back_step[next_back] == step:
            exc[back_neuron[next_back]] += back_jump[next_back]
            next_back += 1
        while next_spike < len(spike_step) and spike_step[next_spike] == step:
            channel, times = spike_channel[next_spike], spike_count[next_spike]
            a, b = input_start[0, channel], input_start[0, channel + 1]
            catch_up(a, b, step, input_since[0, channel], times, input_links, waiting, scratch)
            input_since[0, channel] = step
            for link in range(a, b):
                exc[input_post[link]] += times * acting[link - a]
            next_spike += 1
        for k in range(len(lag)):
            slot = (step - lag[k]) % lags
            for s in range(ring_count[slot]):
                pre = ring_neuron[slot, s]
                a, b = start[k, pre], start[k, pre + 1]
                catch_up(a, b, step, since[k, pre], 1.0, links, waiting, scratch)
                since[k, pre] = step
                sign = 1.0 if is_excitatory[pre] else -1.0
                target = exc if is_excitatory[pre] else inh
                if len(strength):
                    depress(a, b, float(step - arrived[k, pre]), short_term, strength)
                    arrived[k, pre] = step
                    for link in range(a, b):
                        target[post[link]] += sign * (acting[link - a] * strength[link - a])
                else:
                    for link in range(a, b):
                        target[post[link]] += sign * acting[link - a]
        reset(step, count, spiked, state, after)
        for s in range(count):
            i = spiked[s]
            history[i, history_count[i]] = step
            history_count[i] += 1
            latest[i] = step
            fullest = max(fullest, history_count[i])
        while next_v < len(v_step) and v_step[next_v] == step:
            out[2][next_v] = state[0]
            next_v += 1
        step += 1
    return step, filled
