"""Activity pruning: the neurons with the lowest rates are removed first, with their links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hrsnn.networks.methods.contract import Method, PrunedNetwork, PruningContext
from hrsnn.networks.methods.ranking import keep_highest


@dataclass(frozen=True)
class ActivityPruning:
    """Pruning by activity: links in the order of the less active of their two ends, neurons in that of their rates.

    References
    ----------
    A. G. Rust et al., Proc. ECAL 4 (1997), 224; a baseline in Chakraborty & Mukhopadhyay (2024). There only neurons are
    removed; here a budget of links is met exactly by removing the links of the least active neurons one by one.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> found = prune(build(ReservoirSpec(neurons=30), seed=1), ActivityPruning(), iterations=2, synapse_target=0.5)
    >>> found.records[-1].links == found.records[-1].budget
    True
    """

    uses_exponents: ClassVar[bool] = False

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """Prune for one iteration."""
        rates, reservoir = context.rates, context.reservoir
        before, after = rates[reservoir.pre], rates[reservoir.post]
        # many silent neurons have the same rate: ties are broken by the other end, then at random
        tie = context.random("ties").random(reservoir.synapses)
        order = np.lexsort((tie, np.maximum(before, after), np.minimum(before, after)))
        place = np.empty(len(order))
        place[order] = np.arange(len(order))
        ties = context.random("neurons").random(reservoir.neurons)
        return keep_highest(context, place, rates + 1e-6 * ties)


METHOD = Method(summary="the links and neurons of least activity go", method=ActivityPruning)
