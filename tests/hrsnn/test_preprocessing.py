"""What every readout does to its columns first: those that hardly vary are dropped, whatever the scale of the states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrsnn import InputError
from hrsnn.analysis import echo_state_network, information_capacity, memory_capacity, nrmse, ridge_readout
from hrsnn.preprocessing import LEAST_DEVIATION, Standardiser
from hrsnn.readout import READOUTS, StandardisedColumns, readout

TIMES = np.arange(1500)
INPUTS = np.random.default_rng(0).uniform(-1, 1, len(TIMES))
STATES = echo_state_network(INPUTS, 20, seed=1, leak=0.7)
DELAYED = np.roll(INPUTS, 3)


def memory(states: np.ndarray) -> float:
    return memory_capacity(states, INPUTS, 20, surrogates=19, bootstrap=20).total


def information(states: np.ndarray) -> float:
    return information_capacity(states, INPUTS, {1: 20, 2: 5}).total


def forecast(states: np.ndarray) -> float:
    found = ridge_readout(states, DELAYED, train=1100, washout=100).prediction
    return nrmse(found[1100:], DELAYED[1100:], scale=DELAYED[100:1100].std())


def accuracy(states: np.ndarray) -> float:
    labels = (DELAYED > 0).astype(int) + (INPUTS > 0)
    return float(readout("ridge").fit(states[100:500], labels[100:500]).score(states[500:], labels[500:]))


SCORES = {"memory": memory, "information": information, "forecast": forecast, "accuracy": accuracy}
every_score = pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)


def trace(spike: float, tau: float) -> np.ndarray:
    """A filtered spike train with one spike."""
    return np.where(spike <= TIMES, np.exp(-np.maximum(TIMES - spike, 0) / tau), 0.0)


NEARLY_CONSTANT = st.one_of(
    st.builds(lambda level, size: level + size * TIMES / len(TIMES), st.floats(-5, 5), st.floats(0, 1e-3)),
    st.builds(
        lambda size, seed: size * np.random.default_rng(seed).normal(size=len(TIMES)), st.floats(0, 3e-3), st.integers(0, 99)
    ),
    # what is left of a spike before the rows that are read, and another after the last one that anything is fitted to
    st.builds(lambda tau, late: trace(0, tau) + trace(late, tau), st.floats(1, 15), st.integers(1230, 1490)),
)


@every_score
@settings(max_examples=12, deadline=None)
@given(column=NEARLY_CONSTANT)
def test_a_nearly_constant_column_changes_no_score(score, column):
    if score is information:  # fitted to all rows, a late spike among them is no longer nothing
        column = np.where(TIMES < 1200, column, column[1199])
    assert abs(score(np.column_stack([STATES, column])) - score(STATES)) <= 0.02


@every_score
@settings(max_examples=6, deadline=None)
@given(power=st.floats(-6, 6))
def test_the_states_scale_changes_no_score(score, power):
    late = np.column_stack([STATES, trace(0, 5) + trace(1300, 5)])
    assert score(10**power * late) == pytest.approx(score(late), abs=1e-9)


@pytest.mark.parametrize("kind", READOUTS)
def test_the_states_scale_changes_no_class(kind):
    labels = INPUTS[:200] > 0
    classes = [
        readout(kind).fit(scale * STATES[:100], labels[:100]).predict(scale * STATES[:200]) for scale in (1, 1e6, 1e-6)
    ]
    np.testing.assert_array_equal(classes[1:], classes[:1] * 2)


def test_one_late_spike_does_not_take_a_memory_away():
    """The median column's deviation is that of filtered spikes; with every varying column the capacity would be 0."""
    late = np.column_stack([STATES, trace(0, 5) + trace(1300, 5)])
    assert memory_capacity(late, INPUTS, 20, least_deviation=0.0).total < 0.1 * memory(STATES)
    assert memory(late) == pytest.approx(memory(STATES), abs=1e-9)


@pytest.mark.parametrize(
    ("deviations", "kept"),
    [
        ([1.0, 1.0, 1.0], [True, True, True]),
        ([1.0, 1.0, 0.06], [True, True, True]),
        ([1.0, 1.0, 0.04], [True, True, False]),
        ([0.0, 0.0, 1.0], [False, False, True]),  # silent neurons do not lower the median
        ([1.0, 1.0, 100.0], [True, True, True]),  # nor does one column of another size take the others away
        ([1e-9, 1e-9, 1e-9, 1.0], [False, False, False, True]),  # nor many that are nearly silent
        ([0.0, 0.0], [False, False]),
    ],
)
def test_which_columns_are_kept(deviations, kept):
    wave = np.where(TIMES % 2, 1.0, -1.0)
    assert Standardiser(np.outer(wave, deviations)).kept.tolist() == kept
    assert StandardisedColumns().fit(np.outer(wave, deviations)).kept_.tolist() == kept


def test_a_column_that_is_constant_but_for_one_row_in_2500_is_dropped():
    rows = np.random.default_rng(0).normal(size=(3000, 2))
    rows[:, 1] = 0
    rows[7, 1] = 1e3
    assert Standardiser(rows).kept.tolist() == [True, False]
    assert Standardiser(rows[:2000]).kept.tolist() == [True, True]


def test_what_is_left_has_mean_0_and_deviation_1():
    rows = np.random.default_rng(0).normal(3, [1.0, 2.0, 0.001], size=(200, 3))
    scaled = Standardiser(rows)(rows)
    assert scaled.shape == (200, 2)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(axis=0), 1)


@pytest.mark.parametrize("share", [-0.1, 1.5, np.nan])
def test_other_shares_are_refused(share):
    with pytest.raises(InputError, match=r"least_deviation = .*: must be between 0 and 1"):
        ridge_readout(STATES, DELAYED, train=1000, least_deviation=share)
    assert 0 < LEAST_DEVIATION < 1
