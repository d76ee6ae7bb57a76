"""Networks by equations against known answers: the engine of reservoirs, NEST, published neurons, rules of plasticity."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from hrsnn import Currents, DivergenceError, InputError, Reservoir, ReservoirSpec, SpikeTrains, build, simulate
from hrsnn.equations import BrianModel, BrianNetwork, build_brian
from hrsnn.equations.presets import ADEX, IZHIKEVICH

NUMPY = "brian2-equations-numpy"
#: A neuron that spikes at each input spike, and not again for 1 ms: spike times are chosen.
RELAY: dict[str, Any] = {
    "neurons": 2,
    "excitatory_fraction": 1.0,
    "dt": 0.1,
    "equations": "dv/dt = -v/(0.2*ms) : 1 (unless refractory)",
    "threshold": "v > 0.5",
    "reset": "v = 0",
    "refractory": 1.0,
    "input_on_pre": "v_post += w",
    "input_weight": 1.0,
    "weight_ee": 0.5,
    "connectivity": "random",
    "connection_probability": 1.0,
    "on_pre": "",
}


def network_of(reservoir: Reservoir, model: BrianModel) -> BrianNetwork:
    """The arrays of a reservoir as a network of the default model."""
    of, links = reservoir.recurrent, reservoir.input
    drawn = build_brian(model, seed=0, channels=reservoir.channels)
    names = ("tau_plus", "tau_minus")
    sides = {}
    for side in (of, links):
        bound = np.where(side.w_max > 0, side.w_max, 1)
        sides[id(side)] = {name: getattr(side, name) for name in names} | {
            name: getattr(side, name) / bound for name in ("a_plus", "a_minus")
        }
    values = {name: getattr(reservoir, name) for name in drawn.values if hasattr(reservoir, name)}
    return dataclasses.replace(
        drawn,
        is_excitatory=reservoir.is_excitatory,
        **{name: getattr(of, name) for name in ("pre", "post", "weight", "w_max", "delay")},
        input_channel=links.pre,
        input_post=links.post,
        input_weight=links.weight,
        input_w_max=links.w_max,
        input_gain=reservoir.input_gain,
        values={**values, "refractory_period": reservoir.refractory},
        link_values=sides[id(of)],
        input_values=sides[id(links)],
        initial={"v": reservoir.v_start},
    )


@pytest.mark.parametrize("form", [pytest.param("currents", marks=pytest.mark.long), "spikes"])
def test_the_default_model_is_the_reservoir(form: str) -> None:
    """Spikes are equal; v to 1e-12 mV and weights after STDP and homeostasis to 1e-12 of themselves."""
    reservoir = build(ReservoirSpec(neurons=40, v_reset=8), seed=2, channels=3)
    network = network_of(reservoir, BrianModel(neurons=40))
    random = np.random.default_rng(0)
    stimulus: Any = Currents(random.uniform(-1, 1, (2, 8, 3)), dt=20)
    if form == "spikes":
        # several spikes of a channel in a step too
        stimulus = SpikeTrains.from_samples(
            [(np.sort(random.uniform(0, 150, 90)), random.integers(0, 3, 90)) for _ in range(2)], 3, 150.0
        )
    found = simulate(network, stimulus, engine=NUMPY, plastic=True, record=("spikes", "v"))
    wanted = simulate(reservoir, stimulus, engine="compiled", plastic=True, record=("spikes", "v"))
    assert wanted.spike_count > 50
    assert found.spikes.equals(wanted.spikes)
    np.testing.assert_allclose(found.v, wanted.v, rtol=0, atol=1e-12)
    for name in ("weight", "input_weight"):
        np.testing.assert_allclose(getattr(found.reservoir, name), getattr(wanted.reservoir, name), rtol=1e-12)
    assert np.abs(found.reservoir.weight - network.weight).max() > 0.01
    drawn = build_brian(BrianModel(neurons=40), seed=2, channels=3)
    np.testing.assert_allclose(drawn.weight, reservoir.weight, rtol=1e-12)
    np.testing.assert_array_equal(drawn.delay, reservoir.recurrent.delay)


def single(
    preset: dict[str, Any], parameters: dict[str, Any], current: float, duration: float = 500, **changes: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Spike times and v in each step of a neuron under a constant current, in the unit of its gain."""
    model = BrianModel(**{**preset, "neurons": 2, "excitatory_fraction": 1.0, "input_channels": 1, **changes})
    model = model.updated({"parameters": {**model.parameters, **parameters}, "weight_scale": 0})
    network = build_brian(model, seed=0, channels=1)
    network = dataclasses.replace(network, input_gain=np.ones(len(network.input_gain)))
    run = simulate(network, Currents(np.full((1, 1, 1), current), dt=duration), engine=NUMPY,
                   record=("spikes", "v"), sample_times="steps")  # fmt: skip
    return run.spikes.times[run.spikes.channels == 0], run.v[0, :, 0]


@pytest.mark.long
def test_adex_is_that_of_nest() -> None:
    """Brette & Gerstner's neuron under 700 pA: spike times of `aeif_psc_exp` within 0.25 ms in 500 ms, v within 0.05 mV."""
    from installed_nest import nest

    nest.set_verbosity("M_ERROR")
    nest.ResetKernel()
    nest.resolution = 0.01
    neuron = nest.Create("aeif_psc_exp", params={"V_peak": -40.4, "V_reset": -70.6, "t_ref": 0.0, "I_e": 700.0, "a": 4.0})
    neuron.set(C_m=281.0, g_L=30.0, E_L=-70.6, V_th=-50.4, Delta_T=2.0, tau_w=144.0, b=80.5, V_m=-70.6, w=0.0)
    recorder, meter = nest.Create("spike_recorder"), nest.Create("voltmeter", params={"interval": 0.1})
    nest.Connect(neuron, recorder)
    nest.Connect(meter, neuron)
    nest.Simulate(500.0)
    wanted = np.array(recorder.get("events")["times"])
    fixed = {"C": "281 pF", "I_bias": "0 pA"}
    times, v = single(ADEX, fixed, 700.0, dt=0.02)
    assert len(times) == len(wanted) >= 5
    assert np.abs(times - wanted).max() < 0.25
    events = meter.get("events")
    before = events["times"] < wanted[0] - 5  # where a shift of a spike is no difference of v
    mine = v[np.round(events["times"][before] / 0.02).astype(int) - 1]
    assert np.abs(mine - events["V_m"][before]).max() < 0.05


def regular_spiking(current: float, dt: float, halves: int) -> np.ndarray:
    """Spike times of a plain loop over a second: `halves` steps of v in one of u, 2 in the program of Izhikevich (2003)."""
    v, u, times = -65.0, -13.0, []
    for k in range(round(1000 / dt)):
        before = v
        for _ in range(halves):
            v += dt / halves * (0.04 * v**2 + 5 * v + 140 - u + current)
        u += dt * 0.02 * (0.2 * (v if halves > 1 else before) - u)
        if v >= 30:
            times.append(k * dt)
            v, u = -65.0, u + 8
    return np.array(times)


@pytest.mark.parametrize(("current", "published"), [(3.0, 0), (10.0, 20)])
def test_izhikevich_regular_spiking(current: float, published: int) -> None:
    """With a, b, c, d = 0.02, 0.2, -65, 8 of the paper: the times of a plain loop, to the step.

    The paper prints no counts. Those of its program, with steps of 1 ms, are 0 and 20 in a second; with the step of 0.25 ms
    here there are 15 % more.
    """
    times, _ = single(IZHIKEVICH, {"a_exc": 0.02, "d_exc": 8, "I_bias": 0}, current, dt=0.25, duration=1000)
    assert abs(len(regular_spiking(current, 1.0, halves=2)) - published) <= 1
    np.testing.assert_allclose(times, regular_spiking(current, 0.25, halves=1), atol=1e-9)
    assert abs(len(times) - published) <= 0.15 * published
    if published:  # intervals grow by adaptation, then stay
        intervals = np.diff(times)
        assert intervals[0] < 0.6 * intervals[-1]
        assert intervals[-1] == pytest.approx(intervals[-2], rel=0.02)


SQUID: dict[str, Any] = {
    "equations": (
        "dv/dt = (I - 120*m**3*h*(v - 115) - 36*n**4*(v + 12) - 0.3*(v - 10.613))/ms : 1\n"
        "dm/dt = (1/exprel((25 - v)/10)*(1 - m) - 4*exp(-v/18)*m)/ms : 1\n"
        "dh/dt = (0.07*exp(-v/20)*(1 - h) - h/(exp((30 - v)/10) + 1))/ms : 1\n"
        "dn/dt = (0.1/exprel((10 - v)/10)*(1 - n) - 0.125*exp(-v/80)*n)/ms : 1"
    ),
    "threshold": "v > 60",
    "refractory": "v > 60",
    "method": "rk4",
    "drive": "I",
    "input_gain": 1.0,
    "initial": {"m": 0.0529, "h": 0.5961, "n": 0.3177},
    "dt": 0.05,
}


@pytest.mark.long
@pytest.mark.parametrize(("current", "repeats"), [(6.0, False), (6.6, True)])
def test_hodgkin_huxley_fires_repetitively_from_6_2_on(current: float, repeats: bool) -> None:
    """The squid axon of 1952: a step of current makes it fire for ever above 6.2 to 6.3 uA/cm^2 (Rinzel 1978)."""
    times, _ = single(SQUID, {}, current, duration=300)
    assert len(times) >= 1
    assert bool((times > 250).any()) is repeats


def pairings(rule: dict[str, Any], spikes: list[tuple[float, int]], duration: float, **changes: Any) -> np.ndarray:
    """Weights (0 -> 1, 1 -> 0) after neurons spiked at given times."""
    network = build_brian(BrianModel(**{**RELAY, **rule, **changes}), seed=0, channels=2)
    both = np.arange(2, dtype=np.int32)
    network = dataclasses.replace(
        network,
        input_channel=both,
        input_post=both,
        **{name: np.ones(2) for name in ("input_weight", "input_w_max", "input_gain")},
        input_values={name: np.ones(2) for name in network.input_values},
    )
    times, who = zip(*sorted(spikes), strict=True)
    stimulus = SpikeTrains.from_samples([(list(times), list(who))], 2, duration)
    run = simulate(network, stimulus, engine=NUMPY, plastic=True)
    assert run.spike_count == len(spikes)
    return np.asarray(run.reservoir.weight)


#: Pfister & Gerstner (2006), table 4: the minimal all-to-all triplet rule of the hippocampal culture.
TRIPLET: dict[str, Any] = {
    "plasticity": (
        "dr_1/dt = -r_1/(16.8*ms) : 1 (event-driven)\n"
        "do_1/dt = -o_1/(33.7*ms) : 1 (event-driven)\n"
        "do_2/dt = -o_2/(40*ms) : 1 (event-driven)"
    ),
    "plastic_on_pre": "w = w - A_minus*o_1\nr_1 += 1",
    "plastic_on_post": "w = w + r_1*(A_plus + A_triplet*o_2)\no_1 += 1\no_2 += 1",
    "synapse_parameters": {"A_plus": 6.1e-3, "A_minus": 1.6e-3, "A_triplet": 6.7e-3},
}


@pytest.mark.parametrize(("first", "second"), [(5.0, -5.0), (5.0, -15.0), (15.0, -5.0)])
def test_triplets_of_pre_post_pre_and_post_pre_post(first: float, second: float) -> None:
    """One triplet of each kind, in closed form from the rule's sums over spikes."""
    a, b, c, start = 6.1e-3, 1.6e-3, 6.7e-3, 20.0
    pre, post = start, start + first
    weight = pairings(TRIPLET, [(pre, 0), (post, 1), (post - second, 0)], 60.0)[0]
    wanted = 0.5 + a * math.exp(-first / 16.8) - b * math.exp(second / 33.7)
    assert weight == pytest.approx(wanted, abs=1e-12)
    weight = pairings(TRIPLET, [(start, 1), (start - second, 0), (start - second + first, 1)], 60.0)[0]
    after = math.exp(-first / 16.8) * (a + c * math.exp(-(first - second) / 40))
    assert weight == pytest.approx(0.5 - b * math.exp(second / 33.7) + after, abs=1e-12)


def test_reward_changes_weights_that_are_eligible() -> None:
    """Eligibility c of a pair, and dw/dt = c times the reward: their integral (Izhikevich 2007)."""
    model = BrianModel(
        **{
            **RELAY,
            "equations": RELAY["equations"] + "\ndreward/dt = -reward/(20*ms) : 1",
            "input_on_pre": "v_post += w*int(w < 5)\nreward_post += int(w > 5)",
            "plasticity": "dpaired/dt = -paired/(20*ms) : 1 (event-driven)\n"
            "dc/dt = -c/(100*ms) : 1 (clock-driven)\ndw/dt = c*reward_post/second : 1 (clock-driven)",
            "plastic_on_pre": "paired += 1",
            "plastic_on_post": "c += paired",
        }
    )
    network = build_brian(model, seed=0, channels=3)
    network = dataclasses.replace(
        network,
        input_channel=[0, 1, 2],
        input_post=[0, 1, 1],
        input_weight=[1.0, 1.0, 9.0],
        input_w_max=[9.0, 9.0, 9.0],
        input_gain=[0.0, 0.0, 0.0],
    )
    spikes = {"rewarded": ([10, 15, 60], [0, 1, 2]), "without": ([10, 15], [0, 1]), "before": ([10, 15, 2], [0, 1, 2])}
    change = {}
    for name, (times, who) in spikes.items():
        order = np.argsort(times)
        one = SpikeTrains.from_samples([(np.array(times, float)[order], np.array(who)[order])], 3, 400.0)
        change[name] = float(simulate(network, one, engine=NUMPY, plastic=True).reservoir.weight[0]) - 0.5
    assert change["without"] == 0
    rate = 1 / 20 + 1 / 100
    # c at the reward, and both decay until the end of the stimulus
    wanted = math.exp(-5 / 20) * math.exp(-45 / 100) * (1 - math.exp(-340 * rate)) / rate / 1000
    assert change["rewarded"] == pytest.approx(wanted, rel=0.01)
    assert 0 < change["before"] < 0.9 * wanted


def test_noise_has_a_seed_and_leaves_numpy_alone() -> None:
    noisy = {**RELAY, "equations": "dv/dt = -v/(10*ms) + 0.8*xi/sqrt(10*ms) : 1 (unless refractory)"}
    network = build_brian(BrianModel(**noisy), seed=0, channels=1)
    silence = SpikeTrains.from_samples([([], []), ([], [])], 1, 200.0)
    np.random.seed(3)  # noqa: NPY002
    wanted = np.random.random()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    first, again, other = (simulate(network, silence, engine=NUMPY, seed=seed) for seed in (1, 1, 2))
    assert np.random.random() == wanted  # noqa: NPY002
    assert first.spike_count > 5
    assert first.spikes.equals(again.spikes)
    assert not first.spikes.equals(other.spikes)
    assert not first.spikes[0].equals(first.spikes[1])


def test_a_model_with_time_in_its_text_begins_each_stimulus_at_0() -> None:
    timed = {**RELAY, "equations": "dv/dt = (2*int(t > 10*ms) - v)/(1*ms) : 1 (unless refractory)"}
    network = build_brian(BrianModel(**timed), seed=0, channels=1)
    silence = SpikeTrains.from_samples([([], []), ([], [])], 1, 15.0)
    run = simulate(network, silence, engine=NUMPY)
    assert (run.spike_counts > 0).all()
    assert run.spikes[0].equals(run.spikes[1])
    assert run.spikes.times.min() > 10


@pytest.mark.parametrize(
    ("options", "stimulus", "said"),
    [
        ({"plastic": True}, "spikes", "plastic = True: the model has no plasticity"),
        ({}, "currents", "drives no variable of this model"),
    ],
)
def test_what_a_model_lacks_is_an_error(options: dict[str, Any], stimulus: str, said: str) -> None:
    network = build_brian(BrianModel(**RELAY), seed=0, channels=1)
    given: Any = (
        SpikeTrains.from_samples([([1.0], [0])], 1, 5.0) if stimulus == "spikes" else Currents(np.ones((1, 1, 1)), 5.0)
    )
    with pytest.raises(InputError, match=said):
        simulate(network, given, engine=NUMPY, **options)


def test_values_that_grow_without_bound_are_an_error() -> None:
    wild = {**RELAY, "method": "euler", "equations": "dv/dt = v**3/ms + 1/ms : 1", "threshold": "v > 1e30", "reset": "v = v"}
    network = build_brian(BrianModel(**wild), seed=0, channels=1)
    with pytest.raises(DivergenceError, match="stimulus 0: v is no longer finite"):
        simulate(network, SpikeTrains.from_samples([([1.0], [0])], 1, 20.0), engine=NUMPY)


@pytest.mark.long
def test_cython_gives_the_spikes_of_numpy() -> None:
    network = build_brian(BrianModel(neurons=30), seed=1, channels=2)
    stimulus = Currents(np.random.default_rng(0).uniform(-1, 1, (1, 10, 2)), dt=20)
    one, other = (simulate(network, stimulus, engine=f"brian2-equations-{target}") for target in ("numpy", "cython"))
    assert one.spike_count > 10
    assert one.spikes.equals(other.spikes)
