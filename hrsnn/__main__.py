"""The entry point of ``hrsnn`` and ``python -m hrsnn``."""

from __future__ import annotations

import sys

from hrsnn.scripts import main

if __name__ == "__main__":
    sys.exit(main())
