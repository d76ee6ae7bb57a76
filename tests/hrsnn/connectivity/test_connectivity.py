"""Links: the distance law against a plain look at every pair, and Bernoulli pairs against their counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hrsnn.connectivity import (
    distance_links,
    equal_pairs,
    grid_positions,
    in_degree_links,
    random_links,
    random_pairs,
)
from hrsnn.runtime.keyed_random import keyed_uniform

TABLE = np.array([[0.3, 0.2], [0.4, 0.1]])


def squared_distances(positions):
    return ((positions[:, None] - positions[None]) ** 2).sum(axis=2)


@pytest.mark.parametrize("n", [2, 3, 7, 8, 9, 27, 100, 300, 1000, 1001, 2197])
def test_grid_is_near_cubic_with_spacing_one(n):
    positions = grid_positions(n)
    assert positions.shape == (n, 3)
    assert len(np.unique(positions, axis=0)) == n
    assert (positions == np.rint(positions)).all()
    extent = positions.max(axis=0) + 1
    assert extent.max() - extent.min() <= 1
    assert extent.prod() - n < extent[1] * extent[2]  # only the last layer has holes


def test_equals_every_pair_looked_at():
    """The tree finds the very links that a loop over all N x N pairs finds, with the same number for each pair."""
    n, length_scale = 60, 1.3
    positions, excitatory = grid_positions(n), np.random.default_rng(0).random(n) < 0.7
    pre, post, k = distance_links(positions, excitatory, TABLE, length_scale, np.random.default_rng(5))
    key = int(np.random.default_rng(5).integers(2**62))
    kernel = np.exp(-squared_distances(positions) / length_scale**2)
    np.fill_diagonal(kernel, 0)
    kind = (~excitatory).astype(int)
    number = keyed_uniform(key, np.arange(n)[:, None], np.arange(n)[None])
    wanted = np.argwhere(number < TABLE[kind[:, None], kind[None]] * kernel)
    np.testing.assert_array_equal(np.column_stack([pre, post]), wanted)
    assert k == pytest.approx(kernel.sum() / n, rel=1e-4)
    assert (pre.dtype, post.dtype) == (np.int32, np.int32)


def test_blocks_of_neurons_change_nothing(monkeypatch):
    arguments = grid_positions(150), np.arange(150) % 5 > 0, TABLE, 2.0
    whole = distance_links(*arguments, np.random.default_rng(1))
    monkeypatch.setattr("hrsnn.connectivity.distance.BLOCK", 7)
    parts = distance_links(*arguments, np.random.default_rng(1))
    np.testing.assert_array_equal(whole[0], parts[0])
    np.testing.assert_array_equal(whole[1], parts[1])
    assert whole[2] == pytest.approx(parts[2], rel=1e-12)


def test_counts_follow_the_distance_law_for_each_pair_type():
    """Chi-square of the number of links by pair type and distance against eq. 2 with C and lambda = 2."""
    n = 1000
    positions, excitatory = grid_positions(n), np.random.default_rng(3).permutation(n) < 800
    pre, post, k = distance_links(positions, excitatory, TABLE, 2.0, np.random.default_rng(4))
    assert k == pytest.approx(30.6, abs=0.05)
    assert (pre != post).all()
    order = pre.astype(np.int64) * n + post
    assert (np.diff(order) > 0).all()
    squared = squared_distances(positions)
    kind = (~excitatory).astype(int)
    squared_linked = squared[pre, post]
    statistic, bins = 0.0, 0
    for source in (0, 1):
        for target in (0, 1):
            pairs = squared[kind == source][:, kind == target]
            here = (kind[pre] == source) & (kind[post] == target)
            for d2 in np.unique(squared[squared > 0])[:14]:
                p = TABLE[source, target] * np.exp(-d2 / 4)
                expected, variance = p * (pairs == d2).sum(), p * (1 - p) * (pairs == d2).sum()
                if variance > 10:
                    statistic += ((squared_linked[here] == d2).sum() - expected) ** 2 / variance
                    bins += 1
    assert bins > 30
    assert stats.chi2(bins).sf(statistic) > 1e-3
    assert stats.chi2(bins).cdf(statistic) > 1e-3


@pytest.mark.parametrize("length_scale", [1e-3, 0.05, 50.0])
def test_extreme_length_scales(length_scale):
    pre, post, k = distance_links(
        grid_positions(50), np.ones(50, bool), np.ones((2, 2)), length_scale, np.random.default_rng(0)
    )
    assert (len(pre) == 0) == (length_scale < 1)
    assert k == pytest.approx(0 if length_scale < 1 else 49, abs=1)
    assert len(pre) == len(post)


@given(st.integers(0, 40), st.integers(0, 40), st.floats(0, 1), st.integers(0, 10**6))
def test_pairs_are_sorted_in_range_and_unique(rows, columns, probability, seed):
    row, column = random_pairs(rows, columns, probability, np.random.default_rng(seed))
    flat = row.astype(int) * columns + column
    assert (np.diff(flat) > 0).all()
    assert ((row >= 0) & (row < max(rows, 1)) & (column >= 0) & (column < max(columns, 1))).all()
    if probability == 1:
        assert len(flat) == rows * columns


@pytest.mark.parametrize("p", [0.01, 0.3, 0.95])
def test_pairs_are_independent_with_one_probability(p):
    """Over many draws of a small table: every cell's count is binomial, and no two neighbours are correlated."""
    rng, rows, columns, draws = np.random.default_rng(0), 3, 4, 4000
    hits = np.zeros((draws, rows * columns))
    for k in range(draws):
        row, column = random_pairs(rows, columns, p, rng)
        hits[k, row * columns + column] = 1
    z = (hits.sum(axis=0) - draws * p) / np.sqrt(draws * p * (1 - p))
    assert stats.chi2(z.size).sf((z**2).sum()) > 1e-3
    totals = np.bincount(hits.sum(axis=1).astype(int), minlength=z.size + 1)
    expected = stats.binom(z.size, p).pmf(np.arange(z.size + 1)) * draws
    enough = expected > 5
    assert (((totals - expected)[enough]) ** 2 / expected[enough]).sum() < stats.chi2(enough.sum()).isf(1e-3)
    assert np.abs(np.corrcoef(hits.T) - np.eye(z.size)).max() < 5 / np.sqrt(draws)


def test_random_links_leave_out_the_diagonal_only():
    pre, post = random_links(20, 1.0, np.random.default_rng(0))
    assert set(zip(pre.tolist(), post.tolist(), strict=True)) == {(i, j) for i in range(20) for j in range(20) if i != j}
    pre, post = random_links(2000, 0.05, np.random.default_rng(0))
    assert (pre != post).all()
    assert len(pre) == pytest.approx(0.05 * 2000 * 1999, abs=5 * np.sqrt(0.05 * 0.95 * 2000 * 1999))
    assert post.min() == 0
    assert post.max() == 1999


def test_sources_are_drawn_by_the_distance_law_without_replacement():
    """Three neurons in a row, one source each: the odds of the nearer one are exp(-1) to exp(-4)."""
    positions = np.array([[0.0, 0, 0], [1, 0, 0], [3, 0, 0]])
    rng, draws, near = np.random.default_rng(0), 3000, np.zeros(3)
    for _ in range(draws):
        pre, post = in_degree_links(positions, np.ones(3, bool), (1, 0), 1.5, rng)
        assert sorted(post.tolist()) == [0, 1, 2]
        source = dict(zip(post.tolist(), pre.tolist(), strict=True))
        near += [source[0] == 1, source[1] == 0, source[2] == 1]
    kernel = np.exp(-((np.abs(positions[:, None, 0] - positions[None, :, 0]) / 1.5) ** 2))
    expected = np.array([
        kernel[0, 1] / (kernel[0, 1] + kernel[0, 2]),
        kernel[1, 0] / (kernel[1, 0] + kernel[1, 2]),
        kernel[2, 1] / (kernel[2, 1] + kernel[2, 0]),
    ])  # fmt: skip
    np.testing.assert_allclose(near / draws, expected, atol=5 * np.sqrt(0.25 / draws))
    # two of two: each once
    pre, post = in_degree_links(positions, np.ones(3, bool), (2, 3), 1.5, rng)
    assert set(zip(pre.tolist(), post.tolist(), strict=True)) == {(i, j) for i in range(3) for j in range(3) if i != j}


def test_links_of_a_given_in_degree_do_not_depend_on_the_block(monkeypatch):
    positions, excitatory = grid_positions(300), np.arange(300) % 5 > 0
    links = []
    for block in (7, 2000):
        monkeypatch.setattr("hrsnn.connectivity.distance.BLOCK", block)
        links.append(in_degree_links(positions, excitatory, (40, 9), 2.0, np.random.default_rng(1)))
    np.testing.assert_array_equal(links[0], links[1])
    assert len(links[0][0]) == 300 * 49


@pytest.mark.parametrize(("rows", "probability", "number"), [(20, 0.1, 2), (1, 1, 1), (5, 0.01, 1), (5, 0, 0), (0, 0.5, 0)])
def test_columns_have_the_same_number_of_rows(rows, probability, number):
    row, column = equal_pairs(rows, 50, probability, np.random.default_rng(0))
    assert set(np.bincount(column, minlength=50).tolist()) == {number}
    assert len(set(zip(row.tolist(), column.tolist(), strict=True))) == 50 * number
    assert (np.diff(row.astype(int) * 50 + column) > 0).all()
