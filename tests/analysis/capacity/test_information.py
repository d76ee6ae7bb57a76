"""Information processing capacity: known functions, echo state networks, the noise floor, and bad input."""

from __future__ import annotations

import itertools
import warnings
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrsnn.analysis import CapacityWarning, echo_state_network, information_capacity, memory_capacity
from hrsnn.errors import InputError


def uniform(times: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, times)


def network(inputs: np.ndarray, scale: float, seed: int, recurrent: str = "orthogonal") -> np.ndarray:
    """The tanh network without a bias of the published curves."""
    return echo_state_network(
        inputs,
        50,
        seed,
        spectral_radius=0.9,
        input_scale=scale,
        bias_scale=0,
        recurrent=recurrent,  # type: ignore[arg-type]
    )


def legendre(order: int, x: np.ndarray) -> np.ndarray:
    return [np.ones_like(x), x, (3 * x**2 - 1) / 2, (5 * x**3 - 3 * x) / 2][order]


def test_each_function_is_found_where_it_is() -> None:
    u = uniform(20_000)
    products = [((1, 0),), ((1, 3),), ((2, 2),), ((1, 1), (1, 4)), ((3, 0),), ((2, 1), (1, 2))]
    states = np.stack(
        [np.prod([legendre(order, np.roll(u, delay)) for order, delay in one], axis=0) for one in products], axis=1
    )
    # products that share a factor vary together more than independent ones, for which the threshold holds
    capacity = information_capacity(states, u, {1: 10, 2: 6, 3: 4}, significance=1e-9)
    np.testing.assert_array_equal(capacity.found, [2, 2, 2])
    np.testing.assert_allclose(capacity.by_degree, [2, 2, 2], atol=1e-9)
    np.testing.assert_array_equal(capacity.reach, [3, 4, 2])
    np.testing.assert_allclose(capacity.linear_curve, np.isin(np.arange(11), [0, 3]), atol=1e-9)
    assert capacity.total == pytest.approx(6)
    assert (capacity.linear, capacity.nonlinear) == (pytest.approx(2), pytest.approx(4))


def test_a_square_of_one_unit_is_degree_two_and_its_cube_one_and_three() -> None:
    u = uniform(50_000)
    # x^3 = 2/5 P_3 + 3/5 P_1: shares 4/25/7 and 9/25/3 of their sum 1/7
    capacity = information_capacity(u[:, None] ** 3, u, {1: 3, 2: 3, 3: 3})
    np.testing.assert_allclose(capacity.by_degree, [9 / 25 * 7 / 3, 0, 4 / 25], atol=0.005)
    assert information_capacity(u[:, None] ** 2, u, {1: 3, 2: 3}).by_degree == pytest.approx([0, 1])


def test_number_of_functions() -> None:
    u = uniform(500)
    capacity = information_capacity(u[:, None], u, {1: 4, 3: 2, 4: 0})
    # of degree 3: products of three delays out of 0, 1, 2, with repeats
    assert list(capacity.functions) == [5, comb(5, 3), 1]
    assert comb(5, 3) == len(list(itertools.combinations_with_replacement(range(3), 3)))
    assert information_capacity(u[:, None], u, {3: 2}).linear_curve.shape == (0,)


@pytest.mark.parametrize("scale", [0.1, 0.5, 1.0, 2.0])
def test_linear_part_of_the_known_network(scale: float) -> None:
    expected = {0.1: 43.0, 0.5: 20.5, 1.0: 12.5, 2.0: 7.5}[scale]
    linear = []
    for seed in range(4):
        u = uniform(12_000, seed)
        linear.append(information_capacity(network(u, scale, seed), u, {1: 150}).linear)
    assert np.mean(linear) == pytest.approx(expected, abs=1)
    np.testing.assert_allclose(linear, expected, atol=2.5)


def test_linear_part_is_the_memory_capacity() -> None:
    u = uniform(12_000)
    states = network(u, 0.5, 1)
    curve = information_capacity(states, u, {1: 60}).linear_curve
    np.testing.assert_allclose(curve[1:31], memory_capacity(states, u, 60).curve[:30], atol=0.03)
    # a network without a bias is odd
    assert information_capacity(states, u, {2: 20}).total == 0


def test_gaussian_weights_hold_half_as_much() -> None:
    u = uniform(12_000)
    linear = [information_capacity(network(u, 0.1, seed, "gaussian"), u, {1: 100}).linear for seed in range(4)]
    assert np.mean(linear) == pytest.approx(22, abs=3)  # 21 and the present input


@pytest.mark.parametrize(
    ("scale", "delays"),
    [
        (0.1, {1: 150, 3: 20}),
        pytest.param(0.5, {1: 100, 3: 40, 5: 14, 7: 8}, marks=pytest.mark.slow),
        pytest.param(1.0, {1: 60, 3: 35, 5: 14, 7: 9}, marks=pytest.mark.long),
    ],
)
def test_total_is_nearly_the_number_of_states(scale: float, delays: dict[int, int]) -> None:
    u = uniform(20_000)
    capacity = information_capacity(network(u, scale, 0), u, delays)
    assert capacity.states_used == 50
    assert 47.5 < capacity.total < 50


def test_independent_states_hold_nothing() -> None:
    states = np.random.default_rng(1).normal(size=(10_000, 1000))
    capacity = information_capacity(states, uniform(10_000), {1: 100, 2: 30})
    assert capacity.total < 0.5
    assert capacity.states_used == 1000


def test_false_positives_are_as_rare_as_asked() -> None:
    states, u = np.random.default_rng(1).normal(size=(5000, 10)), uniform(5000)
    capacity = information_capacity(states, u, {1: 100, 2: 60}, significance=0.01)
    share = capacity.found.sum() / capacity.functions.sum()
    assert 0.005 < share < 0.02


@given(st.integers(1, 5), st.integers(0, 2**31))
@settings(max_examples=15, deadline=None)
def test_bounded_by_the_number_of_states_and_the_same_in_any_basis(units: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    u = random.uniform(-1, 1, 4000)
    delayed = np.stack([np.roll(u, delay) for delay in range(6)], axis=1)
    states = np.tanh(2 * delayed @ random.normal(size=(6, units)) + random.normal(size=units))
    delays = {1: 6, 2: 5, 3: 5}
    capacity = information_capacity(states, u, delays)
    assert 0 <= capacity.total <= 1.1 * capacity.states_used
    turned = states @ random.normal(size=(units, units)) * 1e-6 + 3
    if np.linalg.cond(turned - turned.mean(axis=0)) < 1e6:
        np.testing.assert_allclose(information_capacity(turned, u, delays).by_degree, capacity.by_degree, atol=1e-5)


def test_a_state_that_repeats_another_adds_nothing() -> None:
    u = uniform(3000)
    states = network(u, 0.5, 0)[:, :5]
    doubled = np.hstack([states, states @ np.ones((5, 1)), np.ones((3000, 1))])
    one, two = (information_capacity(x, u, {1: 20, 3: 5}) for x in (states, doubled))
    assert two.states_used == 5
    np.testing.assert_allclose(two.by_degree, one.by_degree, rtol=1e-6)


def test_states_that_never_vary_hold_nothing() -> None:
    with pytest.warns(CapacityWarning, match="no state varies"):
        capacity = information_capacity(np.ones((1000, 4)), uniform(1000), {1: 10, 2: 3})
    assert (capacity.total, capacity.states_used) == (0, 0)
    assert list(capacity.reach) == [-1, -1]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (uniform(3000) ** 3, "not uniform"),
        (np.repeat(uniform(1500), 2), "not independent"),
        (0.5 * uniform(3000), "not uniform"),
    ],
)
def test_inputs_that_make_the_functions_overlap(inputs: np.ndarray, message: str) -> None:
    with pytest.warns(CapacityWarning, match=message):
        information_capacity(np.roll(inputs, 1)[:, None], inputs, {1: 3})


def test_the_length_that_the_warning_asks_for_is_enough() -> None:
    random = np.random.default_rng(0)
    with pytest.warns(CapacityWarning, match="take") as caught:
        information_capacity(random.normal(size=(600, 120)), uniform(600), {1: 10})
    needed = int(str(caught[0].message).split("take ")[1].split()[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        information_capacity(random.normal(size=(needed, 120)), uniform(needed), {1: 10})


GOOD, U = np.random.default_rng(0).normal(size=(1000, 2)), uniform(1000)


def with_value(array: np.ndarray, value: float) -> np.ndarray:
    changed = array.copy()
    changed.flat[7] = value
    return changed


@pytest.mark.parametrize(
    ("arguments", "options", "field"),
    [
        ((with_value(GOOD, np.nan), U), {}, "states"),
        ((GOOD, with_value(U, np.inf)), {}, "inputs"),
        ((GOOD, with_value(U, 1.01)), {}, "inputs"),
        ((GOOD, np.ones(1000)), {}, "inputs"),
        ((GOOD[:-1], U), {}, "states"),
        ((GOOD[:, 0], U), {}, "states"),
        ((GOOD[:100], U[:100]), {}, "states"),
        ((GOOD[:300], U[:300], {1: 290}), {}, "states"),
        ((np.random.default_rng(0).normal(size=(300, 150)), U[:300]), {}, "states"),
        ((GOOD, U, {}), {}, "delays"),
        ((GOOD, U, (100, 30)), {}, "delays"),
        ((GOOD, U, {0: 3}), {}, "degree"),
        ((GOOD, U, {1: -1}), {}, "delays[1]"),
        ((GOOD, U, {6: 40}), {}, "delays"),
        ((GOOD, U), {"washout": -1}, "washout"),
        ((GOOD, U), {"significance": 0.0}, "significance"),
        ((GOOD, U), {"tolerance": 1.0}, "tolerance"),
    ],
)
def test_bad_input(arguments: tuple, options: dict, field: str) -> None:
    with pytest.raises(InputError) as caught:
        information_capacity(*arguments, **options)
    assert caught.value.field == field
