"""The graph of a deep network: neurons of fully connected layers, channels of convolutions, and the links between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.deep.architecture import Architecture
from hrsnn.networks.graphs.layered import Bundle

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ChannelGraph:
    """Graph of an architecture: its nodes are neurons of fully connected layers, and channels of convolutions.

    Attributes
    ----------
    groups : tuple of str
        "input", the layers of neurons, and the last layer.
    sizes : tuple of int
        Nodes of each group.
    of : dict of layer of weights to (source, target, places)
        Numbers of the groups that it reads and drives, and the number of places that it reads of each of their nodes (the
        pixels of a channel that a fully connected layer flattens, or those of a kernel).
    same : tuple of (source, target)
        Groups that an identical shortcut joins.
    """

    groups: tuple[str, ...]
    sizes: tuple[int, ...]
    of: Mapping[str, tuple[int, int, int]]
    same: tuple[tuple[int, int], ...]

    @property
    def hidden(self) -> range:
        """Numbers of the groups that are neither input nor output."""
        return range(1, len(self.groups) - 1)

    def bundles(self, strengths: Mapping[str, Array]) -> tuple[list[Bundle], dict[str, int]]:
        """Return the links between groups, with the sum of ``|strength|`` over the places, and the bundle of each layer."""
        total: dict[tuple[int, int], Array] = {}
        for name, (source, target, _) in self.of.items():
            size = self.pairs(name, np.abs(strengths[name])).sum(axis=2)
            total[source, target] = total[source, target] + size if (source, target) in total else size
        for source, target in self.same:
            one = np.eye(self.sizes[target], self.sizes[source])
            total[source, target] = total[source, target] + one if (source, target) in total else one
        found = [Bundle(source, target, size) for (source, target), size in total.items()]
        place = {ends: k for k, ends in enumerate(total)}
        return found, {name: place[source, target] for name, (source, target, _) in self.of.items()}

    def pairs(self, name: str, values: NDArray[Any]) -> NDArray[Any]:
        """Return values in the shape of the weights of a layer as (targets, sources, places)."""
        source, target, places = self.of[name]
        return values.reshape(self.sizes[target], self.sizes[source], places)


def channel_graph(architecture: Architecture) -> ChannelGraph:
    """Return the graph of an architecture.

    Examples
    --------
    >>> from hrsnn.deep.models import architecture
    >>> graph = channel_graph(architecture("conv-16-32-fc64", (1, 8, 8), 10))
    >>> graph.groups, graph.sizes
    (('input', 'spike1', 'spike2', 'spike3', 'linear2'), (1, 16, 32, 64, 10))
    >>> graph.of["conv2"], graph.of["linear1"]
    ((1, 2, 9), (2, 3, 4))
    """
    last = architecture.nodes[-1].name
    groups = ("input", *(node.name for node in architecture.spiking), last)
    shapes = {"input": architecture.input_shape, **{node.name: node.shape for node in architecture}}
    # images are read as a whole by fully connected layers that have them as input: their pixels are nodes
    flat = all(node.kind != "conv" for node in architecture)
    sizes = tuple(int(np.prod(shapes[name])) if name == "input" and flat else shapes[name][0] for name in groups)

    def group(name: str) -> int:
        while name not in groups:  # means over squares
            name = architecture[name].sources[0]
        return groups.index(name)

    of, same = {}, []
    for node in architecture.weighted:
        target = next((one.name for one in architecture.spiking if node.name in one.sources), node.name)
        source = group(node.sources[0])
        of[node.name] = (source, group(target), node.fan_in // sizes[source])
    for node in architecture.spiking:
        same += [(group(name), group(node.name)) for name in node.sources if not architecture[name].fan_in]
    return ChannelGraph(groups, sizes, of, tuple(same))
