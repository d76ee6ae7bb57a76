"""Betweenness against NetworkX, and who is most central."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrsnn.errors import InputError
from hrsnn.networks import betweenness, most_central


def random_links(n, probability, rng):
    pre, post = np.nonzero(rng.random((n, n)) < probability)
    return pre[pre != post], post[pre != post]


def networkx_betweenness(n, pre, post, weight=None):
    graph = nx.DiGraph()
    graph.add_nodes_from(range(n))
    length = np.ones(len(pre)) if weight is None else 1 / np.abs(weight)
    graph.add_weighted_edges_from(zip(pre.tolist(), post.tolist(), length.tolist(), strict=True), weight="distance")
    score = nx.betweenness_centrality(graph, weight=None if weight is None else "distance")
    return np.array([score[node] for node in range(n)])


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", ["distinct", "ties", "unweighted"])
def test_equals_networkx(seed, kind):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 60))
    pre, post = random_links(n, rng.uniform(0.02, 0.3), rng)
    # powers of two: sums of their inverses are exact, so equally short ways tie exactly
    weights = {
        "distinct": rng.gamma(2, 1, len(pre)) * rng.choice([-1, 1], len(pre)),
        "ties": rng.choice([-0.5, 1.0, 2.0], len(pre)),
        "unweighted": None,
    }
    ours = betweenness(n, pre, post, weights[kind])
    np.testing.assert_allclose(ours, networkx_betweenness(n, pre, post, weights[kind]), rtol=0, atol=1e-9)


def test_strong_links_are_short():
    # 0 -> 3 by way of 1 (strong links) or of 2 (weak ones)
    score = betweenness(4, [0, 1, 0, 2], [1, 3, 2, 3], [5.0, 5.0, 1.0, 1.0])
    np.testing.assert_allclose(score, [0, 1 / 6, 0, 0])


def test_self_links_order_and_threads_do_not_matter():
    rng = np.random.default_rng(3)
    pre, post = random_links(80, 0.1, rng)
    weight = rng.gamma(2, 1, len(pre))
    expected = betweenness(80, pre, post, weight)
    order = rng.permutation(len(pre))
    np.testing.assert_allclose(betweenness(80, pre[order], post[order], weight[order]), expected, rtol=0, atol=1e-12)
    looped = betweenness(80, [*pre, 4], [*post, 4], [*weight, 9.0])
    np.testing.assert_array_equal(looped, expected)
    np.testing.assert_allclose(betweenness(80, pre, post, weight, threads=2), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("n", "pre", "post"), [(0, [], []), (2, [0, 1], [1, 0]), (5, [], []), (4, [1], [1])])
def test_small_graphs_have_no_ways_through(n, pre, post):
    np.testing.assert_array_equal(betweenness(n, pre, post), np.zeros(n))


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((3, [0, 3], [1, 2], [1.0, 1.0]), "pre"),
        ((3, [0, 1], [1, -1], [1.0, 1.0]), "post"),
        ((3, [0, 1], [1], [1.0, 1.0]), "post"),
        ((3, [0.0, 1.0], [1, 2], [1.0, 1.0]), "pre"),
        ((3, [0, 1], [1, 2], [1.0, 0.0]), "weight"),
        ((3, [0, 1], [1, 2], [1.0, 1e-320]), "weight"),
        ((3, [0, 1], [1, 2], [1.0, float("nan")]), "weight"),
        ((3, [0, 1], [1, 2], [1.0, float("inf")]), "weight"),
        ((3, [0, 1], [1, 2], [1.0]), "weight"),
        ((3, [0, 0], [1, 1], [1.0, 2.0]), "pre, post"),
        ((-1, [], []), "n"),
    ],
)
def test_bad_input(arguments, field):
    with pytest.raises(InputError) as caught:
        betweenness(*arguments)
    assert caught.value.field == field


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.floats(0.01, 1))
@settings(deadline=None)
def test_most_central_takes_the_highest_and_the_first_of_equals(score, share):
    chosen = most_central(score, share)
    assert len(chosen) == max(1, int(np.floor(share * len(score) + 0.5)))
    assert (np.diff(chosen) > 0).all()
    ranking = sorted(range(len(score)), key=lambda index: (-score[index], index))
    assert set(chosen.tolist()) == set(ranking[: len(chosen)])


@pytest.mark.parametrize(("score", "share"), [([], 0.1), ([1.0, np.nan], 0.1), ([[1.0]], 0.1), ([1.0], 0), ([1.0], 2)])
def test_most_central_bad_input(score, share):
    with pytest.raises(InputError):
        most_central(score, share)
