"""What the kernels of the compiled engine are given: arrays by name, as plain tuples that are named on both sides.

N neurons, S links, K different delays. Links are in the order in which they are read: by (delay, source, target), the
longest delay first; ``start[k, source]`` is where those of a source with the k-th delay begin.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Cells(NamedTuple):
    """Constants of a step, (N,) each: the exact solution over one step, and the threshold."""

    v_rest_bias: Any  #: v_rest + i_bias (mV)
    membrane: Any  #: e^(-dt/tau_m)
    exc_to_v: Any
    inh_to_v: Any
    decay_exc: Any
    decay_inh: Any
    adapted_to_v: Any
    decay_adapted: Any
    threshold: Any  #: mV


class Reset(NamedTuple):
    """What a spike does to its neuron, (N,) each."""

    v: Any  #: mV
    hold: Any  #: steps of refractoriness
    adaptation: Any  #: jump of the adaptation current (mV)


class State(NamedTuple):
    """Variables of the neurons, (N,) each; `adapted` is empty where no neuron adapts."""

    v: Any
    exc: Any
    inh: Any
    drive: Any  #: analog input (mV)
    adapted: Any
    free_at: Any  #: the step from which v moves again


class Ring(NamedTuple):
    """The spikes of the latest steps, as many as the longest delay has."""

    neuron: Any  #: (steps, N) int32
    count: Any  #: (steps,)


class Output(NamedTuple):
    """Where a call writes."""

    step: Any  #: (room,) of each spike
    neuron: Any  #: (room,) of each spike
    v: Any  #: (times, N) mV, where it is asked for
    spiked: Any  #: (N,) room for the spikes of one step


class ShortTerm(NamedTuple):
    """Short-term plasticity of recurrent links, (S,) each; all empty where there is none."""

    release: Any  #: U
    rate_recovery: Any  #: -dt/D
    rate_facilitation: Any  #: -dt/F
    used: Any  #: u
    resources: Any  #: R


class Arrivals(NamedTuple):
    """Short-term plasticity, with the step of the latest arrival from each source."""

    arrived: Any  #: (K, N) the step of each source's latest arrival
    short_term: ShortTerm
    strength: Any  #: room for the strengths of one row of links; empty without short-term plasticity


class FrozenLinks(NamedTuple):
    """Recurrent links whose weights stay."""

    lag: Any  #: (K,) delays in steps
    start: Any  #: (K, N + 1)
    post: Any  #: (S,)
    weight: Any  #: (S,) mV


class FrozenInput(NamedTuple):
    """Input links whose weights stay; they have no delay."""

    start: Any  #: (channels + 1,)
    post: Any
    weight: Any


class PlasticLinks(NamedTuple):
    """Links with STDP, (S,) each."""

    post: Any
    weight: Any
    trace_plus: Any
    trace_minus: Any
    w_max: Any
    rate_plus: Any  #: -dt/tau_plus
    rate_minus: Any  #: -dt/tau_minus
    a_plus: Any
    a_minus: Any


class PlasticSide(NamedTuple):
    """Recurrent or input links with STDP, and up to which step each row of them is brought."""

    start: Any  #: (K, sources + 1)
    links: PlasticLinks
    since: Any  #: (K, sources)


class PlasticSides(NamedTuple):
    """All links with STDP."""

    recurrent: PlasticSide
    input: PlasticSide


class Waiting(NamedTuple):
    """Post spikes that wait for their links."""

    latest: Any  #: (N,) step of each neuron's latest one, -1 without
    count: Any  #: (N,) how many wait
    history: Any  #: (N, capacity) their steps


class Scratch(NamedTuple):
    """Room for one row of links."""

    acting: Any  #: weights with which a spike acts
    traced: Any
    owner: Any  #: of each pair of a link and a post spike: the link
    pair_plus: Any
    pair_minus: Any


class SpikeEvents(NamedTuple):
    """Input spikes, by step."""

    step: Any
    channel: Any
    count: Any


class DriveChanges(NamedTuple):
    """Steps from which a new analog drive holds, and the drives (changes, N) in mV."""

    step: Any
    value: Any


class BackgroundEvents(NamedTuple):
    """Background spikes, by step."""

    step: Any
    neuron: Any
    jump: Any  #: mV


class Events(NamedTuple):
    """All that happens from outside during one stimulus."""

    spikes: SpikeEvents
    drive: DriveChanges
    background: BackgroundEvents
    v_step: Any  #: steps after which v is recorded
