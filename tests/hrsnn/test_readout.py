"""Readouts: they classify, choose their penalty on the end of the training samples, and stand a silent reservoir."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from hrsnn import InputError
from hrsnn.readout import READOUTS, LastOfEachClass, readout

every_kind = pytest.mark.parametrize("kind", READOUTS)


def states(columns: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Two classes, apart in the first column."""
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 40)
    x = rng.normal(size=(80, columns))
    x[:, 0] += 6 * y
    return x, y


@every_kind
def test_classifies_what_can_be_told_apart(kind):
    x, y = states()
    model = readout(kind, seed=3).fit(x[:60], y[:60])
    assert model.score(x[60:], y[60:]) >= 0.9


@every_kind
def test_one_late_spike_does_not_outweigh_the_rest(kind):
    """A column that was near-silent in training says nothing, however much it says in the test."""
    x, y = states()
    x[:, 5] = 0
    x[3, 5] = 0.1
    model = readout(kind, seed=3).fit(x[:60], y[:60])
    late = x[60:].copy()
    late[:, 5] = 100
    np.testing.assert_array_equal(model.predict(late), model.predict(x[60:]))


@every_kind
def test_a_silent_reservoir_is_answered_with_the_most_frequent_class(kind):
    y = np.array(["b", "a", "b", "c", "b", "a"] * 5)
    model = readout(kind).fit(np.zeros((30, 4)), y)
    assert model.predict([[0, 0, 0, 0], [9, 9, 9, 9]]).tolist() == ["b", "b"]


def test_the_penalty_is_what_does_best_on_the_last_fifth_of_each_class():
    """By hand: every penalty fitted to the first four fifths, scored on the last, the heaviest of the best taken."""
    rng = np.random.default_rng(1)
    y = np.tile([0, 0, 1, 2], 50)
    x = rng.normal(size=(200, 40)) + 0.4 * np.eye(3, 40)[y]
    model = readout("logistic").fit(x, y)

    rows = [np.flatnonzero(y == label) for label in range(3)]
    first = np.sort(np.concatenate([r[: len(r) * 4 // 5] for r in rows]))
    last = np.sort(np.concatenate([r[len(r) * 4 // 5 :] for r in rows]))
    scale = StandardScaler().fit(x[first])
    scores = {
        c: LogisticRegression(C=c, max_iter=2000)
        .fit(scale.transform(x[first]), y[first])
        .score(scale.transform(x[last]), y[last])
        for c in (0.001, 0.01, 0.1, 1.0, 10.0)
    }
    best = min(c for c, score in scores.items() if score == max(scores.values()))
    assert model.best_params_ == {"classify__C": best}
    assert model.best_score_ == scores[best]
    everything = StandardScaler().fit(x)
    again = LogisticRegression(C=best, max_iter=2000).fit(everything.transform(x), y)
    np.testing.assert_allclose(model.predict_proba(x), again.predict_proba(everything.transform(x)), atol=1e-4)


@pytest.mark.parametrize(("columns", "noise", "least", "most"), [(2, 0.0, 1, 10), (300, 4.0, 300, 1e5)])
def test_few_good_columns_get_a_light_penalty_and_many_poor_ones_a_heavy_one(columns, noise, least, most):
    """A fine difference between two columns that are nearly the same, or a coarse one in much noise."""
    rng = np.random.default_rng(2)
    x, y = noise * rng.normal(size=(400, columns)), rng.integers(0, 2, 400)
    x[:, :2] += 10 * rng.normal(size=(400, 1)) * (noise == 0.0) + np.outer(y, [1.0, 0.0])
    assert least <= readout("ridge").fit(x, y).best_params_["classify__alpha"] <= most


@pytest.mark.parametrize("order", ["mixed", "sorted"])
def test_samples_sorted_by_class_can_be_learnt_too(order):
    x, y = states()
    rows = np.argsort(y, kind="stable") if order == "sorted" else np.arange(80)
    assert readout().fit(x[rows], y[rows]).score(x, y) >= 0.95


def test_a_class_of_one_sample_is_only_learnt():
    train, held_out = next(LastOfEachClass().split(None, np.array([0, 1, 0, 2, 0])))
    assert (train.tolist(), held_out.tolist()) == ([0, 1, 2, 3], [4])
    with pytest.raises(InputError, match="must hold two samples or more of a class"):
        readout().fit(np.arange(3.0)[:, None], [0, 1, 2])


def test_columns_are_standardised():
    x, y = states()
    scaled = x * np.logspace(0, 1, x.shape[1])
    one, two = readout("logistic").fit(x, y), readout("logistic").fit(scaled, y)
    np.testing.assert_array_equal(one.predict(x), two.predict(scaled))


def test_columns_of_another_unit_are_read_where_that_is_asked_for():
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 50)
    x = rng.normal(size=(100, 5))
    x[:, 2] = 0.01 * (y + 0.1 * x[:, 2])
    assert readout().fit(x[:80], y[:80]).score(x[80:], y[80:]) < 0.8
    assert readout(least_deviation=0.0).fit(x[:80], y[:80]).score(x[80:], y[80:]) == 1
    with pytest.raises(InputError, match="least_deviation = 2"):
        readout(least_deviation=2)


def test_the_seed_is_that_of_the_hidden_layer():
    x, y = states()
    first, same, other = (
        readout("sampled", seed=seed).fit(x, y).best_estimator_["classify"].coefs_[0] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)
    assert first.shape == (30, 20)


@every_kind
def test_it_is_an_estimator_of_scikit_learn(kind):
    model = clone(readout(kind))
    assert model.get_params()["estimator__standardise__least_deviation"] == 0.05


def test_other_kinds_are_refused():
    with pytest.raises(InputError, match="readout = 'forest': must be one of logistic, ridge, sampled"):
        readout("forest")
