"""Spikes that arrive after delays, interpolated between steps, with gradients of the spikes and of the delays."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class DelayLine:
    """Spikes of the latest steps, from which each source is read with a delay of its own.

    ``read_k(t) = (1 - f) s_i(t - l) + f s_i(t - l - 1)``, i the source of k, l and f the whole steps and the rest of its
    delay. Backwards, gradients are spread over the two steps in the same way, and the derivative by the delay is
    ``s_i(t - l - 1) - s_i(t - l)``: that of the arriving current, after its synaptic filter, is then a difference quotient.

    A plain record of all steps would cost a copy of it at each. Here spikes are written to one array, gradients are gathered
    in another, and a number that is handed on from step to step, the token, makes autograd go backwards in time.

    Parameters
    ----------
    history : tensor (slots, N, stimuli)
        Spikes of the steps before the first, latest last; `slots` is above the longest delay by one at least.
    steps : int
        Number of steps that follow.
    source : tensor (K,) of int
        Source of each delay.
    delay : tensor (K,)
        In steps, from 0 to below ``slots - 1``.

    Examples
    --------
    >>> delay = torch.tensor([1.25], requires_grad=True)
    >>> line = DelayLine(torch.zeros(4, 1, 1), 3, torch.tensor([0]), delay)
    >>> token, arrived = line.begin(), []
    >>> for t, spike in enumerate([1.0, 0.0, 0.0]):
    ...     token, now = line.step(token, t, torch.tensor([[spike]]))
    ...     arrived.append(now.item())
    >>> arrived
    [0.0, 0.75, 0.25]
    >>> now.sum().backward()
    >>> delay.grad.tolist()
    [1.0]
    """

    def __init__(self, history: Tensor, steps: int, source: Tensor, delay: Tensor) -> None:
        self._history, self._delay = history, delay
        self.slots, self.n = history.shape[:2]
        self.spikes = torch.cat([history.detach(), history.new_zeros((steps, *history.shape[1:]))])
        whole = delay.detach().floor()
        rest = (delay.detach() - whole)[:, None]
        self.rest = rest if bool(rest.any()) else None
        #: Places of the later of the two spikes that are read, in (steps x N, stimuli), less those of the steps before.
        self.places = (self.slots - whole.long()) * self.n + source
        self._gradient: Tensor | None = None
        self._shape = self.spikes.shape

    def begin(self) -> Tensor:
        """Return the first token."""
        token: Tensor = _Begin.apply(self._history, self)  # type: ignore[no-untyped-call]
        return token

    def step(self, token: Tensor, t: int, spikes: Tensor) -> tuple[Tensor, Tensor]:
        """Write the spikes (stimuli, N) of step t, counted from 0, and read what arrives.

        Returns
        -------
        token
            For the next step.
        arrivals : tensor (stimuli, K)
        """
        token, arrivals = _Step.apply(token, spikes, self._delay, self, t)  # type: ignore[no-untyped-call]
        return token, arrivals

    def end(self, token: Tensor) -> Tensor:
        """Return the history after all steps, for a line that goes on."""
        history: Tensor = _End.apply(token, self)  # type: ignore[no-untyped-call]
        self.release()
        return history

    def gradient(self) -> Tensor:
        """Return the array in which gradients of the spikes are gathered."""
        if self._gradient is None:
            self._gradient = self._history.new_zeros(self._shape)
        return self._gradient

    def forget(self) -> None:
        """Release the array of gradients, after the last of them was taken."""
        self._gradient = None

    def release(self) -> None:
        """Release the spikes, which the graph keeps where it needs them."""
        self.spikes = self._history.new_empty(0)

    def taken(self, start: int, stop: int) -> Tensor:
        """Return the gradients of some steps, which are then forgotten, so that a second pass begins anew."""
        gathered = self.gradient()[start:stop]
        out = gathered.clone()
        gathered.zero_()
        return out


class _Begin(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, history: Tensor, line: DelayLine) -> Tensor:
        ctx.line = line
        return history.new_zeros(1)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        gathered = ctx.line.taken(0, ctx.line.slots)
        ctx.line.forget()
        return gathered, None


class _Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, token: Tensor, spikes: Tensor, delay: Tensor, line: DelayLine, t: int) -> tuple[Tensor, Tensor]:
        ctx.line, ctx.t = line, t
        ctx.set_materialize_grads(False)
        # by .data, since later steps are written into what this one saves; saved, so that checkpointing drops and renews it
        line.spikes.data[line.slots + t] = spikes.T
        ctx.save_for_backward(line.spikes)
        record, place = line.spikes.flatten(0, 1), line.places + t * line.n
        arrivals = record[place]
        if line.rest is not None:
            arrivals = arrivals * (1 - line.rest) + record[place - line.n] * line.rest
        return token.clone(), arrivals.T

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        line, above, of_delay = ctx.line, grads[1], None
        if above is not None:
            above, place = above.T, line.places + ctx.t * line.n
            gathered = line.gradient().flatten(0, 1)
            if line.rest is None:
                gathered.index_add_(0, place, above)
            else:
                gathered.index_add_(0, place, above * (1 - line.rest))
                gathered.index_add_(0, place - line.n, above * line.rest)
            if ctx.needs_input_grad[2]:
                (spikes,) = ctx.saved_tensors
                record = spikes.flatten(0, 1)
                of_delay = (above * (record[place - line.n] - record[place])).sum(1)
        at = line.slots + ctx.t
        return grads[0], line.taken(at, at + 1)[0].T, of_delay, None, None


class _End(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, token: Tensor, line: DelayLine) -> Tensor:
        ctx.line = line
        return line.spikes[-line.slots :].clone()

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        line = ctx.line
        line.gradient()[-line.slots :] += grads[0]
        return grads[0].new_zeros(1), None
