"""The lag, noise and memory of codes in short runs, beside their rules, and decoders that are tight frames."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from hrsnn import Currents, Uniform, simulate
from hrsnn.analysis import memory_capacity
from hrsnn.balanced import BalancedSpec, build_balanced, check_lag, expected_memory, measured_lag
from hrsnn.balanced.decoders import random_decoder, tightened
from hrsnn.balanced.memory import expected_noise
from hrsnn.errors import HrsnnWarning, InputError


@pytest.mark.parametrize(("neurons", "states", "norm"), [(400, 16, 0.3), (400, 32, 0.3), (1000, 32, 0.2)])
def test_lag_noise_and_spikes_are_those_of_the_rules(neurons: int, states: int, norm: float) -> None:
    found = measured_lag(build_balanced(BalancedSpec(neurons=neurons, dimensions=states, decoder_norm=norm), seed=7))
    assert found.lag == pytest.approx(found.expected_lag, rel=0.25)
    assert found.noise == pytest.approx(expected_noise(norm, neurons), rel=0.1)
    assert found.spikes == pytest.approx(found.expected_spikes, rel=0.2)
    assert 0 < found.standard_error < 0.2 * found.lag
    assert not found.breaks


def test_the_lag_is_the_slope_of_the_error_on_the_drift() -> None:
    """One state that follows a ramp, without leak: a sawtooth between -gamma/2 and gamma/2, whose mean is 0, and no lag."""
    spec = BalancedSpec(
        neurons=20, system="matrices", matrix=((-0.1,),), input_matrix=((1.0,),), decoder_norm=0.02, leak=0.2
    )
    found = measured_lag(build_balanced(spec, seed=1))
    assert abs(found.lag) < 0.2
    assert found.noise == pytest.approx(0.02 / np.sqrt(12), rel=0.15)  # of a uniform sawtooth


@pytest.mark.parametrize(("lag", "warned"), [("auto", False), (0.0, True), (1.2, True)])
def test_a_lag_that_is_off_is_warned_of(lag: Any, warned: bool) -> None:
    net = build_balanced(BalancedSpec(neurons=400, dimensions=16, frequency=16.0, decay=1000.0, lag=lag), seed=2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = check_lag(net)
    assert bool(caught) == warned
    if warned and not found.breaks:
        assert str(caught[0].message).startswith(f"lag = {lag:.3g}: ")
        assert f"{found.lag:.3g} +- " in str(caught[0].message)


def test_a_code_that_breaks_down_is_said_to() -> None:
    """Fast rotations, without compensation: they grow until one spike a step is too few."""
    net = build_balanced(BalancedSpec(neurons=400, dimensions=16, frequency=25.0, lag=0.0, dt=0.125), seed=1)
    with pytest.warns(HrsnnWarning, match="dt = 0.125: the code breaks down, with a spike in .* of the steps"):
        assert check_lag(net, duration=4000).breaks


def test_other_weights_have_no_lag_to_measure() -> None:
    net = build_balanced(BalancedSpec(neurons=40, dimensions=4), seed=1)
    for other in (net.with_matrices(), net.without_recurrence()):
        with pytest.raises(InputError, match="must have them"):
            measured_lag(other)
    with pytest.raises(InputError, match="duration = 400"):
        measured_lag(net, duration=400)


def test_the_memory_of_the_ideal_is_its_closed_form() -> None:
    """A leaky integrator of values held: corr(u[k - n], x[k])^2 = (1 - a^2) a^(2 (n - 1)), a = exp(-hold/T)."""
    spec = BalancedSpec(neurons=60, system="matrices", matrix=((-5.0,),), input_matrix=((1.0,),), decoder_norm=1e-3, dt=0.02)
    _, ideal = expected_memory(build_balanced(spec, seed=1), max_delay=12)
    a = np.exp(-5 * 0.02)
    assert ideal == pytest.approx(sum((1 - a**2) * a ** (2 * n) for n in range(12)), rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "within"),
    [({"neurons": 400, "dimensions": 16}, 0.02), ({"neurons": 400, "dimensions": 16, "decoder_norm": 0.8}, 0.06)],
    ids=["fine", "coarse"],
)
def test_memory_is_as_expected(changes: dict[str, Any], within: float) -> None:
    net = build_balanced(BalancedSpec(**changes), seed=3)
    values = np.random.default_rng(4).uniform(-1, 1, (1500, 1))
    z = net.decode(simulate(net, Currents(values[None], dt=20)).spikes, 20.0 * np.arange(1, 1501))[0]
    found, ideal = (memory_capacity(one, values[:, 0], 60, washout=100).total for one in (z, net.ideal_states(values, 20)))
    left, whole = expected_memory(net, 60)
    assert found / ideal == pytest.approx(left / whole, abs=within)


def test_less_noise_leaves_more_memory_and_an_unstable_system_has_none() -> None:
    left = [
        expected_memory(build_balanced(BalancedSpec(neurons=400, dimensions=16, decoder_norm=norm), seed=1))[0]
        for norm in (0.2, 0.4, 0.8)
    ]
    assert left[0] > left[1] > left[2]
    with pytest.raises(InputError, match="must be stable"):
        expected_memory(build_balanced(BalancedSpec(neurons=20, system="integrator", decoder_norm=0.1)))


def test_a_tight_frame_keeps_the_lengths_and_has_equal_eigenvalues() -> None:
    norm = np.random.default_rng(1).uniform(0.5, 1, 200)
    plain = random_decoder(12, norm, np.random.default_rng(0))
    frame = tightened(plain)
    np.testing.assert_allclose(np.sqrt((frame**2).sum(axis=0)), norm, rtol=1e-12)
    np.testing.assert_allclose(frame @ frame.T, (norm**2).sum() / 12 * np.eye(12), atol=1e-3 * (norm**2).sum())
    assert np.ptp(np.linalg.eigvalsh(plain @ plain.T)) > 20 * np.ptp(np.linalg.eigvalsh(frame @ frame.T))
    with pytest.raises(InputError, match="span all states"):
        tightened(np.eye(3)[:, :2] @ np.ones((2, 5)))


def test_tight_decoders_are_those_of_the_spec_and_draw_the_same_directions() -> None:
    plain, tight = (
        build_balanced(BalancedSpec(neurons=60, dimensions=6, decoder=one), seed=1) for one in ("random", "tight")
    )
    np.testing.assert_array_equal(tight.decoder, tightened(plain.decoder))
    np.testing.assert_array_equal(tight.A, plain.A)


@pytest.mark.parametrize(
    ("states", "frequency", "decay"), [(32, 32 / 3, (400, 800)), (48, 12, (600, 1200)), (80, 20, (800, 1600))]
)
def test_many_states_turn_slower_and_hold_longer(states: int, frequency: float, decay: tuple[float, float]) -> None:
    spec = BalancedSpec(neurons=400, dimensions=states, dt=0.01)
    given = spec.updated({"frequency": frequency, "decay": Uniform(*decay)})
    one, other = (build_balanced(each, seed=5) for each in (spec, given))
    np.testing.assert_allclose(one.A, other.A, rtol=1e-12)
