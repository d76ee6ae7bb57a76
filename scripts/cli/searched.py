"""The best specification of a search, from the out folder of ``hrsnn search``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hrsnn.errors import FileError, InputError
from hrsnn.files.reading import read_json, refuse_damaged

_KIND = "out folder of hrsnn search"


def spec_of_search(folder: Path) -> Path:
    """Return the file of the best specification.

    Raises
    ------
    FileError
        When the folder is none of a search.
    """
    search_of(folder)
    file = folder / "spec.toml"
    if not file.exists():
        raise FileError(file, f"is missing: {folder} must be the {_KIND}")
    return file


def search_of(folder: Path) -> dict[str, Any]:
    """Return what was found: the best value, whether it was the largest or the smallest, and the number of trials.

    Raises
    ------
    FileError
        When the folder is none of a search.
    """
    file = folder / "metrics.json"
    with refuse_damaged(folder, "folder"):  # a name may be too long to ask for
        if not file.exists():
            raise FileError(file, f"is missing: {folder} must be the {_KIND}")
    found = read_json(file, _KIND)
    with refuse_damaged(file, _KIND):
        if "best_params" not in found:
            raise FileError(file, "is of another command: --searched takes the out folder of hrsnn search")
        return {"best_value": found["best_value"], "direction": found["direction"], "trials": len(found["trials"])}


def check_heterogeneity(searched: bool, wanted: bool, variant: str | None) -> None:
    """Check that neurons are heterogeneous as they were in the search.

    Raises
    ------
    InputError
        When a model has other neurons than those that were searched.
    """
    if searched != wanted:
        kind, other = ("heterogeneous", "HoNHoS") if searched else ("homogeneous", "HeNHoS")
        raise InputError(
            "--variant", variant, f"has other neurons than the {kind} ones of the search: hrsnn search --variant {other}"
        )
