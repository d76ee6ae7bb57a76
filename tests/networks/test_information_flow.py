"""Methods by what links carry: drive, signal, and the order at each target."""

from __future__ import annotations

import dataclasses

import networkx as nx
import numpy as np
import pytest

from hrsnn import Currents, Reservoir, ReservoirSpec, build, simulate
from hrsnn.networks import DrivePruning, NeuronActivityPruning, SignalPruning, input_covariance, noise, prune


@pytest.mark.parametrize("method", [DrivePruning(), SignalPruning(values=300)], ids=["drive", "signal"])
def test_per_target_keeps_a_link_of_every_neuron_while_the_budget_allows(method: object, dense: Reservoir) -> None:
    found = prune(dense, method, iterations=2, synapse_target=0.7)  # type: ignore[arg-type]
    degrees = np.bincount(found.reservoir.post, minlength=80)
    had = np.bincount(dense.post, minlength=80)
    assert found.reservoir.synapses >= np.count_nonzero(had)
    assert (degrees[had > 0] >= 1).all()
    # and no neuron has a third link before each has its second
    assert all(degrees[i] >= min(had[i], degrees.max() - 1) for i in range(80))


def test_drive_keeps_the_largest(dense: Reservoir) -> None:
    rates = simulate(dense, noise(2), record=()).rates
    drive = dense.weight * rates[dense.pre] / dense.tau_m[dense.post]
    found = prune(dense, DrivePruning(per_target=False), iterations=1, synapse_target=0.75, restore="none")
    kept = np.sort(np.argsort(-drive, kind="stable")[: found.reservoir.synapses])
    assert np.array_equal(found.reservoir.pre, dense.pre[kept])
    assert np.array_equal(found.reservoir.post, dense.post[kept])


def chain(n: int = 6) -> Reservoir:
    """Neurons in a chain that carries the input on, each also linked from a neuron of spontaneous activity only."""
    edges = [(k, k + 1, 100.0) for k in range(n - 1)] + [(n + k, k, 20.0) for k in range(1, n)]
    graph = nx.DiGraph(weight_unit="mV")
    graph.add_nodes_from(range(2 * n), type="E")
    graph.add_weighted_edges_from(edges)
    spec = ReservoirSpec(tau_m_exc=10, v_threshold=15, v_reset=0, i_bias=0, input_fraction=1, delay_exc=5)
    drawn = Reservoir.from_graph(graph, spec, channels=1)
    gain = np.where(np.isin(drawn.input_post, [0]), 30.0, 0.0)
    rate = np.where(np.arange(2 * n) >= n, 300.0, 0.0)
    return drawn.replace(input_gain=gain, background_rate=rate, background_weight=np.full(2 * n, 50.0))


def test_signal_keeps_the_chain_that_carries_the_input() -> None:
    reservoir = chain()
    rates = simulate(reservoir, noise(1), record=()).rates
    assert 20 * rates[7:].min() > 100 * rates[:5].max() > 0  # by drive the links from noise stay
    for method, links in ((SignalPruning(), 5), (DrivePruning(), 0)):
        found = prune(reservoir, method, iterations=1, synapse_target=1 - 5 / reservoir.synapses, restore="none")  # type: ignore[call-overload]
        chained = (found.reservoir.pre + 1 == found.reservoir.post) & (found.reservoir.pre < 5)
        assert chained.sum() == links


def test_input_covariance_is_that_of_one_long_run() -> None:
    reservoir = build(ReservoirSpec(neurons=40), seed=1, channels=2)
    found = input_covariance(reservoir, values=400, lags=6, significance=0, seed=3)
    # in one part: the same noise, drawn with the same key
    from hrsnn.runtime.seeds import generator

    values = generator(3, "input covariance").uniform(-1, 1, (406, 2))
    run = simulate(reservoir, Currents(values[None], dt=20), record=("states",), sample_times=406, seed=3)
    states = run.states[0, 6:]
    for channel in range(2):
        for lag in range(6):
            past = values[6 - lag : 406 - lag, channel]
            expected = ((states - states.mean(0)) * (past - past.mean())[:, None]).mean(0)
            assert found[:, channel, lag] == pytest.approx(expected, abs=1e-12)


def test_parts_of_the_noise_add_up() -> None:
    reservoir = build(ReservoirSpec(neurons=40), seed=1)
    whole = input_covariance(reservoir, values=1200, lags=5, significance=3)
    assert np.count_nonzero(whole[:, 0, 0]) > 10  # the present value drives the neurons
    assert np.count_nonzero(whole) < whole.size
    silent = reservoir.replace(i_bias=np.full(40, -1e3))
    assert not input_covariance(silent, values=100, lags=5).any()


def test_neurons_of_least_activity_go_with_all_their_links(dense: Reservoir) -> None:
    rates = simulate(dense, noise(2), record=()).rates
    found = prune(dense, NeuronActivityPruning(train=False), iterations=1, synapse_target=0.5, restore="none")
    gone = np.setdiff1d(np.arange(80), found.origin)
    assert rates[gone].max() <= np.sort(rates)[len(gone)]
    assert found.reservoir.synapses <= found.records[-1].budget
    here = np.isin(dense.pre, found.origin) & np.isin(dense.post, found.origin)
    assert found.reservoir.synapses == here.sum()
    trained = prune(dense, NeuronActivityPruning(), iterations=1, synapse_target=0.5, restore="none")
    assert np.array_equal(trained.origin, found.origin)
    assert trained.records[-1].numbers["mean_weight_change"] > 0
    assert not np.array_equal(trained.reservoir.weight, found.reservoir.weight)
    assert dataclasses.replace(trained.records[-1], numbers={}).links == found.records[-1].links
