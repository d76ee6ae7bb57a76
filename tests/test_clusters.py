"""The same tasks on a cluster of Dask: the same bytes, also when a worker dies, and clear words when there is no cluster."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import HrsnnError, InputError
from hrsnn.clusters import connected
from hrsnn.parallel import run_all
from hrsnn.seeds import generator

distributed = pytest.importorskip("distributed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler and three worker processes on this machine."""
    options = {"n_workers": 3, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
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


def test_the_work_of_a_dead_worker_is_done_again(address: str, tmp_path: Path) -> None:
    def killed_once(task: int) -> int:
        mark = tmp_path / str(task)
        if task % 3 == 0 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return task

    assert run_all(killed_once, range(9), cluster=address) == list(range(9))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "3", "6"]


def test_what_a_task_raises_is_raised_here(address: str) -> None:
    def picky(task: int) -> int:
        if task == 2:
            raise InputError("task", task, "must be something else")
        return task

    with pytest.raises(InputError, match="task = 2: must be something else") as caught:
        run_all(picky, range(4), cluster=address)
    assert caught.value.__notes__[0] == "in task 2"


def test_a_cluster_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hrsnn.clusters._PATIENCE", 2)
    with pytest.raises(HrsnnError, match=r"no scheduler of Dask answers at tcp://127\.0\.0\.1:9"):
        run_all(abs, [1], cluster="tcp://127.0.0.1:9")
    with pytest.raises(InputError, match="must be the address of a scheduler"), connected("slrum"):
        pass


def test_a_batch_system_without_its_options() -> None:
    pytest.importorskip("dask_jobqueue")
    with pytest.raises(InputError, match="cannot be started"), connected("slurm"):
        pass
