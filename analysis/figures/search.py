"""Figures of a search: convergence, the best distributions, and slices of the Gaussian process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure, SubFigure
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.figures.style import (
    BAND,
    COLOURS,
    EXCITATORY,
    GREY,
    INHIBITORY,
    SMALL_TEXT,
    TEXT,
    column_axes,
    label_axes,
    legend_above,
    legend_of_panels,
    panel_figure,
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
from hrsnn.spec import ReservoirSpec, parameter_unit
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
#: Parameters that have a symbol, and endings of their names.
_SYMBOLS = {"delay": "delay", "tau_m": r"$\tau_m$", "tau_exc": r"$\tau_{exc}$", "tau_inh": r"$\tau_{inh}$"} | {
    f"{kind}_{sign}": rf"${symbol}_{mark}$"
    for kind, symbol in (("tau", r"\tau"), ("a", "A"))
    for sign, mark in (("plus", "+"), ("minus", "-"))
}
#: Light for bad trials, dark for good ones.
_SHADES = LinearSegmentedColormap.from_list("trials", ["#C6DBEF", "#08306B"])
_KINDS = {"_exc": "E", "_inh": "I"}
_SCORES = {"memory_capacity": "Memory capacity (values)", "spikes": "Spikes a neuron (Hz)"}


def of_search(
    result: SearchResult, against: Mapping[str, SearchResult] | None = None, objective: str = "Objective"
) -> Mapping[str, Figure]:
    """Draw all figures of a search, by file name.

    Parameters
    ----------
    result : SearchResult
    against : mapping of name to SearchResult, optional
        Searches that its convergence is compared with.
    objective : str
        What was optimised, with its unit.

    Returns
    -------
    mapping of str to matplotlib.figure.Figure

    Examples
    --------
    >>> from hrsnn.search import Space, search
    >>> space = Space.of({"tau_m_exc": {"mean": [10, 60], "cv": [0.1, 1.0]}})
    >>> result = search(None, space, lambda spec, seed: -abs(spec.tau_m_exc.mean - 20), trials=3, seeds=1)
    >>> sorted(of_search(result))
    ['convergence', 'distributions', 'parallel', 'slices']
    """
    curves = {name: one.best_so_far()[None] for name, one in {"search": result, **(against or {})}.items()}
    drawn = {
        "convergence": convergence(curves, label=f"{objective}, best so far"),
        "parallel": parallel_coordinates(result, label=objective),
    }
    if any(isinstance(one, DistributionRange) for one in result.space.ranges.values()):
        drawn["distributions"] = best_distributions(result)
    if sum(not one.error for one in result.trials) >= 3:
        drawn["slices"] = process_slices(result, label=objective)
    return drawn


@takes()
def convergence(
    curves: Mapping[str, ArrayLike], optimum: float | None = None, ax: Axes | None = None, label: str = "Best so far"
) -> Figure:
    """Draw the best value so far against the number of trials, for one or several search methods.

    Parameters
    ----------
    curves : mapping of name to array (runs, trials)
        Best value so far of each run; nan before the first value.
    optimum : float, optional
        Optimum, if it is known: the distance from it is then drawn on a logarithmic scale.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.
    label : str
        What the values are, with their unit.

    Returns
    -------
    matplotlib.figure.Figure
        Mean over runs, and a band from the lower to the upper quartile.

    Raises
    ------
    InputError
        When there is nothing to draw, or `ax` is not a Matplotlib Axes.

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
    label_axes(axes, "Trials", label if optimum is None else "Simple regret")
    if len(curves) > 1:
        legend_above(figure, axes)
    return figure


def best_distributions(result: SearchResult, figure: Figure | SubFigure | None = None) -> Figure:
    """Draw the densities of the distributions of the best trial and of the default ones.

    Parameters
    ----------
    result : SearchResult
        Search over a space with at least one distribution.
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each distribution; one without a CV is a line at its value. Each density is scaled to its own peak, so
        that a broad one remains visible next to a narrow one.

    Raises
    ------
    InputError
        When the space has no distribution, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> from hrsnn.search import Space, search
    >>> space = Space.of({"tau_m_exc": {"mean": [10, 60], "cv": [0.1, 1.0]}})
    >>> result = search(None, space, lambda spec, seed: -abs(spec.tau_m_exc.mean - 20), trials=3, seeds=1)
    >>> len(best_distributions(result).axes)
    1
    """
    names = [name for name, one in result.space.ranges.items() if isinstance(one, DistributionRange)]
    if not names:
        raise InputError("result", list(result.space.ranges), "must have searched at least one distribution")
    best = result.best_spec
    figure, part, panels, columns = _panels(len(names), 1.3, 0.3, figure)
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
        axes.set_yticks([0, 1])
        axes.locator_params(axis="x", nbins=4)
        label_axes(axes, parameter_label(name), "Density / peak" if axes in panels[::columns] else "")
    legend_of_panels(part, panels[0])
    return figure


def parallel_coordinates(result: SearchResult, ax: Axes | None = None, label: str = "Objective") -> Figure:
    """Draw each trial as a line down the parameters, coloured by its value, the best in vermillion.

    Parameters
    ----------
    result : SearchResult
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.
    label : str
        What the values are, with their unit.

    Returns
    -------
    matplotlib.figure.Figure
        Each row covers the range of its parameter, whose ends are written beside it, on a logarithmic scale if the search
        used one. Trials that violate a constraint are dotted; those that failed are not drawn.

    Raises
    ------
    InputError
        When `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> from hrsnn.search import Space, search
    >>> space = Space.of({"tau_m_exc": {"mean": [10, 60], "cv": [0.1, 1.0]}})
    >>> result = search(None, space, lambda spec, seed: -abs(spec.tau_m_exc.mean - 20), trials=3, seeds=1)
    >>> figure = parallel_coordinates(result, label="distance (ms)")
    """
    coordinates = _coordinates(result)
    ranges: dict[str, Any] = dict(result.space.distributions())
    done = sorted((one for one in result.trials if not one.error), key=lambda one: one.value * _sign(result))
    figure, axes = column_axes(1.3 + 0.26 * len(ranges), ax)
    rows = np.arange(len(ranges))
    axes.hlines(rows, 0, 1, color=BAND, linewidth=0.6, zorder=0)
    if done:
        values = [one.value for one in done]
        scale, dark = Normalize(min(values), max(values)), _SHADES if _sign(result) > 0 else _SHADES.reversed()
        shades = ScalarMappable(scale, dark)
        for row, one in zip(coordinates.cube([one.parameters for one in done]), done, strict=True):
            axes.plot(row, rows, "-" if one.feasible else ":", color=dark(float(scale(one.value))), linewidth=0.7)
        if any(one.feasible for one in done):
            best = coordinates.cube([result.best.parameters])[0]
            axes.plot(best, rows, color=INHIBITORY, linewidth=1.6, marker="o", markersize=3, label="best")
        if not all(one.feasible for one in done):
            axes.plot([], [], ":", color=GREY, label="violates a constraint")
        bar = figure.colorbar(shades, ax=axes, orientation="horizontal", aspect=40, pad=0.02)
        bar.set_label(label, fontsize=TEXT)
        bar.ax.tick_params(labelsize=SMALL_TEXT)
    for row, one in zip(rows, ranges.values(), strict=True):
        for x, end, side in ((-0.02, one.low, "right"), (1.02, one.high, "left")):
            axes.text(x, float(row), f"{end:.3g}", ha=side, va="center", fontsize=SMALL_TEXT)
    axes.set_yticks(rows, [parameter_label(name) for name in ranges], size=SMALL_TEXT)
    axes.tick_params(axis="y", pad=22)  # the lower ends stand between the names and the rows
    axes.set(xlim=(-0.02, 1.02), ylim=(len(ranges) - 0.5, -0.5), xticks=[])
    label_axes(axes, "", "")
    axes.tick_params(left=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    if axes.get_legend_handles_labels()[0]:
        legend_above(figure, axes)
    return figure


def process_slices(result: SearchResult, label: str = "Objective", figure: Figure | SubFigure | None = None) -> Figure:
    """Draw the Gaussian process along each parameter, all others as in the best trial: mean and two standard deviations.

    Parameters
    ----------
    result : SearchResult
        Search with two or more trials that did not fail.
    label : str
        What the values are, with their unit.
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each parameter; the vertical line is the best trial.

    Raises
    ------
    InputError
        When `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> from hrsnn.search import Space, search
    >>> space = Space.of({"tau_m_exc": {"mean": [10, 60], "cv": [0.1, 1.0]}})
    >>> result = search(None, space, lambda spec, seed: -abs(spec.tau_m_exc.mean - 20), trials=3, seeds=1)
    >>> len(process_slices(result).axes)
    2
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
    figure, part, panels, _ = _panels(len(names), 1.2, 0.3, figure, sharey=True)
    steps = np.linspace(0, 1, 61)
    for k, (axes, name) in enumerate(zip(panels, names, strict=True)):
        line = np.repeat(at[None], len(steps), axis=0)
        line[:, k] = steps
        mean, deviation = process.predict(coordinates.embedded(line))
        x = np.array([coordinates.parameters(point)[name] for point in line])
        axes.plot(x, mean, color=EXCITATORY, label="mean of the process")
        axes.fill_between(
            x, mean - 2 * deviation, mean + 2 * deviation, color=EXCITATORY, alpha=0.2, linewidth=0, label="2 sd"
        )
        axes.axvline(best.parameters[name], color=INHIBITORY, linewidth=0.8, label="best trial")
        if getattr(coordinates.dimensions[name], "log", False):
            axes.set_xscale("log")
            middle = (x[0] * x[-1]) ** 0.5
            axes.set_xticks([x[0], middle, x[-1]], [f"{tick:.2g}" for tick in (x[0], middle, x[-1])])
            labels = axes.get_xticklabels()  # inside their panel, so that those of neighbours do not overlap
            labels[0].set_horizontalalignment("left")
            labels[2].set_horizontalalignment("right")
            axes.minorticks_off()
        else:
            axes.locator_params(axis="x", nbins=4)
        label_axes(axes, parameter_label(name), "")
    part.supylabel(label, size=TEXT)
    legend_of_panels(part, panels[0])
    return figure


def importances(scores: Mapping[str, Importance], figure: Figure | SubFigure | None = None) -> Figure:
    """Draw the contribution of each heterogeneity to each score, with its interval.

    Parameters
    ----------
    scores : mapping of str to Importance
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each score.

    Raises
    ------
    InputError
        When there is nothing to draw, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> from hrsnn.search import shapley_values
    >>> found = shapley_values([[0.0, 0.1], [1.0, 1.2], [0.5, 0.4], [1.5, 1.8]], ["neurons", "synapses"])
    >>> len(importances({"memory": found}).axes)
    1
    """
    if not scores:
        raise InputError("scores", {}, "must hold at least one")
    names = next(iter(scores.values())).names
    figure, part = panel_figure(0.3 * len(names) + 0.7, figure)
    panels = part.subplots(1, len(scores), squeeze=False, sharey=True)[0]
    for axes, (score, one) in zip(panels, scores.items(), strict=True):
        places = np.arange(len(one.names))
        axes.barh(places, one.values, height=0.5, color=EXCITATORY)
        axes.hlines(places, one.interval[:, 0], one.interval[:, 1], color="black", linewidth=1)
        axes.axvline(0, color=GREY, linewidth=0.6)
        axes.set_yticks(places, [parameter_label(name) for name in one.names])
        axes.locator_params(axis="x", nbins=4)
        label_axes(axes, _SCORES.get(score, score.replace("_", " ")), "")
    panels[0].invert_yaxis()
    part.supxlabel("Shapley value of the spread (bar) and its 95 % interval over seeds (line)", size=SMALL_TEXT)
    return figure


def _panels(
    count: int, height: float, more: float, figure: Figure | SubFigure | None, sharey: bool = False
) -> tuple[Figure, Figure | SubFigure, list[Axes], int]:
    """Return a figure, the part of it that has the panels, the `count` panels, and the number of columns."""
    columns = 2 if count <= 8 else 3
    rows = -(-count // columns)
    figure, part = panel_figure(height * rows + more, figure)
    every = part.subplots(rows, columns, squeeze=False, sharey=sharey).ravel()
    for unused in every[count:]:
        unused.remove()
    return figure, part, list(every[:count]), columns


def parameter_label(name: str) -> str:
    """Return a parameter of a reservoir as an axis names it, with its unit.

    Examples
    --------
    >>> parameter_label("tau_m_exc.mean"), parameter_label("tau_m_exc.cv"), parameter_label("weight_scale")
    ('$\\\\tau_m$ of E, mean (ms)', '$\\\\tau_m$ of E, CV', 'weight scale')
    """
    parameter, _, part = name.partition(".")
    base, of = parameter, ""
    for ending, kind in _KINDS.items():
        if parameter.endswith(ending) and parameter.removesuffix(ending) in _SYMBOLS:
            base, of = parameter.removesuffix(ending), f" of {kind}"
    unit = parameter_unit(name)
    spoken = _SYMBOLS.get(base, base.replace("_", " ")) + of + ({"": "", "cv": ", CV"}.get(part, f", {part}"))
    return spoken if unit == "no unit" else f"{spoken} ({unit})"


def _coordinates(result: SearchResult) -> Coordinates:
    forms = {name: one.form for name, one in result.space.ranges.items() if isinstance(one, DistributionRange)}
    return Coordinates(result.space.distributions(), forms)


def _sign(result: SearchResult) -> int:
    return 1 if result.direction == "maximize" else -1
