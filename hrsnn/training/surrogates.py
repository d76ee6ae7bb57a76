"""Steps with surrogate derivatives: a spike is a step of the membrane potential, whose derivative is replaced by a window.

With ``x = excess / width``, the step is ``H(x) = 1 if x > 0 else 0`` and its derivative ``window(x) / width``. Each window
of :data:`SURROGATES` is the derivative of a smooth step, which takes the place of H where gradients are to be checked.

================  ==============================  ================================  ========================
name              window(x)                       smooth step                       source
================  ==============================  ================================  ========================
fast_sigmoid      ``1 / (2 (1 + |x|)^2)``         ``(1 + x / (1 + |x|)) / 2``       Zenke and Ganguli 2018
superspike        ``1 / (1 + |x|)^2``             ``x / (1 + |x|)``                 Zenke and Ganguli 2018
triangle          ``max(0, 1 - |x|)``             two parabolas from x = -1 to 1    Bellec et al. 2018
arctan            ``1 / (1 + (pi x)^2)``          ``arctan(pi x) / pi + 1 / 2``     Fang et al. 2021
gaussian          ``exp(-x^2 / 2) / sqrt(2 pi)``  the normal distribution function  Yin, Corradi, Bohte 2021
rectangle         ``1 if |x| < 1/2 else 0``       ``clip(x + 1/2, 0, 1)``           Wu et al. 2018
straight_through  ``1``                           ``x``                             Bengio et al. 2013
================  ==============================  ================================  ========================

The derivative of a step from 0 to 1 has area 1, and so have all windows but those of ``superspike``, which has height 1 and
area 2, and of ``straight_through``, which lets every gradient pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hrsnn.display import Displayed
from hrsnn.errors import InputError
from hrsnn.runtime.registry import Registry
from hrsnn.validation.units import takes

#: Function from a tensor to one of the same shape, entry by entry.
Elementwise = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Surrogate(Displayed):
    """A window in place of the derivative of a step.

    Parameters
    ----------
    window : callable
        Tensor x to the derivative at x, entry by entry.
    smooth : callable
        Tensor x to a smooth step at x, whose derivative the window is.
    formula : str
        The window in one line, for lists.
    """

    window: Elementwise
    smooth: Elementwise
    formula: str = ""


#: Surrogates of this package and of installed ones.
SURROGATES: Registry[Surrogate] = Registry(
    "surrogate",
    "hrsnn.surrogates",
    Surrogate,
    {
        "fast_sigmoid": "hrsnn.training.surrogates:FAST_SIGMOID",
        "superspike": "hrsnn.training.surrogates:SUPERSPIKE",
        "triangle": "hrsnn.training.surrogates:TRIANGLE",
        "arctan": "hrsnn.training.surrogates:ARCTAN",
        "gaussian": "hrsnn.training.surrogates:GAUSSIAN",
        "rectangle": "hrsnn.training.surrogates:RECTANGLE",
        "straight_through": "hrsnn.training.surrogates:STRAIGHT_THROUGH",
    },
)


class _Step(torch.autograd.Function):
    """``excess > 0``, with ``window(excess)`` as its derivative."""

    @staticmethod
    def forward(excess: Tensor, window: Elementwise) -> Tensor:
        return (excess > 0).to(excess.dtype)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Elementwise], output: Tensor) -> None:
        excess, ctx.window = inputs
        ctx.save_for_backward(excess)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        (excess,) = ctx.saved_tensors
        return grads[0] * ctx.window(excess), None


def step(excess: Tensor, window: Elementwise) -> Tensor:
    """Step function with any window in place of its derivative.

    ``H(x) = 1 if x > 0 else 0``, and backwards ``dH/dx = window(x)``.

    Parameters
    ----------
    excess : tensor
        How far each potential is above its threshold, in any unit.
    window : callable
        Tensor of excesses to the derivative at each, in one over the unit of `excess`. It is called in the backward pass
        and is not differentiated; it may close over parameters, of which it then takes the present values.

    Returns
    -------
    tensor
        0 and 1, of the shape and type of `excess`.

    Examples
    --------
    >>> excess = torch.tensor([-0.5, 0.0, 2.0], requires_grad=True)
    >>> spikes = step(excess, lambda x: (x.abs() < 1).to(x.dtype))
    >>> spikes.sum().backward()
    >>> spikes.tolist(), excess.grad.tolist()
    ([0.0, 0.0, 1.0], [1.0, 1.0, 0.0])
    """
    spikes: Tensor = _Step.apply(excess, window)  # type: ignore[no-untyped-call]
    return spikes


@takes()
def spike_function(name: str = "fast_sigmoid", width: float = 1.0, smooth: bool = False) -> Elementwise:
    """Return the step with a surrogate derivative of this name.

    Parameters
    ----------
    name : str
        One of :data:`SURROGATES`.
    width : float
        Unit of the window's argument: ``dH/du = window(u / width) / width``.
    smooth : bool
        Whether the smooth step, with its true derivative, takes the place of the step; its values are then no spikes, but
        gradients are those of a function, which finite differences confirm.

    Returns
    -------
    callable
        Tensor of excesses over the threshold to spikes (0 and 1), or to the smooth step.

    Raises
    ------
    InputError
        For an unknown name, or a width that is not positive.

    Examples
    --------
    >>> u = torch.tensor([-1.0, 1.0], requires_grad=True)
    >>> spikes = spike_function("triangle", width=2.0)(u)
    >>> spikes.sum().backward()
    >>> spikes.tolist(), u.grad.tolist()
    ([0.0, 1.0], [0.25, 0.25])
    """
    surrogate = SURROGATES.find(name)
    if not (math.isfinite(width) and width > 0):
        raise InputError("width", width, "must be positive")
    if smooth:
        return lambda excess: surrogate.smooth(excess / width)
    return lambda excess: step(excess, lambda u: surrogate.window(u / width) / width)


def _parabolas(x: Tensor) -> Tensor:
    inside = x.clamp(-1.0, 1.0)
    return 0.5 + inside - inside * inside.abs() / 2


FAST_SIGMOID = Surrogate(lambda x: 0.5 / (1 + x.abs()) ** 2, lambda x: 0.5 * (1 + x / (1 + x.abs())), "1 / (2 (1 + |x|)^2)")
SUPERSPIKE = Surrogate(lambda x: 1 / (1 + x.abs()) ** 2, lambda x: x / (1 + x.abs()), "1 / (1 + |x|)^2")
TRIANGLE = Surrogate(lambda x: (1 - x.abs()).clamp_min(0), _parabolas, "max(0, 1 - |x|)")
ARCTAN = Surrogate(
    lambda x: 1 / (1 + (math.pi * x) ** 2), lambda x: torch.arctan(math.pi * x) / math.pi + 0.5, "1 / (1 + (pi x)^2)"
)
GAUSSIAN = Surrogate(
    lambda x: torch.exp(-x * x / 2) / math.sqrt(2 * math.pi), torch.special.ndtr, "exp(-x^2 / 2) / sqrt(2 pi)"
)
RECTANGLE = Surrogate(lambda x: (x.abs() < 0.5).to(x.dtype), lambda x: (x + 0.5).clamp(0, 1), "1 if |x| < 1/2 else 0")
STRAIGHT_THROUGH = Surrogate(torch.ones_like, lambda x: x, "1")
