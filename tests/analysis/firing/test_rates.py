"""Rates of trains that were counted by hand, and of none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrsnn import SpikeTrains
from hrsnn.analysis import firing_rates, mean_rate, silent_share


def test_counts_all_samples_over_their_own_durations():
    trains = SpikeTrains([1.0, 2.0, 3.0, 150.0], [0, 2, 0, 2], [0, 2, 4], n_channels=4, duration=[100.0, 300.0])
    np.testing.assert_allclose(firing_rates(trains), [5.0, 0.0, 5.0, 0.0])
    assert mean_rate(trains) == pytest.approx(2.5)
    assert silent_share(trains) == 0.5


@given(st.lists(st.integers(0, 4), max_size=50), st.floats(1, 1e4))
def test_sums(channels, duration):
    times = np.zeros(len(channels))
    trains = SpikeTrains(times, channels, [0, len(channels)], n_channels=5, duration=duration)
    assert mean_rate(trains) * 5 * duration / 1000 == pytest.approx(len(channels))
    assert silent_share(trains) == pytest.approx(1 - len(set(channels)) / 5)


def test_nothing_is_nan_but_silence_is_zero():
    silent = SpikeTrains([], [], [0, 0], n_channels=3, duration=10.0)
    np.testing.assert_array_equal(firing_rates(silent), np.zeros(3))
    assert silent_share(silent) == 1
    nothing = silent[:0]
    assert np.isnan(firing_rates(nothing)).all()
    assert np.isnan(mean_rate(nothing))
    assert np.isnan(silent_share(nothing))
