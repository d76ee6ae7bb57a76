"""What each encoder sends."""

from __future__ import annotations

import numpy as np
import pytest
from encoder_inputs import EQUAL_SERIES, RANDOM, ROWS, SERIES
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from hrsnn.encoders import (
    CurrentEncoder,
    LatencyEncoder,
    LevelCrossingEncoder,
    PoissonEncoder,
    ReceptiveFieldEncoder,
    TemporalDifferenceEncoder,
)
from hrsnn.errors import InputError


class TestPoisson:
    def test_counts_are_poisson_and_times_uniform(self):
        """4000 different rows of the same value: counts by chi square, times by Kolmogorov-Smirnov."""
        X = np.full((4000, 2), 0.5)
        X[:, 1] = np.linspace(0.0, 1.0, 4000)  # makes the rows differ, and their noise with them
        trains = PoissonEncoder(peak_rate=200.0, duration=60.0).fit_transform(X)
        counts = trains.counts()[:, 0, 0]
        expected = 4000 * stats.poisson(6.0).pmf(np.arange(1, 13))
        observed = np.bincount(counts, minlength=13)[1:13]
        assert np.sum((observed - expected) ** 2 / expected) < stats.chi2(12).isf(1e-4)
        times = trains.times[trains.channels == 0]
        assert stats.kstest(times / 60.0, "uniform").pvalue > 1e-4

    def test_rate_follows_the_training_range_and_is_clipped(self):
        encoder = PoissonEncoder(peak_rate=100.0, duration=100_000.0).fit([[2.0, 4.0]])
        counts = encoder.transform([[3.0, 2.0], [9.0, -9.0]]).counts()[:, 0]
        assert counts[0, 1] == counts[1, 1] == 0
        assert counts[0, 0] == pytest.approx(5000, abs=5 * np.sqrt(5000))
        assert counts[1, 0] == pytest.approx(10_000, abs=500)

    @pytest.mark.parametrize(
        ("scale", "low", "high"), [("global", [0, 0], [8, 8]), ("channel", [0, 4], [1, 8]), ("none", [0, 0], [1, 1])]
    )
    def test_scales(self, scale, low, high):
        encoder = PoissonEncoder(scale=scale).fit([[0.0, 8.0], [1.0, 4.0]])
        assert encoder.low_.tolist() == low
        assert encoder.high_.tolist() == high

    def test_the_rate_of_a_series_changes_row_by_row(self):
        series = np.zeros((4, 1))
        series[2] = 1.0
        trains = PoissonEncoder(peak_rate=1000.0, dt=50.0, scale="none").fit_transform([series])
        assert trains.durations.tolist() == [200.0]
        counts = trains.counts(4).ravel()
        assert counts[[0, 1, 3]].tolist() == [0, 0, 0]
        assert counts[2] == pytest.approx(50, abs=35)

    def test_noise_depends_on_the_seed_and_the_row(self):
        X = np.array([[0.9, 0.9], [0.9, 0.9], [0.0, 0.9]])
        trains = PoissonEncoder(scale="none").fit_transform(X)
        assert trains[0].equals(trains[1])
        second = trains.channels == 1
        assert not np.array_equal(trains.times[second & (trains.times < 100)][:5], trains.sample(2)[0][:5])
        assert not PoissonEncoder(scale="none", seed=1).fit_transform(X).equals(trains)
        assert (
            PoissonEncoder(scale="none").fit_transform(-0.0 * X).equals(PoissonEncoder(scale="none").fit_transform(0.0 * X))
        )


class TestLatency:
    def test_linear_times(self):
        trains = LatencyEncoder(duration=80.0, threshold=0.2).fit_transform([[0.0, 10.0, 6.0, 2.0, 2.1]])
        assert trains.channels.tolist() == [1, 2, 4]
        assert trains.times == pytest.approx([0.0, 80 * 0.4 / 0.8, 80 * 0.79 / 0.8])

    def test_log_times_are_even_in_the_ratio(self):
        trains = LatencyEncoder(duration=60.0, threshold=0.001, curve="log", scale="none").fit_transform(
            [[1.0, 0.1, 0.01, 0.001]]
        )
        assert trains.channels.tolist() == [0, 1, 2]
        assert trains.times == pytest.approx([0.0, 20.0, 40.0])

    @given(hnp.arrays(float, (3, 4), elements=st.integers(-99, 99)), st.sampled_from(["linear", "log"]))
    def test_larger_is_never_later(self, X, curve):
        trains = LatencyEncoder(threshold=0.1, curve=curve).fit_transform(X)
        for row in range(3):
            times, channels = trains.sample(row)
            assert len(set(channels.tolist())) == len(channels)
            assert np.all(np.diff(X[row, channels]) <= 0)
            silent = np.setdiff1d(np.arange(4), channels)
            assert len(times) == 0 or len(silent) == 0 or X[row, silent].max() <= X[row, channels].min()


def crossings_by_hand(x: np.ndarray, delta: float, dt: float) -> list[tuple[float, int]]:
    """Send-on-delta as it is told: one spike at a time, one feature at a time."""
    found = []
    for feature in range(x.shape[1]):
        level = 0
        for row in range(1, len(x)):
            sent = []
            while x[row, feature] - (x[0, feature] + level * delta) >= delta * (1 - 1e-9):
                level += 1
                sent.append(feature)
            while (x[0, feature] + level * delta) - x[row, feature] >= delta * (1 - 1e-9):
                level -= 1
                sent.append(x.shape[1] + feature)
            found += [((row + (j + 0.5) / len(sent)) * dt, channel) for j, channel in enumerate(sent)]
    return sorted((round(time, 6), channel) for time, channel in found)


class TestLevelCrossing:
    # multiples of 1/64 are exact: no crossing is decided by rounding
    @given(
        hnp.arrays(int, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.integers(0, 64)),
        st.sampled_from([1 / 64, 4 / 64, 10 / 64, 0.25]),
    )
    def test_agrees_with_send_on_delta_by_hand(self, whole, delta):
        x = whole / 64
        trains = LevelCrossingEncoder(delta=delta, dt=10.0, scale="none").fit_transform([x])
        by_hand = crossings_by_hand(x, delta, 10.0)
        order = np.lexsort((trains.channels, trains.times.round(6)))
        assert trains.channels[order].tolist() == [channel for _, channel in by_hand]
        assert trains.times[order] == pytest.approx([time for time, _ in by_hand])
        assert trains.durations.tolist() == [10.0 * len(x)]

    @given(hnp.arrays(float, st.tuples(st.integers(1, 30), st.just(2)), elements=st.floats(0, 1)))
    def test_the_signal_is_known_to_within_delta(self, x):
        delta = 0.05
        trains = LevelCrossingEncoder(delta=delta, dt=1.0, scale="none").fit_transform([x])
        counts = trains.to_dense(1.0)[0].astype(int)
        rebuilt = x[0] + delta * np.cumsum(counts[:, :2] - counts[:, 2:], axis=0)
        assert np.all(np.abs(rebuilt - x) <= delta * (1 + 1e-6))

    def test_levels_are_shares_of_the_training_range(self):
        train, test = np.array([[0.0, 0.0], [10.0, 100.0]]), np.array([[0.0, 0.0], [10.0, 10.0], [99.0, 10.0]])
        counts = LevelCrossingEncoder(delta=0.1, scale="channel").fit([train]).transform([test]).counts()
        assert counts.ravel().tolist() == [10, 1, 0, 0]
        counts = LevelCrossingEncoder(delta=0.1, scale="global").fit([train]).transform([test]).counts()
        assert counts.ravel().tolist() == [9, 1, 0, 0]  # 99 of 100, and 10 of 100

    def test_a_constant_is_silent_and_rows_are_refused(self):
        assert LevelCrossingEncoder().fit_transform([np.full((5, 2), 3.0)]).n_spikes == 0
        with pytest.raises(InputError, match="list of arrays"):
            LevelCrossingEncoder().fit(ROWS)


class TestTemporalDifference:
    # multiples of 1/64 are exact: no difference is decided by rounding
    @given(
        hnp.arrays(int, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.integers(0, 64)),
        st.sampled_from([1 / 64, 4 / 64, 10 / 64, 0.25]),
    )
    def test_counts_are_the_whole_thresholds_between_adjacent_frames(self, whole, threshold):
        video = whole / 64
        trains = TemporalDifferenceEncoder(threshold, dt=8.0, scale="none").fit_transform([video])
        assert trains.durations.tolist() == [8.0 * len(video)]
        counts = trains.to_dense(8.0)[0].astype(int)
        difference = np.diff(video, axis=0, prepend=video[:1])
        pixels = video.shape[1]
        assert np.array_equal(counts[:, :pixels], np.floor(np.maximum(difference, 0) / threshold))
        assert np.array_equal(counts[:, pixels:], np.floor(np.maximum(-difference, 0) / threshold))

    def test_slow_changes_send_nothing_where_level_crossings_do(self):
        ramp = np.linspace(0, 1, 101)[:, np.newaxis]
        assert TemporalDifferenceEncoder(0.05).fit_transform([ramp]).n_spikes == 0
        assert LevelCrossingEncoder(0.05).fit_transform([ramp]).n_spikes == 20

    def test_frames_are_read_row_by_row(self):
        videos = RANDOM.uniform(size=(3, 5, 2, 4))  # videos, frames, height, width
        flat = TemporalDifferenceEncoder().fit_transform(videos.reshape(3, 5, 8))
        assert flat.n_channels == 16
        assert TemporalDifferenceEncoder().fit_transform(videos).equals(flat)
        assert TemporalDifferenceEncoder().fit_transform(list(videos)).equals(flat)

    def test_one_image_is_no_video(self):
        with pytest.raises(InputError, match="list of videos"):
            TemporalDifferenceEncoder().fit(ROWS)


class TestReceptiveFields:
    def test_the_nearest_fields_answer_first_and_as_bohte_places_them(self):
        encoder = ReceptiveFieldEncoder(fields=6, threshold=0.0, duration=1000.0, scale="none").fit(ROWS[:, :1])
        # Bohte 2002: mu_i = (2 i - 3) / 2 / (M - 2), i = 1..M
        centres = [(2 * i - 3) / 2 / 4 for i in range(1, 7)]
        assert encoder.centres_ == pytest.approx(centres)
        times, channels = encoder.transform([[0.3]]).sample(0)
        sigma = 1 / (1.5 * 4)
        answers = np.exp(-((0.3 - np.array(centres)) ** 2) / (2 * sigma**2))
        assert channels.tolist() == np.argsort(-answers).tolist()
        assert times == pytest.approx(1000 * np.sort(1 - answers))

    @given(st.floats(0, 1), st.integers(4, 12))
    def test_the_value_can_be_read_from_the_first_spike(self, x, fields):
        trains = ReceptiveFieldEncoder(fields=fields, scale="none").fit([[0.5]]).transform([[x]])
        first = trains.channels[0]
        assert abs((first - 0.5) / (fields - 2) - x) <= 0.5 / (fields - 2) + 1e-9

    def test_rates_follow_the_tuning_curves(self):
        series = np.full((1, 1), 0.5)
        encoder = ReceptiveFieldEncoder(fields=5, code="rate", peak_rate=100.0, dt=100_000.0, scale="none")
        counts = encoder.fit_transform([series]).counts().ravel()
        distance = (np.arange(5) - 0.5) / 3 - 0.5
        expected = 10_000 * np.exp(-((distance * 1.5 * 3) ** 2) / 2)
        assert np.all(np.abs(counts - expected) < 5 * np.sqrt(expected) + 1)

    def test_each_row_of_a_series_has_its_own_latencies(self):
        encoder = ReceptiveFieldEncoder(dt=20.0, duration=20.0).fit(ROWS)
        whole = encoder.transform([ROWS])
        rows = encoder.transform(ROWS)
        assert whole.n_channels == 40
        for index in range(len(ROWS)):
            piece = whole.time_slice(20.0 * index, 20.0 * (index + 1))
            assert piece.channels.tolist() == rows[index].channels.tolist()
            assert piece.times == pytest.approx(rows[index].times)

    def test_every_value_of_the_range_has_a_field_that_answers(self):
        x = np.linspace(0, 1, 50)[:, np.newaxis]
        assert ReceptiveFieldEncoder().fit_transform(x).counts().sum(axis=(1, 2)).min() >= 1
        # far outside no field does
        assert ReceptiveFieldEncoder().fit(x).transform([[9.0]]).n_spikes == 0

    def test_a_constant_feature_is_no_division_by_zero(self):
        trains = ReceptiveFieldEncoder().fit_transform(np.full((3, 1), 7.0))
        assert trains[0].n_spikes > 0
        assert trains[0].equals(trains[2])


class TestCurrent:
    def test_standardised_by_the_training_part(self):
        encoder = CurrentEncoder(duration=50.0).fit([[1.0, 5.0], [3.0, 5.0]])
        currents = encoder.transform([[4.0, 7.0]])
        assert currents.values.tolist() == [[[2.0, 2.0]]]
        assert currents.durations.tolist() == [50.0]

    def test_series_keep_their_rows(self):
        currents = CurrentEncoder(dt=5.0, standardise=False, series=True).fit_transform(EQUAL_SERIES)
        assert np.array_equal(currents.values, EQUAL_SERIES)
        assert currents.durations.tolist() == [40.0] * 6
        standardised = CurrentEncoder(series=True).fit_transform(EQUAL_SERIES).values.reshape(-1, 5)
        assert standardised.mean(axis=0) == pytest.approx(0.0, abs=1e-12)
        assert standardised.std(axis=0) == pytest.approx(1.0)

    def test_unequal_series_keep_their_lengths(self):
        currents = CurrentEncoder(dt=5.0).fit_transform(SERIES)
        assert currents.durations.tolist() == [5.0 * len(one) for one in SERIES]
        rows = np.concatenate([currents.sample(index) for index in range(len(SERIES))])
        assert rows.mean(axis=0) == pytest.approx(0.0, abs=1e-12)
        assert rows.std(axis=0) == pytest.approx(1.0)
        assert np.allclose(currents.sample(1), (SERIES[1] - np.concatenate(SERIES).mean(0)) / np.concatenate(SERIES).std(0))
