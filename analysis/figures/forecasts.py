"""Figures of forecasts, in open and in closed loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from hrsnn.analysis.figures.style import (
    COLOURS,
    EXCITATORY,
    INHIBITORY,
    TEXT,
    label_axes,
    legend_of_panels,
    panel_figure,
)
from hrsnn.errors import InputError
from hrsnn.validation.units import takes

#: Colours of a forecast and of those that it is compared with.
_MODELS = (INHIBITORY, EXCITATORY, *COLOURS[2:6])
#: Characters of the name of an output at most: a file may have columns with names of any length.
_NAME = 24
#: Most outputs that are shown, a panel each.
_SHOWN_OUTPUTS = 4


@takes()
def free_trajectories(
    time: ArrayLike,
    target: ArrayLike,
    predictions: Mapping[str, ArrayLike],
    valid_time: Mapping[str, float],
    names: Sequence[str] | None = None,
    *,
    threshold: float,
    time_label: str = "Time (Lyapunov times)",
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw a true trajectory and those of models in closed loop, a panel for each of the first four outputs.

    Parameters
    ----------
    time : array (times,)
        Time since the loop was closed: the first forecast is one step later.
    target : array (times,) or (times, outputs)
    predictions : mapping of name to array, shaped as `target`
        nan from the time at which a model diverged. Underscores in names become spaces.
    valid_time : mapping of name to float
        Valid time of each model, in the unit of `time`: a vertical line in its colour.
    names : sequence of str, optional
        Names of the outputs, with their units.
    threshold : float
        Error above which a forecast is no longer valid, in standard deviations; given in the legend.
    time_label : str
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure
        The vertical axes extend half the range of the target above and below it.

    Raises
    ------
    InputError
        When shapes, models or the number of names do not match, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> t = np.arange(1, 101) / 10
    >>> figure = free_trajectories(t, np.sin(t), {"reservoir": np.sin(1.1 * t)}, {"reservoir": 1.2}, ["x"], threshold=0.1)
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['true', 'reservoir: error over 0.1 sd after 1.2']
    """
    when, true = np.asarray(time, dtype=np.float64), np.asarray(target, dtype=np.float64)
    if when.ndim != 1 or len(true) != len(when) or not len(when):
        raise InputError("target", true.shape, f"must have a row for each of the {when.size} times, at least one")
    made = {name: np.asarray(values, dtype=np.float64) for name, values in predictions.items()}
    for name, values in made.items():
        if values.shape != true.shape:
            raise InputError(f"predictions[{name!r}]", values.shape, f"must have the target's shape, {true.shape}")
    if set(valid_time) != set(made):
        raise InputError("valid_time", list(valid_time), f"must be of the models {list(made)}")
    true = true.reshape(len(when), -1)
    outputs = true.shape[1]
    if names is None:
        names = ["Output"] if outputs == 1 else [f"Output {number + 1}" for number in range(outputs)]
    elif len(names) != outputs:
        raise InputError("names", names, f"must hold one name for each of the {outputs} outputs")

    shown = min(outputs, _SHOWN_OUTPUTS)
    figure, part = panel_figure(0.9 + 0.95 * shown + 0.16 * len(made), figure)
    panels = part.subplots(shown, 1, sharex=True, squeeze=False)[:, 0]
    for output, axes in enumerate(panels):
        axes.plot(when, true[:, output], color="black", linewidth=1.4, label="true")
        for order, (name, values) in enumerate(made.items()):
            colour, end = COLOURS[order % len(COLOURS)], valid_time[name]
            label = f"{name.replace('_', ' ')}: error over {threshold:g} sd after {end:.3g}"
            axes.plot(when, values.reshape(len(when), -1)[:, output], color=colour, linewidth=1.0, label=label)
            axes.axvline(end, color=colour, linewidth=0.8, linestyle=":")
        low, high = true[:, output].min(), true[:, output].max()
        reach = float(high - low) or 1.0
        # so that a forecast that diverges does not compress the true series
        axes.set_ylim(low - reach / 2, high + reach / 2)
        axes.yaxis.set_major_locator(MaxNLocator(4))
        label_axes(axes, time_label if output == shown - 1 else "", names[output])
    panels[0].set_xlim(0, when[-1])
    part.align_ylabels(list(panels))
    legend_of_panels(part, panels[0], columns=1)
    return figure


def output_labels(names: Sequence[str], count: int) -> list[str]:
    """Return the labels of outputs in units of the standard deviation of the training part.

    Examples
    --------
    >>> output_labels(["x", "price in $"], 2), output_labels([], 1), output_labels([], 2)
    (['x (sd)', 'price in \\\\$ (sd)'], ['Output (sd)'], ['Output 1 (sd)', 'Output 2 (sd)'])
    """
    known = list(names) or (["Output"] if count == 1 else [f"Output {number + 1}" for number in range(count)])
    short = (one if len(one) <= _NAME else f"{one[: _NAME - 3]}..." for one in known)
    return [f"{one.replace('$', chr(92) + '$')} (sd)" for one in short]  # a dollar would begin a formula


@takes()
def forecast_series(
    time: ArrayLike,
    target: ArrayLike,
    prediction: ArrayLike,
    names: Sequence[str] | None = None,
    *,
    baselines: Mapping[str, ArrayLike] | None = None,
    time_label: str = "Time (ms)",
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw a series and its forecast, a panel for each of the first four outputs, and the errors of all models below.

    Parameters
    ----------
    time : array, shape (times,)
    target, prediction : array, shape (times,) or (times, outputs)
        nan where there is none.
    names : sequence of str, optional
        Names of the outputs, with their units.
    baselines : mapping of name to array, shaped as `target`, optional
        Forecasts of other models, drawn dotted; with them, a last panel has the root mean square over the outputs of each
        model's error at each time, on a logarithmic scale. Underscores in names become spaces.
    time_label : str
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When shapes or the number of names do not match, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> t = np.arange(100.0)
    >>> figure = forecast_series(t, np.sin(t / 9), np.sin(t / 9 - 0.1), names=["x"])
    >>> figure.axes[0].get_ylabel(), figure.axes[-1].get_xlabel()
    ('x', 'Time (ms)')
    """
    when, true = np.asarray(time, float), np.asarray(target, float)
    made = {"forecast": prediction, **(baselines or {})}
    guesses = {name.replace("_", " "): np.asarray(values, float) for name, values in made.items()}
    for name, values in guesses.items():
        if values.shape != true.shape or len(when) != len(true):
            field = "prediction" if name == "forecast" else f"baselines[{name!r}]"
            raise InputError(field, values.shape, f"must have the target's shape, {true.shape}, a row for each time")
    true = true.reshape(len(when), -1)
    guesses = {name: values.reshape(len(when), -1) for name, values in guesses.items()}
    outputs = true.shape[1]
    if names is None:
        names = ["Output"] if outputs == 1 else [f"Output {number + 1}" for number in range(outputs)]
    elif len(names) != outputs:
        raise InputError("names", names, f"must hold one name for each of the {outputs} outputs")
    shown, below = min(outputs, _SHOWN_OUTPUTS), bool(baselines)
    figure, part = panel_figure(0.9 + 0.95 * (shown + below), figure)
    panels = part.subplots(shown + below, 1, sharex=True, squeeze=False)[:, 0]
    for output, axes in enumerate(panels[:shown]):
        axes.plot(when, true[:, output], color="black", linewidth=1.0, label="target")
        for order, (name, values) in enumerate(guesses.items()):
            style = {"linestyle": ":" if order else "--", "linewidth": 0.8 if order else 1.0}
            axes.plot(when, values[:, output], color=_MODELS[order % len(_MODELS)], label=name, **style)
        # where the target is not known, the range of the forecasts
        known = true[:, output] if np.isfinite(true[:, output]).any() else guesses["forecast"][:, output]
        low, high = np.nanmin(known), np.nanmax(known)
        reach = float(high - low) or 1.0
        # so that a model that is far off does not compress the series
        axes.set_ylim(low - reach / 4, high + reach / 4)
        axes.yaxis.set_major_locator(MaxNLocator(4))
        label_axes(axes, "", names[output])
    if below:
        for order, values in enumerate(guesses.values()):
            error = np.sqrt(((values - true) ** 2).mean(axis=1))
            panels[-1].plot(when, error, color=_MODELS[order % len(_MODELS)], linewidth=0.8)
        panels[-1].set_yscale("log")
        label_axes(panels[-1], "", "Error (sd)")
    panels[-1].set_xlabel(time_label, fontsize=TEXT)
    panels[0].set_xlim(when[0], when[-1])
    part.align_ylabels(list(panels))
    legend_of_panels(part, panels[0], columns=3)
    return figure
