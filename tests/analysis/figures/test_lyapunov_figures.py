"""Pictures of exponents show what they were given, and leave a column's width."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from hrsnn.analysis import figures, lyapunov_exponents
from hrsnn.analysis.lyapunov.exponents import iterated
from hrsnn.errors import InputError

RANDOM = np.random.default_rng(0)
EXCITATORY = np.arange(40) % 5 > 0
TAU = RANDOM.gamma(3, 10, 40)
SETTLED = lyapunov_exponents(iterated(lambda x, t: (x, np.diag([1.1, 0.9, 0.5]) @ t)), None, 3, intervals=60)

DRAWN = {
    "exponent_spectrum": lambda: figures.exponent_spectrum(SETTLED),
    "exponents_of_neurons": lambda: figures.exponents_of_neurons(-1000 / TAU, TAU, RANDOM.uniform(0, 20, 40), EXCITATORY),
    "exponents_of_neurons, one kind": lambda: figures.exponents_of_neurons([-1.0], [20.0], [3.0], [False]),
    "chaos_map": lambda: figures.chaos_map([1, 2, 3], [0, 5], RANDOM.normal(size=(3, 2))),
    "chaos_map, ordered": lambda: figures.chaos_map([1, 2], [0, 5], [[-3.0, np.nan], [-1.0, -2.0]]),
    "chaos_map, one row": lambda: figures.chaos_map([1], [0, 5], [[-3.0, 3.0]]),
    "exponents_against_rates": lambda: figures.exponents_against_rates([1.0, 2.0], [-3.0, np.nan], [0.5, 0.5]),
}


@pytest.mark.parametrize("name", DRAWN)
def test_drawn_labelled_and_saved(name, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = DRAWN[name]()
        figures.save(figure, tmp_path / "figure.png", dpi=60)
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    assert all(axes.get_xlabel() for axes in panels)
    assert panels[0].get_ylabel()
    assert figure.get_size_inches()[0] == 3.5


def test_values_are_those_given():
    spectrum, settling = figures.exponent_spectrum(SETTLED).axes
    np.testing.assert_array_equal(spectrum.lines[1].get_ydata(), SETTLED.exponents)
    np.testing.assert_array_equal(settling.lines[1].get_ydata(), SETTLED.convergence[:, 0])
    by_tau, by_rate = figures.exponents_of_neurons([-50.0, -90.0], [20.0, 10.0], [3.0, 0.0], [True, False]).axes
    np.testing.assert_array_equal(np.asarray(by_tau.collections[0].get_offsets()), [[20.0, -50.0]])
    np.testing.assert_array_equal(np.asarray(by_rate.collections[1].get_offsets()), [[0.0, -90.0]])
    mesh = figures.chaos_map([1, 2], [0, 5], [[-3.0, 1.0], [-1.0, 2.0]]).axes[0].collections[0]
    np.testing.assert_array_equal(np.asarray(mesh.get_array()), [[-3.0, 1.0], [-1.0, 2.0]])
    assert mesh.get_clim() == (-3.0, 3.0)  # white is 0


def test_what_is_drawn_is_named():
    settling = figures.exponent_spectrum(SETTLED).axes[1]
    assert settling.get_legend_handles_labels()[1] == [r"$\lambda_1$", r"$\lambda_2$ to $\lambda_3$"]
    by_tau = DRAWN["exponents_of_neurons"]().axes[0]
    assert by_tau.get_xscale() == "log"
    assert len(by_tau.xaxis.get_minorticklocs()) > 5  # whose spacing shows it
    assert r"$-1/\tau_m$: no input" in by_tau.get_legend_handles_labels()[1]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.exponents_of_neurons([1.0], [1.0, 2.0], [1.0], [True]),
        lambda: figures.exponents_of_neurons([], [], [], []),
        lambda: figures.chaos_map([1, 2], [0, 5], [[1.0, 2.0]]),
        lambda: figures.exponents_against_rates([1.0], [1.0, 2.0], [1.0]),
    ],
)
def test_bad_input(draw):
    with pytest.raises(InputError):
        draw()


def test_a_map_without_any_spike_is_drawn_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = figures.chaos_map([1, 2], [0, 5], np.full((2, 2), np.nan))
        figure.draw_without_rendering()
    assert figure.axes
