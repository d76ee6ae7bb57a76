"""What objects show of themselves: lines, summaries, tables and pictures."""

from __future__ import annotations

import dataclasses
import inspect
import pkgutil
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import hrsnn.analysis as analysis
from hrsnn import Currents, ReservoirSpec, build, simulate
from hrsnn.analysis import information_capacity, lyapunov_spectrum, memory_capacity, paired_test
from hrsnn.analysis.protocols import classify, forecast, memory
from hrsnn.balanced import BalancedSpec, build_balanced
from hrsnn.display import Displayed, Tabular
from hrsnn.display.svg import histogram, raster
from hrsnn.display.text import MOST, abbreviated
from hrsnn.networks import RandomPruning, prune
from hrsnn.tasks import load_task

PUBLIC = ("hrsnn", "hrsnn.analysis", "hrsnn.networks", "hrsnn.balanced", "hrsnn.search", "hrsnn.tasks")
#: Their values are few and plain.
PLAIN = ("Distribution", "Option", "Method", "Pruning", "LNP", "ErdosRenyi", "Choice", "Declaration")


@pytest.fixture(scope="module")
def shown() -> Mapping[str, Any]:
    spec = ReservoirSpec(neurons=100, tau_m_exc=np.full(80, 20.0), tau_m_inh=np.full(20, 10.0))
    network = build(spec, seed=1, channels=3)
    values = np.random.default_rng(0).uniform(-1, 1, (1, 400, 3))
    stimulus = Currents(values, dt=20.0)
    run = simulate(network, stimulus, record=("spikes", "states"), sample_times=20.0 * np.arange(1, 401))
    u = values[0, :, 0]
    digits = load_task("digits").subset(train=40, test=20)
    small = ReservoirSpec(neurons=20)
    return {
        "spec": spec,
        "default spec": ReservoirSpec(),
        "network": network,
        "links": network.recurrent,
        "stimulus": stimulus,
        "spikes": run.spikes,
        "run": run,
        "state": run.state,
        "balanced spec": BalancedSpec(system="matrices", matrix=((-1.0,),), input_matrix=((1.0,),)),
        "balanced": build_balanced(BalancedSpec(neurons=50, dimensions=4), 1),
        "memory capacity": memory_capacity(run.states[0, :, :40], u, 10, washout=100),
        "capacity": information_capacity(run.states[0, :, :20], u, {1: 3, 2: 2}),
        "spectrum": lyapunov_spectrum(build(small, 1), 300.0, count=3),
        "paired": paired_test(np.arange(12.0), np.arange(12.0) ** 1.1),
        "digits": load_task("digits"),
        "lorenz": load_task("lorenz63"),
        "classes": classify(digits, small, plastic=False),
        "memory": memory(ReservoirSpec(neurons=20), values=800, max_delay=5),
        "forecast": forecast(load_task("lorenz63", train=300, test=100), small),
        "pruning": prune(network, RandomPruning(), iterations=2, synapse_target=0.5),
    }


def test_every_object_is_one_line_in_a_terminal_and_a_table_in_a_notebook(shown: Mapping[str, Any]) -> None:
    for name, one in shown.items():
        line = repr(one)
        assert len(line) < MOST, name
        assert "\n" not in line, name
        assert line.startswith(type(one).__name__ + "("), name
        if hasattr(one, "_repr_html_"):
            ElementTree.fromstring(one._repr_html_())  # well-formed
    assert repr(shown["default spec"]) == "ReservoirSpec()"
    assert repr(shown["spec"]).startswith("ReservoirSpec(neurons=100, tau_m_exc=float64 array (80,)")
    network = "Reservoir(100 neurons, 80 excitatory, 400 recurrent links, 3 channels, dt 0.5 ms, delays per neuron)"
    assert repr(shown["network"]) == network
    assert f"{shown['run'].spike_count} spikes" in repr(shown["run"])


def test_the_classes_of_the_public_names_have_such_lines() -> None:
    """A data class with arrays or nested results has a repr of its own: the one of dataclasses prints all of it."""
    without = []
    for module in map(import_module, PUBLIC):
        for name in module.__all__:
            one = getattr(module, name)
            if dataclasses.is_dataclass(one) and inspect.isclass(one) and not issubclass(one, Displayed):
                generated = "__repr__" in vars(one) and "__create_fn__" in vars(one)["__repr__"].__qualname__
                if generated and not any(word in name for word in PLAIN):
                    without.append(name)
    assert not without
    assert analysis  # its names are loaded when they are read


@pytest.mark.parametrize("package", ["hrsnn.training", "hrsnn.deep"])
def test_the_data_classes_of_training_and_of_deep_networks_have_them_too(package: str) -> None:
    pytest.importorskip("torch")
    modules = [import_module(one.name) for one in pkgutil.walk_packages(import_module(package).__path__, f"{package}.")]
    found = {name: one for module in modules for name, one in vars(module).items() if dataclasses.is_dataclass(one)}
    without = [
        name
        for name, one in found.items()
        # of declarations and options the values are few and plain
        if inspect.isclass(one) and not issubclass(one, Displayed) and not name.startswith("_")
        if name not in ("Model", "Arm", "StudyOptions") and one.__module__.startswith(package)
    ]
    assert len(found) > 5
    assert not without


def test_a_training_and_a_deep_network_are_short_lines() -> None:
    pytest.importorskip("torch")
    from hrsnn.deep.models import architecture
    from hrsnn.training import TrainableNetwork

    shown = [
        architecture("conv-16-32-fc64", (1, 8, 8), 10),
        TrainableNetwork(build(ReservoirSpec(neurons=300), 1, channels=4), 3),
    ]
    for one in shown:
        assert len(repr(one)) < 300, repr(one)


def test_tables_have_columns_of_one_length_and_become_data_frames(shown: Mapping[str, Any]) -> None:
    tables = {name: one for name, one in shown.items() if isinstance(one, Tabular)}
    assert set(tables) >= {"memory capacity", "capacity", "spectrum", "classes", "memory", "forecast", "pruning"}
    for name, one in tables.items():
        assert len({len(column) for column in one.table().values()}) == 1, name
        assert list(one.to_frame().columns) == list(one.table()), name
    frame = shown["memory capacity"].to_frame()
    assert frame["corrected"].sum() == shown["memory capacity"].total
    assert list(shown["pruning"].to_frame()["links"]) == [record.links for record in shown["pruning"].records]
    assert shown["classes"].to_frame().set_index("of").loc["network", "accuracy"] == shown["classes"].accuracy


def test_results_draw_themselves_into_axes_and_figures_that_are_given(shown: Mapping[str, Any]) -> None:
    for name in ("memory capacity", "capacity", "classes", "memory"):
        figure = Figure()
        left, right = figure.subplots(1, 2)
        assert shown[name].plot(ax=right) is figure, name
        assert right.has_data(), name
        assert not left.has_data(), name
        assert not figure.legends, name
        assert isinstance(shown[name].plot(), Figure), name
    for name, panels in (("forecast", 4), ("spectrum", 2)):  # three outputs, and the errors; exponents, and how they settle
        figure = Figure(layout="constrained")
        left, right = figure.subfigures(1, 2)
        assert shown[name].plot(figure=right) is figure, name
        assert (len(left.axes), len(right.axes), len(shown[name].plot().axes)) == (0, panels, panels), name


def test_summaries_are_columns_of_text(shown: Mapping[str, Any]) -> None:
    text = shown["network"].summary().splitlines()
    assert text[0] == "Reservoir"
    assert any(line.split() == ["tau_m", "18", "+-", "4", "ms,", "mean", "and", "sd"] for line in text)
    total = next(line for line in shown["memory capacity"].summary().splitlines() if line.startswith("total"))
    assert total.split()[1] == f"{shown['memory capacity'].total:.6g}"
    lines = [line.split() for line in shown["memory"].summary().splitlines()]
    assert ["of", "capacity", "low", "high", "span", "bits"] in lines
    assert any(line[:2] == ["spikes", f"{shown['memory'].spikes.total:.4g}"] for line in lines)
    spec = [line.split() for line in ReservoirSpec(neurons=30).summary().splitlines()]
    assert spec[0] == ["ReservoirSpec"]
    assert ["neurons", "30"] in spec
    assert ["dt", "0.5", "ms"] in spec


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float64(0.1) + 0.2, "0.3"),
        (np.zeros(1), "0"),
        (np.zeros((0, 3)), "float64 array (0, 3)"),
        ({"a": 0.5}, "{'a': 0.5}"),
        ({str(k): k for k in range(9)}, "dict of 9"),
        ((1.0,), "(1,)"),
        (["x" * 50, "y" * 50], "list of 2"),
        (np.sum, "sum"),
        (None, "None"),
    ],
)
def test_values_in_few_characters(value: Any, text: str) -> None:
    assert abbreviated(value) == text


def test_pictures_show_all_values() -> None:
    bars = ElementTree.fromstring(histogram(np.arange(24.0), "values")).findall("{http://www.w3.org/2000/svg}rect")
    assert {float(bar.attrib["height"]) for bar in bars} == {90.0}
    spikes = raster(np.arange(10_000) % 100, np.arange(10_000) % 7, 100.0, 7)
    assert "one of 4" in spikes
    assert spikes.count("M") == 2500
    assert 'points="' not in raster([], [], 0.0, 0)
