"""Synaptic scaling: the sum of each neuron's incoming weights is restored."""

from __future__ import annotations

import numpy as np

from hrsnn.reservoir import Reservoir
from hrsnn.validation.units import takes


@takes(weight="mV", target="mV", w_max="mV")
def normalised(weight: np.ndarray, target: np.ndarray, group: np.ndarray, w_max: np.ndarray) -> np.ndarray:
    """Weights whose sum over each group is `target`, in [0, w_max].

    Each group is multiplied by one factor; weights that would pass their bound stay at it, and the rest of the group takes
    what is missing. A group whose weights are all 0 has no proportions to keep and stays at 0, whatever its target: what
    STDP has brought to 0 as a whole is not revived.

    Parameters
    ----------
    weight : (S,) array, mV
    target : (groups,) array, mV
        Sum that each group is to have; at most the sum of its bounds.
    group : (S,) integer array
        Group of each weight: postsynaptic neuron times kind of source.
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
    """The sums of a neuron's excitatory, inhibitory and input weights in a reservoir, and how to come back to them.

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
        """Recurrent and input weights (mV), brought back to the sums."""
        first, second = (
            normalised(weight, target, group, w_max)
            for weight, (w_max, group, target) in zip((recurrent, input), self._sides, strict=True)
        )
        return first, second
