"""What a run costs: operations counted by hand, and published energies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hrsnn import PoissonEncoder, ReservoirSpec, build, simulate
from hrsnn.analysis import (
    ENERGY_PER_OPERATION,
    UndefinedWarning,
    energy,
    operation_ratio,
    sparsity,
    spike_efficiency,
    synaptic_operations,
)
from hrsnn.errors import InputError


def test_each_spike_crosses_each_link_of_its_neuron_once() -> None:
    reservoir = build(ReservoirSpec(neurons=60), seed=2, channels=4)
    activity = simulate(reservoir, PoissonEncoder(duration=200).fit_transform(np.eye(4)))
    by_hand = [
        sum(int((reservoir.pre == neuron).sum()) for neuron in activity.spikes.sample(index)[1]) for index in range(4)
    ]
    counted = synaptic_operations(activity.spike_counts, reservoir.pre)
    assert counted.tolist() == by_hand
    assert sum(by_hand) > 0
    assert float(synaptic_operations(activity.spike_counts.sum(axis=0), reservoir.pre)) == sum(by_hand)


@given(
    hnp.arrays(np.int64, (3, 5), elements=st.integers(0, 20)),
    hnp.arrays(np.int64, 12, elements=st.integers(0, 4)),
    hnp.arrays(float, 12, elements=st.sampled_from([0.0, 0.5, 2.0])),
)
def test_a_link_of_weight_zero_is_not_live(counts: np.ndarray, pre: np.ndarray, weight: np.ndarray) -> None:
    live = synaptic_operations(counts, pre, weight)
    assert np.array_equal(live, synaptic_operations(counts, pre[weight > 0]))
    assert (live <= synaptic_operations(counts, pre)).all()


def test_the_ratio_on_identical_input() -> None:
    reservoir = build(ReservoirSpec(neurons=60), seed=2, channels=4)
    stimuli = PoissonEncoder(duration=200).fit_transform(np.eye(4))
    half = reservoir.replace(weight=np.where(np.arange(reservoir.synapses) % 2, reservoir.weight, 0.0))
    dense, pruned = (
        synaptic_operations(simulate(one, stimuli).spike_counts, one.pre, one.weight) for one in (reservoir, half)
    )
    assert operation_ratio(dense, pruned) == dense.sum() / pruned.sum() > 1
    assert operation_ratio(dense, dense) == 1


def test_published_energies() -> None:
    published = {"loihi": 23.6e-12, "truenorth": 26e-12, "spinnaker": 43e-9}
    published |= {"accumulate_45nm": 0.9e-12, "multiply_accumulate_45nm": 4.6e-12}
    assert dict(ENERGY_PER_OPERATION) == published
    assert energy([0.0, 1e12], "accumulate_45nm").tolist() == [0.0, 0.9]
    assert float(energy(10.0, 2e-12)) == 2e-11
    with pytest.raises(TypeError):
        ENERGY_PER_OPERATION["loihi"] = 0.0  # type: ignore[index]


def test_efficiency_needs_spikes() -> None:
    assert spike_efficiency(4.0, accuracy=0.8) == pytest.approx(0.2)
    assert spike_efficiency(4.0, nrmse=0.5) == pytest.approx(0.5)
    assert spike_efficiency(4.0, accuracy=0.0) == 0
    assert spike_efficiency(4.0, capacity=6.0) == pytest.approx(1.5)
    for score in ({"accuracy": 0.8}, {"nrmse": 0.5}, {"capacity": 2.0}):
        with pytest.warns(UndefinedWarning, match="no neuron spiked"):
            assert np.isnan(spike_efficiency(0.0, **score))
    with pytest.warns(UndefinedWarning, match="ratio is undefined"):
        assert np.isnan(operation_ratio([3.0], [0.0]))


def test_sparsity_with_and_without_the_readout() -> None:
    weight = np.arange(11.0)  # ten live links
    pruned = np.where(weight > 8, weight, 0.0)
    assert sparsity(weight, pruned) == pytest.approx(0.8)
    assert sparsity(weight, pruned[pruned > 0]) == pytest.approx(0.8)
    readout = np.ones((5, 2))
    assert sparsity(weight, pruned, readout=(readout, readout)) == pytest.approx(0.4)
    assert sparsity(weight, pruned, readout=(readout, readout[:2])) == pytest.approx(0.7)
    assert sparsity(weight, weight) == 0
    assert sparsity(weight, []) == 1


@pytest.mark.parametrize(
    ("function", "arguments", "options", "field"),
    [
        (synaptic_operations, ([1, 2], [2]), {}, "pre"),
        (synaptic_operations, ([1, 2], [-1]), {}, "pre"),
        (synaptic_operations, ([1, 2], [0.5]), {}, "pre[0]"),
        (synaptic_operations, ([1, np.nan], [0]), {}, "spike_counts"),
        (synaptic_operations, ([1, -2], [0]), {}, "spike_counts"),
        (synaptic_operations, (3.0, [0]), {}, "spike_counts"),
        (synaptic_operations, ([1, 2], [0, 1], [1.0]), {}, "weight"),
        (synaptic_operations, ([1, 2], [0, 1], [1.0, np.nan]), {}, "weight"),
        (operation_ratio, ([1.0, 2.0], [1.0]), {}, "pruned"),
        (operation_ratio, ([], []), {}, "pruned"),
        (operation_ratio, ([1.0], [np.inf]), {}, "pruned"),
        (operation_ratio, ([-1.0], [1.0]), {}, "dense"),
        (energy, (1.0, "loihi2"), {}, "per_operation"),
        (energy, (1.0, -1.0), {}, "per_operation"),
        (energy, (1.0, float("nan")), {}, "per_operation"),
        (energy, (-1.0,), {}, "operations"),
        (spike_efficiency, (1.0,), {}, "accuracy"),
        (spike_efficiency, (1.0,), {"accuracy": 0.5, "nrmse": 0.5}, "accuracy"),
        (spike_efficiency, (1.0,), {"capacity": 0.0, "nrmse": 0.5}, "accuracy"),
        (spike_efficiency, (1.0,), {"capacity": -0.1}, "capacity"),
        (spike_efficiency, (1.0,), {"accuracy": 1.5}, "accuracy"),
        (spike_efficiency, (1.0,), {"nrmse": 0.0}, "nrmse"),
        (spike_efficiency, (float("nan"),), {"nrmse": 0.5}, "spikes_per_neuron"),
        (spike_efficiency, (-1.0,), {"nrmse": 0.5}, "spikes_per_neuron"),
        (sparsity, ([0.0], [0.0]), {}, "dense"),
        (sparsity, ([1.0], [1.0, 1.0]), {}, "pruned"),
        (sparsity, ([np.nan], [1.0]), {}, "dense"),
    ],
)
def test_bad_input(function, arguments, options, field) -> None:
    with pytest.raises(InputError) as caught:
        function(*arguments, **options)
    assert caught.value.field == field
