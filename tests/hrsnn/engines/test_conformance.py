"""Every engine against the plain loop of reference_engine.py, against closed forms, and against itself.

A new engine is one more name in ENGINES.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from engine_cases import CASES, HETEROGENEOUS, currents, single, trains
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from reference_engine import as_pairs, reference_run

from hrsnn import (
    Activity,
    Currents,
    InputError,
    Reservoir,
    ReservoirSpec,
    SpikeTrains,
    Uniform,
    build,
    simulate,
)
from hrsnn.engines import engine as find_engine
from hrsnn.engines.brian.session import compiler_works
from hrsnn.reservoir import Links

needs_compiler = pytest.mark.skipif(not compiler_works(), reason="no C++ compiler works here")
ENGINES = ["compiled", "brian2-numpy", pytest.param("brian2-cython", marks=needs_compiler)]
every_engine = pytest.mark.parametrize("engine", ENGINES)
#: "exact" has no grid: what is about steps does not concern it, and its own closed forms are in test_exact_engine.py
with_or_without_grid = pytest.mark.parametrize("engine", [*ENGINES, "exact"])
#: hypothesis objects to a fixture that lives through all its examples; ours is only a name
few = settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def assert_equals_reference(reservoir: Reservoir, stimulus: Any, engine: str, **options: Any) -> Activity:
    """Spikes exactly, weights to 1e-9."""
    plastic, blank = options.get("plastic", False), options.get("blank", 0.0)
    wanted = reference_run(reservoir, stimulus, plastic, blank, options.get("seed", 0))
    got = simulate(reservoir, stimulus, engine=engine, record=("spikes", "v"), **options)
    for index, spikes in enumerate(wanted.spikes):
        assert as_pairs(got.spikes, index, reservoir.dt) == spikes, f"stimulus {index}"
        if not blank:
            np.testing.assert_allclose(got.v[index, -1], wanted.v[index], rtol=0, atol=1e-9)
    np.testing.assert_allclose(got.reservoir.weight, wanted.weight, rtol=0, atol=1e-9)
    np.testing.assert_allclose(got.reservoir.input_weight, wanted.input_weight, rtol=0, atol=1e-9)
    return got


@every_engine
@pytest.mark.parametrize("plastic", [False, True], ids=["frozen", "plastic"])
@pytest.mark.parametrize("case", CASES)
def test_spikes_and_weights_are_those_of_the_plain_loop(case: str, plastic: bool, engine: str) -> None:
    spec = ReservoirSpec(neurons=20).updated({"input_fraction": 0.6, **CASES[case]})
    reservoir = build(spec, seed=3, channels=4)
    activity = assert_equals_reference(reservoir, trains(2, 4, 60.2, 120, seed=1), engine, plastic=plastic, blank=7.3)
    assert activity.spike_count > 20  # a silent network would prove nothing
    if plastic and reservoir.synapses:
        assert not np.array_equal(activity.reservoir.weight, reservoir.weight)
    if not plastic:
        assert_equals_reference(reservoir, currents(2, 4, 5, 6.7, seed=2), engine)


@every_engine
@given(
    neurons=st.integers(2, 40),
    seed=st.integers(0, 2**40),
    plastic=st.booleans(),
    analog=st.booleans(),
    dt=st.sampled_from([0.1, 0.25, 0.5, 1.0, 0.3]),
    delay=st.floats(0, 5),
    blank=st.floats(0, 9),
    length=st.floats(1, 40),
)
@example(27, 223, True, False, 0.25, 3.6, 1e-8, 39.99999999999999)  # a step more, for 1e-8 ms
@few
def test_any_small_network(engine, neurons, seed, plastic, analog, dt, delay, blank, length) -> None:
    spec = ReservoirSpec(neurons=neurons, dt=dt, delay_ee=delay, background_rate=30, **HETEROGENEOUS)
    reservoir = build(spec, seed=seed, channels=3)
    stimulus = currents(2, 3, 4, length / 4, seed) if analog else trains(2, 3, length, 200, seed)
    assert_equals_reference(reservoir, stimulus, engine, plastic=plastic, blank=blank, seed=seed)


@with_or_without_grid
class TestBatches:
    """One run over many stimuli is many runs over one."""

    SPEC = ReservoirSpec(
        neurons=30, delay_ee=Uniform(0, 20), delay_ie=4, v_reset=10, background_frozen=True, background_rate=40
    )

    def test_a_batch_is_its_stimuli_one_by_one(self, engine):
        # stimuli of different length; delays are still in flight where one ends
        reservoir = build(self.SPEC, seed=1, channels=4)
        parts = [trains(1, 4, duration, 150, seed=9) for duration in (30.0, 45.5, 12.0)]
        record = ("spikes", "v", "counts", "states")
        batch = simulate(reservoir, SpikeTrains.concatenate(parts), engine=engine, record=record, windows=3)
        assert batch.spike_count > 30
        for index, part in enumerate(parts):
            alone = simulate(reservoir, part, engine=engine, record=record, windows=3)
            assert alone.spikes.equals(batch.spikes[index])
            for name in ("v", "counts", "states"):
                np.testing.assert_array_equal(getattr(alone, name)[0], getattr(batch, name)[index], err_msg=name)

    def test_a_subset_and_another_order_change_nothing(self, engine):
        reservoir = build(self.SPEC, seed=1, channels=4)
        stimuli = trains(4, 4, 30.0, 150, seed=2)
        whole = simulate(reservoir, stimuli, engine=engine)
        for rows in ([2], [3, 0], [3, 2, 1, 0]):
            assert simulate(reservoir, stimuli[rows], engine=engine).spikes.equals(whole.spikes[rows])

    def test_plastic_weights_are_carried_over(self, engine):
        reservoir = build(self.SPEC.updated({"a_plus": 0.02}), seed=1, channels=4).replace(homeostasis=False)
        stimuli = trains(3, 4, 30.0, 150, seed=2)
        whole = simulate(reservoir, stimuli, engine=engine, plastic=True, blank=6)
        now = reservoir
        for index in range(3):
            step = simulate(now, stimuli[[index]], engine=engine, plastic=True, blank=6)
            assert step.spikes.equals(whole.spikes[index])
            now = step.reservoir
        assert now.equals(whole.reservoir)
        backwards = simulate(reservoir, stimuli[::-1], engine=engine, plastic=True, blank=6)
        assert not backwards.reservoir.equals(whole.reservoir)

    def test_a_frozen_run_gives_the_very_reservoir_back(self, engine):
        reservoir = build(self.SPEC, seed=1, channels=4)
        assert simulate(reservoir, trains(1, 4, 20.0, 150, seed=2), engine=engine).reservoir is reservoir

    def test_homeostasis_keeps_the_sums_of_each_neuron(self, engine):
        reservoir = build(ReservoirSpec(neurons=30, a_plus=0.03, a_minus=0.02), seed=1, channels=4)
        after = simulate(reservoir, trains(3, 4, 60.0, 150, seed=2), engine=engine, plastic=True).reservoir
        assert np.abs(after.weight - reservoir.weight).max() > 0.1
        kind = np.where(reservoir.is_excitatory[reservoir.pre], 0, 30) + reservoir.post
        for weights in ("weight", "input_weight"):
            group = kind if weights == "weight" else reservoir.input_post
            sums = [np.bincount(group, getattr(r, weights), minlength=60) for r in (reservoir, after)]
            np.testing.assert_allclose(sums[0], sums[1], rtol=1e-12)
            bound = reservoir.w_max if weights == "weight" else reservoir.input.w_max
            assert (getattr(after, weights) <= bound).all()


@every_engine
class TestClosedForms:
    """What can be worked out on paper."""

    @pytest.mark.parametrize("tau_exc", [3.0, 20.0, 20.0 * (1 + 1e-10), 20.0 * (1 + 1e-5), 150.0])
    def test_v_after_one_input_spike(self, engine, tau_exc):
        tau_m, quiet = 20.0, {"v_rest": 0.0, "i_bias": 0.0, "v_start": 0.0}
        reservoir = single(tau_m=tau_m, tau_exc=tau_exc, **quiet)
        stimulus = SpikeTrains([2.0], [0], [0, 1], n_channels=1, duration=80.0)
        times = np.arange(3.0, 80.5, 0.5)
        v = simulate(reservoir, stimulus, engine=engine, record="v", sample_times=times).v[0]
        # it arrives at the end of the step that begins at 2.0 ms
        t = times - 2.5
        if abs(tau_exc / tau_m - 1) > 1e-3:
            wanted = tau_exc / (tau_exc - tau_m) * (np.exp(-t / tau_exc) - np.exp(-t / tau_m))
        else:
            x = t * (1 / tau_m - 1 / tau_exc)
            wanted = t / tau_m * np.exp(-t / tau_m) * (1 + x / 2 + x**2 / 6 + x**3 / 24)
        np.testing.assert_allclose(v[:, 0], wanted, rtol=1e-12)
        assert (v[:, 1] == 0).all()

    @pytest.mark.parametrize(("tau_m", "refractory"), [(20.0, 3.0), (5.0, 0.0), (30.0, 0.5)])
    def test_period_under_a_constant_drive(self, engine, tau_m, refractory):
        drive, threshold, reset = 22.0, 15.0, 5.0
        reservoir = single(
            tau_m=tau_m, refractory=refractory, i_bias=drive, v_start=reset, v_reset=reset, v_threshold=threshold
        )
        nothing = SpikeTrains([], [], [0, 0], n_channels=1, duration=400.0)
        activity = simulate(reservoir, nothing, engine=engine)
        times = activity.spikes.times[activity.spikes.channels == 0]
        # the grid lets v pass the threshold at most one step late, and v starts again a step after the spike
        held = max(refractory, reservoir.dt)
        wanted = held + tau_m * math.log((drive - reset) / (drive - threshold))
        periods = np.diff(times)
        assert len(periods) > 5
        assert np.ptp(periods) == 0
        assert wanted - 1e-9 - reservoir.dt <= periods[0] <= wanted + 1e-9
        analog = simulate(reservoir.replace(i_bias=np.zeros(2)), Currents([[[drive]]], 400.0), engine=engine)
        assert np.array_equal(analog.spikes.times, times)

    @pytest.mark.parametrize("side", ["input", "recurrent"])
    @pytest.mark.parametrize(
        ("start", "lag", "kept"),
        [
            (4.0, 5.0, True),
            (4.0, -5.0, True),
            (4.0, 12.5, True),
            (4.0, -12.5, True),
            (0.001, -5.0, False),
            (8.999, 5.0, False),
        ],
    )
    def test_stdp_window_of_one_pair(self, engine, side, lag, start, kept):
        """w changes by a_plus e^(-lag/tau_plus) or -a_minus e^(lag/tau_minus), and stays in [0, w_max]."""
        tau_plus, tau_minus, a_plus, a_minus, w_max = 17.0, 31.0, 0.2, 0.3, 9.0
        one = np.ones(1)
        stdp = {"tau_plus": tau_plus * one, "tau_minus": tau_minus * one, "a_plus": a_plus * one, "a_minus": a_minus * one}
        plain = {"tau_plus": one, "tau_minus": one, "a_plus": 0 * one, "a_minus": 0 * one}
        # channels 0 and 1 make neurons 0 and 1 spike at once; the link under test is 2 -> 1 (input) or 0 -> 1
        strong = 1e6
        drivers = [(0, 0), (1, 1)] + ([(2, 1)] if side == "input" else [])
        weight = np.array([strong, strong, start][: len(drivers)])
        constants = {name: np.array([plain[name][0]] * 2 + [stdp[name][0]] * (len(drivers) - 2)) for name in stdp}
        inputs = Links(
            np.array([c for c, _ in drivers]),
            np.array([n for _, n in drivers]),
            weight,
            0 * weight,
            np.array([strong, strong, w_max][: len(drivers)]),
            **constants,
        )
        linked = 1 if side == "recurrent" else 0
        recurrent = Links(
            np.zeros(linked), np.ones(linked), np.full(linked, start), np.zeros(linked), np.full(linked, w_max),
            **{name: value[:linked] for name, value in stdp.items()},
        )  # fmt: skip
        reservoir = single(i_bias=0.0, v_start=0.0, refractory=500.0, tau_m=20.0, tau_exc=0.05).replace(
            channels=3, input=inputs, recurrent=recurrent, input_gain=np.ones(len(drivers)), homeostasis=False
        )
        # a driven neuron spikes one step after its channel; a spike of channel 2 is a pre event in its own step
        first, second = 20.0, 20.0 + abs(lag)
        pre, post = (first, second) if lag > 0 else (second, first)
        pre_spike = (pre, 2) if side == "input" else (pre - 0.5, 0)
        stimulus = SpikeTrains.from_samples([([pre_spike[0], post - 0.5], [pre_spike[1], 1])], 3, 100.0)
        activity = simulate(reservoir, stimulus, engine=engine, plastic=True)
        assert activity.spikes.times[activity.spikes.channels == 1].tolist() == [post]
        change = a_plus * math.exp(-lag / tau_plus) if lag > 0 else -a_minus * math.exp(lag / tau_minus)
        wanted = min(max(start + change, 0.0), w_max)
        assert (wanted == start + change) is kept
        links = activity.reservoir.input if side == "input" else activity.reservoir.recurrent
        assert links.weight[-1] == pytest.approx(wanted, abs=1e-13)

    def test_a_pair_in_one_step_potentiates_only(self, engine):
        """The pre event comes first: it finds no trace of the post spike, which finds the trace of the pre event."""
        reservoir = build(ReservoirSpec(neurons=2, connectivity="random", connection_probability=1, v_start=20), channels=1)
        after = simulate(
            reservoir.replace(homeostasis=False), Currents([[[0.0]]], 1.0), engine=engine, plastic=True
        ).reservoir
        np.testing.assert_allclose(after.weight, reservoir.weight + reservoir.recurrent.a_plus, rtol=1e-12)

    def test_several_spikes_in_a_step_act_as_that_many(self, engine):
        reservoir = single(v_rest=0.0, i_bias=0.0, v_start=0.0)
        at = {"n_channels": 1, "duration": 20.0}
        three = simulate(reservoir, SpikeTrains([1.0, 1.2, 1.4], [0, 0, 0], [0, 3], **at), engine=engine, record="v").v
        triple = simulate(
            reservoir.replace(input_weight=[3.0]), SpikeTrains([1.0], [0], [0, 1], **at), engine=engine, record="v"
        ).v
        np.testing.assert_allclose(three, triple, rtol=1e-14)


@every_engine
def test_the_default_step_is_fine_enough(engine):
    """Rates at 0.5 and 0.05 ms: chaos moves single spikes, but not how many there are."""
    rates = []
    for dt in (0.5, 0.05):
        reservoir = build(ReservoirSpec(neurons=40, dt=dt), seed=0, channels=8)
        rates.append(simulate(reservoir, trains(2, 8, 100.0, 100, seed=0), engine=engine).rates.mean())
    assert rates[0] > 3
    assert rates[0] == pytest.approx(rates[1], rel=0.1)


@with_or_without_grid
def test_progress_reaches_the_end(engine):
    seen: list[tuple[float, float]] = []
    reservoir = build(ReservoirSpec(neurons=5), channels=1)
    simulate(reservoir, Currents(np.zeros((3, 1, 1)), 250.0), engine=engine, progress=lambda *now: seen.append(now))
    assert seen[-1] == (750.0, 750.0)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert len(seen) >= 2


def test_unknown_engines_are_refused():
    with pytest.raises(InputError, match=r"engine = 'nest': must be one of auto, brian2"):
        find_engine("nest")
