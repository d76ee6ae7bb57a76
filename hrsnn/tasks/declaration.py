"""What a task declares about itself: its kind, its options, its validation part and its baselines."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hrsnn.errors import InputError
from hrsnn.tasks.new_samples import ModelInput, NewSamples
from hrsnn.tasks.sources import Source
from hrsnn.tasks.task import ClassificationTask, SeriesTask
from hrsnn.validation.annotations import check_of

#: "classes": samples with labels. "series": values to forecast. "memory": random values to reconstruct later.
TaskKind = Literal["classes", "series", "memory"]
KINDS: Mapping[str, type] = {"classes": ClassificationTask, "series": SeriesTask, "memory": SeriesTask}
#: Options that the functions of a kind may have, and that commands and studies then set.
USUAL: Mapping[str, tuple[str, ...]] = {
    "classes": ("path", "seed"),
    "series": ("path", "train", "test", "horizon", "seed"),
    "memory": ("path", "values", "hold", "seed"),
}


@dataclass(frozen=True)
class TaskOption:
    """One parameter of the function that loads a task."""

    name: str
    annotation: str  #: type, as written in the code: "float", "str | None"
    default: Any  #: None also where there is no default
    required: bool

    @property
    def takes_text(self) -> bool:
        """Whether a value on the command line is taken as text: "5" is then no number."""
        return any(part.strip() in ("str", "PathLike", "Path") for part in self.annotation.split("|"))

    def check(self, field: str, value: Any) -> Any:
        """Return a value if it is of the annotated type, where the type can be checked.

        Raises
        ------
        InputError
            When it is not; the message begins with `field`.
        """
        check = check_of(self.annotation)
        return value if check is None else check(field, value)

    def __str__(self) -> str:
        kind = "path" if "Path" in self.annotation else self.annotation.removesuffix(" | None")
        return f"{self.name} ({kind}, required)" if self.required else f"{self.name} ({kind}, {self.default})"


@dataclass(frozen=True, kw_only=True)
class TaskDeclaration:
    """A task: the function that loads it, and what commands and studies need to know about it.

    Parameters
    ----------
    summary : str
        A few words, for lists.
    kind : {"classes", "series", "memory"}
        Classes have accuracy and ranks, series have errors of forecasts, memory has capacities.
    load : callable
        Function from options to a :class:`ClassificationTask` (classes) or a :class:`SeriesTask`. Its parameters are the
        options of the task; with a parameter ``path`` without default, the task needs data. Of the options `USUAL` for its
        kind it should have those that make sense.
    baselines : tuple of str
        Names in :data:`hrsnn.analysis.scoring.baselines.BASELINES` of what its scores are compared with.
    validation : mapping, optional
        Options with which the test part is a validation part, for choosing parameters: samples of the usual training part,
        or of a part that the data have for this, but none of the usual test part. By default the validation part is cut
        from the training part (:meth:`ClassificationTask.validation_part`, :meth:`SeriesTask.validation_part`).
    spiking : mapping, optional
        Options with which samples are encoded as spikes, if they are not by default: STDP acts on links of spikes only.
    recognises : callable, optional
        Function from a path, of a file or a folder, to whether it holds data of this task, by names and the first bytes: it
        loads nothing and raises no error. With it, commands take the data without the name of the task.
    samples : callable, optional
        Function from a path and a :class:`hrsnn.tasks.new_samples.ModelInput` to the samples that a fitted model is to name
        (:class:`hrsnn.tasks.new_samples.NewSamples`), or None where the path holds no such data. Labels are not needed.
    layout : tuple of str, optional
        Where the data are in a folder of several data sets in their official layouts (``--data``): the first that exists.
    sources : tuple of Source, optional
        Where the files are on the network; they are downloaded by ``hrsnn fetch`` only.
    label : str
        Name in axis labels; by default `summary`.
    prefix : str, optional
        Prefix of the task's scores in tables of several tasks; by default the name and an underscore.

    Raises
    ------
    InputError
        When the kind is unknown, there are no baselines, a mapping names no option of `load`, or data are recognised by a
        task that reads none.
    """

    summary: str
    kind: TaskKind
    load: Callable[..., ClassificationTask | SeriesTask]
    baselines: tuple[str, ...]
    validation: Mapping[str, Any] = field(default_factory=dict)
    spiking: Mapping[str, Any] = field(default_factory=dict)
    recognises: Callable[[Path], bool] | None = None
    samples: Callable[[Path, ModelInput], NewSamples | None] | None = None
    layout: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    label: str = ""
    prefix: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError("kind", self.kind, f"must be one of {', '.join(KINDS)}")
        if not self.baselines:
            raise InputError("baselines", self.baselines, "must name at least one")
        for name in (*self.validation, *self.spiking):
            if name not in self.options:
                raise InputError(name, "in validation or spiking", f"must be an option of the task: {self._known}")

        if (self.recognises is not None or self.layout) and "path" not in self.options:
            raise InputError("recognises", "data", "are of tasks with an option path")

    @functools.cached_property
    def options(self) -> Mapping[str, TaskOption]:
        """Options by name, in the order of the function's parameters."""
        nothing = inspect.Parameter.empty
        return {
            name: TaskOption(
                name, _written(one.annotation), None if one.default is nothing else one.default, one.default is nothing
            )
            for name, one in inspect.signature(self.load).parameters.items()
            if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        }

    @property
    def needs_data(self) -> bool:
        """Whether the task reads data from a path that the user has to give."""
        return "path" in self.options and self.options["path"].required

    def check(self, name: str, options: Mapping[str, Any]) -> None:
        """Check the names of options, and that none is missing; `name` is that of the task.

        Raises
        ------
        InputError
            For an unknown option, with the nearest known one, or when an option without a default is missing.
        """
        for option, value in options.items():
            if option not in self.options:
                close = difflib.get_close_matches(option, self.options, n=1)
                hint = f"did you mean {close[0]!r}? " if close else ""
                raise InputError(option, value, f"no option of task {name!r}: {hint}known are {self._known}")
        for known in self.options.values():
            if known.required and options.get(known.name) is None:
                raise InputError(known.name, None, f"task {name!r} needs it")

    @property
    def _known(self) -> str:
        return ", ".join(self.options) or "none"


def _written(annotation: Any) -> str:
    """Return an annotation as it is written in the code, also where annotations are evaluated."""
    if annotation is inspect.Parameter.empty:
        return "Any"
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
