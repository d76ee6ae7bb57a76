"""The entry point of ``hrsnn`` and ``python -m hrsnn``."""

from __future__ import annotations

import sys

from hrsnn.runtime.stopping import stopping


def main() -> int:
    """Run the command that the process was called with, to the process's end, and return its exit code."""
    # what a command imports takes a second: it is stopped in there too
    with stopping("hrsnn", last=True) as stopped:
        from hrsnn.scripts import main as commands

        return commands()
    return stopped.code


if __name__ == "__main__":
    sys.exit(main())
