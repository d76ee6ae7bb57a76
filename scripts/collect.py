"""``hrsnn collect``: the results of several out folders in one table."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import FileError, InputError
from hrsnn.files.parsing import parsed_toml
from hrsnn.files.reading import read_json, read_text, refuse_damaged
from hrsnn.files.results import load_results, single_seed
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import BaseCommand, execute
from hrsnn.scripts.cli.tables import aligned, csv_text, parquet

#: Rows that are shown on the screen.
_SHOWN = 40


@dataclass(frozen=True)
class Collected:
    """Rows of all folders: the folder, the parameters in which they differ, and the columns of their tables."""

    names: Sequence[str]
    rows: Sequence[Sequence[object]]
    folders: int

    @property
    def text(self) -> str:
        """The first rows in columns."""
        return "\n".join(aligned(self.names, self.rows, _SHOWN))

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``."""
        return {
            "folders": self.folders,
            "columns": {name: [row[k] for row in self.rows] for k, name in enumerate(self.names)},
            "versions": report.versions(),
        }

    def write(self, folder: Path) -> str:
        """Write the table into `folder` atomically, and return the text with its location."""
        table = csv_text(self.names, self.rows)
        return report.write_outcome(self, folder, None, {}, {"table.csv": table}, parquet("table", table))


@dataclass(frozen=True, kw_only=True)
class Collect(BaseCommand):
    """Put the results of out folders into one table, with the parameters in which the networks differ."""

    folders: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]
    """Out folders of commands, or folders of such folders."""

    def run(self) -> Collected:
        """Read all tables."""
        places = [place for folder in self.folders for place in _out_folders(folder)]
        if len(set(places)) < len(places):
            twice = next(place for place in places if places.count(place) > 1)
            raise InputError("DIR", str(twice), "is given twice")
        tables = {place: _tidy(place) for place in places}
        specs = {place: _shared(_parameters(place), tables[place]) for place in places}
        described = [spec for spec in specs.values() if spec]
        known = dict.fromkeys(name for spec in described for name in spec)
        differing = [name for name in known if len({spec.get(name) for spec in described}) > 1]
        columns = list(dict.fromkeys(name for table in tables.values() for name in table))
        # a key of a sweep is a column of its table and a parameter of other networks: one column has both
        names = list(dict.fromkeys([*differing, *columns]))
        rows = [
            [str(place), *(_cell(table, name, k) if name in table else specs[place].get(name, "") for name in names)]
            for place, table in tables.items()
            for k in range(len(next(iter(table.values()))))
        ]
        return Collected(["folder", *names], rows, len(places))


def _out_folders(path: Path) -> list[Path]:
    """Return a folder with results, or those in it, by name."""
    with refuse_damaged(path, "folder"):
        if not path.is_dir():
            raise FileError(path, "is no folder" if path.exists() else "does not exist")
        if _is_collected(path):
            reason = "is a table of other folders, which `hrsnn collect` made: give those folders, or a folder of them"
            raise FileError(path, reason)
        if (path / "metrics.json").exists() or (path / "table.csv").exists():
            return [path]
        every = sorted(one.parent for one in path.rglob("metrics.json") if report.RUNS not in one.relative_to(path).parts)
        found = [one for one in every if not _is_collected(one)]
    if not found:
        raise FileError(path, "holds no results: give folders that commands wrote with --out")
    return found


def _is_collected(folder: Path) -> bool:
    """Return whether a folder is the output of this command: its values are those of other folders."""
    found = _metrics(folder)
    return "scores" not in found and {"folders", "columns"} <= set(found)


def _metrics(folder: Path) -> Mapping[str, Any]:
    """Return the content of ``metrics.json``; nothing without the file."""
    path = folder / "metrics.json"
    return read_json(path, "file of results") if path.exists() else {}


def _tidy(folder: Path) -> Mapping[str, Any]:
    """Return the table of a folder with a value a row: columns of seeds become rows."""
    # the first column of the table that is made here is named folder
    found = {f"{name} in the table" if name == "folder" else name: one for name, one in load_results(folder).table().items()}
    seeds = [name for name in found if re.fullmatch(r"seed \d+", name)]
    if not seeds or not {"score", "of"} <= set(found):
        seed = single_seed(_metrics(folder))
        if seed is not None and not seeds and "seed" not in found:
            found["seed"] = np.array([seed] * len(next(iter(found.values()))))
        return found
    count = len(found["score"])
    return {
        "score": np.repeat(found["score"], len(seeds)),
        # as in the results of one run
        "of": np.repeat(np.where(found["of"] == "reservoir", "network", found["of"]), len(seeds)),
        "seed": np.tile([int(name.removeprefix("seed ")) for name in seeds], count),
        "value": np.stack([found[name] for name in seeds], axis=1).ravel(),
    }


def _parameters(folder: Path) -> dict[str, object]:
    """Return the parameters in ``spec.toml``, those of a distribution by part; nothing without the file."""
    path = folder / "spec.toml"
    with refuse_damaged(path, "specification"):
        if not path.exists():
            return {}
        found: dict[str, object] = {}
        for name, value in parsed_toml(read_text(path)).items():
            parts = {f"{name}.{part}": one for part, one in value.items()} if isinstance(value, dict) else {name: value}
            found.update({key: one if isinstance(one, int | float) else str(one) for key, one in parts.items()})
        return found


def _shared(parameters: Mapping[str, object], table: Mapping[str, Any]) -> dict[str, object]:
    """Return the parameters without the parts of a distribution that a sweep replaced as a whole."""
    return {name: value for name, value in parameters.items() if name.split(".")[0] not in table or name in table}


def _cell(table: Mapping[str, Any], name: str, row: int) -> object:
    """Return a cell; empty where there is no number."""
    value = table[name][row].item()
    return "" if isinstance(value, float) and np.isnan(value) else value


if __name__ == "__main__":
    sys.exit(execute(Collect))
