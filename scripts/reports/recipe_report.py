"""The report on a recipe: measured values beside published ones, verdicts and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.paired_repeats import IN_BRACKETS
from hrsnn.scripts.cli.repeats import INTERVAL, Row
from hrsnn.scripts.cli.report import PNG
from hrsnn.scripts.cli.tables import csv_text
from hrsnn.scripts.recipes.contract import SCALES

if TYPE_CHECKING:
    from hrsnn.kinds import NetworkSpec
    from hrsnn.scripts.recipes.claims import PublishedClaim
    from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeResult, RecipeRow
    from hrsnn.scripts.recipes.judging import ClaimResult

#: Heads of the columns of ``table.csv`` before those of the seeds.
COLUMNS = ("quantity", "of", "mean", "low", "high", "published", "where")
#: What stands in place of the values of a row whose data are missing.
NOT_RUN = "not run"


@dataclass(frozen=True)
class RecipeReport:
    """Outcome of a recipe for several seeds."""

    name: str
    recipe: Recipe
    #: None where the networks of the recipe are of no kind.
    spec: NetworkSpec | None
    seeds: range
    result: RecipeResult
    #: Claims of the papers by name, for their words.
    claims: Mapping[str, PublishedClaim]
    scale: str = "small"
    #: Command line that repeats it.
    command: str = ""

    @property
    def title(self) -> str:
        """Line that names the recipe and the runs."""
        seeds = f"seeds {self.seeds[0]} to {self.seeds[-1]}" if self.recipe.seeds else "counted"
        about = seeds if self.spec is None else f"{self.spec.neurons} neurons, {seeds}"
        return f"{self.name}: {self.recipe.item} of {self.recipe.paper}; {about}, scale {self.scale}"

    @property
    def text(self) -> str:
        """Readable text: each quantity with its interval and the published value, then a verdict for each claim."""
        lines = [self.title, f"{'':44s}{'mean':>10s}  [{INTERVAL}], published"]
        for row in self.result.rows:
            beside = f"  {self._published(row)}" if self._published(row) else ""
            name = f"{row.quantity}, {_words(row.of)}"
            if row.not_run:
                lines.append(f"{name:44s}{NOT_RUN:>10s}: {row.not_run}{beside}")
                continue
            measured = _measurement(row)
            ends = _ends(measured)
            interval = "" if ends is None else f"  [{ends[0]:.4g}, {ends[1]:.4g}]"
            lines.append(f"{name:44s}{measured.mean:10.4g}{interval}{beside}")
        for one in self.result.claims:
            lines.append(f"{one.verdict}: {self._words_of(one)}")
            lines.append(f"  {_measured(one)}")
        return "\n".join([*lines, *([f"of claims, {IN_BRACKETS}"] if self.result.claims else [])])

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``."""
        scores: dict[str, dict[str, Any]] = {}
        for row in self.result.rows:
            one, found = self._beside(row), scores.setdefault(row.quantity, {})
            beside = {} if one is None else {"published": one.value}
            if row.not_run:
                found[row.of] = {"not_run": row.not_run, **beside}
            else:
                measured = _measurement(row)
                numbers = {"mean": measured.mean, "interval": _ends(measured), "per_seed": row.values}
                found[row.of] = {**numbers, **beside}
        return {
            "recipe": self.name,
            "paper": self.recipe.paper,
            "item": self.recipe.item,
            "scale": self.scale,
            "command": self.command,
            "neurons": None if self.spec is None else self.spec.neurons,
            "scores": scores,
            "published": {
                quantity: {"value": one.value, "where": one.where} for quantity, one in self.recipe.published.items()
            },
            "claims": [one.plain() for one in self.result.claims],
            "seed": self.seeds[0],
            "seeds": list(self.seeds),
            "versions": report.versions(),
            **self.result.metrics,
        }

    def report(self) -> str:
        """Return Markdown tables of the quantities and of the claims."""
        lines = [f"# {self.recipe.item}: {self.recipe.title}", "", self.title, ""]
        lines += ["| quantity | of | mean [95 %] | published |", "| --- | --- | --- | --- |"]
        for row in self.result.rows:
            cell = f"{NOT_RUN}: {row.not_run}" if row.not_run else _cell(_measurement(row))
            lines.append(f"| {row.quantity} | {_words(row.of)} | {cell} | {self._published(row)} |")
        if self.scale != SCALES[0] and self.recipe.paper_scale is not None:
            lines += ["", "Settings of the paper:", ""]
            found = self.recipe.paper_scale.sources().items()
            lines += [f"- {name} {value}: {source}" for name, (value, source) in found]
        lines += [
            "",
            "| claim | measured | mean difference [95 %] | p (Holm) | verdict |",
            "| --- | --- | --- | --- | --- |",
        ]
        for one in self.result.claims:
            difference = one.reason if one.test is None else _with_interval(one)
            p = "" if one.adjusted is None else f"{one.adjusted:.2g}"
            lines.append(f"| {self._words_of(one)} | {one.measured} | {difference} | {p} | {one.verdict} |")
        notes = [
            f"In brackets: {INTERVAL}; of differences, the bootstrap (BCa) over the pairs of seeds.",
            "A positive difference is for the claim. p: sign-flip test, with Holm's correction over all claims tested.",
        ]
        return "\n".join([*lines, "", *notes, ""])

    def table(self) -> str:
        """Return the quantities as CSV in full precision, with the published values and a column for each seed."""
        rows = []
        for row in self.result.rows:
            one = self._beside(row)
            beside = ("", "") if one is None else ("" if one.value is None else one.value, one.where)
            measured = None if row.not_run else _measurement(row)
            numbers = ("", "", "") if measured is None else (measured.mean, *(_ends(measured) or ("", "")))
            values = row.values or ("",) * len(self.seeds)
            rows.append([row.quantity, row.of, *numbers, *beside, *values])
        return csv_text([*COLUMNS, *(f"seed {seed}" for seed in self.seeds)], rows)

    def write(self, folder: Path, formats: Sequence[str] = PNG) -> str:
        """Write all files into `folder`, and return the text with their location."""
        files = {"table.csv": self.table(), "report.md": self.report()}
        return report.write_outcome(self, folder, self.spec, self.result.draw(), files, formats=formats)

    def _beside(self, row: RecipeRow) -> Published | None:
        return row.published or self.recipe.published.get(row.quantity)

    def _published(self, row: RecipeRow) -> str:
        one = self._beside(row)
        return "" if one is None else one.cell

    def _words_of(self, one: ClaimResult) -> str:
        return self.claims[one.claim].claim if one.claim in self.claims else one.claim


def _measurement(row: RecipeRow) -> Row:
    return Row(row.quantity, row.of, row.values, row.bounds)


def _ends(row: Row) -> tuple[float, float] | None:
    """Return the interval of a mean of two values or more."""
    return row.interval if len(row.values) > 1 else None


def _cell(row: Row) -> str:
    return row.cell if len(row.values) > 1 else f"{row.mean:.4g}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _with_interval(one: ClaimResult) -> str:
    assert one.test is not None
    low, high = one.test.interval
    return f"{one.test.mean:+.3g} [{low:+.3g}, {high:+.3g}]"


def _measured(one: ClaimResult) -> str:
    if one.test is None:
        return one.reason
    return f"{one.measured}: {_with_interval(one)}, p {one.adjusted:.2g}"
