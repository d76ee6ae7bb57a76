"""Ridge readouts against scikit-learn, and the scores of a forecast."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler

from hrsnn.analysis import nrmse, r_squared, ridge_readout
from hrsnn.errors import InputError

RANDOM = np.random.default_rng(0)
STATES = RANDOM.normal(size=(400, 12)) * np.geomspace(0.2, 5, 12) + 5
TARGETS = STATES @ RANDOM.normal(size=(12, 2)) / np.geomspace(0.2, 5, 12).mean() + RANDOM.normal(size=(400, 2))


@pytest.mark.parametrize("alpha", [1e-6, 1e-2, 1.0, 30.0])
@pytest.mark.parametrize("washout", [0, 25])
def test_equals_scikit_learn(alpha, washout):
    ours = ridge_readout(STATES, TARGETS, 300, [alpha], 0.2, washout=washout).prediction
    split = 300 - round(0.2 * (300 - washout))
    z = StandardScaler().fit(STATES[washout:split]).transform(STATES)
    model = Ridge(alpha=alpha * (300 - washout)).fit(z[washout:300], TARGETS[washout:300])
    np.testing.assert_allclose(ours, model.predict(z), rtol=1e-8, atol=1e-8)


def test_chooses_the_penalty_that_does_best_on_the_end_of_the_training_part():
    alphas = [1e-6, 1e-3, 0.1, 1.0, 100.0]
    errors = []
    for alpha in alphas:
        z = StandardScaler().fit(STATES[:240]).transform(STATES)
        model = Ridge(alpha=alpha * 240).fit(z[:240], TARGETS[:240])
        errors.append(np.mean((model.predict(z[240:300]) - TARGETS[240:300]) ** 2 / TARGETS[:240].var(axis=0)))
    forecast = ridge_readout(STATES, TARGETS, 300, alphas)
    assert forecast.alpha == alphas[int(np.argmin(errors))]
    assert forecast.validation_error == pytest.approx(min(errors))


def test_noise_is_penalised_and_signal_is_not():
    random = np.random.default_rng(1)
    states = random.normal(size=(300, 100))
    assert ridge_readout(states, random.normal(size=300), 200).alpha >= 1
    assert ridge_readout(states, states[:, 0] + 1, 200).alpha <= 1e-6


def test_test_rows_do_not_reach_the_fit():
    changed_states, changed_targets = STATES.copy(), TARGETS.copy()
    changed_states[300:] = 0
    changed_targets[300:] = 1e9
    one, two = ridge_readout(STATES, TARGETS, 300), ridge_readout(changed_states, changed_targets, 300)
    np.testing.assert_array_equal(one.prediction[:300], two.prediction[:300])


def test_more_states_than_rows_and_no_penalty():
    random = np.random.default_rng(2)
    states, target = random.normal(size=(60, 200)), random.normal(size=60)
    forecast = ridge_readout(states, target, 50, alphas=[0.0])
    np.testing.assert_allclose(forecast.prediction[:50], target[:50], atol=1e-8)
    assert np.isfinite(forecast.prediction).all()


def test_constant_states_predict_the_training_mean():
    target = np.arange(20.0)
    prediction = ridge_readout(np.ones((20, 3)), target, 10).prediction
    np.testing.assert_allclose(prediction, np.full(20, 4.5))


def test_constant_target():
    np.testing.assert_allclose(ridge_readout(STATES, np.full(400, 3.0), 300).prediction, 3.0)


def test_a_rare_event_does_not_ruin_the_test_part():
    states = np.hstack([STATES, np.zeros((400, 1))])
    states[350, -1] = 1.0
    expected = ridge_readout(STATES, TARGETS, 300).prediction
    np.testing.assert_allclose(ridge_readout(states, TARGETS, 300).prediction, expected)


def test_shape_follows_the_targets():
    assert ridge_readout(STATES, TARGETS[:, 0], 300).prediction.shape == (400,)
    assert ridge_readout(STATES[:, 0], TARGETS, 300).prediction.shape == (400, 2)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"states": STATES[:-1]}, "targets"),
        ({"states": np.full((400, 2), np.nan)}, "states"),
        ({"targets": np.full(400, np.inf)}, "targets"),
        ({"train": 0}, "train"),
        ({"train": 401}, "train"),
        ({"train": 2}, "train"),
        ({"washout": 300}, "train"),
        ({"washout": -1}, "washout"),
        ({"validation_share": 0.0}, "validation_share"),
        ({"alphas": [np.nan]}, "alphas"),
    ],
)
def test_bad_input(change, field):
    with pytest.raises(InputError) as caught:
        ridge_readout(**{"states": STATES, "targets": TARGETS, "train": 300, **change})
    assert caught.value.field == field


def test_nrmse_of_known_errors():
    target = RANDOM.normal(size=(100, 2)) * [1.0, 50.0]
    assert nrmse(target, target) == 0
    mean = np.broadcast_to(target.mean(axis=0), target.shape)
    assert nrmse(mean, target) == pytest.approx(1)
    # each output in its own units: errors of 0.5 and 0.1 of a scale
    scale = np.array([2.0, 10.0])
    assert nrmse(target + scale * [0.5, -0.1], target, scale) == pytest.approx(0.3)


def test_r_squared_equals_scikit_learn():
    target = RANDOM.normal(size=(50, 3))
    prediction = target + RANDOM.normal(size=(50, 3)) * [0.1, 1, 3]
    assert r_squared(prediction, target) == pytest.approx(r2_score(target, prediction))
    assert r_squared(target[:, 0] * 2, target[:, 0]) < 1


@pytest.mark.parametrize(
    ("score", "arguments"),
    [
        (nrmse, ([1.0], [1.0, 2.0])),
        (nrmse, ([1.0, np.nan], [1.0, 2.0])),
        (nrmse, ([1.0, 2.0], [1.0, 1.0])),
        (nrmse, ([1.0, 2.0], [1.0, 3.0], 0.0)),
        (nrmse, ([1.0, 2.0], [1.0, 3.0], [1.0, 2.0])),
        (r_squared, ([1.0, 2.0], [1.0, 1.0])),
        (r_squared, ([1.0], [1.0, 2.0])),
    ],
)
def test_bad_scores(score, arguments):
    with pytest.raises(InputError):
        score(*arguments)


def test_what_is_left_of_an_old_spike_cannot_ruin_a_forecast() -> None:
    """A neuron that spiked once, before training, and again in the test part: its trace is smooth, tiny, then 1."""
    rng = np.random.default_rng(0)
    good = rng.normal(size=(400, 1))
    trace = np.exp(-np.arange(400.0)[:, None] / 5)
    trace[350:] += np.exp(-np.arange(50.0)[:, None] / 5)
    target = good[:, 0]
    states, noisy = np.hstack([good, trace]), target + 1e-3 * rng.normal(size=400)
    ruined = ridge_readout(states, noisy, train=300, washout=100, least_deviation=0.0)
    kept = ridge_readout(states, noisy, train=300, washout=100)
    assert np.abs(kept.prediction[300:] - target[300:]).max() < 0.01
    assert np.abs(ruined.prediction[300:] - target[300:]).max() > 10
