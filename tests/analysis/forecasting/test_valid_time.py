"""The valid prediction time of errors that are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrsnn.analysis import valid_prediction_time
from hrsnn.errors import InputError


def test_an_error_that_grows_at_the_lyapunov_exponent() -> None:
    """``1e-3 e^(lambda t)`` reaches a threshold h at t = ln(h / 1e-3) / lambda: ln(h / 1e-3) Lyapunov times."""
    exponent, step = 0.906, 0.01
    t = step * np.arange(1, 2000)
    error = 1e-3 * np.exp(exponent * t)[:, None] * np.array([2.0, 5.0])
    for threshold in (0.05, 0.1, 0.5):
        found = valid_prediction_time(
            error, np.zeros_like(error), threshold, scale=[2.0, 5.0], time_step=step, lyapunov_exponent=exponent
        )
        assert found == pytest.approx(np.log(threshold / 1e-3), abs=exponent * step)


def test_the_first_crossing_counts() -> None:
    target = np.zeros(10)
    prediction = np.array([0, 0, 0, 0.3, 0, 0, 0, 0, 0.3, 0])
    assert valid_prediction_time(prediction, target, 0.2, scale=1.0) == 3
    assert valid_prediction_time(prediction, target, 0.3, scale=1.0) == 10  # exceeds, not reaches
    assert valid_prediction_time(prediction + 1, target, 0.2, scale=1.0) == 0


@pytest.mark.parametrize("lost", [np.nan, np.inf, -np.inf, 1e300])
def test_a_forecast_that_ran_away_is_lost(lost: float) -> None:
    prediction = np.zeros((6, 2))
    prediction[4:, 1] = lost
    assert valid_prediction_time(prediction, np.zeros((6, 2)), scale=1.0) == 4


def test_the_error_is_the_mean_over_the_outputs() -> None:
    target = np.zeros((3, 2))
    prediction = np.tile([0.3, 0.4], (3, 1))  # sqrt((0.09 + 0.16) / 2) = 0.354
    assert valid_prediction_time(prediction, target, 0.35, scale=1.0) == 0
    assert valid_prediction_time(prediction, target, 0.36, scale=1.0) == 3
    assert valid_prediction_time(prediction, target, 0.18, scale=2.0) == 3


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=30))
def test_a_higher_threshold_is_crossed_no_earlier(error: list[float]) -> None:
    times = [valid_prediction_time(error, [0.0] * len(error), h, scale=1.0) for h in (0.05, 0.1, 0.5, 3.0)]
    assert times == sorted(times)
    assert times[-1] == len(error)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prediction": [1.0]}, "prediction"),
        ({"target": [1.0, np.nan]}, "target"),
        ({"prediction": [], "target": []}, "target"),
        ({"scale": 0.0}, "scale"),
        ({"scale": [1.0, 2.0]}, "scale"),
        ({"scale": np.nan}, "scale"),
        ({"threshold": 0.0}, "threshold"),
        ({"threshold": np.nan}, "threshold"),
        ({"time_step": 0.0}, "time_step"),
        ({"lyapunov_exponent": -0.1}, "lyapunov_exponent"),
    ],
)
def test_bad_input(change, field: str) -> None:
    with pytest.raises(InputError) as caught:
        valid_prediction_time(**{"prediction": [1.0, 2.0], "target": [1.0, 2.0], "scale": 1.0, **change})
    assert caught.value.field == field
