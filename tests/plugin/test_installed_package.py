"""A package that is installed adds an entry to each of the seven registries; one that is broken breaks nothing.

Nothing is downloaded: the package is built from the files here, into a folder that is on the path of the commands.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from forks import Forks

import hrsnn.testing

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
#: Files of the package: those here, and the toys that other tests register.
FILES = (
    HERE / "pyproject.toml",
    HERE / "playground.py",
    ROOT / "tests/hrsnn/engines/toy_engine.py",
    ROOT / "tests/hrsnn/kinds/toy_kind.py",
)
_TINY = ["--neurons", "20", "--quiet"]
_MEMORY = ["memory", *_TINY, "--values", "500", "--max-delay", "5"]
_PRUNE = [*_TINY, "--iterations", "2", "--synapse-target", "0.5", "--duration", "300"]
_SEARCH = [*_TINY, "--trials", "2", "--seeds", "1", "--fresh", "2", "--values", "400"]
#: For each registry: the command whose help has the entry, that which lists it, and that which runs it in two processes.
#: An engine of plain loops has few values to simulate.
COMMANDS: dict[str, tuple[str, list[str], list[str]]] = {
    "seesaw": (
        "memory",
        ["engines"],
        ["rank", *_TINY, "--stimuli", "10", "--engine", "seesaw", "--seeds", "2", "--jobs", "2"],
    ),
    "toy": ("memory", ["spec", "--help"], [*_MEMORY, "--network", "toy", "--seeds", "2", "--jobs", "2"]),
    "leaves": (
        "classify",
        ["tasks"],
        ["classify", *_TINY, "--task", "leaves", "--path", "{leaves}", "--task-option", "encoding=spikes"]
        + ["--train", "40", "--test", "20", "--seeds", "2", "--jobs", "2"],
    ),
    "shortest": ("prune", ["list", "methods"], ["prune", *_PRUNE, "--method", "shortest", "--seeds", "2", "--jobs", "2"]),
    "even": ("search", ["list", "objectives"], ["search", *_SEARCH, "--objective", "even", "--workers", "2"]),
    "busiest": ("memory", ["list", "scores"], [*_MEMORY, "--scores", "busiest", "--seeds", "2", "--jobs", "2"]),
    "sum": ("reproduce", ["reproduce", "list"], ["reproduce", "sum", *_TINY, "--seeds", "3", "--jobs", "2"]),
}
#: Of each suite, the class of the entry, and of that of an engine a few tests: a plain loop is slow.
SUITES = (
    "hrsnn/engines/test_conformance.py::Test_seesaw::test_progress_reaches_the_end",
    "hrsnn/engines/test_conformance.py::Test_seesaw::test_a_subset_and_another_order_change_nothing",
    "hrsnn/kinds/test_kind_cases.py::Test_toy",
    "hrsnn/tasks/test_task_cases.py::Test_swing",
    "networks/methods/test_method_cases.py::Test_shortest",
    "analysis/studies/test_objective_cases.py::Test_even",
    "analysis/scoring/test_score_cases.py::Test_busiest",
    "scripts/test_recipe_cases.py::Test_sum",
)
#: Tests that the package has of its own, of the task that needs data.
OWN_TESTS = """
import os
from hrsnn.testing import TaskCases


class TestLeaves(TaskCases):
    task = "leaves"
    options = {"path": os.environ["LEAVES"]}
"""
#: For each registry a name that hrsnn has, and a command line that names the entry of a broken package.
GROUPS = {
    "engines": ("compiled", [*_MEMORY, "--engine", "broken"]),
    "kinds": ("reservoir", [*_MEMORY, "--network", "broken"]),
    "tasks": ("digits", ["classify", *_TINY, "--task", "broken"]),
    "methods": ("lnp", ["prune", *_PRUNE, "--method", "broken"]),
    "objectives": ("memory", ["search", *_SEARCH, "--objective", "broken"]),
    "scores": ("accuracy", [*_MEMORY, "--scores", "broken"]),
    "recipes": ("fig10", ["reproduce", "broken", *_TINY]),
}


def install(source: Path, site: Path) -> None:
    command = ["install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(site), str(source)]
    subprocess.run([sys.executable, "-m", "pip", *command], check=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the package is installed in."""
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    for file in FILES:
        shutil.copy(file, source)
    install(source, site)
    return site


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package that cannot be imported, and that has names of hrsnn too."""
    site = tmp_path_factory.mktemp("broken")
    about = site / "broken-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    lines = [
        f"[hrsnn.{group}]\nbroken = broken_things:IT\n{taken} = broken_things:IT" for group, (taken, _) in GROUPS.items()
    ]
    (about / "entry_points.txt").write_text("\n".join(lines))
    (site / "broken_things.py").write_text("raise ImportError('a part of it is missing')\n")
    return site


@pytest.fixture(scope="module")
def leaves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Leaves of two plants."""
    random = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("leaves") / "leaves.csv"
    rows = np.clip(random.normal(0.5, 0.1, (120, 3)) + np.array([[-0.2, 0.2, 0], [0.2, -0.2, 0]] * 60), 0, 1)
    path.write_text("\n".join(f"{a:.6f},{b:.6f},{c:.6f},{'elm' if i % 2 else 'oak'}" for i, (a, b, c) in enumerate(rows)))
    return path


#: Runs ``python -m`` with a folder of installed packages on its path.
Python = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def python(forks: Forks) -> Python:
    def run(site: Path, *words: object, **environment: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(map(str, (ROOT, site)))
        return forks.run(["-m", *words], site, {**os.environ, "PYTHONPATH": path, "COLUMNS": "200", **environment})

    return run


def flat(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * (name != "sum")) for name in COMMANDS])
def test_it_is_listed_in_the_help_and_run(name: str, site: Path, leaves: Path, tmp_path: Path, python: Python) -> None:
    verb, lists, runs = COMMANDS[name]
    for words in ([verb, "--help"], lists):
        shown = python(site, "hrsnn", *words)
        assert (shown.returncode, shown.stderr.count("warning")) == (0, 0), shown.stderr
        assert name in flat(shown.stdout)
    words = [str(leaves) if word == "{leaves}" else word for word in runs]
    done = python(site, "hrsnn", *words, "--out", tmp_path, "--json")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert json.loads(done.stdout) == json.loads((tmp_path / "metrics.json").read_text())
    if name not in ("toy", "even"):  # of which a network or a measurement is sent between processes
        return
    alone = [word if word != "2" or words[k - 1] not in ("--jobs", "--workers") else "1" for k, word in enumerate(words)]
    assert python(site, "hrsnn", *alone, "--json").stdout == done.stdout


@pytest.mark.long
def test_the_conformance_suites_have_its_entries(site: Path, python: Python) -> None:
    suites = [ROOT / "tests" / one for one in SUITES]
    done = python(site, "pytest", "-q", "-p", "no:cacheprovider", "-c", ROOT / "setup.cfg", "--rootdir", ROOT, *suites)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
    assert "failed" not in done.stdout


def test_the_package_inherits_them_for_its_task_with_data(site: Path, leaves: Path, tmp_path: Path, python: Python) -> None:
    (tmp_path / "test_leaves.py").write_text(OWN_TESTS)
    words = ["-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path / "test_leaves.py"]
    done = python(site, "pytest", *words, LEAVES=str(leaves))
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


@pytest.mark.parametrize("verb", ["", "classify", "search", "reproduce"])
def test_a_broken_package_does_not_break_the_help(verb: str, broken: Path, python: Python) -> None:
    done = python(broken, "hrsnn", *([verb] if verb else []), "--help")
    assert done.returncode == 0, done.stderr
    assert "usage: hrsnn" in done.stdout
    for line in done.stderr.splitlines():
        assert line.startswith(f"hrsnn {verb}: warning: ".replace("hrsnn :", "hrsnn:"))
        assert "of the package broken" in line
    assert len(set(done.stderr.splitlines())) == len(done.stderr.splitlines())


@pytest.mark.parametrize("group", GROUPS)
def test_a_broken_entry_is_an_error_of_one_line_when_it_is_named(group: str, broken: Path, python: Python) -> None:
    taken, words = GROUPS[group]
    done = python(broken, "hrsnn", *words)
    assert (done.returncode, done.stdout) == (2, "")
    *warned, last = done.stderr.splitlines()
    assert last.endswith("= 'broken': of the package broken cannot be loaded: ImportError: a part of it is missing")
    assert all(": warning: " in line for line in warned)
    text = f"{taken!r} of the package broken is not used: hrsnn has one of that name"
    assert any(line.endswith(text) for line in warned), done.stderr


def test_what_is_not_broken_runs_beside_it(broken: Path, python: Python) -> None:
    done = python(broken, "hrsnn", *_MEMORY, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["scores"]["memory_capacity"] >= 0


def test_the_package_of_the_page_is_installed_word_for_word(tmp_path: Path, python: Python) -> None:
    page = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    (settings,) = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    module, tests, *_ = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    source = tmp_path / "source"
    source.mkdir()
    (source / "pyproject.toml").write_text(settings)
    (source / "quietest.py").write_text(module)
    (tmp_path / "test_quietest.py").write_text(tests)
    install(source, tmp_path / "site")
    done = python(tmp_path / "site", "hrsnn", *_MEMORY, "--scores", "quietest", "--json")
    assert done.returncode == 0, done.stderr
    assert "quietest" in json.loads(done.stdout)["scores"]
    done = python(tmp_path / "site", "pytest", "-q", "--rootdir", tmp_path, tmp_path / "test_quietest.py")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_names_all_groups() -> None:
    page = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| [^|]+ \| `hrsnn\.(\w+)` \| .* \| `(\w+Cases)` \|", page, re.MULTILINE))
    assert list(rows) == list(GROUPS)
    assert sorted(rows.values()) == hrsnn.testing.__all__
