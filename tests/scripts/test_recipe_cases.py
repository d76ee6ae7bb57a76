"""Every recipe in the registry, those of installed packages too, through the tests of hrsnn.testing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrsnn.scripts.recipes.registry import RECIPES
from hrsnn.testing import RecipeCases

#: Options with which a recipe of this package is quick.
TINY: Mapping[str, Mapping[str, Any]] = {"fig10": {"iterations": 2, "train": 150, "test": 30}}

for _name in RECIPES:
    globals()[f"Test_{_name}"] = type(f"Test_{_name}", (RecipeCases,), {"recipe": _name, "options": TINY.get(_name, {})})
