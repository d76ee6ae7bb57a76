"""The style of all figures: the width of a column, text sizes, colours, labels and legends; and how a figure is written.

The numbers are those of ``hrsnn.mplstyle``, which lies beside this file, for figures of other programs too. The colours
are those of Okabe and Ito (2008), which colour-blind readers tell apart; excitatory neurons are blue, inhibitory ones
vermillion.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.files.writing import PathLike, writing

Array = NDArray[np.float64]

STYLE = matplotlib.rc_params_from_file(Path(__file__).with_name("hrsnn.mplstyle"), use_default_template=False)
COLOURS: tuple[str, ...] = tuple(f"#{one.lstrip('#')}" for one in STYLE["axes.prop_cycle"].by_key()["color"])
EXCITATORY, INHIBITORY = COLOURS[:2]
GREY, BAND = "#7F7F7F", "#D9D9D9"
#: Dashes and widths of lines that may lie on each other, such as those of methods that remove as much: each shows the one
#: below through its gaps.
DASHES: tuple[Any, ...] = ("-", (0, (6, 4)), (0, (2, 2)), (0, (1, 3)), "-.")
WIDTHS = (2.2, 1.5, 1.2, 1.2, 1.0)
COLUMN_WIDTH: float = STYLE["figure.figsize"][0]  # inches, one column
SMALL_TEXT, TEXT = STYLE["xtick.labelsize"], STYLE["axes.labelsize"]  # points
_OURS = "column"  # id of figures made here, which have room for a legend above
#: Formats of pictures, with the metadata without which the same figure would have other bytes at another time.
FORMATS: dict[str, dict[str, None]] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
_SALTED = threading.Lock()


def save(figure: Figure, path: PathLike, dpi: int = 300) -> None:
    """Write `figure` to `path` atomically; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path
        Ends in ``.png``, ``.svg`` or ``.pdf``.
    dpi : int
        Dots per inch of a PNG, and of the parts of the others that are drawn as pixels, such as many spikes.

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
    >>> path = Path(tempfile.mkdtemp()) / "scores.svg"
    >>> save(figure, path)
    >>> "<svg" in path.read_text()
    True
    """
    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise InputError("path", str(path), f"must end in {' or '.join(f'.{one}' for one in FORMATS)}")
    with writing(path) as temporary, _ids_by_content():
        figure.savefig(temporary, dpi=dpi, format=suffix, metadata=FORMATS[suffix])


@contextlib.contextmanager
def _ids_by_content() -> Iterator[None]:
    """Make the ids of an SVG depend on the drawing alone; without a salt Matplotlib draws them at random."""
    with _SALTED:  # Matplotlib has one salt for all threads
        before = matplotlib.rcParams["svg.hashsalt"]
        matplotlib.rcParams["svg.hashsalt"] = STYLE["svg.hashsalt"]
        try:
            yield
        finally:
            matplotlib.rcParams["svg.hashsalt"] = before


def column_figure(height: float) -> Figure:
    """Return an empty figure as wide as a column of a paper and `height` inches high."""
    figure = Figure(figsize=(COLUMN_WIDTH, height), layout="constrained")
    figure.set_gid(_OURS)
    return figure


def column_axes(height: float, ax: Axes | None = None, width: float = COLUMN_WIDTH) -> tuple[Figure, Axes]:
    """Return a new figure of `width` and `height` (inches) with its axes; where axes are given, these and their figure.

    Raises
    ------
    InputError
        When `ax` is neither None nor a Matplotlib Axes.
    """
    if ax is None:
        figure = column_figure(height)
        figure.set_figwidth(width)
        return figure, figure.subplots()
    if not isinstance(ax, Axes):
        raise InputError("ax", type(ax).__name__, "must be one Matplotlib Axes")
    return _whole(ax.figure), ax


def panel_figure(
    height: float, figure: Figure | SubFigure | None = None, width: float = COLUMN_WIDTH
) -> tuple[Figure, Figure | SubFigure]:
    """Return a new figure of `width` and `height` (inches), twice; where a part of a figure is given, its figure and it.

    The second is what panels, their legend and their caption are drawn into.

    Raises
    ------
    InputError
        When `figure` is neither None nor a figure or subfigure of Matplotlib.
    """
    if figure is None:
        figure = column_figure(height)
        figure.set_figwidth(width)
        return figure, figure
    if not isinstance(figure, Figure | SubFigure):
        raise InputError("figure", type(figure).__name__, "must be a Matplotlib Figure or SubFigure")
    return _whole(figure), figure


def _whole(part: Any) -> Figure:
    """Return the figure that a subfigure, of a subfigure or of a figure, is in."""
    while not isinstance(part, Figure):
        part = part.figure
    return part


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


def legend_of_panels(part: Figure | SubFigure, *panels: Axes, columns: int = 3) -> None:
    """Draw one legend of some panels above all panels of a figure or subfigure; within each where there is no room for it.

    Constrained layout makes the room, but does not keep a legend and the title of a figure apart.
    """
    if not isinstance(part.get_layout_engine(), ConstrainedLayoutEngine) or part.get_suptitle():
        for axes in panels:
            axes.legend(fontsize=SMALL_TEXT, frameon=False)
        return
    found = [axes.get_legend_handles_labels() for axes in panels]
    handles, labels = [one for each, _ in found for one in each], [one for _, each in found for one in each]
    part.legend(handles, labels, loc="outside upper center", ncols=columns, fontsize=SMALL_TEXT, frameon=False)


def caption(part: Figure | SubFigure, text: str) -> None:
    """Write a small line below the panels of a figure or subfigure."""
    part.supxlabel(text, fontsize=SMALL_TEXT, color=GREY)
