"""Figures of deep networks: learning curves, windows, weights, shares by layer, accuracy by bits, by size, under attack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import NullLocator
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.figures.style import (
    COLOURS,
    EXCITATORY,
    GREY,
    INHIBITORY,
    SMALL_TEXT,
    column_axes,
    label_axes,
    legend_above,
    legend_of_panels,
    panel_figure,
)
from hrsnn.analysis.intervals import mean_interval
from hrsnn.errors import InputError
from hrsnn.validation.units import takes

#: Lines and markers of accuracies under attack.
_STYLES = {"single": (":", "o"), "ensemble": ("-", "o"), "clean": ("--", "")}

_BINS = 80
#: Layers of which all are drawn; of more, the first and the last, and some between them.
_MOST_PANELS = 6


@takes()
def learning_curves(
    history: Sequence[Mapping[str, float]], chance: float, figure: Figure | SubFigure | None = None
) -> Figure:
    """Draw accuracy on the training and the validation part, and the rate, against epochs.

    Parameters
    ----------
    history : list of mappings
        Rows of :class:`hrsnn.deep.learning.training.Trained`.
    chance : float
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is no epoch, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> row = {"epoch": 1, "train_accuracy": 0.5, "validation_accuracy": 0.4, "mean_rate": 0.2}
    >>> len(learning_curves([row, {**row, "epoch": 2}], 0.1).axes)
    2
    """
    if not history:
        raise InputError("history", history, "must have an epoch")
    epochs = [row["epoch"] for row in history]
    figure, part = panel_figure(2.6, figure)
    accuracy, rate = part.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    for name, label, colour in (("train_accuracy", "training", GREY), ("validation_accuracy", "validation", EXCITATORY)):
        accuracy.plot(
            epochs, [row[name] for row in history], color=colour, label=label, marker=".", markersize=3, linewidth=1
        )
    accuracy.axhline(chance, color="black", linewidth=0.6, linestyle="--", label="chance")
    accuracy.set_ylim(0, 1.02)
    rate.plot(epochs, [row["mean_rate"] for row in history], color=INHIBITORY, marker=".", markersize=3, linewidth=1)
    rate.set_ylim(0, 1.15 * max(row["mean_rate"] for row in history) or 1)
    label_axes(accuracy, "", "Accuracy")
    label_axes(rate, "Epoch", "Spikes a step")
    legend_of_panels(part, accuracy)
    return figure


@takes()
def potentials_and_windows(
    potentials: Mapping[str, ArrayLike],
    widths: Mapping[str, float],
    threshold: float = 1.0,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw the distribution of potentials before the reset in each layer, with the window of the surrogate gradient.

    Parameters
    ----------
    potentials : mapping of layer to array
    widths : mapping of layer to float
        Half-widths of the windows.
    threshold : float
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure
        A panel a layer, of at most six; the share of potentials within the window stands beside its name.

    Raises
    ------
    InputError
        When there is no layer, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> figure = potentials_and_windows({"spike1": [0.1, 0.5, 1.2]}, {"spike1": 1.084})
    >>> figure.axes[0].get_title()
    'spike1: 100 % in the window'
    """
    names = _some(list(potentials))
    figure, part = panel_figure(0.95 * len(names) + 0.6, figure)
    every = part.subplots(len(names), 1, squeeze=False, sharex=True)[:, 0]
    for axes, name in zip(every, names, strict=True):
        values, width = np.asarray(potentials[name], dtype=np.float64), widths[name]
        low, high = np.quantile(values, [0.001, 0.999])
        low, high = min(low, threshold - width), max(high, threshold + width)
        axes.hist(values, bins=_BINS, range=(low, high), density=True, color=GREY, label="potentials")
        window = [threshold - width, threshold, threshold + width]
        axes.fill_between(window, [0, 1 / width, 0], color=EXCITATORY, alpha=0.25, linewidth=0)
        axes.plot(window, [0, 1 / width, 0], color=EXCITATORY, linewidth=1, label="window")
        axes.axvline(threshold, color="black", linewidth=0.7, linestyle="--", label="threshold")
        inside = float((np.abs(values - threshold) < width).mean())
        axes.set_title(f"{name}: {100 * inside:.0f} % in the window", fontsize=SMALL_TEXT, pad=2)
        label_axes(axes, "Potential (thresholds)" if name == names[-1] else "", "Density")
    legend_of_panels(part, every[0])
    return figure


@takes()
def weights_before_and_after(weights: Mapping[str, Sequence[ArrayLike]], figure: Figure | SubFigure | None = None) -> Figure:
    """Draw the distributions of the weights of each layer before and after training.

    Parameters
    ----------
    weights : mapping of layer to (before, after)
        Weights before they are quantised.
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is no layer, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> len(weights_before_and_after({"conv1": ([0.0, 1.0], [0.5, 2.0])}).axes)
    1
    """
    names = _some(list(weights))
    figure, part = panel_figure(0.95 * len(names) + 0.6, figure)
    every = part.subplots(len(names), 1, squeeze=False)[:, 0]
    for axes, name in zip(every, names, strict=True):
        before, after = (np.asarray(one, dtype=np.float64) for one in weights[name])
        edge = float(np.quantile(np.abs(np.concatenate([before, after])), 0.999)) or 1.0
        bins = np.linspace(-edge, edge, _BINS // 2 + 1)
        axes.hist(before, bins=bins, density=True, color=GREY, alpha=0.6, label="before")
        axes.hist(after, bins=bins, density=True, histtype="step", color=INHIBITORY, linewidth=1, label="after")
        axes.axvline(0, color="black", linewidth=0.6, linestyle="--")
        axes.set_title(name, fontsize=SMALL_TEXT, pad=2)
        label_axes(axes, "Weight" if name == names[-1] else "", "Density")
    legend_of_panels(part, every[0])
    return figure


@takes()
def accuracy_against_bits(scores: Mapping[str, float], chance: float, ax: Axes | None = None) -> Figure:
    """Draw accuracies by bits of weights and potentials, the first one as a line to compare with.

    Parameters
    ----------
    scores : mapping of bits, such as "1w-2u", to accuracy
    chance : float
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there are none, or `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> figure = accuracy_against_bits({"32w-32u": 0.98, "1w-2u": 0.95}, 0.1)
    >>> [label.get_text() for label in figure.axes[0].get_xticklabels()]
    ['32w-32u', '1w-2u']
    """
    if not scores:
        raise InputError("scores", scores, "must have an accuracy")
    names, values = list(scores), list(scores.values())
    figure, axes = column_axes(2.2, ax)
    axes.plot(range(1, len(names)), values[1:], color=COLOURS[0], marker="o", markersize=4, linewidth=1, label="quantised")
    axes.plot(0, values[0], color=GREY, marker="o", markersize=4, linestyle="none")
    axes.axhline(values[0], color=GREY, linewidth=0.8, label=names[0])
    # differences of a point must be seen; chance is drawn where it is near
    span = max(float(np.ptp(values)), 0.01)
    low = max(0.0, min(values) - 2 * span)
    if chance >= low:
        axes.axhline(chance, color="black", linewidth=0.6, linestyle="--", label="chance")
    for place, value in enumerate(values):
        axes.annotate(f"{value:.3f}", (place, value), (0, 5), textcoords="offset points", ha="center", size=SMALL_TEXT)
    axes.set_xticks(range(len(names)), names)
    axes.set(ylim=(low, max(values) + span), xlim=(-0.4, len(names) - 0.6))
    label_axes(axes, "Bits of weights and potentials", "Validation accuracy")
    legend_above(figure, axes)
    return figure


@takes()
def shares_by_layer(
    panels: Mapping[str, Mapping[str, Mapping[str, ArrayLike]]], figure: Figure | SubFigure | None = None
) -> Figure:
    """Draw shares, such as those of spikes or of positive weights, by layer, with their 95 % intervals over seeds.

    Parameters
    ----------
    panels : mapping of label to mapping of network to mapping of layer to array (seeds,)
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure
        A panel a label; the dashed line is 1/2, where the entropy is largest.

    Raises
    ------
    InputError
        When there is nothing to draw, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> figure = shares_by_layer({"Spikes": {"WS-DR": {"spike1": [0.2, 0.3], "spike2": [0.1, 0.2]}}})
    >>> [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    ['spike1', 'spike2']
    """
    if not panels or not all(panels.values()):
        raise InputError("panels", panels, "must hold at least one label with one network")
    figure, part = panel_figure(1.5 * len(panels) + 0.4, figure)
    every = part.subplots(len(panels), 1, squeeze=False)[:, 0]
    for axes, (label, networks) in zip(every, panels.items(), strict=True):
        for place, (name, layers) in enumerate(networks.items()):
            values = [np.asarray(one, dtype=np.float64) for one in layers.values()]
            means = np.array([one.mean() for one in values])
            ends = [
                mean_interval(one, bounds=(0, 1)) if len(one) > 1 and np.ptp(one) else (one.mean(),) * 2 for one in values
            ]
            centres = np.arange(len(values)) + (place - (len(networks) - 1) / 2) * 0.8 / len(networks)
            axes.bar(centres, means, 0.75 / len(networks), color=COLOURS[place % len(COLOURS)], label=name)
            axes.errorbar(centres, means, np.abs(np.array(ends).T - means), fmt="none", ecolor="black", linewidth=0.8)
        axes.axhline(0.5, color="black", linewidth=0.6, linestyle="--")
        names = list(dict.fromkeys(layer for layers in networks.values() for layer in layers))
        axes.set_xticks(range(len(names)), names)
        axes.set_ylim(0, max(0.55, axes.get_ylim()[1]))
        label_axes(axes, "", label)
    legend_of_panels(part, every[0])
    return figure


@takes()
def accuracy_against_size(
    panels: Mapping[str, Mapping[str, tuple[float, ArrayLike]]], figure: Figure | SubFigure | None = None
) -> Figure:
    """Draw accuracies against the sizes of models, with their 95 % intervals over seeds.

    Parameters
    ----------
    panels : mapping of label to mapping of network to (size in MB, array (seeds,) of accuracies)
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is nothing to draw, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> accuracy_against_size({"digits": {"1w-2u": (0.004, [0.9, 0.95])}}).axes[0].get_xscale()
    'log'
    """
    if not panels or not all(panels.values()):
        raise InputError("panels", panels, "must hold at least one label with one network")
    figure, part = panel_figure(1.7 * len(panels) + 0.4, figure)
    every = part.subplots(len(panels), 1, squeeze=False)[:, 0]
    for axes, (label, networks) in zip(every, panels.items(), strict=True):
        for place, (name, (size, given)) in enumerate(networks.items()):
            values = np.asarray(given, dtype=np.float64)
            low, high = _ends(values)
            colour = COLOURS[place % len(COLOURS)]
            axes.plot([size, size], [low, high], color=colour, linewidth=1)
            axes.plot([size], [values.mean()], marker="o", markersize=4, color=colour, linestyle="none", label=name)
        sizes = sorted({size for size, _ in networks.values()})
        axes.set_xscale("log")
        axes.set_xticks(sizes, [f"{size:.2g}" for size in sizes])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_title(label, fontsize=SMALL_TEXT, pad=2)
        label_axes(axes, "Size of the model (MB)" if label == list(panels)[-1] else "", "Accuracy")
    legend_of_panels(part, every[0], columns=2)
    return figure


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the interval of the mean of shares; their mean twice where there is no spread."""
    return mean_interval(values, bounds=(0, 1)) if len(values) > 1 and np.ptp(values) else (float(values.mean()),) * 2


def _some(names: list[str]) -> list[str]:
    if not names:
        raise InputError("layers", names, "must be one or more")
    if len(names) <= _MOST_PANELS:
        return names
    places = np.linspace(0, len(names) - 1, _MOST_PANELS).round().astype(int)
    return [names[place] for place in places]


@takes()
def robustness_curves(networks: Mapping[str, Mapping[str, Mapping[float, float]]], ax: Axes | None = None) -> Figure:
    """Draw accuracy against the radius of perturbations, for one network or several.

    Parameters
    ----------
    networks : mapping of network to mapping of ``clean``, ``single`` and ``ensemble`` to mapping of radius to accuracy
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is no radius, or `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> figure = robustness_curves({"dense": {"single": {0.1: 0.9}, "ensemble": {0.1: 0.8}, "clean": {0.1: 0.99}}})
    >>> figure.axes[0].get_xlabel()
    'Radius of perturbations (range of pixels)'
    """
    if not networks or not all(curve for curves in networks.values() for curve in curves.values()):
        raise InputError("networks", networks, "must have a radius or more")
    figure, axes = column_axes(2.4, ax)
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
def energy_and_robustness(networks: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike]], ax: Axes | None = None) -> Figure:
    """Draw accuracy without and with attacks against energy, a point a network with its 95 % interval over seeds.

    Parameters
    ----------
    networks : mapping of network to (array (seeds,), array (seeds,), array (seeds,))
        Energy in nJ, accuracy, and accuracy under all attacks.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is no network, or fewer than two seeds, or `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> figure = energy_and_robustness({"dense": ([190, 180], [0.99, 0.98], [0.8, 0.7])})
    >>> figure.axes[0].get_xscale()
    'log'
    """
    if not networks:
        raise InputError("networks", networks, "must have one or more")
    figure, axes = column_axes(2.8, ax)
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
def members_of_ensemble(shares: Mapping[str, float], ensemble: float, ax: Axes | None = None) -> Figure:
    """Draw the share of samples that survives each attack, sorted, with the share that survives all as a line.

    Parameters
    ----------
    shares : mapping of attack to float
        Where each attack had all samples.
    ensemble : float
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is none, or `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> figure = members_of_ensemble({"pgd, rate": 0.8, "square": 0.7}, 0.65)
    >>> [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    ['square', 'pgd, rate']
    """
    if not shares:
        raise InputError("shares", shares, "must have an attack or more")
    ordered = dict(sorted(shares.items(), key=lambda item: item[1]))
    figure, axes = column_axes(0.12 * len(ordered) + 0.6, ax)
    axes.barh(range(len(ordered)), list(ordered.values()), color=GREY, height=0.7)
    axes.axvline(ensemble, color=INHIBITORY, linewidth=0.8, linestyle="--", label="all together")
    axes.set_yticks(range(len(ordered)), list(ordered), fontsize=SMALL_TEXT - 1 if len(ordered) > 20 else SMALL_TEXT)
    axes.set_ylim(len(ordered) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    label_axes(axes, "Share of samples that survives", "")
    legend_above(figure, axes)
    return figure
