"""Figures of population statistics."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.figures.style import (
    EXCITATORY,
    GREY,
    INHIBITORY,
    label_axes,
    legend_of_panels,
    panel_figure,
)
from hrsnn.errors import InputError
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@takes(rates="Hz", times="ms", duration="ms")
def firing_statistics(
    rates: ArrayLike,
    interval_variations: ArrayLike,
    is_excitatory: ArrayLike,
    times: ArrayLike,
    neurons: ArrayLike,
    duration: float,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw rates and interval CVs of the neurons, and below them the rates of E and I over time.

    Parameters
    ----------
    rates : array (neurons,)
        Hz.
    interval_variations : array (neurons,)
        CV of interspike intervals; nan is not drawn.
    is_excitatory : array of bool (neurons,)
    times : array (spikes,)
        ms, of one sample.
    neurons : array of int (spikes,)
        Neuron of each spike.
    duration : float
        Length of the part of the sample that is drawn (ms).
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When the shapes of the arrays do not match, or the duration is not positive, or `figure` is not a Matplotlib figure.

    Notes
    -----
    The dashed line is the CV of a Poisson process, 1. Population rates are computed in bins of 5 ms, longer ones for
    durations above one second (1/200 of the duration).

    Examples
    --------
    >>> figure = firing_statistics([3.0, 9.0], [0.8, np.nan], [True, False], [1.0, 4.0], [0, 1], duration=10.0)
    >>> [axes.get_xlabel() for axes in figure.axes]
    ['Rate (Hz)', 'CV of intervals', 'Time (ms)']
    """
    excitatory = np.asarray(is_excitatory, bool)
    rate, variation = np.asarray(rates, np.float64), np.asarray(interval_variations, np.float64)
    if not rate.shape == variation.shape == excitatory.shape or rate.ndim != 1 or not rate.size:
        raise InputError("rates", rate.shape, "must be as many as interval_variations and is_excitatory, one a neuron")
    if not 0 < duration < np.inf:
        raise InputError("duration", duration, "must be positive (ms)")
    when, who = np.asarray(times, np.float64), np.asarray(neurons, int)
    when, who = when[when < duration], who[when < duration]
    figure, part = panel_figure(3.2, figure)
    panels = part.subplot_mosaic([["rates", "intervals"], ["time", "time"]])
    kinds = (("E", excitatory, EXCITATORY), ("I", ~excitatory, INHIBITORY))
    for name, values, label in (("rates", rate, "Rate (Hz)"), ("intervals", variation, "CV of intervals")):
        axes = panels[name]
        known = ~np.isnan(values)
        edges = np.histogram_bin_edges(np.append(values[known], 0.0), 20)
        for _, members, colour in kinds:
            _shares(axes, values[members & known], edges, colour)
        axes.set(xlim=(0, edges[-1]), ylim=(0, None))
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_major_locator(MaxNLocator(3))
        label_axes(axes, label, "Share of neurons (%)" if name == "rates" else "")
    panels["time"].plot([], [], color=GREY, linewidth=0.7, linestyle="--", label="Poisson process: CV 1")
    panels["intervals"].axvline(1.0, color=GREY, linewidth=0.7, linestyle="--")
    if panels["intervals"].get_xlim()[1] < 1.05:
        panels["intervals"].set_xlim(0, 1.05)

    axes = panels["time"]
    edges = np.linspace(0, duration, max(1, round(duration / max(5.0, duration / 200))) + 1)
    for name, members, colour in kinds:
        if members.any():
            over_time = np.histogram(when[members[who]], edges)[0] / (members.sum() * np.diff(edges)) * 1000
            axes.stairs(over_time, edges, color=colour, linewidth=0.9, label=f"{name} ({members.sum()})")
    axes.set(xlim=(0, duration), ylim=(0, None))
    axes.yaxis.set_major_locator(MaxNLocator(3))
    label_axes(axes, "Time (ms)", "Mean rate (Hz)")
    legend_of_panels(part, axes)
    return figure


def _shares(axes: Axes, values: Array, edges: Array, colour: str) -> None:
    if values.size:
        axes.stairs(100 * np.histogram(values, edges)[0] / values.size, edges, color=colour, linewidth=0.9)
