"""``hrsnn report``: an out folder as one page."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.display.text import counted
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import BaseCommand, execute

#: File that is written.
NAME = "report.html"


@dataclass(frozen=True)
class FolderReport:
    """The page of an out folder."""

    #: Folder that it is written to, unless another is asked for.
    folder: Path
    page: str
    counts: Mapping[str, int]

    @property
    def text(self) -> str:
        """Where the page is, and what it has."""
        return f"{self.folder / NAME}: {', '.join(counted(n, what.removesuffix('s')) for what, n in self.counts.items())}"

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``--json``."""
        return {"page": str(self.folder / NAME), **self.counts, "versions": report.versions()}

    def write(self, path: Path, /) -> str:
        """Return the text: the page is written when the command runs."""
        return self.text


@dataclass(frozen=True, kw_only=True)
class ReportPage(BaseCommand):
    """Write one HTML page of an out folder, which needs no other file: scores, tables that sort, pictures, methods."""

    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DIR")]
    """Out folder of a command; its pictures are sharper where it has them as SVG."""

    out: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: the folder itself)")] = None
    """Folder for report.html."""

    def run(self) -> FolderReport:
        """Read the folder, and write the page."""
        from hrsnn.files.writing import write_text
        from hrsnn.scripts.reports.folder_page import folder_page

        page, counts = folder_page(self.folder)
        target = self.folder if self.out is None else self.out
        with report.fill_folder(target) as inside:
            write_text(inside / NAME, page)
        return FolderReport(target, page, counts)


if __name__ == "__main__":
    sys.exit(execute(ReportPage))
