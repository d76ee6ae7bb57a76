"""Homeostasis by synaptic scaling, which restores the sum of each neuron's incoming weights."""

from __future__ import annotations

import numpy as np

from hrsnn.reservoir import Reservoir
from hrsnn.validation.units import takes


@takes(weight="mV", target="mV", w_max="mV")
def normalised(weight: np.ndarray, target: np.ndarray, group: np.ndarray, w_max: np.ndarray) -> np.ndarray:
    """Return weights in [0, w_max] whose sum over each group is `target`.

    Each group is multiplied by one factor; weights that would exceed their bound are set to it, and the others of the group
    are scaled up further to reach the target. A group whose weights are all 0 has no proportions to preserve and stays at
    0, whatever its target: a group that STDP has reduced to 0 does not recover.

    Parameters
    ----------
    weight : (S,) array, mV
    target : (groups,) array, mV
        Target sum of each group; at most the sum of its bounds.
    group : (S,) integer array
        Group of each weight: a combination of postsynaptic neuron and type of source.
    w_max : (S,) array, mV

    Returns
    -------
    (S,) array, mV

    Examples
    --------
    >>> normalised(np.array([1.0, 3.0]), np.array([6.0]), np.array([0, 0]), np.array([9.0, 4.0]))
    array([2., 4.])
    """
    size = len(target)
    weight = weight.copy()
    capped = np.zeros(len(weight), dtype=bool)
    while True:
        fixed = np.bincount(group, np.where(capped, w_max, 0.0), minlength=size)
        free = np.bincount(group, np.where(capped, 0.0, weight), minlength=size)
        factor = np.divide(target - fixed, free, out=np.ones(size), where=free > 0)
        scaled = np.where(capped, w_max, weight * np.maximum(factor, 0.0)[group])
        over = ~capped & (scaled > w_max)
        if not over.any():
            return scaled
        capped |= over


class Homeostasis:
    """Scaling of each neuron's excitatory, inhibitory and input weights to their sums in a reservoir.

    A group whose weights have all become 0 stays at 0, as in :func:`normalised`.
    """

    def __init__(self, reservoir: Reservoir) -> None:
        n = reservoir.neurons
        source_kind = (~reservoir.is_excitatory[reservoir.pre]).astype(np.intp)
        self._sides = [
            (links.w_max, group, np.bincount(group, links.weight, minlength=size))
            for links, group, size in (
                (reservoir.recurrent, source_kind * n + reservoir.post, 2 * n),
                (reservoir.input, reservoir.input_post.astype(np.intp), n),
            )
        ]

    def restored(self, recurrent: np.ndarray, input: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return recurrent and input weights (mV) scaled to these sums."""
        first, second = (
            normalised(weight, target, group, w_max)
            for weight, (w_max, group, target) in zip((recurrent, input), self._sides, strict=True)
        )
        return first, second
