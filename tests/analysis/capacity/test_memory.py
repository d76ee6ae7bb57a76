"""Memory capacity: delay lines, leaky integrators, echo state networks, noise, and bad input."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from hrsnn.analysis import CapacityWarning, MemoryCapacity, echo_state_network, memory_capacity
from hrsnn.errors import InputError


def uniform(times, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, times)


def delay_line(inputs, delays):
    """Column k is the input delayed by ``delays[k]``; zeros before the first input."""
    return np.stack([np.concatenate([np.zeros(d), inputs[: len(inputs) - d]]) for d in delays], axis=1)


def leaky(inputs, decay):
    """One integrator, ``x(t) = decay x(t - 1) + u(t)``."""
    return lfilter([1.0], [1.0, -decay], inputs)[:, None]


@pytest.mark.parametrize("length", [1, 7, 20])
def test_delay_line_of_length_n_gives_n(length):
    u = uniform(4000, seed=length)
    memory = memory_capacity(delay_line(u, range(1, length + 1)), u, max_delay=length, hold=20.0)
    assert memory.curve.sum() == pytest.approx(length, abs=1e-6)
    # all that is taken off is what chance reaches, about 1 / rows a delay
    assert memory.total == pytest.approx(length - memory.surrogate.sum(), abs=1e-6)
    assert memory.total == pytest.approx(length, abs=3 * length / memory.rows[2])
    assert memory.span == 20.0 * length


def test_delays_beyond_the_line_add_nothing():
    u = uniform(6000)
    memory = memory_capacity(delay_line(u, range(1, 11)), u, max_delay=60)
    assert memory.total == pytest.approx(10, abs=0.05)
    assert 10 <= memory.span <= 11
    assert memory.curve[10:].max() < 0.02


def test_the_present_input_is_no_memory():
    u = uniform(4000)
    memory = memory_capacity(u[:, None], u, 30)
    assert memory.total < 0.05


def test_a_memory_with_a_hole_has_its_delays_and_no_span():
    u = uniform(4000)
    memory = memory_capacity(delay_line(u, [3, 5]), u, 10)
    np.testing.assert_allclose(memory.curve[[2, 4]], 1)
    assert memory.total == pytest.approx(2, abs=0.05)
    assert memory.span == 0


@pytest.mark.parametrize("decay", [0.5, 0.9, 0.96])
def test_leaky_integrator_follows_its_closed_form(decay):
    memories = []
    for seed in range(6):
        u = uniform(20_000, seed)
        memories.append(memory_capacity(leaky(u, decay), u, 100))
    expected = (1 - decay**2) * decay ** (2 * np.arange(1, 101))
    np.testing.assert_allclose(np.mean([one.curve for one in memories], axis=0), expected, atol=0.015)
    assert np.mean([one.total for one in memories]) == pytest.approx(decay**2, abs=0.06)
    assert sum(one.interval[0] < decay**2 < one.interval[1] for one in memories) >= 4
    assert max(one.interval[1] - one.interval[0] for one in memories) < 0.7


def test_noise_lowers_the_leaky_integrator_as_predicted():
    u, decay = uniform(40_000), 0.8
    noise = np.random.default_rng(5).normal(size=(len(u), 1))
    signal = (1 / 3) / (1 - decay**2)
    expected = decay**2 * signal / (signal + 1)
    assert memory_capacity(leaky(u, decay) + noise, u, 30).total == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("recurrent", "expected", "spread"), [("orthogonal", 43.0, 1.5), ("gaussian", 21.0, 3.0)])
def test_echo_state_network_of_fifty_units(recurrent, expected, spread):
    u = uniform(8000)
    totals = [
        memory_capacity(
            echo_state_network(u, 50, seed, spectral_radius=0.9, input_scale=0.1, bias_scale=0, recurrent=recurrent), u
        ).total
        for seed in range(4)
    ]
    assert np.mean(totals) == pytest.approx(expected, abs=spread)


def test_independent_states_remember_nothing():
    states = np.random.default_rng(1).normal(size=(10_000, 1000))
    u = uniform(10_000)
    start = time.perf_counter()
    memory = memory_capacity(states, u)
    seconds = time.perf_counter() - start
    assert memory.total < 0.5
    assert memory.interval[0] == 0
    assert memory.span <= 2
    # about 2 s on one thread of an idle machine: several times that is a lost factorisation, not a busy machine
    assert seconds < 30


def test_no_bias_where_the_fit_in_sample_has_much():
    states = np.random.default_rng(1).normal(size=(2000, 1000))
    u = uniform(2000)
    targets = delay_line(u, range(1, 101))[200:]
    coefficients = np.linalg.lstsq(states[200:], targets, rcond=None)[0]
    fitted = states[200:] @ coefficients
    in_sample = sum(np.corrcoef(fitted[:, k], targets[:, k])[0, 1] ** 2 for k in range(100))
    assert in_sample > 45
    with pytest.warns(CapacityWarning, match="4400 values"):
        memory = memory_capacity(states, u)
    assert memory.total < 0.5


def test_surrogates_are_what_chance_gives():
    u = uniform(5000)
    memory = memory_capacity(np.random.default_rng(2).normal(size=(5000, 5)), u)
    rows = memory.rows[2]
    assert memory.surrogate.mean() == pytest.approx(1 / rows, rel=0.15)
    # with 20 surrogates the 95th percentile is nearly their maximum, sum of 1/k for chi-square(1)/rows
    over = (memory.curve > memory.surrogate_95).mean()
    assert over < 0.15
    assert (memory.surrogate_95 >= memory.surrogate).all()


def test_units_offsets_and_rotations_do_not_matter():
    u, random = uniform(4000), np.random.default_rng(3)
    states = np.hstack([leaky(u, decay) for decay in (0.3, 0.8, 0.95)]) + 0.1 * random.normal(size=(4000, 3))
    expected = memory_capacity(states, u, 40)
    rescaled = memory_capacity(states * [1e-9, 1.0, 1e9] + [5e-9, -3.0, 1e9], u, 40, least_deviation=0.0)
    turned = states @ np.linalg.qr(random.normal(size=(3, 3)))[0]
    inputs = memory_capacity(states, 7 * u + 100, 40)
    np.testing.assert_allclose(rescaled.curve, expected.curve, atol=1e-6)
    np.testing.assert_allclose(inputs.curve, expected.curve, atol=1e-9)
    plain, rotated = (memory_capacity(x, u, 40, alphas=[0.0]) for x in (states, turned))
    np.testing.assert_allclose(rotated.curve, plain.curve, atol=1e-9)
    # a penalty sees the states' own axes, hence with one only nearly
    assert memory_capacity(turned, u, 40).total == pytest.approx(expected.total, abs=0.05)


def test_later_inputs_and_states_do_not_reach_the_fit():
    u = uniform(4000)
    states = delay_line(u, range(1, 4)) + 0.3 * np.random.default_rng(0).normal(size=(4000, 3))
    one = memory_capacity(states, u, 10)
    first_held_out = 4000 - one.rows[2]
    changed = states.copy()
    changed[first_held_out:] *= -3  # readouts fitted without these rows see a correlation of opposite sign, same square
    two = memory_capacity(changed, u, 10)
    np.testing.assert_allclose(two.curve, one.curve, atol=1e-12)
    np.testing.assert_array_equal(two.alpha, one.alpha)


def test_slices_share_no_input_value():
    memory = memory_capacity(delay_line(uniform(3000), [1]), uniform(3000), 50, washout=20)
    train, validation, test = memory.rows
    assert 50 + train + 50 + validation + 50 + test == 3000
    assert train > test > validation


def test_same_seed_same_result():
    u = uniform(2000)
    states = leaky(u, 0.8) + np.random.default_rng(0).normal(size=(2000, 3))
    one, two, other = (memory_capacity(states, u, 20, seed=seed) for seed in (4, 4, 5))
    for name in MemoryCapacity.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    np.testing.assert_array_equal(one.curve, other.curve)
    assert not np.array_equal(one.surrogate, other.surrogate)


def test_columns_that_hardly_vary_are_dropped():
    u = uniform(6000)
    line = delay_line(u, [1, 2])
    silent, rare, late = np.zeros(6000), np.zeros(6000), np.full(6000, 3.0)
    rare[1000] = 1.0
    late[-5:] = 1e6
    constant = 0.1 + 1e-17 * np.random.default_rng(0).normal(size=6000)
    memory = memory_capacity(np.column_stack([line, silent, rare, late, constant]), u, 5)
    assert memory.states_used == 2
    np.testing.assert_allclose(memory.curve, memory_capacity(line, u, 5).curve, atol=1e-12)


def test_states_that_never_vary_have_no_memory():
    with pytest.warns(CapacityWarning, match="no state varies"):
        memory = memory_capacity(np.ones((1000, 4)), uniform(1000), 10, hold=20.0)
    assert memory.total == 0
    assert memory.span == 0
    assert memory.interval == (0, 0)
    assert memory.curve.shape == memory.corrected.shape == (10,)


def test_the_length_that_the_warning_asks_for_is_enough():
    random = np.random.default_rng(0)
    with pytest.warns(CapacityWarning, match="needs?|takes") as caught:
        memory_capacity(random.normal(size=(600, 120)), uniform(600), 10)
    needed = int(str(caught[0].message).split("takes ")[1].split()[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        memory_capacity(random.normal(size=(needed + 3, 120)), uniform(needed + 3), 10)


def test_the_least_length_is_what_the_error_says():
    with pytest.raises(InputError, match="at least") as caught:
        memory_capacity(delay_line(uniform(300), [1]), uniform(300), 40)
    needed = int(str(caught.value).split("at least ")[1].split()[0])
    assert memory_capacity(delay_line(uniform(needed), [1]), uniform(needed), 40).total > 0.9


@given(st.integers(1, 4), st.integers(0, 2**31))
@settings(max_examples=15)
def test_bounded_by_the_number_of_states(units, seed):
    random = np.random.default_rng(seed)
    u = random.uniform(-1, 1, 1500)
    states = np.tanh(delay_line(u, range(8)) @ random.normal(size=(8, units)))
    memory = memory_capacity(states, u, 15, seed=seed % 1000)
    assert 0 <= memory.total <= units * 1.15  # the bound is on the expectation
    assert memory.interval[0] <= memory.total <= memory.interval[1]
    assert ((memory.curve >= 0) & (memory.curve <= 1)).all()
    assert ((memory.corrected >= 0) & (memory.corrected <= memory.curve)).all()


GOOD = np.random.default_rng(0).normal(size=(1000, 2))
U = uniform(1000)


def with_value(array, value):
    changed = array.copy()
    changed.flat[7] = value
    return changed


@pytest.mark.parametrize(
    ("arguments", "options", "field"),
    [
        ((with_value(GOOD, np.nan), U), {}, "states"),
        ((with_value(GOOD, np.inf), U), {}, "states"),
        ((GOOD, with_value(U, np.nan)), {}, "inputs"),
        ((GOOD[:-1], U), {}, "states"),
        ((GOOD[:, 0], U), {}, "states"),
        ((GOOD[:, :0], U), {}, "states"),
        ((GOOD, np.ones(1000)), {}, "inputs"),
        ((GOOD, GOOD), {}, "inputs"),
        ((GOOD, U, 0), {}, "max_delay"),
        ((GOOD, U, 400), {}, "states"),
        ((GOOD[:100], U[:100], 10), {}, "states"),
        ((GOOD, U, 10), {"washout": -1}, "washout"),
        ((GOOD, U, 10), {"shares": (0.5, 0.5, 0.0)}, "shares"),
        ((GOOD, U, 10), {"shares": (0.5, 0.2, 0.2)}, "shares"),
        ((GOOD, U, 10), {"alphas": []}, "alphas"),
        ((GOOD, U, 10), {"alphas": [-1.0]}, "alphas"),
        ((GOOD, U, 10), {"surrogates": 5}, "surrogates"),
        ((GOOD, U, 10), {"bootstrap": 1}, "bootstrap"),
        ((GOOD, U, 10), {"confidence": 1.0}, "confidence"),
        ((GOOD, U, 10), {"hold": 0.0}, "hold"),
        ((GOOD, U, 10), {"seed": -1}, "seed"),
    ],
)
def test_bad_input(arguments, options, field):
    with pytest.raises(InputError) as caught:
        memory_capacity(*arguments, **options)
    assert caught.value.field == field


def test_bits_are_those_of_gaussian_channels_of_the_same_correlation() -> None:
    """A value read with r^2 = 1/2 and 3/4 has half a bit and one bit; noiseless ones no more than the rows can tell."""
    random = np.random.default_rng(3)
    u = random.uniform(-1, 1, 20_000)
    noise = random.normal(size=(2, 20_000)) * np.array([[1.0], [3**-0.5]]) * u.std()
    for columns, wanted in (([0], 0.5), ([1], 1.0), ([0, 1], 1.5)):
        states = np.stack([np.roll(u, 1 + 3 * k) + noise[k] for k in columns], axis=1)
        assert memory_capacity(states, u, max_delay=6).bits == pytest.approx(wanted, abs=0.06)
    exact = memory_capacity(np.roll(u, 1)[:, None], u, max_delay=2)
    assert exact.bits == pytest.approx(0.5 * np.log2(exact.rows[2]), rel=0.1)
    assert memory_capacity(random.normal(size=(20_000, 2)), u, max_delay=2).bits < 0.01
