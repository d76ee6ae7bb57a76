"""Options and words of the command line with which each recipe of this package takes seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
