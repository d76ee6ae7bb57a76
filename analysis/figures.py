"""Pictures of runs and scores, for a paper's column: data in, a Matplotlib figure out.

No pyplot and no global state: a figure belongs to whoever asked for it, in any thread and without a display. Colours are
those of Okabe and Ito, which colour-blind readers tell apart; excitatory neurons are blue, inhibitory ones vermillion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.linear_memory import MemoryCapacity
from hrsnn.analysis.ranks import effective_rank
from hrsnn.errors import InputError
from hrsnn.files import PathLike, writing
from hrsnn.labels import Labels
from hrsnn.units import takes

Array = NDArray[np.float64]

EXCITATORY, INHIBITORY = "#0072B2", "#D55E00"
_CYCLE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_GREY, _BAND = "#7F7F7F", "#D9D9D9"
_WIDTH = 3.5  # inches, one column
_SMALL, _TEXT = 7, 8  # points
_ANNOTATED_CLASSES = 12
_SHOWN_OUTPUTS = 4


def save(figure: Figure, path: PathLike, dpi: int = 300) -> None:
    """Write `figure` to `path`, whole or not at all; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path
        Ends in ``.png`` or ``.pdf``.
    dpi : int
        Dots an inch of a PNG.

    Raises
    ------
    InputError
        When the name ends otherwise.
    FileError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> figure = scores_bar({"reservoir": 0.91}, {"pixels": 0.97}, chance=0.1)
    >>> path = Path(tempfile.mkdtemp()) / "scores.png"
    >>> save(figure, path)
    >>> path.stat().st_size > 1000
    True
    """
    suffix = Path(path).suffix.lower()
    undated: dict[str, dict[str, None]] = {".png": {}, ".pdf": {"CreationDate": None}}
    if suffix not in undated:
        raise InputError("path", str(path), "must end in .png or .pdf")
    with writing(path) as temporary:
        figure.savefig(temporary, dpi=dpi, format=suffix[1:], metadata=undated[suffix])


@takes(times="ms", duration="ms")
def spike_raster(times: ArrayLike, neurons: ArrayLike, is_excitatory: ArrayLike, duration: float) -> Figure:
    """Every spike of one sample, excitatory neurons below and inhibitory ones above, over the two mean rates.

    Parameters
    ----------
    times : array, shape (spikes,)
        ms.
    neurons : array of int, shape (spikes,)
        Which neuron fired.
    is_excitatory : array of bool, shape (neurons,)
    duration : float
        Length of the sample (ms); later spikes are not drawn.

    Returns
    -------
    matplotlib.figure.Figure

    Notes
    -----
    Rates are of bins of 5 ms, longer for samples of more than a second (1/200 of the duration).

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

    figure = _figure(2.9)
    raster, rates = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    count = max(1, round(duration / max(5.0, duration / 200)))
    edges = np.linspace(0, duration, count + 1)
    # a marker of an inked height that a few thousand spikes do not turn into a block
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
        raster.axhline(n_excitatory - 0.5, color=_GREY, linewidth=0.5)
    raster.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    rates.set_ylim(bottom=0)
    rates.yaxis.set_major_locator(MaxNLocator(3))
    _label(raster, "", "Neuron")
    _label(rates, "Time (ms)", "Rate (Hz)")
    figure.align_ylabels()
    _legend_above(figure, rates)
    return figure


@takes(tau_m="ms")
def time_constants(
    tau_m: ArrayLike,
    is_excitatory: ArrayLike,
    densities: tuple[Callable[[Array], ArrayLike], Callable[[Array], ArrayLike]] | None = None,
    *,
    label: str = "Membrane time constant (ms)",
) -> Figure:
    """Histograms of a time constant of excitatory and inhibitory neurons, with what they were drawn from.

    Parameters
    ----------
    tau_m : array, shape (neurons,)
        ms.
    is_excitatory : array of bool, shape (neurons,)
    densities : (callable, callable), optional
        Probability densities (1/ms) at times in ms, of E and of I, drawn as lines.
    label : str
        Of the horizontal axis.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = time_constants([30.0, 25.0, 20.0], [True, True, False])
    >>> figure.axes[0].get_ylabel()
    'Probability density (1/ms)'
    """
    tau, excitatory = np.asarray(tau_m, float), np.asarray(is_excitatory, bool)
    spread = float(np.ptp(tau))
    # one value for all neurons is a bar of its own, a millisecond wide
    edges = np.linspace(tau.min(), tau.max(), 31) if spread > 0 else tau[0] + np.array([-0.5, 0.5])
    figure = _figure(2.3)
    axes = figure.subplots()
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
    _label(axes, label, "Probability density (1/ms)")
    _legend_above(figure, axes)
    return figure


@takes()
def confusion_matrix(y_true: Labels, y_pred: Labels, classes: Sequence[Any] | None = None) -> Figure:
    """Which class was taken for which: the shares of each true class, row by row.

    Parameters
    ----------
    y_true, y_pred : array, shape (samples,)
    classes : sequence, optional
        Names, in the order of the rows; by default all values that occur, sorted.

    Returns
    -------
    matplotlib.figure.Figure
        With up to 12 classes every share that is not 0 is written in its cell.

    Raises
    ------
    InputError
        When the arrays differ in length or hold a class that is not in `classes`.

    Examples
    --------
    >>> figure = confusion_matrix(["a", "a", "b"], ["a", "b", "b"])
    >>> figure.axes[0].get_title()
    'Accuracy 0.667 (3 samples)'
    """
    true, predicted = np.asarray(y_true).ravel(), np.asarray(y_pred).ravel()
    if len(true) != len(predicted) or len(true) == 0:
        raise InputError("y_pred", predicted.shape, f"must be as long as y_true, {len(true)}, and not empty")
    names = np.unique(np.concatenate([true, predicted])) if classes is None else np.asarray(classes)
    place = {name: index for index, name in enumerate(names.tolist())}
    unknown = [name for name in np.concatenate([true, predicted]).tolist() if name not in place]
    if unknown:
        raise InputError("classes", classes, f"must hold every class that occurs, {unknown[0]!r} among them")
    counts = np.zeros((len(names), len(names)))
    np.add.at(counts, ([place[name] for name in true.tolist()], [place[name] for name in predicted.tolist()]), 1)
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)

    figure = _figure(3.2)
    axes = figure.subplots()
    picture = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    every = max(1, -(-len(names) // 20))
    ticks = np.arange(0, len(names), every)
    shown = [str(name) for name in names[::every]]
    crowded = sum(map(len, shown)) > 30
    axes.set_xticks(ticks, shown, rotation=90 if crowded else 0)
    axes.set_yticks(ticks, shown)
    if len(names) <= _ANNOTATED_CLASSES:
        for row, column in zip(*np.nonzero(counts), strict=True):
            value = share[row, column]
            text = "1" if value == 1 else f"{value:.2f}".lstrip("0")
            colour = "white" if value > 0.5 else "black"
            axes.text(float(column), float(row), text, ha="center", va="center", fontsize=6, color=colour)
    bar = figure.colorbar(picture, ax=axes, fraction=0.046)
    bar.set_label("Share of the true class", fontsize=_TEXT)
    bar.ax.tick_params(labelsize=_SMALL)
    _label(axes, "Predicted class", "True class")
    axes.spines[:].set_visible(True)
    axes.set_title(f"Accuracy {np.mean(true == predicted):.3g} ({len(true)} samples)", fontsize=_TEXT)
    return figure


@takes(hold="ms")
def memory_curve(
    memories: MemoryCapacity | Mapping[str, MemoryCapacity],
    hold: float | None = None,
    controls: Mapping[str, MemoryCapacity] | None = None,
) -> Figure:
    """Held-out r^2 against the delay, over what shuffled inputs reach; the legend gives each capacity and interval.

    Parameters
    ----------
    memories : MemoryCapacity or mapping of label to MemoryCapacity
        Drawn as full lines with markers. The grey band reaches up to the first one's 95th percentile of the surrogates.
    hold : float, optional
        How long a value was held (ms), for an axis in ms; by default what the first one says.
    controls : mapping of label to MemoryCapacity, optional
        Drawn dashed.

    Returns
    -------
    matplotlib.figure.Figure
        Up to twice the longest span, at least 10 delays; r^2 on a logarithmic scale.

    Raises
    ------
    InputError
        When there is no curve.

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
    # spans are in ms where a hold was given when the capacity was computed
    reach = max(round(one.span / (one.hold or 1.0)) for one in everything)
    longest = min(max(2 * reach, 10), max(len(one.curve) for one in everything))

    figure = _figure(2.4 + 0.15 * len(everything))
    axes = figure.subplots()
    delays = np.arange(1, len(first.curve) + 1) * unit
    floor = 0.3 * min(float(first.surrogate_95[first.surrogate_95 > 0].min(initial=0.01)), 0.01)
    axes.fill_between(delays, floor, first.surrogate_95, color=_BAND, linewidth=0, label="shuffled input, 95 %")
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
            color=_CYCLE[order % len(_CYCLE)],
            label=f"{name}: {score}" if name else score,
        )
    axes.set_xlim(0, longest * unit)
    # a linear scale would show neither the surrogates nor the tail; a leaky memory is a straight line here
    axes.set_yscale("log")
    axes.set_ylim(floor, 1.3)
    _label(axes, "Delay (values)" if step is None else "Delay (ms)", r"Held-out $r^2$")
    _legend_above(figure, axes, columns=1)
    return figure


@takes(before="mV", after="mV", w_max="mV")
def weights_before_after(before: ArrayLike, after: ArrayLike, w_max: ArrayLike, is_excitatory_link: ArrayLike) -> Figure:
    """Weights before and after plasticity, of excitatory and of inhibitory links, in units of their upper bounds.

    Parameters
    ----------
    before, after : array, shape (links,)
        mV.
    w_max : float or array, shape (links,)
        Upper bounds (mV).
    is_excitatory_link : array of bool, shape (links,)
        Whether the presynaptic neuron is excitatory.

    Returns
    -------
    matplotlib.figure.Figure
        Above, histograms (grey before, coloured after); below, each link's change.

    Raises
    ------
    InputError
        When the arrays differ in length.

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

    figure = _figure(3.2)
    grid = figure.subplots(2, 2, sharex=True, sharey="row", height_ratios=(1, 1))
    edges = np.linspace(0, 1, 41)
    kinds = (("E links", excitatory, EXCITATORY), ("I links", ~excitatory, INHIBITORY))
    for column, (name, members, colour) in enumerate(kinds):
        count = max(int(members.sum()), 1)
        top, bottom = grid[0, column], grid[1, column]
        # clipped, since a weight may pass its bound by a rounding error
        before_share = np.histogram(np.clip(old[members], 0, 1), edges)[0] / count * 100
        after_share = np.histogram(np.clip(new[members], 0, 1), edges)[0] / count * 100
        top.stairs(before_share, edges, fill=True, color=_BAND, label="before")
        top.stairs(after_share, edges, color=colour, linewidth=1.1, label="after")
        top.set_title(f"{name} ({members.sum()})", fontsize=_TEXT)
        top.legend(fontsize=_SMALL, frameon=False)
        area = float(np.clip(4000 / count, 0.3, 4.0))
        bottom.axhline(0, color=_GREY, linewidth=0.6)
        bottom.scatter(old[members], change[members], s=area, c=colour, linewidths=0, alpha=0.6, rasterized=True)
        bottom.set_xlim(0, 1)
        bottom.set_xticks([0, 0.5, 1])
        _label(top, "", "Links (%)" if column == 0 else "")
        _label(bottom, "Weight before / bound", "Change / bound" if column == 0 else "")
    figure.align_ylabels()
    return figure


@takes()
def scores_bar(
    scores: Mapping[str, float],
    baselines: Mapping[str, float] | None = None,
    *,
    chance: float | None = None,
    label: str = "Accuracy",
) -> Figure:
    """Scores beside their baselines, as bars with their values; chance as a dashed line.

    Parameters
    ----------
    scores, baselines : mapping of name to value
        Scores are blue, baselines grey; underscores in names become spaces. A nan is written, without a bar.
    chance : float, optional
    label : str
        What is scored, with its unit.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When there is nothing to draw.

    Examples
    --------
    >>> figure = scores_bar({"reservoir": 0.91}, {"no_recurrence": 0.9, "pixels": 0.97}, chance=0.1)
    >>> [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    ['reservoir', 'no recurrence', 'pixels']
    """
    bars = [(name, float(value), EXCITATORY) for name, value in scores.items()]
    bars += [(name, float(value), _GREY) for name, value in (baselines or {}).items()]
    if not bars:
        raise InputError("scores", scores, "must hold at least one score")
    values = np.array([value for _, value, _ in bars])
    finite = np.nan_to_num(values)
    figure = _figure(0.75 + 0.24 * len(bars))
    axes = figure.subplots()
    places = np.arange(len(bars))
    axes.barh(places, finite, color=[colour for _, _, colour in bars], height=0.7)
    axes.set_yticks(places, [name.replace("_", " ") for name, _, _ in bars])
    axes.invert_yaxis()
    reach = max(float(np.abs(finite).max()), abs(chance or 0.0)) or 1.0
    for place, (value, length) in enumerate(zip(values, finite, strict=True)):
        end = length + 0.02 * reach * (-1 if length < 0 else 1)
        axes.text(end, place, f"{value:.3g}", va="center", ha="right" if length < 0 else "left", fontsize=_SMALL)
    if chance is not None:
        axes.axvline(chance, color="black", linewidth=0.9, linestyle="--", label=f"chance, {chance:.3g}")
        _legend_above(figure, axes)
    # room for the numbers at the bars' ends
    low, high = min(float(finite.min()), 0.0), max(float(finite.max()), chance or 0.0, 0.0)
    axes.set_xlim(low - 0.18 * reach * (low < 0), high + 0.18 * reach)
    _label(axes, label, "")
    return figure


@takes()
def forecast_series(
    time: ArrayLike,
    target: ArrayLike,
    prediction: ArrayLike,
    names: Sequence[str] | None = None,
    *,
    time_label: str = "Time (ms)",
) -> Figure:
    """A series and its forecast, a panel for each of the first four outputs.

    Parameters
    ----------
    time : array, shape (times,)
    target, prediction : array, shape (times,) or (times, outputs)
    names : sequence of str, optional
        Of the outputs, with their units.
    time_label : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When shapes or the number of names do not match.

    Examples
    --------
    >>> t = np.arange(100.0)
    >>> figure = forecast_series(t, np.sin(t / 9), np.sin(t / 9 - 0.1), names=["x"])
    >>> figure.axes[0].get_ylabel(), figure.axes[-1].get_xlabel()
    ('x', 'Time (ms)')
    """
    when, true, guess = np.asarray(time, float), np.asarray(target, float), np.asarray(prediction, float)
    if true.shape != guess.shape or len(when) != len(true):
        raise InputError("prediction", guess.shape, f"must have the target's shape, {true.shape}, a row for each time")
    true, guess = true.reshape(len(when), -1), guess.reshape(len(when), -1)
    outputs = true.shape[1]
    if names is None:
        names = ["Output"] if outputs == 1 else [f"Output {number + 1}" for number in range(outputs)]
    elif len(names) != outputs:
        raise InputError("names", names, f"must hold one name for each of the {outputs} outputs")
    shown = min(outputs, _SHOWN_OUTPUTS)
    figure = _figure(0.9 + 0.95 * shown)
    panels = figure.subplots(shown, 1, sharex=True, squeeze=False)[:, 0]
    for output, axes in enumerate(panels):
        axes.plot(when, true[:, output], color="black", linewidth=1.0, label="target")
        axes.plot(when, guess[:, output], color=INHIBITORY, linewidth=1.0, linestyle="--", label="forecast")
        axes.yaxis.set_major_locator(MaxNLocator(4))
        _label(axes, time_label if output == shown - 1 else "", names[output])
    panels[0].set_xlim(when[0], when[-1])
    figure.align_ylabels()
    _legend_above(figure, panels[0])
    return figure


@takes()
def singular_values(states: ArrayLike, rank: float | None = None, *, share: float = 0.99) -> Figure:
    """Singular values of the final states and the sum they reach, with the effective rank marked.

    Parameters
    ----------
    states : array, shape (stimuli, neurons)
    rank : float, optional
        The rank to mark; by default ``effective_rank(states, share)``.
    share : float
        Of the sum of singular values.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When `states` is no matrix of finite numbers.

    Examples
    --------
    >>> figure = singular_values(np.diag([1.0, 0.5, 0.001]))
    >>> figure.axes[1].get_ylabel()
    'Cumulative share (%)'
    """
    computed = effective_rank(states, share)
    marked = computed if rank is None else rank
    sigma = np.linalg.svd(np.asarray(states, float), compute_uv=False)
    order = np.arange(1, len(sigma) + 1)
    total = sigma.sum() or 1.0
    figure = _figure(1.9)
    left, right = figure.subplots(1, 2)
    above = sigma > sigma[0] * 1e-15
    left.semilogy(order[above], sigma[above] / total, color=EXCITATORY, marker="o", markersize=1.5, linewidth=0.9)
    right.plot(order, np.cumsum(sigma) / total * 100, color=EXCITATORY, marker="o", markersize=1.5, linewidth=0.9)
    right.axhline(share * 100, color=_GREY, linewidth=0.7, linestyle=":")
    right.set_ylim(0, 104)
    for axes in (left, right):
        axes.axvline(marked, color=INHIBITORY, linewidth=0.9, linestyle="--", label=f"effective rank {marked:.4g}")
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    _label(left, "Index", "Singular value / sum")
    _label(right, "Index", "Cumulative share (%)")
    _legend_above(figure, right)
    return figure


def _figure(height: float) -> Figure:
    return Figure(figsize=(_WIDTH, height), layout="constrained")


def _label(axes: Axes, x: str, y: str) -> None:
    """Names of the axes and the sizes that stay readable in one column."""
    axes.set_xlabel(x, fontsize=_TEXT)
    axes.set_ylabel(y, fontsize=_TEXT)
    axes.tick_params(labelsize=_SMALL, width=0.6, length=2.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_linewidth(0.6)


def _legend_above(figure: Figure, axes: Axes, columns: int = 3) -> None:
    """The legend of `axes` over the whole figure, where it hides nothing."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=columns, fontsize=_SMALL, frameon=False)
