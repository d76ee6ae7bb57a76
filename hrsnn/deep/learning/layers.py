"""The parts of a deep network in PyTorch: currents of weights, temporal batch normalisation, layers of neurons."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from hrsnn.deep.architecture import Node
from hrsnn.deep.learning.quantisers import binary_weights, quantised_potential, uniform_weights
from hrsnn.deep.memory import END_BITS
from hrsnn.deep.neurons import Neuron
from hrsnn.deep.precision import Precision
from hrsnn.training.surrogates import SURROGATES, step

_MOMENTUM, _EPSILON, _SMALLEST = 0.1, 1e-5, 1e-12
#: Relative change of the parameters of a layer after which its window is computed anew.
_MOVED = 0.01


def weights_of(node: Node, weight: Tensor, precision: Precision, is_end: bool, steepness: float) -> tuple[Tensor, Tensor]:
    """Return the weights of a layer as its kernel uses them, and the scale of each output channel (or of all)."""
    if not precision.quantises_weights:
        return weight, torch.ones((), dtype=weight.dtype)
    if is_end:
        return uniform_weights(weight, END_BITS, precision.ends_scale == "signed")
    if precision.weight_bits > 1:
        return uniform_weights(weight, precision.weight_bits)
    return binary_weights(weight, precision, steepness if precision.anneal else 0.0)


def current(node: Node, values: Tensor, weight: Tensor, precision: Precision, is_end: bool, steepness: float) -> Tensor:
    """Return the weighted sums of `values` (samples, ...)."""
    kernel, scale = weights_of(node, weight, precision, is_end, steepness)
    if node.kind == "conv":
        given = functional.conv2d(values, kernel, stride=node.stride, padding=node.padding)
        return given * (scale[:, None, None] if scale.ndim else scale)
    return functional.linear(values.flatten(1), kernel) * scale


class TemporalNorm(nn.Module):
    """Batch normalisation over steps and samples, to a deviation of `deviation` (Zheng et al. 2021).

    ``y = deviation gamma (x - mean) / sqrt(var + eps) + beta`` for each channel: ``N(0, deviation^2)`` at gamma 1, beta 0.

    Examples
    --------
    >>> norm = TemporalNorm(2, deviation=0.5)
    >>> y = norm(torch.randn(1000, 2) * 7 + 3).detach()
    >>> [round(float(value), 3) for value in (*y.mean(0).abs(), *y.std(0))]
    [0.0, 0.0, 0.5, 0.5]
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, channels: int, deviation: float = 1.0) -> None:
        super().__init__()
        self.deviation = deviation
        self.gamma, self.beta = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))

    def forward(self, values: Tensor) -> Tensor:
        """Return normalised values, of (steps times samples, channels, ...)."""
        return functional.batch_norm(
            values,
            self.mean,
            self.variance,
            self.gamma * self.deviation,
            self.beta,
            self.training,
            _MOMENTUM,
            _EPSILON,
        )

    def moments(self) -> tuple[float, float]:
        """Return mean and variance over all channels."""
        gamma, beta = self.gamma.detach(), self.beta.detach()
        return float(beta.mean()), float((gamma * self.deviation).square().mean() + beta.var(correction=0))

    def folded(self) -> tuple[Tensor, Tensor]:
        """Return factor and offset of each channel that do the same as the norm at evaluation: ``y = factor x + offset``."""
        factor = self.gamma * self.deviation / (self.variance + _EPSILON).sqrt()
        return factor.detach(), (self.beta - factor * self.mean).detach()


class SpikingLayer(nn.Module):
    """Neurons of one layer, which start at rest.

    Parameters
    ----------
    neuron : Neuron
    precision : Precision
        Of the potentials.
    window : float, optional
        Half-width of the surrogate's window; by default the analytic one.
    learn : bool
        Whether a, b and c are trained.
    """

    potential_scale: Tensor
    followed: Tensor

    def __init__(self, neuron: Neuron, precision: Precision, window: float | None = None, learn: bool = False) -> None:
        super().__init__()
        self.neuron, self.precision, self.fixed = neuron, precision, window
        for name in "abc":
            self.register_parameter(name, nn.Parameter(torch.tensor(getattr(neuron, name)), requires_grad=learn))
        self.learn = learn
        if precision.quantises_potentials and precision.potential_scale != "batch":
            self.register_buffer("potential_scale", torch.zeros(()))
        # what the window was computed of; saved, so that a resumed run has the same windows
        start = (neuron.a, neuron.b, neuron.c, 0.0, neuron.threshold**2)
        self.register_buffer("followed", torch.tensor(start, dtype=torch.float64))
        #: Half-width of the window.
        self.width = 0.0 if window is None else window
        self.compute_width()

    def present_neuron(self) -> Neuron:
        """Return the neuron with the present a, b and c."""
        if not self.learn:
            return self.neuron
        return self._neuron_of(*(float(self.get_parameter(name).detach()) for name in "abc"))

    def _neuron_of(self, a: float, b: float, c: float) -> Neuron:
        return Neuron(max(a, 0.0), b, c, self.neuron.threshold, self.neuron.clamp_vertex)

    def compute_width(self) -> None:
        """Compute the analytic window of what is followed, after it has been changed or loaded."""
        if self.fixed is None:
            *parabola, mean, variance = self.followed.tolist()
            self.width = self._neuron_of(*parabola).width(mean, variance or None)

    def follow(self, mean: float, variance: float) -> None:
        """Compute the analytic window anew if the neuron's parameters or the moments of its input have changed."""
        if self.fixed is not None:
            return
        neuron = self.present_neuron()
        present = (neuron.a, neuron.b, neuron.c, mean, variance)
        if any(abs(new - old) > _MOVED for new, old in zip(present, self.followed.tolist(), strict=True)):
            self.followed.copy_(torch.tensor(present, dtype=torch.float64))
            self.compute_width()

    def forward(self, currents: Tensor, smoothing: float | None = None) -> tuple[Tensor, Tensor]:
        """Return spikes and potentials before the reset for currents of (steps, samples, ...).

        With `smoothing`, spikes are the smooth step of that half-width, or of the layer's own where it is 0.
        """
        triangle = SURROGATES["triangle"]
        width = smoothing or self.width
        threshold, early = self.neuron.threshold, self.precision.before_spike
        floor = self.present_neuron().floor
        a, b, c = (self.get_parameter(name) for name in "abc")
        carried = torch.zeros_like(currents[0]).clamp_min(floor)  # as after a spike
        spikes, potentials = [], []
        for x in currents:
            potential = (a * carried * carried if self.learn or self.neuron.a else 0.0) + b * carried + c + x
            if early:
                potential = self._quantised(potential)
            excess = potential - threshold
            if smoothing is None:
                spike = step(excess, lambda u: triangle.window(u / width) / width)
            else:
                spike = triangle.smooth(excess / width)
            carried = potential * (1 - spike)
            if not early:
                carried = self._quantised(carried)
            if floor > -float("inf"):
                carried = carried.clamp_min(floor)
            spikes.append(spike)
            potentials.append(potential)
        return torch.stack(spikes), torch.stack(potentials)

    def _quantised(self, potential: Tensor) -> Tensor:
        precision = self.precision
        if not precision.quantises_potentials:
            return potential
        if precision.squash:
            potential = torch.tanh(potential)
        if precision.potential_scale == "batch":
            scale = potential.detach().max().clamp_min(_SMALLEST)
        else:
            scale = self._running_scale(potential)
        return quantised_potential(potential, scale / precision.levels, precision.levels)

    def _running_scale(self, potential: Tensor) -> Tensor:
        if self.training:
            absolute = self.precision.potential_scale == "running_absolute"
            largest = (potential.detach().abs() if absolute else potential.detach()).max().clamp_min(_SMALLEST)
            old = torch.where(self.potential_scale > 0, self.potential_scale, largest)
            self.potential_scale.copy_(old + _MOMENTUM * (largest - old))
        return self.potential_scale.clamp_min(_SMALLEST).clone()
