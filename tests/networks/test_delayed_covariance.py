"""The covariance of linear networks with delays, against networks without them and against simulations."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn.errors import InputError
from hrsnn.networks import critical_leak, delay_independent_leak, delayed_covariance, noise_covariance
from hrsnn.networks.linear.noise_covariance import coupling


def network(seed: int, n: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    there = random.random((n, n)) < 0.25
    np.fill_diagonal(there, False)
    pre, post = np.nonzero(there)
    return pre, post, random.normal(size=len(pre))


def test_without_delays_it_is_the_solution_of_the_lyapunov_equation() -> None:
    pre, post, weight = network(0)
    links = coupling(12, pre, post, weight)
    leak = delay_independent_leak(links, 0.2)
    expected = noise_covariance(links, leak, 0.7)
    variance, shared = delayed_covariance(links, leak, pre, post, np.zeros(len(pre)), 0.7, tolerance=1e-7)
    assert variance == pytest.approx(expected.diagonal(), rel=1e-5)
    assert shared == pytest.approx(expected[post, pre], abs=1e-5 * expected.max())


def test_with_delays_it_is_that_of_a_simulation() -> None:
    """Euler-Maruyama over 2000 independent networks; every tenth step, 3 standard errors of the mean over runs."""
    n, dt, lag = 5, 0.02, np.array([1.0, 3.0, 0.4, 2.0, 1.4])  # one delay a source
    pre, post = np.array([0, 1, 2, 3, 4, 0]), np.array([1, 2, 3, 4, 0, 3])
    weight = np.array([0.8, -0.9, 0.7, 0.9, -0.8, 0.5])
    leak, runs, steps = np.full(n, 1.1), 2000, 1200
    random = np.random.default_rng(1)
    back = np.round(lag / dt).astype(int)
    past = np.zeros((back.max() + 1, n, runs))
    matrix = coupling(n, pre, post, weight).toarray()
    squares, cross, count = np.zeros((n, runs)), np.zeros((len(pre), runs)), 0
    for t in range(steps):
        now = past[t % len(past)]
        arrived = past[(t - back) % len(past), np.arange(n)]
        if t > steps // 2 and t % 10 == 0:
            squares += now**2
            cross += now[post] * arrived[pre]
            count += 1
        change = dt * (matrix @ arrived - leak[:, None] * now) + np.sqrt(dt) * random.normal(size=(n, runs))
        past[(t + 1) % len(past)] = now + change
    found = delayed_covariance(matrix, leak, pre, post, lag[pre], tolerance=1e-5)
    for measured, expected in zip((squares / count, cross / count), found, strict=True):
        error = measured.std(axis=1) / np.sqrt(runs)
        # the step of the simulation adds about 2 % to a variance
        assert np.abs(measured.mean(axis=1) - expected) == pytest.approx(np.zeros(len(expected)), abs=0.02 + 3 * error.max())
    still = noise_covariance(matrix, leak)
    assert np.abs(found[1] - still[post, pre]).max() > 0.1  # delays matter here


def test_leaks_are_those_of_the_eigenvalues() -> None:
    pre, post, weight = network(3)
    links = coupling(12, pre, post, weight)
    real = np.linalg.eigvals(links.toarray()).real.max()
    norm = np.linalg.norm(links.toarray(), 2)
    assert critical_leak(links, 0.05) == pytest.approx(1.05 * max(real, norm / 2))
    assert np.linalg.eigvals(links.toarray() - np.diag(critical_leak(links))).real.max() < 0
    assert (delay_independent_leak(links) >= critical_leak(links)).all()
    assert critical_leak(coupling(3, [], [], [])).tolist() == [1.0] * 3
    one_way = coupling(3, [0, 1], [1, 2], [2.0, 2.0])  # no loop: every eigenvalue is 0
    assert critical_leak(one_way, 0.5) == pytest.approx(1.5)


def test_a_network_that_delays_make_unstable_is_refused() -> None:
    # stable without delays, since the loop is negative
    with pytest.raises(InputError, match="must be larger"):
        delayed_covariance([[0, -2], [2, 0]], [1.0, 1.0], [0, 1], [1, 0], [1.0, 1.0])
    with pytest.raises(InputError, match="positive"):
        delayed_covariance([[0, 0], [0, 0]], [1.0, 0.0], [], [], [])
