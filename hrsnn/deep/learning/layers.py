"""The parts of a deep network in PyTorch: currents of weights, temporal batch normalisation, layers of neurons."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from hrsnn.deep.architecture import Node
from hrsnn.deep.learning.integration import integrated
from hrsnn.deep.learning.quantisers import binary_weights, quantised_potential, uniform_weights
from hrsnn.deep.memory import END_BITS
from hrsnn.deep.neurons import Neuron
from hrsnn.deep.precision import Precision
from hrsnn.training.surrogates import SURROGATES, Elementwise, step

_MOMENTUM, _EPSILON, _SMALLEST = 0.1, 1e-5, 1e-12
#: Relative change of the parameters of a layer after which its window is computed anew.
_MOVED = 0.01
#: Least threshold of a layer whose threshold is trained.
LEAST_THRESHOLD = 0.03


def weights_of(
    node: Node, weight: Tensor, precision: Precision, is_end: bool, steepness: float, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return the weights of a layer as its kernel uses them, and the scale of each output channel (or of all)."""
    if mask is not None:
        kernel, scale = weights_of(node, weight * mask, precision, is_end, steepness)
        return kernel * mask, scale  # the sign of a weight of 0 is none
    if not precision.quantises_weights:
        return weight, torch.ones((), dtype=weight.dtype)
    if is_end:
        return uniform_weights(weight, END_BITS, precision.ends_scale == "signed")
    if precision.weight_bits > 1:
        return uniform_weights(weight, precision.weight_bits)
    return binary_weights(weight, precision, steepness if precision.anneal else 0.0)


def current(
    node: Node,
    values: Tensor,
    weight: Tensor,
    precision: Precision,
    is_end: bool,
    steepness: float,
    mask: Tensor | None = None,
) -> Tensor:
    """Return the weighted sums of `values` (samples, ...)."""
    kernel, scale = weights_of(node, weight, precision, is_end, steepness, mask)
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


class RectifiedLayer(nn.Module):
    """Units without spikes: what is positive of their input."""

    def forward(self, currents: Tensor, smoothing: float | None = None) -> tuple[Tensor, Tensor]:
        """Return ``max(0, x)`` and x for currents x of any shape."""
        return functional.relu(currents), currents


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
    own_threshold : bool
        Whether the layer has a threshold of its own, a parameter that is trained.
    """

    potential_scale: Tensor
    followed: Tensor

    def __init__(
        self,
        neuron: Neuron,
        precision: Precision,
        window: float | None = None,
        learn: bool = False,
        own_threshold: bool = False,
    ) -> None:
        super().__init__()
        self.neuron, self.precision, self.fixed = neuron, precision, window
        for name in "abc":
            self.register_parameter(name, nn.Parameter(torch.tensor(getattr(neuron, name)), requires_grad=learn))
        self.learn, self.own_threshold = learn, own_threshold
        if own_threshold:
            self.threshold = nn.Parameter(torch.tensor(neuron.threshold))
        #: What stands in for :meth:`fire`, from the layer and its currents; None is :meth:`fire`.
        self.stand_in: Callable[[SpikingLayer, Tensor], tuple[Tensor, Tensor]] | None = None
        if precision.quantises_potentials and precision.potential_scale != "batch":
            self.register_buffer("potential_scale", torch.zeros(()))
        # what the window was computed of; saved, so that a resumed run has the same windows
        start = (neuron.a, neuron.b, neuron.c, 0.0, neuron.threshold**2)
        self.register_buffer("followed", torch.tensor(start, dtype=torch.float64))
        #: Half-width of the window.
        self.width = 0.0 if window is None else window
        self.compute_width()

    def present_neuron(self) -> Neuron:
        """Return the neuron with the present a, b, c and threshold."""
        if not (self.learn or self.own_threshold):
            return self.neuron
        return self._neuron_of(*(float(self.get_parameter(name).detach()) for name in "abc"))

    def _neuron_of(self, a: float, b: float, c: float) -> Neuron:
        threshold = float(self.threshold.detach()) if self.own_threshold else self.neuron.threshold
        return Neuron(max(a, 0.0), b, c, threshold, self.neuron.clamp_vertex, self.neuron.subtract)

    def project(self) -> None:
        """Raise a trained threshold to the least one, 0.03, after a step of the optimiser."""
        if self.own_threshold:
            with torch.no_grad():
                self.threshold.clamp_min_(LEAST_THRESHOLD)

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
        return self.fire(currents, smoothing) if self.stand_in is None else self.stand_in(self, currents)

    def fire(
        self, currents: Tensor, smoothing: float | None = None, window: Elementwise | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return what :meth:`forward` does.

        `window` takes the place of the derivative of spikes by the potential; the threshold then has no gradient.
        """
        triangle = SURROGATES["triangle"]
        width = smoothing or self.width
        threshold: Tensor | float = self.threshold if self.own_threshold else self.neuron.threshold
        if isinstance(threshold, Tensor) and window is not None:
            threshold = threshold.detach()  # an attack asks for no gradient by it
        early, own = self.precision.before_spike, window or (lambda u: triangle.window(u / width) / width)
        linear = self.neuron.a == 0 and not self.learn and not self.precision.quantises_potentials
        if linear and smoothing is None:
            at = threshold if isinstance(threshold, Tensor) else currents.new_tensor(threshold)
            share, shift = (float(self.get_parameter(name).detach()) for name in "bc")
            return integrated(currents, at, share, shift, self.neuron.subtract, own)
        floor = self.present_neuron().floor
        a, b, c = (self.get_parameter(name) for name in "abc")
        carried = torch.zeros_like(currents[0]).clamp_min(floor)  # as after a spike
        spikes, potentials = [], []
        for x in currents:
            potential = (a * carried * carried if self.learn or self.neuron.a else 0.0) + b * carried + c + x
            if early:
                potential = self._quantised(potential)
            excess = potential - threshold
            spike = step(excess, own) if smoothing is None else triangle.smooth(excess / width)
            carried = potential - threshold * spike if self.neuron.subtract else potential * (1 - spike)
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
