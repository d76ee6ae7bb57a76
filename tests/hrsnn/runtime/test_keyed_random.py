"""Numbers by key: the same anywhere, and as good as random."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hrsnn.runtime.keyed_random import keyed_uniform
from hrsnn.testing.reference_engine import keyed

whole = st.integers(0, 2**63 - 1)


@given(st.lists(whole, min_size=1, max_size=5))
def test_equals_splitmix64_in_pythons_own_integers(key):
    number = keyed_uniform(*key)
    assert number.shape == ()
    assert number == keyed(*key)
    assert 0 < number < 1


def test_published_values_of_splitmix64():
    """The first output for the seed 1234567 is 6457827717110365317 (Vigna's splitmix64.c)."""
    assert keyed_uniform(1234567) == ((6457827717110365317 >> 12) + 0.5) / 2**52


def test_parts_broadcast():
    table = keyed_uniform(5, np.arange(3)[:, None], np.arange(4))
    assert table.shape == (3, 4)
    assert all(table[i, j] == keyed_uniform(5, i, j) for i in range(3) for j in range(4))
    assert len(np.unique(table)) == 12
    assert keyed_uniform(1, 2) != keyed_uniform(2, 1)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_uniform_and_uncorrelated_along_each_part(axis):
    parts = [7, 7, 7]
    parts[axis] = np.arange(100_000)
    u = keyed_uniform(*parts)
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 4 / np.sqrt(len(u))
    assert abs(np.corrcoef(u, keyed_uniform(*[p + 1 for p in parts]))[0, 1]) < 4 / np.sqrt(len(u))
