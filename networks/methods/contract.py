"""The contract of a pruning method: from a network and a budget to a smaller network; and the registry of methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.errors import InputError
from hrsnn.networks.graphs.laplacian import OFTEN_LIMIT
from hrsnn.reservoir import Reservoir
from hrsnn.runtime.seeds import generator
from hrsnn.runtime.stopwatch import Stopwatch
from hrsnn.stimuli.stimulus import Stimulus

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class PruningContext:
    """Input of a method in one iteration: the network, the budget, and the activity of the network under noise.

    It contains nothing about a task, so that methods cannot use labels.
    """

    reservoir: Reservoir  #: after the previous iteration
    dense: Reservoir  #: before any pruning
    origin: NDArray[np.int64]  #: (N,) index in `dense` of each neuron, ascending
    links: int  #: recurrent links after this iteration
    neurons: int  #: neurons after this iteration
    iteration: int  #: number of this iteration, starting from 1
    last: int  #: number of the last iteration
    seed: int
    stimulus: Stimulus  #: noise that drives the network through its input channels
    activity: Activity  #: activity under the noise; counts in windows of about 50 ms
    engine: str = "auto"  #: engine for simulations of the method's own
    previous: Mapping[str, float] = field(default_factory=dict)  #: numbers of the last record
    known_exponents: Array | None = None  #: (N,) 1/s, of the last refresh
    eigenvectors_up_to: int = OFTEN_LIMIT  #: most neurons for which eigenvectors are computed in this iteration
    watch: Stopwatch = field(default_factory=lambda: Stopwatch(announced=False))  #: wall-clock time by step

    @property
    def rates(self) -> Array:
        """Rates (N,) under the noise (Hz)."""
        return self.activity.rates

    @property
    def counts(self) -> Array:
        """Spike counts (windows, N) under the noise, of all its samples."""
        return np.asarray(self.activity.counts.reshape(-1, self.reservoir.neurons), dtype=np.float64)

    @property
    def exponents(self) -> Array:
        """Lyapunov exponents of the neurons (N,), 1/s.

        Raises
        ------
        InputError
            When they were not measured.
        """
        if self.known_exponents is None:
            raise InputError("exponents", None, "are measured for methods without the attribute uses_exponents = False")
        return self.known_exponents

    def random(self, what: str) -> np.random.Generator:
        """Return a generator of random numbers for one purpose, which does not depend on interruptions of the run."""
        return generator(self.seed, "prune", self.iteration, what)


@dataclass(frozen=True)
class PrunedNetwork:
    """Result of a method: the smaller network, a mask of its neurons, and numbers for the record."""

    reservoir: Reservoir
    kept: Mask  #: (N before,) neurons that are kept
    numbers: Mapping[str, float] = field(default_factory=dict)


@runtime_checkable
class PruningMethod(Protocol):
    """Method for one iteration of pruning.

    Must be a frozen dataclass: its fields are the settings that a checkpoint stores. It may have these attributes:

    ``uses_exponents = False``
        No exponents of neurons are measured for it.
    ``neuron_share = 0.5``
        Target for neurons where :func:`~hrsnn.networks.prune` gets none, as a share of that for links (default: 0).
    ``usual_restore = "none"``
        What is given back to a neuron where ``prune`` gets no `restore` (default: "bias").
    ``finds_sizes = True``
        The sizes that it returns need not be those of the context.
    ``finish(context, reservoir)``
        Called with the network after `restore`; returns a network with the same neurons and links, and numbers for the
        record.
    """

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """Return a network of ``context.links`` links and ``context.neurons`` neurons, or of fewer links if these
        neurons have no more."""
        ...


@dataclass(frozen=True, kw_only=True)
class Method:
    """Declaration of a pruning method.

    Parameters
    ----------
    summary : str
        A few words, for lists.
    method : type
        Frozen dataclass with the method ``prune``, see :class:`PruningMethod`: its fields are the settings.
    rewires : bool
        Whether links that are kept may join other neurons than before.

    Raises
    ------
    InputError
        When the class is no frozen dataclass with a method ``prune``.
    """

    summary: str
    method: type[PruningMethod]
    rewires: bool = False

    def __post_init__(self) -> None:
        parameters = getattr(self.method, "__dataclass_params__", None)
        if parameters is None or not parameters.frozen or not callable(getattr(self.method, "prune", None)):
            raise InputError("method", self.method.__name__, "must be a frozen dataclass with a method prune(context)")
