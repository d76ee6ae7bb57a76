"""The style of all figures: the width of a column, text sizes, colours, labels and legends; and how a figure is written.

The colours are those of Okabe and Ito (2008), which colour-blind readers tell apart; excitatory neurons are blue,
inhibitory ones vermillion.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.files.writing import PathLike, writing

Array = NDArray[np.float64]

EXCITATORY, INHIBITORY = "#0072B2", "#D55E00"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY, BAND = "#7F7F7F", "#D9D9D9"
COLUMN_WIDTH = 3.5  # inches, one column
SMALL_TEXT, TEXT = 7, 8  # points
_OURS = "column"  # id of figures made here, which have room for a legend above


def save(figure: Figure, path: PathLike, dpi: int = 300) -> None:
    """Write `figure` to `path` atomically; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path
        Ends in ``.png`` or ``.pdf``.
    dpi : int
        Dots per inch of a PNG.

    Raises
    ------
    InputError
        When the name has another extension.
    FileError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from hrsnn.analysis.figures import scores_bar
    >>> figure = scores_bar({"reservoir": 0.91}, {"pixels": 0.97}, chance=0.1)
    >>> path = Path(tempfile.mkdtemp()) / "scores.png"
    >>> save(figure, path)
    >>> path.stat().st_size > 1000
    True
    """
    suffix = Path(path).suffix.lower()
    undated: dict[str, dict[str, None]] = {".png": {}, ".pdf": {"CreationDate": None}}
    if suffix not in undated:
        raise InputError("path", str(path), "must end in .png or .pdf")
    with writing(path) as temporary:
        figure.savefig(temporary, dpi=dpi, format=suffix[1:], metadata=undated[suffix])


def column_figure(height: float) -> Figure:
    """Return an empty figure as wide as a column of a paper and `height` inches high."""
    figure = Figure(figsize=(COLUMN_WIDTH, height), layout="constrained")
    figure.set_gid(_OURS)
    return figure


def column_axes(height: float, ax: Axes | None = None) -> tuple[Figure, Axes]:
    """Return a figure as wide as a column of a paper with its axes; where axes are given, these and their figure."""
    if ax is None:
        figure = column_figure(height)
        return figure, figure.subplots()
    figure_of = ax.figure
    while not isinstance(figure_of, Figure):  # a part of a figure
        figure_of = figure_of.figure
    return figure_of, ax


def label_axes(axes: Axes, x: str, y: str) -> None:
    """Label the axes, in text sizes that are readable in one column."""
    axes.set_xlabel(x, fontsize=TEXT)
    axes.set_ylabel(y, fontsize=TEXT)
    axes.tick_params(labelsize=SMALL_TEXT, width=0.6, length=2.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_linewidth(0.6)


def legend_above(figure: Figure, axes: Axes, columns: int = 3) -> None:
    """Draw the legend of `axes` above the figure, where it covers no data; in axes that were given, within them."""
    handles, labels = axes.get_legend_handles_labels()
    if figure.get_gid() != _OURS:
        axes.legend(handles, labels, fontsize=SMALL_TEXT, frameon=False)
        return
    figure.legend(handles, labels, loc="outside upper center", ncols=columns, fontsize=SMALL_TEXT, frameon=False)
