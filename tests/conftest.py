"""Fixtures that several test files share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hrsnn import Reservoir

# BLAS reads this when it is first loaded: the tests are as repeatable as the commands, and do not fight over cores
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import hypothesis
import pytest
from forks import Forks
from plain_wheel import built

# A loaded machine is no failure of the code under test. `make test` draws the same examples every time, so that what passed
# passes again; `make properties` draws new ones
hypothesis.settings.register_profile("hrsnn", deadline=None, derandomize=True)
hypothesis.settings.register_profile("random", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "hrsnn"))

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """How often a command is interrupted, each time at another moment."""
    parser.addoption("--moments", type=int, default=1, help="moments at which commands are interrupted")


#: Folders and files of the longest tests: they begin first, so that no process is left with one of them at the end.
FIRST = ("project/test_types", "project/test_docs", "hrsnn/engines", "faults", "plugin", "scripts", "hrsnn/training")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files, and keep the order of the tests in each."""

    def rank(item: pytest.Item) -> int:
        place = item.path.relative_to(ROOT / "tests").as_posix() if item.path.is_relative_to(ROOT / "tests") else ""
        return next((k for k, first in enumerate(FIRST) if place.startswith(first)), len(FIRST))

    items.sort(key=rank)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Python programs that start without the time that importing libraries takes."""
    with Forks() as running:
        yield running


@pytest.fixture(autouse=True)
def _brian2_on_numpy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Brian2 takes eight seconds to compile a network with Cython: only the long tests do."""
    session = sys.modules.get("hrsnn.engines.brian.session")
    if session is not None and not request.node.get_closest_marker("long"):
        monkeypatch.setattr(session, "compiler_works", lambda: False)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data, named by the environment variable HRSNN_DATA."""
    folder = os.environ.get("HRSNN_DATA")
    if not folder:
        pytest.skip("HRSNN_DATA does not name a folder of real data")
    return Path(folder)


@pytest.fixture(scope="session")
def dense() -> Reservoir:
    """A small network to prune; it cannot be changed, so that all tests may share it."""
    from hrsnn import ReservoirSpec, build

    return build(ReservoirSpec(neurons=80, length_scale=3), seed=1, channels=2)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    return built(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed_wheel(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel is installed in: put it on PYTHONPATH, or look from inside it."""
    target = tmp_path_factory.mktemp("installed")
    command = ["install", "--quiet", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *command], check=True)
    return target


@pytest.fixture
def in_time() -> Iterator[None]:
    """A hang is a failure."""
    seconds = 120

    def over(*_: object) -> None:
        raise AssertionError(f"took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
