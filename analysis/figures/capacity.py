"""Figures of memory against the delay and of the information processing capacity by degree."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hrsnn.analysis.capacity.information import InformationCapacity
from hrsnn.analysis.capacity.memory import MemoryCapacity
from hrsnn.analysis.figures.style import (
    BAND,
    COLOURS,
    column_axes,
    label_axes,
    legend_above,
)
from hrsnn.errors import InputError
from hrsnn.validation.units import takes


def capacity_by_degree(capacities: Mapping[str, InformationCapacity], ax: Axes | None = None) -> Figure:
    """Draw a stacked bar for each network, with the capacity of each degree and the total.

    Parameters
    ----------
    capacities : mapping of label to InformationCapacity
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When `capacities` is empty, or `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> from hrsnn.analysis import information_capacity
    >>> u = np.random.default_rng(0).uniform(-1, 1, 1000)
    >>> figure = capacity_by_degree({"input": information_capacity(u[:, None], u, {1: 3, 2: 2})})
    >>> figure.axes[0].get_xlabel()
    'Information processing capacity'
    """
    if not capacities:
        raise InputError("capacities", capacities, "must hold at least one")
    degrees = np.unique(np.concatenate([one.degrees for one in capacities.values()]))
    figure, axes = column_axes(0.95 + 0.24 * len(capacities), ax)
    places = np.arange(len(capacities))
    start = np.zeros(len(capacities))
    for order, degree in enumerate(degrees):
        width = np.array([float(one.by_degree[one.degrees == degree].sum()) for one in capacities.values()])
        colour = COLOURS[order % len(COLOURS)]
        axes.barh(places, width, left=start, height=0.7, color=colour, label=f"degree {degree}")
        start += width
    reach = float(start.max()) or 1.0
    for place, total in enumerate(start):
        axes.text(total + 0.02 * reach, place, f"{total:.3g}", va="center", fontsize=7)
    axes.set_yticks(places, list(capacities))
    axes.invert_yaxis()
    axes.set_xlim(0, 1.18 * reach)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    label_axes(axes, "Information processing capacity", "")
    legend_above(figure, axes, columns=4)
    return figure


@takes(hold="ms")
def memory_curve(
    memories: MemoryCapacity | Mapping[str, MemoryCapacity],
    hold: float | None = None,
    controls: Mapping[str, MemoryCapacity] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw held-out r^2 against the delay, above the level of shuffled inputs, with capacities and intervals in the legend.

    Parameters
    ----------
    memories : MemoryCapacity or mapping of label to MemoryCapacity
        Solid lines with markers. The grey band reaches up to the 95th percentile of the surrogates of the first one.
    hold : float, optional
        Time for which a value was held (ms), for an axis in ms; by default that of the first one.
    controls : mapping of label to MemoryCapacity, optional
        Dashed lines.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure
        Up to twice the longest span, at least 10 delays; r^2 on a logarithmic scale.

    Raises
    ------
    InputError
        When there is no curve, or `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> from hrsnn.analysis import memory_capacity
    >>> u = np.random.default_rng(0).uniform(-1, 1, 1000)
    >>> memory = memory_capacity(np.roll(u, 1)[:, None], u, max_delay=12, hold=20)
    >>> memory_curve({"delay line": memory}).axes[0].get_xlabel()
    'Delay (ms)'
    """
    solid = {"": memories} if isinstance(memories, MemoryCapacity) else dict(memories)
    dashed = dict(controls or {})
    everything = [*solid.values(), *dashed.values()]
    if not solid:
        raise InputError("memories", memories, "must hold at least one curve")
    first = everything[0]
    step = hold if hold is not None else first.hold
    unit = 1.0 if step is None else step
    # spans are in ms if a hold was given when the capacity was computed
    reach = max(round(one.span / (one.hold or 1.0)) for one in everything)
    longest = min(max(2 * reach, 10), max(len(one.curve) for one in everything))

    figure, axes = column_axes(2.4 + 0.15 * len(everything), ax)
    delays = np.arange(1, len(first.curve) + 1) * unit
    floor = 0.3 * min(float(first.surrogate_95[first.surrogate_95 > 0].min(initial=0.01)), 0.01)
    axes.fill_between(delays, floor, first.surrogate_95, color=BAND, linewidth=0, label="shuffled input, 95 %")
    lines = [(name, one, "-", "o") for name, one in solid.items()]
    lines += [(name, one, "--", "") for name, one in dashed.items()]
    for order, (name, one, style, marker) in enumerate(lines):
        low, high = one.interval
        score = f"C = {one.total:.2f} [{low:.2f}, {high:.2f}]"
        axes.plot(
            np.arange(1, len(one.curve) + 1) * unit,
            one.curve,
            linestyle=style,
            marker=marker,
            markersize=2,
            linewidth=1.1,
            color=COLOURS[order % len(COLOURS)],
            label=f"{name}: {score}" if name else score,
        )
    axes.set_xlim(0, longest * unit)
    # a linear scale would hide the surrogates and the tail; exponentially decaying memory is a straight line on this one
    axes.set_yscale("log")
    axes.set_ylim(floor, 1.3)
    label_axes(axes, "Delay (values)" if step is None else "Delay (ms)", r"Held-out $r^2$")
    legend_above(figure, axes, columns=1)
    return figure
