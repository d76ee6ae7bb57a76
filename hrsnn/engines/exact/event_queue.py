"""Priority queues of the exact engine: neurons by the time of their next event, and spikes in transit.

Ties are broken by index, so that the order depends on the events only. A heap needs no bucket width and has no bad case;
``benchmarks/exact.py`` compares it with a calendar queue and a tournament tree.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hrsnn.engines.exact.arguments import Queue
from hrsnn.engines.jit import inlined, kernel

#: A spike in transit to links whose delay is not 0: time of the next arrival, time of emission, number in the run,
#: source, and next link.
FLIGHT = np.dtype(
    [("time", np.float64), ("emitted", np.float64), ("number", np.int64), ("source", np.int64), ("link", np.int64)]
)


def queue_of(times: np.ndarray) -> Queue:
    """Return a queue of members whose times are all equal."""
    n = len(times)
    return Queue(times, np.arange(n, dtype=np.int64), np.arange(n, dtype=np.int64))


@inlined
def move(queue: Any, who: int, when: float) -> None:
    """Set the time of a member and restore the heap."""
    times, heap, place = queue.times, queue.heap, queue.place
    n = len(heap)
    times[who] = when
    at = place[who]
    while at > 0:
        parent = (at - 1) >> 2
        other = heap[parent]
        if not (when < times[other] or (when == times[other] and who < other)):
            break
        heap[at] = other
        place[other] = at
        at = parent
    while True:
        child = 4 * at + 1
        if child >= n:
            break
        best = heap[child]
        best_time, best_at = times[best], child
        for sibling in range(child + 1, min(child + 4, n)):
            other = heap[sibling]
            if times[other] < best_time or (times[other] == best_time and other < best):
                best, best_time, best_at = other, times[other], sibling
        if not (best_time < when or (best_time == when and best < who)):
            break
        heap[at] = best
        place[best] = at
        at = best_at
    heap[at] = who
    place[who] = at


@kernel
def _swap_if_before(flights: Any, low: int, high: int) -> bool:
    """Swap two spikes if the one at `low`, further down in the heap, arrives before the one at `high`."""
    a, b = flights[low], flights[high]
    if not (a.time < b.time or (a.time == b.time and a.number < b.number)):
        return False
    a.time, b.time = b.time, a.time
    a.emitted, b.emitted = b.emitted, a.emitted
    a.number, b.number = b.number, a.number
    a.source, b.source = b.source, a.source
    a.link, b.link = b.link, a.link
    return True


@kernel
def push(flights: Any, count: int, time: float, emitted: float, number: int, source: int, link: int) -> None:
    """Add a spike to a heap of `count` spikes."""
    new = flights[count]
    new.time, new.emitted, new.number, new.source, new.link = time, emitted, number, source, link
    at = count
    while at > 0 and _swap_if_before(flights, at, (at - 1) >> 1):
        at = (at - 1) >> 1


@kernel
def send_on(flights: Any, count: int, time: float, link: int) -> None:
    """Set the next link of the first spike of a heap of `count`, and its time of arrival there."""
    flights[0].time, flights[0].link = time, link
    at = 0
    while True:
        child = 2 * at + 1
        if child + 1 < count and not (
            flights[child].time < flights[child + 1].time
            or (flights[child].time == flights[child + 1].time and flights[child].number < flights[child + 1].number)
        ):
            child += 1
        if child >= count or not _swap_if_before(flights, child, at):
            break
        at = child


@kernel
def drop_first(flights: Any, count: int) -> None:
    """Remove the first spike from a heap of `count` spikes."""
    first, last = flights[0], flights[count - 1]
    first.emitted, first.number, first.source = last.emitted, last.number, last.source
    send_on(flights, count - 1, last.time, last.link)
