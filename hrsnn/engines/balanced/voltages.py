"""Steps of a balanced network with the V of each neuron: own leaks, quadratic cost, noise, N x N weights, controls.

With one leak a step costs N, and a spike 2 N J by the decoder or 2 N with N x N weights, since the slow input of each neuron
decays as r does. With leaks of their own it is computed anew in each step, in 3 N J or N^2, from the filtered spikes at the
middle of the step, which agrees with one leak exactly.
"""

from __future__ import annotations

from hrsnn.engines.balanced.arguments import Code, Inputs, Output, VoltageForm, Voltages
from hrsnn.engines.balanced.products import first_from, furthest_above, project
from hrsnn.engines.jit import inlined, kernel
from hrsnn.engines.rounding_kernels import normal, round_all


@inlined
def slow_input(code, form, state):
    """Compute the slow input of all neurons anew from the filtered spikes at the middle of a step."""
    n, j_count = len(state.v), len(state.p)
    if len(form.slow_columns):
        for i in range(n):
            state.slow[i] = 0.0
        for k in range(n):
            rate = form.half[k] * state.rates[k]
            if rate != 0.0:
                for i in range(n):
                    state.slow[i] += form.slow_columns[k, i] * rate
    else:
        for j in range(j_count):
            state.p[j] = state.q[j] = 0.0
        for k in range(n):
            rate = form.half[k] * state.rates[k]
            leaked = form.leak[k] * rate
            for j in range(j_count):
                state.p[j] += code.rows[k, j] * rate
                state.q[j] += code.rows[k, j] * leaked
        for j in range(j_count):
            total = state.q[j]
            for k in range(j_count):
                total += form.system[j, k] * state.p[k]
            state.q[j] = total
        project(code.decoder, state.q, state.slow)
    for i in range(n):
        state.rates[i] *= form.decay[i]


@inlined
def act(who, code, form, state):
    """Let a spike act: the fast input at once, the slow input from the next step on."""
    n = len(state.v)
    if not form.linked:
        state.v[who] -= form.norms[who] + form.own[who]
    elif len(form.fast_columns):
        for i in range(n):
            state.v[i] -= form.fast_columns[who, i]
    else:
        for j in range(len(state.p)):
            state.p[j] = code.rows[who, j]
        project(code.decoder, state.p, state.kicked)
        for i in range(n):
            state.v[i] -= state.kicked[i]
        state.v[who] -= form.own[who]
    if not form.linked:
        return
    if not form.one_leak:
        state.rates[who] += 1.0
    elif len(form.slow_columns):
        for i in range(n):
            state.slow[i] += form.slow_columns[who, i]
    else:
        for j in range(len(state.p)):
            state.p[j] = form.slow_rows[who, j]
        project(code.decoder, state.p, state.kicked)
        for i in range(n):
            state.slow[i] += state.kicked[i]


@kernel
def advance(step, end, code, form, inputs, state, out):
    """Simulate the steps from `step` to before `end`, or until the buffer of spikes may be full.

    Returns the next step and the number of spikes written.
    """
    code, form, inputs = Code(*code), VoltageForm(*form), Inputs(*inputs)
    state, out = Voltages(*state), Output(*out)
    n, j_count = len(state.v), len(state.p)
    change, event = first_from(inputs.drive_step, step), first_from(inputs.spike_step, step)
    filled = 0
    while step < end and filled + n <= len(out.step):
        while change < len(inputs.drive_step) and inputs.drive_step[change] == step:
            for j in range(j_count):
                state.p[j] = inputs.drive[change, j]
            project(code.decoder, state.p, state.driven)
            for i in range(n):
                state.driven[i] *= form.drive[i]
            change += 1
        if form.linked and not form.one_leak:
            slow_input(code, form, state)
        for i in range(n):
            state.v[i] = form.decay[i] * state.v[i] + form.slow[i] * state.slow[i] + state.driven[i]
        if form.linked and form.one_leak:
            for i in range(n):
                state.slow[i] *= form.decay[i]
        if len(form.noise):
            for i in range(n):
                state.v[i] += form.noise[i] * normal(form.key, (form.begin + step) * n + i)
        spikes = 0
        if form.several:
            for i in range(n):
                if state.v[i] > code.threshold[i]:
                    out.spiked[spikes] = i
                    spikes += 1
        else:
            who = furthest_above(state.v, code.threshold)
            if who >= 0:
                out.spiked[0], spikes = who, 1
        while event < len(inputs.spike_step) and inputs.spike_step[event] == step:
            for j in range(j_count):
                state.p[j] = inputs.spike_count[event] * code.kicks[inputs.spike_channel[event], j]
            project(code.decoder, state.p, state.kicked)
            for i in range(n):
                state.v[i] += state.kicked[i]
            event += 1
        for index in range(spikes):
            act(out.spiked[index], code, form, state)
            out.step[filled], out.neuron[filled] = step, out.spiked[index]
            filled += 1
        round_all(step, state.v, form.rounding)
        for at in range(first_from(inputs.v_step, step), len(inputs.v_step)):
            if inputs.v_step[at] != step:
                break
            for k in range(len(out.watched)):
                out.v[at, k] = state.v[out.watched[k]]
        step += 1
    return step, filled
