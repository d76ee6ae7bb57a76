"""Figures of Lyapunov exponents."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import ArrayLike

from hrsnn.analysis.figures.style import (
    EXCITATORY,
    GREY,
    INHIBITORY,
    column_axes,
    label_axes,
    legend_of_panels,
    panel_figure,
)
from hrsnn.analysis.lyapunov.exponents import GrowthRates
from hrsnn.errors import InputError
from hrsnn.validation.units import takes

#: Number of exponents whose convergence is drawn.
_CURVES = 6
#: Ticks of the axis of membrane time constants (ms).
_TICKS = (1, 3, 10, 30, 100, 300)


def exponent_spectrum(rates: GrowthRates, figure: Figure | SubFigure | None = None) -> Figure:
    """Draw all exponents, largest first, and how the estimates of the first six settle over the time of measurement.

    Parameters
    ----------
    rates : GrowthRates
        In 1/s and ms, such as a :class:`~hrsnn.analysis.LyapunovSpectrum`.
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.analysis import lyapunov_spectrum
    >>> figure = exponent_spectrum(lyapunov_spectrum(build(ReservoirSpec(neurons=20, i_bias=16)), 400.0))
    >>> [axes.get_xlabel() for axes in figure.axes]
    ['Index', 'Measured time (s)']
    """
    figure, part = panel_figure(2.2, figure)
    left, right = part.subplots(1, 2)
    index = np.arange(1, len(rates.exponents) + 1)
    left.axhline(0, color=GREY, linewidth=0.7, linestyle=":")
    left.plot(index, rates.exponents, color=EXCITATORY, marker="o", markersize=1.5, linewidth=0.7)
    right.axhline(0, color=GREY, linewidth=0.7, linestyle=":")
    seconds = rates.times / 1000
    shown = min(_CURVES, len(rates.exponents))
    for k in range(shown):
        others = r"$\lambda_2$" + (rf" to $\lambda_{shown}$" if shown > 2 else "")
        name = r"$\lambda_1$" if not k else others if k == 1 else None
        colour = INHIBITORY if not k else EXCITATORY
        right.plot(seconds, rates.convergence[:, k], color=colour, linewidth=0.8, alpha=1 - 0.12 * k, label=name)
    settled = rates.convergence[len(seconds) // 10 :, :_CURVES]
    margin = 0.1 * (np.ptp(settled) or 1.0)
    right.set_ylim(min(settled.min(), 0) - margin, max(settled.max(), 0) + margin)
    label_axes(left, "Index", "Exponent (1/s)")
    label_axes(right, "Measured time (s)", "Estimate (1/s)")
    legend_of_panels(part, right)
    return figure


@takes(exponents="Hz", tau_m="ms", rates="Hz")
def exponents_of_neurons(
    exponents: ArrayLike,
    tau_m: ArrayLike,
    rates: ArrayLike,
    is_excitatory: ArrayLike,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw the exponent of each neuron against its time constant and rate, with -1/tau_m, that of a membrane without input.

    Parameters
    ----------
    exponents : array (neurons,)
        1/s, such as ``per_neuron_v`` or ``per_neuron_local``.
    tau_m : array (neurons,)
        ms.
    rates : array (neurons,)
        Hz.
    is_excitatory : array of bool (neurons,)
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When they are not as many, or `figure` is not a Matplotlib figure.

    Examples
    --------
    >>> figure = exponents_of_neurons([-50.0, -90.0], [20.0, 10.0], [3.0, 0.0], [True, False])
    >>> [axes.get_xlabel() for axes in figure.axes]
    ['Membrane time constant (ms)', 'Rate (Hz)']
    """
    value, tau, rate = (np.asarray(given, np.float64) for given in (exponents, tau_m, rates))
    excitatory = np.asarray(is_excitatory, bool)
    if not value.shape == tau.shape == rate.shape == excitatory.shape or value.ndim != 1 or not value.size:
        raise InputError("exponents", value.shape, "must be as many as tau_m, rates and is_excitatory, one a neuron")
    figure, part = panel_figure(2.1, figure)
    panels = part.subplots(1, 2, sharey=True)
    for axes, x in zip(panels, (tau, rate), strict=True):
        for name, members, colour in (("E", excitatory, EXCITATORY), ("I", ~excitatory, INHIBITORY)):
            if members.any():
                axes.scatter(x[members], value[members], s=5, c=colour, alpha=0.6, linewidths=0, label=name)
    span = np.geomspace(tau.min(), tau.max() * (1 + 1e-9), 50)
    panels[0].plot(span, -1000 / span, color=GREY, linewidth=0.8, linestyle="--", label=r"$-1/\tau_m$: no input")
    panels[0].set_xscale("log")
    panels[0].set_xticks(_TICKS, [str(tick) for tick in _TICKS])
    panels[0].set_xlim(tau.min() / 1.2, tau.max() * 1.2)
    panels[0].xaxis.set_minor_locator(LogLocator(subs=range(2, 10)))  # their spacing shows that the axis is logarithmic
    panels[0].xaxis.set_minor_formatter(NullFormatter())
    label_axes(panels[0], "Membrane time constant (ms)", "Exponent (1/s)")
    panels[0].tick_params(axis="x", which="minor", width=0.5, length=1.5)
    label_axes(panels[1], "Rate (Hz)", "")
    legend_of_panels(part, panels[0])
    return figure


@takes(largest="Hz")
def chaos_map(length_scale: ArrayLike, weight_scale: ArrayLike, largest: ArrayLike, ax: Axes | None = None) -> Figure:
    """Draw lambda_1 over weight scale and length scale, with a line where it is 0.

    Parameters
    ----------
    length_scale : array (rows,)
    weight_scale : array (columns,)
    largest : array (rows, columns)
        1/s; nan is drawn white.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When the shapes do not match, or `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> figure = chaos_map([1, 2], [0, 5, 10], [[-30.0, -9.0, 2.0], [-30.0, -5.0, 4.0]])
    >>> figure.axes[0].get_xlabel()
    'Weight scale'
    """
    lengths, weights, value = (np.asarray(given, np.float64) for given in (length_scale, weight_scale, largest))
    if value.ndim != 2 or value.shape != (len(lengths), len(weights)):
        raise InputError("largest", value.shape, f"must have shape ({len(lengths)}, {len(weights)})")
    figure, axes = column_axes(2.3, ax)
    top = float(np.abs(value[np.isfinite(value)]).max(initial=1e-9))
    image = axes.pcolormesh(weights, lengths, value, cmap="RdBu_r", vmin=-top, vmax=top, shading="nearest")
    if min(value.shape) > 1 and (value < 0).any() and (value > 0).any():
        axes.contour(weights, lengths, value, levels=[0], colors="black", linewidths=1)
    bar = figure.colorbar(image, ax=axes)
    bar.set_label("Largest exponent (1/s)", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    axes.set_xticks(weights)
    axes.set_yticks(lengths)
    label_axes(axes, "Weight scale", "Length scale (spacings)")
    return figure


@takes(rates="Hz", exponents="Hz", standard_errors="Hz")
def exponents_against_rates(
    rates: ArrayLike, exponents: ArrayLike, standard_errors: ArrayLike, ax: Axes | None = None
) -> Figure:
    """Draw lambda_1 of many reservoirs against their mean rate.

    Parameters
    ----------
    rates : array (reservoirs,)
        Hz.
    exponents, standard_errors : array (reservoirs,)
        1/s; nan is not drawn.
    ax : matplotlib.axes.Axes, optional
        Axes to draw into; by default those of a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When they are not as many, or `ax` is not a Matplotlib Axes.

    Examples
    --------
    >>> figure = exponents_against_rates([3.0, 20.0], [-12.0, 2.0], [1.0, 1.0])
    >>> figure.axes[0].get_ylabel()
    'Largest exponent (1/s)'
    """
    x, y, error = (np.asarray(given, np.float64) for given in (rates, exponents, standard_errors))
    if not x.shape == y.shape == error.shape or x.ndim != 1:
        raise InputError("exponents", y.shape, "must be as many as rates and standard_errors")
    figure, axes = column_axes(2.1, ax)
    axes.axhline(0, color=GREY, linewidth=0.7, linestyle=":")
    axes.errorbar(x, y, error, color=EXCITATORY, fmt="o", markersize=2.5, linewidth=0.7)
    label_axes(axes, "Mean rate (Hz)", "Largest exponent (1/s)")
    return figure
