"""How deep networks are trained, and the optimisers with the state that a checkpoint keeps of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from hrsnn.deep.learning.augmentation import check_augmentations
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.runtime.seeds import check_seed
from hrsnn.training.optimisers import Adam, Momentum, Optimiser
from hrsnn.validation.numbers import count_of

OPTIMISERS: Mapping[str, type[Optimiser]] = {"sgd": Momentum, "adam": Adam}


@dataclass(frozen=True)
class TrainingSettings(Displayed):
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


def optimiser_of(network: nn.Module, training: TrainingSettings) -> Optimiser:
    """Return the optimiser, with weight decay for weights only."""
    learning = {name: one for name, one in network.named_parameters() if one.requires_grad}
    decay = {name: training.weight_decay for name in learning if name.startswith("weight.")}
    return OPTIMISERS[training.optimiser](learning, decay=decay)


def stored(optimiser: Optimiser) -> dict[str, np.ndarray]:
    """Return the state of an optimiser as arrays."""
    moments = {name: one.numpy().copy() for name, one in optimiser.state().items()}
    return {"steps": np.asarray(optimiser.steps), **moments}


def restore(optimiser: Optimiser, arrays: dict[str, np.ndarray]) -> None:
    """Set the state of an optimiser from the arrays of :func:`stored`.

    Raises
    ------
    InputError
        When they are of another network or optimiser.
    KeyError
        When one is missing.
    """
    moments = {name: torch.from_numpy(value) for name, value in arrays.items() if name != "steps"}
    own = optimiser.state()
    for name in {**own, **moments}:
        if name not in own or name not in moments or own[name].shape != moments[name].shape:
            raise InputError("optimiser", name, "is of another network or optimiser")
    optimiser.restore(moments, count_of("steps", arrays["steps"][()], 0))
