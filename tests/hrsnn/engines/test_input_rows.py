"""Input with delays: arrivals and drives against their definitions, for any links."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrsnn import Currents, InputError, ReservoirSpec, Uniform, build, simulate
from hrsnn.engines.input_rows import InputRows, delayed_drive
from hrsnn.testing.networks import trains


def network(seed: int, **changes: object):  # type: ignore[no-untyped-def]
    spec = ReservoirSpec.preset("dense", neurons=12, delay_input=Uniform(0, 6), input_fraction=1, input_probability=0.5)
    return build(spec.updated(changes), seed=seed, channels=3)


@given(seed=st.integers(0, 2**20), values=st.integers(1, 6), end=st.integers(1, 60))
def test_a_drive_is_the_sum_over_links_of_values_a_delay_ago(seed: int, values: int, end: int) -> None:
    reservoir, rng = network(seed), np.random.default_rng(seed)
    links, gain = reservoir.input, reservoir.input_gain
    lag = np.round(links.delay / reservoir.dt).astype(np.int64)
    when, stop = 5 * np.arange(values), 5 * values
    u = rng.integers(-2, 3, (values, 3)).astype(float)  # equal ones too
    time, neuron, drive = delayed_drive(when, u, stop, links, lag, gain, end)
    assert (np.diff(time) >= 0).all()
    now = np.zeros(12)
    for step in range(end):
        here = time == step
        now[neuron[here]] = drive[here]
        wanted = np.zeros(12)
        for link in range(len(links)):
            if 0 <= step - lag[link] < stop:
                wanted[links.post[link]] += gain[link] * u[(step - lag[link]) // 5, links.pre[link]]
        np.testing.assert_allclose(now, wanted, rtol=0, atol=1e-12)


@given(seed=st.integers(0, 2**20))
def test_each_spike_reaches_each_link_of_its_channel_once(seed: int) -> None:
    reservoir, rng = network(seed), np.random.default_rng(seed)
    lag = np.round(reservoir.input.delay / reservoir.dt).astype(np.int64)
    rows = InputRows.of(reservoir.input, lag)
    np.testing.assert_array_equal(rows.channel[rows.of_link], reservoir.input_channel)
    np.testing.assert_array_equal(rows.delay[rows.of_link], lag)
    step, channel = np.sort(rng.integers(0, 30, 8)), rng.integers(0, 3, 8)
    when, row, count = rows.arrivals(step, channel, np.ones(8), 35)
    assert list(zip(when, row, strict=True)) == sorted(zip(when, row, strict=True))
    got = sorted((int(t), int(link)) for t, r in zip(when, row, strict=True) for link in np.flatnonzero(rows.of_link == r))
    pairs = zip(step.tolist(), channel.tolist(), strict=True)
    wanted = [(s + int(lag[k]), int(k)) for s, c in pairs for k in np.flatnonzero(reservoir.input_channel == c)]
    assert got == sorted(pair for pair in wanted if pair[0] < 35)
    assert count.sum() == len(when)


@pytest.mark.parametrize("engine", ["compiled", "exact"])
def test_equal_delays_shift_the_response(engine: str) -> None:
    """All input later by 7 ms, and nothing else: the same spikes 7 ms later, from rest with v at its fixed point."""
    still = {"v_start": 14.0, "i_bias": 14.0, "v_rest": 0.0, "delay_input": 7.0}
    late, prompt = network(1, **still), network(1, **{**still, "delay_input": None})
    stimulus = trains(1, 3, 80.0, 300, seed=4)
    one, other = (simulate(each, stimulus, engine=engine, blank=40.0).spikes for each in (prompt, late))
    assert len(one.times) > 5
    kept = one.times < 110
    np.testing.assert_allclose(other.times[: kept.sum()], one.times[kept] + 7.0, atol=1e-9)
    np.testing.assert_array_equal(other.channels[: kept.sum()], one.channels[kept])


def test_a_run_with_input_in_transit_has_no_state() -> None:
    reservoir, stimulus = network(1), Currents(np.ones((1, 5, 3)), 10.0)
    activity = simulate(reservoir, stimulus)
    with pytest.raises(InputError, match="state = None"):
        activity.state  # noqa: B018
    before = simulate(network(1, delay_input=None), stimulus).state
    with pytest.raises(InputError, match="holds no input in transit"):
        simulate(reservoir, stimulus, state=before)
