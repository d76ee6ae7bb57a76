"""The runs of a study in files, one each: a run that has its file is not repeated."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hrsnn.errors import FileError, InputError
from hrsnn.files.digested_json import check_same_settings, read_digested_json, write_digested_json
from hrsnn.files.reading import refuse_damaged
from hrsnn.files.writing import to_json
from hrsnn.validation.annotations import is_number
from hrsnn.validation.numbers import MOST

#: File with the settings that all runs in a folder share.
SETTINGS = "settings.json"
Result = TypeVar("Result", bound=Mapping[str, Any])


@dataclass(frozen=True)
class KeptRuns:
    """Folder of stored runs with the same settings; with None, runs are not stored."""

    folder: Path | None

    def prepare(self, settings: Mapping[str, Any]) -> None:
        """Create the folder, or check that the runs in it have these settings; without a run they bind nobody.

        Raises
        ------
        FileError
            When they have other settings, or the folder cannot be created.
        """
        if self.folder is None:
            return
        file = self.folder / SETTINGS
        if file.exists() and not _is_unused(self.folder):
            check_same_settings(
                file, read_digested_json(file, _KIND), settings, "the runs there were", "choose another --out"
            )
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(self.folder, f"cannot be made: {error.strerror}") from error
        write_digested_json(file, settings)

    def result(self, name: str, run: Callable[[], Result]) -> Result:
        """Return the result of a run, from its file if there is one: numbers, in mappings of any depth.

        New results are returned in the form and order in which they are read from a file, so that tables do not depend on
        which runs were stored before.
        """
        file = None if self.folder is None else self.folder / f"{name}.json"
        if file is not None and file.exists():
            with refuse_damaged(file, _KIND):
                stored: Result = _numbers(read_digested_json(file, _KIND))
            return stored
        found = run()
        if file is not None:
            write_digested_json(file, found)
        same: Result = _numbers(json.loads(to_json(found, sort_keys=False)))
        return same

    def check_names(self, results: Mapping[str, Mapping[str, Any]]) -> None:
        """Check that the results of runs have the same names at every depth.

        Parameters
        ----------
        results : mapping
            Results by the name of the run.

        Raises
        ------
        FileError
            With the first run whose names differ from those of the previous one.
        """
        for one, other in itertools.pairwise(results):
            if self.folder is not None and _names(results[one]) != _names(results[other]):
                raise FileError(self.folder / f"{other}.json", f"is no {_KIND}: its names are not those of {one}.json")


def forget_unused(folder: Path) -> None:
    """Remove the settings in a folder of runs that holds nothing else, as after an error in the first run."""
    with contextlib.suppress(OSError):
        if _is_unused(folder):
            (folder / SETTINGS).unlink()
            folder.rmdir()


def _is_unused(folder: Path) -> bool:
    return [path.name for path in folder.iterdir()] == [SETTINGS]


_KIND = "run of this command (delete it, and it is made again)"


def _names(value: Any) -> Any:
    return {name: _names(item) for name, item in value.items()} if isinstance(value, Mapping) else None


def _numbers(value: Any) -> Any:
    """Convert values read from JSON to numbers, null to nan.

    Raises
    ------
    InputError
        When a value is not a number.
    """
    if isinstance(value, dict):
        return {name: _numbers(item) for name, item in value.items()}
    if value is None:
        return math.nan
    known = is_number(value) and math.isfinite(value)
    if not known or (isinstance(value, int) and abs(value) > MOST):
        raise InputError("run", value, "must hold finite numbers, and null where there is none")
    return value
