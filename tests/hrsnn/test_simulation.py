"""`simulate`: what it records, and what it refuses. That the numbers are right is the business of test_conformance.py."""

from __future__ import annotations

import brian2
import numpy as np
import pytest

from hrsnn import Currents, DivergenceError, InputError, ReservoirSpec, SpikeTrains, build, simulate

ENGINE = "brian2-numpy"
SPEC = ReservoirSpec(neurons=20, i_bias=16)
RESERVOIR = build(SPEC, seed=1, channels=2)
STIMULUS = Currents(np.random.default_rng(0).normal(size=(3, 4, 2)), 10.0)
TRAINS = SpikeTrains([1.0, 2.0, 1.0], [0, 1, 1], [0, 2, 3], n_channels=2, duration=[40.0, 20.0])


def test_everything_at_once_agrees_with_the_spikes():
    times, edges = [10.0, 25.0, 40.0], [0.0, 7.0, 20.5, 50.0]
    a = simulate(
        RESERVOIR,
        STIMULUS,
        engine=ENGINE,
        record=("spikes", "counts", "states", "v"),
        sample_times=times,
        windows=edges,
        blank=10,
        tau_state=8,
    )
    assert a.spike_count > 20
    assert a.durations.tolist() == [50.0] * 3
    assert a.counts.shape == (3, 3, 20)
    assert a.states.shape == a.v.shape == (3, 3, 20)
    np.testing.assert_array_equal(a.counts.sum(axis=1), a.spike_counts)
    np.testing.assert_array_equal(a.spike_counts, a.spikes.counts()[:, 0])
    assert a.rates.sum() == pytest.approx(a.spike_count / 0.15)
    for k in range(3):
        t, who = a.spikes.sample(k)
        assert ((t * 2) % 1 == 0).all()
        for w in range(3):
            inside = (t >= edges[w]) & (t < edges[w + 1])
            np.testing.assert_array_equal(a.counts[k, w], np.bincount(who[inside], minlength=20))
        for m, moment in enumerate(times):
            before = t < moment
            wanted = np.bincount(who[before], np.exp(-(moment - t[before]) / 8), minlength=20)
            np.testing.assert_allclose(a.states[k, m], wanted, rtol=1e-9, atol=1e-12)


def test_windows_and_states_default_to_each_stimulus_own_end():
    a = simulate(RESERVOIR, TRAINS, engine=ENGINE, record=("spikes", "counts", "states", "v"), windows=2, blank=5)
    assert a.durations.tolist() == [45.0, 25.0]
    for k, duration in enumerate((40.0, 20.0)):
        t, who = a.spikes.sample(k)
        first = np.bincount(who[t < duration / 2], minlength=20)
        np.testing.assert_array_equal(a.counts[k, 0], first)
        assert a.counts[k].sum() == (t < duration).sum()  # the blank is not in any window
        early = t < duration
        np.testing.assert_allclose(
            a.states[k, 0], np.bincount(who[early], np.exp(-(duration - t[early]) / 20), minlength=20), rtol=1e-9
        )
    assert a.states.shape == (2, 1, 20)


def test_v_at_a_time_is_that_of_a_run_that_ends_there():
    whole = simulate(RESERVOIR, STIMULUS, engine=ENGINE, record="v", sample_times=[10.0, 20.0, 40.0]).v
    short = simulate(RESERVOIR, Currents(STIMULUS.values[:, :2], 10.0), engine=ENGINE, record="v").v
    np.testing.assert_array_equal(whole[:, 1], short[:, 0])


@pytest.mark.parametrize("name", ["spikes", "counts", "states", "v"])
def test_what_was_not_recorded_says_how_to_record_it(name):
    a = simulate(RESERVOIR, TRAINS, engine=ENGINE, record=())
    with pytest.raises(InputError, match=rf"record = \"without '{name}'\": simulate\(..., record=\('{name}', ...\)\)"):
        getattr(a, name)
    assert a.spike_count == a.spike_counts.sum()


def test_background_seed_and_silence():
    noisy = build(SPEC.updated({"background_rate": 100, "i_bias": 0, "background_weight": 60}), 1, 2)
    runs = [simulate(noisy, STIMULUS, engine=ENGINE, seed=seed) for seed in (0, 0, 1)]
    assert runs[0].spike_count > 0
    assert runs[0].spikes.equals(runs[1].spikes)
    assert not runs[0].spikes.equals(runs[2].spikes)
    quiet = simulate(build(SPEC.updated({"i_bias": 0, "v_start": 0}), 1, 2), TRAINS[:1], engine=ENGINE, windows=2)
    assert quiet.spike_count == 0


def test_a_run_without_one_spike_records_zeros():
    quiet = build(SPEC.updated({"i_bias": 0, "v_start": 0, "input_weight": 0}), 1, 2)
    a = simulate(quiet, TRAINS, engine=ENGINE, record=("spikes", "counts", "states"), plastic=True)
    assert len(a.spikes.times) == 0
    assert a.spikes.shape == (2, 20)
    assert not a.counts.any()
    assert not a.states.any()


def test_a_stimulus_without_spikes_and_one_shorter_than_a_step():
    empty = SpikeTrains([], [], [0, 0, 0], n_channels=2, duration=[0.1, 30.0])
    a = simulate(RESERVOIR, empty, engine=ENGINE)
    assert a.durations.tolist() == [0.5, 30.0]


def test_brian2_times_are_taken():
    ms = brian2.ms
    with_units = {"sample_times": np.array([10, 20]) * ms, "blank": 5 * ms, "tau_state": 0.01 * brian2.second}
    plain = {"sample_times": [10, 20], "blank": 5, "tau_state": 10}
    one, two = (simulate(RESERVOIR, STIMULUS, engine=ENGINE, record="states", **o) for o in (with_units, plain))
    np.testing.assert_array_equal(one.states, two.states)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stimulus": np.zeros((2, 2))}, r"stimulus = .*: must be SpikeTrains or Currents"),
        ({"stimulus": STIMULUS[:0]}, r"stimulus = .*: must hold at least one sample"),
        ({"stimulus": Currents(np.zeros((1, 1, 3)), 1.0)}, r"stimulus = '3 channels': the reservoir has 2"),
        ({"engine": "nestor"}, r"engine = 'nestor': did you mean 'nest'\? must be one of auto, balanced, brian2"),
        ({"record": ("spikes", "u")}, r"record = 'u': must be of spikes, counts, states, v"),
        ({"blank": -1}, r"blank = -1: must be 0 or more"),
        ({"blank": "long"}, r"blank = 'long': must be a number \(ms\)"),
        ({"blank": np.nan}, r"blank = nan"),
        ({"blank": 3 * brian2.mV}, r"blank = .*must be a quantity in ms"),
        ({"tau_state": 0}, r"tau_state = 0: must be positive"),
        ({"tau_state": None}, r"tau_state = None: must be a number \(ms\)"),
        ({"sample_times": [0.0]}, r"sample_times = .*: must lie in \(0, 40\] ms, the shortest stimulus"),
        ({"sample_times": [41.0]}, r"sample_times = .*: must lie in \(0, 40\] ms"),
        ({"sample_times": [2.0, 1.0]}, r"sample_times = .*: must be a list of ascending finite times"),
        ({"sample_times": []}, r"sample_times = .*: must be a list of ascending finite times"),
        ({"sample_times": ["soon"]}, r"sample_times = .*: must be"),
        ({"sample_times": 3.0}, r"sample_times = .*: must"),
        ({"windows": 0}, r"windows = 0: must be at least 1"),
        ({"windows": 2.5}, r"windows = 2.5: must"),
        ({"windows": True}, r"windows = True: must"),
        ({"windows": [3.0]}, r"windows = \[3.0\]: must be a number of windows, or ascending edges"),
        ({"windows": [-1.0, 3.0]}, r"windows = .*ascending edges from 0 ms on"),
        ({"windows": [3.0, 1.0]}, r"windows = .*ascending edges"),
        ({"windows": ["a", "b"]}, r"windows = .*must"),
        ({"seed": -1}, r"seed = -1: must be a whole number >= 0"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(InputError, match=message):
        simulate(**{"reservoir": RESERVOIR, "stimulus": STIMULUS, "engine": ENGINE, **options})


@pytest.mark.parametrize(
    ("values", "stimulus"),
    [
        ({"v_rest": 1e308, "i_bias": 1e308}, TRAINS),
        ({"background_rate": 5000, "background_weight": 1e308}, TRAINS),
        ({}, Currents(np.full((2, 1, 2), 1.7e308), 20.0)),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_absurd_numbers_end_in_a_divergence_error(values, stimulus):
    reservoir = build(SPEC.updated(values), seed=1, channels=2)
    with pytest.raises(DivergenceError, match="stimulus 0: v or a current is no longer finite"):
        simulate(reservoir, stimulus, engine=ENGINE)
    assert simulate(RESERVOIR, TRAINS, engine=ENGINE).spike_count > 0  # the process is still good


def test_a_number_of_sample_times_is_the_ends_of_each_stimulus_own_windows():
    reservoir = build(ReservoirSpec(neurons=20), seed=1, channels=2)
    trains = SpikeTrains.from_samples([([3.0, 8.0], [0, 1]), ([3.0, 8.0, 30.0], [0, 1, 0])], 2, [20.0, 50.0])
    both = simulate(reservoir, trains, record=("states", "v"), sample_times=2)
    assert both.sample_times.tolist() == [[10.0, 20.0], [25.0, 50.0]]
    for index, times in enumerate(both.sample_times):
        alone = simulate(reservoir, trains[index], record=("states", "v"), sample_times=times)
        np.testing.assert_array_equal(alone.states[0], both.states[index])
        np.testing.assert_array_equal(alone.v[0], both.v[index])
    ends = simulate(reservoir, trains, record="v")
    np.testing.assert_array_equal(ends.v[:, 0], both.v[:, 1])
