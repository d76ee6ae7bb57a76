"""Memory of a network by the bits of its weights and potentials, as tables of quantised networks count it."""

from __future__ import annotations

from dataclasses import dataclass

from hrsnn.deep.architecture import Architecture
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.validation.numbers import count_of

#: Bits that weights and potentials may have; 32 stands for floating point.
WEIGHT_BITS, POTENTIAL_BITS = (1, 2, 4, 8, 32), (2, 4, 8, 32)
#: Bits of the weights of the first and the last layers of a quantised network.
END_BITS = 8
_FLOAT = 32


def check_bits(weight_bits: int, potential_bits: int) -> None:
    """Check that these bits are offered.

    Raises
    ------
    InputError
    """
    for name, value, known in (
        ("weight_bits", weight_bits, WEIGHT_BITS),
        ("potential_bits", potential_bits, POTENTIAL_BITS),
    ):
        if isinstance(value, bool) or value not in known:
            raise InputError(name, value, f"must be one of {', '.join(map(str, known))}, of which 32 is floating point")


@dataclass(frozen=True)
class Memory(Displayed):
    """Bytes of a network."""

    #: Of all weights.
    weights: float
    #: Of the scale and the offset of each normalised channel, and of the biases, at 32 bits.
    constants: float
    #: Of the potentials of the layer with the most neurons, for one sample.
    largest_layer: float
    #: Of the potentials of all layers, for one sample.
    all_layers: float

    def total(self, batch: int = 1) -> float:
        """Return the bytes as the table counts them: weights, constants, and the largest layer's potentials of a batch."""
        return self.weights + self.constants + batch * self.largest_layer

    def total_of_all_layers(self, batch: int = 1) -> float:
        """Return the bytes where the potentials of all layers are kept, as between steps they must be."""
        return self.weights + self.constants + batch * self.all_layers


def memory_of(
    network: Architecture, weight_bits: int = 32, potential_bits: int = 32, last_bits: int | None = None
) -> Memory:
    """Count the bytes of a network.

    ``weights + constants + batch * largest layer``, where hidden weights have `weight_bits`, the first and the last layers 8
    (32 in a network of 32), potentials `potential_bits`, and the two constants of a normalised channel 32 each.

    Parameters
    ----------
    network : Architecture
    weight_bits : {1, 2, 4, 8, 32}
    potential_bits : {2, 4, 8, 32}
    last_bits : int, optional
        Bits of the last layer, by default as the first.

    Raises
    ------
    InputError
        When bits are not offered.

    Notes
    -----
    With this count every cell of table 2 of Wei et al. (2024) is met within 0.01 MB: ResNet-19 and VGG-SNN with the
    defaults, VGG16 with 13 convolutions (the paper's text says 8) and `last_bits` = 32. The table takes the potentials of
    the largest layer only; those of all layers, which a network keeps from one step to the next, are 3 to 11 times as many
    there: `total_of_all_layers`.

    References
    ----------
    Wei et al. (2024), Q-SNNs: quantized spiking neural networks, table 2.

    Examples
    --------
    >>> from hrsnn.deep.models import architecture
    >>> network = architecture("resnet-19", (3, 32, 32), 10)
    >>> [round(memory_of(network, *bits).total(batch) / 1e6, 2) for bits in ((32, 32), (1, 2)) for batch in (1, 64, 256)]
    [50.8, 83.83, 184.49, 1.65, 3.72, 10.01]
    """
    check_bits(weight_bits, potential_bits)
    first, last = network.ends
    ends = weight_bits if weight_bits == _FLOAT else END_BITS
    bits = {first: ends, last: ends if last_bits is None else count_of("last_bits", last_bits)}
    weights = sum(node.weights * bits.get(node.name, weight_bits) for node in network.weighted) / 8
    constants = sum((2 if node.normalised else 0) * node.shape[0] for node in network.weighted) * _FLOAT / 8
    sizes = [node.size * potential_bits / 8 for node in network.spiking]
    return Memory(weights, constants, max(sizes), sum(sizes))


def training_memory(network: Architecture, batch: int, steps: int) -> float:
    """Estimate the bytes that a batch takes in training: 40 for each neuron, step and sample, and 24 for each weight.

    A batch of three models took 31 to 38 for each neuron, step and sample; weights have gradients, momenta, and copies of
    the best and of the last epoch.

    Examples
    --------
    >>> from hrsnn.deep.models import architecture
    >>> round(training_memory(architecture("resnet-19", (3, 32, 32), 10), batch=64, steps=2) / 1e9, 1)
    7.7
    """
    neurons = sum(node.size for node in network.spiking)
    weights = sum(node.weights for node in network.weighted)
    return 40.0 * batch * steps * neurons + 24.0 * weights


def memory_table(network: Architecture, batches: tuple[int, ...] = (1, 64, 256)) -> dict[str, dict[int, float]]:
    """Return megabytes (10^6 bytes) by bits and batch, in the rows of table 2 of Wei et al. (2024).

    Examples
    --------
    >>> from hrsnn.deep.models import architecture
    >>> table = memory_table(architecture("vgg-snn", (3, 32, 32), 10))
    >>> {bits: round(row[1], 2) for bits, row in table.items()}
    {'32w-32u': 37.44, '1w-8u': 1.31, '1w-4u': 1.25, '1w-2u': 1.21}
    """
    return {
        f"{w}w-{u}u": {batch: memory_of(network, w, u).total(batch) / 1e6 for batch in batches}
        for w, u in ((32, 32), (1, 8), (1, 4), (1, 2))
    }
