"""Lyapunov noise pruning (LNP), one iteration: synapses, neurons, delocalisation; labels and tasks are not used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.networks.centrality import betweenness
from hrsnn.networks.delocalisation import links_to_restore
from hrsnn.networks.laplacian import participation
from hrsnn.networks.linear.noise_covariance import coupling, dominant_leak, measured_covariance, noise_covariance
from hrsnn.networks.linear.noise_pruning import noise_importance
from hrsnn.networks.linear.sampling import inclusion_probabilities, systematic_sample
from hrsnn.networks.methods.contract import Method, PrunedNetwork, PruningContext, compensate_bias, highest_neurons
from hrsnn.networks.methods.link_scores import ScoreName, link_scores
from hrsnn.networks.reservoir_edits import keep_links, keep_neurons, missing_links, original_weight, put_back
from hrsnn.networks.retuning import retune
from hrsnn.reservoir import Reservoir
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import take_fields

Array = NDArray[np.float64]

#: Largest ratio of a rescaled weight to that in the dense network.
_LARGEST_GROWTH = 10.0
#: Most neurons for which the covariance is solved densely (above, sweeps are faster), and the largest error of sweeps in
#: units of the largest variance, negligible compared with the randomness of the draw.
_DENSE, _TOLERANCE = 300, 1e-6


@dataclass(frozen=True)
class LNP:
    """Lyapunov noise pruning, with steps that can be switched off.

    Parameters
    ----------
    score : {"paper", "weight", "literal", "drive"}
        See :func:`hrsnn.networks.link_scores`.
    covariance : {"analytic", "measured"}
        Covariance of the linear network defined by the scores, or of spike counts in 50 ms under the noise.
    weights : {"mask", "rescale", "literal"}
        New weight of a kept link: w; w / p, with the factors capped at their 99th percentile and at ten over the run;
        or w / p with only the latter cap, and Delta of Chakraborty & Mukhopadhyay (2024) as a bias,
        ``-(sum |w'| - sum |w|)``.
    compensate : bool
        With "mask" and "rescale": whether a bias compensates for the mean input that a neuron lost.
    synapses, neurons : bool
        Steps 1 and 2. Without step 1, links that step 2 does not remove are kept, except those of lowest weight beyond the
        budget.
    delocalise : {"ipr", "degree", "none"}
        Step 3: links are restored to lower the mean inverse participation ratio, or to increase the variance of degrees.
    restored : float
        Links of the dense network that step 3 restores, as a share of the budget.
    margin : float
        delta of the leak that makes the linear network stable.
    timescales : bool
        Step 4, after the last iteration: :func:`hrsnn.networks.retune`.
    retune_every : int
        With `timescales`: number of iterations after which step 4 is repeated; 0: only after the last.
    reproduce : {"", "paper"}
        "paper": literally as in Chakraborty & Mukhopadhyay (2024), ``score="literal", weights="literal",
        delocalise="degree"``.

    Notes
    -----
    **Step 1.** ``A = -D + signed scores``, the scores divided by their mean and multiplied by that of
    ``|w_ij| tau_s / (tau_m,i (threshold_i - rest_i))``, the depolarisation by a spike within a membrane time constant
    relative to the distance from rest to threshold; D is the smallest stable leak; S, above 300 neurons, is accurate to 1e-6
    of the largest variance. ``p_ij = rho score_ij (S_ii + S_jj - 2 sgn(w_ij) S_ij)``, at most 1; the links of the budget,
    minus those of step 3, are drawn by systematic sampling.

    **Step 2.** Neurons of the lowest directed betweenness (distance 1/w) are removed with their links.

    **Step 3.** Links of the dense network between the remaining neurons are restored until the budget is met; with "none"
    those that step 1 of this iteration removed, by the same p. If the remaining neurons had fewer links in the dense network
    than the budget allows, all of these are present, and the record gives the number missing.

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), section V, eq. 13-17, algorithm 1; E. Moore & R. Chaudhuri, NeurIPS 33 (2020).

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> found = prune(build(ReservoirSpec(neurons=40), seed=1), LNP(), iterations=3, synapse_target=0.6)
    >>> found.reservoir.neurons, found.reservoir.synapses == found.records[-1].budget
    (40, True)
    """

    score: ScoreName = "drive"
    covariance: Literal["analytic", "measured"] = "analytic"
    weights: Literal["mask", "rescale", "literal"] = "mask"
    compensate: bool = True
    synapses: bool = True
    neurons: bool = True
    delocalise: Literal["ipr", "degree", "none"] = "ipr"
    restored: float = 0.02
    margin: float = 0.1
    timescales: bool = False
    retune_every: int = 0
    reproduce: Literal["", "paper"] = ""

    def __post_init__(self) -> None:
        take_fields(self)
        if self.reproduce not in ("", "paper"):
            raise InputError("reproduce", self.reproduce, "must be 'paper', or left out")
        if self.reproduce == "paper":
            for name, value in (("score", "literal"), ("weights", "literal"), ("delocalise", "degree")):
                object.__setattr__(self, name, value)
        allowed: dict[str, tuple[str, ...]] = {
            "score": ("paper", "weight", "literal", "drive"),
            "covariance": ("analytic", "measured"),
            "weights": ("mask", "rescale", "literal"),
            "delocalise": ("ipr", "degree", "none"),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise InputError(name, getattr(self, name), f"must be one of {', '.join(values)}")
        if not 0 <= self.restored < 1:
            raise InputError("restored", self.restored, "must be a share of the links, from 0 to below 1")
        positive("margin", self.margin, "a share")
        count_of("retune_every", self.retune_every, 0)

    @property
    def uses_exponents(self) -> bool:
        """Whether the score depends on the exponents of the neurons."""
        return self.synapses and self.score in ("paper", "literal")

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """Prune for one iteration, by steps 1 to 3."""
        before = context.reservoir
        numbers: dict[str, float] = {}
        back = round(self.restored * context.links) if self.delocalise != "none" else 0
        with context.watch("synapses"):
            probability = self._probabilities(context, min(before.synapses, context.links - back), numbers)
            sampled = systematic_sample(probability, context.random("links"))
            smaller = self._weighted(context, keep_links(before, sampled), probability[sampled], numbers)
        with context.watch("neurons"):
            kept = self._neurons(context, smaller)
            smaller, origin = keep_neurons(smaller, kept), context.origin[kept]
        with context.watch("delocalisation"):
            smaller = self._restored(context, smaller, origin, probability, numbers)
        if self.weights == "literal":
            smaller = _delta(before, smaller, kept)
        elif self.compensate:
            smaller = compensate_bias(context, smaller, kept)
        due = self.retune_every and context.iteration % self.retune_every == 0
        if self.timescales and (due or context.iteration == context.last):
            with context.watch("timescales"):
                found = retune(smaller, context.dense, context.stimulus, seed=context.seed)
            numbers |= {"retuned": float(found.best > 0), "retuned_objective": float(found.objective[found.best])}
            smaller = found.reservoir
        return PrunedNetwork(smaller, kept, numbers)

    def importance(self, context: PruningContext) -> Array:
        """Compute p / rho of every link: its score times the noise factor of its ends."""
        reservoir = context.reservoir
        needs: dict[str, Any] = {}
        if self.score in ("paper", "literal"):
            needs["exponents"] = context.exponents
        elif self.score == "drive":
            needs["rates"] = context.rates
        score = link_scores(reservoir, self.score, **needs)
        sign = np.where(reservoir.is_excitatory[reservoir.pre], 1.0, -1.0)
        if not score.any():
            return score
        if self.covariance == "measured":
            matrix = measured_covariance(context.counts)
        else:
            links = coupling(reservoir.neurons, reservoir.pre, reservoir.post, sign * dimensionless(reservoir, score))
            method = "dense" if reservoir.neurons <= _DENSE else "sweeps"
            matrix = noise_covariance(links, dominant_leak(links, self.margin), method=method, tolerance=_TOLERANCE)
        return noise_importance(score, sign, reservoir.pre, reservoir.post, matrix)

    def _probabilities(self, context: PruningContext, count: int, numbers: dict[str, float]) -> Array:
        if not self.synapses:
            # links that must be removed even so are chosen by weight
            order = np.argsort(-context.reservoir.weight, kind="stable")
            probability = np.zeros(len(order))
            probability[order[:count]] = 1.0
            return probability
        if self.score in ("paper", "literal"):
            around = link_scores(context.reservoir, "literal", exponents=context.exponents)
            numbers["lyapunov_matrix_variation"] = float(around.std() / around.mean()) if len(around) else float("nan")
        probability = inclusion_probabilities(self.importance(context), count)
        numbers["certain_links"] = float((probability == 1).sum())
        return probability

    def _weighted(
        self, context: PruningContext, smaller: Reservoir, probability: Array, numbers: dict[str, float]
    ) -> Reservoir:
        if self.weights == "mask" or not len(probability):
            return smaller
        factor = 1 / probability
        if self.weights == "rescale":
            factor = np.minimum(factor, np.quantile(factor, 0.99))
        most = _LARGEST_GROWTH * original_weight(smaller, context.dense, context.origin)
        weight = np.minimum(smaller.weight * factor, np.maximum(most, smaller.weight))
        numbers["mean_factor"] = float((weight.sum() / smaller.weight.sum()) if smaller.weight.any() else 1.0)
        return smaller.replace(weight=weight, w_max=np.maximum(smaller.w_max, weight))

    def _neurons(self, context: PruningContext, smaller: Reservoir) -> NDArray[np.bool_]:
        if not self.neurons or context.neurons >= smaller.neurons:
            return np.ones(smaller.neurons, dtype=bool)
        live = smaller.weight > 0  # a link of weight 0 is not a path
        central = betweenness(smaller.neurons, smaller.pre[live], smaller.post[live], smaller.weight[live])
        # many neurons are not on any shortest path: among these, those with the weakest links are removed first
        ends = np.append(smaller.pre, smaller.post)
        strength = np.bincount(ends, np.tile(smaller.weight, 2), minlength=smaller.neurons)
        place = np.empty(smaller.neurons)
        place[np.lexsort((strength, central))] = np.arange(smaller.neurons)
        return highest_neurons(smaller, place, context.neurons)

    def _restored(
        self,
        context: PruningContext,
        smaller: Reservoir,
        origin: NDArray[np.int64],
        probability: Array,
        numbers: dict[str, float],
    ) -> Reservoir:
        """Restore links until the budget is met."""
        wanted = context.links - smaller.synapses
        if wanted <= 0:
            return smaller
        dense = context.dense
        candidates = missing_links(smaller, dense, origin)
        if self.delocalise == "none":
            chosen = self._likeliest(context, candidates, probability, wanted)
        else:
            number = np.full(dense.neurons, -1)
            number[origin] = np.arange(len(origin))
            chosen = links_to_restore(
                smaller.neurons,
                smaller.pre.astype(np.int64),
                smaller.post.astype(np.int64),
                number[dense.pre[candidates]],
                number[dense.post[candidates]],
                wanted,
                aim=self.delocalise,
                random=context.random("restored"),
            )
        numbers["restored_links"] = float(len(chosen))
        limit = context.eigenvectors_up_to
        numbers["participation_before"] = participation(smaller.neurons, smaller.pre, smaller.post, limit=limit)
        return put_back(smaller, dense, origin, candidates[chosen])

    def _likeliest(
        self, context: PruningContext, candidates: NDArray[np.int64], probability: Array, wanted: int
    ) -> NDArray[np.int64]:
        """Choose among the links removed in this iteration those of the highest p, then any others."""
        before, dense = context.reservoir, context.dense
        origin, n = context.origin, dense.neurons
        now = origin[before.pre].astype(np.int64) * n + origin[before.post]
        wished = dense.pre[candidates].astype(np.int64) * n + dense.post[candidates]
        place = np.searchsorted(now, wished).clip(max=max(len(now) - 1, 0))
        there = now[place] == wished
        return np.argsort(-np.where(there, probability[place], -1.0), kind="stable")[:wanted]


def dimensionless(reservoir: Reservoir, score: Array) -> Array:
    """Return scores scaled to the mean strength of the network: ``score mean(g) / mean(score)``,
    ``g_ij = w_ij tau_s / (tau_m,i (threshold_i - rest_i))``.

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> reservoir = build(ReservoirSpec(neurons=30), seed=1)
    >>> bool(0 < dimensionless(reservoir, reservoir.weight).mean() < 1)
    True
    """
    post = reservoir.post
    decay = np.where(reservoir.is_excitatory[reservoir.pre], reservoir.tau_exc[post], reservoir.tau_inh[post])
    way = (reservoir.v_threshold - reservoir.v_rest)[post]
    gain = np.abs(reservoir.weight * decay / (reservoir.tau_m[post] * np.where(way == 0, 1.0, way)))
    return np.asarray(score * (gain.mean() / score.mean()))


def _delta(before: Reservoir, smaller: Reservoir, kept: NDArray[np.bool_]) -> Reservoir:
    """Return the network with Delta of Chakraborty & Mukhopadhyay (2024) as a bias, minus the change in summed |weight|."""
    was = np.bincount(before.post, before.weight, minlength=before.neurons)[kept]
    now = np.bincount(smaller.post, smaller.weight, minlength=smaller.neurons)
    return smaller.replace(i_bias=smaller.i_bias - (now - was))


METHOD = Method(summary="Lyapunov noise pruning", method=LNP)
