"""Figures show what they were given, say what their axes are, and leave pyplot alone."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import matplotlib
import matplotlib.style
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from hrsnn.analysis import figures, memory_capacity
from hrsnn.analysis.figures import style
from hrsnn.analysis.figures.style import INHIBITORY
from hrsnn.errors import FileError, InputError
from hrsnn.scripts.cli import report

RANDOM = np.random.default_rng(0)
EXCITATORY = np.arange(50) % 5 > 0
TAU = RANDOM.gamma(3, 10, 50)
U = RANDOM.uniform(-1, 1, 1200)
STATES = np.column_stack([np.roll(U, 1), np.roll(U, 2)]) + 0.3 * RANDOM.normal(size=(1200, 2))
MEMORY = memory_capacity(STATES, U, 20, hold=20.0)
SERIES = RANDOM.normal(size=(60, 6))

DRAWN = {
    "spike_raster": lambda: figures.spike_raster(
        RANDOM.uniform(0, 200, 500), RANDOM.integers(0, 50, 500), EXCITATORY, 200.0
    ),
    "spike_raster, silent": lambda: figures.spike_raster([], [], EXCITATORY, 200.0),
    "spike_raster, E only": lambda: figures.spike_raster([1.0], [0], [True], 3.0),
    "neuron_traces": lambda: figures.neuron_traces(
        *(np.arange(1.0, 41.0), RANDOM.normal(size=(40, 3)), RANDOM.normal(size=(40, 3, 2)), RANDOM.uniform(size=(40, 3))),
        **{"neurons": [4, 9, 30], "spikes": [[3.0], [], [20.0, 90.0]], "threshold": [2.0, 2.0, 3.0]},
    ),
    "neuron_traces, v only": lambda: figures.neuron_traces([1.0, 2.0], [[0.0], [1.0]]),
    "curves_over_levels": lambda: figures.curves_over_levels(
        {
            (score, axis): {"reservoir": RANDOM.uniform(size=(3, 4)), "no_recurrence": RANDOM.uniform(size=(3, 4))}
            for score in ("Accuracy", "Rate (Hz)")
            for axis in ("Share lost", "Noise")
        },
        {"Share lost": [0.0, 0.1, 0.5], "Noise": [0.0, 1.0, 2.0]},
        {"Accuracy": (0.0, 1.0)},
    ),
    "time_constants": lambda: figures.time_constants(TAU, EXCITATORY, (np.ones_like, np.zeros_like)),
    "time_constants, all equal": lambda: figures.time_constants(np.full(50, 20.0), EXCITATORY),
    "time_constants, two values": lambda: figures.time_constants(np.where(EXCITATORY, 30.0, 20.0), EXCITATORY),
    "confusion_matrix": lambda: figures.confusion_matrix([0, 1, 2, 2], [0, 1, 1, 2], range(4)),
    "confusion_matrix, names": lambda: figures.confusion_matrix(["a", "b"], ["a", "a"], ["a", "b"]),
    "confusion_matrix, many": lambda: figures.confusion_matrix(np.arange(35), np.arange(35)),
    "memory_curve": lambda: figures.memory_curve(MEMORY),
    "memory_curve, several": lambda: figures.memory_curve({"spikes": MEMORY, "v": MEMORY}, controls={"W = 0": MEMORY}),
    "weights_before_after": lambda: figures.weights_before_after(
        RANDOM.uniform(0, 3, 40), RANDOM.uniform(0, 3, 40), np.full(40, 3.0), np.arange(40) % 4 > 0
    ),
    "weights_before_after, E only": lambda: figures.weights_before_after([1.0], [2.0], 3.0, [True]),
    "scores_bar": lambda: figures.scores_bar({"reservoir": 0.9}, {"raw_input": 0.97}, chance=0.1),
    "scores_bar, negative and nan": lambda: figures.scores_bar({"a": -0.2, "b": float("nan")}, label="R^2"),
    "scores_bar, zeros": lambda: figures.scores_bar({"a": 0.0}),
    "forecast_series": lambda: figures.forecast_series(np.arange(60.0), SERIES, SERIES + 0.1),
    "forecast_series, one": lambda: figures.forecast_series(np.arange(60.0), SERIES[:, 0], SERIES[:, 1], ["x (sd)"]),
    "forecast_series, beside": lambda: figures.forecast_series(
        np.arange(60.0), SERIES, SERIES + 0.1, baselines={"echo_state_network": SERIES - 0.2}
    ),
    "firing_statistics": lambda: figures.firing_statistics(
        RANDOM.uniform(0, 20, 50), np.append(np.nan, RANDOM.uniform(0, 2, 49)), EXCITATORY, [1.0, 4.0], [0, 1], 10.0
    ),
    "singular_values": lambda: figures.singular_values(SERIES),
    "singular_values, zeros": lambda: figures.singular_values(np.zeros((3, 4)), 0),
}


#: Matrices from linear sRGB to what dichromats see of it: Viénot, Brettel & Mollon 1999, in sRGB.
SIGHTS = {
    "protanopia": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "deuteranopia": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    value = np.array(to_rgb(colour))
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(light):
    x, y, z = np.cbrt(np.maximum(TO_XYZ @ light / TO_XYZ.sum(axis=1), 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("name", DRAWN)
def test_drawn_labelled_and_saved(name, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Matplotlib warns of what does not fit, of empty legends and of bad limits
        warnings.simplefilter("ignore", DeprecationWarning)  # of the libraries to each other
        figure = DRAWN[name]()
        figures.save(figure, tmp_path / "figure.png", dpi=60)
    content = (tmp_path / "figure.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert [path.name for path in tmp_path.iterdir()] == ["figure.png"]
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    # panels of a column share their horizontal axis
    assert all(axes.get_xlabel() for axes in panels if axes.get_subplotspec().is_last_row())
    # bars have their names instead
    assert name.startswith("scores_bar") or all(
        axes.get_ylabel() for axes in panels if axes.get_subplotspec().is_first_col()
    )
    assert figure.get_size_inches()[0] in (3.5, 7.0)  # of one column or two


def test_pyplot_is_never_imported():
    code = (
        "import sys; from hrsnn.analysis import figures; import tempfile, pathlib;"
        "figure = figures.scores_bar({'a': 1.0}); figures.save(figure, pathlib.Path(tempfile.mkdtemp()) / 'a.png');"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_same_figure_same_bytes(tmp_path, suffix, monkeypatch):
    for name, day in (("a", 1), ("b", 2_000_000_000)):
        monkeypatch.setattr(time, "time", lambda day=day: float(day))
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(day))
        figures.save(DRAWN["memory_curve"](), tmp_path / f"{name}{suffix}")  # clips, markers and symbols have ids in SVG
    content = (tmp_path / f"a{suffix}").read_bytes()
    assert content == (tmp_path / f"b{suffix}").read_bytes()
    assert content.startswith({".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix])
    assert matplotlib.rcParams["svg.hashsalt"] is None  # as it was


def test_svg_has_the_same_bytes_in_any_thread(tmp_path):
    def save(name):
        figures.save(DRAWN["scores_bar"](), tmp_path / f"{name}.svg")
        return (tmp_path / f"{name}.svg").read_bytes()

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(save, range(16)))) == 1


def test_the_style_is_one_that_matplotlib_finds_by_name():
    with matplotlib.style.context(["hrsnn.analysis.figures.hrsnn", "hrsnn.analysis.figures.two_columns"]):
        wide = matplotlib.rcParams["figure.figsize"][0]
        assert wide == 2 * style.COLUMN_WIDTH
        assert matplotlib.rcParams["axes.labelsize"] == style.TEXT
    assert tuple(style.FORMATS) == report.FORMATS


@pytest.mark.parametrize("pair", list(itertools.combinations(style.COLOURS, 2)), ids=lambda pair: "-".join(pair))
@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_differ_for_colour_blind_readers(pair, sight):
    # linear sRGB as a dichromat sees it (Viénot et al. 1999), in the lightness and hues of CIE L*a*b*
    one, other = (lab(SIGHTS[sight] @ linear(colour)) for colour in pair)
    assert np.linalg.norm(one - other) > 10


def test_raster_puts_inhibitory_neurons_above():
    figure = figures.spike_raster([1.0, 2.0, 3.0, 99.0], [0, 1, 2, 0], [False, True, True], 10.0)
    excitatory, inhibitory = figure.axes[0].collections
    np.testing.assert_array_equal(np.asarray(excitatory.get_offsets()), [[2.0, 0], [3.0, 1]])
    np.testing.assert_array_equal(np.asarray(inhibitory.get_offsets()), [[1.0, 2]])  # the spike at 99 ms is outside
    assert to_hex(inhibitory.get_facecolor()[0]).upper() == INHIBITORY
    rate = figure.axes[1].patches[0].get_data()
    # two spikes of two neurons in the first 5 ms
    np.testing.assert_allclose(rate.values, [200.0, 0.0])


def test_confusion_rows_are_shares_of_the_true_class():
    figure = figures.confusion_matrix(["x", "x", "x", "x", "y"], ["x", "x", "x", "y", "y"], ["y", "x", "z"])
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), [[1, 0, 0], [0.25, 0.75, 0], [0, 0, 0]])
    assert figure.axes[0].get_title().startswith("Accuracy 0.8 ")


def test_memory_curve_is_in_ms_and_shows_the_surrogate():
    axes = figures.memory_curve(MEMORY, controls={"W = 0": MEMORY}).axes[0]
    curve, control = axes.lines
    np.testing.assert_allclose(curve.get_xdata()[:3], [20, 40, 60])
    np.testing.assert_array_equal(curve.get_ydata(), MEMORY.curve)
    assert control.get_linestyle() == "--"
    band = axes.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(MEMORY.surrogate_95.max())
    assert f"{MEMORY.total:.2f}" in curve.get_label()
    without_hold = memory_capacity(STATES, U, 20)
    assert figures.memory_curve(without_hold).axes[0].get_xlabel() == "Delay (values)"
    assert figures.memory_curve(without_hold, hold=50.0).axes[0].get_xlabel() == "Delay (ms)"


def test_weights_are_in_units_of_their_bounds():
    figure = figures.weights_before_after([1.0, 3.0], [2.0, 3.0 + 1e-12], [4.0, 3.0], [True, False])
    np.testing.assert_allclose(np.asarray(figure.axes[2].collections[0].get_offsets()), [[0.25, 0.25]])
    top = figure.axes[1].patches[1].get_data()
    assert top.values[-1] == 100  # at the bound, whatever the rounding


def test_scores_beside_their_baselines():
    axes = figures.scores_bar({"reservoir": 0.9}, {"raw_input": 0.97, "no_recurrence": float("nan")}, chance=0.1).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [0.9, 0.97, 0.0]
    assert [text.get_text() for text in axes.texts] == ["0.9", "0.97", "nan"]
    assert axes.lines[0].get_xdata()[0] == 0.1


def test_forecast_draws_four_outputs_at_most():
    assert len(figures.forecast_series(np.arange(60.0), SERIES, SERIES).axes) == 4


def test_forecast_beside_a_baseline_has_the_errors_of_both():
    target = SERIES[:, :2]
    figure = figures.forecast_series(
        np.arange(60.0), target, target + 0.1, ["x", "y"], baselines={"last_value": target - [3.0, 4.0]}
    )
    x, _, error = figure.axes
    assert [line.get_label() for line in x.lines] == ["target", "forecast", "last value"]
    np.testing.assert_allclose(error.lines[0].get_ydata(), 0.1)
    np.testing.assert_allclose(error.lines[1].get_ydata(), np.sqrt(12.5))
    assert (error.get_ylabel(), error.get_yscale()) == ("Error (sd)", "log")
    # a model that is far off does not compress the series
    assert np.ptp(x.get_ylim()) == pytest.approx(1.5 * np.ptp(target[:, 0]))


def test_singular_values_mark_the_rank():
    figure = figures.singular_values(np.diag([1.0, 1.0, 1.0, 1e-3]))
    assert [line.get_xdata()[0] for line in figure.axes[0].lines][-1] == 3
    given = figures.singular_values(np.eye(4), 2.5)
    assert given.axes[1].lines[-1].get_label() == "effective rank 2.5"


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.confusion_matrix([0, 1], [0]),
        lambda: figures.confusion_matrix([0, 1], [0, 7], [0, 1]),
        lambda: figures.memory_curve({}),
        lambda: figures.weights_before_after([1.0, 2.0], [1.0], 3.0, [True, True]),
        lambda: figures.scores_bar({}),
        lambda: figures.forecast_series([0.0], [1.0, 2.0], [1.0, 2.0]),
        lambda: figures.forecast_series([0.0, 1.0], [1.0, 2.0], [1.0, 2.0], ["x", "y"]),
        lambda: figures.forecast_series([0.0, 1.0], [1.0, 2.0], [1.0, 2.0], baselines={"last_value": [1.0]}),
        lambda: figures.singular_values([[np.nan]]),
    ],
)
def test_bad_input(draw):
    with pytest.raises(InputError):
        draw()


def test_a_name_that_cannot_be_written_leaves_nothing(tmp_path):
    figure = DRAWN["scores_bar"]()
    with pytest.raises(InputError):
        figures.save(figure, tmp_path / "figure.jpeg2000")
    with pytest.raises(FileError):
        figures.save(figure, tmp_path / "nowhere" / "figure.png")
    assert list(tmp_path.iterdir()) == []
