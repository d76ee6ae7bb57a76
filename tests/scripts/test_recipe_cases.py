"""Every recipe in the registry, those of installed packages too, through the tests of hrsnn.testing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from hrsnn.scripts.recipes.registry import RECIPES
from hrsnn.testing import RecipeCases

#: Recipes on deep networks, whose parts `test_deep_recipes.py` tests in less time.
DEEP = ("qif", "qsnn-table1", "qsnn-fig2", "qsnn-fig3", "qsnn-fig5")
#: Options with which a recipe of this package is quick.
TINY: Mapping[str, Mapping[str, Any]] = {
    "fig10": {"iterations": 2, "train": 150, "test": 30},
    "balance-cue": {"samples": 20},
    "table1": {"train": 30, "test": 20},
    "table2": {"train": 30, "test": 20, "hidden": 5},
    "table4": {"iterations": 1, "sparsity": 0.5, "train": 30, "test": 20},
    "fig4": {"train": 20, "test": 20, "values": 400},
    "fig6": {"sizes": "20 30", "trials": 4, "train": 30, "test": 20},
    "fig9": {"sizes": "20 30", "trials": 4, "train": 30, "test": 20, "values": 400},
    "fig11": {"iterations": 2, "sparsities": "30 50", "train": 30, "test": 20},
    "table3": {"train": 30, "test": 20, "series_train": 150, "series_test": 30},
    "table5": {"iterations": 1, "sparsity": 0.5, "series_train": 250, "series_test": 40},
    "fig12": {"iterations": 1, "sparsity": 0.5, "train": 30, "test": 20},
    "fig5": {"sizes": "20 30", "train": 30, "test": 20},
    "fig7": {"points": 3, "train": 30, "test": 20},
    "fig8": {"shares": "10 100", "train": 200, "test": 20},
    "stopping": {"train": 40, "test": 20},
    "readout": {"train": 30, "test": 20, "series_train": 250, "series_test": 30},
    "hawkes": {"stdp": 2.0, "duration": 2.0},
    **{name: {"train": 40, "test": 20, "epochs": 1} for name in DEEP},
    "table4-resnet": {"kept": "0.1", "epochs": 1, "tuned": 1, "train": 100, "steps": 2},
    "robust-conversion": {"epochs": 1, "train": 100, "images": 5, "queries": 5, "attack_steps": 1, "steps": 2},
}
#: Words where a recipe has its own: a network for 40 channels, and steps as long as the bins of its spikes.
WORDS: Mapping[str, tuple[str, ...]] = {
    "balance-cue": ("--neurons", "90", "--set", "dt=1", "--seeds", "2"),
    **dict.fromkeys(DEEP, ("--seeds", "2")),
    "qsnn-table2": (),
    **dict.fromkeys(("robust-conversion", "table4-resnet"), ("--seeds", "2")),
}
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
