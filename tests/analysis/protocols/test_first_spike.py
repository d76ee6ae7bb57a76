"""Classification by the first output spike: when the classes can be told decides when it stops."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from hrsnn import Reservoir, ReservoirSpec, SpikeTrains, build
from hrsnn.analysis.protocols.first_spike import FirstSpike, classify_by_first_spike
from hrsnn.errors import InputError
from hrsnn.readout import readout
from hrsnn.tasks import ClassificationTask

CHANNELS, DURATION = 20, 100.0


def task(told_from: float) -> ClassificationTask:
    """Two classes whose spikes are on the same channels before a time, and on different halves of them from it on."""
    rng = np.random.default_rng(5)
    labels = np.arange(120) % 2

    def sample(label: int) -> tuple[np.ndarray, np.ndarray]:
        times = np.sort(rng.uniform(0, DURATION, 200))
        half = rng.integers(0, CHANNELS // 2, 200)
        later = times >= told_from
        return times, np.where(later, half + label * CHANNELS // 2, rng.integers(0, CHANNELS, 200))

    trains = SpikeTrains.from_samples([sample(int(label)) for label in labels], CHANNELS, np.full(120, DURATION))
    return ClassificationTask(
        name="halves",
        x_train=trains[:80],
        y_train=labels[:80],
        x_test=trains[80:],
        y_test=labels[80:],
        classes=np.arange(2),
        encoder=None,
        raw_baseline=readout(),
        raw_baseline_name="none",
    )


@functools.cache
def network() -> Reservoir:
    return build(ReservoirSpec(neurons=60), seed=2, channels=CHANNELS)


def found(told_from: float, tolerance: float = 0.0) -> FirstSpike:
    return classify_by_first_spike(network(), task(told_from), tolerance=tolerance)


def test_it_stops_when_the_classes_can_be_told_and_not_before() -> None:
    early, late = found(0.0, tolerance=0.02), found(60.0)
    for one in (early, late):
        assert one.accuracy >= 0.95
        assert one.accuracy_at_end >= 0.95
        assert 0 < one.spikes <= one.spikes_in_all
        assert one.stopped > 0.8
    assert early.time < 50
    assert late.time > 60
    assert early.spikes / early.spikes_in_all < 0.5 < late.spikes / late.spikes_in_all
    # the spikes until then are the share of the time, at a rate that is about constant
    assert late.spikes / late.spikes_in_all == pytest.approx(late.time / DURATION, abs=0.1)


def test_more_tolerance_never_means_more_spikes() -> None:
    spikes = [found(0.0, tolerance).spikes for tolerance in (0.0, 0.1, 0.3)]
    assert spikes == sorted(spikes, reverse=True)
    assert spikes[-1] < spikes[0]


def test_samples_of_different_lengths_and_bad_options_are_refused() -> None:
    trains = SpikeTrains([1.0, 2.0], [0, 1], [0, 1, 2], 2, np.array([50.0, 60.0]))
    uneven = task(0.0)
    object.__setattr__(uneven, "x_test", trains)
    with pytest.raises(InputError, match="one duration"):
        classify_by_first_spike(network(), uneven)
    with pytest.raises(InputError, match="tolerance"):
        classify_by_first_spike(network(), task(0.0), tolerance=1.0)
    with pytest.raises(InputError, match="step"):
        classify_by_first_spike(network(), task(0.0), step=40.0)
