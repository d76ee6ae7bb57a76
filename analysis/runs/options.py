"""How a network is run through a task, and how its states are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.kinds import Network
from hrsnn.regression.quadratic import MOST_COMPONENTS
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.validation.numbers import count_of

#: Name of the states that a classifier sees; `STATES` has them all.
StatesSeen = Literal["windows", "total", "final"]
#: States that a classifier sees: counts in equal windows of a sample, counts in the whole sample, or filtered spikes at its
#: end. Windows tell it the order of events; the other two do not, so that only the network can remember it.
STATES: tuple[StatesSeen, ...] = ("windows", "total", "final")
#: What a run can record beside what its readouts need.
RECORDS = ("spikes", "states", "v")


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a network is run through a task, and how its states are read.

    Parameters
    ----------
    seed : int
        Seed of the background input, the readouts, the surrogates and the echo state network.
    plastic : bool
        Whether STDP runs over the training part first, without labels or targets; scores are of fixed weights.
    engine : str
    states : {"windows", "total", "final"}
        States that a classifier sees: square roots of the spike counts in equal windows of each sample or in all of it, or
        exponentially filtered spikes (20 ms) at its end.
    windows : int
        Number of windows.
    blank : float
        Time without input after each sample during STDP (ms); not between the parts of a series.
    readout : {"logistic", "ridge", "sampled"}
        Classifier; see :func:`hrsnn.readout.readout`.
    quadratic : int
        Number of principal components of the states whose squares and products a readout of a series sees too
        (:func:`hrsnn.regression.quadratic.quadratic_readout`); 0: a linear readout.
    select : callable, optional
        Function from the network after STDP to the neurons that a classifier sees; all by default.
    max_delay, surrogates, bootstrap : int
        Options of :func:`hrsnn.analysis.memory_capacity`.
    starts, steps : int
        Forecasts in closed loop for the score ``valid_time``: their number, and the values in each.
    progress : bool
    watch : Stopwatch
        Takes the wall-clock time by part.
    """

    seed: int = 0
    plastic: bool = False
    engine: str = "auto"
    states: StatesSeen = "windows"
    windows: int = 5
    blank: float = 100.0
    readout: str = "logistic"
    quadratic: int = 0
    select: Callable[[Network], NDArray[np.integer[Any]]] | None = None
    max_delay: int = 100
    surrogates: int = 20
    bootstrap: int = 200
    starts: int = 5
    steps: int = 50
    progress: bool = False
    watch: Stopwatch = field(default_factory=lambda: Stopwatch(announced=False), compare=False)

    def __post_init__(self) -> None:
        if self.states not in STATES:
            raise InputError("states", self.states, f"must be one of {', '.join(STATES)}")
        count_of("quadratic", self.quadratic, 0, MOST_COMPONENTS)

    @property
    def counted_windows(self) -> int:
        """Number of windows in which spikes are counted."""
        return self.windows if self.states == "windows" else 1
