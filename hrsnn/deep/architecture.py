"""The architecture of a deep network: layers and their connections, as data without weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from hrsnn.display import Displayed
from hrsnn.errors import InputError

#: Kinds of nodes, and what each gives.
KINDS = ("conv", "linear", "pool", "spike")


@dataclass(frozen=True)
class Node(Displayed):
    """One layer.

    Attributes
    ----------
    name : str
    kind : {"conv", "linear", "pool", "spike"}
        Weights give currents, "pool" means over squares, "spike" spikes of neurons whose input is the sum of all sources.
    sources : tuple of str
        Names of the nodes that it reads; "input" is the stimulus.
    shape : tuple of int
        What it gives for one sample: (channels, height, width), or (units,).
    fan_in : int
        Weights of each output, of "conv" and "linear".
    kernel, stride, padding : int
        Of "conv" and, but for the padding, "pool".
    normalised : bool
        Whether temporal batch normalisation follows the weights; the last layer has a bias instead.
    share : float
        Deviation of the normalised current in thresholds: the two of a residual block have 1 / sqrt(2) each, so that their
        sum has that of one threshold.
    """

    name: str
    kind: str
    sources: tuple[str, ...]
    shape: tuple[int, ...]
    fan_in: int = 0
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    normalised: bool = True
    share: float = 1.0

    @property
    def size(self) -> int:
        """Values for one sample."""
        return math.prod(self.shape)

    @property
    def weights(self) -> int:
        """Number of weights."""
        return self.shape[0] * self.fan_in


@dataclass(frozen=True)
class Architecture(Displayed):
    """A feed-forward network, residual ones too: nodes in an order in which each reads what stands before it."""

    model: str
    input_shape: tuple[int, ...]
    classes: int
    nodes: tuple[Node, ...]

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __getitem__(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    @property
    def weighted(self) -> tuple[Node, ...]:
        """Nodes with weights."""
        return tuple(node for node in self.nodes if node.fan_in)

    @property
    def spiking(self) -> tuple[Node, ...]:
        """Nodes of neurons."""
        return tuple(node for node in self.nodes if node.kind == "spike")

    @property
    def ends(self) -> tuple[str, str]:
        """Names of the first and the last nodes with weights."""
        return self.weighted[0].name, self.weighted[-1].name


class Builder:
    """Collects the nodes of an architecture, and computes shapes and names.

    Parameters
    ----------
    model : str
        Name of the model, for messages.
    shape : tuple of int
        Of one sample, (channels, height, width) or (values,).
    classes : int
    """

    def __init__(self, model: str, shape: tuple[int, ...], classes: int) -> None:
        self.model, self.input_shape, self.classes = model, tuple(shape), classes
        self.nodes: dict[str, Node] = {}

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a node's values, or of the input."""
        return self.input_shape if name == "input" else self.nodes[name].shape

    def conv(self, source: str, channels: int, kernel: int = 3, stride: int = 1, share: float = 1.0) -> str:
        """Add a convolution with normalisation; the side stays the same at stride 1.

        Raises
        ------
        InputError
            When the source is no image.
        """
        shape = self.shape(source)
        if len(shape) != 3:
            raise InputError("model", self.model, f"needs images; the samples have the shape {shape}: mlp fits")
        depth, *sides = shape
        padding = kernel // 2
        height, width = ((side + 2 * padding - kernel) // stride + 1 for side in sides)
        fan_in = depth * kernel * kernel
        return self._add(
            "conv", (source,), (channels, height, width), fan_in, kernel=kernel, stride=stride, padding=padding, share=share
        )

    def linear(self, source: str, units: int, normalised: bool = True) -> str:
        """Add a fully connected layer."""
        return self._add("linear", (source,), (units,), math.prod(self.shape(source)), normalised=normalised)

    def pool(self, source: str, side: int = 2) -> str:
        """Add means over squares of this side.

        Raises
        ------
        InputError
            When the source is smaller.
        """
        channels, height, width = self.shape(source)
        if min(height, width) < side:
            sides = " x ".join(map(str, self.input_shape[1:]))
            raise InputError("model", self.model, f"needs larger images than {sides} pixels: conv-16-32-fc64 and mlp fit")
        return self._add("pool", (source,), (channels, height // side, width // side), kernel=side, stride=side)

    def global_pool(self, source: str) -> str:
        """Add means over whole images, which must be square after the layers before."""
        side = min(self.shape(source)[1:])
        return self.pool(source, side)

    def spike(self, *sources: str) -> str:
        """Add neurons that receive the sum of the sources."""
        return self._add("spike", sources, self.shape(sources[0]))

    def done(self) -> Architecture:
        """Return the architecture."""
        return Architecture(self.model, self.input_shape, self.classes, tuple(self.nodes.values()))

    def _add(
        self,
        kind: str,
        sources: tuple[str, ...],
        shape: tuple[int, ...],
        fan_in: int = 0,
        *,
        kernel: int = 1,
        stride: int = 1,
        padding: int = 0,
        normalised: bool = True,
        share: float = 1.0,
    ) -> str:
        name = f"{kind}{sum(node.kind == kind for node in self.nodes.values()) + 1}"
        self.nodes[name] = Node(name, kind, sources, shape, fan_in, kernel, stride, padding, normalised, share)
        return name
