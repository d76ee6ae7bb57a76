"""Magnitude pruning: the smallest weights are removed first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hrsnn.networks.methods.contract import Method, PrunedNetwork, PruningContext
from hrsnn.networks.methods.ranking import keep_highest


@dataclass(frozen=True)
class MagnitudePruning:
    """Pruning by magnitude: links in the order of ``|w|``, neurons in that of the sum of ``|w|`` over all their links.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> pruned = prune(reservoir, MagnitudePruning(), iterations=2, synapse_target=0.5).reservoir
    >>> bool(pruned.weight.min() >= np.median(reservoir.weight))
    True
    """

    uses_exponents: ClassVar[bool] = False

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """Prune for one iteration."""
        reservoir = context.reservoir
        ends = np.append(reservoir.pre, reservoir.post)
        strength = np.bincount(ends, np.tile(reservoir.weight, 2), minlength=reservoir.neurons).astype(np.float64)
        return keep_highest(context, reservoir.weight, strength)


METHOD = Method(summary="the smallest weights go", method=MagnitudePruning)
