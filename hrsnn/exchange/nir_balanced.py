"""Nodes and edges of a NIR graph for a tightly balanced network, and what NIR cannot say of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from hrsnn.balanced.network import BalancedNetwork
from hrsnn.exchange.nir_constants import Discretisation
from hrsnn.validation.limits import check_memory


def balanced_losses(network: BalancedNetwork) -> Iterator[str]:
    """Yield what NIR has no place for, as sentences."""
    yield (
        "the reset by subtraction is lost: a neuron of NIR is set to v_reset, here to threshold - fast_ii, so that what V "
        "has above the threshold is cut off"
    )
    if not network.several_spikes:
        yield (
            "the rule of one spike a step is lost: neurons that reach their thresholds together all spike, and the network "
            "does not follow its system in a tool without such a rule"
        )
    if network.noise:
        yield "the voltage noise is lost: NIR has none"
    if network.state_bits:
        yield "state_bits is lost: NIR says nothing of the precision of V"
    yield "the decoder and the linear system are lost: their product, the weights, is kept"


def balanced_nodes(
    network: BalancedNetwork, input: str, discretisation: Discretisation, unit: float
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the nodes and edges of the graph.

    V is a LIF with ``tau_i = 1/lambda_i``, v_leak 0 and r 1, and r_j an LI with the same time constant. A pulse of height 1
    and length dt moves V by ``1 - e^(-dt/tau_i)`` times its weight, so that the weights are

        fast:  -fast_ij/(1 - e^(-dt/tau_i)), j != i;      slow:  tau_i slow_ij;      analog input:  tau_i (Gamma^T B)_ic

    and those of input spikes, each an input of 1 for the time `hold`, the ones of analog input times
    ``(hold/tau_i)/(1 - e^(-dt/tau_i))``.

    Raises
    ------
    InputError
        When the matrices would exceed the memory limit.
    """
    import nir

    n, dt = network.neurons, network.dt
    check_memory("network", n, 8 * n * (6 * n + network.channels), "its matrices of links")
    tau = 1000 / network.leak  # ms
    stated = discretisation.stated(tau)
    share = -np.expm1(-dt / tau)
    fast, slow = np.array(network.fast), np.array(network.slow)
    own = np.diag(fast).copy()
    np.fill_diagonal(fast, 0)
    drive = (network.decoder.T @ network.B_weights) * (tau / 1000)[:, None]
    if input == "spikes":
        drive = drive * (network.hold / tau / share)[:, None]
    ones, zeros = np.ones(n), np.zeros(n)
    nodes: dict[str, Any] = {
        "input": nir.Input(input_type={"input": np.array([network.channels])}),
        "input_weight": nir.Linear(drive),
        "neurons": nir.LIF(
            tau=stated / unit,
            r=ones,
            v_leak=zeros,
            v_threshold=network.threshold.copy(),
            v_reset=network.threshold - own,
        ),
        "output": nir.Output(output_type={"output": np.array([n])}),
    }
    edges = [("input", "input_weight"), ("input_weight", "neurons"), ("neurons", "output")]
    if fast.any():
        nodes["recurrent_weight_fast"] = nir.Linear(-fast / share[:, None])
        edges += [("neurons", "recurrent_weight_fast"), ("recurrent_weight_fast", "neurons")]
    if slow.any():
        nodes["rates"] = nir.LI(tau=stated / unit, r=stated / dt, v_leak=zeros.copy())
        nodes["recurrent_weight_slow"] = nir.Linear(slow * (tau / 1000)[:, None])
        edges += [("neurons", "rates"), ("rates", "recurrent_weight_slow"), ("recurrent_weight_slow", "neurons")]
    return nodes, edges
