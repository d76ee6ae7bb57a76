"""Two engines on the same run, and what their first difference means."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from hrsnn import Activity, PoissonEncoder, Reservoir, ReservoirSpec, SpikeTrains, build, simulate
from hrsnn.analysis.protocols.engine_agreement import Agreement, compare_engines, distance_at_first_difference

SAME = ("compiled", "compiled")


@pytest.fixture(scope="module")
def reservoir() -> Reservoir:
    return build(ReservoirSpec(neurons=30), seed=1, channels=4)


@pytest.fixture(scope="module")
def trains() -> SpikeTrains:
    return PoissonEncoder(peak_rate=400, duration=50).fit_transform(np.eye(4))


def with_another_spike(activity: Activity, index: int, time: float, neuron: int) -> Activity:
    samples = [activity.spikes.sample(k) for k in range(len(activity.spikes))]
    times, who = samples[index]
    samples[index] = (np.append(times, time), np.append(who, neuron))
    altered = SpikeTrains.from_samples(samples, activity.spikes.n_channels, activity.durations)
    return dataclasses.replace(activity, recorded_spikes=altered)


@pytest.mark.parametrize("plastic", [False, True])
def test_the_distance_is_that_of_v_on_the_engine_without_the_spike(reservoir, trains, plastic) -> None:
    run = simulate(reservoir, trains, plastic=plastic, record=("spikes", "v"), sample_times=[20.5])
    time, neuron = 20.0, int(np.argmin(run.spike_counts[2]))
    altered = with_another_spike(run, 2, time, neuron)
    wanted = abs(run.v[2, 0, neuron] - reservoir.v_threshold[neuron])
    assert wanted > 0.01
    for first, second in ((run, altered), (altered, run)):
        got = distance_at_first_difference(reservoir, trains, first, second, SAME, plastic)
        assert got == pytest.approx(wanted, rel=1e-9)
    assert np.isnan(distance_at_first_difference(reservoir, trains, run, run, SAME, plastic))


@pytest.mark.parametrize(("distance", "near_ties"), [(np.nan, 0), (0.0, 1), (1e-9, 1), (2e-9, 0), (3.0, 0)])
def test_only_what_rounding_can_explain_is_a_near_tie(distance: float, near_ties: int) -> None:
    assert Agreement(False, 10, distance, 0.0, (1.0, 1.0)).near_ties == near_ties


def test_compiled_and_brian2_agree(reservoir, trains) -> None:
    agreement = compare_engines(reservoir, trains, ("compiled", "brian2-numpy"))
    assert agreement.same_spikes
    assert agreement.near_ties == 0
    assert agreement.spike_count > 50
    assert agreement.weight_difference < 1e-9
