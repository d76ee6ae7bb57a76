"""Masks through the whole chain, losses under attack, costs counted by hand, and sparse packed files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")

from torch.nn import functional  # noqa: E402

from hrsnn.deep.frames import Frames  # noqa: E402
from hrsnn.deep.learning.export import packed  # noqa: E402
from hrsnn.deep.learning.optimisers import TrainingSettings  # noqa: E402
from hrsnn.deep.learning.predictions import predictions  # noqa: E402
from hrsnn.deep.learning.settings import NetworkSettings  # noqa: E402
from hrsnn.deep.learning.training import train  # noqa: E402
from hrsnn.deep.packed.inference import IntegerInference  # noqa: E402
from hrsnn.deep.packed.network import PackedNetwork, payload_size  # noqa: E402
from hrsnn.deep.packed.sparse import INDEXES, matrix_size, pack_matrix, unpack_matrix  # noqa: E402
from hrsnn.deep.precision import precision_of  # noqa: E402
from hrsnn.deep.robust.accounting import cost_of  # noqa: E402
from hrsnn.deep.robust.conversion import ConversionSettings, converted  # noqa: E402
from hrsnn.deep.robust.ensemble import pictures, right  # noqa: E402
from hrsnn.deep.robust.objectives import METHODS, Adversarial  # noqa: E402
from hrsnn.deep.robust.pruning import magnitude_masks, score_masks, share_kept  # noqa: E402
from hrsnn.errors import InputError  # noqa: E402

BRIEF = TrainingSettings(epochs=1)
LOSS = Adversarial("trades", 0.1, steps=2)


def masked(chain, masks):
    """The rectified network of the chain with masks."""
    settings = dataclasses.replace(chain.settings, masked=True)
    network = settings.build()
    network.load_arrays(network.arrays() | chain.network.arrays())
    network.set_masks(masks)
    return settings, network


def weights_of(network):
    return {name: one.detach().numpy() for name, one in network.weight.items()}


def test_a_mask_survives_every_step_of_the_chain(chain, tmp_path: Path):
    masks = magnitude_masks(weights_of(chain.network), 0.1)
    settings, network = masked(chain, masks)
    pruned = train(settings, BRIEF, chain.part, chain.validation, start=network.arrays(), objective=LOSS).network
    target, spiking = converted(pruned, settings, pictures(chain.part)[0][:64], ConversionSettings(calibration_steps=10))
    kl = dataclasses.replace(LOSS, method="kl")
    tuned = train(target, BRIEF, chain.part, chain.validation, start=spiking.arrays(), objective=kl).network
    fewer = dataclasses.replace(target, precision=precision_of(8, 8, regulate=False))
    still = dataclasses.replace(BRIEF, learning_rate=0.0, epochs=2)
    quantised = train(fewer, still, chain.part, chain.validation, start=tuned.arrays()).network
    moved = 0
    for stage in (pruned, spiking, tuned, quantised):
        for name, weight in weights_of(stage).items():
            assert not weight[~masks[name]].any(), name
            assert np.array_equal(stage.mask_of(name).numpy(), masks[name])
            moved += int((weight[masks[name]] != chain.network.weight[name].detach().numpy()[masks[name]]).sum())
    assert moved > 0  # the others were trained
    whole = packed(quantised)
    assert {layer.index for layer in whole.layers.values() if hasattr(layer, "index")} <= {"bitmask", "columns"}
    for name, mask in masks.items():
        assert not whole.layers[name].weights[~mask].any()
    whole.save(tmp_path / "network.bin")
    data = (tmp_path / "network.bin").read_bytes()
    assert len(whole.payload()) == payload_size(whole)
    assert len(data) < 84_480 / 3  # a third of one byte a weight
    again = PackedNetwork.load(tmp_path / "network.bin")
    agree = IntegerInference(again).predictions(chain.test.values) == predictions(quantised, fewer, chain.test)
    assert agree.mean() >= 0.99


def test_magnitudes_are_kept_over_all_layers_or_in_each(chain):
    weights = weights_of(chain.network)
    over, each = magnitude_masks(weights, 0.05), magnitude_masks(weights, 0.05, layerwise=True)
    assert share_kept(over) == pytest.approx(0.05, abs=1e-4)
    assert [float(mask.mean()) for mask in each.values()] == pytest.approx([0.05] * 3, abs=1e-3)
    least = min(np.abs(weights[name][mask]).min() for name, mask in over.items())
    assert all(np.abs(weights[name][~mask]).max() <= least for name, mask in over.items())
    tiny = magnitude_masks({"a": np.ones((2, 2)), "b": 1e-9 * np.ones((2, 2))}, 0.25)
    assert [int(mask.sum()) for mask in tiny.values()] == [2, 1]  # no layer is empty


@pytest.mark.long
def test_learnt_scores_keep_more_accuracy_than_chance_and_leave_the_network(chain):
    before = chain.network.arrays()
    options = TrainingSettings(epochs=3, learning_rate=0.1)
    masks = [score_masks(chain.network, chain.part, 0.05, LOSS, options) for _ in range(2)]
    assert all(np.array_equal(masks[0][name], masks[1][name]) for name in masks[0])
    assert all(np.array_equal(value, before[name]) for name, value in chain.network.arrays().items())
    assert [float(mask.mean()) for mask in masks[0].values()] == pytest.approx([0.05] * 3, abs=1e-3)
    images, labels = pictures(chain.part)
    random = np.random.default_rng(0)
    chance = {name: random.permutation(mask.ravel()).reshape(mask.shape) for name, mask in masks[0].items()}
    trained = TrainingSettings(epochs=1, batch=32)
    accuracies = []
    for one in (masks[0], chance):
        settings, network = masked(chain, one)
        found = train(settings, trained, chain.part, chain.validation, start=network.arrays(), objective=LOSS).network
        accuracies.append(right(found, images, labels).mean())
    assert accuracies[0] > accuracies[1] + 0.2


def test_masks_of_another_model_are_refused(chain):
    _, network = masked(chain, magnitude_masks(weights_of(chain.network), 0.5))
    with pytest.raises(InputError, match="must be of the layers of a masked network"):
        network.set_masks({"conv1": np.ones((2, 2), bool)})
    with pytest.raises(InputError, match="has the shape"):
        network.set_masks({name: np.ones((2, 2), bool) for name in network.weight})
    for kept in (0.0, 1.5, float("nan")):
        with pytest.raises(InputError, match="kept"):
            magnitude_masks({"a": np.ones(3)}, kept)


@pytest.mark.parametrize("method", METHODS)
def test_losses_at_a_radius_of_0_are_the_cross_entropy(chain, method):
    """Perturbations are then none: the divergence is 0, and MART adds -log(1 - max_(j != y) p_j)."""
    images, labels = (one[:50] for one in pictures(chain.part))
    outputs = lambda x: chain.network(x)  # noqa: E731
    loss, found = Adversarial(method, 0.0, steps=1).loss(chain.network, outputs, images, labels, np.random.default_rng(0))
    logits = found.mean(0)
    wanted = functional.cross_entropy(logits, labels)
    if method == "mart":
        others = logits.softmax(1).scatter(1, labels[:, None], 0.0).max(1).values
        wanted = wanted - (1 - others).log().mean()
    assert float(loss.detach()) == pytest.approx(float(wanted.detach()), abs=1e-5)
    chain.network.eval()


def test_training_under_attack_gains_robustness(chain):
    """What TRADES leaves under attack is more than what natural training does, from the same seed."""
    natural = train(
        chain.settings, TrainingSettings(epochs=6, batch=32), chain.part, chain.validation, objective=Adversarial("natural")
    )
    left = [LOSS.score(one, chain.settings, chain.test, 0) for one in (natural.network, chain.network)]
    assert left[1] > left[0] + 0.05
    assert "validation_score" in natural.history[0]


def test_the_energy_of_a_small_net_is_that_counted_by_hand():
    settings = NetworkSettings("mlp", (3,), 2, steps=4, own_thresholds=True, masked=True, window=1.0)
    network = settings.build()
    masks = {name: np.zeros(tuple(one.shape), bool) for name, one in network.weight.items()}
    masks["linear1"][:5, 0] = masks["linear1"][0, 1] = True  # pixel 0 has 5 connections, pixel 1 one, pixel 2 none
    masks["linear2"][:7, 0] = True  # neuron 0 has 7, the others none
    masks["linear3"][:, :2] = True  # neurons 0 and 1 of the second layer have 2 each
    network.set_masks(masks)
    with torch.no_grad():
        for norm in network.norm.values():
            norm.variance.fill_(1.0)
        network.weight["linear1"][:5, 0] = 9.0
        network.weight["linear2"][:7, 0] = 9.0
    frames = Frames(np.array([[255, 0, 255]], np.uint8), np.zeros(1, np.int64), False)
    found = cost_of(network, frames)
    # pixels 0 and 2 are not 0: 5 multiplications; neurons 0 to 4 fire in all 4 steps: 4 * 7 additions; in the second layer
    # neurons 0 to 6 fire in all 4 steps, of which 0 and 1 have 2 connections: 4 * 2 * 2
    assert (found.multiplications, found.additions) == (5.0, 28.0 + 16.0)
    assert found.energy == pytest.approx(5 * 4.6e-12 + 44 * 0.9e-12)
    assert found.weights == 6 + 7 + 4
    weights = 3 * 256 + 256 * 256 + 2 * 256
    assert found.bytes == {"dense": 4 * weights, "bitmask": 17 * 4 + weights / 8, "columns": 17 * 6}


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("index", INDEXES)
def test_sparse_matrices_survive_packing(bits, index):
    random = np.random.default_rng(bits)
    low, high = (-1, 1) if bits == 1 else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    matrix = random.integers(low, high + 1, (7, 30)).astype(np.int8)
    matrix = np.where(matrix == 0, 1, matrix).astype(np.int8)
    if index != "none":
        matrix[random.random(matrix.shape) < 0.8] = 0
        matrix[3] = 0
    data = pack_matrix(matrix, bits, index)
    assert len(data) == matrix_size(7, 30, int(np.count_nonzero(matrix)), bits, index)
    assert np.array_equal(unpack_matrix(data, 7, 30, bits, index), matrix)
    with pytest.raises(InputError, match="data"):
        unpack_matrix(data + b"0", 7, 30, bits, index)


def test_columns_out_of_order_are_refused():
    data = pack_matrix(np.array([[0, 1, 2]], np.int8), 8, "columns")
    swapped = data[:2] + data[4:6] + data[2:4] + data[6:]
    with pytest.raises(InputError, match="rise within a row"):
        unpack_matrix(swapped, 1, 3, 8, "columns")
