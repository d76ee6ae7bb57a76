"""Spikes on their way along recurrent links, and the currents that they add, in the order of the other grid engines."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hrsnn.engines.network_state import NetworkState
from hrsnn.reservoir import Reservoir


class Arrivals:
    """Recurrent links of a batch of stimuli, in rows: the links of one source with one delay, which a spike reaches at once.

    Rows are sorted by (delay, descending; source): those that are reached in one step are then in the order in which their
    spikes were emitted, and the sums of currents round as in the other engines. The spikes of the last steps are kept for
    all neurons, so that a step costs one look-up a row, however many spikes there are.

    Parameters
    ----------
    reservoir : Reservoir
    stimuli : int
    dtype, device
        Of the currents.
    start : NetworkState, optional
        With the spikes in transit and the short-term plasticity at the beginning.
    """

    def __init__(
        self,
        reservoir: Reservoir,
        stimuli: int,
        dtype: torch.dtype,
        device: str | torch.device,
        start: NetworkState | None = None,
    ) -> None:
        links, n = reservoir.recurrent, reservoir.neurons
        lag = np.round(links.delay / reservoir.dt).astype(np.int64)
        self._order = np.lexsort((links.post, links.pre, -lag))
        pre, lag = links.pre[self._order], lag[self._order]
        begins = np.append(True, (np.diff(pre) != 0) | (np.diff(lag) != 0))[: len(pre)]
        first = np.flatnonzero(begins)
        length = np.diff(np.append(first, len(pre)))
        self._row_of_link = np.repeat(np.arange(len(first)), length)
        inhibitory = ~reservoir.is_excitatory[pre[first]]
        self._stimuli, self._n, self._device = stimuli, n, device
        self._slots = int(lag.max(initial=0)) + 1

        def index(values: np.ndarray) -> Tensor:
            return torch.tensor(values, dtype=torch.int64, device=device)

        self._lag, self._source = index(lag[first]), index(pre[first])
        self._first, self._length = index(first), index(length)
        # excitatory and inhibitory currents are one array after another
        self._side = index(inhibitory * (stimuli * n))
        self._post = index(links.post[self._order])
        sign = np.where(reservoir.is_excitatory[pre], 1.0, -1.0)
        self._weight = torch.tensor(sign * links.weight[self._order], dtype=dtype, device=device)
        self._history = torch.zeros((self._slots, stimuli, n), dtype=torch.bool, device=device)
        if start is not None and self._slots > 1:
            ages, neurons = index(start.spike_age), index(start.spike_neuron)
            self._history[(-ages) % self._slots, 0, neurons] = True
        self._short_term = None if reservoir.short_term is None else _ShortTerm(self, reservoir, dtype, start)

    def deliver(self, step: int, spiked: Tensor, currents: Tensor) -> None:
        """Take the spikes (stimuli, N) of a step, and add what arrives in it to the currents (2, stimuli, N), in place."""
        if not len(self._first):
            return
        if self._slots == 1:
            hits = spiked[:, self._source].nonzero()
        else:
            self._history[step % self._slots] = spiked
            hits = self._history[(step - self._lag) % self._slots, :, self._source].T.nonzero()
        if not len(hits):
            return
        stimulus, row = hits.unbind(1)
        length = self._length[row]
        ends = length.cumsum(0)
        link = torch.arange(int(ends[-1]), device=self._device) + torch.repeat_interleave(
            self._first[row] - ends + length, length
        )
        base = torch.repeat_interleave(self._side[row] + stimulus * self._n, length)
        amount = self._weight[link]
        if self._short_term is not None:
            amount = amount * self._short_term.strength(step, stimulus, row, length, link)
        # in one dimension, entries are added one after another
        currents.view(-1).index_add_(0, base + self._post[link], amount)

    def short_term_after(self, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return u, R and the steps since the latest arrival at each link of the only stimulus, if there is plasticity."""
        if self._short_term is None:
            return np.empty(0), np.empty(0), np.empty(0, np.int64)
        given: list[np.ndarray] = []
        state = self._short_term
        since = steps - state.arrived[0].cpu().numpy()[self._row_of_link]
        for values in (state.used[0].cpu().numpy(), state.resources[0].cpu().numpy(), since):
            out = np.empty_like(values)
            out[self._order] = values
            given.append(out)
        return given[0], given[1], given[2]


class _ShortTerm:
    """Short-term plasticity of links, brought up to date when a spike arrives; see :class:`hrsnn.reservoir.ShortTerm`."""

    def __init__(self, rows: Arrivals, reservoir: Reservoir, dtype: torch.dtype, start: NetworkState | None) -> None:
        constants = reservoir.short_term
        assert constants is not None
        order, stimuli, device = rows._order, rows._stimuli, rows._device

        def taken(values: np.ndarray) -> Tensor:
            return torch.tensor(values[order], dtype=dtype, device=device)

        self._release = taken(constants.release)
        self._recovery = taken(-reservoir.dt / constants.tau_recovery)
        self._facilitation = taken(-reservoir.dt / constants.tau_facilitation)
        self.used = torch.zeros((stimuli, len(order)), dtype=dtype, device=device)
        self.resources = torch.ones_like(self.used)
        self.arrived = torch.zeros((stimuli, len(rows._first)), dtype=torch.int64, device=device)
        if start is not None:
            self.used[0], self.resources[0] = taken(start.variables.used), taken(start.variables.resources)
            self.arrived[0] = -torch.tensor(start.variables.arrived[order], device=device)[rows._first]

    def strength(self, step: int, stimulus: Tensor, row: Tensor, length: Tensor, link: Tensor) -> Tensor:
        """Return the factors of the weights of the links in rows that spikes reach now; a row is reached once in a step."""
        of_link = torch.repeat_interleave(stimulus, length)
        gap = torch.repeat_interleave((step - self.arrived[stimulus, row]).to(self.used.dtype), length)
        before, present, release = self.used[of_link, link], self.resources[of_link, link], self._release[link]
        resources = 1 + (present - before * present - 1) * torch.exp(gap * self._recovery[link])
        used = release + before * (1 - release) * torch.exp(gap * self._facilitation[link])
        self.used[of_link, link], self.resources[of_link, link] = used, resources
        self.arrived[stimulus, row] = step
        return used * resources / release
