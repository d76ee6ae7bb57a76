"""Options of a training, and the learning rate of each epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.runtime.seeds import check_seed
from hrsnn.training.losses import read_as
from hrsnn.validation.numbers import MOST, count_of, positive
from hrsnn.validation.units import take_fields

SCHEDULES = ("constant", "cosine", "plateau")
METHODS = ("bptt", "eprop")
#: Of the schedule "plateau": epochs without a better loss before the rate falls, and by which factor.
_PATIENCE, _FACTOR = 1, 0.7


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(Displayed):
    """How a network is trained.

    Parameters
    ----------
    epochs : int
    batch : int
        Stimuli in a minibatch.
    learning_rate : float
        Of Adam, in natural steps: it is multiplied by the mean size of weights, 10 mV for thresholds, 20 steps for delays,
        and 1 for the logarithms of time constants and for the readout.
    schedule : {"constant", "cosine", "plateau"}
        "cosine" falls to 0 over the epochs; "plateau" falls to 70 % after two epochs without a better validation loss.
    read : {"sum", "max", "final"}
        What the outputs over time are read as: their mean over time, their maximum, or the last.
    clip : float
        Largest norm of the gradient; 0 for none.
    rate_weight, rate_target : float
        Weight of the penalty ``((rate - target)/target)^2`` of each neuron, and the target (Hz).
    voltage_weight : float
        Weight of the penalty of v far from the range between reset and threshold.
    truncate, checkpoint : int, optional
        Steps after which gradients stop, and of segments that are computed twice to save memory.
    method : {"bptt", "eprop"}
        Back-propagation through time, or :mod:`e-prop <hrsnn.training.eprop>`, of weights only, whose loss is the mean over
        the steps of the cross-entropy in each.
    patience : int, optional
        Epochs without a better validation score after which training stops; None: never.
    seed : int
        Of the order of the stimuli.

    Raises
    ------
    InputError
        When an option is out of range.

    Examples
    --------
    >>> [round(TrainingOptions(epochs=4, schedule="cosine").rate_of(epoch, []), 5) for epoch in range(4)]
    [0.01, 0.00854, 0.005, 0.00146]
    """

    epochs: int = 15
    batch: int = 32
    learning_rate: float = 0.01
    schedule: str = "constant"
    read: str = "sum"
    clip: float = 1.0
    rate_weight: float = 0.0
    rate_target: float = 10.0
    voltage_weight: float = 0.0
    truncate: int | None = None
    checkpoint: int | None = None
    method: str = "bptt"
    patience: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        take_fields(self, rate_target="Hz")
        count_of("epochs", self.epochs, 0)
        count_of("batch", self.batch)
        read_as(self.read)
        check_seed(self.seed)
        if self.schedule not in SCHEDULES:
            raise InputError("schedule", self.schedule, f"must be one of {', '.join(SCHEDULES)}")
        if self.method not in METHODS:
            raise InputError("method", self.method, f"must be one of {', '.join(METHODS)}")
        if self.method == "eprop":
            for name in ("rate_weight", "voltage_weight", "truncate", "checkpoint"):
                if getattr(self, name):
                    raise InputError(name, getattr(self, name), "has no effect with e-prop")
        for name in ("learning_rate", "rate_weight", "voltage_weight"):
            positive(name, getattr(self, name), "", zero=True)
        positive("rate_target", self.rate_target, "Hz")
        if not 0 <= self.clip <= MOST:
            raise InputError("clip", self.clip, f"must be positive and at most {MOST:.0e}, or 0 for none")
        for name in ("truncate", "checkpoint", "patience"):
            if getattr(self, name) is not None:
                count_of(name, getattr(self, name))

    def rate_of(self, epoch: int, losses: Sequence[float]) -> float:
        """Return the learning rate of an epoch, counted from 0, after epochs with these validation losses."""
        if self.schedule == "cosine":
            return self.learning_rate * (1 + math.cos(math.pi * epoch / self.epochs)) / 2
        if self.schedule == "constant":
            return self.learning_rate
        falls, best, waited = 0, math.inf, 0
        for loss in losses:
            waited = 0 if loss < best else waited + 1
            best = min(best, loss)
            if waited > _PATIENCE:
                falls, waited = falls + 1, 0
        return self.learning_rate * _FACTOR**falls
