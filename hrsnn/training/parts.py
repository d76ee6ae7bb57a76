"""Parts of a task for training: stimuli with classes, or with targets over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.stimuli.stimulus import Stimulus, check_stimulus
from hrsnn.training.module import TrainableModule
from hrsnn.training.samples import Samples


@dataclass(frozen=True)
class Part(Displayed):
    """Stimuli with classes (M,), or with targets (M, K, outputs) at the ends of K equal parts, nan where there is none."""

    samples: Samples
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.samples)

    def weight(self, rows: np.ndarray) -> float:
        """Return the share of some stimuli in a mean over all: their number, or that of their targets."""
        return float(len(rows) if self.targets.ndim == 1 else np.isfinite(self.targets[rows]).sum())

    def minibatches(self, order: np.ndarray, size: int) -> Iterator[np.ndarray]:
        """Yield the rows of `order`, so many at a time."""
        for start in range(0, len(order), size):
            yield order[start : start + size]


def part_of(network: TrainableModule, stimulus: Stimulus, targets: Any, field: str = "stimulus", seed: int = 0) -> Part:
    """Return stimuli with their targets for a network; `seed` is that of background input.

    Raises
    ------
    InputError
        When targets do not fit the stimuli or the outputs; `field` names the stimuli.
    """
    check_stimulus(stimulus)
    outputs, array = network.readout.out_features, np.asarray(targets)
    if not len(stimulus):
        raise InputError(field, stimulus, "must hold at least one sample")
    if array.ndim not in (1, 3) or len(array) != len(stimulus):
        raise InputError(
            "targets", array.shape, f"must be {len(stimulus)} classes, or {len(stimulus)} x K x {outputs} numbers"
        )
    if array.ndim == 1:
        if array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= outputs:
            raise InputError("targets", array, f"must be whole numbers from 0 to {outputs - 1}, one for each output")
        return Part(network.samples(stimulus, seed), array.astype(np.int64))
    fit = array.dtype.kind in "iuf" and array.shape[2] == outputs and array.shape[1] > 0 and not np.isinf(array).any()
    if not fit or np.isnan(array).all(axis=(1, 2)).any():
        allowed = f"must be finite numbers for {outputs} outputs, nan where there is none, not all of a stimulus"
        raise InputError("targets", array.shape, allowed)
    return Part(network.samples(stimulus, seed), array.astype(np.float64))
