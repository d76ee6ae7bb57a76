"""The settings of the papers for ``--scale paper``, as paper.toml lists them with their sources."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from hrsnn.errors import FileError
from hrsnn.files.parsing import parsed_toml
from hrsnn.files.reading import read_text, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.scripts.recipes.contract import PaperScale, Setting

_PARTS = ("options", "spec", "seeds")


def read_paper_scales(path: PathLike | None = None) -> dict[str, PaperScale]:
    """Read settings of papers from a file; by default those of this package.

    Parameters
    ----------
    path : path, optional
        TOML with a table ``[RECIPE.options.NAME]``, ``[RECIPE.spec.NAME]`` or ``[RECIPE.seeds]`` for each setting, which
        has a ``value`` and its ``source``.

    Returns
    -------
    dict of str to PaperScale
        By the name of the recipe.

    Raises
    ------
    FileError
        When the file cannot be read, or an entry is invalid: the message names the entry.

    Examples
    --------
    >>> read_paper_scales()["fig10"].options["iterations"]
    Setting(value=100, source='section VI-F: 100 iterations of pruning')
    """
    file = Path(str(files(__package__) / "paper.toml")) if path is None else path
    with refuse_damaged(file, "list of settings"):
        content = parsed_toml(read_text(file))
    return {name: _scale(file, name, entry) for name, entry in content.items()}


@functools.cache
def _own() -> dict[str, PaperScale]:
    return read_paper_scales()


def paper_scale(recipe: str) -> PaperScale:
    """Return the settings of the paper for a recipe of this package; none where the file has none."""
    return _own().get(recipe, PaperScale())


def _scale(file: PathLike, recipe: str, entry: Any) -> PaperScale:
    parts = _table(file, recipe, entry)
    for part in parts:
        if part not in _PARTS:
            raise FileError(file, f"{recipe}.{part}: must be one of {', '.join(_PARTS)}")
    options, spec = (
        {name: _setting(file, f"{recipe}.{part}.{name}", one) for name, one in named.items()}
        for part in ("options", "spec")
        for named in [_table(file, f"{recipe}.{part}", parts.get(part, {}))]
    )
    seeds = _setting(file, f"{recipe}.seeds", parts["seeds"]) if "seeds" in parts else None
    return PaperScale(options, spec, seeds)


def _setting(file: PathLike, where: str, entry: Any) -> Setting:
    found = _table(file, where, entry)
    source = found.get("source")
    if found.keys() != {"value", "source"} or not isinstance(source, str) or not source.strip() or "\n" in source:
        raise FileError(file, f"{where}: must have a value, and its source as one line of text")
    if not isinstance(found["value"], (bool, int, float, str)):
        raise FileError(file, f"{where}.value: must be a number, text, true or false")
    return Setting(found["value"], source)


def _table(file: PathLike, where: str, entry: Any) -> Mapping[str, Any]:
    if not isinstance(entry, dict):
        raise FileError(file, f"{where}: must be a table")
    return entry
