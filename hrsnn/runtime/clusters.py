"""Parallel tasks on a Dask cluster: one that runs already, or jobs of a batch system."""

from __future__ import annotations

import contextlib
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from hrsnn.errors import HrsnnError, HrsnnWarning, InputError

if TYPE_CHECKING:
    from distributed import Client

#: How long a scheduler may take to answer (s).
_PATIENCE = 15
#: After how long without a worker the user is told, where a batch system is to start them (s).
_QUEUED = 60
#: Batch systems by name: the class of dask-jobqueue, which takes its options from Dask's configuration files.
_BATCH_SYSTEMS = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "lsf": "LSFCluster",
    "oar": "OARCluster",
    "moab": "MoabCluster",
    "htcondor": "HTCondorCluster",
}


@contextlib.contextmanager
def connect_cluster(cluster: Client | str | None, jobs: int = 1) -> Iterator[Client | None]:
    """A client of a cluster, closed on leaving where this opened it.

    Parameters
    ----------
    cluster : distributed.Client or str, optional
        A client; the address of a scheduler, ``"tcp://host:8786"``, or ``"tls://host:8786"`` with the certificates in
        Dask's configuration (``distributed.comm.tls``); or a batch system, ``"slurm"``, ``"pbs"``, ``"sge"``, ``"lsf"``,
        ``"oar"``, ``"moab"`` or ``"htcondor"``, of which `jobs` jobs are asked for with the options in Dask's configuration
        files (``~/.config/dask/jobqueue.yaml``). Left out: no cluster.
    jobs : int
        Jobs of the batch system.

    Yields
    ------
    distributed.Client or None

    Raises
    ------
    InputError
        When the name is neither, the batch system's options are missing, or workers have several threads.
    HrsnnError
        When nothing answers at the address, the batch system takes no jobs, or the extra ``cluster`` is not installed.

    Notes
    -----
    Workers must have the same hrsnn, a process for each task (``--nthreads 1``): Brian2 runs wrongly in threads, and in a
    worker it must be imported before the first task (``--preload brian2``).

    Examples
    --------
    >>> with connect_cluster(None) as client:
    ...     print(client)
    None
    """
    check_cluster("cluster", cluster)
    if cluster is None or not isinstance(cluster, str):
        yield cluster
        return
    try:
        import distributed

        opening: Any = distributed.Client
    except ImportError as error:
        raise HrsnnError("a cluster needs Dask: pip install 'hrsnn[cluster]'") from error
    with contextlib.ExitStack() as stack:
        _check_certificates(cluster)
        place: Any = cluster if "://" in cluster else stack.enter_context(_batch_system(cluster, jobs))
        try:
            client = opening(place, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise HrsnnError(f"no scheduler of Dask answers at {cluster}: {_first_line(error)}") from error
        stack.enter_context(client)
        if place is not cluster:
            _tell_where_none_comes(client, cluster)
        _check_threads(client)
        yield client


def check_cluster(name: str, cluster: Any) -> None:
    """Refuse what is no cluster, without asking whether anything answers there.

    Raises
    ------
    InputError
        For anything but a client, the address of a scheduler, a batch system or None.
    """
    if cluster is None or callable(getattr(cluster, "submit", None)):
        return
    if not isinstance(cluster, str) or ("://" not in cluster and cluster not in _BATCH_SYSTEMS):
        known = ", ".join(_BATCH_SYSTEMS)
        raise InputError(name, cluster, f"must be the address of a scheduler, such as tcp://host:8786, or one of {known}")


def _check_certificates(address: str) -> None:
    """Refuse an encrypted address without certificates before Dask does, which then waits half a minute for nothing."""
    import dask
    import distributed

    if not address.startswith("tls://") or dask.config.get("distributed.client.security-loader", None):
        return
    try:
        security: Any = distributed.Security
        encrypted = security().get_connection_args("client")["ssl_context"] is not None
    except OSError as error:
        raise HrsnnError(f"the certificates in Dask's configuration cannot be used: {_first_line(error)}") from error
    if not encrypted:
        raise InputError("cluster", address, "needs certificates: distributed.comm.tls in Dask's configuration")


def _batch_system(name: str, jobs: int) -> Any:
    """A cluster whose workers are `jobs` jobs; one that ends before the cluster does is replaced by another."""
    interrupted = signal.getsignal(signal.SIGINT)
    try:
        import dask_jobqueue
    except ImportError as error:
        raise HrsnnError("a batch system needs dask-jobqueue: pip install 'hrsnn[cluster]'") from error
    except SystemExit as error:  # Ctrl-C came after that
        raise KeyboardInterrupt from error
    if signal.getsignal(signal.SIGINT) is not interrupted:  # imported, it makes Ctrl-C a silent end with exit code 0
        signal.signal(signal.SIGINT, interrupted)
    try:
        system = getattr(dask_jobqueue, _BATCH_SYSTEMS[name])()
    except (ValueError, OSError) as error:
        raise InputError("cluster", name, f"cannot be started; is it in ~/.config/dask/jobqueue.yaml? {error}") from error
    # not by `scale`, which tells nobody but a log when the batch system takes no jobs
    for _ in range(jobs):
        system.worker_spec.update(system.new_worker_spec())
    with _closed_where_refused(system, name):
        system.sync(lambda: system)
    # Dask itself counts a job that came to its time limit as there: without this, its work would wait for ever
    system.adapt(minimum_jobs=jobs, maximum_jobs=jobs)
    return system


def _check_threads(client: Any) -> None:
    """Refuse workers that would run several tasks in one process, of those that are there so far."""
    for worker, threads in client.nthreads().items():
        if threads > 1:
            reason = f"has {threads} threads: start workers with --nthreads 1, jobs with cores: 1 and processes: 1"
            raise InputError("cluster", worker, reason)


def _tell_where_none_comes(client: Client, name: str) -> None:
    """Jobs may wait in the queue for hours; those that fail before they can say so are waited for just as long."""
    try:
        client.wait_for_workers(1, timeout=_QUEUED)
    except TimeoutError:
        where = "look at the queue, and at what the jobs wrote (SLURM: slurm-*.out)"
        warnings.warn(f"no job of {name} has begun to work in {_QUEUED:g} s: {where}", HrsnnWarning, stacklevel=5)


@contextlib.contextmanager
def _closed_where_refused(system: Any, name: str) -> Iterator[None]:
    from distributed.core import Status

    try:
        yield
    except (RuntimeError, OSError) as error:
        for job in system.workers.values():
            job.status = Status.failed  # or Dask waits for them
        system.close()
        raise HrsnnError(f"{name} took no jobs: {_last_line(error)}") from error


@contextlib.contextmanager
def on_cluster(
    client: Any, call: Callable[..., Any], function: Callable[[Any], Any], tasks: Sequence[Any]
) -> Iterator[Iterator[Any]]:
    """``call(function, task)`` for each task on the workers, the results in the order of the tasks.

    A worker that dies loses nothing: the scheduler has its tasks done again. On leaving before the last, those that wait are
    taken back.
    """
    # a key of its own for each: the same function with the same task is another run
    futures = [client.submit(call, function, task, pure=False, retries=0) for task in tasks]
    try:
        yield (_result(future) for future in futures)
    finally:
        client.cancel(futures)


def _result(future: Any) -> Any:
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        raise HrsnnError(f"workers died again and again over one task: {_first_line(error)}") from error
    except (FutureCancelledError, OSError) as error:
        raise HrsnnError(f"the cluster was lost: {_first_line(error)}") from error


def _last_line(error: BaseException) -> str:
    return str(error).strip().rpartition("\n")[2]


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
