"""The report on a balanced network beside its controls: a table over seeds, and figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hrsnn.analysis.scoring.contract import ANY, Bounds
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.repeats import INTERVAL, Row, table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hrsnn.balanced import BalancedSpec

OWN = "balanced"
#: Labels and bounds of the scores.
LABELS: Mapping[str, tuple[str, Bounds]] = {
    "accuracy": ("Accuracy, all spikes", (0.0, 1.0)),
    "accuracy_recall": ("Accuracy, last 150 ms", (0.0, 1.0)),
    "rmse": ("RMSE", (0.0, np.inf)),
    "coding_error": ("Error (sd)", (0.0, np.inf)),
    "mean_rate": ("Rate (Hz)", (0.0, np.inf)),
    "spikes_per_sample": ("Spikes a sample", (0.0, np.inf)),
    "used_share": ("Spikes a step", (0.0, np.inf)),
    "silent_share": ("Silent neurons", (0.0, 1.0)),
    "correlation": ("Correlation of E and -I", (-1.0, 1.0)),
    "tightness": ("Tightness", (0.0, 1.0)),
    "filtered_anticorrelation": ("Correlation, published filter", (-1.0, 1.0)),
    "saved_spikes": ("Spikes saved by balance", (-np.inf, 1.0)),
}
#: Scores that the figure of the controls shows, where there are any, and those on a logarithmic axis.
_DRAWN, _LOGARITHMIC = ("accuracy", "accuracy_recall", "rmse", "mean_rate", "tightness"), ("RMSE", "Rate (Hz)")


@dataclass(frozen=True, kw_only=True)
class BalanceReport:
    """Scores of all arms for one seed or more."""

    title: str
    spec: BalancedSpec
    seeds: Sequence[int]
    #: Scores by seed and arm; every arm has the same scores in all seeds.
    scores: Mapping[tuple[int, str], Mapping[str, float]]
    #: How neurons spike in a step, by arm.
    rules: Mapping[str, str]
    settings: Mapping[str, Any]
    #: Draws the figures of one run, by file name without its ending.
    draw: Callable[[], Mapping[str, Figure]]

    @property
    def arms(self) -> list[str]:
        """Names of the arms, the balanced network first."""
        return list(dict.fromkeys(arm for _, arm in self.scores))

    def values(self, arm: str, score: str) -> tuple[float, ...]:
        """Return a score of an arm by seed; spikes are saved against the spikes of the arm."""
        if score != "saved_spikes":
            return tuple(self.scores[seed, arm][score] for seed in self.seeds)
        own, other = (np.array(self.values(one, "mean_rate")) for one in (OWN, arm))
        with np.errstate(divide="ignore", invalid="ignore"):
            return tuple(np.where(other > 0, 1 - own / other, np.nan).tolist())

    def rows(self) -> Iterator[Row]:
        """Yield each score of the balanced network, followed by that of the other arms."""
        names = [*self.scores[self.seeds[0], OWN], "saved_spikes"]
        for score in names:
            for arm in self.arms:
                known = score in self.scores[self.seeds[0], arm] or (score == "saved_spikes" and arm in self.rules)
                if known and (score, arm) != ("saved_spikes", OWN):
                    yield Row(score, arm, self.values(arm, score), LABELS.get(score, ("", ANY))[1])

    @property
    def text(self) -> str:
        """Readable table: for each arm its rule and scores."""
        many = len(self.seeds) > 1
        lines = [self.title, *([f"{'':34s}{'mean':>10s}  [{INTERVAL}]"] if many else [])]
        before = ""
        for row in self.rows():
            if row.score != before:
                lines.append(row.score.replace("_", " "))
                before = row.score
            low, high = row.interval if many else (np.nan, np.nan)
            lines.append(report.row(row.of, row.mean, row.score) + (f"  [{low:.4g}, {high:.4g}]" if many else ""))
        lines.append("spikes in a step")
        lines += [f"  {arm.replace('_', ' '):32s}{rule}" for arm, rule in self.rules.items() if arm in self.arms]
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``."""
        found: dict[str, Any] = {
            **self._nested(lambda row: row.mean),
            "rules": {arm: rule for arm, rule in self.rules.items() if arm in self.arms},
            "seed": self.seeds[0],
            **self.settings,
            "versions": report.versions(),
        }
        if len(self.seeds) > 1:
            found["interval"] = {"what": INTERVAL, **self._nested(lambda row: row.interval)}
            found["per_seed"] = self._nested(lambda row: row.values)
            found["seeds"] = list(self.seeds)
        return found

    def write(self, folder: Path, formats: Sequence[str] = report.PNG) -> str:
        """Write all files into `folder` atomically, and return the text with their location."""
        many = len(self.seeds) > 1
        files = {"table.csv": table(self.rows(), self.seeds)} if many else {}
        pictures = {"controls": self.figure(), **self.draw()}
        return report.write_outcome(self, folder, self.spec, pictures, files, formats=formats)

    def figure(self) -> Figure:
        """Draw the main scores of all arms."""
        from hrsnn.analysis.figures import accuracy_and_rate

        panels: dict[str, dict[str, Any]] = {}
        for row in self.rows():
            if row.score in _DRAWN and not np.isnan(row.values).all():
                panels.setdefault(LABELS[row.score][0], {})[row.of] = row.values
        bounds = dict(LABELS[score] for score in _DRAWN)
        return accuracy_and_rate(panels, {}, bounds, _LOGARITHMIC, (OWN, "balanced_memory"))

    def _nested(self, value: Callable[[Row], Any]) -> dict[str, Any]:
        nested: dict[str, dict[str, Any]] = {"scores": {}, "baselines": {}, "spikes": {}}
        for row in self.rows():
            if row.of != OWN:
                nested["baselines"].setdefault(row.score, {})[row.of] = value(row)
            elif row.score in ("mean_rate", "spikes_per_sample", "used_share", "silent_share"):
                nested["spikes"][row.score] = value(row)
            else:
                nested["scores"][row.score] = value(row)
        return nested
