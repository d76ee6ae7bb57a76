"""Pruning of a balanced network: links are removed from both of its matrices, or whole neurons."""

from __future__ import annotations

import dataclasses

import numpy as np

from hrsnn.balanced import BalancedNetwork
from hrsnn.errors import InputError
from hrsnn.networks.balanced_links import NEURONS, LinksUnderNoise, kept_balanced_links, links_left
from hrsnn.networks.methods.contract import Mask
from hrsnn.runtime.seeds import check_seed
from hrsnn.validation.units import takes


@takes()
def keep_balanced_links(network: BalancedNetwork, kept: Mask) -> BalancedNetwork:
    """Return a balanced network with only the links of a mask (S,); its decoder and the resets stay.

    A link that is removed takes its element out of both matrices, the fast and the slow weights: it is one connection whose
    spikes act in two ways. Slow weights of a neuron to itself are no link and stay too.

    Examples
    --------
    >>> from hrsnn.balanced import BalancedSpec, build_balanced
    >>> network = build_balanced(BalancedSpec(neurons=40, dimensions=4), seed=1)
    >>> few = keep_balanced_links(network, network.weight > 0)
    >>> few.synapses == int((network.weight > 0).sum()), bool((few.slow[few.fast == 0] == 0).all())
    (True, True)
    """
    mask = np.asarray(kept)
    if mask.shape != (network.synapses,) or mask.dtype != np.bool_:
        raise InputError("kept", mask, f"must be a mask of {network.synapses} values True or False")
    gone = (network.post[~mask], network.pre[~mask])
    fast, slow = network.fast.copy(), network.slow.copy()
    fast[gone] = slow[gone] = 0.0
    return network.with_matrices(fast, slow)


@takes()
def keep_balanced_neurons(network: BalancedNetwork, kept: Mask) -> BalancedNetwork:
    """Return a balanced network of only the neurons of a mask (N,), with the links among them.

    Raises
    ------
    InputError
        When fewer neurons than states are left.

    Examples
    --------
    >>> from hrsnn.balanced import BalancedSpec, build_balanced
    >>> network = build_balanced(BalancedSpec(neurons=40, dimensions=4), seed=1)
    >>> keep_balanced_neurons(network, np.arange(40) < 30).neurons
    30
    """
    mask = np.asarray(kept)
    if mask.shape != (network.neurons,) or mask.dtype != np.bool_:
        raise InputError("kept", mask, f"must be a mask of {network.neurons} values True or False")
    own = {name: getattr(network, name)[mask] for name in ("leak", "threshold", "own_reset")}
    edited = {name: getattr(network, name) for name in ("edited_fast", "edited_slow")}
    smaller = {name: matrix[np.ix_(mask, mask)] for name, matrix in edited.items() if matrix.size}
    return dataclasses.replace(network, decoder=network.decoder[:, mask], **own, **smaller)


@takes()
def prune_balanced(network: BalancedNetwork, method: str, synapse_target: float, seed: int = 0) -> BalancedNetwork:
    """Prune a balanced network by a method, in one step.

    Links are those of :func:`kept_balanced_links`, removed by :func:`keep_balanced_links`. The method ``activity_neurons``
    removes whole neurons instead, those of the lowest rates under noise, until the links among the others are within the
    budget; it does not train them by STDP, which a balanced network does not have.

    Raises
    ------
    InputError
        As :func:`kept_balanced_links`, or when fewer neurons than states would be left.

    Notes
    -----
    Few links can go, and many neurons: the weights have rank J, and a link that is missing leaves errors in the other N - J
    dimensions, which nothing corrects, whereas a network of fewer neurons is a network of the same form (docs/balanced.md).
    A quadratic cost is a force against such errors.

    Examples
    --------
    >>> from hrsnn.balanced import BalancedSpec, build_balanced
    >>> network = build_balanced(BalancedSpec(neurons=40, dimensions=4), seed=1)
    >>> prune_balanced(network, "random", 0.5).synapses, prune_balanced(network, "activity_neurons", 0.5).neurons
    (780, 28)
    """
    if method != NEURONS:
        return keep_balanced_links(network, kept_balanced_links(network, method, synapse_target, seed))
    links = LinksUnderNoise(network, links_left(network, synapse_target), check_seed(seed))
    order = np.argsort(-(links.rates() * network.leak) - 1e-6 * links.random("neurons").random(network.neurons))
    # links among the first k + 1 neurons of the order: a link counts from its later end on
    place = np.argsort(order)
    among = np.cumsum(np.bincount(np.maximum(place[network.pre], place[network.post]), minlength=network.neurons))
    count = int(np.searchsorted(among, links.count, side="right"))
    if count < network.states:
        raise InputError("synapse_target", synapse_target, f"leaves {count} neurons, fewer than the {network.states} states")
    return keep_balanced_neurons(network, place < count)
