"""Adam, with a natural step for each parameter, and clipping of the gradient's norm.

PyTorch's optimisers import its compiler, which takes seconds and leaves a folder in the one for temporary files.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

_FIRST, _SECOND, _SMALL = 0.9, 0.999, 1e-8


class Adam:
    """Adam (Kingma and Ba 2015), with the learning rate of each parameter times its unit.

    ``m <- .9 m + .1 g``, ``v <- .999 v + .001 g^2``, ``p <- p - rate unit m'/(sqrt(v') + 1e-8)``; m' and v' are divided
    by 1 less the power of .9 and .999 by the number of steps so far.

    Parameters
    ----------
    parameters : mapping of str to nn.Parameter
    units : mapping of str to float
        1 for those that are not named.

    Examples
    --------
    >>> p = nn.Parameter(torch.tensor([1.0, 1.0]))
    >>> adam = Adam({"p": p}, {"p": 2.0})
    >>> p.grad = torch.tensor([3.0, -5.0])
    >>> adam.step(0.1)
    >>> [round(one, 6) for one in p.tolist()]
    [0.8, 1.2]
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], units: Mapping[str, float]) -> None:
        self._parameters, self._units = dict(parameters), dict(units)
        self.steps = 0
        #: Moments of the gradients, by name.
        self.first = {name: torch.zeros_like(one.data) for name, one in parameters.items()}
        self.second = {name: torch.zeros_like(one.data) for name, one in parameters.items()}

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
                m = self.first[name].mul_(_FIRST).add_(one.grad, alpha=1 - _FIRST)
                v = self.second[name].mul_(_SECOND).addcmul_(one.grad, one.grad, value=1 - _SECOND)
                size = (v / (1 - _SECOND**self.steps)).sqrt_().add_(_SMALL)
                one.addcdiv_(m, size, value=-rate * self._units.get(name, 1.0) / (1 - _FIRST**self.steps))

    def state(self) -> dict[str, Tensor]:
        """Return the moments, by "first/" or "second/" and the name."""
        both = (("first", self.first), ("second", self.second))
        return {f"{which}/{name}": one for which, moments in both for name, one in moments.items()}

    def restore(self, state: Mapping[str, Tensor], steps: int) -> None:
        """Set the moments and the number of steps."""
        for name, one in self.state().items():
            one.copy_(state[name])
        self.steps = steps
