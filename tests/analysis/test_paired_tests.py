"""Intervals, paired tests and verdicts: published examples, brute force, and simulated pairs."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hrsnn.analysis import fewest_pairs, holm, mean_interval, paired_test, verdicts, verdicts_in_reach
from hrsnn.errors import InputError

#: Cross- minus self-fertilised maize, in eighths of an inch: Darwin's data, Fisher's example.
DARWIN = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], dtype=float)


def test_fisher_s_randomisation_of_darwin_s_maize() -> None:
    test = paired_test(DARWIN)
    # The Design of Experiments, section 21: 863 of the 32768 patterns reach the sum of 314, on either side
    assert test.p_value == 2 * 863 / 2**15
    assert test.mean == 314 / 15
    # Student's interval for the same data: 20.93 +- 20.90
    assert mean_interval(DARWIN) == pytest.approx((0.03, 41.84), abs=0.01)


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=9))
def test_sign_flip_is_the_share_of_all_patterns(differences: list[int]) -> None:
    patterns = np.array(list(itertools.product([-1, 1], repeat=len(differences))))
    sums = np.abs(patterns @ np.abs(differences))
    assert paired_test(differences, resamples=9).p_value == np.mean(sums >= abs(sum(differences)))


def test_sampled_signs_agree_with_all_of_them() -> None:
    differences = np.random.default_rng(0).normal(0.4, 1, size=20)
    exact = paired_test(differences).p_value
    # an added pair of 0 changes no sum, and makes it too many pairs to look at every pattern
    sampled = paired_test(np.append(differences, 0.0), resamples=40_000).p_value
    assert 0.01 < exact < 0.5
    assert sampled == pytest.approx(exact, abs=4 * np.sqrt(exact / 40_000))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_test_of_bonferroni(p: list[float]) -> None:
    # the adjusted value of one is the largest of all families that hold it, each tested by Bonferroni
    families = [family for size in range(1, len(p) + 1) for family in itertools.combinations(range(len(p)), size)]
    of_family = {family: min(1.0, len(family) * min(p[i] for i in family)) for family in families}
    wanted = [max(value for family, value in of_family.items() if i in family) for i in range(len(p))]
    assert holm(p) == pytest.approx(wanted)


def test_intervals_and_tests_hold_what_they_promise() -> None:
    random = np.random.default_rng(1)
    truth, runs = 0.7, 400
    covered, covered_t, false_alarms = 0, 0, 0
    for run in range(runs):
        differences = random.normal(truth, 2.0, size=20)
        low, high = paired_test(differences, resamples=1000, seed=run).interval
        covered += low <= truth <= high
        low, high = mean_interval(differences)
        covered_t += low <= truth <= high
        false_alarms += paired_test(random.exponential(size=10) * random.choice([-1, 1], 10), resamples=9).p_value <= 0.05
    # three standard errors of a share of 400 are 3 to 4 points
    assert 0.89 <= covered / runs <= 0.97
    assert 0.917 <= covered_t / runs <= 0.983
    assert 0.015 <= false_alarms / runs <= 0.085


def test_a_family_raises_few_false_alarms() -> None:
    random = np.random.default_rng(2)
    families = [[paired_test(random.normal(size=12), resamples=9) for _ in range(8)] for _ in range(150)]
    alarms = [any(verdict != "undecided" for verdict in verdicts(family, [1] * 8)) for family in families]
    assert np.mean(alarms) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)


def test_verdicts_name_the_direction() -> None:
    up, down, level = paired_test(np.arange(1.0, 11)), paired_test(-np.arange(1.0, 11)), paired_test([1.0, -1.0] * 5)
    assert verdicts([up, down, level], [1, 1, 1]) == ["supported", "refuted", "undecided"]
    assert verdicts([up, down, level], [-1, -1, -1]) == ["refuted", "supported", "undecided"]
    # what one test alone supports, one of many does not
    six = paired_test(np.arange(1.0, 7))
    assert six.p_value == 2 / 2**6
    assert verdicts([six], [1]) == ["supported"]
    assert verdicts([six, paired_test([1.0, -1.0] * 3)], [1, 1]) == ["no verdict possible"] * 2
    assert verdicts([six, level], [1, 1]) == ["undecided", "undecided"]  # the ten pairs of level could have made way for six


def test_no_verdict_is_possible_where_all_the_differences_in_the_world_would_not_do() -> None:
    for claims in (1, 2, 8, 19, 57):
        least = fewest_pairs(claims)
        assert claims * 2 / 2**least <= 0.05 < claims * 2 / 2 ** (least - 1)
        enough, few = paired_test(np.arange(1.0, least + 1)), paired_test(np.arange(1.0, least))
        assert set(verdicts([enough] * claims, [1] * claims)) == {"supported"}
        assert set(verdicts([few] * claims, [1] * claims)) == {"no verdict possible"}
    assert fewest_pairs(1) == 6  # five pairs reach .0625
    assert fewest_pairs(57) == 12
    # of a family, those with enough pairs decide, and make way for others
    five, many = paired_test(np.arange(1.0, 6)), paired_test(np.arange(1.0, 13))
    assert verdicts([many, five, many], [1, 1, -1]) == ["supported", "no verdict possible", "refuted"]


@given(st.lists(st.tuples(st.integers(2, 9), st.integers(0, 10**6)), min_size=1, max_size=5))
def test_no_verdict_possible_is_said_of_the_pairs_alone(family: list[tuple[int, int]]) -> None:
    tests = [paired_test(np.random.default_rng(seed).normal(1, 1, pairs), resamples=9) for pairs, seed in family]
    best = [paired_test(np.arange(1.0, pairs + 1), resamples=9) for pairs, _ in family]
    could = [verdict != "no verdict possible" for verdict in verdicts(best, [1] * len(best))]
    assert [verdict == "supported" for verdict in verdicts(best, [1] * len(best))] == could
    assert [verdict != "no verdict possible" for verdict in verdicts(tests, [1] * len(tests))] == could


def test_many_drawn_patterns_reach_less_than_twenty_exact_pairs() -> None:
    # with more than 20 pairs no p-value is below 1 / 10 000
    assert verdicts_in_reach([600], 20) == "with 20 seeds verdicts are possible on all 600 claims"
    assert verdicts_in_reach([600], 25).startswith("with 25 seeds no verdict is possible")
    assert set(verdicts([paired_test(np.arange(1.0, 26.0))] * 600, [1] * 600)) == {"no verdict possible"}


@pytest.mark.parametrize(
    ("values", "options", "field"),
    [
        ([1, 2, 3], {"level": 95}, "level"),
        ([-5, 4], {"bounds": (0, 1)}, "values"),
        ([1, 2], {"bounds": (0, 1, 2)}, "bounds"),
        ([1, 2], {"bounds": (1, 0)}, "bounds"),
        ([1, np.inf], {}, "values"),
    ],
)
def test_bad_options_of_an_interval(values: Any, options: Any, field: str) -> None:
    with pytest.raises(InputError, match=f"^{field} = "):
        mean_interval(values, **options)


def test_what_is_in_reach_is_said_in_a_line() -> None:
    assert verdicts_in_reach([19], 10) == "with 10 seeds verdicts are possible on all 19 claims"
    assert verdicts_in_reach([19], 9) == "with 9 seeds no verdict is possible: families of 19 need 10 seeds"
    assert verdicts_in_reach([8, 8, 2], 7).startswith("with 7 seeds verdicts are possible on 2 of 18 claims: families of 8")


def test_interval_of_correlations_is_that_of_fisher_s_z() -> None:
    r = np.array([-0.99, -0.9, -0.8, -0.97])
    low, high = mean_interval(r, bounds=(-1, 1))
    mean, half = r.mean(), stats.t.ppf(0.975, 3) * r.std(ddof=1) / 2
    assert mean - half < -1  # where Student's interval ends
    assert (low, high) == pytest.approx(np.tanh(np.arctanh(mean) + half / (1 - mean**2) * np.array([-1, 1])))
    # and that of shares the logit's; correlations are shares of a longer line
    share = (1 + r) / 2
    logit = np.log(share.mean() / (1 - share.mean())) + half / 2 / share.mean() / (1 - share.mean()) * np.array([-1, 1])
    assert mean_interval(share, bounds=(0, 1)) == pytest.approx(1 / (1 + np.exp(-logit)))
    assert mean_interval(share, bounds=(0, 1)) == pytest.approx(((1 + low) / 2, (1 + high) / 2))
    # with one bound the logarithm's, from either side
    low, high = mean_interval([1.0, 2.0, 9.0], bounds=(0, np.inf))
    half = stats.t.ppf(0.975, 2) * np.std([1, 2, 9], ddof=1) / np.sqrt(3)
    assert np.log([low, high]) == pytest.approx(np.log(4) + half / 4 * np.array([-1, 1]))
    assert mean_interval([-1.0, -2.0, -9.0], bounds=(-np.inf, 0)) == pytest.approx((-high, -low))


def test_interval_at_a_bound() -> None:
    assert mean_interval([0.0, 0.0, 0.0], bounds=(0, 1)) == (0.0, 0.0)
    assert mean_interval([1.0, 1.0], bounds=(-1, 1)) == (1.0, 1.0)
    low, high = mean_interval([0.0, 0.1, 0.0, 0.0], bounds=(0, 1))
    assert 0 < low < 0.025 < 0.1 < high < 1
    assert all(np.isnan(mean_interval([np.nan, 0.2], bounds=(0, 1))))


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=8),
    st.sampled_from([(0.0, 1.0), (0.0, np.inf), (-np.inf, 1.0), (-1.0, 1.0), (-np.inf, np.inf), (-1e6, 3.0)]),
    st.floats(0.5, 0.9999),
)
def test_every_interval_is_within_the_bounds_and_holds_the_mean(
    values: list[float], bounds: tuple[float, float], level: float
) -> None:
    low, high = mean_interval(values, level, bounds)
    assert bounds[0] <= low <= np.mean(values) <= high <= bounds[1]


@pytest.mark.parametrize("mean", [0.02, 0.3, 0.97])
@pytest.mark.parametrize("seeds", [3, 5, 20])
def test_intervals_of_shares_cover_their_mean(mean: float, seeds: int) -> None:
    random = np.random.default_rng(5)
    found = [mean_interval(random.beta(50 * mean, 50 * (1 - mean), seeds), bounds=(0, 1)) for _ in range(1000)]
    covered = np.mean([low <= mean <= high for low, high in found])
    assert covered == pytest.approx(0.95, abs=0.03)  # three standard errors are 2 points


def test_pairs_take_out_what_they_share() -> None:
    random = np.random.default_rng(3)
    shared = random.normal(0, 100, size=12)
    first, second = shared + random.normal(1, 0.5, 12), shared
    assert paired_test(first, second).interval[0] > 0
    assert paired_test(first, second).interval == paired_test(first - second).interval


def test_equal_scores_decide_nothing() -> None:
    test = paired_test([2.0] * 5, [2.0] * 5)
    assert (test.mean, test.interval, test.p_value) == (0.0, (0.0, 0.0), 1.0)
    assert all(np.isnan(mean_interval([1.0, np.nan])))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: paired_test([1.0]), "two or more"),
        (lambda: paired_test([1.0, np.nan]), "finite"),
        (lambda: paired_test([1.0, 2.0], [1.0, 2.0, 3.0]), "second"),
        (lambda: paired_test([1.0, 2.0], np.inf), "second"),
        (lambda: mean_interval([3.0]), "two or more"),
        (lambda: mean_interval([[1.0], [2.0]]), "one dimension"),
        (lambda: mean_interval([1.0, 2.0], bounds=(0, 1)), "mean from 0 to 1"),
        (lambda: mean_interval([1.0, 2.0], bounds=(1, 1)), "bounds"),
        (lambda: holm([0.5, 1.5]), r"in \[0, 1\]"),
        (lambda: holm([np.nan]), r"in \[0, 1\]"),
        (lambda: fewest_pairs(0), "claims"),
        (lambda: fewest_pairs(10**6), "too many"),
        (lambda: fewest_pairs(1, 1.5), "alpha"),
        (lambda: verdicts([paired_test([1.0, 2.0])], []), "claimed"),
        (lambda: verdicts([paired_test([1.0, 2.0])], [0]), "claimed"),
    ],
)
def test_bad_input(call: Any, match: str) -> None:
    with pytest.raises(InputError, match=match):
        call()
