# no `from __future__ import annotations`: a package may do without, and annotations are then objects
"""Options of a task are typed by annotations that are evaluated as by those that are text."""

from typing import Any

import pytest

from hrsnn import InputError, scripts
from hrsnn.files.writing import PathLike
from hrsnn.tasks import TASKS, TaskDeclaration


def seen(
    path: PathLike, name: str = "a", share: float = 0.5, count: int = 3, on: bool = False, more: str | None = None
) -> Any:
    raise InputError("seen", [name, share, count, on, more], "as they were given")


TASK = TaskDeclaration(summary="a toy", kind="classes", load=seen, baselines=("raw_input",))


def test_annotations_are_shown_as_they_are_written() -> None:
    shown = [str(option) for option in TASK.options.values()]
    assert shown[:3] == ["path (path, required)", "name (str, a)", "share (float, 0.5)"]
    assert shown[3:] == ["count (int, 3)", "on (bool, False)", "more (str, None)"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["name=5", "share=.25", "count=7", "on=true", "more=6"], "seen = ['5', 0.25, 7, True, '6']"),
        (["count=many"], "--task-option count = 'many': must be a whole number"),
        (["on=5"], "--task-option on = 5: must be True or False"),
    ],
)
def test_values_are_of_the_annotated_types(given: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = [word for one in given for word in ("--task-option", one)]
    with TASKS.added("seen", TASK):
        assert scripts.main(["classify", "--task", "seen", "--path", "x", *options, "--quiet"]) == 2
    assert said in capsys.readouterr().err
