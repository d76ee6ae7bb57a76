"""Linear neurons over all steps as one operation, with its gradient written out: the same spikes in a third of the time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hrsnn.training.surrogates import Elementwise


class _Linear(torch.autograd.Function):
    """Spikes and potentials of ``u[t] = b v + c + x[t]``, where v is 0 after a spike, or u less the threshold."""

    @staticmethod
    def forward(
        currents: Tensor, threshold: Tensor, b: float, c: float, subtract: bool, window: Elementwise
    ) -> tuple[Tensor, Tensor]:
        potentials, spikes = torch.empty_like(currents), torch.empty_like(currents)
        carried = torch.zeros_like(currents[0])
        for t, x in enumerate(currents):
            potential, spike = potentials[t], spikes[t]
            if b != 1:
                carried.mul_(b)
            if c != 0:
                carried.add_(c)
            torch.add(carried, x, out=potential)
            torch.gt(potential - threshold, 0, out=spike)
            carried = potential - threshold * spike if subtract else potential * (1 - spike)
        return spikes, potentials

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        _, threshold, ctx.b, _, ctx.subtract, ctx.window = inputs
        ctx.save_for_backward(threshold, *output)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        by_spikes, by_potentials = grads
        threshold, spikes, potentials = ctx.saved_tensors
        window = ctx.window(potentials - threshold)
        # of v by u: past the spike, and through it; with the share b that the next step keeps
        through = 1 - threshold * window if ctx.subtract else (1 - spikes) - potentials * window
        if ctx.b != 1:
            through = through * ctx.b
        by_currents = by_spikes * window + by_potentials
        for t in range(len(by_currents) - 2, -1, -1):
            by_currents[t].addcmul_(by_currents[t + 1], through[t])
        by_threshold = None
        if ctx.needs_input_grad[1]:
            later = torch.zeros_like(by_currents)
            later[:-1] = by_currents[1:] * ctx.b
            by_reset = -threshold * later if ctx.subtract else -potentials * later
            by_threshold = -((by_spikes + by_reset) * window).sum()
            if ctx.subtract:
                by_threshold = by_threshold - (later * spikes).sum()
        return by_currents, by_threshold, None, None, None, None


def integrated(
    currents: Tensor, threshold: Tensor, b: float, c: float, subtract: bool, window: Elementwise
) -> tuple[Tensor, Tensor]:
    """Return the spikes of linear neurons and their potentials before the reset.

    ``u[t] = b v + c + x[t]``, ``s = H(u - threshold)``, ``v = u (1 - s)`` or ``v = u - threshold s``.

    Parameters
    ----------
    currents : tensor (steps, ...)
    threshold : tensor ()
    b, c : float
    subtract : bool
        Whether a spike takes the threshold off the potential.
    window : callable
        From u - threshold to the derivative of a spike.

    Examples
    --------
    >>> spikes, _ = integrated(torch.full((5, 1), 0.4), torch.tensor(1.0), 1.0, 0.0, True, torch.ones_like)
    >>> spikes[:, 0].tolist()
    [0.0, 0.0, 1.0, 0.0, 0.0]
    """
    found: tuple[Tensor, Tensor] = _Linear.apply(currents, threshold, b, c, subtract, window)  # type: ignore[no-untyped-call]
    return found
