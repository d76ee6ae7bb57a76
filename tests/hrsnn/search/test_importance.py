"""Importance of heterogeneities: games whose values are known, and SAGE against the exact computation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrsnn import Constant, InputError, ReservoirSpec
from hrsnn.search import combinations, exact_sage, sage_values, shapley_values, switched


def table(value: Any, k: int, seeds: int = 1) -> Any:
    return np.array([[value(row) + 0 * seed for seed in range(seeds)] for row in combinations(k).astype(float)])


def test_shapley_values_of_known_games() -> None:
    additive = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(shapley_values(table(lambda x: x @ additive, 3)).values, additive, atol=1e-15)
    # a glove game: one left, two right gloves
    gloves = table(lambda x: min(x[0], x[1] + x[2]), 3)
    np.testing.assert_allclose(shapley_values(gloves).values, [4 / 6, 1 / 6, 1 / 6])
    # an interaction is shared
    np.testing.assert_allclose(shapley_values(table(lambda x: x.prod(), 4)).values, 0.25)


@settings(max_examples=20)
@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_shapley_values_sum_to_the_whole_effect(k: int, seed: int) -> None:
    v = np.random.default_rng(seed).normal(size=(2**k, 3))
    assert shapley_values(v).values.sum() == pytest.approx((v[-1] - v[0]).mean())
    explained = exact_sage(v)
    assert explained.values.sum() == pytest.approx(v.mean(axis=1).var())
    assert (explained.values >= -1e-12).all()


def test_exact_sage_of_independent_switches_is_the_variance_of_each() -> None:
    weights = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(exact_sage(table(lambda x: x @ weights, 3)).values, weights**2 / 4)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_sage_agrees_with_the_exact_computation() -> None:
    pytest.importorskip("sage")
    rng = np.random.default_rng(0)
    v = rng.normal(size=(8, 1)) + 0.1 * rng.normal(size=(8, 10))
    estimate, exact = sage_values(v, ["a", "b", "c"]), exact_sage(v)
    deviation = (estimate.interval[:, 1] - estimate.values) / 1.96
    assert (np.abs(estimate.values - exact.values) < 4 * deviation + 1e-9).all()
    assert estimate.names == ("a", "b", "c")


def test_interval_covers_the_truth() -> None:
    truth = np.array([0.5, 0.0])
    every = combinations(2).astype(float)
    rng = np.random.default_rng(1)
    inside = []
    for _ in range(300):
        found = shapley_values((every @ truth)[:, None] + rng.normal(size=(4, 8)))
        inside.append((found.interval[:, 0] < truth) & (truth < found.interval[:, 1]))
    assert np.mean(inside) == pytest.approx(0.95, abs=0.03)


def test_switching_off_keeps_the_mean() -> None:
    spec = ReservoirSpec()
    off = switched(spec, {"tau": ("tau_m_exc", "tau_m_inh"), "gain": ("input_gain",)}, [False, True])
    assert off.tau_m_exc == Constant(spec.tau_m_exc.truncated_mean)  # type: ignore[union-attr]
    assert off.input_gain == spec.input_gain
    assert switched(spec, {"tau": ("tau_m_exc",)}, [True]) == spec


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: combinations(7), "count"),
        (lambda: shapley_values(np.zeros((3, 2))), "table"),
        (lambda: shapley_values(np.zeros((128, 2))), "table"),
        (lambda: shapley_values([[0.0], [np.nan]]), "table"),
        (lambda: shapley_values([[0.0], [1.0]], ["a", "b"]), "names"),
        (lambda: switched(ReservoirSpec(), {"a": ("tau_exc",)}, [True]), "parameters.a"),
        (lambda: switched(ReservoirSpec(), {"a": ("tau",)}, [True]), "parameters.a"),
    ],
)
def test_bad_input(call: Any, field: str) -> None:
    with pytest.raises(InputError, match=field):
        call()


@pytest.mark.parametrize("v", [[[0.0], [1.0]], [[0.0], [1.0], [1.0], [2.0]], [[1.0], [1.0]]], ids=["one", "alike", "none"])
def test_sage_ends_where_all_values_are_alike(v: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their standard error is never small next to their differences, which are 0."""
    pytest.importorskip("sage")
    monkeypatch.setattr("hrsnn.search.importance._PERMUTATIONS", 2**14)
    np.testing.assert_allclose(sage_values(v).values, exact_sage(v).values, atol=0.01)
