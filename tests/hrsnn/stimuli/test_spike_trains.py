"""Ragged spike trains: what is refused, and that every view of them tells the same story."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from hrsnn.errors import FileError, InputError
from hrsnn.files.npz import write_npz
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.time_grid import step_count

GOOD = {
    "times": [1.0, 4.0, 2.5, 2.5],
    "channels": [0, 1, 1, 0],
    "offsets": [0, 2, 2, 4],
    "n_channels": 2,
    "duration": [10.0, 5.0, 3.0],
}


def example() -> SpikeTrains:
    return SpikeTrains(**GOOD)


@st.composite
def spike_trains(draw, max_samples=6):
    """Random trains: some samples empty, some times equal, durations of their own."""
    n_channels = draw(st.integers(1, 4))
    durations = draw(st.lists(st.floats(0.5, 50.0), max_size=max_samples))
    samples = []
    for duration in durations:
        shares = draw(st.lists(st.floats(0, 1, exclude_max=True), max_size=6))
        times = np.minimum(np.array(shares) * duration, np.nextafter(duration, 0))
        samples.append((times, draw(st.lists(st.integers(0, n_channels - 1), min_size=len(times), max_size=len(times)))))
    return SpikeTrains.from_samples(samples, n_channels, durations)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"times": [4.0, 1.0, 2.5, 2.5]}, r"^times\[1\] = 1\.0: sample 0: must not fall"),
        ({"times": [1.0, 4.0, 2.5, 2.4]}, r"^times\[3\] = 2\.4: sample 2: must not fall"),
        ({"times": [1.0, np.nan, 2.5, 2.5]}, r"^times\[1\] = nan: sample 0: must be >= 0"),
        ({"times": [1.0, np.inf, 2.5, 2.5]}, r"^times\[1\] = inf: sample 0: .* 10 ms"),
        ({"times": [-1e-9, 4.0, 2.5, 2.5]}, r"^times\[0\] = -1e-09: sample 0"),
        ({"times": [1.0, 4.0, 2.5, 3.0]}, r"^times\[3\] = 3\.0: sample 2: .* 3 ms"),
        ({"times": ["a", "b", "c", "d"]}, r"^times = .*: must be numbers"),
        ({"times": [[1.0, 4.0, 2.5, 2.5]]}, r"^times = .*: must have one dimension"),
        ({"channels": [0, 1, 2, 0]}, r"^channels\[2\] = 2: sample 2: must be 0 to 1"),
        ({"channels": [0, -1, 1, 0]}, r"^channels\[1\] = -1: sample 0"),
        ({"channels": [0, 0.5, 1, 0]}, r"^channels\[1\] = 0\.5: must be a whole number"),
        ({"channels": [0, 1]}, r"^channels = .* 2 against 4"),
        ({"offsets": [0, 2, 2, 3]}, r"^offsets = .* number of spikes, 4"),
        ({"offsets": [1, 2, 2, 4]}, r"^offsets = "),
        ({"offsets": [0, 3, 2, 4]}, r"^offsets = "),
        ({"offsets": []}, r"^offsets = "),
        ({"n_channels": 0}, r"^n_channels = 0"),
        ({"n_channels": 2.5}, r"^n_channels = 2\.5"),
        ({"duration": [10.0, 0.0, 3.0]}, r"^duration = 0\.0: sample 1: must be positive"),
        ({"duration": [10.0, np.inf, 3.0]}, r"^duration = inf: sample 1"),
        ({"duration": -3.0}, r"^duration = -3\.0"),
        ({"duration": [10.0, 5.0]}, r"^duration = .*: must be one number or 3"),
    ],
)
def test_bad_spikes_are_refused_by_name(changed, message):
    with pytest.raises(InputError, match=message):
        SpikeTrains(**(GOOD | changed))


def test_arrays_are_own_and_read_only():
    times = np.array(GOOD["times"])
    trains = SpikeTrains(**(GOOD | {"times": times}))
    times[0] = 3.0
    assert trains.times[0] == 1.0
    for each in (trains, trains[1:], trains[[2, 0]], pickle.loads(pickle.dumps(trains))):  # as joblib does
        for name in ("times", "channels", "offsets", "durations"):
            with pytest.raises(ValueError, match="read-only"):
                getattr(each, name)[:1] = 0
    with pytest.raises(AttributeError):
        trains.n_channels = 3


def test_types_and_shape():
    trains = example()
    assert (trains.times.dtype, trains.channels.dtype, trains.offsets.dtype) == (np.float64, np.int32, np.int64)
    assert trains.durations.dtype == np.float64
    assert trains.shape == (3, 2)
    assert len(trains) == 3
    assert trains.n_spikes == 4
    assert repr(trains) == "SpikeTrains(3 samples, 2 channels, 4 spikes, 3 to 10 ms)"


def test_brian2_quantities_are_taken_in_ms():
    brian2 = pytest.importorskip("brian2")
    trains = SpikeTrains([0.01, 0.02] * brian2.second, [0, 0], [0, 2], n_channels=1, duration=0.5 * brian2.second)
    assert trains.times.tolist() == [10.0, 20.0]
    assert trains.durations.tolist() == [500.0]


@given(spike_trains(), st.data())
def test_indexing_agrees_with_a_list_of_samples(trains, data):
    n = len(trains)
    singles = [trains.sample(index) for index in range(n)]
    rows = data.draw(st.lists(st.integers(-n, n - 1), max_size=8)) if n else []
    mask = data.draw(hnp.arrays(bool, n))
    cut = data.draw(st.slices(n))
    for key, wanted in [(rows, rows), (mask, np.flatnonzero(mask)), (cut, range(n)[cut]), ((rows, ...), rows)]:
        picked = trains[key]
        assert isinstance(picked, SpikeTrains)
        assert picked.durations.tolist() == [trains.durations[row] for row in wanted]
        for index, row in enumerate(wanted):
            assert picked.sample(index)[0].tolist() == singles[row][0].tolist()
            assert picked.sample(index)[1].tolist() == singles[row][1].tolist()
        # what indexing builds without a check would pass it
        assert SpikeTrains(picked.times, picked.channels, picked.offsets, 4, picked.durations).n_spikes == picked.n_spikes


def test_an_int_gives_one_sample_and_iteration_ends():
    trains = example()
    assert trains[-1].equals(trains[2:])
    assert [len(one) for one in trains] == [1, 1, 1]
    assert SpikeTrains.concatenate(list(trains)).equals(trains)
    with pytest.raises(IndexError):
        trains[3]


@pytest.mark.parametrize("key", [(0, 1), (slice(None), slice(None)), ()])
def test_only_samples_can_be_indexed(key):
    with pytest.raises(InputError, match="only samples"):
        example()[key]


def test_no_silent_array_of_objects():
    with pytest.raises(InputError, match="to_dense"):
        np.asarray(example())


@given(spike_trains(), spike_trains())
def test_concatenation(first, second):
    if first.n_channels != second.n_channels:
        with pytest.raises(InputError, match="same number of channels"):
            SpikeTrains.concatenate([first, second])
        return
    both = SpikeTrains.concatenate([first, second])
    assert both[: len(first)].equals(first)
    assert both[len(first) :].equals(second)


def test_concatenating_nothing_is_refused():
    with pytest.raises(InputError, match="at least one"):
        SpikeTrains.concatenate([])


@given(
    hnp.arrays(np.int64, st.tuples(st.integers(1, 3), st.integers(1, 40), st.integers(1, 3)), elements=st.integers(0, 3)),
    st.sampled_from([0.05, 0.1, 0.3, 0.5, 0.7, 1.0, 1 / 3, 10.0]),
)
def test_dense_counts_survive_the_way_there_and_back(dense, dt):
    trains = SpikeTrains.from_dense(dense, dt)
    assert np.array_equal(trains.to_dense(dt), dense)
    SpikeTrains(trains.times, trains.channels, trains.offsets, trains.n_channels, trains.durations)


@pytest.mark.parametrize(
    ("counts", "dt"),
    [
        (np.zeros((2, 3)), 1.0),
        (np.zeros((2, 0, 3)), 1.0),
        (np.full((1, 1, 1), -1), 1.0),
        (np.full((1, 1, 1), 0.5), 1.0),
        (np.full((1, 1, 1), np.nan), 1.0),
        (np.ones((1, 1, 1)), 0.0),
        (np.ones((1, 1, 1)), np.nan),
    ],
)
def test_bad_dense_counts_are_refused(counts, dt):
    with pytest.raises(InputError):
        SpikeTrains.from_dense(counts, dt)


@given(spike_trains(), st.sampled_from([0.1, 0.5, 3.0]))
def test_dense_bins_agree_with_counting_by_hand(trains, dt):
    dense = trains.to_dense(dt)
    by_hand = np.zeros_like(dense)
    for sample in range(len(trains)):
        for time, channel in zip(*trains.sample(sample), strict=True):
            last = step_count(trains.durations[sample], dt) - 1
            exact = math.floor(Fraction(time) / Fraction(dt) + Fraction(1, 10**9))
            by_hand[sample, min(exact, last), channel] += 1
    assert np.array_equal(dense, by_hand)
    assert dense.sum() == trains.n_spikes


@given(spike_trains(), st.integers(1, 7))
def test_windows_of_the_own_duration_lose_no_spike(trains, windows):
    counts = trains.counts(windows)
    assert counts.shape == (len(trains), windows, trains.n_channels)
    assert np.array_equal(counts.sum(axis=1), trains.counts(1)[:, 0])
    assert counts.sum() == trains.n_spikes


def test_windows_are_half_open():
    trains = SpikeTrains([0.0, 2.0, 2.0, 5.0, 9.0], [0, 0, 1, 0, 0], [0, 5], n_channels=2, duration=10.0)
    assert trains.counts([0.0, 2.0, 5.0]).tolist() == [[[1, 0], [1, 1]]]
    assert trains.counts([2.0, 100.0]).tolist() == [[[3, 1]]]
    assert trains.counts(2).tolist() == [[[2, 1], [2, 0]]]
    three_tenths = SpikeTrains([3 * 0.1], [0], [0, 1], n_channels=1, duration=1.0)
    assert three_tenths.counts([0.0, 0.3, 0.6]).ravel().tolist() == [0, 1]


@pytest.mark.parametrize("windows", [0, -1, 2.5, True, [1.0], [2.0, 1.0], [0.0, 0.0], [0.0, np.nan], [[0.0, 1.0]], "two"])
def test_bad_windows_are_refused(windows):
    with pytest.raises(InputError):
        example().counts(windows)


def test_time_slices_tile_the_sample():
    trains = SpikeTrains([0.0, 2.0, 4.9, 5.0, 9.0], [0, 1, 0, 1, 0], [0, 4, 5], n_channels=2, duration=[6.0, 10.0])
    first, second = trains.time_slice(0.0, 5.0), trains.time_slice(5.0, 20.0)
    assert first.sample(0)[0].tolist() == [0.0, 2.0, 4.9]
    assert first.durations.tolist() == [5.0, 5.0]
    assert second.sample(0)[0].tolist() == [0.0]
    assert second.sample(1)[0].tolist() == [4.0]
    assert second.durations.tolist() == [1.0, 5.0]
    assert first.n_spikes + second.n_spikes == trains.n_spikes


@given(spike_trains(), st.floats(0, 0.4), st.floats(0.01, 60))
def test_a_time_slice_is_valid(trains, start, length):
    part = trains.time_slice(start, start + length)
    again = SpikeTrains(part.times, part.channels, part.offsets, part.n_channels, part.durations)
    assert again.equals(part)
    assert part.n_spikes == np.sum((trains.times >= start) & (trains.times < start + length))


@pytest.mark.parametrize(("start", "stop"), [(2.0, 2.0), (-1.0, 2.0), (4.0, 6.0), (np.nan, 1.0)])
def test_bad_time_slices_are_refused(start, stop):
    with pytest.raises(InputError, match=r"^start"):
        example().time_slice(start, stop)


EVENTS = {"x": [0, 3, 1], "y": [1, 2, 0], "p": [0, 1, 1], "t": [10, 2500, 2500], "shape": (3, 4)}


def test_events_become_channels_and_ms():
    trains = SpikeTrains.from_events(**EVENTS)
    assert trains.n_channels == 2 * 3 * 4
    assert trains.channels.tolist() == [4, 12 + 11, 12 + 1]
    assert trains.times == pytest.approx([0.01, 2.5, 2.5])
    assert trains.durations == pytest.approx([2.501])
    merged = SpikeTrains.from_events(**(EVENTS | {"p": None}), polarities=1)
    assert merged.channels.tolist() == [4, 11, 1]
    two = SpikeTrains.from_events(**EVENTS, offsets=[0, 1, 3], duration=3.0)
    assert (len(two), two.durations.tolist()) == (2, [3.0, 3.0])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x": [0, 4, 1]}, r"^x\[1\] = 4: must be 0 to 3"),
        ({"y": [-1, 2, 0]}, r"^y\[0\] = -1"),
        ({"p": [0, 2, 1]}, r"^p\[1\] = 2: must be 0 to 1"),
        ({"p": [0, 1]}, r"^p = .*2 against 3"),
        ({"t": [10, 5, 30]}, r"must not fall"),
        ({"shape": (0, 4)}, r"^shape = 0"),
        ({"time_unit": "min"}, r"^time_unit = 'min'"),
        ({"polarities": 3}, r"^polarities = 3"),
        ({"offsets": [0, 0, 3]}, r"^duration = None"),
        ({"duration": 1.0}, r"^times\[1\] = 2\.5"),
    ],
)
def test_bad_events_are_refused(changed, message):
    with pytest.raises(InputError, match=message):
        SpikeTrains.from_events(**(EVENTS | changed))


def test_samples_may_come_unsorted_but_must_match():
    trains = SpikeTrains.from_samples([([4.0, 1.0], [1, 0]), ([], [])], n_channels=2, duration=5.0)
    assert trains.sample(0)[0].tolist() == [1.0, 4.0]
    assert trains.sample(0)[1].tolist() == [0, 1]
    with pytest.raises(InputError, match="sample 1: 1 times"):
        SpikeTrains.from_samples([([], []), ([1.0], [])], n_channels=1, duration=5.0)


@pytest.mark.parametrize("labels", [None, [3, 1, 2], ["a", "b", "a"]])
def test_saved_trains_come_back(tmp_path, labels):
    path = tmp_path / "trains.npz"
    example().save(path, labels=labels)
    assert SpikeTrains.load(path).equals(example())
    if labels is None:
        with pytest.raises(FileError, match="holds no labels"):
            SpikeTrains.load_labelled(path)
    else:
        trains, found = SpikeTrains.load_labelled(path)
        assert trains.equals(example())
        assert found.tolist() == labels


@pytest.mark.parametrize("labels", [[1, 2], [[1], [2], [3]], [None, 1, 2]])
def test_labels_that_do_not_fit_are_refused_and_nothing_is_written(tmp_path, labels):
    with pytest.raises(InputError, match=r"^labels"):
        example().save(tmp_path / "trains.npz", labels=labels)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"times": np.array([9.0, 1.0, 2.5, 2.5])}, "is damaged or no spike trains: .*must not fall"),
        ({"channels": None}, "is damaged or no spike trains: .channels. is missing"),
        ({"labels": np.arange(2)}, "labels = .*: must be 3 finite numbers"),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path, changed, message):
    path = tmp_path / "trains.npz"
    trains = example()
    arrays = {name: getattr(trains, name) for name in ("times", "channels", "offsets", "durations")} | changed
    kept = {name: array for name, array in arrays.items() if array is not None}
    write_npz(path, "spike_trains", 1, kept, {"n_channels": 2})
    with pytest.raises(FileError, match=message):
        SpikeTrains.load(path)


def test_a_file_cut_short_or_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "trains.npz"
    example().save(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(FileError, match=r"trains\.npz: is damaged"):
        SpikeTrains.load(path)
    write_npz(path, "reservoir", 1, {})
    with pytest.raises(FileError, match="holds a 'reservoir'"):
        SpikeTrains.load(path)
    with pytest.raises(FileError, match="does not exist"):
        SpikeTrains.load(tmp_path / "none.npz")


def total_counts(trains: SpikeTrains) -> np.ndarray:
    return trains.counts(1)[:, 0]


def test_scikit_learn_splits_spike_trains():
    random = np.random.default_rng(0)
    dense = random.poisson(1.0, size=(60, 10, 4))
    labels = np.arange(60) % 2
    dense[labels == 1, :, 0] += 2
    trains = SpikeTrains.from_dense(dense, dt=1.0)
    model = make_pipeline(FunctionTransformer(total_counts), LogisticRegression())
    assert np.array_equal(
        cross_val_score(model, trains, labels, cv=3, error_score="raise"),
        cross_val_score(LogisticRegression(), total_counts(trains), labels, cv=3),
    )
    search = GridSearchCV(model, {"logisticregression__C": [0.1, 1.0]}, cv=3, error_score="raise").fit(trains, labels)
    assert search.best_score_ > 0.95
    train, test, y_train, _ = train_test_split(trains, labels, test_size=15, random_state=0)
    assert (len(train), len(test)) == (45, 15)
    assert np.array_equal(total_counts(train)[:, 0] >= 20, y_train == 1)


def test_labels_that_are_no_numbers_are_refused(tmp_path):
    trains = SpikeTrains([], [], [0, 0, 0], n_channels=1, duration=1.0)
    with pytest.raises(InputError, match="finite numbers or strings"):
        trains.save(tmp_path / "x.npz", labels=[1.0, np.nan])
    assert not list(tmp_path.iterdir())
