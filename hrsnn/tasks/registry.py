"""Registry of the tasks, and the tasks that a command or a study was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hrsnn.errors import InputError
from hrsnn.runtime.registry import Registry
from hrsnn.tasks.declaration import KINDS, TaskDeclaration, TaskKind
from hrsnn.tasks.task import ClassificationTask, SeriesTask

#: Tasks of this package and of installed ones.
TASKS: Registry[TaskDeclaration] = Registry(
    "task",
    "hrsnn.tasks",
    TaskDeclaration,
    {
        "arrays": "hrsnn.tasks.arrays:TASK",
        "cifar10": "hrsnn.tasks.cifar10:TASK",
        "cifar100": "hrsnn.tasks.cifar100:TASK",
        "cifar10_dvs": "hrsnn.tasks.cifar10_dvs:TASK",
        "csv": "hrsnn.tasks.csv:TASK",
        "cue": "hrsnn.tasks.cue:TASK",
        "digits": "hrsnn.tasks.digits:TASK",
        "dvs_gesture": "hrsnn.tasks.dvs_gesture:TASK",
        "events": "hrsnn.tasks.events:TASK",
        "fashion_mnist": "hrsnn.tasks.fashion_mnist:TASK",
        "file": "hrsnn.tasks.file:TASK",
        "fsdd": "hrsnn.tasks.fsdd:TASK",
        "images": "hrsnn.tasks.images:TASK",
        "kth": "hrsnn.tasks.kth:TASK",
        "lorenz63": "hrsnn.tasks.lorenz63:TASK",
        "lorenz96": "hrsnn.tasks.lorenz96:TASK",
        "mackey_glass": "hrsnn.tasks.mackey_glass:TASK",
        "memory": "hrsnn.tasks.memory:TASK",
        "mnist": "hrsnn.tasks.mnist:TASK",
        "narma10": "hrsnn.tasks.narma10:TASK",
        "nmnist": "hrsnn.tasks.nmnist:TASK",
        "rossler": "hrsnn.tasks.rossler:TASK",
        "santa_fe": "hrsnn.tasks.santa_fe:TASK",
        "shd": "hrsnn.tasks.shd:TASK",
        "ssc": "hrsnn.tasks.ssc:TASK",
        "templates": "hrsnn.tasks.templates:TASK",
        "ts": "hrsnn.tasks.ts:TASK",
        "wavs": "hrsnn.tasks.wavs:TASK",
        "xor": "hrsnn.tasks.xor:TASK",
    },
)


@dataclass(frozen=True)
class TaskChoice:
    """A task by name with the options that a user has set.

    Parameters
    ----------
    name : str
        Name in `TASKS`.
    options : mapping of str to object
        Options of the task; all others have the values that a command or a study gives, or their defaults.

    Raises
    ------
    InputError
        For an unknown task or option, or a missing one.

    Examples
    --------
    >>> choice = TaskChoice("digits", {"test_share": 0.5})
    >>> choice.kind, len(choice.load(seed=3).y_test)
    ('classes', 898)
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.declaration.check(self.name, self.options)

    def __hash__(self) -> int:
        return hash((self.name, repr(sorted(self.options.items()))))

    @property
    def declaration(self) -> TaskDeclaration:
        """Declaration of the task."""
        return TASKS.find(self.name)

    @property
    def kind(self) -> TaskKind:
        """Kind of the task."""
        return self.declaration.kind

    @property
    def prefix(self) -> str:
        """Prefix of the task's scores in tables of several tasks."""
        prefix = self.declaration.prefix
        return f"{self.name}_" if prefix is None else prefix

    @property
    def settings(self) -> dict[str, Any]:
        """Options that a result depends on: all but the path, which may differ between machines."""
        return {name: value for name, value in self.options.items() if name != "path"}

    def load(self, *, validation: bool = False, spiking: bool = False, **usual: Any) -> ClassificationTask | SeriesTask:
        """Load the task.

        Parameters
        ----------
        validation : bool
            Whether the test part is a validation part, from the training part of the task.
        spiking : bool
            Whether samples are encoded as spikes, where the task has a choice.
        **usual
            Options, used where the task has them; those that the user has set take precedence.

        Raises
        ------
        InputError
            When a value is not allowed, the user has set an option that selects the validation part, or the result is not
            of the declared kind.
        FileError
            When the task's files are missing or damaged.
        """
        declared = self.declaration
        options = {name: value for name, value in usual.items() if name in declared.options}
        options |= {**(declared.spiking if spiking else {}), **self.options}
        if validation:
            for name in declared.validation:
                if name in self.options:
                    raise InputError(name, self.options[name], "cannot be set where scores are of the validation part")
            options |= declared.validation
        task = declared.load(**options)
        wanted = KINDS[declared.kind]
        if not isinstance(task, wanted):
            raise InputError("task", self.name, f"must be a {wanted.__name__}, as it declares, not {type(task).__name__}")
        return task.validation_part() if validation and not declared.validation else task

    def load_classes(self, *, validation: bool = False, spiking: bool = False, **usual: Any) -> ClassificationTask:
        """Load a task of the kind "classes".

        Raises
        ------
        InputError
            As :meth:`load`, and for a task of another kind.
        """
        self.check_kind("classes")
        task = self.load(validation=validation, spiking=spiking, **usual)
        assert isinstance(task, ClassificationTask)
        return task

    def load_series(self, *kinds: TaskKind, validation: bool = False, **usual: Any) -> SeriesTask:
        """Load a task of the kind "series", or of one of `kinds`.

        Raises
        ------
        InputError
            As :meth:`load`, and for a task of another kind.
        """
        self.check_kind(*(kinds or ("series",)))
        task = self.load(validation=validation, **usual)
        assert isinstance(task, SeriesTask)
        return task

    def check_kind(self, *kinds: TaskKind) -> None:
        """Check that the task is of one of these kinds.

        Raises
        ------
        InputError
            When it is not; the message names the tasks that are.
        """
        if self.kind not in kinds:
            known = ", ".join(TASKS.where(lambda one: one.kind in kinds))
            raise InputError("task", self.name, f"is of the kind {self.kind}; of the kind {' or '.join(kinds)} are {known}")


def load_task(name: str, **options: Any) -> ClassificationTask | SeriesTask:
    """Load a task by name.

    Parameters
    ----------
    name : str
        Name in ``hrsnn.tasks.TASKS``; ``hrsnn tasks`` lists all, with their options.
    **options
        Options of the task: parameters of its function, such as :func:`hrsnn.tasks.digits.digits`.

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
    return TaskChoice(name, options).load()
