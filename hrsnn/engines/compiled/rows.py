"""Links in the order in which the kernels read them, and the queues of rows that spikes will reach."""

from __future__ import annotations

import copy

import numpy as np

from hrsnn.engines.compiled.arguments import Flights, PlasticLinks, Rows
from hrsnn.engines.compiled.simd import LANES
from hrsnn.engines.jit import read_only
from hrsnn.engines.network_state import NetworkState
from hrsnn.reservoir import Links


class LinkRows:
    """Links in the order in which they are read: by (source, delay, target); see :mod:`hrsnn.engines.compiled.arguments`."""

    def __init__(self, links: Links, sources: int, dt: float) -> None:
        steps = np.round(links.delay / dt).astype(np.int64)
        self.longest_lag = int(steps.max(initial=0))
        if self.longest_lag:
            # links are sorted by (source, target): a stable sort keeps that order within each delay of a source
            self.order = np.lexsort((steps, links.pre))
            source, lag = links.pre[self.order], steps[self.order]
            begins = np.append(True, (np.diff(source) != 0) | (np.diff(lag) != 0))
            self.start = np.append(np.flatnonzero(begins), len(source))
            self.lag, self.source = lag[begins], source[begins]
            self.first = np.searchsorted(self.source, np.arange(sources + 1))
        else:
            self.order = slice(None)
            self.start = np.searchsorted(links.pre, np.arange(sources + 1))
            self.lag, self.source = np.empty(0, np.int64), np.arange(sources, dtype=np.int32)
            self.first = np.empty(0, np.int64)
        self.longest = int(np.diff(self.start).max(initial=0))
        self.post = read_only(links.post[self.order])
        self.weight = read_only(links.weight[self.order])
        self._links, self._dt = links, dt

    def within(self, first: int, stop: int) -> LinkRows:
        """Return the same rows with the links to the neurons from `first` to before `stop`, as neurons from 0 on."""
        chosen = (self.post >= first) & (self.post < stop)
        found = copy.copy(self)
        found.start = np.append(0, np.cumsum(chosen))[self.start]
        found.longest = int(np.diff(found.start).max(initial=0))
        found.post, found.weight = read_only(self.post[chosen] - np.int32(first)), read_only(self.weight[chosen])
        return found

    @property
    def arguments(self) -> Rows:
        return Rows(read_only(self.lag), read_only(self.source), read_only(self.first))

    def __len__(self) -> int:
        return len(self.post)

    def taken(self, name: str) -> np.ndarray:
        return read_only(getattr(self._links, name)[self.order])

    def given_back(self, values: np.ndarray) -> np.ndarray:
        """Return values in the order of the reservoir; the same array where the order is the same."""
        if isinstance(self.order, slice):
            return values
        out = np.empty_like(values)
        out[self.order] = values
        return out

    def learning(self, weight: np.ndarray, plus: np.ndarray, minus: np.ndarray) -> PlasticLinks:
        """Return the links with STDP; empty arrays stand for the initial weights and zero traces."""
        self.weight = padded(weight[self.order] if len(weight) else self.weight)
        trace_plus, trace_minus = (padded(t[self.order] if len(t) else np.zeros(len(self))) for t in (plus, minus))
        return PlasticLinks(
            post=self.post,
            weight=self.weight,
            trace_plus=trace_plus,
            trace_minus=trace_minus,
            w_max=self.taken("w_max"),
            rate_plus=read_only(-self._dt / self.taken("tau_plus")),
            rate_minus=read_only(-self._dt / self.taken("tau_minus")),
            a_plus=self.taken("a_plus"),
            a_minus=self.taken("a_minus"),
        )


def padded(values: np.ndarray, behind: float = 0.0) -> np.ndarray:
    """Return a copy as doubles with a pack of `behind` after its end, which kernels that work in packs read and write."""
    room = np.full(len(values) + LANES, behind)[: len(values)]
    room[:] = values
    return room


def queues(rows: LinkRows, start: NetworkState | None) -> Flights:
    """Return the queues of rows that spikes will reach, with the spikes in transit of `start`."""
    slots = rows.longest_lag + 1
    room = 2 * len(rows.lag)
    flights = Flights(
        row=np.empty(room, np.int32),
        following=np.append(np.arange(1, room), -1).astype(np.int32)[:room],
        head=np.full(slots, -1, np.int32),
        tail=np.full(slots, -1, np.int32),
        unused=np.array([0, room]),
    )
    if start is None or not room:
        return flights
    # a spike in transit was emitted `age` steps before step 0; they are in the order of emission
    for age, neuron in zip(start.spike_age.tolist(), start.spike_neuron.tolist(), strict=True):
        for row in range(rows.first[neuron], rows.first[neuron + 1]):
            arrival = int(rows.lag[row]) - age
            if arrival >= 0:
                if not flights.unused[1]:
                    flights = with_more_room(flights)
                entry = flights.unused[0]
                flights.unused[:] = flights.following[entry], flights.unused[1] - 1
                flights.row[entry], flights.following[entry] = row, -1
                if flights.head[arrival] < 0:
                    flights.head[arrival] = entry
                else:
                    flights.following[flights.tail[arrival]] = entry
                flights.tail[arrival] = entry
    return flights


def with_more_room(flights: Flights) -> Flights:
    """Return the queues with twice as many entries."""
    room = len(flights.row)
    following = np.arange(room + 1, 2 * room + 1, dtype=np.int32)
    following[-1] = flights.unused[0] if flights.unused[1] else -1
    return flights._replace(
        row=np.append(flights.row, np.empty(room, np.int32)),
        following=np.append(flights.following, following),
        unused=np.array([room, flights.unused[1] + room]),
    )
