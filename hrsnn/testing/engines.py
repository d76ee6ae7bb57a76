"""What every engine must do: the tests of an engine, as a class to inherit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from hrsnn.activity import Activity
from hrsnn.builder import build
from hrsnn.distributions import Uniform
from hrsnn.engines import ENGINES
from hrsnn.engines.capabilities import FEATURES, needs
from hrsnn.errors import InputError
from hrsnn.reservoir import Links, Reservoir
from hrsnn.simulation import simulate
from hrsnn.spec import ReservoirSpec
from hrsnn.stimuli.currents import Currents
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.testing.networks import CASES, HETEROGENEOUS, currents, single, trains
from hrsnn.testing.reference_engine import as_pairs, reference_run

#: A few examples, at any speed.
few = settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
#: Delays in flight where a stimulus ends, and a background that is the same in each.
BATCH_SPEC = ReservoirSpec.preset(
    "dense", neurons=30, delay_ee=Uniform(0, 20), delay_ie=4, v_reset=10, background_frozen=True, background_rate=40
)
#: For each feature that a run can need, a change of the default reservoir that needs it.
NEEDING: dict[str, dict[str, Any]] = {
    "delays_per_neuron": CASES["one delay"],
    "delays_per_link": CASES["delays of every link"],
    "zero_delays": {},
    "input_delays": CASES["delays of the input"],
    "short_term_plasticity": CASES["short-term plasticity"],
    "adaptation": CASES["adaptation"],
    "background": CASES["background"],
    "plasticity": {},
    "resumable_state": {},
    "chosen_neurons": {},
    "currents": {},
}


class EngineCases:
    """Tests of one engine, against a plain loop, against closed forms, and against itself.

    A test is skipped where the engine declares that it lacks a feature that the test needs, with the declared reason.

    Attributes
    ----------
    engine : str
        Name of the engine under test; no default.

    Examples
    --------
    In a test file, of an engine that is registered:

    >>> class TestMyEngine(EngineCases):
    ...     engine = "my_engine"
    """

    engine: ClassVar[str]

    def require(self, features: Iterable[str]) -> None:
        """Skip the test where the engine lacks one of `features`, or does not simulate reservoirs."""
        declared, wanted = ENGINES.find(self.engine), set(features)
        if "reservoir" not in declared.kinds:
            pytest.skip(f"{self.engine} simulates no reservoirs, but {', '.join(declared.kinds)}")
        for feature in declared.lacks(wanted):
            pytest.skip(f"{self.engine} cannot {FEATURES[feature]}: {declared.can[feature]}")

    def run(self, reservoir: Reservoir, stimulus: Stimulus, **options: Any) -> Activity:
        """Simulate with the engine under test; skip the test where it lacks a feature that the run needs."""
        self.require(needs(reservoir, options.get("plastic", False), options.get("state") is not None))
        return simulate(reservoir, stimulus, engine=self.engine, **options)

    def check_against_plain_loop(self, reservoir: Reservoir, stimulus: Stimulus, **options: Any) -> Activity:
        """Compare spikes, which must be equal, and v and weights, to 1e-9 mV."""
        plastic, blank = options.get("plastic", False), options.get("blank", 0.0)
        got = self.run(reservoir, stimulus, record=("spikes", "v"), **options)
        wanted = reference_run(reservoir, stimulus, plastic, blank, options.get("seed", 0))
        for index, spikes in enumerate(wanted.spikes):
            assert as_pairs(got.spikes, index, reservoir.dt) == spikes, f"stimulus {index}"
            if not blank:
                np.testing.assert_allclose(got.v[index, -1], wanted.v[index], rtol=0, atol=1e-9)
        np.testing.assert_allclose(got.reservoir.weight, wanted.weight, rtol=0, atol=1e-9)
        np.testing.assert_allclose(got.reservoir.input_weight, wanted.input_weight, rtol=0, atol=1e-9)
        return got

    @pytest.mark.parametrize("plastic", [False, True], ids=["frozen", "plastic"])
    @pytest.mark.parametrize("case", CASES)
    def test_spikes_and_weights_are_those_of_the_plain_loop(self, case: str, plastic: bool) -> None:
        self.require(["grid"])
        spec = ReservoirSpec.preset("dense", neurons=20).updated({"input_fraction": 0.6, **CASES[case]})
        reservoir = build(spec, seed=3, channels=4)
        stimulus = trains(2, 4, 60.2, 120, seed=1)
        activity = self.check_against_plain_loop(reservoir, stimulus, plastic=plastic, blank=7.3)
        assert activity.spike_count > 20  # a silent network would prove nothing
        if plastic and reservoir.synapses:
            assert not np.array_equal(activity.reservoir.weight, reservoir.weight)
        if not plastic:
            self.check_against_plain_loop(reservoir, currents(2, 4, 5, 6.7, seed=2))

    def test_any_small_network(self) -> None:
        self.require(["grid", "delays_per_link", "background", "plasticity"])

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
        def check(
            neurons: int, seed: int, plastic: bool, analog: bool, dt: float, delay: float, blank: float, length: float
        ) -> None:
            spec = ReservoirSpec.preset("dense", neurons=neurons, dt=dt, delay_ee=delay, background_rate=30, **HETEROGENEOUS)
            reservoir = build(spec, seed=seed, channels=3)
            stimulus = currents(2, 3, 4, length / 4, seed) if analog else trains(2, 3, length, 200, seed)
            self.check_against_plain_loop(reservoir, stimulus, plastic=plastic, blank=blank, seed=seed)

        check()

    @pytest.mark.parametrize("plastic", [False, True], ids=["frozen", "plastic"])
    @pytest.mark.parametrize(
        "case", ["defaults", "delays of every link", "adaptation", "short-term plasticity", "background"]
    )
    def test_a_run_in_parts_is_the_run_in_one_piece(self, case: str, plastic: bool) -> None:
        self.require(["resumable_state"])
        reservoir = build(
            ReservoirSpec.preset("dense", neurons=20).updated({"input_fraction": 0.6, **CASES[case]}), seed=3, channels=4
        )
        values = np.random.default_rng(2).uniform(-1, 1, (1, 6, 4))
        whole = self.run(reservoir, Currents(values, 10.0), plastic=plastic, record=("spikes", "v"), seed=4)
        first = self.run(reservoir, Currents(values[:, :2], 10.0), plastic=plastic, seed=4)
        second = self.run(
            first.reservoir,
            Currents(values[:, 2:], 10.0),
            plastic=plastic,
            record=("spikes", "v"),
            seed=4,
            state=first.state,
        )
        assert first.spike_count > 0
        times = np.concatenate([first.spikes.times, second.spikes.times + 20.0])
        np.testing.assert_allclose(times, whole.spikes.times, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(np.concatenate([first.spikes.channels, second.spikes.channels]), whole.spikes.channels)
        np.testing.assert_allclose(second.v, whole.v, rtol=0, atol=1e-9)
        np.testing.assert_allclose(second.reservoir.weight, whole.reservoir.weight, rtol=0, atol=1e-9)

    def test_what_it_lacks_is_refused_with_the_reason(self) -> None:
        self.require([])
        declared = ENGINES.find(self.engine)
        for feature in declared.lacks(NEEDING):
            reservoir = build(ReservoirSpec.preset("dense", neurons=20).updated(NEEDING[feature]), seed=1, channels=4)
            stimulus = trains(1, 4, 5.0, 100, seed=1)
            options: dict[str, Any] = {"plastic": feature == "plasticity"}
            if feature == "resumable_state":
                options["state"] = simulate(reservoir, stimulus).state
            if feature in ("chosen_neurons", "currents"):
                options |= {"record": "v", "record_neurons": [3]} if feature == "chosen_neurons" else {"record": feature}
            with pytest.raises(InputError) as refused:
                simulate(reservoir, stimulus, engine=self.engine, **options)
            assert f"engine = {self.engine!r}: cannot " in str(refused.value)
            assert str(declared.can[feature]) in str(refused.value)

    @pytest.mark.parametrize("analog", [False, True], ids=["spikes", "currents"])
    def test_a_batch_is_its_stimuli_one_by_one(self, analog: bool) -> None:
        # stimuli of different length; delays are still in flight where one ends
        reservoir = build(BATCH_SPEC, seed=1, channels=4)
        record = ("spikes", "v", "counts", "states")
        stimuli: Stimulus
        if analog:
            series = np.random.default_rng(9).uniform(0, 3, (3, 6, 4))
            stimuli = Currents.from_samples([series[0, :4], series[1], series[2, :1]], 9.7)
        else:
            stimuli = SpikeTrains.concatenate([trains(1, 4, duration, 150, seed=9) for duration in (30.0, 45.5, 12.0)])
        batch = self.run(reservoir, stimuli, record=record, windows=3)
        assert batch.spike_count > 30
        for index in range(len(stimuli)):
            part = stimuli[index]
            alone = self.run(reservoir, part, record=record, windows=3)
            assert alone.spikes.equals(batch.spikes[index])
            for name in ("v", "counts", "states"):
                np.testing.assert_array_equal(getattr(alone, name)[0], getattr(batch, name)[index], err_msg=name)

    def test_a_subset_and_another_order_change_nothing(self) -> None:
        reservoir = build(BATCH_SPEC, seed=1, channels=4)
        stimuli = trains(4, 4, 30.0, 150, seed=2)
        whole = self.run(reservoir, stimuli)
        for rows in ([2], [3, 0], [3, 2, 1, 0]):
            assert self.run(reservoir, stimuli[rows]).spikes.equals(whole.spikes[rows])

    def test_plastic_weights_are_carried_over(self) -> None:
        reservoir = build(BATCH_SPEC.updated({"a_plus": 0.02}), seed=1, channels=4).replace(homeostasis=False)
        stimuli = trains(3, 4, 30.0, 150, seed=2)
        whole = self.run(reservoir, stimuli, plastic=True, blank=6)
        now = reservoir
        for index in range(3):
            step = self.run(now, stimuli[[index]], plastic=True, blank=6)
            assert step.spikes.equals(whole.spikes[index])
            now = step.reservoir
        assert now.equals(whole.reservoir)
        backwards = self.run(reservoir, stimuli[::-1], plastic=True, blank=6)
        assert not backwards.reservoir.equals(whole.reservoir)

    def test_a_frozen_run_gives_the_very_reservoir_back(self) -> None:
        reservoir = build(BATCH_SPEC, seed=1, channels=4)
        assert self.run(reservoir, trains(1, 4, 20.0, 150, seed=2)).reservoir is reservoir

    def test_homeostasis_keeps_the_sums_of_each_neuron(self) -> None:
        reservoir = build(ReservoirSpec.preset("dense", neurons=30, a_plus=0.03, a_minus=0.02), seed=1, channels=4)
        after = self.run(reservoir, trains(3, 4, 60.0, 150, seed=2), plastic=True).reservoir
        assert np.abs(after.weight - reservoir.weight).max() > 0.1
        kind = np.where(reservoir.is_excitatory[reservoir.pre], 0, 30) + reservoir.post
        for weights in ("weight", "input_weight"):
            group = kind if weights == "weight" else reservoir.input_post
            sums = [np.bincount(group, getattr(r, weights), minlength=60) for r in (reservoir, after)]
            np.testing.assert_allclose(sums[0], sums[1], rtol=1e-12)
            bound = reservoir.w_max if weights == "weight" else reservoir.input.w_max
            assert (getattr(after, weights) <= bound).all()

    @pytest.mark.parametrize("tau_exc", [3.0, 20.0, 20.0 * (1 + 1e-10), 20.0 * (1 + 1e-5), 150.0])
    def test_v_after_one_input_spike(self, tau_exc: float) -> None:
        self.require(["grid"])
        tau_m, quiet = 20.0, {"v_rest": 0.0, "i_bias": 0.0, "v_start": 0.0}
        reservoir = single(tau_m=tau_m, tau_exc=tau_exc, **quiet)
        stimulus = SpikeTrains.from_samples([([2.0], [0])], 1, 80.0)
        times = np.arange(3.0, 80.5, 0.5)
        v = self.run(reservoir, stimulus, record="v", sample_times=times).v[0]
        # it arrives at the end of the step that begins at 2.0 ms
        t = times - 2.5
        if abs(tau_exc / tau_m - 1) > 1e-3:
            wanted = tau_exc / (tau_exc - tau_m) * (np.exp(-t / tau_exc) - np.exp(-t / tau_m))
        else:
            x = t * (1 / tau_m - 1 / tau_exc)
            wanted = t / tau_m * np.exp(-t / tau_m) * (1 + x / 2 + x**2 / 6 + x**3 / 24)
        np.testing.assert_allclose(v[:, 0], wanted, rtol=1e-12)
        assert (v[:, 1] == 0).all()

    @pytest.mark.parametrize("plastic", [False, True], ids=["frozen", "plastic"])
    @pytest.mark.parametrize("case", ["everything heterogeneous", "adaptation", "background"])
    def test_traces_of_chosen_neurons_are_those_of_the_plain_loop(self, case: str, plastic: bool) -> None:
        self.require(["grid", "chosen_neurons", "currents"])
        spec = ReservoirSpec.preset("dense", neurons=20).updated({"input_fraction": 0.6, **CASES[case]})
        reservoir, stimulus, chosen = build(spec, seed=3, channels=4), trains(2, 4, 60.0, 120, seed=1), [0, 3, 4, 19]
        adapts = bool(reservoir.adaptation.any())
        record = ("v", "currents", *(["adaptation"] if adapts else []))
        got = self.run(
            reservoir, stimulus, plastic=plastic, record=record, record_neurons=chosen, sample_times="steps", blank=2.0
        )
        for index, history in enumerate(reference_run(reservoir, stimulus, plastic, 2.0).history):
            wanted = np.array(history)[: got.v.shape[1], :, chosen]
            np.testing.assert_allclose(got.v[index], wanted[:, 0], rtol=0, atol=1e-9)
            for side in (0, 1):
                np.testing.assert_allclose(got.currents[index, ..., side], wanted[:, 1 + side], rtol=0, atol=1e-9)
            if adapts:
                np.testing.assert_allclose(got.adaptation[index], wanted[:, 3], rtol=0, atol=1e-9)
                assert wanted[:, 3].max() > 0.5

    def test_v_of_chosen_neurons_is_theirs_in_a_record_of_all(self) -> None:
        self.require(["chosen_neurons"])
        reservoir, stimuli = build(BATCH_SPEC, seed=1, channels=4), trains(3, 4, 30.0, 150, seed=2)
        every = self.run(reservoir, stimuli, record="v", sample_times=5).v
        some = self.run(reservoir, stimuli, record=("spikes", "v"), record_neurons=[2, 29], sample_times=5)
        np.testing.assert_array_equal(some.v, every[:, :, [2, 29]])
        assert some.traces.neurons.tolist() == [2, 29]

    def test_currents_are_sums_of_decaying_arrivals(self) -> None:
        """I(t) = sum over arrivals before t of w exp(-(t - t_arrival)/tau), in continuous time too."""
        self.require(["currents"])
        reservoir = build(ReservoirSpec.preset("dense", neurons=20, **HETEROGENEOUS).updated({"delay_exc": 2.5}), seed=3)
        dt = reservoir.dt if ENGINES.find(self.engine).can["grid"] is True else 0.0
        times = np.array([10.0, 20.5, 50.0])
        got = self.run(reservoir, Currents(np.full((1, 1, 1), 0.5), 50.0), record=("spikes", "currents"), sample_times=times)
        links, spikes = reservoir.recurrent, got.spikes
        assert spikes.n_spikes > 20
        wanted = np.zeros((len(times), 20, 2))
        for spike, neuron in zip(spikes.times.tolist(), spikes.channels.tolist(), strict=True):
            for link in np.flatnonzero(links.pre == neuron):
                side, target = int(not reservoir.is_excitatory[neuron]), links.post[link]
                tau = (reservoir.tau_exc, reservoir.tau_inh)[side][target]
                age = times - (spike + dt + links.delay[link])  # a spike of a step acts at its end
                past = age > -1e-9
                wanted[past, target, side] += (1, -1)[side] * links.weight[link] * np.exp(-age[past] / tau)
        np.testing.assert_allclose(got.currents[0], wanted, rtol=0, atol=1e-9)
        assert (wanted < 0).any()

    @pytest.mark.parametrize("drive", [3.0, 14.9])
    def test_v_under_a_constant_drive_below_threshold(self, drive: float) -> None:
        """v(t) = C + (v_start - C) exp(-t/tau_m)."""
        reservoir = single(tau_m=20.0, v_rest=0.0, i_bias=drive, v_start=-4.0)
        nothing, times = SpikeTrains.from_samples([([], [])], 1, 60.0), np.arange(1, 121) * 0.5
        v = self.run(reservoir, nothing, record="v", sample_times=times).v[0]
        np.testing.assert_allclose(v[:, 0], drive + (-4.0 - drive) * np.exp(-times / 20.0), rtol=0, atol=1e-12)

    def test_adaptation_is_a_sum_over_the_own_spikes(self) -> None:
        """a(t) = b sum over spikes before t of exp(-(t - t_k)/tau_a)."""
        self.require(["currents", "adaptation"])
        reservoir = single(tau_m=20.0, i_bias=25.0, adaptation=1.5, tau_adaptation=70.0)
        nothing, times = SpikeTrains.from_samples([([], [])], 1, 200.0), np.arange(1, 401) * 0.5
        got = self.run(reservoir, nothing, record=("spikes", "adaptation"), record_neurons=[1], sample_times=times)
        own = got.spikes.times[got.spikes.channels == 1]
        # a spike of a step acts at its end
        age = times[:, None] - own - (reservoir.dt if ENGINES.find(self.engine).can["grid"] is True else 0.0)
        wanted = 1.5 * np.where(age > -1e-9, np.exp(-age / 70.0), 0.0).sum(axis=1)
        assert len(own) > 3
        np.testing.assert_allclose(got.adaptation[0, :, 0], wanted, rtol=0, atol=1e-9)

    @pytest.mark.parametrize(("tau_m", "refractory"), [(20.0, 3.0), (5.0, 0.0), (30.0, 0.5)])
    def test_period_under_a_constant_drive(self, tau_m: float, refractory: float) -> None:
        self.require(["grid"])
        drive, threshold, reset = 22.0, 15.0, 5.0
        reservoir = single(
            tau_m=tau_m, refractory=refractory, i_bias=drive, v_start=reset, v_reset=reset, v_threshold=threshold
        )
        nothing = SpikeTrains.from_samples([([], [])], 1, 400.0)
        activity = self.run(reservoir, nothing)
        times = activity.spikes.times[activity.spikes.channels == 0]
        # the grid lets v pass the threshold at most one step late, and v starts again a step after the spike
        held = max(refractory, reservoir.dt)
        wanted = held + tau_m * math.log((drive - reset) / (drive - threshold))
        periods = np.diff(times)
        assert len(periods) > 5
        assert np.ptp(periods) == 0
        assert wanted - 1e-9 - reservoir.dt <= periods[0] <= wanted + 1e-9
        analog = self.run(reservoir.replace(i_bias=np.zeros(2)), Currents(np.full((1, 1, 1), drive), 400.0))
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
    def test_stdp_window_of_one_pair(self, side: str, lag: float, start: float, kept: bool) -> None:
        """w changes by a_plus e^(-lag/tau_plus) or -a_minus e^(lag/tau_minus), and stays in [0, w_max]."""
        self.require(["grid"])
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
        activity = self.run(reservoir, stimulus, plastic=True)
        assert activity.spikes.times[activity.spikes.channels == 1].tolist() == [post]
        change = a_plus * math.exp(-lag / tau_plus) if lag > 0 else -a_minus * math.exp(lag / tau_minus)
        wanted = min(max(start + change, 0.0), w_max)
        assert (wanted == start + change) is kept
        links = activity.reservoir.input if side == "input" else activity.reservoir.recurrent
        assert links.weight[-1] == pytest.approx(wanted, abs=1e-13)

    def test_a_pair_in_one_step_potentiates_only(self) -> None:
        """The pre event comes first: it finds no trace of the post spike, which finds the trace of the pre event."""
        self.require(["grid"])
        changes = {"connectivity": "random", "connection_probability": 1, "v_start": 20, "delay_exc": 0, "delay_inh": 0}
        reservoir = build(ReservoirSpec.preset("dense", neurons=2).updated(changes), channels=1)
        after = self.run(reservoir.replace(homeostasis=False), Currents(np.zeros((1, 1, 1)), 1.0), plastic=True).reservoir
        np.testing.assert_allclose(after.weight, reservoir.weight + reservoir.recurrent.a_plus, rtol=1e-12)

    def test_several_spikes_in_a_step_act_as_that_many(self) -> None:
        self.require(["grid"])
        reservoir = single(v_rest=0.0, i_bias=0.0, v_start=0.0)
        spikes = [SpikeTrains.from_samples([(times, [0] * len(times))], 1, 20.0) for times in ([1.0, 1.2, 1.4], [1.0])]
        three = self.run(reservoir, spikes[0], record="v").v
        triple = self.run(reservoir.replace(input_weight=[3.0]), spikes[1], record="v").v
        np.testing.assert_allclose(three, triple, rtol=1e-14)

    def test_the_default_step_is_fine_enough(self) -> None:
        """Rates at 0.5 and 0.05 ms: chaos moves single spikes, but not how many there are."""
        self.require(["grid"])
        rates = []
        for dt in (0.5, 0.05):
            reservoir = build(ReservoirSpec.preset("dense", neurons=40, dt=dt), seed=0, channels=8)
            rates.append(self.run(reservoir, trains(2, 8, 100.0, 100, seed=0)).rates.mean())
        assert rates[0] > 3
        assert rates[0] == pytest.approx(rates[1], rel=0.1)

    def test_progress_reaches_the_end(self) -> None:
        seen: list[tuple[float, float]] = []
        reservoir = build(ReservoirSpec.preset("dense", neurons=5), channels=1)
        self.run(reservoir, Currents(np.zeros((3, 1, 1)), 250.0), progress=lambda *now: seen.append(now))
        assert seen[-1] == (750.0, 750.0)
        assert [done for done, _ in seen] == sorted(done for done, _ in seen)
        assert len(seen) >= 2
