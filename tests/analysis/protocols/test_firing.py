"""The protocol of population measures: the same numbers as its parts, and honest where there is nothing to measure."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import Currents, PoissonEncoder, ReservoirSpec, SpikeTrains, build, simulate
from hrsnn.analysis import (
    UndefinedWarning,
    binned_counts,
    branching_parameter,
    fano_factor,
    interval_variation,
    mean_currents,
    operation_ratio,
    synaptic_operations,
    synchrony,
)
from hrsnn.analysis.figures.firing import firing_statistics
from hrsnn.analysis.protocols import measure
from hrsnn.errors import InputError

SPEC = ReservoirSpec(neurons=60)
U = Currents(np.random.default_rng(0).uniform(-1, 1, (1, 150, 1)), dt=20.0)
IMAGES = PoissonEncoder(peak_rate=200.0, duration=100.0).fit_transform(np.eye(12))


def test_is_its_parts() -> None:
    found = measure(U, SPEC, seed=4, window=250.0)
    reservoir = build(SPEC, seed=4)
    activity = simulate(reservoir, U, seed=4)
    assert found.activity.spikes.equals(activity.spikes)
    np.testing.assert_array_equal(found.firing.interval_variations, interval_variation(activity.spikes))
    np.testing.assert_array_equal(found.firing.fano_factors, fano_factor(binned_counts(activity.spikes, 250.0)))
    assert found.firing.synchrony == synchrony(binned_counts(activity.spikes, 5.0))
    assert found.firing.branching is not None
    counts = binned_counts(activity.spikes, 4.0).sum(axis=1)
    # 750 bins: 37 lags leave ten blocks of twice as many
    assert found.firing.branching.parameter == pytest.approx(branching_parameter(counts, lags=37).parameter)
    operations = synaptic_operations(activity.spike_counts, reservoir.pre)
    assert found.operations == operations.sum()
    assert found.operations_a_second == pytest.approx(operations.sum() / 3.0)
    assert found.energies["truenorth"] == pytest.approx(26e-12 * found.operations)
    assert found.input_operations == 0
    assert found.currents is not None
    np.testing.assert_allclose(found.currents.inhibitory, mean_currents(reservoir, activity.rates).inhibitory)
    rates = activity.rates
    assert found.excitatory_rate == pytest.approx(rates[reservoir.is_excitatory].mean())
    assert found.firing.rates.mean == pytest.approx(found.rates.mean_rate)


@pytest.mark.filterwarnings("ignore::hrsnn.analysis.UndefinedWarning")
def test_spikes_of_the_input_cost_operations_too() -> None:
    found = measure(IMAGES, SPEC, seed=4)
    fan_out = np.bincount(found.reservoir.input_channel, minlength=12)
    assert found.input_operations == pytest.approx((IMAGES.counts()[:, 0] @ fan_out).mean())
    assert found.currents is not None
    assert found.currents.input.any()
    # 12 stimuli of 25 bins, the mean over the stimuli subtracted
    assert found.firing.branching is not None
    assert len(found.firing.branching.slopes) == 12


@pytest.mark.filterwarnings("ignore::hrsnn.analysis.UndefinedWarning")
def test_a_pruned_reservoir_on_the_same_input() -> None:
    dense = measure(IMAGES, SPEC, seed=4)
    weight = dense.reservoir.weight
    pruned = measure(IMAGES, dense.reservoir.replace(weight=np.where(weight > np.median(weight), weight, 0.0)), seed=4)
    live = np.bincount(pruned.reservoir.pre[pruned.reservoir.weight > 0], minlength=60)
    assert pruned.operations == pytest.approx((pruned.activity.spike_counts @ live).mean())
    assert operation_ratio(dense.operations, pruned.operations) > 1.5


@pytest.mark.filterwarnings("ignore::hrsnn.analysis.UndefinedWarning")
@pytest.mark.parametrize("stimulus", [IMAGES[:1], IMAGES.time_slice(0.0, 4.0)])
def test_too_little_for_a_branching_parameter_is_none(stimulus) -> None:
    assert measure(stimulus, SPEC).firing.branching is None


@pytest.mark.filterwarnings("ignore::hrsnn.analysis.UndefinedWarning")
def test_stimuli_that_differ_in_length() -> None:
    random = np.random.default_rng(1)
    lengths = np.linspace(120.0, 300.0, 14)
    samples = [(np.sort(random.uniform(0, length, 60)), random.integers(0, 5, 60)) for length in lengths]
    found = measure(SpikeTrains.from_samples(samples, 5, lengths), SPEC, window=120.0)
    numbers = [found.firing.interval_variation, found.firing.fano_factor, found.firing.synchrony]
    assert np.isfinite(numbers).all()
    # up to the end of the shortest, 30 bins
    assert found.firing.branching is not None
    assert len(found.firing.branching.slopes) == 15


def test_short_term_plasticity_has_no_mean_currents() -> None:
    with pytest.warns(UndefinedWarning, match="short-term plasticity"):
        assert measure(U, SPEC.updated({"short_term_plasticity": True})).currents is None


def test_a_silent_reservoir_is_nan_with_warnings() -> None:
    silent = SPEC.updated({"i_bias": 0, "v_start": 0, "input_gain": 0.0})
    with pytest.warns(UndefinedWarning):
        found = measure(U, silent)
    assert found.operations == found.energies["loihi"] == 0
    assert found.firing.rates.silent_share == 1
    numbers = [found.firing.interval_variation, found.firing.fano_factor, found.firing.synchrony]
    assert np.isnan(numbers).all()


@pytest.mark.parametrize(
    ("arguments", "options", "field"),
    [((U, "spec"), {}, "network"), ((U, SPEC), {"window": 0.0}, "window"), ((U, SPEC), {"seed": -1}, "seed")],
)
def test_bad_input(arguments, options, field: str) -> None:
    with pytest.raises(InputError) as caught:
        measure(*arguments, **options)
    assert caught.value.field == field


def test_the_figure_shows_every_neuron_once() -> None:
    random = np.random.default_rng(0)
    excitatory = np.arange(50) % 5 > 0
    variation = np.where(np.arange(50) < 5, np.nan, random.uniform(0.2, 0.9, 50))
    figure = firing_statistics(
        random.gamma(2, 5, 50), variation, excitatory, random.uniform(0, 400, 300), random.integers(0, 50, 300), 200.0
    )
    rates, intervals, time = figure.axes
    for axes in (rates, intervals):
        for steps in axes.patches:
            assert steps.get_data().values.sum() == pytest.approx(100)
    assert intervals.get_xlim()[1] >= 1.05  # where the Poisson line is
    assert time.get_xlim() == (0, 200)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"rates": [1.0]}, "rates"), ({"is_excitatory": [True]}, "rates"), ({"duration": 0.0}, "duration")],
)
def test_bad_figures(change, field: str) -> None:
    given = {"rates": [1.0, 2.0], "interval_variations": [0.5, 0.5], "is_excitatory": [True, False]}
    with pytest.raises(InputError) as caught:
        firing_statistics(**{**given, "times": [], "neurons": [], "duration": 10.0, **change})
    assert caught.value.field == field
