"""Noise pruning by weight: LNP without exponents, neuron removal and delocalisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from hrsnn.networks.methods.contract import Method, PrunedNetwork, PruningContext
from hrsnn.networks.methods.lyapunov_noise import LNP, Covariance
from hrsnn.validation.units import take_fields


@dataclass(frozen=True)
class NoisePruning:
    """Step 1 of LNP with the score ``|w|``: ``p_ij = rho |w_ij| (S_ii + S_jj - 2 sgn(w_ij) S_ij)``.

    Parameters
    ----------
    covariance : {"analytic", "delayed", "measured"}
    leak : {"critical", "diagonal"}
    weights : {"mask", "rescale"}
        As in :class:`~hrsnn.networks.LNP`.

    Notes
    -----
    With a target for neurons, those of the lowest betweenness are removed, as in LNP.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> half = prune(reservoir, NoisePruning(), iterations=2, synapse_target=0.5).reservoir
    >>> half.synapses == round(reservoir.synapses / 2)
    True

    References
    ----------
    E. Moore & R. Chaudhuri, "Using noise to probe recurrent neural network structure and prune synapses", NeurIPS 33 (2020).
    """

    covariance: Covariance = "analytic"
    leak: Literal["critical", "diagonal"] = "critical"
    weights: Literal["mask", "rescale"] = "mask"

    def __post_init__(self) -> None:
        take_fields(self)

    uses_exponents: ClassVar[bool] = False

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """Prune for one iteration."""
        like = LNP("weight", self.covariance, self.leak, self.weights, delocalise="none", timescales=False)
        return like.prune(context)


METHOD = Method(summary="noise pruning by the weight", method=NoisePruning)
