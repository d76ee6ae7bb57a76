"""Every recipe in the registry, those of installed packages too, through the tests of hrsnn.testing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tiny_recipes import DEEP, TINY, WORDS

from hrsnn.scripts.recipes.registry import RECIPES
from hrsnn.testing import RecipeCases

#: Recipes that count have no runs to distribute.
JOBS: Mapping[str, tuple[int, ...]] = {"qsnn-table2": (1,)}

#: Recipes that are run here once only, and through all cases in the long tests.
LONG = (
    *DEEP,
    "robust-conversion",
    "table4-resnet",
    "table1",
    "table2",
    "table3",
    "table4",
    "table5",
    "fig4",
    "fig6",
    "fig9",
    "fig11",
    "fig5",
    "fig7",
    "fig8",
    "fig12",
    "stopping",
    "readout",
    "hawkes",
    "balance-cue",
    "fig10",
)

for _name in RECIPES:
    _recipe = RECIPES[_name]
    _made: dict[str, Any] = {"recipe": _name, "options": TINY.get(_name, {})}
    _made |= {name: by[_name] for name, by in (("words", WORDS), ("jobs", JOBS)) if _name in by}
    _case = type(f"Test_{_name}", (RecipeCases,), _made)
    _marks = [pytest.mark.long] * (_name in LONG)
    if _recipe.extra:
        _missing = find_spec(_recipe.extra) is None
        _marks.append(pytest.mark.skipif(_missing, reason=f"needs the extra {_recipe.extra}"))
    for _mark in _marks:
        _case = _mark(_case)
    globals()[f"Test_{_name}"] = _case


@pytest.mark.parametrize("name", ["fig8", "fig10", "stopping", "hawkes"])
def test_a_recipe_leaves_its_table_its_figure_and_its_claims(name: str, tmp_path: Path) -> None:
    case = globals()[f"Test_{name}"]()
    files = case.run(tmp_path)
    found = json.loads(files["metrics.json"])
    assert [one["claim"] for one in found["claims"]] == list(case.declared.claims)
    assert set(case.declared.published) <= set(found["scores"])
    assert [file for file in files if file.endswith(".png")] == [f"{name}.png"]
    assert case.run(tmp_path) == files  # from the kept runs
