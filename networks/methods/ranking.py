"""The order in which links and neurons are kept: by score, over the network or at each target neuron."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrsnn.errors import InputError
from hrsnn.networks.methods.contract import Mask, PrunedNetwork, PruningContext
from hrsnn.networks.reservoir_edits import keep_links, keep_neurons
from hrsnn.reservoir import Reservoir
from hrsnn.validation.numbers import float_vector, whole_vector
from hrsnn.validation.units import takes

Array = NDArray[np.float64]


def keep_highest(context: PruningContext, links: Array, neurons: Array, *, per_target: bool = False) -> PrunedNetwork:
    """Keep the links and neurons of the highest scores.

    Parameters
    ----------
    context : PruningContext
    links : array (S,)
        Scores of the links; of equal ones those of lower index are kept.
    neurons : array (N,)
        Scores of the neurons.
    per_target : bool
        Whether each neuron's best link is kept first, then each one's second, and so on.

    Returns
    -------
    PrunedNetwork
        Neurons are removed first, with their links; then links until the budget is met.

    Examples
    --------
    A method of one's own, which keeps the strongest links and the neurons with most of them:

    >>> from dataclasses import dataclass
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> @dataclass(frozen=True)
    ... class Strongest:
    ...     def prune(self, context):
    ...         links = context.reservoir.weight
    ...         neurons = np.bincount(context.reservoir.post, links, context.reservoir.neurons)
    ...         return keep_highest(context, links, neurons)
    >>> reservoir = build(ReservoirSpec(neurons=40), seed=1)
    >>> pruned = prune(reservoir, Strongest(), iterations=2, synapse_target=0.5)
    >>> pruned.reservoir.synapses <= reservoir.synapses / 2 + 1
    True
    """
    reservoir = context.reservoir
    kept = highest_neurons(reservoir, neurons, context.neurons)
    among = np.flatnonzero(kept[reservoir.pre] & kept[reservoir.post])
    place = rank_at_target(reservoir.post[among], links[among]) if per_target else np.zeros(len(among))
    mask = np.zeros(reservoir.synapses, dtype=bool)
    mask[among[np.lexsort((-links[among], place))[: context.links]]] = True
    return PrunedNetwork(keep_neurons(keep_links(reservoir, mask), kept), kept)


@takes()
def rank_at_target(post: ArrayLike, score: ArrayLike) -> NDArray[np.int64]:
    """Return the rank of each link, from 0, among the links to its target neuron, the highest score first.

    Raises
    ------
    InputError
        When the targets are no whole numbers, or there are not as many scores.

    Examples
    --------
    >>> rank_at_target([0, 0, 1, 0], [1.0, 3.0, 0.5, 2.0])
    array([2, 0, 0, 1])
    """
    target, value = whole_vector("post", post, np.int64), float_vector("score", score)
    if value.shape != target.shape:
        raise InputError("score", value.shape, f"must have the shape of post, {target.shape}")
    order = np.lexsort((-value, target))
    first = np.searchsorted(target[order], target[order])
    rank = np.empty(len(target), dtype=np.int64)
    rank[order] = np.arange(len(target)) - first
    return rank


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


def least_neurons(reservoir: Reservoir) -> int:
    """Return the smallest number of neurons that :func:`highest_neurons` can keep whatever their scores, and at least 2."""
    return max(2, int((~reservoir.is_excitatory).any()) + int(len(reservoir.input_post) > 0))
