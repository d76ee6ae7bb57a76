"""Figures of balance: excitatory, inhibitory and net current of a neuron, and tracking."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

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
from hrsnn.analysis.firing.tightness import low_passed
from hrsnn.errors import InputError
from hrsnn.validation.numbers import positive, series_of
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
_BLACK = "#000000"
#: Most spikes that a raster draws, an even choice of all.
_DRAWN = 20_000


@takes(dt="ms", tau="ms", begin="ms")
def currents_of_neuron(
    excitation: ArrayLike,
    inhibition: ArrayLike,
    dt: float,
    tau: float = 10.0,
    begin: float = 0.0,
    spikes: ArrayLike = (),
    ax: Axes | None = None,
) -> Figure:
    """Draw the excitatory and the inhibitory current of one neuron and their sum, after a low-pass filter, with its spikes.

    Parameters
    ----------
    excitation, inhibition : array (times,)
        Currents (mV), as a column of those of :func:`hrsnn.analysis.firing.currents.currents`, of any kind of network.
    dt : float
        Interval (ms).
    tau : float
        Time constant of the filter of all three (ms), which is settled where the currents have some history.
    begin : float
        Time of the first current drawn (ms); the spikes are of the same clock.
    spikes : array (spikes,), optional
        Times of the neuron's spikes (ms), drawn as ticks above.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When shapes differ, a value is not finite, or a time is not positive, or `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> figure = currents_of_neuron([1.0, 2.0, 3.0], [-1.0, -2.0, -2.5], dt=0.5)
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['excitation', 'inhibition', 'net']
    """
    e, i = (series_of(name, one)[:, 0] for name, one in (("excitation", excitation), ("inhibition", inhibition)))
    if e.shape != i.shape:
        raise InputError("inhibition", i.shape, f"must have the shape of the excitation, {e.shape}")
    decay = float(np.exp(-positive("dt", dt, "ms") / positive("tau", tau, "ms")))
    times = begin + dt * np.arange(len(e))
    figure, axes = column_axes(2.1, ax)
    axes.axhspan(0, 0, color=GREY, linewidth=0.5, zorder=0)
    drawn = {"excitation": (e, EXCITATORY), "inhibition": (i, INHIBITORY), "net": (e + i, _BLACK)}
    for label, (values, colour) in drawn.items():
        axes.plot(times, low_passed(values[:, None], decay)[:, 0], color=colour, linewidth=0.8, label=label)
    ticks = np.asarray(spikes, dtype=np.float64)
    ticks = ticks[(ticks >= begin) & (ticks <= times[-1])]
    if ticks.size:
        top = axes.get_ylim()[1]
        axes.eventplot(ticks, lineoffsets=1.06 * top, linelengths=0.08 * abs(top), colors=_BLACK, linewidths=0.6)
    axes.set_xlim(times[0], max(times[-1], times[0] + dt))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    label_axes(axes, "Time (ms)", "Current (mV)")
    legend_above(figure, axes)
    return figure


@takes(times="ms", spike_times="ms")
def tracking(
    times: ArrayLike,
    target: ArrayLike,
    estimate: ArrayLike,
    spike_times: ArrayLike,
    neurons: ArrayLike,
    count: int,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw targets with the estimates decoded from spikes, and the spikes below.

    Parameters
    ----------
    times : array (times,)
        ms.
    target, estimate : array (times, J)
        In units of the states.
    spike_times : array (spikes,)
        ms.
    neurons : array of int (spikes,)
    count : int
        Number of neurons.
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When shapes do not match, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> figure = tracking([0.0, 1.0], [[0.0], [1.0]], [[0.1], [0.9]], [0.5], [3], count=4)
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['State', 'Neuron']
    """
    at = np.asarray(times, dtype=np.float64)
    x, z = series_of("target", target), series_of("estimate", estimate)
    when, who = np.asarray(spike_times, dtype=np.float64), np.asarray(neurons, dtype=int)
    if x.shape != z.shape or len(x) != len(at):
        raise InputError("estimate", z.shape, f"must have the shape of the target, {x.shape}, one row for each time")
    if when.shape != who.shape:
        raise InputError("neurons", who.shape, f"must be as many as the spikes, {when.shape}")
    figure, part = panel_figure(3.0, figure)
    above, below = part.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    for state in range(x.shape[1]):
        colour = COLOURS[state % (len(COLOURS) - 1)]
        above.plot(at, z[:, state], color=colour, linewidth=0.9, label="decoded" if not state else None)
        above.plot(at, x[:, state], color=_BLACK, linewidth=0.5, linestyle="--", label="target" if not state else None)
    above.yaxis.set_major_locator(MaxNLocator(5))
    label_axes(above, "", "State")
    legend_of_panels(part, above)
    seen = (when >= at[0]) & (when <= at[-1])
    shown = np.flatnonzero(seen)[:: max(1, -(-int(seen.sum()) // _DRAWN))]
    below.plot(when[shown], who[shown], linestyle="none", marker="|", markersize=2, markeredgewidth=0.4, color=_BLACK)
    below.set(xlim=(at[0], at[-1]), ylim=(-0.5, count - 0.5))
    label_axes(below, "Time (ms)", "Neuron")
    return figure
