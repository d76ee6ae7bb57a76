"""Arrays of a network as parameters of a module, and back: what did not move comes back with its bytes."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from hrsnn.errors import InputError

#: "value": the number itself, kept within its bounds by projection. "log": the exponential of the parameter.
Form = Literal["value", "log"]
#: Least value of a quantity whose logarithm is learned.
_LEAST = 1e-6


class Quantity(nn.Module):
    """One array of a network, which learns or does not.

    Parameters
    ----------
    initial : array (K,)
        In float64.
    learns : bool
    dtype : torch.dtype
    low, high : float or array
        Bounds; :meth:`project` moves values into them.
    form : {"value", "log"}
        Whether the parameter is the value, or its logarithm; values are then positive whatever the parameter.
    unit : float
        Size of a natural step, by which learning rates of this quantity are multiplied; with logarithms, 1.
    """

    theta: Tensor
    start: Tensor
    _low: Tensor
    _high: Tensor

    def __init__(
        self,
        initial: np.ndarray,
        learns: bool,
        dtype: torch.dtype,
        low: float | np.ndarray = -np.inf,
        high: float | np.ndarray = np.inf,
        form: Form = "value",
        unit: float = 1.0,
    ) -> None:
        super().__init__()
        self._initial, self._form, self.unit, self.learns = initial, form, unit, learns
        bounds = [self._inner(np.broadcast_to(np.asarray(one, np.float64), initial.shape)) for one in (low, high)]
        for name, bound in zip(("_low", "_high"), bounds, strict=True):
            self.register_buffer(name, torch.tensor(bound, dtype=dtype), persistent=False)
        theta = torch.tensor(self._inner(initial), dtype=dtype)
        self.register_buffer("start", theta.clone(), persistent=False)
        if learns:
            self.theta = nn.Parameter(theta)
        else:
            self.register_buffer("theta", theta, persistent=False)

    def _inner(self, values: np.ndarray) -> np.ndarray:
        if self._form == "value":
            return np.asarray(values)
        return np.asarray(np.log(np.maximum(values, _LEAST)))

    def forward(self) -> Tensor:
        """Return the values (K,)."""
        return self.theta if self._form == "value" else self.theta.exp()

    def slope(self) -> Tensor | float:
        """Return the derivative of the values by the parameters."""
        return 1.0 if self._form == "value" else self.theta.detach().exp()

    def project(self) -> None:
        """Move values into their bounds, in place; those that have not moved stay."""
        if self.learns:
            with torch.no_grad():
                kept = self.theta.clamp(self._low, self._high)
                self.theta.copy_(torch.where(self.theta == self.start, self.theta, kept))

    def given_back(self) -> np.ndarray:
        """Return the values in float64: those that did not move, as they were."""
        with torch.no_grad():
            values = self().double().cpu().numpy()
            moved = (self.theta != self.start).cpu().numpy()
        return np.where(moved, values, self._initial)


class TimesOfGroups(nn.Module):
    """Times whose distribution learns: ``log tau_i = m_g + s_g z_i`` in each group g of neurons.

    z are the standardised logarithms at the start: the order of the neurons stays, and two numbers a group learn.

    Parameters
    ----------
    initial : array (N,)
        ms, positive.
    group : array (N,) of int
        Group of each neuron, such as its cluster and type.
    dtype : torch.dtype
    low, high : float
        Bounds of single times (ms).
    """

    start: Tensor
    _z: Tensor
    _where: Tensor

    def __init__(self, initial: np.ndarray, group: np.ndarray, dtype: torch.dtype, low: float, high: float) -> None:
        super().__init__()
        self._initial, self.unit, self.learns = initial, 1.0, True
        self._bounds = float(np.log(low)), float(np.log(high))
        logs, (names, where) = np.log(initial), np.unique(group, return_inverse=True)
        mean = np.array([logs[where == one].mean() for one in range(len(names))])
        sd = np.array([logs[where == one].std() for one in range(len(names))])
        z = (logs - mean[where]) / np.where(sd > 0, sd, 1.0)[where]
        self.register_buffer("_z", torch.tensor(z, dtype=dtype), persistent=False)
        self.register_buffer("_where", torch.tensor(where), persistent=False)
        self.theta = nn.Parameter(torch.tensor(np.stack([mean, sd]), dtype=dtype))
        self.register_buffer("start", self.theta.detach().clone(), persistent=False)

    def forward(self) -> Tensor:
        """Return the times (N,) in ms."""
        mean, sd = self.theta[:, self._where]
        logs: Tensor = mean + sd * self._z
        return logs.clamp(*self._bounds).exp()

    def project(self) -> None:
        """Keep spreads from becoming negative, in place."""
        with torch.no_grad():
            self.theta[1].clamp_(min=0.0)

    def given_back(self) -> np.ndarray:
        """Return the times in float64; those at the start where nothing moved."""
        with torch.no_grad():
            if torch.equal(self.theta, self.start):
                return self._initial
            return np.asarray(self().double().cpu().numpy())


def check_learn(learn: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Check the names of what learns; an error names those that are known."""
    for name in learn:
        if name not in known:
            raise InputError("learn", name, f"must be of {', '.join(known)}")
