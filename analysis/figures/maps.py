"""Heat maps over two parameters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure, SubFigure
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.figures.style import (
    label_axes,
    panel_figure,
)
from hrsnn.errors import InputError
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@takes()
def heat_maps(
    maps: Mapping[str, ArrayLike],
    x: ArrayLike,
    y: ArrayLike,
    *,
    x_label: str,
    y_label: str,
    marked: tuple[float, float] | None = None,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw one heat map per quantity, each with its own colour scale, two in a row.

    Parameters
    ----------
    maps : mapping of label to array, shape (len(y), len(x))
        nan is drawn white.
    x, y : array
        Points of the axes, ascending; `y` has a logarithmic scale if it is positive and spans a decade.
    x_label, y_label : str
        Labels with units.
    marked : (x, y), optional
        Point to mark.
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is no map, or a shape does not match, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> figure = heat_maps({"rank": np.eye(3)}, [1, 2, 3], [1, 10, 100], x_label="lambda", y_label="W")
    >>> figure.axes[0].get_yscale()
    'log'
    """
    across, up = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if not maps:
        raise InputError("maps", maps, "must hold at least one map")
    shape = (len(up), len(across))
    for name, values in maps.items():
        if np.shape(values) != shape:
            raise InputError(f"maps[{name!r}]", np.shape(values), f"must have shape {shape}")
    logarithmic = bool(up[0] > 0 and up[-1] >= 10 * up[0])
    edges = _edges(across), np.exp(_edges(np.log(up))) if logarithmic else _edges(up)
    columns = min(2, len(maps))
    rows = -(-len(maps) // columns)
    figure, part = panel_figure(0.5 + 1.6 * rows, figure)
    panels = part.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for place, (name, values) in enumerate(maps.items()):
        axes = panels.flat[place]
        shown = np.asarray(values, dtype=np.float64)
        picture = axes.pcolormesh(*edges, shown, cmap="viridis", norm=_norm(shown), rasterized=True)
        bar = part.colorbar(picture, ax=axes)
        bar.ax.tick_params(labelsize=6)
        axes.set_title(name, fontsize=8)
        if logarithmic:
            axes.set_yscale("log")
        if marked is not None:
            axes.plot(*marked, marker="o", markersize=4, markerfacecolor="none", markeredgecolor="white")
        below = place + columns >= len(maps)
        label_axes(axes, x_label if below else "", y_label if place % columns == 0 else "")
        axes.tick_params(labelbottom=below)
    for axes in panels.flat[len(maps) :]:
        axes.remove()
    return figure


def _norm(values: Array) -> LogNorm | None:
    """Return a logarithmic norm for positive values over more than two decades, otherwise None."""
    found = values[np.isfinite(values)]
    wide = found.size > 0 and found.min() > 0 and found.max() > 100 * found.min()
    return LogNorm(found.min(), found.max()) if wide else None


def _edges(points: Array) -> Array:
    """Return the borders of cells around points."""
    if len(points) == 1:
        return np.array([points[0] - 0.5, points[0] + 0.5])
    middle = (points[1:] + points[:-1]) / 2
    return np.concatenate([[2 * points[0] - middle[0]], middle, [2 * points[-1] - middle[-1]]])
