"""Balanced initialisation for given input weights: its formulas, and the integrator that it is."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from hrsnn import simulate
from hrsnn.balanced import BalancedSpec, balanced_for_inputs, build_balanced
from hrsnn.balanced.inputs import random_input_weights
from hrsnn.errors import HrsnnError
from hrsnn.kinds.balanced import BALANCED
from hrsnn.stimuli.spike_trains import SpikeTrains

NAN = float("nan")
WEIGHTS = 0.2 * random_input_weights(60, 12, seed=3)


def trains(seed: int = 0, channels: int = 12, steps: int = 300) -> SpikeTrains:
    random = np.random.default_rng(seed)
    return SpikeTrains.from_dense(random.random((2, steps, channels)) < 0.1, dt=1.0)


@pytest.mark.parametrize(("nu", "mu"), [(0.0, 0.0), (0.02, 0.0), (0.0, 0.05), (0.02, 0.05)])
def test_weights_thresholds_and_resets_are_those_of_the_initialisation(nu: float, mu: float) -> None:
    g = WEIGHTS @ WEIGHTS.T + mu * np.eye(60)
    network = balanced_for_inputs(WEIGHTS, linear_cost=nu, quadratic_cost=mu)
    assert np.allclose(network.fast, g, atol=1e-15)
    assert np.allclose(network.threshold, (nu + np.diag(g)) / 2)
    assert np.array_equal(network.slow, np.zeros((60, 60)))
    assert np.allclose(network.leak, 0.5)
    assert np.array_equal(network.weight, -network.fast[network.post, network.pre])


def test_it_is_a_plain_loop_over_the_published_equations() -> None:
    """V <- alpha V, the neuron furthest above its threshold spikes, input spikes add gain W, a spike -G; step by step."""
    network, stimulus = balanced_for_inputs(WEIGHTS, dt=0.5, gain=0.2), trains()
    alpha, g = np.exp(-0.5 / 2000), WEIGHTS @ WEIGHTS.T
    activity = simulate(network, stimulus)
    for sample in range(2):
        arriving = stimulus[sample : sample + 1].to_dense(0.5)[0]
        v, found = np.zeros(60), []
        for step, now in enumerate(arriving):
            v *= alpha
            above = v - np.diag(g) / 2
            who = int(above.argmax()) if above.max() > 0 else -1
            v += 0.2 * WEIGHTS @ now
            if who >= 0:
                v -= g[:, who]
                found.append((0.5 * (step + 1), who))
        times, neurons = activity.spikes.sample(sample)
        assert len(found) > 50
        assert neurons.tolist() == [who for _, who in found]
        assert np.allclose(np.diff(times), np.diff([time for time, _ in found]))


def test_spikes_decode_to_the_integrated_input() -> None:
    weights = 0.1 * random_input_weights(200, 4, seed=1)
    network, stimulus = balanced_for_inputs(weights, dt=0.1), trains(1, channels=4)
    z = network.decode(simulate(network, stimulus).spikes, np.array([299.0]))[:, 0]
    for sample in range(2):
        times, channels = stimulus.sample(sample)
        x = np.bincount(channels, 0.1 * np.exp(-(299.0 - times) / 2000), minlength=4)
        assert np.abs(z[sample] - x).max() < 0.15
        assert x.min() > 1


def test_a_faster_leak_keeps_the_state_in_ongoing_spikes() -> None:
    """Slow weights W (lambda - 1/memory) W^T; after the input the spikes go on only with them."""
    weights = 0.1 * random_input_weights(200, 4, seed=1)
    network = balanced_for_inputs(weights, leak=10.0, dt=0.1)
    assert np.allclose(network.slow, weights @ weights.T * 9.5)
    activity = simulate(network, trains(2, channels=4), blank=500.0)
    z = network.decode(activity.spikes, np.array([300.0, 800.0]))
    assert np.abs(z[:, 1] / z[:, 0] - np.exp(-0.25)).max() < 0.1
    slowless = dataclasses.replace(network, edited_fast=network.fast, edited_slow=np.zeros((200, 200)))
    gone = network.decode(simulate(slowless, trains(2, channels=4), blank=500.0).spikes, np.array([800.0]))
    assert np.abs(gone).max() < 0.02 * np.abs(z[:, 1]).max()


def test_the_system_inputs_of_a_spec_is_the_same_network() -> None:
    spec = BalancedSpec(system="inputs", neurons=60, decay=2000.0, leak=0.5, gain=0.1, decoder_norm=0.3, dt=0.25)
    built = build_balanced(spec, seed=3, channels=12)
    same = balanced_for_inputs(built.decoder.T)
    raw = random_input_weights(60, 12, seed=3)
    assert np.allclose(built.decoder.T, raw * 0.3 / np.sqrt((raw**2).sum(axis=1).mean()))
    assert np.sqrt((built.decoder**2).sum(axis=0).mean()) == pytest.approx(0.3)
    for name in ("A", "A_weights", "leak", "threshold"):
        assert np.allclose(getattr(built, name), getattr(same, name)), name
    assert np.allclose(built.B * built.hold, same.B * same.hold)
    assert simulate(built, trains()).spikes.equals(simulate(same, trains()).spikes)


def test_the_preset_has_the_published_sizes() -> None:
    """Bernoulli(.7) U(+-(1 - alpha)/.001) with alpha = e^(-.25/2000): thresholds of .073 on average."""
    spec = BalancedSpec().updated(dict(BALANCED.presets["cue"]))
    network = build_balanced(spec, channels=40)
    span = -np.expm1(-0.25 / 2000) / 0.001
    published = 40 * 0.7 * span**2 / 3 / 2
    assert network.threshold.mean() == pytest.approx(published, rel=0.02)
    assert (network.neurons, network.states, network.dt) == (100, 40, 0.25)


def test_rows_of_zeros_are_drawn_anew() -> None:
    assert (random_input_weights(300, 1, density=0.1) != 0).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"weights": np.zeros((3, 2))}, "weights = 'row 0': must not be zero"),
        ({"weights": [[1.0, NAN]]}, "weights = (1, 2): must be finite"),
        ({"weights": np.ones((2, 3))}, "weights = (2, 3): must have at least as many neurons"),
        ({"memory": 0.0}, "memory = 0.0: must be positive (ms)"),
        ({"leak": -1.0}, "leak = -1.0: must be positive (1/s)"),
        ({"quadratic_cost": -1.0}, "quadratic_cost = -1.0"),
        ({"gain": NAN}, "gain = nan"),
        ({"dt": 1e-9}, "dt = 1e-09"),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_bad_input_is_named(options: dict[str, Any], said: str) -> None:
    with pytest.raises(HrsnnError) as caught:
        balanced_for_inputs(**{"weights": WEIGHTS, **options})
    assert said in str(caught.value)


def test_states_are_the_channels() -> None:
    spec = BalancedSpec(system="inputs", neurons=20, dimensions=3)
    with pytest.raises(HrsnnError, match="dimensions = 3: must be 4, the number of channels, or auto"):
        build_balanced(spec, channels=4)
    with pytest.raises(HrsnnError, match="dimensions = 21: must be from 1 to 20"):
        build_balanced(spec.updated({"dimensions": "auto"}), channels=21)
