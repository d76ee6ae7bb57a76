"""Commands of the command line: ``hrsnn VERB`` or, equivalently, ``python scripts/VERB.py``.

Each command is a file with a frozen dataclass, whose fields are its options and whose method ``run`` carries it out. The
commands are listed in `COMMANDS`.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from hrsnn._version import __version__

if TYPE_CHECKING:
    from hrsnn.scripts.cli.command import BaseCommand

#: Class of the options of each command, in the file named after the command; a command of two words is in a folder.
COMMANDS = {
    "demo": "Demo",
    "classify": "Classify",
    "forecast": "Forecast",
    "predict": "Predict",
    "memory": "Memory",
    "rank": "Rank",
    "capacity": "Capacity",
    "map": "Map",
    "lyapunov": "Lyapunov",
    "measure": "Measure",
    "connectome": "Connectome",
    "balance": "Balance",
    "variants": "Variants",
    "perturb": "Perturb",
    "train": "Train",
    "sweep": "Sweep",
    "collect": "Collect",
    "search": "Search",
    "importance": "ImportanceStudy",
    "prune": "Prune",
    "compare": "Compare",
    "pruning_curve": "PruningCurve",
    "reproduce": "Reproduce",
    "report": "ReportPage",
    "spec": "Spec",
    "engines": "Engines",
    "tasks": "Tasks",
    "fetch": "Fetch",
    "deep train": "DeepTrain",
    "deep quantise": "DeepQuantise",
    "deep export": "DeepExport",
    "deep measure": "DeepMeasure",
    "deep prune": "DeepPrune",
    "deep convert": "DeepConvert",
    "deep attack": "DeepAttack",
    "list": "List",
    "doctor": "Doctor",
}


def find(verb: str) -> type[BaseCommand]:
    """Return the class of the options of a command."""
    command: type[BaseCommand] = getattr(import_module(f"hrsnn.scripts.{verb.replace(' ', '.')}"), COMMANDS[verb])
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``hrsnn VERB ...`` and return its exit code: 0, 1 for a failed check, 2 for bad input, 130 when interrupted."""
    from hrsnn.errors import HrsnnError
    from hrsnn.runtime.left_out import check_installed

    try:
        check_installed("tyro")
    except HrsnnError as error:
        print(f"hrsnn: {error}", file=sys.stderr)
        return 2
    arguments = sys.argv[1:] if arguments is None else arguments
    verb = arguments[0] if arguments else ""
    if " ".join(arguments[:2]) in COMMANDS:
        verb, arguments = " ".join(arguments[:2]), arguments[1:]
    if verb in COMMANDS:
        from hrsnn.scripts.cli.command import execute

        return execute(find(verb), arguments[1:], prog=f"hrsnn {verb}")
    if verb == "--version":
        return _shown(f"hrsnn {__version__}")
    if verb in ("-h", "--help"):
        return _shown(_help())
    from hrsnn.errors import shortened

    if any(command.startswith(f"{verb} ") for command in COMMANDS):
        verb = " ".join(arguments[:2])
    near = difflib.get_close_matches(verb, COMMANDS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the commands are {', '.join(COMMANDS)}"
    asked = f"no command {shortened(verb, 60)!r}" if verb else "which command"
    print(f"hrsnn: {asked}; {hint}", file=sys.stderr)
    return 2


def _shown(text: str) -> int:
    from hrsnn.errors import FileError
    from hrsnn.scripts.cli.command import show

    try:
        show(text)
    except FileError as error:
        print(f"hrsnn: {error}", file=sys.stderr)
        return 2
    return 0


def _help() -> str:
    """Return the text of ``hrsnn --help``: each command with the first line of its docstring."""
    lines = ["usage: hrsnn [-h] [--version] COMMAND [OPTIONS]", "", "Simulate, score and prune spiking reservoirs.", ""]
    lines += [f"  {verb:15s}{(find(verb).__doc__ or '').splitlines()[0]}" for verb in COMMANDS]
    return "\n".join([*lines, "", "hrsnn COMMAND --help lists the options of one command."])
