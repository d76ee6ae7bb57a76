"""The one rule of time: which step and which window a spike at, just before and just after an edge belongs to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrsnn import Currents, ReservoirSpec, SpikeTrains, build, simulate
from hrsnn.analysis import binned_counts
from hrsnn.stimuli.time_grid import equal_windows_of, step_count, steps_of, windows_of

DT = [0.05, 0.1, 0.3, 0.7, 1 / 3, 0.5]


@pytest.mark.parametrize("dt", DT)
def test_a_time_computed_as_k_dt_falls_in_step_k(dt):
    for start in (0, 10**6, 2 * 10**9):
        k = np.arange(start, start + 20_000)
        assert np.array_equal(steps_of(k * dt, dt), k)
        assert np.array_equal(steps_of((k + 0.5) * dt, dt), k)
        assert np.array_equal(step_count(k * dt, dt), k)
    assert steps_of(np.array([0.999999]), 1.0).tolist() == [0]


@given(st.one_of(st.integers(1, 10**8), st.just(51113648), st.just(67062441)), st.sampled_from([*DT, 1e-3]))
def test_whole_numbers_of_steps_stay_whole(steps, dt):
    assert step_count(steps * dt, dt) == steps


@given(st.floats(0, 1e4), st.sampled_from([0.1, 0.5, 2.0]))
def test_steps_cover_the_time_and_no_more(time, dt):
    steps = int(step_count(time, dt))
    assert steps * dt >= time - 1e-6
    assert (steps - 1) * dt < max(time, 1e-9)


@pytest.mark.parametrize(
    ("early", "window"),
    [(0.0, 1), (-1e-12, 1), (-4e-10, 1), (-2e-9, 0), (-1e-3, 0), (1e-12, 1), (1e-3, 1)],  # in shares of a window
)
@pytest.mark.parametrize("duration", [0.3, 1000.0, 1e6])
@pytest.mark.parametrize("count", [2, 7])
def test_every_way_to_count_has_one_rule(early, window, duration, count):
    """A spike at every edge but the first and the last, moved by a share of a window."""
    width = duration / count
    times = (np.arange(1, count) + early) * width
    wanted = np.arange(count - 1) + window
    edges = np.linspace(0, duration, count + 1)
    assert equal_windows_of(times, duration, count).tolist() == wanted.tolist()
    assert windows_of(times, edges).tolist() == wanted.tolist()
    assert steps_of(times, width).tolist() == wanted.tolist()

    trains = SpikeTrains(times, np.zeros(len(times), np.int32), [0, len(times)], n_channels=1, duration=duration)
    counted = np.bincount(wanted, minlength=count)
    for counts in (trains.counts(count)[0, :, 0], trains.counts(edges)[0, :, 0], binned_counts(trains, width)[:, 0]):
        assert counts.tolist() == counted.tolist()
    assert trains.to_dense(width)[0, :, 0].tolist() == counted.tolist()


def test_a_second_has_one_middle():
    """7e-7 ms before it is early by 1.4e-9 of half a second: the first half, however it is counted."""
    early = SpikeTrains([500 - 7e-7], [0], [0, 1], n_channels=1, duration=1000.0)
    assert early.counts(2).ravel().tolist() == early.counts([0, 500, 1000]).ravel().tolist() == [1, 0]
    assert windows_of([500 - 7e-7], [0, 500, 1000]).tolist() == [0]


def test_what_is_just_before_the_end_is_in_the_last_window():
    end = np.nextafter(30.0, 0)
    assert equal_windows_of([end, 30.0, 31.0], 30.0, 3).tolist() == [2, 3, 3]
    assert windows_of([-1.0, 0.0, 29.9, 30.0], [0.0, 10.0, 30.0]).tolist() == [-1, 0, 1, 2]


@pytest.mark.parametrize(("engine", "dt"), [("compiled", 0.1), ("compiled", 0.3), ("brian2-numpy", 0.3), ("exact", 0.1)])
def test_engines_count_as_their_spikes_do(engine, dt):
    """Neurons that fire at every period of their own, edges at, just before and just after each of their spikes."""
    reservoir = build(ReservoirSpec(neurons=12, i_bias=25, dt=dt), seed=3, channels=1)
    stimulus = Currents(np.zeros((1, 1, 1)), dt=60.0)
    spikes = simulate(reservoir, stimulus, engine=engine).spikes
    assert spikes.n_spikes > 20
    at = np.unique(spikes.times)
    for moved in (at, at * (1 - 1e-6), at * (1 + 1e-6)):
        edges = np.concatenate([[0.0], moved[(moved > 0) & (moved < 60)], [60.0]])
        edges = edges[np.append(True, np.diff(edges) > 1e-9)]
        ran = simulate(reservoir, stimulus, engine=engine, record=("counts",), windows=edges)
        assert np.array_equal(ran.counts, spikes.counts(edges))
    for count in (1, 7, 60, 120):
        ran = simulate(reservoir, stimulus, engine=engine, record=("counts",), windows=count)
        assert np.array_equal(ran.counts, spikes.counts(count))
    # a spike at the very time of a sample is not in its state yet, one just before is
    states = simulate(
        reservoir, stimulus, engine=engine, record=("states",), sample_times=at[at > 0], tau_state=20.0
    ).states[0]
    for moment, state in zip(at[at > 0], states, strict=True):
        before = spikes.times < moment
        wanted = np.bincount(
            spikes.channels[before], np.exp((spikes.times[before] - moment) / 20.0), minlength=reservoir.neurons
        )
        np.testing.assert_allclose(state, wanted, rtol=1e-9)
