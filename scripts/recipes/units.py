"""The runs of a recipe: each is kept in a file, with the time that it took in another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hrsnn.files.reading import read_json
from hrsnn.files.writing import write_json
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.kept_runs import KeptRuns
from hrsnn.scripts.recipes.contract import RecipeOptions

#: Subfolder of the runs with the processor time of each, which is outside the promise of the same bytes.
TIMING = "timing"
Unit = TypeVar("Unit", bound=tuple[Any, ...])
Result = Mapping[str, Any]


@dataclass(frozen=True)
class KeptUnit:
    """Function from a unit to its result, read from its file if there is one."""

    function: Callable[[Any], Result]
    kept: KeptRuns

    def __call__(self, unit: tuple[Any, ...]) -> Result:
        return timed_result(self.kept, unit_name(unit), lambda: self.function(unit))


def timed_result(kept: KeptRuns, name: str, run: Callable[[], Result]) -> Result:
    """Return the result of a run, from its file if there is one; else make it, and keep the time that it took beside it.

    Of a run that was stopped and went on, the time is that since it went on.
    """

    def timed() -> Result:
        start = time.process_time()
        found = run()
        if kept.folder is not None:
            file = kept.folder / TIMING / f"{name}.json"
            file.parent.mkdir(exist_ok=True)
            write_json(file, {"seconds": time.process_time() - start})
        return found

    return kept.result(name, timed)


def unit_name(unit: tuple[Any, ...]) -> str:
    """Return the name of the file of a unit.

    Examples
    --------
    >>> unit_name(("shd", "HeNHeS", 3)), unit_name(("lnp", 0.95, 3))
    ('shd-HeNHeS-3', 'lnp-0.95-3')
    """
    return "-".join(map(str, unit))


def run_settings(options: RecipeOptions, **more: Any) -> dict[str, Any]:
    """Return everything that the results of a recipe's runs depend on, except the unit: a folder holds runs of one such."""
    return {
        "recipe": options.name,
        "scale": options.scale,
        "spec": None if options.spec is None else options.spec.to_toml(),
        "options": dict(options.values),
        "engine": options.engine,
        **more,
        "versions": report.versions(),
    }


def run_units(
    options: RecipeOptions,
    function: Callable[[Unit], Result],
    units: Iterable[Unit],
    alike: Callable[[Unit], object] = lambda unit: None,
    **settings: Any,
) -> dict[Unit, Result]:
    """Run a function for all units, with ``--jobs`` at a time, and keep each result in a file.

    Parameters
    ----------
    options : RecipeOptions
    function : callable
        From a unit to a mapping of names to numbers, of any depth; it is sent to other processes.
    units : iterable of tuple
        Of text and numbers, that together name the file.
    alike : callable
        From a unit to anything: units for which it is equal have results with the same names. By default all have.
    **settings
        What results depend on beside the options of the recipe.

    Returns
    -------
    dict of unit to result

    Raises
    ------
    FileError
        When the folder holds runs of another recipe, scale or settings, or a file in it is damaged.
    """
    units = list(units)
    kept = KeptRuns(options.runs)
    kept.prepare(run_settings(options, **settings))
    found = dict(zip(units, options.for_all(KeptUnit(function, kept), units), strict=True))
    groups: dict[object, dict[str, Result]] = {}
    for unit, result in found.items():
        groups.setdefault(alike(unit), {})[unit_name(unit)] = result
    for group in groups.values():
        kept.check_names(group)
    return found


def seconds_in(runs: Path) -> tuple[float, int]:
    """Return the processor time of the runs of a folder, and the number of runs whose time is known."""
    files = sorted((runs / TIMING).glob("*.json"))
    return sum(float(read_json(file, "time of a run")["seconds"]) for file in files), len(files)


def by_seed(found: Mapping[Any, Result], seeds: Sequence[int], *unit: Any) -> list[Result]:
    """Return the results of a unit for all seeds, which are the last entry of a unit."""
    return [found[(*unit, seed)] for seed in seeds]
