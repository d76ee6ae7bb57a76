"""Figures of repeats over seeds: every seed a point, with the mean and its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.claims import Verdict
from hrsnn.analysis.figures.style import (
    COLOURS,
    COLUMN_WIDTH,
    EXCITATORY,
    GREY,
    INHIBITORY,
    SMALL_TEXT,
    caption,
    column_axes,
    label_axes,
    legend_above,
    panel_figure,
)
from hrsnn.analysis.intervals import mean_interval
from hrsnn.analysis.paired_tests import PairedTest
from hrsnn.analysis.scoring.contract import ANY, Bounds
from hrsnn.errors import InputError
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
#: Marks of series, their area, and that of the largest one where areas differ (square points).
_MARKS, _USUAL, _LARGEST = ("o", "s", "^", "D", "v", "P", "X"), 20.0, 80.0
_GREEN, _PALE = "#009E73", "#CCCCCC"
#: Caption where intervals are cut.
_CUT = "arrowheads: the 95 % interval goes on beyond the panel"
_COLOURS: Mapping[Verdict, str] = {
    "supported": _GREEN,
    "refuted": INHIBITORY,
    "undecided": GREY,
    "no verdict possible": _PALE,
}


@takes()
def scores_over_seeds(
    panels: Mapping[str, Mapping[str, ArrayLike]],
    bounds: Mapping[str, Bounds] | None = None,
    highlighted: int = 1,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw each score in a separate panel, with a row for the reservoir and for each of its baselines.

    Parameters
    ----------
    panels : mapping of score to mapping of name to array (seeds,)
        Underscores become spaces.
    bounds : mapping of score to (float, float), optional
        Bounds of each score, as from :func:`bounds_of`; none by default.
    highlighted : int
        Number of rows, from the top of each panel, that are blue; the others are grey.
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one.

    Returns
    -------
    matplotlib.figure.Figure
        Points are seeds; the bar is the 95 % interval of :func:`mean_interval`, with an arrowhead where it goes on beyond
        the panel, whose range is that of the seeds and half of it on either side. A figure of more than two panels is two
        columns wide.

    Raises
    ------
    InputError
        When there is nothing to draw, or a row has fewer than two seeds, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> figure = scores_over_seeds({"accuracy": {"reservoir": [0.8, 0.9], "raw_input": [0.7, 0.8]}})
    >>> [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    ['reservoir', 'raw input']
    """
    if not panels or not all(panels.values()):
        raise InputError("panels", panels, "must hold at least one score with one row")
    columns = 1 if len(panels) <= 2 else 2
    tallest = [max(map(len, row)) for row in _in_rows(list(panels.values()), columns)]
    for x in (np.asarray(values, dtype=np.float64) for rows in panels.values() for values in rows.values()):
        if len(x) < 2:
            raise InputError("values", x, "must be two or more, one for each seed")
    height = 0.5 * len(tallest) + 0.22 * sum(tallest) + 0.2
    figure, part = panel_figure(height, figure, columns * COLUMN_WIDTH)
    grid = part.subplots(len(tallest), columns, squeeze=False, height_ratios=[rows + 1 for rows in tallest])
    every = grid.ravel()
    for unused in every[len(panels) :]:
        unused.set_axis_off()
    cut = False
    for axes, (score, rows) in zip(every, panels.items(), strict=False):
        found = [np.asarray(values, dtype=np.float64) for values in rows.values()]
        limits = limits_of(found, (bounds or {}).get(score, ANY))
        for place, x in enumerate(found):
            colour = EXCITATORY if place < highlighted else GREY
            cut |= _draw_row(axes, place, x, colour, (bounds or {}).get(score, ANY), limits)
        axes.set_xlim(limits)
        axes.set_yticks(range(len(rows)), [name.replace("_", " ") for name in rows])
        axes.set_ylim(len(rows) - 0.4, -0.4)
        label_axes(axes, score.replace("_", " "), "")
        # few ticks, so that long tick labels do not overlap
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.ticklabel_format(axis="x", style="sci", scilimits=(-2, 5))
        axes.xaxis.get_offset_text().set_size(SMALL_TEXT)
    if cut:
        caption(part, _CUT)
    return figure


@takes()
def scores_in_plane(
    points: Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]],
    x_label: str,
    y_label: str,
    bounds: tuple[Bounds, Bounds] = (ANY, ANY),
    *,
    areas: Mapping[str, Mapping[str, float]] | None = None,
    joined: str = "series",
    logarithmic: bool = False,
    ax: Axes | None = None,
) -> Figure:
    """Draw two scores against each other: the mean over seeds of each network, with the 95 % intervals of both.

    Parameters
    ----------
    points : mapping of series to mapping of label to (x (seeds,), y (seeds,))
        A series has a colour and a mark; the label, such as a number of neurons, stands beside each point, unless it is
        empty.
    x_label, y_label : str
    bounds : ((float, float), (float, float))
        Bounds of both scores, which intervals do not exceed.
    areas : mapping of series to mapping of label to float, optional
        Positive numbers to which the areas of the marks are proportional; equal by default.
    joined : {"series", "label"}
        What grey lines join: the points of a series, or those of all series with the same label.
    logarithmic : bool
        Whether the horizontal axis is; points at 0 are left out then.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is nothing to draw, or `joined` is unknown, or `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> points = {"ours": {"50": ([10, 12], [0.7, 0.8]), "90": ([2, 3], [0.6, 0.7])}}
    >>> [text.get_text() for text in scores_in_plane(points, "Operations", "Accuracy").axes[0].texts]
    ['50', '90']
    """
    if not points or not all(points.values()):
        raise InputError("points", points, "must hold at least one series with one point")
    if joined not in ("series", "label"):
        raise InputError("joined", joined, "must be series or label")
    figure, axes = column_axes(3.0, ax)
    largest = max((area for one in (areas or {}).values() for area in one.values()), default=1.0)
    lines: dict[str, list[tuple[float, float]]] = {}
    for place, (series, found) in enumerate(points.items()):
        colour, mark = COLOURS[place % len(COLOURS)], _MARKS[place % len(_MARKS)]
        for label, (given_x, given_y) in found.items():
            x, y = np.asarray(given_x, dtype=np.float64), np.asarray(given_y, dtype=np.float64)
            centre = float(x.mean()), float(y.mean())
            if logarithmic and centre[0] <= 0:
                continue
            if len(x) > 1:
                axes.plot(mean_interval(x, bounds=bounds[0]), [centre[1]] * 2, color=colour, linewidth=0.6)
                axes.plot([centre[0]] * 2, mean_interval(y, bounds=bounds[1]), color=colour, linewidth=0.6)
            area = _USUAL if areas is None else _LARGEST * areas[series][label] / largest
            axes.scatter(*centre, s=area, color=colour, marker=mark, alpha=0.8, linewidths=0)
            axes.annotate(label, centre, xytext=(3, 3), textcoords="offset points", fontsize=SMALL_TEXT)
            lines.setdefault(series if joined == "series" else label, []).append(centre)
        axes.scatter([], [], s=_USUAL, color=colour, marker=mark, label=series.replace("_", " "))
    for centres in lines.values():
        axes.plot(*zip(*centres, strict=True), color=GREY, linewidth=0.6, zorder=0)
    if logarithmic:
        axes.set_xscale("log")
    label_axes(axes, x_label, y_label)
    legend_above(figure, axes)
    return figure


@takes()
def accuracy_and_rate(
    scores: Mapping[str, Mapping[str, ArrayLike]],
    levels: Mapping[str, float] | None = None,
    bounds: Mapping[str, Bounds] | None = None,
    logarithmic: tuple[str, ...] = (),
    highlighted: tuple[str, ...] = ("balanced",),
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw scores of several networks side by side: every seed a point, with the mean and its 95 % interval.

    Parameters
    ----------
    scores : mapping of label to mapping of name to array (seeds,)
        A panel for each label; names, of networks, are the same in all panels, where a panel may lack some.
    levels : mapping of label to float, optional
        A dashed line, such as a published value.
    bounds : mapping of label to (float, float), optional
        Smallest and largest possible value, which intervals do not exceed.
    logarithmic : tuple of str
        Labels of panels with a logarithmic axis; values of 0 are not drawn there.
    highlighted : tuple of str
        Names of the networks in blue; the others are grey.
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is nothing to draw, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> figure = accuracy_and_rate({"Accuracy": {"balanced": [0.9, 1.0], "shuffled": [0.5, 0.7]}}, {"Accuracy": 0.976})
    >>> [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    ['balanced', 'shuffled']
    """
    if not scores or not all(scores.values()):
        raise InputError("scores", scores, "must hold at least one panel with one network")
    names = list(dict.fromkeys(name for panel in scores.values() for name in panel))
    figure, part = panel_figure(0.24 * len(names) + 0.6, figure, width=1.1 + 1.45 * len(scores))
    panels = part.subplots(1, len(scores), sharey=True, squeeze=False)[0]
    for axes, (label, panel) in zip(panels, scores.items(), strict=True):
        for name, given in panel.items():
            place, values = names.index(name), np.asarray(given, dtype=np.float64)
            values = values[np.isfinite(values) & ((values > 0) | (label not in logarithmic))]
            if not values.size:
                continue
            colour = EXCITATORY if name in highlighted else GREY
            _draw_row(axes, place, values, colour, (bounds or {}).get(label, ANY))
        if levels and label in levels:
            axes.axvline(levels[label], color=INHIBITORY, linewidth=0.7, linestyle="--")
        if label in logarithmic:
            low, high = axes.get_xlim() if axes.get_xlim()[0] > 0 else (axes.dataLim.minpos[0], axes.get_xlim()[1])
            axes.set(xscale="log", xlim=(10 ** np.floor(np.log10(low)), 10 ** np.ceil(np.log10(high))))
            axes.xaxis.set_major_locator(LogLocator(numticks=4))
            axes.xaxis.set_minor_formatter(NullFormatter())
        else:
            axes.xaxis.set_major_locator(MaxNLocator(3))
        label_axes(axes, label, "")
    panels[0].set_yticks(range(len(names)), [name.replace("_", " ") for name in names], fontsize=SMALL_TEXT)
    panels[0].set_ylim(len(names) - 0.4, -0.6)
    return figure


def limits_of(values: Sequence[Array], bounds: Bounds = ANY) -> tuple[float, float]:
    """Return limits of an axis that shows all values, and the intervals of their means to half their range beyond them.

    Intervals of two or three seeds can be hundreds of times as wide as the values.

    Parameters
    ----------
    values : sequence of arrays (seeds,)
        With an interval where there are two or more.
    bounds : (float, float)
        Smallest and largest possible value, as for :func:`hrsnn.analysis.mean_interval`.

    Examples
    --------
    >>> low, high = limits_of([np.array([1.0, 3.0])])
    >>> round(low, 3), round(high, 3)
    (-0.24, 4.24)
    """
    ends = np.ravel([mean_interval(one, bounds=bounds) for one in values if len(one) > 1])
    every = np.concatenate([np.ravel(one) for one in values])
    every = every[np.isfinite(every)]
    if not every.size:
        return 0.0, 1.0
    ends = np.append(ends[~np.isnan(ends)], every)
    low, high = float(every.min()), float(every.max())
    reach = (high - low) / 2
    least, most = max(low - reach, float(ends.min())), min(high + reach, float(ends.max()))
    margin = 0.06 * (most - least or abs(least) or 1.0)
    return least - margin, most + margin


def _draw_row(
    axes: Axes, place: int, values: Array, colour: str, bounds: Bounds, limits: tuple[float, float] = (-np.inf, np.inf)
) -> bool:
    """Draw one value, or several with their mean and its interval, and return whether the interval passes the limits."""
    cut = False
    if len(values) > 1:
        # offset in the order of the seeds, so that equal values stay visible
        axes.scatter(values, place + np.linspace(0.12, 0.36, len(values)), s=5, c=colour, alpha=0.6, linewidths=0)
        low, high = mean_interval(values, bounds=bounds)
        axes.plot([max(low, limits[0]), min(high, limits[1])], [place, place], color=colour, linewidth=1.4)
        for passed, edge, mark in ((low < limits[0], limits[0], "<"), (high > limits[1], limits[1], ">")):
            if passed:
                axes.plot([edge], [place], mark, color=colour, markersize=4, clip_on=False)
                cut = True
    axes.plot([values.mean()], [place], marker="D", markersize=3.5, color=colour)
    return cut


def differences_in_pairs(
    names: Sequence[str], tests: Sequence[PairedTest], found: Sequence[Verdict], ax: Axes | None = None
) -> Figure:
    """Draw paired differences in units of their standard deviation, each with its interval and verdict.

    Parameters
    ----------
    names : sequence of str
        Description of each difference.
    tests : sequence of PairedTest
    found : sequence of {"supported", "refuted", "undecided", "no verdict possible"}
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as two columns.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When the three differ in length, or there is nothing to draw, or `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> from hrsnn.analysis import paired_test
    >>> figure = differences_in_pairs(["rank"], [paired_test([1.0, 2.0, 3.0])], ["undecided"])
    >>> figure.axes[0].get_xlabel()
    'Mean difference / standard deviation of the differences'
    """
    if not names or not len(names) == len(tests) == len(found):
        raise InputError("names", names, f"must be as many as the tests, {len(tests)}, and the verdicts, {len(found)}")
    # two columns: the names are sentences
    figure, axes = column_axes(0.9 + 0.2 * len(names), ax, 2 * COLUMN_WIDTH)
    axes.axvline(0, color="black", linewidth=0.7)
    shown: set[str] = set()
    for place, (test, verdict) in enumerate(zip(tests, found, strict=True)):
        spread = float(test.differences.std(ddof=1)) or 1.0
        low, high = (end / spread for end in test.interval)
        label = None if verdict in shown else verdict
        shown.add(verdict)
        axes.plot([low, high], [place, place], color=_COLOURS[verdict], linewidth=1.4, label=label)
        axes.plot([test.mean / spread], [place], marker="D", markersize=3.5, color=_COLOURS[verdict])
    axes.set_yticks(range(len(names)), list(names), fontsize=SMALL_TEXT)
    axes.set_ylim(len(names) - 0.4, -0.6)
    label_axes(axes, "Mean difference / standard deviation of the differences", "")
    legend_above(figure, axes)
    return figure


def _in_rows(panels: Sequence[Mapping[str, ArrayLike]], columns: int) -> list[Sequence[Mapping[str, ArrayLike]]]:
    return [panels[start : start + columns] for start in range(0, len(panels), columns)]
