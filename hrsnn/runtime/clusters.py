"""Parallel tasks on a Dask cluster: an existing one, or jobs of a batch system."""

from __future__ import annotations

import contextlib
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from hrsnn.errors import HrsnnError, HrsnnWarning, InputError

if TYPE_CHECKING:
    from distributed import Client

#: Timeout for a connection to a scheduler (s).
_PATIENCE = 15
#: Time without a worker of a batch system after which the user is warned (s).
_QUEUED = 60
#: Classes of dask-jobqueue by name of the batch system; their options are read from Dask's configuration files.
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
    """Context that yields a client of a cluster; on leaving, the client is closed if it was opened here.

    Parameters
    ----------
    cluster : distributed.Client or str, optional
        A client; the address of a scheduler, ``"tcp://host:8786"``, or ``"tls://host:8786"`` with the certificates in
        Dask's configuration (``distributed.comm.tls``); or a batch system, ``"slurm"``, ``"pbs"``, ``"sge"``, ``"lsf"``,
        ``"oar"``, ``"moab"`` or ``"htcondor"``, to which `jobs` jobs are submitted with the options in Dask's configuration
        files (``~/.config/dask/jobqueue.yaml``). Default: no cluster.
    jobs : int
        Number of jobs of the batch system.

    Yields
    ------
    distributed.Client or None

    Raises
    ------
    InputError
        When `cluster` is neither an address nor a batch system, the batch system's options are missing, or workers have
        several threads.
    HrsnnError
        When no scheduler responds at the address, the batch system rejects the jobs, or the extra ``cluster`` is not
        installed.

    Notes
    -----
    Workers must have the same version of hrsnn and one thread per process (``--nthreads 1``), since Brian2 is not
    thread-safe; in a worker Brian2 must be imported before the first task (``--preload brian2``).

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
    """Check that `cluster` is valid, without connecting to it.

    Raises
    ------
    InputError
        For anything other than a client, the address of a scheduler, a batch system or None.
    """
    if cluster is None or callable(getattr(cluster, "submit", None)):
        return
    if not isinstance(cluster, str) or ("://" not in cluster and cluster not in _BATCH_SYSTEMS):
        known = ", ".join(_BATCH_SYSTEMS)
        raise InputError(name, cluster, f"must be the address of a scheduler, such as tcp://host:8786, or one of {known}")


def _check_certificates(address: str) -> None:
    """Check that an encrypted address has certificates, without which Dask would fail only after half a minute."""
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
    """Return a cluster whose workers are `jobs` jobs; a job that ends before the cluster is closed is replaced."""
    interrupted = signal.getsignal(signal.SIGINT)
    try:
        import dask_jobqueue
    except ImportError as error:
        raise HrsnnError("a batch system needs dask-jobqueue: pip install 'hrsnn[cluster]'") from error
    except SystemExit as error:  # Ctrl-C during the import, for the reason below
        raise KeyboardInterrupt from error
    if signal.getsignal(signal.SIGINT) is not interrupted:  # its import installs a handler that exits silently with code 0
        signal.signal(signal.SIGINT, interrupted)
    try:
        system = getattr(dask_jobqueue, _BATCH_SYSTEMS[name])()
    except (ValueError, OSError) as error:
        raise InputError("cluster", name, f"cannot be started; is it in ~/.config/dask/jobqueue.yaml? {error}") from error
    # not by `scale`, which only logs it when the batch system rejects the jobs
    for _ in range(jobs):
        system.worker_spec.update(system.new_worker_spec())
    with _closed_where_refused(system, name):
        system.sync(lambda: system)
    # Dask counts a job that has reached its time limit as running: without this, its tasks would wait for ever
    system.adapt(minimum_jobs=jobs, maximum_jobs=jobs)
    return system


def _check_threads(client: Any) -> None:
    """Check that the workers connected so far do not run several tasks in one process."""
    for worker, threads in client.nthreads().items():
        if threads > 1:
            reason = f"has {threads} threads: start workers with --nthreads 1, jobs with cores: 1 and processes: 1"
            raise InputError("cluster", worker, reason)


def _tell_where_none_comes(client: Client, name: str) -> None:
    """Warn if no worker has started after a while: jobs may be in the queue for hours, or may have failed at their start."""
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
            job.status = Status.failed  # otherwise Dask waits for them
        system.close()
        raise HrsnnError(f"{name} took no jobs: {_last_line(error)}") from error


@contextlib.contextmanager
def on_cluster(
    client: Any, call: Callable[..., Any], function: Callable[[Any], Any], tasks: Sequence[Any]
) -> Iterator[Iterator[Any]]:
    """Yield ``call(function, task)`` for each task, computed by the workers, in the order of the tasks.

    The tasks of a worker that dies are run again by the scheduler. If the iteration ends early, waiting tasks are cancelled.
    """
    # pure=False: each call has its own key, since the same function with the same task is another run
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
