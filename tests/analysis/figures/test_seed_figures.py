"""Pictures of repeats: every seed is there, means and intervals stand where they should."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from hrsnn.analysis import mean_interval, paired_test
from hrsnn.analysis.claims import Verdict
from hrsnn.analysis.figures.curves import curves_over_levels, scores_against_values
from hrsnn.analysis.figures.seeds import (
    differences_in_pairs,
    scores_in_plane,
    scores_over_seeds,
)
from hrsnn.errors import InputError


def test_every_seed_is_a_point_beside_mean_and_interval() -> None:
    values, other = [0.4, 0.5, 0.6], [0.1, 0.1, 0.1]
    figure = scores_over_seeds({"a_score": {"reservoir": values, "raw_input": other}, "b": {"reservoir": other}})
    first, second = figure.axes
    assert (first.get_xlabel(), second.get_xlabel()) == ("a score", "b")
    points = [np.asarray(dots.get_offsets())[:, 0].tolist() for dots in first.collections]
    assert points == [values, other]
    interval, mean = first.lines[:2]
    assert np.asarray(interval.get_xdata()) == pytest.approx(mean_interval(values))
    assert np.asarray(mean.get_xdata()) == pytest.approx(np.mean(values))
    colours = {tuple(np.asarray(dots.get_facecolor())[0]) for dots in first.collections}
    assert len(colours) == 2  # the reservoir, and what stands beside it


@pytest.mark.parametrize("size", [1e-9, 1e-3, 1.0, 1e4, 1e6])
def test_numbers_of_any_size_do_not_run_into_each_other(size: float) -> None:
    row = {"reservoir": [1.1 * size, 2.4 * size], "other": [0.0, 3.3 * size]}
    figure = scores_over_seeds(dict.fromkeys("abc", row))
    figure.draw_without_rendering()
    for axes in figure.axes[:3]:
        low, high = axes.get_xlim()
        shown = [
            label.get_window_extent()
            for place, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
            if low <= place <= high
        ]
        assert len(shown) >= 2
        assert all(one.x1 < other.x0 for one, other in itertools.pairwise(shown))


#: Seeds whose interval is hundreds of times as wide as they are, and those whose interval is not.
_WILD, _TAME = [1.0, 3.0], [2.0, 2.1, 2.2, 2.1, 2.0]
_ABOVE = (0.0, np.inf)


def _rows(values: list[float]) -> Axes:
    return scores_over_seeds({"a": {"x": values, "y": [2.0, 2.0]}}, {"a": _ABOVE}).axes[0]


def _levels(values: list[float]) -> Axes:
    return curves_over_levels({("a", "level"): {"x": [values, values]}}, {"level": [0.0, 1.0]}, {"a": _ABOVE}).axes[0]


def _values(values: list[float]) -> Axes:
    return scores_against_values({"a": {"key": {"x": {"1": values, "2": values}}}}, {"a": _ABOVE}).axes[0]


@pytest.mark.parametrize(("draw", "mark"), [(_rows, "<>"), (_levels, "v^"), (_values, "v^")])
def test_axes_show_the_seeds_and_say_where_an_interval_goes_on(draw: Any, mark: str) -> None:
    for values, cut in ((_WILD, True), (_TAME, False)):
        axes = draw(values)
        axes.figure.draw_without_rendering()  # a warning is an error: there is room for the panels
        low, high = axes.get_xlim() if mark == "<>" else axes.get_ylim()
        assert low < min(values)
        assert max(values) < high < 2 * max(values)
        assert mean_interval(values, bounds=_ABOVE)[1] > high if cut else mean_interval(values, bounds=_ABOVE)[1] < high
        assert any(line.get_marker() == mark[1] for line in axes.lines) == cut
        caption = axes.figure.get_supxlabel()
        assert ("beyond the panel" in caption) == (cut or mark == "v^")
        assert len(axes.collections) == (2 if mark == "<>" else 1)  # dots; a band, or bars


def test_values_that_are_all_equal_have_an_axis() -> None:
    assert _rows([0.0, 0.0]).get_xlim()[0] < 0 < _rows([0.0, 0.0]).get_xlim()[1]
    for draw in (_levels, _values):
        assert draw([np.nan, np.nan]).get_ylim() == (0.0, 1.0)


def test_a_single_seed_has_no_caption() -> None:
    assert _values([1.0]).figure.get_supxlabel() == ""  # type: ignore[union-attr]


def test_verdicts_are_told_apart_by_colour() -> None:
    tests = [paired_test([1.0, 2.0, 3.0]), paired_test([-1.0, -2.0, -3.5]), paired_test([0.0, 0.0]), paired_test([0.0, 0.0])]
    said: list[Verdict] = ["supported", "refuted", "undecided", "no verdict possible"]
    figure = differences_in_pairs(["a", "b", "c", "d"], tests, said)
    (axes,) = figure.axes
    diamonds = [line for line in axes.lines if line.get_marker() == "D"]
    assert [float(np.asarray(line.get_xdata())[0]) for line in diamonds] == pytest.approx(
        [2.0, -6.5 / 3 / np.std([1, 2, 3.5], ddof=1), 0.0, 0.0]
    )
    assert len({line.get_color() for line in diamonds}) == 4
    assert [text.get_text() for text in figure.legends[0].get_texts()] == said


def test_a_plane_has_means_with_intervals_labels_and_lines() -> None:
    x, y = [10.0, 12.0, 14.0], [0.7, 0.8, 0.9]
    points = {"a_b": {"50": (x, y), "90": ([1.0, 3.0], [0.5, 0.7])}, "c": {"50": ([20.0], [0.4]), "0": ([0.0], [0.1])}}
    areas = {"a_b": {"50": 1.0, "90": 2.0}, "c": {"50": 4.0, "0": 3.0}}
    (axes,) = scores_in_plane(points, "Spikes", "C", areas=areas, joined="label", logarithmic=True).axes
    assert [text.get_text() for text in axes.texts] == ["50", "90", "50"]  # 0 has no place on a logarithmic axis
    centres = [
        np.asarray(dots.get_offsets())[0].tolist() for dots in axes.collections if len(np.asarray(dots.get_offsets()))
    ]
    assert centres == [pytest.approx(one) for one in ([12.0, 0.8], [2.0, 0.6], [20.0, 0.4])]
    sizes = [float(dots.get_sizes()[0]) for dots in axes.collections if len(np.asarray(dots.get_offsets()))]
    assert sizes == pytest.approx([20.0, 40.0, 80.0])
    assert np.asarray(axes.lines[0].get_xdata()) == pytest.approx(mean_interval(x))
    joined = [np.asarray(line.get_xdata()).tolist() for line in axes.lines[4:]]
    assert joined == [pytest.approx([12.0, 20.0]), pytest.approx([2.0])]
    (series,) = scores_in_plane({"a": points["a_b"]}, "x", "y").axes
    assert np.asarray(series.lines[-1].get_xdata()) == pytest.approx([12.0, 2.0])


@pytest.mark.parametrize(
    "call",
    [
        lambda: scores_in_plane({}, "x", "y"),
        lambda: scores_in_plane({"a": {"": ([1.0], [1.0])}}, "x", "y", joined="points"),
        lambda: scores_over_seeds({}),
        lambda: scores_over_seeds({"a": {}}),
        lambda: scores_over_seeds({"a": {"reservoir": [1.0]}}),
        lambda: differences_in_pairs([], [], []),
        lambda: differences_in_pairs(["a"], [paired_test([1.0, 2.0])], []),
    ],
)
def test_bad_input(call: Any) -> None:
    with pytest.raises(InputError):
        call()
