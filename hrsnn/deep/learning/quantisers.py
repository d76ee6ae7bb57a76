"""Quantisers of weights and potentials, whose gradients pass straight through or follow an annealed tanh."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hrsnn.deep.precision import Precision
from hrsnn.errors import InputError

_SMALLEST = 1e-12


class _Sign(torch.autograd.Function):
    """``+1 if w >= 0 else -1``, with a derivative ``k t (1 - tanh^2(t w))``; without t, 1 for |w| <= 1."""

    @staticmethod
    def forward(weights: Tensor, steepness: float) -> Tensor:
        return torch.where(weights >= 0, 1.0, -1.0).to(weights.dtype)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, float], output: Tensor) -> None:
        weights, ctx.steepness = inputs
        ctx.save_for_backward(weights)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        (weights,) = ctx.saved_tensors
        t = ctx.steepness
        if not t:
            return grads[0] * (weights.abs() <= 1), None
        return grads[0] * max(1 / t, 1.0) * t * (1 - torch.tanh(t * weights) ** 2), None


def sign(weights: Tensor, steepness: float = 0.0) -> Tensor:
    """Signs, with the derivative of ``k tanh(t w)``, ``k = max(1 / t, 1)``; without steepness t straight through.

    Examples
    --------
    >>> w = torch.tensor([-2.0, 0.0, 0.5], requires_grad=True)
    >>> signs = sign(w)
    >>> signs.sum().backward()
    >>> signs.tolist(), w.grad.tolist()
    ([-1.0, 1.0, 1.0], [0.0, 1.0, 1.0])
    """
    signs: Tensor = _Sign.apply(weights, steepness)  # type: ignore[no-untyped-call]
    return signs


def straight_through(exact: Tensor, rounded: Tensor) -> Tensor:
    """Return `rounded`, with the gradient of `exact`."""
    return exact + (rounded - exact).detach()


def steepness_at(epoch: int, epochs: int) -> float:
    """Steepness t of the tanh in an epoch: from 0.1 to 10, evenly in its logarithm.

    Examples
    --------
    >>> steepness_at(0, 5), round(steepness_at(2, 5), 6), steepness_at(4, 5)
    (0.1, 1.0, 10.0)
    """
    return float(10 ** (-1 + 2 * epoch / max(epochs - 1, 1)))


def binary_weights(weights: Tensor, precision: Precision, steepness: float = 0.0) -> tuple[Tensor, Tensor]:
    """Return the signs of weights and the scale of each channel: ``w ~ scale * sign(w^)``.

    ``w^ = (w - mean) / deviation`` over each output channel, or over the layer; ``scale = mean |w^|`` of the channel.

    Parameters
    ----------
    weights : tensor (channels, ...)
    precision : Precision
        Says over what weights are normalised, and how the scale is rounded.
    steepness : float
        Of the gradient.

    Returns
    -------
    (tensor (channels, ...), tensor (channels,))
        The gradient flows through both.
    """
    rows = weights.flatten(1)
    if precision.normalise == "layer":
        rows = (rows - rows.mean()) / rows.std(correction=0).clamp_min(_SMALLEST)
    elif precision.normalise == "channel":
        rows = (rows - rows.mean(1, keepdim=True)) / rows.std(1, correction=0, keepdim=True).clamp_min(_SMALLEST)
    scale = rows.abs().mean(1)
    if precision.scale == "power_of_two":
        scale = straight_through(scale, 2 ** scale.clamp_min(_SMALLEST).log2().round())
    return sign(rows, steepness).view_as(weights), scale


def uniform_weights(weights: Tensor, bits: int, signed: bool = False) -> tuple[Tensor, Tensor]:
    """Return weights as whole numbers from -L to L, ``L = 2^(bits - 1) - 1``, and their step.

    ``step = max |w| / L``, whole numbers ``round(w / step)``; the gradient passes straight through.

    Parameters
    ----------
    weights : tensor
    bits : int
        At least 2.
    signed : bool
        Whether ``max w`` takes the place of ``max |w|``; what is below ``-max w`` is then cut off.

    Raises
    ------
    InputError
        When `signed` and no weight is positive.
    """
    levels = 2 ** (bits - 1) - 1
    largest = (weights if signed else weights.abs()).max().detach()
    if signed and not largest > 0:
        raise InputError("ends_scale", "signed", "needs a layer with a positive weight")
    step = largest.clamp_min(_SMALLEST) / levels
    exact = (weights / step).clamp(-levels, levels)
    return straight_through(exact, exact.round()), step


def quantised_potential(potential: Tensor, step: Tensor | float, levels: int) -> Tensor:
    """Return the nearest multiple of `step`, of at most `levels` steps: ``step * round(clip(u / step, -L, L))``.

    The gradient passes straight through, and is 0 beyond the largest level.

    Examples
    --------
    >>> quantised_potential(torch.tensor([-9.0, 0.2, 0.3, 0.8]), 0.5, levels=1).tolist()
    [-0.5, 0.0, 0.5, 0.5]
    """
    exact = (potential / step).clamp(-levels, levels)
    return straight_through(exact, exact.round()) * step
