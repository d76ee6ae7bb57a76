"""Readouts: what the pipelines do to columns that hardly move, and that they classify."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import InputError
from hrsnn.readout import LEAST_DEVIATION, READOUTS, readout


def states(columns: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Two classes, apart in the first column; one column is silent but for a single spike."""
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 40)
    x = rng.normal(size=(80, columns))
    x[:, 0] += 6 * y
    return x, y


@pytest.mark.parametrize("kind", READOUTS)
def test_classifies_what_can_be_told_apart(kind):
    x, y = states()
    model = readout(kind, seed=3).fit(x[:60], y[:60])
    assert model.score(x[60:], y[60:]) >= 0.9


@pytest.mark.parametrize("kind", READOUTS)
def test_one_late_spike_does_not_outweigh_the_rest(kind):
    """A column that was near-silent in training says nothing, however much it says in the test."""
    x, y = states()
    x[:, 5] = 0
    x[3, 5] = 0.1
    assert 0 < x[:, 5].std() < LEAST_DEVIATION
    model = readout(kind, seed=3).fit(x[:60], y[:60])
    late = x[60:].copy()
    late[:, 5] = 100
    np.testing.assert_array_equal(model.predict(late), model.predict(x[60:]))


def test_columns_are_standardised():
    x, y = states()
    scaled = x * np.logspace(0, 4, x.shape[1])
    one, two = readout("logistic").fit(x, y), readout("logistic").fit(scaled, y)
    np.testing.assert_array_equal(one.predict(x), two.predict(scaled))


def test_the_seed_is_that_of_the_hidden_layer():
    x, y = states()
    first, same, other = (readout("sampled", seed=seed).fit(x, y)[-1].coefs_[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)
    assert first.shape == (30, 20)


def test_other_kinds_are_refused():
    with pytest.raises(InputError, match="readout = 'forest': must be one of logistic, ridge, sampled"):
        readout("forest")
