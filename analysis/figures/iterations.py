"""Figures of numbers that change over the iterations of a method."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from hrsnn.analysis.figures.style import COLOURS, DASHES, GREY, TEXT, WIDTHS, column_figure, label_axes, legend_above
from hrsnn.analysis.intervals import mean_interval
from hrsnn.analysis.scoring.contract import ANY, Bounds
from hrsnn.errors import InputError
from hrsnn.validation.units import takes


@takes()
def over_iterations(
    panels: Mapping[str, Mapping[str, ArrayLike]],
    levels: Mapping[str, Mapping[str, ArrayLike]] | None = None,
    bounds: Mapping[str, Bounds] | None = None,
    *,
    x: ArrayLike | None = None,
    x_label: str = "Iteration",
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

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is nothing to draw, or `x` has not one value for each column.

    Examples
    --------
    >>> figure = over_iterations({"Links": {"lnp": [[100, 50, 25], [90, 45, 22]]}, "Error": {"lnp": [[0.1, 0.2, 0.3]] * 2}})
    >>> [axes.get_ylabel() for axes in figure.axes], figure.axes[1].get_title(loc="left")
    (['Links', 'Error'], 'b')
    """
    if not panels or not all(panels.values()):
        raise InputError("panels", panels, "must hold at least one number with one method")
    figure = column_figure(1.35 * len(panels) + 0.5)
    every = figure.subplots(len(panels), 1, sharex=True, squeeze=False).ravel()
    for place, (axes, (label, rows)) in enumerate(zip(every, panels.items(), strict=True)):
        within = (bounds or {}).get(label, ANY)
        for line, (name, values) in enumerate(rows.items()):
            mean, low, high = _intervals(np.atleast_2d(np.asarray(values, float)), within)
            colour = COLOURS[line % len(COLOURS)]
            steps = np.arange(len(mean)) if x is None else np.asarray(x, dtype=np.float64)
            if steps.shape != mean.shape:
                raise InputError("x", x, f"must be one value for each of the {len(mean)} columns")
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
    legend_above(figure, fullest)
    return figure


def _intervals(values: np.ndarray, bounds: Bounds) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean and 95 % interval over the rows; only the mean for a single row."""
    mean = values.mean(axis=0)
    if len(values) < 2:
        return mean, mean, mean
    low, high = np.array([mean_interval(column, bounds=bounds) for column in values.T]).T
    return mean, low, high
