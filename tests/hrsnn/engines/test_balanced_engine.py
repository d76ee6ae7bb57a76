"""The engine of balanced networks: against a plain loop, its forms against each other, and what a step does exactly."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from hrsnn import Currents, Gamma, ReservoirSpec, build, simulate
from hrsnn.balanced import BalancedNetwork, BalancedSpec, build_balanced
from hrsnn.distributions import Uniform
from hrsnn.engines.balanced.engine import by_states
from hrsnn.errors import DivergenceError, InputError
from hrsnn.testing.networks import currents, trains

SMALL = BalancedSpec(neurons=40, dimensions=6, decoder_norm=0.2)
#: Networks of every form: by J states, by V with and without a leak of each neuron, and with N x N weights.
NETWORKS: dict[str, dict[str, Any]] = {
    "states": {},
    "quadratic cost": {"quadratic_cost": 1e-5, "linear_cost": 1e-4},
    "leaks": {"leak": Uniform(10, 30), "decoder_norm": Uniform(0.1, 0.3)},
}


def network(channels: int = 2, **changes: Any) -> BalancedNetwork:
    return build_balanced(SMALL.updated(changes), seed=4, channels=channels)


def plain_run(net: BalancedNetwork, values: np.ndarray, hold: float, fast: np.ndarray, slow: np.ndarray) -> Any:
    """The steps of all V with N x N weights, in NumPy; returns spikes as pairs, the final V and near ties."""
    dt, leak = net.dt / 1000, net.leak
    v, r, spikes, ties = np.zeros(net.neurons), np.zeros(net.neurons), [], 0
    for step in range(round(len(values) * hold / net.dt)):
        drive = (net.B_weights @ values[int(step * net.dt / hold + 1e-9)]) @ net.decoder
        v = np.exp(-leak * dt) * v + dt * np.exp(-leak * dt / 2) * (slow @ (np.exp(-leak * dt / 2) * r))
        v = v + (1 - np.exp(-leak * dt)) / leak * drive
        r = r * np.exp(-leak * dt)
        above = v - net.threshold
        first, second = np.argsort(above)[[-1, -2]]
        ties += abs(above[first] - max(above[second], 0)) < 1e-12
        fired = np.flatnonzero(above > 0) if net.several_spikes else [first] if above[first] > 0 else []
        for i in fired:
            spikes.append((step, int(i)))
            v = v - fast[:, i]
            r[i] += 1
    return spikes, v, ties


def run(net: BalancedNetwork, values: np.ndarray, hold: float = 10.0) -> tuple[list[tuple[int, int]], np.ndarray]:
    activity = simulate(net, Currents(values[None], dt=hold), record=("spikes", "v"))
    times, who = activity.spikes.sample(0)
    return list(zip(np.rint(times / net.dt).astype(int).tolist(), who.tolist(), strict=True)), activity.v[0, -1]


VALUES = np.random.default_rng(5).uniform(-1, 1, (30, 2))


@pytest.mark.parametrize("name", NETWORKS)
def test_all_forms_have_the_spikes_of_a_plain_loop(name: str) -> None:
    net = network(**NETWORKS[name])
    assert by_states(net) == (name == "states")
    wanted, v, ties = plain_run(net, VALUES, 10.0, net.fast, net.slow)
    assert len(wanted) > 50
    assert ties == 0
    for one in (net, net.with_matrices(), dataclasses.replace(net, noise=1e-300)):
        spikes, found = run(one, VALUES)
        assert spikes == wanted
        np.testing.assert_allclose(found, v, rtol=0, atol=1e-10)


@pytest.mark.parametrize("leak", [20.0, Uniform(10, 30)], ids=["one leak", "leaks"])
def test_controls_have_the_spikes_of_a_plain_loop(leak: Any) -> None:
    net = network(leak=leak)
    for control in (net.without_recurrence(), net.shuffled(seed=1)):
        wanted, v, _ = plain_run(control, VALUES[:5], 10.0, control.fast, control.slow)
        spikes, found = run(control, VALUES[:5])
        assert spikes == wanted
        np.testing.assert_allclose(found, v, rtol=1e-9, atol=1e-9)


def test_states_and_weights_have_the_same_spikes_for_long() -> None:
    """A difference would be a tie within rounding, of which there are none in these 20 000 steps."""
    net = build_balanced(BalancedSpec(neurons=200, dimensions=12, decoder_norm=0.2), seed=1)
    values = np.random.default_rng(1).uniform(-1, 1, (100, 1))
    spikes, _ = run(net, values, hold=20.0)
    assert len(spikes) > 2000
    assert run(net.with_matrices(), values, hold=20.0)[0] == spikes


def test_between_spikes_the_estimate_and_its_error_are_exact() -> None:
    """y = z + e obeys y' = A y + B u - (A + lambda I) e, to rounding: the exponential of (y, e, u) says where y goes."""
    net = build_balanced(SMALL.updated({"lag": 0}), seed=4, channels=2)
    j, leak, u = net.states, float(net.leak[0]), np.array([0.7, -0.4])
    times = np.round(np.arange(1, 2001) * net.dt, 10)
    activity = simulate(net, Currents(u[None, None], dt=200), record=("spikes", "v"), sample_times=times)
    z = net.decode(activity.spikes, times - net.dt / 2)[0] * np.exp(leak * net.dt / 2000)
    e = np.linalg.lstsq(net.decoder.T, activity.v[0].T, rcond=None)[0].T
    drift = net.A + leak * np.eye(j)
    whole = np.block(
        [
            [net.A, -drift, (net.B @ u)[:, None]],
            [drift, -(drift + leak * np.eye(j)), (net.B @ u)[:, None]],
            [np.zeros((1, 2 * j + 1))],
        ]
    )
    # sampled after step k at (k + 1) dt; a spike leaves y as it is, and takes from e what it gives z
    onward = expm(whole * net.dt / 1000)[:j]
    moved = np.hstack([z + e, e, np.ones((len(z), 1))])[:-1] @ onward.T
    assert activity.spike_count > 150
    np.testing.assert_allclose((z + e)[1:], moved, rtol=0, atol=1e-12)


_LONG = ("balanced", "quadratic cost", "self-reset")


@pytest.mark.parametrize("form", [*(pytest.param(form, marks=pytest.mark.long) for form in _LONG), "shuffled"])
def test_brian2_has_the_same_spikes(form: str) -> None:
    net = network(**NETWORKS.get(form, {}))
    net = {"self-reset": net.without_recurrence, "shuffled": net.shuffled}.get(form, lambda: net)()
    for stimulus in (currents(2, 2, 6, 10.0, seed=3), trains(1, 2, 50.0, 150, seed=4)):
        ours, theirs = (
            simulate(net, stimulus, engine=engine, blank=10, record=("spikes", "v"))
            for engine in ("balanced", "brian2-balanced")
        )
        assert ours.spike_count > 10
        assert theirs.spikes.equals(ours.spikes)
        np.testing.assert_allclose(theirs.v, ours.v, rtol=1e-9, atol=1e-10)


def test_brian2_refuses_leaks_and_noise() -> None:
    for changes, said in (({"leak": Uniform(10, 30)}, "leak = "), ({"noise": 0.1}, "noise = 0.1: ")):
        with pytest.raises(InputError, match=f"{said}.*has one leak and no noise"):
            simulate(network(**changes), currents(1, 2, 2, 10.0, seed=1), engine="brian2-balanced")


def test_one_neuron_spikes_in_a_step_and_in_a_control_several() -> None:
    stimulus = currents(1, 2, 20, 10.0, seed=3)
    step = np.diff(simulate(network(), stimulus).spikes.times)
    assert step.min() > 0.5 * SMALL.dt
    assert (np.diff(simulate(network().without_recurrence(), stimulus).spikes.times) == 0).any()


@pytest.mark.parametrize("changes", [{}, {"quadratic_cost": 1e-5}, {"leak": Uniform(10, 30)}], ids=str)
def test_an_input_spike_is_an_input_of_1_for_one_hold(changes: dict[str, Any]) -> None:
    """Without thresholds V is linear in the input: a spike at once, and a value held for less than the leak needs."""
    net = network(channels=1, **changes)
    silent = dataclasses.replace(net, threshold=np.full(40, 1e6), hold=1.0)
    spiked = simulate(silent, trains(1, 1, 1.0, 0, seed=0), blank=0.1, record=("v",))
    assert spiked.v[0, -1] == pytest.approx(net.B_weights[:, 0] @ net.decoder * 1e-3, abs=1e-12)


def test_the_number_of_threads_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    net, stimulus = network(noise=0.2), currents(5, 2, 6, 10.0, seed=2)
    found = []
    for count in ("1", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", count)
        found.append(simulate(net, stimulus, seed=1).spikes)
    assert found[0].equals(found[1])


def test_noise_has_its_deviation_and_depends_on_the_seed() -> None:
    net = dataclasses.replace(network(noise=0.3), linked=False)
    quiet = dataclasses.replace(net, threshold=net.threshold * 1e3, noise=3e-4)
    stimulus = Currents(np.zeros((1, 100, 2)), dt=10)
    times = np.arange(150, 1001, 10)
    v = simulate(quiet, stimulus, record=("v",), sample_times=times, seed=1).v[0] / net.threshold
    assert v.std() == pytest.approx(0.3, rel=0.05)
    again = simulate(quiet, stimulus, record=("v",), sample_times=times, seed=2).v[0] / net.threshold
    assert abs(np.corrcoef(v.ravel(), again.ravel())[0, 1]) < 0.1


def test_v_without_end_is_an_error() -> None:
    net = dataclasses.replace(network().shuffled(), edited_slow=np.full((40, 40), 1e308))
    with pytest.raises(DivergenceError, match="V is no longer finite"):
        simulate(net, Currents(np.ones((1, 10, 2)), dt=10))


@pytest.mark.parametrize(
    "changes",
    [{}, {"noise": 0.2}, {"leak": Gamma(20, 0.3)}, {"quadratic_cost": 1e-5}],
    ids=["states", "noise", "leaks", "cost"],
)
def test_a_run_in_parts_is_the_run_in_one_piece(changes: dict[str, Any]) -> None:
    """Spikes, V, and the states that a decoder and a filter read, from the second part and the state before it."""
    network = build_balanced(BalancedSpec(neurons=60, dimensions=4, **changes), seed=1)
    values, times = np.random.default_rng(2).uniform(-1, 1, (1, 12, 1)), np.array([20.0, 33.0, 100.0])
    record = ("spikes", "states", "v")
    whole = simulate(network, Currents(values, 20), record=record, sample_times=140 + times, seed=3)
    first = simulate(network, Currents(values[:, :7], 20), seed=3)
    second = simulate(network, Currents(values[:, 7:], 20), record=record, sample_times=times, seed=3, state=first.state)
    joined = np.concatenate([first.spikes.times, 140 + second.spikes.times])
    np.testing.assert_allclose(joined, whole.spikes.times, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(np.append(first.spikes.channels, second.spikes.channels), whole.spikes.channels)
    np.testing.assert_allclose(second.v, whole.v, rtol=0, atol=1e-12)
    np.testing.assert_allclose(second.states, whole.states, rtol=0, atol=1e-12)
    decoded = network.decode(second.spikes, times, first.state)
    np.testing.assert_allclose(decoded, network.decode(whole.spikes, 140 + times), rtol=0, atol=1e-12)
    assert second.state.elapsed == whole.state.elapsed == 240


def test_a_state_of_another_network_is_refused() -> None:
    spec, stimulus = BalancedSpec(neurons=30, dimensions=2, noise=0.1), Currents(np.ones((1, 2, 1)), 20)
    network = build_balanced(spec, seed=1)
    state = simulate(network, stimulus, seed=1).state
    other = build_balanced(spec, seed=2)
    reservoir = build(ReservoirSpec(neurons=20), seed=1)
    for one, options, message in (
        (other, {}, "state = 'of another network'"),
        (network, {"seed": 2}, "seed = 2: must stay 1"),
        (network, {"record": ("states",), "tau_state": 5, "seed": 1}, "tau_state = 5"),
        (reservoir, {}, "state = 'of a balanced': must be of the kind of the network, reservoir"),
    ):
        with pytest.raises(InputError, match=message):
            simulate(one, stimulus, state=state, **options)
