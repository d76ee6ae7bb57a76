"""Stimuli at real times are what the grid rounds."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import Currents, ReservoirSpec, SpikeTrains, build
from hrsnn.engines.batch import Batch
from hrsnn.engines.events import events
from hrsnn.stimuli.time_grid import steps_of


def test_spikes_of_one_channel_at_one_time_are_one_event():
    stimulus = SpikeTrains([1.0, 1.0, 1.0, 2.5, 2.5], [3, 0, 3, 1, 2], [0, 5], n_channels=4, duration=10.0)
    found = events(build(ReservoirSpec.preset("dense", neurons=5), channels=4), stimulus, 0)
    assert found.input_time.tolist() == [1.0, 1.0, 2.5, 2.5]
    assert found.input_channel.tolist() == [0, 3, 1, 2]
    assert found.input_count.tolist() == [1, 2, 1, 1]
    assert found.duration == 10.0


def test_no_spikes_are_no_events():
    found = events(build(ReservoirSpec.preset("dense", neurons=5)), SpikeTrains([], [], [0, 0], 1, 10.0), 0, blank=2.5)
    assert len(found.input_time) == len(found.drive_time) == len(found.background_time) == 0
    assert found.duration == 12.5


@pytest.mark.parametrize("blank", [0.0, 5.0])
def test_a_drive_changes_only_where_the_values_do(blank):
    values = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 2.0], [0.0, 0.0], [0.0, 0.0]])
    reservoir = build(ReservoirSpec.preset("dense", neurons=9), channels=2)
    found = events(reservoir, Currents(values[None], 4.0), 0, blank)
    assert found.drive_time.tolist() == [0.0, 8.0, 12.0] + [20.0] * bool(blank)
    gain = np.zeros((9, 2))
    gain[reservoir.input_post, reservoir.input_channel] = reservoir.input_gain
    wanted = np.vstack([values[[0, 2, 3]], np.zeros((int(bool(blank)), 2))]) @ gain.T
    np.testing.assert_allclose(found.drive, wanted, atol=1e-15)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("analog", [False, True])
def test_background_is_that_of_the_grid(frozen, analog):
    reservoir = build(ReservoirSpec.preset("dense", neurons=12, background_rate=80, background_frozen=frozen), seed=1)
    stimulus = Currents(np.zeros((3, 5, 1)), 10.0) if analog else SpikeTrains([], [], [0] * 4, 1, 50.0)
    for index in range(3):
        found = events(reservoir, stimulus, index, 0.0, seed=7)
        grid = Batch(reservoir, stimulus, 0.0, 7, [np.empty(0)]).presentation(index)
        pairs = set(zip(steps_of(found.background_time, reservoir.dt), found.background_neuron, strict=True))
        assert pairs == set(zip(grid.background_step, grid.background_neuron, strict=True))
        assert found.background_jump.sum() == pytest.approx(grid.background_jump.sum())
        assert len(found.background_time) > 20
        assert (np.diff(found.background_time) >= 0).all()
