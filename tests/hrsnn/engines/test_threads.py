"""Answers of a pool of threads: in order, few ahead, and an end for those that nobody wants any more."""

from __future__ import annotations

import threading
import time
from contextlib import closing

import pytest

from hrsnn.engines.threads import at_once, in_order


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_answers_come_in_order(workers):
    def task(index: int) -> int:
        time.sleep(0.002 * (index % 3 == 0))
        return index**2

    assert list(in_order(task, 40, workers, [])) == [index**2 for index in range(40)]


def test_only_some_are_ahead():
    begun: list[int] = []
    with closing(in_order(lambda index: begun.append(index), 1000, 2, [])) as answers:
        next(answers)
        time.sleep(0.05)
        assert len(begun) <= 1 + 4 * 2 + 1


def test_an_error_comes_out_and_stops_the_others():
    stop: list[bool] = []
    running = threading.Event()

    def task(index: int) -> int:
        if index == 1:
            running.wait(5)
            raise ValueError("the second")
        while index > 1 and not stop:
            running.set()
            time.sleep(0.001)
        return index

    with pytest.raises(ValueError, match="the second"):
        list(in_order(task, 50, 3, stop))
    assert stop


def test_whoever_leaves_stops_them():
    stop: list[bool] = []
    with closing(in_order(lambda index: index, 50, 2, stop)) as answers:
        assert next(answers) == 0
    assert stop


def test_calls_at_once_wait_for_each_other_and_an_error_comes_out():
    barrier = threading.Barrier(3, timeout=60)
    at_once([barrier.wait] * 3)

    def fails():
        barrier.wait()
        raise ValueError("of a thread")

    with pytest.raises(ValueError, match="of a thread"):
        at_once([barrier.wait, barrier.wait, fails])
    with pytest.raises(ValueError, match="of a thread"):
        at_once([fails, barrier.wait, barrier.wait])


def test_no_call_runs_where_a_thread_cannot_be_started(monkeypatch):
    called, start = [], threading.Thread.start

    def limited(thread):
        if len(called) or threading.active_count() > before:
            raise RuntimeError("can't start new thread")
        start(thread)

    before = threading.active_count()
    monkeypatch.setattr(threading.Thread, "start", limited)
    with pytest.raises(RuntimeError, match="can't start"):
        at_once([lambda: called.append(1)] * 3)
    assert called == []
