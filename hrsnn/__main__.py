"""The entry point of ``hrsnn`` and ``python -m hrsnn``."""

from __future__ import annotations

import sys

from hrsnn.runtime.stopping import stopping


def main() -> int:
    """Run the command named on the command line and return its exit code; the process is expected to end then."""
    # the imports of a command take a second: signals are handled during them too
    with stopping("hrsnn", last=True) as stopped:
        from hrsnn.scripts import main as commands

        return commands()
    return stopped.code


if __name__ == "__main__":
    sys.exit(main())
