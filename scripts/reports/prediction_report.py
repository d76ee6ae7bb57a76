"""Outcomes of a saved model on new data: classes of samples, and forecasts of a series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.tables import aligned, csv_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Rows of a table that are shown on the screen.
_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class NamedSamples:
    """Classes that a model gives to samples."""

    title: str
    names: Sequence[str]
    #: `predicted` (samples,), and `probabilities` (samples, classes) by the readouts that have them.
    predicted: NDArray[Any]
    classes: NDArray[Any]
    probabilities: NDArray[np.float64] | None
    #: Labels in the data, as classes of the model; None without.
    labels: NDArray[Any] | None

    @property
    def accuracy(self) -> float | None:
        """Share of the samples that are named as their labels say."""
        return None if self.labels is None else float(np.mean(self.predicted == self.labels))

    @property
    def text(self) -> str:
        """A line a sample: its name, its class, the probability of that, and the label."""
        head = ["sample", "class", *(["probability"] if self.probabilities is not None else [])]
        head += ["label"] if self.labels is not None else []
        lines = [self.title, *aligned(head, list(self._rows()), _SHOWN)]
        if self.labels is not None:
            known = np.unique(self.labels)
            chance = f"chance {1 / len(self.classes):.3g}"
            lines.append(f"accuracy {self.accuracy:.4g} of {len(self.names)} samples, {len(known)} classes; {chance}")
            if unknown := int(np.sum(~np.isin(self.labels.astype(str), self.classes.astype(str)))):
                lines.append(f"{unknown} of the labels are no class of the model")
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``."""
        scores = {} if self.accuracy is None else {"accuracy": self.accuracy}
        return {
            "title": self.title,
            "scores": scores,
            "baselines": {"accuracy": {"chance": 1 / len(self.classes)}} if scores else {},
            "samples": list(self.names),
            "predicted": self.predicted.tolist(),
            **({} if self.labels is None else {"labels": self.labels.tolist()}),
            "classes": self.classes.tolist(),
            **({} if self.probabilities is None else {"probabilities": self.probabilities.tolist()}),
            "versions": report.versions(),
        }

    def write(self, folder: Path, formats: Sequence[str] = report.PNG) -> str:
        """Write all files into `folder` atomically, and return the text with their location."""
        from hrsnn.analysis import figures

        head = ["sample", "class", *(["probability"] if self.probabilities is not None else [])]
        head += ["label"] if self.labels is not None else []
        more = [] if self.probabilities is None else [f"p({name})" for name in self.classes.tolist()]
        table = csv_text([*head, *more], self._rows(whole=True))
        if self.labels is not None:
            every = [*self.classes.tolist(), *(one for one in np.unique(self.labels).tolist() if one not in self.classes)]
            pictures = {"confusion": figures.confusion_matrix(self.labels, self.predicted, every)}
        else:
            shares = {str(name): float(np.mean(self.predicted == name)) for name in self.classes.tolist()}
            pictures = {"classes": figures.scores_bar(shares, label="Share of the samples")}
        return report.write_outcome(self, folder, None, pictures, {"predictions.csv": table}, formats=formats)

    def _rows(self, whole: bool = False) -> Iterable[list[str]]:
        for k, name in enumerate(self.names):
            row = [name, str(self.predicted[k])]
            if self.probabilities is not None:
                highest = float(self.probabilities[k].max())
                row.append(repr(highest) if whole else f"{highest:.3f}")
            row += [] if self.labels is None else [str(self.labels[k])]
            if whole and self.probabilities is not None:
                row += map(repr, self.probabilities[k].tolist())
            yield row


@dataclass(frozen=True, kw_only=True)
class ForecastSeries:
    """Forecasts of a series by a model, in the units of the series."""

    title: str
    #: Names of the outputs.
    outputs: Sequence[str]
    #: Number of rows from an input to what is forecast.
    horizon: int
    #: `forecast` (times, outputs) made at each row, and `target` the series of the outputs; None where the data lack it.
    forecast: NDArray[np.float64]
    target: NDArray[np.float64] | None
    #: Rows at the beginning whose forecasts are not scored, as the network still forgets its start.
    washout: int
    #: Continuation of the series in closed loop (steps, outputs), of no rows where none was asked for.
    continuation: NDArray[np.float64]
    scores: Mapping[str, float] = field(default_factory=dict)
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The last forecasts, the continuation, and the errors."""
        count = len(self.forecast)
        past = [[str(k + self.horizon), *self._cells(self.forecast[k])] for k in range(max(0, count - self.horizon), count)]
        rows = [[str(count + k), *self._cells(row)] for k, row in enumerate(self.continuation)] or past
        lines = [self.title, *aligned(["row", *self.outputs], rows, _SHOWN)]
        for name, value in self.scores.items():
            lines.append(report.row(name, value))
            lines += [report.row(beside, other, name) for beside, other in self.baselines.get(name, {}).items()]
        if not self.scores and self.target is not None:
            lines.append(
                f"no error: the first {self.washout} rows are not scored, and the forecasts are {self.horizon} rows ahead"
            )
        if rows is past and len(past) < count:
            lines.append(f"shown are the last of {count} forecasts; predictions.csv in --out has all")
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``."""
        return {
            "title": self.title,
            "scores": self.scores,
            "baselines": self.baselines,
            "outputs": list(self.outputs),
            "horizon": self.horizon,
            "forecasts": self.forecast.tolist(),
            "continuation": self.continuation.tolist(),
            "versions": report.versions(),
        }

    def write(self, folder: Path, formats: Sequence[str] = report.PNG) -> str:
        """Write all files into `folder` atomically, and return the text with their location."""
        from hrsnn.analysis.figures import forecast_series

        ahead = [[str(k + self.horizon), *map(repr, row)] for k, row in enumerate(self.forecast.tolist())]
        files = {"predictions.csv": csv_text(["row", *self.outputs], ahead)}
        if len(self.continuation):
            after = [[str(len(self.forecast) + k), *map(repr, row)] for k, row in enumerate(self.continuation.tolist())]
            files["continuation.csv"] = csv_text(["row", *self.outputs], after)
        # the last forecasts, beside what came where the data have it
        count, steps = len(self.forecast) + self.horizon, len(self.continuation)
        every = np.full((max(count, len(self.forecast) + steps), len(self.outputs)), np.nan)
        every[self.horizon : count] = self.forecast
        if steps:
            every[len(self.forecast) : len(self.forecast) + steps] = self.continuation
        target = np.full_like(every, np.nan)
        if self.target is not None:
            target[: len(self.target)] = self.target
        part = slice(max(self.horizon, len(every) - max(200, 3 * steps)), None)
        figure: Figure = forecast_series(
            np.arange(len(every))[part], target[part], every[part], self.outputs, time_label="Row"
        )
        return report.write_outcome(self, folder, None, {"forecast": figure}, files, formats=formats)

    def _cells(self, row: NDArray[np.float64]) -> list[str]:
        return [f"{value:.5g}" for value in row.tolist()]
