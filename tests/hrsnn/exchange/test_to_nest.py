"""Reservoirs in NEST's live kernel and as scripts: the spikes of the simulation, warnings for each loss, refusals."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from installed_nest import nest

from hrsnn import Currents, InputError, ReservoirSpec, Uniform, build, quantise, simulate
from hrsnn.errors import HrsnnError, HrsnnWarning
from hrsnn.exchange import to_nest
from hrsnn.testing.networks import currents, trains

PLAIN = ReservoirSpec.preset("dense", neurons=40, delay_exc=Uniform(1, 9), delay_inh=0.5)
FULL = PLAIN.updated({"background_rate": 40, "short_term_plasticity": True, "delay_input": Uniform(0, 4)})
NETWORKS = {"plain": PLAIN, "background, short-term plasticity, input delays": FULL}
STIMULI = {"spikes": trains(2, 4, 60.0, 150, seed=1), "currents": currents(2, 4, 5, 12.0, seed=2)}


@pytest.fixture(autouse=True)
def empty_kernel() -> Any:
    nest.ResetKernel()
    yield
    nest.ResetKernel()


@pytest.mark.parametrize("kind", STIMULI)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_live_network_has_the_spikes_of_the_simulation(name: str, kind: str) -> None:
    reservoir, stimulus = build(NETWORKS[name], seed=1, channels=4), STIMULI[kind][[0]]
    wanted = simulate(reservoir, stimulus, engine="compiled", seed=3, blank=5.0)
    live = to_nest(reservoir, stimulus=stimulus, seed=3, blank=5.0)
    assert live is not None
    assert len(live.neurons) == 40
    assert (live.channels is None, live.currents is None) == (kind == "currents", kind == "spikes")
    live.start()
    assert nest.biological_time == live.onset
    duration = float(wanted.durations[0])
    nest.Simulate(duration + live.onset)
    times, neurons = live.spikes()
    inside = times < duration - 1e-9
    assert wanted.spike_count > 20
    np.testing.assert_allclose(times[inside], wanted.spikes.times, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(neurons[inside], wanted.spikes.channels)


def test_a_live_network_without_stimulus_takes_input_at_the_declared_times() -> None:
    reservoir = build(PLAIN, seed=1, channels=4)
    stimulus = trains(1, 4, 60.0, 150, seed=1)
    wanted = simulate(reservoir, stimulus, engine="compiled").spikes
    live = to_nest(reservoir)
    assert live is not None
    times, channels = stimulus.sample(0)
    steps = np.floor(times / reservoir.dt + 1e-9) * reservoir.dt
    for channel in range(4):
        when, how_many = np.unique(steps[channels == channel] + live.input_time, return_counts=True)
        live.channels[channel].set(spike_times=when, spike_multiplicities=how_many)
    live.start()
    nest.Simulate(60.0 + live.onset)
    events = live.recorder.events
    mine = np.sort(events["times"] * reservoir.dt - live.spike_time)
    np.testing.assert_allclose(mine[mine < 60.0 - 1e-9], wanted.times, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "kind", "threads"),
    [
        ("plain", "spikes", 1),
        pytest.param("background, short-term plasticity, input delays", "currents", 2, marks=pytest.mark.long),
    ],
)
def test_the_script_runs_by_itself(name: str, kind: str, threads: int, tmp_path: Path) -> None:
    reservoir = build(NETWORKS[name], seed=1, channels=4)
    wanted = simulate(reservoir, STIMULI[kind], engine="compiled", seed=3).spikes
    assert to_nest(reservoir, tmp_path / "network.py", stimulus=STIMULI[kind], seed=3) is None
    assert "hrsnn" not in {line.split()[1].partition(".")[0] for line in imports_of(tmp_path / "network.py")}
    done = subprocess.run(
        [sys.executable, "network.py", "--threads", str(threads)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"{wanted.n_spikes} spikes: network_spikes.npz" in done.stdout.replace(f"{tmp_path}/", "")
    assert {path.name for path in tmp_path.iterdir()} == {"network.py", "network.npz", "network_spikes.npz"}
    with np.load(tmp_path / "network_spikes.npz") as found:
        np.testing.assert_allclose(found["times"], wanted.times, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(found["neurons"], wanted.channels)
        np.testing.assert_array_equal(np.bincount(found["stimuli"], minlength=2), np.diff(wanted.offsets))


def imports_of(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line.startswith(("import ", "from "))]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"adaptation": 1}, "adaptation is lost: iaf_psc_exp has no adaptation current"),
        ({"background_rate": 5}, "background input is lost without a stimulus: connect a poisson_generator"),
    ],
)
def test_each_loss_is_a_warning(changes: dict[str, Any], message: str) -> None:
    reservoir = build(PLAIN.updated(changes), seed=1, channels=1)
    with pytest.warns(HrsnnWarning, match=message):
        to_nest(reservoir)


def test_lost_rounding_is_a_warning() -> None:
    with pytest.warns(HrsnnWarning, match="v is not rounded to state_bits"):
        to_nest(quantise(build(PLAIN, seed=1, channels=1), state_bits=8))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": "a.txt"}, r"path = 'a.txt': must end in .py"),
        ({"path": "a.py"}, r"stimulus = None: a script needs at least one stimulus"),
        ({"stimulus": STIMULI["spikes"]}, r"stimulus = '2 stimuli': must be one: the live network starts from rest once"),
        ({"threads": 0}, r"threads = 0: must be"),
        ({"stimulus": Currents(np.ones((1, 2, 3)), 5.0)}, r"stimulus = '3 channels': the reservoir has 4"),
        ({"stimulus": 3}, r"stimulus = "),
        ({"blank": -1}, r"blank = -1"),
    ],
)
def test_wrong_arguments_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        to_nest(build(PLAIN, seed=1, channels=4), **options)
    assert nest.network_size == 0


def test_a_delay_below_half_a_step_is_refused_with_the_alternative() -> None:
    reservoir = build(ReservoirSpec.preset("dense", neurons=20), seed=1)
    with pytest.raises(InputError, match=r"delay = 0.0: NEST's shortest delay is one step, dt = 0.5 ms: set .* to 0.5"):
        to_nest(reservoir)


def test_nodes_in_the_kernel_are_not_lost() -> None:
    nest.Create("iaf_psc_exp", 2)
    with pytest.raises(HrsnnError, match="holds 2 nodes"):
        to_nest(build(PLAIN, seed=1))
    assert nest.network_size == 2


def test_without_nest_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nest", None)
    with pytest.raises(HrsnnError, match=r"NEST is not installed: pip install 'hrsnn\[nest\]'"):
        to_nest(build(PLAIN, seed=1))
