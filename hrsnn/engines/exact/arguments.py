"""What the kernel of the exact engine is given: arrays by name, which travel as plain tuples and are named on both sides.

N neurons, S links, sorted by (source, delay, target); times in ms.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Queue(NamedTuple):
    """The members by the time of their next event; see event_queue.py."""

    times: Any  #: (N,) of each member
    heap: Any  #: (N,) the members, as a heap
    place: Any  #: (N,) where in the heap each member is


class Network(NamedTuple):
    """The neurons."""

    cells: Any  #: (N,) records of constants
    states: Any  #: (N,) records of variables
    queue: Queue


class Links(NamedTuple):
    """Recurrent or input links, and which of them lead to a neuron."""

    start: Any  #: (sources + 1,) where the links of each source begin
    post: Any  #: (S,)
    delay: Any  #: (S,)
    weight: Any  #: (S,) mV
    synapses: Any  #: (S,) records of STDP; empty where weights stay
    incoming_start: Any  #: (N + 1,) where those that lead to each neuron begin in `incoming`
    incoming: Any  #: (S,) indices of links by target; empty where weights stay


class Output(NamedTuple):
    """Where a call writes."""

    spike_time: Any
    spike_neuron: Any
    spike_drift: Any  #: dv/dt just before the spike (mV/ms)
    release_spike: Any  #: of each end of a refractory period, the number of its spike
    release_drift: Any
    samples: Any  #: (times, N) v where it is asked for (mV)


class Scratch(NamedTuple):
    """Room for one instant."""

    spiked: Any  #: (N,)
    sizes: Any  #: (3,) spikes and releases written by this call, and spikes in all


class InputEvents(NamedTuple):
    """Input spikes."""

    time: Any
    channel: Any
    count: Any


class DriveChanges(NamedTuple):
    """Times from which a new analog drive holds, and the drives (changes, N) in mV."""

    time: Any
    value: Any


class BackgroundEvents(NamedTuple):
    """Background spikes."""

    time: Any
    neuron: Any
    jump: Any  #: mV


class Events(NamedTuple):
    """All that happens from outside during one stimulus."""

    input: InputEvents
    drive: DriveChanges
    background: BackgroundEvents
    sample_time: Any  #: when v is recorded
