"""Background spikes: Poisson, addressed by key, the same whatever else is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hrsnn.engines.background import background_spikes, repeat_pattern


def test_counts_and_intervals_are_poisson():
    rate = np.repeat([0.0, 5.0, 50.0], 400)
    times, neurons = background_spikes(3, 1, rate, 1000.0)
    counts = np.bincount(neurons, minlength=1200)
    assert counts[:400].sum() == 0
    for here, mean in ((slice(400, 800), 5), (slice(800, 1200), 50)):
        assert counts[here].mean() == pytest.approx(mean, abs=5 * np.sqrt(mean / 400))
        assert counts[here].var() == pytest.approx(mean, rel=0.35)
    first = times[neurons == 900]
    assert (np.diff(first) > 0).all()
    gaps = np.concatenate([np.diff(times[neurons == i]) for i in range(800, 1200)])
    assert stats.kstest(gaps[:3000], "expon", args=(0, 20.0)).pvalue > 1e-4
    assert (np.diff(times) >= 0).all()
    assert times.max() < 1000
    assert (times.dtype, neurons.dtype) == (np.float64, np.int32)


@given(
    seed=st.integers(0, 2**70),
    stimulus=st.integers(0, 1000),
    rates=st.lists(st.one_of(st.just(0.0), st.floats(1e-3, 2000)), min_size=1, max_size=6),
    durations=st.tuples(st.floats(0.1, 300), st.floats(0.1, 3000)),
)
def test_a_neurons_spikes_depend_on_its_key_alone(seed, stimulus, rates, durations):
    """Neither on how long is asked for, nor on who else is there."""
    short, long = sorted(durations)
    times, neurons = background_spikes(seed, stimulus, np.array(rates), long)
    some_times, some_neurons = background_spikes(seed, stimulus, np.array(rates), short)
    np.testing.assert_array_equal(times[times < short], some_times)
    np.testing.assert_array_equal(neurons[times < short], some_neurons)
    alone = np.zeros(len(rates))
    alone[-1] = rates[-1]
    np.testing.assert_array_equal(background_spikes(seed, stimulus, alone, long)[0], times[neurons == len(rates) - 1])


def test_seed_and_stimulus_make_other_spikes():
    rate = np.full(20, 50.0)
    one = background_spikes(0, 0, rate, 500.0)[0]
    for seed, stimulus in ((0, 1), (1, 0)):
        assert len(np.intersect1d(one, background_spikes(seed, stimulus, rate, 500.0)[0])) == 0


def test_blocks_of_neurons_change_nothing(monkeypatch):
    rate = np.linspace(0, 300, 50)
    whole = background_spikes(0, 0, rate, 400.0)
    monkeypatch.setattr("hrsnn.engines.background._BLOCK", 7)
    parts = background_spikes(0, 0, rate, 400.0)
    np.testing.assert_array_equal(whole[0], parts[0])
    np.testing.assert_array_equal(whole[1], parts[1])


def test_a_period_repeats_until_the_end():
    times, neurons = repeat_pattern(np.array([1.0, 6.0]), np.array([4, 2]), 10.0, 25.0)
    assert times.tolist() == [1.0, 6.0, 11.0, 16.0, 21.0]
    assert neurons.tolist() == [4, 2, 4, 2, 4]


def test_rounding_does_not_depend_on_how_many_are_drawn_at_once():
    """Among many neurons some need a second round of draws; where it begins depends on the duration asked for."""
    rate = np.full(256, 100.0)
    for seed in range(30):
        times, neurons = background_spikes(seed, 0, rate, 900.0)
        some_times, some_neurons = background_spikes(seed, 0, rate, 500.0)
        np.testing.assert_array_equal(times[times < 500], some_times)
        np.testing.assert_array_equal(neurons[times < 500], some_neurons)
