"""The runs of a study, a file each: what is there is not run again."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hrsnn.errors import FileError
from hrsnn.files import to_json, write_json

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
            there = _read(file)
            for name, value in json.loads(to_json(settings)).items():
                if there.get(name) != value:
                    raise FileError(file, f"the runs there were made with another {name}: choose another --out")
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(self.folder, f"cannot be made: {error.strerror}") from error
        write_json(file, settings)

    def result(self, name: str, run: Callable[[], Result]) -> Result:
        """The result of the run of that name, from its file where it has one: numbers, in mappings of any depth.

        What was just run is given in the form that its file gives it back in, its order included: tables are the same bytes
        whichever runs were there before.
        """
        file = None if self.folder is None else self.folder / f"{name}.json"
        if file is not None and file.exists():
            stored: Result = _numbers(_read(file))
            return stored
        found = run()
        if file is not None:
            write_json(file, found, sort_keys=False)  # readers of a table see the order in which the code lists scores
        same: Result = _numbers(json.loads(to_json(found, sort_keys=False)))
        return same


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileError(file, "cannot be read: delete it, and it is made again") from error
    if not isinstance(content, dict):
        raise FileError(file, "is none of this command's: delete it, and it is made again")
    return content


def _numbers(value: Any) -> Any:
    """What JSON has no word for is nan."""
    if isinstance(value, dict):
        return {name: _numbers(item) for name, item in value.items()}
    return math.nan if value is None else value
