"""Gated recurrent units (GRU) with a linear readout: a baseline without spikes, trained by the same loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from hrsnn.runtime.seeds import generator
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.training.module import DTYPES, Response, TrainableModule
from hrsnn.validation.numbers import count_of
from hrsnn.validation.units import takes

#: Equal parts of each stimulus whose spike counts the units see, a step each.
PARTS = 100


@takes()
def gated_units(parameters: int, channels: int, outputs: int) -> int:
    """Return the largest number H of units with at most so many parameters, and at least 1.

    ``3 H (C + H + 2) + K (H + 1)`` with C channels and K outputs.

    Raises
    ------
    InputError
        When a number is not positive.

    Examples
    --------
    >>> gated_units(3 * 20 * (64 + 20 + 2) + 10 * 21, channels=64, outputs=10)
    20
    """
    parameters, c, k = (
        count_of(name, value) for name, value in (("parameters", parameters), ("channels", channels), ("outputs", outputs))
    )
    # 3 H^2 + b H = parameters - k
    b = 3 * (c + 2) + k
    units = int((-b + np.sqrt(b * b + 12.0 * max(parameters - k, 0))) / 6 + 1e-9)
    return max(units, 1)


@dataclass(frozen=True)
class _Values:
    """What the units see of stimuli: (M, T, channels), of which `lengths` (M,) steps are of each."""

    values: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        return len(self.lengths)


@dataclass(frozen=True)
class _Batch:
    values: Tensor  #: (T, B, channels)
    lengths: Tensor  #: (B,)

    @property
    def steps(self) -> int:
        return int(self.lengths.max())

    def __len__(self) -> int:
        return len(self.lengths)


class GatedNetwork(TrainableModule):
    """A layer of gated recurrent units, with outputs ``y_t = W h_t + b``.

    It takes the place of a :class:`hrsnn.training.TrainableNetwork` in :func:`hrsnn.training.train` and
    :func:`hrsnn.training.predict`. A step is a value of analog input, or a hundredth of a stimulus of spikes, of which the
    units see the counts.

    Parameters
    ----------
    channels, outputs, units : int
    dtype : {"float32", "float64"}
    device : str
    seed : int
        Of the weights, uniform within ``1/sqrt(units)``.

    Examples
    --------
    >>> module = GatedNetwork(channels=2, outputs=3, units=4)
    >>> sum(one.numel() for one in module.parameters()) == 3 * 4 * (2 + 4 + 2) + 3 * 5
    True

    References
    ----------
    K. Cho et al. (2014), Learning phrase representations using RNN encoder-decoder for statistical machine translation.
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        units: int,
        dtype: Literal["float32", "float64"] = "float32",
        device: Literal["cpu", "cuda"] = "cpu",
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.kind, self.neurons, self.dt = "gated recurrent units", units, 1.0
        self.dtype, self.device = DTYPES[dtype], torch.device(device)
        self.learn = ("gated units", "readout")
        self.model = {"channels": channels, "outputs": outputs, "units": units, "dtype": dtype, "seed": seed}
        self.gated = nn.GRU(channels, units, dtype=self.dtype, device=self.device)
        self.readout = nn.Linear(units, outputs, dtype=self.dtype, device=self.device)
        rng = generator(seed, "training", "gated units")
        with torch.no_grad():
            for one in self.parameters():
                one.copy_(torch.tensor(rng.uniform(-1, 1, tuple(one.shape)) * units**-0.5))

    def samples(self, stimulus: Stimulus, seed: int = 0) -> Any:
        """Return what the units see; nothing of it is random."""
        if isinstance(stimulus, SpikeTrains):
            return _Values(stimulus.counts(PARTS), np.full(len(stimulus), PARTS))
        return _Values(stimulus.values, np.asarray(stimulus.lengths))

    def minibatch(self, samples: Any, rows: Any) -> Any:
        """Return some of the stimuli as tensors."""
        rows = np.asarray(rows)
        lengths = samples.lengths[rows]
        values = samples.values[rows, : lengths.max()].swapaxes(0, 1)
        return _Batch(
            torch.tensor(np.ascontiguousarray(values), dtype=self.dtype, device=self.device),
            torch.tensor(lengths, device=self.device),
        )

    def forward(self, batch: Any, truncate: int | None = None, checkpoint: int | None = None) -> Response:
        """Return the outputs of stimuli; there are no spikes. `truncate` and `checkpoint` have no effect."""
        hidden, _ = self.gated(batch.values)
        nothing = hidden.new_zeros((*hidden.shape[:2], 1))
        return Response(self.readout(hidden), nothing, nothing)
