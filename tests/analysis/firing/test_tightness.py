"""Balance in time: closed forms, and the currents of both kinds of networks against what their engines integrate."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import Currents, Gamma, ReservoirSpec, build, simulate
from hrsnn.analysis.firing.coding import coding_error, used_share
from hrsnn.analysis.firing.currents import currents
from hrsnn.analysis.firing.tightness import current_balance
from hrsnn.balanced import BalancedSpec, build_balanced
from hrsnn.errors import InputError
from hrsnn.testing.networks import trains

RANDOM = np.random.default_rng(0)


def test_inhibition_in_proportion_has_its_closed_form() -> None:
    """E and -k E: correlation 1, tightness 1 - (1 - k)/(1 + k)."""
    excitation = RANDOM.uniform(0, 1, (400, 3))
    share = np.array([0.0, 0.5, 1.0])
    found = current_balance(excitation, -share * excitation, dt=1)
    np.testing.assert_allclose(found.tightness, 1 - (1 - share) / (1 + share), atol=1e-12)
    np.testing.assert_allclose(found.correlation[1:], 1, atol=1e-12)
    assert np.isnan(found.correlation[0])  # constant inhibition


def test_independent_currents_are_not_tight() -> None:
    excitation, inhibition = RANDOM.exponential(1, (2, 20_000, 1))
    found = current_balance(excitation, -inhibition, dt=1, tau=1e-3)
    assert abs(found.mean_correlation) < 0.03
    # |E - I| of two exponentials has the mean 1, and E + I the mean 2
    assert found.mean_tightness == pytest.approx(0.5, abs=0.01)


def test_a_slow_filter_finds_balance_that_a_fast_one_does_not() -> None:
    """Inhibition 2 ms behind excitation cancels it over 50 ms, not over 0.5 ms."""
    excitation = np.zeros((5000, 1))
    excitation[::20] = 1.0
    inhibition = -np.roll(excitation, 4, axis=0)
    fast, slow = (current_balance(excitation, inhibition, dt=0.5, tau=tau, washout=500).mean_tightness for tau in (0.5, 50))
    assert fast < 0.1
    assert slow > 0.9


@pytest.mark.parametrize(
    ("excitation", "inhibition", "said"),
    [
        ([1.0, -1.0], [0.0, 0.0], "excitation = -1.0: must be >= 0"),
        ([1.0, 1.0], [0.0, 0.5], "inhibition = 0.5: must be <= 0"),
        ([1.0, 1.0], [0.0], "must have the shape of the excitation"),
        ([np.nan, 1.0], [0.0, 0.0], "must be finite"),
    ],
    ids=str,
)
def test_bad_currents_are_refused(excitation: list[float], inhibition: list[float], said: str) -> None:
    with pytest.raises(InputError) as caught:
        current_balance(excitation, inhibition, dt=1)
    assert said in str(caught.value)


@pytest.mark.parametrize("analog", [False, True], ids=["spikes", "analog"])
def test_currents_of_a_reservoir_are_what_its_engine_integrates(analog: bool) -> None:
    """v of a neuron that never spikes is the low-passed sum of its currents and the bias."""
    spec = ReservoirSpec(neurons=40, v_threshold=15, tau_exc=3, tau_inh=6, tau_m_exc=Gamma(15, 0.3), i_bias=11.5)
    reservoir = build(spec, seed=2, channels=3)
    reservoir = reservoir.replace(v_threshold=np.where(np.arange(40) < 20, 15.0, 1e6))
    values = np.random.default_rng(1).uniform(0, 1, (1, 10, 3))
    stimulus = Currents(values, dt=10) if analog else trains(1, 3, 100.0, 200, seed=3)
    times = np.arange(0.5, 100.1, 0.5)
    activity = simulate(reservoir, stimulus, record=("spikes", "v"), sample_times=times)
    found = currents(reservoir, activity.spikes, stimulus)
    tau, dt = reservoir.tau_m, reservoir.dt
    drive = reservoir.drive(values[0])[(np.arange(200) * dt // 10).astype(int)] if analog else np.zeros((200, 40))
    v, exc, inh, wanted = reservoir.v_start.copy(), np.zeros(40), np.zeros(40), []
    for step in range(200):
        total = reservoir.v_rest + reservoir.i_bias + drive[step]
        v = total + (v - total) * np.exp(-dt / tau)
        for current, other in ((exc, reservoir.tau_exc), (inh, reservoir.tau_inh)):
            v = v + current * other / (other - tau) * (np.exp(-dt / other) - np.exp(-dt / tau))
        # what is there at the end of a step decays by itself in the next one
        exc, inh = found.excitation[step] - np.maximum(drive[step], 0), found.inhibition[step] - np.minimum(drive[step], 0)
        wanted.append(v)
    assert activity.spike_count > 20
    np.testing.assert_allclose(activity.v[0, :, 20:], np.array(wanted)[:, 20:], rtol=0, atol=1e-8)


def test_currents_of_a_balanced_network_are_what_its_engine_integrates() -> None:
    """E + I and the own reset, low-passed by the leak, are V."""
    net = build_balanced(BalancedSpec(neurons=40, dimensions=4, decoder_norm=0.2), seed=1, channels=1)
    stimulus = Currents(np.random.default_rng(1).uniform(-1, 1, (1, 10, 1)), dt=20)
    times = np.arange(1, 2001) * net.dt
    activity = simulate(net, stimulus, record=("spikes", "v"), sample_times=times)
    found = currents(net, activity.spikes, stimulus)
    own = np.zeros((2000, 40))
    spike, who = activity.spikes.sample(0)
    np.add.at(own, (np.rint(spike / net.dt).astype(int), who), np.diag(net.fast)[who])
    v, out = np.zeros(40), []
    for step in range(2000):
        v = v + net.dt / 1000 * net.leak * (found.net[step] - v) - own[step]
        out.append(v.copy())
    assert activity.spike_count > 50
    error = np.abs(np.array(out) - activity.v[0]).max()
    assert error < 0.05 * net.threshold[0]  # Euler steps against exact ones


def test_errors_and_shares_of_codes() -> None:
    target = np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 2.0], [-1.0, -2.0]])
    assert coding_error(target, target + 0.1) == pytest.approx(0.1)
    assert coding_error(target, 0.5 * target, relative=True) == pytest.approx(0.5)
    assert used_share(4500, 1000, 0.2) == pytest.approx(0.9)
    with pytest.raises(InputError, match="estimate"):
        coding_error(target, target[:2])
    with pytest.raises(InputError, match="must vary"):
        coding_error(np.ones(4), np.ones(4), relative=True)
