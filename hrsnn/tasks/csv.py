"""Task csv: forecasting of columns of a table."""

from __future__ import annotations

import csv as tables
import difflib
import math
import re
from pathlib import Path

import numpy as np

from hrsnn.errors import FileError, InputError
from hrsnn.files.reading import read_text, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.tasks.declaration import TaskDeclaration
from hrsnn.tasks.new_samples import ModelInput, NewSamples
from hrsnn.tasks.task import SeriesTask
from hrsnn.validation.limits import check_memory
from hrsnn.validation.units import takes

#: Bytes of memory for each cell while a file is read (measured).
_PER_CELL = 120
#: Lines by which the separator and the names are recognised.
_LOOKED_AT = 50
_TARGET = re.compile(r"(.*?)(?:\+(\d{1,9}))?", re.DOTALL)


@takes(hold="ms", peak_rate="Hz")
def csv(
    path: PathLike,
    column: str = "",
    target: str = "",
    train: int | None = None,
    test: int | None = None,
    horizon: int = 1,
    washout: int = 100,
    hold: float = 20.0,
    encoding: str = "current",
    peak_rate: float = 200.0,
    seed: int = 0,
) -> SeriesTask:
    """Return the task of forecasting columns of a table, one row a time.

    Parameters
    ----------
    path : path
        Text file with cells separated by commas, semicolons or tabs, with a line of names or without.
    column : str
        Names of the input columns, or their numbers from 1, separated by commas. Default: all of which most cells are
        numbers.
    target : str
        What is forecast: a column, a column and how many rows ahead (``"speed+10"``), or only how many (``"+10"``). Default:
        the input columns, `horizon` rows ahead.
    train, test : int, optional
        Numbers of rows in the two parts, which follow one another. By default the test part is the last fifth of what the
        other leaves, or all that it leaves.
    horizon : int
        Number of rows from the input to the target, where `target` does not say.
    washout : int
        Number of rows before the training part.
    hold : float
        Time in ms for which each row is held.
    encoding : {"current", "poisson"}
        Whether a network gets the values as currents, or as the rates of Poisson spikes.
    peak_rate : float
        Rate of the largest value of a column in the training part (Hz).
    seed : int
        Seed of the spikes.

    Returns
    -------
    SeriesTask
        Inputs and targets are standardised by the training part.

    Raises
    ------
    FileError
        When the file is missing, has no rows, or rows of different lengths.
    InputError
        When a column does not exist (with the nearest name), or one of its cells is not a finite number (with its line), or
        the table is too short.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "wind.csv"
    >>> lines = [f"2024-01-01T{k:04d},{k % 7},{k % 5}" for k in range(300)]
    >>> _ = path.write_text(chr(10).join(["time,speed,gust", *lines]))
    >>> task = csv(path, column="speed", target="gust+10")
    >>> task.inputs.shape, task.test
    ((290, 1), slice(252, 290, None))
    """
    names, rows = _table(path)
    chosen, aims, ahead = _chosen(path, names, rows, column, target)
    if ahead is not None:
        if horizon != 1:
            raise InputError("horizon", horizon, f"cannot be given with target = {target!r}, which says how many rows ahead")
        horizon = ahead
    return SeriesTask.from_array(
        _columns(path, names, rows, chosen),
        None if aims == chosen else _columns(path, names, rows, aims),
        name="csv",
        horizon=horizon,
        train=train,
        test=test,
        washout=washout,
        hold=hold,
        encoding=encoding,
        peak_rate=peak_rate,
        seed=seed,
        outputs=[names[place] for place in aims],
    )


def new_rows(path: Path, wanted: ModelInput) -> NewSamples | None:
    """Return the input columns of a table (rows, columns), with the target columns as labels."""
    if not recognises(path):
        return None
    names, rows = _table(path)
    column, target = (str(wanted.options.get(name, "")) for name in ("column", "target"))
    chosen, aims, _ = _chosen(path, names, rows, column, target)
    inputs = _columns(path, names, rows, chosen)
    return NewSamples(inputs, [names[k] for k in aims], inputs if aims == chosen else _columns(path, names, rows, aims))


def recognises(path: Path) -> bool:
    """Return whether a path is a table, by its name."""
    return path.suffix.lower() in (".csv", ".tsv", ".txt", ".dat") and path.is_file()


def _chosen(
    path: PathLike, names: list[str], rows: list[tuple[int, list[str]]], column: str, target: str
) -> tuple[list[int], list[int], int | None]:
    """Return the input columns, the target columns, and how many rows ahead `target` says they are."""
    chosen = [_place(path, names, one) for one in column.split(",")] if column else _numeric(path, names, rows)
    found = _TARGET.fullmatch(target)
    assert found is not None  # every text matches
    name, ahead = found.groups()
    return chosen, [_place(path, names, name)] if name else chosen, None if ahead is None else int(ahead)


def _table(path: PathLike) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the names of the columns, and the rows with their line numbers."""
    text = read_text(path).removeprefix("\ufeff")
    separator = _separator(text)
    check_memory("path", str(path), _PER_CELL * (text.count(separator) + text.count("\n") + 1), "the table")
    with refuse_damaged(path, "table"):
        reader = tables.reader(text.splitlines(), delimiter=separator, strict=True)
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(cell.strip() for cell in row)]
    if not rows:
        raise FileError(path, "is an empty table")
    width = len(rows[0][1])
    for line, row in rows:
        if len(row) != width:
            raise FileError(path, f"has {len(row)} cells in line {line}, and {width} in the first")
    # text above numbers is a name
    if any(
        cell and _number(cell) is None and any(_number(row[k]) is not None for _, row in rows[1:_LOOKED_AT])
        for k, cell in enumerate(rows[0][1])
    ):
        return rows[0][1], rows[1:]
    return [str(k + 1) for k in range(width)], rows


def _separator(text: str) -> str:
    """Return the separator that is as frequent in each of the first lines; commas, which may be decimal, come last."""
    lines = [line for line in text.split("\n", _LOOKED_AT)[:_LOOKED_AT] if line.strip()]
    counts = {one: {line.count(one) for line in lines} for one in ";\t,"}
    return next((one for one, found in counts.items() if len(found) == 1 and found != {0}), ",")


def _number(cell: str) -> float | None:
    """Return a cell as a number; None for text. Digits may not be grouped by underscores."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _place(path: PathLike, names: list[str], wanted: str) -> int:
    """Return the index of a column by its name or, from 1, its number."""
    name = wanted.strip()
    if name in names:
        return names.index(name)
    if name.isascii() and name.isdecimal() and 1 <= int(name) <= len(names):
        return int(name) - 1
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    shown = ", ".join(names[:20]) + (f" and {len(names) - 20} others" if len(names) > 20 else "")
    raise InputError("column", name, f"{hint}{path} has the columns {shown}")


def _numeric(path: PathLike, names: list[str], rows: list[tuple[int, list[str]]]) -> list[int]:
    """Return the columns of which most cells are numbers."""
    found = [k for k in range(len(names)) if 2 * sum(_number(row[k]) is not None for _, row in rows) > len(rows)]
    if not found:
        raise FileError(path, "has no column of numbers")
    return found


def _columns(path: PathLike, names: list[str], rows: list[tuple[int, list[str]]], chosen: list[int]) -> np.ndarray:
    """Return columns as an array (rows, columns)."""
    values = np.empty((len(rows), len(chosen)))
    for k, (line, row) in enumerate(rows):
        for place, index in enumerate(chosen):
            value = _number(row[index])
            if value is None or not math.isfinite(value):
                said = row[index] or "an empty cell"
                # with the field of an InputError, and the name of the file
                reason = InputError(names[index], said, f"must be a finite number, also in line {line}: fill gaps first")
                raise FileError(path, str(reason))
            values[k, place] = value
    return values


TASK = TaskDeclaration(
    summary="columns of a table, such as wind speeds or prices",
    kind="series",
    load=csv,
    recognises=recognises,
    samples=new_rows,
    baselines=("last_value", "linear_autoregression", "echo_state_network", "no_recurrence", "delay_bank"),
    label="Own series",
)
