"""``hrsnn prune``: a reservoir pruned step by step, without labels."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

if not __package__:  # run as a file: the package is in the checkout, and this folder is no place to import from
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.reports.pruning_report import PruningRuns
from hrsnn.scripts.reports.pruning_runs import PruningCommand, settings_of


@dataclass(frozen=True, kw_only=True)
class Prune(PruningCommand):
    """Prune a reservoir step by step, without labels: Lyapunov noise pruning, or one of its controls."""

    method: str = "lnp"
    """lnp, noise, activity, magnitude, random or erdos_renyi."""

    option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """A setting of the method, such as score=paper, delocalise=none or reproduce=paper."""

    def run(self) -> PruningRuns:
        """Prune, from every seed."""
        return self.pruned({self.method: (self.method, settings_of(self.option, "--option"))})


if __name__ == "__main__":
    sys.exit(execute(Prune))
