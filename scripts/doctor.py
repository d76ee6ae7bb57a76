"""``hrsnn doctor``: whether this installation works, and what to do where it does not."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn._version import __version__
from hrsnn.diagnosis.finding import Finding, as_table
from hrsnn.files.writing import write_json
from hrsnn.scripts.cli.command import BaseCommand, execute
from hrsnn.scripts.cli.report import Outcome, fill_folder, versions


@dataclass(frozen=True)
class Diagnosis:
    """All findings."""

    findings: Sequence[Finding]

    @property
    def failed(self) -> int:
        """How many checks failed."""
        return sum(one.state == "failed" for one in self.findings)

    @property
    def text(self) -> str:
        """Table of the findings by group, and a line with the result."""
        notes = sum(one.state == "note" for one in self.findings)
        of_notes = f"; {notes} {'note' if notes == 1 else 'notes'}" if notes else ""
        result = f"{self.failed} of {len(self.findings)} checks failed" if self.failed else "all checks passed"
        return f"hrsnn {__version__}\n\n{as_table(self.findings)}\n\n{result}{of_notes}"

    def metrics(self) -> dict[str, Any]:
        """Return the content of ``--json``."""
        found = [dataclasses.asdict(one) for one in self.findings]
        return {"passed": not self.failed, "findings": found, "versions": versions()}

    def write(self, folder: Path) -> str:
        """Write ``metrics.json`` into `folder`, and return the text with the location."""
        with fill_folder(folder) as inside:
            write_json(inside / "metrics.json", self.metrics())
        return f"{self.text}\nwritten to {folder}"


@dataclass(frozen=True, kw_only=True)
class Doctor(BaseCommand):
    """Check the installation: versions, compiler, caches, threads, extras, and equal spikes on all engines.

    The exit code is 1 when a check failed.
    """

    def run(self) -> Diagnosis:
        """Look at everything."""
        from hrsnn.diagnosis.equal_spikes import equal_spikes
        from hrsnn.diagnosis.installation import installation
        from hrsnn.diagnosis.machine import machine

        return Diagnosis([*installation(), *machine(), *equal_spikes()])

    def exit_code(self, outcome: Outcome) -> int:
        """Return 1 when a check failed."""
        assert isinstance(outcome, Diagnosis)
        return int(outcome.failed > 0)


if __name__ == "__main__":
    sys.exit(execute(Doctor))
