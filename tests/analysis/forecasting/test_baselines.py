"""Baselines on processes whose best forecast is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hrsnn.analysis import (
    echo_state_network,
    fit_echo_state_network,
    last_value,
    linear_autoregression,
    nrmse,
    ridge_readout,
)
from hrsnn.analysis.forecasting.echo_state import EchoStateNetwork
from hrsnn.analysis.forecasting.models import MODELS
from hrsnn.errors import InputError
from hrsnn.tasks import SeriesTask


def autoregressive(coefficients, times, seed=0):
    """``x(t) = sum_k c_k x(t - k) + unit noise``, after a transient."""
    random = np.random.default_rng(seed)
    series = np.zeros(times + 200)
    noise = random.normal(size=len(series))
    for t in range(len(coefficients), len(series)):
        series[t] = sum(c * series[t - 1 - k] for k, c in enumerate(coefficients)) + noise[t]
    return series[200:]


@pytest.mark.parametrize("coefficients", [(0.9,), (1.6, -0.8), (0.2, 0.1, 0.5)])
def test_an_autoregressive_process_is_forecast_to_its_noise_floor(coefficients):
    series = autoregressive(coefficients, 8000)
    prediction = linear_autoregression(series[:-1], series[1:], 4000)
    error = np.sqrt(np.mean((prediction - series[1:])[4000:] ** 2))
    assert error == pytest.approx(1, abs=0.04)


def test_too_few_lags_miss_the_process_by_what_theory_says():
    series = autoregressive((1.6, -0.8), 20_000)
    prediction = linear_autoregression(series[:-1], series[1:], 10_000, lags=1)
    # the partial autocorrelation at lag 2 is -0.8: one lag leaves 1 / (1 - 0.8^2) of the noise variance
    assert np.mean((prediction - series[1:])[10_000:] ** 2) == pytest.approx(1 / 0.36, rel=0.06)


def test_several_steps_ahead():
    a, horizon = 0.9, 5
    series = autoregressive((a,), 20_000)
    prediction = linear_autoregression(series[:-horizon], series[horizon:], 10_000, lags=2)
    expected = (1 - a ** (2 * horizon)) / (1 - a**2)
    assert np.mean((prediction - series[horizon:])[10_000:] ** 2) == pytest.approx(expected, rel=0.06)


def test_several_channels_and_outputs():
    series = np.column_stack([autoregressive((0.9,), 4000, seed) for seed in (1, 2)])
    swapped = series[1:, ::-1]
    prediction = linear_autoregression(series[:-1], swapped, 2000)
    assert prediction.shape == swapped.shape
    np.testing.assert_allclose(np.mean((prediction - swapped)[2000:] ** 2, axis=0), 1, atol=0.1)


def test_last_value_of_a_random_walk_has_the_variance_of_its_steps():
    walk = np.cumsum(np.random.default_rng(0).normal(size=20_000))
    for horizon in (1, 4):
        error = last_value(walk)[:-horizon] - walk[horizon:]
        assert np.mean(error**2) == pytest.approx(horizon, rel=0.06)


def test_last_value_of_a_task_is_that_of_the_series_which_is_forecast():
    values, other = np.random.default_rng(0).normal(size=(300, 2)), np.arange(300.0) ** 2
    task = SeriesTask.from_array(values, other, horizon=4, washout=20)
    assert MODELS["last_value"](task, 0, 0)[task.test, 0] == pytest.approx(
        task.targets[task.test.start - 4 : task.test.stop - 4, 0]
    )
    same = SeriesTask.from_array(values, horizon=4, washout=20)
    assert np.array_equal(MODELS["last_value"](same, 0, 0), same.inputs)


def test_last_value_is_a_copy():
    series = np.arange(6.0).reshape(3, 2)
    prediction = last_value(series)
    prediction[0] = 9
    assert series[0, 0] == 0


def test_echo_state_network_follows_its_equation():
    u = np.random.default_rng(0).uniform(-1, 1, (30, 2))
    states = echo_state_network(u, 8, seed=3, leak=0.3)
    # without input and bias from x = 0 nothing moves; the leak is seen in the ratio to the run without one
    full = echo_state_network(u, 8, seed=3, leak=1.0)
    np.testing.assert_allclose(states[0], 0.3 * full[0])
    assert np.abs(full).max() <= 1
    odd = echo_state_network(-u, 8, seed=3, bias_scale=0)
    np.testing.assert_allclose(odd, -echo_state_network(u, 8, seed=3, bias_scale=0))


@pytest.mark.parametrize("recurrent", ["gaussian", "orthogonal"])
@pytest.mark.parametrize("radius", [0.5, 0.9])
def test_a_small_impulse_dies_at_the_rate_of_the_spectral_radius(recurrent, radius):
    impulse = np.zeros(400)
    impulse[0] = 1e-6  # small: tanh is linear
    states = echo_state_network(impulse, 30, 1, spectral_radius=radius, bias_scale=0, recurrent=recurrent)
    size = np.linalg.norm(states, axis=1)
    start, stop = (20, 120) if radius == 0.5 else (60, 260)
    slope = (np.log(size[stop]) - np.log(size[start])) / (stop - start)
    assert slope == pytest.approx(np.log(radius), abs=0.02)


def test_echo_state_network_beats_the_linear_forecast_of_a_nonlinear_map():
    x = np.empty(3000)
    x[0] = 0.3
    for t in range(2999):
        x[t + 1] = 3.8 * x[t] * (1 - x[t])
    u, target = x[:-1], x[1:]
    states = echo_state_network(u, 100, 0)
    scale = target[:2000].std()
    network = nrmse(ridge_readout(states, target, 2000, washout=50).prediction[2000:], target[2000:], scale)
    linear = nrmse(linear_autoregression(u, target, 2000)[2000:], target[2000:], scale)
    assert network < 0.1 < 0.5 < linear


def test_the_settings_of_an_echo_state_network_are_what_does_best_on_the_last_fifth():
    """By hand: every combination fitted to the first four fifths of the training part; later rows change nothing."""
    rng = np.random.default_rng(0)
    u = rng.uniform(-1, 1, 600)
    target = np.roll(u, 2) * np.roll(u, 1)
    options = {"spectral_radii": (0.2, 0.9), "input_scales": (0.1, 1.0), "leaks": (1.0, 0.3), "washout": 50}
    found = fit_echo_state_network(u, target, 400, 40, seed=3, **options)
    errors = {}
    for radius, scale, leak in itertools.product(*list(options.values())[:3]):
        settings = {"spectral_radius": radius, "input_scale": scale, "leak": leak}
        states = echo_state_network(u, 40, 3, **settings)
        errors[radius, scale, leak] = ridge_readout(states, target, 400, washout=50).validation_error
    best = min(errors, key=lambda one: errors[one])
    assert tuple(found.settings.values()) == best
    assert list(found.settings) == ["spectral_radius", "input_scale", "leak"]
    np.testing.assert_array_equal(found.states, echo_state_network(u, 40, 3, **found.settings))
    np.testing.assert_array_equal(found.network(u[:, None]), found.states)
    changed_inputs, changed_targets = np.r_[u[:400], np.zeros(200)], np.r_[target[:400], np.full(200, 1e6)]
    again = fit_echo_state_network(changed_inputs, changed_targets, 400, 40, seed=3, **options)
    assert again.settings == found.settings
    np.testing.assert_array_equal(again.forecast.prediction[:400], found.forecast.prediction[:400])


def test_large_echo_state_networks_have_the_settings_of_one_of_200_units(monkeypatch):
    sizes, inner = [], EchoStateNetwork.__init__

    def watching(self, channels, size, *arguments, **options):
        sizes.append(size)
        inner(self, channels, size, *arguments, **options)

    monkeypatch.setattr(EchoStateNetwork, "__init__", watching)
    u = np.sin(0.3 * np.arange(200.0))
    found = fit_echo_state_network(u[:-1], u[1:], 150, 210, leaks=[1.0])
    assert sizes == [200, 210]  # the weights of all settings are those of one network, scaled
    assert found.states.shape == (199, 210)


def test_seeds():
    u = np.sin(np.arange(40.0))
    one, two, other = (echo_state_network(u, 10, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert np.abs(one - other).max() > 0.01


@pytest.mark.parametrize(
    ("function", "arguments", "options", "field"),
    [
        (last_value, ([np.nan],), {}, "inputs"),
        (linear_autoregression, (np.ones(9), np.ones(9), 8), {"lags": 0}, "lags"),
        (linear_autoregression, (np.ones(9), np.ones(9), 8), {"lags": []}, "lags"),
        (linear_autoregression, (np.ones(9), np.ones(9), 8), {"lags": [1.5]}, "lags"),
        (linear_autoregression, (np.ones(9), np.ones(9), 8), {"lags": [np.nan]}, "lags"),
        (linear_autoregression, (np.ones(9), np.ones(9), 8), {"lags": 20}, "train"),
        (linear_autoregression, (np.full(9, np.inf), np.ones(9), 8), {}, "inputs"),
        (linear_autoregression, (np.ones(8), np.ones(9), 8), {"lags": 1}, "targets"),
        (fit_echo_state_network, (np.ones(9), np.ones(9), 8, 3), {"leaks": [2.0]}, "leak"),
        (fit_echo_state_network, (np.ones(9), np.ones(9), 8, 3), {"leaks": []}, "spectral_radii, input_scales, leaks"),
        (fit_echo_state_network, (np.ones(9), np.ones(9), 8, 0), {}, "size"),
        (fit_echo_state_network, (np.ones(9), np.ones(8), 8, 3), {}, "targets"),
        (echo_state_network, ([1.0], 0), {}, "size"),
        (echo_state_network, ([np.nan], 3), {}, "inputs"),
        (echo_state_network, ([1.0], 3), {"leak": 0.0}, "leak"),
        (echo_state_network, ([1.0], 3), {"spectral_radius": -1.0}, "spectral_radius"),
        (echo_state_network, ([1.0], 3), {"recurrent": "ring"}, "recurrent"),
    ],
)
def test_bad_input(function, arguments, options, field):
    with pytest.raises(InputError) as caught:
        function(*arguments, **options)
    assert caught.value.field == field
