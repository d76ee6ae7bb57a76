"""CONTRIBUTING's recipe for a task that needs data works word for word."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn import scripts
from hrsnn.tasks import TASKS, TaskChoice, load_task
from hrsnn.testing import TaskCases

PAGE = (Path(__file__).resolve().parents[3] / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## A task that needs data\n")[2].partition("\n## ")[0]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


#: What the section asks for: a file, a line in the registry, and commands.
(CODE,) = blocks("python")
(LINE,) = re.findall(r'`"(\w+)": "([\w.]+):(\w+)"`', SECTION)
COMMANDS = [shlex.split(line)[1:] for line in "".join(blocks("sh")).splitlines()]


@pytest.fixture(scope="module", autouse=True)
def task(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The module of the page, and its entry under the name of the page."""
    name, module, attribute = LINE
    file = tmp_path_factory.mktemp("module") / f"{module.split('.')[-1]}.py"
    file.write_text(CODE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(module, file)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    with TASKS.added(name, getattr(loaded, attribute)):
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Leaves of two plants: length, width and weight in units of their own."""
    random = np.random.default_rng(0)
    lines = []
    for index in range(160):
        length, width = (60, 30) if index % 2 else (40, 50)
        row = (random.normal(length, 8), random.normal(width, 8), random.normal(2, 0.3))
        lines.append(",".join([*(f"{value:.4f}" for value in row), "oak" if index % 2 else "elm"]))
    folder = tmp_path_factory.mktemp("data")
    (folder / "leaves.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_the_section_has_the_commands_that_it_is_about() -> None:
    assert {words[0] for words in COMMANDS} == {"classify", "variants", "search"}
    assert 25 <= len(CODE.splitlines()) <= 60
    assert PAGE.index("(#a-task-that-needs-data)") < PAGE.index("## A task that needs data")


@pytest.mark.parametrize(
    "words", [pytest.param(words, marks=[pytest.mark.long] * (words[0] == "variants")) for words in COMMANDS], ids=" ".join
)
def test_a_command_of_the_page_runs(
    words: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    code = scripts.main([*words, "--neurons", "20", "--quiet"])
    said = capsys.readouterr()
    assert code == 0, said.err
    assert "leaves" in said.out or words[0] == "search"


def test_a_header_and_names_with_spaces_are_read(folder: Path) -> None:
    plain = (folder / "leaves.csv").read_text().replace("oak", "English oak")
    (folder / "header.csv").write_text("length,width,weight,plant\n" + plain)
    choice = TaskChoice("leaves", {"path": str(folder / "header.csv"), "header": True})
    assert choice.load_classes().classes.tolist() == ["English oak", "elm"]


def test_hrsnn_tasks_lists_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert scripts.main(["tasks"]) == 0
    said = capsys.readouterr().out
    assert "plants by measurements of their leaves" in said
    assert "path (path, required), test_share (float, 0.25), duration (float, 100.0), seed (int, 0)" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("1,2,oak\n3,4,oak\n", "must name at least two plants"),
        ("1,two,oak\n", "damaged or no table of leaves"),
        ("1,2,oak\n3,elm\n", "equally many columns"),
        ("1,2,oak\nnan,4,elm\n", "must have finite numbers only"),
        ("", ""),
    ],
)
def test_a_bad_file_is_one_line(content: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "leaves.csv").write_text(content)
    code = scripts.main(["classify", "--task", "leaves", "--path", str(tmp_path / "leaves.csv"), "--quiet"])
    error = capsys.readouterr().err
    assert (code, error.count("\n")) == (2, 1)
    assert said in error


def test_the_task_learns_something(folder: Path) -> None:
    loaded: Any = load_task("leaves", path=folder / "leaves.csv")
    assert (len(loaded.x_train), len(loaded.x_test), loaded.classes.tolist()) == (120, 40, ["elm", "oak"])


class TestLeaves(TaskCases):
    """The tests of tasks."""

    task = "leaves"

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def with_data(cls, folder: Path) -> None:
        cls.options = {"path": folder / "leaves.csv"}
