"""Betweenness of feed-forward graphs against NetworkX, and graphs of deep networks."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from hrsnn.deep.models import architecture
from hrsnn.errors import InputError
from hrsnn.networks.graphs import layered
from hrsnn.networks.graphs.channels import channel_graph
from hrsnn.networks.graphs.layered import Bundle, layered_betweenness

CHAIN = ((3, 5, 4, 2), ((0, 1), (1, 2), (2, 3)))
#: With shortcuts, as a residual network has them.
RESIDUAL = ((3, 4, 4, 5, 2), ((0, 1), (1, 2), (1, 3), (2, 3), (3, 4)))


def random_bundles(shape, seed: int, kind: str) -> list[Bundle]:
    random = np.random.default_rng(seed)
    sizes, pairs = shape
    found = []
    for source, target in pairs:
        size = (sizes[target], sizes[source])
        # powers of two: sums of their inverses are exact, so that equally short ways tie exactly
        strength = random.gamma(2, 1, size) if kind == "distinct" else random.choice([0.5, 1.0, 2.0], size)
        found.append(Bundle(source, target, np.where(random.random(size) < 0.6, strength, 0.0)))
    return found


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("kind", ["distinct", "ties"])
@pytest.mark.parametrize("shape", [CHAIN, RESIDUAL], ids=["chain", "residual"])
def test_nodes_and_links_have_the_betweenness_of_networkx(shape, kind, seed, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(layered, "_CHUNK", 25)  # sources in more than one part
    sizes, bundles = shape[0], random_bundles(shape, seed, kind)
    start = np.concatenate([[0], np.cumsum(sizes)])
    graph = nx.DiGraph()
    graph.add_nodes_from(range(int(start[-1])))
    for one in bundles:
        for i, j in zip(*np.nonzero(one.strength), strict=True):
            graph.add_edge(start[one.source] + j, start[one.target] + i, distance=1 / one.strength[i, j])
    of_nodes = nx.betweenness_centrality(graph, weight="distance")
    of_links = nx.edge_betweenness_centrality(graph, weight="distance")
    nodes, links = layered_betweenness(sizes, bundles)
    assert np.concatenate(nodes) == pytest.approx([of_nodes[node] for node in graph], abs=1e-12)
    for one, found in zip(bundles, links, strict=True):
        assert not found[one.strength == 0].any()
        for i, j in zip(*np.nonzero(one.strength), strict=True):
            assert found[i, j] == pytest.approx(of_links[start[one.source] + j, start[one.target] + i], abs=1e-12)


@pytest.mark.parametrize(
    ("bundles", "message"),
    [
        ([Bundle(1, 0, np.ones((2, 3)))], "must lead from a group to a later one"),
        ([Bundle(0, 1, np.ones((3, 2)))] * 2, "each pair once"),
        ([Bundle(0, 1, np.ones((2, 2)))], r"must be \(3, 2\), as its groups"),
        ([Bundle(0, 1, np.full((3, 2), -1.0))], "strengths that are not negative"),
    ],
)
def test_what_is_no_feed_forward_graph_is_refused(bundles, message):
    with pytest.raises(InputError, match=message):
        layered_betweenness([2, 3], bundles)


@pytest.mark.parametrize(
    ("model", "shape", "sizes", "same"),
    [
        ("mlp", (1, 8, 8), (64, 256, 256, 10), 0),
        ("conv-16-32-fc64", (1, 8, 8), (1, 16, 32, 64, 10), 0),
        ("resnet-small", (3, 8, 8), (3, 16, 16, 16, 32, 32, 10), 0),
        ("resnet-18", (3, 32, 32), (3, *[64] * 5, *[128] * 4, *[256] * 4, *[512] * 4, 10), 5),
    ],
)
def test_every_weight_is_in_the_graph_of_a_network(model, shape, sizes, same):
    network = architecture(model, shape, 10)
    graph = channel_graph(network)
    assert (graph.sizes, len(graph.same)) == (sizes, same)
    for node in network.weighted:
        source, target, places = graph.of[node.name]
        assert source < target
        assert graph.sizes[source] * graph.sizes[target] * places == node.weights
    bundles, place = graph.bundles({node.name: np.ones(node.weights) for node in network.weighted})
    assert set(place.values()) | {k for k, one in enumerate(bundles) if (one.source, one.target) in graph.same} == set(
        range(len(bundles))
    )
