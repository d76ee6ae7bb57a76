"""The options by which a command is given tasks: ``--path`` and ``--task-option``."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from hrsnn.errors import InputError
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import check_path
from hrsnn.scripts.cli.command import DrawingCommand
from hrsnn.scripts.cli.settings import pairs_of, value_of

if TYPE_CHECKING:
    from hrsnn.stimuli.stimulus import Stimulus
    from hrsnn.tasks import ClassificationTask, TaskChoice, TaskDeclaration
    from hrsnn.tasks.declaration import TaskOption


def tasks_of(*kinds: str) -> Callable[[str], str]:
    """Return a function for the help of an option: its default, followed by the names of the tasks of some kinds."""

    def hint(default: str) -> str:
        from hrsnn.tasks import TASKS

        return f"(default: {default}; one of {', '.join(TASKS.where(lambda one: one.kind in kinds))})"

    return hint


def scores_of(*kinds: str) -> Callable[[str], str]:
    """Return a function for the help of an option: the scores that are computed for tasks of some kinds."""

    def hint(default: str) -> str:
        from hrsnn.analysis.scoring.registry import SCORES

        known = SCORES.where(lambda one: one.function is not None and set(kinds) & set(one.kinds))
        return f"(default: none; of {', '.join(known)})"

    return hint


FurtherScores = Annotated[
    tuple[str, ...], tyro.conf.arg(metavar="SCORE", help_behavior_hint=scores_of("classes", "series", "memory"))
]


#: The option that is repeated for each option of a task, as errors name it.
TASK_OPTION = "--task-option"
#: Command that takes the data of a task of each kind.
_TAKEN_BY = {"classes": "`hrsnn classify`", "series": "`hrsnn forecast`", "memory": "`hrsnn memory`"}
#: Option of commands that classify.
StatesOption = Literal["windows", "total", "final"]


@dataclass(frozen=True, kw_only=True)
class TaskArguments(DrawingCommand):
    """Command that runs tasks, with the options for their data and settings."""

    data: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(for tasks that need data)")] = None
    """Folder with data sets in their official layouts, in which each task finds its own; `hrsnn tasks` says where."""

    path: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="(for tasks that need data)")] = None
    """File or folder with the data of the task; `hrsnn tasks` lists what each task needs."""

    task_option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """Option of the task, such as split=speaker; of one of several tasks, such as fsdd.split=speaker."""

    def task_choice(self, name: str, *kinds: str, option: str = "--task") -> TaskChoice:
        """Return a task with its options, as given on the command line.

        Raises
        ------
        InputError
            For an unknown task, a task that is not of one of `kinds`, or an option that the task does not have.
        """
        return self.task_choices((name,), *kinds, option=option)[name]

    def objective_task(self, objective: str, task: str) -> TaskChoice | None:
        """Return the task of an objective with its options, or None if it needs none; "" stands for its own task.

        Raises
        ------
        InputError
            As :meth:`task_choice`, and when a task is given for an objective that needs none.
        """
        from hrsnn.analysis.studies.objectives import OBJECTIVES

        declared = OBJECTIVES.find(objective)
        if declared.kind is not None:
            return self.task_choice(task or declared.task, declared.kind)
        given = (("--task", task), ("--path", self.path), ("--data", self.data), ("--task-option", self.task_option))
        for option, value in given:
            if value:
                raise InputError(option, value, f"cannot be given: the objective {objective} needs no task")
        return None

    def samples(self, task: ClassificationTask, count: int) -> Stimulus:
        """Return `count` training samples as stimuli, equally many of each class.

        Raises
        ------
        InputError
            When there are fewer, or fewer are asked for than there are classes.
        """
        if not len(task.classes) <= count <= len(task.x_train):
            allowed = f"must be from {len(task.classes)}, one a class, to {len(task.x_train)}"
            raise InputError("--stimuli", count, allowed)
        stimuli: Stimulus = task.subset(train=count, seed=self.seed).encoded().x_train
        return stimuli

    def sizes(self, choice: TaskChoice, given: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
        """Return sizes of a task: those `given` as options of the command, or the usual ones where they are None.

        Raises
        ------
        InputError
            When one is given that the task does not have, or that is also given as ``--task-option``.
        """
        for name, value in given.items():
            if value is not None:
                if name not in choice.declaration.options:
                    raise InputError(f"--{name}", value, f"is no option of the task {choice.name}")
                if name in choice.options:
                    raise InputError(f"--{name}", value, f"is given as --task-option {name} too")
        return {name: usual[name] if value is None else value for name, value in given.items()}

    def task_choices(self, names: Sequence[str], *kinds: str, option: str = "--tasks") -> dict[str, TaskChoice]:
        """Return several tasks by name with their options; each name once.

        Raises
        ------
        InputError
            As :meth:`task_choice`.
        """
        from hrsnn.tasks import TaskChoice

        declared = {name: _declared(name, kinds, option) for name in dict.fromkeys(names)}
        settings: dict[str, dict[str, Any]] = {name: {} for name in declared}
        if self.path is not None:
            readers = [name for name, one in declared.items() if "path" in one.options]
            if not readers:
                raise InputError("--path", str(self.path), f"is no option of {_named(declared)}")
            if self.data is not None:
                raise InputError("--data", str(self.data), "cannot be given with --path")
            for name in readers:
                settings[name]["path"] = self.path
        elif self.data is not None:
            readers = [name for name, one in declared.items() if one.needs_data]
            if not readers:
                raise InputError("--data", str(self.data), f"is no option of {_named(declared)}, which read no data")
            for name in readers:
                settings[name]["path"] = _in_folder(self.data, name, declared[name])
        for given, text in pairs_of(self.task_option, "--task-option"):
            owners, key = _owners(declared, given)
            for name in owners:
                if key in settings[name]:
                    raise InputError("--task-option", key, f"of task {name!r} is given twice")
                settings[name][key] = _typed(declared[name].options[key], text)
        for name, task in declared.items():
            if task.needs_data and "path" not in settings[name]:
                raise InputError("--path", None, f"task {name!r} needs it")
        return {name: TaskChoice(name, options) for name, options in settings.items()}


@dataclass(frozen=True, kw_only=True)
class NullArguments(DrawingCommand):
    """Command that compares a reservoir with null models of its links."""

    null: Annotated[
        tuple[Literal["degree", "sign", "distance"], ...],
        tyro.conf.arg(metavar="{degree,sign,distance}", help_behavior_hint="(default: none)"),
    ] = ()
    """Null models beside it: links with other targets at random that keep degrees, also signs, or also distances."""


@dataclass(frozen=True, kw_only=True)
class DataArguments(TaskArguments):
    """Command that runs one task, which it may find itself by the data."""

    own_data: Annotated[
        Path | None,
        tyro.conf.Positional,
        tyro.conf.arg(metavar="DATA", help_behavior_hint="(default: those of --task)"),
    ] = None
    """Your own data instead of --task and --path: csv, npz, ts, h5, or a folder of recordings or images."""

    def chosen(self, task: str, *kinds: str) -> TaskChoice:
        """Return the task that reads DATA, or else `task`, with its options.

        Raises
        ------
        InputError, FileError
            As :meth:`task_choice`; when DATA are not recognised, or of a task of another kind.
        """
        from hrsnn.tasks import TASKS
        from hrsnn.tasks.recognition import recognised

        if self.own_data is None:
            return self.task_choice(task, *kinds)
        for option, value in (("--path", self.path), ("--data", self.data)):
            if value is not None:
                raise InputError(option, str(value), f"cannot be given with DATA, {self.own_data}")
        name = recognised(self.own_data)
        kind = TASKS.find(name).kind
        if kinds and kind not in kinds:
            hint = "; rows with labels: an .npz file of x and y (`hrsnn tasks`, arrays)" if name == "csv" else ""
            raise InputError(
                "DATA", str(self.own_data), f"is of the task {name}, of the kind {kind}: {_TAKEN_BY[kind]} takes it{hint}"
            )
        return dataclasses.replace(self, path=self.own_data).task_choice(name, *kinds)


def _in_folder(folder: Path, name: str, task: TaskDeclaration) -> Path:
    """Return where a task's data are in a folder of official layouts."""
    if not task.layout:
        raise InputError("--data", str(folder), f"is for data sets with a layout of their own: task {name!r} needs --path")
    check_path(folder)
    with refuse_damaged(folder, "folder"):
        for place in task.layout:
            if (folder / place).exists():
                return folder / place
    raise InputError("--data", str(folder), f"must hold {' or '.join(task.layout)} for task {name!r}")


def _declared(name: str, kinds: Sequence[str], option: str) -> TaskDeclaration:
    from hrsnn.tasks import TASKS

    try:
        found = TASKS.find(name)
    except InputError as error:
        raise InputError(option, error.value, error.allowed) from error
    if kinds and found.kind not in kinds:
        known = ", ".join(TASKS.where(lambda one: one.kind in kinds))
        raise InputError(option, name, f"is of the kind {found.kind}; of the kind {' or '.join(kinds)} are {known}")
    return found


def _owners(declared: Mapping[str, TaskDeclaration], key: str) -> tuple[list[str], str]:
    """Return the tasks whose option is meant by KEY or TASK.KEY, and the name of the option."""
    first, dot, rest = key.partition(".")
    asked = {first: declared[first]} if dot and first in declared else declared
    name = rest if asked is not declared else key
    owners = [task for task, one in asked.items() if name in one.options]
    if not owners:
        known = list(dict.fromkeys(option for one in asked.values() for option in one.options))
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        text = f"is no option of {_named(asked)}: {hint}known are {', '.join(known) or 'none'}"
        raise InputError("--task-option", name, text)
    return owners, name


def _typed(option: TaskOption, text: str) -> Any:
    """Return the value of an option in the annotated type."""
    if "Path" in option.annotation:
        return Path(text)
    value: Any = text if option.takes_text else value_of("--task-option", option.name, text)
    if isinstance(value, str) and "float" in option.annotation:  # .5 is not TOML
        with contextlib.suppress(ValueError):
            value = float(value)
    return option.check(f"--task-option {option.name}", value)


def _named(tasks: Mapping[str, object]) -> str:
    return f"the task{'s' if len(tasks) > 1 else ''} {', '.join(tasks)}"
