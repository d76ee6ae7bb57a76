"""Steps of a balanced network in the form of J states: a step costs N J, whatever the number of spikes.

V = Gamma^T e with e' = -lambda e + B u + (A + lambda I) z and z' = -lambda z; a spike of i: e -= Gamma_i, z += Gamma_i.
Between spikes the step is exact:

    e(t + dt) = r e(t) + dt r (A + lambda I) z(t) + (1 - r)/lambda B u,    z(t + dt) = r z(t),    r = e^(-lambda dt).
"""

from __future__ import annotations

from hrsnn.engines.balanced.arguments import Code, Inputs, Output, StateForm, States
from hrsnn.engines.balanced.products import first_from, furthest_above, project
from hrsnn.engines.jit import kernel


@kernel
def advance(step, end, code, form, inputs, state, out):
    """Simulate the steps from `step` to before `end`, or until the buffer of spikes is full.

    Returns the next step and the number of spikes written.
    """
    code, form, inputs = Code(*code), StateForm(*form), Inputs(*inputs)
    state, out = States(*state), Output(*out)
    error, estimate, driven, moved, v = state
    j_count = len(error)
    change, event = first_from(inputs.drive_step, step), first_from(inputs.spike_step, step)
    filled = 0
    while step < end and filled < len(out.step):
        while change < len(inputs.drive_step) and inputs.drive_step[change] == step:
            for j in range(j_count):
                driven[j] = form.drive * inputs.drive[change, j]
            change += 1
        for j in range(j_count):
            total = 0.0
            for k in range(j_count):
                total += form.onward[j, k] * estimate[k]
            moved[j] = total
        for j in range(j_count):
            error[j] = form.decay * error[j] + moved[j] + driven[j]
            estimate[j] *= form.decay
        project(code.decoder, error, v)
        who = furthest_above(v, code.threshold)
        while event < len(inputs.spike_step) and inputs.spike_step[event] == step:
            for j in range(j_count):
                error[j] += inputs.spike_count[event] * code.kicks[inputs.spike_channel[event], j]
            event += 1
        if who >= 0:
            for j in range(j_count):
                error[j] -= code.rows[who, j]
                estimate[j] += code.rows[who, j]
            out.step[filled], out.neuron[filled] = step, who
            filled += 1
        first = first_from(inputs.v_step, step)
        if first < len(inputs.v_step) and inputs.v_step[first] == step:
            project(code.decoder, error, v)
            for at in range(first, len(inputs.v_step)):
                if inputs.v_step[at] != step:
                    break
                for k in range(len(out.watched)):
                    out.v[at, k] = v[out.watched[k]]
        step += 1
    return step, filled
