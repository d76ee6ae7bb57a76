"""Figures of a training by gradients: losses and accuracies over the epochs, and time constants before and after."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import LogLocator, MaxNLocator
from numpy.typing import ArrayLike

from hrsnn.analysis.figures.style import (
    COLOURS,
    EXCITATORY,
    GREY,
    INHIBITORY,
    column_axes,
    label_axes,
    legend_above,
    legend_of_panels,
    panel_figure,
)
from hrsnn.errors import InputError
from hrsnn.validation.units import takes


@takes()
def training_curves(
    train_loss: ArrayLike,
    validation_loss: ArrayLike,
    train_accuracy: ArrayLike,
    validation_accuracy: ArrayLike,
    best: int,
    chance: float,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw losses and accuracies over the epochs.

    Parameters
    ----------
    train_loss, validation_loss, train_accuracy, validation_accuracy : array (epochs + 1,)
        The first is before training; nan is left out.
    best : int
        Epoch whose network is kept.
    chance : float
        Accuracy of guesses.
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When they are not of one length, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> nan = float("nan")
    >>> figure = training_curves([nan, 1.0], [2.0, 1.2], [nan, 0.6], [0.1, 0.5], best=1, chance=0.1)
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['Cross-entropy', 'Accuracy']
    """
    curves = [
        np.asarray(one, dtype=np.float64) for one in (train_loss, validation_loss, train_accuracy, validation_accuracy)
    ]
    if len({one.shape for one in curves}) != 1 or curves[0].ndim != 1:
        raise InputError("train_loss", curves[0].shape, "must be of one length with the others")
    epochs = np.arange(len(curves[0]))
    figure, part = panel_figure(3.0, figure)
    above, below = part.subplots(2, 1, sharex=True)
    for axes, (training, validation) in ((above, curves[:2]), (below, curves[2:])):
        axes.plot(epochs, training, color=COLOURS[4], marker=".", markersize=4, linewidth=1.0, label="training")
        axes.plot(epochs, validation, color=EXCITATORY, marker=".", markersize=4, linewidth=1.2, label="validation")
        axes.axvline(best, color=GREY, linewidth=0.8, linestyle=":", label="best epoch")
    below.axhline(chance, color=GREY, linewidth=0.8, linestyle="--", label="chance")
    above.set_ylim(0, 1.08 * np.nanmax([*curves[0], *curves[1]]))
    below.set_ylim(0, 1.02)
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_axes(above, "", "Cross-entropy")
    label_axes(below, "Epoch", "Accuracy")
    part.align_ylabels([above, below])
    legend_of_panels(part, below, columns=4)
    return figure


@takes()
def error_curves(train: ArrayLike, validation: ArrayLike, best: int, label: str = "NRMSE", ax: Axes | None = None) -> Figure:
    """Draw the errors of forecasts over the epochs.

    Parameters
    ----------
    train, validation : array (epochs + 1,)
        The first is before training; nan is left out.
    best : int
        Epoch whose network is kept.
    label : str
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When they are not of one length, or `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> figure = error_curves([float("nan"), 0.5], [0.9, 0.6], best=1)
    >>> figure.axes[0].get_ylabel()
    'NRMSE'
    """
    errors = [np.asarray(one, dtype=np.float64) for one in (train, validation)]
    if errors[0].shape != errors[1].shape or errors[0].ndim != 1:
        raise InputError("train", errors[0].shape, "must be of one length with validation")
    figure, axes = column_axes(2.0, ax)
    for values, colour, name in zip(errors, (COLOURS[4], EXCITATORY), ("training", "validation"), strict=True):
        axes.plot(np.arange(len(values)), values, color=colour, marker=".", markersize=4, linewidth=1.2, label=name)
    axes.axvline(best, color=GREY, linewidth=0.8, linestyle=":", label="best epoch")
    axes.set_ylim(0, 1.08 * np.nanmax(np.concatenate(errors)))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_axes(axes, "Epoch", label)
    legend_above(figure, axes, columns=3)
    return figure


@takes(before="ms", after="ms")
def times_before_after(
    before: ArrayLike,
    after: ArrayLike,
    is_excitatory: ArrayLike | None = None,
    label: str = "Time constant",
    ax: Axes | None = None,
) -> Figure:
    """Draw a time of each neuron after training over that before, with the line on which nothing changed.

    Parameters
    ----------
    before, after : array (N,)
        ms, positive.
    is_excitatory : array of bool (N,), optional
        None where neurons have no types.
    label : str
        Name of the time.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When a time is not positive, or the lengths differ, or `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> figure = times_before_after([10.0, 20.0], [12.0, 15.0], [True, False])
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('Time constant before training (ms)', 'Time constant after training (ms)')
    """
    x, y = np.asarray(before, float), np.asarray(after, float)
    excitatory = np.ones(x.shape, bool) if is_excitatory is None else np.asarray(is_excitatory, bool)
    if x.shape != y.shape or x.shape != excitatory.shape or not x.size:
        raise InputError("after", y.shape, f"must be as many times as before, {x.shape}")
    if not ((x > 0).all() and (y > 0).all()):
        raise InputError("before", x, "must be positive (ms)")
    figure, axes = column_axes(2.9, ax)
    ends = min(x.min(), y.min()) / 1.15, max(x.max(), y.max()) * 1.15
    axes.plot(ends, ends, color=GREY, linewidth=0.8, linestyle="--", label="unchanged")
    first = "neurons" if is_excitatory is None else "E"
    for name, members, colour, marker in ((first, excitatory, EXCITATORY, "o"), ("I", ~excitatory, INHIBITORY, "^")):
        if members.any():
            axes.scatter(x[members], y[members], s=8, c=colour, marker=marker, alpha=0.7, linewidths=0, label=name)
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends, aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("")
    label_axes(axes, f"{label} before training (ms)", f"{label} after training (ms)")
    legend_above(figure, axes)
    return figure
