"""Independent tasks in a pool of threads, with results in order and a bounded number of waiting results."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from hrsnn.runtime.stopping import signals_deferred

T = TypeVar("T")


def threads() -> int:
    """Return the number of threads for a batch: ``OMP_NUM_THREADS`` if set, else the number of cores available."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdigit() and int(given) > 0:
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(task: Callable[[int], T], tasks: int, workers: int, stop: list[bool]) -> Generator[T, None, None]:
    """Yield ``task(0), task(1), ...``, computed by a pool of threads.

    Parameters
    ----------
    task : callable
        Function of an index, which checks `stop` from time to time.
    tasks, workers : int
    stop : list
        Empty; an element is appended when the results are no longer needed, as after an error or Ctrl-C.

    Examples
    --------
    >>> list(in_order(lambda index: index**2, 5, workers=2, stop=[]))
    [0, 1, 4, 9, 16]
    """
    if workers == 1:
        yield from map(task, range(tasks))
        return
    ahead = 4 * workers
    # SimpleQueue is written in C: Ctrl-C during a wait cannot leave a lock acquired, as it can in Python's own pools
    todo: SimpleQueue[int | None] = SimpleQueue()
    answered: SimpleQueue[_Answer[T]] = SimpleQueue()
    pool: list[Thread] = []
    try:
        for index in range(min(ahead, tasks)):
            todo.put(index)
        with signals_deferred():
            for _ in range(min(workers, tasks)):
                pool.append(Thread(target=_work, args=(task, todo, answered, stop)))
                pool[-1].start()
        early: dict[int, _Answer[T]] = {}
        for index in range(tasks):
            while index not in early:
                answer = answered.get()
                early[answer.index] = answer
            answer = early.pop(index)
            if answer.error is not None:
                raise answer.error
            if index + ahead < tasks:
                todo.put(index + ahead)
            yield answer.value  # type: ignore[misc]
    finally:
        stop.append(True)
        for _ in pool:
            todo.put(None)
        with signals_deferred():
            for thread in pool:
                thread.join()


def at_once(calls: Sequence[Callable[[], object]]) -> None:
    """Run calls that wait for each other, the first in this thread and each other one in a thread of its own.

    Ctrl-C waits for their end, since a call whose partner does not run would wait for ever.

    Examples
    --------
    >>> found = []
    >>> at_once([lambda: found.append(1), lambda: found.append(2)])
    >>> sorted(found)
    [1, 2]
    """
    go: SimpleQueue[bool] = SimpleQueue()
    errors: list[BaseException] = []
    pool: list[Thread] = []

    def run(call: Callable[[], object]) -> None:
        if go.get():
            try:
                call()
            except BaseException as error:
                errors.append(error)

    with signals_deferred():
        try:
            for call in calls[1:]:
                thread = Thread(target=run, args=(call,))
                thread.start()
                pool.append(thread)
        except BaseException:  # no thread more can be started: none of them runs its call
            for _ in pool:
                go.put(False)
            raise
        for _ in pool:
            go.put(True)
        try:
            calls[0]()
        finally:
            for thread in pool:
                thread.join()
    if errors:
        raise errors[0]


@dataclass(frozen=True)
class _Answer(Generic[T]):
    """Value or exception of the task with an index."""

    index: int
    value: T | None = None
    error: BaseException | None = None


def _work(
    task: Callable[[int], T], todo: SimpleQueue[int | None], answered: SimpleQueue[_Answer[T]], stop: list[bool]
) -> None:
    while (index := todo.get()) is not None and not stop:
        try:
            answered.put(_Answer(index, task(index)))
        except BaseException as error:
            answered.put(_Answer(index, error=error))
