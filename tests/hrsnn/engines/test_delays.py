"""Delays by closed forms: a spike that goes round a ring, a line that remembers, and an order of neurons that is none."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import Currents, Reservoir, ReservoirSpec, SpikeTrains, Uniform, build, simulate
from hrsnn.analysis import memory_capacity
from hrsnn.reservoir import Links
from hrsnn.testing.networks import trains

DELAYS = np.array([3.0, 11.5, 0.5, 40.0, 7.0])
every_engine = pytest.mark.parametrize("engine", ["compiled", "brian2-numpy", "exact"])


def chain(delays: np.ndarray, closed: bool, weight: float, **changes: float) -> Reservoir:
    """Neurons in a row, or in a ring: each excites the next after a delay of its own; input reaches the first."""
    n = len(delays)
    spec = ReservoirSpec.preset(
        "dense", neurons=n, connectivity="random", connection_probability=0, excitatory_fraction=1, tau_m_exc=20, dt=0.5
    ).updated({"v_rest": 0, "i_bias": 0, "v_start": 0, "v_reset": 0, "refractory_exc": 1, **changes})
    reservoir = build(spec, seed=0, channels=1)
    pre = np.arange(n if closed else n - 1)
    one = np.ones(len(pre))
    links = Links(pre, (pre + 1) % n, weight * one, delays[pre], 9 * weight * one, 20 * one, 20 * one, 0 * one, 0 * one)
    first = np.ones(1)
    inputs = Links(0 * first, 0 * first, weight * first, 0 * first, 9 * weight * first, first, first, 0 * first, 0 * first)
    return reservoir.replace(recurrent=links, input=inputs, input_gain=weight * first, homeostasis=False)


def crossing(weight: float, threshold: float = 15.0, tau_m: float = 20.0, tau_exc: float = 3.0) -> float:
    """Time from a jump of the current to the threshold, by bisection of the closed form of v."""
    low, high = 0.0, 2.0

    def v(t: float) -> float:
        return weight * tau_exc / (tau_exc - tau_m) * (np.exp(-t / tau_exc) - np.exp(-t / tau_m))

    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if v(middle) < threshold else (low, middle)
    return high


@every_engine
@pytest.mark.parametrize("plastic", [False, True], ids=["frozen", "plastic"])
def test_a_spike_goes_round_a_ring_with_the_period_of_all_delays(engine, plastic):
    weight = 1000.0  # over the threshold within the first step after the arrival
    reservoir = chain(DELAYS, closed=True, weight=weight, refractory_exc=40)  # until the current has decayed
    stimulus = SpikeTrains([1.0], [0], [0, 1], n_channels=1, duration=400.0)
    activity = simulate(reservoir, stimulus, engine=engine, plastic=plastic)
    for neuron in range(len(DELAYS)):
        times = activity.spikes.times[activity.spikes.channels == neuron]
        assert len(times) > 4
        # on a grid a spike acts from the step after its arrival on; without one, until v crosses
        takes = crossing(weight) if engine == "exact" else reservoir.dt
        # what is left of the current after a round is 1e-9 of it
        np.testing.assert_allclose(
            np.diff(times), DELAYS.sum() + len(DELAYS) * takes, rtol=1e-6 if engine == "exact" else 1e-12
        )


@pytest.mark.parametrize("engine", ["compiled", "exact"])
def test_a_line_of_relays_remembers_as_many_signs_as_it_has_relays(engine):
    """Relay k spikes k values after a positive value, and only then: r^2 of u and its sign is 3/4, at each delay up to n."""
    relays, hold = 4, 20.0
    # a relay spikes at most a step after the arrival, so that each is within the next value
    reservoir = chain(np.full(relays + 1, hold), closed=False, weight=1000.0, tau_exc=0.5, refractory_exc=18)
    u = np.random.default_rng(0).uniform(-1, 1, 4000)
    pulses = np.zeros((len(u), 4))
    pulses[:, 0] = u > 0  # for the first quarter of each value
    driven = Currents(pulses.reshape(1, -1, 1), hold / 4)
    times = hold * np.arange(1, len(u) + 1)
    activity = simulate(reservoir, driven, engine=engine, record=("states",), sample_times=times, tau_state=4.0)
    found = memory_capacity(activity.states[0], u, 8, hold=hold)
    np.testing.assert_allclose(found.curve[:relays], 0.75, atol=0.03)
    assert found.curve[relays:].max() < 0.03
    assert found.total == pytest.approx(0.75 * relays, abs=0.1)


@pytest.mark.parametrize("delays", [{"delay_exc": Uniform(0, 30), "delay_inh": 4}, {"delay_ee": Uniform(0, 30)}])
def test_the_order_of_neurons_does_not_matter(delays):
    spec = ReservoirSpec.preset("dense", neurons=40, connectivity="random", connection_probability=0.2, **delays)
    reservoir, stimulus = build(spec, seed=3, channels=4), trains(1, 4, 200.0, 100, seed=1)
    order = np.random.default_rng(0).permutation(40)
    where = np.argsort(order)

    def moved(links: Links, sources: np.ndarray) -> Links:
        pre, post = sources[links.pre], where[links.post]
        index = np.lexsort((post, pre))
        arrays = {name: getattr(links, name)[index] for name in Links.__dataclass_fields__ if name not in ("pre", "post")}
        return Links(pre=pre[index], post=post[index], **arrays)

    names = ("is_excitatory", "positions", "tau_m", "tau_exc", "tau_inh", "v_threshold", "v_reset", "v_rest", "v_start")
    more = ("i_bias", "refractory", "background_rate", "background_weight", "adaptation", "tau_adaptation", "cluster")
    permuted = reservoir.replace(
        **{name: getattr(reservoir, name)[order] for name in (*names, *more)},
        recurrent=moved(reservoir.recurrent, where),
        input=moved(reservoir.input, np.arange(4)),
    )
    one, other = (simulate(each, stimulus).spikes for each in (reservoir, permuted))
    assert len(one.times) > 50
    pairs = [sorted(zip(trains.times.tolist(), names, strict=True)) for trains, names in
             ((one, one.channels.tolist()), (other, order[other.channels].tolist()))]  # fmt: skip
    assert pairs[0] == pairs[1]


def test_queues_grow_with_the_spikes_in_flight():
    """Many spikes of each neuron are in flight at once: more than there are rows."""
    spec = ReservoirSpec.preset(
        "dense", neurons=30, i_bias=60, refractory_exc=1, refractory_inh=1, delay_exc=400, delay_inh=300
    )
    reservoir, stimulus = build(spec, seed=1, channels=1), Currents(np.zeros((1, 1, 1)), 900.0)
    compiled, brian = (simulate(reservoir, stimulus, engine=engine).spikes for engine in ("compiled", "brian2-numpy"))
    assert len(compiled.times) > 30 * 100
    assert compiled.equals(brian)
    plastic = [simulate(reservoir, stimulus, engine=engine, plastic=True) for engine in ("compiled", "brian2-numpy")]
    assert plastic[0].spikes.equals(plastic[1].spikes)
