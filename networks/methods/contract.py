"""The contract of a pruning method: from a network and a budget to a smaller network; and the registry of methods."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

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
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Where each method lives, by the name that the command line has for it.
METHODS: Mapping[str, tuple[str, str]] = {
    "lnp": ("lyapunov_noise", "LNP"),
    "noise": ("weight_noise", "NoisePruning"),
    "activity": ("activity", "ActivityPruning"),
    "magnitude": ("magnitude", "MagnitudePruning"),
    "random": ("uniform", "RandomPruning"),
    "erdos_renyi": ("erdos_renyi", "ErdosRenyi"),
}


@dataclass(frozen=True)
class PruningContext:
    """What a method may know at one iteration: the network, the budget, and how the network behaves under noise.

    Nothing about a task is in here, so that no method can look at labels.
    """

    reservoir: Reservoir  #: as the iteration before left it
    dense: Reservoir  #: as it was before any pruning
    origin: NDArray[np.int64]  #: (N,) which neuron of `dense` each neuron is, ascending
    links: int  #: recurrent links after this iteration
    neurons: int  #: neurons after this iteration
    iteration: int  #: from 1 on
    last: int  #: the last iteration
    seed: int
    stimulus: Stimulus  #: the noise
    activity: Activity  #: what the network did under the noise; counts in windows of about 50 ms
    known_exponents: Array | None = None  #: (N,) 1/s, carried over between two refreshes
    eigenvectors_up_to: int = OFTEN_LIMIT  #: neurons: what takes long is done at refreshes only
    watch: Stopwatch = field(default_factory=lambda: Stopwatch(announced=False))  #: wall time by step

    @property
    def rates(self) -> Array:
        """(N,) Hz under the noise."""
        return self.activity.rates

    @property
    def counts(self) -> Array:
        """(windows, N) spikes a window under the noise, of all its samples."""
        return np.asarray(self.activity.counts.reshape(-1, self.reservoir.neurons), dtype=np.float64)

    @property
    def exponents(self) -> Array:
        """(N,) 1/s.

        Raises
        ------
        InputError
            When they were not measured.
        """
        if self.known_exponents is None:
            raise InputError("exponents", None, "are measured for methods without the attribute uses_exponents = False")
        return self.known_exponents

    def random(self, what: str) -> np.random.Generator:
        """Random numbers of one purpose: the same whether the run was interrupted or not."""
        return generator(self.seed, "prune", self.iteration, what)


@dataclass(frozen=True)
class PrunedNetwork:
    """What a method returns: the smaller network, which neurons it has, and numbers worth a record."""

    reservoir: Reservoir
    kept: Mask  #: (N before,) the neurons that stay
    numbers: Mapping[str, float] = field(default_factory=dict)


@runtime_checkable
class PruningMethod(Protocol):
    """One iteration of pruning.

    A frozen dataclass: its fields are the settings that a checkpoint remembers. With an attribute ``uses_exponents = False``
    no exponents of neurons are measured for it.
    """

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """A network of ``context.links`` links and ``context.neurons`` neurons, or of fewer links where these
        neurons have no more."""
        ...


@takes()
def pruning_method(name: str, **options: Any) -> PruningMethod:
    """A method by its name.

    Parameters
    ----------
    name : str
        Of ``METHODS``.
    **options
        Its settings.

    Raises
    ------
    InputError
        For another name, or a setting that the method does not have.

    Examples
    --------
    >>> pruning_method("random")
    RandomPruning(compensate=True)
    """
    if name not in METHODS:
        raise InputError("method", name, f"must be one of {', '.join(METHODS)}")
    module, kind = METHODS[name]
    method = getattr(import_module(f"hrsnn.networks.methods.{module}"), kind)
    known = [one.name for one in dataclasses.fields(method)]
    for option in options:
        if option not in known:
            raise InputError(option, options[option], f"method {name!r} has only {', '.join(known)}")
    made: PruningMethod = method(**options)
    return made


def name_of(method: PruningMethod) -> str:
    """The name of a method in ``METHODS``; that of its class where it has none."""
    kind = type(method).__name__
    return next((name for name, (_, registered) in METHODS.items() if registered == kind), kind)


def keep_highest(context: PruningContext, links: Array, neurons: Array, compensate: bool) -> PrunedNetwork:
    """The links and neurons of the highest scores: what is left to do once a control has made its scores.

    Parameters
    ----------
    context : PruningContext
    links : array (S,)
        Equal ones stay in the order of their indices.
    neurons : array (N,)
    compensate : bool
        Whether a bias makes up for the mean input that a neuron lost.

    Returns
    -------
    PrunedNetwork
        Neurons go first, with their links; then links until the budget is met.
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
    """The smaller network with a bias that gives every neuron the mean input it lost in this iteration.

    ``b_i = sum_j s_j tau_s rate_j (w_ij - w'_ij)``, rates measured before.
    """
    before = mean_drive(context.reservoir, context.rates)[kept]
    return smaller.replace(i_bias=smaller.i_bias + before - mean_drive(smaller, context.rates[kept]))


def highest_neurons(reservoir: Reservoir, score: Array, count: int) -> Mask:
    """The `count` neurons of the highest scores (of equal ones those of lower index), never without what a reservoir needs.

    The highest inhibitory neuron and the highest input target stay in any case, where there are such.

    Raises
    ------
    InputError
        When `count` has no room for both.

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
