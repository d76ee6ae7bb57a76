"""Figures of balance: what they show, of reservoirs and balanced networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hrsnn import Currents, ReservoirSpec, build, simulate
from hrsnn.analysis.figures import accuracy_and_rate, currents_of_neuron, tracking
from hrsnn.analysis.firing.currents import currents
from hrsnn.balanced import BalancedSpec, build_balanced
from hrsnn.errors import InputError

STIMULUS = Currents(np.random.default_rng(0).uniform(-1, 1, (1, 20, 1)), dt=20)
NETWORKS: dict[str, Any] = {
    "reservoir": lambda: build(ReservoirSpec(neurons=30), seed=1),
    "balanced": lambda: build_balanced(BalancedSpec(neurons=60, dimensions=2, dt=0.2), seed=1),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_currents_of_a_neuron_of_any_kind_of_network(kind: str) -> None:
    network = NETWORKS[kind]()
    spikes = simulate(network, STIMULUS).spikes
    flow = currents(network, spikes, STIMULUS)
    times, who = spikes.sample(0)
    neuron = int(np.bincount(who, minlength=network.neurons).argmax())
    sides = flow.excitation[:, neuron], flow.inhibition[:, neuron]
    figure = currents_of_neuron(*sides, flow.dt, spikes=times[who == neuron])
    axes = figure.axes[0]
    e, i, net = (line.get_ydata() for line in axes.lines)
    assert np.allclose(np.add(e, i), net)
    assert np.mean(e) == pytest.approx(sides[0].mean(), rel=0.2)
    assert np.diff(axes.lines[0].get_xdata()) == pytest.approx(flow.dt)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Time (ms)", "Current (mV)")
    assert len(axes.collections[-1].get_segments()) == (who == neuron).sum() > 0


def test_ticks_outside_of_what_is_drawn_are_left_out() -> None:
    figure = currents_of_neuron(np.ones(10), -np.ones(10), dt=1.0, begin=100.0, spikes=[5.0, 104.0, 500.0])
    assert len(figure.axes[0].collections[-1].get_segments()) == 1


def test_tracking_has_every_state_and_the_spikes_within() -> None:
    times = np.linspace(10, 20, 5)
    x = np.stack([np.sin(times), np.cos(times)], axis=1)
    figure = tracking(times, x, 1.1 * x, [5.0, 12.0, 19.0], [0, 1, 2], count=3)
    above, below = figure.axes
    assert [line.get_ydata().tolist() for line in above.lines] == [
        column.tolist() for state in range(2) for column in (1.1 * x[:, state], x[:, state])
    ]
    assert below.lines[0].get_ydata().tolist() == [1, 2]
    assert below.get_xlim() == (10, 20)


def test_controls_stand_in_one_order_with_their_levels() -> None:
    scores = {
        "Accuracy": {"balanced": [0.9, 0.92, 0.94], "raw input": [1.0, 1.0, 1.0]},
        "Rate (Hz)": {"balanced": [2.0, 2.1, 2.2], "shuffled": [0.0, 300.0, 500.0]},
    }
    figure = accuracy_and_rate(scores, {"Accuracy": 0.976}, {"Accuracy": (0.0, 1.0)}, ("Rate (Hz)",))
    left, right = figure.axes
    assert [tick.get_text() for tick in left.get_yticklabels()] == ["balanced", "raw input", "shuffled"]
    assert (left.get_xlabel(), right.get_xlabel(), right.get_xscale()) == ("Accuracy", "Rate (Hz)", "log")
    means = [line.get_xdata()[0] for line in left.lines if line.get_marker() == "D"]
    assert means == pytest.approx([0.92, 1.0])
    assert right.lines[-1].get_xdata()[0] == 400.0  # the seed with no spikes has no place on a logarithmic axis
    assert any(list(line.get_xdata()) == [0.976, 0.976] for line in left.lines)
    low, high = right.get_xlim()
    assert low <= 2.0
    assert high >= 500


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: currents_of_neuron([1.0], [-1.0, -1.0], dt=1.0), "inhibition"),
        (lambda: currents_of_neuron([1.0], [-1.0], dt=0.0), "dt = 0.0: must be positive"),
        (lambda: tracking([0.0], [[1.0]], [[1.0], [2.0]], [], [], 1), "estimate"),
        (lambda: tracking([0.0], [[1.0]], [[1.0]], [1.0], [], 1), "neurons"),
        (lambda: accuracy_and_rate({}), "scores"),
    ],
    ids=range(5),
)
def test_bad_input_is_named(call: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        call()
