"""Packed files and integer inference: bytes counted, spikes exact, predictions those of PyTorch."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")

from torch.nn import functional  # noqa: E402

from hrsnn.deep.learning.export import input_scale, packed  # noqa: E402
from hrsnn.deep.learning.network import Spiking  # noqa: E402
from hrsnn.deep.models import architecture  # noqa: E402
from hrsnn.deep.neurons import NEURONS, lif  # noqa: E402
from hrsnn.deep.packed.bits import pack, packed_size, unpack  # noqa: E402
from hrsnn.deep.packed.inference import IntegerInference  # noqa: E402
from hrsnn.deep.packed.network import NeuronLayer, PackedNetwork, WeightLayer, payload_size  # noqa: E402
from hrsnn.deep.precision import Precision, precision_of  # noqa: E402
from hrsnn.errors import FileError, InputError  # noqa: E402


def frames(count: int, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.random((count, *shape)) ** 3 * 255).astype(np.uint8)


def warmed(model: str, shape: tuple[int, ...], neuron: str, precision: Precision, steps: int = 4) -> Spiking:
    """A network with random weights and moments as after some training."""
    network = Spiking(architecture(model, shape, 10), NEURONS[neuron], steps, precision, seed=1)
    random = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for norm in network.norm.values():
            norm.gamma.add_(torch.rand(norm.gamma.shape, generator=random) - 0.3)
            norm.beta.add_(0.3 * torch.randn(norm.beta.shape, generator=random))
        for seed in range(30):
            network(torch.from_numpy(frames(16, shape, seed)))
    return network.eval()


def by_float64(network: PackedNetwork, stimulus: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Outputs and all spikes of a packed network, by PyTorch's sums in float64 and the equations of the neurons."""
    own = network.architecture
    total, states, spikes = 0.0, {}, {}
    for _ in range(network.steps):
        values = {"input": torch.from_numpy(stimulus).double()}
        for node in own:
            layer = network.layers.get(node.name)
            source = values[node.sources[0]]
            if node.kind == "pool":
                values[node.name] = functional.avg_pool2d(source, node.kernel) * node.kernel**2
            elif isinstance(layer, WeightLayer):
                weight = torch.from_numpy(layer.weights.astype(np.float64))
                factor, offset = (
                    torch.from_numpy(part / 2.0**shift)
                    for part, shift in ((layer.factor, layer.factor_shift), (layer.offset, layer.offset_shift))
                )
                if node.kind == "conv":
                    sums = functional.conv2d(source, weight, stride=node.stride, padding=node.padding)
                    values[node.name] = sums * factor[:, None, None] + offset[:, None, None]
                else:
                    values[node.name] = functional.linear(source.flatten(1), weight) * factor + offset
            else:
                assert isinstance(layer, NeuronLayer)
                current = sum(values[name] for name in node.sources)
                q = states.get(node.name, torch.zeros_like(current))
                table, step = torch.from_numpy(layer.table / 2.0**24), layer.step / 2.0**24
                u = table[(q + layer.levels).long()] + current
                if layer.before_spike:
                    u = torch.clamp(torch.round(u / step), -layer.levels, layer.levels) * step
                fired = (u > layer.threshold / 2.0**24).double()
                states[node.name] = torch.clamp(torch.round(u / step), -layer.levels, layer.levels) * (1 - fired)
                values[node.name] = fired
                spikes.setdefault(node.name, []).append(fired.numpy())
        total = total + values[own.nodes[-1].name]
    return total.numpy(), {name: np.array(part) for name, part in spikes.items()}


CASES = {
    "signs, 2 bits": ("conv-16-32-fc64", (1, 8, 8), "lif", precision_of(1, 2)),
    "signs, 8 bits": ("mlp", (3, 5, 5), "lif", precision_of(1, 8)),
    "quadratic": ("conv-16-32-fc64", (2, 9, 8), "qif", precision_of(1, 4)),
    "vertex above 0": ("mlp", (20,), "qif-roots", precision_of(1, 4)),
    "4-bit weights": ("conv-16-32-fc64", (1, 8, 8), "lif", Precision(4, 4)),
    "rounded before the spike": ("mlp", (20,), "lif", Precision(1, 8, before_spike=True)),
    "absolute scale": ("mlp", (20,), "lif", Precision(1, 4, potential_scale="running_absolute")),
    "residual": ("resnet-18", (3, 16, 16), "lif", precision_of(1, 2)),
}


@pytest.mark.parametrize("case", [pytest.param(case, marks=[pytest.mark.long] * (case == "residual")) for case in CASES])
def test_integers_give_the_spikes_of_float64_and_the_predictions_of_the_network(case):
    model, shape, neuron, precision = CASES[case]
    network = warmed(model, shape, neuron, precision, steps=2 if model == "resnet-18" else 4)
    stimulus = frames(6 if model == "resnet-18" else 40, shape, 99)
    whole = packed(network)
    given = IntegerInference(whole).outputs(stimulus)
    exact, spikes = by_float64(whole, stimulus)
    assert all(0.001 < part.mean() < 0.9 for part in spikes.values())
    assert np.array_equal(given, np.rint(exact * 2.0**36).astype(np.int64))
    with torch.no_grad():
        floating = network(torch.from_numpy(stimulus)).sum(0).numpy()
    # a potential next to the threshold may fall to the other side in 32 bits
    near = np.abs(given / 2.0**36 - floating).max(1) < 1e-3
    assert near.mean() > 0.9
    assert np.array_equal(IntegerInference(whole).predictions(stimulus)[near], floating.argmax(1)[near])


def test_frames_in_time_are_read_step_by_step():
    network = packed(warmed("mlp", (12,), "lif", precision_of(1, 4)))
    still = frames(5, (12,))
    runner = IntegerInference(network)
    assert np.array_equal(runner.outputs(still), runner.outputs(np.repeat(still[None], network.steps, 0)))
    assert runner.outputs(still[:0]).shape == (0, 10)


@pytest.mark.parametrize("case", ["signs, 2 bits", "4-bit weights", "quadratic", "residual"])
def test_a_file_is_as_large_as_its_count_and_gives_the_same_network(case, tmp_path):
    model, shape, neuron, precision = CASES[case]
    network = packed(Spiking(architecture(model, shape, 10), NEURONS[neuron], precision=precision).eval(), "poisson")
    path = tmp_path / "network.bin"
    network.save(path)
    header = struct.unpack("<I", path.read_bytes()[12:16])[0]
    assert path.stat().st_size == 16 + header + payload_size(network) + 32
    weights = [packed_size(node.weights, network.layers[node.name].bits) for node in network.architecture.weighted]
    neurons = [4 * (2 * precision.levels + 3) for _ in network.architecture.spiking]
    assert payload_size(network) == sum(weights) + 8 * sum(n.shape[0] for n in network.architecture.weighted) + sum(neurons)
    again = PackedNetwork.load(path)
    assert (again.architecture, again.steps, again.coding) == (network.architecture, 4, "poisson")
    assert again.payload() == network.payload()
    assert again.header() == network.header()
    again.save(tmp_path / "again.bin")
    assert (tmp_path / "again.bin").read_bytes() == path.read_bytes()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packed") / "network.bin"
    packed(Spiking(architecture("mlp", (4,), 3), lif(), precision=precision_of(1, 2)).eval()).save(path)
    return path


def signed(content: bytes) -> bytes:
    return content + hashlib.sha256(content).digest()


def with_header(data: bytes, old: bytes, new: bytes) -> bytes:
    """The file with its header changed, its length and its checksum too."""
    length = struct.unpack("<I", data[12:16])[0]
    header = data[16 : 16 + length]
    assert old in header
    header = header.replace(old, new, 1)
    return signed(data[:12] + struct.pack("<I", len(header)) + header + data[16 + length : -32])


DAMAGED = {
    "truncated": (lambda data: data[:-7], "damaged or truncated"),
    "almost empty": (lambda data: data[:20], "is truncated: 20 bytes"),
    "a flipped bit": (lambda data: data[:300] + bytes([data[300] ^ 1]) + data[301:], "its checksum is not"),
    "another file": (lambda data: b"PK" + data[2:], "does not begin with hrsnnQSN"),
    "another version": (lambda data: data[:8] + struct.pack("<I", 9) + data[12:], "version 9 of its layout"),
    "more numbers": (lambda data: signed(data[:-32] + b"\0\0\0\0"), "payload = "),
    "fewer numbers": (lambda data: signed(data[:-36]), "4 bytes more"),
    "no header": (lambda data: signed(data[:16] + b"\0" * 60), "is damaged or no packed network"),
    "another model": (lambda data: with_header(data, b'"mlp"', b'"mlq"'), "did you mean 'mlp'"),
    "bits": (lambda data: with_header(data, b'"bits": 8', b'"bits": 5'), "bits = 5: must be one of 1, 2, 4, 8"),
    "shift": (lambda data: with_header(data, b'"factor_shift": 3', b'"factor_shift": -3'), "factor_shift = -3"),
    "many classes": (lambda data: with_header(data, b'"classes": 3', b'"classes": 4'), "payload"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_refused_in_one_line(damage, file, tmp_path):
    change, message = DAMAGED[damage]
    path = tmp_path / "network.bin"
    path.write_bytes(change(file.read_bytes()))
    with pytest.raises(FileError, match=message) as refused:
        PackedNetwork.load(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("count", [0, 1, 7, 64, 129])
def test_numbers_come_back_from_their_bits(bits, count):
    random = np.random.default_rng(bits)
    low = -(2 ** (bits - 1))
    numbers = random.choice([-1, 1], count) if bits == 1 else random.integers(low, -low, count)
    data = pack(numbers.astype(np.int8), bits)
    assert len(data) == packed_size(count, bits) == -(-count * bits // 8)
    assert np.array_equal(unpack(data, bits, count), numbers)


@pytest.mark.parametrize(
    ("numbers", "bits", "message"), [([0, 1], 1, "must be -1 or 1"), ([2], 2, "from -2 to 1"), ([1], 3, "bits = 3")]
)
def test_numbers_that_do_not_fit_are_refused(numbers, bits, message):
    with pytest.raises(InputError, match=message):
        pack(np.array(numbers, np.int8), bits)


@pytest.mark.parametrize(
    ("precision", "message"),
    [
        (Precision(), "quantise it first"),
        (precision_of(1, 32), "quantise it first"),
        (precision_of(1, 2, reproduce="text"), "must be running"),
    ],
)
def test_what_has_no_fixed_integers_is_refused(precision, message):
    with pytest.raises(InputError, match=message):
        packed(Spiking(architecture("mlp", (4,), 3), precision=precision))


def test_frames_of_another_shape_are_refused(file):
    runner = IntegerInference(PackedNetwork.load(file))
    for wrong in (np.zeros((2, 5), np.uint8), np.zeros((2, 4)), np.zeros(4, np.uint8)):
        with pytest.raises(InputError, match="frames = "):
            runner.outputs(wrong)


def test_scales_of_inputs_follow_means():
    own = architecture("conv-16-32-fc64", (1, 8, 8), 10)
    assert [input_scale(own, name) for name in ("input", "spike1", "pool1")] == [1 / 255, 1, 0.25]
