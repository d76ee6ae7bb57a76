"""How far the surrogate gradient is from the gradient of a smooth network, and how many potentials its windows reach."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hrsnn.deep.learning.losses import temporal_cross_entropy
from hrsnn.deep.learning.network import Spiking
from hrsnn.display import Displayed


@dataclass(frozen=True)
class Mismatch(Displayed):
    """Agreement of the surrogate gradient with that of smooth networks.

    Attributes
    ----------
    cosine : float
        Cosine of the angle to the gradient of the network whose steps are smooth with the same windows; 1 is none apart.
    cosine_common : float
        The same where the smooth network has windows of half-width `common`, one for all that are compared.
    shares : dict of layer to float
        Share of the potentials, over steps, samples and neurons, that are less than a half-width from the threshold.
    widths : dict of layer to float
        Half-widths of the windows.
    """

    cosine: float
    cosine_common: float
    shares: dict[str, float]
    widths: dict[str, float]


def gradient_mismatch(network: Spiking, frames: Tensor, labels: Tensor, common: float = 1.0) -> Mismatch:
    """Compare the surrogate gradient of the loss by all weights with the gradients of two smooth networks.

    ``cos = g . h / (|g| |h|)``, g the gradient with spikes and windows, h that of the same loss where each step is the
    integral of the window. Normalisations have their running moments in both.

    Parameters
    ----------
    network : Spiking
    frames : tensor of uint8
        As :meth:`Spiking.run` takes them.
    labels : tensor of int64 (samples,)
    common : float
        Half-width of the second smooth network, in the unit of the potential.

    Returns
    -------
    Mismatch

    Notes
    -----
    The gradient of a network of spikes is 0 almost everywhere: there is no true one to compare with. The first smooth
    network changes with the window, and comes near the spiking one for narrow windows; the second is the same for all.

    Examples
    --------
    >>> from hrsnn.deep.models import architecture
    >>> network = Spiking(architecture("mlp", (16,), 4), steps=2)
    >>> frames = torch.arange(160, dtype=torch.uint8).reshape(10, 16)
    >>> found = gradient_mismatch(network, frames, torch.arange(10) % 4)
    >>> -1 <= found.cosine <= 1, sorted(found.shares)
    (True, ['spike1', 'spike2'])
    """
    before = network.training
    network.eval()
    surrogate = _gradient(network, frames, labels, None)
    own, shared = (_gradient(network, frames, labels, width) for width in (0.0, common))
    with torch.no_grad():
        potentials = network.run(frames, record=True).potentials
    network.train(before)
    widths = {name: float(layer.width) for name, layer in network.spiking.items()}  # type: ignore[arg-type]
    threshold = network.neuron.threshold
    shares = {name: float(((u - threshold).abs() < widths[name]).double().mean()) for name, u in potentials.items()}
    return Mismatch(_cosine(surrogate, own), _cosine(surrogate, shared), shares, widths)


def _gradient(network: Spiking, frames: Tensor, labels: Tensor, smoothing: float | None) -> Tensor:
    weights = list(network.weight.values())
    loss = temporal_cross_entropy(network.run(frames, smoothing=smoothing).outputs, labels)
    return torch.cat([one.flatten() for one in torch.autograd.grad(loss, weights)]).double()


def _cosine(first: Tensor, second: Tensor) -> float:
    product = first.norm() * second.norm()
    return float(first @ second / product) if product > 0 else float("nan")
