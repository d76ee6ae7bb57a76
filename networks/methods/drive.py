"""Drive pruning: the links that carry the largest mean input are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hrsnn.networks.methods.contract import Method, PrunedNetwork, PruningContext
from hrsnn.networks.methods.link_scores import link_scores
from hrsnn.networks.methods.ranking import keep_highest
from hrsnn.validation.units import take_fields


@dataclass(frozen=True)
class DrivePruning:
    """Pruning by drive: links in the order of ``w_ij rate_j / tau_m,i``, neurons in that of the drive they send out.

    Parameters
    ----------
    per_target : bool
        Whether each neuron's best link is kept first, then each one's second, and so on: no neuron is left without input
        while there are as many links as neurons with any.

    Notes
    -----
    Deterministic: no sampling, no covariance, and none of steps 2 to 4 of :class:`~hrsnn.networks.LNP`. Rates are measured
    through the input channels.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> found = prune(reservoir, DrivePruning(), iterations=2, synapse_target=0.7)
    >>> bool(np.bincount(found.reservoir.post, minlength=30).min() >= 1)
    True
    """

    per_target: bool = True
    uses_exponents: ClassVar[bool] = False

    def __post_init__(self) -> None:
        take_fields(self)

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """Prune for one iteration."""
        reservoir = context.reservoir
        drive = link_scores(reservoir, "drive", rates=context.rates)
        sent = np.bincount(reservoir.pre, drive, minlength=reservoir.neurons).astype(np.float64)
        return keep_highest(context, drive, sent, per_target=self.per_target)


METHOD = Method(summary="the links that carry least drive go", method=DrivePruning)
