"""Architectures by name, and their memory as the paper's table counts it."""

from __future__ import annotations

import pytest

from hrsnn.deep.architecture import Builder
from hrsnn.deep.memory import memory_of, memory_table
from hrsnn.deep.models import MODELS, Model, architecture
from hrsnn.errors import InputError

COLOUR = (3, 32, 32)
#: Table 2 of Wei et al. (2024): megabytes by model, bits and batch. VGG16 has its last layer in floating point.
TABLE2 = {
    "resnet-19": {
        (32, 32): (50.80, 83.83, 184.49),
        (1, 8): (1.75, 10.0, 35.17),
        (1, 4): (1.68, 5.81, 18.40),
        (1, 2): (1.65, 3.72, 10.01),
    },
    "vgg16": {
        (32, 32): (59.16, 75.67, 126.01),
        (1, 8): (1.96, 6.09, 18.67),
        (1, 4): (1.93, 3.99, 10.28),
        (1, 2): (1.91, 2.94, 6.09),
    },
    "vgg-snn": {
        (32, 32): (37.44, 70.47, 171.13),
        (1, 8): (1.31, 9.57, 34.74),
        (1, 4): (1.25, 5.38, 17.96),
        (1, 2): (1.21, 3.28, 9.57),
    },
}


@pytest.mark.parametrize("model", TABLE2)
def test_memory_is_that_of_the_paper(model):
    network = architecture(model, COLOUR, 10)
    for bits, row in TABLE2[model].items():
        memory = memory_of(network, *bits, last_bits=32 if model == "vgg16" else None)
        assert [memory.total(batch) / 1e6 for batch in (1, 64, 256)] == pytest.approx(row, abs=0.0101), bits


def test_memory_of_a_network_counted_by_hand():
    network = architecture("mlp", (64,), 10)
    memory = memory_of(network, 1, 4)
    assert memory.weights == 64 * 256 + 256 * 256 / 8 + 256 * 10
    assert memory.constants == 2 * 2 * 256 * 4
    assert (memory.largest_layer, memory.all_layers) == (128, 256)
    assert memory.total(10) == memory.weights + memory.constants + 1280
    assert memory_table(network)["1w-4u"][10 - 9] == pytest.approx(memory.total() / 1e6)


@pytest.mark.parametrize(
    ("model", "convolutions"),
    [("vgg16", 13), ("vgg-snn", 8), ("resnet-19", 19), ("resnet-18", 20), ("resnet-19-projected", 25), ("resnet-small", 7)],
)
def test_models_have_their_layers(model, convolutions):
    network = architecture(model, COLOUR, 10)
    assert sum(node.kind == "conv" for node in network) == convolutions
    assert network.nodes[-1].shape == (10,)
    assert [node.kind for node in network if node.fan_in][-1] == "linear"
    before = {"input"}
    for node in network:
        assert set(node.sources) <= before
        before.add(node.name)


def test_the_currents_of_a_residual_block_have_the_deviation_of_one_threshold():
    network = architecture("resnet-19", COLOUR, 10)
    for node in network.spiking:
        shares = [network[name].share for name in node.sources if network[name].fan_in]
        assert sum(share**2 for share in shares) == pytest.approx(1 if len(shares) == len(node.sources) else 0.5)


@pytest.mark.parametrize("model", ["resnet-19-projected", "resnet-small"])
def test_projected_shortcuts_leave_no_layer_that_reads_spikes_unweighted(model):
    network = architecture(model, COLOUR, 10)
    assert {network[name].kind for node in network.spiking for name in node.sources} == {"conv"}


def test_large_images_are_made_smaller_at_once():
    assert architecture("resnet-18", (3, 224, 224), 1000).nodes[0].shape == (64, 112, 112)


@pytest.mark.parametrize(
    ("model", "shape", "message"),
    [
        ("vgg", COLOUR, "did you mean 'vgg16'"),
        ("vgg16", (64,), r"needs images; the samples have the shape \(64,\): mlp fits"),
        ("vgg16", (1, 8, 8), "needs larger images than 8 x 8 pixels: conv-16-32-fc64 and mlp fit"),
        ("mlp", (2, 3), "must be "),
        ("m" * 5000, COLOUR, "must be one of"),
    ],
)
def test_what_does_not_fit_is_refused(model, shape, message):
    with pytest.raises(InputError, match=message) as refused:
        architecture(model, shape, 10)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(("weights", "potentials"), [(3, 8), (1, 1), (True, 8), (1, 16)])
def test_bits_that_are_not_offered_are_refused(weights, potentials):
    with pytest.raises(InputError, match="must be one of"):
        memory_of(architecture("mlp", (4,), 2), weights, potentials)


def test_a_model_of_an_installed_package_is_known():
    def one_layer(builder: Builder) -> str:
        return builder.spike(builder.linear("input", 5))

    with MODELS.added("one-layer", Model("one layer of 5", one_layer)):
        assert [node.name for node in architecture("one-layer", (3,), 2)] == ["linear1", "spike1", "linear2"]
