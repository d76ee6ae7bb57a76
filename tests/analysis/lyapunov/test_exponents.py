"""The QR method on systems whose Lyapunov exponents are published or known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrsnn.analysis.lyapunov.exponents import batch_error, integrated, iterated, kaplan_yorke_dimension, lyapunov_exponents
from hrsnn.analysis.lyapunov.qr import orthonormalise, stretches
from hrsnn.errors import DivergenceError, InputError


def lorenz63(x):
    return np.array([10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8 / 3 * x[2]])


def lorenz63_jacobian(x):
    return np.array([[-10, 10, 0], [28 - x[2], -1, -x[0]], [x[1], x[0], -8 / 3]])


def roessler(x):
    return np.array([-x[1] - x[2], x[0] + 0.2 * x[1], 0.2 + x[2] * (x[0] - 5.7)])


def roessler_jacobian(x):
    return np.array([[0, -1, -1], [1, 0.2, 0], [x[2], 0, x[0] - 5.7]])


def henon(x, tangent):
    return np.array([1 - 1.4 * x[0] ** 2 + x[1], 0.3 * x[0]]), np.array([[-2.8 * x[0], 1], [0.3, 0]]) @ tangent


def logistic(x, tangent):
    return 4 * x * (1 - x), (4 - 8 * x) * tangent


#: The system, where it starts, options, published exponents, and how near some 1000 periods must come (3 standard errors).
PUBLISHED = {
    "Lorenz-63": (
        integrated(lorenz63, lorenz63_jacobian, 0.01),
        np.array([1.0, 1.0, 20.0]),
        {"interval": 0.5, "intervals": 2000, "washout": 40, "shortest": 0.01},
        [0.906, 0.0, -14.572],
        [0.025, 0.012, 0.025],
    ),
    "Roessler": (
        integrated(roessler, roessler_jacobian, 0.03),
        np.array([1.0, 1.0, 0.0]),
        {"interval": 1.5, "intervals": 1500, "washout": 100, "shortest": 0.01},
        [0.0714, 0.0, -5.394],
        [0.015, 0.01, 0.04],
    ),
    "Henon": (iterated(henon), np.array([0.1, 0.1]), {"intervals": 40_000}, [0.419, -1.623], 0.005),
    "logistic map": (iterated(logistic), 0.3, {"intervals": 40_000}, [np.log(2)], 0.005),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_values(name):
    advance, start, options, expected, tolerance = PUBLISHED[name]
    found = lyapunov_exponents(advance, start, len(expected), **options)
    assert (np.abs(found.exponents - expected) < tolerance).all(), found.exponents
    # the standard error says how far off it may be
    assert (np.abs(found.exponents - expected) < 5 * found.standard_error + 2e-3).all()
    assert found.convergence.shape == (len(found.times), len(expected))
    np.testing.assert_array_equal(found.convergence[-1], found.exponents)
    assert found.times[-1] == pytest.approx(options["intervals"] * options.get("interval", 1))
    if name == "Lorenz-63":  # its divergence is constant
        assert found.exponents.sum() == pytest.approx(-10 - 1 - 8 / 3, abs=1e-3)
        assert found.kaplan_yorke == pytest.approx(2.062, abs=0.003)
    if name == "Henon":  # so is its determinant
        assert found.exponents.sum() == pytest.approx(np.log(0.3), abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_linear_map_has_the_logarithms_of_its_eigenvalues(seed):
    random = np.random.default_rng(seed)
    turn = np.linalg.qr(random.normal(size=(6, 6)))[0] + 0.2 * random.normal(size=(6, 6))
    matrix = turn @ np.diag([3.0, 2.0, 1.0, 0.5, 0.2, 0.05]) @ np.linalg.inv(turn)
    advance = iterated(lambda state, tangent: (state, matrix @ tangent))
    expected = np.log([3.0, 2.0, 1.0, 0.5, 0.2, 0.05])
    found = lyapunov_exponents(advance, None, 6, intervals=50, washout=100)
    np.testing.assert_allclose(found.exponents, expected, atol=1e-10)
    first = lyapunov_exponents(advance, None, 6, count=2, intervals=50, washout=100)
    np.testing.assert_allclose(first.exponents, expected[:2], atol=1e-10)


def test_driven_network_of_tanh_units_forgets_its_start():
    # an echo state network: the input, the same for all trajectories, belongs to the state
    random = np.random.default_rng(1)
    weight = random.normal(size=(40, 40)) / np.sqrt(40)
    inputs = random.uniform(-1, 1, 700)

    def step(state, tangent):
        x, t = state
        x = np.tanh(weight @ x + inputs[t])
        return (x, t + 1), (1 - x**2)[:, None] * (weight @ tangent)

    found = lyapunov_exponents(iterated(step), (np.zeros(40), 0), 40, count=3, intervals=500, washout=100)
    # the independent way: two trajectories
    a, b = np.zeros(40), np.full(40, 1e-3)
    growth = []
    for u in inputs[:600]:
        before = np.linalg.norm(b - a)
        a, b = np.tanh(weight @ a + u), np.tanh(weight @ b + u)
        after = np.linalg.norm(b - a)
        growth.append(np.log(after / before))
        b = a + (b - a) * (1e-8 / after)
    assert found.exponents[0] == pytest.approx(np.mean(growth[100:]), abs=1e-3)
    assert found.exponents[0] < 0


def test_a_long_interval_is_halved_until_rounding_does_not_show():
    # over one interval of 12 the two directions part by e^48: in one go the small one would be lost
    turn = np.array([[1.0, 0.5], [0.7, 1.0]])
    generator = turn @ np.diag([1.0, -3.0]) @ np.linalg.inv(turn)
    values, vectors = np.linalg.eig(generator)

    def advance(state, tangent, length):
        return state, vectors @ np.diag(np.exp(values * length)) @ np.linalg.inv(vectors) @ tangent

    found = lyapunov_exponents(advance, None, 2, interval=12.0, intervals=20, washout=5, shortest=0.1)
    np.testing.assert_allclose(found.exponents, [1.0, -3.0], atol=1e-8)
    assert np.diff(found.times).max() <= 6.0
    coarse = lyapunov_exponents(advance, None, 2, interval=12.0, intervals=20, washout=5, shortest=12.0)
    assert abs(coarse.exponents[1] + 3.0) > 1e-3


@settings(max_examples=25)
@given(st.integers(1, 8), st.integers(0, 5), st.integers(0, 10**6))
def test_orthonormalised_gives_back_the_volume(k, more, seed):
    tangent = np.random.default_rng(seed).normal(size=(k + more, k))
    kept = tangent.copy()
    vectors, log_growth = orthonormalise(tangent)
    np.testing.assert_array_equal(tangent, kept)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(k), atol=1e-12)
    assert log_growth.sum() == pytest.approx(0.5 * np.linalg.slogdet(tangent.T @ tangent)[1], abs=1e-6)
    # the first vectors span the same space
    np.testing.assert_allclose(vectors @ (vectors.T @ tangent), tangent, atol=1e-10)


def test_a_lost_direction_is_minus_infinity():
    advance = iterated(lambda state, tangent: (state, np.diag([2.0, 0.0]) @ tangent))
    np.testing.assert_array_equal(lyapunov_exponents(advance, None, 2, intervals=5).exponents, [np.log(2), -np.inf])


def test_tangent_that_overflows_is_an_error():
    advance = iterated(lambda state, tangent: (state, tangent * np.inf))
    with pytest.raises(DivergenceError, match="no longer finite"):
        lyapunov_exponents(advance, None, 2, intervals=5)


@pytest.mark.parametrize(
    ("exponents", "dimension"),
    [
        ([-1.0, -2.0], 0.0),
        ([0.0, -2.0], 1.0),
        ([1.0, 0.0, -2.0], 2.5),
        ([-2.0, 1.0, 0.0], 2.5),  # in any order
        ([1.0, -1.0], 2.0),  # volumes stay
        ([0.5, 0.1], np.nan),  # not enough of them
        ([], np.nan),
    ],
)
def test_kaplan_yorke(exponents, dimension):
    np.testing.assert_allclose(kaplan_yorke_dimension(exponents), dimension, atol=1e-15)


def test_standard_error_of_independent_growth():
    random = np.random.default_rng(0)
    growth = random.normal(size=(4000, 50))
    # sd 1 / sqrt(4000), whatever the lengths' common factor
    assert batch_error(growth, np.full(4000, 1.0)).mean() == pytest.approx(4000**-0.5, rel=0.05)
    assert batch_error(growth, np.full(4000, 0.5)).mean() == pytest.approx(2 * 4000**-0.5, rel=0.05)
    assert np.isnan(batch_error(growth[:5], np.ones(5))).all()


def test_rows_may_come_and_go():
    # a row that is there for one stretch keeps the growth of the others
    def advance(more, tangent, length):
        return 1 - more, np.vstack([2 * tangent[:2], np.zeros((more, 2))])

    done = list(stretches(advance, 1, np.eye(2), [1, 1, 1], shortest=1))
    assert [len(stretch.vectors) for stretch in done] == [3, 2, 3]
    np.testing.assert_allclose([stretch.log_growth for stretch in done], np.log(2))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 3}, "count = 3: must be at most 2"),
        ({"count": 0}, "count = 0"),
        ({"interval": 0}, "interval = 0"),
        ({"interval": float("nan")}, "interval = nan"),
        ({"intervals": 0}, "intervals = 0"),
        ({"washout": -1}, "washout = -1"),
    ],
)
def test_bad_input(options, message):
    with pytest.raises(InputError, match=message):
        lyapunov_exponents(iterated(henon), np.zeros(2), 2, **options)
