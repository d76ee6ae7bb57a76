"""Several searches on one PostgreSQL database, where there is a server to start: nothing is lost and nothing doubled."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest

_INSTALLED = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr/pgsql").glob("*/bin")]
_FOUND = shutil.which("initdb", path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, _INSTALLED)]))

pytestmark = [pytest.mark.slow, pytest.mark.skipif(_FOUND is None, reason="no PostgreSQL server is installed")]


@pytest.fixture
def url() -> Iterator[str]:
    """An empty database on a server of its own, which root may not run."""
    psycopg = pytest.importorskip("psycopg")
    assert _FOUND is not None
    programs, user = Path(_FOUND).parent, "nobody" if os.geteuid() == 0 else None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)  # not pytest's, which is closed to other users
        if user:
            shutil.chown(folder, user)
        made = subprocess.run(
            [programs / "initdb", "-D", folder / "data", "-U", "tester", "-A", "trust", "-N", "--locale", "C", "-E", "UTF8"],
            user=user,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            pytest.skip(f"the PostgreSQL installed here makes no database: {made.stderr.strip()}")
        options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-k", name, "-p", str(port)]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", folder / "data", *options], user=user, cwd=folder, stderr=log, stdout=log
            )
        try:
            until_it_answers = time.monotonic() + 60
            address = f"postgresql://tester@127.0.0.1:{port}/postgres"
            while True:
                try:
                    psycopg.connect(address).close()
                    break
                except psycopg.OperationalError:
                    assert server.poll() is None, (folder / "log").read_text()
                    assert time.monotonic() < until_it_answers
                    time.sleep(0.1)
            yield address.replace("postgresql:", "postgresql+psycopg:")
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nothing in it is kept
            server.wait(60)


MACHINE = """
import sys, time
from pathlib import Path
sys.path.insert(0, "tests/hrsnn/search")
import hrsnn.search.storages as storages
storages.HEARTBEAT, storages.GRACE = 1, 6
from search_problems import bowl, find
url, trials, mark = sys.argv[1:]

def objective(spec, seed):
    if mark:
        Path(mark).touch()
        time.sleep(600)
    return bowl(spec, seed)

find(objective, trials=int(trials), storage=url)
"""


def machine(url: str, trials: int, root: Path, mark: str = "") -> subprocess.Popen[str]:
    program = [sys.executable, "-W", "ignore", "-c", MACHINE, url, str(trials), mark]
    return subprocess.Popen(program, cwd=root, stderr=subprocess.PIPE, text=True)


def ended(machines: list[subprocess.Popen[str]]) -> None:
    for one in machines:
        _, complaint = one.communicate(timeout=200)
        assert one.returncode == 0, complaint


@pytest.mark.long
def test_a_machine_killed_amid_a_trial_loses_none_and_doubles_none(url: str, root: Path, tmp_path: Path) -> None:
    mark = tmp_path / "amid"
    # both at once: the tables are not there yet either; the first wants more, or it may come when the second has done all
    lost, other = machine(url, 1000, root, str(mark)), machine(url, 6, root)
    try:
        ended([other])
        end = time.monotonic() + 100
        while not mark.exists():
            assert lost.poll() is None, lost.communicate()[1]
            assert time.monotonic() < end
            time.sleep(0.1)
        before = optuna.load_study(study_name="search", storage=url).trials
        lost.kill()
        lost.wait()
        time.sleep(7)  # until the silence is long enough
        ended([machine(url, len(before) + 4, root), machine(url, len(before) + 4, root)])
    finally:
        lost.kill()
        lost.communicate()
    trials = optuna.load_study(study_name="search", storage=url).trials
    (failed,) = [one for one in trials if one.state.name == "FAIL"]
    again = [one for one in trials if one.system_attrs.get("failed_trial") == failed.number]
    assert [(one.params, one.state.name) for one in again] == [(failed.params, "COMPLETE")]
    assert {one.state.name for one in trials} == {"COMPLETE", "FAIL"}
    # two machines: the second may have a trial under way when the first has told the last one
    assert len(trials) - 1 - (len(before) + 4) in (0, 1)
    assert [one.number for one in trials] == list(range(len(trials)))
    for one, then in zip(trials, before, strict=False):
        assert one.params == then.params
