"""The outcome of a command on deep networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrsnn.scripts.cli.report import fill_folder, row, versions

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
            lines.append(f"{name.replace('_', ' '):34s}{value:10d}" if isinstance(value, int) else row(name, value))
            lines += [row(f"  {beside}", other) for beside, other in self.baselines.get(name, {}).items()]
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

    def write(self, folder: Path) -> str:
        """Write all files into `folder` atomically, and return the text with their location."""
        from hrsnn.analysis import figures
        from hrsnn.files.writing import write_json, write_text, writing

        with fill_folder(folder) as inside:
            write_json(inside / "metrics.json", self.metrics())
            for name, content in self.files.items():
                if isinstance(content, bytes):
                    with writing(inside / name) as temporary:
                        temporary.write_bytes(content)
                else:
                    (write_text if isinstance(content, str) else write_json)(inside / name, content)
            for name, figure in self.draw().items():
                figures.save(figure, inside / f"{name}.png")
        return f"{self.text}\nresults and pictures are in {folder}"
