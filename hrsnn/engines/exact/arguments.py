"""Arguments of the exact engine's kernel, as NamedTuples of arrays that are passed as plain tuples.

N neurons, S links, sorted by (source, delay, target); times in ms.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Queue(NamedTuple):
    """Members ordered by the time of their next event; see event_queue.py."""

    times: Any  #: (N,) time of each member's next event
    heap: Any  #: (N,) the members, as a heap
    place: Any  #: (N,) index of each member in the heap


class Network(NamedTuple):
    """The neurons."""

    cells: Any  #: (N,) records of constants
    states: Any  #: (N,) records of variables
    queue: Queue


class Links(NamedTuple):
    """Recurrent or input links, indexed by source and by target."""

    start: Any  #: (sources + 1,) index of the first link of each source
    post: Any  #: (S,)
    delay: Any  #: (S,)
    weight: Any  #: (S,) mV
    synapses: Any  #: (S,) records of STDP; empty in a frozen network
    incoming_start: Any  #: (N + 1,) index in `incoming` of the first link to each neuron
    incoming: Any  #: (S,) indices of links by target; empty in a frozen network


class Output(NamedTuple):
    """Output arrays of a call."""

    spike_time: Any
    spike_neuron: Any
    spike_drift: Any  #: dv/dt just before the spike (mV/ms)
    release_spike: Any  #: number of the spike that each refractory period belongs to
    release_drift: Any
    samples: Any  #: (times, variables, R) at the requested times (mV); see hrsnn.engines.watched
    watched: Any  #: (R,) the neurons that are recorded


class Scratch(NamedTuple):
    """Work space for one instant."""

    spiked: Any  #: (N,)
    sizes: Any  #: (3,) numbers of spikes and releases written by this call, and of all spikes so far


class InputEvents(NamedTuple):
    """Input spikes."""

    time: Any
    channel: Any
    count: Any


class DriveChanges(NamedTuple):
    """Times at which the analog drive changes, and the new drives (changes, N) in mV; of all neurons, and of single ones."""

    time: Any
    value: Any
    own_time: Any
    own_neuron: Any
    own_value: Any


class BackgroundEvents(NamedTuple):
    """Background spikes."""

    time: Any
    neuron: Any
    jump: Any  #: mV


class Events(NamedTuple):
    """All external events of one stimulus."""

    input: InputEvents
    drive: DriveChanges
    background: BackgroundEvents
    sample_time: Any  #: times at which neurons are recorded
