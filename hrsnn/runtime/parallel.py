"""One function over many tasks (seeds, variants, trials), in one process or in several."""

from __future__ import annotations

import contextlib
import os
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hrsnn.errors import HrsnnError, InputError
from hrsnn.runtime.clusters import connect_cluster, on_cluster
from hrsnn.runtime.processes import WorkerKilledError, in_processes, possible_jobs
from hrsnn.runtime.progress import progress_bar
from hrsnn.runtime.stopping import check_stopped
from hrsnn.validation.numbers import count_of

if TYPE_CHECKING:
    from distributed import Client

Task = TypeVar("Task")
Result = TypeVar("Result")

#: Of processes that anybody has asked for on purpose.
_MOST_JOBS = 4096


def run_all(
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    *,
    jobs: int = 1,
    progress: bool | Callable[[float, float], None] = False,
    retries: int = 0,
    cluster: Client | str | None = None,
) -> list[Result]:
    """``[function(task) for task in tasks]``, with the same bytes for any number of `jobs`, here or on a cluster.

    Parameters
    ----------
    function : callable
        Of one task. It runs in another process where `jobs` is more than 1, so that it should depend on nothing but the task
        and change nothing but files of its own.
    tasks : iterable
    jobs : int
        How many tasks at a time, each in a process of its own (joblib's loky); 1: one after the other in this process.
    progress : bool or callable
        True: a bar on stderr that counts tasks. A callable gets (tasks done, tasks in all).
    retries : int
        How often in a row processes on this machine may be killed before a task is done: their unfinished tasks are done
        again. A cluster does so by itself.
    cluster : distributed.Client or str, optional
        Run the tasks on a cluster of Dask instead, whatever `jobs`: see :func:`hrsnn.runtime.clusters.connect_cluster`.

    Returns
    -------
    list
        The results, in the order of the tasks.

    Raises
    ------
    InputError
        When `jobs` is no whole number >= 1, or `cluster` no cluster.
    HrsnnError
        When processes are killed more than `retries` times in a row, or there is no such cluster.
    Exception
        What the first task in order that fails raised, with a note that names the task; running tasks are stopped.

    Notes
    -----
    BLAS and the compiled engine use one thread within a task, for one job too: the last bits of a sum depend on how many
    there are. Ctrl-C stops all tasks. Warnings of a task are shown by the calling process.

    Examples
    --------
    >>> run_all(lambda seed: seed**2, range(4))
    [0, 1, 4, 9]
    """
    if not callable(function):
        raise InputError("function", function, "must be a function of one task")
    work, jobs, retries = list(tasks), count_of("jobs", jobs, most=_MOST_JOBS), count_of("retries", retries, 0)
    results: list[Result] = []
    left = retries
    with progress_bar(progress, len(work), "tasks") as done, connect_cluster(cluster, jobs) as client:
        while True:
            rest = work[len(results) :]
            try:
                with _outcomes(function, rest, min(jobs, len(rest)), client) as outcomes:
                    for task, outcome in zip(rest, outcomes, strict=True):
                        results.append(outcome.opened(task))
                        left = retries
                        done(len(results))
                return results
            except WorkerKilledError as error:
                if not left:
                    raise HrsnnError(str(error)) from error
                left -= 1


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """BLAS and OpenMP on one thread: with more, the last bits of their results depend on how many."""
    import sklearn.linear_model  # noqa: F401  # loads every BLAS and OpenMP library: a limit reaches only loaded ones
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


@dataclass(frozen=True)
class _Outcome(Generic[Result]):
    """What one task left: its result, or what it raised; and what it warned of, where nobody saw that yet."""

    result: Result | None = None
    error: Exception | None = None
    trace: str = ""
    warned: Sequence[Warning] = ()

    def opened(self, task: Any) -> Result:
        for warning in self.warned:
            warnings.warn(warning, stacklevel=4)
        if self.error is not None:
            self.error.add_note(f"in task {task!r}")
            if self.trace:
                self.error.add_note(self.trace)
            raise self.error
        return self.result  # type: ignore[return-value]


@contextlib.contextmanager
def _outcomes(
    function: Callable[[Task], Result], tasks: Sequence[Task], jobs: int, client: Client | None
) -> Iterator[Iterator[_Outcome[Result]]]:
    """The outcomes in the order of the tasks; on leaving before the last, running tasks are stopped."""
    if client is not None:
        with on_cluster(client, _elsewhere, function, tasks) as outcomes_there:
            yield outcomes_there
        return
    if possible_jobs(jobs) <= 1:
        yield (_here(function, task) for task in tasks)
        return
    with in_processes(_elsewhere, function, tasks, jobs) as outcomes:
        yield outcomes


def _here(function: Callable[[Task], Result], task: Task) -> _Outcome[Result]:
    """One task, on one thread."""
    with one_blas_thread(), _environment("OMP_NUM_THREADS", "1"):
        try:
            return _Outcome(function(task))
        except Exception as error:
            check_stopped()
            return _Outcome(error=error)


def _elsewhere(function: Callable[[Task], Result], task: Task) -> _Outcome[Result]:
    """One task in a process of its own: what it warns of and where it failed travels back with its result."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outcome = _here(function, task)
    trace = "".join(traceback.format_exception(outcome.error)) if outcome.error else ""
    warned = [warning.message for warning in caught if isinstance(warning.message, Warning)]
    return _Outcome(outcome.result, outcome.error, trace, warned)


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Set an environment variable for a while."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
