"""Third-order correlations: against the sum over triples, and on units that are dependent only three at a time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrsnn.analysis import third_order_correlation
from hrsnn.errors import HrsnnWarning, InputError


@given(seed=st.integers(0, 10_000), rows=st.integers(3, 9), units=st.integers(3, 6))
@settings(max_examples=30)
def test_it_is_the_mean_over_triples_and_pairs_of_rows(seed: int, rows: int, units: int) -> None:
    x = np.random.default_rng(seed).gamma(1.0, size=(rows, units))
    z = (x - x.mean(0)) / x.std(0)
    products = [z[:, i] * z[:, j] * z[:, k] for i, j, k in itertools.combinations(range(units), 3)]
    pairs = [p[s] * p[t] for p in products for s, t in itertools.permutations(range(rows), 2)]
    assert third_order_correlation(x) == pytest.approx(np.mean(pairs), rel=1e-9, abs=1e-12)


def test_independent_units_have_none_and_parity_has_one() -> None:
    random = np.random.default_rng(0)
    found = [third_order_correlation(random.normal(size=(200, 12))) for _ in range(60)]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(60)
    bits = random.choice([-1.0, 1.0], size=(4000, 2))
    assert third_order_correlation(np.column_stack([bits, bits.prod(axis=1)])) == pytest.approx(1, abs=0.01)
    # strong pairwise correlations of a symmetric distribution are not of third order
    shared = random.normal(size=(2000, 1)) + 0.5 * random.normal(size=(2000, 8))
    assert abs(third_order_correlation(shared)) < 0.02


def test_what_does_not_vary_is_left_out() -> None:
    x = np.random.default_rng(1).normal(size=(50, 5))
    assert third_order_correlation(np.column_stack([x, np.ones(50)])) == pytest.approx(third_order_correlation(x))
    with pytest.warns(HrsnnWarning, match="fewer than three units vary"):
        assert np.isnan(third_order_correlation(np.column_stack([x[:, :2], np.ones(50)])))
    with pytest.raises(InputError, match="two rows or more"):
        third_order_correlation([[1.0, 2.0, 3.0]])
