"""Reservoirs in PyNN: the spikes of the simulation on each backend, warnings for each loss, refusals."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pyNN", reason="PyNN (the extra pynn) is not installed")

from hrsnn import InputError, ReservoirSpec, SpikeTrains, Uniform, build, simulate
from hrsnn.errors import HrsnnError, HrsnnWarning
from hrsnn.exchange import to_pynn

PLAIN = ReservoirSpec.preset("dense", neurons=40, delay_exc=Uniform(1, 9), delay_inh=1.5).updated(
    {"v_threshold": Uniform(14, 16), "input_fraction": 0.6, "delay_input": Uniform(0, 3), "refractory_inh": 3}
)


def stimulus_of(channels: int, steps: int, dt: float) -> SpikeTrains:
    """Spikes of which no two of a channel share a step, and none is in the first."""
    there = np.random.default_rng(4).random((steps, channels)) < 0.06
    there[0] = False
    step, channel = np.nonzero(there)
    return SpikeTrains.from_samples([(step * dt, channel)], channels, steps * dt)


@pytest.mark.slow
@pytest.mark.parametrize("simulator", ["nest", pytest.param("brian2", marks=pytest.mark.long)])
def test_the_spikes_are_those_of_the_simulation(simulator: str) -> None:
    if simulator == "nest":
        import installed_nest  # noqa: F401
    spec = PLAIN.updated({"refractory_exc": Uniform(0, 4)}) if simulator == "nest" else PLAIN
    reservoir = build(spec, seed=1, channels=4)
    stimulus = stimulus_of(4, 400, reservoir.dt)
    wanted = simulate(reservoir, stimulus, engine="compiled").spikes
    network = to_pynn(reservoir, simulator, stimulus=stimulus)
    network.simulator.run(200.0 + 2 * reservoir.dt)
    times, neurons = network.spikes()
    network.simulator.end()
    inside = times < 200.0 - 1e-9
    assert wanted.n_spikes > 100
    np.testing.assert_allclose(times[inside], wanted.times, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(neurons[inside], wanted.channels)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"adaptation": 1}, "adaptation is lost"),
        ({"short_term_plasticity": True}, "short-term plasticity is lost"),
        ({"background_rate": 5}, "background input is lost: project a SpikeSourcePoisson"),
    ],
)
def test_each_loss_is_a_warning(changes: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyNN.brian2", None)  # warned of before anything is built
    with pytest.warns(HrsnnWarning, match=message), pytest.raises(HrsnnError, match=r"pyNN\.brian2 cannot be imported"):
        to_pynn(build(PLAIN.updated(changes), seed=1), "brian2")


def test_input_that_pynn_cannot_have_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyNN.brian2", None)
    stimulus = SpikeTrains.from_samples([([0.1, 5.0, 5.1, 7.0], [0, 0, 0, 1])], 4, 20.0)
    with pytest.warns(HrsnnWarning) as warned, pytest.raises(HrsnnError, match=r"pip install 'hrsnn\[pynn\]'"):
        to_pynn(build(PLAIN, seed=1, channels=4), "brian2", stimulus=stimulus)
    assert [str(one.message).partition(":")[0] for one in warned] == [
        "1 input events of several spikes in one step are single spikes",
        "1 input events in the first step are left out",
    ]


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({}, {"simulator": "neuron"}, "simulator = 'neuron': must be one of nest, brian2"),
        ({"delay_inh": 0}, {}, r"delay = 0.0: PyNN's shortest delay is one step, dt = 0.5 ms: set .* to 0.5 or more"),
        (
            {"refractory_inh": 1},
            {"simulator": "brian2"},
            "refractory = .*: PyNN has one refractory period on Brian2",
        ),
        ({}, {"stimulus": SpikeTrains([], [], [0, 0, 0], 4, 5.0)}, "stimulus = '2 stimuli': must be one"),
    ],
)
def test_what_has_no_counterpart_is_refused(changes: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        to_pynn(build(PLAIN.updated(changes), seed=1, channels=4), **options)
