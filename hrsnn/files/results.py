"""Tables of results, read back from the folder that a command wrote."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hrsnn.display import Tabular
from hrsnn.display.displayed import Row
from hrsnn.display.text import abbreviated
from hrsnn.errors import FileError, InputError
from hrsnn.files.reading import read_json, read_text, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.validation.limits import check_memory
from hrsnn.validation.units import takes

#: Bytes of memory for each cell while a table is read.
_PER_CELL = 120
#: A path of one folder: messages on another type tell how several are read.
OutFolder: TypeAlias = PathLike


@dataclass(frozen=True)
class Results(Tabular):
    """Table of results: columns by name.

    Attributes
    ----------
    columns : mapping of str to array (rows,)
        int64 where all cells are whole numbers, float64 where all are numbers or empty (nan), else strings.
    """

    columns: Mapping[str, NDArray[Any]]

    def table(self) -> Mapping[str, NDArray[Any]]:
        """Return the columns by name."""
        return self.columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self.columns:
            raise InputError("column", name, f"must be one of {', '.join(self.columns)}")
        return self.columns[name]

    def where(self, **values: Any) -> Results:
        """Return the rows in which columns have these values.

        Raises
        ------
        InputError
            When there is no such column.

        Examples
        --------
        >>> results = Results({"of": np.array(["network", "control"]), "value": np.array([0.9, 0.8])})
        >>> results.where(of="network")["value"]
        array([0.9])
        """
        kept = np.ones(len(self), dtype=bool)
        for name, value in values.items():
            kept &= self[name] == value
        return Results({name: column[kept] for name, column in self.columns.items()})

    def _rows(self) -> Iterable[Row]:
        for name, column in self.columns.items():
            yield Row(name, abbreviated(column))

    def _parts(self) -> Iterable[str]:
        yield f"{len(self)} rows"
        names = list(self.columns)
        yield f"columns {', '.join(names[:8])}{f' and {len(names) - 8} more' if len(names) > 8 else ''}"


@takes()
def load_results(path: OutFolder) -> Results:
    """Read the table of results in an out folder of a command.

    Parameters
    ----------
    path : path
        Folder that a command wrote with ``--out``, or a table in it (.csv). ``hrsnn collect`` puts several folders into one
        table.

    Returns
    -------
    Results
        The file ``table.csv`` where there is one, as of sweeps, several seeds and studies; else, as of one run, the columns
        ``score``, ``of``, ``seed`` and ``value`` from ``metrics.json``: each score of the network, of its baselines and
        controls, and what is counted of the spikes.

    Raises
    ------
    InputError
        When `path` is a list of folders.
    FileError
        When the folder has neither file, or it is damaged.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "table.csv").write_text("neurons,of,value\\n100,network,0.5\\n200,network,0.75\\n")
    >>> load_results(folder).where(neurons=200)["value"]
    array([0.75])
    """
    place = Path(path)
    with refuse_damaged(path, "folder"):
        folder = place.is_dir()
        table = place / "table.csv" if folder else place
        metrics = folder and not table.exists() and (place / "metrics.json").exists()
        if folder and not (table.exists() or metrics):
            inside = any(True for _ in place.glob("*/metrics.json"))
            hint = f"or make one table of those in it: `hrsnn collect {place.name} --out table`" if inside else "or a table"
            raise FileError(
                path, f"has neither table.csv nor metrics.json: give a folder that a command wrote with --out, {hint}"
            )
    if metrics:
        return Results(_of_metrics(place / "metrics.json"))
    return Results(typed(*_read_table(table)))


def rows_of(metrics: Mapping[str, Any]) -> Iterator[tuple[str, str, float]]:
    """Yield score, of what it is, and value, from the content of ``metrics.json``: scores, their baselines, then activity.

    Of commands that have several networks, such as those that prune, scores are by the label of a network.

    Examples
    --------
    >>> list(rows_of({"scores": {"rank": 4.0}, "baselines": {"rank": {"input": 3.0}}, "spikes": {"mean_rate": 9.0}}))
    [('rank', 'network', 4.0), ('rank', 'input', 3.0), ('mean_rate', 'spikes', 9.0)]
    >>> list(rows_of({"scores": {"lnp": {"links": 50}}, "baselines": {"dense": {"links": 100}}}))
    [('links', 'lnp', 50), ('links', 'dense', 100)]
    """
    scores, baselines = metrics["scores"], metrics.get("baselines", {})
    if any(isinstance(value, Mapping) for value in scores.values()):
        for of, named in {**scores, **baselines}.items():
            yield from ((score, of, value) for score, value in named.items())
        return  # their activity is among the scores
    for score, value in scores.items():
        yield score, "network", value
        yield from ((score, of, other) for of, other in baselines.get(score, {}).items())
    yield from ((name, "spikes", value) for name, value in metrics.get("spikes", {}).items())


def single_seed(metrics: Mapping[str, Any]) -> int | None:
    """Return the seed of the numbers in ``metrics.json``, or None where it is not known or there are several.

    Examples
    --------
    >>> single_seed({"seed": 3}), single_seed({"seed": 0, "seeds": [0, 1]})
    (3, None)
    """
    seed, seeds = metrics.get("seed"), metrics.get("seeds")
    several = isinstance(seeds, list) and len(seeds) > 1
    return seed if isinstance(seed, int) and not isinstance(seed, bool) and not several else None


def _of_metrics(path: PathLike) -> dict[str, NDArray[Any]]:
    """Return the columns of ``metrics.json``; values that are no numbers are passed over, null is empty."""
    with refuse_damaged(path, "file of results"):
        found = read_json(path, "file of results")
        if not isinstance(found.get("scores"), dict):
            raise FileError(path, "holds no scores")
        seed = single_seed(found)
        own = [] if seed is None else [str(seed)]
        rows = [
            [str(score), str(of), *own, "" if value is None else repr(float(value))]
            for score, of, value in rows_of(found)
            if value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        ]
    return typed(["score", "of", *(["seed"] if own else []), "value"], rows)


def typed(names: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, NDArray[Any]]:
    """Return columns of texts as arrays: whole numbers, numbers, or strings.

    Examples
    --------
    >>> typed(["n", "x"], [["1", "0.5"], ["2", ""]])
    {'n': array([1, 2]), 'x': array([0.5, nan])}
    """
    return {name: _column([row[k] for row in rows]) for k, name in enumerate(names)}


def _column(cells: list[str]) -> NDArray[Any]:
    try:
        return np.array([int(cell) for cell in cells], dtype=np.int64)
    except (ValueError, OverflowError):
        pass
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return np.array(cells, dtype=str)


def _read_table(path: PathLike) -> tuple[list[str], list[list[str]]]:
    text = read_text(path).removeprefix("\ufeff")
    check_memory("path", str(path), _PER_CELL * (text.count(",") + text.count("\n") + 1), "the table")
    with refuse_damaged(path, "table of results"):
        rows = [row for row in csv.reader(text.splitlines(), strict=True) if row]
        if len(rows) < 2:
            raise FileError(path, "has no rows")
        head = rows[0]
        if len(set(head)) < len(head):
            raise FileError(path, "has two columns of one name")
        for number, row in enumerate(rows[1:], 2):
            if len(row) != len(head):
                raise FileError(path, f"has {len(row)} cells in row {number}, and {len(head)} names")
    return head, rows[1:]
