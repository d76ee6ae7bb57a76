"""``hrsnn spec``: parameters of a reservoir as a TOML file to edit."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from hrsnn.files.parsing import parsed_toml
from hrsnn.files.writing import made, write_text
from hrsnn.scripts.cli.command import Command, execute
from hrsnn.scripts.cli.report import check, check_names, versions


@dataclass(frozen=True)
class SpecReport:
    """Parameters of a reservoir as commented TOML."""

    text: str

    def metrics(self) -> dict[str, Any]:
        """Return the parameters by name."""
        return {"spec": parsed_toml(self.text), "versions": versions()}

    def write(self, path: Path) -> str:
        """Write the TOML to `path`, or to ``spec.toml`` in it if it is a folder, and return its location."""
        check_names(path)
        if os.path.isdir(path):
            path = path / "spec.toml"
        check(path.parent)
        with made(path.parent):
            write_text(path, self.text + "\n")
        return f"written to {path}"


@dataclass(frozen=True, kw_only=True)
class Spec(Command):
    """Show all parameters of a reservoir as commented TOML, or write them to a file for --spec (--out)."""

    any_network: ClassVar[bool] = True

    def own_out(self) -> contextlib.AbstractContextManager[None]:
        """Do not lock anything: only one file is written, atomically."""
        return contextlib.nullcontext()

    def run(self) -> SpecReport:
        """Return the parameters of the reservoir selected by the options."""
        return SpecReport(self.network_spec().to_toml(comments=True).rstrip())


if __name__ == "__main__":
    sys.exit(execute(Spec))
