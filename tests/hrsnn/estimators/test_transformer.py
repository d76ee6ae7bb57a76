"""The reservoir as a scikit-learn transformer: scikit-learn's own checks, pipelines, and what fit and transform do."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from hrsnn import (
    Currents,
    InputError,
    PoissonEncoder,
    ReservoirSpec,
    ReservoirTransformer,
    SpikeTrains,
    build,
    simulate,
)

SPEC = ReservoirSpec(neurons=20, i_bias=15)
ENGINE = "compiled"
TRAINS = PoissonEncoder(peak_rate=300, duration=20).fit_transform(np.random.default_rng(0).random((12, 3)))
LABELS = np.tile([0, 1], 6)

#: scikit-learn's checks that do not apply, and why.
NOT_APPLICABLE = {"check_array_api_input": "needs SCIPY_ARRAY_API in the environment; the engines take NumPy arrays only"}


def transformer(**options: Any) -> ReservoirTransformer:
    return ReservoirTransformer(SPEC, **{"engine": ENGINE, "duration": 5.0, "blank": 0.0, **options})


@pytest.mark.slow
@pytest.mark.parametrize("plastic", [False, True])
def test_scikit_learns_checks(plastic):
    """More than thirty of them really run, and pass; the one that does not run is named above."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of scikit-learn about the checks it skips
        results = check_estimator(transformer(plastic=plastic, windows=2), on_fail=None)
    by_status = {status: {r["check_name"] for r in results if r["status"] == status} for status in ("passed", "skipped")}
    assert {r["check_name"]: r["exception"] for r in results if r["status"] not in by_status} == {}
    assert by_status["skipped"] <= set(NOT_APPLICABLE)
    assert len(by_status["passed"]) > 30


def test_fit_is_a_plastic_run_and_transform_a_frozen_one():
    model = transformer(blank=4.0, windows=3, seed=5).fit(TRAINS, LABELS)
    initial = build(SPEC, seed=5, channels=3)
    assert model.initial_reservoir_.equals(initial)
    learned = simulate(initial, TRAINS, plastic=True, blank=4.0, seed=5, engine=ENGINE)
    assert model.reservoir_.equals(learned.reservoir)
    assert not model.reservoir_.equals(initial)
    assert model.spike_count_ == learned.spike_count > 0
    counts = simulate(learned.reservoir, TRAINS, record="counts", windows=3, engine=ENGINE).counts
    np.testing.assert_array_equal(model.transform(TRAINS), np.sqrt(counts).reshape(12, -1))
    assert model.reservoir_.equals(learned.reservoir)  # transform learns nothing


@pytest.mark.parametrize("features", ["states", "v"])
def test_features_at_the_ends_of_the_windows(features):
    model = transformer(plastic=False, features=features, windows=4).fit(TRAINS)
    activity = simulate(model.reservoir_, TRAINS, record=features, sample_times=[5, 10, 15, 20], engine=ENGINE)
    np.testing.assert_array_equal(model.transform(TRAINS), getattr(activity, features).reshape(12, -1))


def test_labels_are_never_read():
    one, two = (transformer().fit(TRAINS, y).reservoir_ for y in (LABELS, None))
    assert one.equals(two)


def test_only_the_chosen_neurons_are_read_out():
    whole = transformer(plastic=False, windows=2).fit_transform(TRAINS).reshape(12, 2, 20)
    some = transformer(plastic=False, windows=2, neurons=[3, 17]).fit_transform(TRAINS)
    np.testing.assert_array_equal(some, whole[:, :, [3, 17]].reshape(12, -1))


def test_a_built_reservoir_is_taken_as_it_is():
    reservoir = build(SPEC, seed=9, channels=3)
    model = transformer(plastic=False).set_params(spec=None, reservoir=reservoir).fit(TRAINS)
    assert model.reservoir_ is reservoir
    assert clone(model).fit(TRAINS).reservoir_.equals(reservoir)


def test_a_plain_array_is_constant_currents():
    x = np.random.default_rng(0).normal(size=(4, 3))
    model = transformer(duration=15.0).fit(x)
    np.testing.assert_array_equal(model.transform(x), model.transform(Currents(x[:, None], 15.0)))
    assert model.n_features_in_ == 3


def test_a_subset_gets_the_states_of_the_whole():
    model = transformer().fit(TRAINS)
    np.testing.assert_array_equal(model.transform(TRAINS)[[7, 2]], model.transform(TRAINS[[7, 2]]))


def test_pipelines_cross_validation_and_grid_search():
    rng = np.random.default_rng(0)
    x = np.repeat(np.eye(2), 8, axis=0) + rng.uniform(0, 0.1, (16, 2))
    y = np.repeat([0, 1], 8)
    reservoir = transformer(plastic=False, windows=2)
    encoder = PoissonEncoder(peak_rate=500, duration=40)
    scores = cross_val_score(make_pipeline(encoder, clone(reservoir), RidgeClassifier()), x, y, cv=2)
    assert scores.mean() > 0.8
    trains = encoder.fit_transform(x)
    model = make_pipeline(clone(reservoir), RidgeClassifier())
    search = GridSearchCV(model, {"reservoirtransformer__windows": [1, 2], "ridgeclassifier__alpha": [1.0, 10.0]}, cv=2)
    search.fit(trains, y)
    assert search.best_score_ > 0.8
    assert search.score(trains, y) == 1
    spec_search = GridSearchCV(model, {"reservoirtransformer__spec": [SPEC, SPEC.variant("HoNHoS")]}, cv=2).fit(trains, y)
    assert spec_search.best_params_["reservoirtransformer__spec"] in (SPEC, SPEC.variant("HoNHoS"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": "rates"}, "features = 'rates': must be one of counts, states, v"),
        ({"windows": 0}, "windows = 0: must be a whole number >= 1"),
        ({"windows": 2.0}, "windows = 2.0"),
        ({"reservoir": build(SPEC, channels=3)}, "reservoir = 'given beside spec': give the one or the other"),
        ({"neurons": [3, 20]}, r"neurons = \[3, 20\]: must be indices of the 20 neurons"),
        ({"neurons": [-21]}, r"neurons = \[-21\]: must be indices of the 20 neurons"),
        ({"neurons": []}, r"neurons = \[\]: must be indices of the 20 neurons"),
        ({"neurons": ["a"]}, r"neurons = \['a'\]: must be indices of the 20 neurons"),
        ({"seed": -3}, "seed = -3: must be a whole number >= 0"),
        ({"engine": "nest"}, "engine = 'nest'"),
        ({"blank": -1}, "blank = -1"),
    ],
)
def test_bad_options_are_named_in_fit(options, message):
    with pytest.raises(InputError, match=message):
        transformer(**options).fit(TRAINS)


def test_bad_stimuli_are_named():
    model = transformer(plastic=False)
    with pytest.raises(NotFittedError):
        model.transform(TRAINS)
    with pytest.raises(InputError, match=r"X = .*: must hold at least one sample"):
        model.fit(TRAINS[:0])
    model.fit(TRAINS)
    with pytest.raises(InputError, match=r"X = .*: must hold at least one sample"):
        model.transform(TRAINS[:0])
    with pytest.raises(InputError, match="X = '4 channels': fit saw 3"):
        model.transform(SpikeTrains([], [], [0, 0], n_channels=4, duration=5.0))
    with pytest.raises(InputError, match="duration = 0"):
        transformer(duration=0).fit(np.ones((2, 3)))
