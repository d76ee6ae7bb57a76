"""Widths of windows: the closed recursion against known values and simulated potentials."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hrsnn.deep.neurons import NEURONS, Neuron, integrate_and_fire, lif, qif_from_fixed_points, qif_from_roots
from hrsnn.deep.windows import analytic_width, potential_moments
from hrsnn.errors import DivergenceError, InputError
from hrsnn.runtime.seeds import generator

PARAMETERS = {"lif": (0.0, 0.5, 0.0), "fixed points": (0.25, 0.875, 0.0), "roots": (0.25, -0.125, 0.0)}


def simulated(a: float, b: float, c: float, floor: float, mean: float = 0.0) -> tuple[float, float]:
    """Mean and deviation of the potentials of 10 000 neurons over 80 steps, after 20."""
    random, u, kept = generator(0, "potentials"), np.zeros(10_000), []
    for step in range(100):
        v = np.maximum(np.where(u > 1, 0.0, u), floor)
        u = a * v * v + b * v + c + mean + random.standard_normal(len(u))
        if step >= 20:
            kept.append(u)
    return float(np.mean(kept)), float(np.std(kept))


@pytest.mark.parametrize(("name", "width"), [("lif", 1.084), ("fixed points", 1.113), ("roots", 1.053)])
def test_widths_are_the_known_ones(name, width):
    assert analytic_width(*PARAMETERS[name]) == pytest.approx(width, abs=5e-4)


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("clamped", [False, True])
def test_moments_are_those_of_simulated_potentials(name, clamped):
    a, b, c = PARAMETERS[name]
    floor = -b / (2 * a) if clamped and a else -math.inf
    mean, variance = potential_moments(a, b, c, floor=floor)
    found_mean, found_deviation = simulated(a, b, c, floor)
    assert math.sqrt(variance) == pytest.approx(found_deviation, rel=0.01)
    assert mean == pytest.approx(found_mean, abs=0.015)


def test_moments_of_a_shifted_input_are_those_of_simulated_potentials():
    mean, variance = potential_moments(0.0, 0.5, 0.0, input_mean=-0.5)
    found = simulated(0.0, 0.5, 0.0, -math.inf, -0.5)
    assert (mean, math.sqrt(variance)) == pytest.approx(found, abs=0.01)


def test_without_a_threshold_the_potential_is_an_autoregression():
    mean, variance = potential_moments(b=0.5, threshold=50.0, input_mean=0.3, input_variance=1.0)
    assert (mean, variance) == pytest.approx((0.6, 1 / (1 - 0.25)))


def test_widths_scale_with_the_threshold():
    assert analytic_width(b=0.5, threshold=3.0) == pytest.approx(3 * analytic_width(b=0.5))


@pytest.mark.parametrize(("values", "error"), [((0.0, 1.0, 0.0), DivergenceError), ((0.0, 1.5, 0.0), DivergenceError)])
def test_neurons_without_a_stationary_potential_are_refused(values, error):
    with pytest.raises(error, match="no stationary distribution"):
        potential_moments(*values)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 0.0}, "threshold = 0.0"),
        ({"a": math.nan}, "a = nan: must be finite"),
        ({"floor": 1.0}, "floor = 1.0: must be below the threshold"),
        ({"input_variance": -1.0}, "input_variance = -1.0"),
    ],
)
def test_bad_values_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        potential_moments(**options)


def test_parabolas_have_the_fixed_points_and_roots_that_were_asked_for():
    fixed, roots = qif_from_fixed_points(0.3, -0.2, 0.7), qif_from_roots(0.3, -0.2, 0.7)
    for u in (-0.2, 0.7):
        assert fixed.a * u * u + fixed.b * u + fixed.c == pytest.approx(u)
        assert roots.a * u * u + roots.b * u + roots.c == pytest.approx(0)
    assert (fixed.floor, roots.floor) == pytest.approx((-fixed.b / 0.6, 0.25))
    assert qif_from_fixed_points(0.0, 0.1, 0.5) == integrate_and_fire()
    assert lif() == NEURONS["lif"] == Neuron(0.0, 0.5, 0.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"a": -1.0}, "a = -1.0: must be 0 or more"),
        ({"b": math.inf}, "b = inf"),
        ({"a": 0.25, "b": -0.9}, "threshold = 1.0"),
    ],
)
def test_bad_neurons_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        Neuron(**values)
