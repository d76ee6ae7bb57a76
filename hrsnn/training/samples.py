"""Stimuli on the grid as tensors, a minibatch at a time; what acts in each step is that of the engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hrsnn.display import Displayed
from hrsnn.engines.batch import Batch
from hrsnn.kinds.contract import Network
from hrsnn.stimuli.stimulus import Stimulus


@dataclass(frozen=True)
class Minibatch(Displayed):
    """B stimuli on the grid; events are sorted by step."""

    lengths: Tensor  #: (B,) number of steps of each
    spikes: dict[str, Tensor]  #: step, stimulus, channel and count of input spikes
    background: dict[str, Tensor]  #: step, stimulus, neuron and jump (mV) of background spikes
    values: Tensor  #: (changes + 1, channels) of analog input; the first is 0
    row: Tensor | None  #: (T, B) row of `values` that holds in each step; None for spikes

    @property
    def steps(self) -> int:
        """Number of steps of the longest."""
        return int(self.lengths.max())

    def __len__(self) -> int:
        return len(self.lengths)

    def between(self, name: str, start: int, stop: int) -> dict[str, Tensor]:
        """Return the events "spikes" or "background" of steps from `start` to before `stop`."""
        events: dict[str, Tensor] = getattr(self, name)
        ends = torch.tensor([start, stop], device=self.lengths.device)
        first, last = torch.searchsorted(events["step"], ends).tolist()
        return {key: column[first:last] for key, column in events.items()}


class Samples:
    """All stimuli of a part of a task, on the grid of a network without delays of its input.

    Parameters
    ----------
    network : Network
    stimulus : SpikeTrains or Currents
    seed : int
        Of the background input.
    """

    def __init__(self, network: Network, stimulus: Stimulus, seed: int = 0) -> None:
        self._batch = Batch(network, stimulus, 0.0, seed, [])
        self._channels, self.spiking, self.lengths = network.channels, self._batch.spiking, self._batch.steps

    def __len__(self) -> int:
        return len(self._batch)

    def minibatch(self, rows: Sequence[int], dtype: torch.dtype, device: str | torch.device = "cpu") -> Minibatch:
        """Return some of the stimuli as tensors."""
        shown = [self._batch.presentation(index, drive=False) for index in rows]
        lengths = self.lengths[list(rows)]

        def events(names: tuple[str, str, str], which: str) -> dict[str, Tensor]:
            step, who, amount = (np.concatenate([getattr(one, name) for one in shown]) for name in names)
            stimulus = np.repeat(np.arange(len(shown)), [len(getattr(one, names[0])) for one in shown])
            order = np.argsort(step, kind="stable")
            columns = {"step": step[order], "stimulus": stimulus[order], which: who[order].astype(np.int64)}
            found = {name: torch.tensor(column, device=device) for name, column in columns.items()}
            return {**found, "amount": torch.tensor(amount[order], dtype=dtype, device=device)}

        spikes = events(("spike_step", "spike_channel", "spike_count"), "channel")
        background = events(("background_step", "background_neuron", "background_jump"), "neuron")
        values, row = [np.zeros((1, self._channels))], None
        if not self.spiking:
            row, used = np.zeros((int(lengths.max()), len(rows)), np.int64), 1
            for column, index in enumerate(rows):
                step, mine = self._batch.values(index)
                values.append(mine)
                holds = np.searchsorted(step, np.arange(int(lengths[column])), side="right")
                row[: len(holds), column] = np.where(holds > 0, used + holds - 1, 0)
                used += len(mine)
        return Minibatch(
            lengths=torch.tensor(lengths, device=device),
            spikes=spikes,
            background=background,
            values=torch.tensor(np.concatenate(values), dtype=dtype, device=device),
            row=None if row is None else torch.tensor(row, device=device),
        )
