"""Gradients against finite differences, closed forms and torch's own check."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from training_networks import ADAPTATION, EVERYTHING, minibatch, small  # noqa: E402

from hrsnn import Currents, SpikeTrains, Uniform  # noqa: E402
from hrsnn.balanced import BalancedSpec, build_balanced  # noqa: E402
from hrsnn.testing.networks import currents, single, trains  # noqa: E402
from hrsnn.training import TrainableNetwork  # noqa: E402

STIMULUS = trains(2, 2, 30.0, 250, seed=4)


def between_steps(network: TrainableNetwork) -> None:
    """Move delays off the grid, on which interpolated delays have a corner."""
    with torch.no_grad():
        for name in ("delays", "input_delays"):
            if network.dynamics.named[name].learns:
                network.dynamics.named[name].theta += 0.37


@pytest.mark.parametrize("name", [*EVERYTHING, *ADAPTATION, "input_gain"])
def test_without_spikes_gradients_are_finite_differences(name: str) -> None:
    """v of a network that never spikes depends smoothly on all but recurrent links, delays and thresholds."""
    learn = "inputs" if name == "input_gain" else name
    reservoir = small(v_threshold=500.0, delay_input=0 if name == "input_gain" else 2)
    # a triangle has no tails: its derivative this far below the threshold is 0
    network = TrainableNetwork(reservoir, 1, (learn,), surrogate="triangle", dtype="float64")
    between_steps(network)
    stimulus = currents(2, 2, 5, 6.0, 1) if name == "input_gain" else STIMULUS
    batch = minibatch(network, stimulus)
    pattern = torch.tensor(np.random.default_rng(0).normal(size=(batch.steps, 2, 6)))

    def loss() -> torch.Tensor:
        response = network(batch)
        assert not response.spikes.any()
        return (response.excess * pattern).sum()

    theta = network.dynamics.named[name].theta
    network.zero_grad()
    loss().backward()
    h = 1e-5
    for index in range(0, theta.numel(), 3):
        ends = []
        for shift in (h, -h):
            with torch.no_grad():
                theta[index] += shift
                ends.append(loss().item())
                theta[index] -= shift
        wanted = (ends[0] - ends[1]) / (2 * h)
        assert theta.grad[index].item() == pytest.approx(wanted, rel=1e-6, abs=1e-6)
    if name in ("inputs", "tau_m", "tau_exc", "input_delays", "input_gain", "v_threshold"):
        assert theta.grad.abs().max() > 1e-3
    if name in ("recurrent", "delays", *ADAPTATION):
        assert not theta.grad.any()


@pytest.mark.parametrize("tau_exc", [3.0, 20.0])
def test_gradients_of_one_input_spike_have_a_closed_form(tau_exc: float) -> None:
    tau_m, weight = 20.0, 1.0
    reservoir = single(tau_m=tau_m, tau_exc=tau_exc, v_rest=0.0, i_bias=0.0, v_start=0.0)
    network = TrainableNetwork(reservoir, 1, ("inputs", "tau_m"), dtype="float64")
    response = network(minibatch(network, SpikeTrains.from_samples([([2.0], [0])], 1, 40.0)))
    last = 79
    t = (last + 1) * 0.5 - 2.5  # it arrives at the end of the step that begins at 2 ms
    response.excess[last, 0, 0].backward()
    if tau_exc == tau_m:
        by_weight = t / tau_m * math.exp(-t / tau_m)
        by_tau = (t / tau_m**2) * (t / (2 * tau_m) - 1) * math.exp(-t / tau_m)
    else:
        decays = math.exp(-t / tau_exc) - math.exp(-t / tau_m)
        by_weight = tau_exc / (tau_exc - tau_m) * decays
        by_tau = tau_exc / (tau_exc - tau_m) ** 2 * decays - tau_exc / (tau_exc - tau_m) * t / tau_m**2 * math.exp(
            -t / tau_m
        )
    named = network.dynamics.named
    assert named["inputs"].theta.grad.tolist() == pytest.approx([by_weight], rel=1e-10)
    # of the logarithm
    assert named["tau_m"].theta.grad.tolist() == pytest.approx([weight * by_tau * tau_m, 0.0], rel=1e-9, abs=1e-12)


def test_gradients_of_the_adaptation_after_a_spike_have_a_closed_form() -> None:
    """``dv/db = -tau_a/(tau_a - tau_m) (e^(-t/tau_a) - e^(-t/tau_m))``, t after the only spike."""
    tau_m, slow, jump = 20.0, 80.0, 2.0
    start = {"v_rest": 0.0, "i_bias": 0.0, "v_start": 1.0, "v_threshold": 0.5, "v_reset": 0.0}
    reservoir = single(tau_m=tau_m, adaptation=jump, tau_adaptation=slow, **start)
    network = TrainableNetwork(reservoir, 1, ADAPTATION, dtype="float64", surrogate="triangle", width=0.1)
    response = network(minibatch(network, SpikeTrains.from_samples([([], [])], 1, 40.0)))
    assert response.spikes[:, 0, 0].nonzero()[:, 0].tolist() == [0]
    last, hold = 79, round(float(reservoir.refractory[0]) / reservoir.dt)
    response.excess[last, 0, 0].backward()
    # a decays from the next step on, and v follows from step `hold` on
    held, t = (hold - 1) * reservoir.dt, (last - hold + 1) * reservoir.dt

    def v(b: float, tau: float) -> float:
        before = b * math.exp(-held / tau)
        return -before * tau / (tau - tau_m) * (math.exp(-t / tau) - math.exp(-t / tau_m))

    named, h = network.dynamics.named, 1e-6
    assert named["adaptation"].theta.grad[0].item() == pytest.approx(v(1.0, slow), rel=1e-9)
    by_log = (v(jump, slow * math.exp(h)) - v(jump, slow * math.exp(-h))) / (2 * h)
    assert named["tau_adaptation"].theta.grad[0].item() == pytest.approx(by_log, rel=1e-6)


@pytest.mark.parametrize("surrogate", ["fast_sigmoid", "arctan", "gaussian"])
def test_gradients_of_a_smooth_network_pass_gradcheck(surrogate: str) -> None:
    network = TrainableNetwork(
        small(4),
        2,
        (*EVERYTHING, *ADAPTATION, "readout"),
        surrogate=surrogate,
        smooth=True,
        reset_gradient=True,
        dtype="float64",
    )
    between_steps(network)
    batch = minibatch(network, trains(1, 2, 20.0, 250, seed=4))
    names = [name for name, one in network.named_parameters() if not name.endswith("input_gain.theta")]
    values = tuple(dict(network.named_parameters())[name].detach().clone().requires_grad_() for name in names)

    def outputs(*values: torch.Tensor) -> torch.Tensor:
        response = torch.func.functional_call(network, dict(zip(names, values, strict=True)), (batch,))
        return response.outputs[-1:]

    assert torch.autograd.gradcheck(outputs, values, eps=1e-6, atol=1e-6, rtol=1e-5)


def test_gradients_of_a_smooth_balanced_network_pass_gradcheck() -> None:
    balanced = build_balanced(BalancedSpec(neurons=5, dimensions=2, dt=1.0, leak=30.0), seed=1).shuffled(1)
    learn = ("recurrent", "inputs", "tau_m", "v_threshold", "readout")
    network = TrainableNetwork(
        balanced, 2, learn, width=0.5, smooth=True, reset_gradient=True, dtype="float64", surrogate="arctan"
    )
    batch = minibatch(network, Currents(np.random.default_rng(0).normal(size=(1, 6, balanced.channels)), 5.0))
    names = [name for name, _ in network.named_parameters()]
    values = tuple(one.detach().clone().requires_grad_() for one in network.parameters())

    def outputs(*values: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(network, dict(zip(names, values, strict=True)), (batch,)).outputs[-1:]

    assert torch.autograd.gradcheck(outputs, values, eps=1e-6, atol=1e-6, rtol=1e-5)


def gradients(network: TrainableNetwork, stimulus: SpikeTrains, **options: int) -> dict[str, np.ndarray]:
    network.zero_grad()
    network(minibatch(network, stimulus), **options).outputs.square().mean().backward()
    return {name: one.grad.numpy().copy() for name, one in network.named_parameters() if one.grad is not None}


WITHOUT = {"delay_exc": 0, "delay_inh": 0, "delay_input": 0}
PER_LINK = {"delay_ee": Uniform(0, 5), "delay_ie": Uniform(0, 5)}


@pytest.mark.parametrize("delays", [{}, WITHOUT, PER_LINK], ids=["of neurons", "none", "of links"])
def test_checkpoints_change_no_gradient_and_truncation_does(delays: dict) -> None:
    network = TrainableNetwork(small(20, **delays), 2, (*EVERYTHING, "readout"), dtype="float64")
    between_steps(network)
    whole = gradients(network, STIMULUS)
    assert any(np.abs(one).max() > 1e-6 for name, one in whole.items() if "recurrent" in name)
    for options in ({"checkpoint": 7}, {"checkpoint": 100}, {"truncate": 30}, {"truncate": 100, "checkpoint": 11}):
        for name, one in gradients(network, STIMULUS, **options).items():
            np.testing.assert_allclose(one, whole[name], rtol=1e-9, atol=1e-12, err_msg=f"{name} {options}")
    short = gradients(network, STIMULUS, truncate=3)
    assert np.abs(short["dynamics.quantities.tau_m.theta"] - whole["dynamics.quantities.tau_m.theta"]).max() > 1e-6
    np.testing.assert_allclose(short["readout.weight"], whole["readout.weight"], rtol=1e-9)


def test_a_second_backward_pass_gives_the_same() -> None:
    network = TrainableNetwork(small(20), 2, (*EVERYTHING, "readout"), dtype="float64")
    loss = network(minibatch(network, STIMULUS)).outputs.square().mean()
    passes = []
    for _ in range(2):
        network.zero_grad()
        loss.backward(retain_graph=True)
        passes.append([one.grad.numpy().copy() for one in network.parameters() if one.grad is not None])
    for one, other in zip(*passes, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_batch_is_its_stimuli_one_by_one() -> None:
    network = TrainableNetwork(small(20), 2, (*EVERYTHING, "readout"), dtype="float64")
    stimulus = trains(3, 2, 30.0, 250, seed=4)
    together = network(minibatch(network, stimulus))
    total: dict[str, np.ndarray] = {}
    for index in range(3):
        alone = network(minibatch(network, stimulus[index]))
        assert torch.equal(alone.spikes[:, 0], together.spikes[:, index])
        torch.testing.assert_close(alone.outputs[:, 0], together.outputs[:, index], rtol=0, atol=1e-12)
        for name, one in gradients(network, stimulus[index]).items():
            total[name] = total.get(name, 0.0) + one / 3
    assert together.spikes.sum() > 50
    for name, one in gradients(network, stimulus).items():
        np.testing.assert_allclose(one, total[name], rtol=1e-9, atol=1e-12, err_msg=name)
