"""Step 3: which links come back, and the measure of how far eigenvectors are spread."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from hrsnn import Reservoir
from hrsnn.networks import LNP, links_to_restore, participation, prune, pruning, strong_component
from hrsnn.networks.graphs import delocalisation

Ends = tuple[np.ndarray, np.ndarray]


def random_graph(seed: int, n: int, share: float) -> Ends:
    adjacency = np.random.default_rng(seed).random((n, n)) < share
    np.fill_diagonal(adjacency, False)
    pre, post = np.nonzero(adjacency)
    return pre, post


def divided(seed: int, n: int, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A random graph of which a part is there, and the rest to choose from."""
    pre, post = random_graph(seed, n, 0.2)
    there = np.random.default_rng(seed).random(len(pre)) < share
    return pre[there], post[there], pre[~there], post[~there]


def ratio_with(n: int, ends: tuple[np.ndarray, ...], chosen: np.ndarray) -> float:
    pre, post, more_pre, more_post = ends
    return participation(n, np.append(pre, more_pre[chosen]), np.append(post, more_post[chosen]))


# --- the measure


@pytest.mark.parametrize(
    ("n", "links", "ratio"),
    [
        (3, [], 1.0),
        (2, [(0, 1), (1, 0)], 0.5),
        (4, [(0, 1), (2, 3)], 0.5),
        # a ring: (1, 1, 1, 1)/2 twice over has 1/4, the pair of eigenvalue 2 the projector 1/2
        (4, [(0, 1), (1, 2), (2, 3), (3, 0)], 0.375),
        # all with all: one even eigenvector, and n - 1 that share the eigenvalue n
        (5, [(i, j) for i in range(5) for j in range(i)], (1 / 5 + 5 * (4 / 5) ** 2) / 5),
        # a star: even; the hub against all; its leaves among themselves
        (5, [(0, 1), (0, 2), (0, 3), (0, 4)], (1 / 5 + (4 / 5) ** 2 + 4 / 20**2 + 4 * (3 / 4) ** 2) / 5),
        # a chain of three: (1, 1, 1)/sqrt 3, (1, 0, -1)/sqrt 2, (1, -2, 1)/sqrt 6
        (3, [(0, 1), (1, 2)], (1 / 3 + 1 / 2 + 1 / 2) / 3),
    ],
)
def test_participation_of_known_graphs(n: int, links: list[tuple[int, int]], ratio: float) -> None:
    pre, post = [a for a, _ in links], [b for _, b in links]
    assert participation(n, pre, post) == pytest.approx(ratio, rel=1e-12)


def test_participation_is_that_of_the_eigenvectors_where_they_are_unique() -> None:
    pre, post = random_graph(0, 300, 0.05)
    graph = nx.Graph(list(zip(pre.tolist(), post.tolist(), strict=True)))
    vectors = np.linalg.eigh(nx.laplacian_matrix(graph, nodelist=range(300)).toarray().astype(float))[1]
    assert participation(300, pre, post) == pytest.approx((vectors**4).sum() / 300, rel=1e-9)


def test_pieces_count_by_themselves_and_names_do_not_matter() -> None:
    for seed in range(5):
        (a, b), (c, d) = random_graph(seed, 40, 0.03), random_graph(seed + 50, 25, 0.05)
        together = participation(65, np.append(a, c + 40), np.append(b, d + 40))
        assert 65 * together == pytest.approx(40 * participation(40, a, b) + 25 * participation(25, c, d), rel=1e-9)
        name = np.random.default_rng(seed).permutation(40)
        assert participation(40, name[a], name[b]) == pytest.approx(participation(40, a, b), rel=1e-9)


def test_large_networks_have_a_ratio_when_exponents_are_due(dense: Reservoir, monkeypatch: pytest.MonkeyPatch) -> None:
    assert np.isnan(participation(5, [0], [1], limit=4))
    monkeypatch.setattr(pruning, "OFTEN_LIMIT", 79)
    records = prune(dense, LNP(timescales=False), iterations=5, synapse_target=0.5, neuron_target=0.0, refresh=2).records
    assert [bool(np.isfinite(record.participation)) for record in records] == [True, False, True, False, True, True]
    before = [record.numbers["participation_before"] for record in records[1:]]
    assert np.isfinite(before).tolist() == [False, True, False, True, True]


# --- the choice


def test_restored_links_join_pieces_first() -> None:
    pre, post = np.array([0, 1, 3, 4]), np.array([1, 2, 4, 5])
    more = np.array([0, 0, 2]), np.array([2, 3, 0])  # only the second joins the two
    for aim in ("ipr", "degree"):
        chosen = links_to_restore(6, pre, post, *more, 1, aim=aim, random=np.random.default_rng(0))  # type: ignore[arg-type]
        assert chosen.tolist() == [1]


def one_by_one(n: int, ends: tuple[np.ndarray, ...], count: int, tie: np.ndarray) -> list[int]:
    """The rule as it reads: after every link all degrees and pieces anew."""
    pre, post, more_pre, more_post = (x.tolist() for x in ends)
    graph = nx.Graph(list(zip(pre, post, strict=True)))
    graph.add_nodes_from(range(n))
    chosen: list[int] = []
    for _ in range(count):
        piece = {node: number for number, nodes in enumerate(nx.connected_components(graph)) for node in nodes}

        def place(k: int, piece: dict[int, int] = piece) -> tuple[bool, bool, float]:
            a, b = more_pre[k], more_post[k]
            return piece[a] == piece[b], graph.has_edge(a, b), graph.degree(a) + graph.degree(b) + tie[k]

        best = min(set(range(len(more_pre))) - set(chosen), key=place)
        chosen.append(best)
        graph.add_edge(more_pre[best], more_post[best])
    return sorted(chosen)


@pytest.mark.parametrize("many", [0, 1000], ids=["table", "heap"])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_links_come_back_at_the_lowest_degrees(share: float, many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delocalisation, "_MANY", many)
    ends = divided(1, 40, share)
    count = min(60, len(ends[2]) - 1)
    chosen = links_to_restore(40, *ends, count, random=np.random.default_rng(3))
    assert chosen.tolist() == one_by_one(40, ends, count, np.random.default_rng(3).random(len(ends[2])))


@pytest.mark.parametrize("count", [200, 420, 450])
def test_a_table_gives_the_links_of_the_heap_those_beside_others_too(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = (np.empty(0, int), np.empty(0, int), *random_graph(2, 40, 0.3))
    assert len(ends[2]) > 450
    found = []
    for many in (0, 1000):
        monkeypatch.setattr(delocalisation, "_MANY", many)
        found.append(links_to_restore(40, *ends, count, random=np.random.default_rng(3)).tolist())
    assert found[0] == found[1]


def test_aims_of_restoring_do_what_they_say() -> None:
    for seed in range(6):
        ends = divided(seed, 60, 0.3)
        chosen = {
            aim: links_to_restore(60, *ends, 40, aim=aim, random=np.random.default_rng(seed))  # type: ignore[arg-type]
            for aim in ("ipr", "degree")
        }
        chosen["random"] = np.random.default_rng(seed).permutation(len(ends[2]))[:40]
        chosen["nothing"] = np.empty(0, int)
        ratio = {name: ratio_with(60, ends, links) for name, links in chosen.items()}
        assert min(ratio, key=ratio.__getitem__) == "ipr"
        variance = {
            name: np.bincount(np.concatenate([*ends[:2], ends[2][links], ends[3][links]]), minlength=60).var()
            for name, links in chosen.items()
        }
        assert max(variance, key=variance.__getitem__) == "degree"


def test_strong_component_is_networkx_s() -> None:
    for seed in range(10):
        pre, post = random_graph(seed, 25, 0.06)
        graph = nx.DiGraph(list(zip(pre.tolist(), post.tolist(), strict=True)))
        graph.add_nodes_from(range(25))
        assert strong_component(25, pre, post) == max(map(len, nx.strongly_connected_components(graph)))
