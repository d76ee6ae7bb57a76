"""The adjoint of a recorded trajectory in Numba, from event to event, backwards in time."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from typing import Any, NamedTuple

from hrsnn.engines.jit import jit

#: Kinds of events.
RELEASE, ARRIVAL, INPUT, SPIKE, EDGE = 0, 1, 2, 3, 4


class Cells(NamedTuple):
    """The N neurons; times in ms."""

    tau_m: Any
    tau_exc: Any
    tau_inh: Any
    jump: Any  #: v_threshold - v_reset (mV)
    v_integral: Any  #: derivative of the loss by the integral of v


class Adjoint(NamedTuple):
    """Derivatives of the loss by the variables of each neuron at the time `since`, and by its bias so far."""

    v: Any  #: (N,); 0 while refractory: v is then held
    exc: Any
    inh: Any
    since: Any  #: ms
    refractory: Any
    bias: Any


class Spikes(NamedTuple):
    """Spikes of the trajectory, in the order of time."""

    neuron: Any
    drift: Any  #: dv/dt just before the spike (mV/ms)
    release_drift: Any  #: dv/dt at the release (mV/ms)
    at_once: Any  #: whether the release coincides with the spike
    by_time: Any  #: derivative of the loss by the time, 1/ms: given for each spike, then with all that depends on it
    by_release: Any  #: derivative of the loss by v at the release


class Links(NamedTuple):
    """Links sorted so that those which a spike reaches at once are neighbours."""

    target: Any
    weight: Any  #: mV, with the sign of the source
    excitatory: Any
    by_weight: Any  #: derivative of the loss by the signed weight
    by_delay: Any


class Events(NamedTuple):
    """What happens, in the order of time."""

    time: Any
    kind: Any
    index: Any  #: spike of a release, an arrival or a spike; edge of an interval
    first: Any  #: first of the links that are reached
    last: Any
    count: Any  #: input spikes at once


@jit(inline="always")
def response(t, tau_m, tau_s):
    """Effect on v at time t of a current of 1 at time 0; see :mod:`hrsnn.engines.propagators`."""
    x = t * abs(1.0 / tau_m - 1.0 / tau_s)
    ratio = -math.expm1(-x) / x if x != 0.0 else 1.0
    return t / tau_m * math.exp(-t / max(tau_m, tau_s)) * ratio


@jit(inline="always")
def touch(i, time, adjoint, cells):
    """Carry the derivatives of neuron i back to `time`: the transpose of the exact solution, and integrals of v."""
    t = adjoint.since[i] - time
    if t <= 0.0:
        return
    adjoint.since[i] = time
    tau_m, tau_exc, tau_inh = cells.tau_m[i], cells.tau_exc[i], cells.tau_inh[i]
    lost_exc, lost_inh = -math.expm1(-t / tau_exc), -math.expm1(-t / tau_inh)
    adjoint.exc[i] *= 1.0 - lost_exc
    adjoint.inh[i] *= 1.0 - lost_inh
    if adjoint.refractory[i]:
        return
    v, c = adjoint.v[i], cells.v_integral[i]
    lost, to_v = -math.expm1(-t / tau_m), response(t, tau_m, tau_exc)
    adjoint.exc[i] += v * to_v + c * (tau_exc * lost_exc - tau_m * to_v)
    to_v = response(t, tau_m, tau_inh)
    adjoint.inh[i] += v * to_v + c * (tau_inh * lost_inh - tau_m * to_v)
    adjoint.v[i] = v * (1.0 - lost) + c * tau_m * lost
    adjoint.bias[i] += v * lost + c * (t - tau_m * lost)


@jit(inline="always")
def reach(link, now, adjoint, cells, links, count):
    """Add to the derivatives by a link's weight, and return that by the time of an arrival on it."""
    i, weight = links.target[link], links.weight[link] * count
    touch(i, now, adjoint, cells)
    if links.excitatory[link]:
        by_current, tau = adjoint.exc[i], cells.tau_exc[i]
    else:
        by_current, tau = adjoint.inh[i], cells.tau_inh[i]
    links.by_weight[link] += by_current * count
    return weight * (by_current / tau - adjoint.v[i] / cells.tau_m[i])


@jit
def backward(events, adjoint, cells, spikes, recurrent, inputs, by_bias):
    """Go through all events from the last to the first, and to time 0; all derivatives are changed in place."""
    for e in range(len(events.time) - 1, -1, -1):
        now, kind, index = events.time[e], events.kind[e], events.index[e]
        if kind == EDGE:
            for i in range(len(adjoint.v)):
                touch(i, now, adjoint, cells)
                by_bias[index, i] = adjoint.bias[i]
        elif kind == INPUT:
            for link in range(events.first[e], events.last[e]):
                reach(link, now, adjoint, cells, inputs, events.count[e])
        elif kind == ARRIVAL:
            for link in range(events.first[e], events.last[e]):
                later = reach(link, now, adjoint, cells, recurrent, 1.0)
                recurrent.by_delay[link] += later
                spikes.by_time[index] += later
        else:
            k = spikes.neuron[index]
            touch(k, now, adjoint, cells)
            if kind == RELEASE or spikes.at_once[index]:
                spikes.by_release[index] = adjoint.v[k]
                spikes.by_time[index] -= spikes.release_drift[index] * adjoint.v[k]
                adjoint.v[k] = 0.0
                adjoint.refractory[k] = True
            if kind == SPIKE:
                spikes.by_time[index] += cells.v_integral[k] * cells.jump[k]
                adjoint.v[k] = -spikes.by_time[index] / spikes.drift[index]
                adjoint.refractory[k] = False
    for i in range(len(adjoint.v)):
        touch(i, 0.0, adjoint, cells)
