"""Checkpoints of the training of a deep network: an ``.npz`` file with a digest, without pickle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.files.npz import read_npz, write_npz
from hrsnn.files.reading import refuse_damaged
from hrsnn.validation.annotations import is_number
from hrsnn.validation.numbers import count_of

_KIND, _VERSION = "deep network", 2


@dataclass(frozen=True)
class Checkpoint(Displayed):
    """State of a training after an epoch.

    Attributes
    ----------
    settings : dict
        ``network`` (:class:`~hrsnn.deep.learning.settings.NetworkSettings`), ``training``, ``samples``, ``start``.
    epoch : int
        Epochs that were trained.
    history : list of dict
        A row an epoch.
    best : dict of name to array
        Parameters and buffers after the best epoch.
    best_epoch : int
    last, optimiser : dict of name to array
        Those after the last epoch, with which the training goes on.
    """

    settings: dict[str, Any]
    epoch: int
    history: list[dict[str, float]]
    best: dict[str, np.ndarray]
    best_epoch: int
    last: dict[str, np.ndarray]
    optimiser: dict[str, np.ndarray]


def write_checkpoint(path: Path, state: Checkpoint) -> None:
    """Write a checkpoint atomically."""
    groups = {"best": state.best, "last": state.last, "optimiser": state.optimiser}
    arrays = {f"{group}/{name}": value for group, one in groups.items() for name, value in one.items()}
    header = {
        "settings": state.settings,
        "epoch": state.epoch,
        "history": state.history,
        "best_epoch": state.best_epoch,
    }
    write_npz(path, _KIND, _VERSION, arrays, header)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises
    ------
    FileError
        When it is missing, damaged, or no checkpoint.
    """
    arrays, header = read_npz(path, _KIND, _VERSION)
    with refuse_damaged(path, _KIND):
        groups: dict[str, dict[str, np.ndarray]] = {"best": {}, "last": {}, "optimiser": {}}
        for key, value in arrays.items():
            group, _, name = key.partition("/")
            if value.dtype.kind not in "biuf" or not np.isfinite(value).all():
                raise InputError("array", key, "must be of finite numbers")
            groups[group][name] = value
        epoch, best_epoch = (count_of(name, header[name], 0) for name in ("epoch", "best_epoch"))
        history = [dict(row) for row in header["history"]]
        if len(history) != epoch or not min(1, epoch) <= best_epoch <= epoch:
            raise InputError("history", len(history), f"must have {epoch} epochs, of which one is the best")
        if not all(is_number(value) for row in history for value in row.values()):
            raise InputError("history", "of the epochs", "must be of numbers")
        return Checkpoint(
            dict(header["settings"]),
            epoch,
            history,
            groups["best"],
            best_epoch,
            groups["last"],
            groups["optimiser"],
        )
