"""Tasks in processes on this machine (joblib's loky), which end together with the process that started them."""

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

#: Time that an idle process is kept for further tasks (s): imports take seconds, and a search runs many batches.
_IDLE = 300
#: Suppresses the trackers' warning on standard error when they remove the shared memory of a killed process.
_QUIET_TRACKERS = "ignore:resource_tracker:UserWarning"
#: Environment of a worker: one thread for each library that could use more.
_ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMBA", "NUMEXPR")} | {
    "VECLIB_MAXIMUM_THREADS": "1"
}


class WorkerKilledError(HrsnnError):
    """A process ended before its task did."""


def possible_jobs(jobs: int) -> int:
    """Return `jobs`, or 1 where processes cannot be started: in a daemonic process, or without semaphores.

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
    """Yield ``call(function, task)`` for each task, computed in `jobs` processes, in the order of the tasks.

    The processes are kept for the next call. If the iteration ends early they are killed.

    Raises
    ------
    WorkerKilledError
        When one of them is killed.

    Notes
    -----
    An exception of a signal handler within the code of loky or of Python's futures could leave a lock acquired, or a
    process without a reference to it. Signals are therefore deferred during such code and handled while waiting for results.
    """
    from joblib.executor import get_memmapping_executor
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    executor = None
    futures: list[Future[Any]] = []
    try:
        with signals_deferred():
            _start_trackers()
            with signals_deferred(children=True):
                # max_nbytes: otherwise large arrays would be memory-mapped: read-only, and placed differently in memory
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
    """Context that, when left by an exception, first kills idle processes.

    Python would ask them to exit and wait, which takes as long as the teardown of all modules that they have imported.

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
            with signals_deferred(children=True):  # loky starts a process again if one has ended
                for task in tasks[len(futures) : len(done) + ahead]:
                    futures.append(submit(task))
                    futures[-1].add_done_callback(finished.put)
            done.add(finished.get())
        with signals_deferred():
            result = futures[index].result()
        yield result


def _kill(executor: Any, futures: Sequence[Future[Any]]) -> None:
    """Kill the processes, after loky has sent all submitted tasks to them: it fails on tasks that are not sent yet."""
    patience = time.monotonic() + 1
    while time.monotonic() < patience and not all(future.running() or future.done() for future in futures):
        time.sleep(0.001)
    executor.terminate(kill_workers=True)


def _start_trackers() -> None:
    """Start the resource trackers of killed processes now, since starting them later would unblock signals in workers."""
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as loky_tracker

    sys.warnoptions.append(_QUIET_TRACKERS)  # passed to them as -W
    try:
        resource_tracker.ensure_running()
        loky_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(_QUIET_TRACKERS)
