"""Entries that are added to the registries pass their tests, and every command that takes such an entry runs them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import playground
import pytest

from hrsnn import scripts
from hrsnn.analysis.scoring.contract import Score
from hrsnn.analysis.scoring.registry import SCORES
from hrsnn.analysis.studies.objectives import OBJECTIVES
from hrsnn.networks import METHODS
from hrsnn.scripts.recipes.registry import RECIPES
from hrsnn.tasks import TASKS
from hrsnn.testing import MethodCases, ObjectiveCases, RecipeCases, ScoreCases, TaskCases

#: Every command that takes tasks, as small as it gets, by the kind of the tasks; {path} is that of the leaves.
_LEAVES = ["--path", "{path}"]
_VARIANTS = ["--seeds", "2", "--train", "40", "--test", "20", "--values", "500", "--series", "200"]
_PRUNE = ["--iterations", "2", "--synapse-target", "0.5", "--duration", "300"]
_CURVE = ["--seeds", "2", "--arms", "dense", "random", "--sparsities", "0.5", "--iterations", "2"]
_SEARCH = ["--trials", "2", "--seeds", "1", "--fresh", "2", "--values", "400", "--train", "40", "--validation", "20"]
_IMPORTANCE = ["--parameters", "tau_m_exc", "--seeds", "2", "--values", "500"]
COMMANDS: dict[str, list[str]] = {
    "importance leaves": ["--task", "leaves", *_LEAVES, *_IMPORTANCE],
    "classify leaves": ["--task", "leaves", *_LEAVES, "--train", "40", "--test", "20", "--scores", "busiest"],
    "rank leaves": ["--task", "leaves", *_LEAVES, "--stimuli", "10"],
    "map leaves": ["--task", "leaves", *_LEAVES, "--points", "2", "--stimuli", "10", "--copies", "3"],
    "measure leaves": ["--task", "leaves", *_LEAVES, "--stimuli", "20"],
    "search leaves": ["--objective", "accuracy", "--task", "leaves", *_LEAVES, *_SEARCH],
    "prune leaves": ["--score", "leaves", *_LEAVES, *_PRUNE],
    "compare leaves": ["--score", "leaves", *_LEAVES, *_PRUNE, "--methods", "shortest", "random"],
    "forecast swing": ["--task", "swing", "--train", "150", "--test", "30", "--scores", "busiest"],
    "forecast swing freely": ["--task", "swing", "--closed-loop", "--train", "150", "--test", "120", "--starts", "2"],
    "measure swing": ["--task", "swing", "--stimuli", "40"],
    "search swing": ["--objective", "nrmse", "--task", "swing", *_SEARCH],
    "prune swing": ["--score", "swing", *_PRUNE],
    "measure coins": ["--task", "coins", "--stimuli", "400", "--scores", "busiest"],
    "search coins": ["--objective", "memory", "--task", "coins", *_SEARCH],
    "prune coins": ["--score", "coins", *_PRUNE],
    "pruning_curve all": ["--tasks", "leaves", "swing", "coins", *_LEAVES, *_CURVE, "--scores", "busiest"],
    "variants all": ["--tasks", "leaves", "swing", "coins", *_LEAVES, "--task-option", "test_share=0.4", *_VARIANTS]
    + ["--scores", "busiest"],
    "memory busiest": ["--values", "500", "--max-delay", "5", "--scores", "busiest"],
    "prune shortest": ["--method", "shortest", "--option", "power=2", *_PRUNE],
    "search even": ["--objective", "even", *_SEARCH],
    "search even coins": ["--objective", "even", "--task", "coins", *_SEARCH],
    "reproduce sum": ["sum", "--seeds", "3", "--option", "scale=3"],
}


@pytest.fixture(autouse=True)
def added() -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for name, task in {"leaves": playground.LEAVES, "swing": playground.SWING, "coins": playground.COINS}.items():
            stack.enter_context(TASKS.added(name, task))
        stack.enter_context(SCORES.added("busiest", playground.BUSIEST))
        stack.enter_context(METHODS.added("shortest", playground.SHORTEST))
        stack.enter_context(OBJECTIVES.added("even", playground.EVEN))
        stack.enter_context(RECIPES.added("sum", playground.SUM))
        yield


def write_leaves(path: Path) -> Path:
    """Two kinds of leaves, sixty of each."""
    random = np.random.default_rng(0)
    lines = []
    for index in range(120):
        middle = [0.3, 0.7, 0.5] if index % 2 else [0.7, 0.3, 0.5]
        row = np.clip(random.normal(middle, 0.1), 0, 1)
        lines.append(",".join([*(f"{value:.6f}" for value in row), "oak" if index % 2 else "elm"]))
    path.write_text("\n".join(lines))
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_leaves(tmp_path_factory.mktemp("leaves") / "leaves.csv")


#: Commands of half a minute, and those that run what others here run.
LONG = (
    "variants all",
    "pruning_curve all",
    "importance leaves",
    "search swing",
    "search even coins",
    "prune swing",
    "prune coins",
)


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * (name in LONG)) for name in COMMANDS])
def test_a_command_runs_it(name: str, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verb, words = name.split()[0], [str(path) if word == "{path}" else word for word in COMMANDS[name]]
    with np.errstate(all="ignore"):
        code = scripts.main([verb, *words, "--neurons", "20", "--out", str(tmp_path), "--json", "--quiet"])
    said = capsys.readouterr()
    assert (code, "Traceback" in said.err) == (0, False), said.err
    assert json.loads(said.out) == json.loads((tmp_path / "metrics.json").read_text())
    assert (tmp_path / "spec.toml").exists()
    assert ("busiest" in said.out) == ("busiest" in COMMANDS[name])
    assert list(tmp_path.glob("*.png")) or verb == "reproduce"


def test_the_lists_and_the_help_name_it(capsys: pytest.CaptureFixture[str]) -> None:
    for verb, names in {
        "classify": ["leaves", "busiest"],
        "rank": ["leaves"],
        "map": ["leaves"],
        "measure": ["leaves", "swing", "coins", "busiest"],
        "forecast": ["swing", "busiest"],
        "memory": ["busiest"],
        "variants": ["leaves", "swing", "coins", "busiest"],
        "search": ["even: share of neurons that take part"],
        "importance": ["leaves", "swing", "coins"],
        "prune": ["shortest: the longest links go", "leaves", "swing", "coins"],
        "compare": ["shortest: the longest links go", "leaves"],
        "pruning_curve": ["leaves", "swing", "coins", "busiest"],
        "reproduce": ["sum"],
    }.items():
        assert scripts.main([verb, "--help"]) == 0
        said = " ".join(capsys.readouterr().out.replace("│", " ").split())
        for name in names:
            assert name in said, (verb, name)
    assert scripts.main(["tasks"]) == 0
    assert "leaves of several plants" in capsys.readouterr().out
    assert scripts.main(["reproduce", "list"]) == 0
    assert "Sums of random numbers" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["classify", "--task", "leaves"], "--path = None: task 'leaves' needs it"),
        (["classify", "--task", "leaf"], "--task = 'leaf': did you mean 'leaves'?"),
        (["classify", "--task", "swing"], "--task = 'swing': is of the kind series; of the kind classes are"),
        (["prune", "--method", "shortests"], "method = 'shortests': did you mean 'shortest'?"),
        (["prune", "--method", "shortest", "--option", "x=1"], "x = 1: method 'shortest' has only power"),
        (["search", "--objective", "evn"], "objective = 'evn': did you mean 'even'?"),
        (["reproduce", "sun"], "recipe = 'sun': did you mean 'sum'?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_word_is_one_line(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert scripts.main([*words, "--neurons", "20", "--quiet"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error


class TestLeaves(TaskCases):
    """The tests of tasks."""

    task = "leaves"

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def with_data(cls, path: Path) -> None:
        cls.options = {"path": path}


class TestSwing(TaskCases):
    """The tests of tasks."""

    task = "swing"


class TestCoins(TaskCases):
    """The tests of tasks."""

    task = "coins"


class TestBusiest(ScoreCases):
    """The tests of scores."""

    score = "busiest"


class TestShortest(MethodCases):
    """The tests of methods."""

    method = "shortest"


class TestEven(ObjectiveCases):
    """The tests of objectives."""

    objective = "even"


class TestSum(RecipeCases):
    """The tests of recipes."""

    recipe = "sum"
    options: ClassVar = {"scale": 3.0}
    jobs = (1,)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda run: run.activity.v.mean(), "cannot be computed from a run without 'v': its declaration must name in needs"),
        (lambda run: None, "must be computed as a number, not as NoneType"),
    ],
)
def test_a_score_at_fault_is_named(function: Any, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    score = Score(label="Loudness", kinds=("memory",), function=function)
    with SCORES.added("loudness", score):
        code = scripts.main(["measure", "--neurons", "20", "--stimuli", "400", "--scores", "loudness", "--quiet"])
    error = capsys.readouterr().err
    assert (code, error.count("\n")) == (2, 1)
    assert error.startswith(f"hrsnn measure: score = 'Loudness': {message}")
