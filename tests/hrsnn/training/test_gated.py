"""The GRU that networks are compared with: its size, its equations, and that it learns in the same loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from training_networks import two_classes  # noqa: E402

from hrsnn import Currents  # noqa: E402
from hrsnn.training import TrainingOptions, predict, train  # noqa: E402
from hrsnn.training.gated import PARTS, GatedNetwork, gated_units  # noqa: E402


def size(units: int, channels: int, outputs: int) -> int:
    return sum(one.numel() for one in GatedNetwork(channels, outputs, units).parameters())


@pytest.mark.parametrize(("parameters", "channels", "outputs"), [(1, 40, 2), (500, 4, 2), (9999, 64, 10), (12345, 3, 20)])
def test_it_has_as_many_parameters_as_fit(parameters: int, channels: int, outputs: int) -> None:
    units = gated_units(parameters, channels, outputs)
    assert size(units + 1, channels, outputs) > parameters
    assert units == 1 or size(units, channels, outputs) <= parameters


def test_outputs_are_those_of_the_equations() -> None:
    """z, r and n by hand, in NumPy; samples of two lengths are read at their own ends."""
    module = GatedNetwork(2, 3, 4, dtype="float64", seed=1)
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(length, 2)) for length in (5, 7)]
    found = predict(module, Currents.from_samples(values, dt=1.0), TrainingOptions(read="final"))
    p = {name: one.detach().numpy() for name, one in module.gated.named_parameters()}

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    for sample, outputs in zip(values, found, strict=True):
        h = np.zeros(4)
        for x in sample:
            given = (p["weight_ih_l0"] @ x + p["bias_ih_l0"]).reshape(3, 4)
            own = (p["weight_hh_l0"] @ h + p["bias_hh_l0"]).reshape(3, 4)
            r, z = sigmoid(given[:2] + own[:2])
            h = (1 - z) * np.tanh(given[2] + r * own[2]) + z * h
        wanted = module.readout.weight.detach().numpy() @ h + module.readout.bias.detach().numpy()
        np.testing.assert_allclose(outputs, wanted, rtol=1e-12)


def test_it_learns_goes_on_and_gives_the_same_numbers(tmp_path: Path) -> None:
    stimulus, labels = two_classes(24)
    runs = []
    for name, parts in (("whole", (8,)), ("parts", (3, 8))):
        for epochs in parts:
            module = GatedNetwork(stimulus.n_channels, 2, 6, seed=1)
            options = TrainingOptions(epochs=epochs, batch=8, learning_rate=0.02)
            found = train(module, stimulus, labels, (stimulus, labels), options, tmp_path / name)
        runs.append((found.epochs, predict(module, stimulus, options)))
    assert runs[0][0] == runs[1][0] or str(runs[0][0]) == str(runs[1][0])  # nan before training
    np.testing.assert_array_equal(runs[0][1], runs[1][1])
    assert runs[0][0][-1].validation_score == 1.0
    assert runs[0][0][-1].rate == 0.0


def test_spikes_are_seen_as_counts_of_equal_parts() -> None:
    stimulus, _ = two_classes(3)
    module = GatedNetwork(stimulus.n_channels, 2, 2)
    batch = module.minibatch(module.samples(stimulus), [2, 0])
    assert batch.values.shape == (PARTS, 2, stimulus.n_channels)
    np.testing.assert_array_equal(batch.values[:, 0].numpy().sum(axis=0), stimulus[2:3].counts()[0, 0])
