"""Gradient descent with momentum, and Adam, with a natural step for each parameter; clipping of the gradient's norm.

PyTorch's optimisers import its compiler, which takes seconds and leaves a folder in the one for temporary files.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

_MOMENTUM = 0.9
_FIRST, _SECOND, _SMALL = 0.9, 0.999, 1e-8


class Optimiser(ABC):
    """Optimiser of named parameters, with the learning rate of each times its unit.

    Parameters
    ----------
    parameters : mapping of str to nn.Parameter
    units : mapping of str to float, optional
        1 for those that are not named.
    decay : mapping of str to float, optional
        Weight decay c: the gradient becomes ``g + c p``; 0 for those that are not named.
    """

    #: Names of the moments that are kept of each parameter.
    kinds: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        parameters: Mapping[str, nn.Parameter],
        units: Mapping[str, float] | None = None,
        decay: Mapping[str, float] | None = None,
    ) -> None:
        self._parameters, self._units, self._decay = dict(parameters), dict(units or {}), dict(decay or {})
        self.steps = 0
        #: Moments of the gradients, by kind and name.
        self.moments = {kind: {name: torch.zeros_like(one.data) for name, one in parameters.items()} for kind in self.kinds}

    def clear(self) -> None:
        """Forget the gradients."""
        for one in self._parameters.values():
            one.grad = None

    def clip(self, most: float) -> float:
        """Scale the gradients to a norm of at most `most`, where it is not 0; return the norm before."""
        gradients = [one.grad for one in self._parameters.values() if one.grad is not None]
        size = math.sqrt(sum(float(one.double().square().sum()) for one in gradients))
        if most and size > most:
            for one in gradients:
                one.mul_(most / size)
        return size

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Move the parameters by their gradients."""
        self.steps += 1
        for name, one in self._parameters.items():
            if one.grad is not None:
                decay = self._decay.get(name, 0.0)
                gradient = one.grad.add(one, alpha=decay) if decay else one.grad
                self._move(name, one, gradient, rate * self._units.get(name, 1.0))

    @abstractmethod
    def _move(self, name: str, parameter: nn.Parameter, gradient: Tensor, rate: float) -> None:
        """Change a parameter and its moments."""

    def state(self) -> dict[str, Tensor]:
        """Return the moments, by kind, "/" and name."""
        return {f"{kind}/{name}": one for kind, moments in self.moments.items() for name, one in moments.items()}

    def restore(self, state: Mapping[str, Tensor], steps: int) -> None:
        """Set the moments and the number of steps."""
        for name, one in self.state().items():
            one.copy_(state[name])
        self.steps = steps


class Momentum(Optimiser):
    """Gradient descent with momentum: ``m <- .9 m + g``, ``p <- p - rate unit m``.

    Examples
    --------
    >>> p = nn.Parameter(torch.tensor([1.0]))
    >>> descent = Momentum({"p": p})
    >>> for _ in range(2):
    ...     p.grad = torch.tensor([1.0])
    ...     descent.step(0.1)
    >>> round(p.item(), 6)  # 1 - .1 - .1 (.9 + 1)
    0.71
    """

    kinds = ("momentum",)

    def _move(self, name: str, parameter: nn.Parameter, gradient: Tensor, rate: float) -> None:
        parameter.add_(self.moments["momentum"][name].mul_(_MOMENTUM).add_(gradient), alpha=-rate)


class Adam(Optimiser):
    """Adam (Kingma and Ba 2015).

    ``m <- .9 m + .1 g``, ``v <- .999 v + .001 g^2``, ``p <- p - rate unit m'/(sqrt(v') + 1e-8)``; m' and v' are divided
    by 1 less the power of .9 and .999 by the number of steps so far.

    Examples
    --------
    >>> p = nn.Parameter(torch.tensor([1.0, 1.0]))
    >>> adam = Adam({"p": p}, {"p": 2.0})
    >>> p.grad = torch.tensor([3.0, -5.0])
    >>> adam.step(0.1)
    >>> [round(one, 6) for one in p.tolist()]
    [0.8, 1.2]
    """

    kinds = ("first", "second")

    def _move(self, name: str, parameter: nn.Parameter, gradient: Tensor, rate: float) -> None:
        m = self.moments["first"][name].mul_(_FIRST).add_(gradient, alpha=1 - _FIRST)
        v = self.moments["second"][name].mul_(_SECOND).addcmul_(gradient, gradient, value=1 - _SECOND)
        size = (v / (1 - _SECOND**self.steps)).sqrt_().add_(_SMALL)
        parameter.addcdiv_(m, size, value=-rate / (1 - _FIRST**self.steps))
