"""The same tasks on a cluster of Dask: the same bytes, also when a worker dies, and clear words when there is no cluster."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import HrsnnError, HrsnnWarning, InputError, scripts
from hrsnn.runtime.clusters import connect_cluster
from hrsnn.runtime.parallel import run_all
from hrsnn.runtime.seeds import generator

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler and two worker processes on this machine."""
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster:
        yield cluster.scheduler_address


def product(seed: int) -> bytes:
    matrix = generator(seed, "test").normal(size=(200, 200))
    return np.asarray(np.linalg.svd(matrix @ matrix)[1]).tobytes()


def test_results_equal_the_serial_ones_byte_for_byte(address: str) -> None:
    assert run_all(product, range(7), cluster=address) == run_all(product, range(7))


def test_a_search_on_a_cluster_is_the_search(address: str) -> None:
    from hrsnn.search import Space, search

    space = Space.of({"weight_scale": [1, 10], "tau_m_exc": {"mean": [10, 60], "cv": [0.1, 1]}})

    def bowl(spec: Any, seed: int) -> float:
        return -abs(spec.weight_scale - 3) + seed * 1e-12

    here = search(None, space, bowl, trials=8, seeds=2)
    assert search(None, space, bowl, trials=8, seeds=2, cluster=address).trials == here.trials


@pytest.mark.parametrize(
    "command",
    [
        ["memory", "--values", "500", "--max-delay", "5", "--seeds", "2"],
        ["compare", "--iterations", "2", "--methods", "magnitude", "random"],
    ],
    ids=lambda command: command[0],
)
def test_commands_that_repeat_run_there_too(
    address: str, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # the workers are somewhere else: a relative folder has to reach them
    for out, more in (("here", []), ("there", ["--cluster", address])):
        assert scripts.main([*command, "--neurons", "30", "--quiet", "--out", out, *more]) == 0, capsys.readouterr().err
    files = [one.relative_to("here") for one in Path("here").rglob("*") if one.is_file() and one.name != "timing.json"]
    assert files
    for file in files:
        assert Path("there", file).read_bytes() == Path("here", file).read_bytes(), file


def test_the_work_of_a_dead_worker_is_done_again(address: str, tmp_path: Path) -> None:
    def killed_once(task: int) -> int:
        mark = tmp_path / str(task)
        if task == 1 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return task

    assert run_all(killed_once, range(5), cluster=address) == list(range(5))
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


def test_what_a_task_raises_is_raised_here(address: str) -> None:
    def picky(task: int) -> int:
        if task == 2:
            raise InputError("task", task, "must be something else")
        return task

    with pytest.raises(InputError, match="task = 2: must be something else") as caught:
        run_all(picky, range(4), cluster=address)
    assert caught.value.__notes__[0] == "in task 2"


def test_a_cluster_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hrsnn.runtime.clusters._PATIENCE", 2)
    with pytest.raises(HrsnnError, match=r"no scheduler of Dask answers at tcp://127\.0\.0\.1:9"):
        run_all(abs, [1], cluster="tcp://127.0.0.1:9")
    with pytest.raises(InputError, match="must be the address of a scheduler"), connect_cluster("slrum"):
        pass


def test_workers_of_several_threads_are_refused() -> None:
    options = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "dashboard_address": ":0"}
    refused = pytest.raises(InputError, match="has 2 threads: start workers with --nthreads 1")
    with distributed.LocalCluster(**options) as threaded, refused:
        run_all(abs, [1], cluster=threaded.scheduler_address)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Dask's configuration with a certificate of an authority of its own."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make certificates with")
    folder = tmp_path_factory.mktemp("certificates")
    for command in (
        "req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -out ca.pem -subj /CN=authority",
        "req -newkey rsa:2048 -nodes -keyout key.pem -out request.pem -subj /CN=search",
        "x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out cert.pem",
    ):
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    pair = {"cert": str(folder / "cert.pem"), "key": str(folder / "key.pem")}
    names = ("scheduler", "worker", "client")
    tls = {"ca-file": str(folder / "ca.pem"), **dict.fromkeys(names, pair)}
    return {f"distributed.comm.tls.{name}": value for name, value in tls.items()}


def test_an_encrypted_scheduler_takes_the_certificates_of_the_configuration(certificates: dict[str, Any]) -> None:
    options = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with (
        dask.config.set(certificates),
        distributed.LocalCluster(protocol="tls://", host="127.0.0.1", security=distributed.Security(), **options) as cluster,
    ):
        address = cluster.scheduler_address
        assert address.startswith("tls://127.0.0.1:")
        assert run_all(product, range(3), cluster=address) == run_all(product, range(3))
        nothing = {"cert": None, "key": None}
        with dask.config.set({"distributed.comm.tls.ca-file": None, "distributed.comm.tls.client": nothing}):
            with pytest.raises(InputError, match=r"cluster = 'tls.*needs certificates: distributed.comm.tls"):
                run_all(abs, [1], cluster=address)
            with pytest.raises(HrsnnError, match="no scheduler of Dask answers at tcp"):
                run_all(abs, [1], cluster=address.replace("tls:", "tcp:"))
        with (
            dask.config.set({"distributed.comm.tls.ca-file": "missing.pem"}),
            pytest.raises(HrsnnError, match=r"the certificates in Dask's configuration cannot be used: .*No such file"),
        ):
            run_all(abs, [1], cluster=address)


SBATCH = """#!/bin/sh
[ "$REFUSED" ] && { echo "sbatch: error: invalid partition" >&2; exit 1; }
cp "$1" "$JOBS/script"
setsid sh "$JOBS/script" >"$JOBS/log" 2>&1 &
touch "$JOBS/$!"
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
touch "$JOBS/$1.cancelled"
kill -9 -- "-$1"
"""
JOB = {
    "cores": 1,
    "processes": 1,
    "memory": "1GB",
    "interface": "lo",
    "worker-extra-args": ["--no-nanny", "--no-dashboard"],
    "scheduler-options": {"dashboard_address": ":0"},
}


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A SLURM made of two shell scripts: the folder where each job leaves a file, named by its process group."""
    pytest.importorskip("dask_jobqueue")
    programs, jobs = tmp_path / "bin", tmp_path / "jobs"
    programs.mkdir()
    jobs.mkdir()
    for name, text in {"sbatch": SBATCH, "scancel": SCANCEL}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("JOBS", str(jobs))
    monkeypatch.setenv("REFUSED", "")
    with dask.config.set({"jobqueue.slurm": {**dask.config.get("jobqueue.slurm"), **JOB}}):
        yield jobs


def test_a_job_that_ends_too_early_is_replaced(jobs: Path) -> None:
    """As at its time limit: with work under way, and no other job to do it."""

    def ends_its_job_once(task: int) -> int:
        mark = jobs / "ended"
        if task == 2 and not mark.exists():
            mark.touch()
            os.killpg(0, signal.SIGKILL)
        return task * task

    with dask.config.set({"distributed.deploy.lost-worker-timeout": "100 ms"}):
        assert run_all(ends_its_job_once, range(4), jobs=1, cluster="slurm") == [0, 1, 4, 9]
    begun = {path.name for path in jobs.iterdir() if path.name.isdigit()}
    assert len(begun) == 2
    assert {path.stem for path in jobs.glob("*.cancelled")} == begun  # none is left in the queue


def test_a_batch_system_that_takes_no_jobs(jobs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFUSED", "yes")
    with pytest.raises(HrsnnError, match="slurm took no jobs: sbatch: error: invalid partition"):
        run_all(abs, [1], jobs=2, cluster="slurm")
    assert list(jobs.iterdir()) == []


def test_a_user_whose_jobs_do_not_come_is_told(jobs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hrsnn.runtime.clusters._QUEUED", 0.5)
    prologue = dask.config.set({"jobqueue.slurm.job-script-prologue": ["exit 1"]})
    with prologue, pytest.warns(HrsnnWarning, match="no job of slurm has begun to work"), connect_cluster("slurm"):
        pass


INTERRUPTED = """
import os, signal
from hrsnn.runtime.clusters import connect_cluster

with connect_cluster("slurm"):
    os.kill(os.getpid(), signal.SIGINT)
"""


def test_interrupting_cancels_the_jobs_and_is_no_success(jobs: Path, root: Path) -> None:
    dask_settings = {f"DASK_JOBQUEUE__SLURM__{key.upper().replace('-', '_')}": repr(value) for key, value in JOB.items()}
    program = [sys.executable, "-c", INTERRUPTED]
    done = subprocess.run(
        program, cwd=root, env={**os.environ, **dask_settings}, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode in (130, -signal.SIGINT)
    assert done.stderr.rstrip().endswith("KeyboardInterrupt")
    (job,) = (path.name for path in jobs.iterdir() if path.name.isdigit())
    assert (jobs / f"{job}.cancelled").exists()


def test_a_batch_system_without_its_options(jobs: Path) -> None:
    without = dask.config.set({"jobqueue.slurm.memory": None})
    with without, pytest.raises(InputError, match="cannot be started"), connect_cluster("slurm"):
        pass
