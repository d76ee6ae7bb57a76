"""Echo state networks that classify: their features one by one, their settings, and a task that needs memory."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import Currents, SpikeTrains
from hrsnn.analysis.forecasting.echo_state import EchoStateNetwork
from hrsnn.analysis.scoring.echo_state_classes import EchoStateFeatures, fit_echo_state_features, frames_of
from hrsnn.encoders.frames import window_means
from hrsnn.errors import InputError

SERIES = [np.random.default_rng(seed).normal(size=(length, 2)) for seed, length in enumerate((7, 3, 12, 1))]


def test_spikes_are_counted_in_bins_of_ten_milliseconds():
    trains = SpikeTrains([0.0, 9.9, 10.0, 24.0, 3.0], [0, 1, 1, 0, 2], [0, 4, 5], 3, [25.0, 4.0])
    first, second = frames_of(trains)
    assert first.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    assert second.tolist() == [[0, 0, 1]]


@pytest.mark.parametrize("windows", [5, 1, 0])
def test_features_are_those_of_each_sample_alone(windows):
    network = EchoStateNetwork(2, 15, seed=3, leak=0.4)
    features = EchoStateFeatures(network, 0.5, windows)(Currents.from_samples(SERIES, 10.0))
    states = [network(0.5 * one) for one in SERIES]
    wanted = window_means(states, windows) if windows else np.stack([one[-1] for one in states])
    assert features.reshape(len(SERIES), -1) == pytest.approx(wanted, abs=1e-12)


def test_settings_with_memory_are_chosen_where_the_task_needs_it():
    # the sign of the first of twelve values, by the state at the end: features of the last value alone are at chance
    values = np.random.default_rng(0).choice([-1.0, 1.0], size=(300, 12, 1))
    labels = values[:, 0, 0] > 0
    chosen = fit_echo_state_features(Currents(values, 10.0), labels, size=100, windows=0)
    features = chosen(Currents(values, 10.0))[:, 0]
    learned = np.linalg.lstsq(np.c_[features[:200], np.ones(200)], 2.0 * labels[:200] - 1, rcond=None)[0]
    assert np.mean((np.c_[features[200:], np.ones(100)] @ learned > 0) == labels[200:]) > 0.9
    again = fit_echo_state_features(Currents(values, 10.0), labels, size=100, windows=0)
    assert again(Currents(values[:5], 10.0))[:, 0] == pytest.approx(features[:5], abs=1e-9)  # rounding differs with shapes


def test_scale_of_the_input_does_not_matter():
    values, labels = np.random.default_rng(1).normal(size=(40, 5, 2)), np.arange(40) % 2
    one, other = (
        fit_echo_state_features(Currents(k * values, 10.0), labels, size=10)(Currents(k * values, 10.0)) for k in (1, 8)
    )
    assert one == pytest.approx(other, abs=1e-12)


def test_silent_input_and_bad_sizes():
    silent, labels = SpikeTrains([], [], [0] * 21, 2, 50.0), np.arange(20) % 2
    features = fit_echo_state_features(silent, labels, size=5)(silent)
    assert np.ptp(features, axis=0) == pytest.approx(0, abs=1e-12)
    with pytest.raises(InputError, match="size"):
        fit_echo_state_features(silent, labels, size=0)
