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
from hrsnn.networks.methods.contract import PrunedNetwork, PruningContext, compensate_bias, highest_neurons
from hrsnn.networks.methods.link_scores import ScoreName, link_scores
from hrsnn.networks.reservoir_edits import keep_links, keep_neurons, missing_links, original_weight, put_back
from hrsnn.networks.retuning import retune
from hrsnn.reservoir import Reservoir
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import take_fields

Array = NDArray[np.float64]

#: A rescaled weight never exceeds this many times that of the dense network.
_LARGEST_GROWTH = 10.0
#: Up to so many neurons the covariance is solved densely, past that by sweeps, which are faster there; their largest error
#: in units of the largest variance, which is nothing beside the chance in the draw.
_DENSE, _TOLERANCE = 300, 1e-6


@dataclass(frozen=True)
class LNP:
    """Lyapunov noise pruning; every step can be switched off.

    Parameters
    ----------
    score : {"paper", "weight", "literal", "drive"}
        See :func:`hrsnn.networks.link_scores`.
    covariance : {"analytic", "measured"}
        Of the linear network that the scores make, or of spike counts in 50 ms under the noise.
    weights : {"mask", "rescale", "literal"}
        What a kept link's weight becomes: w; w / p, the factors capped at their 99th percentile and ten times over the run;
        or w / p with only the latter cap, and the paper's Delta as a bias, ``-(sum |w'| - sum |w|)``.
    compensate : bool
        With "mask" and "rescale": a bias that makes up for the mean input that a neuron lost.
    synapses, neurons : bool
        Steps 1 and 2. Without step 1 the links that step 2 does not need to take stay: the budget is met by those of lowest
        weight.
    delocalise : {"ipr", "degree", "none"}
        Step 3: links put back to lower the mean inverse participation ratio, or to raise the variance of the degrees.
    restored : float
        Share of the budget's links that step 3 puts back, of those that the dense network had.
    margin : float
        delta of the leak that keeps the linear network stable.
    timescales : bool
        Step 4, after the last iteration: :func:`hrsnn.networks.retune`.
    retune_every : int
        With `timescales`: also after every so many iterations; 0: only after the last.
    reproduce : {"", "paper"}
        "paper": the letter of the paper, ``score="literal", weights="literal", delocalise="degree"``.

    Notes
    -----
    **Step 1.** ``A = -D + signed scores``, the scores divided by their mean and multiplied by that of
    ``|w_ij| tau_s / (tau_m,i (threshold_i - rest_i))``, the share of the way to threshold that a spike brings in the time
    that a membrane remembers; D the least leak that is stable; S, past 300 neurons, to 1e-6 of the largest variance.
    ``p_ij = rho score_ij (S_ii + S_jj - 2 sgn(w_ij) S_ij)``, at most 1; as many links as the budget has, but for those of
    step 3, are kept by systematic sampling.
    **Step 2.** Neurons of the lowest directed betweenness (distance 1/w) go with their links.
    **Step 3.** Links of the dense network between neurons that are left come back until the budget is met; with "none" those
    that this iteration's step 1 dropped, by the same p. Where the neurons left had fewer links in the dense network than the
    budget allows, all of these are there, and the record shows how many are missing.

    References
    ----------
    Chakraborty & Mukhopadhyay, section V, eq. 13-17, algorithm 1; E. Moore & R. Chaudhuri, NeurIPS 33 (2020).

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
        """Whether the score reads the exponents of the neurons."""
        return self.synapses and self.score in ("paper", "literal")

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """One iteration of steps 1 to 3."""
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
        """p / rho of every link: score times what noise says of its ends."""
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
            # what has to go all the same goes by weight
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
        live = smaller.weight > 0  # a weight of 0 is no way
        central = betweenness(smaller.neurons, smaller.pre[live], smaller.post[live], smaller.weight[live])
        # many neurons are on no shortest way at all: among these, those with the weakest links go first
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
        """Links back until the budget is met."""
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
        """Among the links that this iteration dropped those of the highest p, then any others."""
        before, dense = context.reservoir, context.dense
        origin, n = context.origin, dense.neurons
        now = origin[before.pre].astype(np.int64) * n + origin[before.post]
        wished = dense.pre[candidates].astype(np.int64) * n + dense.post[candidates]
        place = np.searchsorted(now, wished).clip(max=max(len(now) - 1, 0))
        there = now[place] == wished
        return np.argsort(-np.where(there, probability[place], -1.0), kind="stable")[:wanted]


def dimensionless(reservoir: Reservoir, score: Array) -> Array:
    """Scores with the mean strength of the network: ``score mean(g) / mean(score)``,
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
    """The paper's Delta as a bias: excitability against the change in summed weight, whatever its sign."""
    was = np.bincount(before.post, before.weight, minlength=before.neurons)[kept]
    now = np.bincount(smaller.post, smaller.weight, minlength=smaller.neurons)
    return smaller.replace(i_bias=smaller.i_bias - (now - was))
