"""A command repeated over several seeds: mean, interval and values of each score."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hrsnn.analysis.scoring.contract import Bounds
from hrsnn.analysis.scoring.registry import bounds_of, unit_of
from hrsnn.errors import InputError
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import ParallelCommand, warnings_only
from hrsnn.scripts.cli.report import Outcome, Report
from hrsnn.scripts.cli.tables import csv_text
from hrsnn.validation.numbers import count_of, repeats_of

if TYPE_CHECKING:
    from hrsnn.kinds import NetworkSpec

logger = logging.getLogger("hrsnn")

INTERVAL = "95 % of Student's t over the seeds, within the bounds of the score"


@dataclass(frozen=True, kw_only=True)
class Repeatable(ParallelCommand):
    """Command whose ``run`` depends only on its options, including the seed, and returns a :class:`Report`."""

    seeds: int = 1
    """Number of seeds, starting from --seed; more than one gives means with intervals."""

    def carry_out(self) -> Outcome:
        """Carry out a single run, or one for each seed."""
        repeats_of("--seeds", self.seeds)
        count_of("--jobs", self.jobs)
        if self.seeds > 1:
            return repeated(self)
        if self.cluster is not None and not self.parallel:
            raise InputError("--cluster", self.cluster, "needs --seeds of at least 2: a single run is made here")
        return self.run()

    def run_for(self, seed: int, folder: Path | None) -> Outcome:
        """Carry out the run of one of several seeds; `folder` is of a command whose runs go on where they were stopped."""
        return dataclasses.replace(self, seed=seed).run()

    @property
    def parallel(self) -> bool:
        """Whether a single run has parts that can be distributed over processes or machines."""
        return False


@dataclass(frozen=True)
class SeedRun:
    """Numbers in the report of one seed."""

    scores: Mapping[str, float]
    baselines: Mapping[str, Mapping[str, float]]
    spikes: Mapping[str, float]
    details: Mapping[str, Any]
    timing: Mapping[str, float]
    bounds: Mapping[str, Bounds] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """Values of one number by seed, with their mean and its interval."""

    score: str
    of: str
    values: tuple[float, ...]
    bounds: Bounds

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))

    @property
    def interval(self) -> tuple[float, float]:
        from hrsnn.analysis import mean_interval

        return mean_interval(self.values, bounds=self.bounds)

    @property
    def cell(self) -> str:
        """Format mean and interval for a table."""
        low, high = self.interval
        return f"{self.mean:.3g} [{low:.3g}, {high:.3g}]"


def table(rows: Iterable[Row], seeds: Iterable[int]) -> str:
    """Return the rows as CSV in full precision, with a column for each seed."""
    names = ["score", "of", "mean", "low", "high", *(f"seed {seed}" for seed in seeds)]
    return csv_text(names, ([row.score, row.of, row.mean, *row.interval, *row.values] for row in rows))


def repeated(command: Repeatable) -> Repeats:
    """Run `command` once for each seed, ``command.jobs`` at a time."""
    seeds = range(command.seed, command.seed + command.seeds)
    # no messages or progress bars from single runs: one bar counts the seeds
    single = dataclasses.replace(command, seeds=1, jobs=1, cluster=None, out=None, quiet=True)
    logger.info("seeds %d to %d ...", seeds[0], seeds[-1])
    with warnings_only():
        reports = command.all_of(SeedRunner(single, None if command.out is None else command.out / report.RUNS), seeds)
    (title, spec), runs = reports[0][0], [run for _, run in reports]
    title = f"{title.removesuffix(f', seed {seeds[0]}')}, seeds {seeds[0]} to {seeds[-1]}"
    return Repeats(title=title, seeds=tuple(seeds), spec=spec, runs=runs)


@dataclass(frozen=True)
class SeedRunner:
    """Function that runs `command` for a seed, in a subfolder of `folder` if it keeps anything."""

    command: Repeatable
    folder: Path | None = None

    def __call__(self, seed: int) -> tuple[tuple[str, NetworkSpec], SeedRun]:
        outcome = self.command.run_for(seed, None if self.folder is None else self.folder / f"seed_{seed}")
        assert isinstance(outcome, Report)
        details = {**outcome.details, **({"interval": outcome.intervals} if outcome.intervals else {})}
        kept = SeedRun(outcome.scores, outcome.baselines, outcome.spikes, details, outcome.timing, outcome.bounds)
        return (outcome.title, outcome.spec), kept


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """Outcome of a command for several seeds."""

    title: str
    seeds: tuple[int, ...]
    spec: NetworkSpec
    runs: Sequence[SeedRun]

    def rows(self) -> Iterator[Row]:
        """Yield each score followed by its baselines, and then the activity."""
        first = self.runs[0]
        for name in first.scores:
            bounds = first.bounds.get(name, bounds_of(name))
            yield Row(name, "reservoir", tuple(run.scores[name] for run in self.runs), bounds)
            for beside in first.baselines.get(name, {}):
                yield Row(name, beside, tuple(run.baselines[name][beside] for run in self.runs), bounds)
        for name in first.spikes:
            yield Row(name, "spikes", tuple(run.spikes[name] for run in self.runs), bounds_of(name))

    @property
    def text(self) -> str:
        """Readable table of means and intervals, each score followed by its baselines."""
        lines = [self.title, f"{'':34s}{'mean':>10s}  [{INTERVAL}]"]
        for row in self.rows():
            low, high = row.interval
            if row.of == "spikes":
                line = report.activity_row(row.score, row.mean)
            elif row.of == "reservoir":
                line = report.row(row.score, row.mean)
            else:
                line = report.row(row.of, row.mean, row.score)
            lines.append(f"{line}  [{low:.4g}, {high:.4g}]")
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``: as for one run, with means, and the values by seed."""
        shared, differing = self._details()
        return {
            **shared,
            **self._nested(lambda row: row.mean),
            "interval": {"what": INTERVAL, **self._nested(lambda row: row.interval)},
            "per_seed": {**self._nested(lambda row: row.values), **differing},
            "seed": self.seeds[0],
            "seeds": self.seeds,
            "versions": report.versions(),
        }

    def write(self, folder: Path, formats: Sequence[str] = report.PNG) -> str:
        """Write all files into `folder` atomically, and return the text with their location."""
        from hrsnn.analysis.figures import scores_over_seeds

        panels: dict[str, dict[str, tuple[float, ...]]] = {}
        bounds: dict[str, Bounds] = {}
        for row in self.rows():
            if row.of != "spikes":
                unit = unit_of(row.score)
                label = row.score.replace("_", " ") + ("" if unit == "no unit" else f" ({unit})")
                panels.setdefault(label, {})[row.of], bounds[label] = row.values, row.bounds
        pictures = {"seeds": scores_over_seeds(panels, bounds)}
        files = {"timing.json": [run.timing for run in self.runs], "table.csv": table(self.rows(), self.seeds)}
        return report.write_outcome(self, folder, self.spec, pictures, files, formats=formats)

    def _details(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the details that are the same for all seeds, and the values of the others by seed."""
        first = self.runs[0].details
        shared = {name: value for name, value in first.items() if all(_same(run.details[name], value) for run in self.runs)}
        return shared, {name: [run.details[name] for run in self.runs] for name in first if name not in shared}

    def _nested(self, value: Any) -> dict[str, Any]:
        """Return `value` of each row, arranged as the scores, baselines and spikes of one run."""
        nested: dict[str, dict[str, Any]] = {"scores": {}, "baselines": {}, "spikes": {}}
        for row in self.rows():
            if row.of == "reservoir":
                nested["scores"][row.score] = value(row)
            elif row.of == "spikes":
                nested["spikes"][row.score] = value(row)
            else:
                nested["baselines"].setdefault(row.score, {})[row.of] = value(row)
        return nested


def _same(one: Any, other: Any) -> bool:
    from hrsnn.files.writing import to_json

    return to_json(one) == to_json(other)
