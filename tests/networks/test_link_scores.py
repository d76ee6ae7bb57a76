"""What a link is worth: the Lyapunov matrix, the scores, and that names of neurons do not matter."""

from __future__ import annotations

import dataclasses
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrsnn import Reservoir, simulate
from hrsnn.networks import (
    LNP,
    NoisePruning,
    PruningContext,
    contraction_rates,
    inclusion_probabilities,
    link_scores,
    neighbourhood_rates,
    noise,
    prune,
)


def random_graph(seed: int, n: int = 25, share: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    adjacency = np.random.default_rng(seed).random((n, n)) < share
    np.fill_diagonal(adjacency, False)
    pre, post = np.nonzero(adjacency)
    return pre, post


@given(seed=st.integers(0, 1000))
@settings(max_examples=25)
def test_lyapunov_matrix_is_the_harmonic_mean_over_a_set(seed: int) -> None:
    pre, post = random_graph(seed)
    random = np.random.default_rng(seed)
    mu = random.uniform(0.5, 50, 25)
    graph = nx.Graph(list(zip(pre.tolist(), post.tolist(), strict=True)))
    expected = []
    for a, b in zip(pre.tolist(), post.tolist(), strict=True):
        around = set(graph[a]) | set(graph[b])
        expected.append(len(around) / sum(1 / mu[z] for z in around))
    found = neighbourhood_rates(25, pre, post, mu)
    assert found == pytest.approx(expected, rel=1e-12)
    # other names for the neurons: the same values
    name = random.permutation(25)
    moved = np.empty(25)
    moved[name] = mu
    assert neighbourhood_rates(25, name[pre], name[post], moved) == pytest.approx(found, rel=1e-12)


def test_equal_exponents_make_lnp_plain_noise_pruning(dense: Reservoir) -> None:
    equal = np.full(80, -30.0)
    assert contraction_rates(equal) == pytest.approx(30.0)
    assert link_scores(dense, "literal", exponents=equal) == pytest.approx(30.0)
    assert link_scores(dense, "paper", exponents=equal) == pytest.approx(dense.weight)
    options: dict[str, Any] = {"iterations": 4, "synapse_target": 0.6, "seed": 2}
    method = LNP(delocalise="none", timescales=False)
    paper = prune(dense, method, neuron_target=0.0, exponents=lambda r: np.full(r.neurons, -30.0), **options)
    assert paper.reservoir.equals(prune(dense, NoisePruning(), **options).reservoir)


def renumbered(reservoir: Reservoir, name: np.ndarray) -> Reservoir:
    """The same network with other numbers: neuron i is now name[i]."""
    back = np.argsort(name)
    changes = {
        field.name: getattr(reservoir, field.name)[back]
        for field in dataclasses.fields(reservoir)
        if getattr(getattr(reservoir, field.name), "shape", (0,))[:1] == (reservoir.neurons,)
        and field.name not in ("recurrent", "input", "input_gain")
    }
    links = {}
    for side in ("recurrent", "input"):
        was = getattr(reservoir, side)
        pre = name[was.pre] if side == "recurrent" else was.pre
        order = np.lexsort((name[was.post], pre))
        links[side] = dataclasses.replace(was.take(order), pre=pre[order], post=name[was.post][order])
        if side == "input":
            changes["input_gain"] = reservoir.input_gain[order]
    return reservoir.replace(**changes, **links)


@pytest.mark.parametrize("score", ["paper", "weight", "literal", "drive"])
def test_other_numbers_for_the_neurons_change_no_probability(score: Any, dense: Reservoir) -> None:
    name = np.random.default_rng(0).permutation(80)
    other = renumbered(dense, name)
    exponents = -np.random.default_rng(1).uniform(5, 60, 80)
    activity = simulate(dense, noise(2), record=("counts",), windows=40)

    def probabilities(reservoir: Reservoir, values: np.ndarray, counts: np.ndarray) -> dict[tuple[int, int], float]:
        context = PruningContext(
            reservoir=reservoir,
            dense=reservoir,
            origin=np.arange(80),
            links=100,
            neurons=80,
            iteration=1,
            last=1,
            seed=0,
            stimulus=noise(2),
            activity=dataclasses.replace(activity, spike_counts=counts),
            known_exponents=values,
        )
        found = inclusion_probabilities(LNP(score=score).importance(context), 100)
        assert found.sum() == pytest.approx(100)
        return dict(zip(zip(reservoir.pre.tolist(), reservoir.post.tolist(), strict=True), found, strict=True))

    back = np.argsort(name)
    mine = probabilities(dense, exponents, activity.spike_counts)
    theirs = probabilities(other, exponents[back], activity.spike_counts[:, back])
    moved = {(int(name[a]), int(name[b])): value for (a, b), value in mine.items()}
    assert moved.keys() == theirs.keys()
    assert [theirs[key] for key in moved] == pytest.approx(list(moved.values()), rel=1e-9)
