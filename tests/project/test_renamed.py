"""The table of renamed names is true: the new name is there, and the old one is not."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "deprecation.md"
PAIRS = re.findall(r"^\| `(hrsnn\.[\w.]+)`[^|]*\| `(hrsnn\.[\w.]+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def is_there(name: str) -> bool:
    """Whether a dotted name is a module, or a name of one."""
    module, _, last = name.rpartition(".")
    try:
        return hasattr(importlib.import_module(module), last) or bool(importlib.import_module(name))
    except ModuleNotFoundError:
        return False


def test_the_table_is_read() -> None:
    assert len(PAIRS) > 10


@pytest.mark.parametrize(("old", "new"), PAIRS, ids=[old for old, _ in PAIRS])
def test_a_renamed_name_is_at_its_new_place_only(old: str, new: str) -> None:
    assert (is_there(old), is_there(new)) == (False, True)
