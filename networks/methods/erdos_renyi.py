"""The random control: an Erdos-Renyi graph with as many neurons and links as the pruned network."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hrsnn.networks.methods.contract import Method, PrunedNetwork, PruningContext
from hrsnn.networks.methods.ranking import keep_highest
from hrsnn.reservoir import Reservoir, ShortTerm


@dataclass(frozen=True)
class ErdosRenyi:
    """Random control: links are removed at random, and each remaining link then joins two random neurons.

    Notes
    -----
    A link keeps its weight and constants and the types (E or I) of its neurons, so that Dale's law and the four numbers of
    links by type are preserved; the structure (distances, degrees, clusters) is lost.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> found = prune(build(ReservoirSpec(neurons=30), seed=1), ErdosRenyi(), iterations=2, synapse_target=0.5)
    >>> found.reservoir.synapses == found.records[-1].links
    True

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), "random initialization".
    """

    uses_exponents: ClassVar[bool] = False

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """Prune for one iteration."""
        size = context.reservoir
        links = context.random("links").random(size.synapses)
        fewer = keep_highest(context, links, context.random("neurons").random(size.neurons))
        return PrunedNetwork(rewire(fewer.reservoir, context.random("ends")), fewer.kept)


def rewire(reservoir: Reservoir, random: np.random.Generator) -> Reservoir:
    """Move each link to a random pair of neurons of the same types, without duplicate pairs.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> other = rewire(reservoir, np.random.default_rng(0))
    >>> bool(np.isclose(other.weight.sum(), reservoir.weight.sum())), np.array_equal(other.pre, reservoir.pre)
    (True, False)
    """
    excitatory = reservoir.is_excitatory
    pre, post = reservoir.pre.astype(np.int64), reservoir.post.astype(np.int64)
    for source in (True, False):
        for target in (True, False):
            here = np.flatnonzero((excitatory[pre] == source) & (excitatory[post] == target))
            sources, targets = np.flatnonzero(excitatory == source), np.flatnonzero(excitatory == target)
            first, second = _pairs(sources, targets, len(here), random)
            pre[here], post[here] = first, second
    order = np.lexsort((post, pre))
    links = reservoir.recurrent
    moved = {f.name: getattr(links, f.name)[order] for f in dataclasses.fields(links) if f.name not in ("pre", "post")}
    short_term = reservoir.short_term
    if short_term is not None:
        short_term = ShortTerm(**{f.name: getattr(short_term, f.name)[order] for f in dataclasses.fields(short_term)})
    return reservoir.replace(
        recurrent=dataclasses.replace(links, pre=pre[order], post=post[order], **moved), short_term=short_term
    )


def _pairs(
    sources: NDArray[np.int64], targets: NDArray[np.int64], count: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw `count` distinct pairs of a source and a different target, all equally likely."""
    every = len(sources) * len(targets)
    # each neuron that is both a source and a target excludes one pair, that with itself
    spare = len(np.intersect1d(sources, targets))
    drawn = random.choice(every, size=min(every, count + spare), replace=False)
    first, second = sources[drawn // max(len(targets), 1)], targets[drawn % max(len(targets), 1)]
    other = np.flatnonzero(first != second)[:count]
    return first[other], second[other]


METHOD = Method(summary="a random graph of the same size", method=ErdosRenyi, rewires=True)
