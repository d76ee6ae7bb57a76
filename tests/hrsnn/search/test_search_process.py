"""The parts that propose: W2 and its kernel, the Gaussian process, expected improvement."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.optimize import check_grad, linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from hrsnn import Constant, Gamma, InputError, LogNormal, Uniform
from hrsnn.search import (
    DistributionSampler,
    IndefiniteWarning,
    ProductMatern,
    Space,
    checked_gram,
    expected_improvement,
    fit_gaussian_process,
    named_space,
    quantiles,
    sinkhorn_divergence,
    sinkhorn_gram,
    wasserstein,
)
from hrsnn.search.acquisition import log_expected_improvement, maximise
from hrsnn.search.coordinates import Coordinates
from hrsnn.search.gaussian_process import Likelihood
from hrsnn.search.sinkhorn import JointDistances, cost

RNG = np.random.default_rng(0)


def by_quadrature(first: Gamma, second: Gamma) -> float:
    """W2 of two gammas without bounds, by SciPy's quantiles and its adaptive quadrature."""

    def gap(z: float) -> float:
        p = stats.norm.cdf(z)
        q = [stats.gamma.ppf(p, 1 / one.cv**2, scale=one.mean * one.cv**2) for one in (first, second)]
        return float((q[0] - q[1]) ** 2 * stats.norm.pdf(z))

    return float(np.sqrt(integrate.quad(gap, -8, 8, limit=500, epsabs=1e-11)[0]))


@pytest.mark.parametrize(("first", "second"), [((30, 0.3), (20, 0.5)), ((30, 0.577), (20, 1.0)), ((10, 1.5), (60, 0.05))])
def test_w2_of_gammas_equals_quadrature(first: tuple[float, float], second: tuple[float, float]) -> None:
    one, other = Gamma(*first), Gamma(*second)
    assert wasserstein(one, other) == pytest.approx(by_quadrature(one, other), rel=1e-7)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Gamma(30, 0.7), Gamma(20, 0.7), 10 * np.sqrt(1 + 0.7**2)),
        (Gamma(30, 0.4), Constant(30), 12.0),
        (Constant(3), Constant(5), 2.0),
        (Uniform(0, 1), Uniform(0, 2), np.sqrt(1 / 3)),
        (Gamma(30, 1e-5), Constant(20), 10.0),
    ],
)
def test_w2_in_closed_form(one: Any, other: Any, expected: float) -> None:
    assert wasserstein(one, other) == pytest.approx(expected, rel=1e-7)
    assert wasserstein(other, one) == wasserstein(one, other)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Gamma(30, 0.7), Gamma(20, 0.7), np.log(1.5)),
        (LogNormal(30, 0.6), LogNormal(20, 0.6), np.log(1.5)),
        # equal medians: apart by the difference of the deviations of the logarithm
        (LogNormal(30 * np.sqrt(1.25), 0.5), LogNormal(30 * np.sqrt(2), 1.0), np.sqrt(np.log(2)) - np.sqrt(np.log(1.25))),
        (Constant(3), Constant(5), np.log(5 / 3)),
    ],
)
def test_w2_of_logarithms_in_closed_form(one: Any, other: Any, expected: float) -> None:
    assert wasserstein(one, other, log=True) == pytest.approx(expected, rel=1e-6)


def test_w2_of_logarithms_of_gammas_equals_sorted_samples() -> None:
    one, other = Gamma(30, 0.577, 3, 200), Gamma(25, 1.0)
    x, y = (np.sort(np.log(each.sample(400_000, np.random.default_rng(seed)))) for seed, each in enumerate((one, other)))
    assert wasserstein(one, other, log=True) == pytest.approx(np.sqrt(((x - y) ** 2).mean()), rel=0.02)


@pytest.mark.parametrize(("first", "second"), [(0.6, 1.1), (0.01, 3.0), (20.0, 50.0), (100.0, 1e-5)])
def test_w2_of_log_normals_in_closed_form(first: float, second: float) -> None:
    m, s = np.log([30.0, 20.0]), np.sqrt(np.log1p(np.array([first, second]) ** 2))
    m -= s**2 / 2
    square = np.exp(2 * m + 2 * s**2).sum() - 2 * np.exp(m.sum() + s.sum() ** 2 / 2)
    one, other = LogNormal(30, first), LogNormal(20, second)
    assert wasserstein(one, other) == pytest.approx(np.sqrt(square), rel=1e-7)
    assert wasserstein(one, other, log=True) == pytest.approx(np.hypot(m[0] - m[1], s[0] - s[1]), rel=1e-9)


@pytest.mark.parametrize("cv", [1e-6, 3e-5, 9.9e-4, 1.01e-3, 0.02, 0.577, 2.0, 20.0, 100.0])
@pytest.mark.parametrize("kind", [Gamma, LogNormal])
def test_w2_from_the_mean_is_the_deviation(kind: Any, cv: float) -> None:
    assert wasserstein(kind(30, cv), Constant(30)) == pytest.approx(30 * cv, rel=1e-6)


def test_gammas_too_narrow_for_the_incomplete_gamma_function_differ() -> None:
    assert wasserstein(Gamma(30, 9e-4), Gamma(30, 5e-4)) == pytest.approx(30 * 4e-4, rel=1e-6)
    cut = Gamma(30, 9e-4, 30, 31)  # half of it
    assert quantiles(cut, [0.0, 0.5]) == pytest.approx([30, 30 * (1 + 9e-4 * stats.norm.ppf(0.75))], rel=1e-6)


#: Bounds at once tight and unlike, heavy tails, tails that the bounds cut off, narrow and wide.
HARD = [
    Gamma(27.9, 0.78),
    LogNormal(31.1, 1.47, 0.12, 102.5),
    LogNormal(5.3, 0.8, 0.16, 20.4),
    Gamma(80.7, 0.854, 71.4, 246.4),
    LogNormal(49.2, 0.98, 44.7, 146.5),
    LogNormal(20, 40.0),
    Gamma(20, 9.0),
    Gamma(25, 30.0, 0, 40),
    Gamma(30, 0.002, 29.95, 30.2),
    Uniform(2.6, 7.6),
    Constant(12.0),
]


def by_scipy(one: Any, p: Any, rest: Any) -> Any:
    """Quantiles by SciPy's own distributions, from both ends."""
    if isinstance(one, Constant):
        return np.full(p.shape, one.value)
    if isinstance(one, Uniform):
        frozen = stats.uniform(one.low, one.high - one.low)
    elif isinstance(one, Gamma):
        frozen = stats.gamma(1 / one.cv**2, scale=one.mean * one.cv**2)
    else:
        s = np.sqrt(np.log1p(one.cv**2))
        frozen = stats.lognorm(s, scale=one.mean * np.exp(-(s**2) / 2))
    low, high = one.support
    lower = frozen.ppf(frozen.cdf(low) + p * (frozen.cdf(high) - frozen.cdf(low)))
    upper = frozen.isf(frozen.sf(high) + rest * (frozen.sf(low) - frozen.sf(high)))
    return np.where(p < 0.5, lower, upper)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(HARD, 2)), ids=lambda one: repr(one))
def test_w2_meets_its_accuracy_with_any_bounds_and_tails(one: Any, other: Any) -> None:
    z = np.linspace(-14, 14, 40_001)
    q = [by_scipy(each, stats.norm.cdf(z), stats.norm.sf(z)) for each in (one, other)]
    for log, values in ((False, q), (True, [np.log(np.maximum(each, np.finfo(float).tiny)) for each in q])):
        wanted = np.sqrt(integrate.simpson((values[0] - values[1]) ** 2 * stats.norm.pdf(z), x=z))
        widest = max((each.cv for each in (one, other) if isinstance(each, Gamma)), default=0.0)
        assert wasserstein(one, other, log=log) == pytest.approx(wanted, rel=1e-4 if log and widest > 5 else 1e-7)


@pytest.mark.parametrize("kind", [Gamma, LogNormal])
def test_w2_of_truncated_distributions_equals_sorted_samples(kind: Any) -> None:
    one, other = kind(30, 0.577, 3, 200), kind(25, 1.0, 3, 80)
    x, y = (np.sort(each.sample(400_000, np.random.default_rng(seed))) for seed, each in enumerate((one, other)))
    assert wasserstein(one, other) == pytest.approx(np.sqrt(((x - y) ** 2).mean()), rel=0.02)
    p = np.linspace(0.01, 0.99, 9)
    np.testing.assert_allclose(quantiles(one, p), np.quantile(x, p), rtol=0.01)


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 20))
def test_gram_matrices_of_product_distributions_are_positive_definite(seed: int, scale: float) -> None:
    space = named_space("all")
    forms = {name: one.form for name, one in space.ranges.items() if hasattr(one, "form")}
    coordinates = Coordinates(space.distributions(), forms)
    points = coordinates.embedded(np.random.default_rng(seed).random((200, len(space.distributions()))))
    gram = ProductMatern(coordinates.sizes, np.full(len(coordinates.sizes), scale))(points)
    assert np.linalg.eigvalsh(gram)[0] > -1e-10
    np.testing.assert_allclose(np.diag(gram), 1.0)


def test_kernel_is_the_product_of_scikit_learns() -> None:
    x, y = RNG.normal(size=(12, 5)), RNG.normal(size=(7, 5))
    kernel = ProductMatern((3, 1, 1), [0.7, 1.3, 2.0])
    blocks = [(slice(0, 3), 0.7), (slice(3, 4), 1.3), (slice(4, 5), 2.0)]
    expected = np.prod([Matern(scale, nu=2.5)(x[:, block], y[:, block]) for block, scale in blocks], axis=0)
    np.testing.assert_allclose(kernel(x, y), expected, atol=1e-13)
    gram, gradient = kernel(x, eval_gradient=True)
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1e-6
        moved = [kernel.clone_with_theta(kernel.theta + sign * step)(x) for sign in (1, -1)]
        np.testing.assert_allclose(gradient[..., k], (moved[0] - moved[1]) / 2e-6, atol=1e-7)
    assert gram[0, 0] == 1


def data(n: int = 25) -> tuple[Any, Any]:
    x = np.random.default_rng(3).uniform(size=(n, 3))
    return x, np.sin(5 * x[:, 0]) + x[:, 1] ** 2 + 0.1 * np.random.default_rng(4).normal(size=n)


def test_process_equals_scikit_learns_where_distances_are_euclidean() -> None:
    x, y = data()
    process = fit_gaussian_process(x, y, (3,), prior=False, starts=12)
    kernel = ConstantKernel(process.amplitude) * Matern(process.length_scale[0], nu=2.5) + WhiteKernel(process.noise)
    theirs = GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True).fit(x, y)
    at = np.random.default_rng(5).uniform(size=(9, 3))
    mean, deviation = process.predict(at)
    expected, spread = theirs.predict(at, return_std=True)
    np.testing.assert_allclose(mean, expected, atol=1e-8)
    # theirs is of a noisy value
    np.testing.assert_allclose(deviation**2 + process.noise * process.spread**2, spread**2, rtol=1e-6)
    assert process.log_likelihood == pytest.approx(theirs.log_marginal_likelihood_value_, abs=1e-6)
    # and what they find by themselves is no better
    free = ConstantKernel() * Matern(nu=2.5) + WhiteKernel(0.1, (1e-6, 2))
    found = GaussianProcessRegressor(free, normalize_y=True, n_restarts_optimizer=3, random_state=0).fit(x, y)
    assert process.log_likelihood > found.log_marginal_likelihood_value_ - 1e-3


def test_averaged_replicates_have_the_likelihood_of_all_of_them() -> None:
    x, _ = data(10)
    replicates = np.sin(5 * x[:, :1]) + 0.3 * np.random.default_rng(6).normal(size=(10, 4))
    mean = replicates.mean(axis=1)
    scatter = ((replicates - mean[:, None]) ** 2).sum(axis=1)
    process = fit_gaussian_process(x, mean, (3,), counts=np.full(10, 4), scatter=scatter, prior=False, starts=12)
    kernel = ConstantKernel(process.amplitude) * Matern(process.length_scale[0], nu=2.5) + WhiteKernel(process.noise)
    every = (replicates.ravel() - process.centre) / process.spread
    theirs = GaussianProcessRegressor(kernel, optimizer=None).fit(np.repeat(x, 4, axis=0), every)
    assert process.log_likelihood == pytest.approx(theirs.log_marginal_likelihood_value_, abs=1e-5)
    np.testing.assert_allclose((process.predict(x)[0] - process.centre) / process.spread, theirs.predict(x), atol=1e-6)
    # the same, said as points that are there several times; what is told apart only by the values' own scale
    merged = fit_gaussian_process(np.repeat(x, 4, axis=0), replicates.ravel(), (3,), prior=False, starts=12)
    assert merged.noise * merged.spread**2 == pytest.approx(process.noise * process.spread**2, rel=1e-3)
    assert merged.noise * merged.spread**2 == pytest.approx(0.09, rel=0.5)


@pytest.mark.parametrize("prior", [True, False])
def test_gradient_of_the_likelihood(prior: bool) -> None:
    rng = np.random.default_rng(7)
    x = rng.uniform(size=(15, 4))
    pairs = np.triu_indices(15, 1)
    distances = np.abs(x[pairs[0]] - x[pairs[1]]).T
    like = Likelihood(distances, rng.normal(size=15), rng.integers(1, 4, 15).astype(float), rng.uniform(0, 1, 15), prior)
    theta = rng.normal(size=6) * 0.3
    assert check_grad(lambda t: like(t)[0], lambda t: like(t)[1], theta) < 1e-4


def test_ei_equals_monte_carlo() -> None:
    mean, deviation, best = np.array([-1.0, 0.2, 1.5, 0.0]), np.array([0.5, 1.0, 0.3, 2.0]), 0.4
    draws = mean + deviation * np.random.default_rng(8).normal(size=(2_000_000, 4))
    expected = np.maximum(draws - best, 0)
    error = expected.std(axis=0) / np.sqrt(len(draws))
    found = expected_improvement(mean, deviation, best)
    assert (np.abs(found - expected.mean(axis=0)) < 4 * error).all()
    np.testing.assert_allclose(np.exp(log_expected_improvement(mean, deviation, best)), found, rtol=1e-10)


def test_ei_at_the_edges() -> None:
    assert expected_improvement([5.0, -5.0], 0.0, best=1.0).tolist() == [0.0, 0.0]
    far = log_expected_improvement(np.array([-30.0, -40.0, -5000.0]), np.ones(3), 0.0)
    assert np.isfinite(far).all()
    assert (np.diff(far) < 0).all()
    # phi(z) / z^2 (1 - 3/z^2 + 15/z^4), far from the best
    z = 30.0
    assert far[0] == pytest.approx(stats.norm.logpdf(z) - 2 * np.log(z) + np.log1p(-3 / z**2 + 15 / z**4), abs=1e-6)


def test_maximum_of_many_bumps() -> None:
    def bumps(x: Any) -> Any:
        return -((x - 0.73) ** 2).sum(axis=1) + 0.1 * np.cos(25 * (x - 0.73)).sum(axis=1)

    found = maximise(bumps, 3, np.random.default_rng(0), near=np.full((1, 3), 0.7))
    np.testing.assert_allclose(found, 0.73, atol=1e-3)


def test_sinkhorn_is_near_the_exact_distance() -> None:
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(60, 2)), rng.normal(size=(60, 2)) * [2.0, 1.0] + [3.0, 0.0]
    cost = cdist(x, y, "sqeuclidean")
    exact = cost[linear_sum_assignment(cost)].mean()  # of as many points, the best plan is a permutation
    assert sinkhorn_divergence(x, y, 0.01) == pytest.approx(exact, rel=0.02)
    assert sinkhorn_divergence(x, x) == 0.0
    assert sinkhorn_divergence(x, y) == pytest.approx(sinkhorn_divergence(y, x), rel=1e-6)
    # a regularisation at which exp(-cost / e) is 0
    assert sinkhorn_divergence(x[:8] * 1e3, x[:8] * 1e3 + [30, 40], 1e-3) == pytest.approx(2500, rel=1e-4)


def test_joint_kernel_looks_at_its_eigenvalues() -> None:
    rng = np.random.default_rng(0)
    gram = sinkhorn_gram([rng.normal(k, 1, size=(20, 2)) for k in range(4)], 2.0)
    assert np.linalg.eigvalsh(gram)[0] > -1e-10
    bad = np.array([[1, 0.9, 0.0], [0.9, 1, 0.9], [0.0, 0.9, 1]])
    with pytest.warns(IndefiniteWarning, match=r"smallest eigenvalue is -0\.273"):
        mended = checked_gram(bad)
    assert np.linalg.eigvalsh(mended)[0] > -1e-12


def test_embedding_distances_are_w2_and_choices_are_equally_far_apart() -> None:
    import optuna.distributions as od

    space = Space.of({"tau_m_exc": {"mean": [10, 60], "cv": [0.1, 1.0]}, "weight_scale": [2, 10]})
    coordinates = Coordinates({**space.distributions(), "kind": od.CategoricalDistribution(["a", "b", "c"])}, {})
    assert coordinates.sizes == (24, 24, 1, 3)
    trials = [
        {"tau_m_exc.mean": 30.0, "tau_m_exc.cv": 0.5, "weight_scale": 2.0, "kind": "a"},
        {"tau_m_exc.mean": 20.0, "tau_m_exc.cv": 0.8, "weight_scale": 10.0, "kind": "c"},
    ]
    cube = coordinates.cube(trials)
    assert [coordinates.parameters(point)["kind"] for point in cube] == ["a", "c"]
    assert coordinates.parameters(cube[0])["tau_m_exc.mean"] == pytest.approx(30.0)
    one, other = coordinates.embedded(cube)
    corners = [Gamma(mean, cv) for mean in (10, 60) for cv in (0.1, 1.0)]
    for log, block in ((False, slice(0, 24)), (True, slice(24, 48))):
        farthest = max(wasserstein(a, b, log=log) for a in corners for b in corners)
        apart = wasserstein(Gamma(30, 0.5), Gamma(20, 0.8), log=log) / farthest
        assert np.linalg.norm(one[block] - other[block]) == pytest.approx(apart)
    assert abs(one[48] - other[48]) == pytest.approx(1.0)
    assert np.linalg.norm(one[49:] - other[49:]) == pytest.approx(1.0)


def joint_points(count: int) -> tuple[Coordinates, Any]:
    ranges = {"mean": [10, 60], "cv": [0.1, 1.0]}
    space = Space.of({"tau_m_exc": ranges, "tau_m_inh": ranges, "weight_scale": [2, 10]})
    coordinates = Coordinates(space.distributions(), {}, joint=True)
    return coordinates, coordinates.embedded(np.random.default_rng(10).random((count, 5)))


def test_joint_distances_approach_the_root_of_the_sum_of_squares() -> None:
    """The groups are independent: the exact joint W2 adds up theirs, and the entropic one does so at any regularisation."""
    coordinates, points = joint_points(6)
    assert coordinates.sizes == (24, 1)
    quantiles = points[:, :24]
    exact = np.sqrt(cdist(quantiles, quantiles, "sqeuclidean") / 12)
    errors = []
    for regularisation in (0.3, 0.05, 0.01):
        joint, number = JointDistances(2, regularisation)(points, points, coordinates.sizes)
        errors.append(np.abs(joint - exact).max())
        np.testing.assert_allclose(np.diag(joint), 0, atol=1e-3)
        np.testing.assert_allclose(number, np.abs(points[:, 24:] - points[:, 24]), atol=1e-15)
    assert errors[0] > 2 * errors[1] > 4 * errors[2]
    assert errors[2] < 0.01
    # the same from all 144 pairs of quantiles, as samples in the plane
    first, second = (np.stack(np.meshgrid(one[:12], one[12:]), axis=-1).reshape(-1, 2) for one in quantiles[:2])
    share = 0.05 / cdist(first, second, "sqeuclidean").mean()
    one, other, own = (cost(x, y, 0.05, 1e-6) for x, y in ((first, first), (second, second), (first, second)))
    joint = JointDistances(2)(points[:1], points[1:2], coordinates.sizes)[0, 0, 0]
    assert joint**2 == pytest.approx(own - (one + other) / 2, rel=1e-4)
    assert joint**2 == pytest.approx(sinkhorn_divergence(first, second, share), rel=1e-4)


def test_joint_process_cuts_a_negative_eigenvalue_off() -> None:
    """Distances that no space has: three points all twice as far from each other as from a fourth between them."""
    apart = np.array([[0, 2, 2, 1], [2, 0, 2, 1], [2, 2, 0, 1], [1, 1, 1, 0]]) / 2.0

    def distances(first: Any, second: Any, sizes: Any) -> Any:
        return apart[None][:, first[:, 0].astype(int)][..., second[:, 0].astype(int)]

    points, values = np.arange(4.0)[:, None], np.array([1.0, -1.0, 0.5, 0.0])
    fitted = fit_gaussian_process(points, values, (1,), distances=distances)
    with pytest.warns(IndefiniteWarning, match=r"smallest eigenvalue is -0\.0152"):
        process = dataclasses.replace(fitted, length_scale=np.array([2.0]), amplitude=1.0, noise=1e-6)
    mean, deviation = process.predict(points)
    assert np.isfinite([mean, deviation]).all()
    # the likelihood of what is none is refused, not raised
    like = Likelihood(apart[np.triu_indices(4, 1)][None], values, np.ones(4), np.zeros(4), prior=False)
    assert like(np.log([2.0, 1.0, 1e-6]))[0] > 1e9


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: fit_gaussian_process([[0.0]], [1.0], (1,)), "values"),
        (lambda: fit_gaussian_process([[0.0], [1.0]], [1.0, np.nan], (1,)), "values"),
        (lambda: fit_gaussian_process([[0.0], [1.0]], [1.0, 2.0], (2,)), "points"),
        (lambda: fit_gaussian_process([[0.0], [1.0]], [1.0, 2.0], (1,), counts=[0, 1]), "counts"),
        (lambda: ProductMatern((2,))([[1.0]]), "X"),
        (lambda: wasserstein(Constant(0), Gamma(30, 0.5), log=True), "first"),
        (lambda: wasserstein(Gamma(30, 0.5), Uniform(-1, 2), log=True), "second"),
        (lambda: DistributionSampler(joint="w2"), "joint"),  # type: ignore[arg-type]
        (lambda: sinkhorn_divergence([[0.0]], [[0.0, 1.0]]), "second"),
        (lambda: sinkhorn_divergence([[0.0]], [[1.0]], 0.0), "regularisation"),
        (lambda: sinkhorn_divergence(np.empty((0, 2)), [[0.0, 1.0]]), "first"),
        (lambda: sinkhorn_divergence([[0.0], [1.0], [5.0]], [[0.0], [3.0], [4.0]], 1e-6), "regularisation"),
        (lambda: checked_gram([[1.0, 2.0]]), "gram"),
        (lambda: sinkhorn_gram([], 1.0), "samples"),
    ],
)
def test_bad_input(call: Any, field: str) -> None:
    with pytest.raises(InputError, match=field):
        call()
