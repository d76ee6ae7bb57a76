"""Factors of one step as differentiable functions of time constants."""

from __future__ import annotations

import torch
from torch import Tensor


def decay(tau: Tensor, dt: float) -> Tensor:
    """Return ``e^(-dt/tau)``."""
    return torch.exp(-dt / tau)


def to_v(tau_m: Tensor, tau: Tensor, dt: float) -> Tensor:
    """Return what a current of 1 mV with the time constant `tau` adds to v in one step.

    The formula is that of :func:`hrsnn.engines.propagators.propagators`, which is accurate at ``tau_m = tau``, and so are
    its gradients: those of the maximum are shared by the two where they are equal.

    Examples
    --------
    >>> tau_m = torch.tensor([20.0, 3.0], dtype=torch.float64, requires_grad=True)
    >>> tau = torch.tensor([3.0, 3.0], dtype=torch.float64)
    >>> to_v(tau_m, tau, 0.5).sum().backward()
    >>> [round(slope, 6) for slope in tau_m.grad.tolist()]  # at tau_m = tau: (t/tau^2) (t/(2 tau) - 1) e^(-t/tau)
    [-0.001122, -0.043108]
    """
    x = dt * (1 / tau_m - 1 / tau).abs()
    small = x < 1e-3
    safe = torch.where(small, torch.ones_like(x), x)
    ratio = torch.where(small, 1 - x / 2 + x**2 / 6 - x**3 / 24, -torch.expm1(-safe) / safe)
    return dt / tau_m * torch.exp(-dt / torch.maximum(tau_m, tau)) * ratio
