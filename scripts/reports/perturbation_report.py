"""The report on a perturbed reservoir: scores against levels, with the control without recurrent links beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hrsnn.analysis.intervals import mean_interval
from hrsnn.analysis.scoring.registry import bounds_of, label_of
from hrsnn.analysis.studies.perturbation_curves import curve_name
from hrsnn.analysis.studies.perturbations import PERTURBATIONS
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.repeats import INTERVAL
from hrsnn.scripts.cli.tables import csv_text

if TYPE_CHECKING:
    from hrsnn.spec import ReservoirSpec

#: The reservoir, and the control.
ARMS = ("reservoir", "no_recurrence")
HOW = "readouts are fitted to the intact network and its input, and tested on the perturbed ones"


@dataclass(frozen=True, kw_only=True)
class Point:
    """Values of one score of one arm at one level, by seed, and what they are there in the intact network."""

    perturbation: str
    level: float
    score: str
    of: str
    values: tuple[float, ...]
    intact: tuple[float, ...]

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))

    @property
    def interval(self) -> tuple[float, float]:
        return mean_interval(self.values, bounds=bounds_of(self.score))

    @property
    def change(self) -> tuple[float, float, float]:
        """Mean of the differences from the intact network, within a seed, and the interval of that mean."""
        differences = np.subtract(self.values, self.intact)
        return float(differences.mean()), *mean_interval(differences)


@dataclass(frozen=True, kw_only=True)
class PerturbationReport:
    """Scores of both arms for all seeds."""

    title: str
    spec: ReservoirSpec
    seeds: Sequence[int]
    levels: Mapping[str, Sequence[float]]
    #: Scores by seed and arm, then by perturbation and level, then by name.
    curves: Mapping[tuple[int, str], Mapping[str, Mapping[str, float]]]
    settings: Mapping[str, Any]

    def points(self) -> Iterator[Point]:
        """Yield all points: for each score, perturbation and level, level 0 being the intact network, that of each arm."""
        for score in next(iter(self.curves.values()))["intact"]:
            intact = {arm: self._values(arm, "intact", score) for arm in ARMS}
            for perturbation, levels in self.levels.items():
                for level in (0.0, *levels):
                    name = curve_name(perturbation, level) if level else "intact"
                    for arm in ARMS:
                        yield Point(
                            perturbation=perturbation,
                            level=level,
                            score=score,
                            of=arm,
                            values=self._values(arm, name, score),
                            intact=intact[arm],
                        )

    def _values(self, arm: str, name: str, score: str) -> tuple[float, ...]:
        return tuple(self.curves[seed, arm][name][score] for seed in self.seeds)

    @property
    def text(self) -> str:
        """Readable table: for each score and perturbation a line a level, with both arms."""
        lines = [self.title, HOW, f"{'':24s}{ARMS[0]:>10s}{'':22s}{ARMS[1].replace('_', ' '):>14s}  [{INTERVAL}]"]
        points = list(self.points())
        before = ("", "")
        for own, other in zip(points[::2], points[1::2], strict=True):
            if (own.score, own.perturbation) != before:
                lines.append(f"{own.score.replace('_', ' ')}, {PERTURBATIONS[own.perturbation].summary}")
                before = (own.score, own.perturbation)
            cells = [f"{one.mean:10.4g}  [{one.interval[0]:.4g}, {one.interval[1]:.4g}]" for one in (own, other)]
            lines.append(f"  {own.level:<22g}{cells[0]:34s}{cells[1]}")
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``."""
        found: dict[str, Any] = {"how": HOW, "scores": {}, "baselines": {}, "curves": {}}
        for point in self.points():
            if not point.level:
                if point.of == ARMS[0]:
                    found["scores"][point.score] = point.mean
                else:
                    found["baselines"][point.score] = {point.of: point.mean}
            change, *ends = point.change
            of_score = found["curves"].setdefault(point.score, {}).setdefault(point.perturbation, {})
            of_score.setdefault(point.of, []).append(
                {
                    "level": point.level,
                    "mean": point.mean,
                    "interval": point.interval,
                    "change": {"mean": change, "interval": ends},
                    "per_seed": point.values,
                }
            )
        found["interval"] = {"what": INTERVAL}
        return {**found, "seed": self.seeds[0], "seeds": list(self.seeds), **self.settings, "versions": report.versions()}

    def table(self) -> str:
        """Return all points as CSV in full precision, with a column for each seed."""
        ends = ["mean", "low", "high", "change", "change_low", "change_high"]
        names = ["score", "perturbation", "level", "of", *ends, *(f"seed {seed}" for seed in self.seeds)]
        rows = (
            [one.score, one.perturbation, one.level, one.of, one.mean, *one.interval, *one.change, *one.values]
            for one in self.points()
        )
        return csv_text(names, rows)

    def write(self, folder: Path, formats: Sequence[str] = report.PNG) -> str:
        """Write all files into `folder` atomically, and return the text with their location."""
        from hrsnn.analysis.figures import curves_over_levels

        panels: dict[tuple[str, str], dict[str, Any]] = {}
        for one in self.points():
            panel = panels.setdefault((label_of(one.score), PERTURBATIONS[one.perturbation].axis), {})
            panel.setdefault(one.of, []).append(one.values)
        axes = {PERTURBATIONS[name].axis: (0.0, *levels) for name, levels in self.levels.items()}
        bounds = {label_of(one.score): bounds_of(one.score) for one in self.points()}
        figure = curves_over_levels(panels, axes, bounds)
        files = {"table.csv": self.table()}
        return report.write_outcome(self, folder, self.spec, {"perturbations": figure}, files, formats=formats)
