"""The theorems on heterogeneity as hypotheses about the four variants, tested on paired seeds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hrsnn.analysis import PairedTest, bounds_of, holm, mean_interval, paired_test, verdicts
from hrsnn.analysis.claims import Verdict
from hrsnn.analysis.studies.variants import VariantRun
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.presets import VARIANTS
from hrsnn.tasks import TASKS
from hrsnn.tasks.declaration import TaskKind

Array = NDArray[np.float64]
Scores = Mapping[VariantRun, Mapping[str, float]]

_ALL = {"HeNHeS": 1.0, "HoNHoS": -1.0}
# variants of a pair are adjacent, so that equal scores cancel without rounding error
_SYNAPSES = {"HoNHeS": 0.5, "HoNHoS": -0.5, "HeNHeS": 0.5, "HeNHoS": -0.5}
_NEURONS_ALONE = {"HeNHoS": 1.0, "HoNHoS": -1.0}
_MEMORY: tuple[TaskKind, ...] = ("memory",)
_CLASSES: tuple[TaskKind, ...] = ("classes",)
_SERIES: tuple[TaskKind, ...] = ("series",)
#: Share of a score within which a difference counts as none.
_EQUAL = 0.05


@dataclass(frozen=True)
class Claim(Displayed):
    """Claim that a score differs between variants in one direction, or increases with another score.

    Parameters
    ----------
    hypothesis : str
        Short statement of the hypothesis of Chakraborty & Mukhopadhyay (2024).
    task, score : str
        Task and score in which it is tested.
    weights : mapping of variant to float
        Weights of the difference: 1 and -1, or halves for the mean over the other kind of heterogeneity.
    sign : int
        1 if the difference is claimed to be positive, -1 if negative.
    beside : str
        The other score, if the claim is that the two increase together.
    margin : float
        If positive, the claim is that the difference is within this share of the score of the variants with negative
        weights: equivalence.
    """

    hypothesis: str
    task: str
    score: str
    weights: Mapping[str, float]
    sign: int = 1
    beside: str = ""
    margin: float = 0.0

    def per_seed(self, scores: Scores, seeds: range, recurrent: bool = True) -> Array:
        """Return the difference for each seed; the mean over seeds is the estimate.

        For two scores: the mean over variants of the product of their standard scores, whose mean over seeds is Pearson's
        correlation over all variants and seeds.
        """
        if not self.beside:
            of = {name: _by_seed(scores, self.task, name, recurrent, seeds, self.score) for name in self.weights}
            difference = np.asarray(sum(weight * of[name] for name, weight in self.weights.items()))
            return self._within(difference, of) if self.margin else difference
        first, second = self._standard_scores(scores, seeds, recurrent)
        return np.asarray((first * second).mean(axis=0))

    def tested(self, scores: Scores, seeds: range, recurrent: bool = True) -> PairedTest:
        """Test the differences, over the seeds in which they are not nan.

        The interval of a correlation r is that of Fisher's z: the bootstrap of a mean of products may exceed 1. Each seed
        enters with its influence on r, ``r + mean over variants of (x y - r (x^2 + y^2) / 2)``, x and y standard scores,
        whose mean over seeds is r: since the spread of the scores is estimated too, the products vary more than r does.
        """
        differences = self.per_seed(scores, seeds, recurrent)
        known = np.isfinite(differences)
        test = paired_test(differences[known])
        if not self.beside:
            return test
        x, y = self._standard_scores(scores, seeds, recurrent)
        influence = test.mean + (x * y - test.mean * (x**2 + y**2) / 2).mean(axis=0)
        return replace(test, interval=mean_interval(influence[known], bounds=bounds_of("correlation")))

    def _within(self, difference: Array, of: Mapping[str, Array]) -> Array:
        """Return how far each difference is within the nearer of the two bounds.

        Of two one-sided tests, against each bound, the one with the larger p-value is that against the bound on the side of
        the mean difference; the two-sided test of the distances to it is stricter than the one-sided.
        """
        reference = sum(abs(weight) * of[name] for name, weight in self.weights.items() if weight < 0)
        bound = self.margin * abs(float(np.nanmean(np.asarray(reference))))
        side = 1.0 if np.nanmean(difference) >= 0 else -1.0
        return np.asarray(bound - side * difference)

    def _standard_scores(self, scores: Scores, seeds: range, recurrent: bool) -> tuple[Array, Array]:
        """Return both scores (variants, seeds) with mean 0 and standard deviation 1 over the seeds without nan in either."""
        both = [
            np.stack([_by_seed(scores, self.task, variant, recurrent, seeds, score) for variant in VARIANTS])
            for score in (self.score, self.beside)
        ]
        known = np.asarray(np.isfinite(both).all(axis=(0, 1)))
        first, second = (_standard(values, known) for values in both)
        return first, second


@dataclass(frozen=True)
class Hypothesis:
    """Claim about every task of some kinds."""

    hypothesis: str
    kinds: tuple[TaskKind, ...]
    score: str
    weights: Mapping[str, float]
    sign: int = 1
    beside: str = ""
    margin: float = 0.0

    def claim(self, task: str) -> Claim:
        """Return the claim about one task."""
        return Claim(self.hypothesis, task, self.score, self.weights, self.sign, self.beside, self.margin)


#: Each hypothesis with the scores in which it can be tested.
HYPOTHESES = (
    *(Hypothesis("rank(het) >= rank(hom)", _CLASSES, score, _ALL) for score in ("effective_rank", "entropy_rank")),
    *(Hypothesis("C(het) >= C(hom)", _MEMORY, score, _ALL) for score in ("memory_capacity", "memory_capacity_v")),
    Hypothesis("corr(C, 1/J) > 0", _MEMORY, "memory_capacity", {}, beside="effective_dimension"),
    Hypothesis("het-STDP lowers spikes", (*_MEMORY, *_CLASSES, *_SERIES), "spikes_per_neuron", _SYNAPSES, -1),
    Hypothesis("het-STDP leaves C as it is (5 %)", _MEMORY, "memory_capacity", _SYNAPSES, margin=_EQUAL),
    Hypothesis("het-STDP narrows the gap to training", _CLASSES, "generalisation_gap", _SYNAPSES, -1),
    Hypothesis("het-STDP lowers third-order correlations", _CLASSES, "third_order_correlation", _SYNAPSES, -1),
    Hypothesis("het-LIF alone raises spikes", _CLASSES, "spikes_per_neuron", _NEURONS_ALONE),
    Hypothesis("het-LIF alone lowers efficiency", _CLASSES, "efficiency", _NEURONS_ALONE, -1),
    Hypothesis("C/S(het) >= C/S(hom)", _MEMORY, "efficiency", _ALL),
    Hypothesis("het classifies better", _CLASSES, "accuracy", _ALL),
    Hypothesis("het forecasts better", _SERIES, "nrmse", _ALL, -1),
)


def claims_in(tasks: Collection[str]) -> list[Claim]:
    """Return the claims that are tested in the given tasks: one family.

    Examples
    --------
    >>> [(claim.hypothesis, claim.task) for claim in claims_in(["digits", "lorenz63"])][-2:]
    [('het classifies better', 'digits'), ('het forecasts better', 'lorenz63')]
    """
    kinds = {task: TASKS[task].kind for task in tasks}
    return [
        hypothesis.claim(task)
        for hypothesis in HYPOTHESES
        for kind in hypothesis.kinds
        for task in tasks
        if kinds[task] == kind
    ]


@dataclass(frozen=True)
class ClaimTest(Displayed):
    """Claim with its test and verdict."""

    claim: Claim
    #: Test with the reservoirs with recurrent links.
    test: PairedTest
    #: p-value with Holm's correction over all claims tested.
    adjusted: float
    verdict: Verdict
    #: Test of the same difference without recurrent links; not used for the verdict.
    control: PairedTest
    #: Quantity by which the rate of the homogeneous variants was matched, or "".
    matched_by: str = ""


def judge_claims(scores: Scores) -> list[ClaimTest]:
    """Test every claim of :func:`claims_in` about the tasks that were run, as one family at 5 %.

    Parameters
    ----------
    scores : mapping of VariantRun to mapping of name to float
        From :func:`~hrsnn.analysis.studies.variants.run_variant`: all variants, with recurrent links and without, for the
        same two or more seeds. Where homogeneous variants were matched in rate, each claim is tested against the best of
        them: of the quantities by which they were matched, the one that leaves the smallest mean difference in the claimed
        direction.

    Returns
    -------
    list of ClaimTest

    Raises
    ------
    InputError
        When there are fewer than two seeds, or no task.

    Notes
    -----
    Seeds in which a score is nan, such as an efficiency without spikes, are omitted from its claim. A verdict needs at
    least ``fewest_pairs(claims)`` seeds.

    References
    ----------
    Chakraborty & Mukhopadhyay (2024), the theorems on rank, capacity and efficiency, and table III. They state them for any
    network; a refutation here holds for these tasks, sizes and defaults.
    """
    tasks = list(dict.fromkeys(run.task for run in scores))
    drawn = sorted({run.seed for run in scores})
    claims = claims_in(tasks)
    if len(drawn) < 2 or not claims:
        raise InputError("scores", f"{len(drawn)} seeds of {len(tasks)} tasks", "must hold two seeds or more of one task")
    seeds = range(drawn[0], drawn[-1] + 1)
    ways = list(dict.fromkeys(run.matched_by for run in scores if run.matched_by)) or [""]
    chosen = [_against_best(claim, scores, seeds, ways) for claim in claims]
    tests = [test for test, _ in chosen]
    controls = [claim.tested(scores, seeds, recurrent=False) for claim in claims]
    adjusted = holm([test.p_value for test in tests])
    found = verdicts(tests, [claim.sign for claim in claims])
    return [
        ClaimTest(claim, test, float(p), verdict, control, matched_by)
        for claim, (test, matched_by), p, verdict, control in zip(claims, chosen, adjusted, found, controls, strict=True)
    ]


def _against_best(claim: Claim, scores: Scores, seeds: range, ways: list[str]) -> tuple[PairedTest, str]:
    """Return the test of a claim against the best of the matched homogeneous variants, and how these were matched."""
    tests = {}
    for matched_by in ways:
        of_twins = {replace(run, matched_by=""): found for run, found in scores.items() if run.matched_by == matched_by}
        tests[matched_by] = claim.tested({**scores, **of_twins}, seeds)
    best = min(ways, key=lambda matched_by: claim.sign * tests[matched_by].mean)
    return tests[best], best


def _by_seed(scores: Scores, task: str, variant: str, recurrent: bool, seeds: range, score: str) -> Array:
    return np.array([scores[VariantRun(task, variant, recurrent, seed)][score] for seed in seeds])


def _standard(values: Array, known: NDArray[np.bool_]) -> Array:
    """Return the standard scores over the `known` seeds; nan in the others."""
    some = values[:, known]
    spread = float(np.std(some)) if known.any() else 0.0
    return np.where(known, (values - some.mean()) / spread if spread else 0.0, np.nan)
