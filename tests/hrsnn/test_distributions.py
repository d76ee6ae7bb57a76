"""Distributions: means and shares against quadrature, samples against means, bounds, and dictionaries."""

from __future__ import annotations

import itertools
import math

import brian2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import integrate, stats

from hrsnn import Constant, Distribution, Gamma, InputError, LogNormal, SpecError, Uniform
from hrsnn.distributions import from_dict

N = 200_000
DISTRIBUTIONS = [
    Gamma(30, 0.577),
    Gamma(30, 0.577, 3, 200),
    Gamma(20, 1.5, 5, 12),
    Gamma(1.2, 0.7, high=3.6),
    Gamma(5, 0.01),
    LogNormal(20, 0.5),
    LogNormal(20, 0.5, 10, 60),
    LogNormal(3, 2, high=1),
    Uniform(-8, 8),
    Uniform(3, 4.5),
]


def density(distribution: Distribution):
    """An independent (SciPy's) density before truncation."""
    if isinstance(distribution, Gamma):
        shape = distribution.cv**-2
        return stats.gamma(shape, scale=distribution.mean / shape)
    if isinstance(distribution, LogNormal):
        s = math.sqrt(math.log(1 + distribution.cv**2))
        return stats.lognorm(s, scale=distribution.mean / math.exp(s**2 / 2))
    return stats.uniform(distribution.low, distribution.high - distribution.low)


def moments(distribution: Distribution) -> tuple[float, float]:
    """Mean and standard deviation after truncation, by quadrature."""
    free = density(distribution)
    low, high = distribution.support
    ends = [free.ppf(q) for q in (1e-12, 0.25, 0.5, 0.75, 0.99, 1 - 1e-12)]
    edges = [max(low, ends[0]), *(e for e in ends[1:-1] if low < e < high), min(high, ends[-1])]
    pieces = list(itertools.pairwise(edges))

    def moment(power: int) -> float:
        return sum(integrate.quad(lambda x: x**power * free.pdf(x), a, b, epsabs=0)[0] for a, b in pieces)

    share, mean = moment(0), moment(1) / moment(0)
    return mean, math.sqrt(moment(2) / share - mean**2)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=str)
def test_mean_is_that_of_the_truncated_density_and_of_the_draws(distribution):
    mean, deviation = moments(distribution)
    assert distribution.truncated_mean == pytest.approx(mean, rel=1e-7, abs=1e-9)
    draws = distribution.sample(N, np.random.default_rng(1))
    assert draws.shape == (N,)
    assert draws.dtype == np.float64
    assert draws.mean() == pytest.approx(mean, abs=5 * deviation / math.sqrt(N))
    assert draws.std() == pytest.approx(deviation, rel=0.03)
    low, high = distribution.support
    assert low <= draws.min()
    assert draws.max() <= high


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=str)
def test_draws_have_the_truncated_distribution(distribution):
    """Kolmogorov-Smirnov against the cut and rescaled cumulative function."""
    free, (low, high) = density(distribution), distribution.support
    below, inside = free.cdf(low), free.cdf(high) - free.cdf(low)
    draws = distribution.sample(5000, np.random.default_rng(2))
    assert stats.kstest(draws, lambda x: (free.cdf(x) - below) / inside).pvalue > 1e-3


positive = st.floats(1e-3, 1e4)


@st.composite
def truncated(draw: st.DrawFn) -> Distribution:
    """A gamma or log-normal with bounds around its mean."""
    kind, mean, cv = draw(st.sampled_from([Gamma, LogNormal])), draw(positive), draw(st.floats(0.05, 1.5))
    low, high = draw(st.floats(0, 0.9)), draw(st.floats(1, 50))
    free = density(kind(1.0, cv))
    assume(free.cdf(high) - free.cdf(low) > 0.02)
    return kind(mean, cv, low * mean, high * mean)


skewed = truncated()
anything = st.one_of(
    skewed,
    st.builds(lambda kind, mean, cv: kind(mean, cv), st.sampled_from([Gamma, LogNormal]), positive, st.floats(0.05, 3)),
    st.builds(lambda low, width: Uniform(low, low + width), st.floats(-1e3, 1e3), positive),
    st.builds(Constant, st.floats(-1e6, 1e6)),
)


@given(anything)
def test_round_trip_through_a_dictionary(distribution):
    assert from_dict(distribution.to_dict()) == distribution
    assert all(isinstance(v, str) or math.isfinite(v) for v in distribution.to_dict().values())


@given(anything, st.floats(1e-3, 1e3))
def test_scaling_scales_the_draws(distribution, factor):
    scaled = distribution.scaled(factor).sample(20, np.random.default_rng(3))
    np.testing.assert_allclose(scaled, factor * distribution.sample(20, np.random.default_rng(3)), rtol=1e-9)
    wanted = factor * distribution.truncated_mean
    assert distribution.scaled(factor).truncated_mean == pytest.approx(wanted, rel=1e-6, abs=1e-9)


@given(skewed, st.floats(0.2, 3))
def test_below_lowers_the_upper_bound_only(distribution, factor):
    bound = distribution.truncated_mean * factor
    assume(bound > distribution.low)
    try:
        cut = distribution.below(bound)
    except SpecError:  # too little is left
        return
    assert cut.support == (distribution.low, min(bound, distribution.high))
    assert cut.truncated_mean <= distribution.truncated_mean * (1 + 1e-9)
    assert cut.below(2 * bound) is cut


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Gamma(-1, 0.5), "mean must be positive"),
        (lambda: Gamma(1, 0), "cv must be positive"),
        (lambda: Gamma(math.nan, 0.5), "mean must be positive and finite"),
        (lambda: Gamma(math.inf, 0.5), "mean must be positive and finite"),
        (lambda: Gamma(-1, -1), "mean must be positive and finite.*cv must be positive"),
        (lambda: LogNormal(1, 0.5, 3, 2), "0 <= low < high"),
        (lambda: LogNormal(1, 0.5, -1), "0 <= low < high"),
        (lambda: Gamma(1, 0.5, math.nan), "0 <= low < high"),
        (lambda: Gamma(1, 1e200), "cv must be"),
        (lambda: Gamma(1, 1e-200), "cv must be"),
        (lambda: LogNormal(1, 1e200), "cv must be"),
        (lambda: Gamma(30, 0.1, 60, 200), "of the draws lie in .60, 200.: move the mean or the bounds"),
        (lambda: LogNormal(30, 0.1, 0, 10), "of the draws lie in .0, 10."),
        (lambda: Uniform(2, 2), "low must be below high"),
        (lambda: Uniform(0, math.inf), "must be finite"),
        (lambda: Constant(math.nan), "value must be finite"),
    ],
)
def test_impossible_parameters_are_refused(make, message):
    with pytest.raises(SpecError, match=message):
        make()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, r"kind = None: must be one of constant, gamma, lognormal, uniform"),
        ({"kind": "normal", "mean": 1}, r"kind = 'normal'"),
        ({"kind": "gamma", "mean": 1}, r"^gamma = .*'cv' is missing; gamma takes mean, cv, low, high"),
        ({"kind": "uniform", "low": 1, "high": 2, "mean": 3}, r"no parameter 'mean'"),
        ({"kind": "gamma", "mean": "wide", "cv": 1}, r"^mean = 'wide': must be a number"),
        ({"kind": "constant", "value": True}, r"^value = True: must be a number"),
    ],
)
def test_dictionaries_that_describe_nothing_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        from_dict(values)


def test_brian2_quantities_are_taken_in_our_units():
    ms, mV = brian2.ms, brian2.mV
    assert Gamma(30 * ms, 0.5, 3 * ms, 0.2 * brian2.second) == Gamma(30, 0.5, 3, 200)
    assert Uniform(-8 * mV, 8 * mV) == Uniform(-8, 8)
    with pytest.raises(InputError, match="must be a time, a voltage or a rate"):
        Constant(3 * brian2.nA)


def test_distributions_cannot_be_changed():
    with pytest.raises(AttributeError):
        Gamma(1, 1).mean = 2  # type: ignore[misc]
