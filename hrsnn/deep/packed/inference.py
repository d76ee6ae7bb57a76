"""Inference of packed networks in integers: no floating-point number after the frames of bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrsnn.deep.architecture import Node
from hrsnn.deep.packed.network import NeuronLayer, PackedNetwork, WeightLayer
from hrsnn.engines.packed import kernels
from hrsnn.errors import InputError

_BATCH = 64


class IntegerInference:
    """A packed network, prepared to run: weights of one byte each, in the order in which kernels read them.

    Parameters
    ----------
    network : PackedNetwork

    Notes
    -----
    Between steps a neuron keeps its state, of as many bits as the network was quantised to (in a byte here); currents and
    potentials are 64-bit integers within a step.
    """

    def __init__(self, network: PackedNetwork) -> None:
        self.network = network
        self._weights: dict[str, NDArray[np.int8]] = {}
        for node in network.architecture.weighted:
            layer = network.layers[node.name]
            assert isinstance(layer, WeightLayer)
            self._weights[node.name] = self._ordered(node, layer.weights)

    def _ordered(self, node: Node, weights: NDArray[np.int8]) -> NDArray[np.int8]:
        """Return weights with the outputs last, and the inputs in the order of channels last."""
        if node.kind == "conv":
            return np.ascontiguousarray(weights.transpose(1, 2, 3, 0))
        own = self.network.architecture
        source = own.input_shape if node.sources[0] == "input" else own[node.sources[0]].shape
        if len(source) == 3:
            weights = weights.reshape(-1, *source).transpose(0, 2, 3, 1).reshape(len(weights), -1)
        return np.ascontiguousarray(weights.T)

    def outputs(self, frames: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the output of each class, summed over the steps, (samples, classes), in units of 2^-36.

        Parameters
        ----------
        frames : ndarray of uint8, (samples, ...) or (steps, samples, ...)
            As for :meth:`hrsnn.deep.learning.network.Spiking.run`.

        Raises
        ------
        InputError
            When the frames have another shape or type.
        """
        shape = self.network.architecture.input_shape
        given = np.asarray(frames)
        extra = given.ndim - len(shape)
        if given.dtype != np.uint8 or given.shape[extra:] != shape or extra not in (1, 2):
            raise InputError("frames", given.shape, f"must be bytes, (samples, ...) or (steps, samples, ...) of {shape}")
        moving = given if extra == 2 else given[None]
        samples = moving.shape[1]
        parts = [self._batch(moving[:, at : at + _BATCH], extra == 2) for at in range(0, samples, _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, self.network.architecture.classes), np.int64)

    def predictions(self, frames: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the class of each sample, the one with the largest output; the first of equal ones."""
        return np.asarray(np.argmax(self.outputs(frames), axis=1))

    def _batch(self, frames: NDArray[np.uint8], moving: bool) -> NDArray[np.int64]:
        own = self.network.architecture
        samples = frames.shape[1]
        states: dict[str, NDArray[np.int8]] = {}
        constant: dict[str, Any] = {}  # currents of an input that does not change
        total = np.zeros((samples, own.classes), np.int64)
        last = own.nodes[-1].name
        for t in range(len(frames) if moving else self.network.steps):
            values: dict[str, NDArray[np.uint16]] = {"input": _channels_last(frames[t if moving else 0])}
            currents: dict[str, NDArray[np.int64]] = {}
            for node in own:
                if node.fan_in:
                    still = node.sources[0] == "input" and not moving
                    if not still or node.name not in constant:
                        constant[node.name] = self._currents(node, values[node.sources[0]])
                    currents[node.name] = constant[node.name]
                elif node.kind == "pool":
                    values[node.name] = _squares(node, values[node.sources[0]])
                else:
                    values[node.name] = self._spikes(node, currents, values, states, samples)
            total += currents[last].reshape(samples, -1)
        return total

    def _currents(self, node: Node, values: NDArray[np.uint16]) -> NDArray[np.int64]:
        """Return the currents of a layer of weights, (samples times positions, outputs)."""
        layer, weights = self.network.layers[node.name], self._weights[node.name]
        assert isinstance(layer, WeightLayer)
        samples, outputs = len(values), node.shape[0]
        if node.kind == "conv":
            sums = np.empty((samples, *node.shape[1:], outputs), np.int32)
            kernels.convolve(values, weights, node.stride, node.padding, sums)
        else:
            sums = np.empty((samples, outputs), np.int32)
            kernels.connect(values.reshape(samples, -1), weights, sums)
        totals = np.zeros((sums.size // outputs, outputs), np.int64)
        kernels.add_currents(
            sums.reshape(-1, outputs),
            layer.factor.astype(np.int64),
            kernels.FRACTION - layer.factor_shift,
            layer.offset.astype(np.int64),
            kernels.FRACTION - layer.offset_shift,
            totals,
        )
        return totals

    def _spikes(
        self,
        node: Node,
        currents: dict[str, NDArray[np.int64]],
        values: dict[str, NDArray[np.uint16]],
        states: dict[str, NDArray[np.int8]],
        samples: int,
    ) -> NDArray[np.uint16]:
        layer = self.network.layers[node.name]
        assert isinstance(layer, NeuronLayer)
        outputs = node.shape[0]
        totals = np.zeros((samples * node.size // outputs, outputs), np.int64)
        for name in node.sources:
            if name in currents:
                totals += currents[name]
            else:
                kernels.add_spikes(values[name].reshape(-1, outputs), totals)
        if node.name not in states:
            states[node.name] = np.zeros(totals.shape, np.int8)
        spikes = np.empty(totals.shape, np.uint16)
        up = kernels.FRACTION - kernels.FILE_FRACTION
        kernels.fire(
            totals,
            states[node.name],
            layer.table.astype(np.int64) << up,
            layer.step << up,
            layer.threshold << up,
            layer.levels,
            layer.before_spike,
            spikes,
        )
        return spikes.reshape(samples, *node.shape[1:], outputs)


def _channels_last(frames: NDArray[np.uint8]) -> NDArray[np.uint16]:
    moved = np.moveaxis(frames, 1, -1) if frames.ndim == 4 else frames
    return np.ascontiguousarray(moved, dtype=np.uint16)


def _squares(node: Node, values: NDArray[np.uint16]) -> NDArray[np.uint16]:
    sums = np.empty((len(values), *node.shape[1:], node.shape[0]), np.uint16)
    kernels.add_squares(values, node.kernel, sums)
    return sums
