"""The hypotheses on the four variants: planted differences are found, in the right direction, and nothing else is."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from hrsnn.analysis.studies.variant_claims import Claim, claims_in, judge_claims
from hrsnn.analysis.studies.variants import VariantRun
from hrsnn.errors import InputError
from hrsnn.presets import VARIANTS

SEEDS = range(5, 25)
TASKS = ("memory", "digits", "fsdd", "lorenz63")
CLAIMS = claims_in(TASKS)
NAMES = {name for claim in CLAIMS for name in (claim.score, claim.beside) if name}


def planted(effect: Any = lambda run, name: 0.0, tasks: Any = TASKS, seeds: range = SEEDS) -> Any:
    """Scores that share a large part within a seed, and differ by `effect`."""
    random = np.random.default_rng(0)
    shared = {seed: random.normal(10, 5) for seed in seeds}
    return {
        run: {name: shared[run.seed] + random.normal(0, 0.5) + effect(run, name) for name in sorted(NAMES)}
        for run in (VariantRun(*one) for one in itertools.product(tasks, VARIANTS, (True, False), seeds))
    }


def of(tested: Any, hypothesis: str) -> set[str]:
    return {one.verdict for one in tested if one.claim.hypothesis == hypothesis}


def test_a_seed_without_one_score_is_left_out_of_a_correlation() -> None:
    claim = next(one for one in CLAIMS if one.beside)
    whole, fewer = planted(tasks=(claim.task,)), planted(tasks=(claim.task,), seeds=SEEDS[:-1])
    for run in whole:
        if run.seed == SEEDS[-1] and run.variant == "HoNHoS":
            whole[run][claim.beside] = float("nan")
        elif run in fewer:
            whole[run] = fewer[run]
    tested, wanted = claim.tested(whole, SEEDS), claim.tested(fewer, SEEDS[:-1])
    assert (tested.mean, tested.interval, len(tested.differences)) == (wanted.mean, wanted.interval, len(SEEDS) - 1)


def test_where_nothing_differs_nothing_is_decided() -> None:
    # but that two scores that share all of a seed rise together
    tested = judge_claims(planted())
    assert {one.verdict for one in tested if not (one.claim.beside or one.claim.margin)} == {"undecided"}
    assert of(tested, "corr(C, 1/J) > 0") == {"supported"}


@pytest.mark.parametrize("sign", [1, -1])
def test_planted_differences_are_found_in_their_direction(sign: int) -> None:
    def effect(run: VariantRun, name: str) -> float:
        if not run.recurrent:
            return 0.0
        if name == "spikes_per_neuron":  # synapses lower it, neurons raise it
            return 1.5 * sign * (("HeN" in run.variant) - ("HeS" in run.variant))
        return 2.0 * sign * (run.variant == "HeNHeS") * (-1 if name == "nrmse" else 1)

    tested = judge_claims(planted(effect))
    wanted = {"supported"} if sign > 0 else {"refuted"}
    for hypothesis in ("rank(het) >= rank(hom)", "C(het) >= C(hom)", "C/S(het) >= C/S(hom)", "het classifies better"):
        assert of(tested, hypothesis) == wanted, hypothesis
    for hypothesis in ("het-STDP lowers spikes", "het-LIF alone raises spikes", "het forecasts better"):
        assert of(tested, hypothesis) == wanted, hypothesis
    assert of(tested, "het-LIF alone lowers efficiency") == {"undecided"}  # HeNHoS was given none
    # the control had no effect, and its interval says so
    assert all(abs(one.control.mean) < 0.6 for one in tested if not one.claim.beside)


def test_a_difference_is_taken_within_seeds() -> None:
    scores = planted(lambda run, name: 3.0 * (run.variant == "HeNHeS"))
    claim = next(one for one in CLAIMS if one.score == "accuracy")
    values = claim.per_seed(scores, SEEDS)
    wanted = [
        scores[VariantRun(claim.task, "HeNHeS", True, seed)]["accuracy"]
        - scores[VariantRun(claim.task, "HoNHoS", True, seed)]["accuracy"]
        for seed in SEEDS
    ]
    assert values.tolist() == wanted
    assert values.std() < 1.5  # what a seed gives to all of its runs, 5 on average, is gone


def test_correlation_is_pearson_s_over_all_runs() -> None:
    scores = planted()
    claim = next(one for one in CLAIMS if one.beside)
    runs = [VariantRun("memory", variant, True, seed) for variant in VARIANTS for seed in SEEDS]
    pearson = stats.pearsonr(*([scores[run][name] for run in runs] for name in (claim.score, claim.beside))).statistic
    assert claim.per_seed(scores, SEEDS).mean() == pytest.approx(pearson, abs=1e-12)


def correlated(correlation: float, seeds: int, random: Any) -> Any:
    """Scores x and y that are bivariate normal over all runs."""
    scores: Any = {}
    for run in (VariantRun("memory", variant, True, seed) for variant in VARIANTS for seed in range(seeds)):
        x, noise = random.normal(size=2)
        scores[run] = {"x": x, "y": correlation * x + np.sqrt(1 - correlation**2) * noise}
    return scores


def test_interval_of_a_correlation_is_that_of_fisher_s_z() -> None:
    claim = Claim("", "memory", "x", {}, beside="y")
    random = np.random.default_rng(6)
    # of many runs: z -+ 1.96 / sqrt(runs)
    test = claim.tested(correlated(-0.8, 4000, random), range(4000))
    assert np.arctanh(test.interval) == pytest.approx(
        np.arctanh(test.mean) + np.array([-1.96, 1.96]) / np.sqrt(16_000), abs=6e-4
    )
    intervals = np.array([claim.tested(correlated(-0.95, 3, random), range(3)).interval for _ in range(200)])
    assert (intervals >= -1).all()
    assert (intervals <= 1).all()
    assert np.mean((intervals[:, 0] < -0.95) & (intervals[:, 1] > -0.95)) > 0.85
    # y = x: no seed says anything else
    equal = {run: {"x": values["x"], "y": values["x"]} for run, values in correlated(0.5, 3, random).items()}
    assert claim.tested(equal, range(3)).interval == pytest.approx((1.0, 1.0))


def test_no_correlation_is_rarely_found() -> None:
    claim = Claim("", "memory", "x", {}, beside="y")
    random = np.random.default_rng(4)
    alarms = 0
    for _ in range(100):
        # each score has a part that a seed's four variants share, and a part that a variant's seeds share
        scores: Any = {}
        parts = {name: (random.normal(size=20), 0.3 * random.normal(size=4)) for name in "xy"}
        for (place, variant), seed in itertools.product(enumerate(VARIANTS), range(20)):
            values = {name: of_seed[seed] + random.normal() for name, (of_seed, _) in parts.items()}
            scores[VariantRun("memory", variant, True, seed)] = {**values, "place": place}
        from hrsnn.analysis import paired_test

        alarms += paired_test(claim.per_seed(scores, range(20)), resamples=99).p_value <= 0.05
    assert alarms <= 12  # of 100, at 5 %


@pytest.mark.parametrize(
    ("difference", "spread", "verdict"),
    [(0.0, 0.1, "supported"), (0.6, 0.1, "refuted"), (-0.6, 0.1, "refuted"), (0.1, 3.0, "undecided")],
)
def test_equivalence_is_a_difference_within_a_margin(difference: float, spread: float, verdict: str) -> None:
    random, seeds = np.random.default_rng(2), range(20)
    scores = {}
    for (variant, heterogeneous), seed in itertools.product(VARIANTS.items(), seeds):
        shift = difference * heterogeneous[1]
        scores[VariantRun("memory", variant, True, seed)] = {"c": 10 + seed + shift + random.normal(0, spread)}
    claim = Claim("", "memory", "c", {"HeNHeS": 0.5, "HeNHoS": -0.5, "HoNHeS": 0.5, "HoNHoS": -0.5}, margin=0.025)
    test = claim.tested(scores, seeds)  # the bound is 2.5 % of 19.5
    found = "undecided" if test.p_value > 0.05 else "supported" if test.mean > 0 else "refuted"
    assert found == verdict
    # two one-sided t-tests, of which the larger p-value counts
    each = replace(claim, margin=0.0).per_seed(scores, seeds)
    of_reference = [
        np.mean([scores[VariantRun("memory", v, True, seed)]["c"] for v in ("HeNHoS", "HoNHoS")]) for seed in seeds
    ]
    bound = 0.025 * np.mean(of_reference)
    one_sided = [stats.ttest_1samp(each, s * bound, alternative=way).pvalue for s, way in ((-1, "greater"), (1, "less"))]
    assert (max(one_sided) < 0.025) == (verdict == "supported")


def test_only_claims_of_tasks_that_were_run_are_in_the_family() -> None:
    tested = judge_claims(planted(tasks=("lorenz63",)))
    assert {one.claim.task for one in tested} == {"lorenz63"}
    # two tests: Holm multiplies the smaller by two
    p = sorted(one.test.p_value for one in tested)
    assert sorted(one.adjusted for one in tested) == pytest.approx([min(1, 2 * p[0]), max(p[1], min(1, 2 * p[0]))])


def test_equal_synapses_cancel_to_nothing() -> None:
    scores = planted()
    for run in scores:
        twin = VariantRun(run.task, run.variant.replace("HeS", "HoS"), run.recurrent, run.seed)
        scores[run] = scores[twin]
    synapses = [one for one in judge_claims(scores) if one.claim.hypothesis == "het-STDP lowers spikes"]
    assert synapses
    assert all((one.test.mean, one.test.interval, one.adjusted) == (0.0, (0.0, 0.0), 1.0) for one in synapses)


def test_seeds_without_a_score_are_left_out() -> None:
    scores = planted(lambda run, name: float("nan") if run.seed == 7 and name == "efficiency" else 0.0)
    counts = {one.claim.score: len(one.test.differences) for one in judge_claims(scores)}
    assert counts["efficiency"] == 19
    assert counts["accuracy"] == 20


def test_one_seed_is_no_sample() -> None:
    with pytest.raises(InputError, match="1 seeds of 1 tasks"):
        judge_claims(planted(tasks=("memory",), seeds=range(1)))
