"""Layers and networks in PyTorch: dynamics, normalisation, quantisers, gradients."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")

from hrsnn.deep.learning.information import binary_entropy, layer_statistics  # noqa: E402
from hrsnn.deep.learning.layers import SpikingLayer, TemporalNorm  # noqa: E402
from hrsnn.deep.learning.losses import rate_regularisation, temporal_cross_entropy  # noqa: E402
from hrsnn.deep.learning.mismatch import gradient_mismatch  # noqa: E402
from hrsnn.deep.learning.network import Spiking  # noqa: E402
from hrsnn.deep.learning.quantisers import binary_weights, quantised_potential, sign, steepness_at, uniform_weights  # noqa: E402
from hrsnn.deep.models import architecture  # noqa: E402
from hrsnn.deep.neurons import NEURONS, Neuron, lif, qif_from_fixed_points, qif_from_roots  # noqa: E402
from hrsnn.deep.precision import Precision, precision_of  # noqa: E402
from hrsnn.errors import InputError  # noqa: E402

SMALL = architecture("conv-16-32-fc64", (1, 8, 8), 10)


def images(count: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (count, 1, 8, 8), dtype=np.uint8))


def test_neurons_follow_their_equation():
    """By hand, in Python: u = a v^2 + b v + c + x, a spike above 1, then v = 0, and v at least the vertex."""
    x = np.random.default_rng(0).normal(0.4, 1.2, (12, 5)).astype(np.float32)
    for neuron in (lif(), *NEURONS.loadable().values(), qif_from_fixed_points(clamp_vertex=False)):
        spikes, potentials = SpikingLayer(neuron, Precision(), window=1.0)(torch.from_numpy(x))
        for k in range(5):
            v = max(0.0, neuron.floor)
            for t in range(12):
                u = neuron.a * v * v + neuron.b * v + neuron.c + float(x[t, k])
                assert float(potentials[t, k]) == pytest.approx(u, abs=1e-5)
                assert float(spikes[t, k]) == float(u > 1)
                v = max(0.0 if u > 1 else u, neuron.floor)


def test_a_quadratic_neuron_without_a_parabola_is_a_leaky_one():
    x = torch.randn(6, 20, generator=torch.Generator().manual_seed(0))
    both = [SpikingLayer(one, Precision())(x) for one in (lif(0.5), Neuron(0.0, 0.5, 0.0, clamp_vertex=True))]
    assert torch.equal(both[0][0], both[1][0])
    assert torch.equal(both[0][1], both[1][1])


@pytest.mark.parametrize(("clamp", "fires"), [(False, True), (True, False)])
def test_the_clamp_keeps_inhibition_from_becoming_a_spike(clamp, fires):
    neuron = qif_from_roots(clamp_vertex=clamp)
    spikes, _ = SpikingLayer(neuron, Precision(), window=1.0)(torch.tensor([[-3.0], [0.0]]))
    assert bool(spikes[1]) is fires


def test_windows_follow_the_parameters():
    layer = SpikingLayer(lif(), Precision(), learn=True)
    assert layer.width == pytest.approx(lif().width())
    layer.b.data.fill_(0.9)
    layer.follow(0.2, 2.0)
    assert layer.width == pytest.approx(lif(0.9).width(float(np.float32(0.2)), 2.0), rel=1e-5)
    fixed = SpikingLayer(lif(), Precision(), window=0.25)
    fixed.follow(0.2, 2.0)
    assert fixed.width == 0.25


def test_normalised_currents_have_the_deviation_of_the_threshold_over_steps_and_samples():
    norm = TemporalNorm(3, deviation=2.0)
    given = norm(torch.randn(400, 3, 5, 5) * 4 - 7).detach()
    assert given.mean((0, 2, 3)).abs().max() < 1e-4
    assert given.std((0, 2, 3)).numpy() == pytest.approx(2.0, abs=0.01)


def test_a_folded_norm_does_the_same_at_evaluation():
    norm = TemporalNorm(3)
    for _ in range(5):
        norm(torch.randn(50, 3) * 2 + 1)
    norm.gamma.data, norm.beta.data = torch.tensor([0.5, 1.0, 2.0]), torch.tensor([0.1, -0.3, 0.0])
    factor, offset = norm.eval().folded()
    x = torch.randn(7, 3)
    torch.testing.assert_close(norm(x).detach(), factor * x + offset)


def test_the_surrogate_gradient_is_that_of_the_smooth_network():
    """The smooth network's gradient against finite differences, at float64."""
    network = Spiking(architecture("mlp", (6,), 3), qif_from_fixed_points(), steps=3, seed=1).double().eval()
    frames = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (4, 6), dtype=np.uint8))
    weight = network.weight["linear1"]
    with torch.no_grad():
        for one in network.weight.values():
            one.mul_(3)

    def loss() -> torch.Tensor:
        return temporal_cross_entropy(network.run(frames, smoothing=0.0).outputs, torch.tensor([0, 1, 2, 0]))

    loss().backward()
    assert weight.grad.abs().max() > 1e-4
    for index in [(0, 0), (3, 2), (100, 5)]:
        ends = []
        for move in (1e-6, -1e-6):
            with torch.no_grad():
                weight[index] += move
                ends.append(float(loss()))
                weight[index] -= move
        assert float(weight.grad[index]) == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-7)


def test_mismatch_is_the_angle_between_the_two_gradients():
    network, given, labels = Spiking(SMALL, steps=2, window=0.8, seed=2), images(20), torch.arange(20) % 10
    for seed in range(20):
        network(images(20, seed))
    found = gradient_mismatch(network, given, labels, common=0.8)
    assert network.training
    network.eval()
    gradients = []
    for smoothing in (None, 0.8):
        network.zero_grad()
        temporal_cross_entropy(network.run(given, smoothing=smoothing).outputs, labels).backward()
        gradients.append(np.concatenate([one.grad.numpy().ravel() for one in network.weight.values()]))
    expected = gradients[0] @ gradients[1] / np.prod([np.linalg.norm(one) for one in gradients])
    assert found.cosine == pytest.approx(expected, abs=1e-4)
    assert found.cosine_common == pytest.approx(found.cosine)
    assert 0 < found.cosine < 0.999
    with torch.no_grad():
        potentials = network.run(given, record=True).potentials
    assert found.shares == pytest.approx({name: np.mean(np.abs(u.numpy() - 1) < 0.8) for name, u in potentials.items()})
    assert all(0 < share < 1 for share in found.shares.values())


def test_signs_of_normalised_weights_are_half_positive():
    weights = torch.randn(8, 4, 3, 3, generator=torch.Generator().manual_seed(0)) + 2
    for normalise in ("layer", "channel"):
        signs, scale = binary_weights(weights, Precision(1, 8, normalise=normalise))
        assert set(signs.unique().tolist()) == {-1.0, 1.0}
        assert float((signs > 0).double().mean()) == pytest.approx(0.5, abs=0.05)
        assert scale.shape == (8,)
        assert float(scale.mean()) == pytest.approx(math.sqrt(2 / math.pi), abs=0.05)
    signs, _ = binary_weights(weights, Precision(1, 8, normalise="none"))
    assert float((signs > 0).double().mean()) > 0.95


def test_scales_of_powers_of_two_are_such():
    _, scale = binary_weights(torch.randn(8, 40), Precision(1, 8, normalise="none", scale="power_of_two"))
    assert (scale.log2() == scale.log2().round()).all()


def test_the_gradient_of_the_sign_is_that_of_a_tanh_that_becomes_steeper():
    for t in (0.1, 1.0, 10.0):
        w = torch.tensor([-0.7, 0.02, 0.4], dtype=torch.float64, requires_grad=True)
        sign(w, t).sum().backward()
        smooth = w.detach().clone().requires_grad_()
        (max(1 / t, 1) * torch.tanh(t * smooth)).sum().backward()
        torch.testing.assert_close(w.grad, smooth.grad)
    assert [steepness_at(epoch, 3) for epoch in range(3)] == pytest.approx([0.1, 1.0, 10.0])


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_quantisers_are_idempotent_and_have_their_levels(bits):
    levels = 2 ** (bits - 1) - 1
    u = torch.linspace(-2, 2, 4001)
    once = quantised_potential(u, 1 / levels, levels)
    assert len(once.unique()) == 2 * levels + 1
    torch.testing.assert_close(quantised_potential(once, 1 / levels, levels), once)
    assert (once - u.clamp(-1, 1)).abs().max() <= 0.5 / levels + 1e-6
    numbers, step = uniform_weights(torch.randn(9, 30), bits)
    again, same = uniform_weights(numbers * step, bits)
    assert float(numbers.abs().max()) == levels
    torch.testing.assert_close((again.round(), same), (numbers.round(), step))


def test_gradients_pass_the_quantiser_of_potentials_straight_within_its_range():
    u = torch.tensor([-3.0, -0.4, 0.3, 2.0], requires_grad=True)
    quantised_potential(u, 1 / 3, 3).sum().backward()
    assert u.grad.tolist() == [0.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize(("reproduce", "depends"), [("ours", False), ("text", True), ("code", True)])
def test_a_prediction_does_not_depend_on_the_other_samples_of_its_batch(reproduce, depends):
    network = Spiking(SMALL, precision=precision_of(1, 2, reproduce=reproduce), seed=3)
    for seed in range(4):
        network(images(32, seed))
    network.eval()
    mates = images(31, 9)
    with torch.no_grad():
        alone, among = network(mates[:1])[:, 0], network(mates)[:, 0]
    same = bool(torch.allclose(alone, among, atol=1e-5))
    assert same is not depends


def test_the_loss_is_that_of_the_paper():
    rates = {name: torch.tensor(rate) for name, rate in (("spike1", 0.9), ("spike2", 0.5), ("spike3", 0.25))}
    assert float(rate_regularisation(rates)) == pytest.approx(0.0625)
    assert float(rate_regularisation(dict.fromkeys(("a", "b", "c"), torch.tensor(0.5)))) == 0
    outputs = torch.randn(3, 5, 4)
    labels = torch.tensor([0, 1, 2, 3, 0])
    by_hand = np.mean([float(torch.nn.functional.cross_entropy(one, labels)) for one in outputs])
    assert float(temporal_cross_entropy(outputs, labels)) == pytest.approx(by_hand, abs=1e-6)


def test_layers_say_their_rates_entropies_and_operations():
    network = Spiking(SMALL, precision=precision_of(1, 4))
    found = layer_statistics(network, images(6))
    assert list(found.rates) == ["spike1", "spike2", "spike3"]
    assert found.entropies["spike1"] == pytest.approx(binary_entropy(found.rates["spike1"]))
    assert found.positive_weights["conv2"] == pytest.approx(0.5, abs=0.1)
    with torch.no_grad():
        values = network.eval().run(images(6), record=True).values
    # the last layer: every spike meets ten outputs
    assert found.operations["linear2"] == pytest.approx(float(values["spike3"].sum()) * 10 / 6)
    ones = torch.ones(16, 1, 3, 3)
    used = torch.nn.functional.conv2d((values["input"][0] != 0).float(), ones, padding=1)
    assert found.operations["conv1"] == pytest.approx(float(used.sum()) / 6)


def test_the_entropy_of_spikes_and_weights_is_largest_at_one_half():
    shares = np.linspace(0, 1, 101)
    entropies = [binary_entropy(float(p)) for p in shares]
    assert shares[int(np.argmax(entropies))] == 0.5
    assert max(entropies) == pytest.approx(np.log(2))
    assert all(one < other for one, other in itertools.pairwise(entropies[:51]))


def test_a_constant_input_is_the_same_as_its_repetition():
    network = Spiking(SMALL, steps=3).eval()
    given = images(4)
    with torch.no_grad():
        torch.testing.assert_close(network(given), network(given.expand(3, *given.shape)))


def test_bad_input_is_refused():
    with pytest.raises(InputError, match=r"frames = \(3, 1, 9, 8\)"):
        Spiking(SMALL)(torch.zeros(3, 1, 9, 8, dtype=torch.uint8))
    with pytest.raises(InputError, match="window = -1"):
        Spiking(SMALL, window=-1)
    with pytest.raises(InputError, match="reproduce = 'paper'"):
        precision_of(1, 2, reproduce="paper")
    with pytest.raises(InputError, match="is of another network"):
        Spiking(SMALL).load_arrays(Spiking(architecture("mlp", (4,), 2)).arrays())
