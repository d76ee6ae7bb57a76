"""Synaptic scaling against its conditions: the sum, the bounds, and one factor for whatever is not at its bound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrsnn import ReservoirSpec, build
from hrsnn.engines.homeostasis import Homeostasis, normalised


@st.composite
def groups(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Weights within bounds, and targets that the bounds allow."""
    size = draw(st.integers(1, 25))
    w_max = np.array(draw(st.lists(st.floats(1e-3, 10), min_size=size, max_size=size)))
    share = np.array(draw(st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1)), min_size=size, max_size=size)))
    group = np.array(draw(st.lists(st.integers(0, 3), min_size=size, max_size=size)))
    targets = np.array(draw(st.lists(st.floats(0, 1), min_size=4, max_size=4)))
    return share * w_max, targets * np.bincount(group, w_max, minlength=4), group, w_max


@given(groups())
def test_the_sums_are_met_within_the_bounds(given_groups):
    weight, target, group, w_max = given_groups
    before = weight.copy()
    after = normalised(weight, target, group, w_max)
    np.testing.assert_array_equal(weight, before)  # the caller's own array is left alone
    assert (after >= 0).all()
    assert (after <= w_max).all()
    for g in range(4):
        here = group == g
        # all at 0: nothing to scale; a weight of 0 stays at 0, and the others may not suffice
        if w_max[here & (weight > 0)].sum() >= target[g]:
            np.testing.assert_allclose(after[here].sum(), target[g], rtol=1e-9, atol=1e-12)
        free = here & (after < w_max) & (weight > 0)
        if free.any() and target[g] > 1e-9:
            factors = after[free] / weight[free]
            np.testing.assert_allclose(factors, factors[0], rtol=1e-9)


def test_known_answers():
    w = np.array([1.0, 3.0, 5.0])
    bound = np.full(3, 9.0)
    one = np.zeros(3, int)
    np.testing.assert_allclose(normalised(w, np.array([4.5]), one, bound), w / 2)
    np.testing.assert_allclose(normalised(w, np.array([9.0]), one, bound), w)
    # 5 would become 10: it stays at 9, and 1 and 3 take the 9 that are missing
    np.testing.assert_allclose(normalised(w, np.array([18.0]), one, bound), [2.25, 6.75, 9.0])
    np.testing.assert_array_equal(normalised(0 * w, np.array([5.0]), one, bound), 0 * w)
    assert len(normalised(np.empty(0), np.zeros(4), np.empty(0, int), np.empty(0))) == 0


def test_a_group_at_0_is_not_revived_and_the_others_are_as_if_it_were_not_there():
    reservoir = build(ReservoirSpec.preset("dense", neurons=40), seed=1, channels=4)
    excitatory = reservoir.is_excitatory[reservoir.pre]
    dead = excitatory & (reservoir.post == reservoir.post[excitatory][0])
    assert dead.any()
    halved, input_halved = 0.5 * reservoir.weight, 0.5 * reservoir.input_weight
    weight, input_weight = Homeostasis(reservoir).restored(np.where(dead, 0.0, halved), input_halved)
    assert (weight[dead] == 0).all()
    np.testing.assert_allclose(weight[~dead], reservoir.weight[~dead])
    np.testing.assert_allclose(input_weight, reservoir.input_weight)
    # one weight over 0 is enough for the sum, as far as its bound allows
    (first, *_) = np.flatnonzero(dead)
    one = np.where(dead, 0.0, halved)
    one[first] = 1e-12
    found = Homeostasis(reservoir).restored(one, input_halved)[0]
    assert found[dead].sum() == found[first] == pytest.approx(min(reservoir.weight[dead].sum(), reservoir.w_max[first]))
