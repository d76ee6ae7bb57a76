"""Several seeds of a command, with the differences between each score and its baselines, paired by seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hrsnn.scripts.cli.repeats import Repeats

if TYPE_CHECKING:
    from hrsnn.analysis.paired_tests import PairedTest

DIFFERENCE = "score - baseline, paired by seed: mean, 95 % bootstrap interval, p of the sign-flip test"

#: Last line of a text with differences on which claims are judged.
IN_BRACKETS = "in brackets: 95 % bootstrap interval of the difference, paired by seed; p: sign-flip test, corrected (Holm)"


@dataclass(frozen=True, kw_only=True)
class PairedRepeats(Repeats):
    """Outcome of a command for several seeds, whose baselines have the data and the draws of each seed."""

    packages: tuple[str, ...] = ()  #: further packages whose versions matter

    def differences(self) -> Iterator[tuple[str, str, PairedTest]]:
        """Yield each score and baseline with the test of their difference."""
        from hrsnn.analysis.paired_tests import paired_test

        for score in self.runs[0].scores:
            own = [run.scores[score] for run in self.runs]
            for beside in self.runs[0].baselines.get(score, {}):
                yield score, beside, paired_test(own, [run.baselines[score][beside] for run in self.runs])

    @property
    def text(self) -> str:
        """Readable table of means and intervals, followed by the differences."""
        lines = [super().text, f"difference [{DIFFERENCE}]"]
        for score, beside, found in self.differences():
            low, high = found.interval
            name = f"  {score} - {beside}".replace("_", " ")
            lines.append(f"{name:34s}{found.mean:+10.4g}  [{low:+.4g}, {high:+.4g}], p = {found.p_value:.2g}")
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``, with the differences and the versions of `packages`."""
        from importlib import metadata

        differences: dict[str, Any] = {"what": DIFFERENCE}
        for score, beside, found in self.differences():
            shown = {"mean": found.mean, "interval": found.interval, "p_value": found.p_value}
            differences.setdefault(score, {})[beside] = shown
        found_ = super().metrics()
        versions = {**found_["versions"], **{name: metadata.version(name) for name in self.packages}}
        return {**found_, "versions": versions, "difference": differences}
