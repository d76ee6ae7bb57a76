"""The same function over many tasks: the results, the failures and the end are the same for any number of processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from hrsnn.errors import HrsnnError, HrsnnWarning, InputError
from hrsnn.runtime.parallel import run_all
from hrsnn.runtime.seeds import generator

BOTH = pytest.mark.parametrize("jobs", [1, 2])


def product(seed: int) -> bytes:
    """Sums long enough that BLAS would split them, had it several threads."""
    matrix = generator(seed, "test").normal(size=(300, 300))
    return np.asarray(np.linalg.svd(matrix @ matrix)[1]).tobytes()


def test_results_are_in_order_and_the_same_bytes_for_any_number_of_jobs() -> None:
    with threadpool_limits(1):
        wanted = [product(seed) for seed in range(5)]
    assert run_all(product, range(5), jobs=1) == wanted
    assert run_all(product, range(5), jobs=2) == wanted


def slower_the_earlier(task: int) -> int:
    time.sleep(0.05 * (4 - task))
    return task


def test_tasks_that_end_out_of_order_are_put_in_order() -> None:
    assert run_all(slower_the_earlier, range(4), jobs=2) == [0, 1, 2, 3]


def threads_here(task: Any) -> list[int]:
    from threadpoolctl import threadpool_info

    from hrsnn.engines.compiled.engine import threads

    return [threads(), *(pool["num_threads"] for pool in threadpool_info())]


@BOTH
def test_a_task_has_one_thread(jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    for counts in run_all(threads_here, range(2), jobs=jobs):
        assert len(counts) > 1
        assert set(counts) == {1}
    assert os.environ["OMP_NUM_THREADS"] == "3"


@BOTH
def test_progress_counts_tasks(jobs: int) -> None:
    seen: list[tuple[float, float]] = []
    run_all(abs, [1, 2, 3], jobs=jobs, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def picky(task: int) -> int:
    if task == 1:
        raise InputError("task", task, "must be something else")
    return 1 // (task - 2)


@BOTH
def test_the_first_failure_surfaces_with_its_task(jobs: int) -> None:
    with pytest.raises(InputError, match="task = 1: must be something else") as caught:
        run_all(picky, [0, 1, 2], jobs=jobs)
    assert caught.value.__notes__[0] == "in task 1"
    with pytest.raises(ZeroDivisionError) as mistake:
        run_all(picky, [0, 2, 1], jobs=jobs)
    assert mistake.value.__notes__[0] == "in task 2"
    # where it went wrong is told, in another process too
    assert any("in picky" in note for note in mistake.value.__notes__) or mistake.traceback[-1].name == "picky"
    assert run_all(abs, [1, 2], jobs=jobs) == [1, 2]  # and the next call works


def killed(task: int) -> int:
    if task == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def test_a_process_that_is_killed_is_no_riddle() -> None:
    with pytest.raises(HrsnnError, match="a process ended before its task did, for want of memory"):
        run_all(killed, range(4), jobs=2)
    assert run_all(abs, [-1, 2], jobs=2) == [1, 2]


def warned(task: int) -> int:
    warnings.warn(f"task {task}", HrsnnWarning, stacklevel=1)
    return task


@BOTH
def test_warnings_reach_the_caller(jobs: int) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run_all(warned, [0, 1], jobs=jobs)
    assert [(str(one.message), one.category) for one in caught] == [("task 0", HrsnnWarning), ("task 1", HrsnnWarning)]


@pytest.mark.parametrize("jobs", [0, -1, 1.5, True])
def test_bad_jobs(jobs: Any) -> None:
    with pytest.raises(InputError, match="jobs"):
        run_all(abs, [1], jobs=jobs)


@BOTH
def test_no_tasks(jobs: int) -> None:
    assert run_all(abs, [], jobs=jobs) == []


ENDLESS = """
import os, pathlib, sys, time
from hrsnn.runtime.parallel import run_all

def endless(folder):
    pathlib.Path(folder, str(os.getpid())).touch()
    time.sleep(600)

run_all(endless, [sys.argv[1]] * 4, jobs=2)
"""


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z" if Path("/proc").exists() else True


def until(what: Any, seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("group", [False, True], ids=["the caller alone", "all, as a terminal does"])
def test_interrupting_the_caller_ends_its_tasks(group: bool, tmp_path: Path, root: Path) -> None:
    program = [sys.executable, "-c", ENDLESS, str(tmp_path)]
    caller = subprocess.Popen(program, cwd=root, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert until(lambda: len(list(tmp_path.iterdir())) == 2)
        workers = [int(path.name) for path in tmp_path.iterdir()]
        (os.killpg if group else os.kill)(caller.pid, signal.SIGINT)
        _, err = caller.communicate(timeout=60)
        assert caller.returncode in (130, -signal.SIGINT)
        assert err.rstrip().endswith("KeyboardInterrupt")
        assert until(lambda: not any(map(alive, workers)), 10)
        assert len(list(tmp_path.iterdir())) == 2  # none was begun after the signal
    finally:
        if caller.poll() is None:
            os.killpg(caller.pid, signal.SIGKILL)
