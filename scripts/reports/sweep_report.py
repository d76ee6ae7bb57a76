"""Outcome of a sweep: every score at every point and seed, with means and intervals over the seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hrsnn.analysis.scoring.registry import bounds_of, label_of
from hrsnn.files.results import rows_of
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.repeats import INTERVAL
from hrsnn.scripts.cli.tables import aligned, csv_text, parquet
from hrsnn.scripts.methods.protocols import swept_value
from hrsnn.spec import parameter_unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.kinds import NetworkSpec

#: Points that are shown on the screen.
_SHOWN = 40
#: Whose scores are drawn: the network's, and the controls'.
_LINES = ("network", "no_recurrence", "delay_bank", "raw_input")
#: Scores that are drawn.
_DRAWN = 3


@dataclass(frozen=True)
class SweptRun:
    """Numbers of one run: ``scores``, ``spikes`` and ``details`` by name, ``baselines`` by score and name."""

    values: tuple[str, ...]
    seed: int
    numbers: Mapping[str, Any]

    def rows(self) -> Iterator[tuple[str, str, float]]:
        """Return the name of each number, of what it is, and its value: scores with their baselines, then the activity."""
        return rows_of(self.numbers)


@dataclass(frozen=True, kw_only=True)
class SweepReport:
    """Runs of a command over values of keys and over seeds."""

    command: str
    #: `options`: those of the command that all points share, by field; `swept`: fields among them that are keys.
    options: Mapping[str, Any]
    swept: tuple[str, ...]
    #: `spec` and `engine`: Specification that all points share, and the engine.
    spec: NetworkSpec
    engine: str
    keys: tuple[str, ...]
    seeds: tuple[int, ...]
    runs: Sequence[SweptRun]

    def found(self) -> Mapping[tuple[tuple[str, ...], str, str], list[float]]:
        """Return the values over the seeds by point, score and whose it is."""
        found: dict[tuple[tuple[str, ...], str, str], list[float]] = {}
        for run in self.runs:
            for score, of, value in run.rows():
                found.setdefault((run.values, score, of), []).append(value)
        return found

    @property
    def main(self) -> str:
        """First score of the command."""
        return next(score for score, _, _ in self.runs[0].rows())

    @property
    def points(self) -> list[tuple[str, ...]]:
        """Values of the keys, a tuple a point."""
        return list(dict.fromkeys(run.values for run in self.runs))

    @property
    def text(self) -> str:
        """Mean and interval of the first score at each point, and of its baselines."""
        found, points = self.found(), self.points
        of = list(dict.fromkeys(of for _, score, of in found if score == self.main))
        head = [*self.keys, *(name.replace("_", " ") for name in of)]
        rows = [[*point, *(_cell(found.get((point, self.main, name)), self.main) for name in of)] for point in points]
        several = len(self.seeds) > 1
        seeds = f"seeds {self.seeds[0]} to {self.seeds[-1]}" if several else f"seed {self.seeds[0]}"
        many = f"{len(points)} point{'s' if len(points) > 1 else ''}"
        what = f"{self.main.replace('_', ' ')}{', mean [95 % interval]' if several else ''}"
        lines = [f"{self.command} at {many}, {seeds}: {what}"]
        lines += aligned(head, rows, _SHOWN)
        return "\n".join(lines)

    def values_of_points(self) -> Mapping[str, Any]:
        """Return what ran at the points, by name, for the protocol: a phrase for what differs between them."""
        each = [run.numbers.get("details", {}) for run in self.runs]
        details = {name: value for name, value in each[0].items() if all(one.get(name) == value for one in each)}
        # of prune and compare, baselines are networks
        baselines = {name: one for name, one in self.runs[0].numbers["baselines"].items() if isinstance(one, Mapping)}
        swept = {name: swept_value(name) for name in (*self.swept, *(name for name in each[0] if name not in details))}
        return {**self.options, **details, "baselines": baselines, **swept}

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``."""
        found = self.found()
        table = [
            {
                **dict(zip(self.keys, point, strict=True)),
                "score": score,
                "of": of,
                "values": values,
                "mean": float(np.mean(values)),
                "interval": _interval(values, score),
            }
            for (point, score, of), values in found.items()
        ]
        return {
            "command": self.command,
            "engine": self.engine,
            "keys": self.keys,
            "count": len(self.points),
            "points": table,
            **({"interval": {"what": INTERVAL}} if len(self.seeds) > 1 else {}),
            "seed": self.seeds[0],
            "seeds": self.seeds,
            "versions": report.versions(),
        }

    def write(self, folder: Path, formats: Sequence[str] = report.PNG) -> str:
        """Write all files into `folder` atomically, and return the text with their location."""
        runs = (
            [*run.values, str(run.seed), score, of, repr(float(value))]
            for run in self.runs
            for score, of, value in run.rows()
        )
        means = (
            [*point, score, of, str(len(values)), repr(float(np.mean(values))), *map(repr, _interval(values, score))]
            for (point, score, of), values in self.found().items()
        )
        files = {
            "table.csv": csv_text([*self.keys, "seed", "score", "of", "value"], runs),
            "means.csv": csv_text([*self.keys, "score", "of", "seeds", "mean", "low", "high"], means),
        }
        return report.write_outcome(
            self, folder, self.spec, self.draw(), files, parquet("table", files["table.csv"]), formats
        )

    def draw(self) -> dict[str, Figure]:
        """Draw the first scores against each key and, with two keys of numbers, over both."""
        from hrsnn.analysis.figures.curves import scores_against_values
        from hrsnn.analysis.figures.maps import heat_maps

        found, points = self.found(), self.points
        scores = list(dict.fromkeys(score for score, of, _ in self.runs[0].rows() if of != "spikes"))[:_DRAWN]
        curves, labels = {}, [self._label(key) for key in self.keys]
        for score in scores:
            every = list(dict.fromkeys(name for _, one, name in found if one == score))
            of = [name for name in _LINES if name in every] or every[:_DRAWN]
            along = {label: {name: self._along(k, score, name) for name in of} for k, label in enumerate(labels)}
            curves[label_of(score)] = along
        drawn = {"sweep": scores_against_values(curves, {label_of(score): bounds_of(score) for score in scores})}
        numbers = [_numbers([point[k] for point in points]) for k in range(len(self.keys))]
        if len(self.keys) == 2 and all(numbers) and all(len(set(each)) > 1 for each in numbers):
            across, up = (sorted(set(each)) for each in numbers)
            maps = {}
            for score in scores:
                grid = np.full((len(up), len(across)), np.nan)
                for point, x, y in zip(points, *numbers, strict=True):
                    if (point, score, "network") in found:
                        grid[up.index(y), across.index(x)] = np.mean(found[point, score, "network"])
                maps[label_of(score).replace(" (", "\n(")] = grid
            drawn["map"] = heat_maps(maps, across, up, x_label=labels[0], y_label=labels[1])
        return drawn

    def _label(self, key: str) -> str:
        """Return a key with its unit, where it is a parameter of the network that has one."""
        unit = parameter_unit(key) if self.spec.kind == "reservoir" and key not in self.swept else "no unit"
        return key if unit == "no unit" else f"{key} ({unit})"

    def _along(self, k: int, score: str, of: str) -> dict[str, list[float]]:
        """Return the mean over all other keys, by the value of one key: a number a seed."""
        found, points = self.found(), self.points
        return {
            value: _over_others([found[p, score, of] for p in points if p[k] == value and (p, score, of) in found])
            for value in dict.fromkeys(point[k] for point in points)
        }


def _over_others(each: Sequence[Sequence[float]]) -> list[float]:
    """Return the mean over points for each seed."""
    return [float(np.mean(values)) for values in zip(*each, strict=True)] if each else []


def _numbers(texts: Sequence[str]) -> list[float]:
    """Return texts as numbers, or nothing where one is none."""
    try:
        return [float(text) for text in texts]
    except ValueError:
        return []


def _interval(values: Sequence[float], score: str) -> tuple[float, float]:
    from hrsnn.analysis import mean_interval

    return mean_interval(values, bounds=bounds_of(score)) if len(values) > 1 else (float("nan"), float("nan"))


def _cell(values: Sequence[float] | None, score: str) -> str:
    if values is None:
        return ""
    low, high = _interval(values, score)
    mean = f"{np.mean(values):.4g}"
    return mean if np.isnan(low) else f"{mean} [{low:.3g}, {high:.3g}]"
