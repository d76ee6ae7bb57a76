"""Currents by spikes along recurrent links: products with a dense matrix, or sums over links."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hrsnn.reservoir import Reservoir

#: Share of the possible links from which on a dense product is faster, as measured (docs/training.md).
DENSE_FROM = 0.015


class Recurrence:
    """The recurrent links of a reservoir as index tensors.

    Spikes are read by neuron where all links of each have one delay, else by link. With a delay for each link, and in sparse
    networks, the currents are sums over links; else products with a matrix for each sign.

    Parameters
    ----------
    reservoir : Reservoir
    dense : bool, optional
        Whether to use matrices; by default by the density.
    """

    def __init__(self, reservoir: Reservoir, dense: bool | None = None) -> None:
        links, n = reservoir.recurrent, reservoir.neurons
        self._n, self._excitatory = n, torch.tensor(np.flatnonzero(reservoir.is_excitatory))
        self._inhibitory = torch.tensor(np.flatnonzero(~reservoir.is_excitatory))
        self.per_link = bool((np.diff(links.delay)[np.diff(links.pre) == 0] != 0).any())
        possible = max(n * (n - 1), 1)
        self.dense = not self.per_link and (links.pre.size >= DENSE_FROM * possible if dense is None else dense)
        #: Source of each delay.
        self.source = torch.tensor(links.pre if self.per_link else np.arange(n), dtype=torch.int64)
        #: Place of each link's source in what arrives, its target, and whether its source is excitatory (1 or 0).
        self.pre = torch.tensor(np.arange(len(links)) if self.per_link else links.pre, dtype=torch.int64)
        inhibitory = ~reservoir.is_excitatory[links.pre]
        self._target = torch.tensor(links.post + n * inhibitory, dtype=torch.int64)
        self.post = torch.tensor(links.post, dtype=torch.int64)
        self.of_excitatory = torch.tensor(np.where(inhibitory, 0.0, 1.0), dtype=torch.float32)
        self._sign = torch.tensor(np.where(inhibitory, -1.0, 1.0))
        self._cell = torch.tensor(links.pre.astype(np.int64) * n + links.post)

    def to(self, device: torch.device) -> None:
        """Move the indices to a device."""
        for name, value in vars(self).items():
            if isinstance(value, Tensor) and value.device != device:
                setattr(self, name, value.to(device))

    def delays_of(self, reservoir: Reservoir) -> np.ndarray:
        """Return the delay of each source that is read, in steps."""
        steps = np.round(reservoir.delay / reservoir.dt)
        if self.per_link:
            return steps
        found = np.zeros(reservoir.neurons)
        found[reservoir.pre] = steps
        return found

    def of_links(self, delays: np.ndarray, reservoir: Reservoir) -> np.ndarray:
        """Return a value of each source that is read as one of each link."""
        return delays if self.per_link else delays[reservoir.pre]

    def weights(self, weight: Tensor) -> tuple[Tensor, ...]:
        """Return the weights >= 0 (S,) in the form that :meth:`currents` takes."""
        signed = weight * self._sign.to(weight.dtype)
        if not self.dense:
            return (signed,)
        matrix = signed.new_zeros(self._n * self._n).index_add(0, self._cell, signed).view(self._n, self._n)
        return matrix[self._excitatory], matrix[self._inhibitory]

    def currents(self, arrivals: Tensor, weights: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """Return the jumps of the excitatory and inhibitory currents (stimuli, N) by the spikes that arrive."""
        if self.dense:
            excitatory, inhibitory = weights
            return arrivals[:, self._excitatory] @ excitatory, arrivals[:, self._inhibitory] @ inhibitory
        acting = arrivals[:, self.pre] * weights[0]
        both = acting.new_zeros((len(arrivals), 2 * self._n)).index_add(1, self._target, acting)
        return both[:, : self._n], both[:, self._n :]
