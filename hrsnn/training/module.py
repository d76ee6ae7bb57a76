"""What the loop of training asks of a module: stimuli in minibatches, outputs over time, a linear readout."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from hrsnn.display import Displayed
from hrsnn.display.text import line
from hrsnn.errors import InputError
from hrsnn.files.npz import digest
from hrsnn.stimuli.stimulus import Stimulus

DTYPES = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True)
class Response(Displayed):
    """What a network does during T steps of B stimuli."""

    outputs: Tensor  #: (T, B, outputs)
    spikes: Tensor  #: (T, B, N) 0 and 1, or values of a smooth step
    excess: Tensor  #: (T, B, N) v above threshold (mV), before resets


class TrainableModule(nn.Module, ABC):
    """Base of the modules that :func:`hrsnn.training.train` and :func:`hrsnn.training.predict` take.

    A subclass sets the attributes and has the abstract methods; the others may be replaced.
    """

    #: Kind of the network, for checkpoints.
    kind: str
    #: Names of what learns.
    learn: tuple[str, ...]
    #: What the module is made with, for checkpoints.
    model: Mapping[str, Any]
    dtype: torch.dtype
    device: torch.device
    #: Number of neurons or units, and the length of a step (ms).
    neurons: int
    dt: float
    readout: nn.Linear
    #: What the learning rate of the readout is multiplied by.
    readout_step: float = 1.0

    def __repr__(self) -> str:
        numbers = sum(one.numel() for one in self.parameters() if one.requires_grad)
        parts = f"{self.neurons} neurons, {self.readout.out_features} outputs", f"{numbers} numbers learn"
        return line(type(self).__name__, (*parts, f"learn={', '.join(self.learn)}"))

    @abstractmethod
    def samples(self, stimulus: Stimulus, seed: int = 0) -> Any:
        """Return stimuli in the form that :meth:`minibatch` takes, with a length and their numbers of steps, `lengths`."""

    @abstractmethod
    def minibatch(self, samples: Any, rows: Any) -> Any:
        """Return some of the stimuli as tensors, with their numbers of `steps` and of `lengths`."""

    @abstractmethod
    def forward(self, batch: Any, truncate: int | None = None, checkpoint: int | None = None) -> Response:
        """Return what the network does during the steps of a minibatch."""

    def units(self) -> dict[str, float]:
        """Return what the learning rate of a parameter is multiplied by, by its name, where that is not 1."""
        return {} if self.readout_step == 1 else dict.fromkeys(("readout.weight", "readout.bias"), self.readout_step)

    def span(self) -> Tensor:
        """Return threshold less reset (N,) in mV."""
        raise InputError("voltage_weight", "above 0", f"is of networks with potentials: {self.kind} have none")

    def project(self) -> None:
        """Move parameters into their bounds, after a step of an optimiser; here there are none."""

    def identity(self) -> str:
        """Return a digest of the network, for checkpoints."""
        arrays = {name: np.asarray(one.detach().cpu()) for name, one in self.named_parameters()}
        return digest({"kind": self.kind}, arrays)

    def set_readout(self, weight: ArrayLike, bias: ArrayLike) -> None:
        """Start from another readout, (outputs, N) and (outputs,); it learns in steps of its mean absolute weight."""
        values = np.asarray(weight, dtype=np.float64)
        self.readout_step = float(np.abs(values).mean()) or 1.0
        with torch.no_grad():
            self.readout.weight.copy_(torch.tensor(values))
            self.readout.bias.copy_(torch.tensor(np.asarray(bias, dtype=np.float64)))
