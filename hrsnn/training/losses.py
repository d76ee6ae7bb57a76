"""Losses: what the outputs over time are read as, cross-entropy and squared error, regularisers of rates and v."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from hrsnn.errors import InputError


def _during(outputs: Tensor, lengths: Tensor) -> Tensor:
    """Return which steps (T, B, 1) are within their stimulus."""
    return (torch.arange(len(outputs), device=lengths.device)[:, None] < lengths)[:, :, None]


def over_time(outputs: Tensor, lengths: Tensor) -> Tensor:
    """Return the mean over the steps of each stimulus: its sum, whatever its length.

    Examples
    --------
    >>> over_time(torch.tensor([[[1.0]], [[3.0]], [[9.0]]]), torch.tensor([2])).tolist()
    [[2.0]]
    """
    return torch.where(_during(outputs, lengths), outputs, 0.0).sum(0) / lengths[:, None]


def largest(outputs: Tensor, lengths: Tensor) -> Tensor:
    """Return the maximum over the steps of each stimulus.

    Examples
    --------
    >>> largest(torch.tensor([[[1.0]], [[3.0]], [[9.0]]]), torch.tensor([2])).tolist()
    [[3.0]]
    """
    return torch.where(_during(outputs, lengths), outputs, -torch.inf).amax(0)


def final(outputs: Tensor, lengths: Tensor) -> Tensor:
    """Return the outputs of the last step of each stimulus.

    Examples
    --------
    >>> final(torch.tensor([[[1.0]], [[3.0]], [[9.0]]]), torch.tensor([2])).tolist()
    [[3.0]]
    """
    return outputs[lengths - 1, torch.arange(outputs.shape[1], device=lengths.device)]


#: What the outputs (T, B, outputs) of stimuli of some lengths (B,) are read as: (B, outputs).
READ: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {"sum": over_time, "max": largest, "final": final}


def read_as(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a function of `READ`.

    Raises
    ------
    InputError
        For an unknown name.
    """
    if name not in READ:
        raise InputError("read", name, f"must be one of {', '.join(READ)}")
    return READ[name]


def rate_penalty(spikes: Tensor, lengths: Tensor, dt: float, target: float) -> Tensor:
    """Return the mean over the neurons of ``((rate - target)/target)^2``, rates in Hz over all stimuli.

    Examples
    --------
    >>> spikes = torch.zeros(100, 2, 3)  # steps of 1 ms
    >>> spikes[:, :, 0] = 1.0 * (torch.arange(100) % 50 == 0)[:, None]  # 20 Hz, and two silent neurons
    >>> round(rate_penalty(spikes, torch.tensor([100, 100]), 1.0, 10.0).item(), 6)
    1.0
    """
    seconds = lengths.sum() * dt / 1000
    rates = torch.where(_during(spikes, lengths), spikes, 0.0).sum((0, 1)) / seconds
    return ((rates / target - 1) ** 2).mean()


def voltage_penalty(excess: Tensor, lengths: Tensor, span: Tensor) -> Tensor:
    """Return the mean of ``max(0, x)^2 + max(0, -x - 2)^2``, x the v above threshold in units of threshold less reset.

    v beyond the threshold, and as far below the reset as that is below the threshold, gets no useful gradient.

    Examples
    --------
    >>> excess = torch.tensor([[[-5.0, 10.0, -30.0]]])
    >>> voltage_penalty(excess, torch.tensor([1]), torch.tensor([10.0, 10.0, 10.0])).item()  # (0 + 1 + 1)/3
    0.6666666865348816
    """
    x = excess / span
    cost = torch.relu(x) ** 2 + torch.relu(-x - 2) ** 2
    return torch.where(_during(cost, lengths), cost, 0.0).sum() / (lengths.sum() * cost.shape[2])
