"""``hrsnn prune``: iterative pruning of a reservoir, without labels."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import tyro

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.cli.report import Report
from hrsnn.scripts.cli.settings import settings_of
from hrsnn.scripts.reports.balanced_pruning import pruned_balanced
from hrsnn.scripts.reports.pruning_report import PruningRuns
from hrsnn.scripts.reports.pruning_runs import PruningCommand, method_names

if TYPE_CHECKING:
    from hrsnn.kinds import NetworkSpec


@dataclass(frozen=True, kw_only=True)
class Prune(PruningCommand):
    """Prune a reservoir iteratively, without labels, by Lyapunov noise pruning or one of its controls."""

    method: Annotated[str, tyro.conf.arg(metavar="METHOD", help_behavior_hint=method_names)] = "lnp"
    """Pruning method."""

    option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """Setting of the method, such as score=drive, delocalise=none or reproduce=paper."""

    any_network: ClassVar[bool] = True

    def network_spec(self) -> NetworkSpec:
        """Return the spec of a reservoir or a balanced network."""
        if self.network not in ("reservoir", "balanced"):
            raise InputError("--network", self.network, "cannot be used with this command, which takes reservoirs only")
        return super().network_spec()

    def run(self) -> PruningRuns | Report:
        """Prune for every seed; a balanced network in one step."""
        if self.network == "balanced":
            return pruned_balanced(self, self.method)
        return self.pruned({self.method: (self.method, settings_of(self.option, "--option"))})


if __name__ == "__main__":
    sys.exit(execute(Prune))
