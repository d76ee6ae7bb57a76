"""Balanced networks with conductances: the limit of currents, and plain loops."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from hrsnn import simulate
from hrsnn.balanced import balanced_for_inputs
from hrsnn.balanced.inputs import random_input_weights
from hrsnn.engines.brian.conductances import conductance_spikes
from hrsnn.errors import InputError
from hrsnn.stimuli.spike_trains import SpikeTrains

STIMULUS = SpikeTrains.from_dense(np.random.default_rng(0).random((3, 200, 6)) < 0.08, dt=1.0)
NETWORK = balanced_for_inputs(0.1 * random_input_weights(30, 6, seed=2), dt=0.5)


def test_far_reversal_potentials_and_short_times_give_the_counts_of_currents() -> None:
    """A step later, so that single spikes differ, but the decoded input does not."""
    far: dict[str, Any] = {"reversal_exc": 1e4, "reversal_inh": -1e4, "tau_exc": 1e-3, "tau_inh": 1e-3}
    spikes = conductance_spikes(NETWORK, STIMULUS, **far, target="numpy")
    currents = simulate(NETWORK, STIMULUS).spikes
    assert spikes.n_spikes == pytest.approx(currents.n_spikes, rel=0.1)
    z, other = (NETWORK.decode(one, np.array([199.0]))[:, 0] for one in (spikes, currents))
    assert np.abs(z - other).max() < 0.25  # two thirds of a decoder, where the states are up to 3
    assert other.max() > 1.5


@pytest.mark.parametrize("several", [False, True])
def test_it_is_a_plain_loop(several: bool) -> None:
    network = dataclasses.replace(NETWORK, several_spikes=several)
    spikes = conductance_spikes(network, STIMULUS, reversal_inh=-1.5, tau_inh=2.0, target="numpy")
    dt, high = 0.0005, 3.5 * network.threshold.mean()
    low, taus = -1.5 * network.threshold.mean(), (0.001, 0.002)
    jump = [(1 - np.exp(-dt / tau)) / dt for tau in taus]
    w_in, own = 0.1 * network.decoder, np.diag(network.fast)
    w = -(network.fast - np.diag(own)).T
    arriving = STIMULUS.to_dense(0.5)
    for sample in range(3):
        v, g_exc, g_inh = np.zeros((3, 30))
        found = []
        for step in range(400):
            total = 0.5 + g_exc + g_inh
            rest = (g_exc * high + g_inh * low) / total
            v = rest + (v - rest) * np.exp(-total * dt)
            g_exc, g_inh = g_exc * np.exp(-dt / taus[0]), g_inh * np.exp(-dt / taus[1])
            above = v - network.threshold
            who = np.flatnonzero(above > 0)
            who = who if several or not len(who) else np.array([above.argmax()])
            for weights in [count * w_in[c] for c, count in enumerate(arriving[sample, step]) if count] + [
                w[i] for i in who
            ]:
                g_exc = g_exc + np.maximum(weights, 0) / high * jump[0]
                g_inh = g_inh + np.minimum(weights, 0) / low * jump[1]
            v[who] -= own[who]
            found += [(0.5 * step, int(i)) for i in who]
        times, neurons = spikes.sample(sample)
        assert len(found) > 20
        assert neurons.tolist() == [i for _, i in found]
        assert np.allclose(times, [time for time, _ in found])


@pytest.mark.parametrize(
    ("changes", "options", "said"),
    [
        ({}, {"reversal_exc": 0.5}, "reversal_exc = 0.5: must be above all thresholds"),
        ({}, {"reversal_inh": 1.0}, "reversal_inh = 1.0: must be below 0"),
        ({}, {"reversal_inh": float("nan")}, "reversal_inh = nan"),
        ({}, {"tau_exc": 0.0}, "tau_exc = 0.0: must be positive (ms)"),
        ({"noise": 0.1}, {}, "noise = 0.1: must be 0"),
        ({"leak": np.linspace(0.5, 1, 30)}, {}, "must be one for all neurons"),
        ({"leak": np.full(30, 5.0)}, {}, "must be 0: conductances are those of the fast weights"),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_bad_input_is_named(changes: dict[str, Any], options: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        conductance_spikes(dataclasses.replace(NETWORK, **changes), STIMULUS, **options)
    assert said in str(caught.value)
