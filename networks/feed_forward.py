"""Pruning of feed-forward deep networks by chance, activity, drive, betweenness and noise: no labels and no exponents."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.networks.graphs.channels import ChannelGraph, channel_graph
from hrsnn.networks.graphs.delocalisation import links_to_restore
from hrsnn.networks.graphs.layered import layered_betweenness
from hrsnn.networks.linear.sampling import inclusion_probabilities, systematic_sample
from hrsnn.runtime.seeds import generator
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import take_fields

if TYPE_CHECKING:
    from hrsnn.deep.frames import Frames
    from hrsnn.deep.learning.network import Spiking

Array = NDArray[np.float64]
Masks = dict[str, NDArray[np.bool_]]
#: Methods that read no labels; those of :data:`hrsnn.deep.robust.pruning.METHODS` are by weights and by learnt scores.
UNLABELLED = ("random", "activity", "drive", "betweenness", "noise", "lnp")


@dataclass(frozen=True)
class NoiseSettings:
    """How a feed-forward network is pruned by its noise.

    Parameters
    ----------
    neurons : float, optional
        Share of the hidden neurons, of convolutions channels, that go; by default half that of the links.
    iterations : int
        Of steps 1 to 3; links and neurons fall by equal factors.
    restored : float
        Links that step 3 restores at least, as a share of the budget.
    samples : int
        Samples of noise (:func:`hrsnn.deep.robust.links.noise_covariances`).
    noise : float
        Deviation of the noise of a neuron, in the unit of currents.

    Raises
    ------
    InputError
        When a value is out of range.
    """

    neurons: float | None = None
    iterations: int = 3
    restored: float = 0.02
    samples: int = 1000
    noise: float = 1.0

    def __post_init__(self) -> None:
        take_fields(self)
        count_of("iterations", self.iterations)
        count_of("samples", self.samples, 2)
        positive("noise", self.noise, "a deviation", zero=True)
        for name, share in (("neurons", self.neurons), ("restored", self.restored)):
            if share is not None and not 0 <= share < 1:
                raise InputError(name, share, "must be a share, from 0 to below 1")


def unlabelled_masks(
    network: Spiking,
    frames: Frames,
    kept: float,
    method: str,
    *,
    seed: int = 0,
    settings: NoiseSettings | None = None,
) -> Masks:
    """Choose the links of a feed-forward network that are kept, without labels.

    With w the weight times the factor of its normalisation, and a the mean activity of what it reads or drives:

    ===========  =====================================================================================================
    random       any
    activity     the largest ``min(a_j, a_i)``, of equal ones that with the largest maximum
    drive        the largest ``|w_ij| a_j``
    betweenness  the links on most shortest paths (:func:`hrsnn.networks.graphs.layered.layered_betweenness`, length
                 ``1 / |w_ij|``)
    noise        drawn with ``p_ij = min(1, rho |w_ij| (S_ii + S_jj - 2 sgn(w_ij) S_ij))``, S the covariance under noise
    lnp          the same, then neurons of the lowest betweenness go with their links, and links between the others are
                 restored where degrees are lowest, until the share is met; in iterations
    ===========  =====================================================================================================

    Parameters
    ----------
    network : Spiking
        Rectified or with spikes; it is left as it was.
    frames : Frames
        Samples for ``activity`` and ``drive``; labels are not read. The others need none.
    kept : float
        Share of all weights, above 0 and at most 1; every layer keeps one at least.
    method : {"random", "activity", "drive", "betweenness", "noise", "lnp"}
    seed : int
        Of what is drawn.
    settings : NoiseSettings, optional
        Of ``noise`` and ``lnp``.

    Returns
    -------
    dict of layer to array of bool

    Raises
    ------
    InputError
        When the method is unknown or the share out of range.

    Notes
    -----
    The score of Lyapunov noise pruning is ``|w_ij| Lhat_ij``, Lhat the harmonic mean of contraction rates around a link. In
    a feed-forward network the exponents are those of the single neurons (:mod:`hrsnn.deep.robust.exponents`), equal for all
    neurons with one leak: Lhat is then a constant, and the score ``|w_ij|``. Step 4, time constants, has nothing to fit in
    integrators.

    Delocalisation is a step and no method of its own: it orders links that could be restored. The adjacency matrix of a
    feed-forward graph is nilpotent, all of its eigenvalues are 0, and its eigenvectors say nothing; those of the Laplacian
    of the undirected graph, which :func:`hrsnn.networks.links_to_restore` spreads, are defined as in any graph.

    In convolutions a node of the graph is a channel, and a link between two of them as strong as the sum of ``|w|`` over the
    kernel; the weights of a kernel share its betweenness by their size, and of a restored link the largest weight comes
    back. Activities and covariances are over samples and positions. What passes an identical shortcut has no weight, and
    stays.

    Examples
    --------
    >>> from hrsnn.deep.frames import Frames
    >>> from hrsnn.deep.learning.settings import NetworkSettings
    >>> from hrsnn.deep.robust.pruning import share_kept
    >>> frames = Frames(np.full((8, 4), 99, np.uint8), np.zeros(8, np.int64), False)
    >>> network = NetworkSettings("mlp", (4,), 2, steps=1, rectified=True).build().eval()
    >>> round(share_kept(unlabelled_masks(network, frames, 0.25, "drive")), 2)
    0.25

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), section V; E. Moore & R. Chaudhuri, NeurIPS 33 (2020).
    """
    from hrsnn.deep.robust.links import end_activities, link_strengths
    from hrsnn.deep.robust.pruning import check_kept

    check_kept(kept)
    if method not in UNLABELLED:
        raise InputError("method", method, f"must be one of {', '.join(UNLABELLED)}")
    network = copy.deepcopy(network).eval()
    strengths = {name: np.abs(one) for name, one in link_strengths(network).items()}
    there = _present(network, strengths)
    if method in ("noise", "lnp"):
        return _by_noise(network, there, kept, settings or NoiseSettings(), seed, method == "lnp")
    random = generator(seed, "masks", method)
    keys: list[Mapping[str, NDArray[Any]]] = [{name: random.random(one.shape) for name, one in strengths.items()}]
    if method in ("activity", "drive"):
        ends = {
            name: (_inputs(before, strengths[name]), _outputs(after, strengths[name]))
            for name, (before, after) in end_activities(network, frames).items()
        }
        if method == "drive":
            keys.append({name: strengths[name] * before for name, (before, _) in ends.items()})
        else:
            keys.append({name: np.maximum(before, after) for name, (before, after) in ends.items()})
            keys.append({name: np.minimum(before, after) for name, (before, after) in ends.items()})
    elif method == "betweenness":
        keys += [strengths, link_betweenness(channel_graph(network.architecture), strengths)]
    return _highest([*keys, there], kept)


def link_betweenness(graph: ChannelGraph, strengths: Mapping[str, Array]) -> dict[str, Array]:
    """Betweenness of every weight: that of its link in the graph, shared by size among the weights of a kernel."""
    bundles, place = graph.bundles(strengths)
    _, links = layered_betweenness(graph.sizes, bundles)
    found = {}
    for name, strength in strengths.items():
        own = graph.pairs(name, np.abs(strength))
        total = own.sum(axis=2, keepdims=True)
        share = np.divide(own, total, out=np.zeros_like(own), where=total > 0)
        found[name] = (links[place[name]][:, :, None] * share).reshape(strength.shape)
    return found


def removed_neurons(graph: ChannelGraph, masks: Mapping[str, NDArray[np.bool_]]) -> float:
    """Return the share of hidden neurons, of convolutions channels, that nothing reads or that read nothing.

    Examples
    --------
    >>> from hrsnn.deep.models import architecture
    >>> graph = channel_graph(architecture("mlp", (4,), 3))
    >>> masks = {f"linear{k}": np.ones(shape, bool) for k, shape in ((1, (256, 4)), (2, (256, 256)), (3, (3, 256)))}
    >>> masks["linear3"][:, :64] = False
    >>> removed_neurons(graph, masks)
    0.125
    """
    read = [np.zeros(size, dtype=bool) for size in graph.sizes]
    driven = [np.zeros(size, dtype=bool) for size in graph.sizes]
    for name, mask in masks.items():
        source, target, _ = graph.of[name]
        joined = np.asarray(graph.pairs(name, mask).any(axis=2))
        read[source] |= joined.any(axis=0)
        driven[target] |= joined.any(axis=1)
    for source, target in graph.same:
        read[source][:], driven[target][:] = True, True
    alive = sum(int((read[group] & driven[group]).sum()) for group in graph.hidden)
    return 1 - alive / sum(graph.sizes[group] for group in graph.hidden)


def _present(network: Spiking, strengths: Mapping[str, Array]) -> Masks:
    """Return the links that the network has: those of its masks."""
    masks = {name: network.mask_of(name) for name in strengths}
    return {name: np.ones(strengths[name].shape, bool) if one is None else one.numpy() for name, one in masks.items()}


def _inputs(values: Array, like: Array) -> Array:
    return np.broadcast_to(values.reshape(1, -1, *[1] * (like.ndim - 2)), like.shape)


def _outputs(values: Array, like: Array) -> Array:
    return np.broadcast_to(values.reshape(-1, *[1] * (like.ndim - 1)), like.shape)


def _joined(values: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate([one.ravel() for one in values.values()])


def _split(values: NDArray[np.bool_], like: Mapping[str, Array]) -> Masks:
    ends = np.cumsum([one.size for one in like.values()])[:-1]
    return {name: part.reshape(like[name].shape) for name, part in zip(like, np.split(values, ends), strict=True)}


def _highest(keys: list[Mapping[str, NDArray[Any]]], kept: float) -> Masks:
    """Keep the links that come last by the last key, of equal ones by the key before it; of every layer one at least."""
    from hrsnn.deep.robust.pruning import magnitude_masks

    order = np.lexsort([_joined(one) for one in keys])
    place = np.empty(len(order))
    place[order] = np.arange(1, len(order) + 1)
    ends = np.cumsum([one.size for one in keys[0].values()])[:-1]
    parts = zip(keys[0].items(), np.split(place, ends), strict=True)
    return magnitude_masks({name: part.reshape(one.shape) for (name, one), part in parts}, kept)


def _by_noise(network: Spiking, there: Masks, kept: float, settings: NoiseSettings, seed: int, whole: bool) -> Masks:
    """Return the masks of step 1, or of steps 1 to 3 in iterations; the weights outside of them become 0."""
    from hrsnn.deep.robust.links import link_strengths, noise_covariances

    graph, present = channel_graph(network.architecture), dict(there)
    strengths = link_strengths(network)
    total, most = sum(one.size for one in there.values()), sum(int(one.sum()) for one in there.values())
    neurons = (1 - kept) / 2 if settings.neurons is None else settings.neurons
    hidden = sum(graph.sizes[group] for group in graph.hidden)
    alive = [np.ones(size, dtype=bool) for size in graph.sizes]
    last = settings.iterations if whole else 1
    for iteration in range(1, last + 1):
        share = iteration / last
        budget = max(len(there), min(most, round(total * kept**share)))
        back = round(settings.restored * budget) if whole else 0
        for name, mask in present.items():
            weight = network.weight[name].data
            weight.mul_(weight.new_tensor(mask))
        moments = noise_covariances(network, settings.samples, settings.noise, seed + iteration - 1)
        importance = {}
        for name, strength in link_strengths(network).items():
            before, after, both = moments[name]
            apart = before[None] + _outputs(after, strength) - 2 * np.sign(strength) * both
            importance[name] = np.abs(strength) * np.maximum(apart, 0.0)
        drawn = _drawn(importance, present, budget - back, generator(seed, "links", iteration))
        if whole:
            present = _present_without(graph, drawn, strengths, alive, round(hidden * (1 - neurons) ** share))
            present = _restored(graph, present, there, strengths, alive, budget, generator(seed, "restored", iteration))
        else:
            present = drawn
    return present


def _drawn(importance: Mapping[str, Array], present: Masks, count: int, random: np.random.Generator) -> Masks:
    """Draw links in proportion to their importance, and the most important one of a layer that would have none."""
    mask = _joined(present)
    chosen = np.zeros(len(mask), dtype=bool)
    values = _joined(importance)[mask]
    probability = inclusion_probabilities(values, min(count, len(values)))
    chosen[np.flatnonzero(mask)[systematic_sample(probability, random)]] = True
    found = _split(chosen, importance)
    for name, one in found.items():
        if not one.any():
            one.flat[int(np.argmax(np.where(present[name], importance[name], -1.0)))] = True
    return found


def _present_without(
    graph: ChannelGraph, masks: Masks, strengths: Mapping[str, Array], alive: list[NDArray[np.bool_]], count: int
) -> Masks:
    """Remove hidden neurons of the lowest betweenness, with their links, until `count` are left; one a layer stays."""
    bundles, _ = graph.bundles({name: strengths[name] * mask for name, mask in masks.items()})
    central, _ = layered_betweenness(graph.sizes, bundles)
    strong = [np.zeros(size) for size in graph.sizes]
    for one in bundles:
        strong[one.source] += one.strength.sum(axis=0)
        strong[one.target] += one.strength.sum(axis=1)
    places = [(group, node) for group in graph.hidden for node in np.flatnonzero(alive[group])]
    # of neurons on equally many shortest paths those with the weakest links go first
    order = np.lexsort([[one[group][node] for group, node in places] for one in (strong, central)])
    spare = len(places) - count
    for group, node in (places[k] for k in order):
        if spare > 0 and alive[group].sum() > 1:
            alive[group][node] = False
            spare -= 1
    return {name: mask & _between(graph, name, alive).reshape(mask.shape) for name, mask in masks.items()}


def _between(graph: ChannelGraph, name: str, alive: list[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Return which weights of a layer are between two neurons that are left."""
    source, target, places = graph.of[name]
    return np.repeat((alive[target][:, None] & alive[source])[:, :, None], places, axis=2)


def _restored(
    graph: ChannelGraph,
    masks: Masks,
    there: Masks,
    strengths: Mapping[str, Array],
    alive: list[NDArray[np.bool_]],
    budget: int,
    random: np.random.Generator,
) -> Masks:
    """Restore links between the neurons that are left until the budget is met: of each pair the strongest weight."""
    starts = np.concatenate([[0], np.cumsum(graph.sizes)])
    names = list(masks)
    free = {name: graph.pairs(name, there[name] & ~masks[name]) & _between(graph, name, alive) for name in names}
    sizes = {name: np.where(free[name], graph.pairs(name, np.abs(strengths[name])), -1.0) for name in names}
    pre, post, more = [], [], []
    for number, name in enumerate(names):
        source, target, _ = graph.of[name]
        i, j = np.nonzero(graph.pairs(name, masks[name]).any(axis=2))
        pre.append(j + starts[source])
        post.append(i + starts[target])
        i, j = np.nonzero(free[name].any(axis=2))
        place = sizes[name][i, j].argmax(axis=1)
        more.append(np.stack([j + starts[source], i + starts[target], np.full(len(i), number), i, j, place]))
    wanted = budget - sum(int(mask.sum()) for mask in masks.values())
    candidates = np.concatenate(more, axis=1)
    if wanted <= 0 or not candidates.shape[1]:
        return masks
    chosen = links_to_restore(
        int(starts[-1]), np.concatenate(pre), np.concatenate(post), candidates[0], candidates[1], wanted, random=random
    )
    found = {name: graph.pairs(name, masks[name]).copy() for name in names}
    for _, _, number, i, j, place in candidates[:, chosen].T:
        found[names[number]][i, j, place] = True
    # a kernel has more weights than its pair of channels has links
    still = wanted - len(chosen)
    if still > 0:
        left = {name: np.where(found[name], -1.0, sizes[name]) for name in names}
        flat = _joined(left)
        best = np.argsort(-flat, kind="stable")[: min(still, int((flat >= 0).sum()))]
        mask = _joined(found)
        mask[best] = True
        found = _split(mask, left)
    return {name: found[name].reshape(masks[name].shape) for name in names}
