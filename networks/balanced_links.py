"""Which links of a balanced network a pruning method keeps: the scores that signed links without delays have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hrsnn.balanced import BalancedNetwork
from hrsnn.balanced.decoding import filtered
from hrsnn.errors import InputError
from hrsnn.networks.linear.noise_covariance import coupling, critical_leak, noise_covariance
from hrsnn.networks.linear.noise_pruning import noise_importance
from hrsnn.networks.linear.sampling import inclusion_probabilities, systematic_sample
from hrsnn.networks.methods.ranking import rank_at_target
from hrsnn.networks.methods.registry import METHODS
from hrsnn.runtime.seeds import check_seed, generator
from hrsnn.simulation import simulate
from hrsnn.stimuli.currents import Currents
from hrsnn.validation.annotations import is_number
from hrsnn.validation.limits import check_memory
from hrsnn.validation.units import takes

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Values of the noise under which rates are measured, and those under which the input that neurons carry is.
_RATE_VALUES, _SIGNAL_VALUES = 100, 3000
#: Delays (values) of the input that neurons carry, and standard errors below which a covariance counts as none.
_DELAYS, _SIGNIFICANT = 60, 4.0

#: The method that removes whole neurons.
NEURONS = "activity_neurons"
#: Methods of the registry that are not defined for signed links without delays, and why.
REFUSED = {
    "lnp": "needs Lyapunov exponents, which are of the neuron model of reservoirs; noise is its first step without them",
    "erdos_renyi": "moves links between neurons of equal types, which neurons with links of both signs do not have",
}


@dataclass(frozen=True)
class LinksUnderNoise:
    """The links of a network, and how it runs under noise."""

    network: BalancedNetwork
    count: int  #: links that are kept
    seed: int

    def random(self, what: str) -> np.random.Generator:
        return generator(self.seed, "balanced pruning", what)

    def filtered_spikes(self, values: int) -> tuple[Array, Array]:
        """Return the noise (values, C), and the spikes filtered with the leaks at the end of each value, (values, N)."""
        network, hold = self.network, self.network.hold
        check_memory("neurons", network.neurons, 8.0 * values * network.neurons, "the filtered spikes")
        u = self.random("noise").uniform(-1, 1, (values, network.channels))
        spikes = simulate(network, Currents(u[None], dt=hold)).spikes
        return u, filtered(*spikes.sample(0), hold * np.arange(1, values + 1), network.leak)

    def rates(self) -> Array:
        """Return the rates under noise, in filtered spikes: rate over leak."""
        return np.asarray(self.filtered_spikes(_RATE_VALUES)[1][_RATE_VALUES // 5 :].mean(axis=0))


def _kept(links: LinksUnderNoise, score: Array, per_target: bool = False) -> Mask:
    place = rank_at_target(links.network.post, score) if per_target else np.zeros(len(score))
    mask = np.zeros(len(score), dtype=bool)
    mask[np.lexsort((-score, place))[: links.count]] = True
    return mask


def _uniform(links: LinksUnderNoise) -> Mask:
    return _kept(links, links.random("links").random(links.network.synapses))


def _magnitude(links: LinksUnderNoise) -> Mask:
    return _kept(links, np.abs(links.network.weight))


def _drive(links: LinksUnderNoise) -> Mask:
    network = links.network
    return _kept(
        links, np.abs(network.weight) * (links.rates() * network.leak)[network.pre] * network.leak[network.post], True
    )


def _signal(links: LinksUnderNoise) -> Mask:
    network = links.network
    u, r = links.filtered_spikes(_SIGNAL_VALUES)
    later = r[_DELAYS:] - r[_DELAYS:].mean(axis=0)
    found = np.empty((network.neurons, network.channels, _DELAYS))
    for delay in range(_DELAYS):
        found[:, :, delay] = later.T @ u[_DELAYS - 1 - delay : len(u) - 1 - delay] / len(later)
    error = later.std(axis=0) * np.sqrt(1 / 3 / len(later))
    carried = np.where(np.abs(found) > _SIGNIFICANT * error[:, None, None], found, 0.0)
    norm = np.sqrt((carried**2).sum(axis=(1, 2)))
    return _kept(links, np.abs(network.weight) * norm[network.pre], True)


def _noise(links: LinksUnderNoise) -> Mask:
    network, size = links.network, np.abs(links.network.weight)
    pre, post, sign = network.pre, network.post, np.sign(network.weight)
    matrix = coupling(network.neurons, pre, post, network.weight / size.mean())
    covariance = noise_covariance(matrix, critical_leak(matrix), method="dense")
    share = inclusion_probabilities(noise_importance(size, sign, pre, post, covariance), links.count)
    return systematic_sample(share, links.random("sample"))


def _activity(links: LinksUnderNoise) -> Mask:
    network, rates = links.network, links.rates()
    before, after = rates[network.pre], rates[network.post]
    order = np.lexsort((links.random("ties").random(network.synapses), np.maximum(before, after), np.minimum(before, after)))
    place = np.empty(len(order))
    place[order] = np.arange(len(order))
    return _kept(links, place)


_KEPT: dict[str, Callable[[LinksUnderNoise], Mask]] = {
    "random": _uniform,
    "magnitude": _magnitude,
    "drive": _drive,
    "signal": _signal,
    "noise": _noise,
    "activity": _activity,
}


@takes()
def kept_balanced_links(network: BalancedNetwork, method: str, synapse_target: float, seed: int = 0) -> Mask:
    """Return which links of a balanced network a method keeps.

    The scores are those of the methods of the same names for reservoirs, with the modulus of the fast weight for w_ij and
    the leak for 1/tau: ``magnitude`` ``|w_ij|``; ``drive`` ``|w_ij| rate_j lambda_i`` and ``signal`` ``|w_ij| |K_j|``, K_j
    the covariance of the filtered spikes of j with the past 60 values of the input, both for each target; ``noise`` samples
    by ``|w_ij| (S_ii + S_jj - 2 sgn(w_ij) S_ij)``, S of the linear network of the fast weights with the critical leak;
    ``activity`` by the less active of two neurons; ``random``.

    Parameters
    ----------
    network : BalancedNetwork
    method : str
    synapse_target : float
        Share of the links that are removed, from 0 to below 1.
    seed : int
        Seed of the draws and of the noise under which rates are measured.

    Returns
    -------
    array of bool (S,)

    Raises
    ------
    InputError
        For an unknown method, one that is not defined for links of either sign without delays (with the reason), or a share
        that is out of range or leaves no link.

    Examples
    --------
    >>> from hrsnn.balanced import BalancedSpec, build_balanced
    >>> network = build_balanced(BalancedSpec(neurons=40, dimensions=4), seed=1)
    >>> kept = kept_balanced_links(network, "magnitude", 0.75)
    >>> bool(np.abs(network.weight[kept]).min() >= np.abs(network.weight[~kept]).max()), int(kept.sum())
    (True, 390)
    """
    if method in REFUSED:
        raise InputError("method", method, f"{REFUSED[method]}; {', '.join((*_KEPT, NEURONS))} take balanced networks")
    if method == NEURONS:
        raise InputError("method", method, "removes whole neurons: prune_balanced does it")
    if method not in _KEPT:
        METHODS.find(method)  # raises an error with the most similar name for what is none at all
        raise InputError("method", method, f"must be one of {', '.join(_KEPT)} for a balanced network")
    check_seed(seed)
    count = links_left(network, synapse_target)
    if count == network.synapses:
        return np.ones(count, dtype=bool)
    return _KEPT[method](LinksUnderNoise(network, count, seed))


def links_left(network: BalancedNetwork, synapse_target: float) -> int:
    """Return the number of links that are left when a share of them is removed."""
    if not is_number(synapse_target) or not 0 <= synapse_target < 1:
        raise InputError("synapse_target", synapse_target, "must be from 0 to below 1")
    count = round(network.synapses * (1 - synapse_target))
    if not count:
        raise InputError("synapse_target", synapse_target, f"leaves none of the {network.synapses} links")
    return count
