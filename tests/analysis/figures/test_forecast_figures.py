"""Pictures of closed loops: the truth, each model, and the time at which it is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hrsnn.analysis.figures.forecasts import free_trajectories
from hrsnn.errors import InputError

TIME = np.arange(1, 51) / 10
TRUE = np.column_stack([np.sin(TIME), np.cos(TIME)])


def drawn(**changes: Any) -> Any:
    away = TRUE.copy()
    away[20:] = 1e6
    away[30:] = np.nan
    given = {
        "time": TIME,
        "target": TRUE,
        "predictions": {"reservoir_v": away, "last_value": np.tile(TRUE[0], (50, 1))},
        "valid_time": {"reservoir_v": 2.0, "last_value": 0.4},
        "threshold": 0.5,
    }
    return free_trajectories(**{**given, **changes})


def test_each_model_has_its_line_its_mark_and_its_colour() -> None:
    first, second = drawn().axes
    for axes, column in ((first, 0), (second, 1)):
        truth, one, end, other, _ = axes.lines
        np.testing.assert_array_equal(truth.get_ydata(), TRUE[:, column])
        np.testing.assert_array_equal(other.get_ydata(), TRUE[0, column])
        assert np.asarray(end.get_xdata()).tolist() == [2.0, 2.0]
        assert one.get_color() == end.get_color() != other.get_color()
    assert first.get_ylabel() == "Output 1"
    assert second.get_xlabel() == "Time (Lyapunov times)"


def test_a_model_that_runs_away_leaves_the_truth_its_room() -> None:
    axes = drawn().axes[0]
    low, high = TRUE[:, 0].min(), TRUE[:, 0].max()
    assert axes.get_ylim() == pytest.approx((1.5 * low - 0.5 * high, 1.5 * high - 0.5 * low))


def test_the_legend_fits_and_says_what_was_lost_when() -> None:
    figure = drawn(names=["x (sd)", "y (sd)"])
    figure.draw_without_rendering()
    (legend,) = figure.legends
    words = [text.get_text() for text in legend.get_texts()]
    assert words == ["true", "reservoir v: error over 0.5 sd after 2", "last value: error over 0.5 sd after 0.4"]
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"time": TIME[1:]}, "target"),
        ({"time": [], "target": []}, "target"),
        ({"predictions": {"reservoir_v": TRUE, "last_value": TRUE[1:]}}, "predictions['last_value']"),
        ({"valid_time": {"reservoir_v": 1.0}}, "valid_time"),
        ({"names": ["x"]}, "names"),
    ],
)
def test_bad_input(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        drawn(**changes)
    assert caught.value.field == field
