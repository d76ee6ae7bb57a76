"""Stimuli on the time grid."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import Currents, InputError, ReservoirSpec, SpikeTrains, build
from hrsnn.engines.batch import Batch
from hrsnn.engines.watched import Watched


def batch(stimulus, blank=0.0, v_times=None, record_v=False, seed=0, **spec):
    reservoir = build(ReservoirSpec.preset("dense", neurons=6, **spec), seed=0, channels=stimulus.n_channels)
    watched = Watched(np.arange(6), v=True) if record_v else None
    return Batch(reservoir, stimulus, blank, seed, v_times, watched=watched)


def test_spikes_fall_into_their_step_and_equal_ones_are_counted():
    trains = SpikeTrains([0.0, 0.49, 0.5, 0.6, 9.99], [1, 1, 0, 1, 2], [0, 5], n_channels=3, duration=10.0)
    p = batch(trains, blank=5.0).presentation(0)
    assert p.n_steps == 30
    assert p.spike_step.tolist() == [0, 1, 1, 19]
    assert p.spike_channel.tolist() == [1, 0, 1, 2]
    assert p.spike_count.tolist() == [2, 1, 1, 1]
    assert p.drive_step.size == p.background_step.size == p.v_step.size == 0


@pytest.mark.parametrize("together", [1, 3, 2**16])
def test_stimuli_that_are_put_on_the_grid_together_are_those_alone(monkeypatch, together):
    monkeypatch.setattr("hrsnn.engines.batch._TOGETHER", together)
    rng = np.random.default_rng(0)
    numbers, lengths = [0, 4, 0, 9, 1, 0], [8.0, 3.2, 0.3, 10.0, 5.0, 1.0]
    samples = [
        (np.sort(rng.uniform(0, length, many)), rng.integers(0, 2, many))
        for many, length in zip(numbers, lengths, strict=True)
    ]
    together_ = batch(SpikeTrains.from_samples(samples, 2, lengths))
    for index in (3, 0, 5, 1, 4, 2, 3):
        p = together_.presentation(index)
        steps, channels = np.floor(samples[index][0] / 0.5).astype(int), samples[index][1]
        events = sorted(set(zip(steps.tolist(), channels.tolist(), strict=True)))
        assert list(zip(p.spike_step.tolist(), p.spike_channel.tolist(), strict=True)) == events
        assert p.spike_count.tolist() == [((steps == step) & (channels == channel)).sum() for step, channel in events]


def test_a_spike_never_falls_into_the_blank():
    trains = SpikeTrains([10.2 - 1e-12], [0], [0, 1], n_channels=1, duration=10.2)
    p = batch(trains, blank=20.0).presentation(0)
    assert p.spike_step.tolist() == [20]
    assert p.n_steps == 61


def test_a_value_holds_from_the_first_step_at_or_after_its_start():
    stimulus = Currents([[[1.0], [2.0], [3.0]]], 0.7)
    p = batch(stimulus, blank=1.0, input_fraction=1, input_gain=1).presentation(0)
    assert p.n_steps == 7
    assert p.drive_step.tolist() == [0, 2, 3, 5]  # 0, 0.7 and 1.4 ms; nothing from 2.5 ms on
    assert p.drive[:, 0].tolist() == [1, 2, 3, 0]


def test_values_shorter_than_a_step_may_never_be_seen():
    p = batch(Currents([[[float(k)] for k in range(10)]], 0.2), input_fraction=1, input_gain=1).presentation(0)
    assert p.n_steps == 4
    assert p.drive[:, 0].tolist() == [0, 2, 5, 7]  # those in force at 0, 0.5, 1 and 1.5 ms
    assert p.drive_step.tolist() == [0, 1, 2, 3]


def test_drive_sums_the_gains_of_a_neurons_channels():
    rng = np.random.default_rng(0)
    stimulus = Currents(rng.normal(size=(2, 3, 5)), 1.0)
    b = batch(stimulus, input_fraction=0.7, input_probability=0.6)
    r = b._network
    gain = np.zeros((6, 5))
    gain[r.input_post, r.input_channel] = r.input_gain
    np.testing.assert_allclose(b.presentation(1).drive, stimulus.values[1] @ gain.T, rtol=1e-12)


def test_v_is_recorded_after_the_step_that_ends_at_the_time():
    stimulus = Currents(np.zeros((1, 1, 1)), 10.0)
    times = [np.array([0.2, 0.5, 4.0, 10.0])]
    assert batch(stimulus, 3.0, times, True).presentation(0).v_step.tolist() == [0, 0, 7, 19]


def test_background_is_keyed_by_stimulus_unless_frozen():
    stimulus = Currents(np.zeros((3, 5, 1)), 10.0)
    for frozen in (False, True):
        b = batch(stimulus, background_rate=200, background_frozen=frozen)
        zero, one = b.presentation(0), b.presentation(1)
        assert np.array_equal(zero.background_step, one.background_step) is frozen
        key = zero.background_step * 6 + zero.background_neuron
        assert (np.diff(key) > 0).all()
        # frozen: the same noise at each value, which are 20 steps apart
        parts = [set((key[(key // 6) // 20 == k] - 120 * k).tolist()) for k in range(5)]
        assert all(part == parts[0] for part in parts) is frozen
        assert frozen or len(key) == pytest.approx(200 * 0.05 * 6, abs=30)
    other = batch(stimulus, background_rate=200, seed=1).presentation(0)
    assert not np.array_equal(other.background_step, batch(stimulus, background_rate=200).presentation(0).background_step)


def test_channels_must_match():
    reservoir = build(ReservoirSpec.preset("dense", neurons=6), channels=2)
    with pytest.raises(InputError, match=r"stimulus = '3 channels': the reservoir has 2: build\(spec, seed, channels=3\)"):
        Batch(reservoir, Currents(np.zeros((1, 1, 3)), 1.0), 0.0, 0, None)
