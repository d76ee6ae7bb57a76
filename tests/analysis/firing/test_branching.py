"""The branching parameter of branching processes, seen whole and in part."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn.analysis import UndefinedWarning, branching_parameter
from hrsnn.errors import InputError


def branching_process(m: float, times: int, drive: float = 10.0, seed: int = 0) -> np.ndarray:
    """A(t + 1): Poisson offspring of each of the A(t), and Poisson immigrants."""
    random = np.random.default_rng(seed)
    activity = np.empty(times, dtype=np.int64)
    now = round(drive / (1 - m))
    for t in range(-500, times):
        now = random.poisson(m * now + drive)
        if t >= 0:
            activity[t] = now
    return activity


@pytest.mark.parametrize(("m", "lags"), [(0.5, 15), (0.9, 40), (0.98, 150)])
@pytest.mark.parametrize("seen", [1.0, 0.1])
def test_a_branching_process_is_recovered_also_when_subsampled(m: float, lags: int, seen: float) -> None:
    found = []
    for seed in range(8):
        activity = branching_process(m, 20_000, seed=seed)
        if seen < 1:
            activity = np.random.default_rng(seed + 100).binomial(activity, seen)
        found.append(branching_parameter(activity, lags))
    assert sum(one.interval[0] <= m <= one.interval[1] for one in found) >= 6
    error = np.std([one.parameter for one in found]) / np.sqrt(8)
    assert np.mean([one.parameter for one in found]) == pytest.approx(m, abs=4 * error)
    # variance of A is mean / (1 - m^2); a share p of the units adds p (1 - p) mean: b = p^2 Var / (p^2 Var + p (1-p) mean)
    share = seen / (seen + (1 - seen) * (1 - m**2))
    assert np.mean([one.share for one in found]) == pytest.approx(share, rel=0.15)
    # the conventional estimator is what subsampling spoils
    assert np.mean([one.slopes[0] for one in found]) == pytest.approx(share * m, abs=0.02)


def test_the_interval_covers_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(40):
        low, high = branching_parameter(branching_process(0.8, 6000, seed=seed), 20, seed=seed).interval
        covered += low <= 0.8 <= high
    # 91 % of 480 series did
    assert 33 <= covered <= 40


def test_trials_are_taken_apart() -> None:
    activity = branching_process(0.9, 40_000)
    trials = branching_parameter(activity.reshape(100, 400), 40)
    assert trials.interval[0] <= 0.9 <= trials.interval[1]
    assert trials.parameter == pytest.approx(branching_parameter(activity, 40).parameter, abs=0.02)


def test_independent_counts_have_no_branching_parameter() -> None:
    for seed in range(20):
        with pytest.warns(UndefinedWarning, match="no correlation that falls off"):
            found = branching_parameter(np.random.default_rng(seed).poisson(20.0, 20_000))
        assert np.isnan([found.parameter, found.share]).all()
        assert abs(found.slopes).max() < 0.05


@pytest.mark.parametrize(
    "activity",
    [
        np.resize([0.0, 1.0], 4000),  # its correlation alternates
        np.repeat(np.random.default_rng(0).normal(size=100), 400).reshape(100, 400),  # trials that differ, and stay
    ],
)
def test_correlations_that_do_not_fall_off_are_nan_with_a_warning(activity: np.ndarray) -> None:
    with pytest.warns(UndefinedWarning, match="no correlation that falls off"):
        found = branching_parameter(activity)
    assert np.isnan(found.parameter)
    assert np.isfinite(found.slopes).all()


def test_neither_scale_nor_offset_matters_and_the_seed_fixes_the_interval() -> None:
    activity = branching_process(0.8, 5000)
    one, two = branching_parameter(activity, seed=3), branching_parameter(7.0 * activity + 1e4, seed=3)
    assert two.parameter == pytest.approx(one.parameter)
    assert two.interval == pytest.approx(one.interval)
    assert branching_parameter(activity, seed=3).interval == one.interval
    assert branching_parameter(activity, seed=4).interval != one.interval


def test_constant_activity_is_nan_with_a_warning() -> None:
    with pytest.warns(UndefinedWarning, match="does not vary"):
        found = branching_parameter(np.zeros(1000))
    assert np.isnan([found.parameter, *found.interval, found.timescale, found.share, *found.slopes]).all()


@pytest.mark.parametrize(
    ("arguments", "options", "field"),
    [
        ((np.ones(799),), {"lags": 40}, "activity"),
        ((np.ones((9, 41)),), {"lags": 40}, "activity"),
        ((np.ones((99, 40)),), {"lags": 40}, "activity"),
        ((np.append(np.ones(999), np.nan),), {}, "activity"),
        ((np.ones((2, 2, 500)),), {}, "activity"),
        ((np.ones(999),), {"lags": 1}, "lags"),
        ((np.ones(999),), {"confidence": 1.0}, "confidence"),
        ((np.ones(999),), {"resamples": 0}, "resamples"),
        ((np.arange(999),), {"seed": -1}, "seed"),
    ],
)
def test_bad_input(arguments, options, field: str) -> None:
    with pytest.raises(InputError) as caught:
        branching_parameter(*arguments, **options)
    assert caught.value.field == field
