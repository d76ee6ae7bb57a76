"""Files that this package writes, damaged but of their format, with rules for what is valid."""

from __future__ import annotations

from pathlib import Path

from readers import Readers, simpler
from target import Target


def made(folder: Path) -> Target:
    """Return the target."""
    readers = Readers(folder, own=True)
    return Target("own_files", readers.draw, readers.check, seconds=30, simpler=simpler)
