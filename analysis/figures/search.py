"""Figures of a search: convergence, the best distributions, and slices of the Gaussian process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.figures.style import (
    COLOURS,
    EXCITATORY,
    GREY,
    INHIBITORY,
    SMALL_TEXT,
    column_axes,
    column_figure,
    label_axes,
    legend_above,
)
from hrsnn.builder import depression
from hrsnn.distributions import Constant, Distribution
from hrsnn.errors import InputError
from hrsnn.search.coordinates import Coordinates
from hrsnn.search.gaussian_process import fit_gaussian_process
from hrsnn.search.importance import Importance
from hrsnn.search.quantile_embedding import quantiles
from hrsnn.search.result import SearchResult
from hrsnn.search.space import DistributionRange
from hrsnn.spec import ReservoirSpec
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
_SCORES = {"memory_capacity": "Memory capacity (values)", "spikes": "Spikes a neuron (Hz)"}


def of_search(result: SearchResult, against: Mapping[str, SearchResult] | None = None) -> Mapping[str, Figure]:
    """Draw all figures of a search, by file name; its convergence is compared with those of `against`, by name."""
    curves = {name: one.best_so_far()[None] for name, one in {"search": result, **(against or {})}.items()}
    drawn = {"convergence": convergence(curves), "parallel": parallel_coordinates(result)}
    if any(isinstance(one, DistributionRange) for one in result.space.ranges.values()):
        drawn["distributions"] = best_distributions(result)
    if sum(not one.error for one in result.trials) >= 3:
        drawn["slices"] = process_slices(result)
    return drawn


@takes()
def convergence(curves: Mapping[str, ArrayLike], optimum: float | None = None, ax: Axes | None = None) -> Figure:
    """Draw the best value so far against the number of trials, for one or several search methods.

    Parameters
    ----------
    curves : mapping of name to array (runs, trials)
        Best value so far of each run; nan before the first value.
    optimum : float, optional
        Optimum, if it is known: the distance from it is then drawn on a logarithmic scale.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure
        Mean over runs, and a band from the lower to the upper quartile.

    Raises
    ------
    InputError
        When there is nothing to draw.

    Examples
    --------
    >>> figure = convergence({"ours": [[0.1, 0.5, 0.9]], "random": [[0.1, 0.2, 0.3]]})
    >>> len(figure.axes[0].lines)
    2
    """
    if not curves:
        raise InputError("curves", {}, "must hold at least one")
    figure, axes = column_axes(2.4, ax)
    for colour, (name, values) in zip(COLOURS, curves.items(), strict=False):
        runs = np.atleast_2d(np.asarray(values, dtype=np.float64))
        runs = runs if optimum is None else np.abs(runs - optimum)
        trials = np.arange(1, runs.shape[1] + 1)
        known = ~np.isnan(runs).any(axis=0)
        axes.plot(trials[known], runs[:, known].mean(axis=0), color=colour, label=name, drawstyle="steps-post")
        if len(runs) > 1:
            low, high = np.quantile(runs[:, known], [0.25, 0.75], axis=0)
            axes.fill_between(trials[known], low, high, color=colour, alpha=0.2, linewidth=0, step="post")
    if optimum is not None:
        axes.set_yscale("log")
    label_axes(axes, "Trials", "Best so far" if optimum is None else "Simple regret")
    if len(curves) > 1:
        legend_above(figure, axes)
    return figure


def best_distributions(result: SearchResult) -> Figure:
    """Draw the densities of the distributions of the best trial and of the default ones.

    Parameters
    ----------
    result : SearchResult
        Search over a space with at least one distribution.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each distribution; one without a CV is a line at its value. Each density is scaled to its own peak, so
        that a broad one remains visible next to a narrow one.

    Raises
    ------
    InputError
        When the space has no distribution.
    """
    names = [name for name, one in result.space.ranges.items() if isinstance(one, DistributionRange)]
    if not names:
        raise InputError("result", list(result.space.ranges), "must have searched at least one distribution")
    best = result.best_spec
    figure, panels, columns = _panels(len(names), 1.3, 0.3)
    for axes, name in zip(panels, names, strict=True):
        for label, colour, spec in (("default", GREY, result.spec), ("best", EXCITATORY, best)):
            value = depression(spec) if isinstance(spec, ReservoirSpec) and name == "a_minus" else getattr(spec, name)
            if isinstance(value, Constant):
                axes.axvline(value.value, color=colour, label=label)
            elif isinstance(value, Distribution):
                p = np.linspace(0.001, 0.99, 400)
                q = quantiles(value, p)
                density = np.diff(p) / np.maximum(np.diff(q), 1e-12)
                axes.plot((q[1:] + q[:-1]) / 2, density / density.max(), color=colour, label=label)
        axes.set_ylim(0, 1.05)
        axes.set_yticks([])
        axes.locator_params(axis="x", nbins=4)
        label_axes(axes, _with_unit(name), "Density" if axes in panels[::columns] else "")
    legend_above(figure, panels[0])
    return figure


def parallel_coordinates(result: SearchResult, ax: Axes | None = None) -> Figure:
    """Draw trials as lines over all parameters: darker if better, dotted if infeasible, the best in colour.

    Parameters
    ----------
    result : SearchResult
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure
        Each axis covers the range of its parameter, given next to its name, on a logarithmic scale if the search used one.
    """
    coordinates = _coordinates(result)
    done = sorted((one for one in result.trials if not one.error), key=lambda one: one.value * _sign(result))
    figure, axes = column_axes(3.2, ax)
    if done:
        cube = coordinates.cube([one.parameters for one in done])
        for row, one, share in zip(cube, done, np.linspace(0, 1, len(done)), strict=True):
            axes.plot(row, "-" if one.feasible else ":", color=str(0.9 - 0.7 * share), linewidth=0.5)
        if any(one.feasible for one in done):
            axes.plot(coordinates.cube([result.best.parameters])[0], color=INHIBITORY, linewidth=1.6)
    ranges: dict[str, Any] = dict(result.space.distributions())
    labels = [f"{_spoken(name)}, {one.low:g} to {one.high:g}" for name, one in ranges.items()]
    axes.set_xticks(range(len(labels)), labels, rotation=60, ha="right", rotation_mode="anchor", size=SMALL_TEXT)
    axes.set_ylim(-0.02, 1.02)
    axes.set_yticks([0, 1], ["low", "high"])
    label_axes(axes, "", "")
    return figure


def process_slices(result: SearchResult) -> Figure:
    """Draw the Gaussian process along each parameter, all others as in the best trial: mean and two standard deviations.

    Parameters
    ----------
    result : SearchResult
        Search with two or more trials that did not fail.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each parameter; the mark is the best trial.
    """
    coordinates = _coordinates(result)
    done = [one for one in result.trials if not one.error]
    best = result.best if any(one.feasible for one in done) else max(done, key=lambda one: one.value * _sign(result))
    at = coordinates.cube([best.parameters])[0]
    replicates = [np.asarray(one.replicates, dtype=np.float64) for one in done]
    process = fit_gaussian_process(
        coordinates.embedded(coordinates.cube([one.parameters for one in done])),
        np.array([one.value for one in done]),
        coordinates.sizes,
        counts=np.array([len(one) for one in replicates]),
        scatter=np.array([((one - one.mean()) ** 2).sum() for one in replicates]),
    )
    names = list(coordinates.dimensions)
    figure, panels, columns = _panels(len(names), 1.2, 0.0, sharey=True)
    steps = np.linspace(0, 1, 61)
    for k, (axes, name) in enumerate(zip(panels, names, strict=True)):
        line = np.repeat(at[None], len(steps), axis=0)
        line[:, k] = steps
        mean, deviation = process.predict(coordinates.embedded(line))
        x = np.array([coordinates.parameters(point)[name] for point in line])
        axes.plot(x, mean, color=EXCITATORY)
        axes.fill_between(x, mean - 2 * deviation, mean + 2 * deviation, color=EXCITATORY, alpha=0.2, linewidth=0)
        axes.axvline(best.parameters[name], color=INHIBITORY, linewidth=0.8)
        if getattr(coordinates.dimensions[name], "log", False):
            axes.set_xscale("log")
            ends = [x[0], x[-1]]
            axes.set_xticks(ends, [f"{end:.3g}" for end in ends])
            low, high = axes.get_xticklabels()  # inside their panel, so that those of neighbours do not overlap
            low.set_horizontalalignment("left")
            high.set_horizontalalignment("right")
            axes.minorticks_off()
        label_axes(axes, _spoken(name), "Objective" if k % columns == 0 else "")
    return figure


def importances(scores: Mapping[str, Importance]) -> Figure:
    """Draw the contribution of each heterogeneity to each score, with its interval.

    Parameters
    ----------
    scores : mapping of str to Importance

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each score.

    Raises
    ------
    InputError
        When there is nothing to draw.
    """
    if not scores:
        raise InputError("scores", {}, "must hold at least one")
    names = next(iter(scores.values())).names
    figure = column_figure(0.3 * len(names) + 0.7)
    for axes, (score, one) in zip(
        figure.subplots(1, len(scores), squeeze=False, sharey=True)[0], scores.items(), strict=True
    ):
        places = np.arange(len(one.names))
        axes.barh(places, one.values, height=0.5, color=EXCITATORY)
        axes.hlines(places, one.interval[:, 0], one.interval[:, 1], color="black", linewidth=1)
        axes.axvline(0, color=GREY, linewidth=0.6)
        axes.set_yticks(places, [_spoken(name) for name in one.names])
        axes.locator_params(axis="x", nbins=4)
        label_axes(axes, _SCORES.get(score, score.replace("_", " ")), "")
    figure.axes[0].invert_yaxis()
    figure.supxlabel("Shapley value of the spread, 95 % over seeds", size=SMALL_TEXT)
    return figure


def _panels(count: int, height: float, more: float, sharey: bool = False) -> tuple[Figure, list[Axes], int]:
    """Return a figure, its `count` panels, and the number of columns."""
    columns = 2 if count <= 8 else 3
    rows = -(-count // columns)
    figure = column_figure(height * rows + more)
    every = figure.subplots(rows, columns, squeeze=False, sharey=sharey).ravel()
    for unused in every[count:]:
        unused.remove()
    return figure, list(every[:count]), columns


def _spoken(name: str) -> str:
    return name.replace("_", " ").replace(".cv", ", CV").replace(".", ", ")


def _with_unit(name: str) -> str:
    known = ReservoirSpec.model_fields.get(name)
    about: Any = None if known is None else known.json_schema_extra
    unit = about["unit"] if about else ""
    return f"{_spoken(name)} ({unit})" if unit else _spoken(name)


def _coordinates(result: SearchResult) -> Coordinates:
    forms = {name: one.form for name, one in result.space.ranges.items() if isinstance(one, DistributionRange)}
    return Coordinates(result.space.distributions(), forms)


def _sign(result: SearchResult) -> int:
    return 1 if result.direction == "maximize" else -1
