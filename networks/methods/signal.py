"""Signal pruning: the links that carry most of the past input are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hrsnn.networks.carried_input import input_covariance
from hrsnn.networks.methods.contract import Method, PrunedNetwork, PruningContext
from hrsnn.networks.methods.ranking import keep_highest
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import take_fields


@dataclass(frozen=True)
class SignalPruning:
    r"""Pruning by signal: links in the order of ``w_ij tau_s / tau_m,i |K_j|``, neurons in that of the signal they send out.

    K_j is the covariance of the filtered spikes of neuron j with past values of noise on the input channels
    (:func:`hrsnn.networks.input_covariance`), and \|K_j\| its Euclidean norm.

    Parameters
    ----------
    per_target : bool
        Whether each neuron's best link is kept first, then each one's second, and so on.
    values : int
        Number of values of the noise, 20 ms each, in each iteration.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> found = prune(build(ReservoirSpec(neurons=30), seed=1), SignalPruning(), iterations=2, synapse_target=0.5)
    >>> found.records[-1].links == found.records[-1].budget
    True
    """

    per_target: bool = True
    values: int = 3000
    uses_exponents: ClassVar[bool] = False

    def __post_init__(self) -> None:
        take_fields(self)
        count_of("values", self.values, 100)

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """Prune for one iteration."""
        reservoir = context.reservoir
        pre, post = reservoir.pre, reservoir.post
        with context.watch("signal"):
            carried = input_covariance(reservoir, values=self.values, seed=context.seed, engine=context.engine)
        norm = np.sqrt((carried**2).sum(axis=(1, 2)))
        decay = np.where(reservoir.is_excitatory[pre], reservoir.tau_exc[post], reservoir.tau_inh[post])
        signal = reservoir.weight * decay / reservoir.tau_m[post] * norm[pre]
        sent = np.bincount(pre, signal, minlength=reservoir.neurons).astype(np.float64)
        return keep_highest(context, signal, sent, per_target=self.per_target)


METHOD = Method(summary="the links that carry least of past input go", method=SignalPruning)
