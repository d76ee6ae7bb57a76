"""How deep networks are trained, and the optimisers with the state that a checkpoint keeps of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hrsnn.deep.learning.augmentation import check_augmentations
from hrsnn.errors import InputError
from hrsnn.runtime.seeds import check_seed
from hrsnn.validation.numbers import count_of

OPTIMISERS = ("sgd", "adam")


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained.

    Parameters
    ----------
    epochs : int
    batch : int
    optimiser : {"sgd", "adam"}
        Stochastic gradient descent with momentum 0.9, or Adam.
    learning_rate : float
        At the beginning; it falls to 0 along half a cosine.
    weight_decay : float
        Of weights; scales and offsets of the normalisation and biases have none.
    augment : tuple of str
        How training samples are changed at random (:func:`hrsnn.deep.learning.augmentation.augmented`).
    seed : int

    Raises
    ------
    InputError
        When a value is not allowed.
    """

    epochs: int = 20
    batch: int = 64
    optimiser: str = "sgd"
    learning_rate: float = 0.1
    weight_decay: float = 0.0
    augment: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        count_of("epochs", self.epochs, 0)
        count_of("batch", self.batch, 2)
        check_seed(self.seed)
        check_augmentations(self.augment)
        if self.optimiser not in OPTIMISERS:
            raise InputError("optimiser", self.optimiser, f"must be one of {', '.join(OPTIMISERS)}")
        for name in ("learning_rate", "weight_decay"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise InputError(name, value, "must be 0 or more")


def optimiser_of(network: nn.Module, training: TrainingSettings) -> torch.optim.Optimizer:
    """Return the optimiser, with weight decay for weights only."""
    named = [(name, one) for name, one in network.named_parameters() if one.requires_grad]
    decayed = [one for name, one in named if name.startswith("weight.")]
    others = [one for name, one in named if not name.startswith("weight.")]
    groups: list[dict[str, Any]] = [
        {"params": decayed, "weight_decay": training.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    if training.optimiser == "adam":
        return torch.optim.Adam(groups, lr=training.learning_rate)
    return torch.optim.SGD(groups, lr=training.learning_rate, momentum=0.9)


def stored(optimiser: torch.optim.Optimizer) -> dict[str, np.ndarray]:
    """Return the state of an optimiser as arrays."""
    state = optimiser.state_dict()["state"]
    return {f"{index}.{name}": _array(value) for index, one in state.items() for name, value in one.items()}


def _array(value: Tensor | float | None) -> np.ndarray:
    return value.detach().numpy().copy() if isinstance(value, Tensor) else np.asarray(value, dtype=np.float64)


def restore(optimiser: torch.optim.Optimizer, arrays: dict[str, np.ndarray]) -> None:
    """Set the state of an optimiser from the arrays of :func:`stored`."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in arrays.items():
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = torch.from_numpy(np.array(value))
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
