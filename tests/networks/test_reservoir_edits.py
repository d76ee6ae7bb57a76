"""Reservoirs with links and neurons cut out or put back, and the drive that a cut takes away."""

from __future__ import annotations

import numpy as np
import pytest
from pruning_methods import untrained

from hrsnn import Reservoir, ReservoirSpec, build, simulate
from hrsnn.networks import METHODS, RandomPruning, keep_neurons, mean_drive, noise, prune
from hrsnn.networks.methods.erdos_renyi import rewire


def test_mean_drive_bias_keeps_the_mean_input(dense: Reservoir) -> None:
    rates = simulate(dense, noise(2, seed=4), record=()).rates
    for name in METHODS:
        found = prune(dense, untrained(name), iterations=1, synapse_target=0.6, seed=4)
        # the same rates in the smaller network give every neuron the same mean drive
        drive = found.reservoir.i_bias + mean_drive(found.reservoir, rates[found.origin])
        assert drive == pytest.approx((dense.i_bias + mean_drive(dense, rates))[found.origin], abs=1e-9)
    without = prune(dense, RandomPruning(), iterations=1, synapse_target=0.6, restore="none", seed=4)
    assert np.array_equal(without.reservoir.i_bias, dense.i_bias)


def test_mean_drive_is_that_of_the_simulation() -> None:
    """A source that fires at 50 Hz leaves w tau_s 50 Hz of mean current: 1 ms of each 20 is w tau_s."""
    reservoir = build(ReservoirSpec(neurons=40), seed=2)
    j = int(reservoir.pre[0])
    rates = np.zeros(40)
    rates[j] = 50.0
    drive = mean_drive(reservoir, rates)
    mine = reservoir.pre == j
    sign, tau = (1, reservoir.tau_exc) if reservoir.is_excitatory[j] else (-1, reservoir.tau_inh)
    assert drive[reservoir.post[mine]] == pytest.approx(sign * reservoir.weight[mine] * tau[reservoir.post[mine]] / 20)
    assert np.count_nonzero(drive) == mine.sum()


def test_neurons_are_cut_out_with_their_links(dense: Reservoir) -> None:
    kept = np.random.default_rng(0).random(80) < 0.6
    few = keep_neurons(dense, kept)
    here = kept[dense.pre] & kept[dense.post]
    where = np.flatnonzero(kept)
    assert np.array_equal(where[few.pre], dense.pre[here])
    assert np.array_equal(where[few.post], dense.post[here])
    assert np.array_equal(where[few.input_post], dense.input_post[kept[dense.input_post]])
    assert few.channels == dense.channels


def test_rewiring_keeps_types_weights_and_dale(dense: Reservoir) -> None:
    other = rewire(dense, np.random.default_rng(0))
    kinds = dense.is_excitatory
    assert np.array_equal(np.sort(other.weight), np.sort(dense.weight))
    for one in (True, False):
        for two in (True, False):
            count = [((kinds[r.pre] == one) & (kinds[r.post] == two)).sum() for r in (dense, other)]
            assert count[0] == count[1]
    assert np.intersect1d(other.pre * 80 + other.post, dense.pre * 80 + dense.post).size < 0.6 * dense.synapses
