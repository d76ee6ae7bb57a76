"""Figures of scores and their baselines, and of a confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hrsnn.analysis.figures.style import (
    EXCITATORY,
    GREY,
    SMALL_TEXT,
    TEXT,
    column_axes,
    label_axes,
    legend_above,
)
from hrsnn.errors import InputError
from hrsnn.validation.labels import Labels
from hrsnn.validation.units import takes

Array = NDArray[np.float64]

#: Most classes for which every share is written in its cell.
_ANNOTATED_CLASSES = 12


@takes()
def scores_bar(
    scores: Mapping[str, float],
    baselines: Mapping[str, float] | None = None,
    *,
    chance: float | None = None,
    label: str = "Accuracy",
    ax: Axes | None = None,
) -> Figure:
    """Draw scores and their baselines as bars with their values, and chance as a dashed line.

    Parameters
    ----------
    scores, baselines : mapping of name to value
        Scores are blue, baselines grey; underscores in names become spaces. nan is written without a bar.
    chance : float, optional
    label : str
        Name of the score, with its unit.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is nothing to draw, or `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> figure = scores_bar({"reservoir": 0.91}, {"no_recurrence": 0.9, "pixels": 0.97}, chance=0.1)
    >>> [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    ['reservoir', 'no recurrence', 'pixels']
    """
    bars = [(name, float(value), EXCITATORY) for name, value in scores.items()]
    bars += [(name, float(value), GREY) for name, value in (baselines or {}).items()]
    if not bars:
        raise InputError("scores", scores, "must hold at least one score")
    values = np.array([value for _, value, _ in bars])
    finite = np.nan_to_num(values)
    figure, axes = column_axes(0.75 + 0.24 * len(bars), ax)
    places = np.arange(len(bars))
    axes.barh(places, finite, color=[colour for _, _, colour in bars], height=0.7)
    axes.set_yticks(places, [name.replace("_", " ") for name, _, _ in bars])
    axes.invert_yaxis()
    reach = max(float(np.abs(finite).max()), abs(chance or 0.0)) or 1.0
    for place, (value, length) in enumerate(zip(values, finite, strict=True)):
        end = length + 0.02 * reach * (-1 if length < 0 else 1)
        axes.text(end, place, f"{value:.3g}", va="center", ha="right" if length < 0 else "left", fontsize=SMALL_TEXT)
    if chance is not None:
        axes.axvline(chance, color="black", linewidth=0.9, linestyle="--", label=f"chance, {chance:.3g}")
        legend_above(figure, axes)
    # space for the numbers at the ends of the bars
    low, high = min(float(finite.min()), 0.0), max(float(finite.max()), chance or 0.0, 0.0)
    axes.set_xlim(low - 0.18 * reach * (low < 0), high + 0.18 * reach)
    label_axes(axes, label, "")
    return figure


@takes()
def confusion_matrix(y_true: Labels, y_pred: Labels, classes: Sequence[Any] | None = None, ax: Axes | None = None) -> Figure:
    """Draw the confusion matrix: for each true class, a row with the shares of the predicted classes.

    Parameters
    ----------
    y_true, y_pred : array, shape (samples,)
    classes : sequence, optional
        Classes in the order of the rows; by default all values that occur, sorted.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure
        With up to 12 classes every share that is not 0 is written in its cell.

    Raises
    ------
    InputError
        When the arrays differ in length or contain a class that is not in `classes`, or `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> figure = confusion_matrix(["a", "a", "b"], ["a", "b", "b"])
    >>> figure.axes[0].get_title()
    'Accuracy 0.667 (3 samples)'
    """
    true, predicted = np.asarray(y_true).ravel(), np.asarray(y_pred).ravel()
    if len(true) != len(predicted) or len(true) == 0:
        raise InputError("y_pred", predicted.shape, f"must be as long as y_true, {len(true)}, and not empty")
    names = np.unique(np.concatenate([true, predicted])) if classes is None else np.asarray(classes)
    place = {name: index for index, name in enumerate(names.tolist())}
    unknown = [name for name in np.concatenate([true, predicted]).tolist() if name not in place]
    if unknown:
        raise InputError("classes", classes, f"must hold every class that occurs, {unknown[0]!r} among them")
    counts = np.zeros((len(names), len(names)))
    np.add.at(counts, ([place[name] for name in true.tolist()], [place[name] for name in predicted.tolist()]), 1)
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)

    figure, axes = column_axes(3.2, ax)
    picture = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    every = max(1, -(-len(names) // 20))
    ticks = np.arange(0, len(names), every)
    shown = [str(name) for name in names[::every]]
    crowded = sum(map(len, shown)) > 30
    axes.set_xticks(ticks, shown, rotation=90 if crowded else 0)
    axes.set_yticks(ticks, shown)
    if len(names) <= _ANNOTATED_CLASSES:
        for row, column in zip(*np.nonzero(counts), strict=True):
            value = share[row, column]
            text = "1" if value == 1 else f"{value:.2f}".lstrip("0")
            colour = "white" if value > 0.5 else "black"
            axes.text(float(column), float(row), text, ha="center", va="center", fontsize=6, color=colour)
    bar = figure.colorbar(picture, ax=axes, fraction=0.046)
    bar.set_label("Share of the true class", fontsize=TEXT)
    bar.ax.tick_params(labelsize=SMALL_TEXT)
    label_axes(axes, "Predicted class", "True class")
    axes.spines[:].set_visible(True)
    axes.set_title(f"Accuracy {np.mean(true == predicted):.3g} ({len(true)} samples)", fontsize=TEXT)
    return figure
