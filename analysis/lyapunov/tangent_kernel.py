"""The tangent map in Numba, from event to event."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from hrsnn.engines.jit import jit

#: Kinds of events. At equal times a release comes first, then arrivals, then the neuron's own spike.
RELEASE, ARRIVAL, SPIKE = 0, 1, 2


class Cells(NamedTuple):
    """Time constants of the n neurons (ms)."""

    tau_m: Any
    tau_exc: Any
    tau_inh: Any


class Spikes(NamedTuple):
    """Spikes of a trajectory, in the order of time."""

    neuron: Any
    drift: Any  #: dv/dt just before the spike (mV/ms)
    ratio: Any  #: dv/dt at the release over that just before the spike
    delayed: Any  #: whether any of its links has a delay
    at_once: Any  #: whether its neuron has no refractory period


class Links(NamedTuple):
    """Links between the n neurons."""

    target: Any
    gain_current: Any  #: decrease of the current per unit of p
    gain_v: Any  #: increase of v per unit of p
    on_current: Any  #: 1: the excitatory current, 2: the inhibitory one


class Events(NamedTuple):
    """Releases, arrivals and spikes, in the order of time."""

    time: Any
    kind: Any
    spike: Any  #: index of the spike that the event belongs to
    first: Any  #: first of the links on which it arrives
    last: Any


@jit(inline="always")
def response(t, tau_m, tau_s):
    """Effect on v at time t of a current of 1 at time 0, as in :mod:`hrsnn.engines.propagators` but for any t."""
    x = t * abs(1.0 / tau_m - 1.0 / tau_s)
    ratio = -math.expm1(-x) / x if x != 0.0 else 1.0
    return t / tau_m * math.exp(-t / max(tau_m, tau_s)) * ratio


@jit(inline="always")
def touch(i, time, since, refractory, tangent, cells, a, b):
    """Propagate the three rows of neuron i to `time` by its exact exponential; v is constant while i is refractory."""
    t = time - since[i]
    if t <= 0.0:
        return
    since[i] = time
    tau_m, tau_exc, tau_inh = cells.tau_m[i], cells.tau_exc[i], cells.tau_inh[i]
    n = len(since)
    v, exc, inh = tangent[i, a:b], tangent[n + i, a:b], tangent[2 * n + i, a:b]
    keep_exc, keep_inh = math.exp(-t / tau_exc), math.exp(-t / tau_inh)
    if refractory[i]:
        for c in range(b - a):
            exc[c] *= keep_exc
            inh[c] *= keep_inh
        return
    keep_v, exc_to_v, inh_to_v = math.exp(-t / tau_m), response(t, tau_m, tau_exc), response(t, tau_m, tau_inh)
    for c in range(b - a):
        v[c] = v[c] * keep_v + exc[c] * exc_to_v + inh[c] * inh_to_v
        exc[c] *= keep_exc
        inh[c] *= keep_inh


@jit
def carry(tangent, first, last, start, stop, refractory, events, row, spikes, cells, links, a, b):
    """Propagate columns a..b of the tangent from `start` to `stop`, through events first..last; update `refractory`.

    `tangent` and `refractory` are changed in place. The rows are v, I_exc and I_inh of n neurons and one p for each spike in
    transit, p = dv_k / f_k-: minus the shift of its time. ``row[spike]`` is the row of p of a spike.
    """
    n = len(refractory)
    since = np.full(n, start)
    p = np.empty(b - a)
    for e in range(first, last):
        now, spike = events.time[e], events.spike[e]
        k = spikes.neuron[spike]
        if events.kind[e] == RELEASE:
            touch(k, now, since, refractory, tangent, cells, a, b)
            for c in range(a, b):
                tangent[k, c] *= spikes.ratio[spike]
            refractory[k] = False
            continue
        if events.kind[e] == SPIKE:
            touch(k, now, since, refractory, tangent, cells, a, b)
            for c in range(b - a):
                p[c] = tangent[k, a + c] / spikes.drift[spike]
            if spikes.delayed[spike]:
                tangent[row[spike], a:b] = p
            if spikes.at_once[spike]:
                for c in range(a, b):
                    tangent[k, c] *= spikes.ratio[spike]
            else:
                refractory[k] = True
        else:
            p[:] = tangent[row[spike], a:b]
        for link in range(events.first[e], events.last[e]):
            i = links.target[link]
            touch(i, now, since, refractory, tangent, cells, a, b)
            current, by = tangent[links.on_current[link] * n + i, a:b], links.gain_current[link]
            for c in range(b - a):
                current[c] -= by * p[c]
            if not refractory[i]:
                v, by = tangent[i, a:b], links.gain_v[link]
                for c in range(b - a):
                    v[c] += by * p[c]
    for i in range(n):
        touch(i, stop, since, refractory, tangent, cells, a, b)
