"""Figures of a reservoir: spike raster, traces of neurons, time constants, weights before and after plasticity."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.figures.style import (
    BAND,
    COLOURS,
    COLUMN_WIDTH,
    EXCITATORY,
    GREY,
    INHIBITORY,
    SMALL_TEXT,
    TEXT,
    column_axes,
    label_axes,
    legend_above,
    legend_of_panels,
    panel_figure,
)
from hrsnn.errors import InputError
from hrsnn.validation.labels import Labels
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
#: Colours of v and spikes, and of adaptation.
BLACK, ADAPTATION = COLOURS[6], COLOURS[2]


@takes(times="ms", duration="ms")
def spike_raster(
    times: ArrayLike, neurons: ArrayLike, is_excitatory: ArrayLike, duration: float, figure: Figure | SubFigure | None = None
) -> Figure:
    """Draw the spikes of one sample, excitatory neurons below inhibitory ones, above the mean rates of the two.

    Parameters
    ----------
    times : array, shape (spikes,)
        ms.
    neurons : array of int, shape (spikes,)
        Neuron of each spike.
    is_excitatory : array of bool, shape (neurons,)
    duration : float
        Length of the sample (ms); later spikes are not drawn.
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When `figure` is not a Matplotlib figure.

    Notes
    -----
    Rates are computed in bins of 5 ms, longer ones for samples above one second (1/200 of the duration).

    Examples
    --------
    >>> figure = spike_raster([3.0, 7.5], [0, 1], [True, False], duration=10.0)
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['Neuron', 'Rate (Hz)']
    """
    t, who, excitatory = np.asarray(times, float), np.asarray(neurons, int), np.asarray(is_excitatory, bool)
    inside = t < duration
    t, who = t[inside], who[inside]
    n_excitatory = int(excitatory.sum())
    height = np.empty(len(excitatory), int)
    height[excitatory] = np.arange(n_excitatory)
    height[~excitatory] = np.arange(n_excitatory, len(excitatory))

    figure, part = panel_figure(2.9, figure)
    raster, rates = part.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    count = max(1, round(duration / max(5.0, duration / 200)))
    edges = np.linspace(0, duration, count + 1)
    # markers shrink with the number of spikes, so that a few thousand do not merge into a block
    area = float(np.clip(2000 / max(len(t), 1), 0.15, 4.0))
    for name, members, colour in (("E", excitatory, EXCITATORY), ("I", ~excitatory, INHIBITORY)):
        if not members.any():
            continue
        mine = members[who]
        raster.scatter(t[mine], height[who[mine]], s=area, c=colour, linewidths=0, rasterized=True)
        rate = np.histogram(t[mine], edges)[0] / (members.sum() * np.diff(edges)) * 1000
        rates.stairs(rate, edges, color=colour, linewidth=0.9, label=f"{name} ({members.sum()})")
    raster.set(xlim=(0, duration), ylim=(-0.5, len(excitatory) - 0.5))
    if 0 < n_excitatory < len(excitatory):
        raster.axhline(n_excitatory - 0.5, color=GREY, linewidth=0.5)
    raster.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    rates.set_ylim(bottom=0)
    rates.yaxis.set_major_locator(MaxNLocator(3))
    label_axes(raster, "", "Neuron")
    label_axes(rates, "Time (ms)", "Rate (Hz)")
    part.align_ylabels([raster, rates])
    legend_of_panels(part, rates)
    return figure


@takes(times="ms", v="mV", currents="mV", adaptation="mV")
def neuron_traces(
    times: ArrayLike,
    v: ArrayLike,
    currents: ArrayLike | None = None,
    adaptation: ArrayLike | None = None,
    *,
    neurons: Labels | None = None,
    spikes: Sequence[ArrayLike] = (),
    threshold: ArrayLike | None = None,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw v of some neurons in time, a row each, and beside it their currents if they are given.

    Parameters
    ----------
    times : array, shape (T,)
        ms.
    v : array, shape (T, R)
        mV.
    currents : array, shape (T, R, 2), optional
        Excitatory and inhibitory currents (mV).
    adaptation : array, shape (T, R), optional
        Adaptation currents (mV), drawn downwards, as they act.
    neurons : array of int or str, shape (R,), optional
        Their numbers or names, for titles; by default 0 to R - 1.
    spikes : sequence of R arrays, optional
        Times of the spikes of each (ms), drawn as ticks above v: the reset follows within the step, so that v itself shows
        no peak.
    threshold : array, shape (R,), optional
        Thresholds (mV), drawn as broken lines.
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one.

    Returns
    -------
    matplotlib.figure.Figure
        As wide as a column, with currents as two.

    Raises
    ------
    InputError
        When shapes do not agree, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> figure = neuron_traces([0.5, 1.0, 1.5], [[0.0], [1.0], [1.5]], spikes=[[1.2]])
    >>> figure.axes[0].get_ylabel()
    'v (mV)'
    """
    when, potential = np.asarray(times, float), np.asarray(v, float)
    if potential.ndim != 2 or not potential.size or len(potential) != len(when):
        raise InputError("v", potential.shape, f"must have shape ({len(when)}, neurons), not empty")
    shape = potential.shape
    flows: list[tuple[str, Array, str]] = []
    if currents is not None:
        both = np.asarray(currents, float)
        if both.shape != (*shape, 2):
            raise InputError("currents", both.shape, f"must have shape {(*shape, 2)}")
        flows += [("excitatory", both[..., 0], EXCITATORY), ("inhibitory", both[..., 1], INHIBITORY)]
    if adaptation is not None:
        adapted = np.asarray(adaptation, float)
        if adapted.shape != shape:
            raise InputError("adaptation", adapted.shape, f"must have shape {shape}")
        flows += [("adaptation", -adapted, ADAPTATION)]
    names = np.arange(shape[1]) if neurons is None else np.asarray(neurons)
    levels = None if threshold is None else np.asarray(threshold, float)
    for name, given in (("neurons", names), ("spikes", spikes or None), ("threshold", levels)):
        if given is not None and len(given) != shape[1]:
            raise InputError(name, len(given), f"must be {shape[1]}, one for each neuron")

    columns = 2 if flows else 1
    figure, part = panel_figure(0.5 + 1.1 * shape[1], figure, columns * COLUMN_WIDTH)
    grid = part.subplots(shape[1], columns, sharex=True, sharey="col", squeeze=False)
    for row, axes in enumerate(grid):
        last = row == shape[1] - 1
        axes[0].plot(when, potential[:, row], color=BLACK, linewidth=0.8)
        if levels is not None:
            axes[0].axhline(levels[row], color=GREY, linewidth=0.7, linestyle="--", label="threshold")
        if len(spikes):
            # in the upper margin, whatever the range of v
            at = np.asarray(spikes[row], float)
            ticks = at[at <= when[-1]]
            above = axes[0].get_xaxis_transform()
            axes[0].vlines(ticks, 0.93, 1.0, BLACK, linewidth=0.8, transform=above, label="spike")
        axes[0].set_title(f"neuron {names[row]}", fontsize=TEXT, loc="left")
        axes[0].set_xlim(0, when[-1])
        axes[0].margins(y=0.15)
        label_axes(axes[0], "Time (ms)" if last else "", "v (mV)")
        for name, values, colour in flows:
            axes[1].plot(when, values[:, row], color=colour, linewidth=0.8, label=name)
        if flows:
            axes[1].axhline(0, color=GREY, linewidth=0.5, zorder=0)
            label_axes(axes[1], "Time (ms)" if last else "", "Current (mV)")
    part.align_ylabels(list(grid.flat))
    named = [axes for axes in grid[0] if axes.get_legend_handles_labels()[0]]
    if named:
        legend_of_panels(part, *named, columns=max(1, round(3 * part.bbox.width / figure.dpi / COLUMN_WIDTH)))
    return figure


@takes(tau_m="ms")
def time_constants(
    tau_m: ArrayLike,
    is_excitatory: ArrayLike,
    densities: tuple[Callable[[Array], ArrayLike], Callable[[Array], ArrayLike]] | None = None,
    *,
    label: str = "Membrane time constant (ms)",
    ax: Axes | None = None,
) -> Figure:
    """Draw histograms of a time constant of excitatory and inhibitory neurons, with the densities they were drawn from.

    Parameters
    ----------
    tau_m : array, shape (neurons,)
        ms.
    is_excitatory : array of bool, shape (neurons,)
    densities : (callable, callable), optional
        Probability densities (1/ms) at times in ms, of E and of I, drawn as lines.
    label : str
        Label of the horizontal axis.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> figure = time_constants([30.0, 25.0, 20.0], [True, True, False])
    >>> figure.axes[0].get_ylabel()
    'Probability density (1/ms)'
    """
    tau, excitatory = np.asarray(tau_m, float), np.asarray(is_excitatory, bool)
    spread = float(np.ptp(tau))
    # a single value for all neurons is drawn as a bar one millisecond wide
    edges = np.linspace(tau.min(), tau.max(), 31) if spread > 0 else tau[0] + np.array([-0.5, 0.5])
    figure, axes = column_axes(2.3, ax)
    fine = np.linspace(edges[0], edges[-1], 400)
    for order, (name, members, colour) in enumerate(
        (("E", excitatory, EXCITATORY), ("I", ~excitatory, INHIBITORY)),
    ):
        if not members.any():
            continue
        density = np.histogram(tau[members], edges, density=True)[0]
        mean = tau[members].mean()
        axes.stairs(density, edges, fill=True, color=colour, alpha=0.35)
        axes.stairs(density, edges, color=colour, linewidth=0.8, label=f"{name}: {members.sum()}, mean {mean:.3g} ms")
        axes.axvline(mean, color=colour, linewidth=0.8, linestyle=":")
        if densities is not None:
            axes.plot(fine, np.asarray(densities[order](fine), float), color=colour, linewidth=1.4)
    axes.set_ylim(bottom=0)
    axes.set_xlim(0, 1.05 * edges[-1] if spread > 0 else 2 * tau[0])
    axes.yaxis.set_major_locator(MaxNLocator(5))
    label_axes(axes, label, "Probability density (1/ms)")
    legend_above(figure, axes)
    return figure


@takes(before="mV", after="mV", w_max="mV")
def weights_before_after(
    before: ArrayLike,
    after: ArrayLike,
    w_max: ArrayLike,
    is_excitatory_link: ArrayLike,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw weights before and after plasticity, of excitatory and inhibitory links, in units of their upper bounds.

    Parameters
    ----------
    before, after : array, shape (links,)
        mV.
    w_max : float or array, shape (links,)
        Upper bounds (mV).
    is_excitatory_link : array of bool, shape (links,)
        Whether the presynaptic neuron is excitatory.
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure
        Top: histograms (grey before, coloured after); bottom: change of each link.

    Raises
    ------
    InputError
        When the arrays differ in length, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> figure = weights_before_after([1.0, 2.0], [1.5, 1.0], 3.0, [True, False])
    >>> figure.axes[2].get_ylabel()
    'Change / bound'
    """
    old, new, excitatory = np.asarray(before, float), np.asarray(after, float), np.asarray(is_excitatory_link, bool)
    if not old.shape == new.shape == excitatory.shape:
        raise InputError("after", new.shape, f"must have the shape of before, {old.shape}, as is_excitatory_link")
    bound = np.broadcast_to(np.asarray(w_max, float), old.shape)
    old, change = old / bound, (new - old) / bound
    new = new / bound

    figure, part = panel_figure(3.2, figure)
    grid = part.subplots(2, 2, sharex=True, sharey="row", height_ratios=(1, 1))
    edges = np.linspace(0, 1, 41)
    kinds = (("E links", excitatory, EXCITATORY), ("I links", ~excitatory, INHIBITORY))
    for column, (name, members, colour) in enumerate(kinds):
        count = max(int(members.sum()), 1)
        top, bottom = grid[0, column], grid[1, column]
        # clipped, since a weight may exceed its bound by a rounding error
        before_share = np.histogram(np.clip(old[members], 0, 1), edges)[0] / count * 100
        after_share = np.histogram(np.clip(new[members], 0, 1), edges)[0] / count * 100
        top.stairs(before_share, edges, fill=True, color=BAND, label="before")
        top.stairs(after_share, edges, color=colour, linewidth=1.1, label="after")
        top.set_title(f"{name} ({members.sum()})", fontsize=TEXT)
        top.legend(fontsize=SMALL_TEXT, frameon=False)
        area = float(np.clip(4000 / count, 0.3, 4.0))
        bottom.axhline(0, color=GREY, linewidth=0.6)
        bottom.scatter(old[members], change[members], s=area, c=colour, linewidths=0, alpha=0.6, rasterized=True)
        bottom.set_xlim(0, 1)
        bottom.set_xticks([0, 0.5, 1])
        label_axes(top, "", "Links (%)" if column == 0 else "")
        label_axes(bottom, "Weight before / bound", "Change / bound" if column == 0 else "")
    part.align_ylabels(list(grid.flat))
    return figure
