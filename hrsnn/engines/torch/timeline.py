"""What acts on a batch of stimuli from outside, by step: background and input spikes, and changes of the analog drive."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from hrsnn.engines.batch import Presentation
from hrsnn.engines.input_rows import InputRows
from hrsnn.reservoir import Reservoir


class InputLinks:
    """Input links by channel or, with delays, by row (:class:`hrsnn.engines.input_rows.InputRows`)."""

    def __init__(self, reservoir: Reservoir, rows: InputRows | None) -> None:
        links = reservoir.input
        self.weight = reservoir.input_weight
        of_link = links.pre if rows is None else rows.of_link
        #: Index of each link in the reservoir, in the order of the rows.
        self.order = np.lexsort((links.post, of_link))
        self._start = np.searchsorted(
            of_link[self.order], np.arange((reservoir.channels if rows is None else len(rows)) + 1)
        )
        self._post = links.post[self.order]

    def reached(self, row: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return, for spikes of these rows, the spike, the link and the neuron of each link that is reached, in order."""
        length = self._start[row + 1] - self._start[row]
        spike = np.repeat(np.arange(len(row)), length)
        place = np.arange(len(spike)) - np.repeat(np.cumsum(length) - length, length) + np.repeat(self._start[row], length)
        return spike, self.order[place], self._post[place]


class Timeline:
    """Events of a batch, sorted by step and then in the order of the other engines; each step has a slice of them.

    Parameters
    ----------
    presentations : sequence of Presentation
    n : int
        Number of neurons of each network.
    links : sequence of InputLinks
        Of each network, in turns: presentation k is of network ``k % len(links)``.
    dtype, device
        Of the amounts.
    """

    def __init__(
        self,
        presentations: Sequence[Presentation],
        n: int,
        links: Sequence[InputLinks],
        dtype: torch.dtype,
        device: str | torch.device,
    ) -> None:
        self.steps = max(one.n_steps for one in presentations)
        step, cell, amount = [], [], []
        for index, one in enumerate(presentations):
            step.append(one.background_step)
            cell.append(index * n + one.background_neuron.astype(np.int64))
            amount.append(one.background_jump)
        for index, one in enumerate(presentations):
            own_links = links[index % len(links)]
            spike, link, post = own_links.reached(one.spike_channel)
            step.append(one.spike_step[spike])
            cell.append(index * n + post.astype(np.int64))
            amount.append(one.spike_count[spike] * own_links.weight[link])
        self._jumps = _Events(self.steps, step, [cell, amount], [torch.int64, dtype], device)
        numbers = [np.full(len(one.drive_step), index) for index, one in enumerate(presentations)]
        drives = [numbers, [one.drive for one in presentations]]
        self._drives = _Events(self.steps, [one.drive_step for one in presentations], drives, [torch.int64, dtype], device)
        own = [[i * n + one.own_neuron.astype(np.int64) for i, one in enumerate(presentations)]]
        own.append([one.own_drive for one in presentations])
        self._own = _Events(self.steps, [one.own_step for one in presentations], own, [torch.int64, dtype], device)

    def set_drive(self, step: int, drive: Tensor) -> None:
        """Set the drive (stimuli, N) where it changes in this step, in place."""
        rows, values = self._drives.at(step)
        if len(rows):
            drive[rows] = values
        cells, single = self._own.at(step)
        if len(cells):
            drive.view(-1)[cells] = single

    def excite(self, step: int, exc: Tensor) -> None:
        """Add the background and input spikes of this step to the excitatory currents (stimuli, N), in place."""
        cells, amounts = self._jumps.at(step)
        if len(cells):
            exc.view(-1).index_add_(0, cells, amounts)


class _Events:
    """Columns of events, sorted by step; events of one step keep their order."""

    def __init__(
        self,
        steps: int,
        step: Sequence[np.ndarray],
        columns: Sequence[Sequence[np.ndarray]],
        dtypes: Sequence[torch.dtype],
        device: str | torch.device,
    ) -> None:
        when = np.concatenate(step)
        order = np.argsort(when, kind="stable")
        self._start = np.searchsorted(when[order], np.arange(steps + 1)).tolist()
        self._columns = [
            torch.tensor(np.concatenate(column)[order], dtype=dtype, device=device)
            for column, dtype in zip(columns, dtypes, strict=True)
        ]

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        first, stop = self._start[step], self._start[step + 1]
        one, other = self._columns
        return one[first:stop], other[first:stop]
