"""The recipes by name: those of this package, and those that installed packages add."""

from __future__ import annotations

from hrsnn.runtime.registry import Registry
from hrsnn.scripts.recipes.contract import Recipe

#: An installed package adds recipes with the entry-point group ``hrsnn.recipes``. "list" lists them.
RECIPES: Registry[Recipe] = Registry(
    "recipe",
    "hrsnn.recipes",
    Recipe,
    {
        "fig10": "hrsnn.scripts.recipes.fig10:RECIPE",
        "balance-cue": "hrsnn.scripts.recipes.balance_cue:RECIPE",
        "robust-conversion": "hrsnn.scripts.recipes.robust_conversion:RECIPE",
    },
    ("list",),
)
