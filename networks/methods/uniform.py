"""Random pruning: every link is removed with the same probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hrsnn.networks.methods.contract import Method, PrunedNetwork, PruningContext, keep_highest
from hrsnn.validation.units import take_fields


@dataclass(frozen=True)
class RandomPruning:
    """Random pruning of links and neurons.

    Parameters
    ----------
    compensate : bool
        Whether a bias compensates for the mean input that a neuron lost.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> found = prune(build(ReservoirSpec(neurons=30), seed=1), RandomPruning(), iterations=3, neuron_target=0.5)
    >>> found.reservoir.neurons
    15
    """

    compensate: bool = True

    def __post_init__(self) -> None:
        take_fields(self)

    uses_exponents: ClassVar[bool] = False

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """Prune for one iteration."""
        reservoir = context.reservoir
        links = context.random("links").random(reservoir.synapses)
        return keep_highest(context, links, context.random("neurons").random(reservoir.neurons), self.compensate)


METHOD = Method(summary="links and neurons go at random", method=RandomPruning)
