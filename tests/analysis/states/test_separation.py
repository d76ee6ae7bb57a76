"""Distances between states of known geometry."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn.analysis import separation
from hrsnn.errors import HrsnnWarning, InputError


def test_gaussian_clouds_have_their_expected_distances() -> None:
    random = np.random.default_rng(0)
    neurons, noise, apart = 2000, 0.5, 3.0
    centres = apart * random.normal(size=(8, 1, neurons))
    found = separation(centres + noise * random.normal(size=(8, 10, neurons)))
    # in many dimensions a distance hardly varies: sqrt(2) sd a neuron
    assert found.within == pytest.approx(np.sqrt(2) * noise, rel=0.02)
    assert found.between == pytest.approx(np.sqrt(2 * (apart**2 + noise**2)), rel=0.02)
    assert found.ratio == found.between / found.within


def test_stimuli_that_differ_by_noise_alone_have_a_ratio_of_one() -> None:
    assert separation(np.random.default_rng(0).normal(size=(20, 5, 300))).ratio == pytest.approx(1, abs=0.02)


def test_all_pairs_count_once() -> None:
    # copies of the first are 2 apart, of the second 4; between them 10, 14, 8, 12
    assert separation([[[0.0], [2.0]], [[10.0], [14.0]]]).within == 3
    assert separation([[[0.0], [2.0]], [[10.0], [14.0]]]).between == 11


def test_more_of_the_same_neurons_change_nothing() -> None:
    states = np.random.default_rng(0).normal(size=(4, 3, 6))
    one, two = separation(states), separation(np.tile(states, 7))
    assert (two.between, two.within) == (pytest.approx(one.between), pytest.approx(one.within))


def test_equal_copies_have_no_ratio() -> None:
    with pytest.warns(HrsnnWarning, match="no two copies"):
        found = separation(np.repeat(np.eye(3)[:, None], 2, axis=1))
    assert found.within == 0
    assert found.between > 0
    assert np.isnan(found.ratio)


@pytest.mark.parametrize(
    "states",
    [np.ones((3, 4)), np.ones((1, 3, 4)), np.ones((3, 1, 4)), np.ones((3, 3, 0)), np.full((2, 2, 2), np.nan)],
)
def test_bad_input(states: np.ndarray) -> None:
    with pytest.raises(InputError, match="states"):
        separation(states)
