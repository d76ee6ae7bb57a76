"""Lyapunov noise pruning as its default, its steps, and the text of the paper; the error of a pruned linear network."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from hrsnn import Reservoir, ReservoirSpec, build
from hrsnn.analysis import lyapunov_spectrum
from hrsnn.networks import LNP, RandomPruning, keep_links, noise, prune, spectral_error
from hrsnn.networks.gains import link_gains
from hrsnn.networks.pruning import budgets


def test_the_default_is_the_method_with_all_its_steps(dense: Reservoir) -> None:
    found = prune(dense, LNP(), iterations=3, synapse_target=0.6, seed=1)
    last = found.records[-1]
    assert [record.links for record in found.records] == budgets(dense.synapses, 0.6, 3)
    assert last.neurons == round(0.7 * 80)  # half the target for links
    assert {"lyapunov_matrix_variation", "restored_links", "retuned"} <= last.numbers.keys()
    assert "retuned" not in found.records[1].numbers  # once, at the end
    assert LNP().uses_exponents
    # an argument wins over the method's own target
    assert prune(dense, LNP(timescales=False), iterations=1, synapse_target=0.6, neuron_target=0.0).reservoir.neurons == 80


def test_the_drive_score_with_plain_weights_is_still_there(dense: Reservoir) -> None:
    found = prune(dense, LNP(score="drive", timescales=False), iterations=2, synapse_target=0.5, neuron_target=0.0)
    assert found.reservoir.synapses == round(dense.synapses / 2)
    assert "lyapunov_matrix_variation" not in found.records[-1].numbers


def test_the_text_of_the_paper_finds_its_sizes(dense: Reservoir) -> None:
    method = LNP(reproduce="paper")
    assert (method.score, method.weights, method.delocalise) == ("literal", "literal", "degree")
    assert (method.timescales, method.retune_every, method.usual_restore) == (True, 1, "none")
    found = prune(dense, method, iterations=4, synapse_target=0.5, seed=1)
    numbers = [record.numbers for record in found.records[1:]]
    assert len({one["rho"] for one in numbers}) == len({one["betweenness_threshold"] for one in numbers}) == 1
    assert all("retuned" in one for one in numbers)
    assert [record.links for record in found.records] != [record.budget for record in found.records]
    assert found.reservoir.synapses < dense.synapses
    assert ((found.reservoir.tau_m >= 3) & (found.reservoir.tau_m <= 200)).all()


def test_delta_is_added_to_the_leak(dense: Reservoir) -> None:
    method = LNP(score="weight", weights="literal", delocalise="none", timescales=False)
    found = prune(dense, method, iterations=1, synapse_target=0.4, neuron_target=0.0, seed=1)
    after = found.reservoir
    leak = dense.tau_m / after.tau_m
    assert after.i_bias == pytest.approx(dense.i_bias / leak)
    # tau_m and weights are divided alike: the dimensionless weights that make up Delta are those before the division
    was, now = (np.bincount(one.post, link_gains(one), minlength=80) for one in (dense, after))
    free = (after.tau_m > 3) & (after.tau_m < 199.99)
    assert free.sum() > 40
    assert leak[free] == pytest.approx((1 + now - was)[free], rel=1e-9)


def test_epsilon_bounds_the_quadratic_form(dense: Reservoir) -> None:
    smaller = keep_links(dense, np.random.default_rng(0).random(dense.synapses) < 0.5)
    epsilon = spectral_error(smaller, dense, np.arange(80))

    def matrix(one: Reservoir) -> np.ndarray:
        full = np.zeros((80, 80))
        full[one.post, one.pre] = link_gains(one) * np.where(one.is_excitatory[one.pre], 1, -1)
        return full

    whole, part = matrix(dense), matrix(smaller)
    whole, part = (one - 1.05 * np.linalg.eigvalsh((whole + whole.T) / 2)[-1] * np.eye(80) for one in (whole, part))
    x = np.random.default_rng(1).normal(size=(5000, 80))
    share = np.abs(np.einsum("ki,ij,kj->k", x, part - whole, x)) / np.abs(np.einsum("ki,ij,kj->k", x, whole, x))
    assert share.max() <= epsilon
    assert spectral_error(dense, dense, np.arange(80)) == 0


def test_records_have_the_distance_of_the_spectra() -> None:
    reservoir = build(ReservoirSpec.preset("dense", neurons=60), seed=1)
    found = prune(reservoir, RandomPruning(), iterations=4, synapse_target=0.6, refresh=2)
    assert np.isfinite([record.spectrum_distance for record in found.records]).tolist() == [True, False, True, False, True]
    assert found.records[0].spectrum_distance == 0
    leading = [
        lyapunov_spectrum(one, noise(1), count=10, washout=200, seed=0).active_exponents
        for one in (reservoir, found.reservoir)
    ]
    assert found.records[-1].spectrum_distance == pytest.approx(wasserstein_distance(*leading))
    epsilon = [record.epsilon for record in found.records]
    assert epsilon[0] == 0
    assert np.isfinite(epsilon).all()
