"""``hrsnn tasks``: the tasks, with their options and baselines."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.scripts.cli import report
from hrsnn.scripts.cli.command import BaseCommand, execute

if TYPE_CHECKING:
    from hrsnn.tasks import TaskDeclaration

_ALL = ("measure", "variants", "search", "importance", "prune", "compare", "pruning_curve")
#: Commands that take tasks of each kind.
USES: Mapping[str, tuple[str, ...]] = {
    "classes": ("classify", "rank", "map", *_ALL),
    "series": ("forecast", *_ALL),
    "memory": ("memory", *_ALL),
}


@dataclass(frozen=True)
class TaskList:
    """The tasks by name."""

    tasks: Mapping[str, TaskDeclaration]

    @property
    def text(self) -> str:
        """Tasks by kind, each with its options and baselines."""
        lines = []
        for kind, uses in USES.items():
            lines.append(f"{kind}: for {', '.join(uses)}")
            for name, task in self.tasks.items():
                if task.kind == kind:
                    lines += [
                        f"  {name:14s}{task.summary}",
                        f"    options      {', '.join(map(str, task.options.values())) or 'none'}",
                        f"    baselines    {', '.join(task.baselines)}",
                        *([f"    in a folder  {' or '.join(task.layout)}"] if task.layout else []),
                    ]
        return "\n".join(lines)

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``--json``."""
        return {
            "tasks": {
                name: {
                    "summary": task.summary,
                    "kind": task.kind,
                    "needs_data": task.needs_data,
                    "options": {
                        option.name: {"type": option.annotation, "default": option.default, "required": option.required}
                        for option in task.options.values()
                    },
                    "baselines": task.baselines,
                    "recognised": task.recognises is not None,
                    "layout": task.layout,
                }
                for name, task in self.tasks.items()
            },
            "versions": report.versions(),
        }

    def write(self, folder: Path) -> str:
        """Write ``metrics.json`` into `folder`, and return the text with the location."""
        from hrsnn.files.writing import write_json

        with report.fill_folder(folder) as inside:
            write_json(inside / "metrics.json", self.metrics())
        return f"{self.text}\nwritten to {folder}"


@dataclass(frozen=True, kw_only=True)
class Tasks(BaseCommand):
    """List the tasks, those of installed packages too, with their options and baselines."""

    def run(self) -> TaskList:
        """Return the list."""
        from hrsnn.tasks import TASKS

        return TaskList(TASKS.loadable())


if __name__ == "__main__":
    sys.exit(execute(Tasks))
