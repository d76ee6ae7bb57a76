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
