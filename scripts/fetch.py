"""``hrsnn fetch``: the data of a task, from where its authors publish them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import BaseCommand, execute

if TYPE_CHECKING:
    from hrsnn.tasks.sources import Fetched


def fetchable(default: str) -> str:
    """Return a text for the help: the tasks whose data have an address."""
    from hrsnn.tasks import TASKS

    return f"(one of {', '.join(TASKS.where(lambda one: bool(one.sources)))})"


@dataclass(frozen=True)
class Downloads:
    """What was downloaded for a task."""

    task: str
    folder: Path
    files: Sequence[Fetched]

    @property
    def text(self) -> str:
        """A line for each file, with its SHA-256."""
        lines = [
            f"{one.path}  {one.size} bytes\n  sha256 {one.sha256}{'' if one.known else ', not known beforehand'}"
            for one in self.files
        ]
        return "\n".join([*lines, f"use it as `hrsnn measure --task {self.task} --data {self.folder}`"])

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``--json``."""
        files = {str(one.path): {"url": one.url, "bytes": one.size, "sha256": one.sha256} for one in self.files}
        return {"task": self.task, "files": files, "versions": report.versions()}

    def write(self, folder: Path) -> str:
        """Write ``metrics.json`` into `folder`, and return the text with the location."""
        from hrsnn.files.writing import write_json

        with report.fill_folder(folder) as inside:
            write_json(inside / "metrics.json", self.metrics())
        return f"{self.text}\nwritten to {folder}"


@dataclass(frozen=True, kw_only=True)
class Fetch(BaseCommand):
    """Download the data of a task into a folder of official layouts, for --data."""

    task: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="TASK", help_behavior_hint=fetchable)] = ""
    """Task whose data are wanted."""

    data: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(required)")] = None
    """Folder of official layouts, which is made if it does not exist."""

    def run(self) -> Downloads:
        """Download, and report what was downloaded."""
        from hrsnn.tasks import TASKS
        from hrsnn.tasks.sources import fetch

        known = TASKS.where(lambda one: bool(one.sources))
        if self.task not in known:
            raise InputError("TASK", self.task, f"must be one of {', '.join(known)}; docs/stimuli.md says where others are")
        if self.data is None:
            raise InputError("--data", None, "is needed: the folder into which the data go")
        return Downloads(self.task, self.data, fetch(TASKS.find(self.task).sources, self.data, self.progress))


if __name__ == "__main__":
    sys.exit(execute(Fetch))
