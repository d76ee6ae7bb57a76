"""Tasks in processes of this machine (joblib's loky): they end with their caller, whatever ends it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any

from hrsnn.errors import HrsnnError
from hrsnn.stopping import follow, held

#: How long a process waits for another task (s): importing everything takes seconds, and a search has batch after batch.
_IDLE = 300
#: One thread for every library that might have more in a worker.
_ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMBA", "NUMEXPR")} | {
    "VECLIB_MAXIMUM_THREADS": "1"
}


class Killed(HrsnnError):
    """A process ended before its task did."""


def possible_jobs(jobs: int) -> int:
    """`jobs`, or 1 where there can be no processes: in a daemonic one, or without semaphores.

    Examples
    --------
    >>> possible_jobs(1)
    1
    """
    if multiprocessing.current_process().daemon:
        return 1
    try:
        from multiprocessing import synchronize  # noqa: F401
    except ImportError:
        return 1
    return jobs


@contextlib.contextmanager
def in_processes(
    call: Callable[..., Any], function: Callable[[Any], Any], tasks: Sequence[Any], jobs: int
) -> Iterator[Iterator[Any]]:
    """``call(function, task)`` for each task in `jobs` processes, the results in the order of the tasks.

    The processes stay for the next call. On leaving before the last result they are killed.

    Raises
    ------
    Killed
        When one of them is killed.

    Notes
    -----
    An exception of a signal between two instructions of loky or of Python's own futures would leave a lock taken, or a
    process that nobody knows. So signals wait while either is at work, and arrive while this waits for results.
    """
    from joblib.executor import get_memmapping_executor
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    executor = None
    finished: SimpleQueue[Future[Any]] = SimpleQueue()
    try:
        with held():
            _start_trackers()
            with held(children=True):
                # without max_nbytes, a large array would arrive read-only, and elsewhere in memory than in one process
                executor = get_memmapping_executor(
                    jobs, timeout=_IDLE, initializer=follow, initargs=(os.getpid(),), env=_ONE_THREAD, max_nbytes=None
                )
                futures = [executor.submit(call, function, task) for task in tasks]
                for future in futures:
                    future.add_done_callback(finished.put)
        yield _in_order(futures, finished)
    except BaseException as error:
        if executor is not None:
            with held():
                executor.terminate(kill_workers=True)
        if isinstance(error, TerminatedWorkerError):
            raise Killed("a process ended before its task did, for want of memory perhaps: fewer jobs need less") from error
        raise


def _in_order(futures: Sequence[Future[Any]], finished: SimpleQueue[Future[Any]]) -> Iterator[Any]:
    done: set[Future[Any]] = set()
    for future in futures:
        while future not in done:
            done.add(finished.get())
        with held():
            result = future.result()
        yield result


def _start_trackers() -> None:
    """The processes that remove what killed ones leave; begun later, they would let signals through to the workers."""
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as loky_tracker

    resource_tracker.ensure_running()
    loky_tracker.ensure_running()
