"""Every recipe in the registry, those of installed packages too, through the tests of hrsnn.testing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hrsnn.scripts.recipes.registry import RECIPES
from hrsnn.testing import RecipeCases

#: Options with which a recipe of this package is quick.
TINY: Mapping[str, Mapping[str, Any]] = {
    "fig10": {"iterations": 2, "train": 150, "test": 30},
    "balance-cue": {"samples": 20},
    "robust-conversion": {"epochs": 1, "train": 100, "images": 5, "queries": 5, "attack_steps": 1, "steps": 2},
}
#: Words where a recipe has its own: a network for 40 channels, and steps as long as the bins of its spikes.
WORDS: Mapping[str, tuple[str, ...]] = {
    "balance-cue": ("--neurons", "90", "--set", "dt=1", "--seeds", "2"),
    "robust-conversion": ("--seeds", "2"),
}

#: Recipes that take more than ten seconds at the size of `TINY`: of many arms.
SLOW = ("balance-cue",)
#: And those that take minutes: five networks, with 77 attacks on each.
LONG = ("robust-conversion",)

for _name in RECIPES:
    _made = {"recipe": _name, "options": TINY.get(_name, {}), **({"words": WORDS[_name]} if _name in WORDS else {})}
    _case = type(f"Test_{_name}", (RecipeCases,), _made)
    _marked = pytest.mark.slow(_case) if _name in SLOW else pytest.mark.long(_case) if _name in LONG else _case
    globals()[f"Test_{_name}"] = _marked
