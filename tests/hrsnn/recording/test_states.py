"""Windows and filtered states against loops over the spikes."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hrsnn.recording import filtered_states, window_counts
from hrsnn.stimuli.time_grid import windows_of


@st.composite
def spikes(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Spikes of 4 neurons on a grid of 0.1 ms, whose times do not come out even."""
    steps = np.sort(np.array(draw(st.lists(st.integers(0, 1000), max_size=40)), dtype=int))
    who = draw(st.lists(st.integers(0, 3), min_size=len(steps), max_size=len(steps)))
    return steps * 0.1, np.array(who, dtype=np.int32)


marks = st.lists(st.integers(1, 1000), min_size=1, max_size=8, unique=True).map(lambda k: np.array(sorted(k)) / 10)


@given(spikes(), marks)
def test_windows_are_half_open(given_spikes, ends):
    times, who = given_spikes
    edges = np.append(0.0, ends)
    counts = window_counts(windows_of(times, edges), who, len(ends), 4)
    wanted = np.zeros((len(ends), 4), int)
    for t, i in zip(np.rint(times * 10), who, strict=True):
        for k in range(len(ends)):
            wanted[k, i] += round(edges[k] * 10) <= t < round(edges[k + 1] * 10)
    np.testing.assert_array_equal(counts, wanted)


@given(spikes(), marks, st.floats(0.5, 500))
def test_states_sum_the_decayed_spikes_before(given_spikes, moments, tau):
    times, who = given_spikes
    states = filtered_states(times, who, moments, tau, 4)
    assert states.dtype == np.float64
    wanted = np.zeros((len(moments), 4))
    for t, i in zip(times, who, strict=True):
        for k, moment in enumerate(moments):
            if round(t * 10) < round(moment * 10):
                wanted[k, i] += math.exp(-(moment - t) / tau)
    np.testing.assert_allclose(states, wanted, rtol=1e-9, atol=1e-12)
