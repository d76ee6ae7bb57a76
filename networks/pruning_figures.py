"""Figures of pruning, for a paper's column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.figures.style import (
    COLOURS,
    EXCITATORY,
    GREY,
    INHIBITORY,
    column_axes,
    column_figure,
    label_axes,
    legend_above,
)
from hrsnn.analysis.intervals import mean_interval
from hrsnn.analysis.scoring.contract import ANY, Bounds
from hrsnn.analysis.scoring.registry import bounds_of
from hrsnn.errors import InputError
from hrsnn.networks.graphs.centrality import betweenness
from hrsnn.networks.linear.noise_covariance import coupling
from hrsnn.networks.methods.lyapunov_noise import dimensionless
from hrsnn.networks.pruning_record import PruningRecord
from hrsnn.reservoir import Reservoir
from hrsnn.validation.numbers import float_vector

Array = NDArray[np.float64]
#: Runs of one method: the records for each seed.
Runs = Sequence[Sequence[PruningRecord]]

_MOST_DRAWN = 4000
_MARKERS, _LEVELS = "os^vDPX", ("--", ":", "-.", (0, (1, 4)))


def sizes_over_iterations(runs: Mapping[str, Runs]) -> Figure:
    """Draw links and neurons over the iterations of each method, mean and 95 % interval over seeds.

    As fig. 10 a, b of Chakraborty & Mukhopadhyay (2024).

    Parameters
    ----------
    runs : mapping of name to sequence (seeds,) of records
        Records with the same number of iterations for all.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is nothing to draw, or runs of one method have different lengths.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> found = prune(build(ReservoirSpec(neurons=30), seed=1), iterations=2, synapse_target=0.5)
    >>> [axes.get_ylabel() for axes in sizes_over_iterations({"lnp": [found.records]}).axes]
    ['Links', 'Neurons']
    """
    return _over_iterations(runs, {"Links": "links", "Neurons": "neurons"})


def behaviour_over_iterations(runs: Mapping[str, Runs]) -> Figure:
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
        "Strong component": "strong_component",
        "Mean IPR": "participation",
    }
    return _over_iterations(runs, columns)


def score_over_iterations(runs: Mapping[str, Runs], name: str = "TaskScore", bounds: Bounds = ANY) -> Figure:
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
    return _over_iterations(runs, {name: "score"}, bounds)


def curves(
    panels: Mapping[str, Mapping[str, ArrayLike]], sparsities: ArrayLike, bounds: Mapping[str, Bounds] | None = None
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
    figure, axes = _panels(len(panels))
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
    legend_above(figure, axes[0])
    return figure


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


def distributions(networks: Mapping[str, Reservoir]) -> Figure:
    """Draw the distributions of degrees (in plus out) and membrane time constants before and after pruning.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> [axes.get_xlabel() for axes in distributions({"dense": reservoir}).axes]
    ['Links of a neuron', '$\\\\tau_m$ (ms)']
    """
    figure = column_figure(3.4)
    upper, lower = figure.subplots(2, 1)
    for name, colour in _colours(networks).items():
        reservoir = networks[name]
        degree = np.bincount(np.append(reservoir.pre, reservoir.post), minlength=reservoir.neurons)
        edges = np.unique(np.linspace(0, degree.max() + 1, 30).astype(int))
        upper.stairs(np.histogram(degree, edges, density=True)[0], edges, color=colour, label=_plain(name))
        edges = np.geomspace(reservoir.tau_m.min() * 0.99, reservoir.tau_m.max() * 1.01, 25)
        lower.stairs(np.histogram(reservoir.tau_m, edges)[0] / reservoir.neurons, edges, color=colour)
    lower.set_xscale("log")
    lower.set_xticks([3, 10, 30, 100], ["3", "10", "30", "100"])
    lower.minorticks_off()
    label_axes(upper, x="Links of a neuron", y="Density")
    label_axes(lower, x=r"$\tau_m$ (ms)", y="Share of neurons")
    legend_above(figure, upper)
    return figure


def network_graph(reservoir: Reservoir, ax: Axes | None = None) -> Figure:
    """Draw the graph at the positions of its neurons: blue excitatory, vermillion inhibitory, size by betweenness.

    Notes
    -----
    Positions are projected along the third axis; of more than 4000 links every k-th is drawn.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> len(network_graph(build(ReservoirSpec(neurons=30), seed=1)).axes)
    1
    """
    figure, axes = column_axes(3.2, ax)
    # an oblique projection, so that layers do not coincide
    place = reservoir.positions[:, :2] + reservoir.positions[:, 2:] * np.array([[0.31, 0.17]])
    if ax is None:  # areas side by side need less height
        wide, high = np.ptp(place, axis=0)
        figure.set_figheight(0.5 + 2.7 * float(np.clip(high / max(wide, 1e-12), 0.25, 1.0)))
    step = max(1, -(-reservoir.synapses // _MOST_DRAWN))
    pre, post = reservoir.pre[::step], reservoir.post[::step]
    colours = np.where(reservoir.is_excitatory[pre], EXCITATORY, INHIBITORY)
    ends = list(np.stack([place[pre], place[post]], axis=1))
    axes.add_collection(LineCollection(ends, colors=colours.tolist(), linewidths=0.25, alpha=0.35))
    live = reservoir.weight > 0
    central = betweenness(reservoir.neurons, reservoir.pre[live], reservoir.post[live], reservoir.weight[live])
    size = 3 + 60 * central / max(float(central.max()), 1e-12)
    for name, kind, colour in (("E", reservoir.is_excitatory, EXCITATORY), ("I", ~reservoir.is_excitatory, INHIBITORY)):
        if kind.any():
            x, y = place[kind].T
            style: dict[str, Any] = {"linewidths": 0.3, "edgecolors": "white", "zorder": 2, "clip_on": False}
            axes.scatter(x, y, s=size[kind], color=colour, label=name, **style)
    axes.set_aspect("equal")
    axes.set_axis_off()
    legend_above(figure, axes)
    return figure


def _over_iterations(runs: Mapping[str, Runs], columns: Mapping[str, str], bounds: Bounds | None = None) -> Figure:
    """Draw a panel for each label and field of a record; `bounds` replaces the bounds of the field."""
    if not runs or not all(runs.values()):
        raise InputError("runs", runs, "must hold at least one method with one run")
    figure, axes = _panels(len(columns))
    colours = _colours(runs)
    for axis, (label, name) in zip(axes, columns.items(), strict=True):
        for method, seeds in runs.items():
            if len({len(records) for records in seeds}) > 1:
                raise InputError(method, [len(records) for records in seeds], "runs must have as many iterations")
            values = np.array([[getattr(record, name) for record in records] for records in seeds], float)
            mean, low, high = _interval(values, bounds or bounds_of(name))
            known = np.isfinite(mean)  # values that are not measured in every iteration are drawn as points
            steps = np.array([record.iteration for record in seeds[0]])[known]
            colour = colours[method]
            marker = "" if known.all() else "o"
            axis.plot(steps, mean[known], color=colour, linewidth=1.0, marker=marker, markersize=2.5, label=_plain(method))
            axis.fill_between(steps, low[known], high[known], color=colour, alpha=0.2, linewidth=0)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        label_axes(axis, x="Iteration", y=label)
    legend_above(figure, axes[0])
    return figure


def _colours(names: Iterable[str]) -> dict[str, str]:
    """Return colours, the same for a method in all figures; the dense network is grey."""
    methods = [name for name in names if name != "dense"]
    return {name: GREY if name == "dense" else COLOURS[methods.index(name) % len(COLOURS)] for name in names}


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """Return a figure with `count` panels, in two columns if there are more than two."""
    columns = 1 if count <= 2 else 2
    rows = -(-count // columns)
    figure = column_figure(1.6 * rows + 0.5)
    figure.set_figwidth(columns * figure.get_figwidth())
    grid = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for unused in grid[count:]:
        unused.set_axis_off()
    return figure, grid[:count]


def _interval(values: Array, bounds: Bounds) -> tuple[Array, Array, Array]:
    """Return mean and 95 % interval over the rows; only the mean for a single row."""
    mean = values.mean(axis=0)
    if len(values) < 2:
        return mean, mean, mean
    low, high = np.array([mean_interval(column, bounds=bounds) for column in values.T]).T
    return mean, low, high


def _plain(name: str) -> str:
    return name.replace("_", " ")
