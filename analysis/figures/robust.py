"""Figures of attacked networks: accuracy over the radius of perturbations, over energy, and under each attack."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from hrsnn.analysis.figures.style import (
    COLOURS,
    GREY,
    INHIBITORY,
    SMALL_TEXT,
    column_figure,
    label_axes,
    legend_above,
)
from hrsnn.analysis.intervals import mean_interval
from hrsnn.errors import InputError
from hrsnn.validation.units import takes

_STYLES = {"single": (":", "o"), "ensemble": ("-", "o"), "clean": ("--", "")}


@takes()
def robustness_curves(networks: Mapping[str, Mapping[str, Mapping[float, float]]]) -> Figure:
    """Draw accuracy against the radius of perturbations, for one network or several.

    Parameters
    ----------
    networks : mapping of network to mapping of ``clean``, ``single`` and ``ensemble`` to mapping of radius to accuracy

    Raises
    ------
    InputError
        When there is no radius.

    Examples
    --------
    >>> figure = robustness_curves({"dense": {"single": {0.1: 0.9}, "ensemble": {0.1: 0.8}, "clean": {0.1: 0.99}}})
    >>> figure.axes[0].get_xlabel()
    'Radius of perturbations (range of pixels)'
    """
    if not networks or not all(curve for curves in networks.values() for curve in curves.values()):
        raise InputError("networks", networks, "must have a radius or more")
    figure = column_figure(2.4)
    axes = figure.subplots()
    for place, (network, curves) in enumerate(networks.items()):
        for name, curve in curves.items():
            # what has no perturbation is the beginning of all curves
            points = dict(
                sorted({**({0.0: next(iter(curves["clean"].values()))} if "clean" in curves else {}), **curve}.items())
            )
            line, marker = _STYLES.get(name, ("-.", "."))
            label = name if len(networks) == 1 else f"{network}, {name}"
            axes.plot(
                list(points),
                list(points.values()),
                linestyle=line,
                marker=marker,
                markersize=3,
                linewidth=1,
                color=COLOURS[place % len(COLOURS)],
                label=label,
            )
    axes.set_ylim(0, 1.02)
    axes.set_xlim(left=0)
    label_axes(axes, "Radius of perturbations (range of pixels)", "Accuracy")
    legend_above(figure, axes)
    return figure


@takes()
def energy_and_robustness(networks: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike]]) -> Figure:
    """Draw accuracy without and with attacks against energy, a point a network with its 95 % interval over seeds.

    Parameters
    ----------
    networks : mapping of network to (array (seeds,), array (seeds,), array (seeds,))
        Energy in nJ, accuracy, and accuracy under all attacks.

    Raises
    ------
    InputError
        When there is no network, or fewer than two seeds.

    Examples
    --------
    >>> figure = energy_and_robustness({"dense": ([190, 180], [0.99, 0.98], [0.8, 0.7])})
    >>> figure.axes[0].get_xscale()
    'log'
    """
    if not networks:
        raise InputError("networks", networks, "must have one or more")
    figure = column_figure(2.8)
    axes = figure.subplots()
    for place, (network, (energy, clean, robust)) in enumerate(networks.items()):
        x = float(np.mean(np.asarray(energy, dtype=np.float64)))
        colour = COLOURS[place % len(COLOURS)]
        for values, face in ((clean, "white"), (robust, colour)):
            given = np.asarray(values, dtype=np.float64)
            low, high = mean_interval(given, bounds=(0, 1))
            mean = float(given.mean())
            axes.errorbar(
                x,
                mean,
                [[max(mean - low, 0)], [max(high - mean, 0)]],
                color=colour,
                markerfacecolor=face,
                marker="o",
                markersize=4,
                linewidth=1,
                capsize=2,
                linestyle="none",
                label=network if face == colour else None,
            )
    axes.set_xscale("log")
    axes.margins(x=0.1)
    axes.set_ylim(0, 1.05)
    label_axes(axes, "Energy of a sample (nJ)", "Accuracy: clean (open), attacked (filled)")
    legend_above(figure, axes)
    return figure


@takes()
def members_of_ensemble(shares: Mapping[str, float], ensemble: float) -> Figure:
    """Draw the share of samples that survives each attack, sorted, with the share that survives all as a line.

    Parameters
    ----------
    shares : mapping of attack to float
        Where each attack had all samples.
    ensemble : float

    Raises
    ------
    InputError
        When there is none.

    Examples
    --------
    >>> figure = members_of_ensemble({"pgd, rate": 0.8, "square": 0.7}, 0.65)
    >>> [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    ['square', 'pgd, rate']
    """
    if not shares:
        raise InputError("shares", shares, "must have an attack or more")
    ordered = dict(sorted(shares.items(), key=lambda item: item[1]))
    figure = column_figure(0.12 * len(ordered) + 0.6)
    axes = figure.subplots()
    axes.barh(range(len(ordered)), list(ordered.values()), color=GREY, height=0.7)
    axes.axvline(ensemble, color=INHIBITORY, linewidth=0.8, linestyle="--", label="all together")
    axes.set_yticks(range(len(ordered)), list(ordered), fontsize=SMALL_TEXT - 1 if len(ordered) > 20 else SMALL_TEXT)
    axes.set_ylim(len(ordered) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    label_axes(axes, "Share of samples that survives", "")
    legend_above(figure, axes)
    return figure
