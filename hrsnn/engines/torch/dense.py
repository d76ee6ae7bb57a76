"""Currents by products of spikes and dense matrices of weights, for networks with many links, in single precision.

A product adds in an order of its own, so that currents round differently from those of the other engines.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hrsnn.reservoir import Reservoir

#: Share of all pairs of neurons that are linked from which on a product is faster than a list of links; it was measured
#: (docs/engines.md). The most bytes of the matrices.
_DENSITY, _BYTES = 0.2, 2**30


def dense_pays(reservoir: Reservoir, networks: int, dtype: torch.dtype) -> bool:
    """Return whether products are to be used for networks that are joined in a reservoir.

    They are in single precision, from a density of 0.2 on, where a neuron has one delay for all its links, and without
    short-term plasticity. The number of stimuli does not matter, so that it does not change what is computed.
    """
    pairs = reservoir.neurons * (reservoir.neurons // networks)
    if dtype != torch.float32 or reservoir.short_term is not None or 4 * pairs > _BYTES:
        return False
    return reservoir.synapses >= _DENSITY * pairs and "delays_per_link" not in reservoir.needs()


class DenseArrivals:
    """Recurrent links of some networks as matrices; what :class:`hrsnn.engines.torch.arrivals.Arrivals` is by lists.

    Parameters
    ----------
    reservoir : Reservoir
        The networks, joined (:func:`hrsnn.engines.torch.population.joined`), each neuron with one delay.
    networks : int
        Their number R.
    stimuli : int
        Number M of stimuli of each.
    dtype, device
        Of the currents.
    """

    def __init__(
        self, reservoir: Reservoir, networks: int, stimuli: int, dtype: torch.dtype, device: str | torch.device
    ) -> None:
        links, total = reservoir.recurrent, reservoir.neurons
        self._shape = (stimuli, networks, total // networks)
        lag = np.zeros(total, np.int64)
        lag[links.pre] = np.round(links.delay / reservoir.dt)
        self._slots = int(lag.max(initial=0)) + 1
        self._history = torch.zeros((self._slots, stimuli, total), dtype=torch.bool, device=device)
        self._sides = [_Side(reservoir, networks, lag, excitatory, dtype, device) for excitatory in (True, False)]

    def deliver(self, step: int, spiked: Tensor, currents: Tensor) -> None:
        """Take the spikes (M, R N) of a step, and add what arrives in it to the currents (2, M, R N), in place."""
        self._history[step % self._slots] = spiked
        for current, side in zip(currents, self._sides, strict=True):
            arriving = self._history[(step - side.lag) % self._slots, :, side.source].to(current.dtype)
            rows = arriving.view(self._shape[1], -1, self._shape[0]).transpose(1, 2)
            current.view(self._shape).transpose(0, 1).add_(torch.bmm(rows, side.weight))


class _Side:
    """Excitatory or inhibitory neurons as sources: as many of each network, some without links where they are fewer."""

    def __init__(
        self,
        reservoir: Reservoir,
        networks: int,
        lag: np.ndarray,
        excitatory: bool,
        dtype: torch.dtype,
        device: str | torch.device,
    ) -> None:
        links, n = reservoir.recurrent, reservoir.neurons // networks
        members = [np.flatnonzero(one) for one in (reservoir.is_excitatory == excitatory).reshape(networks, n)]
        most = max(len(one) for one in members)
        place = np.full(reservoir.neurons, -1)
        source = np.zeros((networks, most), np.int64)
        for network, one in enumerate(members):
            place[network * n + one] = network * most + np.arange(len(one))
            source[network, : len(one)] = network * n + one
        weight = np.zeros((networks * most, n))
        mine = place[links.pre] >= 0
        sign = 1.0 if excitatory else -1.0
        weight[place[links.pre[mine]], links.post[mine] % n] = sign * links.weight[mine]
        self.weight = torch.tensor(weight.reshape(networks, most, n), dtype=dtype, device=device)
        self.source = torch.tensor(source.ravel(), device=device)
        self.lag = torch.tensor(lag[source.ravel()], device=device)
