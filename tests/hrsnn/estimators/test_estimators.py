"""The estimators with a readout: scikit-learn's own checks, nested parameters, names of columns, weights, forecasts."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.estimator_checks import check_estimator

from hrsnn import (
    InputError,
    PoissonEncoder,
    ReservoirClassifier,
    ReservoirForecaster,
    ReservoirRegressor,
    ReservoirSpec,
    ReservoirTransformer,
    SpecError,
    build,
    simulate,
)
from hrsnn.balanced import BalancedSpec
from hrsnn.readout import readout

SMALL = ReservoirSpec(neurons=20)
X = np.random.default_rng(0).random((24, 3))
LABELS = np.where(X[:, 0] > X[:, 1], "a", "b")
TRAINS = PoissonEncoder(peak_rate=300, duration=40).fit_transform(X)
WAVE = np.sin(np.arange(500) / 4)[:, None]
RATES = PoissonEncoder(dt=20, scale="channel", series=True)

#: scikit-learn's checks that do not apply, and why.
NOT_APPLICABLE = {
    "check_array_api_input": "needs SCIPY_ARRAY_API in the environment; the engines take NumPy arrays only",
}
_WEIGHTS = "samples are weighted in the fit of the readout; columns and penalty are chosen without weights"
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": _WEIGHTS,
    "check_sample_weights_invariance": _WEIGHTS,
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "estimator",
    [
        ReservoirClassifier(SMALL, duration=20, windows=1),
        # with fewer neurons or a shorter time it does not learn ten noisy columns, which one of the checks demands
        ReservoirRegressor(ReservoirSpec(neurons=60), duration=50, windows=2),
    ],
    ids=lambda one: type(one).__name__,
)
def test_scikit_learns_checks(estimator: BaseEstimator) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of scikit-learn about the checks it skips
        results = check_estimator(estimator, expected_failed_checks=EXPECTED_FAILURES, on_fail=None)
    kinds = ("passed", "skipped", "xfail")
    by_status = {status: {r["check_name"] for r in results if r["status"] == status} for status in kinds}
    assert {r["check_name"]: r["exception"] for r in results if r["status"] not in by_status} == {}
    assert by_status["skipped"] <= set(NOT_APPLICABLE)
    assert len(by_status["passed"]) > 30


def test_a_classifier_is_its_parts_one_after_the_other() -> None:
    encoder = PoissonEncoder(peak_rate=300, duration=40)
    model = ReservoirClassifier(SMALL, encoder=encoder, seed=3).fit(X, LABELS)
    network = build(SMALL, seed=3, channels=3)
    assert model.reservoir_.equals(network)
    states = np.sqrt(simulate(network, encoder.fit_transform(X), record=("counts",), windows=5, seed=3).counts)
    by_hand = readout("logistic", 3).fit(states.reshape(len(X), -1), LABELS)
    assert model.predict(X).tolist() == by_hand.predict(states.reshape(len(X), -1)).tolist()
    np.testing.assert_array_equal(model.predict_proba(X), by_hand.predict_proba(states.reshape(len(X), -1)))
    assert not hasattr(ReservoirClassifier(readout="ridge"), "predict_proba")
    assert ReservoirClassifier(SMALL, seed=3).fit(TRAINS, LABELS).score(TRAINS, LABELS) > 0.6


def test_weights_of_samples_reach_the_readout() -> None:
    only_a = (LABELS == "a") * 1.0 + 1e-9
    assert set(ReservoirClassifier(SMALL).fit(X, LABELS, sample_weight=only_a).predict(X)) == {"a"}
    zero = ReservoirRegressor(SMALL).fit(X, X[:, 0] > 0.5, sample_weight=(X[:, 0] > 0.5) + 1e-9).predict(X)
    assert np.all(zero > 0.9)


@pytest.mark.parametrize(
    ("names", "seen"),
    [
        ({"spec__weight_scale": 3.0}, lambda spec: spec.weight_scale == 3),
        (
            {"spec__tau_m_exc__mean": 22.0, "spec__neurons": 30},
            lambda spec: spec.tau_m_exc.mean == 22 and spec.neurons == 30,
        ),
        ({"spec__delay_exc": 5.0}, lambda spec: spec.delay_exc.value == 5),
        ({"spec": SMALL, "spec__dt": 1.0}, lambda spec: spec.dt == 1 and spec.neurons == 20),
    ],
)
def test_parameters_of_a_spec_are_nested_parameters(names: dict[str, Any], seen: Any) -> None:
    for model in (ReservoirTransformer(), ReservoirClassifier(), ReservoirForecaster(ReservoirSpec(neurons=40))):
        before = model.spec
        assert seen(clone(model).set_params(**names).spec)
        assert model.spec is before
        assert set(names) <= set(model.get_params())
    balanced = ReservoirTransformer(BalancedSpec(neurons=40)).set_params(spec__decoder_norm=0.5)
    assert balanced.spec.decoder_norm == 0.5


def test_unknown_nested_parameters_are_named() -> None:
    with pytest.raises(SpecError, match="weight_scal"):
        ReservoirTransformer().set_params(spec__weight_scal=1)
    with pytest.raises(InputError, match="windowz"):
        ReservoirTransformer().set_params(windowz=1)
    with pytest.raises(InputError, match="must be a specification"):
        ReservoirTransformer("no spec").set_params(spec__neurons=3)  # type: ignore[arg-type]


def test_a_grid_over_nested_parameters_of_a_pipeline() -> None:
    steps = [("enc", PoissonEncoder(duration=30)), ("res", ReservoirTransformer(SMALL)), ("ridge", RidgeClassifier())]
    grid = {
        "enc__peak_rate": [100, 300],
        "res__plastic": [False],
        "res__spec__weight_scale": [2.0, 6.0],
        "res__spec__tau_m_exc__mean": [10.0, 20.0],
        "ridge__alpha": [1.0],
    }
    search = GridSearchCV(Pipeline(steps), grid, cv=2).fit(X, LABELS)
    assert len(search.cv_results_["params"]) == 8
    assert len(set(search.cv_results_["mean_test_score"])) > 1
    best = search.best_estimator_["res"].spec
    assert best.weight_scale == search.best_params_["res__spec__weight_scale"]


def test_names_of_columns_and_data_frames() -> None:
    model = ReservoirTransformer(SMALL, plastic=False, windows=2, neurons=[3, 5]).fit(TRAINS)
    names = ["window0_neuron3", "window0_neuron5", "window1_neuron3", "window1_neuron5"]
    assert model.get_feature_names_out().tolist() == names
    frame = model.set_output(transform="pandas").transform(TRAINS)
    assert list(frame.columns) == names
    assert frame.shape == (24, 4)
    labelled = build(SMALL, 1, channels=3).replace(labels=np.array([f"AVA{k}" for k in range(20)]))
    some = ReservoirTransformer(reservoir=labelled, plastic=False, windows=1).fit(TRAINS)
    assert some.get_feature_names_out()[:2].tolist() == ["window0_AVA0", "window0_AVA1"]
    decoded = ReservoirTransformer(BalancedSpec(neurons=40, dimensions=3), features="decoded", plastic=False, windows=1)
    assert decoded.fit(X).get_feature_names_out().tolist() == ["window0_state0", "window0_state1", "window0_state2"]


@pytest.mark.parametrize("features", ["states", "v"])
def test_forecasts_continue_the_series_they_were_fitted_to(features: str) -> None:
    model = ReservoirForecaster(ReservoirSpec(neurons=60), features=features, seed=1).fit(WAVE)
    # the first forecast in closed loop is the last one in open loop
    np.testing.assert_allclose(model.forecast(1), model.predict(WAVE)[-1:], rtol=1e-12)
    closed = model.forecast(5)
    np.testing.assert_array_equal(model.forecast(5, after=WAVE), closed)
    # and each of the others that of a series that the forecasts are appended to
    longer = model.predict(np.concatenate([WAVE, closed[:4]]))
    np.testing.assert_allclose(closed, longer[len(WAVE) - 1 :], rtol=1e-9, atol=1e-12)
    targets = 3 * WAVE[:, 0] + 1
    scored = ReservoirForecaster(ReservoirSpec(neurons=60), features="v").fit(WAVE, targets)
    assert scored.predict(WAVE).shape == (500,)
    assert scored.score(WAVE, targets) > 0.9


def test_a_pipeline_with_an_encoder_gives_data_frames() -> None:
    steps = [("encode", PoissonEncoder(peak_rate=300, duration=40)), ("res", ReservoirTransformer(SMALL, windows=1))]
    frame = Pipeline(steps).set_output(transform="pandas").fit_transform(X)
    assert list(frame.columns[:2]) == ["window0_neuron0", "window0_neuron1"]
    assert frame.shape == (24, 20)


def test_weights_are_routed_to_the_readout() -> None:
    weights = np.where(LABELS == "a", 5.0, 0.2)
    model = ReservoirClassifier(SMALL, encoder=PoissonEncoder(peak_rate=300, duration=40), windows=1)
    with config_context(enable_metadata_routing=True):
        asked = clone(model).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        search = GridSearchCV(asked, {"windows": [1]}, cv=2).fit(X, LABELS, sample_weight=weights)
    alone = clone(model).fit(X, LABELS, sample_weight=weights)
    np.testing.assert_array_equal(search.predict_proba(X), alone.predict_proba(X))
    assert not np.array_equal(search.predict_proba(X), clone(model).fit(X, LABELS).predict_proba(X))
    numbers = ReservoirRegressor(SMALL, windows=1)
    with config_context(enable_metadata_routing=True):
        routed = clone(numbers).set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        routed = GridSearchCV(routed, {"windows": [1]}, cv=2).fit(X, X[:, 0], sample_weight=weights)
    np.testing.assert_array_equal(routed.predict(X), clone(numbers).fit(X, X[:, 0], sample_weight=weights).predict(X))


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda: ReservoirClassifier(SMALL).fit(X, np.zeros(24)), "two classes"),
        (lambda: ReservoirClassifier(SMALL, readout="svm").fit(X, LABELS), "readout = 'svm'"),
        (lambda: ReservoirClassifier(SMALL, encoder=3).fit(X, LABELS), "encoder = 3"),
        (lambda: ReservoirClassifier(SMALL, encoder=RidgeClassifier()).fit(X, LABELS), "must be an encoder"),
        (lambda: ReservoirRegressor(SMALL).fit(X, np.full(24, np.nan)), "NaN"),
        (lambda: ReservoirForecaster(SMALL, horizon=0).fit(WAVE), "horizon"),
        (lambda: ReservoirForecaster(SMALL, features="counts").fit(WAVE), "features"),
        (lambda: ReservoirForecaster(SMALL, features="decoded").fit(WAVE), "needs a decoder"),
        (lambda: ReservoirForecaster(SMALL, quadratic=101).fit(WAVE), "quadratic"),
        (lambda: ReservoirForecaster(SMALL, encoder=RATES).fit(WAVE).forecast(2), "cannot be used in a closed loop"),
        (lambda: ReservoirForecaster(SMALL).fit(WAVE[:90]), "must be 111 or more"),
        (lambda: ReservoirForecaster(SMALL).fit(WAVE, WAVE[:7]), "as many rows as X"),
        (lambda: ReservoirForecaster(SMALL, horizon=2).fit(WAVE).forecast(3), "horizon = 1"),
    ],
)
def test_what_is_refused(work: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        work()
