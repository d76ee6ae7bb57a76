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
        "table1": "hrsnn.scripts.recipes.table1:RECIPE",
        "table2": "hrsnn.scripts.recipes.table2:RECIPE",
        "table3": "hrsnn.scripts.recipes.table3:RECIPE",
        "table4": "hrsnn.scripts.recipes.table4:RECIPE",
        "table5": "hrsnn.scripts.recipes.table5:RECIPE",
        "fig4": "hrsnn.scripts.recipes.fig4:RECIPE",
        "fig5": "hrsnn.scripts.recipes.fig5:RECIPE",
        "fig6": "hrsnn.scripts.recipes.fig6:RECIPE",
        "fig7": "hrsnn.scripts.recipes.fig7:RECIPE",
        "fig8": "hrsnn.scripts.recipes.fig8:RECIPE",
        "fig9": "hrsnn.scripts.recipes.fig9:RECIPE",
        "fig10": "hrsnn.scripts.recipes.fig10:RECIPE",
        "fig11": "hrsnn.scripts.recipes.fig11:RECIPE",
        "fig12": "hrsnn.scripts.recipes.fig12:RECIPE",
        "stopping": "hrsnn.scripts.recipes.stopping:RECIPE",
        "readout": "hrsnn.scripts.recipes.readout:RECIPE",
        "hawkes": "hrsnn.scripts.recipes.hawkes:RECIPE",
        "balance-cue": "hrsnn.scripts.recipes.balance_cue:RECIPE",
        "qif": "hrsnn.scripts.recipes.qif:RECIPE",
        "qsnn-table1": "hrsnn.scripts.recipes.qsnn_table1:RECIPE",
        "qsnn-table2": "hrsnn.scripts.recipes.qsnn_table2:RECIPE",
        "qsnn-fig2": "hrsnn.scripts.recipes.qsnn_fig2:RECIPE",
        "qsnn-fig3": "hrsnn.scripts.recipes.qsnn_fig3:RECIPE",
        "qsnn-fig5": "hrsnn.scripts.recipes.qsnn_fig5:RECIPE",
        "table4-resnet": "hrsnn.scripts.recipes.table4_resnet:RECIPE",
        "robust-conversion": "hrsnn.scripts.recipes.robust_conversion:RECIPE",
    },
    ("list",),
)
