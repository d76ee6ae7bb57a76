"""Events to spikes: channels, blocks, bins, cuts, samples read one at a time, and what is wrong with a recording."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from hrsnn import EventEncoder, SpikeTrains
from hrsnn.encoders.event_blocks import EventBlocks
from hrsnn.errors import InputError
from hrsnn.tasks.event_images import count_images
from hrsnn.tasks.sample_files import SampleFiles

RANDOM = np.random.default_rng(5)


def recording(events: int, shape: tuple[int, int] = (34, 40), lasting: int = 20_000) -> list[np.ndarray]:
    sides = (shape[1], shape[0], 2)
    return [*(RANDOM.integers(0, side, events) for side in sides), np.sort(RANDOM.integers(0, lasting, events))]


RECORDINGS = [recording(events) for events in (300, 1, 80, 500)]


def test_without_blocks_the_spikes_are_those_of_from_events():
    trains = EventEncoder(shape=(34, 40)).fit_transform(RECORDINGS)
    for index, (x, y, p, t) in enumerate(RECORDINGS):
        for polarities in (1, 2):
            found = EventEncoder(shape=(34, 40), polarities=polarities).fit_transform([RECORDINGS[index]])
            assert found.equals(SpikeTrains.from_events(x, y, p, t, (34, 40), polarities=polarities))
        assert trains[index].equals(SpikeTrains.from_events(x, y, p, t, (34, 40)))


@pytest.mark.parametrize("factor", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("polarities", [1, 2])
def test_blocks_hold_the_events_of_their_pixels(factor, polarities):
    encoder = EventEncoder((34, 40), factor, polarities).fit(RECORDINGS)
    counts = encoder.transform(RECORDINGS).counts()[:, 0]
    rows, columns = -(-34 // factor), -(-40 // factor)
    assert counts.shape == (4, polarities * rows * columns) == (4, encoder.n_channels_)
    for count, (x, y, p, _) in zip(counts, RECORDINGS, strict=True):
        wanted = np.zeros((polarities, rows, columns), int)
        np.add.at(wanted, (p * (polarities - 1), y // factor, x // factor), 1)
        np.testing.assert_array_equal(count, wanted.ravel())
    blocks = EventBlocks((34, 40), factor, polarities)
    np.testing.assert_array_equal(count_images(RECORDINGS, blocks), counts)


@pytest.mark.parametrize("width", [0.1, 1.0, 2.5, 7.0, 1e4])
def test_a_channel_has_at_most_one_spike_a_bin(width):
    every = EventEncoder((34, 40), 10).fit_transform(RECORDINGS)
    binned = EventEncoder((34, 40), 10, bin_width=width).fit_transform(RECORDINGS)
    np.testing.assert_array_equal(binned.to_dense(width), np.minimum(every.to_dense(width), 1))
    np.testing.assert_array_equal(binned.durations, every.durations)


@pytest.mark.parametrize(
    ("start", "duration"), [(0.0, 5.0), (5.0, 5.0), (3.0, 100.0), (7.3, 0.7), (0.0005, 1.0), (50.0, 1.0)]
)
def test_a_cut_keeps_what_is_inside(start, duration):
    found = EventEncoder((34, 40), start=start, duration=duration).fit_transform(RECORDINGS)
    assert found.durations.tolist() == [duration] * 4
    for sample, (_, _, _, t) in zip(found, RECORDINGS, strict=True):
        inside = t[(t >= start * 1000) & (t < (start + duration) * 1000)]
        assert sample.times == pytest.approx(inside / 1000 - start, abs=1e-9)


def test_without_duration_a_sample_ends_after_its_last_event():
    found = EventEncoder((4, 4), start=1.0).fit_transform([([0, 0], [0, 0], [0, 0], [999, 4000])])
    assert (found.times.tolist(), found.durations.tolist()) == ([3.0], [pytest.approx(3.001)])


def test_recordings_are_read_one_at_a_time_and_only_when_encoded():
    alive, most, read = 0, 0, []

    class Columns(list[Any]):
        def __init__(self, place: int) -> None:
            nonlocal alive, most
            super().__init__(RECORDINGS[place])
            read.append(place)
            alive += 1
            most = max(most, alive)

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    samples = SampleFiles(range(4), Columns)
    encoder = EventEncoder((34, 40)).fit(samples)
    assert read == []
    assert encoder.transform(samples[[3, 0, 2]]).equals(EventEncoder((34, 40)).fit_transform(RECORDINGS)[[3, 0, 2]])
    assert read == [3, 0, 2]
    assert most <= 2  # one in use, while the next is read


def test_a_sample_is_encoded_alike_in_any_company():
    encoder = EventEncoder((34, 40), 2, bin_width=1.0)
    with pytest.raises(NotFittedError):
        encoder.transform(RECORDINGS)
    fitted = clone(encoder).fit(RECORDINGS)
    whole = fitted.transform(RECORDINGS)
    assert fitted.transform(RECORDINGS[::-1])[::-1].equals(whole)
    for twin in (clone(fitted).fit(RECORDINGS), pickle.loads(pickle.dumps(fitted))):
        assert twin.transform(RECORDINGS).equals(whole)
    assert fitted.n_features_in_ == 34 * 40
    assert fitted.get_params()["bin_width"] == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": (0, 4)}, "shape = 0: must be a whole number >= 1"),
        ({"shape": 34}, "shape = 34: must be two numbers, height and width"),
        ({"shape": (2**20, 2**20)}, "shape: number of channels = .*: must be at most"),
        ({"factor": 0}, "factor = 0: must be a whole number >= 1"),
        ({"factor": 1.5}, r"factor = 1\.5"),
        ({"polarities": 3}, "polarities = 3: must be 1 or 2"),
        ({"bin_width": 0}, "bin_width = 0: must be positive"),
        ({"bin_width": np.nan}, "bin_width = nan"),
        ({"start": -1.0}, r"start = -1\.0"),
        ({"duration": 0.0}, r"duration = 0\.0: must be positive"),
        ({"duration": np.inf}, "duration = inf"),
    ],
)
def test_bad_parameters_are_refused_by_name(options, message):
    with pytest.raises(InputError, match=f"^{message}"):
        EventEncoder(**options).fit(RECORDINGS)


GOOD = ([1, 2], [3, 4], [0, 1], [5, 6])


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (3, {}, "X = 3: must be a sequence of recordings"),
        ([], {}, r"X = \[\]: must hold at least one recording"),
        ([GOOD, 3], {}, r"X\[1\] = 3: must be a recording: the columns x, y, p, t \(us\)"),
        ([GOOD, GOOD[:3]], {}, r"X\[1\] = .*: must be a recording"),
        (["xypt"], {}, r"X\[0\] = 'xypt': must be a recording"),
        ([GOOD, ([1, 40], *GOOD[1:])], {}, r"X\[1\]\.x\[1\] = 40: must be 0 to 39"),
        ([([1, -1], *GOOD[1:])], {}, r"X\[0\]\.x\[1\] = -1: must be 0 to 39"),
        ([([1, 2], [34, 0], *GOOD[2:])], {}, r"X\[0\]\.y\[0\] = 34: must be 0 to 33"),
        ([(*GOOD[:2], [0, 2], [5, 6])], {}, r"X\[0\]\.p\[1\] = 2: must be 0 to 1"),
        ([(*GOOD[:3], [5, 4])], {}, r"X\[0\]\.t\[1\] = 4: must not go back: the event before is at 5 us"),
        ([(*GOOD[:3], [-5, 4])], {}, r"X\[0\]\.t\[0\] = -5: must be 0 to"),
        ([(*GOOD[:3], [5, np.nan])], {}, r"X\[0\]\.t\[1\] = nan: must be a whole number"),
        ([(*GOOD[:3], ["5", "6"])], {}, r"X\[0\]\.t = .*: must be whole numbers"),
        ([(*GOOD[:2], [0], [5, 6])], {}, r"X\[0\]\.p = .*: must be as long as t: 1 against 2"),
        ([([], [], [], [])], {}, r"X\[0\] = 'has no events': must have events"),
        ([GOOD], {"start": 1.0}, r"X\[0\] = 'ends at 0\.007 ms': must have events from start = 1 ms on"),
        ([GOOD], {"bin_width": 1e-15, "duration": 1e8}, "bin_width = 1e-15: must be longer"),
        ([(*GOOD[:3], [5, 2 * 10**15])], {}, r"X\[0\]\.t\[1\] = 2000000000000000: must be 0 to"),
    ],
)
def test_bad_recordings_are_refused_by_name(X, options, message):
    with pytest.raises(InputError, match=f"^{message}"):
        EventEncoder((34, 40), **options).fit_transform(X)


def test_an_empty_recording_has_no_spikes_where_its_duration_is_given():
    found = EventEncoder((34, 40), duration=5.0).fit_transform([([], [], [], []), GOOD])
    assert [len(one.times) for one in found] == [0, 2]


def test_spikes_beyond_memory_are_refused_while_they_are_read(monkeypatch):
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "8000")
    with pytest.raises(InputError, match=r"^X = '3 recordings': 381 spikes would take about 8\.9. KiB of memory"):
        EventEncoder((34, 40)).fit_transform(RECORDINGS)
    with pytest.raises(InputError, match=r"^recordings = 4: the images of counts would take"):
        count_images(RECORDINGS, EventBlocks((34, 40)))
