"""Figures are drawn into axes, figures and subfigures that are given, and into nothing else."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hrsnn.analysis import InformationCapacity, MemoryCapacity, figures, information_capacity, memory_capacity, paired_test
from hrsnn.analysis.figures import curves, deep
from hrsnn.analysis.lyapunov.exponents import GrowthRates
from hrsnn.errors import InputError
from hrsnn.search import Importance, SearchResult, Space, search

RANDOM = np.random.default_rng(0)
U = RANDOM.uniform(-1, 1, 400)
T = np.arange(1.0, 31.0)
WAVE = np.sin(T / 5)
E_OF_TWO = [True, False]
SEEDS = [0.7, 0.8, 0.9]
EPOCH = {"epoch": 1, "train_accuracy": 0.5, "validation_accuracy": 0.4, "mean_rate": 0.2}
RATES = GrowthRates(*(np.array(one) for one in ([0.5, -2.0], [0.1, 0.1], [[0.4, -1.0], [0.5, -2.0]], [100.0, 200.0])))
IMPORTANCE = Importance(("neurons", "synapses"), np.array([1.0, -2.0]), np.array([[0.5, 1.5], [-3.0, -1.0]]))


@cache
def searched() -> SearchResult:
    space = Space.of({"tau_m_exc": {"mean": [10, 60], "cv": [0.1, 1.0]}})
    return search(None, space, lambda spec, seed: -abs(spec.tau_m_exc.mean - 20), trials=3, seeds=1)


@cache
def remembered() -> MemoryCapacity:
    return memory_capacity(np.roll(U, 1)[:, None], U, max_delay=12, hold=20)


@cache
def processed() -> InformationCapacity:
    return information_capacity(U[:, None], U, {1: 3, 2: 2})


#: Every figure of one panel, which takes `ax`.
ONE_PANEL: dict[str, Callable[..., Figure]] = {
    "accuracy_against_bits": lambda **to: deep.accuracy_against_bits({"32w-32u": 0.98, "1w-2u": 0.9}, 0.1, **to),
    "capacity_by_degree": lambda **to: figures.capacity_by_degree({"u": processed()}, **to),
    "chaos_map": lambda **to: figures.chaos_map([1, 2], [0, 5], [[-3.0, 1.0], [-1.0, 2.0]], **to),
    "confusion_matrix": lambda **to: figures.confusion_matrix(["a", "a", "b"], ["a", "b", "b"], **to),
    "convergence": lambda **to: figures.convergence({"a": [[0.1, 0.5]], "b": [[0.1, 0.2]]}, **to),
    "currents_of_neuron": lambda **to: figures.currents_of_neuron([1.0, 2.0], [-1.0, -2.0], 0.5, spikes=[0.2], **to),
    "differences_in_pairs": lambda **to: figures.differences_in_pairs(["rank"], [paired_test(SEEDS)], ["supported"], **to),
    "energy_and_robustness": lambda **to: deep.energy_and_robustness({"dense": ([190, 180], [0.9, 0.8], [0.8, 0.7])}, **to),
    "error_curves": lambda **to: figures.error_curves([np.nan, 0.5], [0.9, 0.6], best=1, **to),
    "exponents_against_rates": lambda **to: figures.exponents_against_rates([3.0, 20.0], [-12.0, 2.0], [1.0, 1.0], **to),
    "members_of_ensemble": lambda **to: deep.members_of_ensemble({"pgd": 0.8, "square": 0.7}, 0.65, **to),
    "memory_curve": lambda **to: figures.memory_curve(remembered(), **to),
    "parallel_coordinates": lambda **to: figures.parallel_coordinates(searched(), **to),
    "robustness_curves": lambda **to: deep.robustness_curves({"dense": {"clean": {0.1: 0.9}, "single": {0.1: 0.8}}}, **to),
    "scores_bar": lambda **to: figures.scores_bar({"reservoir": 0.9}, {"pixels": 0.97}, chance=0.1, **to),
    "scores_in_plane": lambda **to: figures.scores_in_plane({"ours": {"50": ([10, 12], [0.7, 0.8])}}, "x", "y", **to),
    "time_constants": lambda **to: figures.time_constants([30.0, 25.0, 20.0], [True, True, False], **to),
    "times_before_after": lambda **to: figures.times_before_after([10.0, 20.0], [12.0, 15.0], E_OF_TWO, **to),
}
#: Every figure of several panels, which takes `figure`.
PANELS: dict[str, Callable[..., Figure]] = {
    "accuracy_against_size": lambda **to: deep.accuracy_against_size({"digits": {"1w-2u": (0.004, SEEDS)}}, **to),
    "accuracy_and_rate": lambda **to: figures.accuracy_and_rate({"a": {"balanced": SEEDS}, "b": {"balanced": SEEDS}}, **to),
    "best_distributions": lambda **to: figures.best_distributions(searched(), **to),
    "curves_over_levels": lambda **to: figures.curves_over_levels(
        {("a", "noise"): {"reservoir": [[0.9, 0.8, 0.8], SEEDS]}}, {"noise": [0.0, 0.5]}, **to
    ),
    "exponent_spectrum": lambda **to: figures.exponent_spectrum(RATES, **to),
    "exponents_of_neurons": lambda **to: figures.exponents_of_neurons(
        [-50.0, -90.0], [20.0, 10.0], [3.0, 0.0], E_OF_TWO, **to
    ),
    "firing_statistics": lambda **to: figures.firing_statistics(
        [3.0, 9.0], [0.8, np.nan], E_OF_TWO, [1.0, 4.0], [0, 1], duration=10.0, **to
    ),
    "forecast_series": lambda **to: figures.forecast_series(T, WAVE, WAVE + 0.1, baselines={"last_value": WAVE - 1}, **to),
    "free_trajectories": lambda **to: figures.free_trajectories(
        T, np.column_stack([WAVE, WAVE]), {"reservoir": np.ones((30, 2))}, {"reservoir": 1.2}, threshold=0.1, **to
    ),
    "heat_maps": lambda **to: figures.heat_maps(
        dict.fromkeys("abc", np.eye(2)), [1, 2], [1, 10], x_label="x", y_label="y", **to
    ),
    "importances": lambda **to: figures.importances({"memory_capacity": IMPORTANCE, "spikes": IMPORTANCE}, **to),
    "learning_curves": lambda **to: deep.learning_curves([EPOCH, {**EPOCH, "epoch": 2}], 0.1, **to),
    "neuron_traces": lambda **to: figures.neuron_traces(
        T, np.column_stack([WAVE, WAVE]), np.ones((30, 2, 2)), spikes=[[3.0], []], threshold=[2.0, 2.0], **to
    ),
    "over_iterations": lambda **to: figures.over_iterations(
        {"Links": {"lnp": [[9, 5], [8, 4]]}, "b": {"lnp": [[1, 2]]}}, **to
    ),
    "potentials_and_windows": lambda **to: deep.potentials_and_windows({"spike1": [0.1, 0.5, 1.2]}, {"spike1": 1.0}, **to),
    "process_slices": lambda **to: figures.process_slices(searched(), **to),
    "scores_against_values": lambda **to: curves.scores_against_values(
        {"rank": {"neurons": {"network": {"10": SEEDS, "20": SEEDS}}}}, **to
    ),
    "scores_over_seeds": lambda **to: figures.scores_over_seeds({"a": {"reservoir": [1.0, 3.0]}, "b": {"x": SEEDS}}, **to),
    "shares_by_layer": lambda **to: deep.shares_by_layer({"Spikes": {"dense": {"spike1": SEEDS}}}, **to),
    "singular_values": lambda **to: figures.singular_values(np.diag([1.0, 0.5, 0.001]), **to),
    "spike_raster": lambda **to: figures.spike_raster([3.0, 7.5], [0, 1], E_OF_TWO, duration=10.0, **to),
    "tracking": lambda **to: figures.tracking([0.0, 1.0], [[0.0], [1.0]], [[0.1], [0.9]], [0.5], [3], count=4, **to),
    "training_curves": lambda **to: figures.training_curves([np.nan, 1], [2, 1.2], [np.nan, 0.6], [0.1, 0.5], 1, 0.1, **to),
    "weights_before_after": lambda **to: figures.weights_before_after([1.0, 2.0], [1.5, 1.0], 3.0, E_OF_TWO, **to),
    "weights_before_and_after": lambda **to: deep.weights_before_and_after({"conv1": ([0.0, 1.0], [0.5, 2.0])}, **to),
}

FUNCTIONS = {name: getattr(figures, name) for name in figures.__all__ if name not in ("save", "of_search")}
FUNCTIONS |= {name: one for name, one in vars(deep).items() if getattr(one, "__module__", "") == deep.__name__}
FUNCTIONS |= {"scores_against_values": curves.scores_against_values}
FUNCTIONS = {name: one for name, one in FUNCTIONS.items() if not name.startswith("_")}


def content(axes: Axes) -> tuple[Any, ...]:
    """What axes say and how much they hold."""
    texts = axes.get_xlabel(), axes.get_ylabel(), axes.get_title(), [one.get_label() for one in axes.lines]
    limits = np.round([axes.get_xlim(), axes.get_ylim()], 9).tolist()  # margins depend on the size, in the last digit
    return *texts, limits, len(axes.lines), len(axes.collections), len(axes.patches)


def test_every_figure_takes_axes_or_a_figure() -> None:
    for table, name, kind in ((ONE_PANEL, "ax", "Axes | None"), (PANELS, "figure", "Figure | SubFigure | None")):
        taken = {function: inspect.signature(one).parameters.get(name) for function, one in FUNCTIONS.items()}
        found = {function: one for function, one in taken.items() if one is not None}
        assert set(found) == set(table)
        assert {(one.annotation, one.default) for one in found.values()} == {(kind, None)}
    assert set(FUNCTIONS) == set(ONE_PANEL) | set(PANELS)


@pytest.mark.parametrize("name", [*ONE_PANEL, *PANELS])
def test_a_figure_is_drawn_into_what_is_given_and_nothing_else(name: str) -> None:
    whole = Figure(figsize=(9, 4), layout="constrained")
    left, right = whole.subfigures(1, 2)
    other = left.subplots()
    other.plot([1, 2], label="mine")
    before = content(other), other.get_children(), left.get_children(), whole.get_children()
    draw, parameter, given = PANELS.get(name), "figure", right
    if draw is None:
        draw, parameter, given = ONE_PANEL[name], "ax", right.subplots()
    assert draw(**{parameter: given}) is whole
    assert (content(other), other.get_children(), left.get_children(), whole.get_children()) == before
    assert whole.axes == [other, *right.axes]
    assert whole.get_size_inches().tolist() == [9, 4]
    assert [content(axes) for axes in right.axes] == [content(axes) for axes in draw().axes]
    with pytest.raises(InputError) as caught:
        draw(**{parameter: np.array([given])})
    assert caught.value.field == parameter


@pytest.mark.parametrize(
    ("draw", "data"),
    [
        (figures.over_iterations, {"panels": {"a": {"lnp": [[1, 2, 3]]}}, "x": [1, 2]}),
        (figures.curves_over_levels, {"panels": {("a", "b"): {"x": [[1.0]]}}, "levels": {"b": [0.0, 1.0]}}),
        (figures.scores_over_seeds, {"panels": {"a": {"x": SEEDS}, "b": {"x": [1.0]}}}),
    ],
)
def test_bad_data_leave_the_given_figure_empty(draw: Callable[..., Figure], data: dict[str, Any]) -> None:
    figure = Figure()
    with pytest.raises(InputError):
        draw(**data, figure=figure)
    assert figure.axes == []


@pytest.mark.parametrize(("layout", "title", "above"), [("constrained", "", 1), ("constrained", "a", 0), (None, "", 0)])
def test_the_legend_is_above_where_there_is_room(layout: str | None, title: str, above: int) -> None:
    part = Figure(layout=layout).subfigures()
    part.suptitle(title)
    PANELS["spike_raster"](figure=part)
    part.figure.draw_without_rendering()  # a warning is an error: everything has room
    assert (len(part.legends), [axes.get_legend() is not None for axes in part.axes]) == (above, [False, not above])
