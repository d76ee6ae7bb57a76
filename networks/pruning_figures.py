"""Figures of pruning, for a paper's column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator, NullFormatter
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.figures.style import (
    BAND,
    COLOURS,
    COLUMN_WIDTH,
    DASHES,
    GREY,
    WIDTHS,
    column_axes,
    label_axes,
    legend_above,
    legend_of_panels,
    panel_figure,
)
from hrsnn.analysis.intervals import mean_interval
from hrsnn.analysis.scoring.contract import ANY, Bounds
from hrsnn.analysis.scoring.registry import bounds_of
from hrsnn.errors import InputError
from hrsnn.networks.linear.noise_covariance import coupling
from hrsnn.networks.methods.lyapunov_noise import dimensionless
from hrsnn.networks.pruning_record import PruningRecord
from hrsnn.reservoir import Reservoir
from hrsnn.validation.numbers import float_vector

Array = NDArray[np.float64]
#: Runs of one method: the records for each seed.
Runs = Sequence[Sequence[PruningRecord]]

#: Numbers whose axis begins at 0.
_COUNTS = ("links", "neurons", "strong_component", "mean_rate")
_MARKERS, _LEVELS = "os^vDPX", ("--", ":", "-.", (0, (1, 4)))


def sizes_over_iterations(runs: Mapping[str, Runs], figure: Figure | SubFigure | None = None) -> Figure:
    """Draw links and neurons over the iterations of each method, mean and 95 % interval over seeds.

    As fig. 10 a, b of Chakraborty & Mukhopadhyay (2024).

    Parameters
    ----------
    runs : mapping of name to sequence (seeds,) of records
        Records with the same number of iterations for all.
    figure : matplotlib.figure.Figure or SubFigure, optional
        What the panels are drawn into; by default a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is nothing to draw, runs of one method have different lengths, or `figure` is no figure.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> found = prune(build(ReservoirSpec(neurons=30), seed=1), iterations=2, synapse_target=0.5)
    >>> [axes.get_ylabel() for axes in sizes_over_iterations({"lnp": [found.records]}).axes]
    ['Links', 'Neurons']
    """
    return _over_iterations(runs, {"Links": "links", "Neurons": "neurons"}, figure=figure)


def behaviour_over_iterations(runs: Mapping[str, Runs], figure: Figure | SubFigure | None = None) -> Figure:
    """Draw rate, largest exponent, largest strong component and inverse participation ratio over the iterations.

    Values that are not measured after every iteration are drawn as points.

    Parameters and errors as those of :func:`sizes_over_iterations`.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> found = prune(build(ReservoirSpec(neurons=30), seed=1), iterations=2, synapse_target=0.5)
    >>> len(behaviour_over_iterations({"lnp": [found.records]}).axes)
    4
    """
    columns = {
        "Rate (Hz)": "mean_rate",
        r"$\lambda_1$ (1/s)": "largest_exponent",
        "Strong component\n(neurons)": "strong_component",
        "Mean inverse\nparticipation ratio": "participation",
    }
    return _over_iterations(runs, columns, figure=figure)


def score_over_iterations(
    runs: Mapping[str, Runs], name: str = "TaskScore", bounds: Bounds = ANY, figure: Figure | SubFigure | None = None
) -> Figure:
    """Draw the user's score over the iterations, as fig. 10 c of Chakraborty & Mukhopadhyay (2024).

    Parameters and errors as those of :func:`sizes_over_iterations`; `bounds` are the bounds of the score.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> found = prune(reservoir, iterations=2, synapse_target=0.5, score=lambda network: network.weight.mean())
    >>> score_over_iterations({"lnp": [found.records]}, "Mean weight (mV)").axes[0].get_ylabel()
    'Mean weight (mV)'
    """
    return _over_iterations(runs, {name: "score"}, bounds, figure)


def curves(
    panels: Mapping[str, Mapping[str, ArrayLike]],
    sparsities: ArrayLike,
    bounds: Mapping[str, Bounds] | None = None,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw scores against sparsity, mean and 95 % interval over seeds.

    For runs with steps switched off this is fig. 12 of Chakraborty & Mukhopadhyay (2024).

    Parameters
    ----------
    panels : mapping of label to mapping of name to array (seeds, sparsities)
        The label is that of the axis. An array with a single column, a control without sparsity, is a grey level.
    sparsities : array (sparsities,)
        Shares of removed links, above 0 and below 1; the axis is logarithmic in the share that remains.
    bounds : mapping of label to (float, float), optional
        Bounds of each score, as from :func:`bounds_of`; none by default.
    figure : matplotlib.figure.Figure or SubFigure, optional
        What the panels are drawn into; by default a new figure, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is nothing to draw, or a sparsity is out of range.

    Examples
    --------
    >>> values = [[0.9, 0.8], [0.92, 0.86]]
    >>> curves({"Accuracy": {"lnp": values, "dense": [[0.9], [0.95]]}}, [0.5, 0.9]).axes[0].get_ylabel()
    'Accuracy'
    """
    if not panels or not all(panels.values()):
        raise InputError("panels", panels, "must hold at least one score with one name")
    gone = float_vector("sparsities", sparsities)
    if not ((gone > 0) & (gone < 1)).all():
        raise InputError("sparsities", sparsities, "must be over 0 and below 1")
    left = 100 * (1 - gone)
    whole, part, axes = _panels(len(panels), figure)
    for axis, (score, rows) in zip(axes, panels.items(), strict=True):
        lines = levels = 0
        for name, values in rows.items():
            mean, low, high = _interval(np.asarray(values, float), (bounds or {}).get(score, ANY))
            if len(mean) == 1:
                dashes = _LEVELS[levels % len(_LEVELS)]
                axis.axhline(mean[0], color=GREY, linestyle=dashes, linewidth=1.0, label=name, zorder=1)
                levels += 1
                continue
            style: dict[str, Any] = {"color": COLOURS[lines % len(COLOURS)], "marker": _MARKERS[lines % len(_MARKERS)]}
            # beyond the colours, dashed lines
            style["linestyle"] = "-" if lines < len(COLOURS) else "--"
            # slightly shifted, so that intervals do not overlap
            place = left * 1.02 ** (lines - 3)
            width = 1.6 if not lines else 0.8
            error = [mean - low, high - mean]
            axis.errorbar(place, mean, error, linewidth=width, elinewidth=0.6, markersize=2.5, label=name, **style)
            lines += 1
        axis.set_xscale("log")
        axis.invert_xaxis()
        axis.set_xticks(left, [f"{100 * share:g}" for share in gone])
        axis.minorticks_off()
        label_axes(axis, x="Links gone (%)", y=score)
    legend_of_panels(part, axes[0])
    return whole


def eigenvalue_clouds(networks: Mapping[str, Reservoir], ax: Axes | None = None) -> Figure:
    """Draw the eigenvalues of the signed, dimensionless weights before and after pruning.

    Parameters
    ----------
    networks : mapping of name to Reservoir
        Networks with recurrent links.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> eigenvalue_clouds({"dense": reservoir}).axes[0].get_xlabel()
    'Real part (dimensionless weights)'
    """
    figure, axes = column_axes(2.4, ax)
    colours = _colours(networks)
    for name, reservoir in networks.items():
        sign = np.where(reservoir.is_excitatory[reservoir.pre], 1.0, -1.0)
        strength = sign * dimensionless(reservoir, reservoir.weight)
        values = np.linalg.eigvals(coupling(reservoir.neurons, reservoir.pre, reservoir.post, strength).toarray())
        axes.scatter(values.real, values.imag, s=5, color=colours[name], linewidths=0, label=_plain(name))
    axes.set_aspect("equal", adjustable="datalim")
    label_axes(axes, x="Real part (dimensionless weights)", y="Imaginary part")
    legend_above(figure, axes)
    return figure


def distributions(networks: Mapping[str, Reservoir], figure: Figure | SubFigure | None = None) -> Figure:
    """Draw the distributions of degrees (in plus out) and membrane time constants before and after pruning.

    All networks have the same bins; the dense one is filled.

    Parameters
    ----------
    networks : mapping of name to Reservoir
    figure : matplotlib.figure.Figure or SubFigure, optional
        What the panels are drawn into; by default a new figure, as wide as a column.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> [axes.get_xlabel() for axes in distributions({"dense": reservoir}).axes]
    ['Links of a neuron, in and out', '$\\\\tau_m$ (ms)']
    """
    whole, part = panel_figure(3.4, figure)
    upper, lower = part.subplots(2, 1)
    degrees = {
        name: np.bincount(np.append(one.pre, one.post), minlength=one.neurons).astype(float)
        for name, one in networks.items()
    }
    times = {name: np.asarray(one.tau_m, np.float64) for name, one in networks.items()}
    most = max(float(one.max(initial=1)) for one in degrees.values())
    # a bin for neurons without links, then bins that widen: pruned networks have a few links where dense ones have many
    bins = np.unique(np.append([0, 1], np.ceil(np.geomspace(2, most + 1, 18))))
    everything = np.concatenate([*times.values()])
    spread = np.geomspace(everything.min() * 0.99, everything.max() * 1.01, 25)
    lines = _lines(networks)
    for name in networks:
        for axis, values, edges in ((upper, degrees[name], bins), (lower, times[name], spread)):
            share = 100 * np.histogram(values, edges)[0] / max(len(values), 1)
            if name == "dense":
                axis.stairs(share, edges, fill=True, color=BAND, label=name)
            else:
                axis.stairs(share, edges, label=_plain(name), **{**lines[name], "linewidth": lines[name]["linewidth"] / 1.5})
    upper.set_xscale("symlog", linthresh=1, linscale=0.5)
    upper.set_xlim(0, bins[-1])
    ticks = [tick for tick in (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if tick < bins[-1]]
    upper.set_xticks(ticks, [str(tick) for tick in ticks])
    lower.set_xscale("log")
    ticks = [tick for tick in (1, 3, 10, 30, 100, 300) if spread[0] <= tick <= spread[-1]]
    lower.set_xticks(ticks, [str(tick) for tick in ticks])
    for axis in (upper, lower):
        axis.set_ylim(bottom=0)
        axis.xaxis.set_minor_formatter(NullFormatter())
    label_axes(upper, x="Links of a neuron, in and out", y="Share of neurons (%)")
    label_axes(lower, x=r"$\tau_m$ (ms)", y="Share of neurons (%)")
    part.align_ylabels()
    legend_of_panels(part, upper)
    return whole


def _over_iterations(
    runs: Mapping[str, Runs],
    columns: Mapping[str, str],
    bounds: Bounds | None = None,
    figure: Figure | SubFigure | None = None,
) -> Figure:
    """Draw a panel for each label and field of a record; `bounds` replaces the bounds of the field."""
    if not runs or not all(runs.values()):
        raise InputError("runs", runs, "must hold at least one method with one run")
    for method, seeds in runs.items():
        if len({len(records) for records in seeds}) > 1:
            raise InputError(method, [len(records) for records in seeds], "runs must have as many iterations")
    whole, part, axes = _panels(len(columns), figure)
    lines = _lines(runs)
    for axis, (label, name) in zip(axes, columns.items(), strict=True):
        for method, seeds in runs.items():
            values = np.array([[getattr(record, name) for record in records] for records in seeds], float)
            mean, low, high = _interval(values, bounds or bounds_of(name))
            known = np.isfinite(mean)  # values that are not measured in every iteration are drawn as points
            steps = np.array([record.iteration for record in seeds[0]])[known]
            marker = "" if known.all() else "o"
            line = {**lines[method], "marker": marker, "markersize": 2.5, "label": _plain(method)}
            axis.plot(steps, mean[known], **line)
            axis.fill_between(steps, low[known], high[known], color=line["color"], alpha=0.2, linewidth=0)
        if name in _COUNTS:
            axis.set_ylim(bottom=0)  # an axis that begins elsewhere would show a small loss as a large one
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        label_axes(axis, x="Iteration", y=label)
    legend_of_panels(part, axes[0])
    return whole


def _colours(names: Iterable[str]) -> dict[str, str]:
    """Return colours, the same for a method in all figures; the dense network is grey."""
    methods = [name for name in names if name != "dense"]
    return {name: GREY if name == "dense" else COLOURS[methods.index(name) % len(COLOURS)] for name in names}


def _lines(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return colours, dashes and widths with which lines that lie on each other are told apart."""
    colours = {name: colour for name, colour in _colours(list(names)).items() if name != "dense"}
    return {
        name: {"color": colour, "linestyle": DASHES[k % len(DASHES)], "linewidth": WIDTHS[k % len(WIDTHS)]}
        for k, (name, colour) in enumerate(colours.items())
    }


def _panels(count: int, figure: Figure | SubFigure | None) -> tuple[Figure, Figure | SubFigure, list[Axes]]:
    """Return a figure, the part of it that is drawn into, and `count` panels in it, in two columns if more than two."""
    columns = 1 if count <= 2 else 2
    rows = -(-count // columns)
    whole, part = panel_figure(1.6 * rows + 0.5, figure, columns * COLUMN_WIDTH)
    grid = list(part.subplots(rows, columns, squeeze=False).ravel())
    for unused in grid[count:]:
        unused.set_axis_off()
    return whole, part, grid[:count]


def _interval(values: Array, bounds: Bounds) -> tuple[Array, Array, Array]:
    """Return mean and 95 % interval over the rows; only the mean for a single row."""
    mean = values.mean(axis=0)
    if len(values) < 2:
        return mean, mean, mean
    low, high = np.array([mean_interval(column, bounds=bounds) for column in values.T]).T
    return mean, low, high


def _plain(name: str) -> str:
    return name.replace("_", " ")
