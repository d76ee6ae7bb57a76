"""Objects of Neo: what comes back to the last bit, what Elephant computes of them, and blocks of others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrsnn import Currents, HrsnnWarning, InputError, ReservoirSpec, SpikeTrains, build, simulate
from hrsnn.analysis import fano_factor, firing_rates, interval_variation
from hrsnn.exchange import from_neo, to_neo

neo = pytest.importorskip("neo", reason="the extra neo is not installed")
pq = pytest.importorskip("quantities", reason="the extra neo is not installed")


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_spike_trains_come_back_to_the_last_bit(data: st.DataObject) -> None:
    channels = data.draw(st.integers(1, 4))
    duration = data.draw(st.floats(1e-3, 1e6))
    spike = st.tuples(st.floats(0, duration, exclude_max=True), st.integers(0, channels - 1))
    samples = data.draw(st.lists(st.lists(spike, max_size=6), min_size=1, max_size=3))
    ordered = [sorted(one) for one in samples]  # spikes of one time in the order of their channels
    trains = SpikeTrains.from_samples([([t for t, _ in one], [c for _, c in one]) for one in ordered], channels, duration)
    assert from_neo(to_neo(trains)).equals(trains)


@pytest.mark.parametrize("dt", [0.1, 0.3, 20.0, 1 / 3, 7e-3])
def test_currents_come_back_to_the_last_bit(dt: float) -> None:
    rng = np.random.default_rng(0)
    currents = Currents.from_samples([rng.normal(size=(5, 2)), rng.normal(size=(3, 2))], dt)
    assert from_neo(to_neo(currents)).equals(currents)


def test_an_activity_has_spikes_and_signals_of_its_neurons() -> None:
    reservoir = build(ReservoirSpec(neurons=20, adaptation=1), seed=1, channels=3)
    reservoir = reservoir.replace(labels=[f"n{k}" for k in range(20)])
    trains = SpikeTrains(np.arange(40.0), np.arange(40) % 3, [0, 20, 40], 3, 60.0)
    record = ("spikes", "states", "v", "currents", "adaptation", "counts")
    activity = simulate(reservoir, trains, record=record, record_neurons=[3, 7], sample_times=[10.0, 20.0, 30.0])
    with pytest.warns(HrsnnWarning, match="counts in windows"):
        block = to_neo(activity)
    assert from_neo(block).equals(activity.spikes)
    segment = block.segments[1]
    names = {one.name: one for one in segment.analogsignals}
    assert np.array_equal(names["v"].magnitude, activity.v[1])
    assert str(names["v"].units.dimensionality) == "mV"
    assert np.array_equal(names["i_inh"].magnitude, activity.currents[1][..., 1])
    assert np.array_equal(names["states"].magnitude, activity.states[1])
    assert names["adaptation"].array_annotations["channel_ids"].tolist() == [3, 7]
    assert np.allclose(names["v"].times.rescale("ms").magnitude, [10, 20, 30])
    train = segment.spiketrains[4]
    assert (train.name, train.annotations["type"]) == ("n4", "E" if reservoir.is_excitatory[4] else "I")
    assert np.array_equal(from_neo(block, signal="v").values, activity.v)  # type: ignore[union-attr]


def test_irregular_sample_times_are_kept() -> None:
    trains = SpikeTrains([1.0], [0], [0, 1], 1, 60.0)
    activity = simulate(build(ReservoirSpec(neurons=5), seed=1), trains, record=("v",), sample_times=[1.0, 2.0, 50.0])
    (signal,) = to_neo(activity).segments[0].irregularlysampledsignals
    assert np.array_equal(signal.times.rescale("ms").magnitude, [1.0, 2.0, 50.0])


def test_elephant_finds_the_statistics_that_are_found_here() -> None:
    statistics = pytest.importorskip("elephant.statistics", reason="elephant, of the extra test, is not installed")
    rng = np.random.default_rng(1)
    samples = [(np.sort(rng.uniform(0, 1000, 200)), rng.integers(0, 5, 200)) for _ in range(4)]
    trains = SpikeTrains.from_samples(samples, 5, 1000.0)
    segments = to_neo(trains).segments
    rates = [[float(statistics.mean_firing_rate(one).rescale("Hz")) for one in s.spiketrains] for s in segments]
    assert np.allclose(np.mean(rates, axis=0), firing_rates(trains), rtol=1e-12)
    for k, segment in enumerate(segments):
        theirs = [statistics.cv(statistics.isi(one)) for one in segment.spiketrains]
        assert np.allclose(theirs, interval_variation(trains[k]), rtol=1e-9)
    theirs = [statistics.fanofactor([segment.spiketrains[k] for segment in segments]) for k in range(5)]
    assert np.allclose(theirs, fano_factor(trains.counts(1)[:, 0]), rtol=1e-12)


def train(times: Any, start: float = 0.0, stop: float = 10.0, **more: Any) -> Any:
    return neo.SpikeTrain(times * pq.ms, t_start=start * pq.ms, t_stop=stop * pq.ms, **more)


def block_of(*segments: list[Any]) -> Any:
    block = neo.Block()
    for trains in segments:
        segment = neo.Segment()
        segment.spiketrains.extend(trains)
        block.segments.append(segment)
    return block


def test_trains_of_others_are_numbered_in_their_order() -> None:
    trains = from_neo(block_of([train([1.0]), train([0.5, 9.0])], [train([]), train([3.0])]))
    assert (trains.times.tolist(), trains.channels.tolist()) == ([0.5, 1.0, 9.0, 3.0], [1, 0, 1, 1])  # type: ignore[union-attr]


BAD: dict[str, tuple[Any, str]] = {
    "no block": (3, "block = 'int': must be a neo.Block"),
    "no segments": (neo.Block(), "with at least one segment"),
    "nothing": (block_of([]), "has the regular signals"),
    "other numbers": (block_of([train([1.0])], [train([1.0]), train([2.0])]), "equally many spike trains"),
    "one id twice": (block_of([train([1.0], channel_id=1), train([2.0], channel_id=1)]), "one for each train"),
    "id of text": (block_of([train([1.0], channel_id="a")]), "must be whole numbers"),
    "other ends": (block_of([train([1.0]), train([2.0], stop=11.0)]), "start and end together"),
    "at the end": (block_of([train([10.0])]), r"spike of channel 0 in segment 0 = 10.0: must be before the end"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_block_that_holds_no_samples_is_refused(what: str) -> None:
    block, message = BAD[what]
    with pytest.raises(InputError, match=message):
        from_neo(block)


def test_an_activity_without_records_is_refused() -> None:
    activity = simulate(build(ReservoirSpec(neurons=5), seed=1), SpikeTrains([1.0], [0], [0, 1], 1, 60.0), record=())
    with pytest.raises(InputError, match="must have spikes or signals"):
        to_neo(activity)
