"""Figures of pruning are drawn into the part of a figure that is given, and into nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from hrsnn import InputError, ReservoirSpec, build
from hrsnn.networks import Pruning, graph_figures, prune, pruning_figures

ROWS = {"Accuracy": {"lnp": [[0.9, 0.8], [0.92, 0.86]]}}
DRAWN: dict[str, Callable[..., Figure]] = {
    "sizes": lambda found, **to: pruning_figures.sizes_over_iterations({"lnp": [found.records]}, **to),
    "behaviour": lambda found, **to: pruning_figures.behaviour_over_iterations({"lnp": [found.records]}, **to),
    "score": lambda found, **to: pruning_figures.score_over_iterations({"lnp": [found.records]}, **to),
    "curves": lambda _, **to: pruning_figures.curves(ROWS, [0.5, 0.9], **to),
    "distributions": lambda found, **to: pruning_figures.distributions({"lnp": found.reservoir}, **to),
    "graphs": lambda found, **to: graph_figures.network_graphs({"lnp": found.reservoir}, **to),
}


@pytest.fixture(scope="module")
def found() -> Pruning:
    return prune(build(ReservoirSpec(neurons=30), seed=1), iterations=2, synapse_target=0.5, score=lambda _: 0.5)


@pytest.mark.parametrize("name", DRAWN)
def test_a_subfigure_that_is_given_has_the_panels(name: str, found: Pruning) -> None:
    own = plt.figure(figsize=(7, 4), layout="constrained")
    try:
        left, right = own.subfigures(1, 2)
        beside: Any = left.subplots()
        assert DRAWN[name](found, figure=right) is own
        assert left.axes == [beside]
        assert not beside.has_data()
        assert len(right.axes) == len(DRAWN[name](found).axes)
        assert any(axes.has_data() for axes in right.axes)
        with pytest.raises(InputError, match="figure = 'Axes': must be a Matplotlib Figure or SubFigure"):
            DRAWN[name](found, figure=beside)
    finally:
        plt.close(own)
