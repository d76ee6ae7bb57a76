"""Errors of N x N weights break a code through the part that acts and reads beside the decoder's space."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import Currents, simulate
from hrsnn.balanced import BalancedNetwork, BalancedSpec, build_balanced

SPEC = BalancedSpec(neurons=300, dimensions=10)
STIMULUS = Currents(np.random.default_rng(2).uniform(-1, 1, (1, 60, 1)), dt=20)


def erroneous(network: BalancedNetwork, share: float, part: str) -> BalancedNetwork:
    """Independent errors of all weights, projected: d is the space of the decoder's rows, o the rest, first for targets."""
    random = np.random.default_rng(1)
    inside = np.linalg.pinv(network.decoder) @ network.decoder
    space = {"d": inside, "o": np.eye(network.neurons) - inside}
    return network.with_matrices(
        *(
            matrix + space[part[0]] @ (share * random.normal(size=matrix.shape) * matrix) @ space[part[1]]
            for matrix in (network.fast, network.slow)
        )
    )


def spikes_of(network: BalancedNetwork) -> int:
    return simulate(network, STIMULUS).spike_count


@pytest.mark.parametrize(("part", "most"), [("dd", 1.1), ("do", 1.1), ("od", 1.6)])
def test_errors_that_act_or_read_in_the_space_are_harmless(part: str, most: float) -> None:
    network = build_balanced(SPEC, seed=1)
    assert 0.9 < spikes_of(erroneous(network, 0.03, part)) / spikes_of(network) < most


def test_errors_beside_the_space_are_fatal_and_a_quadratic_cost_mends_them() -> None:
    """They feed themselves: a restoring force has to exceed the largest eigenvalue of the errors of the fast weights.

    That is about ``share sqrt(N) rms(fast)`` (the circular law), here 0.13 of |Gamma_i|^2 at 3 %.
    """
    network = build_balanced(SPEC, seed=1)
    share = 0.03
    assert spikes_of(erroneous(network, share, "oo")) > 3 * spikes_of(network)
    off = network.fast[~np.eye(300, dtype=bool)]
    force = share * np.sqrt(300) * float(np.sqrt((off**2).mean()))
    damped = build_balanced(SPEC.updated({"quadratic_cost": 1.3 * force / 400}), seed=1)
    assert 0.8 < spikes_of(erroneous(damped, share, "oo")) / spikes_of(damped) < 1.5
    weak = build_balanced(SPEC.updated({"quadratic_cost": 0.1 * force / 400}), seed=1)
    assert spikes_of(erroneous(weak, share, "oo")) > 3 * spikes_of(weak)
