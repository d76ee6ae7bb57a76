"""Independent tasks in threads: results in order, with a bounded number of results ahead."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from hrsnn.runtime.stopping import signals_deferred

T = TypeVar("T")


def threads() -> int:
    """How many threads answer a batch: as many as BLAS may use where that is limited, else one a core that we may use."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdigit() and int(given) > 0:
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(task: Callable[[int], T], tasks: int, workers: int, stop: list[bool]) -> Generator[T, None, None]:
    """``task(0), task(1), ...`` from a pool of threads.

    Parameters
    ----------
    task : callable
        Of an index; it looks at `stop` now and then.
    tasks, workers : int
    stop : list
        Empty; filled when nobody wants the answers any more, as after an error or Ctrl-C.

    Examples
    --------
    >>> list(in_order(lambda index: index**2, 5, workers=2, stop=[]))
    [0, 1, 4, 9, 16]
    """
    if workers == 1:
        yield from map(task, range(tasks))
        return
    ahead = 4 * workers
    # these queues are written in C: Ctrl-C while one is waited for leaves no lock taken, as it may in Python's own pools
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


@dataclass(frozen=True)
class _Answer(Generic[T]):
    """Of the task with an index: its value, or what it raised."""

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
