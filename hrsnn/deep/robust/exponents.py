"""Lyapunov exponents of feed-forward spiking networks: those of each neuron alone, in which no weight appears."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hrsnn.deep.learning.layers import SpikingLayer
from hrsnn.deep.learning.network import Spiking
from hrsnn.errors import InputError
from hrsnn.training.surrogates import TRIANGLE


def layer_exponents(network: Spiking, images: Tensor, window: float | None = None) -> dict[str, NDArray[np.float64]]:
    """Exponent of each neuron, a step, the mean over samples and steps of the logarithm of its own factor.

    The state of the network are the potentials u of all neurons. A layer reads the layers before it, so that the Jacobian
    of a step is block-triangular, and its blocks on the diagonal are diagonal: the exponents of the network are those of its
    neurons,

        ``lambda_i = < ln |du_i[t+1] / du_i[t]| >``,   ``du_i[t+1] / du_i[t] = b (1 - s_i[t])``

    of a neuron that keeps the share b and is reset to 0; ``b`` where a spike takes the threshold off. With a window w in
    place of the derivative of a spike the factors are ``b (1 - s_i - u_i w(u_i - theta))`` and ``b (1 - theta w(u_i -
    theta))``.

    Parameters
    ----------
    network : Spiking
        With spikes, and neurons whose a is 0.
    images : tensor (samples, ...)
        From 0 to 1, or bytes.
    window : float, optional
        Half-width of a triangular window; by default the derivative of a spike is 0.

    Returns
    -------
    dict of layer to ndarray
        Exponents, in nats a step, in the shape of the layer; minus infinity where a factor is 0.

    Raises
    ------
    InputError
        When the network has no spikes, or neurons that are quadratic.

    Notes
    -----
    Without a window a neuron that is reset has ``ln b``, 0 for a perfect integrator, if it never fires, and minus infinity
    if it does: what it held is gone, with a window too where a potential is above it. Weights enter by whether it fires
    alone. Exponents say nothing about which connection matters, so that a method of pruning that asks for them has nothing
    to ask for in a feed-forward network.

    Examples
    --------
    >>> from hrsnn.deep.models import architecture
    >>> network = Spiking(architecture("mlp", (4,), 3), steps=3)
    >>> found = layer_exponents(network, torch.zeros(2, 4))  # no input, no spikes: ln of the share that is kept
    >>> round(float(found["spike1"][0]), 4)
    -0.6931
    """
    if network.rectified:
        raise InputError("network", network.architecture.model, "has no spikes, and no state from one step to the next")
    if network.neuron.a != 0 or any(getattr(layer, "learn", False) for layer in network.spiking.values()):
        raise InputError("neuron", network.neuron.a, "must have a = 0: its own factor depends on its potential otherwise")
    network.eval()
    with torch.no_grad():
        potentials = network.run(images, record=True).potentials
    found = {}
    for name, u in potentials.items():
        layer = network.spiking[name]
        assert isinstance(layer, SpikingLayer)
        neuron = layer.present_neuron()
        excess = u.double() - neuron.threshold
        passed = torch.zeros_like(excess) if window is None else TRIANGLE.window(excess / window) / window
        reset = neuron.threshold * passed if neuron.subtract else (excess > 0).double() + u.double() * passed
        logs = (1 - reset[:-1]).abs().log() + math.log(neuron.b)  # the last step has no next one
        found[name] = logs.mean((0, 1)).numpy()
    return found
