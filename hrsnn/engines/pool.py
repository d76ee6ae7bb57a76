"""Independent stimuli in threads: answers in order, and no more of them ahead than memory should hold."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

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
    with ThreadPoolExecutor(workers) as pool:
        waiting = deque(pool.submit(task, index) for index in range(min(ahead, tasks)))
        try:
            for index in range(tasks):
                answer = waiting.popleft().result()
                if index + ahead < tasks:
                    waiting.append(pool.submit(task, index + ahead))
                yield answer
        finally:
            stop.append(True)
            for future in waiting:
                future.cancel()
