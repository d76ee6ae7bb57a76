"""Figures of a training show the epochs and the times that they were given."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn.analysis import figures
from hrsnn.errors import InputError

NAN = float("nan")
CURVES = ([NAN, 2.0, 1.0], [2.3, 2.1, 1.4], [NAN, 0.4, 0.8], [0.1, 0.3, 0.6])


def test_losses_and_accuracies_over_the_epochs():
    figure = figures.training_curves(*CURVES, best=2, chance=0.1)
    above, below = figure.axes
    assert (above.get_ylabel(), below.get_ylabel(), below.get_xlabel()) == ("Cross-entropy", "Accuracy", "Epoch")
    for axes, curves in ((above, CURVES[:2]), (below, CURVES[2:])):
        for line, values in zip(axes.lines, curves, strict=False):
            np.testing.assert_array_equal(line.get_xdata(), [0, 1, 2])
            np.testing.assert_array_equal(line.get_ydata(), values)
        assert axes.lines[2].get_xdata()[0] == 2
    assert above.get_ylim()[1] > 2.3
    assert below.lines[3].get_ydata()[0] == 0.1
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["training", "validation", "best epoch", "chance"]
    figure.canvas.draw()


def test_errors_over_the_epochs():
    figure = figures.error_curves([NAN, 0.6, 0.3], [0.9, 0.8, 0.5], best=2)
    (axes,) = figure.axes
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("NRMSE", "Epoch")
    for line, values in zip(axes.lines, ([NAN, 0.6, 0.3], [0.9, 0.8, 0.5]), strict=False):
        np.testing.assert_array_equal(line.get_ydata(), values)
    assert axes.lines[2].get_xdata()[0] == 2
    assert axes.get_ylim()[1] > 0.9
    figure.canvas.draw()


def test_times_before_and_after():
    before, after = np.array([5.0, 10.0, 40.0]), np.array([6.0, 8.0, 80.0])
    figure = figures.times_before_after(before, after, [True, True, False], "tau_m")
    (axes,) = figure.axes
    np.testing.assert_array_equal(axes.collections[0].get_offsets(), [[5, 6], [10, 8]])
    np.testing.assert_array_equal(axes.collections[1].get_offsets(), [[40, 80]])
    assert axes.get_xlim()[1] > 80
    assert axes.get_xlim() == axes.get_ylim()
    figure.canvas.draw()
    assert {"10", "20", "50"} <= {tick.get_text() for tick in axes.get_xticklabels()}


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: figures.training_curves(*CURVES[:3], [0.1], best=0, chance=0.1), "train_loss"),
        (lambda: figures.error_curves([0.1, 0.2], [0.1], best=0), "train = "),
        (lambda: figures.times_before_after([1.0], [1.0, 2.0], [True]), "after = "),
        (lambda: figures.times_before_after([], [], []), "after = "),
        (lambda: figures.times_before_after([1.0], [0.0], [True]), "must be positive"),
    ],
    ids=["lengths", "errors", "fewer", "none", "zero"],
)
def test_what_cannot_be_drawn_is_refused(draw, message):
    with pytest.raises(InputError, match=message):
        draw()
