"""The outcome of a command on deep networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrsnn.scripts.cli.report import PNG, row, versions, write_outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class DeepOutcome:
    """Scores, tables and figures.

    Attributes
    ----------
    title : str
    seed : int
    scores : mapping of name to number
    baselines : mapping of score to mapping of name to number
    details : mapping
        Further content of ``metrics.json``.
    tables : str
        Further text, after the scores.
    draw : callable
        Returns the figures by name.
    files : mapping of file name to content
        Text and bytes are written unchanged, anything else as JSON.
    """

    title: str
    seed: int
    scores: Mapping[str, float]
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    tables: str = ""
    draw: Callable[[], Mapping[str, Figure]] = dict
    files: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Readable text."""
        lines = [self.title]
        for name, value in self.scores.items():
            lines.append(row(name, value))
            lines += [row(beside, other, name) for beside, other in self.baselines.get(name, {}).items()]
        return "\n".join([*lines, *([self.tables] if self.tables else [])])

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``metrics.json`` and of ``--json``."""
        from importlib import metadata

        return {
            "scores": self.scores,
            "baselines": self.baselines,
            "seed": self.seed,
            "versions": {**versions(), "torch": metadata.version("torch")},
            **self.details,
        }

    def write(self, folder: Path, formats: Sequence[str] = PNG) -> str:
        """Write all files into `folder` atomically, and return the text with their location."""
        return write_outcome(self, folder, None, self.draw(), self.files, formats=formats)
