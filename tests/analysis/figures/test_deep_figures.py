"""Figures of deep networks: what they show."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn.analysis.figures.deep import (
    accuracy_against_bits,
    accuracy_against_size,
    learning_curves,
    potentials_and_windows,
    shares_by_layer,
    weights_before_and_after,
)
from hrsnn.errors import InputError


def test_windows_stand_over_the_potentials() -> None:
    u = np.linspace(-1, 2, 3001)
    figure = potentials_and_windows({f"spike{k}": u for k in range(9)}, {f"spike{k}": 0.5 for k in range(9)})
    assert len(figure.axes) == 6
    assert [figure.axes[0].get_title(), figure.axes[-1].get_title()] == [f"spike{k}: 33 % in the window" for k in (0, 8)]
    window = figure.axes[0].lines[0]
    assert np.array_equal(window.get_xydata(), [[0.5, 0], [1, 2], [1.5, 0]])
    assert figure.axes[-1].get_xlabel() == "Potential (thresholds)"


def test_learning_curves_have_both_parts_and_the_rate() -> None:
    rows = [{"epoch": k, "train_accuracy": k / 4, "validation_accuracy": k / 5, "mean_rate": 0.2} for k in range(1, 4)]
    accuracy, rate = learning_curves(rows, 0.1).axes
    assert [line.get_label() for line in accuracy.lines] == ["training", "validation", "chance"]
    assert np.array_equal(accuracy.lines[1].get_ydata(), [0.2, 0.4, 0.6])
    assert rate.get_ylim()[1] > 0.2
    assert (rate.get_xlabel(), rate.get_ylabel()) == ("Epoch", "Spikes a step")


def test_bits_are_compared_with_the_first() -> None:
    axes = accuracy_against_bits({"32w-32u": 0.98, "1w-8u": 0.97, "1w-2u": 0.9}, 0.1).axes[0]
    assert np.array_equal(axes.lines[0].get_ydata(), [0.97, 0.9])
    assert [text.get_text() for text in axes.texts] == ["0.980", "0.970", "0.900"]
    assert axes.get_xlabel() == "Bits of weights and potentials"


def test_weights_are_drawn_before_and_after() -> None:
    figure = weights_before_and_after({"conv1": (np.ones(5), np.zeros(5)), "linear1": (np.zeros(3), np.zeros(3))})
    assert [axes.get_title() for axes in figure.axes] == ["conv1", "linear1"]


def test_shares_stand_side_by_side_by_layer() -> None:
    shares = {"without": {"spike1": [0.1, 0.2], "spike2": [0.3, 0.3]}, "with": {"spike1": [0.4, 0.4], "spike2": [0.5, 0.7]}}
    spikes, weights = shares_by_layer({"Spikes": shares, "Weights": {"with": {"conv2": [0.5, 0.5]}}}).axes
    assert [round(bar.get_height(), 6) for bar in spikes.patches] == [0.15, 0.3, 0.4, 0.6]
    first, second = spikes.patches[0], spikes.patches[2]
    assert first.get_x() + first.get_width() < second.get_x() < 0.1  # beside each other, around the first layer
    assert [text.get_text() for text in spikes.get_xticklabels()] == ["spike1", "spike2"]
    assert (spikes.get_ylabel(), weights.get_ylabel()) == ("Spikes", "Weights")


def test_sizes_are_the_ticks_of_the_axis() -> None:
    sizes = {"1w-2u": (0.004, [0.8, 0.9]), "1w-32u": (0.004, [0.7, 0.7]), "32w-32u": (0.05, [0.95, 0.97])}
    axes = accuracy_against_size({"digits": sizes}).axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0.004", "0.05"]
    points = [line.get_xydata().tolist() for line in axes.lines if len(line.get_xydata()) == 1]
    assert np.allclose(points, [[[0.004, 0.85]], [[0.004, 0.7]], [[0.05, 0.96]]])
    assert axes.get_title() == "digits"


@pytest.mark.parametrize(
    "draw",
    [
        lambda: learning_curves([], 0.1),
        lambda: potentials_and_windows({}, {}),
        lambda: weights_before_and_after({}),
        lambda: accuracy_against_bits({}, 0.1),
        lambda: shares_by_layer({}),
        lambda: accuracy_against_size({"digits": {}}),
    ],
    ids=["curves", "potentials", "weights", "bits", "shares", "sizes"],
)
def test_nothing_to_draw_is_refused(draw) -> None:
    with pytest.raises(InputError):
        draw()
