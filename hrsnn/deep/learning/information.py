"""Rates, entropies and shares of positive weights of each layer, and its synaptic operations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from hrsnn.deep.architecture import Node
from hrsnn.deep.learning.layers import weights_of
from hrsnn.deep.learning.network import Spiking
from hrsnn.display import Displayed


@dataclass(frozen=True)
class LayerStatistics(Displayed):
    """Statistics of the layers of a network.

    Attributes
    ----------
    rates : dict of layer to float
        p_s: spikes a neuron and step.
    entropies : dict of layer to float
        H(s) in nats.
    positive_weights : dict of layer to float
        p_w: share of the weights that are 0 or more, as the network uses them.
    operations : dict of layer to float
        Additions of a weight for one sample: an input other than 0 times the connections that it has. The first layer has
        multiplications instead where its input is no spikes.
    """

    rates: dict[str, float]
    entropies: dict[str, float]
    positive_weights: dict[str, float]
    operations: dict[str, float]


def binary_entropy(p: float) -> float:
    """Entropy in nats of a variable that is 1 with probability p: ``-(p ln p + (1 - p) ln(1 - p))``.

    References
    ----------
    Wei et al. (2024), equation 12.

    Examples
    --------
    >>> binary_entropy(0.0), round(binary_entropy(0.5), 4)
    (0.0, 0.6931)
    """
    return 0.0 if p in (0.0, 1.0) else -(p * math.log(p) + (1 - p) * math.log1p(-p))


def layer_statistics(network: Spiking, frames: Tensor) -> LayerStatistics:
    """Run the network on some samples and return the statistics of its layers.

    Parameters
    ----------
    network : Spiking
    frames : tensor of uint8
        As :meth:`Spiking.run` takes them.

    Examples
    --------
    >>> from hrsnn.deep.models import architecture
    >>> network = Spiking(architecture("mlp", (4,), 3), steps=2)
    >>> layer_statistics(network, torch.zeros(5, 4, dtype=torch.uint8)).operations["linear1"]
    0.0
    """
    before = network.training
    network.eval()
    with torch.no_grad():
        run = network.run(frames, record=True)
        rates = {name: float(rate) for name, rate in run.rates.items()}
        positive, operations = {}, {}
        for node in network.architecture.weighted:
            is_end = node.name in network.architecture.ends
            mask = network.mask_of(node.name)
            kernel, _ = weights_of(node, network.weight[node.name], network.precision, is_end, 0.0, mask)
            positive[node.name] = float((kernel >= 0).double().mean())
            values = run.values[node.sources[0]]
            # what is the same at every step is computed once
            links = torch.ones_like(kernel) if mask is None else mask
            operations[node.name] = _operations(node, (values != 0).double(), links.double())
    network.train(before)
    return LayerStatistics(rates, {name: binary_entropy(p) for name, p in rates.items()}, positive, operations)


def _operations(node: Node, used: Tensor, links: Tensor) -> float:
    samples = used.shape[1]
    if node.kind == "linear":
        return float(used.flatten(2).sum((0, 1)) @ links.sum(0)) / samples
    planes = used.sum((0, 1))[None]
    outgoing = links.sum(0, keepdim=True)
    return float(functional.conv2d(planes, outgoing, stride=node.stride, padding=node.padding).sum()) / samples
