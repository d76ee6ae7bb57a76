"""The gradients through which an attack sees a spiking network: 19 stand-ins for the derivative of a spike.

==================  ===============================================================  ======================================
name                derivative of a spike by the excess x over the threshold         settings
==================  ===============================================================  ======================================
triangle            ``max(0, g - |x|) / g^2``                                        g = .25, .5, 1, 2, 3
exponential         ``a exp(-b |x|)``                                                a = .3, 1; b = .5, 1, 2
rectangle           ``1 / g`` where ``|x| < g / 2``, else 0                          g = .25, .5, 1, 2, 4
straight-through    1
rate                of the rate by the current: ``1 / threshold`` where the neuron
                    has fired, else 0, at all steps
relu                neurons are rectified units, ``max(0, current) / threshold``,
                    forwards too
==================  ===============================================================  ======================================

A network is trained through one of them. An attack through that one alone shows how far the network
hides from its own surrogate, not how robust it is: an ensemble of all is the least that says something (Özdenizci and
Legenstein 2024).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from hrsnn.deep.learning.layers import SpikingLayer
from hrsnn.deep.learning.network import Spiking
from hrsnn.errors import InputError
from hrsnn.training.surrogates import RECTANGLE, TRIANGLE, Elementwise

#: Function from a layer and its currents to spikes and potentials: what a layer is taken for.
View = Callable[[SpikingLayer, Tensor], tuple[Tensor, Tensor]]


def _through(window: Elementwise) -> View:
    return lambda layer, currents: layer.fire(currents, window=window)


def _triangle(width: float) -> View:
    return _through(lambda x: TRIANGLE.window(x / width) / width)


def _rectangle(width: float) -> View:
    return _through(lambda x: RECTANGLE.window(x / width) / width)


def _exponential(height: float, decay: float) -> View:
    return _through(lambda x: height * torch.exp(-decay * x.abs()))


class _OfRates(torch.autograd.Function):
    """Spikes, whose derivative by the current is 1 / threshold for neurons that have fired, at all steps."""

    @staticmethod
    def forward(currents: Tensor, spikes: Tensor, threshold: float) -> Tensor:
        return spikes.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, float], output: Tensor) -> None:
        ctx.save_for_backward(inputs[1].any(0))
        ctx.threshold = inputs[2]

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        (fired,) = ctx.saved_tensors
        return grads[0] * fired / ctx.threshold, None, None


def _rate(layer: SpikingLayer, currents: Tensor) -> tuple[Tensor, Tensor]:
    with torch.no_grad():
        spikes, potentials = layer.fire(currents)
    seen: Tensor = _OfRates.apply(currents, spikes, layer.present_neuron().threshold)  # type: ignore[no-untyped-call]
    return seen, potentials


def _relu(layer: SpikingLayer, currents: Tensor) -> tuple[Tensor, Tensor]:
    return functional.relu(currents) / layer.present_neuron().threshold, currents


#: The view of training, and of an attack that does not ask further.
OWN = "triangle 1"
#: Views by name.
VIEWS: Mapping[str, View] = {
    **{f"triangle {width:g}": _triangle(width) for width in (1.0, 0.25, 0.5, 2.0, 3.0)},
    **{
        f"exponential {height:g} {decay:g}": _exponential(height, decay)
        for height in (0.3, 1.0)
        for decay in (0.5, 1.0, 2.0)
    },
    **{f"rectangle {width:g}": _rectangle(width) for width in (0.25, 0.5, 1.0, 2.0, 4.0)},
    "straight-through": _through(torch.ones_like),
    "rate": _rate,
    "relu": _relu,
}


@contextlib.contextmanager
def seen_through(network: Spiking, view: str) -> Iterator[None]:
    """Run a block in which all layers of neurons have the gradients of a view; rectified units have their own.

    Parameters
    ----------
    network : Spiking
    view : str
        One of :data:`VIEWS`.

    Raises
    ------
    InputError
        For an unknown view.

    Examples
    --------
    >>> from hrsnn.deep.models import architecture
    >>> network = Spiking(architecture("mlp", (4,), 3), steps=2)
    >>> with seen_through(network, "straight-through"):
    ...     network(torch.zeros(5, 4)).shape
    torch.Size([2, 5, 3])
    """
    if view not in VIEWS:
        raise InputError("view", view, f"must be one of {', '.join(VIEWS)}")
    layers = [layer for layer in network.spiking.values() if isinstance(layer, SpikingLayer)]
    before = [layer.stand_in for layer in layers]
    try:
        for layer in layers:
            layer.stand_in = VIEWS[view]
        yield
    finally:
        for layer, own in zip(layers, before, strict=True):
            layer.stand_in = own


def views_of(network: Spiking) -> tuple[str, ...]:
    """Return the views through which a network is to be attacked: all 19, or one where units are rectified."""
    return (OWN,) if network.rectified else tuple(VIEWS)
