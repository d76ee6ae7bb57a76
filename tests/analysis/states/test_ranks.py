"""Ranks of matrices whose singular values are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hrsnn.analysis import effective_rank, entropy_rank, generalisation_rank, numerical_rank
from hrsnn.errors import InputError


def with_spectrum(sigma, rows, columns, seed=0):
    """A matrix with random singular vectors and the singular values `sigma`."""
    random = np.random.default_rng(seed)
    left = np.linalg.qr(random.normal(size=(rows, len(sigma))))[0]
    right = np.linalg.qr(random.normal(size=(columns, len(sigma))))[0]
    return left * sigma @ right.T


@pytest.mark.parametrize("n", [1, 5, 40])
def test_identity_and_equal_orthogonal_columns_have_full_rank(n):
    for matrix in (np.eye(n), 3 * np.linalg.qr(np.random.default_rng(n).normal(size=(2 * n, n)))[0]):
        assert effective_rank(matrix) == n
        assert entropy_rank(matrix) == pytest.approx(n, rel=1e-9)
        assert numerical_rank(matrix) == n


@pytest.mark.parametrize("q", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_geometric_spectrum_in_closed_form(q, share):
    n = 60
    matrix = with_spectrum(q ** np.arange(n), 80, 70)
    # (1 - q^k) / (1 - q^n) >= share
    expected = int(np.ceil(np.log(1 - share * (1 - q**n)) / np.log(q)))
    assert effective_rank(matrix, share) == expected
    p = q ** np.arange(n) * (1 - q) / (1 - q**n)
    assert entropy_rank(matrix) == pytest.approx(np.exp(-(p * np.log(p)).sum()), rel=1e-6)


def test_it_is_the_sum_of_sigma_not_of_its_square():
    # sums: 100 of 119 and 10 000 of 10 019: the squares would reach 99 % with the first alone
    assert effective_rank(np.diag([100.0] + [1.0] * 19)) == 1 + 18


def test_not_centred():
    assert effective_rank(np.ones((6, 4))) == 1


def test_share_of_one_counts_every_direction():
    assert effective_rank(np.diag([1.0, 1e-3, 1e-6]), share=1) == 3


def test_equal_values_at_the_border():
    # 99 of 100 equal values hold 99 % exactly, which rounding must not turn into 100
    assert effective_rank(np.eye(100)) == 99


@pytest.mark.parametrize("shape", [(1, 1), (3, 5)])
def test_zeros(shape):
    assert effective_rank(np.zeros(shape)) == 0
    assert entropy_rank(np.zeros(shape)) == 0
    assert numerical_rank(np.zeros(shape)) == 0


def test_numerical_rank_sees_small_directions_that_the_effective_one_leaves_out():
    matrix = with_spectrum(np.array([1.0, 1e-6, 1e-20]), 8, 9)
    assert numerical_rank(matrix) == 2
    assert effective_rank(matrix) == 1


@given(
    hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=7), elements=st.floats(-1e3, 1e3)),
    st.floats(0.1, 1),
    st.sampled_from([1e-200, 1e-3, 1e200]),
)
def test_bounds_and_scale(matrix, share, scale):
    rank = effective_rank(matrix, share)
    assert rank <= min(matrix.shape)
    assert (rank == 0) == (not matrix.any())
    assert effective_rank(matrix, 0.5 * share) <= rank
    assert entropy_rank(matrix) <= min(matrix.shape) * (1 + 1e-12)
    if np.abs(matrix).max() > 1e-90:
        assert entropy_rank(matrix * scale) == pytest.approx(entropy_rank(matrix), rel=1e-6)


def test_generalisation_rank_is_the_mean_rank_of_copies():
    same = np.ones((4, 6))
    apart = np.eye(4, 6)
    assert generalisation_rank(same) == 1
    assert generalisation_rank(apart) == 4
    assert generalisation_rank([same, apart, np.zeros((4, 6))]) == pytest.approx(5 / 3)


def test_generalisation_rank_counts_the_directions_of_noise():
    random = np.random.default_rng(0)
    centre, directions = random.normal(size=200), random.normal(size=(3, 200))
    copies = 10 * centre + random.normal(size=(50, 3)) @ directions
    assert generalisation_rank(copies, share=1) == 4
    assert generalisation_rank(copies) == effective_rank(copies)


@pytest.mark.parametrize("states", [np.ones(3), np.ones((1, 3)), np.ones((0, 2, 3)), [[1.0, np.nan], [1.0, 2.0]]])
def test_bad_copies(states):
    with pytest.raises(InputError, match="states"):
        generalisation_rank(states)


@pytest.mark.parametrize("score", [effective_rank, entropy_rank, numerical_rank])
@pytest.mark.parametrize("matrix", [[1.0, 2.0], [[1.0, np.nan]], [[np.inf]], np.zeros((0, 3))])
def test_bad_matrix(score, matrix):
    with pytest.raises(InputError):
        score(matrix)


@pytest.mark.parametrize("share", [0, -1, 1.01, float("nan")])
def test_bad_share(share):
    with pytest.raises(InputError):
        effective_rank(np.eye(2), share)
