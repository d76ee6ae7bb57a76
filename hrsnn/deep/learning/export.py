"""From a trained quantised network to integers: normalisations folded into factors and offsets, all numbers rounded."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from hrsnn.deep.architecture import Architecture, Node
from hrsnn.deep.learning.layers import SpikingLayer, TemporalNorm, weights_of
from hrsnn.deep.learning.network import INPUT_LEVELS, Spiking
from hrsnn.deep.packed.network import NeuronLayer, PackedNetwork, WeightLayer
from hrsnn.deep.packed.sparse import smallest_index
from hrsnn.engines.packed.kernels import FILE_FRACTION, FRACTION
from hrsnn.errors import InputError

_MOST = 2**31 - 1
#: Bound of currents, below which sums of 64-bit integers, and of float64 in tests, are exact.
_LARGEST_CURRENT = 2.0**15


def packed(network: Spiking, coding: str = "direct") -> PackedNetwork:
    """Return a network in integers that gives the same predictions.

    With W the whole numbers that stand for the weights and alpha their scale, the normalised current of the network is
    ``factor n + offset``, ``n = W s`` in whole numbers, ``factor = alpha scale gamma theta / sqrt(var + eps)`` and
    ``offset = beta - gamma theta mean / sqrt(var + eps)``, where scale is 1/255 for bytes of the stimulus and the inverse of
    the area of squares after a mean. Factors and offsets are rounded to 32 bits. The potential of the next step without
    input is a table over the states, so that the parabola of a quadratic neuron costs no multiplication.

    Parameters
    ----------
    network : Spiking
        With weights of 8 bits or fewer, and potentials of 8 or fewer whose scale is fixed at evaluation.
    coding : str
        Of the stimulus, which the file keeps.

    Raises
    ------
    InputError
        When weights or potentials are not quantised, the scale of potentials is that of a batch, or neurons are not reset
        to 0.

    Notes
    -----
    Potentials within about 1e-6 of the threshold may fall to the other side, as in a sum of 32-bit numbers in another order.

    Examples
    --------
    >>> from hrsnn.deep.learning.settings import NetworkSettings
    >>> from hrsnn.deep.precision import precision_of
    >>> settings = NetworkSettings("mlp", (4,), 3, steps=2, precision=precision_of(weight_bits=1, potential_bits=4))
    >>> packed(settings.build().eval()).architecture.classes
    3
    """
    own, precision = network.architecture, network.precision
    if network.rectified or network.neuron.subtract:
        raise InputError("network", own.model, "must have neurons that are reset to 0: its states have no table")
    if not (precision.quantises_weights and precision.quantises_potentials):
        bits = f"{precision.weight_bits} and {precision.potential_bits} bits"
        raise InputError("network", bits, "must have weights and potentials of 8 bits or fewer: quantise it first")
    if precision.potential_scale == "batch" or precision.squash:
        raise InputError("potential_scale", precision.potential_scale, "of a batch has no fixed integers: must be running")
    layers: dict[str, WeightLayer | NeuronLayer] = {}
    for node in own:
        if node.fan_in:
            layers[node.name] = _weight_layer(network, node)
        elif node.kind == "spike":
            layer = network.spiking[node.name]
            assert isinstance(layer, SpikingLayer)
            layers[node.name] = _neuron_layer(layer)
    return PackedNetwork(own, network.steps, coding, layers)


def input_scale(own: Architecture, name: str) -> float:
    """Return the value of 1 in what a node gives as whole numbers: 1/255 for the stimulus, 1 for spikes."""
    if name == "input":
        return 1 / INPUT_LEVELS
    node = own[name]
    return input_scale(own, node.sources[0]) / node.kernel**2 if node.kind == "pool" else 1.0


def _weight_layer(network: Spiking, node: Node) -> WeightLayer:
    own, precision = network.architecture, network.precision
    is_end = node.name in own.ends
    with torch.no_grad():
        mask = network.mask_of(node.name)
        numbers, scale = weights_of(node, network.weight[node.name].double(), precision, is_end, 0.0, mask)
        factor = torch.ones(node.shape[0], dtype=torch.float64) * scale * input_scale(own, node.sources[0])
        if node.normalised:
            norm = network.norm[node.name]
            assert isinstance(norm, TemporalNorm)
            gain, offset = (part.double() for part in norm.folded())
            factor = factor * gain
        else:
            offset = network.bias[node.name].double()
    whole = numbers.numpy()
    bits = 1 if not is_end and precision.weight_bits == 1 else (8 if is_end else precision.weight_bits)
    largest = float((np.abs(factor.numpy()) * np.abs(whole).reshape(len(whole), -1).sum(1)).max()) * INPUT_LEVELS
    if not largest + float(offset.abs().max()) < _LARGEST_CURRENT * INPUT_LEVELS:
        raise InputError("network", node.name, "has currents too large for its integers")
    factors, factor_shift = _fixed(factor.numpy())
    offsets, offset_shift = _fixed(offset.numpy())
    count = int(np.count_nonzero(whole))
    index = "none" if mask is None else smallest_index(node.shape[0], node.fan_in, count, bits)
    return WeightLayer(bits, whole.astype(np.int8), factors, offsets, factor_shift, offset_shift, index)


def _neuron_layer(layer: SpikingLayer) -> NeuronLayer:
    neuron, levels = layer.present_neuron(), layer.precision.levels
    step = max(float(layer.potential_scale) / levels, 2.0**-FILE_FRACTION)
    states = np.maximum(np.arange(-levels, levels + 1) * step, neuron.floor)
    table = neuron.a * states**2 + neuron.b * states + neuron.c
    words = [_word(value) for value in (*table, step, neuron.threshold)]
    return NeuronLayer(levels, np.array(words[:-2], np.int32), words[-2], words[-1], layer.precision.before_spike)


def _word(value: float) -> int:
    word = round(value * 2.0**FILE_FRACTION)
    if abs(word) > _MOST:
        raise InputError("network", value, f"has a potential that does not fit into {31 - FILE_FRACTION} bits")
    return word


def _fixed(values: NDArray[np.float64]) -> tuple[NDArray[np.int32], int]:
    """Return values as whole numbers of 32 bits, and the bits after the point."""
    largest = float(np.abs(values).max(initial=0.0))
    shift = min(FRACTION, int(np.floor(np.log2(_MOST / largest)))) if largest > 0 else FRACTION
    if shift < 0:
        raise InputError("network", largest, "has a factor too large for 32 bits")
    return np.rint(values * 2.0**shift).astype(np.int32), shift
