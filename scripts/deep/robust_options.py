"""What the commands on robust networks share: the loss under attack, masks, and the digest of a network."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import tyro

from hrsnn.errors import InputError
from hrsnn.scripts.deep.options import NETWORK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hrsnn.deep.learning.checkpoint import Checkpoint
    from hrsnn.deep.learning.optimisers import TrainingSettings
    from hrsnn.deep.robust.objectives import Adversarial

#: Radius of perturbations where none is given.
RADIUS = 0.1
Loss = Literal["natural", "pgd", "trades", "mart", "kl"]


@dataclass(frozen=True, kw_only=True)
class TrainedUnderAttack:
    """Options of commands that train a network on under attack."""

    eps: Annotated[float | None, tyro.conf.arg(help_behavior_hint=f"(default: {RADIUS})")] = None
    """Radius of perturbations in training, in the range of pixels from 0 to 1."""

    attack_steps: Annotated[int | None, tyro.conf.arg(help_behavior_hint="(default: 10)")] = None
    """Steps of perturbations in training, and of the attack that chooses the epoch."""

    epochs: int = 10
    """Epochs; with 0 no weight is trained on."""

    batch: int = 64
    """Samples in a batch."""

    learning_rate: float = 0.05
    """Learning rate at the beginning; it falls to 0 along half a cosine."""

    def objective(self, loss: str) -> Adversarial:
        """Return the loss; options that have no effect on it are refused."""
        return objective_of(loss, self.eps, self.attack_steps)

    def schedule(self, seed: int) -> TrainingSettings:
        """Return how the network is trained on."""
        from hrsnn.deep.learning.optimisers import TrainingSettings

        return TrainingSettings(self.epochs, self.batch, learning_rate=self.learning_rate, seed=seed)


def objective_of(loss: str, eps: float | None, steps: int | None) -> Adversarial:
    """Return a loss under attack.

    Raises
    ------
    InputError
        When a number is out of range, or has no effect.
    """
    from hrsnn.deep.robust.objectives import Adversarial

    if loss == "natural":
        for option, value in (("--eps", eps), ("--attack-steps", steps)):
            if value is not None:
                raise InputError(
                    option, value, "has no effect on natural training: --robust pgd, trades, mart or kl has one"
                )
    return Adversarial(loss, RADIUS if eps is None else eps, 10 if steps is None else steps)


def masks_of(state: Checkpoint) -> dict[str, NDArray[np.bool_]]:
    """Return the masks of a trained network; none where it is dense."""
    return {name.removeprefix("mask."): one for name, one in state.best.items() if name.startswith("mask.")}


def read_masks(folder: Path) -> dict[str, NDArray[np.bool_]]:
    """Return the masks of the network in a folder.

    Raises
    ------
    InputError, FileError
        When there is no network, or it has no masks.
    """
    from hrsnn.deep.learning.checkpoint import read_checkpoint

    found = masks_of(read_checkpoint(folder / NETWORK))
    if not found:
        raise InputError("--mask-of", folder.name, "has no masks: `hrsnn deep prune` makes a network with some")
    return found


def digest(arrays: dict[str, Any]) -> str:
    """Return a digest of parameters, for the settings of stored runs."""
    found = hashlib.sha256()
    for name in sorted(arrays):
        found.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return found.hexdigest()
