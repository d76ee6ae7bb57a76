"""The information processing capacity, degree by degree."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hrsnn.analysis import figures
from hrsnn.analysis.information import InformationCapacity
from hrsnn.errors import InputError


def capacity_by_degree(capacities: Mapping[str, InformationCapacity]) -> Figure:
    """A stacked bar for each network: the capacity of each degree, with the total at its end.

    Parameters
    ----------
    capacities : mapping of label to InformationCapacity

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is none.

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
    figure = figures._figure(0.95 + 0.24 * len(capacities))
    axes = figure.subplots()
    places = np.arange(len(capacities))
    start = np.zeros(len(capacities))
    for order, degree in enumerate(degrees):
        width = np.array([float(one.by_degree[one.degrees == degree].sum()) for one in capacities.values()])
        colour = figures._CYCLE[order % len(figures._CYCLE)]
        axes.barh(places, width, left=start, height=0.7, color=colour, label=f"degree {degree}")
        start += width
    reach = float(start.max()) or 1.0
    for place, total in enumerate(start):
        axes.text(total + 0.02 * reach, place, f"{total:.3g}", va="center", fontsize=7)
    axes.set_yticks(places, list(capacities))
    axes.invert_yaxis()
    axes.set_xlim(0, 1.18 * reach)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    figures._label(axes, "Information processing capacity", "")
    figures._legend_above(figure, axes, columns=4)
    return figure
