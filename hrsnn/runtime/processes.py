"""Tasks in processes of this machine (joblib's loky), which end with the process that started them."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import Any

from hrsnn.errors import HrsnnError
from hrsnn.runtime.stopping import follow, signals_deferred

#: How long a process waits for another task (s): importing everything takes seconds, and a search has batch after batch.
_IDLE = 300
#: What a killed process leaves in shared memory is removed by the trackers, which would tell of it on standard error.
_QUIET_TRACKERS = "ignore:resource_tracker:UserWarning"
#: One thread for every library that might have more in a worker.
_ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMBA", "NUMEXPR")} | {
    "VECLIB_MAXIMUM_THREADS": "1"
}


class WorkerKilledError(HrsnnError):
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
    WorkerKilledError
        When one of them is killed.

    Notes
    -----
    An exception of a signal between two instructions of loky or of Python's own futures would leave a lock taken, or a
    process that nobody knows. So signals wait while either is at work, and arrive while this waits for results.
    """
    from joblib.executor import get_memmapping_executor
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    executor = None
    futures: list[Future[Any]] = []
    try:
        with signals_deferred():
            _start_trackers()
            with signals_deferred(children=True):
                # without max_nbytes, a large array would arrive read-only, and elsewhere in memory than in one process
                executor = get_memmapping_executor(
                    jobs, timeout=_IDLE, initializer=follow, initargs=(os.getpid(),), env=_ONE_THREAD, max_nbytes=None
                )
        yield _in_order(partial(executor.submit, call, function), tasks, 2 * jobs, futures)
    except BaseException as error:
        if executor is not None:
            with signals_deferred():
                _kill(executor, futures)
        if isinstance(error, TerminatedWorkerError):
            raise WorkerKilledError(
                "a process ended before its task did, for want of memory perhaps: fewer jobs need less"
            ) from error
        raise


@contextlib.contextmanager
def idle_ones_killed() -> Iterator[None]:
    """Context that is not left by an exception before processes that wait for more tasks have ended.

    Python would tell them to end, and wait: that takes them as long as everything they have imported takes to go.

    Examples
    --------
    >>> with idle_ones_killed():
    ...     pass
    """
    try:
        yield
    except BaseException:
        with signals_deferred():
            if multiprocessing.active_children():
                from joblib.externals.loky import get_reusable_executor

                get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)
        raise


def _in_order(
    submit: Callable[[Any], Future[Any]], tasks: Sequence[Any], ahead: int, futures: list[Future[Any]]
) -> Iterator[Any]:
    finished: SimpleQueue[Future[Any]] = SimpleQueue()
    done: set[Future[Any]] = set()
    for index in range(len(tasks)):
        while index >= len(futures) or futures[index] not in done:
            with signals_deferred(children=True):  # a process that has ended is begun again
                for task in tasks[len(futures) : len(done) + ahead]:
                    futures.append(submit(task))
                    futures[-1].add_done_callback(finished.put)
            done.add(finished.get())
        with signals_deferred():
            result = futures[index].result()
        yield result


def _kill(executor: Any, futures: Sequence[Future[Any]]) -> None:
    """Kill the processes, once loky has handed on all that it was given: it stumbles over what it has not."""
    patience = time.monotonic() + 1
    while time.monotonic() < patience and not all(future.running() or future.done() for future in futures):
        time.sleep(0.001)
    executor.terminate(kill_workers=True)


def _start_trackers() -> None:
    """The processes that remove what killed ones leave; begun later, they would let signals through to the workers."""
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as loky_tracker

    sys.warnoptions.append(_QUIET_TRACKERS)  # given on to them as their own -W
    try:
        resource_tracker.ensure_running()
        loky_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(_QUIET_TRACKERS)
