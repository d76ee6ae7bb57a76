"""Topologies of NetworkX: known structure, in specs and files, and what is refused."""

from __future__ import annotations

import networkx
import numpy as np
import pytest

from hrsnn import InputError, Reservoir, ReservoirSpec, SpecError, build, simulate
from hrsnn.connectivity import GENERATORS, Topology
from hrsnn.stimuli.currents import Currents
from hrsnn.validation.network_size import expected_links

TOPOLOGIES = {
    "watts_strogatz_graph": {"k": 6, "p": 0.1},
    "newman_watts_strogatz_graph": {"k": 6, "p": 0.1},
    "barabasi_albert_graph": {"m": 4},
    "powerlaw_cluster_graph": {"m": 4, "p": 0.5},
    "scale_free_graph": {"alpha": 0.2, "beta": 0.7, "gamma": 0.1},
    "planted_partition_graph": {"l": 4, "k": 50, "p_in": 0.2, "p_out": 0.01},
    "gaussian_random_partition_graph": {"s": 50, "v": 20, "p_in": 0.2, "p_out": 0.01},
    "stochastic_block_model": {"sizes": [100, 60, 40], "p": [[0.1, 0.02, 0], [0, 0.1, 0.02], [0.05, 0, 0.1]]},
}


def spec_of(function: str, neurons: int = 200, **changes: object) -> ReservoirSpec:
    topology = {"function": function, **TOPOLOGIES[function], **changes}
    return ReservoirSpec(neurons=neurons, connectivity="networkx", topology=topology)


def test_every_generator_is_tested_here():
    assert set(TOPOLOGIES) == set(GENERATORS)
    assert all(callable(getattr(networkx, name)) for name in GENERATORS)


@pytest.mark.parametrize("function", TOPOLOGIES)
def test_a_topology_is_built_stored_and_alive(function):
    spec = spec_of(function)
    assert ReservoirSpec.from_toml(spec.to_toml(comments=True)) == spec
    r = build(spec, 1)
    assert r.equals(build(spec, 1))
    assert not r.equals(build(spec, 2))
    # partitions may have groups of random size, and links between hubs that are there several times are one
    assert 0.55 < r.synapses / expected_links(spec) < 1.3
    # signs are by the spec, and weights: the mean total input is that of other reservoirs
    assert r.is_excitatory.sum() == 160
    assert Reservoir.from_graph(r.graph()).equals(r)
    from_exc = r.weight[r.is_excitatory[r.pre] & r.is_excitatory[r.post]]
    mean_input = from_exc.mean() * r.synapses / 200
    assert mean_input == pytest.approx(30 * 6 * 0.3 * 1.2, rel=0.15)
    assert (r.positions[:, None] != r.positions[None]).any(axis=2).sum() == 200 * 199  # no two at one place
    stimulus = Currents(np.random.default_rng(0).uniform(-1, 1, (1, 25, 1)), 20.0)
    assert 0.5 < simulate(r, stimulus).rates.mean() < 60


def test_a_ring_without_rewiring_has_the_clustering_of_watts_and_strogatz():
    """C = 3 (k - 2) / (4 (k - 1)) of a ring of k neighbours: Watts & Strogatz (1998)."""
    r = build(spec_of("watts_strogatz_graph", k=8, p=0.0), 1)
    assert networkx.average_clustering(r.graph().to_undirected()) == pytest.approx(3 * 6 / (4 * 7))
    assert set(np.bincount(r.pre)) == set(np.bincount(r.post)) == {8}
    # neighbours on the ring are neighbours in place: 4 steps of one grid spacing at most
    lengths = np.linalg.norm(r.positions[r.pre] - r.positions[r.post], axis=1)
    assert lengths.max() < 4
    assert lengths.min() == pytest.approx(1, abs=1e-3)


def test_scale_free_has_hubs_anywhere():
    r = build(spec_of("barabasi_albert_graph", neurons=1000), 1)
    degree = np.bincount(r.pre, minlength=1000)
    assert degree.max() > 8 * degree.mean()
    assert degree.min() == 4
    assert np.median(np.argsort(-degree)[:50]) > 200  # the first nodes of NetworkX are the hubs


def test_areas_have_the_probabilities_of_the_table_and_a_grid_each():
    p = np.array([[0.2, 0.05, 0.0], [0.0, 0.2, 0.05], [0.1, 0.0, 0.2]])
    sizes = np.array([200, 120, 80])
    r = build(spec_of("stochastic_block_model", 400, sizes=sizes.tolist(), p=p.tolist()), 1)
    assert np.bincount(r.cluster).tolist() == sizes.tolist()
    found = np.zeros((3, 3))
    np.add.at(found, (r.cluster[r.pre], r.cluster[r.post]), 1)
    pairs = np.outer(sizes, sizes) - np.diag(sizes)
    # four standard deviations of a binomial
    assert (abs(found - p * pairs) <= 4 * np.sqrt(p * (1 - p) * pairs)).all()
    for one, other in ((0, 1), (1, 2)):
        assert r.positions[r.cluster == one, 0].max() < r.positions[r.cluster == other, 0].min() - 3
    assert r.tau_m[r.is_excitatory].mean() == pytest.approx(15, rel=0.15)  # areas have no time constants of their own


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"connectivity": "networkx"}, "topology = None: must be given when connectivity is networkx"),
        ({"topology": {"function": "watts_strogatz_graph", "k": 4, "p": 0}}, 'has no effect: connectivity is "in_degree"'),
        ({"connectivity": "networkx", "topology": 3}, "topology = 3: must be a table such as {function = "),
        ({"connectivity": "networkx", "topology": {"function": "watts_strogatz"}}, "did you mean 'watts_strogatz_graph'?"),
        (
            {"connectivity": "networkx", "topology": {"function": "barabasi_albert_graph", "n": 4}},
            "n = 4: is no argument of barabasi_albert_graph, which takes m",
        ),
        (
            {"connectivity": "networkx", "topology": {"function": "barabasi_albert_graph"}},
            "barabasi_albert_graph needs m too",
        ),
        (
            {"connectivity": "networkx", "topology": {"function": "barabasi_albert_graph", "m": 2.5}},
            "m = 2.5: must be a whole number >= 1",
        ),
        (
            {"connectivity": "networkx", "topology": {"function": "watts_strogatz_graph", "k": 4, "p": 1.5}},
            "p = 1.5: must be a number from 0 to 1",
        ),
        (
            {"connectivity": "networkx", "topology": {"function": "watts_strogatz_graph", "k": 1000, "p": 0.5}},
            "k = 1000: must be below 1000, the number of neurons",
        ),
        (
            {
                "connectivity": "networkx",
                "topology": {"function": "planted_partition_graph", "l": 3, "k": 5, "p_in": 1, "p_out": 0},
            },
            "l k = 15: must be 1000, the number of neurons",
        ),
        (
            {
                "connectivity": "networkx",
                "topology": {"function": "stochastic_block_model", "sizes": [500, 500], "p": [[0.1]]},
            },
            "p has 1 rows: must have 2",
        ),
        (
            {"connectivity": "networkx", "topology": {"function": "stochastic_block_model", "sizes": [500], "p": [0.1]}},
            "must be a square table of numbers from 0 to 1",
        ),
        (
            {"connectivity": "networkx", "topology": {"function": "scale_free_graph", "alpha": 0.5}},
            "alpha + beta + gamma = 1.09: must be 1",
        ),
        (
            {
                "connectivity": "networkx",
                "clusters": 2,
                "topology": {"function": "watts_strogatz_graph", "k": 4, "p": 0.5},
            },
            "clusters = 2: must be 1: topology has the areas",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_topologies_are_named_with_what_is_allowed(values, problem):
    with pytest.raises(SpecError) as caught:
        ReservoirSpec(**values)
    (said,) = caught.value.problems
    assert problem in said


def test_arguments_are_updated_by_dotted_names():
    spec = spec_of("watts_strogatz_graph")
    assert spec.updated({"topology.k": "10"}).topology == Topology("watts_strogatz_graph", (("k", 10), ("p", 0.1)))
    plain = spec.updated({"connectivity": "random", "topology": None})
    assert plain.topology is None
    with pytest.raises(SpecError, match="did you mean 'p'"):
        spec.updated({"topology.pp": 0.3})


def test_too_many_links_are_refused_before_they_are_drawn():
    spec = spec_of("planted_partition_graph", 10**6, l=10, k=10**5, p_in=1, p_out=1)
    with pytest.raises(InputError, match="a network of 1e\\+12 links would take about"):
        build(spec, 1)
