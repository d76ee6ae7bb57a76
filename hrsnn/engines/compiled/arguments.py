"""Arguments of the compiled engine's kernels, as NamedTuples of arrays that are passed as plain tuples.

N neurons, S links, R rows: the links of one source with one delay, which a spike reaches at once. Links are in the order
in which they are read, by (source, delay, target); row r has those from ``start[r]`` to before ``start[r + 1]``. Without
delays there is one row for each source, row r being that of source r, and nothing is stored for delays.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Cells(NamedTuple):
    """Factors of the exact solution over one step, and the threshold; (N,) each, with room for one more pack.

    `decay_exc`, `decay_inh` and `threshold` have a single value where all three are the same for all neurons.
    """

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
    """Effects of a spike on its neuron, (N,) each."""

    v: Any  #: mV
    hold: Any  #: refractory period in steps
    adaptation: Any  #: increment of the adaptation current (mV)


class State(NamedTuple):
    """Variables of the neurons, (N,) each, with room for one more pack; `adapted` is empty where no neuron adapts."""

    v: Any
    exc: Any
    inh: Any
    v_inf: Any  #: v_rest + i_bias + analog input (mV)
    adapted: Any
    free_at: Any  #: the first step after the refractory period, as a double


class Beginnings(NamedTuple):
    """Steps of a call at which another stimulus begins, from rest."""

    step: Any  #: ascending
    v_start: Any  #: (N,) mV


class Meeting(NamedTuple):
    """Where T threads, each of which simulates a range of the neurons, exchange the spikes of a step; empty for one thread.

    All but `everyone` is shared. Spikes of a step are in the half of its parity, since a thread may be a step ahead.
    """

    place: Any  #: (2,) number of this thread, and its first neuron
    reached: Any  #: (8 T,) at 8 t: number of steps whose spikes thread t has written; a cache line each
    count: Any  #: (2, T, 8) at 0: number of its spikes; at 1: whether its buffer of spikes is full after this step
    spiked: Any  #: (2, T, N / T) its spikes
    everyone: Any  #: (N,) work space for all spikes of a step


class Flights(NamedTuple):
    """Rows that spikes will reach, in a queue for each of the next steps, first emitted first; empty without delays.

    Entries of all queues and the unused ones are linked lists in the same arrays.
    """

    row: Any  #: (capacity,) int32
    following: Any  #: (capacity,) int32: next entry of the same list, -1 at its end
    head: Any  #: (slots,) first entry of each step's queue, -1 where it is empty
    tail: Any  #: (slots,) its last entry
    unused: Any  #: (2,) first unused entry, and their number


class Output(NamedTuple):
    """Output arrays of a call."""

    step: Any  #: (room,) of each spike
    neuron: Any  #: (room,) of each spike
    seen: Any  #: (times, variables, R) mV, at the requested steps; see hrsnn.engines.watched
    watched: Any  #: (R,) the neurons that are recorded
    spiked: Any  #: (N,) work space for the spikes of one step
    words: Any  #: (N / 64,) work space for the same as bits
    due: Any  #: (R,) work space for the rows that spikes reach in one step


class ShortTerm(NamedTuple):
    """Short-term plasticity of recurrent links, (S,) each; empty without short-term plasticity."""

    release: Any  #: U
    rate_recovery: Any  #: -dt/D
    rate_facilitation: Any  #: -dt/F
    used: Any  #: u
    resources: Any  #: R


class Arrivals(NamedTuple):
    """Short-term plasticity and the latest arrivals from each source."""

    arrived: Any  #: (R,) step of the latest arrival at each row
    short_term: ShortTerm
    strength: Any  #: work space for the strengths of one row of links; empty without short-term plasticity


class Rows(NamedTuple):
    """Rows of the recurrent links; `lag` and `first` are empty without delays."""

    lag: Any  #: (R,) delay in steps
    source: Any  #: (R,) neuron
    first: Any  #: (N + 1,) rows of each neuron


class FrozenLinks(NamedTuple):
    """Recurrent links with constant weights."""

    start: Any  #: (R + 1,)
    post: Any  #: (S,)
    weight: Any  #: (S,) mV


class FrozenInput(NamedTuple):
    """Input links with constant weights; they have no delay."""

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
    """Recurrent or input links with STDP; each row of links is up to date until a step of its own."""

    start: Any  #: (R + 1,)
    links: PlasticLinks
    since: Any  #: (R,) step up to which each row is up to date


class PlasticSides(NamedTuple):
    """All links with STDP."""

    recurrent: PlasticSide
    input: PlasticSide


class Waiting(NamedTuple):
    """Postsynaptic spikes that have not been applied to all links yet."""

    latest: Any  #: (N,) step of each neuron's latest one, -1 if none
    recent: Any  #: (N, 8) steps of its latest ones, the last first, -1 if none
    count: Any  #: (N,) their number
    history: Any  #: (N, capacity) steps of all


class Scratch(NamedTuple):
    """Work space for one row of links."""

    acting: Any  #: weights with which a spike acts
    traced: Any
    owner: Any  #: link of each pair of a link and a postsynaptic spike
    pair_plus: Any
    pair_minus: Any


class SpikeEvents(NamedTuple):
    """Input spikes, by step."""

    step: Any
    channel: Any
    count: Any


class DriveChanges(NamedTuple):
    """Steps at which the analog drive changes, and the new drives (changes, N) in mV; of all neurons, and of single ones."""

    step: Any
    value: Any
    own_step: Any
    own_neuron: Any
    own_value: Any


class BackgroundEvents(NamedTuple):
    """Background spikes, by step."""

    step: Any
    neuron: Any
    jump: Any  #: mV


class Events(NamedTuple):
    """All external events of one stimulus."""

    spikes: SpikeEvents
    drive: DriveChanges
    background: BackgroundEvents
    v_step: Any  #: steps after which neurons are recorded
