"""Ogata's thinning of a Hawkes process with exponential kernels, in Numba."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from typing import Any, NamedTuple

from hrsnn.engines.jit import jit

#: Readings of inhibition: it divides the intensity, or adds to it.
PRODUCT, SUM = 0, 1


class Rates(NamedTuple):
    """How the intensity of a neuron depends on its drives."""

    base: Any  #: (N,) 1/ms
    ceiling: Any  #: bound of Phi, 1/ms
    half: Any  #: inhibitory drive at which the intensity is half of what it is without, 1/ms
    reading: Any  #: PRODUCT or SUM


class Links(NamedTuple):
    """Links sorted by source."""

    first: Any  #: (N + 1,) place of the first link of each source
    target: Any
    weight: Any  #: spikes
    inhibitory: Any  #: (N,) whether a source is inhibitory
    tau_exc: Any  #: ms
    tau_inh: Any


class State(NamedTuple):
    """Drives of the N neurons at `time`, 1/ms, and their intensities."""

    exc: Any
    inh: Any
    intensity: Any
    time: Any  #: (1,) ms


@jit(inline="always")
def phi(x, ceiling):
    """Bounded rate: x between 0 and the ceiling."""
    return min(max(x, 0.0), ceiling)


@jit(inline="always")
def intensity(exc, inh, base, ceiling, half, reading):
    """Intensity of a neuron, from its excitatory and its inhibitory drive."""
    if reading == 0:
        return phi(base + exc, ceiling) / (1.0 + inh / half)
    return phi(base + exc, ceiling) + phi(inh, ceiling)


@jit(inline="always")
def bound(exc, inh, base, ceiling, half, reading):
    """Upper bound of the intensity until the next spike: drives decay, and inhibition with them."""
    if reading == 0:
        return phi(base + exc, ceiling)
    return phi(base + exc, ceiling) + phi(inh, ceiling)


@jit
def thin(state, rates, links, duration, random, times, neurons):
    """Run until `duration`, or until the random numbers or the places for spikes are used up.

    Three numbers of `random`, uniform in [0, 1), are used for each candidate. Returns the number of spikes, that of random
    numbers used, and whether `duration` was reached.
    """
    state, rates, links = State(*state), Rates(*rates), Links(*links)
    n, found, used, t = len(rates.base), 0, 0, state.time[0]
    while found < len(times) and used + 3 <= len(random):
        most = 0.0
        for i in range(n):
            most += bound(state.exc[i], state.inh[i], rates.base[i], rates.ceiling, rates.half, rates.reading)
        wait = duration - t if most <= 0.0 else -math.log1p(-random[used]) / most
        if t + wait >= duration:
            state.time[0] = duration
            return found, used + 3, True
        t += wait
        fade_exc, fade_inh = math.exp(-wait / links.tau_exc), math.exp(-wait / links.tau_inh)
        total = 0.0
        for i in range(n):
            state.exc[i] *= fade_exc
            state.inh[i] *= fade_inh
            one = intensity(state.exc[i], state.inh[i], rates.base[i], rates.ceiling, rates.half, rates.reading)
            state.intensity[i] = one
            total += one
        if random[used + 1] * most < total:
            left, source = random[used + 2] * total, n - 1
            for i in range(n):
                left -= state.intensity[i]
                if left < 0.0:
                    source = i
                    break
            times[found], neurons[found] = t, source
            found += 1
            for k in range(links.first[source], links.first[source + 1]):
                if links.inhibitory[source]:
                    state.inh[links.target[k]] += links.weight[k] / links.tau_inh
                else:
                    state.exc[links.target[k]] += links.weight[k] / links.tau_exc
        used += 3
    state.time[0] = t
    return found, used, False
