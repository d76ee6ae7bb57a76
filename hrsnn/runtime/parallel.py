"""Application of a function to many tasks (seeds, variants, trials), in one process or several."""

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

#: Maximum number of processes; larger numbers are assumed to be a mistake.
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
    """Return ``[function(task) for task in tasks]``, with the same bytes for any number of `jobs`, here or on a cluster.

    Parameters
    ----------
    function : callable
        Function of one task. It runs in another process if `jobs` is more than 1, and should therefore depend on the task
        only and change only its own files.
    tasks : iterable
    jobs : int
        Number of tasks at a time, each in its own process (joblib's loky); 1: one after another in this process.
    progress : bool or callable
        True: show a bar on stderr that counts tasks. A callable gets (tasks done, tasks in total).
    retries : int
        Maximum number of successive times that processes on this machine are killed with no task done in between; their
        unfinished tasks are run again. On a cluster, the scheduler does this.
    cluster : distributed.Client or str, optional
        Run the tasks on a Dask cluster instead, with any `jobs`: see :func:`hrsnn.runtime.clusters.connect_cluster`.

    Returns
    -------
    list
        The results, in the order of the tasks.

    Raises
    ------
    InputError
        When `jobs` is not an integer >= 1, or `cluster` is not valid.
    HrsnnError
        When processes are killed more than `retries` times in a row, or the cluster is not available.
    Exception
        The exception of the first failing task in order, with a note that names the task; running tasks are stopped.

    Notes
    -----
    BLAS and the compiled engine use one thread within a task, also with one job, since the last bits of a sum depend on the
    number of threads. Ctrl-C stops all tasks. Warnings of a task are shown by the calling process.

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
    """Context in which BLAS and OpenMP use one thread, since the last bits of results depend on the number of threads.

    The limit applies to libraries that are loaded: SciPy's BLAS is loaded here; an OpenMP library that is loaded within the
    context, such as scikit-learn's, reads the environment variable.
    """
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    with _environment("OMP_NUM_THREADS", "1"), threadpool_limits(1):
        yield


@dataclass(frozen=True)
class _Outcome(Generic[Result]):
    """Outcome of a task: its result or exception, and its warnings that have not been shown yet."""

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
    """Yield the outcomes in the order of the tasks; if the iteration ends early, running tasks are stopped."""
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
    """Run a task in this process, with one thread."""
    with one_blas_thread():
        try:
            return _Outcome(function(task))
        except Exception as error:
            check_stopped()
            return _Outcome(error=error)


def _elsewhere(function: Callable[[Task], Result], task: Task) -> _Outcome[Result]:
    """Run a task in another process; its warnings and traceback are returned with its result."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outcome = _here(function, task)
    trace = "".join(traceback.format_exception(outcome.error)) if outcome.error else ""
    warned = [warning.message for warning in caught if isinstance(warning.message, Warning)]
    return _Outcome(outcome.result, outcome.error, trace, warned)


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Context in which an environment variable is set."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
