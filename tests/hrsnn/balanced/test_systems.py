"""Linear systems: closed forms, and their memory without spikes."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn.analysis import memory_capacity
from hrsnn.analysis.capacity.linear_theory import linear_theory
from hrsnn.balanced import BalancedSpec
from hrsnn.balanced.builder import linear_system
from hrsnn.balanced.systems import LinearSystem, legendre, mean_square_drift, rotations, variances
from hrsnn.errors import InputError

HOLD = 0.02


def followed(system: LinearSystem, values: np.ndarray) -> np.ndarray:
    """States at the end of each value, from 0."""
    step, kick = system.held(HOLD)
    x, rows = np.zeros(len(step)), []
    for row in values.reshape(len(values), -1):
        x = step @ x + kick @ row
        rows.append(x)
    return np.array(rows)


def test_a_delay_line_holds_the_past_input() -> None:
    """A slow sine is read back at any delay of the window by Legendre polynomials."""
    theta, f = 0.4, 2.0
    system = legendre(10, 1000 * theta)
    time = np.arange(1, 1001) * 1e-3
    step, kick = system.held(1e-3)
    x = np.zeros(10)
    for t in time:
        x = step @ x + kick[:, 0] * np.sin(2 * np.pi * f * (t - 5e-4))
    for delay in (0.1, 0.2, 0.3):
        read = sum(x[i] * np.polynomial.Legendre.basis(i)(2 * delay / theta - 1) for i in range(10))
        assert read == pytest.approx(np.sin(2 * np.pi * f * (time[-1] - delay)), abs=0.01)


def test_a_rotation_turns_and_decays() -> None:
    step, _ = LinearSystem(rotations(np.array([5.0]), np.array([0.5]), 2), np.zeros((2, 1))).held(0.05)
    np.testing.assert_allclose(step @ [1, 0], [0, np.exp(-0.1)], atol=1e-12)


def test_held_input_of_an_integrator_is_exact() -> None:
    step, kick = LinearSystem(np.zeros((1, 1)), np.full((1, 1), 3.0)).held(0.5)
    np.testing.assert_allclose([step[0, 0], kick[0, 0]], [1, 1.5], rtol=1e-14)


@pytest.mark.parametrize("system", ["rotations", "legendre"])
@pytest.mark.parametrize("channels", [1, 3])
def test_states_have_unit_variance(system: str, channels: int) -> None:
    found = linear_system(BalancedSpec(neurons=200, dimensions=7, system=system), seed=2, channels=channels)
    wanted = variances(found, HOLD)
    assert np.trace(wanted) == pytest.approx(7, rel=1e-9)
    states = followed(found, np.random.default_rng(0).uniform(-1, 1, (20_000, channels)))[200:]
    np.testing.assert_allclose(np.cov(states.T), wanted, atol=0.12)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_memory_of_the_ideal_system_is_its_closed_form(seed: int) -> None:
    """J states hold J values, that of delay 0 included, which capacity does not count and the newest value is."""
    step, kick = legendre(8, window=200).held(HOLD)
    theory = linear_theory(step, kick[:, 0], 50)
    assert theory.total == pytest.approx(7, abs=1e-4)
    values = np.random.default_rng(seed).uniform(-1, 1, 8000)
    measured = memory_capacity(followed(legendre(8, window=200), values), values, 50, washout=200)
    assert measured.total == pytest.approx(theory.total, rel=0.02)


def test_the_drift_is_that_of_a_simulation() -> None:
    system, leak = linear_system(BalancedSpec(neurons=200, dimensions=6), seed=3), 20.0
    values = np.random.default_rng(2).uniform(-1, 1, 20_000)
    ends = followed(system, values)
    half, kick = system.held(HOLD / 2)
    middle = ends[:-1] @ half.T + values[1:, None] * kick[:, 0]
    drift = middle @ (system.A + leak * np.eye(6)).T + values[1:, None] * system.B[:, 0]
    assert mean_square_drift(system, leak, HOLD) == pytest.approx((drift**2).sum(axis=1).mean(), rel=0.05)


def test_a_growing_system_has_no_variance() -> None:
    with pytest.raises(InputError, match=r"A = 'growth 1/s': must be stable"):
        variances(LinearSystem(np.eye(1), np.eye(1)), HOLD)
