"""What pruning gives back: sums of weights, mean drive, and the mean rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hrsnn import Reservoir, ReservoirSpec, Uniform, build, simulate
from hrsnn.errors import InputError
from hrsnn.networks import METHODS, RandomPruning, mean_drive, noise, prune, pruning_method
from hrsnn.networks.restoration import restored


def sums(reservoir: Reservoir, excitatory: bool) -> np.ndarray:
    here = reservoir.is_excitatory[reservoir.pre] == excitatory
    return np.bincount(reservoir.post[here], reservoir.weight[here], minlength=reservoir.neurons)


@pytest.mark.parametrize("name", METHODS.where(lambda method: not method.rewires))
def test_sums_are_those_of_the_dense_network_for_each_neuron_and_sign_that_keeps_a_link(name: str, dense: Reservoir) -> None:
    options: dict[str, dict[str, Any]] = {"lnp": {"timescales": False}, "activity_neurons": {"train": False}}
    method = pruning_method(name, **options.get(name, {}))
    found = prune(dense, method, iterations=3, synapse_target=0.7, neuron_target=0.2, restore="sums", seed=2)
    for excitatory in (True, False):
        after, before = sums(found.reservoir, excitatory), sums(dense, excitatory)[found.origin]
        keeps = after > 0
        assert keeps.any()
        assert after[keeps] == pytest.approx(before[keeps], rel=1e-12)
    assert np.array_equal(found.reservoir.i_bias, dense.i_bias[found.origin])
    assert (found.reservoir.recurrent.weight <= found.reservoir.recurrent.w_max * (1 + 1e-12)).all()


def test_a_scaled_link_learns_as_it_did_in_units_of_its_bound(dense: Reservoir) -> None:
    found = prune(dense, RandomPruning(), iterations=1, synapse_target=0.7, restore="sums")
    key = dense.pre.astype(int) * 80 + dense.post
    same = np.searchsorted(key, found.reservoir.pre.astype(int) * 80 + found.reservoir.post)
    grown = found.reservoir.weight > dense.weight[same]
    assert grown.mean() > 0.5
    for name in ("weight", "a_plus", "a_minus"):
        now, was = (getattr(one.recurrent, name) / one.recurrent.w_max for one in (found.reservoir, dense))
        assert now[grown] == pytest.approx(was[same][grown])


def test_the_bias_after_the_sums_restores_the_mean_drive(dense: Reservoir) -> None:
    rates = simulate(dense, noise(2), record=()).rates
    found = prune(dense, RandomPruning(), iterations=1, synapse_target=0.6, restore="both")
    drive = found.reservoir.i_bias + mean_drive(found.reservoir, rates)
    assert drive == pytest.approx(dense.i_bias + mean_drive(dense, rates), abs=1e-9)


def test_the_rate_is_that_of_the_dense_network() -> None:
    delays = Uniform(1, 200)
    spec = ReservoirSpec.preset("dense", neurons=150, weight_scale=4, delay_exc=delays, delay_inh=delays)
    reservoir = build(spec, seed=1)
    records = prune(reservoir, RandomPruning(), iterations=3, synapse_target=0.8, restore="rate").records
    assert [record.mean_rate for record in records] == pytest.approx([records[0].mean_rate] * 4, rel=0.02)


def test_what_is_given_back_has_a_name(dense: Reservoir) -> None:
    with pytest.raises(InputError, match="must be one of none, bias, sums, both, rate"):
        restored(dense, np.ones(80, bool), dense, dense, np.arange(80), np.zeros(80), "all")  # type: ignore[arg-type]
