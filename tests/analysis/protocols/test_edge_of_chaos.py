"""The protocol around the spectrum: its controls, and the map from order to chaos."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import ReservoirSpec
from hrsnn.analysis import lyapunov_spectrum
from hrsnn.analysis.protocols import chaos, chaos_map
from hrsnn.analysis.protocols.edge_of_chaos import random_drive
from hrsnn.errors import InputError

SMALL = ReservoirSpec(neurons=60)


def test_spectrum_beside_the_neurons_alone():
    found = chaos(SMALL, seed=1, duration=600.0)
    assert found.spectrum.exponents.shape == found.uncoupled.exponents.shape == (180,)
    assert found.rates.mean_rate == found.spectrum.rate > 0
    assert found.rates.spikes_per_neuron == pytest.approx(found.spectrum.rate * 0.6)
    again = lyapunov_spectrum(found.reservoir, found.stimulus, seed=1)
    np.testing.assert_array_equal(again.exponents, found.spectrum.exponents)
    # without links the neurons keep to themselves: each block is its own spectrum
    alone = found.uncoupled
    assert alone.exponents.sum() == pytest.approx(alone.per_neuron_local.sum(), abs=1e-8)
    in_the_dark = chaos(SMALL, seed=1, duration=600.0, drive="none", count=2)
    assert in_the_dark.spectrum.exponents.shape == (2,)
    assert in_the_dark.spectrum.rate < found.spectrum.rate


def test_map_goes_from_order_to_chaos_and_does_not_depend_on_the_jobs():
    options = {"weight_scales": [0, 12.5], "length_scales": [1.5, 2], "seeds": [0, 1], "duration": 600.0}
    found = chaos_map(SMALL, **options)
    assert found.largest.shape == found.rate.shape == (2, 2, 2)
    assert (found.largest[:, 0] < 0).all()
    assert found.largest[:, 1].mean() > found.largest[:, 0].mean() + 5
    np.testing.assert_array_equal(found.largest[0, 0], found.largest[1, 0])  # without links their length is no matter
    assert ((found.silent_share >= 0) & (found.silent_share < 1)).all()
    assert (found.standard_error > 0).all()
    parallel = chaos_map(SMALL, **options, jobs=2)
    for name, value in vars(found).items():
        np.testing.assert_array_equal(getattr(parallel, name), value)


def test_a_point_without_spikes_has_no_exponent_of_active_neurons():
    quiet = chaos_map(ReservoirSpec(neurons=20, i_bias=-50), weight_scales=[5], length_scales=[2], duration=200.0)
    assert np.isnan(quiet.largest).all()
    assert (quiet.rate == 0).all()


def test_drive_is_the_same_in_every_channel_and_longer_ones_start_alike():
    short, long = random_drive(95.0, seed=3, channels=2), random_drive(200.0, seed=3)
    assert short.values.shape == (1, 5, 2)
    np.testing.assert_array_equal(short.values[0, :, 1], long.values[0, :5, 0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: chaos(SMALL, drive="noise"), "drive = 'noise': must be values or none"),
        (lambda: chaos(SMALL, duration=0), "duration = 0: must be positive"),
        (lambda: chaos(SMALL, count=181), "count = 181: must be at most 180"),
        (lambda: chaos(ReservoirSpec(neurons=10, adaptation=1)), "with adaptation"),
        (lambda: chaos_map(SMALL, weight_scales=[]), "weight_scales"),
        (lambda: chaos_map(SMALL, seeds=[]), "seeds"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()
