"""Cue accumulation: its statistics, the seeds of its parts, and the ideal observer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from hrsnn.errors import HrsnnError
from hrsnn.tasks import load_task
from hrsnn.tasks.cue import ASKED, LEFT, NOISE, RIGHT, cue, ideal_accuracy, observed_majority

#: Begin and end of each group's cue within a slot of 150 ms, and of the recall signal (ms).
BEGIN, END, SLOT = 50, 150, 150


def dense(task: Any, part: str = "train") -> np.ndarray:
    return getattr(task, f"x_{part}").to_dense(1.0)


def test_spikes_are_where_they_belong_and_nowhere_else() -> None:
    task = cue(train=60, test=20, seed=3)
    spikes = dense(task)
    assert spikes.shape == (60, 2250, 40)
    assert spikes.max() == 1
    slots = spikes[:, : 7 * SLOT].reshape(60, 7, SLOT, 40)
    assert slots[:, :, :BEGIN, :20].sum() == 0
    assert spikes[:, 7 * SLOT :, :20].sum() == 0
    assert spikes[:, :2100, ASKED].sum() == 0
    sides = np.stack([slots[:, :, BEGIN:END, group].sum(axis=(2, 3)) for group in (LEFT, RIGHT)])
    assert ((sides > 0).sum(axis=0) == 1).all()  # each cue is on one side
    right = (sides[1] > 0).sum(axis=1)
    assert np.array_equal(task.y_train, (right >= 4).astype(int))


@pytest.mark.parametrize(
    ("group", "window", "chance"),
    [(ASKED, slice(2100, 2250), 0.04), (NOISE, slice(0, 2250), 0.01), (slice(0, 20), slice(50, 150), 0.02)],
    ids=["recall", "noise", "cue"],
)
def test_rates_are_the_published_ones(group: slice, window: slice, chance: float) -> None:
    """The first cue is on one of two sides, so that the 20 channels together have half its rate."""
    spikes = dense(cue(train=200, test=20, seed=1))[:, window, group]
    trials = spikes.size // (2 if chance == 0.02 else 1)
    probability = chance * spikes.size / trials
    assert binomtest(int(spikes.sum()), trials, probability).pvalue > 0.001


def test_cues_are_a_mixture_of_two_binomials() -> None:
    task = cue(train=1200, test=20, rate=100, noise=0, seed=2)
    edges = SLOT * np.arange(8.0)
    right = (task.x_train.counts(edges)[:, :, RIGHT].sum(axis=2) > 0).sum(axis=1)
    expected = 600 * (binom.pmf(range(8), 7, 0.3) + binom.pmf(range(8), 7, 0.7))
    found = np.bincount(right, minlength=8)
    assert ((found - expected) ** 2 / expected).sum() < 24.3  # chi squared of 7 degrees, p = 0.001


def test_parts_have_seeds_of_their_own() -> None:
    test, validation = cue(train=40, test=40), cue(train=40, test=40, split="validation")
    assert test.x_train.equals(validation.x_train)
    parts = [test.x_train, test.x_test, validation.x_test]
    noise = [part.to_dense(1.0)[:, :, NOISE] for part in parts]
    labels = [test.y_train, test.y_test, validation.y_test]
    for one in range(3):
        for other in range(one):
            assert not np.array_equal(labels[one], labels[other])
            a, b = noise[one].ravel(), noise[other].ravel()
            assert abs((a & b).mean() - 1e-4) < 5e-5  # two independent spikes of 1 % in a bin
    assert not cue(train=40, test=40, seed=1).x_test.equals(test.x_test)


def test_shared_noise_is_that_of_the_published_code() -> None:
    """Equal random numbers for the spikes of the k-th samples, and cues of their own."""
    task = cue(train=40, test=40, shared_noise=True)
    train, test = dense(task), dense(task, "test")
    assert np.array_equal(train[:, :, 20:], test[:, :, 20:])
    assert not np.array_equal(task.y_train, task.y_test)
    first, other = (one[:, :150, :20] for one in (train, test))  # the first cue
    alike = first[:, :, LEFT].any(axis=(1, 2)) == other[:, :, LEFT].any(axis=(1, 2))
    assert 0 < alike.sum() < 40
    assert np.array_equal(first[alike], other[alike])


def test_the_ideal_observer_has_the_accuracy_of_its_closed_form() -> None:
    task = cue(train=20, test=1500, rate=1.0, noise=0, seed=5)
    hits = int((observed_majority(task.x_test) == task.y_test).sum())
    assert binomtest(hits, 1500, ideal_accuracy(rate=1.0)).pvalue > 0.001
    assert ideal_accuracy(rate=1.0) < 0.9
    clear = cue(train=20, test=200)
    assert (observed_majority(clear.x_test) == clear.y_test).all()


@pytest.mark.parametrize(
    ("options", "accuracy"),
    [
        ({}, 1.0),
        ({"rate": 0.0}, 0.5),
        # one cue, seen with probability q: q + (1 - q)/2
        ({"cues": 1, "rate": 0.5}, 1 - 0.9995**1000 / 2),
        ({"preference": 1.0, "rate": 1.0}, 1 - 0.999**7000 / 2),
    ],
    ids=str,
)
def test_ideal_accuracy_in_limits(options: dict[str, Any], accuracy: float) -> None:
    assert ideal_accuracy(**options) == pytest.approx(accuracy, abs=1e-12)


def test_the_baseline_of_counts_is_near_the_ideal() -> None:
    task = cue(seed=4)
    assert task.raw_baseline.fit(task.x_train, task.y_train).score(task.x_test, task.y_test) > 0.9


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cues": 4}, "cues = 4: must be odd"),
        ({"cues": 101}, "cues = 101"),
        ({"train": 5}, "train = 5"),
        ({"rate": 2000.0}, "rate = 2000.0: must be at most 1000 Hz"),
        ({"noise": -1.0}, "noise = -1.0"),
        ({"noise": float("nan")}, "noise = nan"),
        ({"preference": 0.3}, "preference = 0.3: must be from 0.5 to 1"),
        ({"preference": float("nan")}, "preference = nan"),
        ({"split": "training"}, "split = 'training': must be test or validation"),
        ({"shared_noise": 1}, "shared_noise = 1"),
    ],
    ids=str,
)
def test_bad_options_are_named(options: dict[str, Any], said: str) -> None:
    with pytest.raises(HrsnnError, match=said):
        load_task("cue", **options)
