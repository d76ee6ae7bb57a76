"""Table 2 of Wei et al. (2024): the memory of quantised networks as the paper counts it, with all layers, and in a file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from hrsnn.scripts.recipes.contract import Published, Recipe, RecipeOptions, RecipeResult, RecipeRow
from hrsnn.scripts.recipes.judging import ClaimResult

if TYPE_CHECKING:
    from hrsnn.deep.architecture import Architecture

#: Models by their name in the table, with the bits of their last layer where they are not those of the first.
MODELS: Mapping[str, tuple[str, int | None]] = {
    "ResNet19": ("resnet-19", None),
    "VGG16": ("vgg16", 32),
    "VGGSNN": ("vgg-snn", None),
}
BITS = ((32, 32), (1, 8), (1, 4), (1, 2))
BATCHES = (1, 64, 256)
#: The table: megabytes by model, then by batch, then by bits.
TABLE: Mapping[str, Mapping[int, tuple[float, ...]]] = {
    "ResNet19": {1: (50.80, 1.75, 1.68, 1.65), 64: (83.83, 10.0, 5.81, 3.72), 256: (184.49, 35.17, 18.40, 10.01)},
    "VGG16": {1: (59.16, 1.96, 1.93, 1.91), 64: (75.67, 6.09, 3.99, 2.94), 256: (126.01, 18.67, 10.28, 6.09)},
    "VGGSNN": {1: (37.44, 1.31, 1.25, 1.21), 64: (70.47, 9.57, 5.38, 3.28), 256: (171.13, 34.74, 17.96, 9.57)},
}
#: Shape of the images of CIFAR-10, with which all cells were counted, and number of their classes.
SHAPE, CLASSES = (3, 32, 32), 10
#: Largest difference of a cell that is rounded to 0.01 MB, by cutting digits off or to the nearest.
_ROUNDING = 0.01
_MEGABYTE = 1e6
_COUNTED, _ALL, _FILE = "largest layer", "all layers", "file"


def quantity(model: str, batch: int, bits: tuple[int, int]) -> str:
    """Return the name of a cell of the table.

    Examples
    --------
    >>> quantity("VGG16", 64, (1, 2))
    'MB, VGG16, batch 64, 1w-2u'
    """
    return f"MB, {model}, batch {batch}, {bits[0]}w-{bits[1]}u"


def file_size(network: Architecture, weight_bits: int, potential_bits: int) -> int:
    """Return the bytes of the packed file of a network, which its weights do not change but in a few digits of its header.

    Examples
    --------
    >>> from hrsnn.deep.models import architecture
    >>> file_size(architecture("conv-16-32-fc64", (1, 8, 8), 10), 1, 2)
    5072
    """
    from hrsnn.deep.memory import END_BITS
    from hrsnn.deep.packed.network import NeuronLayer, PackedNetwork, WeightLayer, packed_file_size
    from hrsnn.engines.packed.kernels import FRACTION

    none, words = np.zeros(0, np.int8), np.zeros(0, np.int32)
    layers: dict[str, WeightLayer | NeuronLayer] = {}
    for node in network:
        if node.fan_in:
            layers[node.name] = WeightLayer(
                END_BITS if node.name in network.ends else weight_bits, none, words, words, FRACTION, FRACTION
            )
        elif node.kind == "spike":
            layers[node.name] = NeuronLayer(2 ** (potential_bits - 1) - 1, words, 1, 1)
    return packed_file_size(PackedNetwork(network, 1, "direct", layers))


def of_all_layers(cell: str) -> str:
    """Return the quantity beside a cell that has no published value: the memory with the potentials of all layers."""
    return f"{cell}, all potentials"


def rows() -> Iterator[RecipeRow]:
    """Yield the cells of the table, each by the count of the paper and with the potentials of all layers, and the files."""
    from hrsnn.deep.memory import memory_of
    from hrsnn.deep.models import architecture

    for name, (model, last_bits) in MODELS.items():
        network = architecture(model, SHAPE, CLASSES)
        for batch, bits in itertools.product(BATCHES, BITS):
            memory, cell = memory_of(network, *bits, last_bits=last_bits), quantity(name, batch, bits)
            yield RecipeRow(cell, _COUNTED, (memory.total(batch) / _MEGABYTE,))
            yield RecipeRow(of_all_layers(cell), _ALL, (memory.total_of_all_layers(batch) / _MEGABYTE,))
        for bits in BITS[1:]:
            yield RecipeRow(f"MB, {name}, {bits[0]}w-{bits[1]}u", _FILE, (file_size(network, *bits) / _MEGABYTE,))


def verdict(found: Mapping[tuple[str, str], float]) -> ClaimResult:
    """Return the verdict on the claim: supported where all cells are met, and memory falls more the larger the batch.

    Parameters
    ----------
    found : mapping of (quantity, of) to megabytes
    """
    cells = [
        (quantity(model, batch, bits), value)
        for model, by_batch in TABLE.items()
        for batch, values in by_batch.items()
        for bits, value in zip(BITS, values, strict=True)
    ]
    met = sum(abs(found[cell, _COUNTED] - value) <= _ROUNDING for cell, value in cells)
    counted = {cell: value for (cell, of), value in found.items() if of == _COUNTED}
    gains = [
        [1 - counted[quantity(model, batch, (1, 2))] / counted[quantity(model, batch, (1, 8))] for batch in BATCHES]
        for model in MODELS
    ]
    grows = all(first < second for gain in gains for first, second in itertools.pairwise(gain))
    resnet = [found[of_all_layers(quantity("ResNet19", 1, bits)), _ALL] for bits in BITS]
    falls = ", ".join(f"{1 - one / resnet[0]:.2%}" for one in resnet[1:])
    return ClaimResult(
        "qsnn-memory",
        f"cells within {_ROUNDING} MB of the table",
        "supported" if met == len(cells) and grows else "refuted",
        reason=f"{met} of {len(cells)} cells within {_ROUNDING} MB; the gain from 8 to 2 bits of potentials "
        f"{'grows' if grows else 'does not grow'} with the batch. With the potentials of all layers ResNet19 "
        f"has {falls} less memory at a batch of 1",
    )


def run(options: RecipeOptions) -> RecipeResult:
    """Count, and compare with the table."""
    table = list(rows())
    return RecipeResult(table, [verdict({(row.quantity, row.of): row.values[0] for row in table})], dict)


RECIPE = Recipe(
    title="Memory of quantised networks by batch, with the potentials of the largest layer and of all, and in a file",
    paper="wei-et-al-2024",
    item="table 2",
    run=run,
    claims=("qsnn-memory",),
    published={
        quantity(model, batch, bits): Published(value, "table 2")
        for model, by_batch in TABLE.items()
        for batch, values in by_batch.items()
        for bits, value in zip(BITS, values, strict=True)
    },
    network="",
    seeds=0,
    duration="a second",
)
