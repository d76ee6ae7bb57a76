"""Checkpoints of a training: parameters, the optimiser and the epochs so far in one file, without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hrsnn.display import Displayed
from hrsnn.errors import FileError, InputError
from hrsnn.files.digested_json import check_same_settings
from hrsnn.files.npz import read_npz, write_npz
from hrsnn.files.reading import refuse_damaged
from hrsnn.training.optimisers import Adam
from hrsnn.validation.numbers import count_of

#: Name of the file in the folder of a training.
CHECKPOINT = "checkpoint.npz"
_KIND, _VERSION = "training", 1


@dataclass(frozen=True)
class Epoch(Displayed):
    """One epoch; accuracies are nan where targets are numbers."""

    epoch: int  #: counted from 1; 0 is the network before training
    learning_rate: float
    train_loss: float  #: of the minibatches as they were, with regularisers; nan before training
    train_score: float  #: accuracy, or less the loss, of the minibatches as they were
    validation_loss: float
    validation_score: float
    rate: float  #: Hz, mean over the neurons during validation


def state_of(module: nn.Module) -> dict[str, Tensor]:
    """Return copies of the parameters of a module."""
    return {name: one.detach().clone() for name, one in module.named_parameters() if one.requires_grad}


def restore(module: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Set the parameters of a module."""
    with torch.no_grad():
        for name, one in module.named_parameters():
            if one.requires_grad:
                one.copy_(state[name])


def save(
    folder: Path,
    module: nn.Module,
    optimiser: Adam,
    best: Mapping[str, Tensor],
    epochs: list[Epoch],
    settings: Mapping[str, Any],
) -> None:
    """Write the checkpoint atomically."""
    arrays = {f"now/{name}": one for name, one in state_of(module).items()}
    arrays |= {f"best/{name}": one for name, one in best.items()}
    arrays |= optimiser.state()
    plain = {name: one.cpu().numpy() for name, one in arrays.items()}
    header = {"settings": dict(settings), "epochs": [asdict(one) for one in epochs], "steps": optimiser.steps}
    write_npz(folder / CHECKPOINT, _KIND, _VERSION, plain, header)


def load(
    folder: Path, module: nn.Module, optimiser: Adam, settings: Mapping[str, Any]
) -> tuple[dict[str, Tensor], list[Epoch]]:
    """Read a checkpoint into a module and its optimiser; return the best parameters and the epochs so far.

    Raises
    ------
    FileError
        When the file is damaged, of another model, or of a training with other options.
    """
    path = folder / CHECKPOINT
    stored, header = read_npz(path, _KIND, _VERSION)
    with refuse_damaged(path, "checkpoint"):
        there, told = dict(header["settings"]), list(header["epochs"])
    check_same_settings(path, there, settings, "is of a training that was", "name another folder")
    with refuse_damaged(path, "checkpoint"):
        epochs = [Epoch(**{name: _number(value) for name, value in one.items()}) for one in told]
        arrays = {name: torch.tensor(values) for name, values in stored.items()}
        now = {name: one for name, one in module.named_parameters() if one.requires_grad}
        best: dict[str, Tensor] = {}
        for name, one in now.items():
            for prefix in ("now", "best", "first", "second"):
                if arrays[f"{prefix}/{name}"].shape != one.shape or not arrays[f"{prefix}/{name}"].isfinite().all():
                    raise FileError(path, f"is damaged: {prefix}/{name} is none of this model")
            best[name] = arrays[f"best/{name}"].to(one.device)
        restore(module, {name: arrays[f"now/{name}"] for name in now})
        optimiser.restore(arrays, count_of("steps", header["steps"], 0))
    return best, epochs


def _number(value: Any) -> Any:
    """Return a number of JSON, in which nan is null."""
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError("epochs", value, "must be numbers")
    return value


def table(epochs: list[Epoch]) -> str:
    """Return the epochs as CSV in full precision."""
    names = list(asdict(epochs[0])) if epochs else []
    rows = [",".join(repr(getattr(one, name)) for name in names) for one in epochs]
    return "\n".join([",".join(names), *rows]) + "\n"
