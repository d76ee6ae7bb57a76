"""Files that this package writes, damaged but of their format, with rules for what is valid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from readers import Readers, simpler
from target import Target


def made(folder: Path, areas: Sequence[str] = ()) -> Target:
    """Return the target, with the files of some areas of ``tests/faults/specimens.py`` (none: of all)."""
    readers = Readers(folder, own=True, areas=areas)
    return Target("own_files", readers.draw, readers.check, seconds=30, simpler=simpler, batch=60)
