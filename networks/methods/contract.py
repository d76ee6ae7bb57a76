"""The contract of a pruning method: from a network and a budget to a smaller network; and the registry of methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from hrsnn.activity import Activity
from hrsnn.errors import InputError
from hrsnn.networks.laplacian import OFTEN_LIMIT
from hrsnn.networks.reservoir_edits import keep_links, keep_neurons, mean_drive
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
    stimulus: Stimulus  #: noise that drives the network
    activity: Activity  #: activity under the noise; counts in windows of about 50 ms
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

    Must be a frozen dataclass: its fields are the settings that a checkpoint stores. With an attribute
    ``uses_exponents = False`` no exponents of neurons are measured for it.
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


def keep_highest(context: PruningContext, links: Array, neurons: Array, compensate: bool) -> PrunedNetwork:
    """Keep the links and neurons of the highest scores.

    Parameters
    ----------
    context : PruningContext
    links : array (S,)
        Scores of the links; of equal ones those of lower index are kept.
    neurons : array (N,)
        Scores of the neurons.
    compensate : bool
        Whether a bias compensates for the mean input that a neuron lost.

    Returns
    -------
    PrunedNetwork
        Neurons are removed first, with their links; then links until the budget is met.
    """
    reservoir = context.reservoir
    kept = highest_neurons(reservoir, neurons, context.neurons)
    among = np.flatnonzero(kept[reservoir.pre] & kept[reservoir.post])
    chosen = among[np.argsort(-links[among], kind="stable")[: context.links]]
    mask = np.zeros(reservoir.synapses, dtype=bool)
    mask[chosen] = True
    smaller = keep_neurons(keep_links(reservoir, mask), kept)
    return PrunedNetwork(compensate_bias(context, smaller, kept) if compensate else smaller, kept)


def compensate_bias(context: PruningContext, smaller: Reservoir, kept: Mask) -> Reservoir:
    """Return the smaller network with a bias that compensates for the mean input lost in this iteration.

    ``b_i = sum_j s_j tau_s rate_j (w_ij - w'_ij)``, with rates measured before pruning.
    """
    before = mean_drive(context.reservoir, context.rates)[kept]
    return smaller.replace(i_bias=smaller.i_bias + before - mean_drive(smaller, context.rates[kept]))


def highest_neurons(reservoir: Reservoir, score: Array, count: int) -> Mask:
    """Return a mask of the `count` neurons of the highest scores (of equal ones those of lower index).

    The inhibitory neuron and the input target of the highest scores, if there are any, are always kept: a reservoir needs
    both.

    Raises
    ------
    InputError
        When `count` is too small for both.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=20), seed=1)
    >>> int(highest_neurons(reservoir, np.arange(20.0), 5).sum())
    5
    """
    order = np.argsort(-score, kind="stable")
    target = np.zeros(reservoir.neurons, dtype=bool)
    target[reservoir.input_post] = True
    needed = {int(order[np.argmax(group[order])]) for group in (~reservoir.is_excitatory, target) if group.any()}
    if count < len(needed):
        raise InputError("neurons", count, f"must be at least {len(needed)}: an inhibitory neuron and an input target stay")
    kept = np.zeros(reservoir.neurons, dtype=bool)
    kept[list(needed)] = True
    others = order[~kept[order]]
    kept[others[: count - len(needed)]] = True
    return kept
