"""Random pruning: every link is removed with the same probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hrsnn.networks.methods.contract import Method, PrunedNetwork, PruningContext
from hrsnn.networks.methods.ranking import keep_highest


@dataclass(frozen=True)
class RandomPruning:
    """Random pruning of links and neurons.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> found = prune(build(ReservoirSpec(neurons=30), seed=1), RandomPruning(), iterations=3, neuron_target=0.5)
    >>> found.reservoir.neurons
    15
    """

    uses_exponents: ClassVar[bool] = False

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """Prune for one iteration."""
        reservoir = context.reservoir
        links = context.random("links").random(reservoir.synapses)
        return keep_highest(context, links, context.random("neurons").random(reservoir.neurons))


METHOD = Method(summary="links and neurons go at random", method=RandomPruning)
