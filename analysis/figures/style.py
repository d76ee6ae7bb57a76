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
from matplotlib.figure import Figure
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


def caption(figure: Figure, text: str) -> None:
    """Write a small line below the panels of a figure."""
    figure.supxlabel(text, fontsize=SMALL_TEXT, color=GREY)
