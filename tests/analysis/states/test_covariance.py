"""Effective dimension and correlations of states whose covariance is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrsnn.analysis import effective_dimension, state_correlation
from hrsnn.errors import HrsnnWarning, InputError


def with_covariance(covariance: np.ndarray, times: int, seed: int = 0) -> np.ndarray:
    """Rows whose sample covariance is exactly `covariance`."""
    white = np.random.default_rng(seed).normal(size=(times, len(covariance)))
    white = np.linalg.qr(white - white.mean(axis=0))[0] * np.sqrt(times - 1)
    return white @ np.linalg.cholesky(covariance).T


@pytest.mark.parametrize("n", [1, 3, 20])
@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.9])
def test_equal_correlations_in_closed_form(n: int, correlation: float) -> None:
    covariance = np.full((n, n), correlation) + (1 - correlation) * np.eye(n)
    states = 7 * with_covariance(covariance, 50) - 2
    assert effective_dimension(states) == pytest.approx(n / (1 + (n - 1) * correlation**2))
    if n > 1:
        found = state_correlation(states)
        assert found.mean == pytest.approx(correlation, abs=1e-12)
        assert found.root_mean_square == pytest.approx(correlation, abs=1e-12)
        assert found.squared_covariance == pytest.approx(7**4 * (n + n * (n - 1) * correlation**2))
        np.testing.assert_allclose(found.matrix, np.corrcoef(states, rowvar=False), atol=1e-12)


@given(st.integers(2, 12), st.integers(1, 12), st.integers(0, 2**31))
def test_by_the_eigenvalues_whichever_side_is_longer(times: int, units: int, seed: int) -> None:
    states = np.random.default_rng(seed).normal(size=(times, units)) * 10.0 ** np.arange(units)
    values = np.linalg.eigvalsh(np.atleast_2d(np.cov(states, rowvar=False)))
    assert effective_dimension(states) == pytest.approx(values.sum() ** 2 / (values**2).sum())
    assert effective_dimension(states) <= min(times - 1, units) * (1 + 1e-9)


def test_independent_units_over_few_rows() -> None:
    states = np.random.default_rng(0).normal(size=(400, 100))
    assert effective_dimension(states) == pytest.approx(100 / (1 + 100 / 400), rel=0.02)
    found = state_correlation(states)
    assert found.root_mean_square == pytest.approx(1 / np.sqrt(399), rel=0.05)
    assert abs(found.mean) < 0.005


def test_constant_units_are_left_out() -> None:
    states = np.column_stack([np.arange(9.0), np.full(9, 0.1), -np.arange(9.0)])
    found = state_correlation(states)
    assert (found.varying, found.mean) == (2, pytest.approx(-1))
    assert np.isnan(found.matrix[1]).all()
    assert np.isnan(found.matrix[:, 1]).all()
    assert effective_dimension(states) == pytest.approx(1)


def test_nothing_varies() -> None:
    with pytest.warns(HrsnnWarning, match="no state varies"):
        assert np.isnan(effective_dimension(np.full((5, 3), 0.1)))
    with pytest.warns(HrsnnWarning, match="fewer than two units vary"):
        found = state_correlation(np.full((5, 3), 0.1))
    assert np.isnan([found.mean, found.root_mean_square]).all()
    assert (found.varying, found.squared_covariance) == (0, 0)


@pytest.mark.parametrize("score", [effective_dimension, state_correlation])
@pytest.mark.parametrize("states", [np.ones(4), np.ones((1, 4)), np.ones((4, 0)), [[1.0, np.nan], [0.0, 0.0]]])
def test_bad_input(score, states) -> None:
    with pytest.raises(InputError, match="states"):
        score(states)
