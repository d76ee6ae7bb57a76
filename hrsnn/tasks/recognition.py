"""Recognition of data by what a file or a folder holds, and the task that reads it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from hrsnn.errors import FileError, InputError
from hrsnn.files.npz import names_in_npz
from hrsnn.files.reading import refuse_damaged
from hrsnn.tasks.declaration import TaskKind
from hrsnn.tasks.new_samples import ModelInput, NewSamples
from hrsnn.tasks.registry import TASKS, TaskChoice
from hrsnn.tasks.task import ClassificationTask, SeriesTask

#: What is no data for a task, by its extension.
_NETWORKS = {".graphml": "a graph", ".edges": "an edge list"}


def recognised(path: str | os.PathLike[str]) -> str:
    """Return the name of the task that reads a file or a folder.

    Every task that needs data declares by which names and which content it recognises its own
    (``TaskDeclaration.recognises``); nothing is loaded.

    Parameters
    ----------
    path : path

    Returns
    -------
    str
        Name in :data:`hrsnn.tasks.TASKS`.

    Raises
    ------
    FileError
        When the path does not exist, no task recognises it, or several do. The message says what it could be, and how to say
        which.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "wind.csv"
    >>> _ = path.write_text("speed,gust\\n1,2\\n")
    >>> recognised(path)
    'csv'
    """
    place = Path(path)
    with refuse_damaged(path, "data"):
        os.stat(place)  # an error where it does not exist
        if place.suffix.lower() in _NETWORKS or _is_reservoir(place):
            what = _NETWORKS.get(place.suffix.lower(), "a saved reservoir")
            raise FileError(path, f"is {what}, a network and not data: --graph {place.name} runs tasks on it")
        readers = TASKS.where(lambda one: one.recognises is not None)
        found = [name for name in readers if _recognises(name, place)]
    if len(found) == 1:
        return found[0]
    if found:
        raise FileError(path, f"could be data for {' or '.join(found)}: say which as --task {found[0]}, --path {place.name}")
    known = ", ".join(readers)
    raise FileError(path, f"is not recognised: say what it is, as --task NAME --path {place.name}; with data are {known}")


def open_task(path: str | os.PathLike[str], **options: Any) -> ClassificationTask | SeriesTask:
    """Load the task whose data a file or a folder holds.

    Parameters
    ----------
    path : path
        A table (.csv), time series (.ts), spike trains, images, series or events (.npz), spike trains (.h5), images (idx), a
        folder of recordings, images or one of the data sets in :data:`hrsnn.tasks.TASKS`.
    **options
        Options of the task, such as ``column="speed"``.

    Returns
    -------
    ClassificationTask or SeriesTask

    Raises
    ------
    FileError
        As :func:`recognised`, and when the data are damaged.
    InputError
        For an option that the task does not have, or a value that is not allowed.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "wind.csv"
    >>> _ = path.write_text("speed,gust\\n" + "1,2\\n2,1\\n" * 200)
    >>> open_task(path, column="gust", horizon=5).targets.shape
    (395, 1)
    """
    if "path" in options:
        raise InputError("path", options["path"], "is the first argument")
    return TaskChoice(recognised(path), {"path": path, **options}).load()


def new_samples(path: str | os.PathLike[str], kind: TaskKind, wanted: ModelInput) -> NewSamples:
    """Return the samples of a file or a folder that a fitted model is to name or to forecast.

    Parameters
    ----------
    path : path
        Own data, with or without labels, as :func:`open_task` takes them, in a folder without folders of classes too; or a
        data set of :data:`hrsnn.tasks.TASKS`, of which the test part is taken.
    kind : {"classes", "series"}
    wanted : ModelInput
        What the model takes.

    Returns
    -------
    NewSamples
        Of a series: `x` (times, channels), `names` of the target columns, and their values as `labels`.

    Raises
    ------
    FileError
        When the path does not exist, nothing recognises it, or the data are damaged or not of the model's shape.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "wind.csv"
    >>> _ = path.write_text("speed,gust\\n1,2\\n")
    >>> new_samples(path, "series", ModelInput({"column": "gust"})).x
    array([[2.]])
    """
    place = Path(path)
    with refuse_damaged(path, "data"):
        os.stat(place)
    for name in TASKS.where(lambda one: one.kind == kind and one.samples is not None):
        read = TASKS.find(name).samples
        assert read is not None
        if (samples := read(place, wanted)) is not None:
            return samples
    if kind != "classes":
        raise FileError(path, "is no table: a model of a series takes one with a row for each time, such as a .csv")
    try:
        name = recognised(path)
    except FileError as error:
        takes = "own data are an .npz with an array x, spike trains, .ts, or a folder of images or .wav files"
        raise FileError(path, f"is not recognised as samples for the model: {takes}") from error
    if TASKS.find(name).kind != kind:
        raise FileError(path, f"is of the task {name}, a series; the model names the classes of samples")
    options = {key: value for key, value in wanted.options.items() if key in TASKS.find(name).options}
    task = TaskChoice(name, {**options, "path": path}).load()
    assert isinstance(task, ClassificationTask)
    return NewSamples(task.x_test, [str(k) for k in range(len(task.y_test))], np.asarray(task.y_test))


def _recognises(name: str, path: Path) -> bool:
    recognises = TASKS.find(name).recognises
    return recognises is not None and recognises(path)


def _is_reservoir(path: Path) -> bool:
    return path.suffix.lower() == ".npz" and {"recurrent.pre", "recurrent.post"} <= names_in_npz(path)
