"""Figures of numbers as curves: over the iterations of a method, over levels, and over the values of parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.figures.seeds import limits_of
from hrsnn.analysis.figures.style import (
    COLOURS,
    COLUMN_WIDTH,
    DASHES,
    EXCITATORY,
    GREY,
    INHIBITORY,
    TEXT,
    WIDTHS,
    caption,
    label_axes,
    legend_of_panels,
    panel_figure,
)
from hrsnn.analysis.intervals import mean_interval
from hrsnn.analysis.scoring.contract import ANY, Bounds
from hrsnn.errors import InputError
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
#: Colour, line and marker of the curves of a panel.
_LINES = ((EXCITATORY, "-", "o"), (GREY, "--", "s"), (INHIBITORY, "-.", "^"))
_SPREAD = "dots: seeds; shading or bars: 95 % intervals of the means,\nwith arrowheads where they go on beyond the panel"


@takes()
def over_iterations(
    panels: Mapping[str, Mapping[str, ArrayLike]],
    levels: Mapping[str, Mapping[str, ArrayLike]] | None = None,
    bounds: Mapping[str, Bounds] | None = None,
    *,
    x: ArrayLike | None = None,
    x_label: str = "Iteration",
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw numbers over the iterations of methods, a panel each, labelled a, b, c, ...: mean and 95 % interval over seeds.

    Parameters
    ----------
    panels : mapping of label to mapping of name to array (seeds, iterations + 1)
        The label is that of the vertical axis; column 0 is the start. Underscores in names become spaces.
    levels : mapping of label to mapping of name to array (seeds,), optional
        Controls without iterations, drawn as horizontal lines with their intervals in the panel of that label.
    bounds : mapping of label to (float, float), optional
        Bounds of each panel's numbers, as from :func:`bounds_of`; none by default.
    x : array (iterations + 1,), optional
        What the columns stand for, such as numbers of neurons; by default 0, 1, 2, ...
    x_label : str
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is nothing to draw, or `x` has not one value for each column, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> figure = over_iterations({"Links": {"lnp": [[100, 50, 25], [90, 45, 22]]}, "Error": {"lnp": [[0.1, 0.2, 0.3]] * 2}})
    >>> [axes.get_ylabel() for axes in figure.axes], figure.axes[1].get_title(loc="left")
    (['Links', 'Error'], 'b')
    """
    if not panels or not all(panels.values()):
        raise InputError("panels", panels, "must hold at least one number with one method")
    at = None if x is None else np.asarray(x, dtype=np.float64)
    for count in {np.atleast_2d(np.asarray(one, float)).shape[1] for rows in panels.values() for one in rows.values()}:
        if at is not None and at.shape != (count,):
            raise InputError("x", x, f"must be one value for each of the {count} columns")
    figure, part = panel_figure(1.35 * len(panels) + 0.5, figure)
    every = part.subplots(len(panels), 1, sharex=True, squeeze=False).ravel()
    for place, (axes, (label, rows)) in enumerate(zip(every, panels.items(), strict=True)):
        within = (bounds or {}).get(label, ANY)
        for line, (name, values) in enumerate(rows.items()):
            mean, low, high = _intervals(np.atleast_2d(np.asarray(values, float)), within)
            colour = COLOURS[line % len(COLOURS)]
            steps = np.arange(len(mean)) if at is None else at
            dashes, width = DASHES[line % len(DASHES)], WIDTHS[line % len(WIDTHS)]
            axes.plot(steps, mean, color=colour, linestyle=dashes, linewidth=width, label=name.replace("_", " "))
            axes.fill_between(steps, low, high, color=colour, alpha=0.15, linewidth=0)
        for name, values in (levels or {}).get(label, {}).items():
            mean, low, high = _intervals(np.asarray(values, float)[:, None], within)
            axes.axhline(mean[0], color=GREY, linewidth=1.0, label=name.replace("_", " "))
            axes.axhspan(low[0], high[0], color=GREY, alpha=0.15, linewidth=0)
        axes.set_title("abcdefghij"[place], loc="left", fontsize=TEXT, fontweight="bold")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        label_axes(axes, x=x_label if place == len(panels) - 1 else "", y=label)
    fullest = max(every, key=lambda axes: len(axes.get_legend_handles_labels()[0]))
    legend_of_panels(part, fullest)
    return figure


def _intervals(values: np.ndarray, bounds: Bounds) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean and 95 % interval over the rows; only the mean for a single row."""
    mean = values.mean(axis=0)
    if len(values) < 2:
        return mean, mean, mean
    low, high = np.array([mean_interval(column, bounds=bounds) for column in values.T]).T
    return mean, low, high


@takes()
def curves_over_levels(
    panels: Mapping[tuple[str, str], Mapping[str, ArrayLike]],
    levels: Mapping[str, Sequence[float]],
    bounds: Mapping[str, Bounds] | None = None,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw scores against levels, mean and 95 % interval over seeds: a row for each score, a column for each kind of level.

    Parameters
    ----------
    panels : mapping of (label of the score, label of the level) to mapping of name to array (levels, seeds)
        The first name is blue, the second grey and dashed. Underscores of names become spaces.
    levels : mapping of label to sequence (levels,)
        Levels by the label of their axis.
    bounds : mapping of label of the score to (float, float), optional
        Bounds of each score, as from :func:`bounds_of`; none by default.
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one.

    Returns
    -------
    matplotlib.figure.Figure
        Dots are seeds; shading is the 95 % interval of :func:`mean_interval`. Panels show the range of the seeds and half of
        it on either side: intervals that go further, as of two seeds, are bars with arrowheads.

    Raises
    ------
    InputError
        When there is nothing to draw, or an array has not a row for each level, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> panels = {("Accuracy", "Share lost"): {"reservoir": [[0.9, 0.8], [0.7, 0.6]]}}
    >>> figure = curves_over_levels(panels, {"Share lost": [0.0, 0.5]})
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('Share lost', 'Accuracy')
    """
    if not panels or not all(panels.values()):
        raise InputError("panels", panels, "must hold at least one panel with one name")
    rows, columns = (list(dict.fromkeys(key[side] for key in panels)) for side in (0, 1))
    found: dict[str, list[Array]] = {score: [] for score in rows}
    for (score, axis), curves in panels.items():
        for values in curves.values():
            x = np.asarray(values, dtype=np.float64)
            if x.ndim != 2 or len(x) != len(levels[axis]):
                count = len(levels[axis])
                raise InputError("panels", x.shape, f"must have a row for each of {count} levels, and a column a seed")
            found[score] += list(x)
    limits = {score: limits_of(each, (bounds or {}).get(score, ANY)) for score, each in found.items()}
    width = (1 if len(columns) == 1 else 2) * COLUMN_WIDTH
    figure, part = panel_figure(0.4 + 1.7 * len(rows), figure, width)
    grid = part.subplots(len(rows), len(columns), squeeze=False, sharey="row", sharex="col")
    for (score, axis), curves in panels.items():
        axes = grid[rows.index(score), columns.index(axis)]
        at = np.asarray(levels[axis], dtype=np.float64)
        for name, values, (colour, line, marker) in zip(curves, curves.values(), _LINES, strict=False):
            x = np.asarray(values, dtype=np.float64)
            _draw_spread(axes, at, list(x), colour, (bounds or {}).get(score, ANY), limits[score])
            style = {"color": colour, "linestyle": line, "marker": marker, "markersize": 3, "linewidth": 1.2}
            axes.plot(at, x.mean(axis=1), label=name.replace("_", " "), **style)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        # the unit on a line of its own, or labels of two rows would meet
        label = score.replace(" (", "\n(") if axis == columns[0] else ""
        label_axes(axes, axis if score == rows[-1] else "", label)
        axes.set_ylim(limits[score])
    caption(part, _SPREAD)
    legend_of_panels(part, grid[0, 0])
    return figure


@takes()
def scores_against_values(
    scores: Mapping[str, Mapping[str, Mapping[str, Mapping[str, ArrayLike]]]],
    bounds: Mapping[str, Bounds] | None = None,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw scores against the values of parameters, a row a score and a panel a parameter.

    Parameters
    ----------
    scores : mapping of score to mapping of parameter to mapping of name to mapping of value to array (seeds,)
        Names are those of what is scored, such as ``network`` and ``no_recurrence``; the first is blue, others are grey.
        Values are texts: where all are numbers the axis is one of numbers, logarithmic over more than a decade and a half.
    bounds : mapping of score to (float, float), optional
        Bounds of each score, as from :func:`bounds_of`; none by default.
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one.

    Returns
    -------
    matplotlib.figure.Figure
        Lines are means, dots are seeds; shading is the 95 % interval (:func:`hrsnn.analysis.mean_interval`) over the seeds.
        Panels show the range of the seeds and half of it on either side: intervals that go further, as of two seeds, are
        bars with arrowheads.

    Raises
    ------
    InputError
        When there is nothing to draw, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> figure = scores_against_values({"rank": {"neurons": {"network": {"10": [3.0, 4.0], "20": [6.0, 7.0]}}}})
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('neurons', 'rank')
    """
    columns = max((len(each) for each in scores.values()), default=0)
    if not columns:
        raise InputError("scores", scores, "must hold at least one score and one parameter")
    width = COLUMN_WIDTH * min(2.0, max(1.0, 0.7 * columns))
    figure, part = panel_figure(0.6 + 1.5 * len(scores), figure, width)
    panels = part.subplots(len(scores), columns, squeeze=False, sharey="row")
    several = False
    for row, (score, parameters) in enumerate(scores.items()):
        of_score = (bounds or {}).get(score, ANY)
        every = [
            np.asarray(x, dtype=np.float64)
            for names in parameters.values()
            for values in names.values()
            for x in values.values()
        ]
        several |= any(len(x) > 1 for x in every)
        limits = limits_of(every, of_score)
        for column, (parameter, names) in enumerate(parameters.items()):
            axes = panels[row, column]
            for place, (name, values) in enumerate(names.items()):
                _draw_line(axes, name.replace("_", " "), values, place, of_score, limits)
            below = parameter if row == len(scores) - 1 else ""
            # the unit on a line of its own, or labels of two rows would meet
            label_axes(axes, below, score.replace("_", " ").replace(" (", "\n(") if column == 0 else "")
            axes.set_ylim(limits)
        for axes in panels[row, len(parameters) :]:
            axes.remove()
    if several:
        caption(part, _SPREAD)
    legend_of_panels(part, panels[0, 0])
    return figure


def _draw_spread(
    axes: Axes, at: Array, values: Sequence[Array], colour: str, bounds: Bounds, limits: tuple[float, float]
) -> None:
    """Draw the values at each place as dots, and the intervals of their means: as a band, or as bars where some are cut."""
    many = [place for place, one in enumerate(values) if len(one) > 1]
    if not many:
        return
    x, ends = at[many], np.array([mean_interval(values[place], bounds=bounds) for place in many])
    for place in many:
        axes.plot([at[place]] * len(values[place]), values[place], ".", color=colour, markersize=2, alpha=0.6)
    low, high = ends.T
    if not ((low < limits[0]) | (high > limits[1])).any():
        axes.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
        return
    axes.vlines(x, np.maximum(low, limits[0]), np.minimum(high, limits[1]), color=colour, linewidth=0.7, alpha=0.6)
    for cut, edge, mark in ((low < limits[0], limits[0], "v"), (high > limits[1], limits[1], "^")):
        if cut.any():  # an empty line that is not clipped has an extent that leaves the layout no room
            axes.plot(x[cut], np.full(int(cut.sum()), edge), mark, color=colour, markersize=2.5, clip_on=False)


def _draw_line(
    axes: Axes, name: str, values: Mapping[str, ArrayLike], place: int, bounds: Bounds, limits: tuple[float, float]
) -> None:
    """Draw the means against the values, with the seeds and their intervals where there are several."""
    colour, style = (EXCITATORY, "-") if place == 0 else (GREY, ("-", "--", ":")[(place - 1) % 3])
    try:
        at = np.array([float(value) for value in values])
        order = np.argsort(at)
        if at.min() > 0 and at.max() > 30 * at.min():
            axes.set_xscale("log")
    except ValueError:
        at, order = np.arange(len(values), dtype=np.float64), np.arange(len(values))
        axes.set_xticks(at, list(values))
    found = [np.asarray(one, dtype=np.float64) for one in values.values()]
    means = np.array([one.mean() if len(one) else np.nan for one in found])
    axes.plot(
        at[order],
        means[order],
        style,
        marker="o",
        markersize=2.5,
        color=colour,
        linewidth=1.1,
        label=name,
        zorder=3 - (place > 0),
    )
    _draw_spread(axes, at[order], [found[k] for k in order], colour, bounds, limits)
