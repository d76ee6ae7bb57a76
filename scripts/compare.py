"""``hrsnn compare``: several methods of pruning, overlaid."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

if not __package__:  # run as a file: the package is in the checkout, and this folder is no place to import from
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.reports.pruning_report import PruningRuns
from hrsnn.scripts.reports.pruning_runs import PruningCommand


@dataclass(frozen=True, kw_only=True)
class Compare(PruningCommand):
    """Prune the same reservoirs by several methods, and overlay what happens to them."""

    methods: Annotated[tuple[str, ...], tyro.conf.arg(metavar="METHOD")] = ("lnp", "activity", "magnitude", "random")
    """Of lnp, noise, activity, magnitude, random and erdos_renyi."""

    def run(self) -> PruningRuns:
        """Prune by every method, from every seed."""
        if not self.methods:
            raise InputError("--methods", self.methods, "must name at least one method")
        return self.pruned({name: (name, {}) for name in dict.fromkeys(self.methods)})


if __name__ == "__main__":
    sys.exit(execute(Compare))
