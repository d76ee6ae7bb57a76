"""Reciprocity and clustering: NetworkX, and graphs counted by hand."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrsnn.errors import InputError
from hrsnn.networks import clustering, reciprocity


def ends(graph: nx.DiGraph) -> tuple[int, np.ndarray, np.ndarray]:
    pairs = np.array(list(graph.edges), dtype=np.int64).reshape(-1, 2)
    return graph.number_of_nodes(), pairs[:, 0], pairs[:, 1]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 25), st.floats(0, 1), st.integers(0, 10**6))
def test_networkx_has_the_same(n: int, p: float, seed: int) -> None:
    graph = nx.gnp_random_graph(n, p, seed=seed, directed=True)
    assert clustering(*ends(graph)) == pytest.approx(nx.average_clustering(graph), abs=1e-12)
    if graph.number_of_edges():
        assert reciprocity(*ends(graph)) == pytest.approx(nx.overall_reciprocity(graph), abs=1e-12)


def test_a_complete_graph_and_none() -> None:
    everything = ends(nx.complete_graph(6, create_using=nx.DiGraph))
    assert (reciprocity(*everything), clustering(*everything)) == (1.0, 1.0)
    assert np.isnan(reciprocity(3, [], []))
    assert clustering(3, [], []) == 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, [], []), "n = 0"),
        ((3, [0], [1, 2]), "post = 2: must be as many as pre, 1"),
        ((3, [0], [3]), "post = .*must be in 0..2"),
        ((3, [-1], [2]), "pre = .*must be in 0..2"),
        ((3, [0, 0], [1, 1]), "post = 1: links are there more than once"),
        ((3, [1], [1]), "post = .*must not be the source"),
    ],
)
def test_what_is_no_graph(arguments: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        clustering(*arguments)
