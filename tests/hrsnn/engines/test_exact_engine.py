"""The exact engine against a plain event-driven loop, closed forms, and what the grid engines converge to."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exact_reference import exact_run
from hypothesis import given, settings
from hypothesis import strategies as st

from hrsnn import (
    Constant,
    Currents,
    DivergenceError,
    InputError,
    Reservoir,
    ReservoirSpec,
    SpikeTrains,
    Uniform,
    build,
    simulate,
)
from hrsnn.engines.exact import engine as exact_engine
from hrsnn.engines.exact.engine import trajectory
from hrsnn.reservoir import Links
from hrsnn.testing.networks import CASES, HETEROGENEOUS, currents, single, trains

ROOT = Path(__file__).resolve().parents[3]
#: Without refractoriness, time steps or weak links, feedback fires without bounds in continuous time
OWN = {"no refractoriness": {"refractory_exc": 0, "refractory_inh": 0, "weight_scale": 0.5, "input_weight": Constant(2)}}
NOTHING = SpikeTrains([], [], [0, 0], 1, 400.0)
#: What the conformance suite tries, but for what this engine does not have
OURS = [case for case in CASES if "short_term_plasticity" not in CASES[case]]


def assert_equals_plain_loop(reservoir: Reservoir, stimulus: Any, **options: Any) -> int:
    """Spike times to 1e-9 ms, weights and v to 1e-9 mV; returns how many spikes there were."""
    wanted = exact_run(reservoir, stimulus, options.get("plastic", False), options.get("blank", 0.0), options.get("seed", 0))
    got = simulate(reservoir, stimulus, engine="exact", record=("spikes", "v"), **options)
    for index, spikes in enumerate(wanted.spikes):
        times, neurons = got.spikes.sample(index)
        assert neurons.tolist() == [neuron for _, neuron in spikes], f"stimulus {index}"
        np.testing.assert_allclose(times, [time for time, _ in spikes], rtol=0, atol=1e-9)
        if not options.get("blank"):
            np.testing.assert_allclose(got.v[index, -1], wanted.v[index], rtol=0, atol=1e-9)
    np.testing.assert_allclose(got.reservoir.weight, wanted.weight, rtol=0, atol=1e-9)
    np.testing.assert_allclose(got.reservoir.input_weight, wanted.input_weight, rtol=0, atol=1e-9)
    return got.spike_count


@pytest.mark.parametrize("plastic", [False, True], ids=["frozen", "plastic"])
@pytest.mark.parametrize("case", OURS)
def test_spikes_and_weights_are_those_of_the_plain_loop(case: str, plastic: bool) -> None:
    spec = ReservoirSpec.preset("dense", neurons=12).updated(
        {"input_fraction": 0.6, "adaptation": 0.3, **CASES[case], **OWN.get(case, {})}
    )
    reservoir = build(spec, seed=3, channels=4)
    spikes = assert_equals_plain_loop(reservoir, trains(2, 4, 30.2, 120, seed=1), plastic=plastic, blank=7.3)
    assert spikes > 8  # a silent network would prove nothing
    assert_equals_plain_loop(reservoir, currents(1, 4, 4, 6.7, seed=2), plastic=plastic)


@given(
    neurons=st.integers(2, 15),
    seed=st.integers(0, 2**40),
    plastic=st.booleans(),
    analog=st.booleans(),
    delay=st.floats(0, 500),
    blank=st.sampled_from([0.0, 3.3]),
    length=st.floats(1, 25),
)
@settings(max_examples=8)
def test_any_small_network(neurons, seed, plastic, analog, delay, blank, length) -> None:
    spec = ReservoirSpec.preset(
        "dense", neurons=neurons, delay_ee=Uniform(0, 3), delay_ei=delay, background_rate=30, adaptation=0.1, **HETEROGENEOUS
    )
    reservoir = build(spec.updated({"refractory_exc": Uniform(1, 4), "refractory_inh": 2}), seed=seed, channels=3)
    stimulus = currents(2, 3, 4, length / 4, seed) if analog else trains(2, 3, length, 150, seed)
    assert_equals_plain_loop(reservoir, stimulus, plastic=plastic, blank=blank, seed=seed)


class TestClosedForms:
    """What can be worked out on paper."""

    @pytest.mark.parametrize(("tau_m", "refractory"), [(20.0, 3.0), (5.0, 0.0), (30.0, 0.5), (200.0, 100.0)])
    def test_period_under_a_constant_drive(self, tau_m, refractory):
        drive, threshold, reset = 22.0, 15.0, 5.0
        reservoir = single(
            tau_m=tau_m, refractory=refractory, i_bias=drive, v_start=reset, v_reset=reset, v_threshold=threshold
        )
        wanted = tau_m * math.log((drive - reset) / (drive - threshold))
        found = trajectory(reservoir, NOTHING)
        times = found.spike_time[found.spike_neuron == 0]
        np.testing.assert_allclose(times, wanted + np.arange(len(times)) * (wanted + refractory), rtol=1e-13)
        assert len(times) == math.ceil((400 - wanted) / (wanted + refractory))
        np.testing.assert_allclose(found.drift, (drive - threshold) / tau_m, rtol=1e-12)
        inside = found.release_time < 400
        np.testing.assert_allclose(found.release_drift[inside], (drive - reset) / tau_m, rtol=1e-12)
        assert np.isnan(found.release_drift[~inside]).all()
        analog = simulate(reservoir.replace(i_bias=np.zeros(2)), Currents([[[drive]]], 400.0), engine="exact")
        np.testing.assert_array_equal(analog.spikes.times[analog.spikes.channels == 0], times)

    @pytest.mark.parametrize("tau_exc", [3.0, 20.0, 20.0 * (1 + 1e-10), 20.0 * (1 + 1e-5), 150.0])
    def test_v_after_one_input_spike(self, tau_exc):
        reservoir = single(tau_m=20.0, tau_exc=tau_exc, v_rest=0.0, i_bias=0.0, v_start=0.0)
        times = np.arange(3.0, 80.5, 0.5)
        stimulus = SpikeTrains([2.3], [0], [0, 1], n_channels=1, duration=80.0)
        v = simulate(reservoir, stimulus, engine="exact", record="v", sample_times=times).v[0]
        t = times - 2.3
        x = t * (1 / 20.0 - 1 / tau_exc)
        ratio = np.expm1(x) / x if tau_exc != 20.0 else 1.0
        np.testing.assert_allclose(v[:, 0], t / 20 * np.exp(-t / 20) * ratio, rtol=1e-12)
        assert (v[:, 1] == 0).all()

    def test_adaptation_of_a_driven_neuron(self):
        """Between spikes v is a sum of two exponentials, whose next crossing Brent's method finds."""
        from scipy.optimize import brentq

        tau, tau_a, drive, b, hold = 20.0, 100.0, 25.0, 2.0, 3.0
        reservoir = single(tau_m=tau, i_bias=drive, v_start=5.0, v_reset=5.0, v_threshold=15.0, refractory=hold).replace(
            adaptation=np.full(2, b), tau_adaptation=np.full(2, tau_a)
        )
        found = trajectory(reservoir, NOTHING)
        times = found.spike_time[found.spike_neuron == 0]
        time, a = tau * math.log(20 / 10), b
        for spike in times:
            assert spike == pytest.approx(time, abs=1e-10)
            a *= math.exp(-hold / tau_a)

            def v(t: float, a: float = a) -> float:
                lift = tau_a / (tau_a - tau) * (math.exp(-t / tau_a) - math.exp(-t / tau))
                return drive - 15 - 20 * math.exp(-t / tau) - a * lift

            wait = brentq(v, 0, 200, xtol=1e-14)
            time, a = time + hold + wait, a * math.exp(-wait / tau_a) + b
        assert len(times) > 8

    @pytest.mark.parametrize("delay", [0.0, 1.5, 7.3, 300.0, 1000.0])
    def test_a_spike_arrives_after_its_delay(self, delay):
        reservoir = pair(delay=delay, weight=4.0)
        times = np.arange(1.0, 400.5, 1.0)
        activity = simulate(reservoir, NOTHING, engine="exact", record=("spikes", "v"), sample_times=times)
        assert activity.spikes.channels.tolist() == [0]
        arrival = activity.spikes.times[0] + delay
        assert activity.spikes.times[0] == pytest.approx(20 * math.log(22 / 7), rel=1e-13)
        t = np.maximum(times - arrival, 0)
        wanted = 4 * 3 / (3 - 20) * (np.exp(-t / 3) - np.exp(-t / 20))
        np.testing.assert_allclose(activity.v[0, :, 1], wanted, atol=1e-12)

    @pytest.mark.parametrize("lag", [5.0, -5.0, 12.5])
    def test_stdp_window_of_one_pair(self, lag):
        """The pre event is the arrival, the post event the spike."""
        reservoir = pair(delay=3.0, weight=4.0)
        pre = trajectory(reservoir, NOTHING).spike_time[0] + 3.0
        post = pre + lag
        start = 0.0 if lag > 0 else 4.0  # what arrives before the spike must not move it
        starts = np.array([0.0, 22 - 7 * math.exp(post / 20)])  # neuron 1 reaches 15 at `post`
        reservoir = reservoir.replace(i_bias=np.full(2, 22.0), v_start=starts, weight=np.array([start]))
        activity = simulate(reservoir, NOTHING, engine="exact", plastic=True)
        assert activity.spikes.times[activity.spikes.channels == 1].tolist() == [pytest.approx(post, abs=1e-8)]
        change = 0.2 * math.exp(-lag / 17) if lag > 0 else -0.3 * math.exp(lag / 31)
        assert activity.reservoir.weight[0] == pytest.approx(start + change, abs=1e-9)


def pair(delay: float, weight: float) -> Reservoir:
    """Neuron 0 is driven and fires once; a link leads from it to neuron 1, which rests."""
    one = np.ones(1)
    link = Links(0 * one, one, weight * one, delay * one, 9 * one, 17 * one, 31 * one, 0.2 * one, 0.3 * one)
    reservoir = single(
        tau_m=20.0, tau_exc=3.0, v_rest=0.0, v_start=0.0, refractory=1e4, v_threshold=15.0, v_reset=5.0, i_bias=0.0
    )
    return reservoir.replace(recurrent=link, i_bias=np.array([22.0, 0.0]), homeostasis=False)


class TestInstants:
    """Events at one time: crossings first, all of them; then what arrives; last the post events of STDP."""

    def twins(self, excitatory: bool) -> Reservoir:
        """Two equal neurons that cross at the same time, each linked to the other without delay."""
        one = np.ones(2)
        links = Links([0, 1], [1, 0], 8 * one, 0 * one, 9 * one, 17 * one, 31 * one, 0.2 * one, 0.3 * one)
        return single(tau_m=20.0, i_bias=22.0, v_start=0.0, refractory=2.0).replace(
            recurrent=links, is_excitatory=np.full(2, excitatory), homeostasis=False
        )

    @pytest.mark.parametrize("excitatory", [True, False])
    def test_who_crosses_at_the_same_time_spikes_together(self, excitatory):
        found = trajectory(self.twins(excitatory), NOTHING)
        assert len(found.spike_time) > 8
        np.testing.assert_array_equal(found.spike_time[0::2], found.spike_time[1::2])
        np.testing.assert_array_equal(found.spike_neuron[0::2], 0)
        np.testing.assert_array_equal(found.spike_neuron[1::2], 1)

    def test_a_pair_at_one_time_potentiates_only(self):
        reservoir = self.twins(True)
        once = SpikeTrains([], [], [0, 0], 1, 25.0)
        after = simulate(reservoir, once, engine="exact", plastic=True)
        assert after.spike_count == 2
        np.testing.assert_allclose(after.reservoir.weight, reservoir.weight + 0.2, rtol=1e-14)

    def test_spikes_of_a_channel_at_one_time_act_as_that_many(self):
        reservoir = single(v_rest=0.0, i_bias=0.0, v_start=0.0)
        at = {"n_channels": 1, "duration": 20.0}
        three = simulate(reservoir, SpikeTrains([1.0] * 3, [0] * 3, [0, 3], **at), engine="exact", record="v").v
        triple = simulate(
            reservoir.replace(input_weight=[3.0]), SpikeTrains([1.0], [0], [0, 1], **at), engine="exact", record="v"
        ).v
        np.testing.assert_array_equal(three, triple)

    def test_above_the_threshold_at_the_start_spikes_at_once(self):
        found = trajectory(single(v_start=20.0, i_bias=0.0), NOTHING)
        assert found.spike_time.tolist() == [0.0, 0.0]

    def test_no_drift_at_the_threshold_is_silence(self):
        still = single(v_start=15.0, v_threshold=15.0, v_rest=0.0, i_bias=15.0)
        assert len(trajectory(still, NOTHING).spike_time) == 0
        poked = trajectory(still, SpikeTrains([7.25], [0], [0, 1], 1, 400.0))
        assert poked.spike_time.tolist() == [7.25]
        assert poked.spike_neuron.tolist() == [0]

    def test_a_silent_network(self):
        reservoir = build(ReservoirSpec.preset("dense", neurons=20, i_bias=0, v_start=0), seed=0)
        activity = simulate(reservoir, NOTHING, engine="exact", plastic=True, record=("spikes", "v", "counts", "states"))
        assert activity.spike_count == 0
        np.testing.assert_allclose(activity.v, 0, atol=1e-12)


class TestConvergence:
    """The grid engines come to the exact spike times as dt goes to 0."""

    def test_first_order(self):
        """20 neurons, until the first change of the order of spikes: the mean error of a spike's time goes like dt."""
        steps, errors, spikes = [0.02 / 2**k for k in range(5)], np.zeros(5), 0
        for seed in (1, 2, 3):
            reservoir = build(ReservoirSpec.preset("dense", neurons=20, i_bias=Uniform(14, 18)), seed=seed, channels=4)
            stimulus = trains(1, 4, 100.0, 80, seed=seed)
            exact = simulate(reservoir, stimulus, engine="exact").spikes
            times = [matched(exact, simulate(reservoir.replace(dt=dt), stimulus, engine="compiled").spikes) for dt in steps]
            same = min(before_the_order_changes(run) for run in times)
            errors += [np.abs(run[:same] - exact.times[:same]).sum() for run in times]
            spikes += same
        assert spikes > 100
        assert np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(1.0, abs=0.1)
        assert errors[0] / spikes < 2 * steps[0]

    @pytest.mark.parametrize("plastic", [False, True], ids=["frozen", "plastic"])
    @pytest.mark.parametrize("case", OURS)
    def test_every_case_of_the_conformance_suite(self, case, plastic):
        """Before the order of spikes changes, the grid at 0.002 ms is within some steps of the exact times."""
        spec = ReservoirSpec.preset("dense", neurons=20).updated({"input_fraction": 0.6, **CASES[case], **OWN.get(case, {})})
        reservoir = build(spec, seed=3, channels=4)
        stimulus = trains(1, 4, 40.0, 120, seed=1)
        exact = simulate(reservoir, stimulus, engine="exact", plastic=plastic)
        dt = 0.002
        grid = simulate(reservoir.replace(dt=dt), stimulus, engine="compiled", plastic=plastic)
        times = matched(exact.spikes, grid.spikes)
        same = before_the_order_changes(times)
        assert same >= 10
        assert np.median(np.abs(times[:same] - exact.spikes.times[:same])) < 3 * dt
        assert grid.spike_count == pytest.approx(exact.spike_count, rel=0.15)

    def test_plastic_weights_converge(self):
        reservoir = build(ReservoirSpec.preset("dense", neurons=20, a_plus=0.02, i_bias=Uniform(14, 18)), seed=1, channels=4)
        stimulus = trains(1, 4, 40.0, 80, seed=1)
        exact = simulate(reservoir, stimulus, engine="exact", plastic=True).reservoir.weight
        errors = []
        for dt in (0.01, 0.001):
            grid = simulate(reservoir.replace(dt=dt), stimulus, engine="compiled", plastic=True).reservoir.weight
            errors.append(np.abs(grid - exact).max())
        assert np.abs(exact - reservoir.weight).max() > 0.05
        assert errors[1] < 0.3 * errors[0]
        assert errors[1] < 1e-4


def matched(exact: SpikeTrains, grid: SpikeTrains) -> np.ndarray:
    """The times on the grid of the exact spikes: of a neuron's k-th one, that of its k-th; nan where there is none."""
    times = np.full(len(exact.times), np.nan)
    for neuron in range(exact.n_channels):
        ours, theirs = np.flatnonzero(exact.channels == neuron), grid.times[grid.channels == neuron]
        shared = min(len(ours), len(theirs))
        times[ours[:shared]] = theirs[:shared]
    return times


def before_the_order_changes(times: np.ndarray) -> int:
    """How many come before the first that is earlier than the one before; those of one step have no order."""
    changes = ~(np.diff(times) > -1e-9)
    return int(np.argmax(changes)) + 1 if changes.any() else len(times)


class TestTrajectory:
    def test_it_is_the_run(self):
        reservoir = build(ReservoirSpec.preset("dense", neurons=30, delay_ee=1.5, background_rate=20), seed=1, channels=4)
        stimulus = trains(3, 4, 60.0, 120, seed=1)
        activity = simulate(reservoir, stimulus, engine="exact", seed=5, record=("spikes", "v"))
        found = trajectory(reservoir, stimulus, index=1, seed=5)
        times, neurons = activity.spikes.sample(1)
        np.testing.assert_array_equal(found.spike_time, times)
        np.testing.assert_array_equal(found.spike_neuron, neurons)
        np.testing.assert_array_equal(found.end_v, activity.v[1, -1])
        assert (found.drift > 0).all()
        np.testing.assert_array_equal(found.release_time, times + reservoir.refractory[neurons])

    def test_drifts_are_the_slopes_of_v(self):
        reservoir = build(ReservoirSpec.preset("dense", neurons=20, i_bias=16, refractory_exc=2), seed=1, channels=1)
        stimulus = SpikeTrains([], [], [0, 0], 1, 60.0)
        found = trajectory(reservoir, stimulus)
        h = 1e-4
        for k in range(3, 12):
            who, when, release = found.spike_neuron[k], found.spike_time[k], found.release_time[k]
            v = simulate(
                reservoir, stimulus, engine="exact", record="v", sample_times=[when - h, release + h]
            ).v[0, :, who]  # fmt: skip
            assert (reservoir.v_threshold[who] - v[0]) / h == pytest.approx(found.drift[k], abs=1e-3)
            assert (v[1] - reservoir.v_reset[who]) / h == pytest.approx(found.release_drift[k], abs=1e-3)

    def test_it_goes_on_from_any_state(self):
        """A state in the middle of a run, without spikes under way or anybody held, continues it."""
        reservoir = build(
            ReservoirSpec.preset("dense", neurons=15, i_bias=16, refractory_exc=0.2, refractory_inh=0.2), seed=1
        )
        whole = trajectory(reservoir, SpikeTrains([], [], [0, 0], 1, 60.0))
        gap = int(np.argmax(np.diff(whole.spike_time) > 0.5))
        middle = whole.spike_time[gap] + 0.4
        first = trajectory(reservoir, SpikeTrains([], [], [0, 0], 1, middle))
        starts = {"v_start": first.end_v, "exc_start": first.end_exc, "inh_start": first.end_inh}
        second = trajectory(reservoir, SpikeTrains([], [], [0, 0], 1, 60.0 - middle), **starts)
        joined = np.append(first.spike_time, second.spike_time + middle)
        np.testing.assert_allclose(joined[:60], whole.spike_time[:60], rtol=0, atol=1e-9)

    @pytest.mark.parametrize("name", ["v_start", "exc_start", "inh_start"])
    @pytest.mark.parametrize("values", [[1.0], [1.0, math.nan], [math.inf, 0.0]])
    def test_a_bad_start_is_refused(self, name, values):
        with pytest.raises(InputError, match=f"{name} = .*must be 2 finite numbers"):
            trajectory(single(), NOTHING, **{name: values})

    def test_a_stimulus_that_does_not_fit_is_refused(self):
        for stimulus, options, message in (
            (SpikeTrains([], [], [0, 0], 2, 10.0), {}, "stimulus = '2 channels': must have 1, as the reservoir has"),
            ("noise", {}, "stimulus = 'noise': must be SpikeTrains or Currents"),
            (NOTHING, {"index": 1}, "index = 1: must be a sample of the 1, from 0 on"),
            (NOTHING, {"index": -1}, "index = -1: must be a whole number >= 0"),
            (NOTHING, {"index": 0.5}, "index = 0.5: must be a whole number"),
            (NOTHING, {"seed": -1}, "seed = -1: must be a whole number >= 0"),
        ):
            with pytest.raises(InputError, match=message):
                trajectory(single(), stimulus, **options)


class TestLimits:
    def test_short_term_plasticity_is_refused(self):
        reservoir = build(ReservoirSpec.preset("dense", neurons=5, short_term_plasticity=True), seed=0)
        with pytest.raises(InputError, match="engine = 'exact': cannot simulate short-term plasticity: its kernel"):
            simulate(reservoir, NOTHING, engine="exact")
        with pytest.raises(
            InputError, match="reservoir = 'with short-term plasticity': cannot be simulated by the exact engine"
        ):
            trajectory(reservoir, NOTHING)

    def test_a_state_of_the_grid_is_refused(self):
        reservoir = build(ReservoirSpec.preset("dense", neurons=5), seed=0)
        state = simulate(reservoir, NOTHING, engine="compiled").state
        with pytest.raises(
            InputError, match=r"engine = 'exact': cannot continue from the state .*engines that can: brian2, .*compiled"
        ):
            simulate(reservoir, NOTHING, engine="exact", state=state)

    @pytest.mark.parametrize(
        ("drive", "reset", "refractory", "message"),
        [
            (1e6, 5.0, 0.0, "neuron 0 fired more than 1000 spikes within 10 ms"),
            (1e100, 5.0, 0.0, "more than 1000 spikes"),
            (1e9, 15 - 1e-12, 0.0, "more than 1000 spikes"),
            (1e9, 5.0, 1e-3, "more than 1000 spikes"),
            (1e301, 5.0, 0.0, "no longer finite"),
            (1e301, 5.0, 3.0, "no longer finite"),
        ],
    )
    def test_a_runaway_says_so(self, drive, reset, refractory, message):
        reservoir = single(tau_m=20.0, v_threshold=15.0, v_reset=reset, refractory=refractory)
        with pytest.raises(DivergenceError, match=message):
            simulate(reservoir, Currents([[[drive]]], 100.0), engine="exact")

    def test_a_huge_drive_under_refractoriness_is_none(self):
        reservoir = single(tau_m=20.0, refractory=1.0, i_bias=1e8)
        rate = simulate(reservoir, NOTHING, engine="exact").rates
        np.testing.assert_allclose(rate, 1000, rtol=0.01)

    @pytest.mark.parametrize("plastic", [False, True])
    def test_calls_of_any_length_change_nothing(self, monkeypatch, plastic):
        """The kernel hands over when its buffers are full or its work is done, with spikes under way."""
        spec = ReservoirSpec.preset("dense", neurons=40, i_bias=18, delay_ee=Uniform(0, 30), adaptation=0.2)
        reservoir = build(spec, seed=1, channels=3)
        record = ("spikes", "v")
        whole = simulate(reservoir, trains(2, 3, 80, 100, 1), plastic=plastic, engine="exact", record=record, sample_times=7)
        monkeypatch.setattr(exact_engine, "_ROOM", 3)
        monkeypatch.setattr(exact_engine, "_WORK", 50)
        monkeypatch.setattr(exact_engine, "_FLYING", 1)
        parts = simulate(reservoir, trains(2, 3, 80, 100, 1), plastic=plastic, engine="exact", record=record, sample_times=7)
        assert whole.spikes.equals(parts.spikes)
        np.testing.assert_array_equal(whole.v, parts.v)
        assert whole.reservoir.equals(parts.reservoir)

    def test_threads_change_nothing(self, monkeypatch):
        reservoir = build(ReservoirSpec.preset("dense", neurons=60, background_rate=30), seed=1, channels=8)
        runs, told = [], []
        for threads in ("1", "2", "5"):
            monkeypatch.setenv("OMP_NUM_THREADS", threads)
            runs.append(simulate(reservoir, trains(30, 8, 40, 150, 0), engine="exact", record=("spikes", "v")))
        for other in runs[1:]:
            assert other.spikes.equals(runs[0].spikes)
            np.testing.assert_array_equal(other.v, runs[0].v)
        simulate(reservoir, trains(30, 8, 40, 150, 0), engine="exact", progress=lambda done, total: told.append(done))
        assert told == sorted(told)

    def test_sampling_changes_nothing(self):
        reservoir = build(ReservoirSpec.preset("dense", neurons=20, i_bias=17), seed=1)
        few, many = (simulate(reservoir, NOTHING, engine="exact", record=("spikes", "v"), sample_times=k) for k in (1, 500))
        assert few.spikes.equals(many.spikes)
        np.testing.assert_array_equal(few.v[0, -1], many.v[0, -1])

    def test_durations_are_not_rounded(self):
        activity = simulate(
            build(ReservoirSpec.preset("dense", neurons=5)), trains(1, 1, 10.3, 50, 0), engine="exact", blank=0.25
        )
        assert activity.durations.tolist() == [10.3 + 0.25]

    def test_ctrl_c_in_a_long_run_is_quick(self):
        code = textwrap.dedent(
            """
            import os, signal, threading, time
            import numpy as np
            from hrsnn import Currents, ReservoirSpec, build, simulate
            reservoir = build(ReservoirSpec.preset("dense", neurons=1000, i_bias=18), channels=1)
            simulate(reservoir, Currents(np.zeros((2, 1, 1)), 1.0), engine="exact")
            for samples in (1, 3):  # alone, and in threads
                threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
                began = time.perf_counter()
                try:
                    simulate(reservoir, Currents(np.zeros((samples, 1, 1)), 1e6), engine="exact")
                except KeyboardInterrupt:
                    print(round(time.perf_counter() - began - 0.5, 2))
            """
        )
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "2"}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=200
        )
        waits = [float(line) for line in done.stdout.split()]
        assert len(waits) == 2, done.stderr
        assert max(waits) < 3  # a loaded machine is slow to stop; on a quiet one it is well within a second
