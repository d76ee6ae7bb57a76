"""Registry of the tasks, each with data, split, encoder and baseline."""

from __future__ import annotations

import difflib
import inspect
from importlib import import_module
from typing import Any

from hrsnn.errors import InputError
from hrsnn.tasks.task import ClassificationTask, SeriesTask

__all__ = ["TASKS", "ClassificationTask", "SeriesTask", "load_task"]

# name -> module with a function of the same name, imported when needed
TASKS: dict[str, str] = {
    "digits": "hrsnn.tasks.digits",
    "file": "hrsnn.tasks.file",
    "fsdd": "hrsnn.tasks.fsdd",
    "lorenz63": "hrsnn.tasks.lorenz63",
    "memory": "hrsnn.tasks.memory",
}


def load_task(name: str, **options: Any) -> ClassificationTask | SeriesTask:
    """Load a task by name.

    Parameters
    ----------
    name : str
        One of ``hrsnn.tasks.TASKS``: ``"digits"``, ``"file"``, ``"fsdd"``, ``"lorenz63"``, ``"memory"``.
    **options
        Options of the task: parameters of the function ``hrsnn.tasks.<name>.<name>``.

    Returns
    -------
    ClassificationTask or SeriesTask

    Raises
    ------
    InputError
        When there is no such task or option, an option without a default is missing, or a value is not allowed.
    FileError
        When the task's files are missing or damaged.

    Examples
    --------
    >>> task = load_task("digits", seed=1)
    >>> task.x_train.shape, task.x_test.shape
    ((1348, 64), (449, 64))
    """
    if not isinstance(name, str) or name not in TASKS:
        raise InputError("task", name, _allowed(str(name), sorted(TASKS)))
    function = getattr(import_module(TASKS[name]), name)
    parameters = inspect.signature(function).parameters
    for option in options:
        if option not in parameters:
            raise InputError(option, options[option], f"no option of task {name!r}: {_allowed(option, list(parameters))}")
    for option, parameter in parameters.items():
        if parameter.default is parameter.empty and options.get(option) is None:
            raise InputError(option, None, f"task {name!r} needs it")
    task: ClassificationTask | SeriesTask = function(**options)
    return task


def _allowed(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return (f"did you mean {close[0]!r}? " if close else "") + f"known are {', '.join(known)}"
