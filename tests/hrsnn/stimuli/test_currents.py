"""Analog stimuli."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from hrsnn.errors import InputError
from hrsnn.stimuli.currents import Currents

VALUES = np.arange(24.0).reshape(4, 3, 2)


@pytest.mark.parametrize(
    ("values", "dt", "message"),
    [
        (np.zeros((2, 3)), 1.0, r"^values = \(2, 3\)"),
        (np.zeros((2, 0, 3)), 1.0, r"^values = \(2, 0, 3\)"),
        ([[["a"]]], 1.0, r"^values"),
        ([[[1.0]], [[np.nan]]], 1.0, r"^values\[1, 0, 0\] = nan: sample 1"),
        ([[[np.inf]]], 1.0, r"^values\[0, 0, 0\] = inf"),
        (VALUES, 0.0, r"^dt = 0\.0"),
        (VALUES, np.nan, r"^dt = nan"),
    ],
)
def test_bad_currents_are_refused_by_name(values, dt, message):
    with pytest.raises(InputError, match=message):
        Currents(values, dt)


def test_shape_durations_and_immutability():
    given = VALUES.copy()
    currents = Currents(given, dt=20)
    given[:] = 0
    assert currents.shape == (4, 2)
    assert (len(currents), currents.n_channels) == (4, 2)
    assert currents.durations.tolist() == [60.0] * 4
    for each in (currents, currents[1:], pickle.loads(pickle.dumps(currents))):
        assert each.values[-1, -1, -1] == 23.0
        with pytest.raises(ValueError, match="read-only"):
            each.values[0] = 0


@pytest.mark.parametrize("key", [2, -1, slice(1, 3), [3, 0, 0], [True, False, False, True], ([1, 2], ...), []])
def test_indexing_agrees_with_the_array(key):
    rows = key[0] if isinstance(key, tuple) else key
    wanted = VALUES[np.asarray(rows, dtype=int) if rows == [] else rows].reshape(-1, 3, 2)
    assert Currents(VALUES, 5.0)[key].equals(Currents(wanted, 5.0))


def test_samples_of_unequal_lengths():
    series = [VALUES[0, :1], VALUES[1], VALUES[2, :2]]
    currents = Currents.from_samples(series, 5.0)
    assert (currents.shape, currents.durations.tolist()) == ((3, 2), [5.0, 15.0, 10.0])
    assert "1 to 3 values" in repr(currents)
    for key in (slice(None), [2, 0], [0], [False, True, False], 2):
        rows = np.atleast_1d(np.arange(3)[key])
        chosen = currents[key]
        assert chosen.equals(Currents.from_samples([series[row] for row in rows], 5.0))
        assert all(np.array_equal(chosen.sample(place), series[row]) for place, row in enumerate(rows))
    again = pickle.loads(pickle.dumps(currents))
    assert again.equals(currents)
    assert not currents.equals(Currents(currents.values, 5.0))
    # what is beyond a sample's end is not kept
    assert Currents(np.where(currents.values, currents.values, 7.0), 5.0, currents.lengths).equals(
        Currents.from_samples([np.where(one, one, 7.0) for one in series], 5.0)
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Currents(VALUES, 1.0, [3, 3, 3]), r"^lengths = .*must be 4"),
        (lambda: Currents(VALUES, 1.0, [3, 3, 3, 0]), r"^lengths = .*must be from 1 to 3"),
        (lambda: Currents(VALUES, 1.0, [2, 2, 2, 1]), r"^lengths = .*must be from 1 to 3"),
        (lambda: Currents(VALUES, 1.0, [4, 3, 3, 3]), r"^lengths = .*must be from 1 to 3"),
        (lambda: Currents.from_samples([], 1.0), r"^samples = \[\]"),
        (
            lambda: Currents.from_samples([VALUES[0], VALUES[0, :, :1]], 1.0),
            r"^samples\[1\] = \(3, 1\): must have 2 channels",
        ),
        (lambda: Currents.from_samples([[["a"]]], 1.0), r"^samples\[0\] = .*must be numbers"),
        (lambda: Currents.from_samples([VALUES[0, :0]], 1.0), r"^samples\[0\] = \(0, 2\)"),
    ],
)
def test_bad_lengths_are_refused_by_name(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_samples_that_would_exceed_the_memory_are_refused(monkeypatch):
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e6")
    with pytest.raises(InputError, match=r"^samples = .*memory"):
        Currents.from_samples([np.zeros((10_000, 1)), *np.zeros((10, 1, 1))], 1.0)


def test_equality_looks_at_values_and_step():
    currents = Currents(VALUES, 5.0)
    assert currents.equals(Currents(VALUES, 5.0))
    assert not currents.equals(Currents(VALUES, 4.0))
    assert not currents.equals(Currents(VALUES + 1, 5.0))
    assert not currents.equals(VALUES)


def test_scikit_learn_splits_currents_and_no_array_is_made_in_silence():
    train, test = train_test_split(Currents(VALUES, 5.0), test_size=1, random_state=0)
    assert (len(train), len(test)) == (3, 1)
    with pytest.raises(InputError, match=r"use \.values"):
        np.asarray(train)
