"""Traces of neurons: what `simulate` takes and refuses, and files of traces. Their numbers: hrsnn.testing.EngineCases."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from hrsnn import Currents, FileError, InputError, ReservoirSpec, build, simulate, simulate_population
from hrsnn.balanced import BalancedSpec, build_balanced
from hrsnn.recording import Traces

RESERVOIR = build(ReservoirSpec(neurons=20, i_bias=16, delay_exc=2, delay_inh=1), seed=1, channels=2)
STIMULUS = Currents(np.random.default_rng(0).normal(size=(3, 4, 2)), 10.0)
STEPS = {"record_neurons": [1, 5, 19], "sample_times": "steps"}


def test_shapes_and_what_is_kept_of_them(tmp_path):
    got = simulate(RESERVOIR, STIMULUS, record=("spikes", "v", "currents"), **STEPS)
    assert got.v.shape == (3, 80, 3)
    assert got.currents.shape == (3, 80, 3, 2)
    np.testing.assert_array_equal(got.sample_times[0], 0.5 * np.arange(1, 81))
    assert (got.currents[..., 0] >= 0).all()
    assert (got.currents[..., 1] <= 0).all()
    assert got.currents[..., 1].any()
    with pytest.raises(InputError, match=r"record = \"without 'adaptation'\""):
        _ = got.adaptation
    got.traces.save(tmp_path / "traces.npz")
    loaded = Traces.load(tmp_path / "traces.npz")
    for name in ("neurons", "times", "v", "currents", "adaptation"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(got.traces, name))
    assert loaded.adaptation.size == 0
    assert "currents, adaptation" not in repr(got)
    assert len(repr(loaded)) < 300


def test_without_chosen_neurons_all_are_recorded():
    got = simulate(RESERVOIR, STIMULUS, record="currents", sample_times=[12.0, 40.0])
    assert got.currents.shape == (3, 2, 20, 2)
    assert got.traces.neurons.tolist() == list(range(20))


def test_steps_of_a_duration_that_is_no_whole_number_of_them():
    short = Currents(np.ones((1, 3, 2)), 0.4)  # 1.2 ms, 3 steps of 0.5 ms
    for engine in ("compiled", "exact"):
        got = simulate(RESERVOIR, short, record="v", sample_times="steps", engine=engine)
        np.testing.assert_allclose(got.sample_times, [[0.5, 1.0, 1.2]], rtol=1e-15)
        assert np.isfinite(got.v).all()


def test_a_population_is_recorded_as_its_networks_are():
    pytest.importorskip("torch")
    networks = [build(ReservoirSpec(neurons=20, i_bias=16), seed, 2) for seed in (1, 2)]
    record = {"record": ("v", "currents"), **STEPS}
    for one, both in zip(networks, simulate_population(networks, STIMULUS, **record), strict=True):
        alone = simulate(one, STIMULUS, engine="torch", **record)
        np.testing.assert_array_equal(alone.currents, both.currents)
        np.testing.assert_array_equal(alone.v, both.v)


@pytest.mark.parametrize("engine", ["balanced", "brian2-balanced"])
def test_a_balanced_network_has_v_of_chosen_neurons_and_no_currents(engine):
    network = build_balanced(BalancedSpec(neurons=30, dimensions=3), seed=1)
    stimulus = Currents(np.random.default_rng(0).normal(size=(2, 5, network.channels)), 4.0)
    every = simulate(network, stimulus, engine=engine, record="v", sample_times="steps").v
    some = simulate(network, stimulus, engine=engine, record="v", sample_times="steps", record_neurons=[0, 29]).v
    np.testing.assert_array_equal(some, every[..., [0, 29]])
    with pytest.raises(
        InputError, match="cannot record synaptic currents and adaptation: spikes and input act on V at once"
    ):
        simulate(network, stimulus, engine=engine, record="currents")


def test_memory_is_said_before_the_run(caplog):
    with caplog.at_level(logging.INFO, "hrsnn"):
        simulate(RESERVOIR, STIMULUS, record=("v", "currents"), **STEPS)
    # 81 times, 3 neurons: 3 numbers kept of each of 3 stimuli, and 3 being written; the last step may be cut
    assert [one.message for one in caplog.records] == [
        f"traces of 3 neurons take {8 * 81 * 3 * 12 / 1024:.3g} KiB of memory"
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"record": "v", "record_neurons": []},
            r"record_neurons = \[\]: must be labels or ascending numbers of neurons",
        ),
        ({"record": "v", "record_neurons": [3, 3]}, r"record_neurons = .*: must be labels or ascending"),
        ({"record": "v", "record_neurons": [-1]}, r"record_neurons = .*: must be labels or ascending"),
        ({"record": "v", "record_neurons": [0.5]}, r"record_neurons\[0\] = 0.5: must be a whole number"),
        ({"record": "v", "record_neurons": [3, 20]}, r"record_neurons = 20: must be below 20, the number of neurons"),
        ({"record": "spikes", "record_neurons": [3]}, r"record_neurons = .*: has no effect: record is none of v, currents"),
        ({"record": "adaptation"}, r"record = 'adaptation': has no effect: no neuron of the reservoir adapts"),
        (
            {"record": "v", "sample_times": "step"},
            r"sample_times = 'step': must be a number, a list of times \(ms\), or",
        ),
        ({"record": "current"}, r"record = 'current': did you mean 'currents'\? must be of spikes, counts"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(InputError, match=message):
        simulate(RESERVOIR, STIMULUS, **options)


def test_steps_need_stimuli_of_one_duration():
    uneven = Currents(np.zeros((2, 4, 2)), 10.0, np.array([4, 3]))
    with pytest.raises(InputError, match=r"sample_times = 'steps': needs stimuli of one duration"):
        simulate(RESERVOIR, uneven, record="v", sample_times="steps")


def test_traces_that_do_not_fit_are_refused(monkeypatch):
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e6")
    long = Currents(np.zeros((1, 1, 2)), 10_000.0)
    assert simulate(RESERVOIR, long, record="v", sample_times="steps", record_neurons=[0]).v.shape == (1, 20_000, 1)
    with pytest.raises(InputError, match=r"sample_times = 20001: the run would take about 6.41 MiB of memory"):
        simulate(RESERVOIR, long, record="v", sample_times="steps")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"neurons": [5, 1]}, r"neurons\[1\] = 1: must be above the one before"),
        ({"times": [[1.0, 1.0]]}, r"times\[0, 1\] = 1.0: must be above the one before"),
        ({"v": np.zeros((1, 2, 3))}, r"v = \(1, 2, 3\): must have shape \(1, 2, 2\)"),
        ({"currents": np.zeros((1, 2, 2, 3))}, r"currents = .*: must have shape \(1, 2, 2, 2\)"),
        ({"v": np.full((1, 2, 2), np.nan)}, r"v\[0, 0, 0\] = nan: must be finite"),
        ({"v": np.empty((0, 0, 0))}, "v = .*: is empty, and so are currents and adaptation"),
    ],
)
def test_traces_are_consistent(changes, message):
    with pytest.raises(InputError, match=message):
        Traces(**{"neurons": [1, 5], "times": [[1.0, 2.0]], "v": np.zeros((1, 2, 2)), **changes})


def test_a_file_of_another_kind_or_damaged_is_refused(tmp_path):
    RESERVOIR.save(tmp_path / "network.npz")
    with pytest.raises(FileError, match="holds a 'reservoir', wanted a 'traces'"):
        Traces.load(tmp_path / "network.npz")
    Traces(np.array([1]), np.ones((1, 1)), np.ones((1, 1, 1))).save(tmp_path / "traces.npz")
    content = bytearray((tmp_path / "traces.npz").read_bytes())
    content[-200] ^= 1
    (tmp_path / "traces.npz").write_bytes(content)
    with pytest.raises(FileError, match="is damaged"):
        Traces.load(tmp_path / "traces.npz")
