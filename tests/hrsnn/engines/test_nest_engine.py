"""The NEST engine beyond conformance: spikes of the compiled engine, threads, the caller's kernel, and what is missing."""

from __future__ import annotations

import builtins
import contextlib
import os
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest
from installed_nest import nest

from hrsnn import Currents, InputError, Reservoir, ReservoirSpec, SpikeTrains, Uniform, build, simulate
from hrsnn.engines import choose
from hrsnn.engines.nest import engine as nest_engine
from hrsnn.errors import DivergenceError, HrsnnError
from hrsnn.testing import EngineCases
from hrsnn.testing.networks import CASES, HETEROGENEOUS, currents, single, trains

OPTIONS: list[dict[str, Any]] = [
    HETEROGENEOUS,
    {"delay_ee": Uniform(1, 9), "delay_ei": 1, "delay_ie": Uniform(1, 9), "delay_ii": 2},
    {"background_rate": Uniform(0, 100)},
    {"delay_input": Uniform(0, 8)},
    {"short_term_plasticity": True},
]


def random_network(number: int) -> Reservoir:
    """A network drawn at random: sizes, steps, delays of a step or more, background, short-term plasticity, densities."""
    rng = np.random.default_rng([33, number])
    changes: dict[str, Any] = {
        "neurons": int(rng.integers(20, 101)),
        "dt": float(rng.choice([0.1, 0.25, 0.3, 0.5, 1.0])),
        "length_scale": float(rng.uniform(1, 3)),
        "weight_scale": float(rng.uniform(1, 8)),
        "input_fraction": float(rng.uniform(0.3, 1)),
        "delay_exc": Uniform(1, 20),
        "delay_inh": Uniform(1, 3),
    }
    for option in OPTIONS:
        if rng.random() < 0.4:
            changes |= option
    if "delay_ee" in changes:
        changes |= {"delay_exc": 0, "delay_inh": 0}
    return build(ReservoirSpec.preset("dense").updated(changes), seed=number, channels=5)


#: Number of the network and of threads; all that is drawn occurs among the first few networks.
RUNS = [(number, threads) for threads in (1, 2) for number in range(50)]
FEW = {(0, 1), (2, 1), (4, 1), (7, 1), (11, 1), (1, 2)}


@pytest.mark.parametrize(
    ("number", "threads"), [one if one in FEW else pytest.param(*one, marks=pytest.mark.long) for one in RUNS]
)
def test_the_spikes_are_those_of_the_compiled_engine(number: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nest_engine, "_threads", lambda neurons: threads)
    reservoir = random_network(number)
    stimulus = currents(2, 5, 6, 12.3, number) if number % 3 == 0 else trains(2, 5, 80.0, 150, number)
    options = {"record": ("spikes", "v", "currents"), "sample_times": 9, "blank": 5.0, "seed": number}
    ours, theirs = (simulate(reservoir, stimulus, engine=name, **options) for name in ("nest", "compiled"))
    assert theirs.spike_count > 20
    assert ours.spikes.equals(theirs.spikes)
    np.testing.assert_allclose(ours.v, theirs.v, rtol=0, atol=1e-11)
    np.testing.assert_allclose(ours.currents, theirs.currents, rtol=0, atol=1e-11)


class NestCases(EngineCases):
    engine = "nest"


#: Those of the conformance suite whose networks have no delays, which are given delays of a step and more, and the others.
FROZEN = [name for name in CASES if "learning" not in name and "bound" not in name and name != "adaptation"]


@pytest.mark.parametrize("case", FROZEN)
def test_a_case_with_delays_of_a_step_or_more_is_the_plain_loop(case: str) -> None:
    spec = ReservoirSpec.preset("dense", neurons=20).updated({"input_fraction": 0.6, **CASES[case]})
    reservoir = build(spec, seed=3, channels=4)
    delay = np.maximum(reservoir.delay, np.where(np.arange(reservoir.synapses) % 2, 0.5, 1.5))
    reservoir = reservoir.replace(delay=np.maximum(delay, reservoir.dt))
    cases = NestCases()
    activity = cases.check_against_plain_loop(reservoir, trains(2, 4, 60.2, 120, seed=1), blank=7.3)
    assert activity.spike_count > 20
    cases.check_against_plain_loop(reservoir, currents(2, 4, 5, 6.7, seed=2))


def test_traces_of_every_step_of_chosen_neurons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nest_engine, "_RECORDED", 500)  # in many parts
    reservoir, stimulus = random_network(2), trains(2, 5, 40.0, 150, 1)
    options = {"record": ("v", "currents"), "record_neurons": [0, 3, 17], "sample_times": "steps"}
    ours, theirs = (simulate(reservoir, stimulus, engine=name, **options) for name in ("nest", "compiled"))
    np.testing.assert_allclose(ours.v, theirs.v, rtol=0, atol=1e-11)
    np.testing.assert_allclose(ours.currents, theirs.currents, rtol=0, atol=1e-11)


def test_a_network_of_the_caller_is_not_lost() -> None:
    reservoir = random_network(1)
    nest.ResetKernel()
    nest.Create("iaf_psc_exp", 3)
    try:
        with pytest.raises(HrsnnError, match=r"NEST's kernel holds 3 nodes, .*call nest.ResetKernel\(\) first"):
            simulate(reservoir, trains(1, 5, 20.0, 50, 1), engine="nest")
        assert nest.network_size == 3
    finally:
        nest.ResetKernel()


def test_settings_of_the_kernel_are_as_before() -> None:
    nest.ResetKernel()
    nest.set(resolution=0.2, rng_seed=77, overwrite_files=True)
    verbosity = nest.verbosity
    try:
        for gain in (1.0, 1e308):  # a run that succeeds, and one that fails within the kernel
            reservoir = random_network(4)
            reservoir = reservoir.replace(input_gain=np.full(len(reservoir.input), gain))
            with contextlib.suppress(DivergenceError):
                simulate(reservoir, Currents(np.full((1, 1, 5), 1.0), 20.0), engine="nest")
            assert (nest.resolution, nest.rng_seed, nest.overwrite_files) == (0.2, 77, True)
            assert (nest.network_size, nest.verbosity) == (0, verbosity)
    finally:
        nest.ResetKernel()


def test_threads_take_turns() -> None:
    reservoir, stimulus = random_network(2), trains(2, 5, 40.0, 150, 1)
    wanted = simulate(reservoir, stimulus, engine="compiled").spikes
    found: list[SpikeTrains] = []
    pool = [
        threading.Thread(target=lambda: found.append(simulate(reservoir, stimulus, engine="nest").spikes)) for _ in range(3)
    ]
    for one in pool:
        one.start()
    for one in pool:
        one.join()
    assert len(found) == 3
    assert all(spikes.equals(wanted) for spikes in found)


@pytest.mark.long
def test_it_runs_in_worker_processes() -> None:
    import joblib

    reservoir, stimuli = random_network(2), [trains(1, 5, 40.0, 150, k) for k in range(2)]
    run = joblib.delayed(simulate)
    found = joblib.Parallel(2)(run(reservoir, one, engine="nest") for one in stimuli)
    for activity, one in zip(found, stimuli, strict=True):
        assert activity.spikes.equals(simulate(reservoir, one, engine="compiled").spikes)


def test_nothing_is_printed() -> None:
    """In a process of its own, where NEST is imported for the run."""
    code = (
        "from hrsnn import Currents, ReservoirSpec, build, simulate\n"
        "reservoir = build(ReservoirSpec(neurons=20), channels=1)\n"
        "simulate(reservoir, Currents([[[1.0]]], 20.0), engine='nest')\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYNEST_QUIET"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_step_that_is_no_multiple_of_a_tic_is_refused() -> None:
    reservoir = random_network(1)
    for dt in (1 / 3, 1.0000001):
        with pytest.raises(InputError, match=r"dt = .*: must be a multiple of 1e-6 ms"):
            simulate(reservoir.replace(dt=dt), trains(1, 5, 20.0, 50, 1), engine="nest")


def test_long_delays_in_short_steps_are_refused_before_they_are_allocated(monkeypatch: pytest.MonkeyPatch) -> None:
    reservoir = build(ReservoirSpec(neurons=2000, delay_exc=1000, delay_inh=1000), seed=1, channels=1)
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e8")
    nothing = SpikeTrains.from_samples([([], [])], 1, 5.0)
    with pytest.raises(InputError, match=r"delay = 1000.0: the network in NEST would take about"):
        simulate(reservoir, nothing, engine="nest")
    assert nest.network_size == 0


@pytest.mark.parametrize("dt", [pytest.param(0.0001, marks=pytest.mark.long), 0.015625, 100.0])
def test_steps_of_any_length(dt: float) -> None:
    reservoir = single(tau_m=20 * dt, i_bias=25.0, refractory=2 * dt).replace(dt=dt)
    nothing = SpikeTrains.from_samples([([], [])], 1, 200 * dt)
    ours, theirs = (simulate(reservoir, nothing, engine=name).spikes for name in ("nest", "compiled"))
    assert theirs.n_spikes > 5
    assert ours.equals(theirs)


@pytest.mark.parametrize(("gain", "value"), [(1e300, 1e308), (-1e308, 1.0), (1e308, 1.0)])
def test_what_is_not_finite_is_refused(gain: float, value: float) -> None:
    reservoir = build(ReservoirSpec(neurons=20), seed=1, channels=2)
    huge = reservoir.replace(input_gain=np.full(len(reservoir.input), gain))
    with pytest.raises(DivergenceError, match="not finite; the input or the weights are far too large"):
        simulate(huge, Currents(np.full((1, 2, 2), value), 10.0), engine="nest")


def test_without_nest_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def without(name: str, *args: object, **kwargs: object) -> object:
        if name == "nest":
            raise ImportError("No module named 'nest'")
        return found(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.delitem(sys.modules, "nest")
    with pytest.raises(InputError, match=r"engine = 'nest': cannot be loaded here \(it needs NEST: pip install 'hrsnn\["):
        choose("nest")


def test_networkit_can_be_loaded_after_it() -> None:
    """With symbols of NEST's library global, Python aborts at its end."""
    program = """
import numpy as np
from hrsnn import Currents, ReservoirSpec, build, simulate
from hrsnn.networks import betweenness
reservoir = build(ReservoirSpec(neurons=20), seed=1)
simulate(reservoir, Currents(np.ones((1, 2, 1)), 20.0), engine="nest")
print(betweenness(20, reservoir.pre, reservoir.post, reservoir.weight).max() > 0)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
