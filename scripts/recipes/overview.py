"""The overview of the recipes: what the kept results of each say, as one row a table or figure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrsnn.errors import FileError
from hrsnn.files.reading import read_json, read_text, refuse_damaged
from hrsnn.files.writing import to_json, write_text
from hrsnn.scripts.cli import report
from hrsnn.scripts.recipes.units import seconds_in

if TYPE_CHECKING:
    from hrsnn.scripts.recipes.contract import Recipe

#: Comments in a page between which the overview stands.
BEGIN = "<!-- overview: made by `hrsnn reproduce list --results DIR --page docs/reproduction.md` -->"
END = "<!-- end of overview -->"
NOT_YET = "not run yet"


@dataclass(frozen=True)
class Summary:
    """What is kept of one run of a recipe."""

    #: Command that repeats it, without the folder of the results.
    command: str
    scale: str
    seeds: int
    neurons: int
    #: Number of claims by verdict.
    claims: Mapping[str, int]
    #: Number of published values whose quantity was measured, and of those within the 95 % interval of what was measured.
    compared: int
    met: int
    #: Number of rows that were not run.
    not_run: int
    #: Processor time of all runs (minutes); None where that of some is not known.
    minutes: float | None

    @property
    def verdict(self) -> str:
        """Say how much is reproduced: all, some or none of the claims and published values, of which rows not run are none.

        Examples
        --------
        >>> Summary("hrsnn reproduce x", "small", 12, 100, {"supported": 1, "refuted": 1}, 2, 0, 1, 3.0).verdict
        'in part: 1 of 5'
        """
        total = sum(self.claims.values()) + self.compared + self.not_run
        found = self.claims.get("supported", 0) + self.met
        if not total:
            return "nothing to compare"
        return f"{'not reproduced' if not found else 'reproduced' if found == total else 'in part'}: {found} of {total}"


def summary_of(folder: Path) -> tuple[str, Summary]:
    """Return the name of the recipe whose results are in a folder, and their summary.

    Raises
    ------
    FileError
        When ``metrics.json`` there cannot be read, or is not of a recipe.
    """
    file = folder / "metrics.json"
    with refuse_damaged(file, "result of a recipe"):
        found = read_json(file, "result of a recipe")
        if "recipe" not in found:
            raise FileError(file, "is no result of hrsnn reproduce")
        verdicts = [claim["verdict"] for claim in found["claims"]]
        runs = folder / report.RUNS
        kept = [path for path in runs.glob("*.json") if path.name != "settings.json"]
        seconds, known = seconds_in(runs)
        rows = [row for of in found["scores"].values() for row in of.values()]
        compared = [row for row in rows if row.get("published") is not None and "mean" in row]
        return found["recipe"], Summary(
            command=found["command"],
            scale=found["scale"],
            seeds=len(found["seeds"]),
            neurons=found["neurons"],
            claims={verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)},
            compared=len(compared),
            met=sum(map(_met, compared)),
            not_run=sum("not_run" in row for row in rows),
            minutes=seconds / 60 if kept and known == len(kept) else None,
        )


def _met(row: Mapping[str, Any]) -> bool:
    """Return whether a published value is in the interval; of a value that was counted, whether it is the same in print."""
    published = float(row["published"])
    if row["interval"] is None:
        places = len(format(published, "g").partition(".")[2])
        return abs(float(row["mean"]) - published) <= 10.0**-places
    return bool(row["interval"][0] <= published <= row["interval"][1])


def summaries_in(folder: Path) -> dict[str, Summary]:
    """Return the summaries of all results in the subfolders of a folder, by recipe.

    Raises
    ------
    FileError
        When there are none, two of the same recipe, or one cannot be read.
    """
    found: dict[str, Summary] = {}
    with refuse_damaged(folder, "folder"):
        files = sorted(folder.glob("*/metrics.json"))
    for file in files:
        if "recipe" not in read_json(file, "result of a command"):
            continue
        name, summary = summary_of(file.parent)
        if name in found:
            raise FileError(file.parent, f"holds results of the recipe {name!r}, as another folder does")
        found[name] = summary
    if not found:
        raise FileError(folder, "has no folder with results of hrsnn reproduce")
    return found


def overview(recipes: Mapping[str, Recipe], kept: Mapping[str, Summary]) -> str:
    """Return the overview as a Markdown table, a row for each recipe; those without results are not run yet."""
    lines = ["| table or figure | recipe | verdict | claims | values met | rows not run | seeds | core-minutes |"]
    lines += ["|" + " --- |" * 8]
    for name, recipe in recipes.items():
        what = f"{recipe.item} of {recipe.paper}"
        one = kept.get(name)
        if one is None:
            lines.append(f"| {what} | `hrsnn reproduce {name}` | {NOT_YET} | {_number(recipe.claims)} | | | | |")
            continue
        claims = ", ".join(f"{count} {verdict}" for verdict, count in one.claims.items())
        minutes = "" if one.minutes is None else f"{one.minutes:.1f}"
        met = f"{one.met} of {one.compared}" if one.compared else ""
        cells = (what, f"`{one.command}`", one.verdict, claims, met, str(one.not_run or ""), str(one.seeds), minutes)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _number(claims: Sequence[str]) -> str:
    return f"{len(claims)} claim{'s' if len(claims) != 1 else ''}" if claims else ""


def kept_beside(page: Path) -> dict[str, Summary]:
    """Return the summaries that are kept in the JSON file beside a page, by recipe; none where there is no file."""
    file = page.with_suffix(".json")
    if not file.exists():
        return {}
    with refuse_damaged(file, "list of results"):
        return {name: Summary(**one) for name, one in read_json(file, "list of results").items()}


def renewed(text: str, recipes: Mapping[str, Recipe], kept: Mapping[str, Summary]) -> str:
    """Return a page with the overview anew between its comments."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{overview(recipes, kept)}\n\n{END}{after}"


def renew(page: Path, recipes: Mapping[str, Recipe], results: Mapping[str, Summary]) -> None:
    """Add results to those kept beside a page, and write the overview of the page anew.

    Raises
    ------
    FileError
        When the page cannot be read or written, or does not have the comments.
    """
    text = read_text(page)
    if not 0 <= text.find(BEGIN) < text.find(END):
        raise FileError(page, f"must have the lines {BEGIN} and {END}")
    kept = {**kept_beside(page), **results}
    kept = {name: kept[name] for name in recipes if name in kept}
    plain: dict[str, Any] = {name: dataclasses.asdict(one) for name, one in kept.items()}
    write_text(page.with_suffix(".json"), to_json(plain, indent=1, sort_keys=False) + "\n")
    write_text(page, renewed(text, recipes, kept))
