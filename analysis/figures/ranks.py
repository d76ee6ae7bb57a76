"""Figure of the singular values of a matrix of states."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from hrsnn.analysis.figures.style import (
    EXCITATORY,
    GREY,
    INHIBITORY,
    label_axes,
    legend_of_panels,
    panel_figure,
)
from hrsnn.analysis.states.ranks import effective_rank
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


@takes()
def singular_values(
    states: ArrayLike, rank: float | None = None, *, share: float = 0.99, figure: Figure | SubFigure | None = None
) -> Figure:
    """Draw the singular values of the final states and their cumulative sum, with the effective rank marked.

    Parameters
    ----------
    states : array, shape (stimuli, neurons)
    rank : float, optional
        Rank to mark; by default ``effective_rank(states, share)``.
    share : float
        Share of the sum of singular values.
    figure : matplotlib.figure.Figure or matplotlib.figure.SubFigure, optional
        Figure to draw the panels into; by default a new one, as wide as a column.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When `states` is not a matrix of finite numbers, or `figure` is not a Matplotlib figure.

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
    figure, part = panel_figure(1.9, figure)
    left, right = part.subplots(1, 2)
    above = sigma > sigma[0] * 1e-15
    left.semilogy(order[above], sigma[above] / total, color=EXCITATORY, marker="o", markersize=1.5, linewidth=0.9)
    right.plot(order, np.cumsum(sigma) / total * 100, color=EXCITATORY, marker="o", markersize=1.5, linewidth=0.9)
    right.axhline(share * 100, color=GREY, linewidth=0.7, linestyle=":")
    right.set_ylim(0, 104)
    for axes in (left, right):
        axes.axvline(marked, color=INHIBITORY, linewidth=0.9, linestyle="--", label=f"effective rank {marked:.4g}")
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    label_axes(left, "Index", "Singular value / sum")
    label_axes(right, "Index", "Cumulative share (%)")
    legend_of_panels(part, right)
    return figure
