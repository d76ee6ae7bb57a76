"""The theory of linear networks: against closed forms, against simulation, and where the paper's lemma ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrsnn.analysis import effective_dimension, eigenmode_response, linear_theory, memory_capacity
from hrsnn.errors import InputError


def network(units: int, seed: int, kind: str = "gaussian", radius: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    w = random.normal(size=(units, units))
    w = np.linalg.qr(w)[0] if kind == "orthogonal" else w / np.abs(np.linalg.eigvals(w)).max()
    return radius * w, random.uniform(-1, 1, units)


def run(w: np.ndarray, w_in: np.ndarray, u: np.ndarray, noise: float = 0.0, seed: int = 9) -> np.ndarray:
    """States of r(t) = W r(t - 1) + w_in u(t) + noise, after the initial state is forgotten."""
    xi = noise * np.random.default_rng(seed).normal(size=(len(u), len(w_in)))
    states, r = np.empty((len(u), len(w_in))), np.zeros(len(w_in))
    for t, value in enumerate(u):
        r = w @ r + w_in * value + xi[t]
        states[t] = r
    return states


def delay_line(units: int) -> tuple[np.ndarray, np.ndarray]:
    return np.eye(units, k=-1), np.eye(units)[0]


@pytest.mark.parametrize("kind", ["gaussian", "orthogonal"])
def test_lemma_is_the_impulse_response_of_the_simulated_network(kind: str) -> None:
    w, w_in = network(30, 1, kind)
    response = run(w, w_in, np.eye(60)[0])
    np.testing.assert_allclose(eigenmode_response(w, w_in, 59), response, atol=1e-10)
    np.testing.assert_allclose(linear_theory(w, w_in, 59).response, response, atol=1e-13)


def test_lemma_gives_the_states_for_any_input() -> None:
    w, w_in = network(20, 2)
    u = np.random.default_rng(0).uniform(-1, 1, 300)
    states = run(w, w_in, u)
    coefficients = eigenmode_response(w, w_in, 299)
    for t in (0, 50, 299):
        np.testing.assert_allclose(coefficients[: t + 1].T @ u[t::-1], states[t], atol=1e-10)
    # the sum of the lemma ends at k = N_R, where the network has not forgotten
    cut = coefficients[:21].T @ u[299:278:-1]
    assert np.abs(cut - states[299]).max() > 1e-3 * np.abs(states[299]).max()


def test_lemma_needs_a_basis_of_eigenvectors_and_says_so() -> None:
    w, w_in = delay_line(6)
    with pytest.raises(InputError, match="basis of eigenvectors"):
        eigenmode_response(w, w_in)
    theory = linear_theory(w, w_in, 10)
    np.testing.assert_allclose(theory.curve, [1] * 5 + [0] * 5, atol=1e-12)
    assert theory.total == pytest.approx(5)
    assert theory.effective_dimension == pytest.approx(6)


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.95])
def test_leaky_integrator_in_closed_form(decay: float) -> None:
    theory = linear_theory([[decay]], [2.0], 40)
    np.testing.assert_allclose(theory.curve, (1 - decay**2) * decay ** (2 * np.arange(1, 41)), atol=1e-12)
    noisy = linear_theory([[decay]], [2.0], 40, noise=2.0)
    np.testing.assert_allclose(noisy.curve, theory.curve / 2, atol=1e-12)
    np.testing.assert_allclose(noisy.covariance, [[8 / (1 - decay**2)]])


@given(st.integers(1, 12), st.integers(0, 2**31), st.sampled_from(["gaussian", "orthogonal"]))
def test_all_delays_sum_up_to_the_number_of_units(units: int, seed: int, kind: str) -> None:
    w, w_in = network(units, seed, kind, radius=0.8)
    theory = linear_theory(w, w_in, 300)
    # the present input is no memory: C(0) is what is missing
    present = units - theory.total
    assert -1e-6 <= present <= 1 + 1e-6


@pytest.mark.parametrize(
    ("kind", "noise"), [("gaussian", 0.0), ("orthogonal", 0.0), ("gaussian", 0.05), ("orthogonal", 0.3)]
)
def test_measured_capacity_is_the_predicted_one(kind: str, noise: float) -> None:
    w, w_in = network(15, 3, kind)
    u = np.random.default_rng(0).uniform(-1, 1, 20_000)
    # the theory's input has variance 1, this one 1/3
    states = run(w, w_in, u, noise / np.sqrt(3))
    theory = linear_theory(w, w_in, 60, noise=noise)
    measured = memory_capacity(states, u, 60)
    assert measured.total == pytest.approx(theory.total, abs=0.4)
    np.testing.assert_allclose(measured.curve, theory.curve, atol=0.06)
    assert effective_dimension(states[200:]) == pytest.approx(theory.effective_dimension, rel=0.05)
    np.testing.assert_allclose(
        np.cov(states[200:], rowvar=False) * 3, theory.covariance, atol=0.06 * theory.covariance.max()
    )


def test_symmetric_directions_that_the_input_does_not_reach_remember_nothing() -> None:
    theory = linear_theory(0.5 * np.eye(4), np.ones(4), 50)
    assert theory.total == pytest.approx(0.25)  # four copies of one integrator
    assert linear_theory(0.5 * np.eye(4), np.zeros(4), 5).total == 0


@pytest.mark.parametrize(
    ("w", "w_in", "options", "field"),
    [
        (np.ones((2, 3)), [1.0, 1.0], {}, "weights"),
        (np.eye(2) * 0.5, [1.0], {}, "input_weights"),
        (np.eye(2) * np.nan, [1.0, 1.0], {}, "weights"),
        (np.eye(2) * 0.5, [1.0, np.inf], {}, "input_weights"),
        (np.eye(2), [1.0, 1.0], {}, "weights"),
        ([[0.5]], [1.0], {"max_delay": 0}, "max_delay"),
        ([[0.5]], [1.0], {"noise": -1.0}, "noise"),
    ],
)
def test_bad_input(w, w_in, options, field) -> None:
    with pytest.raises(InputError) as caught:
        linear_theory(w, w_in, **options)
    assert caught.value.field == field
