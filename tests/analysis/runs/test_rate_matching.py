"""Networks at equal rate: what bisection finds, and what it says where no value gives the rate."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import Currents, ReservoirSpec, build, simulate
from hrsnn.analysis.runs.rate_matching import MATCHED_BY, at_rate, with_bias

STIMULUS = Currents(np.random.default_rng(0).uniform(-1, 1, (1, 60, 1)), dt=20.0)
NETWORK = build(ReservoirSpec(neurons=80), seed=2)


@pytest.mark.parametrize("by", MATCHED_BY)
@pytest.mark.parametrize("factor", [0.7, 1.4])
def test_a_rate_within_reach_is_met(by: str, factor: float) -> None:
    wanted = factor * float(simulate(NETWORK, STIMULUS, record=()).rates.mean())
    matched = at_rate(NETWORK, MATCHED_BY[by], STIMULUS, wanted)
    assert matched.reached
    assert float(simulate(matched.network, STIMULUS, record=()).rates.mean()) == matched.rate
    assert matched.rate == pytest.approx(wanted, rel=0.02)


def test_one_regular_neuron_gets_the_bias_of_the_closed_form() -> None:
    """A neuron without input fires every t_ref + tau ln((C - reset)/(C - threshold)): the bias C for 40 Hz is known."""
    spec = ReservoirSpec(
        neurons=2, connectivity="random", connection_probability=0, tau_m_exc=20, tau_m_inh=20, refractory_exc=2, dt=0.01
    )
    reservoir = build(spec.updated({"i_bias": 16, "v_start": 5}), seed=0)
    nothing = Currents(np.zeros((1, 1, 1)), dt=20_000.0)
    matched = at_rate(reservoir, with_bias, nothing, 40.0)
    period = 25.0 - 2.0
    growth = np.exp(period / 20)
    bias = (15 * growth - 5) / (growth - 1)
    assert matched.network.i_bias[0] == pytest.approx(bias, rel=0.02)


def test_a_rate_out_of_reach_is_the_nearest() -> None:
    matched = at_rate(NETWORK, MATCHED_BY["weights"], STIMULUS, 1e5)
    assert not matched.reached
    assert matched.rate < 1e5


def test_no_change_of_the_network_changes_nothing() -> None:
    for change in MATCHED_BY.values():
        assert change(NETWORK, 0.0).equals(NETWORK)
