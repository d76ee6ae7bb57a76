"""``hrsnn compare``: comparison of several pruning methods."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.reports.pruning_report import PruningRuns
from hrsnn.scripts.reports.pruning_runs import PruningCommand, method_names


@dataclass(frozen=True, kw_only=True)
class Compare(PruningCommand):
    """Prune the same reservoirs by several methods, and compare the results."""

    methods: Annotated[tuple[str, ...], tyro.conf.arg(metavar="METHOD", help_behavior_hint=method_names)] = (
        "lnp",
        "activity",
        "magnitude",
        "random",
    )
    """Methods to compare."""

    def run(self) -> PruningRuns:
        """Prune by every method for every seed."""
        if not self.methods:
            raise InputError("--methods", self.methods, "must name at least one method")
        return self.pruned({name: (name, {}) for name in dict.fromkeys(self.methods)})


if __name__ == "__main__":
    sys.exit(execute(Compare))
