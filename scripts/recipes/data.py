"""The data sets of a recipe: rows whose data are not there are not run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from hrsnn.errors import InputError
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import check_path

if TYPE_CHECKING:
    from hrsnn.scripts.recipes.contract import Recipe
    from hrsnn.tasks import TaskChoice


#: Series that the project has no loader for: a folder of this name with one CSV file, whose second column is the series.
TABLES = ("stock", "wind")
_COLUMN = "2"


def check_data(name: str, recipe: Recipe, folder: Path | None) -> None:
    """Check that a folder of data sets holds one of those of a recipe.

    Raises
    ------
    InputError
        When it does not, or the recipe has no rows for data sets.
    """
    if folder is None:
        return
    if not recipe.data:
        raise InputError("--data", str(folder), f"recipe {name!r} has no rows for data sets")
    if not any(place_of(task, folder) for task in recipe.data):
        raise InputError("--data", str(folder), f"must hold data of {' or '.join(recipe.data)}, in the official layouts")


def place_of(task: str, folder: Path | None) -> Path | None:
    """Return where the data of a task are in a folder of official layouts; None where they are not there."""
    from hrsnn.tasks import TASKS

    if folder is None:
        return None
    check_path(folder)
    with refuse_damaged(folder, "folder"):
        if task in TABLES:
            return next(iter(sorted((folder / task).glob("*.csv"))), None)
        return next((folder / place for place in TASKS.find(task).layout if (folder / place).exists()), None)


def task_of(task: str, folder: Path | None) -> TaskChoice | None:
    """Return a task with the path of its data; None for one that needs data which are not there."""
    from hrsnn.tasks import TASKS, TaskChoice

    if task not in TABLES and not TASKS.find(task).needs_data:
        return TaskChoice(task)
    place = place_of(task, folder)
    if place is None:
        return None
    return TaskChoice("csv", {"path": place, "column": _COLUMN}) if task in TABLES else TaskChoice(task, {"path": place})


def first_there(tasks: Iterable[str], folder: Path | None) -> str:
    """Return the first task that is there: of tasks of a paper, then of what stands in for them, which needs no data."""
    return next(task for task in tasks if task_of(task, folder) is not None)


def spiking_task(task: str, folder: Path | None) -> TaskChoice:
    """Return a task with the options by which its input is spikes, so that STDP acts on the links of the input too.

    Raises
    ------
    InputError
        When it needs data which are not there.
    """
    found = task_of(task, folder)
    if found is None:
        raise InputError("--data", None if folder is None else str(folder), f"task {task!r} {why_not(task)}")
    return dataclasses.replace(found, options={**found.declaration.spiking, **found.options})


def why_not(task: str) -> str:
    """Return why the rows of a task were not run."""
    from hrsnn.tasks import TASKS

    if task in TABLES:
        return f"needs --data with {task}/, a folder with one CSV file, whose second column is the series"
    return f"needs --data with {' or '.join(TASKS.find(task).layout)}"
