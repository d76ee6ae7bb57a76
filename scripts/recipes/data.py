"""The data sets of a recipe: rows whose data are not there are not run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hrsnn.errors import InputError
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import check_path

if TYPE_CHECKING:
    from hrsnn.scripts.recipes.contract import Recipe
    from hrsnn.tasks import TaskChoice


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
        return next((folder / place for place in TASKS.find(task).layout if (folder / place).exists()), None)


def task_of(task: str, folder: Path | None) -> TaskChoice | None:
    """Return a task with the path of its data; None for one that needs data which are not there."""
    from hrsnn.tasks import TASKS, TaskChoice

    if not TASKS.find(task).needs_data:
        return TaskChoice(task)
    place = place_of(task, folder)
    return None if place is None else TaskChoice(task, {"path": place})


def why_not(task: str) -> str:
    """Return why the rows of a task were not run."""
    from hrsnn.tasks import TASKS

    return f"needs --data with {' or '.join(TASKS.find(task).layout)}"
