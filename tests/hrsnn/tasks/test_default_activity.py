"""The default reservoir is alive on every shipped task: neither silent nor a storm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fsdd_adapter import write_recordings

from hrsnn import Activity, Currents, ReservoirSpec, build, simulate
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.tasks import ClassificationTask, SeriesTask, load_task

SEEDS = range(5)


def encoded(task: ClassificationTask, samples: int) -> Stimulus:
    """The first training samples, encoded as the task says; the encoder sees the whole training part."""
    encoder = task.encoder.fit(task.x_train)
    stimulus: Stimulus = encoder.transform(task.x_train[:samples])
    return stimulus


def held(task: SeriesTask, values: int) -> Stimulus:
    """The first values, as currents."""
    return Currents(task.inputs[None, :values], task.hold)


def digits(samples: int = 100) -> Stimulus:
    """About ten seconds of digits."""
    task = load_task("digits")
    assert isinstance(task, ClassificationTask)
    return encoded(task, samples)


def fsdd(data_folder: Path, folder: Path, samples: int = 30) -> Stimulus:
    """About thirteen seconds of spoken digits by all speakers."""
    task = load_task("fsdd", path=write_recordings(data_folder, folder, indices={0, 10}))
    assert isinstance(task, ClassificationTask)
    return encoded(task, samples)


def memory(values: int = 500) -> Stimulus:
    """Ten seconds of random numbers."""
    task = load_task("memory")
    assert isinstance(task, SeriesTask)
    return held(task, values)


def silent_share(activity: Activity) -> float:
    """Share of the neurons without one spike in the whole run."""
    return float((activity.spike_counts.sum(axis=0) == 0).mean())


def assert_alive(stimulus: Stimulus, neurons: int = 300) -> None:
    for seed in SEEDS:
        activity = simulate(build(ReservoirSpec(neurons=neurons), seed, stimulus.n_channels), stimulus, record=())
        rate, silent = float(activity.rates.mean()), silent_share(activity)
        assert 1 <= rate <= 30, f"seed {seed}: {rate:.1f} Hz"
        assert silent < 0.2, f"seed {seed}: {silent:.1%} silent"


@pytest.mark.slow
def test_alive_on_digits() -> None:
    assert_alive(digits())


@pytest.mark.slow
def test_alive_after_stdp_over_all_training_digits() -> None:
    """The seed with the highest rate of the five: what is learned raises it, and homeostasis has to hold it."""
    stimulus = digits(1348)
    reservoir = build(ReservoirSpec(neurons=300), 3, stimulus.n_channels)
    learned = simulate(reservoir, stimulus, plastic=True, record=(), blank=100.0).reservoir
    before, after = (simulate(r, stimulus[:200], record=()) for r in (reservoir, learned))
    assert before.rates.mean() < after.rates.mean() <= 30
    assert silent_share(after) < 0.2


@pytest.mark.slow
def test_alive_on_spoken_digits(data_folder: Path, tmp_path: Path) -> None:
    assert_alive(fsdd(data_folder, tmp_path))


@pytest.mark.slow
def test_alive_on_memory() -> None:
    assert_alive(memory())


def test_homogeneous_reservoirs_are_alive_too() -> None:
    stimulus = digits(20)
    for variant in ("HoNHoS", "HoNHeS", "HeNHoS"):
        reservoir = build(ReservoirSpec(neurons=300).variant(variant), 0, stimulus.n_channels)
        rates = simulate(reservoir, stimulus, record=()).rates
        assert 1 <= np.mean(rates) <= 30, f"{variant}: {rates.mean():.1f} Hz"
