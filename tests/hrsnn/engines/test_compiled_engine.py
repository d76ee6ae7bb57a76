"""What the compiled engine adds to the conformance suite: its exponential, its cache, its threads, and a long run."""

from __future__ import annotations

import dataclasses
import math
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from hrsnn import (
    Currents,
    DivergenceError,
    Gamma,
    InputError,
    PoissonEncoder,
    ReservoirSpec,
    SpikeTrains,
    Uniform,
    build,
    engines,
    simulate,
)
from hrsnn.engines import ENGINES, choose
from hrsnn.engines.compiled import engine as compiled_engine
from hrsnn.engines.compiled import kernels, learning
from hrsnn.engines.compiled import network as compiled_network
from hrsnn.engines.compiled import simd as packs
from hrsnn.engines.jit import jit

ROOT = Path(__file__).resolve().parents[3]
RUN = textwrap.dedent(
    """
    import logging, sys
    logging.basicConfig(level=logging.INFO, stream=sys.stdout)
    from hrsnn import ReservoirSpec, SpikeTrains, build, simulate
    trains = SpikeTrains([1.0, 2.0, 3.0], [0, 1, 0], [0, 3], 2, 60.0)
    activity = simulate(build(ReservoirSpec(neurons=30, i_bias=17), seed=1, channels=2), trains, engine="compiled")
    print("spikes", activity.spike_count)
    """
)


@jit(allocates=False)
def decay(values, others):
    packs.exp_decay_all(values, others, len(values))


def test_the_exponential_is_good_to_the_last_bits():
    x = -np.concatenate([np.linspace(0, 1, 20_001), np.geomspace(1e-300, 700, 20_001), np.zeros(6)])
    assert len(x) % packs.LANES == 0
    out, others = x.copy(), x[::-1].copy()
    decay(out, others)
    np.testing.assert_allclose(out, np.exp(x), rtol=6e-16)
    assert np.array_equal(out, others[::-1])
    assert out[-1] == 1.0
    beyond = np.full(packs.LANES, -1e9)
    decay(beyond, beyond.copy())
    assert (beyond > 0).all()
    assert (beyond < 1e-300).all()


@jit(allocates=False)
def double_some(values, begin, count):
    some = packs.load_first(values, begin, count)
    packs.store(values, begin, packs.first_of(packs.add(some, some), count, packs.load(values, begin)))


@pytest.mark.parametrize("count", [1, 3, 7, 8, 50])
def test_a_pack_at_the_end_of_an_array_leaves_the_rest_alone(count):
    values = np.arange(1.0, 25.0)
    double_some(values, 9, count)
    doubled = min(count, packs.LANES)
    np.testing.assert_array_equal(values[9 : 9 + doubled], 2 * np.arange(10.0, 10.0 + doubled))
    np.testing.assert_array_equal(
        np.delete(values, np.s_[9 : 9 + doubled]), np.delete(np.arange(1.0, 25.0), np.s_[9 : 9 + doubled])
    )


@pytest.mark.parametrize("plastic", [False, True], ids=["frozen", "plastic"])
def test_the_default_network_spikes_as_in_brian2(plastic):
    """Delays of up to 200 ms, long enough that most spikes arrive."""
    reservoir = build(ReservoirSpec(neurons=200), seed=1, channels=20)
    trains = PoissonEncoder(peak_rate=150, duration=700).fit_transform(np.random.default_rng(0).random((2, 20)))
    ours, theirs = (simulate(reservoir, trains, plastic=plastic, engine=name) for name in ("compiled", "brian2-numpy"))
    assert theirs.rates.mean() > 5
    assert ours.spikes.equals(theirs.spikes)
    np.testing.assert_allclose(ours.reservoir.weight, theirs.reservoir.weight, rtol=0, atol=1e-9)
    without = simulate(reservoir.without_recurrence(), trains, engine="compiled")
    assert not without.spikes.equals(ours.spikes)


@pytest.mark.long
def test_ten_seconds_of_learning_are_brian2s():
    """1000 neurons, 10 s, STDP on input and recurrent links: the same spikes, all of them."""
    reservoir = build(ReservoirSpec.preset("dense", neurons=1000, homeostasis=False), seed=1, channels=64)
    rate = np.random.default_rng(0).random((1, 64))
    trains = PoissonEncoder(peak_rate=150, duration=10_000).fit_transform(rate)
    ours = simulate(reservoir, trains, plastic=True, engine="compiled")
    theirs = simulate(reservoir, trains, plastic=True, engine="brian2")
    assert 10 < theirs.rates.mean() < 30
    assert ours.spikes.equals(theirs.spikes)
    for side in ("weight", "input_weight"):
        np.testing.assert_allclose(getattr(ours.reservoir, side), getattr(theirs.reservoir, side), rtol=0, atol=1e-9)
    assert np.abs(ours.reservoir.weight - reservoir.weight).max() > 1


@pytest.mark.parametrize("history", [1, 2, 5])
def test_a_short_history_changes_nothing(monkeypatch, history):
    """However often what waits has to be applied early."""
    reservoir = build(ReservoirSpec.preset("dense", neurons=40, a_plus=Gamma(0.02, 0.5), i_bias=20), seed=1, channels=3)
    trains = PoissonEncoder(peak_rate=300, duration=120).fit_transform(np.eye(3))
    whole = simulate(reservoir, trains, plastic=True, engine="compiled")
    monkeypatch.setattr(learning, "_HISTORY", history)
    parts = simulate(reservoir, trains, plastic=True, engine="compiled")
    assert whole.spikes.equals(parts.spikes)
    np.testing.assert_allclose(whole.reservoir.weight, parts.reservoir.weight, rtol=0, atol=1e-11)


@pytest.mark.parametrize("plastic", [False, True])
def test_calls_of_any_length_change_nothing(monkeypatch, plastic):
    """The kernel hands over when its buffer is full or its budget spent, with delayed spikes under way."""
    spec = ReservoirSpec.preset("dense", neurons=40, i_bias=20, delay_ee=3, adaptation=0.2, short_term_plasticity=True)
    reservoir = build(spec, seed=1, channels=3)
    trains = PoissonEncoder(peak_rate=300, duration=120).fit_transform(np.eye(3))
    whole = simulate(reservoir, trains, plastic=plastic, engine="compiled", record=("spikes", "v"), sample_times=7)
    monkeypatch.setattr(compiled_network, "_ROOM", 3)
    monkeypatch.setattr(compiled_network, "_UPDATES", 40 * 7)
    parts = simulate(reservoir, trains, plastic=plastic, engine="compiled", record=("spikes", "v"), sample_times=7)
    assert whole.spikes.equals(parts.spikes)
    np.testing.assert_array_equal(whole.v, parts.v)
    assert whole.reservoir.equals(parts.reservoir)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"delay_exc": Uniform(1, 30), "delay_inh": Uniform(1, 30)},
        {"adaptation": 0.2, "short_term_plasticity": True, "refractory_exc": 3.0},
        {"short_term_plasticity": True, "delay_exc": Uniform(1, 30)},
    ],
    ids=["plain", "delays", "adaptation", "delays and short-term plasticity"],
)
@pytest.mark.parametrize("state_bits", [0, 8])
def test_stimuli_of_one_call_are_those_of_their_own(monkeypatch, changes, state_bits):
    """Spikes are under way, links depressed and neurons refractory where a stimulus ends and the next begins."""
    reservoir = build(ReservoirSpec.preset("dense", neurons=70, i_bias=Uniform(10, 20), **changes), seed=1, channels=3)
    reservoir = reservoir.replace(state_bits=state_bits, stochastic_rounding=bool(state_bits))
    rng = np.random.default_rng(0)
    lengths = rng.uniform(0.2, 40.0, 30)
    samples = [(np.sort(rng.uniform(0, length, int(length))), rng.integers(0, 3, int(length))) for length in lengths]
    trains = SpikeTrains.from_samples(samples, 3, lengths)
    calls = []
    present = kernels.present_frozen
    monkeypatch.setattr(kernels, "present_frozen", lambda *given: calls.append(1) or present(*given))
    together = simulate(reservoir, trains, blank=2.5, engine="compiled", record=("spikes", "states"))
    assert len(calls) < 10 or state_bits
    calls.clear()
    monkeypatch.setattr(compiled_engine, "_STIMULI", 1)
    apart = simulate(reservoir, trains, blank=2.5, engine="compiled", record=("spikes", "states"))
    assert len(calls) >= 30
    assert together.spike_count > 300
    assert together.spikes.equals(apart.spikes)
    np.testing.assert_array_equal(together.states, apart.states)


def test_a_stimulus_that_diverges_is_noticed_among_others():
    reservoir = build(ReservoirSpec.preset("dense", neurons=10, input_weight=1e305), seed=1, channels=1)
    samples = [([1.0] * 9999, [0] * 9999) if index == 3 else ([], []) for index in range(20)]
    with pytest.raises(DivergenceError, match="no longer finite"):
        simulate(reservoir, SpikeTrains.from_samples(samples, 1, 10.0), engine="compiled")


def test_threads_change_nothing(monkeypatch):
    reservoir = build(ReservoirSpec.preset("dense", neurons=60, background_rate=30), seed=1, channels=8)
    trains = PoissonEncoder(peak_rate=300, duration=40).fit_transform(np.random.default_rng(0).random((40, 8)))
    order: list[int] = []
    runs = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        assert compiled_engine.threads() == int(threads)
        runs.append(simulate(reservoir, trains, engine="compiled", record=("spikes", "states")))
    for other in runs[1:]:
        assert other.spikes.equals(runs[0].spikes)
        np.testing.assert_array_equal(other.states, runs[0].states)
    simulate(reservoir, trains, engine="compiled", progress=lambda done, total: order.append(round(done)))
    assert order == sorted(order)
    assert order[-1] == 40 * 40


def test_an_error_in_a_thread_comes_out(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    reservoir = build(ReservoirSpec.preset("dense", neurons=10), seed=1, channels=1)
    values = np.zeros((20, 2, 1))
    values[7] = 1e308
    with pytest.raises(DivergenceError, match="no longer finite"):
        simulate(reservoir, Currents(values, 10.0), engine="compiled")


@pytest.mark.parametrize("neurons", [2, 7, 8, 9, 65])
@pytest.mark.parametrize("threshold", [-50.0, Uniform(-52, -48)], ids=["shared", "each its own"])
def test_what_is_behind_the_last_neuron_never_spikes(neurons, threshold):
    """Neurons are updated in packs of eight, and zero, what the last pack is filled with, is above these thresholds."""
    spec = ReservoirSpec(
        neurons=neurons, v_rest=-65, v_reset=-65, v_start=-65, v_threshold=threshold, i_bias=0, adaptation=1
    )
    silence = SpikeTrains([], [], [0, 0], 1, 50.0)
    assert simulate(build(spec, channels=1), silence, engine="compiled").spike_counts.sum() == 0
    driven = build(spec.updated({"i_bias": 30}), channels=1)
    assert (simulate(driven, silence, engine="compiled").spike_counts > 0).all()


def run(cache: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    environment |= {"XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_a_kernel_is_compiled_once_and_a_damaged_one_again(tmp_path):
    first = run(tmp_path)
    assert first.returncode == 0, first.stderr
    kept = sorted(tmp_path.rglob("*.nbc"))
    assert kept
    before = {path: path.stat().st_mtime_ns for path in kept}
    assert run(tmp_path).stdout.splitlines() == first.stdout.splitlines()[-1:]  # without the lines on compiling
    assert {path: path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*.nbc"))} == before
    for path in [*kept, *tmp_path.rglob("*.nbi")]:
        path.write_bytes(b"rubbish")
    again = run(tmp_path)
    assert again.returncode == 0, again.stderr
    assert "is compiled again" in again.stdout
    assert again.stdout.splitlines()[-1] == first.stdout.splitlines()[-1]
    assert run(tmp_path).stdout.splitlines() == first.stdout.splitlines()[-1:]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_cache_costs_a_compilation_only(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert "spikes" in run(tmp_path).stdout


@pytest.mark.long
def test_a_cache_that_is_no_folder_costs_a_compilation_only(tmp_path):
    (tmp_path / "hrsnn").write_text("in the way")
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "spikes" in done.stdout


def test_ctrl_c_in_a_long_run_is_quick():
    code = textwrap.dedent(
        """
        import os, signal, threading, time
        import numpy as np
        from hrsnn import Currents, ReservoirSpec, build, simulate
        reservoir = build(ReservoirSpec.preset("dense", neurons=2000, i_bias=16), channels=1)
        simulate(reservoir, Currents(np.zeros((2, 1, 1)), 1.0))
        for samples in (1, 3):  # alone, and in threads
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
            began = time.perf_counter()
            try:
                simulate(reservoir, Currents(np.zeros((samples, 1, 1)), 1e6))
            except KeyboardInterrupt:
                print(round(time.perf_counter() - began - 0.5, 2))
        """
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=100
    )
    waits = [float(line) for line in done.stdout.split()]
    assert len(waits) == 2, done.stderr
    assert max(waits) < 3  # about 0.3 s on a quiet machine


def test_auto_is_compiled_and_says_why_not(monkeypatch, caplog):
    assert choose("auto") is compiled_engine.run

    def without_numba() -> None:
        raise ImportError("no module named numba")

    monkeypatch.setattr(engines.compiled, "COMPILED", dataclasses.replace(ENGINES["compiled"], load=without_numba))
    with caplog.at_level("INFO", logger="hrsnn"):
        assert choose("auto").keywords == {"target": "auto"}
    assert "brian2 instead of compiled" in caplog.text
    with pytest.raises(InputError, match="engine = 'compiled': cannot be loaded here"):
        choose("compiled")
    assert "no module named numba" in caplog.text


def test_short_term_plasticity_follows_its_formula():
    """One link, four spikes: u and R worked out by hand."""
    spec = ReservoirSpec.preset(
        "dense", neurons=2, connectivity="random", connection_probability=1, delay_exc=0, delay_inh=0
    )
    reservoir = build(
        spec.updated({"v_start": 0, "i_bias": 0, "tau_exc": 0.2, "short_term_plasticity": True}), seed=0, channels=1
    )
    reservoir = reservoir.replace(
        is_excitatory=[True, True],
        weight=np.array([1.0, 0.0]),
        input=reservoir.input.take(np.empty(0, int)),
        input_gain=np.empty(0),
    )
    release, depression, facilitation = 0.3, 200.0, 80.0
    short_term = reservoir.short_term
    assert short_term is not None
    fixed = type(short_term)(np.full(2, release), np.full(2, depression), np.full(2, facilitation))
    reservoir = reservoir.replace(short_term=fixed)
    # the source is made to spike by its bias: a spike every so often, and the target answers with v alone
    reservoir = reservoir.replace(i_bias=np.array([30.0, 0.0]), v_threshold=np.array([15.0, 1e9]), tau_m=np.full(2, 20.0))
    nothing = SpikeTrains([], [], [0, 0], 1, 120.0)
    times = np.arange(0.5, 120.5, 0.5)
    for name in ("compiled", "brian2-numpy"):
        activity = simulate(reservoir, nothing, engine=name, record=("spikes", "v"), sample_times=times)
        spikes = activity.spikes.times
        assert len(spikes) > 4
        wanted, u, resources, last, decay_v = np.zeros(len(times)), 0.0, 1.0, -math.inf, np.exp(-0.5 / 20)
        phi = 0.5 / 20 * np.exp(-0.5 / 20) * (1 - np.exp(-0.5 * (1 / 0.2 - 1 / 20))) / (0.5 * (1 / 0.2 - 1 / 20))
        v = current = 0.0
        for k in range(len(times)):
            v, current = v * decay_v + current * phi, current * np.exp(-0.5 / 0.2)
            if k * 0.5 in spikes:
                gap = k * 0.5 - last
                resources = 1 + (resources - u * resources - 1) * math.exp(-gap / depression)
                u = release + u * (1 - release) * math.exp(-gap / facilitation)
                current += u * resources / release
                last = k * 0.5
            wanted[k] = v
        np.testing.assert_allclose(activity.v[0, :, 1], wanted, rtol=1e-10, atol=1e-14)


def test_adaptation_slows_a_neuron_down():
    """The first interval is untouched; later ones solve tau dv/dt = drive - v - a with a = b sum e^(-t/tau_a)."""
    spec = ReservoirSpec.preset(
        "dense", neurons=2, connectivity="random", connection_probability=0, v_start=5, i_bias=25, dt=0.01
    )
    nothing = SpikeTrains([], [], [0, 0], 1, 300.0)
    for name in ("compiled", "brian2-numpy"):
        plain, adapting = (
            simulate(build(spec.updated({"adaptation": b, "tau_m_exc": 20}), channels=1), nothing, engine=name)
            for b in (0.0, 2.0)
        )
        first, second = (a.spikes.times[a.spikes.channels == 0] for a in (plain, adapting))
        assert first[0] == second[0]
        intervals = np.diff(second)
        assert intervals[0] > np.diff(first)[0]
        assert (np.diff(intervals)[:5] > -0.011).all()
        # the second interval by fine integration of the equations, from reset at the first spike
        t, v, a = 3.0, 5.0, 2.0 * math.exp(-3.0 / 100)
        step = 1e-4
        while v <= 15:
            v += step / 20 * (25 - v - a)
            a -= step / 100 * a
            t += step
        assert intervals[0] == pytest.approx(t, abs=0.02)
