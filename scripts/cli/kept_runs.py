"""The runs of a study in files, one each: a run that has its file is not repeated."""

from __future__ import annotations

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

Result = TypeVar("Result", bound=Mapping[str, Any])


@dataclass(frozen=True)
class KeptRuns:
    """A folder of runs that all have the same settings; None keeps nothing."""

    folder: Path | None

    def prepare(self, settings: Mapping[str, Any]) -> None:
        """Make the folder, or see that the runs in it have these settings.

        Raises
        ------
        FileError
            When they have others, or the folder cannot be made.
        """
        if self.folder is None:
            return
        file = self.folder / "settings.json"
        if file.exists():
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
        """The result of the run of that name, from its file where it has one: numbers, in mappings of any depth.

        What was just run is given in the form that its file gives it back in, its order included: tables are the same bytes
        whichever runs were there before.
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
        """See that runs which belong together have the same names at every depth.

        Parameters
        ----------
        results : mapping
            Results by the name of the run.

        Raises
        ------
        FileError
            With the first whose names are others than those of the run before.
        """
        for one, other in itertools.pairwise(results):
            if self.folder is not None and _names(results[one]) != _names(results[other]):
                raise FileError(self.folder / f"{other}.json", f"is no {_KIND}: its names are not those of {one}.json")


_KIND = "run of this command (delete it, and it is made again)"


def _names(value: Any) -> Any:
    return {name: _names(item) for name, item in value.items()} if isinstance(value, Mapping) else None


def _numbers(value: Any) -> Any:
    """What JSON has no word for is nan.

    Raises
    ------
    InputError
        When there is anything but numbers.
    """
    if isinstance(value, dict):
        return {name: _numbers(item) for name, item in value.items()}
    if value is None:
        return math.nan
    known = is_number(value) and math.isfinite(value)
    if not known or (isinstance(value, int) and abs(value) > MOST):
        raise InputError("run", value, "must hold finite numbers, and null where there is none")
    return value
