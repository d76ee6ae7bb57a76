"""Figures of the graphs of networks, at the positions of their neurons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from hrsnn.analysis.figures.style import (
    COLUMN_WIDTH,
    EXCITATORY,
    GREY,
    INHIBITORY,
    TEXT,
    column_axes,
    legend_above,
    legend_of_panels,
    panel_figure,
)
from hrsnn.display.text import counted
from hrsnn.errors import InputError
from hrsnn.networks.graphs.centrality import betweenness
from hrsnn.reservoir import Reservoir

Array = NDArray[np.float64]

_MOST_DRAWN = 4000
#: Area of the marker of the most central neuron (points^2).
_LARGEST = 60
#: The most neurons that are named.
_NAMED = 8


def network_graphs(networks: Mapping[str, Reservoir], figure: Figure | SubFigure | None = None) -> Figure:
    """Draw several graphs, such as those that methods left, as :func:`network_graph` does, with one scale of sizes.

    Parameters
    ----------
    networks : mapping of name to Reservoir
    figure : matplotlib.figure.Figure or SubFigure, optional
        What the panels are drawn into; by default a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is nothing to draw, or `figure` is no figure.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> [axes.get_title() for axes in network_graphs({"lnp": reservoir, "random": reservoir}).axes]
    ['lnp: 30 neurons, 120 links', 'random: 30 neurons, 120 links']
    """
    if not networks:
        raise InputError("networks", networks, "must hold at least one network")
    columns = min(2, len(networks))
    rows = -(-len(networks) // columns)
    whole, part = panel_figure(3.1 * rows + 0.4, figure, columns * COLUMN_WIDTH)
    every = list(part.subplots(rows, columns, squeeze=False).ravel())
    central = {name: centrality(reservoir) for name, reservoir in networks.items()}
    most = max(float(one.max(initial=0.0)) for one in central.values())
    for axes, (name, reservoir) in zip(every, networks.items(), strict=False):
        _draw_graph(axes, reservoir, central[name], most)
        numbers = f"{counted(reservoir.neurons, 'neuron')}, {counted(reservoir.synapses, 'link')}"
        axes.set_title(f"{name.replace('_', ' ')}: {numbers}", fontsize=TEXT)
    for unused in every[len(networks) :]:
        unused.remove()
    legend_of_panels(part, every[0], columns=4 if columns > 1 else 2)
    return whole


def network_graph(reservoir: Reservoir, ax: Axes | None = None) -> Figure:
    """Draw the graph at the positions of its neurons: blue excitatory, vermillion inhibitory, size by betweenness.

    Parameters
    ----------
    reservoir : Reservoir
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure
        Links have the colour of their source, and taper towards their target (Holten & van Wijk 2009). The area of a
        neuron grows with its betweenness, that of the most central one in the legend. The most central neurons are named
        where neurons have labels.

    Notes
    -----
    Positions are projected along the third axis; of more than 4000 links every k-th is drawn, and the legend says so.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> len(network_graph(build(ReservoirSpec(neurons=30), seed=1)).axes)
    1
    """
    figure, axes = column_axes(3.4, ax)
    if ax is None:  # areas side by side need less height
        wide, high = np.ptp(_projected(reservoir), axis=0)
        figure.set_figheight(0.7 + 2.7 * float(np.clip(high / max(wide, 1e-12), 0.25, 1.0)))
    central = centrality(reservoir)
    _draw_graph(axes, reservoir, central, float(central.max(initial=0.0)))
    legend_above(figure, axes, columns=2)
    return figure


def _projected(reservoir: Reservoir) -> Array:
    """Return positions in a plane (neurons, 2), by an oblique projection, so that layers do not coincide."""
    return np.asarray(reservoir.positions[:, :2] + reservoir.positions[:, 2:] * np.array([[0.31, 0.17]]))


def centrality(reservoir: Reservoir) -> Array:
    """Return the betweenness of each neuron (N,) by its links of weight above 0."""
    live = reservoir.weight > 0
    return betweenness(reservoir.neurons, reservoir.pre[live], reservoir.post[live], reservoir.weight[live])


def _draw_graph(axes: Axes, reservoir: Reservoir, central: Array, most: float) -> None:
    """Draw a graph into axes; `most` is the betweenness of the largest marker, the same for networks side by side."""
    place = _projected(reservoir)
    step = max(1, -(-reservoir.synapses // _MOST_DRAWN))
    pre, post = reservoir.pre[::step], reservoir.post[::step]
    along = place[post] - place[pre]
    length = np.hypot(*along.T)[:, None]
    across = np.divide(along[:, ::-1] * [-1, 1], length, out=np.zeros_like(along), where=length > 0)
    half = 0.004 * max(float(np.ptp(place, axis=0).max()), 1e-9)
    corners = np.stack([place[pre] - half * across, place[pre] + half * across, place[post]], axis=1)
    shown = "links taper to their target" + (f", one of {step} drawn" if step > 1 else "")
    colours = np.where(reservoir.is_excitatory[pre], EXCITATORY, INHIBITORY)
    axes.add_collection(PolyCollection(list(corners), facecolors=colours.tolist(), linewidths=0, alpha=0.35))
    size = 2 + _LARGEST * central / max(most, 1e-12)
    for name, kind, colour in (("E", reservoir.is_excitatory, EXCITATORY), ("I", ~reservoir.is_excitatory, INHIBITORY)):
        if kind.any():
            x, y = place[kind].T
            style: dict[str, Any] = {"linewidths": 0.3, "edgecolors": "white", "zorder": 2, "clip_on": False}
            axes.scatter(x, y, s=size[kind], color=colour, **style)
            axes.scatter([], [], s=14, color=colour, label=name)  # a marker of one size in the legend
    if reservoir.labels is not None:
        for who in np.argsort(-central, kind="stable")[:_NAMED]:
            at = {"xytext": (3, 3), "textcoords": "offset points", "fontsize": TEXT - 1, "zorder": 3}
            halo = [patheffects.withStroke(linewidth=1.5, foreground="white")]
            axes.annotate(str(reservoir.labels[who]), place[who], path_effects=halo, annotation_clip=False, **at)
    if most:
        axes.scatter([], [], s=_LARGEST, color="none", edgecolors=GREY, linewidths=0.6, label=f"betweenness {most:.2g}")
    axes.fill([], [], color=GREY, alpha=0.35, label=shown)
    axes.autoscale_view()
    axes.set_aspect("equal")
    axes.set_axis_off()
