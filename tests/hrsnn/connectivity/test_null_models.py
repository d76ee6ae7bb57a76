"""Null models keep exactly what they say, and nothing else."""

from __future__ import annotations

import logging

import networkx
import numpy as np
import pytest

from hrsnn import InputError, ReservoirSpec, build
from hrsnn.connectivity.null_models import KEPT, null_model

DENSE = build(ReservoirSpec.preset("dense", neurons=300, delay_exc=20, short_term_plasticity=True), seed=1)
SMALL_WORLD = build(
    ReservoirSpec(neurons=300, connectivity="networkx", topology={"function": "watts_strogatz_graph", "k": 10, "p": 0.02}),
    seed=1,
)


def degrees(r, of):
    """Links to each neuron, by the type of their source, and from each."""
    types = r.is_excitatory[r.pre] if of == "sign" else np.zeros(r.synapses, bool)
    return [np.bincount(r.post[types == kind], minlength=r.neurons) for kind in (False, True)] + [
        np.bincount(r.pre, minlength=r.neurons)
    ]


def lengths(r):
    """Histogram of the lengths of links, by the types of both ends."""
    bins = np.floor(np.linalg.norm(r.positions[r.pre] - r.positions[r.post], axis=1)).astype(int)
    pair = 2 * r.is_excitatory[r.pre] + r.is_excitatory[r.post]
    return np.bincount(4 * bins + pair, minlength=400)


@pytest.mark.parametrize("keep", KEPT)
def test_what_is_kept_is_the_same_for_each_neuron(keep):
    null = null_model(DENSE, keep, seed=3)
    assert null.equals(null_model(DENSE, keep, seed=3))
    assert not null.equals(null_model(DENSE, keep, seed=4))
    same = np.isin(null.pre * 300 + null.post, DENSE.pre * 300 + DENSE.post).mean()
    assert same < 0.35
    for ours, theirs in zip(degrees(null, "all"), degrees(DENSE, "all"), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    signs = all(map(np.array_equal, degrees(null, "sign"), degrees(DENSE, "sign")))
    assert signs == (keep != "degree")
    assert np.array_equal(lengths(null), lengths(DENSE)) == (keep == "distance")
    # a link keeps its source, and with it everything else
    for neuron in (0, 17, 299):
        for name in ("weight", "w_max", "delay", "tau_plus", "a_plus"):
            ours, theirs = (np.sort(getattr(r.recurrent, name)[r.pre == neuron]) for r in (null, DENSE))
            np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(np.sort(null.short_term.release), np.sort(DENSE.short_term.release))
    for name in ("is_excitatory", "tau_m", "positions", "input_weight"):
        np.testing.assert_array_equal(getattr(null, name), getattr(DENSE, name))


def test_clustering_falls_to_that_of_a_random_graph():
    """From nearly 3 (k - 2) / (4 (k - 1)) = 0.67 to about k / N = 0.03."""
    before, after = (
        networkx.average_clustering(r.graph().to_undirected()) for r in (SMALL_WORLD, null_model(SMALL_WORLD, "degree"))
    )
    assert before > 0.55
    assert after < 0.08


def test_a_complete_graph_has_one_null_model(caplog):
    complete = build(ReservoirSpec(neurons=12, connectivity="random", connection_probability=1), seed=1)
    with caplog.at_level(logging.INFO, "hrsnn"):
        null = null_model(complete, "degree")
    assert null.equals(complete)
    assert caplog.records[-1].message == "null model: 0 % of the links have another target"


def test_no_links_have_a_null_model():
    none = DENSE.without_recurrence()
    assert null_model(none).equals(none)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep": "clustering"}, "keep = 'clustering': must be one of degree, sign, distance"),
        ({"bin_width": 0}, r"bin_width = 0: must be positive \(grid spacings\)"),
        ({"seed": -1}, "seed = -1"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(InputError, match=message):
        null_model(DENSE, **options)
