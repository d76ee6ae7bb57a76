"""Activity pruning as published: the least active neurons are removed, and the network is trained in each iteration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hrsnn.networks.methods.contract import Method, PrunedNetwork, PruningContext
from hrsnn.networks.methods.ranking import highest_neurons, least_neurons
from hrsnn.networks.reservoir_edits import keep_neurons
from hrsnn.reservoir import Reservoir
from hrsnn.simulation import simulate
from hrsnn.validation.units import take_fields


@dataclass(frozen=True)
class NeuronActivityPruning:
    """Pruning of the least active neurons with all their links, followed by STDP under the noise, in each iteration.

    Parameters
    ----------
    train : bool
        Whether STDP runs over the noise at the end of an iteration.

    Notes
    -----
    Neurons are removed, those of lowest rate first, until the links among the others are within the budget. The numbers of
    neurons and links are therefore found, not set: links go in whole neurons, and a target for neurons is not used.

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), section VI: "pruning the least active neurons and retraining the model in each
    iteration".

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> found = prune(build(ReservoirSpec(neurons=30), seed=1), NeuronActivityPruning(), iterations=2, synapse_target=0.5)
    >>> found.records[-1].links <= found.records[-1].budget, found.reservoir.neurons < 30
    (True, True)
    """

    train: bool = True
    uses_exponents: ClassVar[bool] = False
    finds_sizes: ClassVar[bool] = True

    def __post_init__(self) -> None:
        take_fields(self)

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """Prune for one iteration."""
        reservoir = context.reservoir
        # many silent neurons have the same rate
        score = context.rates + 1e-6 * context.random("neurons").random(reservoir.neurons)
        fewest, most = least_neurons(reservoir), reservoir.neurons
        while fewest < most:
            middle = (fewest + most + 1) // 2
            kept = highest_neurons(reservoir, score, middle)
            if int((kept[reservoir.pre] & kept[reservoir.post]).sum()) <= context.links:
                fewest = middle
            else:
                most = middle - 1
        kept = highest_neurons(reservoir, score, fewest)
        return PrunedNetwork(keep_neurons(reservoir, kept), kept)

    def finish(self, context: PruningContext, reservoir: Reservoir) -> tuple[Reservoir, dict[str, float]]:
        """Run STDP over the noise."""
        if not self.train:
            return reservoir, {}
        found = simulate(reservoir, context.stimulus, plastic=True, record=(), seed=context.seed, engine=context.engine)
        moved = float(np.abs(found.reservoir.weight - reservoir.weight).mean()) if reservoir.synapses else 0.0
        return found.reservoir, {"mean_weight_change": moved}


METHOD = Method(summary="the neurons of least activity go, with STDP between", method=NeuronActivityPruning)
