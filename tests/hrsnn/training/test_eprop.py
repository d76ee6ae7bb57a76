"""Gradients by e-prop against back-propagation that leaves out what e-prop leaves out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from training_networks import minibatch, small, two_classes  # noqa: E402

from hrsnn import InputError, SpikeTrains, Uniform  # noqa: E402
from hrsnn.balanced import BalancedSpec, build_balanced  # noqa: E402
from hrsnn.testing.networks import currents, trains  # noqa: E402
from hrsnn.training import TrainableNetwork, TrainingOptions, train  # noqa: E402
from hrsnn.training.dynamics.recurrence import Recurrence  # noqa: E402
from hrsnn.training.eprop import eprop  # noqa: E402

LEARN = ("recurrent", "inputs", "readout")
#: Stimuli of different lengths.
STIMULUS = SpikeTrains.concatenate([trains(2, 2, 40.0, 250, seed=4), trains(1, 2, 25.0, 250, seed=5)])
TARGETS = torch.tensor([0, 1, 1])


def by_steps(module: TrainableNetwork, batch: Any) -> torch.Tensor:
    """The mean over the steps of each stimulus of the cross-entropy in each."""
    outputs = module(batch).outputs
    each = torch.stack([torch.nn.functional.cross_entropy(now, TARGETS, reduction="none") for now in outputs])
    inside = torch.arange(len(outputs))[:, None] < batch.lengths
    return ((each * inside).sum(0) / batch.lengths).mean()


def gradients(module: TrainableNetwork) -> dict[str, np.ndarray]:
    return {name: one.grad.numpy().copy() for name, one in module.named_parameters() if one.grad is not None}


def compare(module: TrainableNetwork, stimulus: Any) -> dict[str, np.ndarray]:
    """Compare losses and gradients; return the latter."""
    batch = minibatch(module, stimulus)
    loss = by_steps(module, batch)
    loss.backward()
    wanted = gradients(module)
    module.zero_grad()
    found, _ = eprop(module, batch, TARGETS)
    assert found == pytest.approx(loss.item(), rel=1e-12)
    ours = gradients(module)
    for name, one in ours.items():
        np.testing.assert_allclose(one, wanted[name], rtol=1e-9, atol=1e-13, err_msg=name)
    return ours


@pytest.mark.parametrize("dale", ["projection", "parametrisation"])
@pytest.mark.parametrize("analog", [False, True], ids=["spikes", "currents"])
def test_without_recurrence_it_is_back_propagation_through_time(analog: bool, dale: Any) -> None:
    reservoir = small(15, delay_input=0).without_recurrence()
    module = TrainableNetwork(reservoir, 2, LEARN[1:], dale=dale, dtype="float64")
    found = compare(module, currents(3, 2, 6, 6.0, 1) if analog else STIMULUS)
    name = "input_gain" if analog else "inputs"
    assert np.abs(found[f"dynamics.quantities.{name}.theta"]).max() > 1e-5


@pytest.mark.parametrize(
    "changes", [{}, {"delay_ee": Uniform(0, 5)}, {"delay_exc": 0, "delay_inh": 0}], ids=["neurons", "links", "none"]
)
def test_with_recurrence_no_gradient_passes_through_arriving_spikes(changes: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    module = TrainableNetwork(small(15, delay_input=0, **changes), 2, LEARN, dtype="float64")
    through = Recurrence.currents
    monkeypatch.setattr(Recurrence, "currents", lambda self, arrivals, weights: through(self, arrivals.detach(), weights))
    found = compare(module, STIMULUS)
    for name in ("recurrent", "inputs"):
        assert np.abs(found[f"dynamics.quantities.{name}.theta"]).max() > 1e-5


def test_it_learns_two_channels_also_by_random_feedback() -> None:
    stimulus, labels = two_classes(12)
    module = TrainableNetwork(small(15, delay_input=0), 2, LEARN)
    options = TrainingOptions(epochs=8, batch=6, learning_rate=0.03, method="eprop")
    found = train(module, stimulus, labels, two_classes(8, seed=1), options)
    assert found.epochs[found.best].validation_score == 1.0
    assert found.epochs[-1].train_loss < found.epochs[1].train_loss
    module = TrainableNetwork(small(15, delay_input=0), 2, ("recurrent", "inputs", "readout"), dtype="float64")
    feedback = torch.randn(2, 15, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    eprop(module, minibatch(module, STIMULUS), TARGETS, feedback)
    assert module.dynamics.named["recurrent"].theta.grad.abs().max() > 1e-5


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            lambda: TrainableNetwork(small(delay_input=0), 2, ("tau_m", "readout")),
            "learn = 'tau_m': must be of recurrent, inputs",
        ),
        (lambda: TrainableNetwork(small(), 2), "network = 'with delays of its input': must have none with e-prop"),
        (
            lambda: TrainableNetwork(build_balanced(BalancedSpec(neurons=8, dimensions=2, system="integrator"), 1), 2),
            "network = 'balanced': must be a reservoir",
        ),
    ],
    ids=["tau_m", "input delays", "balanced"],
)
def test_what_has_no_traces_is_refused(module: Any, message: str) -> None:
    stimulus, labels = two_classes(4)
    made = module()
    if made.dynamics.neurons == 8:
        stimulus = trains(4, 1, 10.0, 100, seed=1)
    with pytest.raises(InputError, match=message):
        train(made, stimulus, labels, (stimulus, labels), TrainingOptions(method="eprop"))


@pytest.mark.parametrize("name", ["rate_weight", "voltage_weight", "truncate", "checkpoint"])
def test_options_without_effect_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} = 3: has no effect with e-prop"):
        TrainingOptions(method="eprop", **{name: 3})
