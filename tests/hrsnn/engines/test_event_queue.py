"""The queues against a search through everything."""

from __future__ import annotations

import heapq

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hrsnn.engines.exact.event_queue import FLIGHT, drop_first, move, push, queue_of, send_on
from hrsnn.engines.jit import jit


@jit
def moved(queue, who, when, first):
    for k in range(len(who)):
        move(queue, who[k], when[k])
        first[k] = queue[1][0]


#: few times, so that ties abound
TIMES = st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0, float("inf")])


@given(n=st.integers(1, 40), data=st.data())
@settings(max_examples=60)
def test_the_first_has_the_least_time_then_the_least_index(n, data):
    moves = data.draw(st.lists(st.tuples(st.integers(0, n - 1), TIMES), min_size=1, max_size=120))
    who, when = (np.array(column) for column in zip(*moves, strict=True))
    queue, first = queue_of(np.zeros(n)), np.empty(len(moves), np.int64)
    moved(queue, who, when, first)
    times = np.zeros(n)
    for k, (i, time) in enumerate(moves):
        times[i] = time
        assert first[k] == np.argmin(times)
    np.testing.assert_array_equal(queue[1][queue[2]], np.arange(n))  # every member knows its place


@given(st.lists(st.tuples(st.sampled_from(["push", "drop", "send on"]), st.integers(0, 9)), max_size=150))
@settings(max_examples=60)
def test_spikes_under_way_come_by_time_then_number(operations):
    flights, ours, number, now = np.zeros(len(operations) + 1, FLIGHT), [], 0, 0.0
    for what, wait in operations:
        if what == "push" or not ours:
            push(flights, len(ours), now + wait, now, number, 100 + number, wait)
            heapq.heappush(ours, (now + wait, number, now, wait))
            number += 1
        else:
            now, last, emitted, link = heapq.heappop(ours)
            first = flights[0]
            assert (first["time"], first["number"], first["emitted"]) == (now, last, emitted)
            assert (first["source"], first["link"]) == (100 + last, link)
            if what == "drop":
                drop_first(flights, len(ours) + 1)
            else:
                send_on(flights, len(ours) + 1, now + wait, link + 1)
                heapq.heappush(ours, (now + wait, last, emitted, link + 1))
