"""Lyapunov noise pruning (LNP), one iteration: synapses, neurons, delocalisation; labels and tasks are not used."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hrsnn.errors import InputError
from hrsnn.networks.gains import link_gains
from hrsnn.networks.graphs.centrality import betweenness
from hrsnn.networks.graphs.delocalisation import links_to_restore
from hrsnn.networks.graphs.laplacian import participation
from hrsnn.networks.independent_noise import independent_counts
from hrsnn.networks.linear.delayed_covariance import delay_independent_leak, delayed_covariance
from hrsnn.networks.linear.noise_covariance import (
    coupling,
    critical_leak,
    dominant_leak,
    measured_covariance,
    noise_covariance,
)
from hrsnn.networks.linear.noise_pruning import noise_importance
from hrsnn.networks.linear.sampling import inclusion_probabilities, systematic_sample
from hrsnn.networks.methods.contract import Method, PrunedNetwork, PruningContext
from hrsnn.networks.methods.link_scores import ScoreName, link_scores
from hrsnn.networks.methods.ranking import highest_neurons, least_neurons
from hrsnn.networks.reservoir_edits import keep_links, keep_neurons, missing_links, original_weight, put_back
from hrsnn.networks.retuning import retune
from hrsnn.reservoir import Reservoir
from hrsnn.validation.numbers import count_of, positive
from hrsnn.validation.units import take_fields

Array = NDArray[np.float64]
Covariance = Literal["analytic", "delayed", "measured"]

#: The text of the paper.
_PAPER = {"score": "literal", "weights": "literal", "delocalise": "degree", "timescales": True, "retune_every": 1}
#: Bounds of tau_m that a change of the leak keeps to (ms).
_SHORTEST, _LONGEST = 3.0, 200.0
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
    covariance : {"analytic", "delayed", "measured"}
        Covariance of the linear network defined by the scores, without or with the delays of the links; or that of spike
        counts in 50 ms of the network driven by independent Poisson spikes at each neuron, over 10 N windows.
    leak : {"critical", "diagonal"}
        Leak of the linear network: :func:`hrsnn.networks.critical_leak`, or :func:`hrsnn.networks.dominant_leak`.
    weights : {"mask", "rescale", "literal"}
        New weight of a kept link: w; w / p, with the factors capped at their 99th percentile and at ten over the run;
        or w / p with only the latter cap, and Delta of Chakraborty & Mukhopadhyay (2024) as a change of the leak.
    synapses, neurons : bool
        Steps 1 and 2. Without step 1, links that step 2 does not remove are kept, except those of lowest weight beyond the
        budget.
    delocalise : {"ipr", "degree", "none"}
        Step 3: links are restored to lower the mean inverse participation ratio, or to increase the variance of degrees.
    delocalised_share : float
        Links of the dense network that step 3 restores, as a share of the budget.
    margin : float
        Margin of the leak over the smallest with which the linear network is stable.
    timescales : bool
        Step 4, after the last iteration: :func:`hrsnn.networks.retune`.
    retune_every : int
        With `timescales`: number of iterations after which step 4 is repeated; 0: only after the last.
    reproduce : {"", "paper"}
        "paper": as in the text of Chakraborty & Mukhopadhyay (2024), ``score="literal", weights="literal",
        delocalise="degree", retune_every=1``, links drawn independently with a constant rho, and a constant threshold of
        betweenness; see the notes.

    Notes
    -----
    Where :func:`~hrsnn.networks.prune` gets no target for neurons, it is half that for links.

    **Step 1.** ``A = -D + signed scores``, the scores divided by their mean and multiplied by that of
    ``|w_ij| tau_s / (tau_m,i (threshold_i - rest_i))``, the depolarisation by a spike within a membrane time constant
    relative to the distance from rest to threshold; S, where the leak is dominant, is accurate to 1e-6 of the largest
    variance above 300 neurons. ``p_ij = rho score_ij (S_ii + S_jj - 2 sgn(w_ij) S_ij)``, at most 1; the links of the budget,
    minus those of step 3, are drawn by systematic sampling.

    With ``covariance="delayed"``, rows of A are divided by tau_m,i, and S_ij is the covariance of x_i with x_j as it arrives
    (:func:`hrsnn.networks.delayed_covariance`): neurons that are correlated at another lag do not make a link redundant.

    **Step 2.** Neurons of the lowest directed betweenness (distance 1/w) are removed with their links.

    **Step 3.** Links of the dense network between the remaining neurons are restored until the budget is met; with "none"
    those that step 1 of this iteration removed, by the same p. If the remaining neurons had fewer links in the dense network
    than the budget allows, all of these are present, and the record gives the number missing.

    **Step 4.** The distributions of tau_m are searched after the input has been restored.

    **reproduce="paper".** The targets of ``prune`` only set rho and the threshold, such that the first iteration meets its
    budgets on average; both then stay, and so does the number of links that step 3 restores, a share of the *dense*
    network's. Sizes are found, not set. Delta_i, the change of the summed dimensionless weights of neuron i, is added to
    its leak 1: tau_m, bias, weights and input are divided by 1 + Delta_i, so that tau_m stays within 3 and 200 ms. Nothing
    else is given back to a neuron unless ``prune`` gets `restore`.

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), section V, eq. 13-17, algorithm 1; E. Moore & R. Chaudhuri, NeurIPS 33 (2020).

    Examples
    --------
    >>> from hrsnn import ReservoirSpec, build
    >>> from hrsnn.networks import prune
    >>> found = prune(build(ReservoirSpec(neurons=40), seed=1), LNP(timescales=False), iterations=3, synapse_target=0.6)
    >>> found.reservoir.neurons, found.reservoir.synapses == found.records[-1].budget
    (28, True)
    """

    score: ScoreName = "paper"
    covariance: Covariance = "analytic"
    leak: Literal["critical", "diagonal"] = "critical"
    weights: Literal["mask", "rescale", "literal"] = "mask"
    synapses: bool = True
    neurons: bool = True
    delocalise: Literal["ipr", "degree", "none"] = "ipr"
    delocalised_share: float = 0.02
    margin: float = 0.05
    timescales: bool = True
    retune_every: int = 0
    reproduce: Literal["", "paper"] = ""

    def __post_init__(self) -> None:
        take_fields(self)
        if self.reproduce not in ("", "paper"):
            raise InputError("reproduce", self.reproduce, "must be 'paper', or left out")
        if self.reproduce == "paper":
            for name, value in _PAPER.items():
                object.__setattr__(self, name, value)
        allowed: dict[str, tuple[str, ...]] = {
            "score": get_args(ScoreName),
            "covariance": get_args(Covariance),
            "leak": ("critical", "diagonal"),
            "weights": ("mask", "rescale", "literal"),
            "delocalise": ("ipr", "degree", "none"),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise InputError(name, getattr(self, name), f"must be one of {', '.join(values)}")
        if not 0 <= self.delocalised_share < 1:
            raise InputError("delocalised_share", self.delocalised_share, "must be a share of the links, from 0 to below 1")
        positive("margin", self.margin, "a share")
        count_of("retune_every", self.retune_every, 0)

    @property
    def uses_exponents(self) -> bool:
        """Whether the score depends on the exponents of the neurons."""
        return self.synapses and self.score in ("paper", "literal")

    @property
    def neuron_share(self) -> float:
        """Target for neurons as a share of that for links, where `prune` gets none."""
        return 0.5 if self.neurons else 0.0

    @property
    def usual_restore(self) -> str:
        """What is given back to a neuron where `prune` is not told."""
        return "none" if self.weights == "literal" else "bias"

    @property
    def finds_sizes(self) -> bool:
        """Whether sizes are found rather than set."""
        return self.reproduce == "paper"

    def prune(self, context: PruningContext) -> PrunedNetwork:
        """Prune for one iteration, by steps 1 to 3."""
        before = context.reservoir
        numbers: dict[str, float] = {}
        with context.watch("synapses"):
            probability = self._probabilities(context, numbers)
            drawn = self._drawn(context, probability)
            smaller = self._weighted(context, keep_links(before, drawn), probability[drawn], numbers)
        with context.watch("neurons"):
            kept = self._neurons(context, smaller, numbers)
            smaller, origin = keep_neurons(smaller, kept), context.origin[kept]
        with context.watch("delocalisation"):
            smaller = self._delocalised(context, smaller, origin, probability, numbers)
        if self.weights == "literal":
            smaller = _with_delta(before, smaller, kept)
        return PrunedNetwork(smaller, kept, numbers)

    def finish(self, context: PruningContext, reservoir: Reservoir) -> tuple[Reservoir, dict[str, float]]:
        """Fit the time constants (step 4) in the iterations that have it."""
        due = self.retune_every and context.iteration % self.retune_every == 0
        if not self.timescales or not (due or context.iteration == context.last):
            return reservoir, {}
        with context.watch("timescales"):
            found = retune(reservoir, context.dense, context.stimulus, seed=context.seed)
        return found.reservoir, {
            "retuned": float(found.best > 0),
            "retuned_objective": float(found.objective[found.best]),
        }

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
        pre, post = reservoir.pre, reservoir.post
        if self.covariance == "measured":
            matrix = measured_covariance(independent_counts(context))
            return noise_importance(score, sign, pre, post, matrix)
        strength = sign * dimensionless(reservoir, score)
        links = coupling(reservoir.neurons, pre, post, strength)
        if self.covariance == "delayed":
            leak = (delay_independent_leak if self.leak == "critical" else dominant_leak)(links, self.margin)
            per_ms = coupling(reservoir.neurons, pre, post, strength / reservoir.tau_m[post])
            variance, shared = delayed_covariance(per_ms, leak / reservoir.tau_m, pre, post, reservoir.recurrent.delay)
            return np.asarray(score * np.maximum(variance[post] + variance[pre] - 2 * sign * shared, 0.0))
        if self.leak == "critical":
            matrix = noise_covariance(links, critical_leak(links, self.margin), method="dense")
        else:
            method = "dense" if reservoir.neurons <= _DENSE else "sweeps"
            matrix = noise_covariance(links, dominant_leak(links, self.margin), method=method, tolerance=_TOLERANCE)
        return noise_importance(score, sign, pre, post, matrix)

    def _probabilities(self, context: PruningContext, numbers: dict[str, float]) -> Array:
        reservoir = context.reservoir
        back = round(self.delocalised_share * context.links) if self.delocalise != "none" else 0
        count = min(reservoir.synapses, context.links - back)
        if not self.synapses:
            # links that must be removed even so are chosen by weight
            order = np.argsort(-reservoir.weight, kind="stable")
            probability = np.zeros(len(order))
            probability[order[:count]] = 1.0
            return probability
        if self.score in ("paper", "literal"):
            around = link_scores(reservoir, "literal", exponents=context.exponents)
            numbers["lyapunov_matrix_variation"] = float(around.std() / around.mean()) if len(around) else float("nan")
        importance = self.importance(context)
        if self.finds_sizes:
            rho = context.previous.get("rho", np.nan)
            if not np.isfinite(rho):  # the first iteration
                rho = _constant_rho(importance, count)
            numbers["rho"] = rho
            probability = np.minimum(1.0, rho * importance)
        else:
            probability = inclusion_probabilities(importance, count)
        numbers["certain_links"] = float((probability == 1).sum())
        return probability

    def _drawn(self, context: PruningContext, probability: Array) -> NDArray[np.bool_]:
        random = context.random("links")
        if not self.finds_sizes:
            return systematic_sample(probability, random)
        drawn = random.random(len(probability)) < probability
        if not drawn.any() and len(drawn):
            drawn[np.argmax(probability)] = True  # a network without any link cannot be pruned further
        return drawn

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

    def _neurons(self, context: PruningContext, smaller: Reservoir, numbers: dict[str, float]) -> NDArray[np.bool_]:
        if not self.neurons or (context.neurons >= smaller.neurons and not self.finds_sizes):
            return np.ones(smaller.neurons, dtype=bool)
        live = smaller.weight > 0  # a link of weight 0 is not a path
        central = betweenness(smaller.neurons, smaller.pre[live], smaller.post[live], smaller.weight[live])
        # many neurons are not on any shortest path: among these, those with the weakest links are removed first
        ends = np.append(smaller.pre, smaller.post)
        strength = np.bincount(ends, np.tile(smaller.weight, 2), minlength=smaller.neurons)
        place = np.empty(smaller.neurons)
        place[np.lexsort((strength, central))] = np.arange(smaller.neurons)
        if not self.finds_sizes:
            return highest_neurons(smaller, place, context.neurons)
        threshold = context.previous.get("betweenness_threshold", np.nan)
        if not np.isfinite(threshold):  # the first iteration
            threshold = float(np.sort(central)[-context.neurons])
        numbers["betweenness_threshold"] = threshold
        return highest_neurons(smaller, place, max(int((central >= threshold).sum()), least_neurons(smaller)))

    def _delocalised(
        self,
        context: PruningContext,
        smaller: Reservoir,
        origin: NDArray[np.int64],
        probability: Array,
        numbers: dict[str, float],
    ) -> Reservoir:
        """Restore links until the budget is met, or in a constant number."""
        dense = context.dense
        wanted = context.links - smaller.synapses
        if self.finds_sizes:
            wanted = round(self.delocalised_share * dense.synapses) if self.delocalise != "none" else 0
        if wanted <= 0:
            return smaller
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


def _constant_rho(importance: Array, count: int) -> float:
    """Return the factor with which `count` links are kept on average; all that have any importance, if these are fewer."""
    wanted = inclusion_probabilities(importance, count)
    below = (wanted < 1) & (importance > 0)
    if below.any():
        return float(wanted[below].sum() / importance[below].sum())
    some = importance[importance > 0]
    return float(1 / some.min()) if len(some) else 0.0


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
    return np.asarray(score * (link_gains(reservoir).mean() / score.mean()))


def _with_delta(before: Reservoir, smaller: Reservoir, kept: NDArray[np.bool_]) -> Reservoir:
    """Return the network with Delta of Chakraborty & Mukhopadhyay (2024), the change of a neuron's summed dimensionless
    weights, added to its leak of 1: tau_m and all input are divided by 1 + Delta."""
    was, now = (np.bincount(one.post, link_gains(one), minlength=one.neurons) for one in (before, smaller))
    leak = 1 + now - was[kept]
    tau = np.clip(smaller.tau_m / np.maximum(leak, smaller.tau_m / _LONGEST), _SHORTEST, _LONGEST)
    leak = smaller.tau_m / tau
    outside = dataclasses.replace(smaller.input, weight=smaller.input.weight / leak[smaller.input_post])
    scaled = smaller.replace(
        tau_m=tau,
        i_bias=smaller.i_bias / leak,
        background_weight=smaller.background_weight / leak,
        input=dataclasses.replace(outside, w_max=np.maximum(outside.w_max, outside.weight)),
        input_gain=smaller.input_gain / leak[smaller.input_post],
    )
    weight = smaller.weight / leak[smaller.post]
    return scaled.replace(weight=weight, w_max=np.maximum(smaller.w_max, weight))


METHOD = Method(summary="Lyapunov noise pruning", method=LNP)
