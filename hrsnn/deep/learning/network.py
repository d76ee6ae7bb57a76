"""A deep spiking network with gradients: an architecture with neurons, run for T steps."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from hrsnn.deep.architecture import Architecture, Node
from hrsnn.deep.learning.layers import RectifiedLayer, SpikingLayer, TemporalNorm, current
from hrsnn.deep.neurons import Neuron, lif
from hrsnn.deep.precision import Precision
from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.runtime.seeds import generator
from hrsnn.validation.numbers import count_of

#: Largest value of an input, which is of 8 bits.
INPUT_LEVELS = 255


@dataclass(frozen=True)
class Run(Displayed):
    """What a network did.

    Attributes
    ----------
    outputs : tensor (steps, samples, classes)
        Output at each step, of the layer without neurons.
    rates : dict of name to tensor
        Spikes a neuron and step in each layer of neurons, in the order of the architecture; with gradient.
    potentials : dict of name to tensor (steps, samples, ...)
        Before the reset; only where asked for.
    values : dict of name to tensor
        What every node gave; only where asked for.
    """

    outputs: Tensor
    rates: dict[str, Tensor]
    potentials: dict[str, Tensor] = field(default_factory=dict)
    values: dict[str, Tensor] = field(default_factory=dict)


class Spiking(nn.Module):
    """An architecture of neurons that runs for T steps.

    Parameters
    ----------
    architecture : Architecture
    neuron : Neuron
        Of all layers.
    steps : int
        T, unless the stimulus has a time axis.
    precision : Precision
    window : float, optional
        Half-width of the triangular window of the surrogate gradient; by default the analytic one of each layer, which
        follows the neuron's parameters and those of the normalisation while they are trained.
    learn_neurons : bool
        Whether a, b and c of each layer are trained.
    seed : int
        Of the initial weights.
    rectified : bool
        Whether units are rectified and have no spikes, for one step.
    own_thresholds : bool
        Whether each layer has a threshold of its own, which is trained.
    masked : bool
        Whether each weight has a mask, False where it is 0 and stays 0 (:meth:`set_masks`). Networks that are rectified, or
        have thresholds of their own, have no bias in the last layer either: all of their weights can be removed.

    Raises
    ------
    InputError
        When a number is out of range.

    Examples
    --------
    >>> from hrsnn.deep.models import architecture
    >>> network = Spiking(architecture("conv-16-32-fc64", (1, 8, 8), 10), steps=3)
    >>> network(torch.zeros(5, 1, 8, 8, dtype=torch.uint8)).shape
    torch.Size([3, 5, 10])
    """

    def __init__(
        self,
        architecture: Architecture,
        neuron: Neuron | None = None,
        steps: int = 4,
        precision: Precision | None = None,
        window: float | None = None,
        learn_neurons: bool = False,
        seed: int = 0,
        rectified: bool = False,
        own_thresholds: bool = False,
        masked: bool = False,
    ) -> None:
        super().__init__()
        self.architecture, self.steps = architecture, count_of("steps", steps)
        self.neuron, self.precision = neuron or lif(), precision or Precision()
        if window is not None and not 0 < window < math.inf:
            raise InputError("window", window, "must be positive")
        #: Steepness of the annealed gradient of signs; 0 is straight through.
        self.steepness = 0.0
        self.weight, self.bias = nn.ParameterDict(), nn.ParameterDict()
        self.norm, self.spiking = nn.ModuleDict(), nn.ModuleDict()
        self.rectified, self.own_thresholds, self.masked = rectified, own_thresholds, masked
        if masked:
            self.mask = nn.Module()
        for node in architecture:
            if node.fan_in:
                self._add_weights(node, seed)
            elif node.kind == "spike":
                self.spiking[node.name] = (
                    RectifiedLayer()
                    if rectified
                    else SpikingLayer(self.neuron, self.precision, window, learn_neurons, own_thresholds)
                )

    def _add_weights(self, node: Node, seed: int) -> None:
        source = self.architecture.input_shape if node.sources[0] == "input" else self.architecture[node.sources[0]].shape
        shape = (node.shape[0], source[0], node.kernel, node.kernel) if node.kind == "conv" else (node.shape[0], node.fan_in)
        random = generator(seed, "weights", node.name).standard_normal(shape)
        self.weight[node.name] = nn.Parameter(torch.tensor(random * math.sqrt(1 / node.fan_in), dtype=torch.float32))
        if node.normalised:
            self.norm[node.name] = TemporalNorm(node.shape[0], self.neuron.threshold * node.share)
        else:
            without = self.rectified or self.own_thresholds
            self.bias[node.name] = nn.Parameter(torch.zeros(node.shape[0]), requires_grad=not without)
        if self.masked:
            self.mask.register_buffer(node.name, torch.ones(shape, dtype=torch.bool))

    def mask_of(self, name: str) -> Tensor | None:
        """Return the mask of the weights of a layer; None where the network has none."""
        return self.mask.get_buffer(name) if self.masked else None

    def set_masks(self, masks: Mapping[str, NDArray[np.bool_]]) -> None:
        """Set the masks of all layers, and the weights outside of them to 0.

        Raises
        ------
        InputError
            When the network has no masks, or these are of another one.
        """
        names = [node.name for node in self.architecture.weighted]
        if not self.masked or sorted(masks) != sorted(names):
            raise InputError("masks", sorted(masks), f"must be of the layers of a masked network, {', '.join(names)}")
        for name, mask in masks.items():
            weight = self.weight[name]
            if mask.shape != tuple(weight.shape):
                raise InputError("masks", name, f"has the shape {mask.shape}, and the weights {tuple(weight.shape)}")
            self.mask.get_buffer(name).copy_(torch.from_numpy(np.array(mask)))
            with torch.no_grad():
                weight.mul_(self.mask.get_buffer(name))

    def project(self) -> None:
        """Bring what is trained back into its bounds, after a step of the optimiser."""
        for layer in self.spiking.values():
            if isinstance(layer, SpikingLayer):
                layer.project()

    def forward(self, frames: Tensor) -> Tensor:
        """Return the output at each step, (steps, samples, classes); see :meth:`run`."""
        return self.run(frames).outputs

    def run(self, frames: Tensor, record: bool = False, smoothing: float | None = None) -> Run:
        """Run the network.

        Parameters
        ----------
        frames : tensor of uint8 or floating point, (samples, ...) or (steps, samples, ...)
            Bytes from 0 to 255 stand for 0 to 1, which numbers of floating point are; without an axis of steps, the input
            is the same at each.
        record : bool
            Whether potentials and the values of all nodes are returned.
        smoothing : float, optional
            With it, all steps are smooth, with a window of this half-width (0: of the layer's own).

        Raises
        ------
        InputError
            When the frames have another shape than the architecture.
        """
        expected = self.architecture.input_shape
        if tuple(frames.shape[-len(expected) :]) != expected or frames.ndim - len(expected) not in (1, 2):
            raise InputError("frames", tuple(frames.shape), f"must be (samples, ...) or (steps, samples, ...) of {expected}")
        dtype = next(iter(self.weight.values())).dtype
        stimulus = frames.to(dtype) if frames.is_floating_point() else frames.to(dtype) / INPUT_LEVELS
        moving = frames.ndim - len(expected) == 2
        # a constant input is convolved once, and repeated for the neurons
        values: dict[str, Tensor] = {"input": stimulus if moving else stimulus[None]}
        rates: dict[str, Tensor] = {}
        potentials: dict[str, Tensor] = {}
        steps = len(frames) if moving else self.steps
        for node in self.architecture:
            sources = [values[name] for name in node.sources]
            if node.kind == "spike":
                total = functools.reduce(torch.add, [one.expand(steps, *one.shape[1:]) for one in sources])
                layer = self.spiking[node.name]
                if self.training and isinstance(layer, SpikingLayer):
                    layer.follow(*self._input_moments(node))
                spikes, potential = layer(total, smoothing)
                rates[node.name] = spikes.mean()
                if record:
                    potentials[node.name] = potential
                values[node.name] = spikes
            else:
                values[node.name] = self._without_neurons(node, sources[0])
        outputs = values[self.architecture.nodes[-1].name]
        outputs = outputs.expand(steps, *outputs.shape[1:])
        return Run(outputs, rates, potentials, values if record else {})

    def _without_neurons(self, node: Node, source: Tensor) -> Tensor:
        steps, samples = source.shape[:2]
        flat = source.reshape(steps * samples, *source.shape[2:])
        if node.kind == "pool":
            given = functional.avg_pool2d(flat, node.kernel)
        else:
            is_end = node.name in self.architecture.ends
            weight, mask = self.weight[node.name], self.mask_of(node.name)
            given = current(node, flat, weight, self.precision, is_end, self.steepness, mask)
            given = self.norm[node.name](given) if node.normalised else given + self.bias[node.name]
        return given.reshape(steps, samples, *given.shape[1:])

    def _input_moments(self, node: Node) -> tuple[float, float]:
        """Return the mean and the variance of the input of a layer of neurons, from its normalised currents."""
        mean = variance = 0.0
        for name in node.sources:
            if name in self.norm:
                norm = self.norm[name]
                assert isinstance(norm, TemporalNorm)
                own = norm.moments()
                mean, variance = mean + own[0], variance + own[1]
        return mean, variance

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all parameters and buffers by name, to be saved."""
        return {name: value.detach().cpu().numpy().copy() for name, value in self.state_dict().items()}

    def load_arrays(self, arrays: dict[str, np.ndarray]) -> None:
        """Take over parameters and buffers from :meth:`arrays`.

        Raises
        ------
        InputError
            When names or shapes are those of another network.
        """
        own = self.state_dict()
        for name in {**own, **arrays}:
            if name not in own or name not in arrays or tuple(own[name].shape) != arrays[name].shape:
                raise InputError("network", name, "is of another network: model, neuron or precision differ")
        self.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
        for layer in self.spiking.values():
            if isinstance(layer, SpikingLayer):
                layer.compute_width()
